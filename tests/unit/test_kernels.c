/* test_kernels.c - the matrix product and the other loops of struct kernels: right,
 * inside their bounds, and the same bits at every level, batch size and number of
 * threads.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "sanitized.h"

/* The eight ways to store the operands; with a sanitizer one of them for each shape. */
#define EACH_VARIANT(variant, shape)                                                                         \
    for (int variant = SANITIZED ? (int)(shape) % 8 : 0; variant < 8; variant += SANITIZED ? 8 : 1)

/* ---- numbers ------------------------------------------------------------------- */

static uint64_t state;

static uint32_t draw(void) /* splitmix64 */
{
    uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(z >> 32);
}

static int64_t draw_below(int64_t n)
{
    return (int64_t)(draw() % (uint64_t)n);
}

static float from_bits(uint32_t u)
{
    float x;

    memcpy(&x, &u, sizeof x);
    return x;
}

static bool same_bits(float x, float y)
{
    return memcmp(&x, &y, sizeof x) == 0 || (isnan(x) && isnan(y));
}

static float *floats(int64_t n)
{
    float *x = malloc((size_t)(n > 0 ? n : 1) * sizeof *x);

    cr_assert_not_null(x);
    return x;
}

static float *random_floats(int64_t n)
{
    float *x = floats(n);

    for (int64_t i = 0; i < n; i++)
        x[i] = (float)draw() / 0x1p31f - 1.0f;
    return x;
}

#define EACH_LEVEL(k)                                                                                        \
    for (int level_ = 0; level_ < SIMD_LEVELS; level_++)                                                     \
        if (simd_available((enum simd_level)level_))                                                         \
            for (const struct kernels *k = kernels_get((enum simd_level)level_); k != NULL; k = NULL)

/* ---- the matrix product --------------------------------------------------------- */

struct shape {
    int64_t m, n, k, lda, ldb, ldc;
    bool ta, tb, add;
};

static struct shape shape_of(int64_t m, int64_t n, int64_t k, int variant, int64_t slack)
{
    struct shape s = {m, n, k, 0, 0, 0, variant & 1, variant & 2, variant & 4};

    s.lda = (s.ta ? m : k) + (slack > 0 ? draw_below(slack) : 0);
    s.ldb = (s.tb ? k : n) + (slack > 0 ? draw_below(slack) : 0);
    s.ldc = n + (slack > 0 ? draw_below(slack) : 0);
    return s;
}

/* Only what the product may read: the last row of an operand ends at its last element. */
static int64_t extent(int64_t rows, int64_t cols, int64_t ld)
{
    return rows > 0 && cols > 0 ? (rows - 1) * ld + cols : 0;
}

static float a_at(const struct shape *s, const float *a, int64_t i, int64_t j)
{
    return s->ta ? a[j * s->lda + i] : a[i * s->lda + j];
}

static float b_at(const struct shape *s, const float *b, int64_t i, int64_t j)
{
    return s->tb ? b[j * s->ldb + i] : b[i * s->ldb + j];
}

static void multiply(const struct kernels *kernels, struct pool *pool, const struct shape *s, const float *a,
                     const float *b, float *c)
{
    kernels->gemm(pool, s->m, s->n, s->k, a, s->lda, s->ta, b, s->ldb, s->tb, c, s->ldc, s->add);
}

static const float canary = -7.25e11f;

/* Against fused multiply-adds one after the other, bit by bit, and against a product
 * in double; and nothing else of c is touched. */
