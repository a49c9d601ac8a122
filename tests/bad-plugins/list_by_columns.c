/* fails: outside reads
 * Takes a list of settings for as long as there are columns. */
#include "fell/plugin.h"

struct settings {
    fell_floats weights;
};

static const fell_param params[] = {FELL_FLOATS(struct settings, weights, "[]", 0, INFINITY, FELL_MAX_OPEN,
                                                "A weight of each output, or none.")};

static fell_status eval(fell_loss_call *c)
{
    const struct settings *s = c->settings;

    for (int64_t i = 0; i < c->rows * c->cols; i++) {
        const float w = s->weights.n ? (float)s->weights.v[i % c->cols] : 1.0f, d = c->pred[i] - c->target[i];

        c->sum += (double)(w * d) * (double)d;
        c->dpred[i] = 2.0f * w * d;
    }
    c->weight = (double)(c->rows * c->cols);
    return FELL_OK;
}

static const fell_loss item = {
    .item = FELL_ITEM(FELL_KIND_LOSS, fell_loss, "bad", "Is wrong.", struct settings, params),
    .target = FELL_VALUES,
    .expects = FELL_REAL,
    .eval = eval};

FELL_PLUGIN("1.0", "", &item.item);
