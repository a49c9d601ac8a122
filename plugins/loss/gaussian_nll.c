/* gaussian_nll.c - means and variances of what the targets may be. */
#include "../rows.h"

struct gaussian_nll {
    bool full;
};

static const fell_param params[] = {
    FELL_BOOL(struct gaussian_nll, full, false,
              "Whether log(2 pi) / 2, which changes no gradient, is added, true or false."),
};

static int64_t outputs(const void *settings, int64_t targets)
{
    (void)settings;
    return 2 * targets;
}

/* With s the logarithm of the variance and d = mean - target: (s + d^2 e^-s) / 2. */
FELL_KERNEL(eval, fell_loss_call)
{
    const struct gaussian_nll *s = c->settings;
    const int64_t n = c->target_cols;
    float *part = fell_scratch(c->ctx, n, sizeof *part);

    if (!part)
        return FELL_ERROR;
    for (int64_t i = 0; i < c->rows; i++) {
        const float *mean = c->pred + i * c->cols, *log_variance = mean + n, *target = c->target + i * n;
        float *dmean = c->dpred + i * c->cols, *dlog = dmean + n;

        FELL_EACH for (int64_t j = 0; j < n; j++)
        {
            const float d = mean[j] - target[j], scaled = d == 0.0f ? 0.0f : d * fell_exp(-log_variance[j]);

            part[j] = 0.5f * (log_variance[j] + d * scaled);
            dmean[j] = scaled;
            dlog[j] = 0.5f * (1.0f - d * scaled);
        }
        c->sum += rows_total(part, n);
    }
    c->weight = (double)(c->rows * n);
    if (s->full)
        c->sum += 0.91893853320467274 * c->weight;
    return FELL_OK;
}

static const fell_loss gaussian_nll = {
    .item = FELL_ITEM(
        FELL_KIND_LOSS, fell_loss, "gaussian_nll",
        "Negative log-likelihood of a normal distribution: the net says how sure it is.\n\n"
        "loss = mean of (s + (mean - target)^2 exp(-s)) / 2, where the last layer gives, of each row, all\n"
        "means first and then as many logarithms s of variances. Metrics look at the means. D. Nix and A.\n"
        "Weigend, \"Estimating the mean and variance of the target probability distribution\", ICNN 1994.",
        struct gaussian_nll, params),
    .target = FELL_VALUES,
    .eval = eval,
    .outputs = outputs,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &gaussian_nll.item);
