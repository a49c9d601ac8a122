/* test_initialisers.c - first weights: their distribution, exact patterns, the same bits at every
 * SIMD level and for a seed, and what they refuse.
 */
#include "plugin_help.h"

enum { FAN_IN = 50, FAN_OUT = 2000, WEIGHTS = FAN_IN * FAN_OUT };

static const fell_shape matrix = {2, {FAN_OUT, FAN_IN, 0, 0}};

/* A tensor of SHAPE with the fans that the engine gives it, filled by NAME; free() it. */
static fell_status fill(struct plugin *p, const char *name, const char *settings, fell_shape shape,
                        enum simd_level level, uint64_t seed, float **w)
{
    const int64_t n = fell_size(&shape);
    int64_t rest = 1;
    fell_init_call c;

    plugin_open(p, ROLE_INITIALISER, name, settings, level);
    p->in.stream = rng_stream(seed, RNG_LAYER, 1, 1);
    for (int64_t i = 2; i < shape.rank; i++)
        rest *= shape.dim[i];
    *w = floats_of(n, NAN);
    c = (fell_init_call){.ctx = &p->in.ctx,
                         .settings = p->settings,
                         .shape = &shape,
                         .n = n,
                         .fan_in = shape.rank > 1 ? shape.dim[1] * rest : 0,
                         .fan_out = shape.rank > 1 ? shape.dim[0] * rest : 0,
                         .w = *w};
    return p->item->initialiser->fill(&c);
}

static float *filled(const char *name, const char *settings, fell_shape shape)
{
    struct plugin p;
    float *w;
    const fell_status result = fill(&p, name, settings, shape, next_level(-1), 11, &w);

    plugin_ok(&p, result);
    plugin_close(&p);
    return w;
}

/* ---- distributions ---------------------------------------------------------------------- */

static double normal_below(double x)
{
    return 0.5 * erfc(-x / sqrt(2.0));
}

/* A distribution: normal or uniform, with mean and deviation, cut off at two ends. */
struct distribution {
    const char *name, *settings;
    bool uniform;
    double mean, deviation, least, most;
};

static double below(const struct distribution *d, double x)
{
    const double root = sqrt(3.0) * d->deviation;
    double low, high;

    if (d->uniform)
        return (x - (d->mean - root)) / (2.0 * root);
    if (d->least > d->mean) { /* small probabilities are exact, those near 1 are not */
        low = normal_below((d->mean - d->most) / d->deviation);
        high = normal_below((d->mean - d->least) / d->deviation);
        return (high - normal_below((d->mean - x) / d->deviation)) / (high - low);
    }
    low = normal_below((d->least - d->mean) / d->deviation);
    high = normal_below((d->most - d->mean) / d->deviation);
    return (normal_below((x - d->mean) / d->deviation) - low) / (high - low);
}

