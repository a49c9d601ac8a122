/* top_k.c - the share of rows whose class is among the k most likely. */
#include "weight.h"

struct top_k {
    int64_t k;
};

static const fell_param params[] = {
    FELL_INT(struct top_k, k, 5, 1, 1 << 24, 0,
             "How many predictions a row has, from 1 to the number of classes."),
};

/* Right where fewer than k outputs come before the class's: larger ones, and of equals the
 * later, as scikit-learn sorts them. */
static fell_status eval(fell_metric_call *c)
{
    const struct top_k *s = c->settings;
    double right = 0.0, all = 0.0;

    if (s->k > c->cols)
        return fell_fail(c->ctx, "k: %lld, but there are %lld outputs", (long long)s->k, (long long)c->cols);
    for (int64_t i = 0; i < c->rows; i++) {
        const float *pred = c->pred + i * c->cols;
        const int64_t label = c->label[i];
        int64_t before = 0;

        for (int64_t j = 0; j < c->cols; j++)
            before += pred[j] > pred[label] || (pred[j] == pred[label] && j > label);
        right += before < s->k ? metric_weight(c, i) : 0.0;
        all += metric_weight(c, i);
    }
    *c->value = all > 0.0 ? right / all : (double)NAN;
    return FELL_OK;
}

static const fell_metric top_k = {
    .item =
        FELL_ITEM(FELL_KIND_METRIC, fell_metric, "top_k",
                  "Share of rows whose class is among the k largest outputs, from 0 to 1.\n\n"
                  "Of equal outputs the later comes first; but for these `{top_k: {k: 1}}` is accuracy. As\n"
                  "scikit-learn's top_k_accuracy_score.",
                  struct top_k, params),
    .target = FELL_CLASSES,
    .higher_is_better = 1,
    .eval = eval,
    .values = FELL_ONE,
    .least = 0.0,
    .most = 1.0,
    .weighs = 1,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &top_k.item);
