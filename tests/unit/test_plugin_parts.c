/* test_plugin_parts.c - transforms and metrics: what they compute, the same at every SIMD
 * level, and what they refuse.
 */
#include "plugin_help.h"

/* ---- transforms ------------------------------------------------------------------------- */

/* A transform planned on [cols] (or SHAPE), fitted on X where it fits, and run on it. */
struct transformed {
    struct plugin p;
    fell_shape in, shape[2];
    fell_plan plan;
    float *tensor[2], *y;
};

static fell_status transform_plan(struct transformed *t, const char *name, const char *settings,
                                  fell_shape in, enum simd_level level)
{
    memset(t, 0, sizeof *t);
    t->in = in;
    plugin_open(&t->p, ROLE_TRANSFORM, name, settings, level);
    t->plan = (fell_plan){.ctx = &t->p.in.ctx,
                          .settings = t->p.settings,
                          .nin = 1,
                          .max_batch = 8,
                          .in = &t->in,
                          .tensor = t->shape};
    return t->p.item->layer->plan(&t->plan);
}

static fell_status transform_run(struct transformed *t, const float *x, int64_t batch, bool fit)
{
    const float *inputs[1] = {x};
    fell_layer_call c = {.ctx = &t->p.in.ctx,
                         .settings = t->p.settings,
                         .plan = &t->plan,
                         .batch = batch,
                         .x = inputs,
                         .tensor = t->tensor};

    for (uint64_t i = 0; i < t->p.item->layer->ntensors && fit; i++)
        t->tensor[i] = floats_of(fell_size(&t->shape[i]), 0.0f);
    if (fit && t->p.item->layer->fit)
        plugin_ok(&t->p, t->p.item->layer->fit(&c));
    free(t->y);
    t->y = c.y = floats_of(batch * fell_size(&t->plan.out), NAN);
    return t->p.item->layer->forward(&c);
}

static void transform_close(struct transformed *t)
{
    plugin_close(&t->p);
    free(t->tensor[0]), free(t->tensor[1]), free(t->y);
}

Test(transforms, results)
{
    static const float x[12] = {1, 5, 7, 2, 5, 3, 3, 5, 2, 6, 5, 0}; /* 4 rows, the second column constant */
    static const struct {
        const char *name, *settings;
        double fitted[12], later[3]; /* later: the row 9, 6, 7 */
    } cases[] = {
        {"scale",
         "{factor: -0.5}",
         {-.5, -2.5, -3.5, -1, -2.5, -1.5, -1.5, -2.5, -1, -3, -2.5, 0},
         {-4.5, -3, -3.5}},
        {"standardize",
         "",
         {-1.0690449676496976, 0, 1.5689290811054724, -0.53452248382484879, 0, 0, 0, 0, -0.39223227027636809,
          1.6035674514745464, 0, -1.1766968108291043},
         {3.2071349029490928, 1, 1.5689290811054724}},
        {"min_max", "", {0, 0, 1, .2, 0, 3. / 7, .4, 0, 2. / 7, 1, 0, 0}, {1.6, 1, 1}},
        {"min_max",
         "{min: -1, max: 3}",
         {-1, -1, 3, -.2, -1, 5. / 7, .6, -1, 1. / 7, 3, -1, -1},
         {5.4, 3, 3}},
    };
    static const float later[3] = {9, 6, 7};

    for (size_t i = 0; i < COUNT(cases); i++)
        EACH_LEVEL(level)
        {
            struct transformed t;

            plugin_ok(&t.p, transform_plan(&t, cases[i].name, cases[i].settings, fell_vec(3), level));
            plugin_ok(&t.p, transform_run(&t, x, 4, true));
            assert_near(cases[i].name, t.y, cases[i].fitted, 12, 2e-7);
            plugin_ok(&t.p, transform_run(&t, later, 1, false));
            assert_near(cases[i].name, t.y, cases[i].later, 3, 2e-7);
            transform_close(&t);
        }
}

Test(transforms, standardize_has_mean_zero_and_deviation_one)
{
    enum { ROWS = 400, COLS = 19 };
    float *x = floats_normal(ROWS * COLS, 3.0f, 1), *portable = NULL;

    for (int i = 0; i < ROWS * COLS; i++)
        x[i] += (float)(1000 * (i % COLS));
    EACH_LEVEL(level)
    {
        struct transformed t;

        plugin_ok(&t.p, transform_plan(&t, "standardize", "", fell_vec(COLS), level));
        plugin_ok(&t.p, transform_run(&t, x, ROWS, true));
        for (int j = 0; j < COLS; j++) {
            double sum = 0.0, squares = 0.0;

            for (int i = 0; i < ROWS; i++) {
                sum += (double)t.y[i * COLS + j];
                squares += (double)t.y[i * COLS + j] * (double)t.y[i * COLS + j];
            }
            cr_assert_float_eq(sum / ROWS, 0.0, 1e-3);
            cr_assert_float_eq(squares / ROWS, 1.0, 1e-3);
        }
        if (portable)
            cr_assert(!memcmp(portable, t.y, ROWS * COLS * sizeof *t.y), "%s", simd_name(level));
        else
            memcpy(portable = floats_of(ROWS * COLS, 0), t.y, ROWS * COLS * sizeof *t.y);
        transform_close(&t);
    }
    free(x), free(portable);
}

