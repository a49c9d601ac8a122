/* A range without an upper end, no value below two rows, and outputs that it does not look at. */
#include "fell/plugin.h"

static fell_status eval(fell_metric_call *c)
{
    double sum = 0.0;

    for (int64_t r = 0; r < c->rows; r++)
        sum += fabs((double)c->pred[r * c->cols] - (double)c->target[r * c->cols]);
    *c->value = c->rows > 1 ? sum / (double)(c->rows - 1) : (double)NAN;
    return FELL_OK;
}

static const fell_metric item = {
    .item = FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "good", "Error of the first output, by n - 1."),
    .target = FELL_VALUES,
    .eval = eval,
    .values = FELL_ONE,
    .least = 0,
    .most = INFINITY};

FELL_PLUGIN("1.0", "", &item.item);
