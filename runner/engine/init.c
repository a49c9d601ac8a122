/* init.c - see init.h. */
#include "engine/init.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/net_at.h"
#include "host/settings.h"
#include "yaml/diag.h"
#include "yaml/tree.h"

void init_fans(const fell_shape *weight, int64_t *fan_in, int64_t *fan_out)
{
    int64_t rest = 1;

    for (int64_t i = 2; i < weight->rank; i++)
        rest *= weight->dim[i];
    *fan_out = weight->dim[0] * rest;
    *fan_in = (weight->rank > 1 ? weight->dim[1] : weight->dim[0]) * rest;
}

/* The name alone needs no parser. */
const struct item *init_default_item(const char *text, struct registry *registry, struct error *why)
{
    char name[64];

    text += strcspn(text, "abcdefghijklmnopqrstuvwxyz");
    snprintf(name, sizeof name, "%.*s", (int)strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_"), text);
    return registry_find(registry, ROLE_INITIALISER, name, why);
}

struct init_defaults {
    struct tree *tree; /* owns the settings */
    size_t n;
    struct known {
        const char *text;
        struct choice choice;
    } * known;
};

struct init_defaults *init_defaults_new(void)
{
    struct init_defaults *d = mem_alloc(sizeof *d);

    d->tree = tree_new();
    return d;
}

void init_defaults_free(struct init_defaults *d)
{
    if (!d)
        return;
    tree_free(d->tree);
    free(d->known);
    free(d);
}

/* A layer's own default, read by the same parser as the spec. */
static status read_default(const char *text, struct registry *registry, struct tree *tree, struct choice *out,
                           struct error *err)
{
    struct diag *d = diag_new();
    struct strbuf why = {0};
    const struct node *node = tree_parse_text(tree, "default", ".", text, strlen(text), false, d),
                      *map = NULL;
    const char *name = NULL;
    status result = FAILED;

    if (node && node->kind == NODE_SCALAR) {
        name = node->text;
    } else if (node && node->kind == NODE_MAP && node->n == 1) {
        name = node->key[0]->text;
        map = node->item[0];
    }
    if (!name) {
        if (!node) /* memory is out, or it is no YAML */
            diag_write(d, &why, false);
        error_set(err, "the layer's default initialiser '%s' is not one%s%s", text, why.text ? ": " : "",
                  why.text ? why.text : "");
        goto out;
    }
    out->item = registry_find(registry, ROLE_INITIALISER, name, err);
    if (!out->item)
        goto out;
    out->settings = settings_parse(tree_arena(tree), out->item, map, NULL, &node->place, d);
    if (!out->settings) {
        diag_write(d, &why, false);
        error_set(err, "the layer's default initialiser '%s': %s", text, why.text ? why.text : "");
        goto out;
    }
    result = OK;
out:
    strbuf_release(&why);
    diag_free(d);
    return result;
}

static status find_default(const char *text, struct registry *registry, struct init_defaults *d,
                           struct choice *out, struct error *err)
{
    for (size_t i = 0; i < d->n; i++) {
        if (strcmp(d->known[i].text, text) == 0) {
            *out = d->known[i].choice;
            return OK;
        }
    }
    if (read_default(text, registry, d->tree, out, err) != OK)
        return FAILED;
    d->known = mem_grow(d->known, d->n + 1, sizeof *d->known);
    d->known[d->n++] = (struct known){text, *out};
    return OK;
}

static status fill(const struct init_request *r, const struct choice *chosen, struct host_env *env, float *w,
                   char *setting, struct error *err)
{
    fell_init_call call = {.settings = chosen->settings,
                           .shape = &r->shape,
                           .n = r->n,
                           .fan_in = r->fan_in,
                           .fan_out = r->fan_out,
                           .w = w};
    struct instance in;
    char phase[160];
    status result = OK;

    instance_init(&in, chosen->item, chosen->item->name, env);
    in.stream = r->stream;
    call.ctx = &in.ctx;
    snprintf(phase, sizeof phase, "init of %s", r->who);
    net_at(&in, phase);
    if (chosen->item->initialiser->fill(&call) != FELL_OK)
        result = instance_error(&in, setting, err);
    net_at(NULL, NULL);
    instance_release(&in);
    return result;
}

status init_fill(const struct init_request *r, struct host_env *env, float *w, char *setting,
                 struct error *err)
{
    struct init_defaults *own = r->chosen || r->defaults ? NULL : init_defaults_new();
    struct choice chosen = {0};
    status result = OK;

    setting[0] = 0;
    if (r->chosen)
        chosen = *r->chosen;
    else
        result = find_default(r->text, env->registry, own ? own : r->defaults, &chosen, err);
    if (result == OK)
        result = fill(r, &chosen, env, w, setting, err);
    if (result != OK)
        error_prepend(err, "%s", r->who);
    init_defaults_free(own);
    return result;
}
