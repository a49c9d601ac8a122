/* r2.c - the share of the targets' variance that the predictions explain. */
#include "numbers.h"

/* Of one output; where the targets are all the same, 1 if they are met and else 0, as in
 * scikit-learn. */
static double explained(const fell_metric_call *c, int64_t column)
{
    double mean = 0.0, rest = 0.0, all = 0.0, weight = 0.0;

    for (int64_t i = 0; i < c->rows; i++) {
        mean += metric_weight(c, i) * (double)c->target[i * c->cols + column];
        weight += metric_weight(c, i);
    }
    mean /= weight;
    for (int64_t i = 0; i < c->rows; i++) {
        const double t = (double)c->target[i * c->cols + column], p = (double)c->pred[i * c->cols + column];

        rest += metric_weight(c, i) * ((t - p) * (t - p));
        all += metric_weight(c, i) * ((t - mean) * (t - mean));
    }
    return all > 0.0 ? 1.0 - rest / all : rest > 0.0 ? 0.0 : rest == 0.0 ? 1.0 : (double)NAN;
}

static fell_status eval(fell_metric_call *c)
{
    double sum = 0.0;

    numbers_tell_raw(c);
    for (int64_t j = 0; j < c->cols; j++)
        sum += c->rows > 1 ? explained(c, j) : (double)NAN;
    *c->value = sum / (double)c->cols;
    return FELL_OK;
}

static const fell_metric r2 = {
    .item = FELL_ITEM0(
        FELL_KIND_METRIC, fell_metric, "r2",
        "Coefficient of determination: the share of the targets' variance that is explained.\n\n"
        "1 - sum of (target - prediction)^2 / sum of (target - mean)^2, the mean over several\n"
        "outputs; 1 is perfect, 0 as good as the mean. A target that never changes has 1 if it is met\n"
        "and else 0; one row has no value. As scikit-learn's r2_score. Outputs are taken as they\n"
        "are: logits, logarithms and margins are compared as such, and it is told."),
    .target = FELL_VALUES,
    .higher_is_better = 1,
    .eval = eval,
    .values = FELL_ONE,
    .least = -INFINITY,
    .most = 1.0,
    .weighs = 1,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &r2.item);
