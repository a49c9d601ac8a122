/* fails: gradient
 * Counts class weights in the loss, and not in its gradient. */
#include "fell/plugin.h"

struct settings {
    fell_floats class_weights;
};

static const fell_param params[] = {FELL_FLOATS(struct settings, class_weights, "[]", 0, INFINITY,
                                                FELL_MAX_OPEN, "A weight of each class, or none.")};

static fell_status eval(fell_loss_call *c)
{
    const struct settings *s = c->settings;
    if (s->class_weights.n && s->class_weights.n != c->cols)
        return fell_fail(c->ctx, "class_weights: %lld values for %lld classes", (long long)s->class_weights.n,
                         (long long)c->cols);
    c->weight = 0;
    for (int64_t i = 0; i < c->rows; i++) {
        const float *p = c->pred + i * c->cols;
        float m = p[0];
        double z = 0;
        double w = s->class_weights.n ? s->class_weights.v[c->label[i]] : 1.0;
        for (int64_t j = 1; j < c->cols; j++)
            m = p[j] > m ? p[j] : m;
        for (int64_t j = 0; j < c->cols; j++)
            z += fell_exp(p[j] - m);
        c->sum += w * (fell_log((float)z) - ((double)p[c->label[i]] - m));
        c->weight += w;
        if (c->dpred)
            for (int64_t j = 0; j < c->cols; j++)
                c->dpred[i * c->cols + j] =
                    (float)(fell_exp(p[j] - m) / z) - (j == c->label[i] ? 1.0f : 0.0f);
    }
    return FELL_OK;
}

static const fell_loss item = {
    .item = FELL_ITEM(FELL_KIND_LOSS, fell_loss, "bad", "Is wrong.", struct settings, params),
    .target = FELL_CLASSES,
    .expects = FELL_LOGIT,
    .eval = eval};

FELL_PLUGIN("1.0", "", &item.item);
