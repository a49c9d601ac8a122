/* spec_json.c - a resolved spec as JSON, every default written out.
 *
 * By the tables of spec_keys.h, in their order. The JSON is a spec itself (JSON is YAML):
 * spec_parse() reads it back to an equal one, which is how a worker gets its job. See
 * spec.h.
 */
#include <stdlib.h>
#include <string.h>

#include "host/settings.h"
#include "spec/spec_keys.h"

static cJSON *json_choice(const struct choice *c)
{
    cJSON *object = cJSON_CreateObject(), *settings = cJSON_AddObjectToObject(object, c->item->name);

    settings_to_json(c->item, c->settings, settings);
    return object;
}

static cJSON *json_choices(size_t n, const struct choice *choices)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(list, json_choice(&choices[i]));
    return list;
}

/* ---- model ------------------------------------------------------------------------- */

static cJSON *json_init(const struct spec_entry *entry)
{
    cJSON *object;

    if (!entry->ninits)
        return NULL;
    object = cJSON_CreateObject();
    for (size_t i = 0; i < entry->ninits; i++)
        cJSON_AddItemToObject(object, entry->init_tensor[i], json_choice(&entry->init[i]));
    return object;
}

static cJSON *json_from(const struct spec_entry *entry)
{
    cJSON *from = cJSON_CreateArray();

    for (size_t i = 0; i < entry->nfrom; i++)
        cJSON_AddItemToArray(from, cJSON_CreateString(entry->from[i]));
    return from;
}

/* It is an entry of its own. */
static cJSON *json_activation(const struct spec_entry *entry)
{
    (void)entry;
    return NULL;
}

static const struct {
    const char *key;
    cJSON *(*write)(const struct spec_entry *entry);
} entry_forms[] = {{"from", json_from}, {"activation", json_activation}, {"init", json_init}};

static cJSON *json_entry_form(const struct spec_entry *entry, const char *key)
{
    for (size_t i = 0; i < sizeof entry_forms / sizeof *entry_forms; i++)
        if (!strcmp(entry_forms[i].key, key))
            return entry_forms[i].write(entry);
    abort(); /* a key without a row above: a worker would never see it */
}

static void add_entry_params(const struct spec_entry *entry, bool of_tensors, cJSON *settings)
{
    for (size_t i = 0; i < spec_section_entry.nparams; i++) {
        const fell_param *p = &spec_section_entry.params[i];
        const struct item one = {.nparams = 1, .params = p};

        if (p->flags & SPEC_IF_SET && settings_is_default(p, entry))
            continue;
        if (!(p->flags & SPEC_OF_TENSORS) != of_tensors)
            settings_to_json(&one, entry, settings);
    }
}

/* Stored runs are known by this text: its order stays. */
static cJSON *json_entry(const struct spec_entry *entry)
{
    cJSON *object = json_choice(&entry->plugin), *settings = object->child;

    add_entry_params(entry, false, settings);
    for (size_t i = 0; i < spec_section_entry.nkeys; i++) {
        const char *key = spec_section_entry.keys[i].name;
        cJSON *value = json_entry_form(entry, key);

        if (value)
            cJSON_AddItemToObject(settings, key, value);
    }
    if (item_ntensors(entry->plugin.item))
        add_entry_params(entry, true, settings);
    return object;
}

static cJSON *json_model(const struct spec *s)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = s->nembedded; i < s->nmodel; i++)
        cJSON_AddItemToArray(list, json_entry(&s->model[i]));
    return list;
}

/* ---- the other keys with a form of their own; NULL: not there ------------------------ */

static cJSON *json_validation(const struct spec *s)
{
    if (s->data.validation.item)
        return json_choice(&s->data.validation);
    return s->data.validation_share > 0 ? settings_json_number(s->data.validation_share) : NULL;
}

static cJSON *json_gradients(const struct spec *s)
{
    cJSON *object;

    if (s->record.gradients != RECORD_STEP)
        return cJSON_CreateString(s->record.gradients == RECORD_NONE ? "none" : "epoch");
    object = cJSON_CreateObject();
    cJSON_AddItemToObject(object, "step", settings_json_int(s->record.every));
    return object;
}

