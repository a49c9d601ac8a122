/* tree_paths.c - paths that say which places they mean by a `*` or by the name of an entry, to the plain ones
 * that tree_set() takes. See tree_expand() in tree.h.
 *
 * What an entry is called when nobody has named it is known here as the spec's reader has it: the plugin and
 * its number. Which keys exist is not known.
 */
#include "yaml/tree_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct expansion {
    struct tree *tree;
    size_t n, room;
    const char **path;
};

static void add(struct expansion *e, const char *path)
{
    if (e->n == e->room) {
        e->room = 2 * e->room + 8;
        e->path = mem_grow(e->path, e->room, sizeof *e->path);
    }
    e->path[e->n++] = path;
}

/* PATH and a step of LEN bytes. */
static const char *below(struct expansion *e, const char *path, const char *step, size_t len)
{
    return arena_format(tree_arena(e->tree), "%s%s%.*s", path, *path ? "." : "", (int)len, step);
}

static bool is_star(const char *step, size_t len)
{
    return len == 1 && *step == '*';
}

bool tree_path_has_star(const char *path)
{
    for (; path; path = strchr(path, '.') ? strchr(path, '.') + 1 : NULL)
        if (is_star(path, strcspn(path, ".")))
            return true;
    return false;
}

/* ---- names of entries ------------------------------------------------------------------- */

static const char *plugin_of(const struct node *entry)
{
    return entry->kind == NODE_SCALAR                 ? entry->text
           : entry->kind == NODE_MAP && entry->n == 1 ? entry->key[0]->text
                                                      : "";
}

static const struct node *settings_of(const struct node *entry)
{
    return entry->kind == NODE_MAP && entry->n == 1 ? entry->item[0] : NULL;
}

/* The entries inside of ENTRY, which is a `repeat` or a `residual`, and the path to them; NULL: it is none.
 */
static const struct node *inner_entries(const struct node *entry, const char **path)
{
    const bool repeat = !strcmp(plugin_of(entry), "repeat"), residual = !strcmp(plugin_of(entry), "residual");
    const struct node *inner = settings_of(entry);

    *path = repeat ? "repeat.model" : "residual";
    inner = repeat ? tree_get(inner, "model") : residual ? inner : NULL;
    return inner && inner->kind == NODE_LIST ? inner : NULL;
}

/* What is looked for while default names are counted: PLUGIN's entry NUMBER. */
struct count {
    const char *plugin;
    size_t len, number, seen;
};

static bool is_counted(struct count *c, const char *plugin)
{
    return strlen(plugin) == c->len && !strncmp(plugin, c->plugin, c->len) && ++c->seen == c->number;
}

/* The entry of LIST that is called NAME by default, `dense2` or as its activation `relu1`; none where entries
 * are repeated, whose numbers go on. */
static const char *default_path(struct expansion *e, const struct node *list, const char *name, size_t len)
{
    struct count c = {.plugin = name, .len = len};
    const char *inner;

    while (c.len && strchr("0123456789", name[c.len - 1]))
        c.len--;
    c.number = tree_index(name + c.len, len - c.len);
    for (size_t i = 0; c.len && c.number != SIZE_MAX && i < list->n; i++) {
        const struct node *entry = list->item[i], *activation = tree_get(settings_of(entry), "activation");

        if (inner_entries(entry, &inner))
            return NULL;
        if (is_counted(&c, plugin_of(entry)))
            return tree_get(settings_of(entry), "name")
                       ? NULL
                       : arena_format(tree_arena(e->tree), "%zu.%s", i, plugin_of(entry));
        if (activation && !tree_is_null(activation) && is_counted(&c, plugin_of(activation)))
            return arena_format(tree_arena(e->tree), "%zu.%s.activation.%s", i, plugin_of(entry),
                                plugin_of(activation));
    }
    return NULL;
}

/* The path, from LIST on, of the entry that was given the name; NULL: none. */
static const char *given_path(struct expansion *e, const struct node *list, const char *name, size_t len)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct node *entry = list->item[i], *given = tree_get(settings_of(entry), "name"), *inner;
        const char *path, *found;

        if (given && given->kind == NODE_SCALAR && strlen(given->text) == len &&
            !strncmp(given->text, name, len))
            return arena_format(tree_arena(e->tree), "%zu.%s", i, plugin_of(entry));
        if ((inner = inner_entries(entry, &path)) && (found = given_path(e, inner, name, len)))
            return arena_format(tree_arena(e->tree), "%zu.%s.%s", i, path, found);
    }
    return NULL;
}

