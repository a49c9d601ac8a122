/* recall_per_class.c - right predictions of a class among all its rows, for each class. */
#include "classes.h"

static fell_status eval(fell_metric_call *c)
{
    return class_each(c, class_recall);
}

static const fell_metric recall_per_class = {
    .item = FELL_ITEM0(
        FELL_KIND_METRIC, fell_metric, "recall_per_class",
        "How many of the rows of a class are found, from 0 to 1, for each class.\n\n"
        "right / there, counted in rows; recorded as recall_per_class.CLASS. There is no value for a\n"
        "class that is neither there nor predicted. As scikit-learn's recall_score without\n"
        "average."),
    .target = FELL_CLASSES,
    .higher_is_better = 1,
    .eval = eval,
    .values = FELL_PER_CLASS,
    .least = 0.0,
    .most = 1.0,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &recall_per_class.item);
