/* story_back.c - part 5: the blame on its way back, and the gradient that it leaves. See story.h. */
#include "explain/story.h"

/* ---- blame -------------------------------------------------------------------------------- */

/* At the outputs, where it begins. */
static void tell_outputs(struct story *s)
{
    const struct lesson *l = s->l;
    const int last = l->nentries - 1;
    const struct lesson_entry *e = &l->entry[last];
    int64_t unit[NEURONS_SHOWN];
    const size_t n = story_pick(e->size, l->label && l->rows == 1 ? l->label[0] : -1, NEURONS_SHOWN, unit);
    const bool logits = l->loss_item->file->bundled && strcmp(l->loss_item->name, "cross_entropy") == 0 &&
                        l->rows == 1 && l->probability &&
                        fabs(e->dy[l->label[0]] - (l->probability[l->label[0]] - 1.0)) < 1e-5;

    page_paragraph(
        s->p, "It begins at the outputs. The {blame} of an output is $\\frac{\\partial L}{\\partial y}$: how "
              "fast the loss would grow if this output grew and nothing else changed. Positive: the output "
              "is too high. Negative: it is too low.");
    if (logits)
        page_paragraph(s->p,
                       "For this loss it is simple: the probability that the net gave, minus 1 for the right "
                       "answer, minus 0 for the others.");
    page_table(s->p, "output | >value | >blame | so it should");
    for (size_t i = 0; i < n; i++)
        page_row(s->p, "%s%s | %s | %s | %s", story_unit(s, last, unit[i]),
                 l->label && l->rows == 1 ? page_format(s->p, " (%s)", story_class(s, unit[i])) : "",
                 NT(e->y[unit[i]]),
                 logits ? page_format(s->p, "%s − %d = %s", NT(l->probability[unit[i]]),
                                      unit[i] == l->label[0], NT(e->dy[unit[i]]))
                        : NT(e->dy[unit[i]]),
                 e->dy[unit[i]] > 0   ? "fall"
                 : e->dy[unit[i]] < 0 ? "rise"
                                      : "stay");
    if (n < (size_t)e->size)
        page_paragraph(s->p, "… and %s more.", NC((double)e->size - (double)n));
}

/* How the rule of one layer reads: an activation multiplies by its slope, a dense layer adds up. */
static void tell_rules(struct story *s)
{
    const struct lesson *l = s->l;
    int dense = -1, act = -1;

    for (int i = 0; i < l->nentries; i++) {
        if (dense < 0 && l->entry[i].from[0] >= 0 && story_dense(s, i) && l->entry[l->entry[i].from[0]].dy)
            dense = i;
        if (act < 0 && l->entry[i].elementwise && l->entry[i].from[0] >= 0 && l->entry[i].dy &&
            l->entry[l->entry[i].from[0]].dy)
            act = i;
    }
    if (dense < 0 && act < 0)
        return;
    page_paragraph(s->p, "From there every layer hands the blame on to the one before it, by two rules:");
    page_list(s->p, false);
    if (dense >= 0)
        page_item(s->p,
                  "*Through weights*: an output is blamed by every neuron that read it, each with its own "
                  "blame times the weight between them. The loudest listeners complain the most.");
    if (act >= 0) {
        const struct formula *f = formula_of_activation(&l->entry[act]);

        page_item(s->p,
                  "*Through an activation*: the blame is multiplied by the slope of the function at this "
                  "point%s. Where the function is flat, no blame passes, and nothing before it learns.",
                  f && f->slope
                      ? page_format(s->p, "; for `%s` the slope is $%s$", l->entry[act].plugin, f->slope)
                      : "");
    }
}

