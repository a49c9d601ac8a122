/* f1.c - harmonic mean of precision and recall. */
#include "classes.h"

static const fell_param params[] = {
    CLASS_AVERAGE,
};

static fell_status eval(fell_metric_call *c)
{
    return class_mean(c, class_f1);
}

static const fell_metric f1 = {
    .item = FELL_ITEM(
        FELL_KIND_METRIC, fell_metric, "f1",
        "Harmonic mean of precision and recall, from 0 to 1, averaged over the classes.\n\n"
        "2 right / (predicted + there), counted in rows, 0 where that is 0 / 0. The largest "
        "output is the prediction.\n"
        "Classes that are neither there nor predicted are left out. Values of 0 and 1, or -1 and 1, are\n"
        "questions, one a column, yes as in accuracy: one column has the value of yes, several the mean of\n"
        "all. As scikit-learn's f1_score.",
        struct class_average, params),
    .target = FELL_CLASSES | FELL_VALUES,
    .higher_is_better = 1,
    .eval = eval,
    .values = FELL_ONE,
    .least = 0.0,
    .most = 1.0,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &f1.item);
