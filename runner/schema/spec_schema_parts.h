/* spec_schema_parts.h - between the files that make the JSON Schema. Private to them.
 */
#ifndef SPEC_SCHEMA_PARTS_H
#define SPEC_SCHEMA_PARTS_H

#include <cjson/cJSON.h>

#include "spec/spec_keys.h"

/* The schema is written twice: of a whole spec, and of one that is only a part, because it
 * extends another file or a sweep sets the rest. A part need not have what is required.
 * Definitions that are not the same in both have ".part" after their name. */
struct schema_maker {
    cJSON *definitions;
    size_t n;
    const struct item *const *items; /* all that can be found */
    bool part;
};

/* ---- small pieces -------------------------------------------------------------- */

/* {"$ref": "#/definitions/NAME"} */
cJSON *schema_ref(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* {"type": TYPE}; null, with a title. Of the alternatives of an anyOf at most one goes without a
 * title, for the others yaml-language-server would mix up when it shows what a word means. */
cJSON *schema_type(const char *type);
cJSON *schema_null(void);

/* {"description": DOC, "anyOf": [A, B, C]}; DOC may be NULL, as may B and C. */
cJSON *schema_any(const char *doc, cJSON *a, cJSON *b, cJSON *c);

/* The same with DOC as its title. An editor shows the first description that it meets, which is
 * then the plugin's own. */
cJSON *schema_any_plugin(const char *doc, cJSON *a, cJSON *b, cJSON *c);

/* One of WORDS, which ends with NULL. */
cJSON *schema_words(const char *const *words);

/* A list of ITEMS with at least LEAST of them. */
cJSON *schema_list(cJSON *items, int least);

/* {"description", "type": "object", "properties": {}, "additionalProperties": false}; with OPTIONAL
 * null is a value too. Add with schema_property(). */
cJSON *schema_map(const char *doc, bool optional);
void schema_property(cJSON *map, const char *key, cJSON *value, bool required);

/* O, a map or a list, may be the `$name` of a var as well. */
cJSON *schema_or_var(cJSON *o);

/* The keys of a section's params, appended to MAP. */
void schema_params(const struct schema_maker *m, cJSON *map, size_t n, const fell_param *params);

/* ---- plugins (spec_schema_plugins.c) ---------------------------------------------- */

/* Definitions of every plugin of every role, and of the choice among them. */
void schema_define_plugins(struct schema_maker *m);

/* A plugin of ROLE: by its name, or with settings. */
cJSON *schema_choice(const struct schema_maker *m, enum role role);

/* Whether something of ITEM must be written. */
bool schema_needs(const struct item *item);

/* ---- sweeps (spec_schema_sweep.c) --------------------------------------------------- */

/* `sweep:` of a spec. Called after all else is defined. */
cJSON *schema_sweep(struct schema_maker *m);

#endif
