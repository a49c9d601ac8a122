/* permute.c - the dimensions of a row in another order. */
#include "fell/plugin.h"

enum { MOST = 4 };

struct permute {
    fell_ints axes;
};

static const fell_param params[] = {
    FELL_INTS(struct permute, axes, "[]", 0, MOST - 1, 0,
              "The input's dimension that stands at each place of the output, from 0: [1, 0] turns [T, D] "
              "into [D, T]; empty: all in reverse order."),
};

/* The input's dimension at place D of the output. */
static int64_t axis_of(const struct permute *s, int64_t rank, int64_t d)
{
    return s->axes.n ? s->axes.v[d] : rank - 1 - d;
}

static fell_status plan(fell_plan *p)
{
    const struct permute *s = p->settings;
    const fell_shape *in = &p->in[0];
    bool seen[MOST] = {false};

    if (s->axes.n && s->axes.n != in->rank)
        return fell_fail(p->ctx, "axes: %lld dimensions, but the input has %lld", (long long)s->axes.n,
                         (long long)in->rank);
    p->out.rank = in->rank;
    for (int64_t d = 0; d < in->rank; d++) {
        const int64_t from = axis_of(s, in->rank, d);

        if (from >= in->rank || seen[from])
            return fell_fail(p->ctx, "axes: each dimension from 0 to %lld is named once",
                             (long long)in->rank - 1);
        seen[from] = true;
        p->out.dim[d] = in->dim[from];
    }
    return FELL_OK;
}

/* A row's output, dimension by dimension: so many numbers, and so far apart in the input. */
struct walk {
    int64_t n[MOST], step[MOST];
};

static struct walk walk_of(const fell_layer_call *c)
{
    const struct permute *s = c->settings;
    const fell_shape *in = &c->plan->in[0];
    struct walk w = {{1, 1, 1, 1}, {0}};
    const int64_t first = MOST - in->rank;

    for (int64_t d = 0; d < in->rank; d++) {
        w.n[first + d] = c->plan->out.dim[d];
        w.step[first + d] = 1;
        for (int64_t e = axis_of(s, in->rank, d) + 1; e < in->rank; e++)
            w.step[first + d] *= in->dim[e];
    }
    return w;
}

/* The row TO in order from the row FROM with steps, or with BACK the other way round. */
static void walk_row(const struct walk *w, const float *from, float *to, bool back)
{
    for (int64_t i = 0; i < w->n[0]; i++)
        for (int64_t j = 0; j < w->n[1]; j++)
            for (int64_t k = 0; k < w->n[2]; k++) {
                const int64_t at = i * w->step[0] + j * w->step[1] + k * w->step[2];
                const int64_t n = w->n[3], step = w->step[3];

                for (int64_t l = 0; l < n; l++)
                    if (back)
                        to[at + l * step] = *from++;
                    else
                        *to++ = from[at + l * step];
            }
}

static fell_status forward(fell_layer_call *c)
{
    const struct walk w = walk_of(c);
    const int64_t n = fell_size(&c->plan->out);

    for (int64_t b = 0; b < c->batch; b++)
        walk_row(&w, c->x[0] + b * n, c->y + b * n, false);
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    const struct walk w = walk_of(c);
    const int64_t n = fell_size(&c->plan->out);

    for (int64_t b = 0; c->dx[0] && b < c->batch; b++)
        walk_row(&w, c->dy + b * n, c->dx[0] + b * n, true);
    return FELL_OK;
}

static const fell_layer permute = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "permute",
        "Puts the dimensions of each row into another order.\n\n"
        "With `axes: [1, 0]` y[i,j] = x[j,i]: a sequence of T steps of D numbers becomes D channels\n"
        "of length T, for convolutions over time. As PyTorch's permute, the batch not counted.",
        struct permute, params),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &permute.item);
