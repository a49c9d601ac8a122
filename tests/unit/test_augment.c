/* test_augment.c - transforms that act in training only, in a run: which rows they see, that a
 * step always draws the same, and that whatever comes after them is fitted as without them.
 */
#include "engine/augment.h"
#include "engine_fixture.h"
#include "kernels/pool.h"

#define DIGITS "csv: {path: configs/data/digits.csv, target: target, shape: [1, 8, 8]}"

struct job {
    struct fixture f; /* registry, tree, env and problem */
    struct data *data;
    status result;
};

static struct job load(const char *transforms, const char *model)
{
    const char *srcdir = getenv("srcdir");
    char *here = path_absolute(srcdir ? srcdir : ".");
    char *yaml =
        mem_format("seed: 4\ndata: {source: {" DIGITS "}, validation: 0.2, test: {" DIGITS
                   "}, transforms: [%s]}\nmodel: [%s]\nloss: cross_entropy\noptimizer: {sgd: {lr: 0.05}}\n"
                   "metrics: [accuracy]\ntrain: {epochs: 2, batch_size: 100}\n",
                   transforms, model);
    struct job j = {.f = {.registry = registry_new(), .tree = tree_new()}};
    struct diag *d = diag_new();
    const struct node *root = tree_parse_text(j.f.tree, "spec.yaml", here, yaml, strlen(yaml), false, d);
    enum simd_level level;
    struct error err;

    j.f.spec = root ? spec_parse(j.f.registry, root, "spec", d) : NULL;
    if (!j.f.spec)
        diag_print(d, stderr, false);
    cr_assert_not_null(j.f.spec);
    cr_assert_eq(simd_choose(NULL, &level, &err), OK);
    j.f.env = (struct host_env){.kernels = kernels_get(level), .registry = j.f.registry};
    j.result = data_load(j.f.spec, &j.f.env, &j.data, &j.f.problem);
    diag_free(d);
    free(yaml), free(here);
    return j;
}

#define MODEL "flatten, {dense: {units: 10}}"

static struct job load_ok(const char *transforms)
{
    struct job j = load(transforms, MODEL);

    cr_assert_eq(j.result, OK, "%s: %s", transforms, j.f.problem.text);
    return j;
}

static void release(struct job *j)
{
    data_free(j->data);
    fixture_release(&j->f);
}

/* The first batch of 100 training rows, not shuffled, as step STEP of a run with SEED sees it:
 * [100, x_size]; free() it. */
static float *batch_of(struct job *j, uint64_t seed, int64_t step)
{
    struct augment *a;
    struct batches b;
    struct batch batch;
    struct error err;
    float *x = mem_array((size_t)(100 * j->data->x_size), sizeof *x);

    cr_assert_eq(batches_init(&b, j->data, SPLIT_TRAIN, 100, false, 0, &err), OK);
    cr_assert_eq(augment_new(j->f.spec, j->data, &j->f.env, seed, 100, true, &a, &j->f.problem), OK);
    batches_begin(&b, seed, 1);
    cr_assert(batches_next(&b, &batch));
    cr_assert_eq(a != NULL, j->data->nlate > 0);
    if (a)
        cr_assert_eq(augment_batch(a, step, &batch, &err), OK);
    memcpy(x, batch.x, (size_t)(100 * j->data->x_size) * sizeof *x);
    augment_free(a);
    batches_release(&b);
    return x;
}

static const size_t bytes = 100 * 64 * sizeof(float);

Test(augment, a_step_draws_the_same_whenever_it_comes)
{
    struct job j = load_ok("{jitter: {stddev: 1}}");
    float *first = batch_of(&j, 1, 3), *other;

    cr_expect_eq(j.data->nlate, 1);
    for (int i = 0; i < 3; i++) {
        static const uint64_t seed[3] = {1, 2, 1};
        static const int64_t step[3] = {3, 3, 4};

        other = batch_of(&j, seed[i], step[i]);
        cr_expect_eq(memcmp(first, other, bytes) == 0, i == 0, "seed %d, step %d", (int)seed[i],
                     (int)step[i]);
        free(other);
    }
    free(first);
    release(&j);
}

/* Rows that are not trained on are as without the transform, to the last bit. */
Test(augment, evaluation_is_left_alone)
{
    static const char *const late[] = {"flip", "shift", "jitter", "flip, shift, jitter"};
    struct job plain = load_ok("");

    for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
        struct job j = load_ok(late[i]);
        float *x = batch_of(&j, 1, 1);

        for (enum split s = 0; s < SPLITS; s++) {
            cr_expect_eq(j.data->split[s].n, plain.data->split[s].n);
            cr_expect_arr_eq(j.data->split[s].x, plain.data->split[s].x,
                             (size_t)(j.data->split[s].n * 64) * sizeof(float));
        }
        cr_expect_neq(memcmp(x, plain.data->split[SPLIT_TRAIN].x, bytes), 0, "%s does nothing", late[i]);
        free(x);
        release(&j);
    }
    release(&plain);
}

