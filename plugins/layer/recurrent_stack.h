/* recurrent_stack.h - several recurrent layers, one on top of the other, each in both directions if wanted.
 *
 * Each direction of each layer is a call of recurrent.h by itself: on a sequence that is turned round for the
 * backward one. What a layer gives is the states of both directions side by side. Its inputs are not kept,
 * but put together again from the states that are. Included by recurrent.h.
 */
#ifndef LAYER_RECURRENT_STACK_H
#define LAYER_RECURRENT_STACK_H

#include "fell/plugin.h"

/* One direction of one layer as a call of its own, and what that call points to. */
struct recurrent_part {
    struct recurrent settings;
    fell_plan plan;
    fell_shape in;
    fell_layer_call call;
    const float *x;
    float *dx;
};

static inline int64_t recurrent_directions(const struct recurrent *s)
{
    return s->bidirectional ? 2 : 1;
}

static inline bool recurrent_is_plain(const struct recurrent *s)
{
    return s->layers == 1 && !s->bidirectional;
}

/* Floats of `saved` for one direction of one layer. */
static inline int64_t recurrent_kept(const fell_plan *p, const struct recurrent_cell *cell, int64_t batch)
{
    return batch * p->in[0].dim[0] * (1 + cell->kept) * ((const struct recurrent *)p->settings)->units;
}

/* Numbers of a step that layer L takes. */
static inline int64_t recurrent_width(const fell_plan *p, int64_t l)
{
    const struct recurrent *s = p->settings;

    return l ? s->units * recurrent_directions(s) : p->in[0].dim[1];
}

static inline void recurrent_shapes(fell_plan *p, const struct recurrent_cell *cell)
{
    const struct recurrent *s = p->settings;
    const int64_t n = cell->gates * s->units, directions = recurrent_directions(s);

    p->out = s->return_sequences ? fell_mat(p->in[0].dim[0], directions * s->units)
                                 : fell_vec(directions * s->units);
    for (int64_t l = 0; l < s->layers; l++)
        for (int64_t d = 0; d < directions; d++) {
            fell_shape *tensor = p->tensor + (2 * l + d) * RECURRENT_TENSORS;

            tensor[WEIGHT_IH] = fell_mat(n, recurrent_width(p, l));
            tensor[WEIGHT_HH] = fell_mat(n, s->units);
            if (s->bias)
                tensor[BIAS_IH] = tensor[BIAS_HH] = fell_vec(n);
        }
    p->saved_bytes = s->layers * directions * recurrent_kept(p, cell, p->max_batch) * (int64_t)sizeof(float);
}

/* Steps of N numbers from FROM, TO_LD and FROM_LD floats from step to step, BACK in the opposite order; added
 * where ADD says so. */
static inline void recurrent_move(int64_t batch, int64_t steps, int64_t n, const float *from, int64_t from_ld,
                                  float *to, int64_t to_ld, bool back, bool add)
{
    for (int64_t b = 0; b < batch; b++)
        for (int64_t t = 0; t < steps; t++) {
            const float *x = from + (b * steps + (back ? steps - 1 - t : t)) * from_ld;
            float *y = to + (b * steps + t) * to_ld;

            if (!add)
                memcpy(y, x, (size_t)n * sizeof *y);
            for (int64_t j = 0; add && j < n; j++)
                y[j] += x[j];
        }
}

/* Direction D of layer L on the sequence X, which lies in that direction's order. */
static inline void recurrent_take_part(fell_layer_call *c, const struct recurrent_cell *cell, int64_t l,
                                       int64_t d, const float *x, struct recurrent_part *p)
{
    const struct recurrent *s = c->settings;
    const int64_t number = l * recurrent_directions(s) + d, first = (2 * l + d) * RECURRENT_TENSORS;
    const int64_t kept = recurrent_kept(c->plan, cell, c->batch);

    p->settings = *s;
    p->settings.return_sequences = true;
    p->settings.layers = 1;
    p->settings.bidirectional = false;
    p->in = fell_mat(c->plan->in[0].dim[0], recurrent_width(c->plan, l));
    p->plan = *c->plan;
    p->plan.in = &p->in;
    p->plan.settings = &p->settings;
    p->x = x;
    p->call = *c;
    p->call.settings = &p->settings;
    p->call.plan = &p->plan;
    p->call.x = &p->x;
    p->call.dx = &p->dx;
    p->call.tensor = c->tensor + first;
    p->call.grad = c->grad ? c->grad + first : NULL;
    p->call.saved = c->saved ? (float *)c->saved + number * kept : NULL;
}

/* The output of the last layer, [B,T,all], as the layer's: all of it, or each direction's last state. */
static inline void recurrent_give(const fell_layer_call *c, const float *states, float *y, bool back)
{
    const struct recurrent *s = c->settings;
    const int64_t steps = c->plan->in[0].dim[0], directions = recurrent_directions(s),
                  all = directions * s->units;

    for (int64_t b = 0; b < c->batch; b++)
        for (int64_t d = 0; d < directions; d++) {
            const int64_t at = (b * steps + (d ? 0 : steps - 1)) * all + d * s->units;
            const size_t bytes = (size_t)s->units * sizeof(float);

            if (back)
                memcpy((float *)states + at, y + b * all + d * s->units, bytes);
            else
                memcpy(y + b * all + d * s->units, states + at, bytes);
        }
}

