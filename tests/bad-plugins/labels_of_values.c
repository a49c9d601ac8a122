/* fails: settings
 * Says that it takes values too, and looks at labels. */
#include "fell/plugin.h"
static fell_status eval(fell_metric_call *c)
{
    int64_t hit = 0;
    for (int64_t i = 0; i < c->rows; i++) {
        int64_t b = 0;
        for (int64_t j = 1; j < c->cols; j++)
            if (c->pred[i * c->cols + j] > c->pred[i * c->cols + b])
                b = j;
        hit += b == c->label[i];
    }
    *c->value = c->rows ? (double)hit / (double)c->rows : NAN;
    return FELL_OK;
}
static const fell_metric item = {.item = FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "bad", "Right."),
                                 .target = FELL_VALUES | FELL_CLASSES,
                                 .higher_is_better = 1,
                                 .eval = eval,
                                 .most = 1};
FELL_PLUGIN("1.0", "", &item.item);
