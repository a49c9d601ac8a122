/* A loss that relies on labels from 0 to cols - 1, as the header promises. */
#include "fell/plugin.h"

static fell_status eval(fell_loss_call *c)
{
    for (int64_t r = 0; r < c->rows; r++) {
        const float *x = c->pred + r * c->cols;
        float *d = c->dpred + r * c->cols;
        const int32_t k = c->label[r];

        for (int64_t j = 0; j < c->cols; j++) {
            const float margin = 1.0f + x[j] - x[k];

            d[j] = 0.0f;
            if (j == k || margin <= 0.0f)
                continue;
            c->sum += (double)margin;
            d[j] = 1.0f;
        }
        for (int64_t j = 0; j < c->cols; j++)
            if (j != k)
                d[k] -= d[j];
    }
    return FELL_OK;
}

static const fell_loss item =
    FELL_LOSS("good", "Margins to the class, summed.", FELL_CLASSES, FELL_LOGIT, eval);

FELL_PLUGIN("1.0", "", &item.item);
