/* test_instance.c - what stands behind a plugin's ctx: scratch, blocks on threads,
 * errors, warnings, random numbers, matrix products.
 */
#include <criterion/criterion.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/instance.h"
#include "kernels/pool.h"

static struct strbuf warnings;

static void keep_warning(void *arg, const char *who, const char *msg)
{
    (void)arg;
    strbuf_addf(&warnings, "%s: %s\n", who, msg);
}

static const fell_param params[] = {{.name = "rate", .type = FELL_P_FLOAT},
                                    {.name = "sizes", .type = FELL_P_INTS}};
static const struct item item = {.kind = FELL_KIND_LOSS, .name = "huber", .nparams = 2, .params = params};
static struct host_env env;
static struct instance in;
static fell_ctx *ctx;

static void setup(void)
{
    env = (struct host_env){.kernels = kernels_get(SIMD_PORTABLE), .warn = keep_warning};
    instance_init(&in, &item, "huber", &env);
    ctx = &in.ctx;
}

static void teardown(void)
{
    instance_release(&in);
    pool_free(env.pool);
    strbuf_release(&warnings);
}

TestSuite(instance, .init = setup, .fini = teardown);

static void use_threads(int n)
{
    struct error err;

    cr_assert_eq(pool_new(n, &env.pool, &err), OK, "%s", err.text);
}

/* ---- scratch ---------------------------------------------------------------------- */

Test(instance, scratch_is_aligned_and_apart)
{
    unsigned char *p[64];

    for (size_t i = 0; i < 64; i++) {
        p[i] = fell_scratch(ctx, (int64_t)(i * i * 5), 3);
        cr_assert_not_null(p[i]);
        cr_assert_eq((uintptr_t)p[i] % 64, 0);
        memset(p[i], (int)i, i * i * 15);
    }
    for (size_t i = 0; i < 64; i++)
        for (size_t k = 0; k < i * i * 15; k++)
            cr_assert_eq(p[i][k], i, "piece %zu was written over at %zu", i, k);
}

Test(instance, scratch_that_cannot_be_had)
{
    static const int64_t counts[] = {-1, INT64_MAX, INT64_MAX / 8};

    for (size_t i = 0; i < 3; i++) {
        in.error.text[0] = 0;
        cr_expect_null(fell_scratch(ctx, counts[i], 16));
        cr_expect_not_null(strstr(in.error.text, "working memory of "), "%s", in.error.text);
    }
}

static void take_some(void)
{
    for (int64_t i = 1; i <= 50; i++)
        cr_assert_not_null(fell_scratch(ctx, i * 1000, sizeof(float)));
    instance_reset(&in);
}

/* The address of a piece says whether memory moved: after the first round it must not. */
Test(instance, scratch_settles)
{
    void *first;
    size_t held;

    take_some();
    first = fell_scratch(ctx, 1, 1);
    instance_reset(&in);
    held = mallinfo2().uordblks;
    for (int round = 0; round < 10; round++) {
        cr_expect_eq(fell_scratch(ctx, 1, 1), first);
        instance_reset(&in);
        take_some();
    }
    cr_expect_eq(mallinfo2().uordblks, held, "a steady state allocates");
}

/* ---- blocks -------------------------------------------------------------------------- */

struct blocks {
    int64_t n, grain;
    _Atomic int64_t calls, wrong;
    int *seen;
};

static fell_status mark(void *arg, int64_t begin, int64_t end)
{
    struct blocks *b = arg;
    int64_t size = (begin % 7 + 1) * 100;
    unsigned char *mine = fell_scratch(ctx, size, 1);

    if (!mine)
        return FELL_ERROR;
    memset(mine, (int)(begin & 255), (size_t)size);
    for (int64_t i = begin; i < end; i++)
        b->seen[i]++;
    for (int64_t i = 0; i < size; i++)
        if (mine[i] != (begin & 255))
            atomic_fetch_add(&b->wrong, 1);
    if (begin % b->grain || end != (begin + b->grain < b->n ? begin + b->grain : b->n))
        atomic_fetch_add(&b->wrong, 1);
    atomic_fetch_add(&b->calls, 1);
    return FELL_OK;
}

static void expect_blocks(int64_t n, int64_t grain)
{
    struct blocks b = {.n = n, .grain = grain, .seen = mem_array((size_t)n + 1, sizeof *b.seen)};

    cr_expect_eq(fell_parallel(ctx, n, grain, mark, &b), FELL_OK, "%s", in.error.text);
    for (int64_t i = 0; i < n; i++)
        cr_assert_eq(b.seen[i], 1, "n %lld, grain %lld: element %lld", (long long)n, (long long)grain,
                     (long long)i);
    cr_expect_eq(b.calls, (n + grain - 1) / grain);
    cr_expect_eq(b.wrong, 0, "blocks share scratch or do not depend on n and grain alone");
    free(b.seen);
}

Test(instance, blocks_cover_all)
{
    static const int threads[] = {1, 2, 7};

    for (size_t t = 0; t < 3; t++) {
        if (threads[t] > 1)
            use_threads(threads[t]);
        expect_blocks(0, 3);
        expect_blocks(1, 3);
        expect_blocks(3, 3);
        expect_blocks(1000, 7);
        expect_blocks(1000, 1);
        pool_free(env.pool);
        env.pool = NULL;
    }
}

