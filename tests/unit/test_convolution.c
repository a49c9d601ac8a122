/* test_convolution.c - conv2d and conv1d at random shapes: against the plain sum that defines
 * them, the same bits at every SIMD level, for any number of threads and any cut of the batch.
 *
 * Buffers are just as long as the tensors, so that under a sanitizer a vector that reaches
 * beyond one is found.
 */
#include "kernels/pool.h"
#include "plugin_help.h"
#include "sanitized.h"

enum { CASES = SANITIZED ? 100 : 400, MOST_WORK = 2000000 };

/* One convolution; a conv1d has one row everywhere. */
struct shape {
    int64_t batch, groups, channels, filters; /* the last two of one group */
    int64_t in[2], kernel[2], stride[2], padding[2], dilation[2], out[2];
    bool bias, one_axis;
};

/* Its layer, with buffers. */
struct conv {
    struct plugin p;
    fell_shape in, shape[2];
    fell_plan plan;
    float *x, *y, *dy, *dx, *tensor[2], *grad[2];
    const float *inputs[1];
};

/* ---- random shapes --------------------------------------------------------------------- */

static int64_t draw(struct rng_stream *r, int64_t least, int64_t most)
{
    return least + (int64_t)rng_below(r, (uint64_t)(most - least + 1));
}

static struct shape draw_shape(struct rng_stream *r)
{
    static const int64_t channels[] = {1, 2, 3, 7, 12, 16, 17}, filters[] = {1, 2, 5, 12, 16, 17, 33, 48};
    struct shape s = {.batch = draw(r, 1, 3),
                      .groups = draw(r, 0, 3) ? 1 : draw(r, 2, 3),
                      .channels = channels[draw(r, 0, COUNT(channels) - 1)],
                      .filters = filters[draw(r, 0, COUNT(filters) - 1)],
                      .bias = draw(r, 0, 2) > 0,
                      .one_axis = draw(r, 0, 4) == 0};
    const bool simple = draw(r, 0, 1); /* as in most nets */

    for (int a = 0; a < 2; a++) {
        const bool absent = s.one_axis && a == 0;

        s.in[a] = absent ? 1 : draw(r, 1, 19);
        s.kernel[a] = absent ? 1 : simple ? 1 + 2 * draw(r, 0, 2) : draw(r, 1, 6);
        s.stride[a] = absent || simple ? 1 : draw(r, 1, 4);
        s.padding[a] = absent ? 0 : simple ? s.kernel[a] / 2 : draw(r, 0, 6);
        s.dilation[a] = absent || simple ? 1 : draw(r, 1, 3);
        s.out[a] = s.in[a] + 2 * s.padding[a] - s.dilation[a] * (s.kernel[a] - 1) - 1;
        s.out[a] = s.out[a] < 0 ? 0 : s.out[a] / s.stride[a] + 1;
    }
    return s;
}

static int64_t work_of(const struct shape *s)
{
    return s->batch * s->groups * s->channels * s->filters * s->kernel[0] * s->kernel[1] * s->out[0] *
           s->out[1];
}

/* free() the YAML. */
static char *settings_of(const struct shape *s)
{
    const char *bias = s->bias ? "true" : "false";

    if (s->one_axis)
        return mem_format(
            "{filters: %d, kernel: %d, stride: %d, padding: %d, dilation: %d, groups: %d, bias: %s}",
            (int)(s->filters * s->groups), (int)s->kernel[1], (int)s->stride[1], (int)s->padding[1],
            (int)s->dilation[1], (int)s->groups, bias);
    return mem_format("{filters: %d, kernel: [%d, %d], stride: [%d, %d], padding: [%d, %d], "
                      "dilation: [%d, %d], groups: %d, bias: %s}",
                      (int)(s->filters * s->groups), (int)s->kernel[0], (int)s->kernel[1], (int)s->stride[0],
                      (int)s->stride[1], (int)s->padding[0], (int)s->padding[1], (int)s->dilation[0],
                      (int)s->dilation[1], (int)s->groups, bias);
}

/* ---- the layer ---------------------------------------------------------------------------- */

static fell_status conv_plan(struct conv *v, const struct shape *s, const char *settings,
                             enum simd_level level)
{
    const int64_t c = s->groups * s->channels;

