/* spec_schema.c - the sections of a spec as JSON Schema, and the keys with a form of their own.
 *
 * Plugins are in spec_schema_plugins.c, sweeps in spec_schema_sweep.c, single settings in
 * host/settings_schema.c. Called by cli/schema.c. See spec_schema.h.
 */
#include "schema/spec_schema.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/settings.h"
#include "schema/spec_schema_parts.h"

/* ---- small pieces ------------------------------------------------------------------ */

cJSON *schema_ref(const char *fmt, ...)
{
    cJSON *o = cJSON_CreateObject();
    char name[160], text[200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    snprintf(text, sizeof text, "#/definitions/%s", name);
    cJSON_AddStringToObject(o, "$ref", text);
    return o;
}

cJSON *schema_type(const char *type)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "type", type);
    return o;
}

/* One alternative alone is an allOf: yaml-language-server would say its title twice. */
static cJSON *any_of(const char *key, const char *doc, cJSON *a, cJSON *b, cJSON *c)
{
    cJSON *o = cJSON_CreateObject(), *any;

    if (doc)
        cJSON_AddStringToObject(o, key, doc);
    any = cJSON_AddArrayToObject(o, b || c ? "anyOf" : "allOf");
    cJSON_AddItemToArray(any, a);
    if (b)
        cJSON_AddItemToArray(any, b);
    if (c)
        cJSON_AddItemToArray(any, c);
    return o;
}

cJSON *schema_any(const char *doc, cJSON *a, cJSON *b, cJSON *c)
{
    return any_of("description", doc, a, b, c);
}

cJSON *schema_any_plugin(const char *doc, cJSON *a, cJSON *b, cJSON *c)
{
    return any_of("title", doc, a, b, c);
}

cJSON *schema_null(void)
{
    cJSON *o = schema_type("null");

    cJSON_AddStringToObject(o, "title", "not set");
    return o;
}

cJSON *schema_words(const char *const *words)
{
    cJSON *o = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(o, "enum");

    for (; *words; words++)
        cJSON_AddItemToArray(list, cJSON_CreateString(*words));
    return o;
}

cJSON *schema_list(cJSON *items, int least)
{
    cJSON *o = schema_type("array");

    cJSON_AddStringToObject(o, "title", "a list");
    if (least)
        cJSON_AddNumberToObject(o, "minItems", least);
    cJSON_AddItemToObject(o, "items", items);
    return o;
}

cJSON *schema_map(const char *doc, bool optional)
{
    cJSON *o = cJSON_CreateObject(), *types;

    if (doc)
        cJSON_AddStringToObject(o, "description", doc);
    if (optional) {
        types = cJSON_AddArrayToObject(o, "type");
        cJSON_AddItemToArray(types, cJSON_CreateString("object"));
        cJSON_AddItemToArray(types, cJSON_CreateString("null"));
    } else {
        cJSON_AddStringToObject(o, "type", "object");
    }
    cJSON_AddObjectToObject(o, "properties");
    cJSON_AddFalseToObject(o, "additionalProperties");
    return o;
}

void schema_property(cJSON *map, const char *key, cJSON *value, bool required)
{
    cJSON *list = cJSON_GetObjectItem(map, "required");

    cJSON_AddItemToObject(cJSON_GetObjectItem(map, "properties"), key, value);
    if (!required)
        return;
    if (!list)
        list = cJSON_AddArrayToObject(map, "required");
    cJSON_AddItemToArray(list, cJSON_CreateString(key));
}

void schema_params(const struct schema_maker *m, cJSON *map, size_t n, const fell_param *params)
{
    for (size_t i = 0; i < n; i++)
        schema_property(map, params[i].name, settings_schema(&params[i]),
                        !m->part && params[i].flags & FELL_REQUIRED);
}

/* ---- keys with a form of their own ----------------------------------------------------- */

static cJSON *section_schema(struct schema_maker *m, const struct spec_section *section, const char *doc,
                             bool optional);

static cJSON *extends_form(struct schema_maker *m, const struct spec_key *key)
{
    cJSON *o = schema_type("string");

    (void)m;
    cJSON_AddStringToObject(o, "description", key->doc);
    cJSON_AddNumberToObject(o, "minLength", 1);
    return o;
}

static cJSON *model_form(struct schema_maker *m, const struct spec_key *key)
{
    cJSON *o = schema_list(schema_choice(m, ROLE_MODEL_ENTRY), 1);

    cJSON_AddStringToObject(o, "description", key->doc);
    return o;
}

/* A share of the rows, or a dataset. */
static cJSON *validation_form(struct schema_maker *m, const struct spec_key *key)
{
    const fell_param share = {.name = key->name,
                              .doc = key->doc,
                              .type = FELL_P_FLOAT,
                              .flags = FELL_MIN_OPEN | FELL_MAX_OPEN,
                              .max = 1};

    return schema_any_plugin(key->doc, settings_schema(&share), schema_choice(m, key->role), schema_null());
}

static cJSON *gradients_form(struct schema_maker *m, const struct spec_key *key)
{
    static const char *const words[] = {"epoch", "none", NULL};
    cJSON *o = schema_any(key->doc, schema_words(words), section_schema(m, key->section, NULL, false),
                          schema_null());

    cJSON_AddStringToObject(o, "default", words[0]);
    return o;
}

