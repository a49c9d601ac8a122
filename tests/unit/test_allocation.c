/* test_allocation.c - after the first epoch, training allocates nothing.
 *
 * This program brings its own malloc(), which counts and hands on to the C library's. The
 * sanitizers bring theirs; there it is left out.
 */
#include "engine_fixture.h"
#include "sanitized.h"

static volatile long allocations;

#if !SANITIZED
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *p, size_t size)
{
    allocations++;
    return __libc_realloc(p, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    allocations++;
    return __libc_memalign(alignment, size);
}
#endif

struct counter {
    int64_t epochs;
    long after_first, after_last;
};

static void count_epoch(void *arg, const struct epoch_report *r)
{
    struct counter *c = arg;

    c->epochs++;
    c->after_last = allocations;
    if (r->epoch == 1)
        c->after_first = allocations;
}

static void count_step(void *arg, const struct step_report *r)
{
    (void)arg, (void)r;
}

static void train(int64_t threads)
{
    const struct run_options options = {.seed = 1};
    struct counter c = {0};
    const struct train_listener listener = {.arg = &c, .epoch = count_epoch, .step = count_step};
    struct run_result result;
    struct fixture f;

    fixture_init(&f, "model: [{dense: {units: 40, activation: tanh, name: a}}, {dropout: {rate: 0.2}}, "
                     "{dense: {units: 40, activation: relu, name: b}}, {add: {from: [a, b]}}, "
                     "{dense: {units: 2}}]\n"
                     "loss: cross_entropy\noptimizer: {adam: {lr: 0.01}}\nschedule: {cosine: {period: 10}}\n"
                     "metrics: [accuracy]\nrecord: {gradients: {step: 1}}\n"
                     "train: {epochs: 6, batch_size: 30, clip_norm: 1.0}\n");
    f.spec->train.early_stopping.on = true;
    f.spec->train.early_stopping.monitor = "validation.accuracy";
    f.spec->train.early_stopping.patience = 100;
    f.spec->train.threads = threads;
    fixture_data(&f, 200, fell_vec(33), 2, 0);
    fixture_split(&f, SPLIT_VALIDATION, 70);
    cr_assert_eq(train_run(f.spec, &f.data, &f.env, &options, &listener, &result, &f.problem), OK, "%s",
                 f.problem.text);
    cr_assert_eq(c.epochs, 6);
    cr_expect_gt(c.after_first, 0);
    cr_expect_eq(c.after_last - c.after_first, 0, "%ld allocations in 5 epochs",
                 c.after_last - c.after_first);
    fixture_release(&f);
}

Test(allocation, none_in_the_loop)
{
    if (SANITIZED)
        cr_skip_test("the sanitizer has its own malloc()");
    train(1);
}

Test(allocation, none_in_the_loop_with_threads)
{
    if (SANITIZED)
        cr_skip_test("the sanitizer has its own malloc()");
    train(2);
}
