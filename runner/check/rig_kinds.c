/* rig_kinds.c - activations, losses, metrics, optimizers, initialisers, schedules and
 * datasets on the workbench of rig.h.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/rig.h"
#include "engine/init.h"
#include "engine/targets.h"
#include "host/settings.h"

/* ---- activations -------------------------------------------------------------------------------- */

static status activation_prepare(struct rig *g, struct error *err)
{
    fell_activation_call *c = &g->activation;
    const int64_t cols = g->setup->in[0].dim[0], n = g->setup->batch * cols;

    (void)err;
    *c = (fell_activation_call){
        .ctx = &g->s.in.ctx, .settings = g->s.settings, .rows = g->setup->batch, .cols = cols};
    c->x = rig_input(g, n, "x");
    c->y = rig_output(g, n, "y");
    c->dy = rig_input(g, n, "dy");
    g->buffer[rig_find(g, "y")].weight = c->dy;
    c->dx = rig_output(g, n, "dx");
    g->buffer[g->nbuffers - 1].of = rig_find(g, "x");
    return OK;
}

static status activation_forward(struct rig *g, struct error *err)
{
    const int64_t n = g->activation.rows * g->activation.cols;
    fell_activation_call c = g->activation;

    c.dy = NULL;
    c.dx = NULL;
    if (rig_call(g, g->s.item->activation->forward(&c), err) != OK)
        return FAILED;
    g->objective = 0.0;
    for (int64_t i = 0; i < n; i++)
        g->objective += (double)g->activation.dy[i] * (double)g->activation.y[i];
    return OK;
}

/* In place, the result is moved to where it is looked for. */
static status activation_backward(struct rig *g, struct error *err)
{
    fell_activation_call c = g->activation;
    status result;

    if (g->how.in_place)
        c.dx = g->buffer[rig_find(g, "dy")].v;
    result = rig_call(g, g->s.item->activation->backward(&c), err);
    if (g->how.in_place)
        memcpy(g->activation.dx, c.dx, (size_t)(c.rows * c.cols) * sizeof *c.dx);
    return result;
}

const struct kind_work activation_work = {activation_prepare, activation_forward, activation_backward};

/* ---- predictions and targets -------------------------------------------------------------------- */

/* Numbers of the kind that IS names: probabilities and their logarithms add up in a row. */
static void shape_predictions(struct rig *g, float *x, int64_t rows, int64_t cols, uint64_t is)
{
    for (int64_t i = 0; i < rows && (is == FELL_PROB || is == FELL_LOGPROB); i++) {
        float *row = x + i * cols;
        double sum = 0.0;

        for (int64_t j = 0; j < cols; j++) {
            row[j] = 0.15f + 0.7f / (1.0f + expf(-fminf(fmaxf(row[j], -20.0f), 20.0f)));
            sum += (double)row[j];
        }
        for (int64_t j = 0; j < cols && is == FELL_LOGPROB; j++)
            row[j] = (float)log((double)row[j] / (cols > 1 ? sum : 1.0));
    }
    (void)g;
}

static float target_value(struct rig *g)
{
    float u;

    switch (g->setup->targets) {
    case TARGET_BIT:
        return (float)rng_below(&g->draw, 2);
    case TARGET_SIGN:
        return rng_below(&g->draw, 2) ? 1.0f : -1.0f;
    case TARGET_COUNT:
        return (float)rng_below(&g->draw, 5);
    case TARGET_SHARE:
        rng_uniform(&g->draw, &u, 1);
        return 0.1f + 0.8f * u;
    default:
        rng_normal(&g->draw, &u, 1);
        return u;
    }
}

/* V, or a target that the loss says it takes. */
static float declared(const struct rig *g, float v)
{
    const struct choice loss = {.item = g->s.item, .settings = g->s.settings};

    return g->s.item->kind == FELL_KIND_LOSS ? targets_within(&loss, v) : v;
}