static cJSON *keep_form(struct schema_maker *m, const struct spec_key *key)
{
    static const char *const words[] = {"last", "best", NULL};

    (void)m;
    return schema_any(key->doc, schema_words(words), schema_list(schema_words(words), 1), schema_null());
}

static cJSON *failure_form(struct schema_maker *m, const struct spec_key *key)
{
    static const char *const words[] = {"continue", "stop", NULL};
    const fell_param number = {
        .name = key->name, .doc = key->doc, .type = FELL_P_INT, .def = -1, .max = INFINITY};
    cJSON *o = schema_any(key->doc, schema_words(words), settings_schema(&number), schema_null());

    (void)m;
    cJSON_AddStringToObject(o, "default", words[0]);
    return o;
}

static cJSON *sweep_form(struct schema_maker *m, const struct spec_key *key)
{
    (void)key;
    return schema_sweep(m);
}

static const struct {
    const char *path;
    cJSON *(*make)(struct schema_maker *m, const struct spec_key *key);
} forms[] = {
    {"extends", extends_form},
    {"model", model_form},
    {"data.validation", validation_form},
    {"record.gradients", gradients_form},
    {"checkpoint.keep", keep_form},
    {"on_failure", failure_form},
    {"sweep", sweep_form},
};

static cJSON *form_schema(struct schema_maker *m, const struct spec_section *section,
                          const struct spec_key *key)
{
    cJSON *o;
    char path[96];

    snprintf(path, sizeof path, "%s%s%s", section->name, *section->name ? "." : "", key->name);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (!strcmp(forms[i].path, path))
            return forms[i].make(m, key);
    o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "description", key->doc);
    return o;
}

/* ---- sections ------------------------------------------------------------------------------ */

static cJSON *key_schema(struct schema_maker *m, const struct spec_section *section,
                         const struct spec_key *key)
{
    switch (key->form) {
    case KEY_CHOICE:
    case KEY_CHOICES:
        return schema_any_plugin(key->doc, schema_choice(m, key->role),
                                 key->form == KEY_CHOICES ? schema_list(schema_choice(m, key->role), 0)
                                                          : NULL,
                                 key->required ? NULL : schema_null());
    case KEY_SECTION:
        return section_schema(m, key->section, key->doc, !key->required);
    default:
        return form_schema(m, section, key);
    }
}

static cJSON *section_schema(struct schema_maker *m, const struct spec_section *section, const char *doc,
                             bool optional)
{
    cJSON *map = schema_map(doc, optional);

    schema_params(m, map, section->nparams, section->params);
    for (size_t i = 0; i < section->nkeys; i++)
        schema_property(map, section->keys[i].name, key_schema(m, section, &section->keys[i]),
                        section->keys[i].required && !m->part);
    return map;
}

/* ---- the whole -------------------------------------------------------------------------------- */

/* Its characters, which the tables do not know. YAML may have made a number of it. */
static void restrict_name(cJSON *spec)
{
    cJSON *name = cJSON_GetObjectItem(cJSON_GetObjectItem(spec, "properties"), "name");

    cJSON_AddStringToObject(name, "pattern", "^[A-Za-z0-9._-]+$");
}

static cJSON *requires(const char *key)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddItemToArray(cJSON_AddArrayToObject(o, "required"), cJSON_CreateString(key));
    return o;
}

/* A sweep sets what the rest leaves out, yet is itself whole where no file is extended. */
static cJSON *whole_sweep(void)
{
    cJSON *o = cJSON_CreateObject(), *other = cJSON_CreateObject(), *sweep = cJSON_CreateObject();

    cJSON_AddItemToObject(o, "if", requires("extends"));
    cJSON_AddItemToObject(sweep, "sweep", schema_ref("sweep"));
    cJSON_AddItemToObject(other, "properties", sweep);
    cJSON_AddItemToObject(o, "else", other);
    return o;
}

cJSON *spec_schema(struct registry *r)
{
    static const char *const names[] = {"spec", "spec.part"};
    struct schema_maker m = {.definitions = cJSON_CreateObject()};
    cJSON *root = cJSON_CreateObject(), *spec;

    m.items = registry_list(r, &m.n);
    cJSON_AddStringToObject(root, "$schema", "http://json-schema.org/draft-07/schema#");
    cJSON_AddStringToObject(root, "description",
                            "A spec for `fell run`: data, model, loss, optimizer, training, sweep.");
    cJSON_AddStringToObject(root, "type", "object");
    settings_schema_define(m.definitions);
    for (int part = 0; part <= 1; part++) {
        m.part = part;
        schema_define_plugins(&m);
        spec = section_schema(&m, &spec_section_top, NULL, false);
        restrict_name(spec);
        cJSON_AddItemToObject(m.definitions, names[part], spec);
    }
    cJSON_AddItemToObject(root, "if", schema_any(NULL, requires("extends"), requires("sweep"), NULL));
    cJSON_AddItemToObject(root, "then", schema_ref("%s", names[1]));
    cJSON_AddItemToObject(root, "else", schema_ref("%s", names[0]));
    cJSON_AddItemToArray(cJSON_AddArrayToObject(root, "allOf"), whole_sweep());
    cJSON_AddItemToObject(root, "definitions", m.definitions);
    return root;
}
