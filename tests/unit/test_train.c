/* test_train.c - the epoch loop: losses, norms, clipping, rates, evaluation, and that nothing but the
 * spec changes a bit. */
#include "engine_fixture.h"

#define TWO_LAYERS "{dense: {units: 6, activation: tanh, name: a}}, {dense: {units: 2, name: b}}"

static void init(struct fixture *f, const char *model, const char *rest)
{
    char *text = mem_format("model: [%s]\n%s", model, rest);

    fixture_init(f, text);
    free(text);
}

static void run(struct fixture *f, struct heard *h)
{
    *h = (struct heard){0};
    cr_assert_eq(fixture_train(f, NULL, h), OK, "%s", f->problem.text);
}

/* ---- numbers -------------------------------------------------------------------------- */

/* Two epochs of plain gradient descent by hand, in double: y = w x + b on four rows. */
Test(train, numbers_of_a_line)
{
    const float x[4] = {1, 2, -1, 3}, y[4] = {2, 1, 0, 5};
    double w = 0.5, b = 0.25, lr = 0.05;
    struct fixture f;
    struct heard h;

    init(&f, "{dense: {units: 1, init: {weight: {constant: {value: 0.5}}, bias: {constant: {value: 0.25}}}}}",
         "loss: mse\noptimizer: {sgd: {lr: 0.05}}\ntrain: {epochs: 2, batch_size: 2, shuffle: false}\n"
         "record: {gradients: {step: 1}}\n");
    fixture_data(&f, 4, fell_vec(1), 0, 1);
    memcpy(f.data.split[SPLIT_TRAIN].x, x, sizeof x);
    memcpy(f.data.split[SPLIT_TRAIN].target, y, sizeof y);
    run(&f, &h);
    cr_assert_eq(h.nepochs, 2);
    cr_assert_eq(h.nsteps, 4);
    for (int epoch = 0; epoch < 2; epoch++) {
        const struct heard_epoch *e = &h.epoch[epoch];
        double loss = 0, norm_sum = 0, norm_max = 0, w_sum = 0, w_max = 0, w0 = w, b0 = b;

        for (int step = 0; step < 2; step++) {
            double dw = 0, db = 0, batch_loss = 0, norm;

            for (int i = 2 * step; i < 2 * step + 2; i++) {
                const double d = w * (double)x[i] + b - (double)y[i];

                batch_loss += d * d / 2;
                dw += 2 * d * (double)x[i] / 2;
                db += 2 * d / 2;
            }
            loss += batch_loss / 2;
            norm = sqrt(dw * dw + db * db);
            norm_sum += norm;
            norm_max = fmax(norm, norm_max);
            w_sum += fabs(dw);
            w_max = fmax(w_max, fabs(dw));
            w -= lr * dw;
            b -= lr * db;
            cr_expect_eq(h.step[2 * epoch + step], 2 * epoch + step + 1);
            cr_expect_float_eq(h.step_loss[2 * epoch + step], batch_loss, 1e-5);
            cr_expect_float_eq(h.step_norm[2 * epoch + step], norm, 1e-5);
        }
        cr_expect_eq(e->report.epoch, epoch + 1);
        cr_expect_eq(e->report.samples, 4);
        cr_expect_eq(e->report.lr, 0.05);
        cr_expect_eq(e->report.npositions, 2);
        cr_expect_float_eq(e->report.loss[SPLIT_TRAIN], loss, 1e-5);
        cr_expect(isnan(e->report.loss[SPLIT_TEST]) && isnan(e->report.loss[SPLIT_VALIDATION]));
        cr_expect_float_eq(e->report.grad_norm_mean, norm_sum / 2, 1e-5);
        cr_expect_float_eq(e->report.grad_norm_max, norm_max, 1e-5);
        cr_expect_float_eq(e->mean[0], w_sum / 2, 1e-5);
        cr_expect_float_eq(e->max[0], w_max, 1e-5);
        cr_expect_float_eq(e->weight[0], fabs(w), 1e-5);
        cr_expect_float_eq(e->weight[1], fabs(b), 1e-5);
        cr_expect_float_eq(e->update[0], fabs(w - w0), 1e-5);
        cr_expect_float_eq(e->update[1], fabs(b - b0), 1e-5);
    }
    cr_expect(h.result.end == RUN_FINISHED && h.result.epochs_done == 2);
    heard_release(&h);
    fixture_release(&f);
}