    *v = (struct conv){0};
    plugin_open(&v->p, ROLE_MODEL_ENTRY, s->one_axis ? "conv1d" : "conv2d", settings, level);
    v->in = s->one_axis ? fell_mat(c, s->in[1]) : (fell_shape){3, {c, s->in[0], s->in[1], 0}};
    v->plan = (fell_plan){.ctx = &v->p.in.ctx,
                          .settings = v->p.settings,
                          .nin = 1,
                          .max_batch = s->batch,
                          .in = &v->in,
                          .tensor = v->shape};
    return v->p.item->layer->plan(&v->plan);
}

static void conv_fill(struct conv *v, int64_t batch)
{
    const int64_t in = batch * fell_size(&v->in), out = batch * fell_size(&v->plan.out);

    v->inputs[0] = v->x = floats_normal(in, 1.0f, 1);
    v->y = floats_of(out, NAN);
    v->dy = floats_normal(out, 1.0f, 2);
    v->dx = floats_of(in, NAN);
    for (int i = 0; i < 2; i++)
        if (v->shape[i].rank) {
            v->tensor[i] = floats_normal(fell_size(&v->shape[i]), 1.0f, 3);
            v->grad[i] = floats_of(fell_size(&v->shape[i]), 0.5f);
        }
}

/* Rows [begin, begin + batch), forward and backward. */
static void conv_run(struct conv *v, int64_t begin, int64_t batch)
{
    const int64_t in = fell_size(&v->in), out = fell_size(&v->plan.out);
    const float *x = v->x + begin * in;
    float *dx = v->dx + begin * in;
    fell_layer_call c = {.ctx = &v->p.in.ctx,
                         .settings = v->p.settings,
                         .plan = &v->plan,
                         .batch = batch,
                         .training = 1,
                         .x = &x,
                         .y = v->y + begin * out,
                         .dy = v->dy + begin * out,
                         .dx = &dx,
                         .tensor = v->tensor,
                         .grad = v->grad};

    plugin_ok(&v->p, v->p.item->layer->forward(&c));
    plugin_ok(&v->p, v->p.item->layer->backward(&c));
}

static void conv_release(struct conv *v)
{
    free(v->x), free(v->y), free(v->dy), free(v->dx);
    for (int i = 0; i < 2; i++)
        free(v->tensor[i]), free(v->grad[i]);
    plugin_close(&v->p);
}

/* ---- what it must give ----------------------------------------------------------------------- */

struct wanted {
    double *y, *dx, *dw, *db;
};

/* The sum that defines the layer, over every place of the kernel within the image; gradients
 * are added to the 0.5 of conv_fill(). */
static struct wanted plain_loops(const struct shape *s, const struct conv *v)
{
    const int64_t pixels = s->in[0] * s->in[1], places = s->out[0] * s->out[1];
    const int64_t kernel = s->kernel[0] * s->kernel[1], filters = s->groups * s->filters;
    const int64_t inputs = s->batch * fell_size(&v->in);
    struct wanted w = {mem_array((size_t)(s->batch * filters * places), sizeof(double)),
                       mem_array((size_t)inputs, sizeof(double)),
                       mem_array((size_t)fell_size(&v->shape[0]), sizeof(double)),
                       mem_array((size_t)filters, sizeof(double))};

    memset(w.dx, 0, (size_t)inputs * sizeof(double));
    for (int64_t i = 0; i < fell_size(&v->shape[0]); i++)
        w.dw[i] = 0.5;
    for (int64_t i = 0; i < filters; i++)
        w.db[i] = 0.5;
    for (int64_t o = 0; o < s->batch * filters * places; o++) {
        const int64_t b = o / places / filters, f = o / places % filters, i = o / s->out[1] % s->out[0];
        const int64_t j = o % s->out[1], g = f / s->filters;

        w.y[o] = v->tensor[1] ? (double)v->tensor[1][f] : 0.0;
        w.db[f] += (double)v->dy[o];
        for (int64_t k = 0; k < s->channels * kernel; k++) {
            const int64_t c = (b * s->groups + g) * s->channels + k / kernel;
            const int64_t row = i * s->stride[0] + k / s->kernel[1] % s->kernel[0] * s->dilation[0];
            const int64_t col = j * s->stride[1] + k % s->kernel[1] * s->dilation[1];
            const int64_t y = row - s->padding[0], x = col - s->padding[1];
            const int64_t at = c * pixels + y * s->in[1] + x, weight = f * s->channels * kernel + k;

            if (y < 0 || y >= s->in[0] || x < 0 || x >= s->in[1])
                continue;
            w.y[o] += (double)v->tensor[0][weight] * (double)v->x[at];
            w.dw[weight] += (double)v->dy[o] * (double)v->x[at];
            w.dx[at] += (double)v->dy[o] * (double)v->tensor[0][weight];
        }
    }
    return w;
}

