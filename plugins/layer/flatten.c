/* flatten.c - rows of any shape as vectors. */
#include "../pass.h"

static fell_status plan(fell_plan *p)
{
    p->out = fell_vec(fell_size(&p->in[0]));
    return FELL_OK;
}

static const fell_layer flatten = {
    .item =
        FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "flatten",
                   "Turns each row, an image or a sequence, into one vector.\n\n"
                   "[C,H,W] becomes [C H W] with the last dimension running fastest, as PyTorch's Flatten."),
    .plan = plan,
    .forward = pass_forward,
    .backward = pass_backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &flatten.item);
