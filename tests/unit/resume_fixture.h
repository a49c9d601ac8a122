/* resume_fixture.h - a run whole and in two parts, and whether both say the same; for tests of going on. */
#ifndef UNIT_RESUME_FIXTURE_H
#define UNIT_RESUME_FIXTURE_H

#include "engine_fixture.h"

#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/checkpoint.h"
#include "engine/safetensors.h"

#define MODEL                                                                                                \
    "model: [{dense: {units: 6, activation: tanh, name: a}}, {batch_norm: {}}, {noise: {stddev: 0.1}}, "     \
    "{dense: {units: 5, activation: relu, lr_factor: 0.5}}, {dropout: {rate: 0.3}}, {dense: {units: 5, "     \
    "trainable: false}}, {dense: {units: 2, name: b}}]\nloss: cross_entropy\n"
#define LINEAR "model: [{dense: {units: 6, activation: tanh}}, {dense: {units: 2}}]\nloss: cross_entropy\n"

enum { EPOCHS = 9 };

static char folder[128], pause_path[160];

static inline void make_folder(void)
{
    snprintf(folder, sizeof folder, "%s/fell-resume-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(pause_path, sizeof pause_path, "%s/runs/7/pause.safetensors", folder);
}

static inline void remove_folder(void)
{
    char *command = mem_format("rm -rf '%s'", folder);

    cr_expect_eq(system(command), 0);
    free(command);
}

/* Not the same in each run of the test; it is printed where something is wrong. */
static inline uint64_t random_number(void)
{
    static uint64_t state;
    struct timespec now;

    if (state == 0) {
        clock_gettime(CLOCK_REALTIME, &now);
        state = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u + (uint64_t)getpid();
    }
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 33;
}

static inline void init(struct fixture *f, const char *model, const char *rest)
{
    char *text = mem_format("%s%s", model, rest);

    fixture_init(f, text);
    fixture_data(f, 40, fell_vec(5), 2, 0);
    fixture_split(f, SPLIT_VALIDATION, 13);
    free(text);
}

/* ---- comparing ------------------------------------------------------------------------------- */

static inline bool same_number(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

/* Epochs of PART beside those of WHOLE with the same numbers. */
static inline void expect_epochs(const struct heard *part, const struct heard *whole, const char *what)
{
    for (size_t i = 0; i < part->nepochs; i++) {
        const struct heard_epoch *x = &part->epoch[i];
        const struct heard_epoch *y = &whole->epoch[x->report.epoch - 1];

        cr_assert_lt((size_t)x->report.epoch - 1, whole->nepochs, "%s", what);
        cr_expect_eq(x->report.epoch, y->report.epoch);
        cr_expect_eq(x->report.samples, y->report.samples);
        cr_expect_eq(x->report.partial, y->report.partial);
        cr_expect_eq(x->report.nmetrics, y->report.nmetrics);
        cr_expect_eq(x->report.npositions, y->report.npositions);
        for (int s = 0; s < SPLITS; s++)
            cr_expect(same_number(x->report.loss[s], y->report.loss[s]),
                      "%s: epoch %d, split %d: %.17g, not %.17g", what, (int)x->report.epoch, s,
                      x->report.loss[s], y->report.loss[s]);
        cr_expect(same_number(x->report.lr, y->report.lr), "%s: lr of epoch %d", what, (int)x->report.epoch);
        cr_expect(same_number(x->report.grad_norm_mean, y->report.grad_norm_mean), "%s", what);
        cr_expect(same_number(x->report.grad_norm_max, y->report.grad_norm_max), "%s", what);
        cr_expect_arr_eq(x->mean, y->mean, sizeof x->mean, "%s", what);
        cr_expect_arr_eq(x->max, y->max, sizeof x->max, "%s", what);
        cr_expect_arr_eq(x->weight, y->weight, sizeof x->weight, "%s", what);
        cr_expect_arr_eq(x->update, y->update, sizeof x->update, "%s", what);
        cr_expect_arr_eq(x->metric, y->metric, sizeof x->metric, "%s", what);
    }
}

/* The steps of two parts, which follow each other, are those of WHOLE. */
static inline void expect_steps(const struct heard *a, const struct heard *b, const struct heard *whole,
                                const char *what)
{
    cr_assert_eq(a->nsteps + b->nsteps, whole->nsteps, "%s: %zu and %zu steps, not %zu", what, a->nsteps,
                 b->nsteps, whole->nsteps);
    for (size_t i = 0; i < whole->nsteps; i++) {
        const struct heard *h = i < a->nsteps ? a : b;
        const size_t k = i < a->nsteps ? i : i - a->nsteps;

        cr_expect_eq(h->step[k], whole->step[i], "%s", what);
        cr_expect(same_number(h->step_loss[k], whole->step_loss[i]), "%s: loss of step %zu", what, i);
        cr_expect(same_number(h->step_lr[k], whole->step_lr[i]), "%s: lr of step %zu", what, i);
        cr_expect(same_number(h->step_norm[k], whole->step_norm[i]), "%s: norm of step %zu", what, i);
    }
}

static inline void train(struct fixture *f, const struct run_options *o, struct heard *h, const char *what)
{
    cr_assert_eq(fixture_train(f, o, h), OK, "%s: %s", what, f->problem.text);
}

/* Up to where A is cancelled, and on from there in a net of its own: as WHOLE. */
static inline void expect_parts(const char *model, const char *rest, const struct heard *whole,
                                struct heard *a, const char *what)
{
    struct run_options first = {.seed = 5, .resolved = rest, .pause_path = pause_path}, second = first;
    struct heard b = {0};
    struct fixture f;

    second.resume_path = pause_path;
    init(&f, model, rest);
    train(&f, &first, a, what);
    cr_expect_eq(a->result.end, RUN_INTERRUPTED, "%s", what);
    cr_expect_eq(a->result.epochs_done, (int64_t)a->nepochs, "%s", what);
    cr_expect_str_eq(a->path, pause_path);
    fixture_release(&f);

    init(&f, model, rest);
    train(&f, &second, &b, what);
    cr_expect_eq(b.from.epoch, (int64_t)a->nepochs, "%s", what);
    cr_expect_gt(b.from.seconds, 0.0);
    cr_expect_gt(b.from.cpu_seconds, 0.0);
    cr_expect_eq(b.result.end, whole->result.end, "%s: %s", what, b.result.error);
    cr_expect_eq(b.result.epochs_done, whole->result.epochs_done, "%s", what);
    cr_expect_str_eq(b.event, whole->event, "%s", what);
    cr_expect_eq(a->nepochs + b.nepochs, whole->nepochs, "%s", what);
    expect_epochs(a, whole, what);
    expect_epochs(&b, whole, what);
    expect_steps(a, &b, whole, what);
    fixture_release(&f);
    heard_release(&b);
}

/* Whole; then in two parts, cut at a random epoch, and at a random step in an epoch. */
static inline void expect_same(const char *model, const char *rest)
{
    struct heard whole = {0}, a = {0};
    struct fixture f;
    char what[512];

    init(&f, model, rest);
    train(&f, &(struct run_options){.seed = 5, .pause_path = pause_path}, &whole, rest);
    fixture_release(&f);
    a.cancel_after = 1 + (int64_t)(random_number() % (whole.nepochs - 1));
    snprintf(what, sizeof what, "%s (from epoch %d)", rest, (int)a.cancel_after);
    expect_parts(model, rest, &whole, &a, what);
    heard_release(&a);
    if (whole.nnow > 0) { /* else its epochs are single steps */
        a.cancel_now = 1 + (int64_t)(random_number() % (uint64_t)whole.nnow);
        snprintf(what, sizeof what, "%s (from step %d)", rest, (int)a.cancel_now);
        expect_parts(model, rest, &whole, &a, what);
        heard_release(&a);
    }
    heard_release(&whole);
}

#endif
