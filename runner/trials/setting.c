/* setting.c - what type a swept setting has, and its values as that type has them.
 *
 * By the tables of spec_keys.h and of the plugins, from the path alone: which plugin's
 * setting it is stands in the path. Whether a value is any good is not decided here. Called
 * by the files of space.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/settings.h"
#include "trials/space.h"

/* ---- types -------------------------------------------------------------------------- */

/* The rest of a path, step by step. */
struct steps {
    struct registry *registry;
    char *rest; /* NULL: at the end */
};

static const char *next_step(struct steps *s)
{
    return s->rest ? strsep(&s->rest, ".") : NULL;
}

static bool is_index(const char *step)
{
    return *step && (!step[strspn(step, "0123456789")] || !strcmp(step, "*"));
}

/* A setting, or with one more step an item of a list. */
static fell_ptype type_of_param(struct steps *s, const fell_param *p)
{
    const char *item = next_step(s);

    return !item || (p->type >= FELL_P_INTS && is_index(item) && !s->rest) ? p->type : FELL_P_STRING;
}

static fell_ptype type_in_choice(struct steps *s, enum role role);

/* `activation` and `init` of an entry: init.constant.value, or init.weight.constant.value, of one tensor. */
static fell_ptype type_in_entry_key(struct steps *s, const struct spec_key *key)
{
    const char *dot = s->rest ? strchr(s->rest, '.') : NULL;

    if (key->role == ROLE_INITIALISER && dot && strchr(dot + 1, '.'))
        next_step(s);
    return key->role ? type_in_choice(s, key->role) : FELL_P_STRING;
}

static fell_ptype type_in_choice(struct steps *s, enum role role)
{
    const char *plugin = next_step(s), *setting = next_step(s);
    const struct item *item;
    const fell_param *param;
    const struct spec_key *key;
    struct error unknown; /* reported when the spec is read */

    if (plugin && is_index(plugin)) {
        plugin = setting;
        setting = next_step(s);
    }
    if (setting && role == ROLE_MODEL_ENTRY && !strcmp(plugin, "residual"))
        return s->rest ? type_in_choice(s, role) : FELL_P_STRING;
    if (setting && role == ROLE_MODEL_ENTRY && !strcmp(plugin, "repeat"))
        return !strcmp(setting, "times") && !s->rest ? FELL_P_INT
               : s->rest                             ? type_in_choice(s, role)
                                                     : FELL_P_STRING;
    if (!setting || !(item = registry_find(s->registry, role, plugin, &unknown)))
        return FELL_P_STRING;
    param = spec_param_find(item->nparams, item->params, setting);
    if (!param && role == ROLE_MODEL_ENTRY)
        param = spec_param_find(spec_section_entry.nparams, spec_section_entry.params, setting);
    if (!param && role == ROLE_PROBE)
        param = spec_param_find(spec_section_probe.nparams, spec_section_probe.params, setting);
    if (param)
        return type_of_param(s, param);
    key = role == ROLE_MODEL_ENTRY ? spec_key_find(&spec_section_entry, setting) : NULL;
    return key ? type_in_entry_key(s, key) : FELL_P_STRING;
}

static fell_ptype type_in_key(struct steps *s, const struct spec_key *key)
{
    if (!strcmp(key->name, "model"))
        return type_in_choice(s, ROLE_MODEL_ENTRY);
    if (key->form == KEY_FORM && !s->rest)
        return FELL_P_FLOAT; /* data.validation: 0.1 */
    if (key->form == KEY_FORM && (!key->section || key->role))
        return type_in_choice(s, key->role);
    return key->form == KEY_CHOICE || key->form == KEY_CHOICES ? type_in_choice(s, key->role) : FELL_P_STRING;
}