Test(transforms, one_hot)
{
    static const float x[6] = {2, 0.5f, 0, 1, -3, 2};
    static const double all[12] = {0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1},
                        ends[14] = {0, 0, 1, .5, 1, 0, 0, 0, 1, 0, -3, 0, 0, 1};
    static const float pairs[4] = {2, 0, 1, 2};
    struct transformed t;

    plugin_ok(&t.p, transform_plan(&t, "one_hot", "{classes: 3}", fell_vec(2), SIMD_PORTABLE));
    cr_assert_eq(t.plan.out.dim[0], 6);
    plugin_ok(&t.p, transform_run(&t, pairs, 2, true));
    assert_near("one_hot", t.y, all, 12, 0.0);
    transform_close(&t);

    plugin_ok(&t.p,
              transform_plan(&t, "one_hot", "{classes: 3, columns: [2, 0]}", fell_vec(3), SIMD_PORTABLE));
    cr_assert_eq(t.plan.out.dim[0], 7);
    plugin_ok(&t.p, transform_run(&t, x, 2, true));
    assert_near("one_hot", t.y, ends, 14, 0.0);
    transform_close(&t);
}

Test(transforms, refusals)
{
    static const struct {
        const char *name, *settings;
        fell_shape in;
        const char *message;
    } cases[] = {
        {"min_max", "{min: 2, max: 2}", {1, {3}}, "max: 2 is not above min, 2"},
        {"one_hot",
         "{classes: 3, columns: [0, 3]}",
         {1, {3}},
         "columns: there is no column 3; the inputs have 0 to 2"},
        {"one_hot", "{classes: 3}", {2, {3, 2}}, "rows must be vectors, not images or sequences"},
    };
    static const struct {
        float v;
        const char *message;
    } values[] = {
        {3, "column 0 holds 3, which is not a whole number from 0 to 2"},
        {-1, "column 0 holds -1, which is not a whole number from 0 to 2"},
        {0.5f, "column 0 holds 0.5, which is not a whole number from 0 to 2"},
        {NAN, "column 0 holds nan, which is not a whole number from 0 to 2"},
    };
    struct transformed t;

    for (size_t i = 0; i < COUNT(cases); i++) {
        fell_status result = transform_plan(&t, cases[i].name, cases[i].settings, cases[i].in, SIMD_PORTABLE);

        plugin_fails(&t.p, result, cases[i].message);
        transform_close(&t);
    }
    for (size_t i = 0; i < COUNT(values); i++) {
        plugin_ok(&t.p, transform_plan(&t, "one_hot", "{classes: 3}", fell_vec(1), SIMD_PORTABLE));
        plugin_fails(&t.p, transform_run(&t, &values[i].v, 1, true), values[i].message);
        transform_close(&t);
    }
}

/* ---- metrics ------------------------------------------------------------------------------ */

static double metric_value(const char *name, fell_metric_call c, enum simd_level level)
{
    double value = -1.0;
    struct plugin p;

    plugin_open(&p, ROLE_METRIC, name, "", level);
    c.ctx = &p.in.ctx;
    c.settings = p.settings;
    c.value = &value;
    plugin_ok(&p, p.item->metric->eval(&c));
    plugin_close(&p);
    return value;
}

Test(metrics, accuracy)
{
    static const float pred[12] = {1, 3, 2, 2, 2, 1, -1, -3, -2, 0, 0, 5}, one[4] = {0.4f, 0.6f, 0.2f, -0.1f};
    static const float yes[4] = {0, 1, 1, 0}, hot[12] = {0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1};
    static const int32_t label[4] = {1, 0, 2, 2};
    fell_metric_call c = {.rows = 4, .cols = 3, .pred = pred, .label = label, .pred_is = FELL_LOGIT};

    cr_assert_eq(metric_value("accuracy", c, SIMD_PORTABLE), 0.75); /* of equals the first */
    c.label = NULL;
    c.target = hot;
    cr_assert_eq(metric_value("accuracy", c, SIMD_PORTABLE), 0.75);
    c = (fell_metric_call){
        .rows = 4, .cols = 1, .pred = one, .target = yes, .pred_is = FELL_PROB, .target_is = FELL_YES_NO};
    cr_assert_eq(metric_value("accuracy", c, SIMD_PORTABLE), 0.75);
    c.pred_is = FELL_REAL;
    cr_assert_eq(metric_value("accuracy", c, SIMD_PORTABLE), 0.75);
    c.pred_is = FELL_LOGIT; /* 0.4 and 0.2 are yes as logits */
    cr_assert_eq(metric_value("accuracy", c, SIMD_PORTABLE), 0.75);
    c.rows = 1;
    cr_assert_eq(metric_value("accuracy", c, SIMD_PORTABLE), 0.0);
    c.rows = 0;
    cr_assert(isnan(metric_value("accuracy", c, SIMD_PORTABLE)));
}

Test(metrics, mae)
{
    enum { N = 1003 };
    float *a = floats_normal(N, 2.0f, 1), *b = floats_normal(N, 1.0f, 2);
    fell_metric_call c = {.rows = N / 17, .cols = 17, .pred = a, .target = b};
    double want = 0.0;

    for (int i = 0; i < N; i++)
        want += fabs((double)a[i] - (double)b[i]) / N;
    EACH_LEVEL(level)
    {
        double got = metric_value("mae", c, level);

        cr_assert_float_eq(got, want, 1e-7);
        cr_assert_eq(got, metric_value("mae", c, SIMD_PORTABLE), "%s", simd_name(level));
    }
    c.rows = 0;
    cr_assert(isnan(metric_value("mae", c, SIMD_PORTABLE)));
    free(a), free(b);
}
