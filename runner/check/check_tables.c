/* check_tables.c - what the tables of a plugin say. See check.h. The checks of the file read
 * the plugin's own structs, before the registry, which refuses much of this, sees them.
 */
#include <ctype.h>
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "check/check.h"
#include "engine/init.h"
#include "host/registry.h"
#include "host/settings.h"

/* ---- the plugin's own structs ---------------------------------------------------------------- */

static const fell_plugin *root_of(const char *path, struct finding *f)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const fell_plugin *root = handle ? dlsym(handle, "fell_plugin_v1") : NULL;

    if (root && root->items)
        return root;
    f->outcome = OUTCOME_SKIPPED;
    error_set(&f->text, "it cannot be loaded");
    return NULL;
}

static const fell_param *param_at(const fell_plugin *root, const fell_item *item, uint32_t i)
{
    return (const fell_param *)(const void *)((const char *)item->params + (size_t)i * root->sizeof_param);
}

static size_t size_of_type(uint32_t type)
{
    static const size_t sizes[] = {
        [FELL_P_INT] = sizeof(int64_t),        [FELL_P_FLOAT] = sizeof(double),
        [FELL_P_BOOL] = sizeof(bool),          [FELL_P_STRING] = sizeof(char *),
        [FELL_P_ENUM] = sizeof(int32_t),       [FELL_P_INTS] = sizeof(fell_ints),
        [FELL_P_FLOATS] = sizeof(fell_floats), [FELL_P_STRINGS] = sizeof(fell_strings),
        [FELL_P_MAP] = sizeof(fell_map)};

    return type < sizeof sizes / sizeof *sizes ? sizes[type] : 0;
}

/* A file that was made for this version has this version's sizes. */
static void check_item_sizes(const fell_plugin *root, const fell_item *item, struct finding *f)
{
    const size_t size = kind_size(item->kind);

    if (size && item->struct_size != size)
        finding_fail(f, "'%.64s' says that its struct has %llu bytes; it has %zu", item->name,
                     (unsigned long long)item->struct_size, size);
    for (uint32_t i = 0; i < item->nparams; i++) {
        const fell_param *p = param_at(root, item, i);

        if (p->offset + size_of_type(p->type) > item->settings_size)
            finding_fail(f, "the setting '%.64s' of '%.64s' lies outside its struct", p->name, item->name);
        for (uint32_t k = 0; k < i; k++) {
            const fell_param *q = param_at(root, item, k);

            if (p->offset < q->offset + size_of_type(q->type) &&
                q->offset < p->offset + size_of_type(p->type))
                finding_fail(f, "the settings '%.64s' and '%.64s' of '%.64s' share bytes of its struct",
                             q->name, p->name, item->name);
        }
    }
}

void check_sizes(struct checked *c, struct finding *f)
{
    const fell_plugin *root = root_of(c->path, f);

    if (!root || root->minor != FELL_MINOR)
        return;
    if (root->struct_size != sizeof *root || root->sizeof_param != sizeof(fell_param) ||
        root->sizeof_tensor != sizeof(fell_tensor) || root->sizeof_slot != sizeof(fell_slot)) {
        finding_fail(f,
                     "it says that fell_plugin, fell_param, fell_tensor and fell_slot have %u, %u, %u and %u "
                     "bytes; they have %zu, %zu, %zu and %zu",
                     root->struct_size, root->sizeof_param, root->sizeof_tensor, root->sizeof_slot,
                     sizeof *root, sizeof(fell_param), sizeof(fell_tensor), sizeof(fell_slot));
        return;
    }
    for (size_t i = 0; root->items[i]; i++)
        check_item_sizes(root, root->items[i], f);
}

static void check_name(const char *what, const char *name, bool taken, struct finding *f)
{
    if (!plugin_name_ok(name))
        finding_fail(f, "%s is named '%.64s'; a name is [a-z][a-z0-9_]*", what, name ? name : "");
    else if (taken)
        finding_fail(f, "%s is named '%s', which the host uses for itself", what, name);
}

void check_names(struct checked *c, struct finding *f)
{
    const fell_plugin *root = root_of(c->path, f);

    for (size_t i = 0; root && root->items[i]; i++) {
        const fell_item *item = root->items[i];

        check_name("an item", item->name, item->name && plugin_name_taken(item->name), f);
        for (uint32_t k = 0; k < item->nparams && root->sizeof_param >= sizeof(fell_param); k++) {
            const char *name = param_at(root, item, k)->name;

            check_name("a setting", name, name && setting_name_taken(name, (enum fell_kind)item->kind), f);
        }
    }
}

