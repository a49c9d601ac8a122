/* checkpoint.c - see checkpoint.h. Called by train.c; the format itself is safetensors.c's. */
#include "engine/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/net_impl.h"
#include "engine/safetensors.h"

/* The tensors of a file, with the names that they need. */
struct list {
    struct arena *arena;
    size_t n;
    struct tensor_out *tensor;
};

static const char *tensor_name(struct list *l, const struct net *n, const struct net_tensor *t)
{
    return arena_format(l->arena, "%s.%s", n->entry[t->entry].name, t->name);
}

static void add(struct list *l, const char *name, const fell_shape *shape, const float *values)
{
    l->tensor = mem_grow(l->tensor, l->n + 1, sizeof *l->tensor);
    l->tensor[l->n++] = (struct tensor_out){name, *shape, values};
}

static void add_weights(struct list *l, const struct net *n)
{
    for (size_t i = 0; i < n->ntensors; i++)
        add(l, tensor_name(l, n, &n->tensor[i]), &n->tensor[i].shape, n->weights + n->tensor[i].offset);
}

/* Array K of optimizer slot S: optimizer/momentum/LAYER.weight, of several optimizer/moves/K/LAYER.weight. */
static void add_slot(struct list *l, const struct net *n, size_t s, int64_t k)
{
    const char *name = update_slot_name(n->update, s);

    if (update_slot_times(n->update, s) > 1)
        name = arena_format(l->arena, "%s/%lld", name, (long long)k);
    for (size_t i = 0; i < n->ntensors; i++) {
        const struct net_tensor *t = &n->tensor[i];
        int64_t count;
        const float *values = update_slot(n->update, s, k, t, &count);
        const fell_shape scalar = fell_vec(1);

        if (values)
            add(l, arena_format(l->arena, "optimizer/%s/%s", name, tensor_name(l, n, t)),
                count == t->n ? &t->shape : &scalar, values);
    }
}

static void add_slots(struct list *l, const struct net *n)
{
    for (size_t s = 0; s < update_slots(n->update); s++)
        for (int64_t k = 0; k < update_slot_times(n->update, s); k++)
            add_slot(l, n, s, k);
}

static status write_list(struct list *l, const char *path, const char *const *metadata, struct error *err)
{
    const status result = tensor_file_write(path, l->tensor, l->n, metadata, err);

    free(l->tensor);
    arena_free(l->arena);
    return result;
}

status checkpoint_write(const struct net *n, const struct checkpoint *at, const char *path, char sha256[65],
                        struct error *err)
{
    struct list l = {.arena = arena_new()};
    char best[32];
    const char *const metadata[] = {"format", "fellrunner checkpoint 1",
                                    "epoch",  arena_format(l.arena, "%lld", (long long)at->epoch),
                                    "step",   arena_format(l.arena, "%lld", (long long)at->step),
                                    "seed",   arena_format(l.arena, "%llu", (unsigned long long)at->seed),
                                    "best",   best,
                                    NULL};

    text_from_double(at->best, best);
    add_weights(&l, n);
    add_slots(&l, n);
    if (write_list(&l, path, metadata, err) != OK)
        return FAILED;
    return sha256_file(path, sha256, err);
}

status checkpoint_export(const struct net *n, const char *path, struct error *err)
{
    struct list l = {.arena = arena_new()};
    const char *const metadata[] = {"format", "pt", NULL};

    add_weights(&l, n);
    return write_list(&l, path, metadata, err);
}
