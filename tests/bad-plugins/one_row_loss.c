/* fails: finite numbers
 * Takes the variance of one row, which there is none of. */
#include "bad.h"

static fell_status eval(fell_loss_call *c)
{
    const int64_t n = c->rows * c->cols;
    double mean = 0.0;

    for (int64_t i = 0; i < n; i++)
        mean += (double)(c->pred[i] - c->target[i]) / (double)n;
    for (int64_t i = 0; i < n; i++) {
        const double d = (double)(c->pred[i] - c->target[i]) - mean;

        c->sum += (double)c->rows * d * d / (double)(c->rows - 1);
        c->dpred[i] = (float)(2.0 * (double)c->rows * d / (double)(c->rows - 1));
    }
    return FELL_OK;
}

static const fell_loss item = {.item =
                                   FELL_ITEM0(FELL_KIND_LOSS, fell_loss, "bad", "Variance of the errors."),
                               .target = FELL_VALUES,
                               .eval = eval,
                               .pairs = 1};

FELL_PLUGIN("1.0", "", &item.item);