/* Runs of one spec with an extra line each; the last epoch's report of both. */
static void run_twice(const char *model, const char *rest, const char *a, const char *b, struct heard h[2])
{
    const char *extra[2] = {a, b};

    for (int i = 0; i < 2; i++) {
        struct fixture f;
        char *text = mem_format("%s%s", rest, extra[i]);

        init(&f, model, text);
        fixture_data(&f, 40, fell_vec(5), 2, 0);
        fixture_split(&f, SPLIT_VALIDATION, 13);
        run(&f, &h[i]);
        free(text);
        fixture_release(&f);
    }
}

#define CLASSES "loss: cross_entropy\noptimizer: {sgd: {lr: 0.1}}\n"

Test(train, clipping_scales_the_step_but_not_the_norm)
{
    struct heard h[2];

    run_twice(TWO_LAYERS, CLASSES, "train: {epochs: 1, batch_size: 0}\n",
              "train: {epochs: 1, batch_size: 0, clip_norm: 0.01}\n", h);
    cr_expect_gt(h[0].epoch[0].report.grad_norm_mean, 0.05);
    cr_expect_eq(h[0].epoch[0].report.grad_norm_mean, h[1].epoch[0].report.grad_norm_mean);
    for (int i = 0; i < 4; i++) {
        const double factor = 0.01 / (h[0].epoch[0].report.grad_norm_mean + 1e-6);

        cr_expect_eq(h[0].epoch[0].mean[i], h[1].epoch[0].mean[i]);
        cr_expect_float_eq(h[1].epoch[0].update[i], factor * h[0].epoch[0].update[i],
                           1e-2 * h[1].epoch[0].update[i]);
    }
    heard_release(&h[0]);
    heard_release(&h[1]);
    run_twice(TWO_LAYERS, CLASSES, "train: {epochs: 3, batch_size: 8}\n",
              "train: {epochs: 3, batch_size: 8, clip_norm: 1000}\n", h);
    cr_expect(heard_equal(&h[0], &h[1]));
    heard_release(&h[0]);
    heard_release(&h[1]);
}

Test(train, recording_changes_no_number)
{
    struct heard h[2];

    run_twice(TWO_LAYERS, CLASSES "train: {epochs: 4, batch_size: 8, clip_norm: 0.5}\n",
              "record: {gradients: none}\n", "record: {gradients: {step: 3}}\n", h);
    cr_expect_eq(h[0].epoch[3].report.npositions, 0);
    cr_expect_eq(h[1].epoch[3].report.npositions, 4);
    cr_expect_eq(h[0].nsteps, 0);
    cr_expect_eq(h[1].nsteps, 6); /* 3, 6, ... of 20 */
    cr_expect_eq(h[1].step[5], 18);
    for (int i = 0; i < 4; i++) {
        cr_expect_eq(h[0].epoch[i].report.loss[SPLIT_TRAIN], h[1].epoch[i].report.loss[SPLIT_TRAIN]);
        cr_expect_eq(h[0].epoch[i].report.loss[SPLIT_VALIDATION],
                     h[1].epoch[i].report.loss[SPLIT_VALIDATION]);
        cr_expect_eq(h[0].epoch[i].report.grad_norm_mean, h[1].epoch[i].report.grad_norm_mean);
        cr_expect_eq(h[0].epoch[i].report.grad_norm_max, h[1].epoch[i].report.grad_norm_max);
    }
    heard_release(&h[0]);
    heard_release(&h[1]);
}

Test(train, frozen_layers_stay_and_have_no_gradient)
{
    struct heard h[2];

    run_twice(
        "{dense: {units: 6, activation: tanh, name: a, trainable: false}}, {dense: {units: 2, name: b}}",
        "loss: cross_entropy\noptimizer: adam\ntrain: {epochs: 3, batch_size: 8}\n", "", "", h);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(h[0].epoch[i].report.npositions, 4);
        cr_expect_eq(h[0].epoch[i].update[0], 0.0);
        cr_expect_gt(h[0].epoch[i].update[2], 0.0);
        cr_expect_eq(h[0].epoch[i].weight[0], h[0].epoch[0].weight[0]);
        cr_expect(isnan(h[0].epoch[i].mean[0]) && isnan(h[0].epoch[i].max[1]));
        cr_expect_gt(h[0].epoch[i].mean[3], 0.0);
    }
    heard_release(&h[0]);
    heard_release(&h[1]);
}

