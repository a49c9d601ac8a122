/* auc.c - the area under the ROC curve, by ranks.
 *
 * The area is the chance that a row of the class has a larger output than one that is not,
 * ties counting half: with the rows in order, (R - n (n+1) / 2) / (n m), R the sum of the
 * ranks of the n rows of the class, ties having the mean of their ranks, m the other rows.
 */
#include <stdlib.h>

#include "classes.h"

struct scored {
    float score;
    int32_t positive;
};

static int by_score(const void *a, const void *b)
{
    const float x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;

    return (x > y) - (x < y);
}

/* NAN where all rows or none are of the class, or a score is no number. */
static double area(struct scored *s, int64_t n)
{
    double ranks = 0.0, positives = 0.0, others;

    for (int64_t i = 0; i < n; i++) {
        if (isnan(s[i].score))
            return (double)NAN;
        positives += s[i].positive;
    }
    others = (double)n - positives;
    qsort(s, (size_t)n, sizeof *s, by_score);
    for (int64_t i = 0, end; i < n; i = end) {
        double here = 0.0;

        for (end = i; end < n && s[end].score == s[i].score; end++)
            here += s[end].positive;
        ranks += here * (0.5 * (double)(i + 1 + end));
    }
    if (positives == 0.0 || others == 0.0)
        return (double)NAN;
    return (ranks - 0.5 * positives * (positives + 1.0)) / (positives * others);
}

/* What row I says for class K: its output; for logits of several classes the logarithm of
 * p / (1 - p), p the class's probability: in the order of p, also where p is 1 to the last bit. */
static float score_of(const fell_metric_call *c, int64_t i, int64_t k)
{
    const float *pred = c->pred + i * c->cols;
    const int64_t other = k == 0;
    float max, sum = 0.0f;

    if (c->cols == 1 || c->pred_is != FELL_LOGIT)
        return pred[c->cols == 1 ? 0 : k];
    max = pred[other];
    for (int64_t j = 0; j < c->cols; j++)
        max = j != k && pred[j] > max ? pred[j] : max;
    for (int64_t j = 0; j < c->cols; j++)
        sum += j != k ? fell_exp(pred[j] - max) : 0.0f;
    return pred[k] - (max + fell_log(sum));
}

static fell_status eval(fell_metric_call *c)
{
    struct scored *s = fell_scratch(c->ctx, c->rows, sizeof *s);
    const int64_t first = c->cols <= 2 ? 1 : 0; /* two classes: that of the second */
    double sum = 0.0, classes = 0.0;

    if (!s)
        return FELL_ERROR;
    for (int64_t k = first; k < class_count(c); k++) {
        double v;

        for (int64_t i = 0; i < c->rows; i++)
            s[i] = (struct scored){score_of(c, i, k), class_true(c, i) == k};
        v = area(s, c->rows);
        if (isnan(v))
            continue;
        sum += v;
        classes += 1.0;
    }
    *c->value = classes > 0.0 ? sum / classes : (double)NAN;
    return FELL_OK;
}

static const fell_metric auc = {
    .item = FELL_ITEM0(
        FELL_KIND_METRIC, fell_metric, "auc",
        "Area under the ROC curve: how well the outputs put the rows of a class before the others.\n\n"
        "The chance that of two rows, one of the class and one not, the first has the larger output,\n"
        "ties counting half; 0.5 is guessing. For more than two classes the mean of each against the\n"
        "rest, over those that some rows and not all are of. T. Fawcett, \"An introduction to ROC\n"
        "analysis\", 2006. As scikit-learn's roc_auc_score."),
    .target = FELL_CLASSES | FELL_VALUES,
    .higher_is_better = 1,
    .eval = eval,
    .values = FELL_ONE,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &auc.item);
