/* softmax_over.c - softmax along a dimension that is not the last.
 *
 * The activations softmax and log_softmax take the last one, row by row; here a row of the batch is seen as
 * [before, n, behind], and each of its before times behind lines of n numbers becomes probabilities.
 */
#include "fell/plugin.h"

struct softmax_over {
    int64_t axis;
    bool log;
};

static const fell_param params[] = {
    FELL_INT(struct softmax_over, axis, 0, -4, 3, 0,
             "Along which dimension of a row, from 0; -1 is the last. [T,D] has the steps at 0, [C,H,W] the "
             "channels."),
    FELL_BOOL(struct softmax_over, log, false,
              "Whether logarithms of the probabilities come out, true or false."),
};

/* A row as [before, n, behind]. */
struct lines {
    int64_t before, n, behind;
};

static struct lines lines_of(const fell_plan *p)
{
    const struct softmax_over *s = p->settings;
    const fell_shape *in = &p->in[0];
    const int64_t axis = s->axis < 0 ? s->axis + in->rank : s->axis;
    struct lines l = {1, in->dim[axis], 1};

    for (int64_t i = 0; i < in->rank; i++)
        if (i < axis)
            l.before *= in->dim[i];
        else if (i > axis)
            l.behind *= in->dim[i];
    return l;
}

static fell_status plan(fell_plan *p)
{
    const struct softmax_over *s = p->settings;
    const int64_t rank = p->in[0].rank;

    if (s->axis >= rank || s->axis < -rank)
        return fell_fail(p->ctx, "axis: there is no dimension %lld; a row has %lld", (long long)s->axis,
                         (long long)rank);
    p->out = p->in[0];
    return FELL_OK;
}

/* Lines beside each other go along together, so that every pass reads memory in order. The largest of a line
 * is taken off first: no exponential overflows. SUM, MOST: [behind]. */
static inline void one(const float *x, float *y, const struct lines *l, bool log, float *sum, float *most)
{
    const int64_t m = l->behind;

    memcpy(most, x, (size_t)m * sizeof *most);
    for (int64_t k = 1; k < l->n; k++)
        FELL_EACH for (int64_t j = 0; j < m; j++) most[j] = x[k * m + j] > most[j] ? x[k * m + j] : most[j];
    memset(sum, 0, (size_t)m * sizeof *sum);
    for (int64_t k = 0; k < l->n; k++)
        FELL_EACH for (int64_t j = 0; j < m; j++)
        {
            const float e = fell_exp(x[k * m + j] - most[j]);

            y[k * m + j] = e;
            sum[j] += e;
        }
    for (int64_t k = 0; k < l->n; k++)
        if (log)
            FELL_EACH for (int64_t j = 0; j < m; j++) y[k * m + j] =
                x[k * m + j] - most[j] - fell_log(sum[j]);
        else
            FELL_EACH for (int64_t j = 0; j < m; j++) y[k * m + j] /= sum[j];
}

FELL_KERNEL(forward, fell_layer_call)
{
    const struct lines l = lines_of(c->plan);
    const bool log = ((const struct softmax_over *)c->settings)->log;
    float *room = fell_scratch(c->ctx, 2 * l.behind, sizeof *room);

    if (!room)
        return FELL_ERROR;
    for (int64_t i = 0; i < c->batch * l.before; i++)
        one(c->x[0] + i * l.n * l.behind, c->y + i * l.n * l.behind, &l, log, room, room + l.behind);
    return FELL_OK;
}

/* dx = y (dy - sum of y dy), of logarithms dy - exp(y) (sum of dy), line by line. */
static inline void one_back(const float *y, const float *dy, float *dx, const struct lines *l, bool log,
                            float *sum)
{
    const int64_t m = l->behind;

    memset(sum, 0, (size_t)m * sizeof *sum);
    for (int64_t k = 0; k < l->n; k++)
        if (log)
            FELL_EACH for (int64_t j = 0; j < m; j++) sum[j] += dy[k * m + j];
        else
            FELL_EACH for (int64_t j = 0; j < m; j++) sum[j] += y[k * m + j] * dy[k * m + j];
    for (int64_t k = 0; k < l->n; k++)
        if (log)
            FELL_EACH for (int64_t j = 0; j < m; j++) dx[k * m + j] =
                dy[k * m + j] - fell_exp(y[k * m + j]) * sum[j];
        else
            FELL_EACH for (int64_t j = 0; j < m; j++) dx[k * m + j] = y[k * m + j] * (dy[k * m + j] - sum[j]);
}

FELL_KERNEL(backward, fell_layer_call)
{
    const struct lines l = lines_of(c->plan);
    const bool log = ((const struct softmax_over *)c->settings)->log;
    float *sum;

    if (!c->dx[0])
        return FELL_OK;
    sum = fell_scratch(c->ctx, l.behind, sizeof *sum);
    if (!sum)
        return FELL_ERROR;
    for (int64_t i = 0; i < c->batch * l.before; i++) {
        const int64_t at = i * l.n * l.behind;

        one_back(c->y + at, c->dy + at, c->dx[0] + at, &l, log, sum);
    }
    return FELL_OK;
}

static const fell_layer softmax_over = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "softmax_over",
        "Softmax along a dimension of a row that need not be the last.\n\n"
        "y_k = exp(x_k) / sum of exp(x_j) over the dimension `axis`: of [T,D] with axis 0 over the\n"
        "steps, of [C,H,W] over the channels; with `log` its logarithm. Over the last one the\n"
        "activations softmax and log_softmax are shorter. As PyTorch's Softmax and LogSoftmax with\n"
        "dim = axis + 1.",
        struct softmax_over, params),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &softmax_over.item);