/* flip, then standardize: fitted on the rows as they are, applied to the flipped ones. */
Test(augment, what_follows_is_fitted_on_rows_as_they_are)
{
    struct job plain = load_ok("standardize"), flips = load_ok("flip"), both = load_ok("flip, standardize");
    const struct late *late;
    float *flipped = batch_of(&flips, 1, 7), *got = batch_of(&both, 1, 7);
    const size_t validation = (size_t)plain.data->split[SPLIT_VALIDATION].n * 64 * sizeof(float);

    cr_expect_eq(both.data->nlate, 2);
    late = &both.data->late[1];
    cr_expect_eq(late->ntensors, 2);
    for (int i = 0; i < 100 * 64; i++) {
        const float want = (flipped[i] - late->tensor[0][i % 64]) / late->tensor[1][i % 64];

        cr_assert_eq(got[i], want, "number %d: %g, not %g", i, (double)got[i], (double)want);
    }
    cr_expect_arr_eq(both.data->split[SPLIT_VALIDATION].x, plain.data->split[SPLIT_VALIDATION].x, validation);
    cr_expect_arr_eq(both.data->split[SPLIT_TRAIN].x, flips.data->split[SPLIT_TRAIN].x, bytes);
    free(flipped), free(got);
    release(&plain), release(&flips), release(&both);
}

/* A transform after them may change the shape, and another be fitted behind it. */
Test(augment, shapes_change_behind_them)
{
    struct job j = load("{jitter: {stddev: 0}}, {scale: {factor: 0.5}}, min_max", MODEL);
    float *x;

    cr_assert_eq(j.result, OK);
    cr_expect_eq(j.data->nlate, 3);
    cr_expect_eq(data_row_size(j.data, SPLIT_TRAIN), 64);
    x = batch_of(&j, 1, 1);
    for (int i = 0; i < 100 * 64; i++)
        cr_assert(x[i] >= 0.0f && x[i] <= 1.0f);
    free(x);
    release(&j);
}

Test(augment, whole_numbers_cannot_be_checked)
{
    struct job j = load("jitter", "{embedding: {num_embeddings: 17, embedding_dim: 2}}, " MODEL);
    struct net *n;

    cr_assert_eq(j.result, OK);
    cr_expect_eq(net_new(j.f.spec, j.data, &j.f.env, 100, &n, &j.f.problem), FAILED);
    cr_expect_str_eq(j.f.problem.text,
                     "embedding1: takes whole numbers, so no transform of the data may act in training");
    release(&j);
}

/* ---- a run -------------------------------------------------------------------------------- */

static void run(struct job *j, struct heard *h)
{
    *h = (struct heard){0};
    j->f.problem = (struct problem){0};
    {
        const struct run_options options = {.seed = 1};
        const struct train_listener listener = {.arg = h, .epoch = hear_epoch};

        cr_assert_eq(train_run(j->f.spec, j->data, &j->f.env, &options, &listener, &h->result, &j->f.problem),
                     OK, "%s", j->f.problem.text);
    }
    cr_assert_eq(h->nepochs, 2);
}

Test(augment, same_bits_at_any_number_of_threads_and_simd_level)
{
    struct job j = load_ok("flip, {shift: {pixels: 1}}, {jitter: {stddev: 0.5}}, standardize"),
               plain = load_ok("standardize");
    struct heard first, other;
    struct error err;

    run(&j, &first);
    run(&plain, &other);
    cr_expect_not(heard_equal(&first, &other), "the transforms have no effect");
    heard_release(&other);
    run(&j, &other);
    cr_expect(heard_equal(&first, &other), "a second run has other bits");
    heard_release(&other);
    cr_assert_eq(pool_new(3, &j.f.env.pool, &err), OK);
    run(&j, &other);
    cr_expect(heard_equal(&first, &other), "three threads have other bits");
    heard_release(&other);
    pool_free(j.f.env.pool);
    j.f.env.pool = NULL;
    for (int level = 0; level < SIMD_LEVELS; level++) {
        if (!simd_available((enum simd_level)level))
            continue;
        j.f.env.kernels = kernels_get((enum simd_level)level);
        run(&j, &other);
        cr_expect(heard_equal(&first, &other), "%s has other bits", simd_name((enum simd_level)level));
        heard_release(&other);
    }
    heard_release(&first);
    release(&j), release(&plain);
}
