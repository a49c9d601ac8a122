/* kinds.c - an item of every kind but loss, complete unless a -D sets an entry. */
#include "fell/plugin.h"

#ifndef LAYER
#define LAYER
#endif
#ifndef TENSOR
#define TENSOR "weight"
#endif
#ifndef ROLE
#define ROLE FELL_WEIGHT
#endif
#ifndef BACKWARD
#define BACKWARD pass
#endif
#ifndef ACTIVATION_NAME
#define ACTIVATION_NAME "plain_activation"
#endif
#ifndef WATCHED
#define WATCHED FELL_STRING(struct watching, second, NULL, 0, "Any text.")
#endif
#ifndef LR
#define LR FELL_FLOAT(struct settings, lr, 0.1, 0, 1, 0, "Learning rate.")
#endif
#ifndef WHEN
#define WHEN "momentum"
#endif
#ifndef TIMES
#define TIMES NULL
#endif
#ifndef FILL
#define FILL fill
#endif
#ifndef RATE
#define RATE rate
#endif
#ifndef MEASURE
#define MEASURE measure
#endif
#ifndef METRIC_VALUES
#define METRIC_VALUES FELL_ONE
#endif
#ifndef CLOSE
#define CLOSE close_set
#endif

struct settings {
    double lr, momentum;
};

fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}
fell_status forward(fell_layer_call *c)
{
    (void)c;
    return FELL_OK;
}
fell_status pass(fell_activation_call *c)
{
    (void)c;
    return FELL_OK;
}
fell_status step(fell_optimizer_call *c)
{
    (void)c;
    return FELL_OK;
}
fell_status fill(fell_init_call *c)
{
    (void)c;
    return FELL_OK;
}
fell_status rate(fell_schedule_call *c)
{
    (void)c;
    return FELL_OK;
}
fell_status measure(fell_metric_call *c)
{
    *c->value = 1;
    return FELL_OK;
}
fell_status open_set(fell_data_info *i)
{
    (void)i;
    return FELL_ERROR;
}
fell_status read_set(fell_read_call *c)
{
    (void)c;
    return FELL_ERROR;
}
void close_set(void *self)
{
    (void)self;
}

static const fell_tensor tensors[] = {
    {TENSOR, "A tensor.", "zeros", ROLE},
    {"bias", "Another.", NULL, FELL_BIAS},
};
static const fell_layer layer = {.item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "plain_layer", "A layer."),
                                 .tensors = tensors,
                                 .ntensors = 2,
                                 .plan = plan,
                                 .forward = forward,
                                 .backward = forward,
                                 LAYER};
static const fell_layer transform = {
    .item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "plain_transform", "A layer without backward."),
    .plan = plan,
    .forward = forward};
static const fell_activation activation =
    FELL_ACTIVATION(ACTIVATION_NAME, "Nothing.", FELL_REAL, pass, BACKWARD);

static const fell_param params[] = {
    LR,
    FELL_FLOAT(struct settings, momentum, 0, 0, 1, 0, "Momentum."),
};
static const fell_slot slots[] = {{"velocity", "The velocity.", WHEN, 0, TIMES}};
static const fell_optimizer optimizer = {
    .item =
        FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "plain_optimizer", "Stays.", struct settings, params),
    .slots = slots,
    .nslots = 1,
    .step = step};

static const fell_initialiser initialiser = {
    FELL_ITEM0(FELL_KIND_INITIALISER, fell_initialiser, "plain_initialiser", "Nothing."), FILL};
struct watching {
    const char *first, *second;
    int64_t number;
};
static const fell_param watched[] = {
    FELL_STRING(struct watching, first, NULL, FELL_MONITOR, "A recorded value."),
    WATCHED,
};
static const fell_schedule schedule = {
    FELL_ITEM(FELL_KIND_SCHEDULE, fell_schedule, "plain_schedule", "The same.", struct watching, watched),
    RATE};
static const fell_metric metric = {FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "plain_metric", "One."),
                                   FELL_VALUES | FELL_CLASSES, 1, MEASURE, METRIC_VALUES};
static const fell_dataset dataset = {FELL_ITEM0(FELL_KIND_DATASET, fell_dataset, "plain_dataset", "None."),
                                     open_set, read_set, CLOSE};

FELL_PLUGIN("1.0", "the tests", &layer.item, &transform.item, &activation.item, &optimizer.item,
            &initialiser.item, &schedule.item, &metric.item, &dataset.item);
