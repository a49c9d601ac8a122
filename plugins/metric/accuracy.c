/* accuracy.c - the share of rows that are right. */
#include "classes.h"

/* Rows whose class is COLS' largest, which all count alike. */
FELL_INLINE int64_t rows_right(const fell_metric_call *c, int64_t cols)
{
    int64_t right = 0;

    for (int64_t i = 0; i < c->rows; i++)
        right += class_largest(c->pred + i * cols, cols) == c->label[i];
    return right;
}

/* Loops over a few classes take less time than entering them, unless their number is a constant. */
static int64_t labels_right(const fell_metric_call *c)
{
    switch (c->cols) {
    case 2:
        return rows_right(c, 2);
    case 3:
        return rows_right(c, 3);
    case 10:
        return rows_right(c, 10);
    default:
        return rows_right(c, c->cols);
    }
}

/* Whether all answers of row I are right. */
static bool row_is_right(const fell_metric_call *c, int64_t i)
{
    if (c->target_is != FELL_YES_NO)
        return class_predicted(c, i) == class_true(c, i);
    for (int64_t k = i * c->cols; k < (i + 1) * c->cols; k++)
        if (class_says_yes(c, k) != class_is_yes(c, k))
            return false;
    return true;
}

static fell_status eval(fell_metric_call *c)
{
    double right = 0.0, all = 0.0;

    if (class_fits(c) != FELL_OK)
        return FELL_ERROR;
    if (c->label && !c->weight) {
        right = (double)labels_right(c);
        all = (double)c->rows;
    }
    for (int64_t i = 0; (!c->label || c->weight) && i < c->rows; i++) {
        right += row_is_right(c, i) ? metric_weight(c, i) : 0.0;
        all += metric_weight(c, i);
    }
    *c->value = all > 0.0 ? right / all : (double)NAN;
    return FELL_OK;
}

static const fell_metric accuracy = {
    .item = FELL_ITEM0(
        FELL_KIND_METRIC, fell_metric, "accuracy",
        "Share of rows whose prediction is the right class, from 0 to 1.\n\n"
        "The largest output wins, the first of equals. Values of 0 and 1, or -1 and 1, are questions,\n"
        "one a column: a row is right if all its answers are; yes is above 0.5, for raw outputs (logits)\n"
        "and losses of -1 and 1 above 0, for other losses half-way between the two. As scikit-learn's\n"
        "accuracy_score."),
    .target = FELL_CLASSES | FELL_VALUES,
    .higher_is_better = 1,
    .eval = eval,
    .values = FELL_ONE,
    .least = 0.0,
    .most = 1.0,
    .weighs = 1,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &accuracy.item);
