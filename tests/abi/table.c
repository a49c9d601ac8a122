/* table.c - a good plugin, unless a -D says which entry of its tables is wrong. */
#include "fell/plugin.h"

#ifndef VERSION
#define VERSION "1.0"
#endif
#ifndef NAME
#define NAME "first"
#endif
#ifndef SECOND
#define SECOND "second"
#endif
#ifndef SETTING
#define SETTING "gain"
#endif
#ifndef OTHER_SETTING
#define OTHER_SETTING "mode"
#endif
#ifndef TYPE
#define TYPE FELL_P_FLOAT
#endif
#ifndef OFFSET
#define OFFSET offsetof(struct settings, gain)
#endif
#ifndef CHOICES
#define CHOICES "mean|sum"
#endif
#ifndef SIZE
#define SIZE sizeof(fell_loss)
#endif
#ifndef SETTINGS_SIZE
#define SETTINGS_SIZE sizeof(struct settings)
#endif
#ifndef NPARAMS
#define NPARAMS 2
#endif
#ifndef TARGET
#define TARGET FELL_VALUES
#endif
#ifndef EVAL
#define EVAL eval
#endif
#ifndef ROOT_SIZE
#define ROOT_SIZE sizeof(fell_plugin)
#endif
#ifndef NEEDS
#define NEEDS 0
#endif
#ifndef STRIDE
#define STRIDE sizeof(fell_param)
#endif
#ifndef ITEMS
#define ITEMS items
#endif

struct settings {
    double gain;
    int32_t mode;
};

static const fell_param params[] = {
    {SETTING, "A number.", TYPE, 0, OFFSET, 1, 0, 10, NULL, NULL},
    {OTHER_SETTING, "A word.", FELL_P_ENUM, 0, offsetof(struct settings, mode), 0, 0, 0, "mean", CHOICES},
};

static fell_status eval(fell_loss_call *c)
{
    (void)c;
    return FELL_OK;
}
fell_status (*const unused)(fell_loss_call *) = eval;

static const fell_loss first = {
    {SIZE, FELL_KIND_LOSS, NPARAMS, NAME, "The first.", params, SETTINGS_SIZE}, TARGET, FELL_REAL, EVAL, 1};
static const fell_loss second = FELL_LOSS(SECOND, "The second.", FELL_CLASSES, FELL_LOGIT, eval);

static const fell_item *const items[] = {&first.item, &second.item, NULL};
const fell_item *const no_items[] = {NULL};

FELL_EXPORT_ const fell_plugin fell_plugin_v1 = {
    ROOT_SIZE,         FELL_MINOR, NEEDS,       STRIDE, sizeof(fell_tensor),
    sizeof(fell_slot), VERSION,    "the tests", ITEMS,  NULL};
