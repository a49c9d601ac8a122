/* tree_load.c - spec files: reading them, following `extends`, merging one file over
 * another. YAML itself is tree_read.c's. Called through tree.h by whoever loads a spec.
 */
#include "yaml/tree_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* The files that are being read, the one that was extended last first. */
struct chain {
    const char *shown;    /* as the user wrote it */
    const char *identity; /* the same for all names of a file */
    const struct chain *up;
};

/* ---- places where a plugin is chosen ------------------------------------------------ */

/* Paths where a name stands, alone or as the only key of a map with its settings:
 * `#` is a place in a list, `*` any key. A map there is a choice, so it cannot be merged
 * with, or grow by, the settings of another one. */
static const char *const choices[] = {
    "loss",
    "optimizer",
    "schedule",
    "schedule.#",
    "metrics",
    "metrics.#",
    "data.source",
    "data.test",
    "data.validation",
    "data.transforms",
    "data.transforms.#",
    "model.#",
    "model.#.*.activation",
    "model.#.*.init",
    "model.#.*.init.*",
    "sweep.strategy",
    "sweep.pruner",
    "record.gradients",
    "probes",
    "probes.#",
};

static bool matches(const char *pattern, const char *const *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strcspn(pattern, "."), step = strlen(steps[i]);

        if (len == 1 && *pattern == '#') {
            if (tree_index(steps[i], step) == SIZE_MAX)
                return false;
        } else if (!(len == 1 && *pattern == '*') && (len != step || strncmp(pattern, steps[i], len) != 0)) {
            return false;
        }
        pattern += len;
        if (*pattern == '.')
            pattern++;
        else
            return i + 1 == n;
    }
    return false;
}

/* Where the entry that the path leads into stands among STEPS: model.0.repeat.model.2 and model.0.residual.2
 * are as model.2, whose steps begin with any word. */
static size_t innermost_entry(const char *const *steps, size_t n)
{
    size_t at = 0;

    while (n > at + 3 && tree_index(steps[at + 1], strlen(steps[at + 1])) != SIZE_MAX) {
        const size_t next = !strcmp(steps[at + 2], "residual")                                    ? at + 2
                            : !strcmp(steps[at + 2], "repeat") && !strcmp(steps[at + 3], "model") ? at + 3
                                                                                                  : at;

        if (next == at || next + 1 >= n)
            break;
        at = next;
    }
    return at;
}

bool tree_is_choice(const char *const *steps, size_t n)
{
    const char *entry[TREE_DEPTH];
    const size_t at = n && !strcmp(steps[0], "model") ? innermost_entry(steps, n) : 0;

    if (at) {
        memcpy(entry, steps + at, (n - at) * sizeof *entry);
        entry[0] = "model";
        return tree_is_choice(entry, n - at);
    }
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        if (matches(choices[i], steps, n))
            return true;
    return false;
}

/* `init: {weight: NAME, bias: NAME}` looks like a choice with settings. Parameters have
 * PyTorch's names, all of which hold one of these words. */
bool tree_is_tensor(const char *key)
{
    return strstr(key, "weight") || strstr(key, "bias");
}

/* ---- merging ---------------------------------------------------------------------- */

/* What a choice names: the word alone, or the only key. NULL when it is neither. */
static const char *chosen(const struct node *n)
{
    if (n->kind == NODE_SCALAR)
        return n->text;
    return n->kind == NODE_MAP && n->n == 1 ? n->key[0]->text : NULL;
}

static bool has_settings(const struct node *choice)
{
    return choice->kind == NODE_MAP && !tree_is_null(choice->item[0]);
}

/* OVER laid over BASE, both at the path of STEPS: maps are merged key by key, all else
 * is replaced. A choice is replaced when OVER names another plugin; when both name the
 * same one their settings are merged, and a bare name keeps the settings of the base. */
static struct node *merge(struct tree *t, struct node *base, struct node *over, const char **steps, size_t n)
{
    struct node **keys, **items, *merged;
    size_t count = 0;

    if (tree_is_choice(steps, n)) {
        const char *a = chosen(base), *b = chosen(over);

        if (a && b && strcmp(a, b) != 0)
            return over;
        if (a && b && !has_settings(over) && has_settings(base))
            return base;
    }
    if (base->kind != NODE_MAP || over->kind != NODE_MAP || n == TREE_DEPTH)
        return over;
    keys = mem_array(base->n + over->n, sizeof(struct node *));
    items = mem_array(base->n + over->n, sizeof(struct node *));
    for (size_t i = 0; i < base->n; i++) {
        struct node *own = tree_get(over, base->key[i]->text);

        steps[n] = base->key[i]->text;
        keys[count] = own ? tree_key(over, base->key[i]->text) : base->key[i];
        items[count++] = own ? merge(t, base->item[i], own, steps, n + 1) : base->item[i];
    }
    for (size_t i = 0; i < over->n; i++)
        if (!tree_get(base, over->key[i]->text)) {
            keys[count] = over->key[i];
            items[count++] = over->item[i];
        }
    merged = tree_collection(t, NODE_MAP, &over->place, count, keys, items);
    free(keys);
    free(items);
    return merged;
}

