/* reshape.c - rows with other dimensions, the numbers as they lie. */
#include "../pass.h"

struct reshape {
    fell_ints shape;
};

static const fell_param params[] = {
    FELL_INTS(struct reshape, shape, NULL, -1, 1 << 24, FELL_REQUIRED,
              "Dimensions of a row, one to four, each at least 1; one of them may be -1: what is left."),
};

static fell_status plan(fell_plan *p)
{
    const struct reshape *s = p->settings;
    const int64_t all = fell_size(&p->in[0]);
    int64_t known = 1, open = -1;

    if (s->shape.n < 1 || s->shape.n > 4)
        return fell_fail(p->ctx, "shape: %lld dimensions; one to four are possible", (long long)s->shape.n);
    p->out.rank = s->shape.n;
    for (int64_t d = 0; d < s->shape.n; d++) {
        const int64_t dim = s->shape.v[d];

        if (dim == 0 || (dim < 0 && open >= 0))
            return fell_fail(p->ctx, dim ? "shape: only one dimension can be -1" : "shape: a dimension of 0");
        p->out.dim[d] = dim;
        if (dim < 0)
            open = d;
        else
            known *= dim;
        if (known > all)
            break;
    }
    if (open >= 0 && known <= all && all % known == 0)
        p->out.dim[open] = all / known;
    else if (open >= 0 || known != all)
        return fell_fail(p->ctx, "shape: does not hold the %lld numbers of an input row", (long long)all);
    return FELL_OK;
}

static const fell_layer reshape = {
    .item =
        FELL_ITEM(FELL_KIND_LAYER, fell_layer, "reshape",
                  "Gives each row other dimensions and leaves its numbers as they lie.\n\n"
                  "With `shape: [8, 8]` a row of 64 numbers becomes a sequence of 8 steps, with [1, 8, 8]\n"
                  "an image; the last dimension runs fastest. As PyTorch's Unflatten and view.",
                  struct reshape, params),
    .plan = plan,
    .forward = pass_forward,
    .backward = pass_backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &reshape.item);
