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

static void flip_plane(const void *settings, const float drawn[2], const struct planes *p, const float *x,
                       float *y)
{
    const struct flip *s = settings;
    const bool across = (double)drawn[0] < s->horizontal, over = (double)drawn[1] < s->vertical;

    for (int64_t i = 0; i < p->height; i++) {
        const float *from = x + (over ? p->height - 1 - i : i) * p->width;
        float *to = y + i * p->width;

        if (across)
            for (int64_t j = 0; j < p->width; j++)
                to[j] = from[p->width - 1 - j];
        else
            memcpy(to, from, (size_t)p->width * sizeof *to);
    }
}

static fell_status forward(fell_layer_call *c)
{
    return planes_forward(c, flip_plane);
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
