/* test_optimizers.c - optimizers: PyTorch's results (tests/reference) at every SIMD level,
 * the same bits at each and after a break, functions that must get lower, bad settings, and
 * lr_factor and trainable in a net.
 */
#include "engine_fixture.h"
#include "plugin_help.h"

#define TOLERANCE 1e-5

/* ---- an optimizer and its slots ------------------------------------------------------- */

enum { MAX_SLOTS = 16 };

struct stepper {
    struct plugin p;
    int64_t n, t;
    double lr;
    float *slot[MAX_SLOTS];
    int64_t floats[MAX_SLOTS];
};

/* Slots as the engine makes them, for N weights. */
static void stepper_open(struct stepper *s, const char *name, const char *settings, int64_t n,
                         enum simd_level level)
{
    *s = (struct stepper){.n = n};
    plugin_open(&s->p, ROLE_OPTIMIZER, name, settings, level);
    cr_assert(settings_number(s->p.item, s->p.settings, "lr", &s->lr));
    cr_assert_leq(s->p.item->optimizer->nslots, MAX_SLOTS);
    for (uint64_t i = 0; i < s->p.item->optimizer->nslots; i++) {
        const fell_slot *slot = &s->p.item->optimizer->slots[i];
        double on = 1.0, times = 1.0;

        cr_assert(!slot->when || settings_number(s->p.item, s->p.settings, slot->when, &on));
        cr_assert(!slot->times || settings_number(s->p.item, s->p.settings, slot->times, &times));
        s->floats[i] = on == 0.0 ? 0 : (slot->scalar ? 1 : n) * (int64_t)times;
        if (s->floats[i])
            s->slot[i] = floats_of(s->floats[i], 0.0f);
    }
}

static fell_status stepper_try(struct stepper *s, float *w, const float *g)
{
    const fell_shape shape = fell_vec(s->n);
    const bool whole = s->p.item->optimizer->reach == FELL_WHOLE;
    fell_optimizer_call call = {.ctx = &s->p.in.ctx,
                                .settings = s->p.settings,
                                .n = s->n,
                                .t = ++s->t,
                                .lr = s->lr,
                                .shape = whole ? NULL : &shape,
                                .role = whole ? 0 : FELL_WEIGHT,
                                .w = w,
                                .g = g,
                                .slot = s->slot};

    return s->p.item->optimizer->step(&call);
}

static void stepper_step(struct stepper *s, float *w, const float *g)
{
    plugin_ok(&s->p, stepper_try(s, w, g));
}

static void stepper_close(struct stepper *s)
{
    plugin_close(&s->p);
    for (int i = 0; i < MAX_SLOTS; i++)
        free(s->slot[i]);
}

/* Every optimizer, with settings that take each of its branches. */
static const char *const every[][2] = {
    {"sgd", "{lr: 0.01}"},
    {"sgd", "{lr: 0.01, weight_decay: 0.01}"},
    {"sgd", "{lr: 0.01, momentum: 0.9, dampening: 0.2}"},
    {"sgd", "{lr: 0.01, momentum: 0.9, nesterov: true, weight_decay: 0.1}"},
    {"adam", "{lr: 0.1, weight_decay: 0.01}"},
    {"adam", "{lr: 0.1, amsgrad: true}"},
    {"adamw", "{lr: 0.1}"},
    {"adamw", "{lr: 0.1, amsgrad: true}"},
    {"adagrad", "{lr: 0.5, lr_decay: 0.01, weight_decay: 0.01, initial_accumulator: 0.1}"},
    {"adadelta", "{lr: 2, epsilon: 1e-4}"},
    {"rmsprop", "{lr: 0.03}"},
    {"rmsprop", "{lr: 0.01, momentum: 0.5}"},
    {"rmsprop", "{lr: 0.01, centered: true}"},
    {"rmsprop", "{lr: 0.01, centered: true, momentum: 0.5, weight_decay: 0.01}"},
    {"adamax", "{lr: 0.1}"},
    {"nadam", "{lr: 0.1}"},
    {"radam", "{lr: 0.1, beta2: 0.95}"},
    {"rprop", "{lr: 0.01, step_min: 1e-9}"},
    {"lion", "{lr: 0.01, weight_decay: 0.01}"},
    {"lbfgs", "{lr: 0.5, history_size: 5}"},
};

/* ---- PyTorch's results ------------------------------------------------------------------- */

Test(optimizers, reference)
{
    check_cases("optimizers.json", 16, NULL, TOLERANCE);
}

Test(optimizers, other_settings)
{
    check_cases("optimizer_settings.json", 20, NULL, TOLERANCE);
    check_cases("optimizer_edges.json", 13, NULL, TOLERANCE);
}

