/* spec_vars.c - `$name` to the value that `vars:` gives it.
 *
 * On the tree, before anything is understood: a value keeps its kind and its type is found by the setting it
 * ends up in, like that of every other value. What is used nowhere is the experiment's affair
 * (trials/swept_vars.c). See spec_vars.h.
 */
#include "spec/spec_vars.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define VALUES_MAX 100000 /* all that the uses of vars stand for, as of aliases */
#define DEPTH_MAX  64     /* collections within collections, vars followed */

enum var_state {
    VAR_WRITTEN,
    VAR_OPEN,   /* its value is being looked for */
    VAR_FILLED, /* value is there */
    VAR_BROKEN, /* an error has been told */
    VAR_LEFT    /* known in a trial only */
};

struct var {
    const struct node *key, *written, *value;
    enum var_state state;
    size_t size, depth; /* of its value: nodes, and collections within each other */
};

struct filler {
    struct tree *tree;
    struct diag *diag;
    size_t n;
    struct var *vars;
    bool (*swept)(void *arg, const char *name); /* or NULL */
    void *arg;
    bool stays;         /* a reference to one of them may */
    size_t size, depth; /* of what has been filled so far; of where it stands */
    size_t deepest;
    bool failed, left; /* a reference that stays was met */
};

static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

static bool is_name(const char *text)
{
    return *text && strchr(first, *text) && !text[strspn(text, others)];
}

const char *spec_var_name(const struct node *node)
{
    return node->kind == NODE_SCALAR && node->text[0] == '$' && is_name(node->text + 1) ? node->text + 1
                                                                                        : NULL;
}

/* ---- errors ----------------------------------------------------------------------------- */

static const struct node *refuse_unknown(struct filler *f, const struct node *use, const char *name)
{
    const char **names = mem_array(f->n, sizeof *names), *near;

    for (size_t i = 0; i < f->n; i++)
        names[i] = f->vars[i].key->text;
    near = text_nearest(name, names, f->n);
    if (near)
        diag_error(f->diag, &use->place, "no var '%s'; did you mean '$%s'?", name, near);
    else
        diag_error(f->diag, &use->place, "no var '%s'%s; the text itself is written '$$%s'", name,
                   f->n ? "" : ": the spec has no vars", name);
    diag_mute(f->diag, &use->place);
    f->failed = true;
    free(names);
    return use;
}

/* USE, in the value of a var, names one that is being looked for. */
static const struct node *refuse_cycle(struct filler *f, const struct node *use, const char *name)
{
    diag_error(f->diag, &use->place, "vars: '$%s' leads back to itself, a cycle", name);
    diag_mute(f->diag, &use->place);
    f->failed = true;
    return use;
}

static const struct node *refuse_swept(struct filler *f, const struct node *use, const char *name)
{
    diag_error(f->diag, &use->place, "'$%s' is another one in every trial: it can stand in sweep.over alone",
               name);
    diag_mute(f->diag, &use->place);
    f->failed = true;
    return use;
}

static const struct node *refuse_much(struct filler *f, const struct node *use, const char *name)
{
    if (f->depth + f->deepest > DEPTH_MAX)
        diag_error(f->diag, &use->place, "'$%s' is nested too deep: more than %d levels", name, DEPTH_MAX);
    else
        diag_error(f->diag, &use->place, "the vars stand for more than %d values: a bomb", VALUES_MAX);
    diag_mute(f->diag, &use->place);
    f->failed = true;
    return use;
}

/* ---- filling ---------------------------------------------------------------------------- */

static const struct node *fill(struct filler *f, const struct node *node);

static struct var *find_var(struct filler *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->vars[i].key->text, name) == 0)
            return &f->vars[i];
    return NULL;
}

/* V's value, once. What has been counted for where the use stands is set aside meanwhile. */
static void open_var(struct filler *f, struct var *v)
{
    const struct filler before = *f;

    v->state = VAR_OPEN;
    f->size = f->depth = f->deepest = 0;
    f->stays = true;
    f->failed = f->left = false;
    v->value = fill(f, v->written);
    v->size = f->size;
    v->depth = f->deepest;
    v->state = f->failed ? VAR_BROKEN : f->left ? VAR_LEFT : VAR_FILLED;
    f->size = before.size;
    f->depth = before.depth;
    f->deepest = before.deepest;
    f->stays = before.stays;
    f->failed = f->failed || before.failed;
    f->left = before.left;
}

/* File names in VALUE are relative to where the var is written, errors point to USE. */
static struct place place_of_use(struct filler *f, const struct node *use, const struct node *value)
{
    const struct source *there = value->place.source, *here = use->place.source;
    struct place at = use->place;
    struct source *source;

    if (!here || !there || strcmp(here->folder, there->folder) == 0)
        return at;
    source = arena_alloc(tree_arena(f->tree), sizeof *source);
    *source = *here;
    source->folder = there->folder;
    at.source = source;
    return at;
}

static const struct node *fill_use(struct filler *f, const struct node *use, const char *name)
{
    struct var *v = find_var(f, name);
    struct node *copy;

    if (f->swept && f->swept(f->arg, name)) {
        f->left = true;
        return f->stays ? use : refuse_swept(f, use, name);
    }
    if (!v)
        return refuse_unknown(f, use, name);
    if (v->state == VAR_WRITTEN)
        open_var(f, v);
    if (v->state == VAR_OPEN)
        return refuse_cycle(f, use, name);
    if (v->state == VAR_LEFT && !f->stays)
        return refuse_swept(f, use, name);
    if (v->state == VAR_BROKEN || v->state == VAR_LEFT) {
        if (v->state == VAR_BROKEN)
            diag_mute(f->diag, &use->place);
        f->failed = f->failed || v->state == VAR_BROKEN;
        f->left = f->left || v->state == VAR_LEFT;
        return use;
    }
    f->size += v->size;
    f->deepest = f->depth + v->depth > f->deepest ? f->depth + v->depth : f->deepest;
    if (f->size > VALUES_MAX || f->deepest > DEPTH_MAX)
        return refuse_much(f, use, name);
    copy = arena_alloc(tree_arena(f->tree), sizeof *copy);
    *copy = *v->value;
    copy->place = place_of_use(f, use, v->value);
    return copy;
}

