/* kl_divergence.c - how far a predicted distribution is from the target's. */
#include "each.h"

struct kl {
    bool log_target;
};

static const fell_param params[] = {
    FELL_BOOL(struct kl, log_target, false,
              "Whether targets are logarithms of probabilities too, true or false."),
};

/* t (log t - x); what has no probability in the target adds nothing. */
static inline float divergence(const struct kl *s, float x, float target, float *slope)
{
    const float t = s->log_target ? fell_exp(target) : target;
    const float log_t = s->log_target ? target : fell_log(target);

    *slope = -t;
    return t == 0.0f ? 0.0f : t * (log_t - x);
}

LOSS_EACH(struct kl, sum, divergence)

static fell_status eval(fell_loss_call *c)
{
    const fell_status result = sum(c);

    c->weight = (double)c->rows;
    return result;
}

static const fell_targets targets[] = {
    {0, 1, FELL_SHARES, "log_target", 0,
     "they are probabilities, of which a row has 1 in all; log_target: true takes their logarithms"},
    {-INFINITY, 0, FELL_LOG_SHARES, "log_target", 1,
     "they are logarithms of probabilities; log_target: false takes the probabilities"},
};

static const fell_loss kl_divergence = {
    .item = FELL_ITEM(FELL_KIND_LOSS, fell_loss, "kl_divergence",
                      "Kullback-Leibler divergence of predicted from target distributions.\n\n"
                      "loss = mean over the rows of the sum of t (log t - x), with x the logarithms of\n"
                      "probabilities that log_softmax gives and t the target's probabilities; gradient\n"
                      "-t / rows. S. Kullback and R. Leibler, \"On information and sufficiency\", 1951. As\n"
                      "PyTorch's KLDivLoss with `batchmean`.",
                      struct kl, params),
    .target = FELL_VALUES,
    .expects = FELL_LOGPROB,
    .eval = eval,
    .targets = targets,
    .ntargets = sizeof targets / sizeof *targets,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &kl_divergence.item);
