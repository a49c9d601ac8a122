/* fails: rows
 * Looks at the whole row, and does not say so. */
#include "fell/plugin.h"
FELL_KERNEL(forward, fell_activation_call)
{
    for (int64_t r = 0; r < c->rows; r++) {
        double s = 0;
        for (int64_t j = 0; j < c->cols; j++)
            s += (double)c->x[r * c->cols + j] * c->x[r * c->cols + j];
        const float k = 1.0f / sqrtf(1.0f + (float)s);
        for (int64_t j = 0; j < c->cols; j++)
            c->y[r * c->cols + j] = k * c->x[r * c->cols + j];
    }
    return FELL_OK;
}
FELL_KERNEL(backward, fell_activation_call)
{
    for (int64_t r = 0; r < c->rows; r++) {
        double s = 0, d = 0;
        const float *x = c->x + r * c->cols, *dy = c->dy + r * c->cols;
        for (int64_t j = 0; j < c->cols; j++) {
            s += (double)x[j] * x[j];
            d += (double)x[j] * dy[j];
        }
        const double k = 1.0 / sqrt(1.0 + s);
        for (int64_t j = 0; j < c->cols; j++)
            c->dx[r * c->cols + j] = (float)(k * dy[j] - k * k * k * d * x[j]);
    }
    return FELL_OK;
}
static const fell_activation item = FELL_ACTIVATION("bad", "Scales a row.", FELL_REAL, forward, backward);
FELL_PLUGIN("1.0", "", &item.item);