static void expect_wanted(const char *settings, const struct conv *v, const struct wanted *w, int64_t batch)
{
    assert_near(settings, v->y, w->y, batch * fell_size(&v->plan.out), 1e-5);
    assert_near(settings, v->dx, w->dx, batch * fell_size(&v->in), 1e-5);
    assert_near(settings, v->grad[0], w->dw, fell_size(&v->shape[0]), 1e-5);
    if (v->grad[1])
        assert_near(settings, v->grad[1], w->db, fell_size(&v->shape[1]), 1e-5);
}

static void expect_same(const char *settings, const char *how, const float *a, const float *b, int64_t n)
{
    cr_assert(!n || !memcmp(a, b, (size_t)n * sizeof *a), "%s: other bits %s", settings, how);
}

static void expect_same_bits(const char *settings, const char *how, const struct conv *a,
                             const struct conv *b, int64_t batch)
{
    expect_same(settings, how, a->y, b->y, batch * fell_size(&a->plan.out));
    expect_same(settings, how, a->dx, b->dx, batch * fell_size(&a->in));
    for (int i = 0; i < 2; i++)
        if (a->grad[i])
            expect_same(settings, how, a->grad[i], b->grad[i], fell_size(&a->shape[i]));
}

static void check_shape(const struct shape *s, const char *settings, struct pool *pool)
{
    struct conv first, other;
    struct wanted w;

    cr_assert_eq(conv_plan(&first, s, settings, SIMD_PORTABLE), FELL_OK, "%s: %s", settings,
                 first.p.in.error.text);
    cr_assert_eq(first.plan.out.dim[first.plan.out.rank - 1], s->out[1], "%s", settings);
    conv_fill(&first, s->batch);
    conv_run(&first, 0, s->batch);
    w = plain_loops(s, &first);
    expect_wanted(settings, &first, &w, s->batch);
    EACH_LEVEL(level)
    {
        for (int cut = 0; cut < 2; cut++) {
            conv_plan(&other, s, settings, level);
            conv_fill(&other, s->batch);
            other.p.env.pool = cut ? NULL : pool;
            for (int64_t b = 0; b < s->batch; b += cut ? 1 : s->batch)
                conv_run(&other, b, cut ? 1 : s->batch);
            expect_same_bits(settings, cut ? "row by row" : simd_name(level), &first, &other, s->batch);
            conv_release(&other);
        }
    }
    conv_release(&first);
    free(w.y), free(w.dx), free(w.dw), free(w.db);
}

Test(convolution, random_shapes)
{
    struct rng_stream r = rng_stream(7, RNG_DATA, 0, 0);
    int64_t done = 0, refused = 0;
    struct pool *pool;
    struct error err;

    cr_assert_eq(pool_new(3, &pool, &err), OK, "%s", err.text);
    while (done < CASES) {
        const struct shape s = draw_shape(&r);
        char *settings = settings_of(&s);

        if (s.out[0] == 0 || s.out[1] == 0) {
            struct conv v;

            cr_assert_eq(conv_plan(&v, &s, settings, SIMD_PORTABLE), FELL_ERROR, "%s fits %lld x %lld",
                         settings, (long long)s.in[0], (long long)s.in[1]);
            cr_assert_eq(strncmp(v.p.in.error.text, "kernel: spans ", 14), 0);
            plugin_close(&v.p);
            refused++;
        } else if (work_of(&s) <= MOST_WORK) {
            check_shape(&s, settings, pool);
            done++;
        }
        free(settings);
    }
    cr_expect_gt(refused, 5);
    pool_free(pool);
}