/* ---- extends ---------------------------------------------------------------------- */

static struct node *load_file(struct tree *t, const char *path, const struct place *at,
                              const struct chain *up, bool follow, struct diag *d);

static struct node *without_key(struct tree *t, const struct node *map, const char *key)
{
    struct node *copy = tree_collection(t, NODE_MAP, &map->place, map->n, map->key, map->item);
    size_t kept = 0;

    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->key[i]->text, key) != 0) {
            copy->key[kept] = map->key[i];
            copy->item[kept++] = map->item[i];
        }
    copy->n = kept;
    return copy;
}

static void report_cycle(const struct node *value, const struct chain *chain, const struct chain *first,
                         struct diag *d)
{
    struct strbuf names = {0};
    const char *shown[TREE_DEPTH];
    size_t n = 0;

    for (const struct chain *c = chain; n < TREE_DEPTH; c = c->up) {
        shown[n++] = c->shown;
        if (c == first)
            break;
    }
    for (size_t i = n; i-- > 0;)
        strbuf_addf(&names, "%s -> ", shown[i]);
    diag_error(d, &value->place, "extends leads back to itself: %s%s", names.text, first->shown);
    strbuf_release(&names);
}

/* ROOT, the document of the first file of CHAIN, laid over the file that it extends. */
static struct node *follow_extends(struct tree *t, struct node *root, const struct chain *chain,
                                   struct diag *d)
{
    struct node *value = tree_get(root, "extends"), *base;
    const char *steps[TREE_DEPTH];
    char *path;

    if (!value)
        return root;
    root = without_key(t, root, "extends");
    if (value->kind != NODE_SCALAR || tree_is_null(value)) {
        diag_error(d, &value->place, "extends takes the path of one file, not %s", tree_describe(t, value));
        return root;
    }
    path = path_join(value->place.source->folder, value->text);
    base = load_file(t, path, &value->place, chain, true, d);
    free(path);
    if (!base)
        return root;
    if (base->kind != NODE_MAP) {
        diag_error(d, &value->place, "extends: '%s' holds %s, not a map", value->text,
                   tree_describe(t, base));
        return root;
    }
    return merge(t, base, root, steps, 0);
}

/* What comes back may have errors in D: they are counted by the public functions. */
static struct node *load_text(struct tree *t, const char *path, const char *folder, const char *text,
                              size_t len, const struct chain *chain, bool follow, struct diag *d)
{
    struct source *source = tree_source(t, path, folder, text, len);
    struct node *root = tree_read(t, source, source->text, source->len, d);

    if (root && follow && root->kind == NODE_MAP)
        root = follow_extends(t, root, chain, d);
    return root;
}

/* AT is the value of the `extends` that names the file, NULL for the first one. */
static struct node *load_file(struct tree *t, const char *path, const struct place *at,
                              const struct chain *up, bool follow, struct diag *d)
{
    char *identity = path_real(path), *folder = NULL, *text = NULL;
    struct chain here = {path, identity, up};
    struct node *root = NULL;
    struct error err;
    size_t len, depth = 0;

    for (const struct chain *c = up; c; c = c->up) {
        if (identity && c->identity && strcmp(c->identity, identity) == 0) {
            struct node value = {.place = *at};

            report_cycle(&value, up, c, d);
            goto out;
        }
        depth++;
    }
    if (depth >= TREE_DEPTH) {
        diag_error(d, at, "extends is nested too deep: more than %d files", TREE_DEPTH);
        goto out;
    }
    if (file_read(path, &text, &len, &err) != OK) {
        diag_error(d, at, "%s%s", at ? "extends: " : "", err.text);
        goto out;
    }
    folder = path_folder(path);
    root = load_text(t, path, folder, text, len, &here, follow, d);
out:
    free(identity);
    free(folder);
    free(text);
    return root;
}

struct node *tree_parse_file(struct tree *t, const char *path, bool follow, struct diag *d)
{
    size_t before = diag_errors(d);
    struct node *root = load_file(t, path, NULL, NULL, follow, d);

    return diag_errors(d) == before ? root : NULL;
}

struct node *tree_parse_text(struct tree *t, const char *path, const char *folder, const char *text,
                             size_t len, bool follow, struct diag *d)
{
    size_t before = diag_errors(d);
    char *full = path_join(folder, path_base(path)), *identity = path_real(full);
    struct chain here = {path, identity, NULL};
    struct node *root = load_text(t, path, folder, text, len, &here, follow, d);

    free(full);
    free(identity);
    return diag_errors(d) == before ? root : NULL;
}