static cJSON *json_keep(const struct spec *s)
{
    cJSON *list = cJSON_CreateArray();

    if (s->checkpoint.keep_last)
        cJSON_AddItemToArray(list, cJSON_CreateString("last"));
    if (s->checkpoint.keep_best)
        cJSON_AddItemToArray(list, cJSON_CreateString("best"));
    if (s->checkpoint.keep_all)
        cJSON_AddItemToArray(list, cJSON_CreateString("all"));
    for (size_t i = 0; i < s->checkpoint.nkeep; i++)
        cJSON_AddItemToArray(list, settings_json_int(s->checkpoint.keep[i]));
    return list;
}

static cJSON *json_on_failure(const struct spec *s)
{
    if (s->on_failure > 0)
        return settings_json_int(s->on_failure);
    return cJSON_CreateString(s->on_failure == ON_FAILURE_STOP ? "stop" : "continue");
}

static cJSON *json_probes(const struct spec *s)
{
    const struct item table = spec_section_item(&spec_section_probe);
    cJSON *list;

    if (!s->nprobes)
        return NULL; /* a spec without probes is the experiment that it was */
    list = cJSON_CreateArray();
    for (size_t i = 0; i < s->nprobes; i++) {
        cJSON *object = json_choice(&s->probes[i].plugin);

        settings_to_json(&table, &s->probes[i], object->child);
        cJSON_AddItemToArray(list, object);
    }
    return list;
}

static const struct {
    const char *key;
    cJSON *(*write)(const struct spec *s);
} forms[] = {{"model", json_model}, {"validation", json_validation}, {"gradients", json_gradients},
             {"keep", json_keep},   {"probes", json_probes},         {"on_failure", json_on_failure}};

static cJSON *json_form(const struct spec *s, const char *key)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (!strcmp(forms[i].key, key))
            return forms[i].write(s);
    abort(); /* a key without a row above: a worker would never see it */
}

/* ---- sections -------------------------------------------------------------------------- */

static cJSON *json_section(const struct spec *s, const struct spec_section *section);

static cJSON *json_key(const struct spec *s, const struct spec_key *key)
{
    const char *base = (const char *)s;
    const struct choice *choice = (const struct choice *)(base + key->offset);

    switch (key->form) {
    case KEY_SECTION:
        return key->section->on && !*(const bool *)(base + key->section->on) ? NULL
                                                                             : json_section(s, key->section);
    case KEY_CHOICE:
        return choice->item ? json_choice(choice) : NULL;
    case KEY_CHOICES:
        return json_choices(*(const size_t *)(base + key->count),
                            *(struct choice *const *)(base + key->offset));
    case KEY_FORM:
        return json_form(s, key->name);
    default:
        return NULL;
    }
}

static cJSON *json_section(const struct spec *s, const struct spec_section *section)
{
    const struct item table = spec_section_item(section);
    const char *base = (const char *)s + section->base;
    cJSON *object = cJSON_CreateObject();

    settings_to_json(&table, base, object);
    for (size_t i = 0; i < section->nparams; i++)
        if (section->params[i].flags & SPEC_IF_SET && settings_is_default(&section->params[i], base))
            cJSON_DeleteItemFromObjectCaseSensitive(object, section->params[i].name);
    for (size_t i = 0; i < section->nkeys; i++) {
        cJSON *value = json_key(s, &section->keys[i]);

        if (value)
            cJSON_AddItemToObject(object, section->keys[i].name, value);
    }
    return object;
}

cJSON *spec_to_json(const struct spec *s)
{
    cJSON *object = json_section(s, &spec_section_top);

    /* Words about the data change nothing that is trained: the same experiment with others. */
    cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(object, "data"), "about");
    /* As it is without a word. */
    if (s->record.evaluate.on && s->record.evaluate.every == 1)
        cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(object, "record"),
                                                "evaluate");
    /* 0 stands for "off", and is not a value that a spec may give. */
    if (s->train.clip_norm <= 0)
        cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(object, "train"),
                                                "clip_norm");
    return object;
}
