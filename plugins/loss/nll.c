/* nll.c - the negative log-likelihood of the right class, from logarithms of probabilities. */
#include "classes.h"

struct nll {
    fell_floats class_weights;
};

static const fell_param params[] = {
    CLASS_WEIGHTS(struct nll),
};

static fell_status eval(fell_loss_call *c)
{
    const struct nll *s = c->settings;
    const fell_floats *weights = &s->class_weights;
    const int64_t cols = c->cols;
    double sum = 0.0, total = 0.0;

    if (class_weights_fit(c->ctx, weights, cols) != FELL_OK)
        return FELL_ERROR;
    if (c->rows)
        memset(c->dpred, 0, (size_t)(c->rows * cols) * sizeof *c->dpred);
    for (int64_t i = 0; i < c->rows; i++) {
        const int32_t y = c->label[i];
        float w;

        if (class_fits(c->ctx, y, cols) != FELL_OK)
            return FELL_ERROR;
        if (y == NO_CLASS)
            continue;
        w = class_weight(weights, y);
        sum -= (double)w * (double)c->pred[i * cols + y];
        total += (double)w;
        c->dpred[i * cols + y] = -w;
    }
    c->sum = sum;
    c->weight = total;
    return FELL_OK;
}

static const fell_loss nll = {
    .item =
        FELL_ITEM(FELL_KIND_LOSS, fell_loss, "nll",
                  "Negative log-likelihood of the right class, from logarithms of probabilities.\n\n"
                  "loss = mean of -x[class], weighted by class_weights; gradient -1 / count at the class.\n"
                  "The last entry is log_softmax; the two together are cross_entropy. As PyTorch's\n"
                  "NLLLoss. A target of -1 has no class and counts for nothing.",
                  struct nll, params),
    .target = FELL_CLASSES,
    .expects = FELL_LOGPROB,
    .eval = eval,
    .flags = FELL_NO_CLASS,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &nll.item);
