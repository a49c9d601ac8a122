/* jitter.c - in training, normal random numbers are added to the inputs. */
#include "../noise.h"

static const fell_param params[] = {
    FELL_FLOAT(struct noise, stddev, 0.1, 0, INFINITY, FELL_MAX_OPEN,
               "Standard deviation of the noise, from 0 up, in the unit of the inputs."),
};

static const fell_layer jitter = {
    .item =
        FELL_ITEM(FELL_KIND_LAYER, fell_layer, "jitter",
                  "In training, adds normal (gaussian) noise to the inputs, anew in every epoch.\n\n"
                  "y = x + stddev z with z drawn from N(0, 1) for every number; y = x in evaluation. The\n"
                  "layer `noise` does the same to what a layer gives.",
                  struct noise, params),
    .plan = noise_plan,
    .forward = noise_forward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &jitter.item);