/* ---- bits ----------------------------------------------------------------------------------- */

/* Weights after STEPS steps on 0.5 x^2 with noise, from the weights and time that they have. */
static void drift(struct stepper *s, float *w, int64_t steps)
{
    float *g = floats_of(s->n, 0.0f);

    for (int64_t k = 0; k < steps; k++) {
        float *noise = floats_normal(s->n, 0.1f, 900 + (uint64_t)s->t);

        for (int64_t i = 0; i < s->n; i++)
            g[i] = w[i] + noise[i];
        stepper_step(s, w, g);
        free(noise);
    }
    free(g);
}

Test(optimizers, same_bits_at_every_level)
{
    static const int64_t sizes[] = {1, 7, 16, 37, 130, 1003};

    for (size_t i = 0; i < COUNT(every); i++)
        for (size_t k = 0; k < COUNT(sizes); k++) {
            float *portable = floats_normal(sizes[k], 1.0f, 3);
            struct stepper first;

            stepper_open(&first, every[i][0], every[i][1], sizes[k], SIMD_PORTABLE);
            drift(&first, portable, 9);
            EACH_LEVEL(level)
            {
                float *w = floats_normal(sizes[k], 1.0f, 3);
                struct stepper s;

                stepper_open(&s, every[i][0], every[i][1], sizes[k], level);
                drift(&s, w, 9);
                cr_assert(!memcmp(w, portable, (size_t)sizes[k] * sizeof *w), "%s %s, %lld, %s", every[i][0],
                          every[i][1], (long long)sizes[k], simd_name(level));
                for (int j = 0; j < MAX_SLOTS; j++)
                    cr_assert(!s.floats[j] ||
                                  !memcmp(s.slot[j], first.slot[j], (size_t)s.floats[j] * sizeof(float)),
                              "%s %s, %s: slot %d", every[i][0], every[i][1], simd_name(level), j);
                stepper_close(&s);
                free(w);
            }
            stepper_close(&first);
            free(portable);
        }
}

/* Weights and slots are all there is: copied into a new instance they go on with the same bits. */
Test(optimizers, saved_slots_go_on)
{
    enum { N = 45 };

    for (size_t i = 0; i < COUNT(every); i++) {
        float *w = floats_normal(N, 1.0f, 4), *late = floats_of(N, 0.0f);
        struct stepper s, other;

        stepper_open(&s, every[i][0], every[i][1], N, next_level(-1));
        stepper_open(&other, every[i][0], every[i][1], N, next_level(-1));
        drift(&s, w, 13);
        memcpy(late, w, N * sizeof *w);
        other.t = s.t;
        for (int j = 0; j < MAX_SLOTS; j++)
            if (s.floats[j])
                memcpy(other.slot[j], s.slot[j], (size_t)s.floats[j] * sizeof(float));
        drift(&s, w, 13);
        drift(&other, late, 13);
        cr_assert(!memcmp(w, late, N * sizeof *w), "%s %s", every[i][0], every[i][1]);
        stepper_close(&s), stepper_close(&other);
        free(w), free(late);
    }
}

/* ---- functions that get lower ------------------------------------------------------------------ */

/* sum (k+1) (w_k - 1)^2 / 2 */
static double quadratic(const float *w, int64_t n, float *g)
{
    double f = 0.0;

    for (int64_t k = 0; k < n; k++) {
        const double from = (double)w[k] - 1.0;

        g[k] = (float)((double)(k + 1) * from);
        f += 0.5 * (double)(k + 1) * from * from;
    }
    return f;
}

/* 100 (y - x^2)^2 + (1 - x)^2, by a hundredth, or plain descent would leave its valley */
static double rosenbrock(const float *w, int64_t n, float *g)
{
    const double x = (double)w[0], y = (double)w[1], bend = y - x * x;

    cr_assert_eq(n, 2);
    g[0] = (float)(0.01 * (-400.0 * x * bend - 2.0 * (1.0 - x)));
    g[1] = (float)(0.01 * (200.0 * bend));
    return 0.01 * (100.0 * bend * bend + (1.0 - x) * (1.0 - x));
}

static double descend(size_t i, double f(const float *, int64_t, float *), const float *begin, int64_t n,
                      int steps)
{
    float *w = floats_of(n, 0.0f), *g = floats_of(n, 0.0f);
    struct stepper s;
    double value;

    memcpy(w, begin, (size_t)n * sizeof *w);
    stepper_open(&s, every[i][0], every[i][1], n, next_level(-1));
    for (int k = 0; k < steps; k++) {
        f(w, n, g);
        stepper_step(&s, w, g);
    }
    value = f(w, n, g);
    stepper_close(&s);
    free(w), free(g);
    return value;
}

