/* spec_schema_sweep.c - `sweep:` as JSON Schema: strategies, spaces, objective, pruner, and for every
 * path that can be swept the values that may stand there.
 *
 * A value is checked by the schema of the setting itself, to which the path's schema refers; of what a form
 * draws only the form is. Whether a strategy takes the forms, and which trials have the setting, is left to
 * `fell check`. All that the schema knows of sweeps is here. See spec_schema_parts.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/settings.h"
#include "trials/space.h"
#include "trials/sweep_keys.h"
#include "schema/spec_schema_parts.h"
#include "sweep/strategies.h"

/* ---- a word, or a word with settings ------------------------------------------------- */

static void add_named(const struct schema_maker *m, cJSON *any, cJSON *map, const char *name, const char *doc,
                      size_t nparams, const fell_param *params)
{
    const bool needs = schema_needs(&(struct item){.nparams = nparams, .params = params});
    cJSON *settings = schema_map(doc, m->part || !needs), *word;

    schema_params(m, settings, nparams, params);
    schema_property(map, name, settings, false);
    if (needs && !m->part)
        return;
    word = cJSON_CreateObject();
    cJSON_AddStringToObject(word, "const", name);
    cJSON_AddStringToObject(word, "description", doc);
    cJSON_AddItemToArray(any, word);
}

static cJSON *finish_named(cJSON *any, cJSON *map, const char *doc)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddNumberToObject(map, "minProperties", 1);
    cJSON_AddNumberToObject(map, "maxProperties", 1);
    cJSON_AddItemToArray(any, map);
    cJSON_AddItemToArray(any, schema_null());
    cJSON_AddStringToObject(o, "title", doc);
    cJSON_AddItemToObject(o, "anyOf", any);
    return o;
}

static cJSON *strategy_schema(const struct schema_maker *m, const char *doc)
{
    cJSON *any = cJSON_CreateArray(), *map = schema_map(NULL, false);

    for (size_t i = 0; i < strategies_count; i++)
        add_named(m, any, map, strategies[i].name, strategies[i].doc, strategies[i].nparams,
                  strategies[i].params);
    return finish_named(any, map, doc);
}

static cJSON *pruner_schema(const struct schema_maker *m, const char *doc)
{
    cJSON *any = cJSON_CreateArray(), *map = schema_map(NULL, false);

    for (size_t i = 0; i < pruner_kinds_count; i++)
        add_named(m, any, map, pruner_kinds[i].name, pruner_kinds[i].doc, pruner_kinds[i].nparams,
                  pruner_kinds[i].params);
    return finish_named(any, map, doc);
}

/* ---- values that are not a list -------------------------------------------------------- */

/* [a, b] */
static cJSON *ends_schema(const fell_param *p)
{
    fell_param end = *p;
    cJSON *pair;

    end.type = FELL_P_FLOAT;
    end.flags = 0;
    pair = schema_list(settings_schema(&end), 2);
    cJSON_AddNumberToObject(pair, "maxItems", 2);
    cJSON_AddStringToObject(pair, "description", p->doc);
    return pair;
}

static cJSON *values_form_schema(const struct schema_maker *m, const struct values_form *form)
{
    cJSON *map = schema_map(form->doc, false), *inner;

    cJSON_AddStringToObject(map, "title", form->word);
    if (form->inner) {
        inner = schema_map(form->doc, false);
        schema_params(m, inner, form->nparams, form->params);
        if (form->other[0])
            schema_property(inner, form->other[0], schema_list(cJSON_CreateTrue(), 1), false);
        schema_property(map, form->word, inner, false);
    }
    for (size_t i = 0; i < form->nparams && !form->inner; i++) {
        const fell_param *p = &form->params[i];

        schema_property(map, p->name, !strcmp(p->name, form->word) ? ends_schema(p) : settings_schema(p),
                        false);
    }
    cJSON_AddNumberToObject(map, "minProperties", 1);
    return map;
}

static void define_values(const struct schema_maker *m)
{
    cJSON *o = cJSON_CreateObject(), *any = cJSON_AddArrayToObject(o, "anyOf");

    for (size_t i = 0; i < values_forms_count; i++)
        cJSON_AddItemToArray(any, values_form_schema(m, &values_forms[i]));
    cJSON_AddItemToObject(m->definitions, "sweep.values", o);
}

