/* rig_layer.c - layers and transforms on the workbench of rig.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check/rig_parts.h"
#include "engine/init.h"

/* A table of RIG_TABLE columns, RIG_TABLE_WIDTH numbers a row: categories as a number for each word, and as
 * the word's place. */
static const char *const colours[] = {"blue", "green", "red"}, *const sizes[] = {"l", "m", "s", "xl"};
static const fell_column table[RIG_TABLE] = {
    {.name = "height", .is = FELL_NUMBER, .at = 0, .width = 1, .min = -2, .max = 2},
    {.name = "colour", .is = FELL_CATEGORY, .at = 1, .width = 3, .nwords = 3, .word = colours, .number = 1},
    {.name = "weight", .is = FELL_NUMBER, .at = 4, .width = 1, .min = -2, .max = 2, .number = 2},
    {.name = "size", .is = FELL_CATEGORY, .at = 5, .width = 1, .nwords = 4, .word = sizes, .number = 3},
    {.name = "age", .is = FELL_NUMBER, .at = 6, .width = 1, .min = -2, .max = 2, .number = 4},
};

/* Rows X of the table: numbers from their least in the first row to their largest in the second. */
static void make_table(float *x, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++)
        for (int k = 0; k < RIG_TABLE; k++) {
            float *v = x + i * RIG_TABLE_WIDTH + table[k].at;

            if (table[k].is == FELL_NUMBER)
                *v = i == 0 ? -2.0f : i == 1 ? 2.0f : fmaxf(-1.75f, fminf(1.75f, *v));
            else if (table[k].width == 1)
                *v = (float)(i % table[k].nwords);
            for (int64_t j = 0; table[k].width > 1 && j < table[k].width; j++)
                v[j] = j == i % table[k].nwords ? 1.0f : 0.0f;
        }
}

static int64_t x_of(const struct rig *g, int64_t i)
{
    return rig_rows(g) * fell_size(&g->setup->in[i]);
}

static status plan(struct rig *g, struct error *err)
{
    const fell_layer *layer = g->s.item->layer;
    int64_t floats = 0;

    if (subject_fits(&g->s, err) != OK)
        return FAILED;
    g->plan = (fell_plan){.ctx = &g->s.in.ctx,
                          .settings = g->s.settings,
                          .nin = g->setup->nin,
                          .max_batch = g->how.max_batch ? g->how.max_batch : rig_rows(g),
                          .in = g->setup->in,
                          .tensor = g->tensor_shape,
                          .column = table,
                          .ncolumns = g->setup->table ? RIG_TABLE : 0,
                          .out_column = g->out_column};
    memcpy(g->out_column, table, sizeof table);
    if (rig_call(g, layer->plan(&g->plan), err) != OK)
        return FAILED;
    if (!fell_size(&g->plan.out) || g->plan.saved_bytes < 0 || g->plan.saved_bytes > 1 << 24)
        return error_set(err, "its plan gives an output of no size, or a senseless size of 'saved'");
    for (uint64_t i = 0; i < layer->ntensors; i++)
        floats += fell_size(&g->tensor_shape[i]);
    floats += rig_rows(g) * fell_size(&g->plan.out) + g->plan.saved_bytes / (int64_t)sizeof(float);
    if (g->how.most && floats > g->how.most)
        return error_set(err, "it is too large to be tried here");
    return OK;
}

/* Whole numbers where the layer asks for them, else numbers around 0. */
static void make_inputs(struct rig *g)
{
    const int64_t limit = g->setup->targets != TARGET_REAL ? 2 : g->plan.indices;

    for (int64_t i = 0; i < g->setup->nin; i++) {
        const int64_t n = x_of(g, i);
        char name[16];
        float *x;

        snprintf(name, sizeof name, i ? "x%lld" : "x", (long long)i);
        x = rig_input(g, n, name);
        for (int64_t k = 0; limit && k < n; k++)
            if (!g->plan.index_column || k % fell_size(&g->setup->in[i]) == g->plan.index_column - 1)
                x[k] = (float)rng_below(&g->draw, (uint64_t)limit);
        if (g->setup->table)
            make_table(x, rig_rows(g));
        if (limit || g->setup->table)
            memcpy(g->buffer[rig_find(g, name)].start, x, (size_t)n * sizeof *x);
        g->x[i] = x;
    }
}

/* Weights and biases at random, not as they begin, where many gradients are 0; states as
 * they begin: a variance has to be above 0. */
