/* path.c - the way of the weights along the whole training: how far, how long, how straight. */
#include "linear.h"

enum { LOSS, WEIGHT_NORM, DISTANCE, LENGTH, STRAIGHTNESS, COSINE, STEP_COSINE };

static const fell_number numbers[] = {
    [LOSS] = {"loss", "Mean loss of the probe's rows.", FELL_PER_NET, 0},
    [WEIGHT_NORM] = {"weight_norm", "L2 norm of all trained weights.", FELL_PER_NET, 0},
    [DISTANCE] = {"distance", "L2 norm of the weights less those before the first step.", FELL_PER_NET, 0},
    [LENGTH] = {"length", "Sum of the distances from look to look.", FELL_PER_NET, 0},
    [STRAIGHTNESS] = {"straightness", "distance / length: 1 for a straight line.", FELL_PER_NET, 0},
    [COSINE] = {"cosine", "Cosine of the angle between the weights and the first ones.", FELL_PER_NET, 0},
    [STEP_COSINE] = {"step_cosine", "Cosine of the angle between the last step and the way so far.",
                     FELL_PER_NET, 0},
};

enum { LAST, GONE, STATES };

static const fell_probe_state states[] = {
    [LAST] = {"last", "The weights at the last look."},
    [GONE] = {"gone", "The length so far, as the sum of two floats."},
};

static fell_status plan(fell_probe_plan *p)
{
    p->state[LAST] = p->weights;
    p->state[GONE] = 2;
    return FELL_OK;
}

static fell_status look(fell_probe_call *c)
{
    const int64_t n = c->plan->weights;
    float *last = c->state[LAST], *gone = c->state[GONE];
    double loss, way = 0.0, step = 0.0, both = 0.0, length;

    if (fell_probe_gradient(c, 0, c->plan->rows, &loss, NULL) != FELL_OK)
        return FELL_ERROR;
    for (int64_t i = 0; i < n; i++) {
        const double a = (double)c->w[i] - (double)c->first[i];
        const double b = c->look ? (double)c->w[i] - (double)last[i] : 0.0;

        way += a * a;
        step += b * b;
        both += a * b;
    }
    length = (double)gone[0] + (double)gone[1] + sqrt(step);
    memcpy(last, c->w, (size_t)n * sizeof *last);
    gone[0] = (float)length;
    gone[1] = (float)(length - (double)gone[0]);
    if (fell_record(c, LOSS, 0, 0, loss) ||
        fell_record(c, WEIGHT_NORM, 0, 0, sqrt(linear_dot32(c->w, c->w, n))) ||
        fell_record(c, DISTANCE, 0, 0, sqrt(way)) || fell_record(c, LENGTH, 0, 0, length) ||
        fell_record(c, COSINE, 0, 0,
                    linear_cosine(linear_dot32(c->w, c->first, n), linear_dot32(c->w, c->w, n),
                                  linear_dot32(c->first, c->first, n))))
        return FELL_ERROR;
    if (!c->look)
        return FELL_OK; /* no way yet */
    return fell_record(c, STRAIGHTNESS, 0, 0, length > 0.0 ? sqrt(way) / length : (double)NAN) ||
                   fell_record(c, STEP_COSINE, 0, 0, linear_cosine(both, way, step))
               ? FELL_ERROR
               : FELL_OK;
}

static const fell_probe path = {
    FELL_ITEM0(FELL_KIND_PROBE, fell_probe, "path",
               "The way of the weights along the whole training: how far, how long, how straight.\n\n"
               "Steps are from look to look. I. Goodfellow, O. Vinyals and A. Saxe, \"Qualitatively\n"
               "characterizing neural network optimization problems\", 2015, on straight ways."),
    FELL_PROBE_TABLES(numbers, states, STATES), .plan = plan, .look = look};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &path.item);
