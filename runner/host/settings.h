/* settings.h - from a YAML map to a plugin's settings struct, by its table.
 *
 * With settings_json.c the only place that knows how a fell_param reads, checks
 * and prints. Strings and lists in a struct belong to ARENA.
 */
#ifndef HOST_SETTINGS_H
#define HOST_SETTINGS_H

#include <cjson/cJSON.h>

#include "base/mem.h"
#include "host/registry.h"
#include "yaml/diag.h"
#include "yaml/tree.h"

/* A flag of a fell_param, above all flags of plugins: a map in the value's place is somebody else's to read.
 */
enum { SETTINGS_OR_MAP = 1 << 28 };

/* Words that stand for whole numbers of the data, in model entries: units: classes. Until the data is known,
 * an int64_t setting holds settings_word_value(K) for settings_words[K]; the engine puts the number in its
 * place (net_words.c). */
enum settings_word { WORD_CLASSES, WORD_FEATURES, WORD_VOCABULARY, WORDS };
extern const char *const settings_words[WORDS];
static inline int64_t settings_word_value(int word)
{
    return INT64_MIN + 1 + word;
}
/* Which word V stands for; -1: it is a number. */
static inline int settings_word_of(int64_t v)
{
    return v > INT64_MIN && v <= INT64_MIN + WORDS ? (int)(v - INT64_MIN - 1) : -1;
}

/* A new settings struct (in ARENA) with every default, then what MAP says (NULL
 * or empty: nothing). Keys in SKIP (NULL-terminated; the host's own: name, from)
 * are passed over. Unknown keys (with a suggestion), wrong types, values out of
 * range, missing required settings are errors in D at their places:
 *     dropout.rate: 1.5 is not in [0, 1)
 *     adam.lr: 'fast' is not a number
 *     'sgd' has no setting 'momentun'; did you mean 'momentum'?
 * AT is where the plugin is named, for what is missing. NULL on error; items
 * without settings get a pointer to an empty struct. */
void *settings_parse(struct arena *arena, const struct item *item, const struct node *map,
                     const char *const *skip, const struct place *at, struct diag *d);

/* The same of a model entry, where a whole number may be one of settings_words. */
void *settings_parse_entry(struct arena *arena, const struct item *item, const struct node *map,
                           const char *const *skip, const struct place *at, struct diag *d);

/* The two halves of settings_parse(), for tables that are not a plugin's (the sections of
 * a spec): ITEM needs a name ("train"; "" is the spec itself), nparams and params.
 * settings_fill() writes into the caller's STRUCT and leaves unknown keys alone;
 * settings_check_keys() refuses the keys that are neither in the table nor in SKIP. */
status settings_fill(struct arena *arena, const struct item *item, void *settings, const struct node *map,
                     const struct place *at, struct diag *d);
status settings_check_keys(const struct item *item, const struct node *map, const char *const *skip,
                           struct diag *d);

/* ABSOLUTE as settings_parse() and settings_fill() leave a path. */
const char *settings_path(struct arena *arena, const char *absolute);

/* What a path that settings_parse() or settings_fill() has read was before `a/..` was taken out of it, which
 * versions before 0.2 did not do: their experiments are known by it. */
const char *settings_path_unfolded(const char *path);

/* Every setting with its value, appended to OBJECT. Numbers that are not finite
 * as strings ("inf"); paths as they are (absolute). */
void settings_to_json(const struct item *item, const void *settings, cJSON *object);

/* Numbers that read back as the same bits, which cJSON's own printing does not promise. */
cJSON *settings_json_int(int64_t v);
cJSON *settings_json_number(double v);

/* The place of setting NAME in MAP, or AT where it is not written. */
const struct place *settings_place(const struct node *map, const char *name, const struct place *at);

/* Whether one number may be written for P. One that is not finite is meant only where the default is
 * such a number. A default may lie outside, where "not set" is something else than every value. */
bool settings_in_range(const fell_param *p, double v);

/* A table's line in words: "a number", "a list of texts"; "[0, 1)", an end at infinity
 * written as open; the default as in YAML, appended to B (nothing where there is none). */
const char *settings_type_word(const fell_param *p);
void settings_range_text(const fell_param *p, char out[80]);
void settings_default_text(const fell_param *p, struct strbuf *b);

/* Whether a number, truth or name in SETTINGS is what it is by default; of other types never. */
bool settings_is_default(const fell_param *p, const void *settings);

/* Whether null says "not set" here: where that is what the default is. */
bool settings_null_is_unset(const fell_param *p);

/* What may be written for P, as JSON Schema (draft 7): types, range, choices, default, and a
 * description for people (settings_schema.c). */
cJSON *settings_schema(const fell_param *p);

/* The `$name` of a var, as a regular expression. */
#define SETTINGS_VAR "^\\$[A-Za-z_][A-Za-z0-9_]*$"

/* The definitions that it refers to, "#/definitions/text.number" and so on, appended to the object
 * DEFINITIONS. */
void settings_schema_define(cJSON *definitions);

/* Value of a numeric setting by name (FLOAT, INT, BOOL, ENUM); false if there is none. */
bool settings_number(const struct item *item, const void *settings, const char *name, double *out);

#endif
