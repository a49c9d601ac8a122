/* accuracy.c - the share of rows that are right. */
#include "classes.h"

static fell_status eval(fell_metric_call *c)
{
    int64_t right = 0;

    for (int64_t i = 0; i < c->rows; i++)
        right += class_predicted(c, i) == class_true(c, i);
    *c->value = c->rows ? (double)right / (double)c->rows : (double)NAN;
    return FELL_OK;
}

static const fell_metric accuracy = {
    .item = FELL_ITEM0(
        FELL_KIND_METRIC, fell_metric, "accuracy",
        "Share of rows whose prediction is the right class, from 0 to 1.\n\n"
        "The largest output wins, the first of equals. One output column against values of 0 and 1\n"
        "is yes above 0.5, for raw outputs (logits) above 0; several columns of values are compared\n"
        "by their largest."),
    .target = FELL_CLASSES | FELL_VALUES,
    .higher_is_better = 1,
    .eval = eval,
    .values = FELL_ONE,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &accuracy.item);
