/* data_coarse.c - inputs whose differences are lost when doubles become floats. See data_parts.h.
 *
 * Seconds since 1970 are floats 128 apart: what is within a minute becomes one number.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/data_parts.h"

/* Fewer floats than these between a column's ends are told. */
enum { FEW_STEPS = 1000 };

void coarse_see(struct coarse *c, const double *x, int64_t rows, int64_t cols)
{
    if (!c->least) {
        c->cols = cols;
        c->least = mem_array((size_t)cols, sizeof *c->least);
        c->most = mem_array((size_t)cols, sizeof *c->most);
        c->rounds = mem_array((size_t)cols, sizeof *c->rounds);
        for (int64_t j = 0; j < cols; j++) {
            c->least[j] = INFINITY;
            c->most[j] = -INFINITY;
        }
    }
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++) {
            const double v = x[i * cols + j];

            if (isnan(v))
                continue;
            c->least[j] = v < c->least[j] ? v : c->least[j];
            c->most[j] = v > c->most[j] ? v : c->most[j];
            c->rounds[j] |= (double)(float)v != v;
        }
}

/* How far apart the floats are at the larger end of column J. */
static double step_of(const struct coarse *c, int64_t j)
{
    const double end = fabs(c->least[j]) > fabs(c->most[j]) ? c->least[j] : c->most[j];
    const float at = (float)fabs(end);

    return (double)nextafterf(at, INFINITY) - (double)at;
}

static bool is_coarse(const struct coarse *c, int64_t j)
{
    return c->rounds[j] && c->most[j] > c->least[j] && c->most[j] - c->least[j] < FEW_STEPS * step_of(c, j);
}

void coarse_tell(struct coarse *c, const fell_column *column, int64_t ncolumns, const struct host_env *env)
{
    int64_t j = 0, k = 0;
    char text[512], name[120], least[32], most[32];

    while (j < c->cols && !is_coarse(c, j))
        j++;
    while (k < ncolumns && column[k].at != j)
        k++;
    if (j < c->cols && env->warn) {
        if (k < ncolumns && column[k].name && column[k].name[0])
            snprintf(name, sizeof name, "'%.100s'", column[k].name);
        else
            snprintf(name, sizeof name, "%lld", (long long)j + 1);
        text_from_double(c->least[j], least);
        text_from_double(c->most[j], most);
        snprintf(text, sizeof text,
                 "the numbers of column %s, %s to %s, become 32-bit floats, which are %g apart there: values "
                 "that differ by less become one; standardize them first, or subtract what they share",
                 name, least, most, step_of(c, j));
        env->warn(env->warn_arg, "data", text);
    }
    coarse_release(c);
}

void coarse_release(struct coarse *c)
{
    free(c->least);
    free(c->most);
    free(c->rounds);
    *c = (struct coarse){0};
}
