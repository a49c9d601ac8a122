/* spec_schema.c - the sections of a spec as JSON Schema, and the keys with a form of their own.
 *
 * Plugins are in spec_schema_plugins.c, sweeps in spec_schema_sweep.c, single settings in
 * host/settings_schema.c. See spec_schema.h.
 */
#include "schema/spec_schema.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/settings.h"
#include "schema/spec_schema_parts.h"

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

/* Any value with any name. */
static cJSON *vars_form(struct schema_maker *m, const struct spec_key *key)
{
    cJSON *o = schema_map(key->doc, true);

    (void)m;
    cJSON_AddTrueToObject(cJSON_AddObjectToObject(o, "patternProperties"), "^[A-Za-z_][A-Za-z0-9_]*$");
    return o;
}

static cJSON *model_form(struct schema_maker *m, const struct spec_key *key)
{
    cJSON *o = schema_or_var(schema_list(schema_choice(m, ROLE_MODEL_ENTRY), 1));

    cJSON_AddStringToObject(o, "description", key->doc);
    return o;
}

static cJSON *probes_form(struct schema_maker *m, const struct spec_key *key)
{
    return schema_any_plugin(key->doc, schema_choice(m, key->role),
                             schema_list(schema_choice(m, key->role), 0), schema_null());
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
    static const char *const words[] = {"last", "best", "all", NULL};
    const fell_param epoch = {.name = key->name,
                              .doc = "The epoch after which it is saved.",
                              .type = FELL_P_INT,
                              .def = -1,
                              .max = INFINITY};
    cJSON *one = schema_any(key->doc, schema_words(words), settings_schema(&epoch), schema_null());
    cJSON *each = schema_any(NULL, schema_words(words), settings_schema(&epoch), NULL);

    (void)m;
    cJSON_AddItemToArray(cJSON_GetObjectItem(one, "anyOf"), schema_or_var(schema_list(each, 1)));
    return one;
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
    {"vars", vars_form},
    {"model", model_form},
    {"probes", probes_form},
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

/* A map in the place of P's value: train.initial_weights has the only one. */
static void allow_map(struct schema_maker *m, cJSON *map, const fell_param *p)
{
    cJSON *properties = cJSON_GetObjectItem(map, "properties");

    cJSON_ReplaceItemInObjectCaseSensitive(
        properties, p->name,
        schema_any(p->doc, settings_schema(p), section_schema(m, &spec_section_weights, NULL, false), NULL));
}

static cJSON *section_schema(struct schema_maker *m, const struct spec_section *section, const char *doc,
                             bool optional)
{
    cJSON *map = schema_map(doc, optional);

    if (section != &spec_section_top)
        schema_or_var(map);
    schema_params(m, map, section->nparams, section->params);
    for (size_t i = 0; i < section->nparams; i++)
        if (section->params[i].flags & SETTINGS_OR_MAP)
            allow_map(m, map, &section->params[i]);
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

    cJSON_AddStringToObject(name, "pattern", "^([A-Za-z0-9._-]+|\\$[A-Za-z_][A-Za-z0-9_]*)$");
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
