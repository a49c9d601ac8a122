/* story_forward.c - parts 3 and 4: from the sample to the answer, and from the answer to the loss. See
 * story.h.
 */
#include "explain/story.h"

/* ---- part 3 -------------------------------------------------------------------------------- */

/* The terms of neuron J's weighted sum, the largest first when they are too many: "0.7 \cdot 1 + ...". */
static const char *sum_terms(struct story *s, int entry, int64_t j)
{
    const struct lesson_tensor *w = story_tensor(s, entry, "weight");
    const int64_t n = story_inputs(s, entry);
    const double *x = story_input_values(s, entry);
    int64_t shown[TERMS_SHOWN];
    size_t count = 0;
    const char *text = "";

    if (n <= TERMS_SHOWN) {
        for (int64_t i = 0; i < n; i++)
            shown[count++] = i;
    } else {
        while (count < TERMS_SHOWN - 1) {
            int64_t best = -1;

            for (int64_t i = 0; i < n; i++) {
                bool taken = false;

                for (size_t k = 0; k < count; k++)
                    taken = taken || shown[k] == i;
                if (!taken && (best < 0 || fabs(w->w[j * n + i] * x[i]) > fabs(w->w[j * n + best] * x[best])))
                    best = i;
            }
            shown[count++] = best;
        }
    }
    for (size_t k = 0; k < count; k++)
        text = page_format(s->p, "%s%s%s \\cdot %s", text, k ? " + " : "",
                           k ? NF(w->w[j * n + shown[k]]) : NE(w->w[j * n + shown[k]]), NF(x[shown[k]]));
    return n > TERMS_SHOWN ? page_format(s->p, "%s + \\dots", text) : text;
}

/* z = w x + b with numbers, and a = f(z). */
static void write_neuron(struct story *s, int entry, int64_t j, bool first)
{
    const struct lesson *l = s->l;
    const struct lesson_tensor *b = story_tensor(s, entry, "bias");
    const int act = s->folded[entry];
    const struct formula *f = act < 0 ? NULL : formula_of_activation(&l->entry[act]);
    const int from = l->entry[entry].from[0];
    const double z = l->entry[entry].y[j];

    if (first)
        page_line(s->p, "%s &= \\sum_i w_{%lld,i}^{(%d)} \\cdot %s%s", story_sign(s, entry, j), (long long)j,
                  s->number[entry], story_sign_at(s, from, "i"),
                  b ? page_format(s->p, " + b_{%lld}^{(%d)}", (long long)j, s->number[entry]) : "");
    page_line(s->p, "%s &= %s%s%s = %s", story_sign(s, entry, j), sum_terms(s, entry, j), b ? " + " : "",
              b ? NF(b->w[j]) : "", NE(z));
    if (act < 0)
        return;
    if (f && f->value && first && l->entry[act].elementwise)
        page_line(s->p, "%s &= \\mathrm{%s}(%s) = %s", story_sign(s, act, j), l->entry[act].plugin,
                  story_sign(s, entry, j), NE(l->entry[act].y[j]));
    else
        page_line(s->p, "%s &= \\mathrm{%s}(%s) = %s", story_sign(s, act, j), l->entry[act].plugin, NE(z),
                  NE(l->entry[act].y[j]));
}

