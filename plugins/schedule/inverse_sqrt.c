/* inverse_sqrt.c - up along a line, then down with the root of the steps. */
#include "fell/plugin.h"

struct inverse_sqrt {
    int64_t warmup;
};

static const fell_param params[] = {
    FELL_INT(struct inverse_sqrt, warmup, 0, 1, 1LL << 40, FELL_REQUIRED,
             "Optimizer steps until the rate is full, at least 1."),
};

static fell_status rate(fell_schedule_call *c)
{
    const double k = (double)(c->step + 1),
                 warmup = (double)((const struct inverse_sqrt *)c->settings)->warmup;

    c->lr *= k < warmup ? k / warmup : sqrt(warmup / k);
    return FELL_OK;
}

static const fell_schedule inverse_sqrt = {
    FELL_ITEM(
        FELL_KIND_SCHEDULE, fell_schedule, "inverse_sqrt",
        "Lets the learning rate grow along a line, then fall with the root of the steps.\n\n"
        "rate = lr min((k+1) / warmup, sqrt(warmup / (k+1))) in step k from 0: transformers' first "
        "schedule,\n"
        "with its top at lr. A. Vaswani et al., \"Attention is all you need\", NeurIPS 2017, section 5.3.",
        struct inverse_sqrt, params),
    rate};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &inverse_sqrt.item);
