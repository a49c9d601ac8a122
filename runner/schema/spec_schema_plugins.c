/* spec_schema_plugins.c - plugins as JSON Schema: each with its settings, the choice among those of
 * a role, and the entries of a model with the keys that the host adds to a layer's own.
 *
 * See spec_schema_parts.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/settings.h"
#include "schema/spec_schema_parts.h"

/* Inputs that an entry must name: 0 where the entry before is enough. */
static uint32_t inputs_to_name(const struct item *item)
{
    return item->kind == FELL_KIND_LAYER && item->layer->min_inputs > 1 ? item->layer->min_inputs : 0;
}

bool schema_needs(const struct item *item)
{
    for (size_t i = 0; i < item->nparams; i++)
        if (item->params[i].flags & FELL_REQUIRED)
            return true;
    return inputs_to_name(item) > 0;
}

static bool role_needs(const struct schema_maker *m, enum role role)
{
    for (size_t i = 0; i < m->n; i++)
        if (item_plays(m->items[i], role) && schema_needs(m->items[i]))
            return true;
    return false;
}

cJSON *schema_choice(const struct schema_maker *m, enum role role)
{
    return schema_ref("%s%s", role_texts(role)->schema, m->part && role_needs(m, role) ? ".part" : "");
}

/* ---- keys of the host in an entry ------------------------------------------------------ */

/* One name, or a list of names; 0, 0 inputs is exactly one. */
static cJSON *from_schema(const struct schema_maker *m, const struct item *item, const struct spec_key *key)
{
    const bool layer = item->kind == FELL_KIND_LAYER;
    const uint32_t min = layer ? item->layer->min_inputs : 0, max = layer ? item->layer->max_inputs : 0;
    cJSON *list = schema_list(schema_type("string"), min > 1 ? (int)min : 1);

    (void)m;
    if (!min && !max)
        cJSON_AddNumberToObject(list, "maxItems", 1);
    else if (max && max < INT32_MAX)
        cJSON_AddNumberToObject(list, "maxItems", max);
    if (min > 1) {
        cJSON_AddStringToObject(list, "description", key->doc);
        return list;
    }
    return schema_any(key->doc, schema_type("string"), list, schema_null());
}

static cJSON *activation_schema(const struct schema_maker *m, const struct item *item,
                                const struct spec_key *key)
{
    (void)item;
    return schema_any_plugin(key->doc, schema_choice(m, key->role), schema_null(), NULL);
}

/* One initialiser is for the weights; a map has one for each tensor. */
static cJSON *init_schema(const struct schema_maker *m, const struct item *item, const struct spec_key *key)
{
    cJSON *map = schema_map(NULL, true);
    bool weights = false;

    for (uint64_t i = 0; i < item_ntensors(item); i++) {
        const fell_tensor *t = &item->layer->tensors[i];
        cJSON *one = schema_any_plugin(t->doc, schema_choice(m, key->role), NULL, NULL);

        if (t->init)
            cJSON_AddStringToObject(one, "default", t->init);
        schema_property(map, t->name, one, false);
        weights = weights || t->role == FELL_WEIGHT;
    }
    return schema_any_plugin(key->doc, weights ? schema_choice(m, key->role) : map, weights ? map : NULL,
                             NULL);
}

static const struct {
    const char *key;
    cJSON *(*make)(const struct schema_maker *m, const struct item *item, const struct spec_key *key);
} entry_forms[] = {{"from", from_schema}, {"activation", activation_schema}, {"init", init_schema}};

static void add_entry_form(const struct schema_maker *m, cJSON *map, const struct item *item,
                           const struct spec_key *key)
{
    for (size_t i = 0; i < sizeof entry_forms / sizeof *entry_forms; i++)
        if (!strcmp(entry_forms[i].key, key->name))
            schema_property(map, key->name, entry_forms[i].make(m, item, key),
                            !m->part && !strcmp(key->name, "from") && inputs_to_name(item) > 0);
}

/* The keys that entries have beside ITEM's own. */
static void add_host_keys(const struct schema_maker *m, cJSON *map, const struct item *item)
{
    const struct spec_section *host = &spec_section_entry;

    for (size_t i = 0; i < host->nparams; i++) {
        const fell_param *p = &host->params[i];
        cJSON *value;

        if (p->flags & SPEC_OF_TENSORS && !item_ntensors(item))
            continue;
        value = settings_schema(p);
        if (!strcmp(p->name, "name"))
            cJSON_AddStringToObject(value, "pattern",
                                    "^((?!input$)[A-Za-z0-9_-]+(\\.[0-9]+)*|\\$[A-Za-z_][A-Za-z0-9_]*)$");
        schema_property(map, p->name, value, false);
    }
    for (size_t i = 0; i < host->nkeys; i++)
        if (!host->keys[i].of_tensors || item_ntensors(item))
            add_entry_form(m, map, item, &host->keys[i]);
}

