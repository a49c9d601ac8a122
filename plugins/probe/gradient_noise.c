/* gradient_noise.c - how the gradients of single rows differ from their mean: what a batch's size is good
 * for. */
#include "linear.h"

enum {
    LOSS,
    GRADIENT_NORM,
    VARIANCE_TRACE,
    NOISE_SCALE,
    GSNR,
    DIVERSITY,
    NORM_TEST,
    INNER_TEST,
    ORTHOGONALITY_TEST,
    CABS,
    EVIDENCE,
    TENSOR_NORM,
    TENSOR_TRACE,
    TENSOR_SCALE,
    TENSOR_GSNR
};

static const fell_number numbers[] = {
    [LOSS] = {"loss", "Mean of the rows' losses.", FELL_PER_NET, 0},
    [GRADIENT_NORM] = {"gradient_norm", "L2 norm of m, the mean of the rows' gradients g_i.", FELL_PER_NET,
                       0},
    [VARIANCE_TRACE] = {"gradient_variance_trace",
                        "Sum over the parameters of the variance v of the rows' gradients (n - 1 below).",
                        FELL_PER_NET, 0},
    [NOISE_SCALE] =
        {"noise_scale_simple",
         "sum v / |m|^2: the batch size at which noise and signal are alike (McCandlish 2018, eq. 2.9).",
         FELL_PER_NET, 0},
    [GSNR] = {"gsnr_mean", "Mean of m^2 / v over the parameters with v > 0 (Liu 2020).", FELL_PER_NET, 0},
    [DIVERSITY] = {"gradient_diversity", "sum |g_i|^2 / |sum g_i|^2 (Yin 2018).", FELL_PER_NET, 0},
    [NORM_TEST] = {"norm_test", "sum |g_i - m|^2 / (n (n - 1)) / |m|^2 (Byrd 2012).", FELL_PER_NET, 0},
    [INNER_TEST] = {"inner_product_test", "sum (g_i m - |m|^2)^2 / (n (n - 1)) / |m|^4 (Bollapragada 2018).",
                    FELL_PER_NET, 0},
    [ORTHOGONALITY_TEST] = {"orthogonality_test",
                            "sum |g_i - (g_i m / |m|^2) m|^2 / (n (n - 1)) / |m|^2 (Bollapragada 2018).",
                            FELL_PER_NET, 0},
    [CABS] = {"cabs_batch", "lr sum v / loss: the batch size of CABS (Balles 2017).", FELL_PER_NET, 0},
    [EVIDENCE] =
        {"early_stopping_evidence",
         "1 - n / D sum m^2 / v over the D parameters with v > 0: above 0 the gradient is noise alone "
         "(Mahsereci 2017).",
         FELL_PER_NET, 0},
    [TENSOR_NORM] = {"tensor_gradient_norm", "L2 norm of m over one tensor.", FELL_PER_TENSOR, 0},
    [TENSOR_TRACE] = {"tensor_variance_trace", "Sum of v over one tensor.", FELL_PER_TENSOR, 0},
    [TENSOR_SCALE] = {"tensor_noise_scale", "sum v / |m|^2 over one tensor.", FELL_PER_TENSOR, 0},
    [TENSOR_GSNR] = {"tensor_gsnr", "Mean of m^2 / v over one tensor.", FELL_PER_TENSOR, 0},
};

/* What all rows' gradients come to. */
struct noise {
    double *loss, *norm, *dot; /* [rows], [rows,tensors] each */
    double *sum, *squares;     /* [weights] */
    float *mean;               /* [weights] */
};

static bool take_memory(fell_probe_call *c, struct noise *s)
{
    const fell_probe_plan *p = c->plan;

    *s = (struct noise){.loss = fell_scratch(c->ctx, p->rows, sizeof(double)),
                        .norm = fell_scratch(c->ctx, p->rows * p->ntensors, sizeof(double)),
                        .dot = fell_scratch(c->ctx, p->rows * p->ntensors, sizeof(double)),
                        .sum = fell_scratch(c->ctx, p->weights, sizeof(double)),
                        .squares = fell_scratch(c->ctx, p->weights, sizeof(double)),
                        .mean = fell_scratch(c->ctx, p->weights, sizeof(float))};
    return s->loss && s->norm && s->dot && s->sum && s->squares && s->mean;
}

static fell_status each_row(fell_probe_call *c, struct noise *s)
{
    const int64_t weights = c->plan->weights;

    for (int64_t i = 0; i < weights; i++)
        s->sum[i] = s->squares[i] = 0.0;
    return fell_probe_each_row(c, 0, c->plan->rows, s->mean, s->loss, s->norm, s->dot, s->sum, s->squares);
}

/* One pass where the loss's own mean is that of the rows; where rows have weights, another along theirs. */
static fell_status gather(fell_probe_call *c, struct noise *s)
{
    const int64_t weights = c->plan->weights;
    const double n = (double)c->plan->rows;
    double off = 0.0, all = 0.0;

    if (fell_probe_gradient(c, 0, c->plan->rows, NULL, s->mean) != FELL_OK || each_row(c, s) != FELL_OK)
        return FELL_ERROR;
    for (int64_t i = 0; i < weights; i++) {
        const double m = s->sum[i] / n, d = m - (double)s->mean[i];

        off += d * d;
        all += m * m;
    }
    if (!(off > 1e-8 * all))
        return FELL_OK;
    for (int64_t i = 0; i < weights; i++)
        s->mean[i] = (float)(s->sum[i] / n);
    return each_row(c, s);
}

