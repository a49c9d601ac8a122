/* confusion.c - which class is taken for which. */
#include "classes.h"

static fell_status eval(fell_metric_call *c)
{
    for (int64_t i = 0; i < c->cols * c->cols; i++)
        c->value[i] = 0.0;
    for (int64_t i = 0; i < c->rows; i++)
        c->value[c->label[i] * c->cols + class_largest(c->pred + i * c->cols, c->cols)] +=
            metric_weight(c, i);
    return FELL_OK;
}

static const fell_metric confusion = {
    .item =
        FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "confusion",
                   "Confusion matrix: how many rows of each class are taken for each class, by weight.\n\n"
                   "One value for each pair, recorded as confusion.TRUE.PREDICTED, with the names of the\n"
                   "classes; one with a dot or a quote in it is in double quotes. The largest output is the\n"
                   "prediction, the first of equals."),
    .target = FELL_CLASSES,
    .eval = eval,
    .values = FELL_PER_PAIR,
    .least = 0.0,
    .most = INFINITY,
    .weighs = 1,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &confusion.item);