/* One neuron of a layer behind which there is another, as an example with all its numbers. */
static void work_example(struct story *s)
{
    const struct lesson *l = s->l;
    int entry, act, next = -1;
    int64_t unit, input;
    const struct lesson_tensor *w;
    const char *text = "";
    int64_t n;

    if (!story_chosen(s, &entry, &unit, &input) || s->folded[entry] < 0)
        return;
    act = s->folded[entry];
    for (int i = act + 1; i < l->nentries && next < 0; i++)
        if (story_dense(s, i) && l->entry[i].nin == 1 && l->entry[i].from[0] == act)
            next = i;
    if (next < 0 || !l->entry[next].dy || !l->entry[act].dy || !l->entry[act].elementwise)
        return;
    w = story_tensor(s, next, "weight");
    n = l->entry[next].size;
    for (int64_t k = 0; k < n && k < TERMS_SHOWN; k++)
        text = page_format(s->p, "%s%s%s \\cdot %s", text, k ? " + " : "",
                           k ? NF(l->entry[next].dy[k]) : NE(l->entry[next].dy[k]),
                           NF(w->w[k * l->entry[act].size + unit]));
    page_paragraph(s->p, "For neuron %s, for example, both rules with their numbers, one after the other:",
                   story_unit(s, entry, unit));
    page_equation(s->p);
    page_line(s->p, "\\frac{\\partial L}{\\partial %s} &= %s%s = %s", story_sign(s, act, unit), text,
              n > TERMS_SHOWN ? " + \\dots" : "", NE(l->entry[act].dy[unit]));
    if (l->entry[act].dy[unit] != 0.0)
        page_line(s->p, "\\frac{\\partial L}{\\partial %s} &= %s \\cdot %s = %s", story_sign(s, entry, unit),
                  NE(l->entry[act].dy[unit]), NF(l->entry[entry].dy[unit] / l->entry[act].dy[unit]),
                  NE(l->entry[entry].dy[unit]));
}

/* Every layer's blame, from the loss backwards. */
static void list_blame(struct story *s)
{
    const struct lesson *l = s->l;

    page_paragraph(s->p,
                   "The blame of every layer, in the order in which it is found. The {norm} is the length of "
                   "the whole list of a layer's blame:");
    page_table(s->p, "layer | >norm of its blame | >strongest | at");
    for (int i = l->nentries; i-- > 0;) {
        const struct lesson_entry *e = &l->entry[i];
        int64_t most = 0;

        if (!e->dy)
            continue;
        for (int64_t k = 1; k < e->size; k++)
            most = fabs(e->dy[k]) > fabs(e->dy[most]) ? k : most;
        page_row(s->p, "`%s` (`%s`) | %s | %s | %s", e->name, e->plugin, NT(e->blame_norm), NT(e->dy[most]),
                 story_unit(s, i, most));
    }
}

/* ---- the gradient --------------------------------------------------------------------------- */

struct ranked {
    double size;
    int tensor;
    int64_t flat;
};

static int by_size(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->size != y->size)
        return x->size < y->size ? 1 : -1;
    if (x->tensor != y->tensor)
        return x->tensor < y->tensor ? -1 : 1;
    return x->flat < y->flat ? -1 : 1;
}

static const char *parameter_name(struct story *s, int tensor, int64_t flat)
{
    const struct lesson_tensor *t = &s->l->tensor[tensor];
    const char *text = "";

    for (int64_t i = t->shape.rank; i-- > 0; flat /= t->shape.dim[i])
        text = page_format(s->p, "%lld%s%s", (long long)(flat % t->shape.dim[i]), *text ? "," : "", text);
    return page_format(s->p, "%s.%s[%s]", s->l->entry[t->entry].name, t->name, text);
}

/* The largest of ALL in the chosen weight's own tensor, of all when that has none that is not 0. */
static const char *livelier(struct story *s, const struct ranked *all, int64_t n)
{
    for (int64_t i = 0; i < n && all[i].size > 0.0; i++)
        if (all[i].tensor == s->l->weight.tensor)
            return parameter_name(s, all[i].tensor, all[i].flat);
    return parameter_name(s, all[0].tensor, all[0].flat);
}