/* ---- the items ----------------------------------------------------------------------------------- */

/* The first line of TEXT begins like a sentence and ends like one. */
static void check_sentence(const char *of, const char *name, const char *text, struct finding *f)
{
    const size_t n = text ? strcspn(text, "\n") : 0;

    if (!n)
        finding_fail(f, "%s '%s' has no text", of, name);
    else if (islower((unsigned char)text[0]) || isspace((unsigned char)text[0]))
        finding_fail(f, "the text of %s '%s' does not begin like a sentence: \"%.40s\"", of, name, text);
    else if (text[n - 1] != '.')
        finding_fail(f, "the text of %s '%s' does not end with a full stop: \"%.*s\"", of, name,
                     (int)(n < 60 ? n : 60), text);
}

void check_docs(struct checked *c, struct finding *f)
{
    const struct item *item = c->item;

    check_sentence(item_word(item), item->name, item->doc, f);
    for (size_t i = 0; i < item->nparams; i++)
        check_sentence("the setting", item->params[i].name, item->params[i].doc, f);
    for (uint64_t i = 0; i < item_ntensors(item); i++)
        check_sentence("the tensor", item->layer->tensors[i].name, item->layer->tensors[i].doc, f);
    for (uint64_t i = 0; item->kind == FELL_KIND_OPTIMIZER && i < item->optimizer->nslots; i++)
        check_sentence("the slot", item->optimizer->slots[i].name, item->optimizer->slots[i].doc, f);
}

/* Every default goes through the reader of specs as if it had been written there. */
static void check_default(struct checked *c, const fell_param *p, struct finding *f)
{
    struct strbuf text = {0}, map = {0};
    struct subject *s = mem_alloc(sizeof *s);
    struct error err;
    struct item one = *c->item;
    double v = p->def;

    settings_default_text(p, &text);
    strbuf_addf(&map, "{%s: %s}", p->name, text.text ? text.text : "");
    one.params = p; /* alone, so that required settings are not missed */
    one.nparams = 1;
    if (p->min > p->max && p->type <= FELL_P_FLOAT)
        finding_fail(f, "the setting '%s' has a range from %g to %g", p->name, p->min, p->max);
    else if (p->type == FELL_P_INT && v != floor(v))
        finding_fail(f, "the default of '%s' is %g, which is not whole", p->name, v);
    else if (text.text && text.text[0] &&
             subject_open_item(s, &one, c->registry, map.text, c->level, &err) != OK)
        finding_fail(f, "the default of '%s', %s, is not one of its values: %.200s", p->name, text.text,
                     err.text);
    if (s->tree)
        subject_close(s);
    free(s);
    strbuf_release(&text);
    strbuf_release(&map);
}

/* What tensors begin with has to be there, and to take a tensor of some shape. */
static void check_initialisers(struct checked *c, struct finding *f)
{
    const fell_layer *layer = c->item->layer;

    for (uint64_t i = 0; i < layer->ntensors; i++) {
        const fell_tensor *t = &layer->tensors[i];
        struct host_env env = {.kernels = kernels_get(c->level), .registry = c->registry};
        const char *text = t->init ? t->init : "zeros";
        float w[16] = {0};
        char setting[64];
        struct error err = {""};
        const struct init_request request = {.who = t->name,
                                             .text = text,
                                             .shape = fell_mat(4, 4),
                                             .n = 16,
                                             .fan_in = 4,
                                             .fan_out = 4,
                                             .stream = rng_stream(c->seed, RNG_LAYER, 1, 1)};

        if (!init_default_item(text, c->registry, &err))
            finding_fail(f, "the tensor '%s' begins with '%s', and there is no such initialiser", t->name,
                         text);
        else if (init_fill(&request, &env, w, setting, &err) != OK)
            finding_fail(f, "the tensor '%s' cannot begin with '%s': %.300s", t->name, text, err.text);
        if (t->role < FELL_WEIGHT || t->role > FELL_STATE)
            finding_fail(f, "the tensor '%s' has role %llu; it is FELL_WEIGHT, FELL_BIAS or FELL_STATE",
                         t->name, (unsigned long long)t->role);
    }
}

void check_defaults(struct checked *c, struct finding *f)
{
    if (c->item->kind == FELL_KIND_LAYER)
        check_initialisers(c, f);
    for (size_t i = 0; i < c->item->nparams; i++)
        if (!(c->item->params[i].flags & FELL_REQUIRED))
            check_default(c, &c->item->params[i], f);
}
