/* registry_items.c - checks the tables of an opened plugin and copies its items.
 *
 * An item may come from an older or a newer plugin: it says its own size, arrays say their stride, and the
 * copy is the host's own struct, with zeros where the plugin had nothing and without what the host does not
 * know. Does not call into the plugin.
 */
#include <string.h>

#include "base/mem.h"
#include "host/registry_open.h"

enum { MOST = 4096, LARGEST = 1 << 20 }; /* of array elements; of bytes in a struct */

/* By fell_ptype: the C type of the field. */
static const struct ptype {
    size_t size, align;
} ptypes[] = {
    [FELL_P_INT] = {sizeof(int64_t), _Alignof(int64_t)},
    [FELL_P_FLOAT] = {sizeof(double), _Alignof(double)},
    [FELL_P_BOOL] = {sizeof(bool), _Alignof(bool)},
    [FELL_P_STRING] = {sizeof(char *), _Alignof(char *)},
    [FELL_P_ENUM] = {sizeof(int32_t), _Alignof(int32_t)},
    [FELL_P_INTS] = {sizeof(fell_ints), _Alignof(fell_ints)},
    [FELL_P_FLOATS] = {sizeof(fell_floats), _Alignof(fell_floats)},
    [FELL_P_STRINGS] = {sizeof(fell_strings), _Alignof(fell_strings)},
    [FELL_P_MAP] = {sizeof(fell_map), _Alignof(fell_map)},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- copies ------------------------------------------------------------------ */

/* N elements of the plugin's STRIDE as N zero-filled elements of SIZE. */
static void *copy_array(struct arena *arena, const void *from, size_t n, size_t stride, size_t size)
{
    unsigned char *to = arena_alloc(arena, n * size); /* n <= MOST, size <= LARGEST */

    for (size_t i = 0; i < n; i++)
        memcpy(to + i * size, (const unsigned char *)from + i * stride, stride < size ? stride : size);
    return to;
}

static status check_array(const char *what, const void *array, uint64_t n, struct error *err)
{
    if (n > MOST)
        return error_set(err, "says that it has %llu %s", (unsigned long long)n, what);
    if (n && !array)
        return error_set(err, "says that it has %llu %s and points to none", (unsigned long long)n, what);
    return OK;
}

/* ---- settings ------------------------------------------------------------------ */

static status check_param(const struct item *item, size_t index, struct error *err)
{
    const fell_param *p = &item->params[index];
    const struct ptype *type = &ptypes[p->type < COUNT(ptypes) ? p->type : 0];

    if (!plugin_name_ok(p->name))
        return error_set(err, "setting %zu is named '%.64s'; a name is [a-z][a-z0-9_]*", index + 1,
                         p->name ? p->name : "");
    if (setting_name_taken(p->name, item->kind))
        return error_set(err, "the setting '%s' has a name that is reserved for the host", p->name);
    for (size_t i = 0; i < index; i++)
        if (strcmp(p->name, item->params[i].name) == 0)
            return error_set(err, "duplicate setting '%s'", p->name);
    if (!type->size)
        return error_set(err, "the setting '%s' has a type (%u) that this program does not know", p->name,
                         p->type);
    if (p->offset > item->settings_size || type->size > item->settings_size - p->offset ||
        p->offset % type->align)
        return error_set(err, "the setting '%s' lies outside its struct of %zu bytes", p->name,
                         item->settings_size);
    if (p->type == FELL_P_ENUM && (!p->choices || !p->def_text))
        return error_set(err, "the setting '%s' lacks choices or a default", p->name);
    if (!(p->flags & FELL_MONITOR))
        return OK;
    if (p->type != FELL_P_STRING)
        return error_set(err, "the setting '%s' names a recorded value (FELL_MONITOR), and is no string",
                         p->name);
    for (size_t i = 0; i < index; i++)
        if (item->params[i].flags & FELL_MONITOR)
            return error_set(err, "the settings '%s' and '%s' both name a recorded value (FELL_MONITOR)",
                             item->params[i].name, p->name);
    return OK;
}

static const fell_param *find_param(const struct item *item, const char *name)
{
    for (size_t i = 0; i < item->nparams; i++)
        if (strcmp(item->params[i].name, name) == 0)
            return &item->params[i];
    return NULL;
}

static status copy_settings(struct arena *arena, const fell_plugin *root, const fell_item *from,
                            struct item *item, struct error *err)
{
    if (check_array("settings", from->params, from->nparams, err) != OK)
        return FAILED;
    if (from->settings_size > LARGEST)
        return error_set(err, "has a settings struct of %llu bytes", (unsigned long long)from->settings_size);
    item->settings_size = from->settings_size;
    item->nparams = from->nparams;
    item->params = copy_array(arena, from->params, from->nparams, root->sizeof_param, sizeof(fell_param));
    for (size_t i = 0; i < item->nparams; i++)
        if (check_param(item, i, err) != OK)
            return FAILED;
    return OK;
}

/* ---- the kinds ------------------------------------------------------------------ */

/* The functions that every plugin of a kind must have. */
#define MUST(KIND, kind, function)                                                                           \
    {                                                                                                        \
        FELL_KIND_##KIND, offsetof(fell_##kind, function), #function                                         \
    }
static const struct callback {
    enum fell_kind kind;
    size_t offset;
    const char *name;
} callbacks[] = {
    MUST(LAYER, layer, plan),
    MUST(LAYER, layer, forward),
    MUST(ACTIVATION, activation, forward),
    MUST(ACTIVATION, activation, backward),
    MUST(LOSS, loss, eval),
    MUST(OPTIMIZER, optimizer, step),
    MUST(INITIALISER, initialiser, fill),
    MUST(SCHEDULE, schedule, rate),
    MUST(METRIC, metric, eval),
    MUST(DATASET, dataset, open),
    MUST(DATASET, dataset, read),
    MUST(DATASET, dataset, close),
    MUST(PROBE, probe, look),
};
#undef MUST

static status check_callbacks(enum fell_kind kind, const void *copy, struct error *err)
{
    for (size_t i = 0; i < COUNT(callbacks); i++) {
        void (*function)(void);

        if (callbacks[i].kind != kind)
            continue;
        memcpy(&function, (const char *)copy + callbacks[i].offset, sizeof function);
        if (!function)
            return error_set(err, "lacks its function '%s'", callbacks[i].name);
    }
    return OK;
}

static status fill_layer(struct arena *arena, const fell_plugin *root, fell_layer *l, struct error *err)
{
    fell_tensor *tensors;

    if (l->min_inputs > l->max_inputs)
        return error_set(err, "takes at least %u and at most %u inputs", l->min_inputs, l->max_inputs);
    if (check_array("tensors", l->tensors, l->ntensors, err) != OK)
        return FAILED;
    tensors = copy_array(arena, l->tensors, l->ntensors, root->sizeof_tensor, sizeof *tensors);
    l->tensors = tensors;
    for (size_t i = 0; i < l->ntensors; i++) {
        if (!tensor_name_ok(tensors[i].name))
            return error_set(err, "tensor %zu is named '%.64s'; a name is [a-z][a-z0-9_]*", i + 1,
                             tensors[i].name ? tensors[i].name : "");
        if (tensors[i].role < FELL_WEIGHT || tensors[i].role > FELL_STATE)
            return error_set(err, "the tensor '%s' is neither weight, bias nor state", tensors[i].name);
        for (size_t k = 0; k < i; k++)
            if (strcmp(tensors[i].name, tensors[k].name) == 0)
                return error_set(err, "duplicate tensor '%s'", tensors[i].name);
    }
    return OK;
}

static status fill_optimizer(struct arena *arena, const fell_plugin *root, const struct item *item,
                             fell_optimizer *o, struct error *err)
{
    const fell_param *lr = find_param(item, "lr"), *times;
    fell_slot *slots;

    if (!lr || lr->type != FELL_P_FLOAT)
        return error_set(err, "lacks a setting 'lr' (FELL_FLOAT), which every optimizer must have");
    if (o->reach > FELL_WHOLE)
        return error_set(err, "has a reach (%llu) that this program does not know",
                         (unsigned long long)o->reach);
    if (check_array("slots", o->slots, o->nslots, err) != OK)
        return FAILED;
    slots = copy_array(arena, o->slots, o->nslots, root->sizeof_slot, sizeof *slots);
    o->slots = slots;
    for (size_t i = 0; i < o->nslots; i++) {
        if (!plugin_name_ok(slots[i].name))
            return error_set(err, "slot %zu is named '%.64s'; a name is [a-z][a-z0-9_]*", i + 1,
                             slots[i].name ? slots[i].name : "");
        if (slots[i].when && !find_param(item, slots[i].when))
            return error_set(err, "the slot '%s' depends on '%.64s', which is no setting", slots[i].name,
                             slots[i].when);
        if (slots[i].scalar > FELL_SLOT_OTHER)
            return error_set(err, "the slot '%s' has floats (%llu) that this program does not know",
                             slots[i].name, (unsigned long long)slots[i].scalar);
        if (slots[i].scalar > FELL_SLOT_ONE && (slots[i].times || o->reach != FELL_TENSOR))
            return error_set(err,
                             "the slot '%s' is of rows or columns, so it is there once, with one tensor a "
                             "call",
                             slots[i].name);
        times = slots[i].times ? find_param(item, slots[i].times) : NULL;
        if (slots[i].times && (!times || times->type != FELL_P_INT || times->min < 1))
            return error_set(err, "the slot '%s' is there '%.64s' times, which is no whole number above 0",
                             slots[i].name, slots[i].times);
    }
    return OK;
}

static status check_ranges(const struct item *item, const fell_loss *l, struct error *err)
{
    if (check_array("ranges of targets", l->targets, l->ntargets, err) != OK)
        return FAILED;
    for (uint64_t i = 0; i < l->ntargets; i++) {
        const fell_targets *t = &l->targets[i];

        if (!(t->min <= t->max))
            return error_set(err, "takes targets from %g to %g, which are none", t->min, t->max);
        if (t->when && !find_param(item, t->when))
            return error_set(err, "its targets depend on '%.64s', which is no setting", t->when);
    }
    return OK;
}

/* A name of a probe's number or state. */
static status check_part(const char *what, size_t index, const char *name, struct error *err)
{
    if (plugin_name_ok(name))
        return OK;
    return error_set(err, "%s %zu is named '%.64s'; a name is [a-z][a-z0-9_]*", what, index + 1,
                     name ? name : "");
}

static status fill_probe(struct arena *arena, fell_probe *p, struct error *err)
{
    fell_number *numbers;
    fell_probe_state *states;

    if (!p->nnumbers)
        return error_set(err, "has no numbers to record");
    if (check_array("numbers", p->numbers, p->nnumbers, err) != OK ||
        check_array("states", p->states, p->nstates, err) != OK)
        return FAILED;
    if (p->sizeof_number < sizeof p->numbers->name || p->sizeof_number > LARGEST ||
        p->sizeof_state < sizeof p->states->name || p->sizeof_state > LARGEST)
        return error_set(err, "does not say how large its tables' rows are: FELL_PROBE_TABLES does");
    numbers = copy_array(arena, p->numbers, p->nnumbers, p->sizeof_number, sizeof *numbers);
    states = copy_array(arena, p->states, p->nstates, p->sizeof_state, sizeof *states);
    p->numbers = numbers;
    p->states = states;
    for (size_t i = 0; i < p->nnumbers; i++) {
        if (check_part("number", i, numbers[i].name, err) != OK)
            return FAILED;
        if (numbers[i].per > FELL_PER_ROW)
            return error_set(err, "the number '%s' is of something that this program does not know",
                             numbers[i].name);
        for (size_t k = 0; k < i; k++)
            if (strcmp(numbers[i].name, numbers[k].name) == 0)
                return error_set(err, "duplicate number '%s'", numbers[i].name);
    }
    for (size_t i = 0; i < p->nstates; i++)
        if (check_part("state", i, states[i].name, err) != OK)
            return FAILED;
    return OK;
}

static status check_target(uint32_t target, bool both, struct error *err)
{
    if (target == FELL_VALUES || target == FELL_CLASSES || (both && target == (FELL_VALUES | FELL_CLASSES)))
        return OK;
    return error_set(err, "does not say whether its target is values or classes");
}

/* What is special to the item's kind, in COPY, the host's own struct. */
static status fill_kind(struct arena *arena, const fell_plugin *root, struct item *item, void *copy,
                        struct error *err)
{
    item->any = copy;
    if (check_callbacks(item->kind, copy, err) != OK)
        return FAILED;
    switch (item->kind) {
    case FELL_KIND_LAYER:
        return fill_layer(arena, root, copy, err);
    case FELL_KIND_OPTIMIZER:
        return fill_optimizer(arena, root, item, copy, err);
    case FELL_KIND_LOSS:
        return check_target(item->loss->target, false, err) == OK ? check_ranges(item, item->loss, err)
                                                                  : FAILED;
    case FELL_KIND_METRIC:
        if (item->metric->values > FELL_PER_PAIR)
            return error_set(err, "gives a number of values that this program does not know");
        return check_target(item->metric->target, true, err);
    case FELL_KIND_PROBE:
        return fill_probe(arena, copy, err);
    default:
        return OK;
    }
}

static bool same_name_space(const struct item *a, const struct item *b)
{
    bool entries = (a->kind == FELL_KIND_LAYER || a->kind == FELL_KIND_ACTIVATION) &&
                   (b->kind == FELL_KIND_LAYER || b->kind == FELL_KIND_ACTIVATION);

    return (a->kind == b->kind || entries) && strcmp(a->name, b->name) == 0;
}

static status copy_item(const fell_plugin *root, const fell_item *from, struct opened *o, struct error *err)
{
    const char *word = kind_word(from->kind);
    const size_t least = kind_first_size(from->kind);
    struct item *item = &o->items[o->nitems];
    unsigned char *copy;

    if (!plugin_name_ok(from->name))
        return error_set(err, "a %s is named '%.64s'; a name is [a-z][a-z0-9_]*", word,
                         from->name ? from->name : "");
    if (from->struct_size < least || from->struct_size > LARGEST)
        return error_set(err, "the %s '%s' says that its struct has %llu bytes; version 1.0 has %zu", word,
                         from->name, (unsigned long long)from->struct_size, least);
    *item = (struct item){.kind = (enum fell_kind)from->kind,
                          .name = from->name,
                          .doc = from->doc ? from->doc : "",
                          .file = &o->file};
    copy = copy_array(o->arena, from, 1, from->struct_size, kind_size(from->kind));
    if (copy_settings(o->arena, root, from, item, err) != OK ||
        fill_kind(o->arena, root, item, copy, err) != OK)
        return error_prepend(err, "the %s '%s'", word, from->name);
    ((fell_item *)(void *)copy)->params = item->params;
    for (size_t i = 0; i < o->nitems; i++)
        if (same_name_space(item, &o->items[i]))
            return error_set(err, "duplicate %s '%s'", word, from->name);
    o->nitems++;
    return OK;
}

status plugin_copy_items(const fell_plugin *root, struct opened *o, struct error *err)
{
    size_t n = 0;

    while (root->items[n])
        if (++n > MOST)
            return error_set(err, "its list of items does not end with NULL");
    o->items = arena_alloc(o->arena, n * sizeof *o->items);
    for (size_t i = 0; i < n; i++) {
        const fell_item *from = root->items[i];

        if (kind_word(from->kind)) {
            if (copy_item(root, from, o, err) != OK)
                return FAILED;
        } else if (!o->note) {
            o->note =
                arena_format(o->arena, "'%.64s' is of a kind (%u) that this program does not know; skipped",
                             from->name ? from->name : "", from->kind);
        }
    }
    if (!n)
        return error_set(err, "it has no items");
    return OK;
}
