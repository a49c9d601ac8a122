/* A value for each class, undefined where a class has no row. */
#include "fell/plugin.h"

static fell_status eval(fell_metric_call *c)
{
    for (int64_t k = 0; k < c->cols; k++) {
        double right = 0.0, all = 0.0;

        for (int64_t r = 0; r < c->rows; r++) {
            int64_t best = 0;

            for (int64_t j = 1; j < c->cols; j++)
                if (c->pred[r * c->cols + j] > c->pred[r * c->cols + best])
                    best = j;
            all += c->label[r] == k;
            right += c->label[r] == k && best == k;
        }
        c->value[k] = all > 0.0 ? right / all : NAN;
    }
    return FELL_OK;
}

static const fell_metric item = {
    .item = FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "good", "Recall of each class."),
    .target = FELL_CLASSES,
    .higher_is_better = 1,
    .eval = eval,
    .values = FELL_PER_CLASS,
    .least = 0,
    .most = 1};

FELL_PLUGIN("1.0", "", &item.item);
