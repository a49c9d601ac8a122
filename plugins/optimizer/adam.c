/* adam.c - adaptive moment estimation. */
#include "fell/plugin.h"
#include "optimizer.h"

static const fell_param params[] = {
    OPTIMIZER_LR(struct adam, 1e-3),      OPTIMIZER_BETA1(struct adam), OPTIMIZER_BETA2(struct adam),
    OPTIMIZER_EPSILON(struct adam, 1e-8), OPTIMIZER_L2(struct adam),    ADAM_AMSGRAD,
    OPTIMIZER_MAXIMIZE(struct adam),
};

static const fell_slot slots[] = {ADAM_MEAN, ADAM_SQUARE, ADAM_TOP};

FELL_KERNEL(step, fell_optimizer_call)
{
    return adam_step(c, false);
}

static const fell_optimizer adam = {
    .item = FELL_ITEM(
        FELL_KIND_OPTIMIZER, fell_optimizer, "adam",
        "Adam: every weight has its own step, from the running means of gradient and square.\n\n"
        "g += weight_decay w, m = beta1 m + (1-beta1) g, v = beta2 v + (1-beta2) g^2,\n"
        "w -= lr m/(1-beta1^t) / (sqrt(v/(1-beta2^t)) + epsilon). D. Kingma and J. Ba, \"Adam: a\n"
        "method for stochastic optimization\", ICLR 2015; amsgrad: S. Reddi, S. Kale and S. Kumar,\n"
        "ICLR 2018. Settings are PyTorch's.",
        struct adam, params),
    .slots = slots,
    .nslots = 3,
    .step = step,
    .reach = FELL_EACH_WEIGHT,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &adam.item);
