/* story_worked.c - what a layer for sequences did to the sample, with its numbers: norms, sums, words and
 * attention. See story.h.
 *
 * Each is computed here once more and compared with the engine, so that settings that change a formula show
 * no wrong one.
 */
#include <math.h>
#include <string.h>

#include "explain/number.h"
#include "explain/story.h"
#include "host/settings.h"

enum { KEYS_SHOWN = 3, LARGEST = 1 << 22 };

/* The values of input K of an entry, and its shape. */
static const double *input_of(const struct story *s, const struct lesson_entry *e, int k, fell_shape *shape)
{
    const int from = e->from[k];

    *shape = from < 0 ? s->l->data->x : s->l->entry[from].out;
    return from < 0 ? s->l->x : s->l->entry[from].y;
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-3 * fmax(1e-3, fabs(b));
}

/* ---- norms ------------------------------------------------------------------------------------- */

static void work_norm(struct story *s, int entry)
{
    const struct lesson_entry *e = &s->l->entry[entry];
    const bool centred = strcmp(e->plugin, "layer_norm") == 0;
    const struct lesson_tensor *w = e->ntensors > 0 ? story_tensor(s, entry, "weight") : NULL;
    const struct lesson_tensor *b = e->ntensors > 1 ? story_tensor(s, entry, "bias") : NULL;
    fell_shape shape;
    const double *x = input_of(s, e, 0, &shape);
    const int64_t n = shape.dim[shape.rank - 1];
    double mean = 0.0, square = 0.0, epsilon, y;

    if (!settings_number(e->item, e->settings, "epsilon", &epsilon))
        return;
    for (int64_t i = 0; i < n && centred; i++)
        mean += x[i] / (double)n;
    for (int64_t i = 0; i < n; i++)
        square += (x[i] - mean) * (x[i] - mean) / (double)n;
    y = (x[0] - mean) / sqrt(square + epsilon) * (w ? w->w[0] : 1.0) + (b ? b->w[0] : 0.0);
    if (!near(y, e->y[0]))
        return;
    page_paragraph(s->p, "Its first number: the %lld numbers that belong together have %s%s%s.", (long long)n,
                   centred ? page_format(s->p, "the mean %s and ", NT(mean)) : "",
                   centred ? "the variance " : "the mean square ", NT(square));
    page_equation(s->p);
    if (centred)
        page_line(
            s->p,
            "y_0 &= w_0 \\cdot \\frac{x_0 - \\text{mean}}{\\sqrt{\\text{variance} + \\varepsilon}} + b_0");
    else
        page_line(s->p, "y_0 &= w_0 \\cdot \\frac{x_0}{\\sqrt{\\text{mean square} + \\varepsilon}}");
    page_line(s->p, "&= %s \\cdot \\frac{%s%s}{\\sqrt{%s + %s}}%s = %s", NE(w ? w->w[0] : 1.0), NE(x[0]),
              centred ? page_format(s->p, " - %s", NF(mean)) : "", NE(square), NE(epsilon),
              b ? page_format(s->p, " + %s", NF(b->w[0])) : "", NE(e->y[0]));
}

/* ---- sums and words -------------------------------------------------------------------------------- */

static void work_add(struct story *s, int entry)
{
    const struct lesson_entry *e = &s->l->entry[entry];
    const char *terms = "";
    double sum = 0.0;

    for (int k = 0; k < e->nin; k++) {
        fell_shape shape;
        const double *x = input_of(s, e, k, &shape);

        sum += x[0];
        terms = page_format(s->p, "%s%s%s", terms, k ? " + " : "", k ? NF(x[0]) : NE(x[0]));
    }
    if (near(sum, e->y[0]))
        page_paragraph(
            s->p,
            "Its first number: $y_0 = %s = %s$. What goes past the layers between is not changed by "
            "them, and the {blame} comes back past them whole.",
            terms, NE(e->y[0]));
}

static void work_embedding(struct story *s, int entry)
{
    const struct lesson_entry *e = &s->l->entry[entry];
    const struct lesson_tensor *w = story_tensor(s, entry, "weight");
    fell_shape shape;
    const double *x = input_of(s, e, 0, &shape);
    const int64_t at = (int64_t)x[0], n = w->shape.dim[1];

    if (near(w->w[at * n], e->y[0]))
        page_paragraph(
            s->p,
            "The first number of the row is %lld: it becomes row %lld of `%s.weight`, %s numbers that "
            "begin with %s. Only rows of numbers that occur learn.",
            (long long)at, (long long)at, e->name, NC((double)n), NT(w->w[at * n]));
}

/* The vector of a word stands behind the numbers that stay. */
static void work_embed_column(struct story *s, int entry)
{
    const struct lesson_entry *e = &s->l->entry[entry];
    const struct lesson_tensor *w = story_tensor(s, entry, "weight");
    fell_shape shape;
    const double *x = input_of(s, e, 0, &shape);
    const int64_t n = w->shape.dim[1], stay = fell_size(&shape) - 1;
    double before = 0.0;
    int64_t at;

    if (!settings_number(e->item, e->settings, "column", &before))
        return;
    at = (int64_t)x[(int64_t)before];
    if (at >= 0 && near(w->w[at * n], e->y[stay]))
        page_paragraph(s->p,
                       "Number %lld of its input is the place of a word, %lld: row %lld of `%s.weight`, %s "
                       "numbers that begin with %s, comes in its place behind the others. Only rows of words "
                       "that occur learn.",
                       (long long)(int64_t)before, (long long)at, (long long)at, e->name, NC((double)n),
                       NT(w->w[at * n]));
    else if (at < 0)
        page_paragraph(s->p, "The word is none of those that were learnt: %s zeros stand for it.",
                       NC((double)n));
}

