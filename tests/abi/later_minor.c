/* later_minor.c - built with a header of a later minor version, where every struct and
 * every array element has grown at its tail and there is one more kind. */
#include "fell/plugin.h"

#define GROWN(type)                                                                                          \
    struct {                                                                                                 \
        type old;                                                                                            \
        uint64_t added[5];                                                                                   \
    }

typedef GROWN(fell_param) later_param;
typedef GROWN(fell_tensor) later_tensor;
typedef GROWN(fell_slot) later_slot;

struct settings {
    double lr;
    bool fast;
};

static const later_param params[] = {
    {FELL_FLOAT(struct settings, lr, 0.25, 0, 1, 0, "Learning rate."), {1, 2, 3, 4, 5}},
    {FELL_BOOL(struct settings, fast, true, "Fast."), {1, 2, 3, 4, 5}},
};
static const later_tensor tensors[] = {
    {{"weight", "A tensor.", "he_normal", FELL_WEIGHT}, {1, 2, 3, 4, 5}},
    {{"mean", "A state.", "zeros", FELL_STATE}, {1, 2, 3, 4, 5}},
};
static const later_slot slots[] = {
    {{"m", "First moment.", NULL, 0}, {1, 2, 3, 4, 5}},
    {{"v", "Second moment.", "fast", 1}, {1, 2, 3, 4, 5}},
};

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}
static fell_status forward(fell_layer_call *c)
{
    (void)c;
    return FELL_OK;
}
static fell_status step(fell_optimizer_call *c)
{
    (void)c;
    return FELL_OK;
}

static const GROWN(fell_layer) layer = {{.item = {sizeof layer, FELL_KIND_LAYER, 2, "later_layer", "A layer.",
                                                  &params[0].old, sizeof(struct settings)},
                                         .tensors = &tensors[0].old,
                                         .ntensors = 2,
                                         .plan = plan,
                                         .forward = forward,
                                         .backward = forward},
                                        {1, 2, 3, 4, 5}};
static const GROWN(fell_optimizer) optimizer = {
    {.item = {sizeof optimizer, FELL_KIND_OPTIMIZER, 2, "later_optimizer", "Stays.", &params[0].old,
              sizeof(struct settings)},
     .slots = &slots[0].old,
     .nslots = 2,
     .step = step},
    {1, 2, 3, 4, 5}};
static const fell_item unknown = {4096, 77, 0, "mystery", "Of a kind that is yet to come.", NULL, 0};

static const fell_item *const items[] = {&unknown, &layer.old.item, &optimizer.old.item, NULL};

FELL_EXPORT_ const GROWN(fell_plugin) fell_plugin_v1 = {{sizeof fell_plugin_v1, FELL_MINOR + 7, 0,
                                                         sizeof(later_param), sizeof(later_tensor),
                                                         sizeof(later_slot), "7.0", "the tests", items},
                                                        {1, 2, 3, 4, 5}};