static status make_tensor(struct rig *g, uint64_t number, struct error *err)
{
    const fell_tensor *t = &g->s.item->layer->tensors[number];
    const int64_t n = fell_size(&g->tensor_shape[number]);
    const bool state = t->role == FELL_STATE;
    char name[64];
    int b;

    if (!n)
        return OK;
    b = rig_buffer(g, state ? USE_STATE : USE_INPUT, n, sizeof(float), t->name);
    g->tensor[number] = g->buffer[b].v;
    if (state) {
        const struct init_request request = {.who = t->name,
                                             .text = t->init ? t->init : "zeros",
                                             .shape = g->tensor_shape[number],
                                             .n = n,
                                             .fan_in = n,
                                             .fan_out = n,
                                             .stream = g->draw};

        if (init_fill(&request, &g->s.env, g->tensor[number], name, err) != OK)
            return FAILED;
    } else {
        rng_normal(&g->draw, g->tensor[number], n);
        for (int64_t i = 0; i < n; i++)
            g->tensor[number][i] = 0.25f + 0.5f * g->tensor[number][i];
    }
    rig_keep(g, b);
    if (state || g->how.no_grads & 1u << number || !g->s.item->layer->backward)
        return OK;
    snprintf(name, sizeof name, "gradient of %.40s", t->name);
    g->grad[number] = g->buffer[rig_buffer(g, USE_ADDED, n, sizeof(float), name)].v;
    g->buffer[g->nbuffers - 1].of = b;
    for (int64_t i = 0; i < n; i++)
        g->grad[number][i] = g->how.grad_start;
    return OK;
}

static void make_outputs(struct rig *g)
{
    const int64_t n = rig_rows(g) * fell_size(&g->plan.out);

    g->layer.y = rig_output(g, n, "y");
    if (!g->s.item->layer->backward)
        return;
    g->layer.dy = rig_input(g, n, "dy");
    g->buffer[rig_find(g, "y")].weight = g->layer.dy;
    for (int64_t i = 0; i < g->setup->nin && (!g->plan.indices || g->plan.index_column); i++) {
        char name[16];

        if (g->how.no_dx & 1u << i)
            continue;

        snprintf(name, sizeof name, i ? "dx%lld" : "dx", (long long)i);
        g->dx[i] = rig_output(g, x_of(g, i), name);
        g->buffer[g->nbuffers - 1].of = rig_find(g, name + 1);
    }
}

static status prepare(struct rig *g, struct error *err)
{
    const fell_layer *layer = g->s.item->layer;

    if (plan(g, err) != OK)
        return FAILED;
    make_inputs(g);
    for (uint64_t i = 0; i < layer->ntensors; i++)
        if (make_tensor(g, i, err) != OK)
            return FAILED;
    make_outputs(g);
    g->layer.ctx = &g->s.in.ctx;
    g->layer.settings = g->s.settings;
    g->layer.plan = &g->plan;
    g->layer.batch = rig_rows(g);
    g->layer.training = !g->how.evaluate;
    g->layer.x = g->x;
    g->layer.dx = g->dx;
    g->layer.tensor = g->tensor;
    g->layer.grad = g->grad;
    if (layer->backward && !g->how.no_saved)
        g->layer.saved = g->buffer[rig_buffer(g, USE_HIDDEN, g->plan.saved_bytes, 1, "saved")].v;
    return OK;
}

/* On the very rows that it then transforms. */
static status fit(struct rig *g, struct error *err)
{
    fell_layer_call call = g->layer;

    call.y = NULL;
    return rig_call(g, g->s.item->layer->fit(&call), err);
}

status rig_fit(struct rig *g, struct error *err)
{
    if (fit(g, err) != OK)
        return FAILED;
    for (int i = 0; i < g->nbuffers; i++)
        if (g->buffer[i].use == USE_STATE)
            memcpy(g->buffer[i].start, g->buffer[i].v, (size_t)(g->buffer[i].n * g->buffer[i].size));
    return OK;
}

static status forward(struct rig *g, struct error *err)
{
    const fell_layer *layer = g->s.item->layer;
    const struct buffer *y = &g->buffer[rig_find(g, "y")];

    if (!layer->backward && layer->fit && !g->how.evaluate && fit(g, err) != OK)
        return FAILED;
    if (rig_call(g, layer->forward(&g->layer), err) != OK)
        return FAILED;
    g->objective = 0.0;
    for (int64_t i = 0; y->weight && i < y->n; i++)
        g->objective += (double)y->weight[i] * (double)g->layer.y[i];
    return OK;
}

static status backward(struct rig *g, struct error *err)
{
    fell_layer_call call = g->layer;

    if (!g->s.item->layer->backward)
        return OK;
    return rig_call(g, g->s.item->layer->backward(&call), err);
}

const struct kind_work layer_work = {prepare, forward, backward};