/* ---- paths ------------------------------------------------------------------------------- */

/* What all paths are written into: axes of OVER, cells of ROW. */
struct paths {
    const struct schema_maker *m;
    cJSON *over, *row;
};

static cJSON *value_schema(const char *pointer)
{
    return pointer ? schema_ref("%s", pointer) : cJSON_CreateTrue();
}

/* The words of the schema at POINTER; NULL if it has none. */
static const char *words_at(const struct schema_maker *m, const char *pointer)
{
    char *words = mem_string(pointer), *rest = words;
    const cJSON *at = m->definitions;

    for (const char *word; at && (word = strtok_r(rest, "/", &rest));)
        if (cJSON_IsArray(at))
            at = cJSON_GetArrayItem(at, atoi(word));
        else /* the part of a spec is not whole yet, and says what the whole one says */
            at = cJSON_GetObjectItemCaseSensitive(at, strcmp(word, "spec.part") ? word : "spec");
    free(words);
    return cJSON_GetStringValue(
        cJSON_GetObjectItem(at, cJSON_HasObjectItem(at, "description") ? "description" : "title"));
}

/* What an editor shows of a path: all about a setting, a plugin's first sentence. */
static void describe(const struct paths *p, cJSON *axis, const char *pointer)
{
    const char *words = pointer ? words_at(p->m, pointer) : NULL;
    char *text;

    if (!words)
        return;
    text = mem_format("%.*s", (int)(strchr(pointer, '/') ? strlen(words) : strcspn(words, "\n")), words);
    cJSON_AddStringToObject(axis, "description", text);
    free(text);
}

/* Values by their names, none of which is the word of a form. */
static cJSON *named_values(const char *pointer)
{
    cJSON *map = schema_type("object"), *names = cJSON_AddObjectToObject(map, "propertyNames"), *words;

    cJSON_AddStringToObject(map, "title", "values with names");
    words = cJSON_AddArrayToObject(cJSON_AddObjectToObject(names, "not"), "enum");
    for (size_t i = 0; i < values_forms_count; i++)
        cJSON_AddItemToArray(words, cJSON_CreateString(values_forms[i].word));
    cJSON_AddItemToObject(map, "additionalProperties", value_schema(pointer));
    cJSON_AddNumberToObject(map, "minProperties", 1);
    return map;
}

/* PATH is a regular expression where PATTERN. POINTER: what a value is, below definitions; NULL: anything.
 */
static void add_path(struct paths *p, bool pattern, const char *path, const char *pointer)
{
    const char *where = pattern ? "patternProperties" : "properties";
    char *key = pattern ? mem_format("^%s$", path) : mem_string(path);
    cJSON *axis = schema_any(NULL, schema_or_var(schema_list(value_schema(pointer), 1)),
                             schema_ref("sweep.values"), named_values(pointer));

    describe(p, axis, pointer);
    cJSON_AddItemToObject(cJSON_GetObjectItem(p->over, where), key, axis);
    cJSON_AddItemToObject(cJSON_GetObjectItem(p->row, where), key, value_schema(pointer));
    free(key);
}

/* PATH as a regular expression. free() it. */
static char *pattern_of(const char *path)
{
    struct strbuf b = {0};

    for (; *path; path++) {
        if (*path == '.')
            strbuf_add(&b, "\\");
        strbuf_addn(&b, path, 1);
    }
    return b.text;
}

/* PATH and KEY behind it. free() it. */
static char *below(bool pattern, const char *path, const char *key)
{
    return mem_format("%s%s%s", path, !*path ? "" : pattern ? "\\." : ".", key);
}

/* What is in the list, or in the map of words, {embed: 8} among them, at PATH. */
static void add_element(struct paths *p, bool pattern, const char *path, uint32_t type)
{
    char *list = pattern ? mem_string(path) : pattern_of(path),
         *element = mem_format(type == FELL_P_MAP ? "%s\\.[^.]+(\\.[^.]+)?" : "%s\\.([0-9]+|\\*)", list);

    add_path(p, true, element, NULL);
    free(element);
    free(list);
}

