/* tree.c - the tree itself: its memory, its nodes, finding things in it. Reading YAML
 * is tree_read.c's, files and `extends` tree_load.c's, overrides tree_set.c's, writing
 * tree_write.c's. See tree.h.
 */
#include "yaml/tree_parts.h"

#include <stdlib.h>
#include <string.h>

const char tree_command_line[] = "command line";

struct tree {
    struct arena *arena;
};

struct tree *tree_new(void)
{
    struct tree *t = mem_alloc(sizeof *t);

    t->arena = arena_new();
    return t;
}

struct tree *tree_new_in(struct arena *arena)
{
    struct tree *t = arena_alloc(arena, sizeof *t);

    t->arena = arena;
    return t;
}

void tree_free(struct tree *t)
{
    if (!t)
        return;
    arena_free(t->arena);
    free(t);
}

struct arena *tree_arena(struct tree *t)
{
    return t->arena;
}

/* ---- making ------------------------------------------------------------------- */

struct source *tree_source(struct tree *t, const char *path, const char *folder, const char *text, size_t len)
{
    struct source *s = arena_alloc(t->arena, sizeof *s);

    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    s->path = path == tree_command_line ? path : arena_string(t->arena, path, strlen(path));
    s->folder = arena_string(t->arena, folder, strlen(folder));
    s->text = arena_string(t->arena, text, len);
    s->len = len;
    return s;
}

struct node *tree_node(struct tree *t, enum node_kind kind, const struct place *place)
{
    struct node *n = arena_alloc(t->arena, sizeof *n);

    n->kind = kind;
    n->place = *place;
    return n;
}

struct node *tree_scalar(struct tree *t, const struct place *at, const char *text)
{
    struct node *n = tree_node(t, NODE_SCALAR, at);

    n->text = arena_string(t->arena, text, strlen(text));
    n->plain = true;
    return n;
}

static struct node **copy_array(struct tree *t, struct node *const *from, size_t n)
{
    struct node **to = arena_alloc(t->arena, n * sizeof(struct node *));

    if (n)
        memcpy(to, from, n * sizeof(struct node *));
    return to;
}

struct node *tree_collection(struct tree *t, enum node_kind kind, const struct place *place, size_t n,
                             struct node *const *keys, struct node *const *items)
{
    struct node *c = tree_node(t, kind, place);

    c->n = n;
    c->item = copy_array(t, items, n);
    if (kind == NODE_MAP)
        c->key = copy_array(t, keys, n);
    return c;
}

/* ---- finding ------------------------------------------------------------------ */

/* Most keys differ in their first letter, and this is where the reading of a spec spends its time. */
static bool is_called(const char *text, const char *key, size_t len)
{
    return *text == (len ? *key : 0) && strncmp(text, key, len) == 0 && text[len] == 0;
}

static size_t find(const struct node *map, const char *key, size_t len)
{
    size_t i = 0;

    while (i < map->n && !is_called(map->key[i]->text, key, len))
        i++;
    return i;
}

static struct node *lookup(struct node **of, const struct node *map, const char *key)
{
    size_t i;

    if (!map || map->kind != NODE_MAP)
        return NULL;
    i = find(map, key, strlen(key));
    return i < map->n ? of[i] : NULL;
}

struct node *tree_get(const struct node *map, const char *key)
{
    return lookup(map ? map->item : NULL, map, key);
}

struct node *tree_key(const struct node *map, const char *key)
{
    return lookup(map ? map->key : NULL, map, key);
}

struct node *tree_at(const struct node *root, const char *path)
{
    struct node *found = NULL;

    for (const struct node *here = root; here; here = found) {
        size_t len = strcspn(path, ".");
        size_t i = here->kind == NODE_MAP    ? find(here, path, len)
                   : here->kind == NODE_LIST ? tree_index(path, len)
                                             : SIZE_MAX;

        if (i >= here->n)
            return NULL;
        found = here->item[i];
        if (path[len] == 0)
            return found;
        path += len + 1;
    }
    return NULL;
}

size_t tree_index(const char *step, size_t len)
{
    size_t i = 0;

    if (len == 0 || len > 9 || strspn(step, "0123456789") < len)
        return SIZE_MAX;
    while (len--)
        i = i * 10 + (size_t)(*step++ - '0');
    return i;
}

bool tree_is_null(const struct node *n)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};

    if (n->kind != NODE_SCALAR || !n->plain)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(n->text, words[i]) == 0)
            return true;
    return false;
}

const char *tree_describe(struct tree *t, const struct node *n)
{
    if (n->kind == NODE_LIST)
        return "a list";
    if (n->kind == NODE_MAP)
        return "a map";
    return arena_format(t->arena, "'%s'", n->text);
}
