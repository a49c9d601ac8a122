/* spiral.c - arms that wind around each other, for lessons. */
#include <stdlib.h>

#include "../turn.h"
#include "fell/plugin.h"

struct settings {
    int64_t rows, classes;
    double noise, turns;
};

static const fell_param params[] = {
    FELL_INT(struct settings, rows, 300, 2, 1LL << 31, 0,
             "Number of rows, shared evenly by the arms; at least 2."),
    FELL_INT(struct settings, classes, 3, 2, 1 << 24, 0, "Number of arms, each a class; at least 2."),
    FELL_FLOAT(struct settings, noise, 0.2, 0, INFINITY, FELL_MAX_OPEN,
               "Standard deviation of a point's angle, in radians; 0 or more."),
    FELL_FLOAT(struct settings, turns, 0.75, 0, 1000, FELL_MIN_OPEN,
               "How often an arm winds around the centre, in full circles; above 0, at most 1000."),
};

/* self: [rows,2] points. Row i belongs to arm i mod classes; along an arm the
 * radius grows evenly from 0 to 1 and the angle with it. */
static fell_status open_arms(fell_data_info *info)
{
    const struct settings *s = info->settings;
    const double full = 6.28318530717958647692;
    const int64_t longest = (s->rows - 1) / s->classes;
    float *x;

    if (s->rows < s->classes)
        return fell_fail(info->ctx, "rows: %lld rows cannot show %lld classes", (long long)s->rows,
                         (long long)s->classes);
    if (info->wanted == FELL_VALUES && s->classes != 2 && !info->no_targets)
        return fell_fail(info->ctx, "classes: %lld, but the loss takes values, which fits 2 alone",
                         (long long)s->classes);
    x = malloc((size_t)s->rows * 2 * sizeof *x);
    if (!x)
        return fell_fail(info->ctx, "rows: there is not enough memory for %lld", (long long)s->rows);
    fell_normal(info->ctx, x, s->rows);
    for (int64_t i = s->rows - 1; i >= 0; i--) { /* backwards: the noise of i lies before x[2 i] */
        const double along = longest ? (double)(i / s->classes) / (double)longest : 1.0;
        const double angle =
            along * s->turns + (double)(i % s->classes) / (double)s->classes + (double)x[i] * s->noise / full;

        x[2 * i] = (float)(along * turn_cos(angle));
        x[2 * i + 1] = (float)(along * turn_sin(angle));
    }
    info->self = x;
    info->rows = s->rows;
    info->x = fell_vec(2);
    info->target = fell_vec(1);
    info->is = info->wanted == FELL_VALUES ? FELL_VALUES : FELL_CLASSES;
    info->nclasses = s->classes;
    return FELL_OK;
}

static fell_status read_arms(fell_read_call *c)
{
    const struct settings *s = c->settings;
    const float *x = c->self;

    for (int64_t i = 0; i < c->n; i++) {
        const int32_t arm = (int32_t)(c->row[i] % s->classes);

        memcpy(c->x + 2 * i, x + 2 * c->row[i], 2 * sizeof *x);
        if (c->target)
            c->target[i] = (float)arm;
        if (c->label)
            c->label[i] = arm;
    }
    return FELL_OK;
}

static const fell_dataset spiral = {
    FELL_ITEM(FELL_KIND_DATASET, fell_dataset, "spiral",
              "Points on arms that wind around each other, one class an arm, drawn from the seed.\n\n"
              "radius r from 0 to 1, angle 2 pi (turns r + arm / classes) + noise, inputs (r cos, r sin). "
              "With two\n"
              "arms also as values 0 and 1, for losses that take values. After K. Lang and M. Witbrock,\n"
              "\"Learning to tell two spirals apart\", 1988.",
              struct settings, params),
    open_arms, read_arms, free};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &spiral.item);
