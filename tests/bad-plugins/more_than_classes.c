/* fails: outside reads
 * Looks at more classes than there are; what they hold makes no difference. */
#include "fell/plugin.h"

struct settings {
    int64_t k;
};

static const fell_param params[] = {FELL_INT(struct settings, k, 5, 1, 100, 0, "How many.")};

static fell_status eval(fell_metric_call *c)
{
    const struct settings *s = c->settings;
    int64_t hit = 0;
    for (int64_t i = 0; i < c->rows; i++) {
        float best[100];
        for (int64_t k = 0; k < s->k; k++)
            best[k] = c->pred[i * c->cols + k];
        for (int64_t k = 0; k < s->k; k++)
            for (int64_t j = s->k; j < c->cols; j++)
                if (c->pred[i * c->cols + j] > best[k])
                    best[k] = c->pred[i * c->cols + j];
        for (int64_t k = 0; k < s->k; k++)
            if (best[k] <= c->pred[i * c->cols + c->label[i]]) {
                hit++;
                break;
            }
    }
    c->value[0] = c->rows ? (double)hit / (double)c->rows : NAN;
    return FELL_OK;
}

static const fell_metric item = {
    .item = FELL_ITEM(FELL_KIND_METRIC, fell_metric, "bad", "Is wrong.", struct settings, params),
    .target = FELL_CLASSES,
    .higher_is_better = 1,
    .eval = eval,
    .least = 0,
    .most = 1};

FELL_PLUGIN("1.0", "", &item.item);
