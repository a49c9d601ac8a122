/* he.h - settings and variance that he_uniform and he_normal share. */
#ifndef INITIALISER_HE_H
#define INITIALISER_HE_H

#include "variance.h"

enum { HE_FAN_IN, HE_FAN_OUT };
enum { HE_LINEAR, HE_SIGMOID, HE_TANH, HE_RELU, HE_LEAKY_RELU, HE_SELU };

struct he {
    double negative_slope;
    int32_t mode, nonlinearity;
};

static const fell_param he_params[] = {
    FELL_FLOAT(struct he, negative_slope, 0, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Slope for negative inputs of the leaky_relu that follows, any number: 0 for relu."),
    FELL_ENUM(struct he, mode, "fan_in", "fan_in|fan_out",
              "Keep the variance of signals (fan_in) or of gradients (fan_out)."),
    FELL_ENUM(struct he, nonlinearity, "leaky_relu", "linear|sigmoid|tanh|relu|leaky_relu|selu",
              "The activation that follows; with a negative_slope of 0 leaky_relu is relu."),
};

/* The square of PyTorch's calculate_gain(). */
static inline double he_gain_squared(const struct he *s)
{
    switch (s->nonlinearity) {
    case HE_TANH:
        return 25.0 / 9.0;
    case HE_RELU:
        return 2.0;
    case HE_LEAKY_RELU:
        return 2.0 / (1.0 + s->negative_slope * s->negative_slope);
    case HE_SELU:
        return 9.0 / 16.0;
    default:
        return 1.0;
    }
}

static inline fell_status he_check(fell_init_call *c)
{
    const struct he *s = c->settings;

    if (s->negative_slope != 0.0 && s->nonlinearity != HE_LEAKY_RELU)
        return fell_fail(c->ctx, "negative_slope: only leaky_relu has one");
    return variance_check(c);
}

/* gain^2 / fan */
static inline double he_variance(const fell_init_call *c)
{
    const struct he *s = c->settings;

    return he_gain_squared(s) / (double)(s->mode == HE_FAN_OUT ? c->fan_out : c->fan_in);
}

#endif