/* All that can stand behind PATH, where plugins of ROLE are. */
static void add_choice_paths(struct paths *p, enum role role, bool pattern, const char *path)
{
    for (size_t i = 0; i < p->m->n; i++) {
        const struct item *item = p->m->items[i];
        char *plugin, *definition;
        const cJSON *map, *setting;

        if (!item_plays(item, role))
            continue;
        plugin = below(pattern, path, item->name);
        definition =
            mem_format("%s.%s%s", role_texts(role)->schema, item->name, schema_needs(item) ? ".part" : "");
        map = cJSON_GetObjectItem(p->m->definitions, definition);
        add_path(p, pattern, plugin, definition);
        cJSON_ArrayForEach(setting, cJSON_GetObjectItem(map, "properties"))
        {
            const fell_param *param = spec_param_find(item->nparams, item->params, setting->string);
            char *to = below(pattern, plugin, setting->string);
            char *pointer = mem_format("%s/properties/%s", definition, setting->string);

            add_path(p, pattern, to, pointer);
            if (param && param->type >= FELL_P_INTS)
                add_element(p, pattern, to, param->type);
            free(pointer);
            free(to);
        }
        free(definition);
        free(plugin);
    }
}

/* The model, its entries, and what plugins stand in them. */
static void add_model_paths(struct paths *p)
{
#define INDEX "\\.([0-9]+|\\*)"
#define ENTRY "model(" INDEX "\\.(repeat\\.model|residual))*" INDEX
    static const char entry[] = ENTRY, key[] = ENTRY "\\.[^.]+\\.";
    char *activation = mem_format("%sactivation", key), *tensor = mem_format("%sinit\\.[^.]+", key);
    char *init = mem_format("%sinit(\\.[^.]+)?", key), *from = mem_format("%sfrom", key);

    add_path(p, true, entry, "entry.part");
    add_path(p, true, ENTRY "\\.(repeat(\\.(times|model))?|residual)", NULL);
    add_choice_paths(p, ROLE_MODEL_ENTRY, true, entry);
    add_choice_paths(p, ROLE_ACTIVATION, true, activation);
    add_choice_paths(p, ROLE_INITIALISER, true, init);
    add_path(p, true, tensor, NULL);
    add_element(p, true, from, FELL_P_STRINGS);
    free(activation);
    free(from);
    free(init);
    free(tensor);
}

static void add_section_paths(struct paths *p, const struct spec_section *section, const char *path);

/* PATH leads to KEY. */
static void add_key_paths(struct paths *p, const struct spec_key *key, const char *path)
{
    if (!strcmp(path, "model"))
        add_model_paths(p);
    else if (key->form == KEY_CHOICES || key->role == ROLE_PROBE) {
        char *one = pattern_of(path), *numbered = mem_format("%s\\.([0-9]+|\\*)", one);

        add_element(p, false, path, FELL_P_STRINGS);
        add_choice_paths(p, key->role, false, path);
        add_choice_paths(p, key->role, true, numbered);
        free(numbered);
        free(one);
    } else if (key->form == KEY_CHOICE || key->role)
        add_choice_paths(p, key->role, false, path);
    else if (!key->section)
        add_element(p, false, path, FELL_P_STRINGS);
    if (key->section && !key->role)
        add_section_paths(p, key->section, path);
}

/* The form of O that is a map, "" or "/anyOf/1"; for a map or what is not there "". O becomes it. */
static char *map_form(const cJSON **o)
{
    const cJSON *forms = cJSON_GetObjectItem(*o, "anyOf");
    int i = 0;

    while (!cJSON_HasObjectItem(*o, "properties") && i < cJSON_GetArraySize(forms))
        *o = cJSON_GetArrayItem(forms, i++);
    return i ? mem_format("/anyOf/%d", i - 1) : mem_string("");
}

/* A value at PATH is what the spec has there; the whole spec is defined by now. */
static void add_section_path(struct paths *p, const char *path)
{
    const cJSON *at = cJSON_GetObjectItem(p->m->definitions, "spec");
    struct strbuf pointer = {0};
    char *words = mem_string(path), *rest = words;

    strbuf_add(&pointer, "spec.part");
    for (const char *word; (word = strtok_r(rest, ".", &rest));) {
        char *form = map_form(&at);

        strbuf_addf(&pointer, "%s/properties/%s", form, word);
        at = cJSON_GetObjectItem(cJSON_GetObjectItem(at, "properties"), word);
        free(form);
    }
    add_path(p, false, path, pointer.text);
    strbuf_release(&pointer);
    free(words);
}

