/* planes.h - rows seen as planes of pixels: [C,H,W], or [H,W] as one plane. Included by the
 * transforms that move pixels.
 */
#ifndef TRANSFORM_PLANES_H
#define TRANSFORM_PLANES_H

#include "../pass.h"

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

/* One plane X of a row to Y, as SETTINGS and the row's two drawn numbers in [0,1) say. */
typedef void planes_move(const void *settings, const float drawn[2], const struct planes *p, const float *x,
                         float *y);

/* Two numbers are drawn for each row, whatever the settings; in evaluation rows are as they are. */
static inline fell_status planes_forward(fell_layer_call *c, planes_move *move)
{
    const struct planes p = planes_of(&c->plan->in[0]);
    const int64_t size = p.height * p.width;
    float *drawn;

    if (!c->training)
        return pass_forward(c);
    drawn = fell_scratch(c->ctx, 2 * c->batch, sizeof *drawn);
    if (!drawn)
        return FELL_ERROR;
    fell_uniform(c->ctx, drawn, 2 * c->batch);
    for (int64_t i = 0; i < c->batch; i++)
        for (int64_t k = i * p.count; k < (i + 1) * p.count; k++)
            move(c->settings, drawn + 2 * i, &p, c->x[0] + k * size, c->y + k * size);
    return FELL_OK;
}

#endif
