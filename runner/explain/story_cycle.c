/* story_cycle.c - part 10: the steps as a loop, what becomes of loss and weight in it, and whether the
 * gradient reaches every layer; the glossary. See story.h.
 */
#include "explain/story.h"

enum { LARGE_NORM = 1000 }; /* a whole gradient above it is said to be exploding */

static void draw_cycle(struct story *s)
{
    static const char *labels[] = {"forward pass\nanswer", "loss\nhow wrong", "backpropagation\ngradient",
                                   "optimizer step\nnew weights"};
    static const char *arrows[] = {"compare with the label", "who is to blame?", "move against it",
                                   "the next batch"};
    struct cycle *c = arena_alloc(s->p->arena, sizeof *c);

    *c = (struct cycle){
        .title = "The cycle of learning", .closed = true, .n = 4, .label = labels, .arrow = arrows};
    page_add(s->p, BLOCK_CYCLE, c);
}

/* ---- losses ----------------------------------------------------------------------------------- */

/* Every K-th of N values, the last included when it falls so, on whole numbers from FROM. */
static size_t thin(const double *v, size_t n, double from, double *x, double *y)
{
    const size_t every = (n + CURVE_POINTS - 1) / CURVE_POINTS;
    size_t count = 0;

    for (size_t i = 0; i < n; i += every) {
        x[count] = from + (double)i;
        y[count++] = v[i];
    }
    return count;
}

/* Up to two curves over the same numbers. */
static void draw_curve(struct story *s, const char *title, const char *x_label, const char *y_label,
                       double from, size_t n, const double *a, const char *a_name, const double *b,
                       const char *b_name)
{
    double x[CURVE_POINTS + 1], y[CURVE_POINTS + 1], low = INFINITY, high = -INFINITY;
    const double *v[] = {a, b};
    const char *names[] = {a_name, b_name};
    struct chart *c = NULL;

    for (size_t k = 0; k < 2 && v[k]; k++) {
        const size_t count = thin(v[k], n, from, x, y);

        if (!c)
            c = story_chart(s, title, x_label, y_label, count, x);
        story_line(s, c, names[k], true, count, x, y);
        for (size_t i = 0; i < count; i++) {
            low = isfinite(y[i]) ? fmin(low, y[i]) : low;
            high = isfinite(y[i]) ? fmax(high, y[i]) : high;
        }
    }
    if (!c || !isfinite(low))
        return;
    c->whole = true;
    story_place(s, c, low, high);
}

static void tell_losses(struct story *s)
{
    const struct lesson_training *t = &s->l->training;

    if (t->nsteps > 1) {
        page_paragraph(s->p, "In the first %zu steps, each on a {batch} of %s %s, the loss goes like this:",
                       t->nsteps, NC((double)t->batch), story_plural((double)t->batch, "row", "rows"));
        draw_curve(s, "Loss of the first steps", "step", "loss of the batch", 1.0, t->nsteps, t->steps,
                   "loss", NULL, NULL);
    }
    if (t->nepochs > 1) {
        page_paragraph(s->p, "And over the {epoch|epochs}, each of %s %s, from %s to %s:",
                       NC((double)t->steps_per_epoch),
                       story_plural((double)t->steps_per_epoch, "step", "steps"), NT(t->train[0]),
                       NT(t->train[t->nepochs - 1]));
        draw_curve(s, "Loss over the epochs", "epoch", "mean loss", 1.0, t->nepochs, t->train,
                   "training rows", t->validation, "validation rows, which are never trained on");
    } else if (t->nepochs == 1) {
        page_paragraph(s->p, "After the first {epoch}, of %s steps, the mean loss over it was %s.",
                       NC((double)t->steps_per_epoch), NT(t->train[0]));
    }
    if (t->ended)
        page_paragraph(s->p, "Then %s.", page_plain(s->p, t->ended));
    else if (t->limited)
        page_paragraph(s->p, "(The spec trains for %s epochs; for this page it was %s.)",
                       NC((double)t->epochs), NC((double)t->nepochs));
}

/* ---- do gradients reach every layer ---------------------------------------------------------- */

/* Root of the mean square of a tensor's gradient. */
static double strength(const struct lesson_tensor *t)
{
    return t->norm / sqrt((double)t->n);
}