static void add_section_paths(struct paths *p, const struct spec_section *section, const char *path)
{
    for (size_t i = 0; i < section->nparams; i++) {
        char *to = below(false, path, section->params[i].name);

        if (!path_is_fixed(to))
            add_section_path(p, to);
        free(to);
    }
    for (size_t i = 0; i < section->nkeys; i++) {
        char *to = below(false, path, section->keys[i].name);

        if (!path_is_fixed(to)) {
            add_section_path(p, to);
            add_key_paths(p, &section->keys[i], to);
        }
        free(to);
    }
}

/* ---- the space ------------------------------------------------------------------------------ */

static cJSON *many(const char *doc, cJSON *items)
{
    cJSON *o = schema_list(items, 1);

    cJSON_AddStringToObject(o, "description", doc);
    return o;
}

static cJSON *new_paths(const char *doc)
{
    cJSON *o = schema_map(doc, false);

    cJSON_AddNumberToObject(o, "minProperties", 1);
    cJSON_AddObjectToObject(o, "patternProperties");
    return o;
}

static void define_over(const struct schema_maker *m)
{
    struct paths p = {.m = m,
                      .over = new_paths("Paths, each with its values: all combinations of them."),
                      .row = new_paths("Paths, each with its value.")};

    schema_property(p.over, "zip",
                    schema_any("Paths whose values change together.", schema_ref("sweep.over"), NULL, NULL),
                    false);
    schema_property(p.over, "product", many("Spaces, combined with each other.", schema_ref("sweep.over")),
                    false);
    schema_property(p.over, "union", many("Spaces, one after the other.", schema_ref("sweep.over")), false);
    schema_property(p.over, "list",
                    schema_any("Rows of settings, or the name of a CSV or YAML file with them.",
                               many("Rows of settings.", schema_ref("sweep.row")), schema_type("string"),
                               NULL),
                    false);
    add_section_paths(&p, &spec_section_top, "");
    add_path(&p, true, ".+\\.\\*\\..+", NULL);
    add_path(&p, true, "(model|probes)\\.[A-Za-z_-][^.]*\\..+", NULL);
    add_path(&p, true, "vars\\.[A-Za-z_][A-Za-z0-9_]*(\\..+)?", NULL);
    cJSON_AddItemToObject(m->definitions, "sweep.over", p.over);
    cJSON_AddItemToObject(m->definitions, "sweep.row", p.row);
}

/* ---- the section ------------------------------------------------------------------------------ */

static cJSON *objective_schema(const struct schema_maker *m, const char *doc)
{
    const struct spec_section *objective = &spec_section_objective;
    cJSON *map = schema_map(doc, true);

    schema_params(m, map, objective->nparams, objective->params);
    return map;
}

static cJSON *where_schema(const char *doc)
{
    const fell_param text = {.name = "where", .doc = doc, .type = FELL_P_STRING};

    return settings_schema(&text);
}

static cJSON *sweep_key_schema(const struct schema_maker *m, const struct spec_key *key)
{
    if (!strcmp(key->name, "over"))
        return schema_any(key->doc, schema_ref("sweep.over"), NULL, NULL);
    if (!strcmp(key->name, "strategy"))
        return strategy_schema(m, key->doc);
    if (!strcmp(key->name, "objective"))
        return objective_schema(m, key->doc);
    if (!strcmp(key->name, "pruner"))
        return pruner_schema(m, key->doc);
    return where_schema(key->doc);
}

cJSON *schema_sweep(struct schema_maker *m)
{
    const char *name = m->part ? "sweep.part" : "sweep";
    cJSON *map = schema_map(spec_key_find(&spec_section_top, "sweep")->doc, true);

    for (size_t i = 0; i < spec_section_sweep.nkeys; i++) {
        const struct spec_key *key = &spec_section_sweep.keys[i];

        schema_property(map, key->name, sweep_key_schema(m, key), key->required && !m->part);
    }
    cJSON_AddItemToObject(m->definitions, name, map);
    if (m->part) {
        define_values(m);
        define_over(m);
    }
    return schema_ref("%s", name);
}