Test(train, lr_factor_multiplies_the_rate)
{
    static const char *const model[2] = {
        TWO_LAYERS,
        "{dense: {units: 6, activation: tanh, name: a, lr_factor: 0.25}}, {dense: {units: 2, name: b}}"};
    struct heard h[2];

    for (int i = 0; i < 2; i++) {
        struct fixture f;

        init(&f, model[i], CLASSES "train: {epochs: 1, batch_size: 0}\n");
        fixture_data(&f, 40, fell_vec(5), 2, 0);
        run(&f, &h[i]);
        fixture_release(&f);
    }
    cr_expect_float_eq(h[1].epoch[0].update[0], 0.25 * h[0].epoch[0].update[0],
                       1e-4 * h[0].epoch[0].update[0]);
    cr_expect_float_eq(h[1].epoch[0].update[1], 0.25 * h[0].epoch[0].update[1],
                       1e-4 * h[0].epoch[0].update[1]);
    cr_expect_eq(h[1].epoch[0].update[2], h[0].epoch[0].update[2]);
    cr_expect_eq(h[1].epoch[0].report.lr, 0.1);
    heard_release(&h[0]);
    heard_release(&h[1]);
}

/* ---- evaluation and metrics ---------------------------------------------------------------- */

Test(train, splits_are_evaluated_after_the_epoch)
{
    struct fixture f;
    struct heard h;

    init(&f, TWO_LAYERS, CLASSES "metrics: [accuracy]\ntrain: {epochs: 5, batch_size: 0}\n");
    fixture_data(&f, 150, fell_vec(5), 2, 0);
    fixture_split(&f, SPLIT_TEST, 150);
    memcpy(f.data.split[SPLIT_TEST].x, f.data.split[SPLIT_TRAIN].x, 150 * 5 * sizeof(float));
    memcpy(f.data.split[SPLIT_TEST].label, f.data.split[SPLIT_TRAIN].label, 150 * sizeof(int32_t));
    run(&f, &h);
    for (int i = 0; i < 4; i++) {
        /* The same rows: after one epoch is before the next. */
        cr_expect_float_eq(h.epoch[i].report.loss[SPLIT_TEST], h.epoch[i + 1].report.loss[SPLIT_TRAIN], 1e-6);
        cr_expect_eq(h.epoch[i].report.nmetrics, 2);
        cr_expect_eq(h.epoch[i].split[0], SPLIT_TRAIN);
        cr_expect_eq(h.epoch[i].split[1], SPLIT_TEST);
        cr_expect_eq(h.epoch[i].metric[1], h.epoch[i + 1].metric[0]);
        cr_expect(isnan(h.epoch[i].report.loss[SPLIT_VALIDATION]));
    }
    cr_expect_lt(h.epoch[4].report.loss[SPLIT_TRAIN], h.epoch[0].report.loss[SPLIT_TRAIN]);
    heard_release(&h);
    fixture_release(&f);
}

/* With a rate of 0 every batch sees the same weights: shuffled rows keep their labels. */
Test(train, metrics_of_shuffled_rows)
{
    struct fixture f;
    struct heard h;

    init(&f, TWO_LAYERS,
         "loss: cross_entropy\noptimizer: {sgd: {lr: 0}}\nmetrics: [accuracy]\ntrain: {epochs: 3, "
         "batch_size: 7}\n");
    fixture_data(&f, 150, fell_vec(5), 2, 0);
    fixture_split(&f, SPLIT_TEST, 150);
    memcpy(f.data.split[SPLIT_TEST].x, f.data.split[SPLIT_TRAIN].x, 150 * 5 * sizeof(float));
    memcpy(f.data.split[SPLIT_TEST].label, f.data.split[SPLIT_TRAIN].label, 150 * sizeof(int32_t));
    run(&f, &h);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(h.epoch[i].metric[0], h.epoch[i].metric[1]);
        cr_expect(h.epoch[i].metric[0] > 0.1 && h.epoch[i].metric[0] < 0.9);
        cr_expect_float_eq(h.epoch[i].report.loss[SPLIT_TRAIN], h.epoch[i].report.loss[SPLIT_TEST], 1e-7);
    }
    heard_release(&h);
    fixture_release(&f);
}

/* ---- the same bits ---------------------------------------------------------------------------- */