Test(optimizers, lower_a_quadratic_and_rosenbrock)
{
    static const float begin[8] = {-1.2f, 1.0f, 3.0f, 0.5f, -2.0f, 1.5f, 0.0f, 2.0f};
    float g[8];
    const double square = quadratic(begin, 8, g), valley = rosenbrock(begin, 2, g);

    for (size_t i = 0; i < COUNT(every); i++) {
        const double low = descend(i, quadratic, begin, 8, 500),
                     down = descend(i, rosenbrock, begin, 2, 1000);

        cr_assert_lt(low, 0.05 * square, "%s %s: %g from %g", every[i][0], every[i][1], low, square);
        cr_assert_lt(down, 0.3 * valley, "%s %s: %g from %g", every[i][0], every[i][1], down, valley);
    }
}

/* With maximize the quadratic turned over is climbed by the same steps, where no decay pulls. */
Test(optimizers, maximize_is_descent_of_the_negative)
{
    static const char *const names[] = {"sgd",    "adam",  "adamw", "adagrad", "adadelta", "rmsprop",
                                        "adamax", "nadam", "radam", "rprop",   "lion"};
    enum { N = 9 };

    for (size_t i = 0; i < COUNT(names); i++) {
        float *down = floats_normal(N, 1.0f, 5), *up = floats_normal(N, 1.0f, 5), *g = floats_of(N, 0.0f);
        struct stepper s, other;

        stepper_open(&s, names[i], "{lr: 0.05}", N, SIMD_PORTABLE);
        stepper_open(&other, names[i], "{lr: 0.05, maximize: true}", N, SIMD_PORTABLE);
        for (int k = 0; k < 20; k++) {
            quadratic(down, N, g);
            stepper_step(&s, down, g);
            quadratic(up, N, g);
            for (int j = 0; j < N; j++)
                g[j] = -g[j];
            stepper_step(&other, up, g);
        }
        cr_assert(!memcmp(up, down, sizeof *up * N), "%s", names[i]);
        stepper_close(&s), stepper_close(&other);
        free(down), free(up), free(g);
    }
}

/* ---- ends ------------------------------------------------------------------------------------ */

/* A gradient that never changes has no deviation: rounding must not make a root of less than 0. */
Test(optimizers, centered_rmsprop_of_a_constant_gradient)
{
    float w[33], g[33];
    struct stepper s;

    for (int i = 0; i < 33; i++) {
        w[i] = 0.0f;
        g[i] = 0.1f * (float)(i + 1);
    }
    stepper_open(&s, "rmsprop", "{alpha: 0.5, centered: true, epsilon: 1}", 33, SIMD_PORTABLE);
    for (int k = 0; k < 200; k++)
        stepper_step(&s, w, g);
    for (int i = 0; i < 33; i++)
        cr_assert(isfinite(w[i]) && w[i] < 0.0f, "weight %d: %g", i, (double)w[i]);
    stepper_close(&s);
}

/* Where gradient and slope are within their tolerances the weights stay, and so does the memory. */
Test(optimizers, lbfgs_stays_at_the_bottom)
{
    const float flat[2] = {1e-8f, -1e-8f}, small[2] = {1e-5f, 0.0f}, slope[2] = {0.5f, -0.25f};
    float w[2] = {1.0f, 2.0f};
    struct stepper s;

    stepper_open(&s, "lbfgs", "", 2, SIMD_PORTABLE);
    stepper_step(&s, w, flat);  /* no gradient above 1e-7 */
    stepper_step(&s, w, small); /* a slope of 1e-10, below 1e-9 */
    cr_assert(w[0] == 1.0f && w[1] == 2.0f);
    stepper_step(&s, w, slope);
    cr_assert_lt(w[0], 1.0f);
    cr_assert_gt(w[1], 2.0f);
    stepper_close(&s);
}

Test(optimizers, settings_that_do_not_fit_each_other)
{
    static const char *const bad[][3] = {
        {"sgd", "{nesterov: true}", "nesterov: needs a momentum above 0 and a dampening of 0"},
        {"sgd", "{nesterov: true, momentum: 0.9, dampening: 0.1}",
         "nesterov: needs a momentum above 0 and a dampening of 0"},
        {"rprop", "{step_min: 0.5, step_max: 0.25}", "step_max: 0.25 is below step_min, 0.5"},
    };

    for (size_t i = 0; i < COUNT(bad); i++) {
        struct stepper s;
        float nothing = 0.0f;

        stepper_open(&s, bad[i][0], bad[i][1], 0, SIMD_PORTABLE);
        plugin_fails(&s.p, stepper_try(&s, &nothing, &nothing), bad[i][2]);
        stepper_close(&s);
    }
}

