/* tree_set.c - setting a value at a dotted path: for overrides of the command line and
 * for the axes of a sweep. What keys and plugins exist is not known here: a wrong name
 * is set like any other and found by the spec's checks, at the place given here.
 *
 * Nodes never change: those on the path are copied, the rest is shared.
 */
#include "yaml/tree_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct walk {
    struct tree *tree;
    struct diag *diag;
    const struct place *at;
    const char *path;              /* whole */
    const char *steps[TREE_DEPTH]; /* done so far */
    size_t n;
    bool override; /* of the command line: it may choose another plugin */
    struct node *value;
};

static bool is_override(const struct place *at)
{
    return at->source && at->source->path == tree_command_line;
}

/* The place of LEN bytes at STEP of the path. The path stands at w->at, within quotes
 * perhaps; when it stands there in another way (escapes), all of it is the place. */
static struct place step_place(const struct walk *w, const char *step, size_t len)
{
    struct place p = *w->at;
    int whole = (int)text_length(w->path, strlen(w->path)), width = p.end_column - p.column;

    if (p.end_line != p.line || (width != whole && width != whole + 2))
        return p;
    p.column += (int)text_length(w->path, (size_t)(step - w->path)) + (width - whole) / 2;
    p.end_column = p.column + (int)text_length(step, len);
    return p;
}

/* The path up to the current step, for messages. */
static const char *path_so_far(const struct walk *w)
{
    struct strbuf b = {0};
    const char *text;

    for (size_t i = 0; i < w->n; i++)
        strbuf_addf(&b, "%s%s", i ? "." : "", w->steps[i]);
    text = arena_string(tree_arena(w->tree), b.text ? b.text : "", b.len);
    strbuf_release(&b);
    return text;
}

/* ---- one step ------------------------------------------------------------------- */

/* Axes of a sweep are paths themselves, so a step there is all the rest, unless it is
 * one of the words that combine maps of axes. */
static size_t step_length(const struct walk *w, const char *rest)
{
    static const char *const words[] = {"zip", "product", "union", "list"};
    size_t len = strcspn(rest, ".");

    if (w->n < 2 || strcmp(w->steps[0], "sweep") != 0 || strcmp(w->steps[1], "over") != 0)
        return len;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == len && strncmp(rest, words[i], len) == 0)
            return len;
    return tree_index(rest, len) == SIZE_MAX ? strlen(rest) : len;
}

/* HERE with its entry number I replaced, or with one more when I is its length. */
static struct node *with_item(struct walk *w, const struct node *here, size_t i, struct node *key,
                              struct node *item)
{
    size_t n = here->n + (i == here->n);
    struct node **keys = mem_array(n, sizeof *keys), **items = mem_array(n, sizeof *items), *copy;

    for (size_t k = 0; k < here->n; k++) {
        items[k] = here->item[k];
        if (here->kind == NODE_MAP)
            keys[k] = here->key[k];
    }
    items[i] = item;
    if (i == here->n)
        keys[i] = key;
    copy = tree_collection(w->tree, here->kind, &here->place, n, keys, items);
    free(keys);
    free(items);
    return copy;
}

static struct node *set_below(struct walk *w, struct node *here, const char *rest);

static struct node *set_in_list(struct walk *w, const struct node *here, const char *step, const char *rest)
{
    struct place at = step_place(w, step, strlen(w->steps[w->n]));
    size_t i = tree_index(w->steps[w->n], strlen(w->steps[w->n]));
    const char *so_far = path_so_far(w);
    struct node *item;

