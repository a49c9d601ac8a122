/* rig_kinds.c - activations, losses, metrics and initialisers on the workbench of rig.h.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check/rig_parts.h"
#include "engine/init.h"
#include "engine/targets.h"

/* ---- activations -------------------------------------------------------------------------------- */

static status activation_prepare(struct rig *g, struct error *err)
{
    fell_activation_call *c = &g->activation;
    const int64_t cols = g->setup->in[0].dim[0], n = rig_rows(g) * cols;

    (void)err;
    *c = (fell_activation_call){
        .ctx = &g->s.in.ctx, .settings = g->s.settings, .rows = rig_rows(g), .cols = cols};
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

/* Numbers of the kind that IS names: probabilities and their logarithms add up in a row. Chosen numbers
 * become the nearest there are. */
static void shape_predictions(const struct rig *g, float *x, int64_t rows, int64_t cols, uint64_t is)
{
    const bool chosen = g->how.fill == FILL_SAME || g->how.fill == FILL_SIGNS;

    for (int64_t i = 0; i < rows * cols && chosen && is == FELL_PROB; i++)
        x[i] = fminf(fmaxf(x[i], 0.0f), 1.0f);
    for (int64_t i = 0; i < rows * cols && chosen && is == FELL_LOGPROB; i++)
        x[i] = fminf(x[i], 0.0f);
    for (int64_t i = 0; i < rows && !chosen && (is == FELL_PROB || is == FELL_LOGPROB); i++) {
        float *row = x + i * cols;
        double sum = 0.0;

        for (int64_t j = 0; j < cols; j++) {
            row[j] = 0.15f + 0.7f / (1.0f + expf(-fminf(fmaxf(row[j], -20.0f), 20.0f)));
            sum += (double)row[j];
        }
        for (int64_t j = 0; j < cols && is == FELL_LOGPROB; j++)
            row[j] = (float)log((double)row[j] / (cols > 1 ? sum : 1.0));
    }
}

/* Predictions X that are right. */
static void predict_targets(float *x, int64_t rows, int64_t cols, int64_t targets, uint64_t is,
                            const float *target, const int32_t *label)
{
    const float yes = is == FELL_PROB ? 1.0f : is == FELL_LOGPROB ? 0.0f : 20.0f;
    const float no = is == FELL_PROB ? 0.0f : -20.0f;

    for (int64_t i = 0; i < rows * cols; i++)
        x[i] = !target              ? label[i / cols] == i % cols ? yes : no
               : i % cols < targets ? target[i / cols * targets + i % cols]
                                    : 0.0f;
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

/* The least or largest target that a loss says it takes, if it takes that itself; else V. */
static float at_end(const struct rig *g, float v)
{
    const struct choice choice = {.item = g->s.item, .settings = g->s.settings};
    const bool least = g->how.fill == FILL_LEAST;
    const fell_loss *loss = g->s.item->loss;

    if (g->s.item->kind != FELL_KIND_LOSS || (!least && g->how.fill != FILL_MOST))
        return v;
    for (uint64_t i = 0; i < loss->ntargets; i++) {
        const float end = (float)(least ? loss->targets[i].min : loss->targets[i].max);

        if (isfinite(end) && targets_within(&choice, end) == end)
            return end;
    }
    return v;
}

/* Whether row I has no class, as some loss says that rows may: one in four, the first one too, and none of up
 * to three. */
static bool has_none(const struct rig *g, int64_t i)
{
    return g->s.item->kind == FELL_KIND_LOSS && g->s.item->loss->flags & FELL_NO_CLASS && rig_rows(g) > 3 &&
           i % 4 == 0;
}

/* Inputs "prediction" and "target", TARGETS for each row, or "class"; the plugin reads them as WANTED and IS
 * say. */
static void make_pairs(struct rig *g, uint64_t wanted, uint64_t is, int64_t targets, const float **pred,
                       const float **target, const int32_t **label)
{
    const int64_t rows = rig_rows(g), cols = g->setup->in[0].dim[0];
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
            v[i] = has_none(g, i) ? -1 : (int32_t)rng_below(&g->draw, (uint64_t)(cols > 1 ? cols : 1));
        *label = v;
    } else {
        float *v;

        number = rig_buffer(g, USE_INPUT, rows * targets, sizeof *v, "target");
        v = g->buffer[number].v;
        for (int64_t i = 0; i < rows * targets; i++)
            v[i] = at_end(g, declared(g, g->how.fill == FILL_NONE ? 0.0f : target_value(g)));
        *target = v;
    }
    rig_keep(g, number);
    if (g->how.fill == FILL_TARGET) {
        predict_targets(x, rows, cols, targets, is, *target, *label);
        memcpy(g->buffer[rig_find(g, "prediction")].start, x, (size_t)(rows * cols) * sizeof *x);
    }
}

/* ---- losses --------------------------------------------------------------------------------------- */

static status loss_prepare(struct rig *g, struct error *err)
{
    const fell_loss *loss = g->s.item->loss;
    fell_loss_call *c = &g->loss;

    *c = (fell_loss_call){
        .ctx = &g->s.in.ctx, .settings = g->s.settings, .rows = rig_rows(g), .cols = g->setup->in[0].dim[0]};
    if (subject_targets(&g->s, c->cols, &c->target_cols, err) != OK)
        return FAILED;
    make_pairs(g, loss->target, g->setup->positive ? FELL_PROB : loss->expects, c->target_cols, &c->pred,
               &c->target, &c->label);
    c->dpred = rig_output(g, c->rows * c->cols, "gradient");
    g->buffer[g->nbuffers - 1].of = rig_find(g, "prediction");
    rig_buffer(g, USE_OUTPUT, 2, sizeof(double), "sum and weight");
    return OK;
}

static status loss_forward(struct rig *g, struct error *err)
{
    double *out = g->buffer[rig_find(g, "sum and weight")].v;

    g->loss.sum = 0.0;
    g->loss.weight = (double)g->loss.rows * (g->how.weight_start != 0.0 ? g->how.weight_start : 1.0);
    if (rig_call(g, g->s.item->loss->eval(&g->loss), err) != OK)
        return FAILED;
    out[0] = g->objective = g->loss.sum;
    out[1] = g->loss.weight;
    return OK;
}

const struct kind_work loss_work = {loss_prepare, loss_forward, NULL};

/* ---- metrics --------------------------------------------------------------------------------------- */

bool metric_is_asked(const struct item *item, const struct setup *u)
{
    return item->metric->target & FELL_VALUES && (u->targets == TARGET_BIT || u->targets == TARGET_SIGN);
}

static status metric_prepare(struct rig *g, struct error *err)
{
    const fell_metric *metric = g->s.item->metric;
    fell_metric_call *c = &g->metric;
    const int64_t cols = g->setup->in[0].dim[0];
    const bool yes_no = metric_is_asked(g->s.item, g->setup);
    const bool classes = metric->target & FELL_CLASSES && !yes_no, bits = g->setup->targets == TARGET_BIT;

    (void)err;
    *c = (fell_metric_call){.ctx = &g->s.in.ctx,
                            .settings = g->s.settings,
                            .rows = rig_rows(g),
                            .cols = cols,
                            .pred_is = g->how.pred_is   ? g->how.pred_is
                                       : classes        ? FELL_LOGIT
                                       : yes_no && bits ? FELL_PROB
                                                        : FELL_REAL,
                            .target_is = classes  ? FELL_ONE_CLASS
                                         : yes_no ? FELL_YES_NO
                                                  : FELL_NUMBERS,
                            .target_cut = yes_no && bits ? 0.5 : 0.0};
    c->cut = yes_no && c->pred_is == FELL_PROB ? 0.5 : 0.0;
    make_pairs(g, classes ? FELL_CLASSES : FELL_VALUES, c->pred_is, g->setup->in[0].dim[0], &c->pred,
               &c->target, &c->label);
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

/* ---- all --------------------------------------------------------------------------------------------------
 */

#define WORK(KIND, kind, field) [FELL_KIND_##KIND] = &kind##_work,

const struct kind_work *kind_work(enum fell_kind kind)
{
    static const struct kind_work *const works[] = {KINDS(WORK)};

    return works[kind];
}
