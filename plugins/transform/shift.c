/* shift.c - in training, images are moved by a few pixels at random. */
#include "fell/plugin.h"
#include "planes.h"

struct shift {
    int64_t pixels;
    double fill;
};

static const fell_param params[] = {
    FELL_INT(struct shift, pixels, 2, 0, 1 << 16, 0,
             "Furthest that an image moves along each axis, in pixels; 0 or more."),
    FELL_FLOAT(struct shift, fill, 0, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "What the pixels become that are left bare."),
};

/* Y[i,j] = X[i-down,j-right], FILL outside. */
static void shift_plane(const float *x, float *y, const struct planes *s, int64_t down, int64_t right,
                        float fill)
{
    const int64_t from = right < 0 ? 0 : right < s->width ? right : s->width;
    const int64_t to = right > 0 ? s->width : s->width + right > 0 ? s->width + right : 0;

    for (int64_t i = 0; i < s->height; i++) {
        const bool inside = i - down >= 0 && i - down < s->height && from < to;
        const int64_t begin = inside ? from : s->width, end = inside ? to : s->width;
        float *row = y + i * s->width;

        for (int64_t j = 0; j < begin; j++)
            row[j] = fill;
        if (inside)
            memcpy(row + begin, x + (i - down) * s->width + (begin - right),
                   (size_t)(end - begin) * sizeof *row);
        for (int64_t j = end; j < s->width; j++)
            row[j] = fill;
    }
}

/* A whole number from -most to most, each as likely; U in [0,1). */
static int64_t steps(float u, int64_t most)
{
    return (int64_t)((double)u * (double)(2 * most + 1)) - most;
}

static fell_status forward(fell_layer_call *c)
{
    const struct shift *s = c->settings;
    const struct planes planes = planes_of(&c->plan->in[0]);
    const int64_t size = planes.height * planes.width;
    float *drawn;

    if (!c->training)
        return planes_pass(c);
    drawn = fell_scratch(c->ctx, 2 * c->batch, sizeof *drawn);
    if (!drawn)
        return FELL_ERROR;
    fell_uniform(c->ctx, drawn, 2 * c->batch);
    for (int64_t i = 0; i < c->batch; i++) {
        const int64_t down = steps(drawn[2 * i], s->pixels), right = steps(drawn[2 * i + 1], s->pixels);

        for (int64_t k = i * planes.count; k < (i + 1) * planes.count; k++)
            shift_plane(c->x[0] + k * size, c->y + k * size, &planes, down, right, (float)s->fill);
    }
    return FELL_OK;
}

static const fell_layer shift = {
    .item = FELL_ITEM(FELL_KIND_LAYER, fell_layer, "shift",
                      "In training, moves each image by a few pixels, anew in every epoch.\n\n"
                      "y[c,i,j] = x[c,i-a,j-b], and fill where that lies outside, with a and b drawn from\n"
                      "-pixels to pixels, each as likely; y = x in evaluation.",
                      struct shift, params),
    .plan = planes_plan,
    .forward = forward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &shift.item);