/* The weights among the tensors that training moves. */
static bool hears(const struct lesson_tensor *t)
{
    return t->trained && t->role == FELL_WEIGHT && t->shape.rank >= 2;
}

/* The weights, first and last, of at least two layers. */
static bool ends(const struct lesson *l, int *first, int *last)
{
    *first = *last = -1;
    for (int i = 0; i < l->ntensors; i++) {
        if (!hears(&l->tensor[i]))
            continue;
        if (*first < 0)
            *first = i;
        *last = i;
    }
    return *first >= 0 && l->tensor[*first].entry != l->tensor[*last].entry;
}

static const char *tensor_name(struct story *s, int i)
{
    return page_format(s->p, "`%s.%s`", s->l->entry[s->l->tensor[i].entry].name, s->l->tensor[i].name);
}

/* "`output.weight` 0.39, `layer5.weight` 0.02, ...": what is left in each layer, the last one first. */
static const char *list_strengths(struct story *s, int first, int last)
{
    const struct lesson *l = s->l;
    const char *text = "";
    int n = 0, said = 0;

    for (int i = first; i <= last; i++)
        n += hears(&l->tensor[i]);
    for (int i = last; i >= first; i--) {
        if (!hears(&l->tensor[i]))
            continue;
        if (n <= 8 || said < 4 || said >= n - 3)
            text = page_format(s->p, "%s%s%s %s", text, *text ? ", " : "", tensor_name(s, i),
                               NT(strength(&l->tensor[i])));
        else if (said == 4)
            text = page_format(s->p, "%s, …", text);
        said++;
    }
    return text;
}

/* Between which neighbours most is lost (SIGN 1, the way back makes it smaller) or won (-1). */
static const char *steepest(struct story *s, int first, int last, double sign)
{
    const struct lesson *l = s->l;
    int before = last, from = -1, to = -1;
    double most = 1.0;

    for (int i = last - 1; i >= first; i--) {
        double ratio;

        if (!hears(&l->tensor[i]))
            continue;
        ratio = strength(&l->tensor[before]) / strength(&l->tensor[i]);
        ratio = sign > 0.0 ? ratio : 1.0 / ratio;
        if (ratio > most) {
            most = ratio;
            from = before;
            to = i;
        }
        before = i;
    }
    if (from < 0 || !isfinite(most))
        return "";
    return page_format(s->p, " The largest step is from %s to %s, where it becomes %s times %s.",
                       tensor_name(s, from), tensor_name(s, to), NT(most), sign > 0.0 ? "smaller" : "larger");
}

/* What the strengths A of the first layer and B of the last say together. */
static const char *verdict(struct story *s, int first, int last, double a, double b)
{
    const bool large = s->l->gradient_norm > LARGE_NORM;

    if (a == 0.0)
        return "**Nothing arrives**: every way to the first layer is shut for this row.";
    if (a < 0.01 * b)
        return page_format(
            s->p,
            "That is %s times less: the gradient **vanishes** on its way back (a {vanishing "
            "gradient}), and the first layers learn far more slowly than the last.%s Activations "
            "with flat ends do that (sigmoid, tanh); relu, batch_norm or a better initialisation "
            "help.",
            NT(b / a), steepest(s, first, last, 1.0));
    if (a > 100.0 * b)
        return page_format(s->p,
                           "That is %s times more: the gradient **explodes** on its way back (an {exploding "
                           "gradient}).%s Smaller first weights or `train.clip_norm` help.",
                           NT(a / b), steepest(s, first, last, -1.0));
    if (a < 0.2 * b || a > 5.0 * b)
        return page_format(s->p,
                           "That is %s times %s: the first layers hear of the loss more %s than the last.%s",
                           NT(a < b ? b / a : a / b), a < b ? "less" : "more", a < b ? "faintly" : "loudly",
                           large ? "" : " But the gradient neither vanishes nor explodes on its way.");
    return page_format(s->p, "A ratio of %s: the first layers hear of the loss about as well as the last.%s",
                       NT(a / b), large ? "" : " Nothing vanishes and nothing explodes on the way.");
}

