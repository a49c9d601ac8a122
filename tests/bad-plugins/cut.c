/* fails: cut
 * Cuts at 0.5, whatever the call says. */
#include "bad.h"

static fell_status eval(fell_metric_call *c)
{
    const int64_t n = c->rows * c->cols;
    int64_t right = 0;

    if (c->target_is == FELL_NUMBERS && n)
        return fell_fail(c->ctx, "it is for answers, yes and no");
    for (int64_t i = 0; i < n; i++)
        right += (c->pred[i] > 0.5f) == (c->target[i] > c->target_cut);
    *c->value = n ? (double)right / (double)n : NAN;
    return FELL_OK;
}

static const fell_metric item = {
    .item = FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "bad", "Share of right answers."),
    .target = FELL_VALUES,
    .higher_is_better = 1,
    .eval = eval,
    .least = 0,
    .most = 1};

FELL_PLUGIN("1.0", "", &item.item);
