/* @.c - a metric: say what it measures. */
#include <fell/plugin.h>

/* What a spec can set; the fields' names are the keys in YAML. */
struct settings {
    double tolerance;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, tolerance, 0.1, 0, INFINITY, FELL_MAX_OPEN,
               "Error that is still right, from 0 up."),
};

/* One call with all rows of a split. Where no value can be given, it is NAN. */
static fell_status eval(fell_metric_call *c)
{
    const struct settings *s = c->settings;
    const int64_t n = c->rows * c->cols;
    int64_t right = 0;

    for (int64_t i = 0; i < n; i++)
        right += fabsf(c->pred[i] - c->target[i]) <= (float)s->tolerance;
    *c->value = n ? (double)right / (double)n : (double)NAN;
    return FELL_OK;
}

static const fell_metric item = {.item =
                                     FELL_ITEM(FELL_KIND_METRIC, fell_metric, "@",
                                               "One sentence: what it measures.\n\n"
                                               "The share of outputs within the tolerance of their target.",
                                               struct settings, params),
                                 .target = FELL_VALUES, /* FELL_CLASSES: c->label; both with | */
                                 .higher_is_better = 1,
                                 .eval = eval,
                                 .values = FELL_ONE}; /* or FELL_PER_CLASS, FELL_PER_PAIR */

FELL_PLUGIN("1.0", "Your name, your licence", &item.item);
