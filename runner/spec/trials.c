/* trials.c - the axes of a grid, the trees of its trials, and what type a swept value has.
 *
 * Every list under `sweep.over` is an axis, and every combination is a trial. Trials are not
 * parsed here (experiment.c does). See trials.h.
 */
#include "spec/trials.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "spec/spec_read.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ---- strategy ------------------------------------------------------------------- */

static void read_strategy(struct spec_reader *r, const struct node *node)
{
    static const char *const names[] = {"grid", "random", "sobol", "halton", "latin", "tpe"};
    const struct node *word = node->kind == NODE_MAP && node->n == 1 ? node->key[0] : node;
    const char *near;

    if (word->kind != NODE_SCALAR) {
        r->result |=
            diag_error(r->diag, &node->place, "sweep.strategy: the name of a strategy is wanted here, not %s",
                       spec_describe(r, node));
        return;
    }
    for (size_t i = 0; i < COUNT(names); i++) {
        if (strcmp(names[i], word->text))
            continue;
        if (i)
            r->result |=
                diag_error(r->diag, &word->place, "sweep.strategy: '%s' is not supported yet", word->text);
        else if (word != node && spec_get(node, "grid"))
            r->result |= diag_error(r->diag, &node->item[0]->place, "'grid' has no settings");
        return;
    }
    near = text_nearest(word->text, names, COUNT(names));
    r->result |= diag_error(r->diag, &word->place, "no strategy '%s'%s%s%s", word->text,
                            near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* ---- axes ----------------------------------------------------------------------- */

/* The first step of PATH is WORD. */
static bool leads_into(const char *path, const char *word)
{
    size_t n = strlen(word);

    return !strncmp(path, word, n) && (!path[n] || path[n] == '.');
}

static const char *later_form(const char *key)
{
    static const char *const forms[] = {"zip", "product", "union", "list"};

    for (size_t i = 0; i < COUNT(forms); i++)
        if (!strcmp(forms[i], key))
            return forms[i];
    return NULL;
}

static bool axis_is_fine(struct spec_reader *r, const struct node *key, const struct node *values)
{
    static const char *const fixed[] = {"name", "extends", "on_failure", "repeats", "sweep"};
    const char *path = key->text;

    if (later_form(path)) {
        r->result |= diag_error(r->diag, &key->place, "sweep.over: '%s' is not supported yet", path);
        return false;
    }
    for (size_t i = 0; i < COUNT(fixed); i++)
        if (leads_into(path, fixed[i])) {
            r->result |=
                diag_error(r->diag, &key->place, "'%s' is the experiment's, and cannot be swept", fixed[i]);
            return false;
        }
    if (values->kind == NODE_MAP && values->n)
        r->result |= diag_error(r->diag, &values->place,
                                "%s: {%s: ...} is not supported yet; an axis is a list of values", path,
                                values->key[0]->text);
    else if (values->kind != NODE_LIST)
        r->result |= diag_error(r->diag, &values->place, "%s: an axis is a list of values, not %s", path,
                                spec_describe(r, values));
    else if (!values->n)
        r->result |= diag_error(r->diag, &values->place, "%s: the axis has no values", path);
    return values->kind == NODE_LIST && values->n;
}

/* A later axis must not replace what an earlier one sets, nor an override what all set. */
static void check_order(struct spec_reader *r, const struct sweep *s, const struct node *root)
{
    for (size_t i = 0; i < s->naxes; i++) {
        const struct axis *axis = &s->axes[i];
        const struct node *base = tree_at(root, axis->path);

        for (size_t j = 0; j < i; j++)
            if (leads_into(s->axes[j].path, axis->path))
                r->result |= diag_error(r->diag, &axis->at,
                                        "'%s' replaces what the axis '%s' before it sets; write it first",
                                        axis->path, s->axes[j].path);
        if (base && base->place.source && !strcmp(base->place.source->path, "command line"))
            diag_warn(r->diag, &base->place, "'%s' is swept: every trial sets its own value", axis->path);
    }
}

status sweep_read(struct arena *arena, const struct node *root, struct sweep *out, struct diag *d)
{
    const struct node *sweep = spec_get(root, "sweep"), *strategy = spec_get(sweep, "strategy");
    const struct node *over = spec_get(sweep, "over");
    struct spec nothing = {0};
    struct spec_reader r = {.arena = arena, .diag = d, .spec = &nothing, .result = OK};

    *out = (struct sweep){0};
    if (!sweep)
        return OK;
    spec_read_section(&r, &spec_section_sweep, sweep, &tree_key(root, "sweep")->place);
    if (strategy)
        read_strategy(&r, strategy);
    if (!over)
        return r.result;
    if (over->kind != NODE_MAP || !over->n)
        return diag_error(d, &over->place, "sweep.over is a map of paths, each with a list of values, not %s",
                          spec_describe(&r, over));
    out->at = tree_key(sweep, "over")->place;
    out->axes = arena_alloc(arena, over->n * sizeof *out->axes);
    for (size_t i = 0; i < over->n; i++)
        if (axis_is_fine(&r, over->key[i], over->item[i]))
            out->axes[out->naxes++] =
                (struct axis){over->key[i]->text, over->key[i]->place, over->item[i]->n, over->item[i]->item};
    check_order(&r, out, root);
    return r.result;
}

/* ---- trials --------------------------------------------------------------------- */

size_t sweep_count(const struct sweep *s)
{
    size_t count = 1;

    for (size_t i = 0; i < s->naxes; i++)
        if (!mem_mul(count, s->axes[i].n, &count))
            return SIZE_MAX;
    return count;
}

void sweep_pick(const struct sweep *s, size_t number, size_t *pick)
{
    for (size_t i = s->naxes; i-- > 0;) {
        pick[i] = number % s->axes[i].n;
        number /= s->axes[i].n;
    }
}

status sweep_tree(const struct sweep *s, struct tree *t, struct node *root, const size_t *pick,
                  struct node **out, struct diag *d)
{
    status result = OK;

    *out = root;
    for (size_t i = 0; i < s->naxes; i++) {
        const struct axis *axis = &s->axes[i];
        struct node *changed = tree_set(t, *out, axis->path, axis->value[pick[i]], &axis->at, d);

        if (changed)
            *out = changed;
        else
            result = FAILED;
    }
    return result;
}

/* ---- types of values ------------------------------------------------------------- */

/* Looking for the choice whose settings are MAP, and in it for setting NAME. */
struct search {
    const struct node *map;
    const char *name;
    const fell_param *found;
};

static void search_choice(void *arg, const char *section, int index, const struct choice *c)
{
    struct search *s = arg;

    (void)index;
    if (c->map != s->map || s->found)
        return;
    s->found = spec_param_find(c->item->nparams, c->item->params, s->name);
    if (!s->found && !strcmp(section, "model"))
        s->found = spec_param_find(spec_section_entry.nparams, spec_section_entry.params, s->name);
}

/* The setting at PATH inside a choice: its map is the parent, or the grandparent of an item of a
 * list. NULL when PATH is not a setting of a plugin. */
static const fell_param *param_in_choice(const struct spec *spec, const struct node *root, const char *path)
{
    char *parent = mem_string(path), *dot = strrchr(parent, '.');
    struct search s = {0};

    if (dot) {
        *dot = 0;
        s.map = tree_at(root, parent);
        s.name = dot + 1;
        if (s.map && s.map->kind == NODE_LIST && (dot = strrchr(parent, '.'))) {
            *dot = 0;
            s.map = tree_at(root, parent);
            s.name = dot + 1;
        }
        if (s.map)
            spec_each_choice(spec, search_choice, &s);
    }
    free(parent);
    return s.found;
}

static fell_ptype type_at(const struct spec *spec, const struct node *root, const char *path)
{
    const struct spec_section *section = &spec_section_top;
    const fell_param *param = NULL;
    char *steps = mem_string(path), *rest = steps, *step;
    const struct spec_key *key = NULL;

    while (section && (step = strsep(&rest, "."))) {
        param = spec_param_find(section->nparams, section->params, step);
        key = param ? NULL : spec_key_find(section, step);
        section = key ? key->section : NULL;
    }
    if (!param && rest)
        param = param_in_choice(spec, root, path);
    free(steps);
    if (param)
        return param->type;
    return key && key->form == KEY_FORM && !rest ? FELL_P_FLOAT : FELL_P_STRING; /* data.validation: 0.1 */
}

/* As in a YAML flow, for people to read. */
static void write_flow(const struct node *node, struct strbuf *out)
{
    if (node->kind == NODE_SCALAR) {
        strbuf_add(out, node->text);
        return;
    }
    strbuf_add(out, node->kind == NODE_MAP ? "{" : "[");
    for (size_t i = 0; i < node->n; i++) {
        if (i)
            strbuf_add(out, ", ");
        if (node->kind == NODE_MAP)
            strbuf_addf(out, "%s: ", node->key[i]->text);
        write_flow(node->item[i], out);
    }
    strbuf_add(out, node->kind == NODE_MAP ? "}" : "]");
}

static const char *text_of(struct arena *arena, const struct node *node)
{
    struct strbuf flow = {0};
    const char *text;

    if (node->kind == NODE_SCALAR)
        return tree_is_null(node) ? "null" : node->text;
    write_flow(node, &flow);
    text = arena_string(arena, flow.text, flow.len);
    strbuf_release(&flow);
    return text;
}

static struct axis_value value_of(struct arena *arena, fell_ptype type, const char *path,
                                  const struct node *node)
{
    struct axis_value v = {.path = path, .text = text_of(arena, node), .type = VALUE_TEXT};
    bool yes;

    if (node->kind != NODE_SCALAR)
        return v;
    if ((type == FELL_P_INT || type == FELL_P_INTS) && text_to_int(node->text, &v.i)) {
        v.type = VALUE_INT;
        v.x = (double)v.i;
    } else if ((type == FELL_P_FLOAT || type == FELL_P_FLOATS) && text_to_double(node->text, &v.x)) {
        v.type = VALUE_REAL;
    } else if (type == FELL_P_BOOL && text_to_bool(node->text, &yes)) {
        v.text = yes ? "true" : "false"; /* one word for yes, on and true */
    }
    return v;
}

void sweep_values(const struct sweep *s, struct arena *arena, const struct spec *spec,
                  const struct node *root, const size_t *pick, struct axis_value *out)
{
    for (size_t i = 0; i < s->naxes; i++) {
        const struct axis *axis = &s->axes[i];

        out[i] = value_of(arena, type_at(spec, root, axis->path), axis->path, axis->value[pick[i]]);
    }
}