/* Inputs "prediction" and "target", or "class"; the plugin reads them as WANTED and IS say. */
static void make_pairs(struct rig *g, uint64_t wanted, uint64_t is, const float **pred, const float **target,
                       const int32_t **label)
{
    const int64_t rows = g->setup->batch, cols = g->setup->in[0].dim[0];
    float *x = rig_input(g, rows * cols, "prediction");
    int number;

    shape_predictions(g, x, rows, cols, is);
    memcpy(g->buffer[g->nbuffers - 1].start, x, (size_t)(rows * cols) * sizeof *x);
    *pred = x;
    if (wanted & FELL_CLASSES) {
        int32_t *v;

        number = rig_buffer(g, USE_INPUT, rows, sizeof *v, "class");
        v = g->buffer[number].v;
        for (int64_t i = 0; i < rows; i++)
            v[i] = (int32_t)rng_below(&g->draw, (uint64_t)(cols > 1 ? cols : 1));
        *label = v;
    } else {
        float *v;

        number = rig_buffer(g, USE_INPUT, rows * cols, sizeof *v, "target");
        v = g->buffer[number].v;
        for (int64_t i = 0; i < rows * cols; i++)
            v[i] = declared(g, target_value(g));
        *target = v;
    }
    rig_keep(g, number);
}

/* ---- losses --------------------------------------------------------------------------------------- */

static status loss_prepare(struct rig *g, struct error *err)
{
    const fell_loss *loss = g->s.item->loss;
    fell_loss_call *c = &g->loss;

    (void)err;
    *c = (fell_loss_call){.ctx = &g->s.in.ctx,
                          .settings = g->s.settings,
                          .rows = g->setup->batch,
                          .cols = g->setup->in[0].dim[0]};
    make_pairs(g, loss->target, loss->expects, &c->pred, &c->target, &c->label);
    c->dpred = rig_output(g, c->rows * c->cols, "gradient");
    g->buffer[g->nbuffers - 1].of = rig_find(g, "prediction");
    rig_buffer(g, USE_OUTPUT, 2, sizeof(double), "sum and weight");
    return OK;
}

static status loss_forward(struct rig *g, struct error *err)
{
    double *out = g->buffer[rig_find(g, "sum and weight")].v;

    g->loss.sum = 0.0;
    g->loss.weight = (double)g->loss.rows;
    if (rig_call(g, g->s.item->loss->eval(&g->loss), err) != OK)
        return FAILED;
    out[0] = g->objective = g->loss.sum;
    out[1] = g->loss.weight;
    return OK;
}

const struct kind_work loss_work = {loss_prepare, loss_forward, NULL};

/* ---- metrics --------------------------------------------------------------------------------------- */

static status metric_prepare(struct rig *g, struct error *err)
{
    const fell_metric *metric = g->s.item->metric;
    fell_metric_call *c = &g->metric;
    const int64_t cols = g->setup->in[0].dim[0];

    (void)err;
    *c = (fell_metric_call){.ctx = &g->s.in.ctx,
                            .settings = g->s.settings,
                            .rows = g->setup->batch,
                            .cols = cols,
                            .pred_is = metric->target & FELL_CLASSES ? FELL_LOGIT : FELL_REAL,
                            .target_is = metric->target & FELL_CLASSES ? FELL_ONE_CLASS : FELL_NUMBERS};
    make_pairs(g, metric->target, c->pred_is, &c->pred, &c->target, &c->label);
    c->value = g->buffer[rig_buffer(g, USE_OUTPUT,
                                    metric->values == FELL_PER_PAIR    ? cols * cols
                                    : metric->values == FELL_PER_CLASS ? cols
                                                                       : 1,
                                    sizeof(double), "value")]
                   .v;
    return OK;
}

static status metric_forward(struct rig *g, struct error *err)
{
    return rig_call(g, g->s.item->metric->eval(&g->metric), err);
}

const struct kind_work metric_work = {metric_prepare, metric_forward, NULL};

/* ---- initialisers ---------------------------------------------------------------------------------- */

static status initialiser_prepare(struct rig *g, struct error *err)
{
    fell_init_call *c = &g->init;

    (void)err;
    *c = (fell_init_call){
        .ctx = &g->s.in.ctx, .settings = g->s.settings, .shape = g->setup->in, .n = fell_size(g->setup->in)};
    init_fans(c->shape, &c->fan_in, &c->fan_out);
    c->w = rig_output(g, c->n, "w");
    return OK;
}

