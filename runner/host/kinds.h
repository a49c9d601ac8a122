/* kinds.h - the kinds of plugins: the one table that every other place is made from. Which plugins
 * there are is the registry's.
 *
 * A new kind is a row of KINDS, a row of ROLES, its texts in kinds.c, and what CONTRIBUTING.md names
 * beside them: its struct in fell/plugin.h, what it must have (registry_items.c), how it is tried
 * (check/), a file to start from (cli/templates/).
 */
#ifndef HOST_KINDS_H
#define HOST_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fell/plugin.h"
#include "fell/probe.h"

/* The kinds of the contract: X(KIND, kind, field). FELL_KIND_KIND is the number, fell_kind the struct,
 * "kind" the word in the results, and FIELD the last one of the first struct of that kind. */
#define KINDS(X)                                                                                             \
    X(LAYER, layer, fit)                                                                                     \
    X(ACTIVATION, activation, backward)                                                                      \
    X(LOSS, loss, pairs)                                                                                     \
    X(OPTIMIZER, optimizer, reach)                                                                           \
    X(INITIALISER, initialiser, fill)                                                                        \
    X(SCHEDULE, schedule, rate)                                                                              \
    X(METRIC, metric, values)                                                                                \
    X(DATASET, dataset, close)                                                                               \
    X(PROBE, probe, sizeof_state)

/* What a plugin can be in a spec, in the order in which they are shown: X(ROLE, KIND, word). The word is
 * its folder, KIND of `fell plugin`, and the file to start from. Layers without backward are transforms;
 * layers and activations share one name space, that of the model's entries. */
#define ROLES(X)                                                                                             \
    X(MODEL_ENTRY, LAYER, layer)                                                                             \
    X(ACTIVATION, ACTIVATION, activation)                                                                    \
    X(LOSS, LOSS, loss)                                                                                      \
    X(OPTIMIZER, OPTIMIZER, optimizer)                                                                       \
    X(SCHEDULE, SCHEDULE, schedule)                                                                          \
    X(INITIALISER, INITIALISER, initialiser)                                                                 \
    X(METRIC, METRIC, metric)                                                                                \
    X(DATASET, DATASET, dataset)                                                                             \
    X(TRANSFORM, LAYER, transform)                                                                           \
    X(PROBE, PROBE, probe)

#define ROLE_NUMBER(ROLE, KIND, word) ROLE_##ROLE,
enum role { ROLES(ROLE_NUMBER) ROLE_COUNT };
#undef ROLE_NUMBER

enum { ROLE_FOLDERS = 2 };

struct role_texts {
    const char *asked;                 /* in messages: "loss", "layer or activation" */
    const char *schema;                /* its definitions in the JSON Schema: "loss", "entry" */
    const char *folders[ROLE_FOLDERS]; /* where a file of its name is looked for; NULL: no second one */
    const char *title, *page, *about;  /* of the reference: its heading, file, first paragraph */
};

/* "layer", "transform", "activation", "loss", ... */
const char *role_word(enum role role);
const struct role_texts *role_texts(enum role role);

/* The role of a word; ROLE_COUNT: none. */
enum role role_of_word(const char *word);

/* The kind that a role's plugins are of. */
enum fell_kind role_kind(enum role role);

/* "layer", "loss", ...; NULL for a kind that this program does not know. */
const char *kind_word(uint32_t kind);

/* Bytes of a kind's struct here, and in the first version that had the kind; 0 for an unknown kind. */
size_t kind_size(uint32_t kind);
size_t kind_first_size(uint32_t kind);

/* A plugin's or setting's name: [a-z][a-z0-9_]*, at most 63 bytes. */
bool plugin_name_ok(const char *name);

/* A tensor's: the same, or several with a '.' between them, as PyTorch's out_proj.weight. */
bool tensor_name_ok(const char *name);

/* Does the host use it for itself, as a plugin's name, or as a key beside the settings of that kind? */
bool plugin_name_taken(const char *name);
bool setting_name_taken(const char *name, enum fell_kind kind);

#endif