static const char *probe_path(struct expansion *e, const struct node *list, const char *name, size_t len)
{
    for (size_t i = 0; i < list->n; i++)
        if (strlen(plugin_of(list->item[i])) == len && !strncmp(plugin_of(list->item[i]), name, len) &&
            !tree_get(settings_of(list->item[i]), "name"))
            return arena_format(tree_arena(e->tree), "%zu.%s", i, plugin_of(list->item[i]));
    return NULL;
}

/* The path of the entry called NAME in LIST, which stands at PATH. */
static const char *named_path(struct expansion *e, const char *path, const struct node *list,
                              const char *name, size_t len)
{
    const bool model = !strcmp(path, "model"), probes = !strcmp(path, "probes");
    const char *found = model || probes ? given_path(e, list, name, len) : NULL;

    if (!found && model)
        found = default_path(e, list, name, len);
    return found || !probes ? found : probe_path(e, list, name, len);
}

/* ---- all places ----------------------------------------------------------------------------- */

/* HERE stands at PATH, REST is still to go (NULL: nothing). STRICT: behind a `*`, where only what is written
 * is meant. */
static void expand(struct expansion *e, const struct node *here, const char *path, const char *rest,
                   bool strict);

static void expand_star(struct expansion *e, const struct node *here, const char *path, const char *after)
{
    for (size_t i = 0; *path && i < here->n; i++) {
        const char *step =
            here->kind == NODE_MAP ? here->key[i]->text : arena_format(tree_arena(e->tree), "%zu", i);

        expand(e, here->item[i], below(e, path, step, strlen(step)), after, true);
    }
}

static void expand_list(struct expansion *e, const struct node *here, const char *path, const char *rest,
                        bool strict)
{
    const size_t len = strcspn(rest, "."), i = tree_index(rest, len);
    const char *named, *after = rest[len] ? rest + len + 1 : NULL;
    const struct node *settings;

    if (i < here->n) {
        expand(e, here->item[i], below(e, path, rest, len), after, strict);
    } else if (i == SIZE_MAX && (named = named_path(e, path, here, rest, len))) {
        settings = tree_at(here, named);
        expand(e, settings, below(e, path, named, strlen(named)), after, strict);
    } else if (!strict) {
        add(e, below(e, path, rest, strlen(rest))); /* tree_set() says what is wrong with it */
    }
}

static void expand(struct expansion *e, const struct node *here, const char *path, const char *rest,
                   bool strict)
{
    size_t len;
    const struct node *item;
    const char *after, *key;

    if (!rest) {
        add(e, path);
        return;
    }
    len = strcspn(rest, ".");
    after = rest[len] ? rest + len + 1 : NULL;
    if (here && is_star(rest, len)) {
        expand_star(e, here, path, after);
        return;
    }
    if (here && here->kind == NODE_LIST) {
        expand_list(e, here, path, rest, strict);
        return;
    }
    key = arena_string(tree_arena(e->tree), rest, len);
    item = here ? tree_get(here, key) : NULL;
    if (item || (strict && !after && here && here->kind == NODE_SCALAR && !strcmp(here->text, key)))
        expand(e, item, below(e, path, rest, len), after, strict);
    else if (!strict && !tree_path_has_star(rest))
        add(e, below(e, path, rest, strlen(rest)));
}

size_t tree_expand(struct tree *t, const struct node *root, const char *path, const char *const **out)
{
    struct expansion e = {.tree = t};
    const char **copy;

    if (!strncmp(path, "sweep.", 6) || strstr(path, "..") || !*path)
        add(&e, path);
    else
        expand(&e, root, "", path, false);
    copy = arena_alloc(tree_arena(t), (e.n + 1) * sizeof *copy);
    if (e.n)
        memcpy(copy, e.path, e.n * sizeof *copy);
    free(e.path);
    *out = copy;
    return e.n;
}

status tree_meets_nothing(const char *path, const struct place *at, struct diag *d)
{
    return diag_error(d, at, "'%s' meets nothing: no entry has the rest of the path behind the '*' written",
                      path);
}

/* ---- what was meant ------------------------------------------------------------------------------ */

struct given {
    size_t n;
    const char *name[256];
};

static void collect(struct given *g, const struct node *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct node *name = tree_get(settings_of(list->item[i]), "name"), *inner;
        const char *path;

        if (name && name->kind == NODE_SCALAR && g->n < sizeof g->name / sizeof *g->name)
            g->name[g->n++] = name->text;
        if ((inner = inner_entries(list->item[i], &path)))
            collect(g, inner);
    }
}

const char *tree_near_name(const struct node *list, const char *name)
{
    struct given g = {.n = 0};

    collect(&g, list);
    return text_nearest(name, g.name, g.n);
}