#define WITH_DROPOUT                                                                                         \
    "{dense: {units: 40, activation: tanh, name: a}}, {dropout: {rate: 0.3}}, {dense: {units: 70, "          \
    "activation: relu}},"                                                                                    \
    "{dense: {units: 2, name: b}}"
#define ADAM "loss: cross_entropy\noptimizer: {adam: {lr: 0.01}}\nmetrics: [accuracy]\n"

static void run_big(struct fixture *f, struct heard *h, enum simd_level level, uint64_t seed, int threads)
{
    const struct run_options options = {.seed = seed};

    init(f, WITH_DROPOUT, ADAM "train: {epochs: 4, batch_size: 32, clip_norm: 1}\n");
    fixture_data(f, 333, fell_vec(37), 2, 0);
    fixture_split(f, SPLIT_VALIDATION, 100);
    f->env.kernels = kernels_get(level);
    f->spec->train.threads = threads;
    *h = (struct heard){0};
    cr_assert_eq(fixture_train(f, &options, h), OK, "%s", f->problem.text);
    cr_expect_null(f->env.pool);
    fixture_release(f);
}

Test(train, same_bits_whatever_threads_and_simd)
{
    struct fixture f;
    struct heard first, h;

    run_big(&f, &first, SIMD_PORTABLE, 1, 1);
    cr_assert_eq(first.nepochs, 4);
    cr_expect_lt(first.epoch[3].report.loss[SPLIT_TRAIN], first.epoch[0].report.loss[SPLIT_TRAIN]);
    for (enum simd_level level = SIMD_PORTABLE; level < SIMD_LEVELS; level++) {
        if (!simd_available(level))
            continue;
        for (int threads = 1; threads <= 3; threads++) {
            run_big(&f, &h, level, 1, threads);
            cr_expect(heard_equal(&first, &h), "%s, %d threads", simd_name(level), threads);
            heard_release(&h);
        }
    }
    run_big(&f, &h, SIMD_PORTABLE, 2, 1);
    cr_expect_not(heard_equal(&first, &h)); /* the seed counts */
    heard_release(&h);
    heard_release(&first);
}

/* ---- schedules ------------------------------------------------------------------------------------ */

Test(train, schedules_follow_each_other)
{
    struct fixture f;
    struct heard h;

    init(&f, TWO_LAYERS,
         "loss: cross_entropy\noptimizer: {sgd: {lr: 1}}\nschedule: [{step: {every: 2, gamma: 0.5}}, "
         "{step: {every: 1, gamma: 0.1}}]\ntrain: {epochs: 4, batch_size: 8}\n");
    fixture_data(&f, 40, fell_vec(5), 2, 0);
    run(&f, &h);
    for (int i = 0; i < 4; i++)
        cr_expect_float_eq(h.epoch[i].report.lr, (i < 2 ? 1.0 : 0.5) * pow(0.1, i), 1e-12);
    heard_release(&h);
    fixture_release(&f);
}

/* A schedule that watches: the rate is the last epoch's training loss. */
struct watching {
    const char *monitor;
};

static fell_status watching_rate(fell_schedule_call *c)
{
    c->lr = c->epoch ? c->history[c->epoch - 1] : c->lr;
    return c->steps == 20 && c->epochs == 4 && c->step / 5 == c->epoch ? FELL_OK
                                                                       : fell_fail(c->ctx, "wrong counts");
}

static const fell_param watching_params[] = {
    FELL_STRING(struct watching, monitor, "train.loss", FELL_MONITOR, "What is watched.")};
static const fell_schedule watching_schedule = {
    .item =
        FELL_ITEM(FELL_KIND_SCHEDULE, fell_schedule, "watching", "A test.", struct watching, watching_params),
    .rate = watching_rate};
static const struct item watching_item = {.kind = FELL_KIND_SCHEDULE,
                                          .name = "watching",
                                          .nparams = 1,
                                          .params = watching_params,
                                          .schedule = &watching_schedule};

