/* test_resume.c - a run that is interrupted, paused or cut off and goes on from a checkpoint says
 * the very numbers of one that was left alone; and what it asks on the way. */
#include "resume_fixture.h"

TestSuite(resume, .init = make_folder, .fini = remove_folder);

/* ---- the same bits --------------------------------------------------------------------------------- */

#define TRAIN "train: {epochs: 9, batch_size: 8}\nmetrics: [accuracy, f1]\nrecord: {gradients: {step: 3}}\n"

Test(resume, every_optimizer)
{
    static const char *const optimizers[] = {"sgd",     "{sgd: {lr: 0.1, momentum: 0.9, nesterov: true}}",
                                             "adam",    "{adam: {amsgrad: true, weight_decay: 0.01}}",
                                             "adamw",   "adadelta",
                                             "adagrad", "adamax",
                                             "lion",    "nadam",
                                             "radam",   "{rmsprop: {centered: true, momentum: 0.9}}",
                                             "rprop"};

    for (size_t i = 0; i < sizeof optimizers / sizeof optimizers[0]; i++) {
        char *rest = mem_format("optimizer: %s\n" TRAIN, optimizers[i]);

        expect_same(MODEL, rest);
        free(rest);
    }
    expect_same(LINEAR, "optimizer: {lbfgs: {lr: 0.5, history_size: 4}}\n" TRAIN);
    expect_same(LINEAR,
                "optimizer: {lbfgs: {lr: 0.5, history_size: 1}}\ntrain: {epochs: 9, batch_size: 0}\n");
}

Test(resume, every_schedule)
{
    static const char *const schedules[] = {
        "constant",
        "{cosine: {period: 5}}",
        "{cosine_restarts: {period: 3}}",
        "{exponential: {gamma: 0.8}}",
        "{linear: {}}",
        "{multi_step: {milestones: [2, 5]}}",
        "{one_cycle: {}}",
        "{polynomial: {}}",
        "{step: {every: 2}}",
        "[{plateau: {monitor: train.accuracy, mode: max, patience: 0, factor: 0.5}}, {warmup: {steps: 12}}]",
        "{plateau: {monitor: train.loss, patience: 0, factor: 0.1, threshold: 0.1}}"};

    for (size_t i = 0; i < sizeof schedules / sizeof schedules[0]; i++) {
        char *rest = mem_format("optimizer: {adam: {lr: 0.02}}\nschedule: %s\n" TRAIN, schedules[i]);

        expect_same(MODEL, rest);
        free(rest);
    }
}

Test(resume, other_layers_and_settings)
{
    expect_same(MODEL, "optimizer: {sgd: {lr: 0.2}}\ntrain: {epochs: 9, batch_size: 7, clip_norm: 0.3}\n"
                       "record: {gradients: none}\n");
    expect_same(
        "model: [{reshape: {shape: [5, 1]}}, {lstm: {units: 3}}, {layer_norm: {}}, {dense: {units: 2}}]\n"
        "loss: cross_entropy\n",
        "optimizer: adam\n" TRAIN);
    /* 40 rows are 6 steps: an epoch ends in the middle of them, or sees rows again */
    expect_same(MODEL, "optimizer: adam\nmetrics: [accuracy]\ntrain: {epochs: 9, batch_size: 7, "
                       "steps_per_epoch: 4}\n");
    expect_same(MODEL, "optimizer: adam\nmetrics: [accuracy]\ntrain: {epochs: 9, batch_size: 7, "
                       "steps_per_epoch: 13, shuffle: false}\n");
    expect_same(LINEAR, "optimizer: {sgd: {lr: 1e20}}\ntrain: {epochs: 3, batch_size: 0}\n"); /* diverges */
}

/* The best value and its epoch count from before the interruption. */
Test(resume, early_stopping)
{
    expect_same(LINEAR,
                "optimizer: {sgd: {lr: 30}}\ntrain: {epochs: 60, batch_size: 8, early_stopping: {monitor: "
                "train.loss, patience: 6}}\n");
    expect_same(LINEAR, "optimizer: {sgd: {lr: 0.1}}\nmetrics: [accuracy]\ntrain: {epochs: 60, batch_size: "
                        "8, early_stopping: {monitor: "
                        "train.accuracy, patience: 4, min_delta: 0.02}}\n");
}

/* ---- checkpoints that the spec asks for ------------------------------------------------------------- */

#define KEEPING                                                                                              \
    "optimizer: {adam: {lr: 0.3}}\ncheckpoint: {every: 2, keep: [last, best]}\n"                             \
    "train: {epochs: 9, batch_size: 8, early_stopping: {monitor: train.loss, patience: 4}}\n"