static void diagnose(struct story *s)
{
    const struct lesson *l = s->l;
    int first, last, between = 0;
    double a, b;

    if (!ends(l, &first, &last))
        return;
    a = strength(&l->tensor[first]);
    b = strength(&l->tensor[last]);
    for (int i = first + 1; i < last; i++)
        between += hears(&l->tensor[i]);
    page_paragraph(
        s->p,
        "**Does the blame reach the first layer?** On its way back it is multiplied again and again. "
        "The typical size of an entry (root of the mean square) in the gradient of %s is %s; in that "
        "of %s, nearest to the loss, it is %s. %s",
        tensor_name(s, first), NT(a), tensor_name(s, last), NT(b), verdict(s, first, last, a, b));
    if (between)
        page_paragraph(s->p, "All of them, from the loss back: %s.", list_strengths(s, first, last));
    if (l->gradient_norm > LARGE_NORM)
        page_paragraph(
            s->p,
            "The whole gradient has the norm %s: an {exploding gradient}, of which any usual {learning "
            "rate} makes too long a step.",
            NT(l->gradient_norm));
}

static void list_norms(struct story *s)
{
    const struct lesson *l = s->l;
    const struct lesson_training *t = &l->training;

    if (!t->norm_first || t->nepochs < 2)
        return;
    page_paragraph(
        s->p, "In training, the mean {norm} of each tensor's gradient was, in the first epoch and in the "
              "last one shown:");
    page_table(s->p, "tensor | >first epoch | >last epoch");
    for (int i = 0; i < l->ntensors; i++)
        if (l->tensor[i].trained)
            page_row(s->p, "%s | %s | %s", tensor_name(s, i), NT(t->norm_first[i]), NT(t->norm_last[i]));
}

/* ---- the weight's path -------------------------------------------------------------------------- */

/* The landscape's loss at W, between its points. */
static double on_curve(const struct lesson_landscape *m, double w)
{
    size_t i = 1;
    double share;

    while (i + 1 < m->n && m->w[i] < w)
        i++;
    share = (w - m->w[i - 1]) / (m->w[i] - m->w[i - 1]);
    return m->loss[i - 1] + share * (m->loss[i] - m->loss[i - 1]);
}

static void follow_weight(struct story *s)
{
    const struct lesson *l = s->l;
    const struct lesson_training *t = &l->training;
    const struct lesson_landscape *m = &l->landscape;
    double low = INFINITY, high = -INFINITY;
    struct chart *c;
    size_t shown;

    if (t->nweights < 2)
        return;
    shown = t->nweights < 7 ? t->nweights : 7;
    page_paragraph(s->p, "And the weight of this page? `%s` went from %s to %s:", l->weight.name,
                   NT(t->weight[0]), NT(t->weight[t->nweights - 1]));
    draw_curve(s, page_format(s->p, "%s over the epochs", l->weight.name), "epoch (0: before training)",
               "weight", 0.0, t->nweights, t->weight, "weight", NULL, NULL);
    c = story_chart(s, page_format(s->p, "Its path on the landscape of part 8"), l->weight.name, "loss", m->n,
                    m->w);
    for (size_t i = 0; i < m->n; i++)
        if (isfinite(m->loss[i])) {
            low = fmin(low, m->loss[i]);
            high = fmax(high, m->loss[i]);
        }
    story_line(s, c, "loss of this row, all other weights as in part 8", true, m->n, m->w, m->loss);
    for (size_t i = 0; i < shown; i++) {
        const size_t epoch = i * (t->nweights - 1) / (shown - 1);
        const double w = t->weight[epoch];

        if (isfinite(w) && isfinite(on_curve(m, w)))
            story_mark(s, c, page_format(s->p, "epoch %zu", epoch), w, on_curve(m, w));
    }
    story_place(s, c, low, high);
    page_paragraph(
        s->p, "It need not end in the valley of that curve: the curve belongs to one row and to the other "
              "weights as they were then. While this weight moves all others move too, and with them the "
              "landscape; and every other row has one of its own.");
}

void story_cycle(struct story *s)
{
    page_heading(s->p, 2, "10. The cycle of learning");
    page_paragraph(s->p,
                   "Forward, loss, backward, step: these four are all there is. Training does them again and "
                   "again, for one {batch} after the other.");
    draw_cycle(s);
    tell_losses(s);
    diagnose(s);
    list_norms(s);
    follow_weight(s);
    page_heading(s->p, 2, "Glossary");
    page_glossary(s->p);
}