static fell_status fail_late(void *arg, int64_t begin, int64_t end)
{
    const int64_t *from = arg;

    (void)end;
    return begin >= *from ? fell_fail(ctx, "rate: block %lld", (long long)begin) : FELL_OK;
}

static fell_status nested(void *arg, int64_t begin, int64_t end)
{
    unsigned char *mine = fell_scratch(ctx, 64, 1);
    int64_t from = 2;

    (void)arg;
    (void)end;
    memset(mine, 77, 64);
    if (fell_parallel(ctx, 5, 1, fail_late, &from) != FELL_ERROR)
        return FELL_OK;
    for (int i = 0; i < 64; i++)
        if (mine[i] != 77)
            return fell_fail(ctx, "the inner blocks took the outer block's scratch");
    return begin == 1 ? FELL_ERROR : FELL_OK;
}

/* Whatever the threads do, the message is that of the first block that fails. */
Test(instance, the_first_failing_block_speaks)
{
    int64_t from = 37;

    use_threads(3);
    for (int round = 0; round < 50; round++) {
        in.error.text[0] = 0;
        cr_assert_eq(fell_parallel(ctx, 100, 1, fail_late, &from), FELL_ERROR);
        cr_assert_str_eq(in.error.text, "rate: block 37");
    }
    cr_expect_eq(fell_parallel(ctx, 3, 1, nested, NULL), FELL_ERROR);
    cr_expect_str_eq(in.error.text, "rate: block 2");
}

static fell_status need_scratch(void *arg, int64_t begin, int64_t end)
{
    (void)arg;
    return fell_scratch(ctx, (end - begin) * 1000, sizeof(double)) ? FELL_OK : FELL_ERROR;
}

Test(instance, scratch_of_blocks_settles)
{
    size_t held;

    for (int i = 0; i < 3; i++)
        fell_parallel(ctx, 1000, 10, need_scratch, NULL);
    held = mallinfo2().uordblks;
    for (int i = 0; i < 10; i++)
        fell_parallel(ctx, 1000, 10, need_scratch, NULL);
    cr_expect_eq(mallinfo2().uordblks, held, "a block's scratch is not used again");
}

/* ---- messages --------------------------------------------------------------------------- */

Test(instance, errors_name_the_item_and_the_setting)
{
    static const struct {
        const char *said, *shown, *setting;
    } cases[] = {
        {"3 rows: too few", "huber: 3 rows: too few", ""},
        {"rate: too high", "huber.rate: too high", "rate"},
        {"sizes: 2: not 3", "huber.sizes: 2: not 3", "sizes"},
        {"rates: too high", "huber: rates: too high", ""},
        {"rat: too low", "huber: rat: too low", ""},
        {"rate:", "huber: rate:", ""},
        {"", "huber: failed without saying why", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err;
        char setting[64];

        cr_expect_eq(fell_fail(ctx, "%s", cases[i].said), FELL_ERROR);
        cr_expect_eq(instance_error(&in, setting, &err), FAILED);
        cr_expect_str_eq(err.text, cases[i].shown);
        cr_expect_str_eq(setting, cases[i].setting);
    }
}

Test(instance, a_warning_is_given_once)
{
    struct strbuf expected = {0};

    fell_warn(ctx, "a %s", "b");
    fell_warn(ctx, "c");
    fell_warn(ctx, "a b");
    cr_expect_str_eq(warnings.text, "huber: a b\nhuber: c\n");
    cr_expect(in.warned);

    strbuf_add(&expected, warnings.text);
    for (int i = 0; i < 100; i++) {
        fell_warn(ctx, "step %d", i);
        if (i < 17)
            strbuf_addf(&expected, "huber: step %d\n", i);
    }
    strbuf_add(&expected, "huber: warns too often; its further warnings are not shown\n");
    cr_expect_str_eq(warnings.text, expected.text);
    strbuf_release(&expected);
}

/* ---- the rest --------------------------------------------------------------------------- */

Test(instance, numbers_come_from_the_stream)
{
    float got[20], expected[20];
    struct rng_stream s = rng_stream(3, RNG_LAYER, 5, 9);

    in.stream = s;
    rng_uniform(&s, expected, 10);
    rng_normal(&s, expected + 10, 10);
    fell_uniform(ctx, got, 10);
    fell_normal(ctx, got + 10, 10);
    cr_expect_arr_eq(got, expected, sizeof got);
    cr_expect_eq(in.stream.position, 20);
}

Test(instance, products)
{
    static const float a[6] = {1, 2, 3, 4, 5, 6}, b[6] = {1, 0, 2, 0, 1, 2};
    static const float expected[4] = {7, 8, 16, 17}; /* a [2,3] times b' , b [2,3] */
    float c[4] = {0};

    fell_gemm(ctx, 2, 2, 3, a, 3, false, b, 3, true, c, 2, false);
    cr_expect_arr_eq(c, expected, sizeof c, "%g %g %g %g", (double)c[0], (double)c[1], (double)c[2],
                     (double)c[3]);
    cr_expect_eq(ctx->simd, FELL_SIMD_PORTABLE);
    cr_expect_eq(ctx->host->minor, FELL_MINOR);
}
