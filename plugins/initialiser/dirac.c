/* dirac.c - convolutions that hand on their input channels. */
#include "fell/plugin.h"

struct dirac {
    int64_t groups;
};

static const fell_param params[] = {
    FELL_INT(struct dirac, groups, 1, 1, 1LL << 40, 0, "Groups of the convolution, at least 1."),
};

/* w: [out,in,kernel] or [out,in,height,width] */
static fell_status fill(fell_init_call *c)
{
    const struct dirac *s = c->settings;
    const int64_t *dim = c->shape->dim, out = dim[0], in = dim[1], each = out / s->groups;
    int64_t middle, size;

    if (c->shape->rank < 3)
        return fell_fail(c->ctx, "fills the kernels of convolutions alone, not tensors of rank %lld",
                         (long long)c->shape->rank);
    if (out % s->groups != 0)
        return fell_fail(c->ctx, "groups: %lld does not divide the %lld output channels",
                         (long long)s->groups, (long long)out);
    size = c->shape->rank == 3 ? dim[2] : dim[2] * dim[3];
    middle = c->shape->rank == 3 ? dim[2] / 2 : dim[2] / 2 * dim[3] + dim[3] / 2;
    memset(c->w, 0, (size_t)c->n * sizeof *c->w);
    for (int64_t i = 0; i < each * s->groups; i++)
        if (i % each < in)
            c->w[(i * in + i % each) * size + middle] = 1.0f;
    return FELL_OK;
}

static const fell_initialiser dirac = {
    FELL_ITEM(FELL_KIND_INITIALISER, fell_initialiser, "dirac",
              "Convolutions that hand on their input channels.\n\n"
              "w[o,i,middle] = 1 where o modulo out/groups is i, else 0, as PyTorch's dirac. Weights of\n"
              "convolutions only.",
              struct dirac, params),
    fill};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &dirac.item);
