/* moons.c - two half circles that reach into each other, for lessons. */
#include "../turn.h"
#include "fell/plugin.h"
#include "points.h"

struct settings {
    int64_t rows;
    double noise;
};

static const fell_param params[] = {
    FELL_INT(struct settings, rows, 100, 2, 1LL << 31, 0,
             "Number of rows, half of them for each moon; at least 2."),
    FELL_FLOAT(struct settings, noise, 0, 0, INFINITY, FELL_MAX_OPEN,
               "Standard deviation of the noise added to both inputs, in radii; 0 or more."),
};

/* Rows go from moon to moon; an odd last one is of the second. */
static fell_status open_moons(fell_data_info *info)
{
    const struct settings *s = info->settings;
    const int64_t first = s->rows / 2, count[2] = {first, s->rows - first};
    struct points *p = points_open(info, s->rows, 2, 2);

    if (!p)
        return FELL_ERROR;
    for (int64_t i = 0; i < s->rows; i++) {
        const int32_t moon = i < 2 * first ? (int32_t)(i % 2) : 1;
        const double half = count[moon] > 1 ? 0.5 * (double)(i / 2) / (double)(count[moon] - 1) : 0.0;
        const double outer[2] = {turn_cos(half), turn_sin(half)};
        const double inner[2] = {1.0 - outer[0], 1.0 - outer[1] - 0.5};

        points_set(p, i, moon, moon ? inner : outer, s->noise);
    }
    return FELL_OK;
}

static const fell_dataset moons = {
    FELL_ITEM(
        FELL_KIND_DATASET, fell_dataset, "moons",
        "Two half circles that reach into each other, drawn from the seed.\n\n"
        "Class 0: (cos t, sin t), class 1: (1 - cos t, 1/2 - sin t), with t in even steps from 0 to pi,\n"
        "and noise on both inputs. Also as values 0 and 1, for losses that take values. The points\n"
        "of scikit-learn's make_moons.",
        struct settings, params),
    open_moons, points_read, points_close};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &moons.item);
