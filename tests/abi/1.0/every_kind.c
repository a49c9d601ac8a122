/* every_kind.c - a plugin as a user of version 1.0 writes it, with a working item of each
 * kind and a setting of each type: C that is C++ as well.
 */
#include <fell/plugin.h>

/* ---- dataset: rows of x = -1 ... 1 with the target slope * x -------------------------- */

struct old_dataset {
    int64_t rows;
    double slope;
};

static const fell_param dataset_params[] = {
    FELL_INT(struct old_dataset, rows, 20, 2, 1000, 0, "Number of rows."),
    FELL_FLOAT(struct old_dataset, slope, 2, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Slope of the line."),
};

static fell_status open_line(fell_data_info *info)
{
    const struct old_dataset *s = (const struct old_dataset *)info->settings;

    if (!(info->wanted & FELL_VALUES))
        return fell_fail(info->ctx, "rows: they have values, and no classes");
    info->rows = s->rows;
    info->x = fell_vec(1);
    info->target = fell_vec(1);
    info->is = FELL_VALUES;
    return FELL_OK;
}

static fell_status read_line(fell_read_call *c)
{
    const struct old_dataset *s = (const struct old_dataset *)c->settings;

    for (int64_t i = 0; i < c->n; i++) {
        c->x[i] = 2.0f * (float)c->row[i] / (float)(s->rows - 1) - 1.0f;
        if (c->target)
            c->target[i] = (float)s->slope * c->x[i];
    }
    return FELL_OK;
}

static void close_line(void *self)
{
    (void)self;
}

static const fell_dataset dataset = {FELL_ITEM(FELL_KIND_DATASET, fell_dataset, "old_dataset",
                                               "Rows on a line.", struct old_dataset, dataset_params),
                                     open_line, read_line, close_line};

/* ---- transform: minus the first row, times factors -------------------------------------- */

struct old_transform {
    fell_floats factors;
    bool shift;
};

static const fell_param transform_params[] = {
    FELL_FLOATS(struct old_transform, factors, "[1, 1]", 0, 10, FELL_MIN_OPEN, "Factors of every number."),
    FELL_BOOL(struct old_transform, shift, false, "Whether the first row is taken from each."),
};

static const fell_tensor transform_tensors[] = {{"first", "The first row.", "zeros", FELL_STATE}};

static fell_status plan_transform(fell_plan *p)
{
    p->out = p->in[0];
    p->tensor[0] = p->in[0];
    return FELL_OK;
}

static fell_status fit_transform(fell_layer_call *c)
{
    memcpy(c->tensor[0], c->x[0], (size_t)fell_size(&c->plan->in[0]) * sizeof(float));
    return FELL_OK;
}

static fell_status apply_transform(fell_layer_call *c)
{
    const struct old_transform *s = (const struct old_transform *)c->settings;
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch * n; i++) {
        c->y[i] = c->x[0][i] - (s->shift ? c->tensor[0][i % n] : 0.0f);
        for (int64_t k = 0; k < s->factors.n; k++)
            c->y[i] *= (float)s->factors.v[k];
    }
    return FELL_OK;
}

static const fell_layer transform = {FELL_ITEM(FELL_KIND_LAYER, fell_layer, "old_transform",
                                               "Shifts and scales.", struct old_transform, transform_params),
                                     0,
                                     0,
                                     transform_tensors,
                                     1,
                                     plan_transform,
                                     apply_transform,
                                     NULL,
                                     fit_transform};

/* ---- layer: a weight for each column --------------------------------------------------------- */

struct old_layer {
    int32_t sign;
    fell_ints shape;
};

enum { PLUS, MINUS };

static const fell_param layer_params[] = {
    FELL_ENUM(struct old_layer, sign, "plus", "plus|minus", "Sign of the result, plus or minus."),
    FELL_INTS(struct old_layer, shape, "[]", 1, 4096, 0, "Width that the input must have, if given."),
};

static const fell_tensor layer_tensors[] = {{"weight", "Factors: [columns].", "ones", FELL_WEIGHT}};

static fell_status plan_layer(fell_plan *p)
{
    const struct old_layer *s = (const struct old_layer *)p->settings;

    if (s->shape.n == 1 && s->shape.v[0] != fell_size(&p->in[0]))
        return fell_fail(p->ctx, "shape: %lld columns, but the input has %lld", (long long)s->shape.v[0],
                         (long long)fell_size(&p->in[0]));
    p->out = p->in[0];
    p->tensor[0] = p->in[0];
    return FELL_OK;
}

static float layer_sign(const fell_layer_call *c)
{
    return ((const struct old_layer *)c->settings)->sign == MINUS ? -1.0f : 1.0f;
}

static fell_status forward_layer(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch * n; i++)
        c->y[i] = layer_sign(c) * c->tensor[0][i % n] * c->x[0][i];
    return FELL_OK;
}

static fell_status backward_layer(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch * n; i++) {
        if (c->grad[0])
            c->grad[0][i % n] += layer_sign(c) * c->dy[i] * c->x[0][i];
        if (c->dx[0])
            c->dx[0][i] = layer_sign(c) * c->dy[i] * c->tensor[0][i % n];
    }
    return FELL_OK;
}