/* ---- in a net ----------------------------------------------------------------------------------- */

#define SECOND "{dense: {units: 2, name: b}}"

/* One step on whole batches; [4] the norms of the updates of both layers' weights and biases. */
static void one_step(size_t i, const char *first, double *update)
{
    char *model = mem_format("model: [{dense: {units: 6, activation: tanh, name: a%s}}, " SECOND
                             "]\nloss: cross_entropy\n"
                             "optimizer: {%s: %s}\ntrain: {epochs: 1, batch_size: 0}\n",
                             first, every[i][0], every[i][1]);
    struct fixture f;
    struct heard h = {0};

    fixture_init(&f, model);
    fixture_data(&f, 40, fell_vec(5), 2, 0);
    cr_assert_eq(fixture_train(&f, NULL, &h), OK, "%s: %s", every[i][0], f.problem.text);
    cr_assert_eq(h.result.end, RUN_FINISHED, "%s: %s", every[i][0], h.result.error);
    cr_assert_eq(h.epoch[0].report.npositions, 4);
    memcpy(update, h.epoch[0].update, 4 * sizeof *update);
    heard_release(&h);
    fixture_release(&f);
    free(model);
}

/* The first step of each is proportional to its rate; lbfgs moves all weights together. */
Test(optimizers, lr_factor_multiplies_the_rate)
{
    for (size_t i = 0; i < COUNT(every); i++) {
        double whole[4], part[4];

        if (strcmp(every[i][0], "lbfgs") == 0)
            continue;
        one_step(i, "", whole);
        one_step(i, ", lr_factor: 0.25", part);
        for (int k = 0; k < 2; k++)
            cr_assert_float_eq(part[k], 0.25 * whole[k], 1e-4 * whole[k], "%s %s: %g, not a quarter of %g",
                               every[i][0], every[i][1], part[k], whole[k]);
        cr_assert_gt(whole[0], 0.0);
        cr_assert(part[2] == whole[2] && part[3] == whole[3], "%s %s", every[i][0], every[i][1]);
    }
}

Test(optimizers, what_is_not_trainable_stays)
{
    for (size_t i = 0; i < COUNT(every); i++) {
        double all[4], frozen[4];

        one_step(i, "", all);
        one_step(i, ", trainable: false", frozen);
        cr_assert(frozen[0] == 0.0 && frozen[1] == 0.0, "%s %s", every[i][0], every[i][1]);
        cr_assert(frozen[2] > 0.0 && frozen[3] > 0.0, "%s %s", every[i][0], every[i][1]);
        if (strcmp(every[i][0], "lbfgs") != 0)
            cr_assert(frozen[2] == all[2] && frozen[3] == all[3], "%s %s", every[i][0], every[i][1]);
    }
}

Test(optimizers, lbfgs_wants_one_factor)
{
    struct fixture f;
    struct heard h = {0};

    fixture_init(&f, "model: [{dense: {units: 6, name: a, lr_factor: 0.5}}, " SECOND "]\n"
                     "loss: cross_entropy\noptimizer: lbfgs\ntrain: {epochs: 1, batch_size: 0}\n");
    fixture_data(&f, 40, fell_vec(5), 2, 0);
    cr_assert_eq(fixture_train(&f, NULL, &h), FAILED);
    cr_assert_str_eq(f.problem.text, "lr_factor: lbfgs moves all weights together, so they need one factor");
    heard_release(&h);
    fixture_release(&f);
}

/* The engine's slots hold the whole history: without it there is no such fall in 40 steps. */
Test(optimizers, lbfgs_trains_a_net)
{
    struct fixture f;
    struct heard h = {0};

    fixture_init(&f, "model: [{dense: {units: 6, activation: tanh, name: a}}, " SECOND "]\n"
                     "loss: cross_entropy\noptimizer: {lbfgs: {lr: 0.5, history_size: 7}}\n"
                     "train: {epochs: 40, batch_size: 0}\n");
    fixture_data(&f, 60, fell_vec(5), 2, 0);
    cr_assert_eq(fixture_train(&f, NULL, &h), OK, "%s", f.problem.text);
    cr_assert_eq(h.result.end, RUN_FINISHED, "%s", h.result.error);
    cr_assert_lt(h.epoch[39].report.loss[SPLIT_TRAIN], 0.05 * h.epoch[0].report.loss[SPLIT_TRAIN]);
    heard_release(&h);
    fixture_release(&f);
}
