/* accuracy.c - the share of rows that are right. */
#include "fell/plugin.h"

/* Index of the largest of x[cols], the first of equals. */
static int64_t largest(const float *x, int64_t cols)
{
    int64_t best = 0;

    for (int64_t j = 1; j < cols; j++)
        if (x[j] > x[best])
            best = j;
    return best;
}

static fell_status eval(fell_metric_call *c)
{
    const int64_t rows = c->rows, cols = c->cols;
    const float threshold = c->pred_is == FELL_LOGIT ? 0.0f : 0.5f;
    int64_t right = 0;

    for (int64_t i = 0; i < rows; i++) {
        const float *pred = c->pred + i * cols;

        if (c->label)
            right += largest(pred, cols) == c->label[i];
        else if (cols == 1)
            right += (pred[0] > threshold) == (c->target[i] > 0.5f);
        else
            right += largest(pred, cols) == largest(c->target + i * cols, cols);
    }
    *c->value = rows ? (double)right / (double)rows : (double)NAN;
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