/* Sums over the elements AT .. AT + N - 1 of all rows' gradients. */
struct part {
    double squares, trace, ratio, counted;
};

static struct part part_of(const struct noise *s, int64_t at, int64_t n, int64_t rows)
{
    struct part p = {0};
    const double r = (double)rows;

    for (int64_t i = at; i < at + n; i++) {
        const double m = s->sum[i] / r, v = rows > 1 ? (s->squares[i] - r * m * m) / (r - 1.0) : (double)NAN;

        p.squares += m * m;
        p.trace += v > 0.0 || !(v == v) ? v : 0.0;
        if (v > 1e-12 * m * m) {
            p.ratio += m * m / v;
            p.counted += 1.0;
        }
    }
    return p;
}

static fell_status record_tensors(fell_probe_call *c, const struct noise *s)
{
    for (int64_t t = 0; t < c->plan->ntensors; t++) {
        const fell_tensor_view *v = &c->plan->tensor[t];
        const struct part p = part_of(s, v->at, v->n, c->plan->rows);

        if (fell_record(c, TENSOR_NORM, t, 0, sqrt(p.squares)) ||
            fell_record(c, TENSOR_TRACE, t, 0, p.trace) ||
            fell_record(c, TENSOR_SCALE, t, 0, p.trace / p.squares) ||
            fell_record(c, TENSOR_GSNR, t, 0, p.ratio / p.counted))
            return FELL_ERROR;
    }
    return FELL_OK;
}

/* The tests that need each row by itself. */
static fell_status record_tests(fell_probe_call *c, const struct noise *s, double squares)
{
    const int64_t rows = c->plan->rows, tensors = c->plan->ntensors;
    const double n = (double)rows, below = n * (n - 1.0);
    double sizes = 0.0, inner = 0.0, across = 0.0;

    for (int64_t i = 0; i < rows; i++) {
        double size = 0.0, dot = 0.0;

        for (int64_t t = 0; t < tensors; t++) {
            size += s->norm[i * tensors + t];
            dot += s->dot[i * tensors + t];
        }
        sizes += size;
        inner += (dot - squares) * (dot - squares);
        across += size - dot * dot / squares;
    }
    return fell_record(c, DIVERSITY, 0, 0, sizes / (n * n * squares)) ||
                   fell_record(c, NORM_TEST, 0, 0, (sizes - n * squares) / below / squares) ||
                   fell_record(c, INNER_TEST, 0, 0, inner / below / (squares * squares)) ||
                   fell_record(c, ORTHOGONALITY_TEST, 0, 0, across / below / squares)
               ? FELL_ERROR
               : FELL_OK;
}

static fell_status look(fell_probe_call *c)
{
    const fell_probe_plan *p = c->plan;
    struct noise s;
    struct part all = {0};
    double loss = 0.0;

    if (!take_memory(c, &s) || gather(c, &s) != FELL_OK)
        return FELL_ERROR;
    for (int64_t i = 0; i < p->rows; i++)
        loss += s.loss[i] / (double)p->rows;
    for (int64_t t = 0; t < p->ntensors; t++) {
        const struct part one = part_of(&s, p->tensor[t].at, p->tensor[t].n, p->rows);

        all.squares += one.squares;
        all.trace += one.trace;
        all.ratio += one.ratio;
        all.counted += one.counted;
    }
    if (fell_record(c, LOSS, 0, 0, loss) || fell_record(c, GRADIENT_NORM, 0, 0, sqrt(all.squares)) ||
        fell_record(c, VARIANCE_TRACE, 0, 0, all.trace) ||
        fell_record(c, NOISE_SCALE, 0, 0, all.trace / all.squares) ||
        fell_record(c, GSNR, 0, 0, all.ratio / all.counted) ||
        fell_record(c, CABS, 0, 0, c->lr * all.trace / loss) ||
        fell_record(c, EVIDENCE, 0, 0, 1.0 - (double)p->rows * all.ratio / all.counted))
        return FELL_ERROR;
    return record_tests(c, &s, all.squares) != FELL_OK ? FELL_ERROR : record_tensors(c, &s);
}

static const fell_probe gradient_noise = {
    FELL_ITEM0(
        FELL_KIND_PROBE, fell_probe, "gradient_noise",
        "How much the rows' own gradients differ from their mean.\n\n"
        "S. McCandlish et al., \"An Empirical Model of Large-Batch Training\", 2018; L. Balles, J. Romero\n"
        "and P. Hennig, \"Coupling Adaptive Batch Sizes with Learning Rates\", 2017; D. Yin et al.,\n"
        "\"Gradient Diversity\", 2018; M. Mahsereci et al., \"Early Stopping without a Validation Set\",\n"
        "2017. A row's gradient is that of its own loss; in the mean every row counts the same."),
    FELL_PROBE_TABLES(numbers, NULL, 0), .look = look};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &gradient_noise.item);
