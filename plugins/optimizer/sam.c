/* sam.c - sharpness-aware minimization: the gradient is taken where the loss nearby is highest.
 *
 * Two gradients a step on the same batch: with the first the weights climb by rho, with the second sgd moves
 * them from where they were.
 */
#include "../rows.h"
#include "fell/plugin.h"
#include "optimizer.h"

struct sam {
    double lr, rho;
    bool adaptive;
    double momentum;
    bool nesterov;
    double weight_decay;
};

static const fell_param params[] = {
    OPTIMIZER_LR(struct sam, 1e-2),
    FELL_FLOAT(struct sam, rho, 0.05, 0, INFINITY, FELL_MAX_OPEN,
               "How far the weights climb before the second gradient, 0 or more; 0: sgd."),
    FELL_BOOL(struct sam, adaptive, false,
              "Climb in proportion to the size of each weight (ASAM), true or false; rho is then larger, "
              "about 1."),
    FELL_FLOAT(struct sam, momentum, 0.9, 0, 1, FELL_MAX_OPEN,
               "Share of the last step's direction that is kept, in [0, 1)."),
    FELL_BOOL(struct sam, nesterov, false, "Look ahead along the momentum, true or false."),
    OPTIMIZER_L2(struct sam),
};

enum { KEPT, MOMENTUM };

static const fell_slot slots[] = {
    {"kept", "The weights before they climb.", NULL, FELL_SLOT_EACH, NULL},
    {"momentum", "The running direction.", NULL, FELL_SLOT_EACH, NULL},
};

/* e = rho T^2 g / |T g| with T = 1, or |w| where adaptive. */
FELL_KERNEL(climb, fell_optimizer_call)
{
    const struct sam *s = c->settings;
    const bool adaptive = s->adaptive;
    const int64_t n = c->n;
    const float *g = c->g;
    float *w = c->w, *kept = c->slot[KEPT], far;

    memcpy(kept, w, (size_t)n * sizeof *w);
    if (adaptive)
        FELL_EACH for (int64_t i = 0; i < n; i++) w[i] *= g[i];
    far = (float)(s->rho / (sqrt(adaptive ? rows_dot_total(w, w, n) : rows_dot_total(g, g, n)) + 1e-12));
    if (adaptive)
        FELL_EACH for (int64_t i = 0; i < n; i++) w[i] = kept[i] + far * kept[i] * w[i];
    else
        FELL_EACH for (int64_t i = 0; i < n; i++) w[i] += far * g[i];
    return FELL_OK;
}

/* From where the weights were: g += weight_decay w, b = momentum b + g, w -= lr b, or with nesterov
 * w -= lr (g + momentum b). */
FELL_KERNEL(descend, fell_optimizer_call)
{
    const struct sam *s = c->settings;
    const float lr = (float)c->lr, momentum = (float)s->momentum, decay = (float)s->weight_decay;
    const bool ahead = s->nesterov;
    const int64_t n = c->n;
    const float *g = c->g, *kept = c->slot[KEPT];
    float *w = c->w, *b = c->slot[MOMENTUM];

    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        const float d = g[i] + decay * kept[i];

        b[i] = momentum * b[i] + d;
        w[i] = kept[i] - lr * (ahead ? d + momentum * b[i] : b[i]);
    }
    return FELL_OK;
}

static fell_status step(fell_optimizer_call *c)
{
    if (c->n == 0)
        return FELL_OK;
    return c->pass == 0 ? climb(c) : descend(c);
}

static const fell_optimizer sam = {
    .item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "sam",
                      "Sharpness-aware minimization: sgd with the gradient at the highest loss nearby; two "
                      "gradients a step.\n\n"
                      "e = rho g / |g| over all weights, g' = gradient at w + e of the same batch, then "
                      "sgd's step from w with\n"
                      "g'. adaptive: e = rho w^2 g / |w g|. P. Foret et al., \"Sharpness-aware minimization "
                      "for efficiently\n"
                      "improving generalization\", ICLR 2021; J. Kwon et al., \"ASAM\", ICML 2021. The loss "
                      "and the norms that\n"
                      "are recorded are those at w; a step takes twice the time.",
                      struct sam, params),
    .slots = slots,
    .nslots = 2,
    .step = step,
    .reach = FELL_WHOLE,
    .gradients = 2,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &sam.item);