static int by_size(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov's distance of 100,000 numbers: 0.0055 is chance once in 200 times, and the
 * seed is fixed. */
static void check_distribution(const struct distribution *d)
{
    float *w = filled(d->name, d->settings, matrix);
    double distance = 0.0;

    qsort(w, WEIGHTS, sizeof *w, by_size);
    for (int64_t i = 0; i < WEIGHTS; i++) {
        const double f = below(d, (double)w[i]);

        distance = fmax(distance, fmax(fabs(f - (double)i / WEIGHTS), fabs(f - (double)(i + 1) / WEIGHTS)));
    }
    cr_assert_lt(distance, 0.0055, "%s %s: %g", d->name, d->settings, distance);
    cr_assert(w[0] >= d->least && w[WEIGHTS - 1] <= d->most, "%s %s: from %.9g to %.9g", d->name, d->settings,
              (double)w[0], (double)w[WEIGHTS - 1]);
    free(w);
}

#define EVENLY(name, settings, variance)                                                                     \
    {                                                                                                        \
        name, settings, true, 0, sqrt(variance), -INFINITY, INFINITY                                         \
    }
#define AROUND_0(name, settings, variance)                                                                   \
    {                                                                                                        \
        name, settings, false, 0, sqrt(variance), -INFINITY, INFINITY                                        \
    }

Test(initialisers, distributions)
{
    const double in = FAN_IN, out = FAN_OUT, both = in + out;
    const struct distribution cases[] = {
        EVENLY("glorot_uniform", "", 2 / both),
        EVENLY("glorot_uniform", "{gain: 3}", 18 / both),
        AROUND_0("glorot_normal", "", 2 / both),
        AROUND_0("glorot_normal", "{gain: 2}", 8 / both),
        EVENLY("he_uniform", "", 2 / in),
        EVENLY("he_uniform", "{negative_slope: 2.23606797749979}", 1 / (3 * in)),
        EVENLY("he_uniform", "{mode: fan_out, nonlinearity: tanh}", 25 / (9 * out)),
        AROUND_0("he_normal", "", 2 / in),
        AROUND_0("he_normal", "{negative_slope: 1}", 1 / in),
        AROUND_0("he_normal", "{mode: fan_out}", 2 / out),
        AROUND_0("he_normal", "{nonlinearity: relu}", 2 / in),
        AROUND_0("he_normal", "{nonlinearity: linear}", 1 / in),
        AROUND_0("he_normal", "{nonlinearity: sigmoid, mode: fan_in}", 1 / in),
        AROUND_0("he_normal", "{nonlinearity: selu}", 9 / (16 * in)),
        EVENLY("lecun_uniform", "", 1 / in),
        AROUND_0("lecun_normal", "", 1 / in),
        {"uniform", "", true, 0.5, sqrt(1.0 / 12), 0, 1},
        {"uniform", "{min: -3, max: 1}", true, -1, sqrt(16.0 / 12), -3, 1},
        {"normal", "", false, 0, 1, -INFINITY, INFINITY},
        {"normal", "{mean: 5, std: 2}", false, 5, 2, -INFINITY, INFINITY},
        {"trunc_normal", "", false, 0, 1, -2, 2},
        {"trunc_normal", "{std: 0.02}", false, 0, 0.02, -2, 2},
        {"trunc_normal", "{mean: 1, std: 2, min: 0, max: 2}", false, 1, 2, 0, 2},
        {"trunc_normal", "{min: -1, max: 50}", false, 0, 1, -1, 50},
        {"trunc_normal", "{min: 0.1, max: 0.7}", false, 0, 1, 0.1, 0.7},
        {"trunc_normal", "{min: 5, max: 9}", false, 0, 1, 5, 9},
        {"trunc_normal", "{mean: 3, std: 0.5, min: -1, max: 1.5}", false, 3, 0.5, -1, 1.5},
        {"trunc_normal", "{min: -30, max: -20}", false, 0, 1, -30, -20},
        {"trunc_normal", "{min: 30, max: 31}", false, 0, 1, 30, 31},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        check_distribution(&cases[i]);
}

/* ---- patterns ---------------------------------------------------------------------------------- */

static void check_equal(const char *name, const char *settings, fell_shape shape, const float *want)
{
    float *w = filled(name, settings, shape);

    for (int64_t i = 0; i < fell_size(&shape); i++)
        cr_assert_eq(w[i], want[i], "%s %s: element %lld is %g", name, settings, (long long)i, (double)w[i]);
    free(w);
}

Test(initialisers, fixed)
{
    static const float none[6] = {0}, one[6] = {1, 1, 1, 1, 1, 1}, quarter[3] = {-0.25f, -0.25f, -0.25f};
    static const float wide[6] = {1, 0, 0, 0, 1, 0}, tall[6] = {1, 0, 0, 1, 0, 0};

    check_equal("zeros", "", fell_mat(2, 3), none);
    check_equal("ones", "", fell_mat(2, 3), one);
    check_equal("constant", "{value: -0.25}", fell_vec(3), quarter);
    check_equal("eye", "", fell_mat(2, 3), wide);
    check_equal("eye", "", fell_mat(3, 2), tall);
}

/* As torch.nn.init.dirac_ fills [4,2,3] in two groups, [2,3,2] in one, [2,2,2,3] in one and in two. */
Test(initialisers, dirac)
{
    static const float groups[24] = {0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0},
                       wide[12] = {0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0};
    static const float image[24] = {0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0},
                       pair[24] = {0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};

    check_equal("dirac", "{groups: 2}", (fell_shape){3, {4, 2, 3, 0}}, groups);
    check_equal("dirac", "", (fell_shape){3, {2, 3, 2, 0}}, wide);
    check_equal("dirac", "", (fell_shape){4, {2, 2, 2, 3}}, image);
    check_equal("dirac", "{groups: 2}", (fell_shape){4, {2, 2, 2, 3}}, pair);
}

/* Rows of w, or columns where there are more rows than columns, have length gain and no product. */
static void check_orthogonal(const char *settings, double gain, fell_shape shape)
{
    float *w = filled("orthogonal", settings, shape);
    const int64_t rows = shape.dim[0], cols = fell_size(&shape) / rows;
    const int64_t k = rows < cols ? rows : cols, n = rows < cols ? cols : rows;
    const int64_t from = rows > cols ? 1 : cols, along = rows > cols ? cols : 1;

    for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = 0.0;

            for (int64_t l = 0; l < n; l++)
                sum += (double)w[i * from + l * along] * (double)w[j * from + l * along];
            cr_assert_float_eq(sum, i == j ? gain * gain : 0.0, 1e-5 * gain * gain,
                               "[%lld,%lld] %s: product of %lld and %lld is %g", (long long)rows,
                               (long long)cols, settings, (long long)i, (long long)j, sum);
        }
    free(w);
}

Test(initialisers, orthogonal)
{
    check_orthogonal("", 1, fell_mat(1, 1));
    check_orthogonal("", 1, fell_mat(7, 7));
    check_orthogonal("", 1, fell_mat(16, 33));
    check_orthogonal("", 1, fell_mat(50, 17));
    check_orthogonal("{gain: 3}", 3, fell_mat(200, 200));
    check_orthogonal("{gain: -0.5}", 0.5, (fell_shape){4, {8, 4, 3, 3}});
    check_orthogonal("", 1, (fell_shape){3, {40, 3, 5, 0}});
}

/* Orthogonal matrices are spread evenly: each element of one of 9 rows has mean 0, mean square 1/9
 * and mean fourth power 3 / (9 * 11). A Q whose R may have a negative diagonal has another mean. */
Test(initialisers, orthogonal_matrices_are_spread_evenly)
{
    enum { N = 9, TRIALS = 4000 };
    double sum[3][3] = {{0}};

    for (uint64_t seed = 0; seed < TRIALS; seed++) {
        static const int at[3] = {0, 40, 80};
        struct plugin p;
        float *w;

        plugin_ok(&p, fill(&p, "orthogonal", "", fell_mat(N, N), SIMD_PORTABLE, seed, &w));
        for (int i = 0; i < 3; i++) {
            const double x = (double)w[at[i]];

            sum[i][0] += x / TRIALS;
            sum[i][1] += x * x / TRIALS;
            sum[i][2] += x * x * x * x / TRIALS;
        }
        plugin_close(&p);
        free(w);
    }
    for (int i = 0; i < 3; i++) {
        cr_assert_float_eq(sum[i][0], 0.0, 0.02, "mean of element %d: %g", i, sum[i][0]);
        cr_assert_float_eq(sum[i][1], 1.0 / N, 0.008, "square of element %d: %g", i, sum[i][1]);
        cr_assert_float_eq(sum[i][2], 3.0 / (N * (N + 2)), 0.004, "fourth of element %d: %g", i, sum[i][2]);
    }
}

/* Every column has ceil(sparsity rows) zeros, all places as often; the others are normal. */
Test(initialisers, sparse)
{
    static const struct {
        const char *settings;
        int64_t zeros;
        double deviation;
    } cases[] = {{"{sparsity: 0.1}", 3, 0.01},
                 {"{sparsity: 0.52, std: 2}", 13, 2},
                 {"{sparsity: 0}", 0, 0.01},
                 {"{sparsity: 1}", 25, 0.01}};
    enum { ROWS = 25, COLS = 4000 };

    for (size_t k = 0; k < COUNT(cases); k++) {
        float *w = filled("sparse", cases[k].settings, fell_mat(ROWS, COLS));
        int64_t row[ROWS] = {0}, others = 0;
        double squares = 0.0;

        for (int64_t j = 0; j < COLS; j++) {
            int64_t zeros = 0;

            for (int64_t i = 0; i < ROWS; i++) {
                const double x = (double)w[i * COLS + j];

                zeros += x == 0.0;
                row[i] += x == 0.0;
                others += x != 0.0;
                squares += x * x;
            }
            cr_assert_eq(zeros, cases[k].zeros, "%s: %lld zeros", cases[k].settings, (long long)zeros);
        }
        for (int64_t i = 0; i < ROWS; i++)
            cr_assert_float_eq((double)row[i] / COLS, (double)cases[k].zeros / ROWS, 0.035, "%s: row %lld",
                               cases[k].settings, (long long)i);
        if (others)
            cr_assert_float_eq(sqrt(squares / (double)others), cases[k].deviation, 0.02 * cases[k].deviation);
        free(w);
    }
}

/* ---- bits ------------------------------------------------------------------------------------------ */

Test(initialisers, same_bits_at_every_level_and_others_for_another_seed)
{
    static const char *const every[][2] = {{"glorot_uniform", ""},   {"glorot_normal", ""},
                                           {"he_uniform", ""},       {"he_normal", "{mode: fan_out}"},
                                           {"lecun_uniform", ""},    {"lecun_normal", ""},
                                           {"uniform", "{min: -1}"}, {"normal", "{mean: 1}"},
                                           {"trunc_normal", ""},     {"trunc_normal", "{min: 4, max: 8}"},
                                           {"orthogonal", ""},       {"sparse", "{sparsity: 0.3}"}};
    const fell_shape shape = fell_mat(67, 45);
    const size_t size = 67 * 45 * sizeof(float);

    for (size_t i = 0; i < COUNT(every); i++) {
        float *first, *other;
        struct plugin p;

        plugin_ok(&p, fill(&p, every[i][0], every[i][1], shape, SIMD_PORTABLE, 5, &first));
        plugin_close(&p);
        plugin_ok(&p, fill(&p, every[i][0], every[i][1], shape, SIMD_PORTABLE, 6, &other));
        plugin_close(&p);
        cr_assert(memcmp(first, other, size), "%s %s: two seeds, one tensor", every[i][0], every[i][1]);
        free(other);
        EACH_LEVEL(level)
        {
            plugin_ok(&p, fill(&p, every[i][0], every[i][1], shape, level, 5, &other));
            plugin_close(&p);
            cr_assert(!memcmp(first, other, size), "%s %s, %s", every[i][0], every[i][1], simd_name(level));
            free(other);
        }
        free(first);
    }
}

/* ---- refusals ------------------------------------------------------------------------------------------ */

Test(initialisers, refusals)
{
    static const char no_fan[] = "this tensor has no inputs and outputs to scale by; take zeros or constant";
    static const struct {
        const char *name, *settings;
        fell_shape shape;
        const char *message;
    } cases[] = {
        {"glorot_uniform", "", {1, {3}}, no_fan},
        {"glorot_normal", "", {1, {3}}, no_fan},
        {"he_uniform", "", {1, {3}}, no_fan},
        {"he_normal", "", {1, {3}}, no_fan},
        {"lecun_uniform", "", {1, {3}}, no_fan},
        {"lecun_normal", "", {1, {3}}, no_fan},
        {"he_normal",
         "{negative_slope: 0.1, nonlinearity: relu}",
         {2, {3, 3}},
         "negative_slope: only leaky_relu has one"},
        {"uniform", "{min: 2}", {1, {3}}, "max: 1 is below min, 2"},
        {"trunc_normal", "{min: 2}", {1, {3}}, "max: 2 is not above min, 2"},
        {"trunc_normal",
         "{min: 50, max: 51}",
         {1, {3}},
         "std: no normal numbers are between min and max, so far from the mean"},
        {"eye", "", {1, {3}}, "fills matrices alone, not tensors of rank 1"},
        {"eye", "", {3, {3, 3, 3}}, "fills matrices alone, not tensors of rank 3"},
        {"sparse", "{sparsity: 0.5}", {1, {3}}, "fills matrices alone, not tensors of rank 1"},
        {"orthogonal", "", {1, {3}}, "fills matrices alone, not tensors of rank 1"},
        {"dirac", "", {2, {3, 3}}, "fills the kernels of convolutions alone, not tensors of rank 2"},
        {"dirac", "{groups: 2}", {3, {3, 3, 3}}, "groups: 2 does not divide the 3 output channels"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct plugin p;
        float *w;
        const fell_status result =
            fill(&p, cases[i].name, cases[i].settings, cases[i].shape, SIMD_PORTABLE, 1, &w);

        plugin_fails(&p, result, cases[i].message);
        plugin_close(&p);
        free(w);
    }
}