static void check_product(const struct shape *s)
{
    const int64_t border = 70, span = extent(s->m, s->n, s->ldc), all = span + 2 * border;
    float *a = random_floats(s->ta ? extent(s->k, s->m, s->lda) : extent(s->m, s->k, s->lda));
    float *b = random_floats(s->tb ? extent(s->n, s->k, s->ldb) : extent(s->k, s->n, s->ldb));
    float *before = floats(all), *want = floats(all), *got = floats(all);

    for (int64_t i = 0; i < all; i++)
        before[i] = canary;
    for (int64_t i = 0; i < s->m; i++)
        for (int64_t j = 0; j < s->n; j++)
            before[border + i * s->ldc + j] = s->add ? 0.5f - (float)draw_below(1000) / 1000.0f : NAN;
    memcpy(want, before, (size_t)all * sizeof *want);
    for (int64_t i = 0; i < s->m; i++)
        for (int64_t j = 0; j < s->n; j++) {
            float sum = 0.0f, *c = &want[border + i * s->ldc + j];
            double exact = 0.0, size = 0.0;

            for (int64_t l = 0; l < s->k; l++) {
                float x = a_at(s, a, i, l), y = b_at(s, b, l, j);

                sum = fmaf(x, y, sum);
                exact += (double)x * (double)y;
                size += fabs((double)x * (double)y);
            }
            cr_assert(fabs((double)sum - exact) <= 1e-7 * (double)(s->k + 1) * size);
            *c = s->add ? *c + sum : sum;
        }
    EACH_LEVEL(kernels)
    {
        memcpy(got, before, (size_t)all * sizeof *got);
        multiply(kernels, NULL, s, a, b, got + border);
        for (int64_t i = 0; i < all; i++)
            if (!same_bits(got[i], want[i]))
                cr_assert_fail(
                    "%s: m %d n %d k %d lda %d ldb %d ldc %d ta %d tb %d add %d: element %d is %a, not %a",
                    simd_name(kernels->level), (int)s->m, (int)s->n, (int)s->k, (int)s->lda, (int)s->ldb,
                    (int)s->ldc, s->ta, s->tb, s->add, (int)(i - border), (double)got[i], (double)want[i]);
    }
    free(a);
    free(b);
    free(before);
    free(want);
    free(got);
}

Test(gemm, small_shapes_one_by_one)
{
    for (int64_t m = 0; m <= 5; m++)
        for (int64_t n = 0; n <= 5; n++)
            for (int64_t k = 0; k <= 5; k++)
                for (int variant = 0; variant < 8; variant++) {
                    struct shape s = shape_of(m, n, k, variant, variant & 1 ? 3 : 0);

                    check_product(&s);
                }
}

Test(gemm, random_shapes_strides_and_transposes)
{
    for (int i = 0; i < 1200; i += SANITIZED ? 5 : 1) {
        struct shape s = shape_of(draw_below(71), draw_below(71), draw_below(71), i % 8, i % 3 == 0 ? 0 : 40);

        check_product(&s);
    }
}

/* Around the edges of tiles, panels, blocks of k and chunks of rows. */
Test(gemm, large_shapes)
{
    static const int64_t shapes[][3] = {{1, 1, 3000},    {1, 300, 257},   {300, 1, 513},  {65, 97, 300},
                                        {600, 33, 70},   {33, 600, 70},   {17, 49, 1025}, {49, 17, 1025},
                                        {200, 200, 256}, {130, 100, 700}, {16, 1024, 16}, {1024, 16, 16},
                                        {3, 784, 64},    {64, 10, 784},   {257, 64, 513}};

    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        EACH_VARIANT(variant, i)
        {
            struct shape s = shape_of(shapes[i][0], shapes[i][1], shapes[i][2], variant, variant & 2 ? 9 : 0);

            check_product(&s);
        }
}

