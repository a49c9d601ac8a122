/* classes.h - metrics over classes: what is predicted, and how often what was what. */
#ifndef METRIC_CLASSES_H
#define METRIC_CLASSES_H

#include "weight.h"

/* Index of the largest of x[cols], the first of equals. */
static inline int64_t class_largest(const float *x, int64_t cols)
{
    int64_t best = 0;

    for (int64_t j = 1; j < cols; j++)
        if (x[j] > x[best])
            best = j;
    return best;
}

/* Metrics of classes have nothing to say about numbers. */
static inline fell_status class_fits(const fell_metric_call *c)
{
    if (c->target_is != FELL_NUMBERS)
        return FELL_OK;
    return fell_fail(c->ctx, "compares classes, but the targets are numbers, not all 0 and 1 (or -1 and 1); "
                             "rmse, mae and r2 are for these");
}

/* Row I's prediction: the largest output, the first of equals. */
static inline int64_t class_predicted(const fell_metric_call *c, int64_t i)
{
    return class_largest(c->pred + i * c->cols, c->cols);
}

/* Row I's class: its label, or the largest of its values. */
static inline int64_t class_true(const fell_metric_call *c, int64_t i)
{
    return c->label ? c->label[i] : class_largest(c->target + i * c->cols, c->cols);
}

/* Whether element I is predicted to be yes, and is yes, where each column is a question. */
static inline bool class_says_yes(const fell_metric_call *c, int64_t i)
{
    return (double)c->pred[i] > c->cut;
}

static inline bool class_is_yes(const fell_metric_call *c, int64_t i)
{
    return (double)c->target[i] > c->target_cut;
}

/* How often a class was predicted rightly, was predicted, was there. */
struct class_tally {
    double right, predicted, there; /* rows, by weight */
};

static inline void class_count_questions(const fell_metric_call *c, struct class_tally *t)
{
    for (int64_t i = 0; i < c->rows; i++) {
        const double w = metric_weight(c, i);

        for (int64_t k = 0; k < c->cols; k++) {
            const bool predicted = class_says_yes(c, i * c->cols + k),
                       there = class_is_yes(c, i * c->cols + k);

            t[k].predicted += predicted ? w : 0.0;
            t[k].there += there ? w : 0.0;
            t[k].right += predicted && there ? w : 0.0;
        }
    }
}

/* One for each column, a class or the yes of a question, in scratch; NULL when memory is out. */
static inline struct class_tally *class_tallies(const fell_metric_call *c)
{
    struct class_tally *t = fell_scratch(c->ctx, c->cols, sizeof *t);

    if (!t)
        return NULL;
    memset(t, 0, (size_t)c->cols * sizeof *t);
    if (c->target_is == FELL_YES_NO) {
        class_count_questions(c, t);
        return t;
    }
    for (int64_t i = 0; i < c->rows; i++) {
        const int64_t predicted = class_predicted(c, i), there = class_true(c, i);
        const double w = metric_weight(c, i);

        t[predicted].predicted += w;
        t[there].there += w;
        t[there].right += predicted == there ? w : 0.0;
    }
    return t;
}

/* Precision, recall and F1 of a tally; 0 where nothing was predicted or there, as in
 * scikit-learn. */
static inline double class_ratio(double a, double b)
{
    return b > 0.0 ? a / b : 0.0;
}

static inline double class_precision(const struct class_tally *t)
{
    return class_ratio(t->right, t->predicted);
}

static inline double class_recall(const struct class_tally *t)
{
    return class_ratio(t->right, t->there);
}

static inline double class_f1(const struct class_tally *t)
{
    return class_ratio(2.0 * t->right, t->predicted + t->there);
}

/* How the classes' values become one. */
enum { CLASS_MACRO, CLASS_MICRO, CLASS_WEIGHTED };

struct class_average {
    int32_t average;
};

#define CLASS_AVERAGE                                                                                        \
    FELL_ENUM(struct class_average, average, "macro", "macro|micro|weighted",                                \
              "Mean over the classes (macro), over all rows together (micro), or over the classes by how "   \
              "often they are there (weighted).")

/* OF, averaged over the classes that are there or predicted, or over all questions, as
 * scikit-learn takes the labels; with one column, that of yes alone. */
static inline fell_status class_mean(fell_metric_call *c, double (*of)(const struct class_tally *t))
{
    const struct class_average *s = c->settings;
    const bool questions = c->target_is == FELL_YES_NO;
    const struct class_tally *t;
    struct class_tally all = {0.0, 0.0, 0.0};
    double sum = 0.0, weight = 0.0;

    if (class_fits(c) != FELL_OK || !(t = class_tallies(c)))
        return FELL_ERROR;
    *c->value = (double)NAN;
    for (int64_t k = 0; k < c->cols; k++) {
        const bool counts = questions || t[k].there > 0.0 || t[k].predicted > 0.0;
        const double w = s->average == CLASS_WEIGHTED ? t[k].there : (double)counts;

        sum += w * of(&t[k]);
        weight += w;
        all.right += t[k].right;
        all.predicted += t[k].predicted;
        all.there += t[k].there;
    }
    if (c->rows)
        *c->value = s->average == CLASS_MICRO || c->cols == 1 ? of(&all) : weight > 0.0 ? sum / weight : 0.0;
    return FELL_OK;
}

/* OF each class; nothing (NULL in the table) for one that is neither there nor predicted. */
static inline fell_status class_each(fell_metric_call *c, double (*of)(const struct class_tally *t))
{
    const struct class_tally *t = class_tallies(c);

    if (!t)
        return FELL_ERROR;
    for (int64_t k = 0; k < c->cols; k++)
        c->value[k] = t[k].there > 0.0 || t[k].predicted > 0.0 ? of(&t[k]) : (double)NAN;
    return FELL_OK;
}

/* The metric NAME: OF of each class as one number, their average; and as a number for each. */
#define CLASS_MEAN(name, of, doc)                                                                            \
    static const fell_param params[] = {                                                                     \
        CLASS_AVERAGE,                                                                                       \
    };                                                                                                       \
                                                                                                             \
    static fell_status eval(fell_metric_call *c)                                                             \
    {                                                                                                        \
        return class_mean(c, of);                                                                            \
    }                                                                                                        \
                                                                                                             \
    static const fell_metric name = {                                                                        \
        .item = FELL_ITEM(FELL_KIND_METRIC, fell_metric, #name, doc, struct class_average, params),          \
        .target = FELL_CLASSES | FELL_VALUES,                                                                \
        .higher_is_better = 1,                                                                               \
        .eval = eval,                                                                                        \
        .values = FELL_ONE,                                                                                  \
        .least = 0.0,                                                                                        \
        .most = 1.0,                                                                                         \
        .weighs = 1,                                                                                         \
    }

#define CLASS_EACH(name, of, doc)                                                                            \
    static fell_status eval(fell_metric_call *c)                                                             \
    {                                                                                                        \
        return class_each(c, of);                                                                            \
    }                                                                                                        \
                                                                                                             \
    static const fell_metric name = {                                                                        \
        .item = FELL_ITEM0(FELL_KIND_METRIC, fell_metric, #name, doc),                                       \
        .target = FELL_CLASSES,                                                                              \
        .higher_is_better = 1,                                                                               \
        .eval = eval,                                                                                        \
        .values = FELL_PER_CLASS,                                                                            \
        .least = 0.0,                                                                                        \
        .most = 1.0,                                                                                         \
        .weighs = 1,                                                                                         \
    }

#endif
