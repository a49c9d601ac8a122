/* Kinks and flat pieces at odd places. */
#include "fell/plugin.h"

static fell_status forward(fell_activation_call *c)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++) {
        const float x = c->x[i];

        c->y[i] = x < -7.3f    ? -3.1f
                  : x < -0.11f ? 0.5f * x + 0.55f
                  : x < 2.77f  ? -x + 0.385f
                               : 3.0f * x - 10.695f;
    }
    return FELL_OK;
}

static fell_status backward(fell_activation_call *c)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++) {
        const float x = c->x[i];

        c->dx[i] = c->dy[i] * (x < -7.3f ? 0.0f : x < -0.11f ? 0.5f : x < 2.77f ? -1.0f : 3.0f);
    }
    return FELL_OK;
}

static const fell_activation item = {
    FELL_ITEM0(FELL_KIND_ACTIVATION, fell_activation, "good", "Piecewise linear."), 0, FELL_REAL, forward,
    backward};

FELL_PLUGIN("1.0", "", &item.item);
