/* fails: finite numbers
 * Divides by a distance, which is 0 where the prediction is right. */
#include "bad.h"

static fell_status eval(fell_loss_call *c)
{
    for (int64_t r = 0; r < c->rows; r++) {
        double square = 0.0;

        for (int64_t j = r * c->cols; j < (r + 1) * c->cols; j++)
            square += (double)(c->pred[j] - c->target[j]) * (double)(c->pred[j] - c->target[j]);
        c->sum += sqrt(square);
        for (int64_t j = r * c->cols; j < (r + 1) * c->cols; j++)
            c->dpred[j] = (float)((double)(c->pred[j] - c->target[j]) / sqrt(square));
    }
    return FELL_OK;
}

static const fell_loss item =
    FELL_LOSS("bad", "Distance of each row from its target.", FELL_VALUES, FELL_REAL, eval);

FELL_PLUGIN("1.0", "", &item.item);