/* Fused multiply-adds of hard numbers: c = fma(a, b, fma(c, 1, 0)) is a product over k = 2. */
static void check_fused(const float (*abc)[3], int64_t n)
{
    EACH_LEVEL(kernels)
    for (int64_t i = 0; i < n; i += 64) {
        int64_t m = n - i < 64 ? n - i : 64;

        for (int64_t j = 0; j < m; j++) {
            const float *t = abc[i + j], row[2] = {t[2], t[0]}, column[2] = {1.0f, t[1]};
            float got, want = fmaf(t[0], t[1], fmaf(t[2], 1.0f, 0.0f));

            kernels->gemm(NULL, 1, 1, 2, row, 2, false, column, 1, false, &got, 1, false);
            cr_assert(same_bits(got, want), "%s: %a * %a + %a is %a, not %a", simd_name(kernels->level),
                      (double)t[0], (double)t[1], (double)t[2], (double)want, (double)got);
        }
    }
}

Test(gemm, fused_multiply_add_of_hard_numbers)
{
    static const float edge[] = {0.0f,
                                 -0.0f,
                                 1.0f,
                                 -1.0f,
                                 0x1p-149f,
                                 -0x1p-149f,
                                 0x1.fffffcp-127f,
                                 0x1p-126f,
                                 0x1.fffffep127f,
                                 -0x1.fffffep127f,
                                 0x1p127f,
                                 INFINITY,
                                 -INFINITY,
                                 NAN,
                                 0x1p-24f,
                                 0x1.000002p0f,
                                 0x1.fffffep-1f,
                                 0x1p-75f,
                                 0x1.000002p-63f,
                                 0x1.8p1f};
    enum { EDGES = sizeof edge / sizeof *edge };
    static float all[EDGES * EDGES * EDGES][3], random[300000][3];
    /* Just below half way above an odd float, by 2^-36 of the product: rounding the
     * sum to double first makes a tie of it, which goes up. */
    static const float tie[][3] = {{0x1.00004p-24f, 0x1.ffff8p-1f, 0x1.000002p0f},
                                   {0x1.00004p-24f, -0x1.ffff8p-1f, -0x1.000002p0f},
                                   {0x1.00004p-75f, 0x1.ffff8p-76f, 0x1p-149f}};
    int n = 0;

    for (int i = 0; i < EDGES; i++)
        for (int j = 0; j < EDGES; j++)
            for (int l = 0; l < EDGES; l++, n++) {
                all[n][0] = edge[i];
                all[n][1] = edge[j];
                all[n][2] = edge[l];
            }
    check_fused(all, n);
    check_fused(tie, sizeof tie / sizeof *tie);
    for (int i = 0; i < 300000; i++) {
        /* Few bits set, and exponents that make the parts of the sum meet. */
        int e = (int)draw_below(60) - 30, low = i % 4 == 0 ? -60 : 0;

        random[i][0] = i % 2 ? ldexpf(from_bits(0x3f800000u | (draw() & draw() & 0x807fffffu)), e + low)
                             : from_bits(draw());
        random[i][1] = ldexpf(from_bits(0x3f800000u | (draw() & draw() & 0x807fffffu)), -e + low);
        random[i][2] = i % 2 ? ldexpf(from_bits(0x3f800000u | (draw() & 0x807fffffu)),
                                      2 * low + (int)draw_below(56) - 28)
                             : from_bits(draw());
    }
    check_fused(random, 300000);
}

/* A zero of b does not hide an infinity or a NaN of a: nothing is skipped. */
Test(gemm, infinities_and_nan_spread)
{
    EACH_LEVEL(kernels)
    {
        float a[2] = {INFINITY, 1.0f}, b[2] = {0.0f, 1.0f}, c = 0.0f;

        kernels->gemm(NULL, 1, 1, 2, a, 2, false, b, 1, false, &c, 1, false);
        cr_assert(isnan(c));
        kernels->gemm(NULL, 1, 1, 1, a, 1, false, b + 1, 1, false, &c, 1, false);
        cr_assert_eq(c, INFINITY);
    }
}

/* ---- the same bits -------------------------------------------------------------- */

static void check_same(const float *x, const float *y, int64_t n, const char *what)
{
    for (int64_t i = 0; i < n; i++)
        if (!same_bits(x[i], y[i]))
            cr_assert_fail("%s: element %d is %a and %a", what, (int)i, (double)x[i], (double)y[i]);
}

