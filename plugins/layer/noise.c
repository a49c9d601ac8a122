/* noise.c - while training, normal random numbers are added. */
#include "../noise.h"

static const fell_param params[] = {
    FELL_FLOAT(struct noise, stddev, 0.1, 0, INFINITY, FELL_MAX_OPEN,
               "Standard deviation of the noise, from 0 up, in the unit of the input."),
};

static const fell_layer noise = {
    .item = FELL_ITEM(FELL_KIND_LAYER, fell_layer, "noise",
                      "Adds normal (gaussian) noise while training, against overfitting.\n\n"
                      "y = x + stddev z with z drawn anew from N(0, 1) for every number and step; y = x in\n"
                      "evaluation; dx = dy. C. Bishop, \"Training with noise is equivalent to Tikhonov\n"
                      "regularization\", Neural Computation 7, 1995. Called GaussianNoise in Keras.",
                      struct noise, params),
    .plan = noise_plan,
    .forward = noise_forward,
    .backward = pass_backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &noise.item);
