/* pad.c - images and sequences made larger at their borders, by rule. */
#include "both_ways.h"

enum { CONSTANT, REFLECT, REPLICATE, CIRCULAR };
enum { SIDES = 4, MOST = 2 };

struct pad {
    fell_ints size;
    int32_t mode;
    double value;
};

static const fell_param params[] = {
    FELL_INTS(struct pad, size, NULL, 0, 1 << 24, FELL_REQUIRED,
              "Numbers put on every side; or two, before and behind, of [channels, length]; or four, left, "
              "right, top and bottom, of an image."),
    FELL_ENUM(struct pad, mode, "constant", "constant|reflect|replicate|circular",
              "What is put there: `value`, the mirror image without the border itself, the border, or the "
              "other end."),
    FELL_FLOAT(struct pad, value, 0, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "What constant puts there, any number."),
};

/* Rows and columns of a plane, and what is put before and behind each. */
struct layout {
    int64_t in[MOST], out[MOST], before[MOST];
};

static fell_status lay_out(fell_ctx *ctx, const struct pad *s, const fell_shape *in, struct layout *l)
{
    const int64_t axes = in->rank - 1;
    int64_t side[SIDES];

    if (axes < 1 || axes > MOST)
        return fell_fail(ctx,
                         "takes [channels, length] or [channels, height, width]; its input has %lld "
                         "dimension%s",
                         (long long)in->rank, in->rank == 1 ? "" : "s");
    if (s->size.n != 1 && s->size.n != 2 * axes)
        return fell_fail(ctx, "size: %lld values; it takes one, or %lld", (long long)s->size.n,
                         (long long)(2 * axes));
    for (int64_t i = 0; i < 2 * axes; i++)
        side[i] = s->size.v[s->size.n > 1 ? i : 0];
    l->in[0] = l->out[0] = 1;
    l->before[0] = 0;
    for (int64_t a = 0; a < axes; a++) {
        const int64_t at = MOST - 1 - a, n = in->dim[in->rank - 1 - a], before = side[2 * a];
        const int64_t behind = side[2 * a + 1], most = s->mode == REFLECT ? n - 1 : n;

        if ((s->mode == REFLECT || s->mode == CIRCULAR) && (before > most || behind > most))
            return fell_fail(ctx, "size: %lld, but there are only %lld numbers to take from",
                             (long long)(before > behind ? before : behind), (long long)most);
        l->in[at] = n;
        l->before[at] = before;
        l->out[at] = before + n + behind;
    }
    return FELL_OK;
}

static fell_status plan(fell_plan *p)
{
    struct layout l;

    if (lay_out(p->ctx, p->settings, &p->in[0], &l) != FELL_OK)
        return FELL_ERROR;
    p->out = p->in[0];
    p->out.dim[p->out.rank - 1] = l.out[1];
    if (p->out.rank == 3)
        p->out.dim[1] = l.out[0];
    return FELL_OK;
}

/* The number of N that stands at place O, BEFORE of which come first; -1: the value. */
static int64_t source(int32_t mode, int64_t n, int64_t o, int64_t before)
{
    const int64_t i = o - before;

    if (i >= 0 && i < n)
        return i;
    switch (mode) {
    case REFLECT:
        return i < 0 ? -i : 2 * (n - 1) - i;
    case REPLICATE:
        return i < 0 ? 0 : n - 1;
    case CIRCULAR:
        return i < 0 ? i + n : i - n;
    default:
        return -1;
    }
}

/* Every number of the output from where it comes, or with BACK its gradient to there. */
static fell_status run(fell_layer_call *c, bool back)
{
    const struct pad *s = c->settings;
    const int64_t planes = c->batch * c->plan->in[0].dim[0];
    int64_t *cols, at = 0;
    struct layout l;

    if (lay_out(c->ctx, s, &c->plan->in[0], &l) != FELL_OK ||
        !(cols = fell_scratch(c->ctx, l.out[1], sizeof *cols)))
        return FELL_ERROR;
    for (int64_t j = 0; j < l.out[1]; j++)
        cols[j] = source(s->mode, l.in[1], j, l.before[1]);
    for (int64_t i = 0; i < planes * l.out[0]; i++) {
        const int64_t row = source(s->mode, l.in[0], i % l.out[0], l.before[0]);
        const int64_t from = (i / l.out[0] * l.in[0] + row) * l.in[1];

        for (int64_t j = 0; j < l.out[1]; j++, at++) {
            const bool given = row >= 0 && cols[j] >= 0;

            if (!back)
                c->y[at] = given ? c->x[0][from + cols[j]] : (float)s->value;
            else if (given)
                c->dx[0][from + cols[j]] += c->dy[at];
        }
    }
    return FELL_OK;
}

LAYER_BOTH_WAYS(run)

static const fell_layer pad = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "pad",
        "Puts numbers around images and sequences: before a convolution, padding of any kind.\n\n"
        "[C,H,W] becomes [C, top + H + bottom, left + W + right], [C,L] likewise. A convolution with\n"
        "an odd kernel k and stride 1 keeps its size behind `size: (k - 1) / 2`. As PyTorch's pad,\n"
        "whose modes and order of sides these are.",
        struct pad, params),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &pad.item);
