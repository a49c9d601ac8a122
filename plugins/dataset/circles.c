/* circles.c - a circle inside a circle, for lessons. */
#include "../turn.h"
#include "fell/plugin.h"
#include "points.h"

struct settings {
    int64_t rows;
    double noise, factor;
};

static const fell_param params[] = {
    FELL_INT(struct settings, rows, 100, 2, 1LL << 31, 0,
             "Number of rows, half of them for each circle; at least 2."),
    FELL_FLOAT(struct settings, noise, 0, 0, INFINITY, FELL_MAX_OPEN,
               "Standard deviation of the noise added to both inputs; 0 or more."),
    FELL_FLOAT(struct settings, factor, 0.8, 0, 1, FELL_MAX_OPEN,
               "Radius of the inner circle, that of the outer one being 1; from 0, below 1."),
};

/* Rows go from circle to circle; an odd last one is of the inner. */
static fell_status open_circles(fell_data_info *info)
{
    const struct settings *s = info->settings;
    const int64_t first = s->rows / 2, count[2] = {first, s->rows - first};
    struct points *p = points_open(info, s->rows, 2, 2);

    if (!p)
        return FELL_ERROR;
    for (int64_t i = 0; i < s->rows; i++) {
        const int32_t circle = i < 2 * first ? (int32_t)(i % 2) : 1;
        const double turn = (double)(i / 2) / (double)count[circle], radius = circle ? s->factor : 1.0;
        const double place[2] = {radius * turn_cos(turn), radius * turn_sin(turn)};

        points_set(p, i, circle, place, s->noise);
    }
    return FELL_OK;
}

static const fell_dataset circles = {
    FELL_ITEM(FELL_KIND_DATASET, fell_dataset, "circles",
              "A circle inside a circle, drawn from the seed.\n\n"
              "Class 0: (cos t, sin t), class 1: factor (cos t, sin t), with t in even steps around the\n"
              "circle, and noise on both inputs. Also as values 0 and 1, for losses that take values. The\n"
              "points of scikit-learn's make_circles.",
              struct settings, params),
    open_circles, points_read, points_close};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &circles.item);
