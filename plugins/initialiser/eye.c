/* eye.c - the identity matrix. */
#include "fell/plugin.h"

static fell_status fill(fell_init_call *c)
{
    const fell_shape *shape = c->shape;

    if (shape->rank != 2)
        return fell_fail(c->ctx, "fills matrices alone, not tensors of rank %lld", (long long)c->shape->rank);
    for (int64_t i = 0; i < shape->dim[0]; i++)
        for (int64_t j = 0; j < shape->dim[1]; j++)
            c->w[i * shape->dim[1] + j] = i == j ? 1.0f : 0.0f;
    return FELL_OK;
}

static const fell_initialiser eye = {
    FELL_ITEM0(FELL_KIND_INITIALISER, fell_initialiser, "eye",
               "The identity matrix: a dense layer hands on its inputs.\n\n"
               "w[i,j] = 1 where i = j, else 0, as many inputs as there are units. Called eye in PyTorch.\n"
               "Matrices only."),
    fill};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &eye.item);