static void list_gradient(struct story *s)
{
    const struct lesson *l = s->l;
    struct ranked *all = mem_array((size_t)l->parameters, sizeof *all);
    const int64_t shown = l->parameters <= ROWS_SHOWN + 4 ? l->parameters : ROWS_SHOWN;
    int64_t n = 0, zeros = 0;

    for (int i = 0; i < l->ntensors; i++)
        for (int64_t k = 0; l->tensor[i].trained && k < l->tensor[i].n; k++) {
            all[n++] = (struct ranked){fabs(l->tensor[i].g[k]), i, k};
            zeros += l->tensor[i].g[k] == 0.0;
        }
    qsort(all, (size_t)n, sizeof *all, by_size);
    page_paragraph(
        s->p,
        "What a weight is to blame for is the blame of its neuron times the input that it "
        "multiplies; a bias has its neuron's blame. All these numbers together are the {gradient}, "
        "$\\nabla L$, with %s %s. %s%s:",
        NC((double)n), story_plural((double)n, "entry", "entries"),
        shown < n ? "The largest" : "The largest first",
        zeros ? page_format(s->p,
                            " (%s of all %s exactly 0: their input is 0, or their neuron passes no "
                            "blame)",
                            NC((double)zeros), story_plural((double)zeros, "is", "are"))
              : "");
    page_table(s->p, "parameter | >value | >gradient | to make the loss smaller it must");
    for (int64_t i = 0; i < shown; i++) {
        const struct lesson_tensor *t = &l->tensor[all[i].tensor];
        const double g = t->g[all[i].flat];

        page_row(s->p, "`%s`%s | %s | %s | %s", parameter_name(s, all[i].tensor, all[i].flat),
                 all[i].tensor == l->weight.tensor && all[i].flat == l->weight.flat ? " ←" : "",
                 NT(t->w[all[i].flat]), NT(g),
                 g > 0   ? "fall"
                 : g < 0 ? "rise"
                         : "–");
    }
    if (shown < n)
        page_paragraph(
            s->p, "… and %s smaller ones. The weight that this page follows, `%s`, has the gradient **%s**.",
            NC((double)(n - shown)), l->weight.name, NT(l->weight.gradient));
    if (l->weight.gradient == 0.0 && n > 0 && all[0].size > 0.0)
        page_note(
            s->p,
            "The gradient of `%s` is exactly 0 for this row: nothing that follows will move. Its input is 0, "
            "or every way from it to the loss is shut (a flat activation). Choose a weight that has a say, "
            "for example `--weight %s`.",
            l->weight.name, livelier(s, all, n));
    free(all);
}

static void list_norms(struct story *s)
{
    const struct lesson *l = s->l;
    bool differs = false;

    for (int i = 0; i < l->nentries; i++)
        differs = differs || l->entry[i].differs;
    page_paragraph(
        s->p,
        "And layer by layer, as {norm|norms}. These are the numbers that a run records in its database "
        "(table `gradients`, and `step_gradients` with `record: {gradients: {step: 1}}`) when its {batch} "
        "is this row%s:",
        differs ? " and no layer acts differently in training" : "");
    page_table(s->p, "tensor | >numbers | >norm of the gradient | >norm of the values");
    for (int i = 0; i < l->ntensors; i++) {
        const struct lesson_tensor *t = &l->tensor[i];

        if (t->trained)
            page_row(s->p, "`%s.%s` | %s | %s | %s", l->entry[t->entry].name, t->name, NC((double)t->n),
                     NT(t->norm), NT(t->weight_norm));
    }
    page_row(s->p, "**all** | %s | **%s** |", NC((double)l->parameters), NT(l->gradient_norm));
}

void story_back(struct story *s)
{
    const struct story_shown shown = story_shows(s);

    page_heading(s->p, 2, "5. Backpropagation");
    page_paragraph(
        s->p, "Now the way back. The net is the same, but what flows is {blame}, from right to left.%s%s%s",
        shown.neurons ? " The numbers in the neurons are the blame of their weighted sums." : "",
        shown.boxes ? " In a box stands the {norm} of a whole layer's blame, the length of its list." : "",
        shown.weights
            ? " The coloured lines are as thick as the share of the {gradient} that their weight "
              "gets: blue where the gradient is positive (the weight is too large), orange where it "
              "is negative (too small)."
            : "");
    story_draw(s, PICTURE_BACK);
    tell_outputs(s);
    tell_rules(s);
    work_example(s);
    list_blame(s);
    list_gradient(s);
    list_norms(s);
}
