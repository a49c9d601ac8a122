/* cyclic.c - the learning rate goes up and down between two bounds, step by step. */
#include "../power.h"
#include "fell/plugin.h"

enum { TRIANGULAR, TRIANGULAR2, EXP_RANGE };

struct cyclic {
    double minimum, maximum;
    int64_t up, down;
    int32_t mode;
    double gamma;
};

static const fell_param params[] = {
    FELL_FLOAT(struct cyclic, minimum, 0, 0, INFINITY, FELL_REQUIRED | FELL_MAX_OPEN,
               "Learning rate at the bottom, 0 or more."),
    FELL_FLOAT(struct cyclic, maximum, 0, 0, INFINITY, FELL_MAX_OPEN,
               "Learning rate at the first top, 0 or more; 0: the optimizer's."),
    FELL_INT(struct cyclic, up, 2000, 1, 1LL << 40, 0, "Optimizer steps from bottom to top, at least 1."),
    FELL_INT(struct cyclic, down, 0, 0, 1LL << 40, 0,
             "Optimizer steps from top to bottom; 0: as many as up."),
    FELL_ENUM(struct cyclic, mode, "triangular", "triangular|triangular2|exp_range",
              "How high later tops are: all the same, each half as high, or gamma^step."),
    FELL_FLOAT(struct cyclic, gamma, 1, 0, 1, FELL_MIN_OPEN,
               "Factor of the height for each step in exp_range, above 0, at most 1."),
};

static fell_status rate(fell_schedule_call *c)
{
    const struct cyclic *s = c->settings;
    const int64_t down = s->down ? s->down : s->up, period = s->up + down, at = c->step % period;
    const double top = s->maximum > 0.0 ? s->maximum : c->lr;
    double height = at <= s->up ? (double)at / (double)s->up : (double)(period - at) / (double)down;

    if (s->mode == TRIANGULAR2)
        height /= power_whole(2.0, c->step / period);
    if (s->mode == EXP_RANGE)
        height *= power_real(s->gamma, (double)c->step);
    c->lr = s->minimum + (top - s->minimum) * height;
    return FELL_OK;
}

static const fell_schedule cyclic = {
    FELL_ITEM(
        FELL_KIND_SCHEDULE, fell_schedule, "cyclic",
        "Lets the learning rate go up and down between two bounds, over and over.\n\n"
        "rate = minimum + (maximum - minimum) h f, h from 0 to 1 in `up` steps and back in `down`; f is 1,\n"
        "1/2 to the power of the cycle, or gamma^step. L. Smith, \"Cyclical learning rates for training\n"
        "neural networks\", WACV 2017. As PyTorch's CyclicLR without a cycled momentum.",
        struct cyclic, params),
    rate};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &cyclic.item);
