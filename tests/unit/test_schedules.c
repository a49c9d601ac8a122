/* test_schedules.c - schedules: PyTorch's rates (tests/reference), lists that pass the rate on,
 * and runs whose rate depends on what they recorded.
 */
#include "engine_fixture.h"
#include "plugin_help.h"

/* ---- PyTorch's rates -------------------------------------------------------------------- */

/* The rate that NAME makes of c.lr. */
static double rate_of(const char *name, const char *settings, fell_schedule_call c)
{
    struct plugin p;

    plugin_open(&p, ROLE_SCHEDULE, name, settings, SIMD_PORTABLE);
    c.ctx = &p.in.ctx;
    c.settings = p.settings;
    plugin_ok(&p, p.item->schedule->rate(&c));
    plugin_close(&p);
    return c.lr;
}

Test(schedules, reference)
{
    check_cases("schedules.json", 7, NULL, 1e-12);
}

Test(schedules, other_settings)
{
    check_cases("schedule_settings.json", 15, NULL, 1e-12);
    check_cases("schedule_edges.json", 13, NULL, 1e-12);
}

/* ---- by hand ------------------------------------------------------------------------------- */

Test(schedules, constant_changes_nothing)
{
    const fell_schedule_call c = {.epoch = 3, .epochs = 40, .lr = 0.3};

    cr_assert_eq(rate_of("constant", "", c), 0.3);
}

Test(schedules, warmup)
{
    static const double plain[] = {0.1, 0.2, 0.3, 0.4, 0.4, 0.4}, half[] = {0.25, 0.3, 0.35, 0.4, 0.4, 0.4};

    for (int64_t i = 0; i < 6; i++) {
        const fell_schedule_call c = {.step = i, .steps = 100, .epochs = 10, .lr = 0.4};

        cr_assert_float_eq(rate_of("warmup", "{steps: 4}", c), plain[i], 1e-15);
        cr_assert_float_eq(rate_of("warmup", "{steps: 4, start_factor: 0.5}", c), half[i], 1e-15);
        cr_assert_eq(rate_of("warmup", "{steps: 1}", c), 0.4);
    }
}

/* Cycles of a few steps, and steps after the last. */
Test(schedules, one_cycle_of_any_length)
{
    static const char *const settings[] = {"",
                                           "{pct_start: 0}",
                                           "{pct_start: 1}",
                                           "{three_phase: true}",
                                           "{three_phase: true, pct_start: 1}",
                                           "{anneal_strategy: linear, pct_start: 0.5}"};

    for (size_t k = 0; k < COUNT(settings); k++)
        for (int64_t steps = 1; steps < 9; steps++)
            for (int64_t i = 0; i < 12; i++) {
                const fell_schedule_call c = {.step = i, .steps = steps, .epochs = 1, .lr = 0.5};
                const double got = rate_of("one_cycle", settings[k], c);

                cr_assert(got >= 0.5 / 25 / 1e4 * (1 - 1e-12) && got <= 0.5 * (1 + 1e-12),
                          "%s, step %lld of %lld: %g", settings[k], (long long)i, (long long)steps, got);
                if (i >= steps && strstr(settings[k], "1}") == NULL)
                    cr_assert_float_eq(got, 0.5 / 25 / 1e4, 1e-15, "%s", settings[k]);
            }
}

/* A value that is undefined counts as no better, also at the beginning. */
Test(schedules, plateau_with_undefined_values)
{
    static const double history[] = {NAN, NAN, 3.0, NAN, 2.0, NAN, NAN, NAN};
    static const double want[] = {1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25};

    for (int64_t i = 0; i < 9; i++) {
        const fell_schedule_call c = {.epoch = i, .epochs = 9, .history = history, .lr = 1};

        cr_assert_float_eq(rate_of("plateau", "{patience: 1, factor: 0.5}", c), want[i], 1e-15, "%lld",
                           (long long)i);
    }
}

/* ---- in a run ---------------------------------------------------------------------------------- */

#define NET                                                                                                  \
    "model: [{dense: {units: 6, activation: tanh}}, {dense: {units: 2}}]\nloss: cross_entropy\n"             \
    "record: {gradients: {step: 1}}\n"

/* 10 epochs of 5 steps. */
static void run(struct fixture *f, struct heard *h, const char *rest)
{
    char *text = mem_format(NET "%s\ntrain: {epochs: 10, batch_size: 8}\n", rest);

    *h = (struct heard){0};
    fixture_init(f, text);
    fixture_data(f, 40, fell_vec(5), 2, 0);
    cr_assert_eq(fixture_train(f, NULL, h), OK, "%s", f->problem.text);
    cr_assert_eq(h->result.end, RUN_FINISHED, "%s", h->result.error);
    cr_assert_eq(h->nsteps, 50);
    free(text);
}

Test(schedules, a_list_passes_the_rate_on)
{
    struct fixture f;
    struct heard h;

    run(&f, &h,
        "optimizer: {sgd: {lr: 0.4}}\n"
        "schedule: [{multi_step: {milestones: [2, 6], gamma: 0.5}}, {linear: {start_factor: 1, "
        "end_factor: 0, period: 20}}, {warmup: {steps: 8}}]");
    for (int i = 0; i < 50; i++) {
        const int epoch = i / 5;
        const double want = 0.4 *
                            (epoch < 2   ? 1.0
                             : epoch < 6 ? 0.5
                                         : 0.25) *
                            (1.0 - epoch / 20.0) * (i < 8 ? (i + 1) / 8.0 : 1.0);

        cr_expect_float_eq(h.step_lr[i], want, 1e-15, "step %d: %g, not %g", i, h.step_lr[i], want);
    }
    heard_release(&h);
    fixture_release(&f);
}

/* What the run saw decides, epoch by epoch: a loss that never gets better by a tenth lets the rate
 * fall every third epoch, one that may get worse by anything never. */
Test(schedules, plateau_acts_on_what_the_run_records)
{
    struct fixture f;
    struct heard h;

    run(&f, &h,
        "optimizer: {sgd: {lr: 0.001}}\n"
        "schedule: {plateau: {monitor: train.loss, patience: 2, factor: 0.5, threshold: 0.1}}");
    for (int i = 0; i < 10; i++) /* the first epoch is the best; 1, 2 and 3 are no better */
        cr_expect_float_eq(h.epoch[i].report.lr,
                           i < 4   ? 0.001
                           : i < 7 ? 0.0005
                                   : 0.00025,
                           1e-15, "epoch %d", i);
    heard_release(&h);
    fixture_release(&f);
    run(&f, &h,
        "optimizer: {sgd: {lr: 0.1}}\n"
        "schedule: {plateau: {monitor: train.loss, patience: 0, factor: 0.5, threshold: 0}}");
    for (int i = 1, falls = 0; i < 10; i++) {
        double best = h.epoch[0].report.loss[SPLIT_TRAIN];

        for (int k = 1; k < i - 1; k++)
            best = fmin(best, h.epoch[k].report.loss[SPLIT_TRAIN]);
        falls += i > 1 && h.epoch[i - 1].report.loss[SPLIT_TRAIN] >= best;
        cr_expect_float_eq(h.epoch[i].report.lr, 0.1 * pow(0.5, falls), 1e-15, "epoch %d", i);
    }
    heard_release(&h);
    fixture_release(&f);
}
