/* tree_parts.h - what the files of the tree share: tree.c (nodes), tree_read.c (YAML to
 * nodes), tree_syntax.c (its errors), tree_load.c (files, extends), tree_set.c (overrides),
 * tree_write.c. Nobody else includes it.
 */
#ifndef YAML_TREE_PARTS_H
#define YAML_TREE_PARTS_H

#include "yaml/diag.h"
#include "yaml/tree.h"

#define TREE_DEPTH      64     /* collections within collections, aliases followed */
#define TREE_KEYS       4096   /* of one map: duplicates are looked for one by one */
#define TREE_KEY_LENGTH 200    /* characters; YAML itself stops at 1024 with escapes */
#define TREE_ANCHORS    1000   /* of one document */
#define TREE_VISITS     100000 /* nodes that the aliases of one document stand for */

/* The path of every source that is an override; compared by address. */
extern const char tree_command_line[];

/* All of them copied into T; a byte order mark at the start of TEXT is left out. */
struct source *tree_source(struct tree *t, const char *path, const char *folder, const char *text,
                           size_t len);

struct node *tree_node(struct tree *t, enum node_kind kind, const struct place *place);

/* A list or map of N nodes, whose arrays are copied; a list has no KEYS. */
struct node *tree_collection(struct tree *t, enum node_kind kind, const struct place *place, size_t n,
                             struct node *const *keys, struct node *const *items);

/* The number that the LEN bytes at STEP of a path spell, SIZE_MAX when they are none. */
size_t tree_index(const char *step, size_t len);

/* The name of an entry of LIST that is nearest to NAME; NULL: none is near. */
const char *tree_near_name(const struct node *list, const char *name);

/* A node as it is named in messages: its text, "a list" or "a map". In T's arena. */
const char *tree_describe(struct tree *t, const struct node *n);

/* The one document of YAML text (LEN bytes; SOURCE's text, or one of the same lines and
 * columns). Errors go to D, and what could be read comes back; NULL when there is
 * nothing to go on with. */
struct node *tree_read(struct tree *t, const struct source *source, const char *yaml, size_t len,
                       struct diag *d);

/* libyaml, which allocates by itself, has run out of it. */
void tree_memory_is_out(struct diag *d);

struct yaml_parser_s;

/* YAML has only characters that libyaml takes; *CHARACTERS is how many, as it counts. */
status tree_check_characters(const struct source *source, const char *yaml, size_t len, size_t *characters,
                             struct diag *d);

/* The error that made the parser stop, which had CHARACTERS to read. */
void tree_report_syntax(const struct yaml_parser_s *p, const struct source *source, size_t characters,
                        struct diag *d);

/* The path of STEPS leads to a place where the name of a plugin (or another word with
 * settings of its own) stands, alone or as the only key of a map. */
bool tree_is_choice(const char *const *steps, size_t n);

/* KEY, within `init:`, is the name of a tensor and not of an initialiser. */
bool tree_is_tensor(const char *key);

#endif