static char *in_folder(const char *name)
{
    return path_join(folder, name);
}

static void expect_same_file(const char *a, const char *b)
{
    char *one = in_folder(a), *two = in_folder(b), x[65], y[65];
    struct error err;

    cr_assert_eq(sha256_file(one, x, &err), OK, "%s", err.text);
    cr_assert_eq(sha256_file(two, y, &err), OK, "%s", err.text);
    cr_expect_str_eq(x, y, "%s and %s", a, b);
    free(one);
    free(two);
}

/* From a kept `last` and from a kept `best`, to the same files at the end as well. */
Test(resume, from_kept_checkpoints_to_the_same_files)
{
    char *whole_folder = in_folder("whole"), *part_folder = in_folder("part");
    struct run_options options = {.seed = 5, .checkpoint_folder = whole_folder};
    struct heard whole = {0}, part = {0};
    struct fixture f;

    init(&f, MODEL, KEEPING);
    train(&f, &options, &whole, KEEPING);
    for (int best = 0; best < 2; best++) {
        char *from = path_join(part_folder, best ? "best.safetensors" : "last.safetensors");
        struct heard rest = {0};

        options = (struct run_options){.seed = 5, .checkpoint_folder = part_folder};
        part = (struct heard){.cancel_after = 2 + (int64_t)(random_number() % (whole.nepochs - 2))};
        train(&f, &options, &part, KEEPING);
        cr_assert_eq(part.result.end, RUN_INTERRUPTED);
        options.resume_path = from;
        train(&f, &options, &rest, KEEPING);
        cr_expect_eq(rest.from.epoch % 2, 0);
        cr_expect_eq(rest.from.seconds, 0.0); /* so that files of equal runs are equal */
        cr_expect_leq(rest.from.epoch, part.cancel_after);
        cr_expect_eq((size_t)rest.from.epoch + rest.nepochs, whole.nepochs);
        cr_expect_eq(rest.result.end, whole.result.end);
        expect_epochs(&rest, &whole, "from a kept checkpoint");
        expect_same_file("whole/last.safetensors", "part/last.safetensors");
        expect_same_file("whole/best.safetensors", "part/best.safetensors");
        heard_release(&part);
        heard_release(&rest);
        free(from);
    }
    heard_release(&whole);
    fixture_release(&f);
    free(whole_folder);
    free(part_folder);
}

/* The last state of a run that finished, or stopped, leaves nothing to train. */
static void expect_nothing_left(const char *rest, enum run_end end)
{
    char *path = in_folder("last.safetensors");
    struct run_options options = {.seed = 5, .checkpoint_folder = folder};
    struct heard whole = {0}, after = {0};
    struct fixture f;

    init(&f, LINEAR, rest);
    train(&f, &options, &whole, rest);
    cr_expect_eq(whole.result.end, end);
    options.resume_path = path;
    train(&f, &options, &after, rest);
    cr_expect_eq(after.nepochs, 0);
    cr_expect_eq(after.result.end, end);
    cr_expect_eq(after.result.epochs_done, whole.result.epochs_done);
    cr_expect_str_eq(after.event, whole.event);
    heard_release(&whole);
    heard_release(&after);
    fixture_release(&f);
    free(path);
}

Test(resume, nothing_is_left)
{
    expect_nothing_left("optimizer: sgd\ncheckpoint: {keep: [last]}\ntrain: {epochs: 3}\n", RUN_FINISHED);
    expect_nothing_left(
        "optimizer: {sgd: {lr: 30}}\ncheckpoint: {keep: [last]}\ntrain: {epochs: 60, batch_size: 8, "
        "early_stopping: {monitor: train.loss, patience: 3}}\n",
        RUN_STOPPED);
}

/* ---- asking ------------------------------------------------------------------------------------------ */

static void expect_asked(const struct heard *h, size_t n, const int64_t *epochs)
{
    cr_assert_eq(h->nasked, n, "asked %zu times, not %zu", h->nasked, n);
    cr_expect_arr_eq(h->asked, epochs, n * sizeof *epochs);
}

#define ASKS "optimizer: sgd\ntrain: {epochs: 9, batch_size: 8}\n"

