/* prune.c - see prune.h. Knows no runs and no files. */
#include "engine/prune.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

struct candidate {
    float magnitude;
    uint32_t tensor;
    int64_t index;
};

static int by_magnitude(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->magnitude != y->magnitude)
        return x->magnitude < y->magnitude ? -1 : 1;
    if (x->tensor != y->tensor)
        return x->tensor < y->tensor ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Those that are there still, into LIST, which has room for all; how many. */
static size_t list_remaining(const struct prune_tensor *tensors, size_t n, struct candidate *list)
{
    size_t count = 0;

    for (size_t t = 0; t < n; t++)
        for (int64_t i = 0; i < tensors[t].n; i++)
            if (tensors[t].mask[i] != 0.0f)
                list[count++] = (struct candidate){fabsf(tensors[t].weights[i]), (uint32_t)t, i};
    return count;
}

static int64_t prune_together(struct prune_tensor *tensors, size_t n, double share)
{
    struct candidate *list;
    size_t count = 0, go;

    for (size_t t = 0; t < n; t++)
        count += (size_t)tensors[t].n;
    list = mem_array(count, sizeof *list);
    count = list_remaining(tensors, n, list);
    go = (size_t)rint(share * (double)count);
    qsort(list, count, sizeof *list, by_magnitude);
    for (size_t i = 0; i < go; i++)
        tensors[list[i].tensor].mask[list[i].index] = 0.0f;
    free(list);
    return (int64_t)go;
}

int64_t prune_by_magnitude(struct prune_tensor *tensors, size_t n, double share, bool per_tensor)
{
    int64_t gone = 0;

    if (!per_tensor)
        return prune_together(tensors, n, share);
    for (size_t t = 0; t < n; t++)
        gone += prune_together(&tensors[t], 1, share);
    return gone;
}
