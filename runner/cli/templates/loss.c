/* @.c - a loss: say what it measures. */
#include <fell/plugin.h>

/* What a spec can set; the fields' names are the keys in YAML. */
struct settings {
    double scale;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, scale, 1, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN, "Factor, above 0."),
};

/* The loss of a batch is sum / weight; dpred is the derivative of sum by each prediction
 * (the host divides it by weight). For classes: FELL_CLASSES below, and c->label. */
FELL_KERNEL(eval, fell_loss_call)
{
    const struct settings *s = c->settings;
    const float scale = (float)s->scale;
    const int64_t n = c->rows * c->cols;

    for (int64_t i = 0; i < n; i++) {
        const float d = c->pred[i] - c->target[i];

        c->sum += (double)(scale * d * d);
        c->dpred[i] = 2.0f * scale * d;
    }
    c->weight = (double)n;
    return FELL_OK;
}

static const fell_loss item = {
    .item = FELL_ITEM(FELL_KIND_LOSS, fell_loss, "@",
                      "One sentence: what it measures.\n\n"
                      "loss = mean of scale (prediction - target)^2. Say where the formula comes from.",
                      struct settings, params),
    .target = FELL_VALUES, /* or FELL_CLASSES */
    .expects = FELL_REAL,  /* or FELL_PROB, FELL_LOGIT, FELL_LOGPROB */
    .eval = eval};

FELL_PLUGIN("1.0", "Your name, your licence", &item.item);
