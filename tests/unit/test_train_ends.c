/* test_train_ends.c - how a run ends: diverged, failed, stopped early, cancelled; and what it says then. */
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

#define CLASSES "loss: cross_entropy\noptimizer: {sgd: {lr: 0.1}}\n"

Test(train, divergence_names_the_layer)
{
    struct fixture f;
    struct heard h;

    init(&f, "{dense: {units: 6, name: hidden}}, {dense: {units: 1, name: output}}",
         "loss: mse\noptimizer: {sgd: {lr: 1e25}}\ntrain: {epochs: 9, batch_size: 10}\n");
    fixture_data(&f, 40, fell_vec(5), 0, 1);
    run(&f, &h);
    cr_expect_eq(h.result.end, RUN_DIVERGED);
    cr_expect_str_eq(run_end_word(h.result.end), "diverged");
    cr_expect_eq(h.result.epochs_done, 0);
    cr_assert_eq(h.nepochs, 1);
    cr_expect(h.epoch[0].report.partial);
    cr_expect_str_eq(h.result.error, "layer 'output', output, epoch 1, step 2");
    cr_expect_str_eq(h.event, "diverged: layer 'output', output, epoch 1, step 2");
    cr_expect_not(isfinite(h.epoch[0].report.loss[SPLIT_TRAIN]));
    cr_expect(isfinite(h.epoch[0].report.grad_norm_mean)); /* the first step's is known */
    cr_expect_eq(h.epoch[0].report.samples, 20);
    heard_release(&h);
    fixture_release(&f);
}

Test(train, divergence_in_the_last_step_is_seen)
{
    struct fixture f;
    struct heard h;

    init(&f, "{dense: {units: 6, name: hidden}}, {dense: {units: 1, name: output}}",
         "loss: mse\noptimizer: {sgd: {lr: 1e39}}\ntrain: {epochs: 1, batch_size: 0}\n");
    fixture_data(&f, 40, fell_vec(5), 0, 1);
    run(&f, &h);
    cr_expect_eq(h.result.end, RUN_DIVERGED);
    cr_expect_str_eq(h.result.error, "layer 'hidden', tensor weight, epoch 1, step 1");
    cr_expect(isfinite(h.epoch[0].report.loss[SPLIT_TRAIN]));
    heard_release(&h);
    fixture_release(&f);
}

/* A layer whose gradient breaks in its third step, or that fails in it; its only memory is
 * its tensor. */
static int breaks_how;

static fell_status plan_same(fell_plan *p)
{
    p->out = p->in[0];
    p->tensor[0] = fell_vec(3);
    p->tensor[1] = fell_vec(1);
    return FELL_OK;
}

static fell_status breaking_forward(fell_layer_call *c)
{
    memcpy(c->y, c->x[0], (size_t)(c->batch * fell_size(&c->plan->out)) * sizeof *c->y);
    if (c->training && ++c->tensor[1][0] >= 3 && breaks_how == 1)
        return fell_fail(c->ctx, "has had enough");
    return FELL_OK;
}

static fell_status breaking_backward(fell_layer_call *c)
{
    if (c->dx[0])
        memcpy(c->dx[0], c->dy, (size_t)(c->batch * fell_size(&c->plan->out)) * sizeof *c->dy);
    c->grad[0][0] += 1.0f;
    if (c->tensor[1][0] >= 3)
        c->grad[0][1] += c->grad[0][2] = NAN;
    return FELL_OK;
}

static const fell_tensor breaking_tensors[] = {{"fuse", "A fuse.", "zeros", FELL_WEIGHT},
                                               {"count", "Steps.", "zeros", FELL_STATE}};
static const fell_layer breaking_layer = {.item =
                                              FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "breaking", "A test."),
                                          .tensors = breaking_tensors,
                                          .ntensors = 2,
                                          .plan = plan_same,
                                          .forward = breaking_forward,
                                          .backward = breaking_backward};
static const struct item breaking_item = {
    .kind = FELL_KIND_LAYER, .name = "breaking", .layer = &breaking_layer};

static void run_breaking(int how, struct heard *h)
{
    struct fixture f;

    breaks_how = how;
    init(&f,
         "{dense: {units: 6, name: hidden}}, {flatten: {name: fragile}}, {dense: {units: 1, name: output}}",
         "loss: mse\noptimizer: sgd\ntrain: {epochs: 9, batch_size: 20}\n");
    f.spec->model[1].plugin.item = &breaking_item;
    fixture_data(&f, 40, fell_vec(5), 0, 1);
    fixture_split(&f, SPLIT_TEST, 5);
    run(&f, h);
    fixture_release(&f);
}