/* ---- attention -------------------------------------------------------------------------------------- */

/* Number J of a projection PART (0 queries, 1 keys, 2 values) of step T. */
static double project(const double *x, const struct lesson_tensor *w, const struct lesson_tensor *b,
                      int64_t d, int part, int64_t t, int64_t j)
{
    const double *row = w->w + ((int64_t)part * d + j) * d;
    double sum = b ? b->w[(int64_t)part * d + j] : 0.0;

    for (int64_t i = 0; i < d; i++)
        sum += row[i] * x[t * d + i];
    return sum;
}

/* The weights[steps] with which the last step's head H looks at all steps. */
static void weigh(const double *x, const struct lesson_tensor *w, const struct lesson_tensor *b,
                  int64_t steps, int64_t d, int64_t head, int64_t h, double *weights)
{
    double most = -INFINITY, sum = 0.0;

    for (int64_t t = 0; t < steps; t++) {
        weights[t] = 0.0;
        for (int64_t j = h * head; j < (h + 1) * head; j++)
            weights[t] += project(x, w, b, d, 0, steps - 1, j) * project(x, w, b, d, 1, t, j);
        weights[t] /= sqrt((double)head);
        most = fmax(most, weights[t]);
    }
    for (int64_t t = 0; t < steps; t++)
        sum += weights[t] = exp(weights[t] - most);
    for (int64_t t = 0; t < steps; t++)
        weights[t] /= sum;
}

/* The largest of the weights: "0.62 of step 3, 0.2 of step 0, ..."; they become 0. */
static const char *largest(struct story *s, double *weights, int64_t steps)
{
    const char *text = "";

    for (int k = 0; k < KEYS_SHOWN && k < steps; k++) {
        int64_t best = 0;

        for (int64_t t = 1; t < steps; t++)
            best = weights[t] > weights[best] ? t : best;
        text =
            page_format(s->p, "%s%s%s of step %lld", text, k ? ", " : "", NT(weights[best]), (long long)best);
        weights[best] = -1.0;
    }
    return text;
}

/* The last step, which sees all, causal or not. */
static void work_attention(struct story *s, int entry)
{
    const struct lesson_entry *e = &s->l->entry[entry];
    const struct lesson_tensor *w = story_tensor(s, entry, "in_proj_weight"),
                               *b = story_tensor(s, entry, "in_proj_bias"),
                               *out = story_tensor(s, entry, "out_proj.weight"),
                               *shift = story_tensor(s, entry, "out_proj.bias");
    const int64_t steps = e->out.dim[0], d = e->out.dim[1];
    fell_shape shape;
    const double *x = input_of(s, e, 0, &shape);
    double heads = 1.0, y = shift ? shift->w[0] : 0.0, *weights;
    int64_t head;

    if (e->nin != 1 || !w || !out || !settings_number(e->item, e->settings, "heads", &heads) ||
        steps * d * d > LARGEST)
        return;
    head = d / (int64_t)heads;
    weights = arena_alloc(s->p->arena, (size_t)steps * sizeof *weights);
    for (int64_t j = 0; j < d; j++) {
        double found = 0.0;

        if (j % head == 0)
            weigh(x, w, b, steps, d, head, j / head, weights);
        for (int64_t t = 0; t < steps; t++)
            found += weights[t] * project(x, w, b, d, 2, t, j);
        y += out->w[j] * found;
    }
    if (!near(y, e->y[(steps - 1) * d]))
        return;
    weigh(x, w, b, steps, d, head, 0, weights);
    page_paragraph(
        s->p,
        "Each step asks with its query $q$, all steps answer with their keys $k$: the first head of the "
        "last step, %lld, takes %s. These weights are "
        "$w_s = \\text{softmax}_s(q \\cdot k_s / \\sqrt{%lld})$; what it takes is the sum of $w_s v_s$ over "
        "the values $v$ of the steps, and what all heads take is mixed once more: %s is the first number "
        "of that step.",
        (long long)(steps - 1), largest(s, weights, steps), (long long)head, NT(e->y[(steps - 1) * d]));
}

void story_worked(struct story *s, int entry)
{
    static const struct {
        const char *plugin;
        void (*work)(struct story *s, int entry);
    } rows[] = {{"layer_norm", work_norm},
                {"rms_norm", work_norm},
                {"add", work_add},
                {"embedding", work_embedding},
                {"embed_column", work_embed_column},
                {"attention", work_attention}};
    const struct lesson_entry *e = &s->l->entry[entry];

    for (size_t i = 0; e->bundled && i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].plugin, e->plugin) == 0)
            rows[i].work(s, entry);
}