static void tell_dense(struct story *s, int entry)
{
    const struct lesson_entry *e = &s->l->entry[entry];
    const int act = s->folded[entry];
    int64_t unit[NEURONS_SHOWN], at_unit, input;
    const bool wide = e->size > 4;
    size_t n;
    int at;

    n = story_pick(e->size, story_chosen(s, &at, &at_unit, &input) && at == entry ? at_unit : -1,
                   wide ? 3 : 4, unit);
    page_paragraph(s->p,
                   "`%s` has %s %s. %s multiplies every number it reads by a {weight} for it%s: the "
                   "{weighted sum}, $z$.%s%s",
                   e->name, NC((double)e->size), story_plural((double)e->size, "neuron", "neurons"),
                   story_plural((double)e->size, "It", "Each"),
                   story_tensor(s, entry, "bias") ? ", adds the products up and adds its {bias}"
                                                  : " and adds the products up",
                   act < 0 ? " There is no activation: the sum is the output."
                           : page_format(s->p, " Then the {activation} `%s` makes the output of it, $a$.",
                                         s->l->entry[act].plugin),
                   wide ? " A few of them:" : "");
    page_equation(s->p);
    for (size_t i = 0; i < n; i++)
        write_neuron(s, entry, unit[i], i == 0);
}

/* The first numbers of an output that is not written out. */
static const char *some_values(struct story *s, const double *y, int64_t n)
{
    const char *text = "";

    for (int64_t i = 0; i < n && i < 4; i++)
        text = page_format(s->p, "%s%s%s", text, i ? ", " : "", NT(y[i]));
    return page_format(s->p, n > 4 ? "%s, …" : "%s", text);
}

/* Numbers that go on end with "…", and need no full stop. */
static const char *full_stop(const char *text)
{
    const size_t n = strlen(text), dots = strlen("…");

    return n >= dots && strcmp(text + n - dots, "…") == 0 ? "" : ".";
}

static void tell_layer(struct story *s, int entry)
{
    const struct lesson_entry *e = &s->l->entry[entry];
    const char *values = some_values(s, e->y, e->size);
    double low = e->y[0], high = e->y[0];

    for (int64_t i = 1; i < e->size; i++) {
        low = fmin(low, e->y[i]);
        high = fmax(high, e->y[i]);
    }
    page_paragraph(s->p, "`%s` (`%s`%s) makes %s %s of it%s, from %s to %s: %s%s", e->name, e->plugin,
                   e->differs ? ", as in evaluation" : "", NC((double)e->size),
                   story_plural((double)e->size, "number", "numbers"),
                   e->out.rank > 1 ? page_format(s->p, " (%s)", story_shape(s, &e->out)) : "", NT(low),
                   NT(high), values, full_stop(values));
    story_worked(s, entry);
}

/* Deep nets: the layers at both ends are told, those between are counted. */
static bool left_out(const struct story *s, int entry)
{
    return s->l->nentries > 14 && entry >= 8 && entry < s->l->nentries - 4;
}

static void tell_layers(struct story *s)
{
    const struct lesson *l = s->l;
    bool said = false;

    for (int i = 0; i < l->nentries; i++) {
        const int from = l->entry[i].from[0];

        if (left_out(s, i)) {
            if (!said)
                page_paragraph(s->p,
                               "… and so on, through %d more layers, up to the last ones:", l->nentries - 12);
            said = true;
        } else if (story_dense(s, i)) {
            tell_dense(s, i);
        } else if (from < 0 || s->folded[from] != i || !story_dense(s, from)) {
            tell_layer(s, i);
        }
    }
}

static void tell_prediction(struct story *s)
{
    const struct lesson *l = s->l;
    const int64_t n = l->cols <= ROWS_SHOWN ? l->cols : ROWS_SHOWN;

    if (!l->label) {
        const char *says = some_values(s, l->output, l->rows * l->cols);
        const char *target = some_values(s, l->target, l->data->target_size);

        page_paragraph(s->p, "The {prediction} is %s%s The target is %s%s", says, full_stop(says), target,
                       full_stop(target));
        return;
    }
    if (!l->probability) {
        page_paragraph(s->p, "The highest output is that of %s, which is the {prediction}.",
                       story_class(s, l->answer));
        return;
    }
    page_paragraph(
        s->p, "%s",
        l->loss_item->loss->expects == FELL_LOGIT
            ? "The outputs are {logit|logits}: any numbers, the higher the more likely. {softmax|Softmax} "
              "makes probabilities of them, $p_j = \\frac{e^{z_j}}{\\sum_k e^{z_k}}$, which add up to 1:"
            : "The outputs say how probable each answer is:");
    page_table(s->p, "answer | >output | >probability |");
    for (int64_t k = 0; k < n; k++)
        page_row(s->p, "%s | %s | %s | %s%s%s", story_class(s, k), NT(l->output[k]), NP(l->probability[k]),
                 k == l->answer ? "the {prediction}" : "", k == l->answer && k == l->label[0] ? ", " : "",
                 k == l->label[0] ? "the label" : "");
    if (l->rows > 1)
        page_paragraph(s->p, "(The net answers %lld times for this row; this is the first answer.)",
                       (long long)l->rows);
    page_paragraph(s->p, "In words: the net says **%s**, and gives it %s.", story_class(s, l->answer),
                   NP(l->probability[l->answer]));
}

