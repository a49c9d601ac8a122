/* gradients.c - the elements of the mean gradient, tensor by tensor, and where along the net the signal dies.
 */
#include "linear.h"

struct gradients {
    int64_t bins;
    double limit;
};

static const fell_param params[] = {
    FELL_INT(struct gradients, bins, 20, 1, 1000, 0, "Bins of the histogram, of equal width."),
    FELL_FLOAT(struct gradients, limit, 0.1, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "The bins lie between -limit and limit; the first and the last hold what is beyond, too."),
};

enum { HISTOGRAM, ZERO_SHARE, MAX_ABS, NORM, OUTPUT_NORM };

static const fell_number numbers[] = {
    [HISTOGRAM] = {"histogram", "Share of the tensor's elements in each bin.", FELL_PER_TENSOR, 1},
    [ZERO_SHARE] = {"zero_share", "Share of elements that are exactly 0.", FELL_PER_TENSOR, 0},
    [MAX_ABS] = {"max_abs", "The largest absolute value.", FELL_PER_TENSOR, 0},
    [NORM] = {"norm", "L2 norm of the tensor's gradient.", FELL_PER_TENSOR, 0},
    [OUTPUT_NORM] = {"output_norm", "L2 norm of d loss / d output of the entry, over all rows.",
                     FELL_PER_LAYER, 0},
};

static fell_status look_at(fell_probe_call *c, int64_t at, const float *g, double *bin)
{
    const struct gradients *s = c->settings;
    const int64_t n = c->plan->tensor[at].n;
    double zeros = 0.0, most = 0.0;

    for (int64_t b = 0; b < s->bins; b++)
        bin[b] = 0.0;
    for (int64_t i = 0; i < n; i++) {
        const double x = (double)g[i], place = (x + s->limit) / (2.0 * s->limit) * (double)s->bins;

        bin[place >= (double)s->bins ? s->bins - 1 : place > 0.0 ? (int64_t)place : 0] += 1.0;
        zeros += !(x < 0.0) && !(x > 0.0) && x == x;
        most = fabs(x) > most ? fabs(x) : most;
    }
    for (int64_t b = 0; b < s->bins; b++)
        if (fell_record(c, HISTOGRAM, at, b, bin[b] / (double)n) != FELL_OK)
            return FELL_ERROR;
    return fell_record(c, ZERO_SHARE, at, 0, zeros / (double)n) || fell_record(c, MAX_ABS, at, 0, most) ||
                   fell_record(c, NORM, at, 0, sqrt(linear_dot32(g, g, n)))
               ? FELL_ERROR
               : FELL_OK;
}

static fell_status look(fell_probe_call *c)
{
    const struct gradients *s = c->settings;
    const fell_probe_plan *p = c->plan;
    float *g = fell_scratch(c->ctx, p->weights, sizeof *g);
    double *bin = fell_scratch(c->ctx, s->bins, sizeof *bin);

    if (!g || !bin || fell_probe_gradient(c, 0, p->rows, NULL, g) != FELL_OK)
        return FELL_ERROR;
    for (int64_t t = 0; t < p->ntensors; t++)
        if (look_at(c, t, g + p->tensor[t].at, bin) != FELL_OK)
            return FELL_ERROR;
    for (int64_t e = 0; e < p->nentries; e++)
        if (p->entry[e].backward && fell_record(c, OUTPUT_NORM, e, 0, sqrt(c->dy_squares[e])) != FELL_OK)
            return FELL_ERROR;
    return FELL_OK;
}

static const fell_probe gradients = {
    FELL_ITEM(
        FELL_KIND_PROBE, fell_probe, "gradients",
        "The elements of the mean gradient as a histogram, and the gradient's size at each entry's "
        "output.\n\n"
        "Where the norms at the outputs fall from entry to entry, the signal dies on its way back\n"
        "(S. Hochreiter 1991; X. Glorot and Y. Bengio 2010). `gradients` in the database are norms over\n"
        "training batches; here all rows of the probe are one batch, in evaluation.",
        struct gradients, params),
    FELL_PROBE_TABLES(numbers, NULL, 0), .look = look};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &gradients.item);
