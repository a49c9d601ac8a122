/* Langevin dynamics: descent with noise, drawn from the host's stream, which goes on where it was saved. */
#include <fell/plugin.h>

struct langevin {
    double lr, temperature;
};

static const fell_param params[] = {
    FELL_FLOAT(struct langevin, lr, 1e-3, 0, INFINITY, FELL_MAX_OPEN, "Learning rate."),
    FELL_FLOAT(struct langevin, temperature, 1e-4, 0, 1, 0, "How large the noise is."),
};

static fell_status step(fell_optimizer_call *c)
{
    const struct langevin *s = c->settings;
    const float size = (float)sqrt(2.0 * c->lr * s->temperature);
    float *noise = fell_scratch(c->ctx, c->n, sizeof *noise);

    if (!noise)
        return FELL_ERROR;
    fell_normal(c->ctx, noise, c->n);
    for (int64_t i = 0; i < c->n; i++)
        c->w[i] += size * noise[i] - (float)c->lr * c->g[i];
    return FELL_OK;
}

static const fell_optimizer item = {.item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "langevin",
                                                      "Descent with noise.", struct langevin, params),
                                    .step = step};

FELL_PLUGIN("1.0", "", &item.item);
