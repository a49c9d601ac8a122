/* local_response_norm.c - each number divided by what neighbouring channels have at its place. */
#include "fell/plugin.h"

struct local_response_norm {
    int64_t size;
    double alpha, beta, k;
};

static const fell_param params[] = {
    FELL_INT(struct local_response_norm, size, 0, 1, 1 << 20, FELL_REQUIRED,
             "Channels that count together, at least 1."),
    FELL_FLOAT(struct local_response_norm, alpha, 1e-4, 0, INFINITY, FELL_MAX_OPEN,
               "Factor of the mean of their squares, 0 or more."),
    FELL_FLOAT(struct local_response_norm, beta, 0.75, 0, INFINITY, FELL_MAX_OPEN,
               "Power of the divisor, 0 or more."),
    FELL_FLOAT(struct local_response_norm, k, 1, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Added to it, above 0."),
};

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}

/* Places of one channel, and the channels FIRST to LAST around channel I; BACK: those that see it. */
struct around {
    int64_t channels, n, first, last;
};

FELL_INLINE struct around around_of(const fell_layer_call *c, int64_t i, bool back)
{
    const struct local_response_norm *s = c->settings;
    const fell_shape *in = &c->plan->in[0];
    const int64_t low = back ? (s->size - 1) / 2 : s->size / 2, high = s->size - 1 - low;
    struct around a = {in->dim[0], fell_size(in) / in->dim[0], i - low, i + high};

    a.first = a.first > 0 ? a.first : 0;
    a.last = a.last < a.channels - 1 ? a.last : a.channels - 1;
    return a;
}

/* by[n] = k + alpha mean of squares around channel I of the row X; the mean is over `size` channels, of which
 * those beyond the ends are 0. */
FELL_INLINE void divisor(const fell_layer_call *c, const float *x, int64_t i, float *by)
{
    const struct local_response_norm *s = c->settings;
    const struct around a = around_of(c, i, false);
    const float share = (float)(s->alpha / (double)s->size), k = (float)s->k;

    for (int64_t j = 0; j < a.n; j++)
        by[j] = 0.0f;
    for (int64_t m = a.first; m <= a.last; m++) {
        const float *from = x + m * a.n;

        FELL_EACH for (int64_t j = 0; j < a.n; j++) by[j] += from[j] * from[j];
    }
    FELL_EACH for (int64_t j = 0; j < a.n; j++) by[j] = k + share * by[j];
}

FELL_KERNEL(forward, fell_layer_call)
{
    const float power = -(float)((const struct local_response_norm *)c->settings)->beta;
    const fell_shape *in = &c->plan->in[0];
    const int64_t n = fell_size(in) / in->dim[0];
    float *by = fell_scratch(c->ctx, n, sizeof *by);

    if (!by)
        return FELL_ERROR;
    for (int64_t i = 0; i < c->batch * in->dim[0]; i++) {
        const float *row = c->x[0] + i / in->dim[0] * in->dim[0] * n, *x = c->x[0] + i * n;
        float *y = c->y + i * n;

        divisor(c, row, i % in->dim[0], by);
        FELL_EACH for (int64_t j = 0; j < n; j++) y[j] = x[j] * fell_exp(power * fell_log(by[j]));
    }
    return FELL_OK;
}

/* With D the divisor: dx_i = dy_i D_i^-beta - 2 alpha beta / size x_i sum over the channels m that see i of
 * dy_m x_m D_m^(-beta-1). */
FELL_KERNEL(backward, fell_layer_call)
{
    const struct local_response_norm *s = c->settings;
    const fell_shape *in = &c->plan->in[0];
    const int64_t channels = in->dim[0], n = fell_size(in) / channels, all = channels * n;
    const float power = -(float)s->beta, back = (float)(2.0 * s->alpha * s->beta / (double)s->size);
    float *by = fell_scratch(c->ctx, n, sizeof *by), *share = fell_scratch(c->ctx, all, sizeof *share);

    if (!by || !share)
        return FELL_ERROR;
    for (int64_t b = 0; c->dx[0] && b < c->batch; b++) {
        const float *x = c->x[0] + b * all, *dy = c->dy + b * all;
        float *dx = c->dx[0] + b * all;

        for (int64_t i = 0; i < channels; i++) {
            divisor(c, x, i, by);
            FELL_EACH for (int64_t j = 0; j < n; j++)
            {
                const float direct = dy[i * n + j] * fell_exp(power * fell_log(by[j]));

                dx[i * n + j] = direct;
                share[i * n + j] = direct * x[i * n + j] / by[j];
            }
        }
        for (int64_t i = 0; i < channels; i++) {
            const struct around a = around_of(c, i, true);

            for (int64_t j = 0; j < n; j++)
                by[j] = 0.0f;
            for (int64_t m = a.first; m <= a.last; m++)
                FELL_EACH for (int64_t j = 0; j < n; j++) by[j] += share[m * n + j];
            FELL_EACH for (int64_t j = 0; j < n; j++) dx[i * n + j] -= back * x[i * n + j] * by[j];
        }
    }
    return FELL_OK;
}

static const fell_layer local_response_norm = {
    .item = FELL_ITEM(FELL_KIND_LAYER, fell_layer, "local_response_norm",
                      "Divides each number by what neighbouring channels have at its place.\n\n"
                      "y = x / (k + alpha mean of x^2)^beta, the mean over `size` channels around its own. "
                      "A. Krizhevsky, I.\n"
                      "Sutskever and G. Hinton, \"ImageNet classification with deep convolutional neural "
                      "networks\", NeurIPS\n"
                      "2012, section 3.3. As PyTorch's LocalResponseNorm.",
                      struct local_response_norm, params),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &local_response_norm.item);
