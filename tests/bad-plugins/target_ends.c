/* fails: finite numbers
 * 0 log 0 is no number. */
#include "bad.h"

static const fell_targets targets[] = {{0, 1, 0, NULL, 0, NULL}};

static fell_status eval(fell_loss_call *c)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++) {
        const double t = (double)c->target[i], z = (double)c->pred[i];

        c->sum += t * log(t) + fmax(z, 0.0) - z * t + log1p(exp(-fabs(z)));
        c->dpred[i] = (float)(1.0 / (1.0 + exp(-z)) - t);
    }
    return FELL_OK;
}

static const fell_loss item = {.item = FELL_ITEM0(FELL_KIND_LOSS, fell_loss, "bad", "A divergence."),
                               .target = FELL_VALUES,
                               .expects = FELL_LOGIT,
                               .targets = targets,
                               .ntargets = 1,
                               .eval = eval};

FELL_PLUGIN("1.0", "", &item.item);
