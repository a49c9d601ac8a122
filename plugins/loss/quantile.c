/* quantile.c - the pinball loss: outputs become quantiles of the targets. */
#include "../rows.h"

struct quantile {
    fell_floats quantile;
};

static const fell_param params[] = {
    FELL_FLOATS(
        struct quantile, quantile, "[0.5]", 0, 1, FELL_MIN_OPEN | FELL_MAX_OPEN,
        "The quantile, in (0, 1), or several: as many outputs for each target, those of the first one "
        "first."),
};

static int64_t outputs(const void *settings, int64_t targets)
{
    return targets * ((const struct quantile *)settings)->quantile.n;
}

/* With d = target - output: q d where it is above 0, (q - 1) d below. */
FELL_KERNEL(eval, fell_loss_call)
{
    const struct quantile *s = c->settings;
    const int64_t n = c->target_cols;
    float *part = fell_scratch(c->ctx, n, sizeof *part);

    if (s->quantile.n == 0)
        return fell_fail(c->ctx, "quantile: an empty list");
    if (!part)
        return FELL_ERROR;
    for (int64_t i = 0; i < c->rows; i++)
        for (int64_t k = 0; k < s->quantile.n; k++) {
            const float q = (float)s->quantile.v[k], *target = c->target + i * n;
            const float *pred = c->pred + i * c->cols + k * n;
            float *dpred = c->dpred + i * c->cols + k * n;

            FELL_EACH for (int64_t j = 0; j < n; j++)
            {
                const float d = target[j] - pred[j];

                part[j] = d < 0.0f ? (q - 1.0f) * d : q * d;
                dpred[j] = d < 0.0f ? 1.0f - q : d > 0.0f ? -q : d;
            }
            c->sum += rows_total(part, n);
        }
    c->weight = (double)(c->rows * c->cols);
    return FELL_OK;
}

static const fell_loss quantile = {
    .item = FELL_ITEM(
        FELL_KIND_LOSS, fell_loss, "quantile",
        "Pinball loss: each output becomes a quantile of its target, the median for 0.5.\n\n"
        "With d = target - output: mean of q d where d > 0, (q - 1) d elsewhere; gradient -q or 1 - q,\n"
        "/ count. With `quantile: [0.5, 0.1, 0.9]` and one target the last layer has three outputs;\n"
        "metrics look at the first quantile. R. Koenker and G. Bassett, \"Regression quantiles\",\n"
        "Econometrica 46, 1978.",
        struct quantile, params),
    .target = FELL_VALUES,
    .eval = eval,
    .outputs = outputs,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &quantile.item);