static const struct node *fill_scalar(struct filler *f, const struct node *node)
{
    const char *name = spec_var_name(node);
    struct node *copy;

    f->size++;
    if (name)
        return fill_use(f, node, name);
    if (f->swept) /* the trial's: this is not the last reading */
        return node;
    if (node->text[0] != '$' || node->text[1] != '$')
        return node;
    copy = arena_alloc(tree_arena(f->tree), sizeof *copy);
    *copy = *node;
    copy->text = node->text + 1;
    return copy;
}

/* NODE with items of its own, copied when the first one differs. */
static const struct node *with_items(struct filler *f, const struct node *node, struct node **items)
{
    struct node *copy = arena_alloc(tree_arena(f->tree), sizeof *copy);

    *copy = *node;
    copy->item = items;
    return copy;
}

static const struct node *fill(struct filler *f, const struct node *node)
{
    struct node **items = NULL;

    if (node->kind == NODE_SCALAR)
        return fill_scalar(f, node);
    f->size++;
    f->depth++;
    f->deepest = f->depth > f->deepest ? f->depth : f->deepest;
    for (size_t i = 0; i < node->n; i++) {
        const struct node *item = fill(f, node->item[i]);

        if (item == node->item[i])
            continue;
        if (!items) {
            items = arena_alloc(tree_arena(f->tree), node->n * sizeof(struct node *));
            memcpy(items, node->item, node->n * sizeof(struct node *));
        }
        items[i] = (struct node *)item; /* nodes never change */
    }
    f->depth--;
    return items ? with_items(f, node, items) : node;
}

/* ---- the section -------------------------------------------------------------------------- */

static void read_vars(struct filler *f, const struct node *root)
{
    const struct node *vars = tree_get(root, "vars");

    if (!vars || tree_is_null(vars))
        return;
    if (vars->kind != NODE_MAP) {
        diag_error(f->diag, &vars->place, "vars is a map of names, each with its value, not %s",
                   vars->kind == NODE_LIST ? "a list" : "one value");
        f->failed = true;
        return;
    }
    f->vars = mem_array(vars->n, sizeof *f->vars);
    for (size_t i = 0; i < vars->n; i++) {
        f->vars[f->n++] = (struct var){.key = vars->key[i], .written = vars->item[i]};
        if (is_name(vars->key[i]->text))
            continue;
        diag_error(f->diag, &vars->key[i]->place,
                   "vars: '%s' is no name: letters, digits and '_', no digit first", vars->key[i]->text);
        f->failed = true;
    }
}

/* A var that nobody uses is looked at as well: what is wrong with it is. */
static void open_all(struct filler *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->vars[i].state == VAR_WRITTEN)
            open_var(f, &f->vars[i]);
}

const struct node *spec_vars_fill(struct tree *t, const struct node *root, const struct node **left,
                                  struct diag *d)
{
    struct filler f = {.tree = t, .diag = d};
    struct node **items;

    *left = root;
    if (root->kind != NODE_MAP)
        return root;
    read_vars(&f, root);
    open_all(&f);
    items = arena_alloc(tree_arena(t), root->n * sizeof(struct node *));
    for (size_t i = 0; i < root->n; i++) {
        const char *key = root->key[i]->text;
        const bool stays = !strcmp(key, "vars") || !strcmp(key, "sweep") || !strcmp(key, "extends");

        items[i] = stays ? root->item[i] : (struct node *)fill(&f, root->item[i]);
    }
    free(f.vars);
    *left = with_items(&f, root, items);
    return f.failed ? NULL : *left;
}

const struct node *spec_vars_fill_sweep(struct tree *t, const struct node *root, const struct node *part,
                                        bool (*swept)(void *arg, const char *name), void *arg, struct diag *d)
{
    struct filler f = {.tree = t, .diag = d, .swept = swept, .arg = arg, .stays = true};
    struct node **items = arena_alloc(tree_arena(t), part->n * sizeof(struct node *));

    read_vars(&f, root);
    for (size_t i = 0; part->kind == NODE_MAP && i < part->n; i++) {
        f.stays = !strcmp(part->key[i]->text, "over");
        items[i] = (struct node *)fill(&f, part->item[i]);
    }
    part = part->kind == NODE_MAP ? with_items(&f, part, items) : fill(&f, part);
    free(f.vars);
    return f.failed ? NULL : part;
}

/* ---- where they stand ---------------------------------------------------------------------- */

void spec_vars_each_use(const struct node *node, const char *path, spec_var_use_fn *fn, void *arg)
{
    const char *name = spec_var_name(node);

    if (name)
        fn(arg, name, path);
    for (size_t i = 0; i < node->n; i++) {
        char *below = node->kind == NODE_MAP
                          ? mem_format("%s%s%s", path, *path ? "." : "", node->key[i]->text)
                          : mem_format("%s.%zu", path, i);

        spec_vars_each_use(node->item[i], below, fn, arg);
        free(below);
    }
}
