/* sine.c - a sine wave with noise, the first lesson of regression. */
#include <stdlib.h>

#include "../turn.h"
#include "fell/plugin.h"

struct settings {
    int64_t rows;
    double noise, periods;
};

static const fell_param params[] = {
    FELL_INT(struct settings, rows, 100, 1, 1LL << 31, 0, "Number of rows; at least 1."),
    FELL_FLOAT(struct settings, noise, 0, 0, INFINITY, FELL_MAX_OPEN,
               "Standard deviation of the noise added to the target, whose amplitude is 1; 0 or more."),
    FELL_FLOAT(struct settings, periods, 1, 0, 1e6, FELL_MIN_OPEN,
               "Full waves over the inputs' range of -1 to 1; above 0."),
};

/* self: [2,rows], inputs and targets. */
static fell_status open_wave(fell_data_info *info)
{
    const struct settings *s = info->settings;
    float *x = malloc((size_t)s->rows * 2 * sizeof *x), *y;

    if (!x)
        return fell_fail(info->ctx, "rows: there is not enough memory for %lld", (long long)s->rows);
    y = x + s->rows;
    fell_uniform(info->ctx, x, s->rows);
    fell_normal(info->ctx, y, s->rows);
    for (int64_t i = 0; i < s->rows; i++) {
        x[i] = 2.0f * x[i] - 1.0f;
        y[i] = (float)(turn_sin(0.5 * s->periods * (double)x[i]) + s->noise * (double)y[i]);
    }
    info->self = x;
    info->rows = s->rows;
    info->x = fell_vec(1);
    info->target = fell_vec(1);
    info->is = FELL_VALUES;
    return FELL_OK;
}

static fell_status read_wave(fell_read_call *c)
{
    const struct settings *s = c->settings;
    const float *x = c->self, *y = x + s->rows;

    for (int64_t i = 0; i < c->n; i++) {
        c->x[i] = x[c->row[i]];
        if (c->target)
            c->target[i] = y[c->row[i]];
    }
    return FELL_OK;
}

static const fell_dataset sine = {
    FELL_ITEM(FELL_KIND_DATASET, fell_dataset, "sine",
              "A sine wave with noise on it, drawn from the seed; for losses that take values.\n\n"
              "y = sin(pi periods x) + noise z, with x uniform in [-1, 1) and z normal.",
              struct settings, params),
    open_wave, read_wave, free};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &sine.item);