    if (i == SIZE_MAX) {
        const char *near = tree_near_name(here, w->steps[w->n]);

        diag_error(w->diag, &at, "'%s' is a list: '%s' is not the number of an entry%s%s%s%s", so_far,
                   w->steps[w->n], w->n == 1 && !strcmp(w->steps[0], "model") ? ", nor the name of one" : "",
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
        return NULL;
    }
    if (i >= here->n) {
        diag_error(w->diag, &at, "'%s' has %zu entr%s, counted from 0: there is no '%s.%zu'", so_far, here->n,
                   here->n == 1 ? "y" : "ies", so_far, i);
        return NULL;
    }
    w->n++;
    item = set_below(w, here->item[i], rest);
    w->n--;
    return item ? with_item(w, here, i, NULL, item) : NULL;
}

static bool is_tensor_init(const struct walk *w, const struct node *here, const char *key)
{
    return w->n && strcmp(w->steps[w->n - 1], "init") == 0 &&
           (tree_is_tensor(key) || (here->kind == NODE_MAP && here->n && tree_is_tensor(here->key[0]->text)));
}

/* The map that HERE is, or turns into, when the path goes on with the current step. */
static const struct node *map_for_step(struct walk *w, const struct node *here, const struct place *at)
{
    const char *key = w->steps[w->n], *so_far = path_so_far(w), *other;
    struct node *empty = tree_collection(w->tree, NODE_MAP, here ? &here->place : at, 0, NULL, NULL);

    if (!here || tree_is_null(here))
        return empty;
    if (tree_is_choice(w->steps, w->n) && !is_tensor_init(w, here, key)) {
        if (here->kind == NODE_MAP && (here->n != 1 || strcmp(here->key[0]->text, key) == 0))
            return here;
        other = here->kind == NODE_MAP ? here->key[0]->text : here->text;
        if (w->override || strcmp(other, key) == 0)
            return empty;
        diag_error(w->diag, at, "'%s': '%s' is '%s' here, not '%s'", w->path, so_far, other, key);
        return NULL;
    }
    if (here->kind == NODE_MAP)
        return here;
    diag_error(w->diag, at, "'%s' is the plain value '%s': there is no '%s' in it", so_far, here->text, key);
    return NULL;
}

static struct node *set_in_map(struct walk *w, const struct node *here, const char *step, const char *rest)
{
    const char *text = w->steps[w->n];
    struct place at = step_place(w, step, strlen(text));
    const struct node *map = map_for_step(w, here, &at);
    struct node *item, *key = NULL;
    size_t i = 0;

    if (!map)
        return NULL;
    while (i < map->n && strcmp(map->key[i]->text, text) != 0)
        i++;
    if (i == map->n)
        key = tree_scalar(w->tree, &at, text);
    w->n++;
    item = set_below(w, i < map->n ? map->item[i] : NULL, rest);
    w->n--;
    return item ? with_item(w, map, i, key, item) : NULL;
}

/* HERE (NULL when there is nothing yet) with the value at REST of the path, which is
 * NULL at its end. NULL on error. */
static struct node *set_below(struct walk *w, struct node *here, const char *rest)
{
    size_t len;
    const char *after;

