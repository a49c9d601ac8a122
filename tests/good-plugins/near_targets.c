/* Counts outputs near their targets: a step function of numbers, which have no cut. */
#include <fell/plugin.h>

static fell_status eval(fell_metric_call *c)
{
    const int64_t n = c->rows * c->cols;
    int64_t near = 0;

    for (int64_t i = 0; i < n; i++)
        near += fabsf(c->pred[i] - c->target[i]) < 0.5f;
    *c->value = n ? (double)near / (double)n : NAN;
    return FELL_OK;
}

static const fell_metric item = {
    .item = FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "near_targets", "Share of near outputs."),
    .target = FELL_VALUES,
    .higher_is_better = 1,
    .eval = eval,
    .least = 0,
    .most = 1};

FELL_PLUGIN("1.0", "", &item.item);
