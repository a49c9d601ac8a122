/* f1_per_class.c - harmonic mean of precision and recall, for each class. */
#include "classes.h"

static fell_status eval(fell_metric_call *c)
{
    return class_each(c, class_f1);
}

static const fell_metric f1_per_class = {
    .item = FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "f1_per_class",
                       "Harmonic mean of precision and recall, from 0 to 1, for each class.\n\n"
                       "2 right / (predicted + there), counted in rows; recorded as f1_per_class.CLASS. "
                       "There is no value for a\n"
                       "class that is neither there nor predicted. As scikit-learn's f1_score without\n"
                       "average."),
    .target = FELL_CLASSES,
    .higher_is_better = 1,
    .eval = eval,
    .values = FELL_PER_CLASS,
    .least = 0.0,
    .most = 1.0,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &f1_per_class.item);
