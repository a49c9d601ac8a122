/* classes.h - metrics over classes: what is predicted, and how often what was what. */
#ifndef METRIC_CLASSES_H
#define METRIC_CLASSES_H

#include "fell/plugin.h"

/* Index of the largest of x[cols], the first of equals. */
static inline int64_t class_largest(const float *x, int64_t cols)
{
    int64_t best = 0;

    for (int64_t j = 1; j < cols; j++)
        if (x[j] > x[best])
            best = j;
    return best;
}

/* One output column is a yes-or-no question: two classes, 1 for yes. */
static inline int64_t class_count(const fell_metric_call *c)
{
    return c->cols == 1 ? 2 : c->cols;
}

/* Row I's prediction: the largest output, the first of equals; one column is yes above 0.5,
 * for raw outputs (logits) above 0. */
static inline int64_t class_predicted(const fell_metric_call *c, int64_t i)
{
    const float threshold = c->pred_is == FELL_LOGIT ? 0.0f : 0.5f;

    return c->cols == 1 ? c->pred[i] > threshold : class_largest(c->pred + i * c->cols, c->cols);
}

/* Row I's class: its label, or for values yes above 0.5 and the largest of several. */
static inline int64_t class_true(const fell_metric_call *c, int64_t i)
{
    if (c->label)
        return c->label[i];
    return c->cols == 1 ? c->target[i] > 0.5f : class_largest(c->target + i * c->cols, c->cols);
}

/* How often a class was predicted rightly, was predicted, was there. */
struct class_tally {
    int64_t right, predicted, there;
};

/* One for each class, in scratch; NULL when memory is out. */
static inline struct class_tally *class_tallies(const fell_metric_call *c)
{
    const int64_t n = class_count(c);
    struct class_tally *t = fell_scratch(c->ctx, n, sizeof *t);

    if (!t)
        return NULL;
    memset(t, 0, (size_t)n * sizeof *t);
    for (int64_t i = 0; i < c->rows; i++) {
        const int64_t predicted = class_predicted(c, i), there = class_true(c, i);

        t[predicted].predicted++;
        t[there].there++;
        t[there].right += predicted == there;
    }
    return t;
}

/* Precision, recall and F1 of a tally; 0 where nothing was predicted or there, as in
 * scikit-learn. */
static inline double class_ratio(int64_t a, int64_t b)
{
    return b ? (double)a / (double)b : 0.0;
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
    return class_ratio(2 * t->right, t->predicted + t->there);
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

/* OF, averaged over the classes that are there or predicted; with one output column, that of
 * yes alone. */
static inline fell_status class_mean(fell_metric_call *c, double (*of)(const struct class_tally *t))
{
    const struct class_average *s = c->settings;
    const struct class_tally *t = class_tallies(c);
    struct class_tally all = {0, 0, 0};
    double sum = 0.0, weight = 0.0;

    if (!t)
        return FELL_ERROR;
    *c->value = (double)NAN;
    for (int64_t k = c->cols == 1; k < class_count(c); k++) {
        const double w = s->average == CLASS_WEIGHTED ? (double)t[k].there : t[k].there || t[k].predicted;

        sum += w * of(&t[k]);
        weight += w;
        all.right += t[k].right;
        all.predicted += t[k].predicted;
        all.there += t[k].there;
    }
    if (c->rows)
        *c->value = s->average == CLASS_MICRO || c->cols == 1 ? of(&all) : sum / weight;
    return FELL_OK;
}

/* OF each class; nothing (NULL in the table) for one that is neither there nor predicted. */
static inline fell_status class_each(fell_metric_call *c, double (*of)(const struct class_tally *t))
{
    const struct class_tally *t = class_tallies(c);

    if (!t)
        return FELL_ERROR;
    for (int64_t k = 0; k < c->cols; k++)
        c->value[k] = t[k].there || t[k].predicted ? of(&t[k]) : (double)NAN;
    return FELL_OK;
}

#endif