/* Whole numbers of an entry may be words for those of the data. */
static void add_words(cJSON *map, const struct item *item)
{
    const char *words[WORDS + 1] = {NULL};

    memcpy(words, settings_words, sizeof settings_words);
    for (size_t i = 0; i < item->nparams; i++) {
        const fell_param *p = &item->params[i];
        cJSON *value = p->type == FELL_P_INT || p->type == FELL_P_INTS ? settings_schema(p) : NULL, *form;

        cJSON_ArrayForEach(form, cJSON_GetObjectItem(value, "anyOf")) if (cJSON_GetObjectItem(form, "items"))
            cJSON_AddItemToArray(cJSON_GetObjectItem(cJSON_GetObjectItem(form, "items"), "anyOf"),
                                 schema_words(words));
        if (value)
            cJSON_ReplaceItemInObjectCaseSensitive(cJSON_GetObjectItem(map, "properties"), p->name,
                                                   schema_any(p->doc, value, schema_words(words), NULL));
    }
}

/* ---- definitions ---------------------------------------------------------------------------- */

static void define_item(const struct schema_maker *m, enum role role, const struct item *item,
                        const char *name)
{
    cJSON *map = schema_map(item->doc, m->part || !schema_needs(item));
    char title[128];

    snprintf(title, sizeof title, "%s %s", item_word(item), item->name);
    cJSON_AddStringToObject(map, "title", title);
    schema_or_var(map);
    schema_params(m, map, item->nparams, item->params);
    if (role == ROLE_MODEL_ENTRY) {
        add_words(map, item);
        add_host_keys(m, map, item);
    }
    if (role == ROLE_PROBE)
        schema_params(m, map, spec_section_probe.nparams, spec_section_probe.params);
    cJSON_AddItemToObject(m->definitions, name, map);
}

/* Apart from the properties: beside them yaml-language-server would offer none in a map that is
 * still empty. */
static cJSON *one_property(void)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddNumberToObject(o, "maxProperties", 1);
    return o;
}

/* `repeat` and `residual`, which stand for entries. */
static void add_sugar(const struct schema_maker *m, cJSON *map, const char *suffix)
{
    const struct spec_section *s = &spec_section_repeat;
    cJSON *repeat =
        schema_or_var(schema_map("Entries, several times over; their names get .1, .2 and so on.", false));
    cJSON *residual = schema_or_var(schema_list(schema_ref("entry%s", suffix), 1));

    schema_params(m, repeat, s->nparams, s->params);
    for (size_t i = 0; i < s->nkeys; i++) {
        cJSON *list = schema_or_var(schema_list(schema_ref("entry%s", suffix), 1));

        cJSON_AddStringToObject(list, "description", s->keys[i].doc);
        schema_property(repeat, s->keys[i].name, list, s->keys[i].required && !m->part);
    }
    cJSON_AddStringToObject(residual, "description", "Entries whose output is added to what they take.");
    schema_property(map, "repeat", repeat, false);
    schema_property(map, "residual", residual, false);
}

/* What needs no settings may stand there by its name alone. */
static void define_role(const struct schema_maker *m, enum role role, const char *suffix)
{
    cJSON *any = cJSON_CreateArray(), *map = schema_map(NULL, false), *choice = cJSON_CreateObject();
    char name[160];

    for (size_t i = 0; i < m->n; i++) {
        const struct item *item = m->items[i];
        const bool needs = schema_needs(item);
        cJSON *word;

        if (!item_plays(item, role))
            continue;
        snprintf(name, sizeof name, "%s.%s%s", role_texts(role)->schema, item->name, needs ? suffix : "");
        if (!cJSON_GetObjectItem(m->definitions, name))
            define_item(m, role, item, name);
        schema_property(map, item->name, schema_ref("%s", name), false);
        if (needs && !m->part)
            continue;
        word = cJSON_CreateObject();
        cJSON_AddStringToObject(word, "const", item->name);
        cJSON_AddStringToObject(word, "description", item->doc);
        cJSON_AddItemToArray(any, word);
    }
    if (role == ROLE_MODEL_ENTRY)
        add_sugar(m, map, suffix);
    cJSON_AddNumberToObject(map, "minProperties", 1);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(map, "allOf"), one_property());
    cJSON_AddItemToArray(any, map);
    cJSON_AddItemToArray(any, schema_ref("text.var"));
    cJSON_AddItemToObject(choice, "anyOf", any);
    snprintf(name, sizeof name, "%s%s", role_texts(role)->schema, suffix);
    cJSON_AddItemToObject(m->definitions, name, choice);
}

void schema_define_plugins(struct schema_maker *m)
{
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        if (m->part && !role_needs(m, role))
            continue; /* the whole spec's is the same */
        define_role(m, role, m->part ? ".part" : "");
    }
}
