/* smooth_l1.c - absolute error with the corner at zero rounded. */
#include "each.h"

struct smooth {
    double beta;
    fell_floats weight;
};

static const fell_param params[] = {
    FELL_FLOAT(struct smooth, beta, 1, 0, INFINITY, FELL_MAX_OPEN,
               "Error below which the corner is rounded, from 0 up, in the unit of the target; 0: mae."),
    LOSS_WEIGHT(struct smooth),
};

static inline float bend(const struct smooth *s, float pred, float target, float *slope)
{
    const float beta = (float)s->beta, d = pred - target, a = fabsf(d);
    const float inverse = beta > 0.0f ? (float)(1.0 / s->beta) : 0.0f;

    *slope = a < beta ? d * inverse : d > 0.0f ? 1.0f : d < 0.0f ? -1.0f : d;
    return a < beta ? 0.5f * d * d * inverse : a - 0.5f * beta;
}

LOSS_EACH_WEIGHED(struct smooth, eval, bend, true)

static const fell_loss smooth_l1 = {
    .item = FELL_ITEM(FELL_KIND_LOSS, fell_loss, "smooth_l1",
                      "Absolute error, squared below beta so that there is no corner at zero.\n\n"
                      "With d = prediction - target: mean of d^2 / (2 beta) where |d| < beta, else\n"
                      "|d| - beta / 2; gradient d / beta or +-1, / count: huber divided by its delta.\n"
                      "R. Girshick, \"Fast R-CNN\", ICCV 2015. As PyTorch's SmoothL1Loss.\n"
                      "With `weight` each output is weighed, and the count stays as it is, as in huber.",
                      struct smooth, params),
    .target = FELL_VALUES,
    .eval = eval,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &smooth_l1.item);
