/* concat.c - several entries side by side. */
#include "fell/plugin.h"

struct concat {
    int64_t axis;
};

static const fell_param params[] = {
    FELL_INT(
        struct concat, axis, 0, -4, 3, 0,
        "Dimension along which inputs are put side by side, counted from 0 without the batch (channels of "
        "an image: 0), or from the end with -1, -2; between -4 and 3."),
};

/* The axis from 0; < 0 or >= rank where there is no such dimension. */
static int64_t axis_of(const struct concat *s, const fell_shape *in)
{
    return s->axis < 0 ? s->axis + in->rank : s->axis;
}

static fell_status plan(fell_plan *p)
{
    const int64_t axis = axis_of(p->settings, &p->in[0]);

    if (axis < 0 || axis >= p->in[0].rank)
        return fell_fail(p->ctx, "axis: the inputs have %lld dimension%s", (long long)p->in[0].rank,
                         p->in[0].rank == 1 ? "" : "s");
    p->out = p->in[0];
    for (int64_t i = 1; i < p->nin; i++) {
        bool same = p->in[i].rank == p->in[0].rank;

        for (int64_t d = 0; same && d < p->in[0].rank; d++)
            same = d == axis || p->in[i].dim[d] == p->in[0].dim[d];
        if (!same)
            return fell_fail(p->ctx, "input %lld differs from input 1 in more than dimension %lld",
                             (long long)i + 1, (long long)axis);
        p->out.dim[axis] += p->in[i].dim[axis];
    }
    return FELL_OK;
}

/* Floats that lie together in one input: the axis and what is behind it. */
static int64_t run_of(const fell_shape *in, int64_t axis)
{
    int64_t n = 1;

    for (int64_t d = axis; d < in->rank; d++)
        n *= in->dim[d];
    return n;
}

/* Each run of an input goes to its place in the output; backward the other way. */
static fell_status forward(fell_layer_call *c)
{
    const int64_t axis = axis_of(c->settings, &c->plan->in[0]);
    const int64_t width = run_of(&c->plan->out, axis);
    const int64_t runs = c->batch * (fell_size(&c->plan->out) / width);
    float *y = c->y;

    for (int64_t i = 0; i < c->plan->nin; i++) {
        const int64_t n = run_of(&c->plan->in[i], axis);

        for (int64_t r = 0; r < runs; r++)
            memcpy(y + r * width, c->x[i] + r * n, (size_t)n * sizeof(float));
        y += n;
    }
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    const int64_t axis = axis_of(c->settings, &c->plan->in[0]);
    const int64_t width = run_of(&c->plan->out, axis);
    const int64_t runs = c->batch * (fell_size(&c->plan->out) / width);
    const float *dy = c->dy;

    for (int64_t i = 0; i < c->plan->nin; i++) {
        const int64_t n = run_of(&c->plan->in[i], axis);

        for (int64_t r = 0; c->dx[i] && r < runs; r++)
            memcpy(c->dx[i] + r * n, dy + r * width, (size_t)n * sizeof(float));
        dy += n;
    }
    return FELL_OK;
}

static const fell_layer concat = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "concat",
        "Puts several inputs side by side along one dimension.\n\n"
        "[3] and [5] become [8]; the other dimensions must agree: `- concat: {from: [a, b]}`. Called cat\n"
        "in PyTorch, which counts the batch among the dimensions.",
        struct concat, params),
    .min_inputs = 2,
    .max_inputs = INT32_MAX,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &concat.item);