static status initialiser_forward(struct rig *g, struct error *err)
{
    return rig_call(g, g->s.item->initialiser->fill(&g->init), err);
}

const struct kind_work initialiser_work = {initialiser_prepare, initialiser_forward, NULL};

/* ---- schedules -------------------------------------------------------------------------------------- */

enum { EPOCHS = 40, STEPS = 3 }; /* steps in an epoch */

static status schedule_prepare(struct rig *g, struct error *err)
{
    float *seen = rig_input(g, 2 * EPOCHS, "history"); /* of doubles */
    double *history = (double *)(void *)seen;

    (void)err;
    for (int64_t i = 0; i < EPOCHS; i++)
        history[i] = 1.0 / (double)(i + 1) + (i > 12 ? 0.2 : 0.0);
    memcpy(g->buffer[0].start, seen, EPOCHS * sizeof *history);
    rig_buffer(g, USE_OUTPUT, EPOCHS * STEPS, sizeof(double), "rate");
    return OK;
}

/* The rates of a run; with BACKWARDS asked for from its end: a pure function gives the same. */
static status schedule_forward(struct rig *g, struct error *err)
{
    double *rate = g->buffer[rig_find(g, "rate")].v;

    for (int64_t i = 0; i < EPOCHS * STEPS; i++) {
        const int64_t step = g->how.backwards ? EPOCHS * STEPS - 1 - i : i;
        fell_schedule_call c = {.ctx = &g->s.in.ctx,
                                .settings = g->s.settings,
                                .epoch = step / STEPS,
                                .epochs = EPOCHS,
                                .step = step,
                                .steps = EPOCHS * STEPS,
                                .history = g->buffer[0].v,
                                .lr = 0.1};

        if (rig_call(g, g->s.item->schedule->rate(&c), err) != OK)
            return FAILED;
        rate[step] = c.lr;
    }
    return OK;
}

const struct kind_work schedule_work = {schedule_prepare, schedule_forward, NULL};

/* ---- optimizers --------------------------------------------------------------------------------------- */

enum { WEIGHTS = 19, OPTIMIZER_STEPS = 4 };

static status make_slot(struct rig *g, const fell_slot *slot, int number, struct error *err)
{
    double on = 1.0, times = 1.0;
    char name[64];
    int b;

    if ((slot->when && !settings_number(g->s.item, g->s.settings, slot->when, &on)) ||
        (slot->times && !settings_number(g->s.item, g->s.settings, slot->times, &times)))
        return error_set(err, "its slot '%s' names a setting that it has not", slot->name);
    if (on == 0.0)
        return OK;
    snprintf(name, sizeof name, "slot %.50s", slot->name);
    b = rig_buffer(g, USE_STATE, (slot->scalar ? 1 : WEIGHTS) * (int64_t)times, sizeof(float), name);
    memset(g->buffer[b].v, 0, (size_t)g->buffer[b].n * sizeof(float));
    rig_keep(g, b);
    g->slot[number] = g->buffer[b].v;
    return OK;
}

static status optimizer_prepare(struct rig *g, struct error *err)
{
    const fell_optimizer *o = g->s.item->optimizer;
    fell_optimizer_call *c = &g->optimizer;

    *c = (fell_optimizer_call){
        .ctx = &g->s.in.ctx, .settings = g->s.settings, .n = WEIGHTS, .lr = 0.01, .slot = g->slot};
    if (o->nslots > SETUP_TENSORS)
        return error_set(err, "it has more than %d slots", SETUP_TENSORS);
    g->tensor_shape[0] = fell_vec(WEIGHTS);
    if (o->reach == FELL_TENSOR) {
        c->shape = g->tensor_shape;
        c->role = FELL_WEIGHT;
    }
    c->g = rig_input(g, WEIGHTS, "gradient");
    c->w = rig_input(g, WEIGHTS, "w");
    g->buffer[g->nbuffers - 1].use = USE_STATE;
    for (uint64_t i = 0; i < o->nslots; i++)
        if (make_slot(g, &o->slots[i], (int)i, err) != OK)
            return FAILED;
    g->next_step = 1;
    return OK;
}

