/* spec_read.h - the parts that spec_parse() is made of. Private to runner/spec.
 */
#ifndef SPEC_READ_H
#define SPEC_READ_H

#include "spec/spec_keys.h"

/* What all parts share while one spec is read. RESULT collects failures: a problem that
 * is already in the diag is not counted there again, yet fails this spec too. */
struct spec_reader {
    struct registry *registry;
    struct arena *arena;
    struct diag *diag;
    struct spec *spec;
    status result;
    const struct node *root; /* of a sweep: the whole spec as written; else NULL */
};

/* The value of KEY; NULL too where it is null, which means that it is not wanted. */
const struct node *spec_get(const struct node *map, const char *key);

/* A node as messages call what stands there: 'relu', "null", "a list", "an empty map", "a map". */
const char *spec_describe(struct spec_reader *r, const struct node *node);

/* NODE is a map. Errors, in R's diag: WHO is one, and not what NODE is. */
status spec_want_map(struct spec_reader *r, const struct node *node, const char *who);

/* Everything that the table of SECTION says, down through its sections; KEY_FORM is left
 * to the caller. AT is where missing keys are reported. */
void spec_read_section(struct spec_reader *r, const struct spec_section *section, const struct node *map,
                       const struct place *at);

/* A plugin's name, its place and its settings (NULL without any) from NAME or {NAME: SETTINGS}. */
struct spec_named {
    const char *name;
    struct place at;
    const struct node *settings;
};
status spec_read_named(struct spec_reader *r, enum role role, const struct node *node,
                       struct spec_named *out);

/* The plugin and its settings; keys in SKIP are the host's. On failure out->item says whether at
 * least the plugin is known. */
void spec_resolve(struct spec_reader *r, enum role role, const struct spec_named *named,
                  const char *const *skip, struct choice *out);

/* Both in one. */
void spec_read_choice(struct spec_reader *r, enum role role, const struct node *node, struct choice *out);

/* `model:`, expanded (spec_model.c). NODE is not NULL. */
void spec_read_model(struct spec_reader *r, const struct node *node);

/* `init:` of an entry (spec_init.c). */
void spec_read_init(struct spec_reader *r, const struct node *node, struct spec_entry *entry);

/* What can be checked only when all parts are known: names of recorded values, metrics and
 * outputs against the loss (spec_check.c). ROOT is the whole spec. */
void spec_check(struct spec_reader *r, const struct node *root);

/* VALUE names something that R's spec records, SPLIT.NAME. WHO: the setting that names it, for the
 * message at AT. */
void spec_check_recorded(struct spec_reader *r, const char *value, const char *who, const struct place *at);

/* A warning at AT if VALUE, a loss or metric that S records, is better the other way than WHO ("maximize",
 * "mode: min") has it. */
void spec_warn_direction(const struct spec *s, const char *value, bool maximize, const char *who,
                         const struct place *at, struct diag *d);

/* `probes:` (spec_probes.c). */
void spec_read_probes(struct spec_reader *r, const struct node *node);

/* What a name may have beside the signs that its message ends with: for strspn(), and for a person. */
#define SPEC_NAME_LETTERS     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define SPEC_OTHER_CHARACTERS "has other characters than letters, digits, "

#endif
