/* swept_vars.c - vars of an experiment: which the sweep sets, what type they have, and those that nobody
 * uses.
 *
 * What a `$name` stands for is spec_vars.c's. See space.h and trials.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "spec/spec_vars.h"
#include "trials/trials.h"

/* ---- where vars stand --------------------------------------------------------------------- */

struct walk {
    spec_var_use_fn *fn;
    void *arg;
};

static bool is_form(const char *word)
{
    for (size_t i = 0; i < values_forms_count; i++)
        if (!strcmp(values_forms[i].word, word))
            return true;
    return false;
}

static void walk_axis(const struct walk *w, const char *path, const struct node *node)
{
    const struct node *choices = tree_get(tree_get(node, "choice"), "values");
    const bool form = node->kind == NODE_MAP && node->n && is_form(node->key[0]->text);

    if (node->kind == NODE_SCALAR || (form && !choices)) {
        spec_vars_each_use(node, "", w->fn, w->arg);
        return;
    }
    node = form ? choices : node; /* a list, or values with names */
    for (size_t i = 0; i < node->n; i++)
        spec_vars_each_use(node->item[i], path, w->fn, w->arg);
}

/* The rows of a list: maps of paths and values. */
static void walk_rows(const struct walk *w, const struct node *rows)
{
    for (size_t i = 0; rows->kind == NODE_LIST && i < rows->n; i++)
        for (size_t k = 0; rows->item[i]->kind == NODE_MAP && k < rows->item[i]->n; k++)
            spec_vars_each_use(rows->item[i]->item[k], rows->item[i]->key[k]->text, w->fn, w->arg);
}

static void walk_over(const struct walk *w, const struct node *over)
{
    for (size_t i = 0; i < over->n; i++) {
        const char *key = over->kind == NODE_MAP ? over->key[i]->text : "";

        if (!*key || !strcmp(key, "product") || !strcmp(key, "union") || !strcmp(key, "zip"))
            walk_over(w, over->item[i]);
        else if (!strcmp(key, "list"))
            walk_rows(w, over->item[i]);
        else
            walk_axis(w, key, over->item[i]);
    }
}

/* All uses but those in `vars` itself, the sweep's last. */
static void walk_spec(const struct node *root, spec_var_use_fn *fn, void *arg)
{
    const struct walk w = {fn, arg};
    const struct node *sweep = tree_get(root, "sweep"), *over = tree_get(sweep, "over");

    for (size_t i = 0; root->kind == NODE_MAP && i < root->n; i++)
        if (strcmp(root->key[i]->text, "vars") && strcmp(root->key[i]->text, "sweep"))
            spec_vars_each_use(root->item[i], root->key[i]->text, fn, arg);
    for (size_t i = 0; sweep && sweep->kind == NODE_MAP && i < sweep->n; i++)
        if (sweep->item[i] != over)
            spec_vars_each_use(sweep->item[i], "", fn, arg);
    if (over)
        walk_over(&w, over);
}

/* ---- types --------------------------------------------------------------------------------- */

struct first_use {
    const char *name;
    char *path; /* NULL: none so far */
};

static void note_first(void *arg, const char *name, const char *path)
{
    struct first_use *use = arg;

    if (!use->path && !strcmp(name, use->name))
        use->path = mem_string(path);
}

char *var_first_use(const struct node *root, const char *path)
{
    char *copy = mem_string(path + strlen("vars.")), *dot = strchr(copy, '.'), *whole = NULL;
    struct first_use use = {.name = copy};

    if (dot)
        *dot = 0;
    walk_spec(root, note_first, &use);
    if (!use.path && tree_get(root, "vars"))
        spec_vars_each_use(tree_get(root, "vars"), "vars", note_first, &use);
    if (use.path)
        whole = mem_format("%s%s%s", use.path, dot ? "." : "", dot ? dot + 1 : "");
    free(use.path);
    free(copy);
    return whole;
}

/* ---- which are swept ----------------------------------------------------------------------- */

struct swept {
    struct arena *arena; /* of the names */
    bool all;            /* `vars` is an axis itself */
    struct names names;
};

static void add_swept(struct swept *s, const char *path)
{
    s->all = s->all || !strcmp(path, "vars");
    if (!strncmp(path, "vars.", 5))
        names_add(&s->names, arena_string(s->arena, path + 5, strcspn(path + 5, ".")));
}

