/* adamw.c - adam with a weight decay of its own. */
#include "fell/plugin.h"
#include "optimizer.h"

static const fell_param params[] = {
    OPTIMIZER_LR(struct adam, 1e-3),      OPTIMIZER_BETA1(struct adam),       OPTIMIZER_BETA2(struct adam),
    OPTIMIZER_EPSILON(struct adam, 1e-8), OPTIMIZER_DECAY(struct adam, 1e-2), ADAM_AMSGRAD,
    OPTIMIZER_MAXIMIZE(struct adam),
};

static const fell_slot slots[] = {ADAM_MEAN, ADAM_SQUARE, ADAM_TOP};

FELL_KERNEL(step, fell_optimizer_call)
{
    return adam_step(c, true);
}

static const fell_optimizer adamw = {
    .item =
        FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "adamw",
                  "Adam whose weight decay acts on the weights alone, not through the running means.\n\n"
                  "w -= lr weight_decay w, then adam's step: m = beta1 m + (1-beta1) g,\n"
                  "v = beta2 v + (1-beta2) g^2, w -= lr m/(1-beta1^t) / (sqrt(v/(1-beta2^t)) + epsilon).\n"
                  "I. Loshchilov and F. Hutter, \"Decoupled weight decay regularization\", ICLR 2019,\n"
                  "algorithm 2. Settings are PyTorch's.",
                  struct adam, params),
    .slots = slots,
    .nslots = 3,
    .step = step,
    .reach = FELL_EACH_WEIGHT,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &adamw.item);