Test(train, broken_gradient_names_the_tensor)
{
    struct heard h;

    run_breaking(0, &h);
    cr_expect_eq(h.result.end, RUN_DIVERGED);
    cr_expect_str_eq(h.result.error, "layer 'fragile', tensor fuse (gradient), epoch 2, step 3");
    cr_assert_eq(h.nepochs, 2);
    cr_expect_eq(h.result.epochs_done, 1);
    cr_expect_not(h.epoch[0].report.partial);
    cr_expect(h.epoch[1].report.partial);
    cr_expect_eq(h.epoch[1].nonfinite[2], 2);
    cr_expect_eq(h.epoch[1].nonfinite[0], 0);
    cr_expect(isnan(h.epoch[1].report.grad_norm_max) && isnan(h.epoch[1].mean[2]));
    cr_expect(isfinite(h.epoch[1].mean[0]));
    cr_expect(isnan(h.epoch[1].report.loss[SPLIT_TEST]));
    heard_release(&h);
}

Test(train, failing_plugin_ends_the_run)
{
    struct heard h;

    run_breaking(1, &h);
    cr_expect_eq(h.result.end, RUN_FAILED);
    cr_expect_str_eq(h.result.error, "fragile: has had enough, epoch 2, step 3");
    cr_expect_eq(h.nepochs, 1);
    heard_release(&h);
}

Test(train, early_stopping)
{
    struct fixture f;
    struct heard h;

    init(&f, TWO_LAYERS,
         "loss: cross_entropy\noptimizer: {sgd: {lr: 0.1}}\nmetrics: [accuracy]\n"
         "train: {epochs: 50, batch_size: 8, early_stopping: {monitor: train.loss, patience: 3, min_delta: "
         "100}}\n");
    fixture_data(&f, 40, fell_vec(5), 2, 0);
    run(&f, &h); /* nothing improves by 100 */
    cr_expect_eq(h.result.end, RUN_STOPPED);
    cr_expect_eq(h.nepochs, 4);
    cr_expect_eq(strncmp(h.event, "stopped: train.loss has not become better since epoch 1 (", 57), 0, "%s",
                 h.event);
    heard_release(&h);
    f.spec->train.early_stopping.min_delta = 0.0;
    f.spec->train.epochs = 10;
    run(&f, &h); /* every epoch improves */
    cr_expect_eq(h.result.end, RUN_FINISHED);
    cr_expect_eq(h.nepochs, 10);
    heard_release(&h);
    f.spec->train.early_stopping.monitor = "train.accuracy";
    f.spec->train.epochs = 50;
    run(&f, &h); /* higher is better: stops when it has not grown for three epochs */
    cr_expect_eq(h.result.end, RUN_STOPPED);
    for (size_t i = 1; i + 3 < h.nepochs; i++)
        cr_expect(h.epoch[i].metric[0] > h.epoch[i - 1].metric[0] ||
                  h.epoch[i + 1].metric[0] > h.epoch[i - 1].metric[0] ||
                  h.epoch[i + 2].metric[0] > h.epoch[i - 1].metric[0]);
    cr_expect_leq(h.epoch[h.nepochs - 1].metric[0], h.epoch[h.nepochs - 4].metric[0]);
    heard_release(&h);
    fixture_release(&f);
}

Test(train, cancelled)
{
    struct fixture f;
    struct heard h = {.cancel_after = 3};

    init(&f, TWO_LAYERS, CLASSES "train: {epochs: 50, batch_size: 8}\n");
    fixture_data(&f, 40, fell_vec(5), 2, 0);
    cr_assert_eq(fixture_train(&f, NULL, &h), OK);
    cr_expect_eq(h.result.end, RUN_INTERRUPTED);
    cr_expect_eq(h.nepochs, 3);
    cr_expect_eq(h.result.epochs_done, 3);
    heard_release(&h);
    fixture_release(&f);
}

static double each_batch_weighs;

static fell_status weightless_eval(fell_loss_call *c)
{
    memset(c->dpred, 0, (size_t)(c->rows * c->cols) * sizeof *c->dpred);
    c->weight = each_batch_weighs;
    return FELL_OK;
}

/* One batch without weight takes no step; where all are, or one weighs less, there is an error. */
Test(train, rows_without_weight_are_an_error)
{
    static const fell_loss weightless =
        FELL_LOSS("weightless", "A test.", FELL_CLASSES, FELL_REAL, weightless_eval);
    static const struct item item = {.kind = FELL_KIND_LOSS, .name = "weightless", .loss = &weightless};
    static const struct {
        double weight;
        const char *error;
    } cases[] = {
        {0.0, "the training rows weigh 0 in all: nothing is learnt from them, epoch 1, step 2"},
        {-1.0, "weightless: the rows of this batch have the weight -1 in all; it must be 0 or more, "
               "epoch 1, step 1"},
        {NAN, "weightless: the rows of this batch have the weight nan in all; it must be 0 or more, "
              "epoch 1, step 1"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        struct heard h;

        each_batch_weighs = cases[i].weight;
        init(&f, TWO_LAYERS, CLASSES "train: {epochs: 3, batch_size: 20}\n");
        f.spec->loss.item = &item;
        fixture_data(&f, 40, fell_vec(5), 2, 0);
        run(&f, &h);
        cr_expect_eq(h.result.end, RUN_FAILED);
        cr_expect_str_eq(h.result.error, cases[i].error);
        heard_release(&h);
        fixture_release(&f);
    }
}
