/* tree.h - a YAML document as a tree with positions.
 *
 * Built from libyaml's events, so that the place of everything is known, aliases
 * included. Scalars stay text: the settings they end up in say what type they
 * have. Trees are immutable once parsed; tree_set() copies the path it changes,
 * so thousands of trials share all that they have in common. Everything lives
 * in one arena, freed with tree_free().
 */
#ifndef YAML_TREE_H
#define YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/mem.h"

struct diag;

/* A text that nodes point into: a file, or one override of the command line. */
struct source {
    const char *path;   /* as the user wrote it; "command line" for overrides */
    const char *folder; /* against which the file names in it are resolved */
    const char *text;
    size_t len;
};

/* Lines and columns from 1; the end is behind the last character. */
struct place {
    const struct source *source;
    int line, column, end_line, end_column;
};

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    struct place place; /* of an alias: where the alias stands */
    const char *text;   /* scalars */
    bool plain;         /* scalars: written without quotes */
    size_t n;           /* lists, maps: number of items */
    struct node **item; /* lists: the items. maps: the values */
    struct node **key;  /* maps: the keys (scalars) */
};

struct tree; /* owns nodes, sources and their texts */

struct tree *tree_new(void);
struct tree *tree_new_in(struct arena *arena); /* ends with ARENA, which is the caller's */
void tree_free(struct tree *t);
struct arena *tree_arena(struct tree *t);

/* The document of a file (or of TEXT, named PATH, with file names in it taken
 * relative to FOLDER), with `extends` followed (when FOLLOW), anchors, aliases
 * and merge keys resolved. Errors, in plain words: unreadable file, bad UTF-8,
 * YAML syntax, duplicate key, nesting deeper than 64, cyclic alias, alias bomb,
 * several documents, empty document, `extends` cycle. NULL when there were any;
 * all that can be found in one pass are in D. */
struct node *tree_parse_file(struct tree *t, const char *path, bool follow, struct diag *d);
struct node *tree_parse_text(struct tree *t, const char *path, const char *folder, const char *text,
                             size_t len, bool follow, struct diag *d);

/* As above of one line of JSON that this program wrote, such as a resolved spec, in a tenth of the time; of
 * any other TEXT the same as above. */
struct node *tree_parse_json(struct tree *t, const char *path, const char *folder, const char *text,
                             struct diag *d);

/* A CSV file as a list of maps: the first line has their keys, each other line is a map of the
 * fields that are not empty. Fields stay text, as all scalars; one that begins with [ or { is read
 * as YAML. Errors: as above, and no header, a duplicate column, lines of different
 * lengths, no lines below the header. */
struct node *tree_parse_csv(struct tree *t, const char *path, struct diag *d);

/* ROOT with an override of the command line, "train.epochs=3": the value is read
 * as YAML (flow). See tree_expand and tree_set for what paths mean. File names in the value are
 * relative to the folder where the command was typed. NULL on error, in D. */
struct node *tree_override(struct tree *t, struct node *root, const char *assignment, struct diag *d);

/* ROOT with VALUE at PATH (dots between keys and list indices), copied along
 * the path. Maps grow, lists do not. A chosen plugin written by its name alone
 * (`loss: mse`) turns into a map when a path goes through it (loss.mse.x); a path
 * through another plugin than the one chosen replaces the choice when it is an
 * override (AT is in one: loss.huber.delta=0.5), and is an error otherwise. Below
 * `sweep.over` the rest of the path is one key, as axes are paths themselves. AT is
 * where PATH stands: new keys have the place of their step in it. NULL with an error
 * about the path itself (`model.7` of a list of 3, a step into a scalar) in D. */
struct node *tree_set(struct tree *t, struct node *root, const char *path, struct node *value,
                      const struct place *at, struct diag *d);

/* The plain paths that PATH means in ROOT; their number. A `*` stands for every entry of a list and every key
 * of a map in which the rest of the path is written; a name in `model` or `probes` for the entry that is
 * called so, and the plugin in it: model.hidden.units is model.0.dense.units. Any other path is itself. *OUT
 * is in T's arena. 0: a `*` that meets nothing. */
size_t tree_expand(struct tree *t, const struct node *root, const char *path, const char *const **out);
/* PATH, at AT, means no path at all. */
status tree_meets_nothing(const char *path, const struct place *at, struct diag *d);
bool tree_path_has_star(const char *path);

/* PATH leads through what is not there in ROOT: another plugin than the one chosen, null, or an
 * entry that a list does not have. Its setting does not exist, for now. */
bool tree_is_elsewhere(const struct node *root, const char *path);

/* The value of KEY in a map, NULL if absent or not a map; its key node. */
struct node *tree_get(const struct node *map, const char *key);
struct node *tree_key(const struct node *map, const char *key);
struct node *tree_at(const struct node *root, const char *path); /* dotted; NULL */

/* Nothing was written, or `null` or `~` without quotes. */
bool tree_is_null(const struct node *n);

/* New nodes in T's arena, at a place. */
struct node *tree_scalar(struct tree *t, const struct place *at, const char *text);

/* The tree as YAML text that parses to the same tree (comments are gone,
 * `extends` and aliases resolved): what the database stores as `spec`. */
void tree_write(const struct node *root, struct strbuf *out);

/* N as one line of JSON, in ARENA. */
const char *tree_to_json(struct arena *arena, const struct node *n);

/* Append JSON so that YAML's rules read the same from it: characters of its strings that YAML takes for ends
 * of lines, or not at all, stand escaped. */
void tree_add_json(struct strbuf *out, const char *json);

#endif