static inline fell_status recurrent_stack_forward(fell_layer_call *c, const struct recurrent_cell *cell)
{
    const struct recurrent *s = c->settings;
    const int64_t steps = c->plan->in[0].dim[0], all = recurrent_directions(s) * s->units,
                  rows = c->batch * steps;
    const int64_t widest = all > c->plan->in[0].dim[1] ? all : c->plan->in[0].dim[1];
    float *turned = fell_scratch(c->ctx, rows * widest, sizeof *turned);
    float *one = fell_scratch(c->ctx, rows * s->units, sizeof *one), *from = NULL;
    const float *x = c->x[0];

    if (!turned || !one)
        return FELL_ERROR;
    for (int64_t l = 0; l < s->layers; l++) {
        float *to = fell_scratch(c->ctx, rows * all, sizeof *to);

        if (!to)
            return FELL_ERROR;
        for (int64_t d = 0; d < recurrent_directions(s); d++) {
            const int64_t width = recurrent_width(c->plan, l);
            struct recurrent_part p;

            if (d)
                recurrent_move(c->batch, steps, width, x, width, turned, width, true, false);
            recurrent_take_part(c, cell, l, d, d ? turned : x, &p);
            p.call.y = one;
            if (recurrent_forward(&p.call, cell) != FELL_OK)
                return FELL_ERROR;
            recurrent_move(c->batch, steps, s->units, one, s->units, to + d * s->units, all, d, false);
        }
        x = from = to;
    }
    if (s->return_sequences)
        memcpy(c->y, from, (size_t)(rows * all) * sizeof *from);
    else
        recurrent_give(c, from, c->y, false);
    return FELL_OK;
}

/* What layer L took: the input, or the states of the layer below, from `saved`. */
static inline const float *recurrent_inputs(fell_layer_call *c, const struct recurrent_cell *cell, int64_t l,
                                            float *room)
{
    const struct recurrent *s = c->settings;
    const int64_t steps = c->plan->in[0].dim[0], directions = recurrent_directions(s),
                  all = directions * s->units;
    const int64_t kept = recurrent_kept(c->plan, cell, c->batch);

    for (int64_t d = 0; l && d < directions; d++)
        recurrent_move(c->batch, steps, s->units, (const float *)c->saved + ((l - 1) * directions + d) * kept,
                       s->units, room + d * s->units, all, d, false);
    return l ? room : c->x[0];
}

static inline fell_status recurrent_stack_backward(fell_layer_call *c, const struct recurrent_cell *cell)
{
    const struct recurrent *s = c->settings;
    const int64_t steps = c->plan->in[0].dim[0], all = recurrent_directions(s) * s->units,
                  rows = c->batch * steps;
    const int64_t widest = all > c->plan->in[0].dim[1] ? all : c->plan->in[0].dim[1];
    float *room = fell_scratch(c->ctx, rows * (3 * widest + 2 * all), sizeof *room);
    float *turned, *dx, *dy, *one;

    if (!room)
        return FELL_ERROR;
    turned = room + rows * widest;
    dx = turned + rows * widest;
    dy = dx + rows * widest;
    one = dy + rows * all;
    memset(dy, 0, (size_t)(rows * all) * sizeof *dy);
    if (s->return_sequences)
        memcpy(dy, c->dy, (size_t)(rows * all) * sizeof *dy);
    else
        recurrent_give(c, dy, (float *)c->dy, true);
    for (int64_t l = s->layers - 1; l >= 0; l--) {
        const int64_t width = recurrent_width(c->plan, l);
        const float *x = recurrent_inputs(c, cell, l, room);
        float *below = fell_scratch(c->ctx, rows * width, sizeof *below);

        if (!below)
            return FELL_ERROR;
        for (int64_t d = 0; d < recurrent_directions(s); d++) {
            struct recurrent_part p;

            if (d)
                recurrent_move(c->batch, steps, width, x, width, turned, width, true, false);
            recurrent_take_part(c, cell, l, d, d ? turned : x, &p);
            recurrent_move(c->batch, steps, s->units, dy + d * s->units, all, one, s->units, d, false);
            p.call.dy = one;
            p.dx = l || c->dx[0] ? dx : NULL;
            if (recurrent_backward(&p.call, cell) != FELL_OK)
                return FELL_ERROR;
            if (p.dx)
                recurrent_move(c->batch, steps, width, dx, width, below, width, d, d);
        }
        if (l)
            memcpy(dy, below, (size_t)(rows * all) * sizeof *dy);
        else if (c->dx[0])
            memcpy(c->dx[0], below, (size_t)(rows * width) * sizeof *dy);
    }
    return FELL_OK;
}

#endif
