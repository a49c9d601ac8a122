/* test_plugin_layers.c - dropout, joins of branches, and what layers and losses
 * refuse.
 */
#include "plugin_help.h"

/* ---- dropout --------------------------------------------------------------------------------- */

Test(plugin_layers, dropout)
{
    enum { BATCH = 100, WIDTH = 1000, N = BATCH * WIDTH };
    float *x = floats_of(N, 2.0f), *y = floats_of(N, NAN), *dy = floats_of(N, 3.0f), *dx = floats_of(N, NAN);
    float *again = floats_of(N, NAN);
    const float *inputs[1] = {x};
    fell_shape in = fell_vec(WIDTH);
    int64_t kept = 0;
    struct plugin p;
    fell_plan plan;
    fell_layer_call c;

    plugin_open(&p, ROLE_MODEL_ENTRY, "dropout", "{rate: 0.2}", next_level(-1));
    plan = (fell_plan){.ctx = &p.in.ctx, .settings = p.settings, .nin = 1, .max_batch = BATCH, .in = &in};
    plugin_ok(&p, p.item->layer->plan(&plan));
    c = (fell_layer_call){.ctx = &p.in.ctx,
                          .settings = p.settings,
                          .plan = &plan,
                          .batch = BATCH,
                          .training = 1,
                          .x = inputs,
                          .y = y,
                          .dy = dy,
                          .dx = (float *const[]){dx},
                          .saved = mem_try_aligned((size_t)plan.saved_bytes, 1)};
    plugin_ok(&p, p.item->layer->forward(&c));
    plugin_ok(&p, p.item->layer->backward(&c));
    for (int i = 0; i < N; i++) {
        cr_assert(y[i] == 0.0f || y[i] == 2.5f, "y = %g", (double)y[i]);
        cr_assert_eq(dx[i], y[i] == 0.0f ? 0.0f : 3.75f);
        kept += y[i] != 0.0f;
    }
    cr_assert_float_eq((double)kept / N, 0.8, 0.005); /* four standard deviations */

    p.in.stream = rng_stream(11, RNG_LAYER, 1, 1); /* the same step again, and nothing saved */
    free(c.saved);
    c.saved = NULL;
    c.y = again;
    plugin_ok(&p, p.item->layer->forward(&c));
    cr_assert(!memcmp(y, again, N * sizeof *y));
    plugin_ok(&p, p.item->layer->forward(&c)); /* the stream goes on */
    cr_assert(memcmp(y, again, N * sizeof *y));

    c.training = 0;
    plugin_ok(&p, p.item->layer->forward(&c));
    plugin_ok(&p, p.item->layer->backward(&c));
    cr_assert(!memcmp(again, x, N * sizeof *x));
    cr_assert(!memcmp(dx, dy, N * sizeof *dx));
    plugin_close(&p);
    free(x), free(y), free(dy), free(dx), free(again);
}

/* ---- joins ------------------------------------------------------------------------------------- */

Test(plugin_layers, concat_along_each_axis)
{
    static const struct {
        const char *settings;
        fell_shape a, b, out;
        float y[8];
    } cases[] = {
        {"", {1, {1}}, {1, {3}}, {1, {4}}, {0, 10, 11, 12, 1, 13, 14, 15}},
        {"{axis: 0}", {2, {1, 2}}, {2, {1, 2}}, {2, {2, 2}}, {0, 1, 10, 11, 2, 3, 12, 13}},
        {"{axis: -1}", {2, {2, 1}}, {2, {2, 1}}, {2, {2, 2}}, {0, 10, 1, 11, 2, 12, 3, 13}},
    };
    static const float a[4] = {0, 1, 2, 3}, b[6] = {10, 11, 12, 13, 14, 15};

    for (size_t i = 0; i < COUNT(cases); i++) {
        fell_shape in[2] = {cases[i].a, cases[i].b};
        const float *x[2] = {a, b};
        float y[8], da[4], db[6];
        struct plugin p;
        fell_plan plan;
        fell_layer_call c;

        plugin_open(&p, ROLE_MODEL_ENTRY, "concat", cases[i].settings, SIMD_PORTABLE);
        plan = (fell_plan){.ctx = &p.in.ctx, .settings = p.settings, .nin = 2, .max_batch = 2, .in = in};
        plugin_ok(&p, p.item->layer->plan(&plan));
        cr_assert(!memcmp(&plan.out, &cases[i].out, sizeof plan.out));
        c = (fell_layer_call){.ctx = &p.in.ctx,
                              .settings = p.settings,
                              .plan = &plan,
                              .batch = 2,
                              .x = x,
                              .y = y,
                              .dy = y,
                              .dx = (float *const[]){da, db}};
        plugin_ok(&p, p.item->layer->forward(&c));
        cr_assert(!memcmp(y, cases[i].y, sizeof y), "case %zu", i);
        plugin_ok(&p, p.item->layer->backward(&c));
        cr_assert(!memcmp(da, a, (size_t)(2 * fell_size(&in[0])) * sizeof *a));
        cr_assert(!memcmp(db, b, (size_t)(2 * fell_size(&in[1])) * sizeof *b));
        plugin_close(&p);
    }
}

Test(plugin_layers, joins_refuse_what_does_not_fit)
{
    static const struct {
        const char *name, *settings;
        fell_shape a, b;
        const char *message;
    } cases[] = {
        {"add", "", {1, {3}}, {1, {4}}, "input 2 has another shape than input 1; they must be equal"},
        {"add", "", {1, {4}}, {2, {2, 2}}, "input 2 has another shape than input 1; they must be equal"},
        {"concat", "", {2, {2, 3}}, {2, {2, 4}}, "input 2 differs from input 1 in more than dimension 0"},
        {"concat", "{axis: 1}", {1, {3}}, {1, {3}}, "axis: the inputs have 1 dimension"},
        {"concat", "{axis: -3}", {2, {3, 1}}, {2, {3, 1}}, "axis: the inputs have 2 dimensions"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        fell_shape in[2] = {cases[i].a, cases[i].b};
        struct plugin p;
        fell_plan plan;

        plugin_open(&p, ROLE_MODEL_ENTRY, cases[i].name, cases[i].settings, SIMD_PORTABLE);
        plan = (fell_plan){.ctx = &p.in.ctx, .settings = p.settings, .nin = 2, .max_batch = 2, .in = in};
        plugin_fails(&p, p.item->layer->plan(&plan), cases[i].message);
        plugin_close(&p);
    }
}

/* ---- losses ------------------------------------------------------------------------------------- */

Test(plugin_losses, settings_and_labels_are_checked)
{
    static const struct {
        const char *settings;
        int32_t label;
        int64_t rows;
        const char *message;
    } cases[] = {
        {"{class_weights: [1, 2]}", 0, 0, "class_weights: 2 values for 3 classes"},
        {"", 3, 1, "class 3 is not one of the 3 outputs (0 to 2)"},
        {"", -2, 1, "class -2 is not one of the 3 outputs (0 to 2)"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const float pred[3] = {1, 2, 3};
        float dpred[3];
        struct plugin p;
        fell_loss_call c;

        plugin_open(&p, ROLE_LOSS, "cross_entropy", cases[i].settings, SIMD_PORTABLE);
        c = (fell_loss_call){.ctx = &p.in.ctx,
                             .settings = p.settings,
                             .rows = cases[i].rows,
                             .cols = 3,
                             .pred = pred,
                             .label = &cases[i].label,
                             .dpred = dpred};
        plugin_fails(&p, p.item->loss->eval(&c), cases[i].message);
        plugin_close(&p);
    }
}
