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

/* A whole number from -most to most, each as likely; U in [0,1). */
static int64_t steps(float u, int64_t most)
{
    return (int64_t)((double)u * (double)(2 * most + 1)) - most;
}

/* Y[i,j] = X[i-down,j-right], fill outside. */
static void shift_plane(const void *settings, const float drawn[2], const struct planes *p, const float *x,
                        float *y)
{
    const struct shift *s = settings;
    const float fill = (float)s->fill;
    const int64_t down = steps(drawn[0], s->pixels), right = steps(drawn[1], s->pixels);
    const int64_t from = right < 0 ? 0 : right < p->width ? right : p->width;
    const int64_t to = right > 0 ? p->width : p->width + right > 0 ? p->width + right : 0;

    for (int64_t i = 0; i < p->height; i++) {
        const bool inside = i - down >= 0 && i - down < p->height && from < to;
        const int64_t begin = inside ? from : p->width, end = inside ? to : p->width;
        float *row = y + i * p->width;

        for (int64_t j = 0; j < begin; j++)
            row[j] = fill;
        if (inside)
            memcpy(row + begin, x + (i - down) * p->width + (begin - right),
                   (size_t)(end - begin) * sizeof *row);
        for (int64_t j = end; j < p->width; j++)
            row[j] = fill;
    }
}

static fell_status forward(fell_layer_call *c)
{
    return planes_forward(c, shift_plane);
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
