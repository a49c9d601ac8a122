/* upsample.c - images made larger. */
#include "both_ways.h"
#include "window.h"

enum { NEAREST, BILINEAR };

struct upsample {
    fell_ints factor;
    int32_t mode;
};

static const fell_param params[] = {
    FELL_INTS(struct upsample, factor, "2", 1, 1 << 16, 0,
              "How many times as high and wide; one number for both."),
    FELL_ENUM(struct upsample, mode, "nearest", "nearest|bilinear",
              "Copies of each pixel, or lines from one pixel's middle to the next."),
};

static fell_status plan(fell_plan *p)
{
    const struct upsample *s = p->settings;
    int64_t factor[AXES];
    struct window w;

    if (window_image(p->ctx, &p->in[0], &w) != FELL_OK ||
        window_setting(p->ctx, "factor", s->factor, NULL, factor) != FELL_OK)
        return FELL_ERROR;
    p->out =
        (fell_shape){3, {p->in[0].dim[0], p->in[0].dim[1] * factor[ROWS], p->in[0].dim[2] * factor[COLS]}};
    return FELL_OK;
}

/* An output place lies between the pixels LOW and HIGH, and takes PART of the latter. */
struct between {
    int64_t low, high;
    float part;
};

static struct between between(int32_t mode, int64_t o, int64_t in, int64_t out)
{
    const int64_t factor = out / in;
    double at = ((double)o + 0.5) / (double)factor - 0.5;
    struct between b = {o / factor, o / factor, 0.0f};

    if (mode == NEAREST)
        return b;
    at = at > 0.0 ? at : 0.0;
    b.low = (int64_t)at;
    b.high = b.low + 1 < in ? b.low + 1 : b.low;
    b.part = (float)(at - (double)b.low);
    return b;
}

/* Every output pixel from its four, or with BACK its gradient to them. */
static fell_status run(fell_layer_call *c, bool back)
{
    const int32_t mode = ((const struct upsample *)c->settings)->mode;
    const fell_shape *in = &c->plan->in[0], *out = &c->plan->out;
    const int64_t height = out->dim[1], width = out->dim[2], pixels = in->dim[1] * in->dim[2];
    struct between *cols = fell_scratch(c->ctx, width, sizeof *cols);

    if (!cols)
        return FELL_ERROR;
    for (int64_t j = 0; j < width; j++)
        cols[j] = between(mode, j, in->dim[2], width);
    for (int64_t i = 0; i < c->batch * in->dim[0] * height; i++) {
        const struct between r = between(mode, i % height, in->dim[1], height);
        const int64_t plane = i / height * pixels, low = plane + r.low * in->dim[2],
                      high = plane + r.high * in->dim[2];

        for (int64_t j = 0; j < width; j++) {
            const struct between k = cols[j];
            const float a = (1.0f - r.part) * (1.0f - k.part), b = (1.0f - r.part) * k.part;
            const float d = r.part * (1.0f - k.part), e = r.part * k.part;

            if (back) {
                const float dy = c->dy[i * width + j];

                c->dx[0][low + k.low] += a * dy;
                c->dx[0][low + k.high] += b * dy;
                c->dx[0][high + k.low] += d * dy;
                c->dx[0][high + k.high] += e * dy;
            } else {
                const float *x = c->x[0];

                c->y[i * width + j] = mode == NEAREST ? x[low + k.low]
                                                      : (a * x[low + k.low] + b * x[low + k.high]) +
                                                            (d * x[high + k.low] + e * x[high + k.high]);
            }
        }
    }
    return FELL_OK;
}

LAYER_BOTH_WAYS(run)

static const fell_layer upsample = {
    .item =
        FELL_ITEM(FELL_KIND_LAYER, fell_layer, "upsample",
                  "Makes images larger, for nets that give images.\n\n"
                  "[C,H,W] becomes [C, factor H, factor W]: y[i,j] = x[i / factor, j / factor], or by lines\n"
                  "between the middles of pixels, those beyond the border as at the border. As PyTorch's\n"
                  "nn.Upsample with align_corners off.",
                  struct upsample, params),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &upsample.item);
