/* auc.c - the area under the ROC curve, by ranks.
 *
 * The area is the chance that a row of the class has a larger output than one that is not,
 * ties counting half: with the rows in order, (R - n (n+1) / 2) / (n m), R the sum of the
 * ranks of the n rows of the class, ties having the mean of their ranks, m the other rows.
 */
#include <stdlib.h>

#include "classes.h"

struct scored {
    double score, weight;
    int32_t positive;
};

static int by_score(const void *a, const void *b)
{
    const double x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;

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

/* The same where rows count differently: of each pair of a row of the class and another, by the product of
 * their weights. */
static double weighted_area(struct scored *s, int64_t n)
{
    double sum = 0.0, below = 0.0, positives = 0.0;

    for (int64_t i = 0; i < n; i++)
        if (isnan(s[i].score))
            return (double)NAN;
    qsort(s, (size_t)n, sizeof *s, by_score);
    for (int64_t i = 0, end; i < n; i = end) {
        double here[2] = {0.0, 0.0};

        for (end = i; end < n && s[end].score == s[i].score; end++)
            here[s[end].positive] += s[end].weight;
        sum += here[1] * (below + 0.5 * here[0]);
        below += here[0];
        positives += here[1];
    }
    return positives > 0.0 && below > 0.0 ? sum / (positives * below) : (double)NAN;
}

/* log X of an X from 1 up, of sums and products alone: X = m 2^e with m from sqrt(1/2) to sqrt(2), and log m
 * = 2 artanh z with z = (m - 1) / (m + 1), whose series ends below the last bit. */
static double log_of(double x)
{
    int e = 0;
    double m = x, z, sum = 0.0;

    for (; m > 1.4142135623730951; e++)
        m *= 0.5;
    z = (m - 1.0) / (m + 1.0);
    for (int i = 21; i > 0; i -= 2)
        sum = sum * z * z + 1.0 / i;
    return e * 0.69314718055994531 + 2.0 * z * sum;
}

/* log p - log (1 - p) of class K in a row of logits, or of logarithms of probabilities: in the
 * order of p, also where p is 1 to the last bit. It is made of differences to the largest of the others, so
 * that a row that is shifted as a whole says the same to the last bit, and the sum of these is of whole
 * numbers, of 2^-50 or what leaves room for more, so that rows that say the same in another order do, too. */
static double score_of_logits(const float *pred, int64_t cols, int64_t k)
{
    const int64_t other = k == 0;
    const double one = (double)(1ull << (cols < 8192 ? 50 : 38));
    float top = pred[other];
    uint64_t sum = 0;

    for (int64_t j = 0; j < cols; j++)
        top = j != k && pred[j] > top ? pred[j] : top;
    for (int64_t j = 0; j < cols; j++) {
        const double part = j != k ? (double)fell_exp(pred[j] - top) : 0.0;

        if (!(part <= 1.0))
            return (double)NAN;
        sum += (uint64_t)(part * one);
    }
    return ((double)pred[k] - (double)top) - log_of((double)sum / one);
}

/* p of class K, and beyond it where p is 1 to the last bit: then the rest tells which is larger. */
static double score_of_shares(const float *pred, int64_t cols, int64_t k)
{
    double rest = 0.0;

    if (pred[k] < 1.0f)
        return (double)pred[k];
    for (int64_t j = 0; j < cols; j++)
        rest += j != k ? (double)pred[j] : 0.0;
    return 1.0 + 1.0 / rest;
}

/* What row I says for class K. */
static double score_of(const fell_metric_call *c, int64_t i, int64_t k)
{
    const float *pred = c->pred + i * c->cols;

    if (c->target_is == FELL_YES_NO || c->pred_is == FELL_REAL)
        return (double)pred[k];
    return c->pred_is == FELL_PROB ? score_of_shares(pred, c->cols, k) : score_of_logits(pred, c->cols, k);
}

static fell_status eval(fell_metric_call *c)
{
    const bool questions = c->target_is == FELL_YES_NO;
    struct scored *s;
    const int64_t first = !questions && c->cols <= 2 ? 1 : 0; /* two classes: that of the second */
    double sum = 0.0, classes = 0.0;

    if (class_fits(c) != FELL_OK || !(s = fell_scratch(c->ctx, c->rows, sizeof *s)))
        return FELL_ERROR;
    for (int64_t k = first; k < c->cols; k++) {
        double v;

        for (int64_t i = 0; i < c->rows; i++)
            s[i] = (struct scored){score_of(c, i, k), metric_weight(c, i),
                                   questions ? class_is_yes(c, i * c->cols + k) : class_true(c, i) == k};
        v = c->weight ? weighted_area(s, c->rows) : area(s, c->rows);
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
        "rest, for several questions (columns of 0 and 1, or -1 and 1) that of each, over those that some\n"
        "rows and not all are of. Logits are ranked by log p - log (1 - p). T. Fawcett, \"An introduction\n"
        "to ROC analysis\", 2006. As scikit-learn's roc_auc_score, with `multi_class=\"ovr\"`."),
    .target = FELL_CLASSES | FELL_VALUES,
    .higher_is_better = 1,
    .eval = eval,
    .values = FELL_ONE,
    .least = 0.0,
    .most = 1.0,
    .weighs = 1,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &auc.item);
