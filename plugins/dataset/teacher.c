/* teacher.c - random inputs, answered by a fixed random net: teacher and student. */
#include <stdlib.h>

#include "../power.h"
#include "../turn.h"
#include "draw.h"
#include "fell/plugin.h"

enum { LINEAR, RELU, TANH, ERF };

struct settings {
    int64_t rows, features, units, outputs, teacher_seed;
    int32_t function;
    double noise;
};

static const fell_param params[] = {
    FELL_INT(struct settings, rows, 1000, 1, 1LL << 31, 0, "Number of rows, at least 1."),
    FELL_INT(struct settings, features, 10, 1, 1 << 20, 0, "Number of inputs, at least 1."),
    FELL_INT(struct settings, units, 4, 1, 1 << 16, 0, "Hidden units of the teacher, at least 1."),
    FELL_INT(struct settings, outputs, 1, 1, 1 << 16, 0, "Outputs of the teacher, at least 1."),
    FELL_ENUM(struct settings, function, "relu", "linear|relu|tanh|erf",
              "The function f of the teacher, linear, relu, tanh or erf, which is erf(x / sqrt(2))."),
    FELL_FLOAT(struct settings, noise, 0, 0, INFINITY, FELL_MAX_OPEN,
               "Standard deviation of the noise on each output, 0 or more."),
    FELL_INT(struct settings, teacher_seed, 0, 0, INT32_MAX, 0,
             "Which teacher: the same number gives the same one to source and test set, whatever the "
             "experiment's seed."),
};

struct teacher {
    int64_t width; /* of a row: features, then outputs */
    float *row;
};

static void close_teacher(void *self)
{
    struct teacher *t = self;

    free(t->row);
    free(t);
}

/* Number I of the teacher, of N(0,1): Box and Muller 1958. */
static double weight(const struct settings *s, int64_t i)
{
    const uint64_t seed = (uint64_t)s->teacher_seed;
    const double u = draw_uniform(seed, (uint64_t)(2 * i)), v = draw_uniform(seed, (uint64_t)(2 * i + 1));

    return sqrt(-2.0 * power_log(1.0 - u)) * turn_cos(v);
}

static float bend(int32_t function, double sum)
{
    const float x = (float)sum;

    switch (function) {
    case LINEAR:
        return x;
    case RELU:
        return x > 0.0f ? x : 0.0f;
    case TANH:
        return fell_tanh(x);
    default:
        return fell_erf(x * 0.70710678f);
    }
}

/* The outputs behind the features of each row, where noise of N(0,1) stands. W: [units, features], V:
 * [outputs, units]. */
static void answer(const struct settings *s, struct teacher *t, const float *w, const float *v, float *hidden)
{
    for (int64_t i = 0; i < s->rows; i++) {
        const float *x = t->row + i * t->width;
        float *y = t->row + i * t->width + s->features;

        for (int64_t k = 0; k < s->units; k++) {
            double sum = 0.0;

            for (int64_t j = 0; j < s->features; j++)
                sum += (double)w[k * s->features + j] * (double)x[j];
            hidden[k] = bend(s->function, sum);
        }
        for (int64_t o = 0; o < s->outputs; o++) {
            double sum = 0.0;

            for (int64_t k = 0; k < s->units; k++)
                sum += (double)v[o * s->units + k] * (double)hidden[k];
            y[o] = (float)(sum + s->noise * (double)y[o]);
        }
    }
}

static fell_status open_teacher(fell_data_info *info)
{
    const struct settings *s = info->settings;
    const int64_t nw = s->units * s->features, nv = s->outputs * s->units;
    struct teacher *t = calloc(1, sizeof *t);
    float *w = malloc((size_t)(nw + nv + s->units) * sizeof *w);

    if (t) {
        t->width = s->features + s->outputs;
        t->row = malloc((size_t)s->rows * (size_t)t->width * sizeof *t->row);
    }
    if (!t || !w || !t->row) {
        free(w);
        if (t)
            close_teacher(t);
        return fell_fail(info->ctx, "rows: there is not enough memory for %lld", (long long)s->rows);
    }
    fell_normal(info->ctx, t->row, s->rows * t->width);
    for (int64_t i = 0; i < nw + nv; i++)
        w[i] = (float)(weight(s, i) / sqrt((double)(i < nw ? s->features : s->units)));
    answer(s, t, w, w + nw, w + nw + nv);
    free(w);
    info->self = t;
    info->rows = s->rows;
    info->x = fell_vec(s->features);
    info->is = info->wanted == FELL_CLASSES ? FELL_CLASSES : FELL_VALUES;
    info->target = fell_vec(info->is == FELL_CLASSES ? 1 : s->outputs);
    info->nclasses = s->outputs > 1 ? s->outputs : 2;
    return FELL_OK;
}

/* The class of outputs Y: the largest one's, the first of equal ones; of a single one whether it is above 0.
 */
static int32_t class_of(const float *y, int64_t outputs)
{
    int32_t best = 0;

    if (outputs == 1)
        return y[0] > 0.0f;
    for (int32_t o = 1; o < outputs; o++)
        best = y[o] > y[best] ? o : best;
    return best;
}

static fell_status read_teacher(fell_read_call *c)
{
    const struct settings *s = c->settings;
    const struct teacher *t = c->self;

    for (int64_t i = 0; i < c->n; i++) {
        const float *row = t->row + c->row[i] * t->width;

        memcpy(c->x + i * s->features, row, (size_t)s->features * sizeof *row);
        if (c->target)
            memcpy(c->target + i * s->outputs, row + s->features, (size_t)s->outputs * sizeof *row);
        if (c->label)
            c->label[i] = class_of(row + s->features, s->outputs);
    }
    return FELL_OK;
}

static const fell_dataset teacher = {
    FELL_ITEM(
        FELL_KIND_DATASET, fell_dataset, "teacher",
        "Normal random inputs and what a fixed random net, the teacher, answers to them.\n\n"
        "y = V f(W x) + noise, with W and V of N(0, 1 / inputs) and no bias, as values; as classes the "
        "largest\n"
        "output's, or of one output whether it is above 0. How large a student must be, and what its units\n"
        "become, is known: D. Saad and S. Solla, \"On-line learning in soft committee machines\", 1995.",
        struct settings, params),
    open_teacher, read_teacher, close_teacher};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &teacher.item);