static const fell_layer layer = {
    FELL_ITEM(FELL_KIND_LAYER, fell_layer, "old_layer", "A weight a column.", struct old_layer, layer_params),
    1,
    1,
    layer_tensors,
    1,
    plan_layer,
    forward_layer,
    backward_layer,
    NULL};

/* ---- activation ------------------------------------------------------------------------------ */

struct old_activation {
    double bend;
};

static const fell_param activation_params[] = {
    FELL_FLOAT(struct old_activation, bend, 0.1, 0, 1, 0, "How much of a tanh is added."),
};

static inline float bend(const struct old_activation *s, float x)
{
    return x + (float)s->bend * fell_tanh(x);
}

static inline float bend_slope(const struct old_activation *s, float x, float y)
{
    const float t = fell_tanh(x);

    (void)y;
    return 1.0f + (float)s->bend * (1.0f - t * t);
}

FELL_ELEMENTWISE(struct old_activation, bend, bend_slope)

static const fell_activation activation = {FELL_ITEM(FELL_KIND_ACTIVATION, fell_activation, "old_activation",
                                                     "A line with a bend.", struct old_activation,
                                                     activation_params),
                                           0, FELL_REAL, bend_forward, bend_backward};

/* ---- loss and metric ---------------------------------------------------------------------------- */

FELL_KERNEL(eval_loss, fell_loss_call)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++) {
        const float d = c->pred[i] - c->target[i];

        c->sum += (double)d * (double)d;
        c->dpred[i] = 2.0f * d;
    }
    return FELL_OK;
}

static const fell_loss loss = FELL_LOSS("old_loss", "Squares, added.", FELL_VALUES, FELL_REAL, eval_loss);

static fell_status eval_metric(fell_metric_call *c)
{
    double most = 0;

    for (int64_t i = 0; i < c->rows * c->cols; i++)
        most = fabs((double)(c->pred[i] - c->target[i])) > most ? fabs((double)(c->pred[i] - c->target[i]))
                                                                : most;
    *c->value = most;
    return FELL_OK;
}

static const fell_metric metric = {
    FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "old_metric", "The largest error."), FELL_VALUES, 0,
    eval_metric, FELL_ONE};

/* ---- optimizer, schedule, initialiser ------------------------------------------------------------- */

struct old_optimizer {
    double lr, momentum;
};

static const fell_param optimizer_params[] = {
    FELL_FLOAT(struct old_optimizer, lr, 0.05, 0, INFINITY, FELL_MIN_OPEN, "Learning rate."),
    FELL_FLOAT(struct old_optimizer, momentum, 0.5, 0, 1, FELL_MAX_OPEN, "Momentum."),
};

static const fell_slot slots[] = {{"velocity", "The velocity.", "momentum", 0, NULL}};

static fell_status step(fell_optimizer_call *c)
{
    const struct old_optimizer *s = (const struct old_optimizer *)c->settings;

    for (int64_t i = 0; i < c->n; i++) {
        float g = c->g[i];

        if (c->slot[0])
            g = c->slot[0][i] = (float)s->momentum * c->slot[0][i] + g;
        c->w[i] -= (float)c->lr * g;
    }
    return FELL_OK;
}

static const fell_optimizer optimizer = {FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "old_optimizer",
                                                   "Momentum.", struct old_optimizer, optimizer_params),
                                         slots, 1, step, FELL_EACH_WEIGHT};

static fell_status rate(fell_schedule_call *c)
{
    c->lr *= 1.0 - 0.5 * (double)c->step / (double)c->steps;
    return FELL_OK;
}

static const fell_schedule schedule = {
    FELL_ITEM0(FELL_KIND_SCHEDULE, fell_schedule, "old_schedule", "To half the rate."), rate};

struct old_initialiser {
    const char *how;
    fell_strings also;
};

static const fell_param initialiser_params[] = {
    FELL_STRING(struct old_initialiser, how, "small", 0, "Any word; random is random."),
    FELL_STRINGS(struct old_initialiser, also, "[]", 0, "More words."),
};

static fell_status fill(fell_init_call *c)
{
    const struct old_initialiser *s = (const struct old_initialiser *)c->settings;

    for (int64_t i = 0; i < c->n; i++)
        c->w[i] = 0.25f + 0.5f * (float)s->also.n;
    if (strcmp(s->how, "random") == 0)
        fell_uniform(c->ctx, c->w, c->n);
    return FELL_OK;
}

static const fell_initialiser initialiser = {FELL_ITEM(FELL_KIND_INITIALISER, fell_initialiser,
                                                       "old_initialiser", "Small numbers.",
                                                       struct old_initialiser, initialiser_params),
                                             fill};

FELL_PLUGIN("1.0", "the tests", &dataset.item, &transform.item, &layer.item, &activation.item, &loss.item,
            &metric.item, &optimizer.item, &schedule.item, &initialiser.item);