static fell_ptype type_at(struct registry *r, const char *path)
{
    char *copy = mem_string(path);
    struct steps s = {r, copy};
    const struct spec_section *section = &spec_section_top;
    const char *step;
    fell_ptype type = FELL_P_STRING;

    while (section && (step = next_step(&s))) {
        const fell_param *param = spec_param_find(section->nparams, section->params, step);
        const struct spec_key *key = param ? NULL : spec_key_find(section, step);

        if (param && s.rest && param->flags & SETTINGS_OR_MAP) {
            section = &spec_section_weights;
            continue;
        }
        if (param)
            type = type_of_param(&s, param);
        else if (key && (key->form != KEY_SECTION) && (key->role || !(key->section && s.rest)))
            type = type_in_key(&s, key);
        section = key ? key->section : NULL;
    }
    free(copy);
    return type;
}

/* The entry that PATH names by its name may be in a model that is swept. */
static const char *in_swept_models(struct tree *t, const struct node *over, const char *path)
{
    const char *const *places;

    for (size_t i = 0; over && i < over->n; i++) {
        struct node model = {.kind = NODE_SCALAR, .text = "model", .plain = true}, *key = &model;
        struct node whole = {.kind = NODE_MAP, .n = 1, .key = &key, .item = &over->item[i]};
        const char *found = in_swept_models(t, over->item[i], path);

        if (found)
            return found;
        if (over->item[i]->kind == NODE_LIST && tree_expand(t, &whole, path, &places) &&
            strcmp(places[0], path) != 0)
            return places[0];
    }
    return NULL;
}

static fell_ptype type_at_places(struct registry *r, const struct node *root, const char *path)
{
    struct tree *t = tree_new();
    const char *const *places, *found = path;
    fell_ptype type;

    if (root && tree_expand(t, root, path, &places))
        found = places[0];
    if (root && !strcmp(found, path) && !strncmp(path, "model.", 6))
        found = in_swept_models(t, tree_get(tree_get(root, "sweep"), "over"), path);
    type = type_at(r, found ? found : path);
    tree_free(t);
    return type;
}

fell_ptype setting_type(struct registry *r, const struct node *root, const char *path)
{
    enum { VARS_OF_VARS = 64 };
    char *at = mem_string(path);
    fell_ptype type;

    for (int i = 0; root && i < VARS_OF_VARS && !strncmp(at, "vars.", 5); i++) {
        char *use = var_first_use(root, at);

        if (!use)
            break;
        free(at);
        at = use;
    }
    type = type_at_places(r, root, at);
    free(at);
    return type;
}

/* ---- values --------------------------------------------------------------------------- */

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

static const char *flow_of(struct arena *arena, const struct node *node)
{
    struct strbuf flow = {0};
    const char *text;

    write_flow(node, &flow);
    text = arena_string(arena, flow.text, flow.len);
    strbuf_release(&flow);
    return text;
}

static struct axis_value typed_scalar(struct arena *arena, fell_ptype type, const struct node *node)
{
    struct axis_value v = {.type = VALUE_TEXT};
    bool yes;

    v.null = tree_is_null(node);
    v.text = v.null ? "null" : arena_string(arena, node->text, strlen(node->text));
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

struct axis_value flow_value(struct arena *arena, fell_ptype type, const struct node *node)
{
    if (node->kind == NODE_SCALAR)
        return typed_scalar(arena, type, node);
    return (struct axis_value){.type = VALUE_TEXT, .text = flow_of(arena, node)};
}

static const char *name_of(const struct values *v, const struct node *node)
{
    for (size_t i = 0; v && v->name && i < v->count; i++)
        if (v->item[i] == node)
            return v->name[i]->text;
    return NULL;
}

struct axis_value axis_value(struct arena *arena, const struct axis *a, const struct node *node)
{
    const char *name = name_of(a->values, node);
    struct axis_value v = {.type = VALUE_TEXT};

    if (name) {
        v.text = arena_string(arena, name, strlen(name));
        v.json = tree_to_json(arena, node);
    } else if (node->kind == NODE_SCALAR) {
        v = typed_scalar(arena, a->type, node);
    } else {
        v.text = tree_to_json(arena, node);
    }
    v.path = a->path;
    return v;
}