Test(resume, asks_after_the_epochs_that_it_is_told)
{
    struct run_options options = {.seed = 5, .pause_path = pause_path, .ask_epoch = 3};
    struct heard h = {.ask_every = 2};
    struct fixture f;

    init(&f, MODEL, ASKS);
    train(&f, &options, &h, ASKS);
    expect_asked(&h, 3, (const int64_t[]){3, 5, 7}); /* not after the last */
    cr_expect_eq(h.result.end, RUN_FINISHED);
    heard_release(&h);

    h = (struct heard){.ask_every = 2, .prune_at = 5};
    train(&f, &options, &h, ASKS);
    expect_asked(&h, 2, (const int64_t[]){3, 5});
    cr_expect_eq(h.result.end, RUN_PRUNED);
    cr_expect_str_eq(run_end_word(h.result.end), "pruned");
    cr_expect_eq(h.result.epochs_done, 5);
    cr_expect_eq(h.nepochs, 5);
    cr_expect_eq(h.ncheckpoints, 0);
    heard_release(&h);

    options.ask_epoch = 0;
    h = (struct heard){.ask_every = 1};
    train(&f, &options, &h, ASKS);
    cr_expect_eq(h.nasked, 0);
    heard_release(&h);
    fixture_release(&f);
}

/* A run that goes on is asked about what it was not asked before, and about what is past when it
 * is told so. */
Test(resume, pauses_and_goes_on)
{
    struct run_options options = {.seed = 5, .pause_path = pause_path, .ask_epoch = 4};
    struct heard whole = {0}, a = {.pause_at = 4, .ask_every = 1}, b = {.ask_every = 3};
    struct fixture f;

    init(&f, MODEL, ASKS);
    train(&f, NULL, &whole, ASKS);
    heard_release(&whole);
    options.ask_epoch = 0;
    train(&f, &options, &whole, ASKS);
    options.ask_epoch = 4;
    train(&f, &options, &a, ASKS);
    cr_expect_eq(a.result.end, RUN_PAUSED);
    cr_expect_str_eq(run_end_word(a.result.end), "paused");
    cr_expect_eq(a.result.epochs_done, 4);
    cr_expect_str_eq(a.path, pause_path);
    expect_asked(&a, 1, (const int64_t[]){4});

    options.resume_path = pause_path;
    options.ask_epoch = 2;
    train(&f, &options, &b, ASKS);
    expect_asked(&b, 3, (const int64_t[]){2, 5, 8}); /* the first before any epoch */
    cr_expect_eq(b.nepochs, 5);
    expect_epochs(&b, &whole, "after a pause");
    heard_release(&b);

    b = (struct heard){.prune_at = 4};
    options.ask_epoch = 4;
    train(&f, &options, &b, ASKS);
    cr_expect_eq(b.nepochs, 0);
    cr_expect_eq(b.result.end, RUN_PRUNED);
    cr_expect_eq(b.result.epochs_done, 4);
    heard_release(&a);
    heard_release(&b);
    heard_release(&whole);
    fixture_release(&f);
}

/* ---- files that do not do ------------------------------------------------------------------------------ */

#define PLAIN                                                                                                \
    "optimizer: adam\nschedule: {plateau: {monitor: train.loss}}\ntrain: {epochs: 4, batch_size: 8}\n"

static void expect_refused(const char *model, const char *rest, const struct run_options *options,
                           const char *text)
{
    struct heard h = {0};
    struct fixture f;

    init(&f, model, rest);
    cr_expect_eq(fixture_train(&f, options, &h), FAILED, "not refused: %s", text);
    cr_expect(strstr(f.problem.text, text) != NULL, "'%s' is not in '%s'", text, f.problem.text);
    cr_expect(strstr(f.problem.text, options->resume_path) != NULL, "%s", f.problem.text);
    cr_expect_eq(h.nepochs, 0);
    heard_release(&h);
    fixture_release(&f);
}

/* The file with TEXT in place of the same length of FROM. */
static void patch(const char *path, const char *from, const char *to)
{
    struct error err;
    size_t len;
    char *bytes, *at;
    FILE *out;

    cr_assert_eq(strlen(from), strlen(to));
    cr_assert_eq(file_read(path, &bytes, &len, &err), OK);
    at = memmem(bytes, len, from, strlen(from));
    cr_assert_not_null(at, "%s", from);
    memcpy(at, to, strlen(to));
    out = fopen(path, "wb");
    cr_assert_eq(fwrite(bytes, 1, len, out), len);
    cr_assert_eq(fclose(out), 0);
    free(bytes);
}