void story_forward(struct story *s)
{
    const struct story_shown shown = story_shows(s);

    page_heading(s->p, 2, "3. Forward pass");
    page_paragraph(
        s->p,
        "In the {forward pass} the sample goes through the net, each layer working on what the one "
        "before it made. %s",
        !shown.neurons   ? ""
        : !shown.weights ? "The numbers in the neurons are what comes out of them."
                         : "The coloured lines now show what each weight hands on, weight times input; the "
                           "numbers in the neurons are what comes out of them.");
    story_draw(s, PICTURE_FORWARD);
    tell_layers(s);
    tell_prediction(s);
}

/* ---- part 4 ------------------------------------------------------------------------------------ */

static const char *feeling(const struct lesson *l)
{
    const double guess = l->probability ? log((double)l->cols) : NAN;

    if (!l->probability || !l->label)
        return "";
    if (l->loss > guess)
        return " That is worse than guessing: a net that gives every answer the same probability";
    return " Guessing would be worse: a net that gives every answer the same probability";
}

void story_loss(struct story *s)
{
    const struct lesson *l = s->l;
    const char *formula = formula_of_loss(l), *numbers = formula_loss_numbers(s->p->arena, l);
    const char *name = l->loss_item->name, *own = story_own_words(s, l->loss_item);
    const char *says = some_values(s, l->output, l->rows * l->cols);

    page_heading(s->p, 2, "4. The ouch moment");
    if (l->label)
        page_paragraph(
            s->p,
            "The net says %s%s. The label says **%s**. How much does that hurt? The {loss} function "
            "`%s` makes one number of it. %s",
            story_class(s, l->answer),
            l->probability ? page_format(s->p, " (%s)", NP(l->probability[l->answer])) : "",
            story_class(s, l->label[0]), name, formula_loss_words(l));
    else
        page_paragraph(s->p,
                       "The net says %s%s The target is **%s**. How much does that hurt? The {loss} function "
                       "`%s` makes one number of it. %s",
                       says, full_stop(says), some_values(s, l->target, l->data->target_size), name,
                       formula_loss_words(l));
    if (!formula && own)
        page_paragraph(s->p, "Its doc says: %s.", own);
    page_equation(s->p);
    if (formula && numbers)
        page_line(s->p, "L = %s = %s = %s", formula, numbers, NE(l->loss));
    else if (formula && l->rows == 1)
        page_line(s->p, "L = \\mathrm{%s}(y, t) = %s", name, NE(l->loss));
    else
        page_line(s->p, "L = \\mathrm{%s}(\\text{output}, \\text{label}) = %s", name, NE(l->loss));
    if (l->probability && l->rows == 1 && formula && numbers)
        page_paragraph(s->p, "**The loss is %s.**%s would have $\\ln %lld = %s$.", NT(l->loss), feeling(l),
                       (long long)l->cols, NE(log((double)l->cols)));
    else
        page_paragraph(s->p,
                       "**The loss is %s.** From here on all that counts is to make this number smaller.",
                       NT(l->loss));
}
