/* lesson_weight.c - "hidden.weight[0,2]": a weight found by its name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/masks.h"
#include "explain/lab.h"

/* The name before the bracket, or the nearest of those there are. */
static status find_tensor(struct lab *p, const char *name, int *out, struct error *err)
{
    const size_t n = p->ntensors;
    char **names = mem_array(n, sizeof *names);
    const char *near;
    status st = FAILED;

    for (size_t i = 0; i < n; i++) {
        names[i] = mem_format("%s.%s", p->entry[p->tensor[i].entry].name, p->tensor[i].name);
        if (strcmp(names[i], name) == 0) {
            *out = (int)i;
            st = OK;
        }
    }
    if (st != OK) {
        near = text_nearest(name, (const char *const *)names, n);
        if (near)
            error_set(err, "no weight '%s'; did you mean '%s'?", name, near);
        else
            error_set(err, "no weight '%s'; there is '%s' and so on: 'fell plan' lists the layers", name,
                      names[0]);
    }
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    return st;
}

static void shape_text(const fell_shape *s, char *out, size_t size)
{
    size_t at = 0;

    out[0] = 0;
    for (int64_t i = 0; i < s->rank; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%lld", i ? "," : "[", (long long)s->dim[i]);
    snprintf(out + at, size - at, "]");
}

/* "[1,2]" behind NAME. */
static status read_indices(const char *text, const char *name, const fell_shape *s, int64_t index[4],
                           struct error *err)
{
    const char *at = text;
    char shape[96], *end;
    int64_t n = 0;

    shape_text(s, shape, sizeof shape);
    if (*at++ != '[')
        return error_set(err, "which number of '%s'? It has the shape %s: write for example %s[%s]", name,
                         shape, name,
                         s->rank == 1   ? "0"
                         : s->rank == 2 ? "0,0"
                         : s->rank == 3 ? "0,0,0"
                                        : "0,0,0,0");
    do {
        const long long v = strtoll(at, &end, 10);

        if (end == at || (*end != ',' && *end != ']'))
            return error_set(err, "'%s' is no list of whole numbers in brackets", text);
        if (n == s->rank)
            return error_set(err, "'%s%s' has too many indices: the shape is %s", name, text, shape);
        if (v < 0 || v >= s->dim[n])
            return error_set(err, "'%s%s': index %.*s is not from 0 to %lld; the shape is %s", name, text,
                             (int)(end - at), at, (long long)s->dim[n] - 1, shape);
        index[n++] = v;
        at = end + 1;
    } while (*end != ']');
    if (*at)
        return error_set(err, "'%s%s': nothing may stand behind the brackets, but '%s' does", name, text, at);
    if (n < s->rank)
        return error_set(err, "'%s%s' has too few indices: the shape is %s", name, text, shape);
    return OK;
}

/* The first trained weight; a bias only where there is no other, and what several entries use where there is
 * nothing else. */
static int first_tensor(const struct lab *p)
{
    int found = -1;

    for (size_t i = 0; i < p->ntensors; i++) {
        const struct net_tensor *t = &p->tensor[i];

        if (t->position < 0 || t->frozen)
            continue;
        if (t->role == FELL_WEIGHT && !t->shared)
            return (int)i;
        if (found < 0 || (p->tensor[found].shared && !t->shared))
            found = (int)i;
    }
    return found;
}

/* The first weight of the tensor that no mask holds at 0. */
static status skip_masked(struct lab *p, struct lesson_weight *w, struct error *err)
{
    const struct net_tensor *t = &p->tensor[w->tensor];
    int64_t at = 0;

    while (at < t->n && net_is_masked(p->net, t, at))
        at++;
    if (at == t->n)
        return error_set(err, "all of '%s.%s' is masked (train.masks): choose another --weight",
                         p->entry[t->entry].name, t->name);
    for (int64_t i = t->shape.rank; i-- > 0; at /= t->shape.dim[i])
        w->index[i] = at % t->shape.dim[i];
    return OK;
}

/* The ways from a weight to the loss begin where one entry uses it. Who uses it by way of another entry is
 * not named: that one is, too. */
static status refuse_shared(const struct lab *p, const struct net_tensor *t, struct error *err)
{
    const char *owner = p->entry[t->entry].name;

    for (size_t i = 0; t->shared && i < p->q->spec->nmodel; i++)
        if (p->q->spec->model[i].share && strcmp(p->q->spec->model[i].share, owner) == 0)
            return error_set(
                err,
                "'%s.%s' is used in several places ('%s' has share: %s), and its ways to the loss "
                "begin in each: choose another --weight, of a tensor that one entry uses",
                owner, t->name, p->q->spec->model[i].name, p->q->spec->model[i].share);
    return OK;
}

static void set_name(struct lab *p, struct lesson_weight *w)
{
    const struct net_tensor *t = &p->tensor[w->tensor];
    struct strbuf b = {0};

    strbuf_addf(&b, "%s.%s[", p->entry[t->entry].name, t->name);
    w->flat = 0;
    for (int64_t i = 0; i < t->shape.rank; i++) {
        strbuf_addf(&b, "%s%lld", i ? "," : "", (long long)w->index[i]);
        w->flat = w->flat * t->shape.dim[i] + w->index[i];
    }
    strbuf_add(&b, "]");
    w->name = arena_string(p->l->arena, b.text, b.len);
    strbuf_release(&b);
}

status lesson_find_weight(struct lab *p, const char *name, struct lesson_weight *out, struct error *err)
{
    const struct net_tensor *t;

    *out = (struct lesson_weight){.tensor = first_tensor(p)};
    if (name) {
        const size_t len = strcspn(name, "[");
        char *bare = mem_format("%.*s", (int)len, name);
        status st = find_tensor(p, bare, &out->tensor, err);

        t = &p->tensor[out->tensor];
        if (st == OK)
            st = read_indices(name + len, bare, &t->shape, out->index, err);
        if (st == OK && t->position < 0)
            st = error_set(err, "'%s' is not trained: it follows the data, and has no gradient", bare);
        else if (st == OK && t->frozen)
            st = error_set(err, "'%s' is frozen (trainable: false), so it has no gradient", bare);
        free(bare);
        if (st != OK)
            return FAILED;
    }
    if (refuse_shared(p, &p->tensor[out->tensor], err) != OK)
        return FAILED;
    if (!name && skip_masked(p, out, err) != OK)
        return FAILED;
    set_name(p, out);
    if (net_is_masked(p->net, &p->tensor[out->tensor], out->flat))
        return error_set(err, "'%s' is masked (train.masks): it is 0 and has no gradient", out->name);
    return OK;
}
