/* masks.c - see masks.h. What is a good mask is not asked: fell prune makes them (prune.h). */
#include "engine/masks.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/net_impl.h"
#include "engine/safetensors.h"

void masks_apply(const float *mask, float *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        values[i] = mask[i] != 0.0f ? values[i] : 0.0f;
}

__attribute__((format(printf, 3, 4))) static status refuse(const char *path, struct problem *p,
                                                           const char *fmt, ...)
{
    char why[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    return problem_set(p, "train.masks", 0, "", "%s: %s", path_base(path), why);
}

static const struct net_tensor *find_tensor(const struct net *n, const char *name)
{
    for (size_t i = 0; i < n->ntensors; i++) {
        const struct net_tensor *t = &n->tensor[i];
        const char *layer = n->entry[t->entry].name;
        const size_t len = strlen(layer);

        if (strncmp(name, layer, len) == 0 && name[len] == '.' && strcmp(name + len + 1, t->name) == 0)
            return t;
    }
    return NULL;
}

/* A name that is none of the net's, with the one that may be meant. */
static status refuse_name(const struct net *n, const char *path, const char *name, struct problem *p)
{
    struct arena *arena = arena_new();
    const char **names = arena_alloc(arena, n->ntensors * sizeof *names), *near;
    status result;

    for (size_t i = 0; i < n->ntensors; i++)
        names[i] = arena_format(arena, "%s.%s", n->entry[n->tensor[i].entry].name, n->tensor[i].name);
    near = text_nearest(name, names, n->ntensors);
    result = refuse(path, p, "'%.200s' is no weight of the model%s%.200s%s", name,
                    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    arena_free(arena);
    return result;
}

/* The place of element AT of a tensor: [3, 0]. */
static void place_text(const struct tensor_file_entry *e, int64_t at, struct strbuf *out)
{
    int64_t index[8];

    for (int64_t k = e->rank; k-- > 0; at /= e->dim[k])
        index[k] = at % e->dim[k];
    tensor_dims_text(index, e->rank, out);
}

static status check_values(const struct tensor_file_entry *e, const float *values, const char *path,
                           struct problem *p)
{
    struct strbuf place = {0};
    status result;
    int64_t i = 0;

    while (i < e->n && (values[i] == 0.0f || values[i] == 1.0f))
        i++;
    if (i == e->n)
        return OK;
    place_text(e, i, &place);
    result = refuse(path, p, "'%.200s' holds %g at %s; a mask is of 0 and 1", e->name, (double)values[i],
                    place.text);
    strbuf_release(&place);
    return result;
}

static status take_mask(struct net *n, const struct tensor_file_entry *e, const char *path, struct problem *p)
{
    const struct net_tensor *t = find_tensor(n, e->name);
    const float *values = e->values ? e->values : e->small;
    struct strbuf have = {0}, want = {0};
    status result = OK;

    if (!t)
        return refuse_name(n, path, e->name, p);
    if (t->position < 0)
        return refuse(path, p, "'%.200s' is not trained, so it can have no mask", e->name);
    if (!values)
        return refuse(path, p, "'%.200s' is of dtype %s; masks are F32, F64, F16, BF16, BOOL, U8 or I8",
                      e->name, e->dtype);
    if (!tensor_file_has_shape(e, &t->shape)) {
        tensor_dims_text(e->dim, e->rank, &have);
        tensor_dims_text(t->shape.dim, t->shape.rank, &want);
        result = refuse(path, p, "'%.200s' has the shape %s, the model's %s", e->name, have.text, want.text);
        strbuf_release(&have);
        strbuf_release(&want);
        return result;
    }
    memcpy(n->mask + t->offset, values, (size_t)t->n * sizeof *values);
    return check_values(e, values, path, p);
}

status masks_load(struct net *n, const char *path, struct problem *p)
{
    struct tensor_file *f;
    struct error err;
    status result = OK;

    if (tensor_file_open(path, &f, &err) != OK)
        return problem_set(p, "train.masks", 0, "", "%s", err.text);
    n->mask = mem_try_aligned((size_t)n->floats, sizeof *n->mask);
    if (!n->mask)
        result = refuse(path, p, "no memory for the masks");
    else if (tensor_file_count(f) == 0)
        result = refuse(path, p, "it has no tensors");
    for (int64_t i = 0; result == OK && i < n->floats; i++)
        n->mask[i] = 1.0f;
    for (size_t i = 0; i < tensor_file_count(f) && result == OK; i++)
        result = take_mask(n, tensor_file_at(f, i), path, p);
    if (result == OK)
        masks_apply(n->mask, n->weights, n->floats);
    tensor_file_close(f);
    return result;
}

bool net_is_masked(const struct net *n, const struct net_tensor *t, int64_t at)
{
    return n->mask && n->mask[t->offset + at] == 0.0f;
}
