/* test_math.c - the functions of fell/math.h against libm's in double, over the
 * whole range of float, and their bits between the SIMD levels.
 *
 * The walk over the floats takes every 127th, with a sanitizer every 1021st; FELL_TEST_ALL=1 takes each.
 */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "fell/plugin.h"
#include "kernels/kernels.h"
#include "sanitized.h"

enum { BLOCK = 4096 };

struct map_call {
    fell_ctx *ctx;
    const float *x;
    float *y;
    int64_t n;
};

static double exact_sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

/* function, the same in double */
#define FUNCTIONS(X)                                                                                         \
    X(exp, exp)                                                                                              \
    X(expm1, expm1)                                                                                          \
    X(log, log)                                                                                              \
    X(log1p, log1p)                                                                                          \
    X(tanh, tanh)                                                                                            \
    X(sigmoid, exact_sigmoid)                                                                                \
    X(erf, erf)

#define LOOP(name, exact)                                                                                    \
    FELL_KERNEL(map_##name, struct map_call)                                                                 \
    {                                                                                                        \
        const float *x = c->x;                                                                               \
        float *y = c->y;                                                                                     \
        const int64_t n = c->n;                                                                              \
        FELL_EACH for (int64_t i = 0; i < n; i++) y[i] = fell_##name(x[i]);                                  \
        return FELL_OK;                                                                                      \
    }
FUNCTIONS(LOOP)

struct function {
    const char *name;
    fell_status (*map)(struct map_call *c);
    double (*exact)(double x);
};

#define ROW(name, exact) {#name, map_##name, exact},
static const struct function functions[] = {FUNCTIONS(ROW)};
enum { COUNT = sizeof functions / sizeof *functions };

static float from_bits(uint32_t u)
{
    float x;

    memcpy(&x, &u, sizeof x);
    return x;
}

static uint32_t to_bits(float x)
{
    uint32_t u;

    memcpy(&u, &x, sizeof u);
    return u;
}

/* How far Y is from the exact value in units of a float's last place there. */
static double ulps(float y, double exact)
{
    const double limit = 0x1.ffffffp127; /* rounds to infinity from here */
    int e;

    if (isnan(exact))
        return isnan(y) ? 0.0 : INFINITY;
    if (isnan(y))
        return INFINITY;
    if (isinf(y)) /* counts as one place above the largest float */
        return (y > 0) != (exact > 0) ? INFINITY
               : fabs(exact) >= limit ? 0.0
                                      : (0x1p128 - fabs(exact)) / 0x1p104;
    if (fabs(exact) >= limit)
        return isinf(exact) ? INFINITY : (fabs(exact) - fabs((double)y)) / 0x1p104;
    if (!signbit(y) != !signbit(exact) && (exact == 0.0 || y != 0.0f))
        return INFINITY;
    frexp(exact, &e);
    return fabs((double)y - exact) / ldexp(1.0, (e < -125 ? -125 : e) - 24);
}

/* One block at every level: within 2 ulp, and the same bits. */
static void check_block(const struct function *f, const float *x, int64_t n)
{
    static float y[SIMD_LEVELS][BLOCK];

    for (int level = SIMD_PORTABLE; level < SIMD_LEVELS; level++) {
        fell_ctx ctx = {NULL, (uint64_t)level};
        struct map_call c = {&ctx, x, y[level], n};

        if (!simd_available((enum simd_level)level))
            continue;
        f->map(&c);
        for (int64_t i = 0; level != SIMD_PORTABLE && i < n; i++)
            if (to_bits(y[level][i]) != to_bits(y[0][i]) && !(isnan(y[level][i]) && isnan(y[0][i])))
                cr_assert_fail("%s(%a): %a at level %s, %a at level portable", f->name, (double)x[i],
                               (double)y[level][i], simd_name((enum simd_level)level), (double)y[0][i]);
    }
    for (int64_t i = 0; i < n; i++) {
        double exact = f->exact((double)x[i]);

        if (!(ulps(y[0][i], exact) <= 2.0))
            cr_assert_fail("%s(%a) = %a is %.2f ulp from %a", f->name, (double)x[i], (double)y[0][i],
                           ulps(y[0][i], exact), exact);
    }
}

static void check_range(const struct function *f, uint64_t first, uint64_t last, uint64_t stride)
{
    static float x[BLOCK];
    int64_t n = 0;

    for (uint64_t u = first; u <= last; u += stride) {
        x[n++] = from_bits((uint32_t)u);
        if (n == BLOCK || u + stride > last) {
            check_block(f, x, n);
            n = 0;
        }
    }
}

static void check_all(const char *name)
{
    uint64_t stride = getenv("FELL_TEST_ALL") != NULL ? 1 : SANITIZED ? 1021 : 127;

    for (int i = 0; i < COUNT; i++)
        if (strcmp(functions[i].name, name) == 0)
            check_range(&functions[i], 0, UINT32_MAX, stride);
}

#define WALK(name, exact)                                                                                    \
    Test(math, name##_is_within_2_ulp_everywhere)                                                            \
    {                                                                                                        \
        check_all(#name);                                                                                    \
    }
FUNCTIONS(WALK)

/* Where formulas change over, results underflow, overflow or saturate. */
Test(math, neighbourhoods_of_edges)
{
    static const float centre[] = {0.0f,        FLT_MIN,     0x1p-24f,   0x1p-12f,    0.34657359f, 0.55f,
                                   0.70710678f, 0.69314718f, 1.0f,       1.41421356f, 2.0f,        3.92f,
                                   4.0f,        8.3f,        9.01f,      10.0f,       16.6f,       17.5f,
                                   44.36f,      87.336545f,  88.722839f, 89.0f,       103.972084f, 104.0f,
                                   0x1p23f,     0x1p24f,     0x1p25f,    FLT_MAX};
    const int64_t reach = 3000;

    for (int i = 0; i < COUNT; i++)
        for (size_t k = 0; k < sizeof centre / sizeof *centre; k++) {
            int64_t at = to_bits(centre[k]);
            uint64_t first = (uint64_t)(at > reach ? at - reach : 0), last = (uint64_t)(at + reach);

            check_range(&functions[i], first, last, 1);
            check_range(&functions[i], first | 0x80000000u, last | 0x80000000u, 1);
        }
}

Test(math, special_values)
{
    static const struct {
        const char *name;
        float x, y;
    } rows[] = {
        {"exp", 0.0f, 1.0f},
        {"exp", -0.0f, 1.0f},
        {"exp", INFINITY, INFINITY},
        {"exp", -INFINITY, 0.0f},
        {"exp", 1000.0f, INFINITY},
        {"exp", -1000.0f, 0.0f},
        {"exp", NAN, NAN},
        {"expm1", 0.0f, 0.0f},
        {"expm1", -0.0f, -0.0f},
        {"expm1", 1e-40f, 1e-40f},
        {"expm1", INFINITY, INFINITY},
        {"expm1", -INFINITY, -1.0f},
        {"expm1", NAN, NAN},
        {"log", 1.0f, 0.0f},
        {"log", 0.0f, -INFINITY},
        {"log", -0.0f, -INFINITY},
        {"log", -1.0f, NAN},
        {"log", -INFINITY, NAN},
        {"log", INFINITY, INFINITY},
        {"log", NAN, NAN},
        {"log1p", 0.0f, 0.0f},
        {"log1p", -0.0f, -0.0f},
        {"log1p", -1.0f, -INFINITY},
        {"log1p", -1.5f, NAN},
        {"log1p", INFINITY, INFINITY},
        {"log1p", -INFINITY, NAN},
        {"log1p", NAN, NAN},
        {"log1p", -1e-40f, -1e-40f},
        {"tanh", 0.0f, 0.0f},
        {"tanh", -0.0f, -0.0f},
        {"tanh", INFINITY, 1.0f},
        {"tanh", -INFINITY, -1.0f},
        {"tanh", NAN, NAN},
        {"tanh", 1e-40f, 1e-40f},
        {"sigmoid", 0.0f, 0.5f},
        {"sigmoid", -0.0f, 0.5f},
        {"sigmoid", INFINITY, 1.0f},
        {"sigmoid", -INFINITY, 0.0f},
        {"sigmoid", NAN, NAN},
        {"erf", 0.0f, 0.0f},
        {"erf", -0.0f, -0.0f},
        {"erf", INFINITY, 1.0f},
        {"erf", -INFINITY, -1.0f},
        {"erf", NAN, NAN},
    };
    fell_ctx ctx = {NULL, SIMD_PORTABLE};

    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        for (int i = 0; i < COUNT; i++) {
            float y = 123.0f;
            struct map_call c = {&ctx, &rows[r].x, &y, 1};

            if (strcmp(functions[i].name, rows[r].name) != 0)
                continue;
            functions[i].map(&c);
            cr_assert(isnan(rows[r].y) ? isnan(y) : to_bits(y) == to_bits(rows[r].y), "%s(%a) = %a, not %a",
                      rows[r].name, (double)rows[r].x, (double)y, (double)rows[r].y);
        }
}

/* A loop's vector part and its tail must agree: every length, every position. */
Test(math, bits_do_not_depend_on_the_position_in_a_loop)
{
    float x[70], whole[70], one;

    for (int i = 0; i < 70; i++)
        x[i] = 0.17f * (float)(i - 35);
    for (int f = 0; f < COUNT; f++)
        for (int level = 0; level < SIMD_LEVELS; level++) {
            fell_ctx ctx = {NULL, (uint64_t)level};
            struct map_call all = {&ctx, x, whole, 70};

            if (!simd_available((enum simd_level)level))
                continue;
            functions[f].map(&all);
            for (int i = 0; i < 70; i++) {
                struct map_call c = {&ctx, &x[i], &one, 1};

                functions[f].map(&c);
                cr_assert(to_bits(one) == to_bits(whole[i]) || (isnan(one) && isnan(whole[i])),
                          "%s(%a) at level %d", functions[f].name, (double)x[i], level);
            }
        }
}
