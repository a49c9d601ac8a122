/* parts.c - see parts.h. Rows are copied, since a part need not begin on a cache line. */
#include "engine/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct parts {
    int64_t rows, x_size, target_size;
    float *x, *target; /* target: of values */
    int32_t *label;    /* of classes */
};

status parts_new(const struct data *data, int64_t rows, struct parts **out, struct error *err)
{
    struct parts *p = *out = mem_alloc(sizeof *p);
    size_t x, target;

    p->rows = rows;
    p->x_size = data->x_size;
    p->target_size = data->target_size;
    if (mem_mul((size_t)rows, (size_t)p->x_size, &x))
        p->x = mem_try_aligned(x, sizeof *p->x);
    if (!mem_mul((size_t)rows, (size_t)p->target_size, &target))
        return error_set(err, "no memory for parts of %lld rows", (long long)rows);
    if (data->classes)
        p->label = mem_try_aligned(target, sizeof *p->label);
    else
        p->target = mem_try_aligned(target, sizeof *p->target);
    if (!p->x || (!p->label && !p->target))
        return error_set(err, "no memory for parts of %lld rows", (long long)rows);
    return OK;
}

void parts_free(struct parts *p)
{
    if (!p)
        return;
    free(p->x);
    free(p->target);
    free(p->label);
    free(p);
}

bool parts_next(struct parts *p, const struct batch *batch, struct batch *part)
{
    const int64_t done = part->n ? part->at - batch->at + part->n : 0, left = batch->n - done;
    const int64_t n = left < p->rows ? left : p->rows;

    if (n == 0)
        return false;
    *part = (struct batch){.n = n, .at = batch->at + done, .x = p->x};
    memcpy(p->x, batch->x + done * p->x_size, (size_t)(n * p->x_size) * sizeof *p->x);
    if (batch->label) {
        part->label = p->label;
        memcpy(p->label, batch->label + done * p->target_size,
               (size_t)(n * p->target_size) * sizeof *p->label);
    } else {
        part->target = p->target;
        memcpy(p->target, batch->target + done * p->target_size,
               (size_t)(n * p->target_size) * sizeof *p->target);
    }
    part->weight = batch->weight ? batch->weight + done : NULL;
    return true;
}