static status optimizer_forward(struct rig *g, struct error *err)
{
    for (g->next_step = 1; g->next_step <= OPTIMIZER_STEPS; g->next_step++) {
        g->optimizer.t = g->next_step;
        g->optimizer.loss = 1.0 / (double)g->next_step;
        if (rig_call(g, g->s.item->optimizer->step(&g->optimizer), err) != OK)
            return FAILED;
    }
    return OK;
}

const struct kind_work optimizer_work = {optimizer_prepare, optimizer_forward, NULL};

/* ---- datasets -------------------------------------------------------------------------------------------
 */

enum { MOST_ROWS = 64 };

static status dataset_prepare(struct rig *g, struct error *err)
{
    (void)g;
    (void)err;
    return OK;
}

/* What a row holds, in the numbers that are looked at: inputs, then the target. */
static status read_rows(struct rig *g, const fell_data_info *info, struct error *err)
{
    const int64_t n = info->rows < MOST_ROWS ? info->rows : MOST_ROWS, nx = fell_size(&info->x);
    const int64_t nt = fell_size(&info->target);
    const bool classes = info->is == FELL_CLASSES;
    int64_t row[MOST_ROWS];
    fell_read_call c = {
        .ctx = &g->s.in.ctx, .settings = g->s.settings, .self = info->self, .n = n, .row = row};
    float *x, *target = NULL;
    int32_t *label = NULL;
    double *wide = NULL;

    if (n < 1 || nx < 1 || nt < 1)
        return error_set(err, "it gives no rows, or rows of no size");
    if (rig_find(g, "x") < 0) {
        rig_output(g, n * nx, "x");
        rig_output(g, n * nt, classes ? "class" : "target");
    }
    x = g->buffer[rig_find(g, "x")].v;
    if (info->doubles)
        wide = mem_array((size_t)nx, sizeof *wide);
    if (classes)
        label = g->buffer[rig_find(g, "class")].v;
    else
        target = g->buffer[rig_find(g, "target")].v;
    for (int64_t i = 0; i < n; i++) { /* a row at a time where the order is turned round */
        const int64_t at = g->how.backwards ? n - 1 - i : i;

        row[0] = at;
        c.n = 1;
        c.x = wide ? NULL : x + at * nx;
        c.x64 = wide;
        c.target = target ? target + at * nt : NULL;
        c.label = label ? label + at * nt : NULL;
        if (rig_call(g, g->s.item->dataset->read(&c), err) != OK) {
            free(wide);
            return FAILED;
        }
        for (int64_t j = 0; wide && j < nx; j++)
            x[at * nx + j] = (float)wide[j];
    }
    free(wide);
    for (int64_t i = 0; classes && i < n * nt; i++)
        if (label[i] < 0 || label[i] >= info->nclasses)
            return error_set(err, "row %lld has class %d of %lld", (long long)(i / nt), label[i],
                             (long long)info->nclasses);
    return OK;
}

static status dataset_forward(struct rig *g, struct error *err)
{
    fell_data_info info = {.ctx = &g->s.in.ctx,
                           .settings = g->s.settings,
                           .wanted = g->setup->targets ? FELL_VALUES : FELL_CLASSES};
    status result;

    if (rig_call(g, g->s.item->dataset->open(&info), err) != OK)
        return FAILED;
    result = read_rows(g, &info, err);
    g->s.item->dataset->close(info.self);
    return result;
}

const struct kind_work dataset_work = {dataset_prepare, dataset_forward, NULL};

/* ---- all --------------------------------------------------------------------------------------------------
 */

#define WORK(KIND, kind, field) [FELL_KIND_##KIND] = &kind##_work,

const struct kind_work *kind_work(enum fell_kind kind)
{
    static const struct kind_work *const works[] = {KINDS(WORK)};

    return works[kind];
}