Test(gemm, rows_do_not_depend_on_the_batch)
{
    const int64_t m = 200, n = 70, k = 300;
    float *a = random_floats(m * k), *b = random_floats(k * n), *whole = floats(m * n), *part = floats(m * n);
    static const int64_t batch[] = {1, 2, 3, 7, 16, 50, 199};

    EACH_LEVEL(kernels)
    for (int tb = 0; tb < 2; tb++) {
        kernels->gemm(NULL, m, n, k, a, k, false, b, tb ? k : n, tb, whole, n, false);
        for (size_t i = 0; i < sizeof batch / sizeof *batch; i++) {
            for (int64_t r = 0; r < m; r += batch[i]) {
                int64_t rows = m - r < batch[i] ? m - r : batch[i];

                kernels->gemm(NULL, rows, n, k, a + r * k, k, false, b, tb ? k : n, tb, part + r * n, n,
                              false);
            }
            check_same(whole, part, m * n, "batch");
        }
    }
    free(a);
    free(b);
    free(whole);
    free(part);
}

Test(gemm, threads_change_no_bit)
{
    static const int64_t shapes[][3] = {{512, 256, 784}, {64, 256, 784},   {256, 784, 64}, {1, 3000, 1000},
                                        {3000, 1, 1000}, {100, 1000, 130}, {5, 5, 100000}};

    for (int threads = 2; threads <= 3; threads++) {
        struct pool *pool;
        struct error err;

        cr_assert_eq(pool_new(threads, &pool, &err), OK, "%s", err.text);
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
            EACH_VARIANT(variant, i)
            {
                struct shape s = shape_of(shapes[i][0], shapes[i][1], shapes[i][2], variant, 0);
                float *a = random_floats(s.m * s.k), *b = random_floats(s.k * s.n);
                float *one = random_floats(s.m * s.n), *many = floats(s.m * s.n);

                memcpy(many, one, (size_t)(s.m * s.n) * sizeof *one);
                for (int l = SIMD_PORTABLE + 1; l < SIMD_LEVELS; l++) {
                    if (!simd_available((enum simd_level)l))
                        continue;
                    multiply(kernels_get((enum simd_level)l), NULL, &s, a, b, one);
                    multiply(kernels_get((enum simd_level)l), pool, &s, a, b, many);
                    check_same(one, many, s.m * s.n, "threads");
                }
                free(a);
                free(b);
                free(one);
                free(many);
            }
        pool_free(pool);
    }
}

Test(gemm, threads_change_no_bit_of_the_portable_level)
{
    struct shape s = shape_of(150, 200, 100, 2, 0);
    float *a = random_floats(s.m * s.k), *b = random_floats(s.k * s.n), *one = floats(s.m * s.n),
          *many = floats(s.m * s.n);
    struct pool *pool;
    struct error err;

    cr_assert_eq(pool_new(3, &pool, &err), OK, "%s", err.text);
    multiply(kernels_get(SIMD_PORTABLE), NULL, &s, a, b, one);
    multiply(kernels_get(SIMD_PORTABLE), pool, &s, a, b, many);
    check_same(one, many, s.m * s.n, "threads");
    pool_free(pool);
    free(a);
    free(b);
    free(one);
    free(many);
}

/* ---- sums and elementwise loops ---------------------------------------------------- */

static const int64_t lengths[] = {0,  1,  2,  3,  7,  8,  9,   15,  16,  17,   31,   32,   33,   40,
                                  63, 64, 65, 95, 96, 97, 100, 127, 128, 1000, 4095, 4096, 4097, 50003};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