    if (!rest)
        return w->value;
    len = step_length(w, rest);
    after = rest[len] ? rest + len + 1 : NULL;
    if (len == 0) {
        diag_error(w->diag, w->at, "the path '%s' has an empty step", w->path);
        return NULL;
    }
    if (w->n == TREE_DEPTH) {
        diag_error(w->diag, w->at, "the path is nested too deep: more than %d levels", TREE_DEPTH);
        return NULL;
    }
    w->steps[w->n] = arena_string(tree_arena(w->tree), rest, len);
    if (here && here->kind == NODE_LIST)
        return set_in_list(w, here, rest, after);
    return set_in_map(w, here, rest, after);
}

struct node *tree_set(struct tree *t, struct node *root, const char *path, struct node *value,
                      const struct place *at, struct diag *d)
{
    struct walk w = {
        .tree = t, .diag = d, .at = at, .path = path, .override = is_override(at), .value = value};

    return set_below(&w, root, path);
}

/* ---- does it exist? ---------------------------------------------------------------- */

/* HERE, at the first N steps, holds another choice than KEY. */
static bool chooses_other(const char *const *steps, size_t n, const struct node *here, const char *key)
{
    bool tensors =
        n && strcmp(steps[n - 1], "init") == 0 &&
        (tree_is_tensor(key) || (here->kind == NODE_MAP && here->n && tree_is_tensor(here->key[0]->text)));

    if (!tree_is_choice(steps, n) || tensors || here->kind == NODE_LIST)
        return false;
    if (here->kind == NODE_MAP)
        return here->n == 1 && strcmp(here->key[0]->text, key) != 0;
    return strcmp(here->text, key) != 0;
}

bool tree_is_elsewhere(const struct node *root, const char *path)
{
    const char *steps[TREE_DEPTH];
    char *copy = mem_string(path), *rest = copy;
    const struct node *here = root;
    bool elsewhere = false;

    for (size_t n = 0; here && rest && n < TREE_DEPTH && !elsewhere; n++) {
        const char *step = strsep(&rest, ".");
        size_t i = here->kind == NODE_LIST ? tree_index(step, strlen(step)) : SIZE_MAX;

        elsewhere = tree_is_null(here) || chooses_other(steps, n, here, step) ||
                    (here->kind == NODE_LIST && i >= here->n);
        steps[n] = step;
        here = here->kind == NODE_LIST ? i < here->n ? here->item[i] : NULL : tree_get(here, step);
    }
    free(copy);
    return elsewhere;
}

/* ---- overrides of the command line ----------------------------------------------- */

/* The value of an assignment as YAML text of the same lines and columns: what is before
 * it turns into blanks. free() it. */
static char *blank_before(const char *assignment, const char *value)
{
    struct strbuf b = {0};

    for (const char *p = assignment; p < value; p++)
        if (((unsigned char)*p & 0xc0) != 0x80)
            strbuf_add(&b, " ");
    strbuf_add(&b, value);
    return b.text;
}

/* Every place that PATH means. */
static struct node *set_all(struct tree *t, struct node *root, const char *path, struct node *value,
                            const struct place *at, struct diag *d)
{
    const char *const *paths;
    const size_t n = tree_expand(t, root, path, &paths);

    if (!n) {
        tree_meets_nothing(path, at, d);
        return NULL;
    }
    for (size_t i = 0; root && i < n; i++)
        root = tree_set(t, root, paths[i], value, at, d);
    return root;
}

struct node *tree_override(struct tree *t, struct node *root, const char *assignment, struct diag *d)
{
    struct source *source = tree_source(t, tree_command_line, ".", assignment, strlen(assignment));
    const char *equals = strchr(source->text, '='), *start = source->text + strspn(source->text, " ");
    int whole = (int)text_length(source->text, source->len);
    struct place at = {source, 1, 1, 1, whole + 1};
    size_t len, before = diag_errors(d);
    struct node *value;
    char *path, *yaml;

    if (!equals) {
        diag_error(d, &at, "'%s' is no override: PATH=VALUE is expected", assignment);
        return NULL;
    }
    len = equals > start ? (size_t)(equals - start) : 0;
    while (len && start[len - 1] == ' ')
        len--;
    if (!len) {
        diag_error(d, &at, "there is no path in front of the '='");
        return NULL;
    }
    path = arena_string(tree_arena(t), start, len);
    if (equals[1 + strspn(equals + 1, " ")] == 0) {
        at.column = whole + 1;
        at.end_column = whole + 2;
        diag_error(d, &at, "there is no value for '%s' behind the '='", path);
        return NULL;
    }
    at.column = (int)(start - source->text) + 1;
    at.end_column = at.column + (int)text_length(path, len);
    if (strcmp(path, "extends") == 0) {
        diag_error(d, &at, "extends cannot be set here: it is followed when the file is read");
        return NULL;
    }
    yaml = blank_before(source->text, equals + 1);
    value = tree_read(t, source, yaml, strlen(yaml), d);
    free(yaml);
    if (!value || diag_errors(d) > before)
        return NULL;
    return set_all(t, root, path, value, &at, d);
}