Test(resume, files_that_do_not_do)
{
    struct run_options options = {.seed = 5, .resolved = "one spec", .pause_path = pause_path}, other;
    struct heard h = {.cancel_after = 2};
    struct fixture f;
    char *weights = in_folder("w.safetensors");
    struct stat about;

    init(&f, LINEAR, PLAIN);
    train(&f, &options, &h, PLAIN);
    fixture_release(&f);
    heard_release(&h);
    options.resume_path = pause_path;

    other = options;
    other.seed = 6;
    expect_refused(LINEAR, PLAIN, &other, "it is of a run with the seed 5, not 6");
    other = options;
    other.resolved = "another spec";
    expect_refused(LINEAR, PLAIN, &other, "it is of a run with another spec");
    other.resume_path = "/proc/none/pause.safetensors";
    expect_refused(LINEAR, PLAIN, &other, "No such file");
    expect_refused(
        "model: [{dense: {units: 7, activation: tanh}}, {dense: {units: 2}}]\nloss: cross_entropy\n", PLAIN,
        &options, "the tensor 'dense1.weight' has another shape than in the net");
    expect_refused("model: [{dense: {units: 6, name: x}}, {dense: {units: 2}}]\nloss: cross_entropy\n", PLAIN,
                   &options, "it has no tensor 'x.weight'");
    expect_refused(
        LINEAR,
        "optimizer: sgd\nschedule: {plateau: {monitor: train.loss}}\ntrain: {epochs: 4, batch_size: 8}\n",
        &options, "the net has no tensor 'optimizer/m/dense1.weight'");
    expect_refused(LINEAR, "optimizer: adam\nschedule: linear\ntrain: {epochs: 4, batch_size: 8}\n", &options,
                   "what its schedules watched does not fit");
    expect_refused(
        LINEAR,
        "optimizer: adam\nschedule: {plateau: {monitor: train.loss}}\ntrain: {epochs: 4, batch_size: 10}\n",
        &options, "it is of a run with 5 steps an epoch, not 4: the data have changed");

    init(&f, LINEAR, PLAIN);
    train(&f, &(struct run_options){.seed = 5, .export_path = weights}, &h, PLAIN);
    fixture_release(&f);
    heard_release(&h);
    other = options;
    other.resume_path = weights;
    expect_refused(LINEAR, PLAIN, &other, "not a checkpoint to go on from: its format is 'pt'");

    patch(pause_path, "\"step\":\"10\"", "\"step\":\"11\"");
    expect_refused(LINEAR, PLAIN, &options, "it has no tensor 'epoch/sums'");
    patch(pause_path, "\"step\":\"11\"", "\"step\":\"16\"");
    expect_refused(LINEAR, PLAIN, &options, "contradict each other: epoch 2, step 16, 5 steps an epoch");
    cr_assert_eq(stat(pause_path, &about), 0);
    for (int i = 0; i < 5; i++) {
        about.st_size -= 1 + (off_t)(random_number() % (uint64_t)(about.st_size / 2));
        cr_assert_eq(truncate(pause_path, about.st_size), 0);
        expect_refused(LINEAR, PLAIN, &options, "truncated");
    }
    free(weights);
}

/* What could not be written leaves what was there, and no file of its own. */
Test(resume, a_full_disk_leaves_the_old_state)
{
    char *path = in_folder("last.safetensors"), before[65], after[65];
    struct run_options options = {.seed = 5, .checkpoint_folder = folder};
    const struct rlimit small = {100, RLIM_INFINITY}, large = {RLIM_INFINITY, RLIM_INFINITY};
    struct heard h = {.cancel_after = 2};
    struct fixture f;
    struct error err;

    signal(SIGXFSZ, SIG_IGN); /* as the worker does */
    init(&f, LINEAR, "optimizer: sgd\ncheckpoint: {keep: [last]}\ntrain: {epochs: 4, batch_size: 8}\n");
    train(&f, &options, &h, "first");
    heard_release(&h);
    cr_assert_eq(sha256_file(path, before, &err), OK);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    train(&f, &options, &h, "second");
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &large), 0);
    cr_expect_eq(h.result.end, RUN_FAILED);
    cr_expect(strstr(h.result.error, "last.safetensors': File too large, epoch 1, step 5") != NULL, "%s",
              h.result.error);
    cr_assert_eq(sha256_file(path, after, &err), OK);
    cr_expect_str_eq(before, after);
    heard_release(&h);

    /* An interrupted run stays one: what it lost is its state, not its rows. */
    options = (struct run_options){.seed = 5, .pause_path = pause_path};
    h = (struct heard){.cancel_after = 2};
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    train(&f, &options, &h, "interrupted");
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &large), 0);
    cr_expect_eq(h.result.end, RUN_INTERRUPTED);
    cr_expect(strstr(h.event, "warning: cannot write") == h.event, "%s", h.event);
    heard_release(&h);
    fixture_release(&f);
    free(path);
}