Test(sums, squares_are_right_and_the_same_at_every_level)
{
    for (int i = 0; i < LENGTHS; i++) {
        int64_t n = lengths[i];
        float *x = random_floats(n), *y = random_floats(n);
        double squares = 0.0, differences = 0.0;
        const struct kernels *portable = kernels_get(SIMD_PORTABLE);

        for (int64_t j = 0; j < n; j++)
            y[j] = ldexpf(y[j], -(int)(j % 41)); /* differences, and their squares, that a double rounds */
        for (int64_t j = 0; j < n; j++) {
            double d = (double)x[j] - (double)y[j];

            squares += (double)x[j] * (double)x[j];
            differences += d * d;
        }
        EACH_LEVEL(kernels)
        {
            double s = kernels->sum_squares(x, n), d = kernels->sum_squares_diff(x, y, n);

            cr_assert(fabs(s - squares) <= 1e-12 * squares, "n %d: %a, not %a", (int)n, s, squares);
            cr_assert(fabs(d - differences) <= 1e-12 * differences, "n %d: %a, not %a", (int)n, d,
                      differences);
            cr_assert_eq(s, portable->sum_squares(x, n), "n %d", (int)n);
            cr_assert_eq(d, portable->sum_squares_diff(x, y, n), "n %d", (int)n);
        }
        free(x);
        free(y);
    }
}

Test(sums, squares_keep_what_float_would_lose)
{
    float big[3] = {1e30f, 1.0f, -1e30f}, x = 1.0f, y = 0x1p-60f;

    EACH_LEVEL(kernels)
    {
        cr_assert_eq(kernels->sum_squares(big, 1), (double)big[0] * (double)big[0]);
        cr_assert_eq(kernels->sum_squares(&y, 1), 0x1p-120);
        cr_assert_eq(kernels->sum_squares_diff(&x, &y, 1), 1.0 - 0x1p-59); /* rounded in double */
        big[1] = INFINITY;
        cr_assert_eq(kernels->sum_squares(big, 3), INFINITY);
        big[1] = NAN;
        cr_assert(isnan(kernels->sum_squares(big, 3)));
        cr_assert(isnan(kernels->sum_squares_diff(big, big, 3)));
    }
}

Test(sums, nonfinite_are_counted_wherever_they_are)
{
    static const float kinds[] = {INFINITY, -INFINITY, NAN};

    EACH_LEVEL(kernels)
    for (int i = 0; i < LENGTHS; i++) {
        int64_t n = lengths[i], put = 0;
        float *x = random_floats(n);

        cr_assert_eq(kernels->count_nonfinite(x, n), 0);
        for (int64_t j = n - 1; j >= 0; j = j * 2 / 3 - 1) {
            x[j] = kinds[put++ % 3];
            cr_assert_eq(kernels->count_nonfinite(x, n), put, "n %d, one at %d", (int)n, (int)j);
        }
        for (int64_t j = 0; j < n; j++)
            x[j] = j % 2 ? 0x1.fffffep127f : 0x1p-149f;
        cr_assert_eq(kernels->count_nonfinite(x, n), 0);
        free(x);
    }
}

Test(elementwise, scale_and_add_stay_inside)
{
    EACH_LEVEL(kernels)
    for (int i = 0; i < LENGTHS; i++) {
        int64_t n = lengths[i];
        float *x = random_floats(n + 2), *was = floats(n + 2), *y = random_floats(n);

        memcpy(was, x, (size_t)(n + 2) * sizeof *x);
        kernels->scale(x + 1, n, -0.3f);
        cr_assert(x[0] == was[0] && x[n + 1] == was[n + 1]);
        for (int64_t j = 1; j <= n; j++)
            cr_assert_eq(x[j], was[j] * -0.3f);
        memcpy(was, x, (size_t)(n + 2) * sizeof *x);
        kernels->add(x + 1, y, n);
        cr_assert(x[0] == was[0] && x[n + 1] == was[n + 1]);
        for (int64_t j = 1; j <= n; j++)
            cr_assert_eq(x[j], was[j] + y[j - 1]);
        free(x);
        free(was);
        free(y);
    }
}
