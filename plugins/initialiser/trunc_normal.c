/* trunc_normal.c - normal weights between two bounds. */
#include "../power.h"
#include "fell/plugin.h"

struct truncated {
    double mean, std, min, max;
};

static const fell_param params[] = {
    FELL_FLOAT(struct truncated, mean, 0, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Mean before the cut, any number."),
    FELL_FLOAT(struct truncated, std, 1, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Standard deviation before the cut, above 0."),
    FELL_FLOAT(struct truncated, min, -2, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Smallest weight, any number."),
    FELL_FLOAT(struct truncated, max, 2, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Largest weight, above min."),
};

/* The probability of a normal number below X: by its power series near 0, by the continued
 * fraction of its tail beyond (Abramowitz and Stegun, 26.2.11 and 26.2.14). */
static double normal_below(double x)
{
    const double density = 0.39894228040143268 * power_exp(-0.5 * x * x);
    double sum = x, term = x, tail = 0.0;

    if (x > 3.0)
        return 1.0 - normal_below(-x);
    if (x > -3.0) {
        for (int k = 3; k < 80; k += 2) {
            term *= x * x / (double)k;
            sum += term;
        }
        return 0.5 + density * sum;
    }
    for (int k = 80; k >= 1; k--)
        tail = (double)k / (tail - x);
    return density / (tail - x);
}

/* The number below which a normal one is with probability P, to 1e-7 (M. Wichura, algorithm
 * AS 241, PPND7, 1988). */
static double normal_quantile(double p)
{
    const double q = p - 0.5;
    double r = 0.180625 - q * q, x;

    if (r >= 0.0)
        return q * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179) /
               (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0);
    r = sqrt(-power_log(q < 0.0 ? p : 1.0 - p));
    if (r <= 5.0) {
        r -= 1.6;
        x = (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777) /
            ((0.12021132975 * r + 0.73700164250) * r + 1.0);
    } else {
        r -= 5.0;
        x = (((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150) /
            ((0.012258202635 * r + 0.24197894225) * r + 1.0);
    }
    return q < 0.0 ? -x : x;
}

/* The float next to X that is not outside, going up or down. */
static float inside(double x, bool up)
{
    const float f = (float)x;

    if (up ? (double)f < x : (double)f > x)
        return nextafterf(f, up ? INFINITY : -INFINITY);
    return f;
}

/* The quantiles of uniform numbers between the probabilities of the bounds. Bounds in the upper
 * half are mirrored, since small probabilities are exact and those near 1 are not. */
static fell_status fill(fell_init_call *c)
{
    const struct truncated *s = c->settings;
    const double side = s->min > s->mean ? -1.0 : 1.0;
    const double low = (side > 0.0 ? s->min - s->mean : s->mean - s->max) / s->std;
    const double high = (side > 0.0 ? s->max - s->mean : s->mean - s->min) / s->std;
    const double from = normal_below(low), to = normal_below(high);
    const float least = inside(s->min, true), most = inside(s->max, false);

    if (s->max <= s->min)
        return fell_fail(c->ctx, "max: %g is not above min, %g", s->max, s->min);
    if (!(to > from))
        return fell_fail(c->ctx, "std: no normal numbers are between min and max, so far from the mean");
    fell_uniform(c->ctx, c->w, c->n);
    for (int64_t i = 0; i < c->n; i++) {
        const double p = from + (to - from) * ((double)c->w[i] + 0x1p-25);
        const float w = (float)(s->mean + side * s->std * normal_quantile(p));

        c->w[i] = w < least ? least : w > most ? most : w;
    }
    return FELL_OK;
}

static const fell_initialiser trunc_normal = {
    FELL_ITEM(
        FELL_KIND_INITIALISER, fell_initialiser, "trunc_normal",
        "Normal numbers, none beyond two bounds (truncated normal).\n\n"
        "w normal with the mean and deviation given and drawn anew beyond [min, max]: the inverse\n"
        "distribution function of uniform numbers. Called trunc_normal in PyTorch, with bounds a and b.",
        struct truncated, params),
    fill};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &trunc_normal.item);
