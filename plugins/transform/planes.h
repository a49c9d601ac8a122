/* planes.h - rows seen as planes of pixels: [C,H,W], or [H,W] as one plane. Included by the
 * transforms that move pixels.
 */
#ifndef TRANSFORM_PLANES_H
#define TRANSFORM_PLANES_H

#include "fell/plugin.h"

struct planes {
    int64_t count, height, width;
};

/* Rows must be images; the output is shaped like the input. */
static inline fell_status planes_plan(fell_plan *p)
{
    if (p->in[0].rank != 2 && p->in[0].rank != 3)
        return fell_fail(p->ctx, "rows must be images, [C,H,W] or [H,W]");
    p->out = p->in[0];
    return FELL_OK;
}

static inline struct planes planes_of(const fell_shape *s)
{
    const int64_t *d = s->dim + (s->rank == 3);

    return (struct planes){s->rank == 3 ? s->dim[0] : 1, d[0], d[1]};
}

/* Rows as they are, for evaluation. */
static inline fell_status planes_pass(const fell_layer_call *c)
{
    memcpy(c->y, c->x[0], (size_t)(c->batch * fell_size(&c->plan->in[0])) * sizeof *c->y);
    return FELL_OK;
}

#endif
