/* positional.c - tells the steps of a sequence apart: a vector for each place is added. */
#include "../power.h"
#include "../turn.h"
#include "columns.h"

enum { LEARNED, SINUSOIDAL };

struct positional {
    int32_t kind;
};

static const fell_param params[] = {
    FELL_ENUM(struct positional, kind, "learned", "learned|sinusoidal",
              "Whether the vectors are learnt or waves, learned or sinusoidal."),
};

static const fell_tensor tensors[] = {
    {"weight", "The vector of each place, of `learned`: [steps, width].", "{normal: {std: 0.02}}",
     FELL_WEIGHT},
};

static fell_status plan(fell_plan *p)
{
    const struct positional *s = p->settings;

    if (p->in[0].rank != 2)
        return fell_fail(p->ctx, "takes sequences [steps, width]; its input has %lld dimension%s",
                         (long long)p->in[0].rank, p->in[0].rank == 1 ? "" : "s");
    p->out = p->in[0];
    if (s->kind == LEARNED)
        p->tensor[0] = p->in[0];
    return FELL_OK;
}

/* wave[steps,width]: sine and cosine of t / 10000^(2i/width) at 2i and 2i + 1. */
static void fill_waves(int64_t steps, int64_t width, float *wave)
{
    for (int64_t j = 0; j < width; j++) {
        const double rate = power_exp(-power_log(10000.0) * (double)(j - j % 2) / (double)width);

        for (int64_t t = 0; t < steps; t++) {
            const double turns = (double)t * rate / 6.28318530717958648;

            wave[t * width + j] = (float)(j % 2 ? turn_cos(turns) : turn_sin(turns));
        }
    }
}

/* What is added to every row. */
struct shift {
    fell_ctx *ctx;
    const float *x, *by;
    int64_t rows, n;
    float *y;
};

FELL_KERNEL(shift_rows, struct shift)
{
    for (int64_t i = 0; i < c->rows; i++) {
        const float *x = c->x + i * c->n, *by = c->by;
        float *y = c->y + i * c->n;

        FELL_EACH for (int64_t j = 0; j < c->n; j++) y[j] = x[j] + by[j];
    }
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    const fell_shape *in = &c->plan->in[0];
    struct shift shift = {c->ctx, c->x[0], c->tensor[0], c->batch, fell_size(in), c->y};

    if (!shift.by) {
        float *wave = fell_scratch(c->ctx, shift.n, sizeof *wave);

        if (!wave)
            return FELL_ERROR;
        fill_waves(in->dim[0], in->dim[1], wave);
        shift.by = wave;
    }
    return shift_rows(&shift);
}

static fell_status backward(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);
    struct columns columns = {c->ctx, c->dy, c->batch, n, n, c->grad[0]};

    if (c->dx[0])
        memcpy(c->dx[0], c->dy, (size_t)(c->batch * n) * sizeof(float));
    return c->grad[0] ? columns_add(&columns) : FELL_OK;
}

static const fell_layer positional = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "positional",
        "Adds a vector of its own to each step of a sequence, which attention else cannot tell apart.\n\n"
        "y[t] = x[t] + p[t], with p learnt, normal random numbers of deviation 0.02 at first, or\n"
        "p[t,2i] = sin(t / 10000^(2i/D)) and p[t,2i+1] = cos(t / 10000^(2i/D)) of a width D.\n"
        "A. Vaswani et al., \"Attention is all you need\", NeurIPS 2017, section 3.5.",
        struct positional, params),
    .tensors = tensors,
    .ntensors = 1,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &positional.item);