static void find_swept(struct swept *s, const struct node *over)
{
    for (size_t i = 0; i < over->n; i++) {
        if (over->kind == NODE_MAP)
            add_swept(s, over->key[i]->text);
        find_swept(s, over->item[i]);
    }
}

static bool is_swept(void *arg, const char *name)
{
    struct swept *s = arg;

    return s->all || names_find(&s->names, name) != NAMES_NONE;
}

const struct node *sweep_fill_vars(struct tree *t, const struct node *root, struct diag *d)
{
    const struct node *sweep = tree_get(root, "sweep"), *over = tree_get(sweep, "over");
    struct swept s = {.arena = tree_arena(t)};

    if (!sweep)
        return NULL;
    if (over)
        find_swept(&s, over);
    sweep = spec_vars_fill_sweep(t, root, sweep, is_swept, &s, d);
    names_release(&s.names);
    return sweep;
}

/* ---- which are used ------------------------------------------------------------------------- */

static void note_used(void *arg, const char *name, const char *path)
{
    (void)path;
    names_add(arg, name);
}

static void note_cells(struct names *used, const struct space *space)
{
    if (space->kind == SPACE_ROWS)
        for (size_t i = 0; i < space->count * space->naxes; i++)
            if (space->cell[i])
                spec_vars_each_use(space->cell[i], "", note_used, used);
    for (size_t i = 0; i < space->n; i++)
        note_cells(used, space->child[i]);
}

/* What a var that is used refers to is used. */
static void follow(struct names *used, const struct node *vars)
{
    for (size_t i = 0; vars && vars->kind == NODE_MAP && i < used->n; i++)
        for (size_t k = 0; k < vars->n; k++)
            if (names_find(used, vars->key[k]->text) == i)
                spec_vars_each_use(vars->item[k], "", note_used, used);
}

static status check_axes(const struct sweep *s, const struct names *used, struct diag *d)
{
    status result = OK;

    for (size_t a = 0; a < s->naxes; a++) {
        const struct axis *axis = &s->axes[a];
        char *name;

        if (strncmp(axis->path, "vars.", 5))
            continue;
        name = mem_format("%.*s", (int)strcspn(axis->path + 5, "."), axis->path + 5);
        if (names_find(used, name) == NAMES_NONE)
            result =
                diag_error(d, &axis->at, "'%s' is swept, and nothing uses it: there is no '$%s' in the spec",
                           axis->path, name);
        free(name);
    }
    return result;
}

/* A `$name` of `over` has its value when the rows of a file are not known yet. */
static status check_files(const struct trials *t, struct diag *d)
{
    const struct node *over = tree_get(tree_get(t->root, "sweep"), "over");
    struct names in_over = {0};
    struct swept known = {0};
    status result = OK;

    if (!over || !t->sweep.nfiles)
        return OK;
    known.arena = arena_new();
    find_swept(&known, over);
    walk_over(&(struct walk){note_used, &in_over}, over);
    for (size_t a = 0; a < t->sweep.naxes; a++) {
        const struct axis *axis = &t->sweep.axes[a];

        if (!strncmp(axis->path, "vars.", 5) && names_find(&known.names, axis->path + 5) == NAMES_NONE &&
            names_find(&in_over, axis->path + 5) != NAMES_NONE)
            result = diag_error(d, &axis->at,
                                "'%s' is swept by the rows of a file: '$%s' cannot stand in sweep.over",
                                axis->path, axis->path + 5);
    }
    names_release(&in_over);
    names_release(&known.names);
    arena_free(known.arena);
    return result;
}

status vars_check_use(const struct trials *t, struct diag *d)
{
    const struct node *vars = tree_get(t->root, "vars");
    struct names used = {0};
    status result;

    walk_spec(t->root, note_used, &used);
    if (t->sweep.space)
        note_cells(&used, t->sweep.space);
    follow(&used, vars);
    result = check_axes(&t->sweep, &used, d) | check_files(t, d);
    for (size_t i = 0; vars && vars->kind == NODE_MAP && i < vars->n; i++)
        if (names_find(&used, vars->key[i]->text) == NAMES_NONE && !result)
            diag_warn(d, &vars->key[i]->place, "vars: '%s' is used nowhere: there is no '$%s' in the spec",
                      vars->key[i]->text, vars->key[i]->text);
    names_release(&used);
    return result ? FAILED : OK;
}
