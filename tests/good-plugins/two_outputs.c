/* A normal distribution's log likelihood, by two outputs a value: its mean and the logarithm of its variance,
 * which grows without end. */
#include <fell/plugin.h>

static fell_status eval(fell_loss_call *c)
{
    if (c->cols % 2)
        return fell_fail(c->ctx, "outputs come in pairs: mean and logarithm of the variance");
    for (int64_t i = 0; i < c->rows * c->cols; i += 2) {
        const double d = (double)c->pred[i] - (double)c->target[i], inverse = exp(-(double)c->pred[i + 1]);

        c->sum += 0.5 * ((double)c->pred[i + 1] + d * d * inverse);
        c->dpred[i] = (float)(d * inverse);
        c->dpred[i + 1] = (float)(0.5 - 0.5 * d * d * inverse);
    }
    return FELL_OK;
}

static const fell_loss item =
    FELL_LOSS("two_outputs", "Of a normal distribution.", FELL_VALUES, FELL_REAL, eval);

FELL_PLUGIN("1.0", "", &item.item);
