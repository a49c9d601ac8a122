/* soft_cross_entropy.c - cross-entropy with shares of classes as targets. */
#include "../rows.h"

static const fell_targets targets[] = {
    {0, 1, FELL_SHARES, NULL, 0, "they are the shares of the classes, which add up to 1 in each row"}};

/* With W the sum of the targets: loss = sum of -t_j log p_j, dx_j = W p_j - t_j. */
FELL_KERNEL(eval, fell_loss_call)
{
    const int64_t n = c->cols;
    float *part = fell_scratch(c->ctx, n, sizeof *part);

    if (!part)
        return FELL_ERROR;
    for (int64_t i = 0; i < c->rows; i++) {
        const float *x = c->pred + i * n, *t = c->target + i * n, most = rows_max(x, n);
        float *dx = c->dpred + i * n, sum, all, log_sum;

        FELL_EACH for (int64_t j = 0; j < n; j++) dx[j] = fell_exp(x[j] - most);
        sum = rows_sum(dx, n);
        all = rows_sum(t, n);
        log_sum = fell_log(sum);
        FELL_EACH for (int64_t j = 0; j < n; j++)
        {
            part[j] = t[j] == 0.0f ? 0.0f : t[j] * (log_sum - (x[j] - most));
            dx[j] = all * (dx[j] / sum) - t[j];
        }
        c->sum += rows_total(part, n);
    }
    return FELL_OK;
}

static const fell_loss soft_cross_entropy = {
    .item = FELL_ITEM0(
        FELL_KIND_LOSS, fell_loss, "soft_cross_entropy",
        "Cross-entropy of raw outputs (logits) with shares of classes as targets.\n\n"
        "loss = mean over the rows of -sum over j of t_j log softmax(x)_j; gradient softmax(x) - t, / rows,\n"
        "where the targets of a row add up to 1: labels that are softened, mixed or another net's. G. "
        "Hinton,\n"
        "O. Vinyals and J. Dean, \"Distilling the knowledge in a neural network\", 2015. As PyTorch's\n"
        "CrossEntropyLoss with probabilities as targets."),
    .target = FELL_VALUES,
    .expects = FELL_LOGIT,
    .eval = eval,
    .targets = targets,
    .ntargets = 1,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &soft_cross_entropy.item);