Test(train, schedules_see_what_they_watch)
{
    struct watching settings = {"train.loss"};
    struct fixture f;
    struct heard h;

    init(&f, TWO_LAYERS, CLASSES "schedule: constant\ntrain: {epochs: 4, batch_size: 8}\n");
    f.spec->schedules[0].item = &watching_item;
    f.spec->schedules[0].settings = &settings;
    fixture_data(&f, 40, fell_vec(5), 2, 0);
    run(&f, &h);
    cr_expect_eq(h.result.end, RUN_FINISHED, "%s", h.result.error);
    for (int i = 1; i < 4; i++)
        cr_expect_eq(h.epoch[i].report.lr, h.epoch[i - 1].report.loss[SPLIT_TRAIN]);
    heard_release(&h);
    settings.monitor = "test.loss";
    cr_expect_eq(fixture_train(&f, NULL, &h), FAILED);
    cr_expect_str_eq(f.problem.section, "schedule");
    cr_expect_str_eq(f.problem.setting, "monitor");
    cr_expect_str_eq(f.problem.text, "watching.monitor: 'test.loss' is not recorded: there is no data.test");
    fixture_release(&f);
}

/* ---- the optimizer's reach --------------------------------------------------------------------------- */

static int optimizer_calls;
static int64_t optimizer_floats;

static fell_status counting_step(fell_optimizer_call *c)
{
    if (c->n == 0)
        return FELL_OK;
    optimizer_calls++;
    optimizer_floats += c->n;
    if ((c->shape != NULL) != (c->role != 0) || (c->shape && fell_size(c->shape) != c->n))
        return fell_fail(c->ctx, "shape and role do not fit");
    for (int64_t i = 0; i < c->n; i++) {
        c->w[i] -= (float)c->lr * c->g[i];
        c->slot[0][i] += 1.0f;
    }
    c->slot[1][0] += 1.0f;
    if (c->slot[0][0] != (float)c->t || c->slot[1][0] != (float)c->t || c->slot[2])
        return fell_fail(c->ctx, "slots were lost");
    return FELL_OK;
}

struct counting {
    double lr;
    bool third;
};
static const fell_param counting_params[] = {
    FELL_FLOAT(struct counting, lr, 1e-3, 0, INFINITY, FELL_MIN_OPEN, "Rate."),
    FELL_BOOL(struct counting, third, false, "Third slot.")};
static const fell_slot counting_slots[] = {{"each", "One a weight.", NULL, 0, NULL},
                                           {"one", "One a tensor.", NULL, 1, NULL},
                                           {"third", "Unused.", "third", 0, NULL}};

Test(train, an_optimizer_gets_what_it_reaches)
{
    static const struct {
        uint64_t reach;
        const char *factor;
        int calls;
        int64_t floats;
    } cases[] = {
        {FELL_TENSOR, "1", 4, 30 + 6 + 12 + 2},
        {FELL_EACH_WEIGHT, "1", 1, 32 + 32 + 32 + 2},
        {FELL_EACH_WEIGHT, "0.5", 2, 32 + 6 + 32 + 2},
        {FELL_WHOLE, "1", 1, 32 + 32 + 32 + 2},
        {FELL_WHOLE, "0.5", 0, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const fell_optimizer counting = {.item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "counting",
                                                           "A test.", struct counting, counting_params),
                                         .slots = counting_slots,
                                         .nslots = 3,
                                         .step = counting_step,
                                         .reach = cases[i].reach};
        const struct item item = {.kind = FELL_KIND_OPTIMIZER,
                                  .name = "counting",
                                  .nparams = 2,
                                  .params = counting_params,
                                  .optimizer = &counting};
        struct counting settings = {0.01, false};
        char *model =
            mem_format("{dense: {units: 6, activation: tanh, name: a, lr_factor: %s}}, {dense: {units: 2}}",
                       cases[i].factor);
        struct fixture f;
        struct heard h = {0};

        init(&f, model, CLASSES "train: {epochs: 3, batch_size: 0}\n");
        f.spec->optimizer.item = &item;
        f.spec->optimizer.settings = &settings;
        fixture_data(&f, 40, fell_vec(5), 2, 0);
        optimizer_calls = 0;
        optimizer_floats = 0;
        if (cases[i].calls) {
            run(&f, &h);
            cr_expect_eq(h.result.end, RUN_FINISHED, "%s", h.result.error);
        } else {
            cr_expect_eq(fixture_train(&f, NULL, &h), FAILED);
            cr_expect_str_eq(f.problem.setting, "lr_factor");
        }
        cr_expect_eq(optimizer_calls, 3 * cases[i].calls, "case %zu: %d", i, optimizer_calls);
        cr_expect_eq(optimizer_floats, 3 * cases[i].floats, "case %zu: %d", i, (int)optimizer_floats);
        heard_release(&h);
        free(model);
        fixture_release(&f);
    }
}
