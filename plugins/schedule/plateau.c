/* plateau.c - the learning rate falls when a recorded value has stopped getting better. */
#include "fell/plugin.h"

enum { MIN, MAX };
enum { REL, ABS };

struct plateau {
    const char *monitor;
    int32_t mode;
    double factor;
    int64_t patience;
    double threshold;
    int32_t threshold_mode;
    int64_t cooldown;
    double min_lr, epsilon;
};

static const fell_param params[] = {
    FELL_STRING(struct plateau, monitor, "validation.loss", FELL_MONITOR,
                "The recorded value to watch, SPLIT.NAME."),
    FELL_ENUM(struct plateau, mode, "min", "min|max", "Whether less or more is better, min or max."),
    FELL_FLOAT(struct plateau, factor, 0.1, 0, 1, FELL_MAX_OPEN, "Factor of each fall, in [0, 1)."),
    FELL_INT(struct plateau, patience, 10, 0, 1LL << 40, 0,
             "Epochs without a better value that are let pass, 0 or more; the next one brings a fall."),
    FELL_FLOAT(struct plateau, threshold, 1e-4, 0, INFINITY, FELL_MAX_OPEN,
               "How much better than the best a value must be to count, 0 or more."),
    FELL_ENUM(struct plateau, threshold_mode, "rel", "rel|abs",
              "Whether the threshold is a share of the best value or a difference, rel or abs."),
    FELL_INT(struct plateau, cooldown, 0, 0, 1LL << 40, 0,
             "Epochs after a fall that do not count, 0 or more."),
    FELL_FLOAT(struct plateau, min_lr, 0, 0, INFINITY, FELL_MAX_OPEN,
               "The rate does not fall below this, 0 or more."),
    FELL_FLOAT(struct plateau, epsilon, 1e-8, 0, INFINITY, FELL_MAX_OPEN,
               "A fall by no more than this is left out, 0 or more."),
};

static bool is_better(const struct plateau *s, double value, double best)
{
    const double most = s->threshold_mode == ABS ? best + s->threshold : best * (1.0 + s->threshold);
    const double least = s->threshold_mode == ABS ? best - s->threshold : best * (1.0 - s->threshold);

    return s->mode == MAX ? value > most : value < least;
}

static double fall(const struct plateau *s, double lr)
{
    const double lower = lr * s->factor > s->min_lr ? lr * s->factor : s->min_lr;

    return lr - lower > s->epsilon ? lower : lr;
}

/* Goes through all finished epochs again: the rate depends on recorded values alone. */
static fell_status rate(fell_schedule_call *c)
{
    const struct plateau *s = c->settings;
    int64_t bad = 0, cooling = 0;
    bool any = false;
    double best = 0.0;

    for (int64_t i = 0; i < c->epoch; i++) {
        const double value = c->history[i];

        bad++;
        if (!any ? !isnan(value) : is_better(s, value, best)) {
            any = true;
            best = value;
            bad = 0;
        }
        if (cooling > 0) {
            cooling--;
            bad = 0;
        }
        if (bad > s->patience) {
            c->lr = fall(s, c->lr);
            cooling = s->cooldown;
            bad = 0;
        }
    }
    return FELL_OK;
}

static const fell_schedule plateau = {
    FELL_ITEM(
        FELL_KIND_SCHEDULE, fell_schedule, "plateau",
        "Multiplies the learning rate by a factor when a recorded value stops getting better.\n\n"
        "After more than `patience` epochs in a row without a value better than the best by the\n"
        "threshold: rate = max(rate factor, min_lr). Better, for mode min: value < best (1 - threshold)\n"
        "with rel, best - threshold with abs; for max the same above. As PyTorch's ReduceLROnPlateau\n"
        "(epsilon is its eps).",
        struct plateau, params),
    rate};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &plateau.item);
