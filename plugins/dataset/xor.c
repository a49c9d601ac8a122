/* xor.c - the four corners of exclusive or, for lessons. */
#include <stdlib.h>

#include "fell/plugin.h"

struct settings {
    int64_t rows;
    double noise;
};

static const fell_param params[] = {
    FELL_INT(struct settings, rows, 4, 4, 1LL << 31, 0,
             "Number of rows, at least 4; they go round the corners (0,0) (0,1) (1,0) (1,1)."),
    FELL_FLOAT(struct settings, noise, 0, 0, INFINITY, FELL_MAX_OPEN,
               "Standard deviation of the noise around the corners, whose sides are 1 long; 0 or more."),
};

/* self: [rows,2] inputs. Row i belongs to corner i mod 4. */
static fell_status open_corners(fell_data_info *info)
{
    const struct settings *s = info->settings;
    float *x = malloc((size_t)s->rows * 2 * sizeof *x);

    if (!x)
        return fell_fail(info->ctx, "rows: there is not enough memory for %lld", (long long)s->rows);
    if (s->noise > 0.0)
        fell_normal(info->ctx, x, 2 * s->rows);
    for (int64_t i = 0; i < 2 * s->rows; i++) {
        const float corner = (float)(i % 2 ? i / 2 % 2 : i / 4 % 2);

        x[i] = s->noise > 0.0 ? corner + x[i] * (float)s->noise : corner;
    }
    info->self = x;
    info->rows = s->rows;
    info->x = fell_vec(2);
    info->target = fell_vec(1);
    info->is = info->wanted == FELL_CLASSES ? FELL_CLASSES : FELL_VALUES;
    info->nclasses = 2;
    return FELL_OK;
}

static fell_status read_corners(fell_read_call *c)
{
    const float *x = c->self;

    for (int64_t i = 0; i < c->n; i++) {
        const int64_t row = c->row[i];
        const int32_t one = (row % 2 != 0) != (row / 2 % 2 != 0);

        memcpy(c->x + 2 * i, x + 2 * row, 2 * sizeof *x);
        if (c->target)
            c->target[i] = (float)one;
        if (c->label)
            c->label[i] = one;
    }
    return FELL_OK;
}

static const fell_dataset xor
    = {FELL_ITEM(
           FELL_KIND_DATASET, fell_dataset, "xor",
           "Two inputs and whether exactly one of them is 1: no single neuron can tell.\n\n"
           "target = a xor b, as values 0 and 1 or as two classes, whichever the loss takes. M. Minsky and\n"
           "S. Papert, \"Perceptrons\", 1969.",
           struct settings, params),
       open_corners, read_corners, free};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &xor.item);
