/* flip.c - in training, images are mirrored at random. */
#include "fell/plugin.h"
#include "planes.h"

struct flip {
    double horizontal, vertical;
};

static const fell_param params[] = {
    FELL_FLOAT(struct flip, horizontal, 0.5, 0, 1, 0, "Probability that left and right are exchanged."),
    FELL_FLOAT(struct flip, vertical, 0, 0, 1, 0, "Probability that top and bottom are exchanged."),
};

static void flip_plane(const float *x, float *y, const struct planes *s, bool across, bool over)
{
    for (int64_t i = 0; i < s->height; i++) {
        const float *from = x + (over ? s->height - 1 - i : i) * s->width;
        float *to = y + i * s->width;

        if (across)
            for (int64_t j = 0; j < s->width; j++)
                to[j] = from[s->width - 1 - j];
        else
            memcpy(to, from, (size_t)s->width * sizeof *to);
    }
}

/* Two numbers are drawn for each row, whatever the settings. */
static fell_status forward(fell_layer_call *c)
{
    const struct flip *s = c->settings;
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
        const bool across = (double)drawn[2 * i] < s->horizontal,
                   over = (double)drawn[2 * i + 1] < s->vertical;

        for (int64_t k = i * planes.count; k < (i + 1) * planes.count; k++)
            flip_plane(c->x[0] + k * size, c->y + k * size, &planes, across, over);
    }
    return FELL_OK;
}

static const fell_layer flip = {
    .item = FELL_ITEM(FELL_KIND_LAYER, fell_layer, "flip",
                      "In training, mirrors each image with a given probability, anew in every epoch.\n\n"
                      "y[c,i,j] = x[c,i,W-1-j] (horizontal), x[c,H-1-i,j] (vertical), or both; y = x in\n"
                      "evaluation. Called RandomHorizontalFlip and RandomVerticalFlip in torchvision.",
                      struct flip, params),
    .plan = planes_plan,
    .forward = forward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &flip.item);
