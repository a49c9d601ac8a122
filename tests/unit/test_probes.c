/* test_probes.c - what probes say of nets, against PyTorch in float64: tests/reference/more/probes.json.
 *
 * Within a thousandth; eigenvalues, and the trace, within a hundredth of the largest.
 */
#include "engine_fixture.h"

#include <cjson/cJSON.h>

#include "engine/look.h"
#include "../../plugins/probe/eigenvalues.h"

static cJSON *read_cases(void)
{
    const char *folder = getenv("srcdir");
    char *path = path_join(folder ? folder : ".", "tests/reference/more/probes.json"), *text;
    struct error err;
    size_t len;
    cJSON *json;

    cr_assert_eq(file_read(path, &text, &len, &err), OK, "%s", err.text);
    json = cJSON_ParseWithLength(text, len);
    cr_assert_not_null(json);
    free(text);
    free(path);
    return json;
}

/* All numbers of a nested list, in order; how many. */
static int64_t flatten(const cJSON *node, float *out, int64_t n)
{
    const cJSON *child;

    if (cJSON_IsNumber(node)) {
        if (out)
            out[n] = (float)node->valuedouble;
        return n + 1;
    }
    cJSON_ArrayForEach(child, node) n = flatten(child, out, n);
    return n;
}

static fell_shape row_shape(const cJSON *x)
{
    fell_shape s = {0};

    for (const cJSON *d = cJSON_GetArrayItem(x, 0); cJSON_IsArray(d); d = cJSON_GetArrayItem(d, 0))
        s.dim[s.rank++] = cJSON_GetArraySize(d);
    return s;
}

struct job {
    struct fixture f;
    struct net *net;
    struct looks *looks;
    double lr;
};

/* The net of a case with its weights and rows, and PROBES. */
static void job_init(struct job *j, const cJSON *c, const char *probes)
{
    const cJSON *x = cJSON_GetObjectItem(c, "x"), *target = cJSON_GetObjectItem(c, "target"), *entry;
    const bool classes = cJSON_IsNumber(cJSON_GetArrayItem(target, 0));
    const int64_t n = cJSON_GetArraySize(x);
    struct strbuf text = {0};
    int64_t nclasses = 0;

    j->lr = cJSON_GetObjectItem(c, "lr")->valuedouble;
    strbuf_addf(&text, "loss: %s\noptimizer: {sgd: {lr: %g}}\ntrain: {epochs: 1, batch_size: 5}\nmodel:\n",
                cJSON_GetObjectItem(c, "loss")->valuestring, cJSON_GetObjectItem(c, "lr")->valuedouble);
    cJSON_ArrayForEach(entry, cJSON_GetObjectItem(c, "model"))
        strbuf_addf(&text, "  - %s\n", entry->valuestring);
    strbuf_addf(&text, "probes:\n%s", probes);
    fixture_init(&j->f, text.text);
    strbuf_release(&text);
    for (int64_t i = 0; classes && i < n; i++)
        nclasses = cJSON_GetArrayItem(target, (int)i)->valueint >= nclasses
                       ? cJSON_GetArrayItem(target, (int)i)->valueint + 1
                       : nclasses;
    fixture_data(&j->f, n, row_shape(x), nclasses,
                 classes ? 0 : cJSON_GetArraySize(cJSON_GetArrayItem(target, 0)));
    flatten(x, j->f.data.split[SPLIT_TRAIN].x, 0);
    if (classes)
        for (int64_t i = 0; i < n; i++)
            j->f.data.split[SPLIT_TRAIN].label[i] = cJSON_GetArrayItem(target, (int)i)->valueint;
    else
        flatten(target, j->f.data.split[SPLIT_TRAIN].target, 0);
    j->net = fixture_net(&j->f);
    cr_assert_not_null(j->net, "%s", j->f.problem.text);
    cJSON_ArrayForEach(entry, cJSON_GetObjectItem(c, "parameters"))
    {
        char layer[64];
        const char *dot = strchr(entry->string, '.');

        snprintf(layer, sizeof layer, "%.*s", (int)(dot - entry->string), entry->string);
        flatten(entry, net_weights(j->net, fixture_tensor(j->net, layer, dot + 1)), 0);
    }
    cr_assert_eq(looks_new(j->f.spec, &j->f.data, &j->f.learner, &j->f.env, 1, &j->looks, &j->f.problem), OK,
                 "%s", j->f.problem.text);
}

static void job_release(struct job *j)
{
    looks_free(j->looks);
    fixture_release(&j->f);
}

static const struct probe_value *find(const struct job *j, const struct probe_report *r, const char *number,
                                      const char *layer, int64_t position)
{
    for (size_t i = 0; i < r->n; i++)
        if (!strcmp(looks_number(j->looks, r->probe, r->value[i].number), number) &&
            !strcmp(looks_layer(j->looks, r->probe, r->value[i].number, r->value[i].at), layer) &&
            r->value[i].position == position)
            return &r->value[i];
    return NULL;
}

static void expect(const struct job *j, const struct probe_report *r, const char *number, const char *layer,
                   int64_t position, const cJSON *wanted, double scale)
{
    const struct probe_value *v = find(j, r, number, layer, position);

    if (!cJSON_IsNumber(wanted)) {
        cr_expect_null(v, "%s of '%s'", number, layer);
        return;
    }
    cr_assert_not_null(v, "%s of '%s' at %lld is not recorded", number, layer, (long long)position);
    cr_expect(fabs(v->value - wanted->valuedouble) <= scale, "%s of '%s' at %lld: %.9g, expected %.9g",
              number, layer, (long long)position, v->value, wanted->valuedouble);
}

static double near(const cJSON *wanted)
{
    return cJSON_IsNumber(wanted) ? 1e-3 * fmax(fabs(wanted->valuedouble), 1e-3) : 0;
}

/* One look of the probe P of a case, at epoch 0. */
static struct probe_report look_once(struct job *j, size_t p)
{
    const struct look_time t = {0, 0, j->lr};
    struct probe_report r;
    struct error err;
    status result;

    while (looks_next(j->looks, &t, false, &p, &r, &result, &err))
        return r;
    cr_assert_fail("%s", err.text);
    return r;
}

static void check_layers(const cJSON *c, const char *probes, const char *group, const char *prefix,
                         const char *const *names)
{
    struct job j;
    struct probe_report r;
    const cJSON *layer;

    job_init(&j, c, probes);
    r = look_once(&j, 0);
    cJSON_ArrayForEach(layer, cJSON_GetObjectItem(cJSON_GetObjectItem(c, "expected"), group))
    {
        for (const char *const *name = names; *name; name++) {
            char key[64];

            snprintf(key, sizeof key, "%s%s", prefix, *name);
            if (!strcmp(*name, "spectral_norm"))
                snprintf(key, sizeof key, "%s", *name);
            expect(&j, &r, *name, layer->string, 0, cJSON_GetObjectItem(layer, key),
                   near(cJSON_GetObjectItem(layer, key)));
        }
    }
    job_release(&j);
}

static void each_case(void (*fn)(const cJSON *c))
{
    cJSON *all = read_cases(), *c;

    cJSON_ArrayForEach(c, cJSON_GetObjectItem(all, "cases")) fn(c);
    cJSON_Delete(all);
}

static void activations(const cJSON *c)
{
    static const char *const names[] = {
        "mean", "sd", "zero_share", "dead_units", "effective_rank", "participation_ratio", NULL};

    check_layers(c, "  - activations\n", "activations", "", names);
}

Test(probes, activations)
{
    each_case(activations);
}

static void weights(const cJSON *c)
{
    static const char *const names[] = {"mean", "sd", "max_abs", "spectral_norm", NULL};

    check_layers(c, "  - weights\n", "parameters", "weight_", names);
}

Test(probes, weights)
{
    each_case(weights);
}

static void gradient_noise(const cJSON *c)
{
    static const char *const names[] = {"loss",
                                        "gradient_norm",
                                        "gradient_variance_trace",
                                        "gsnr_mean",
                                        "noise_scale_simple",
                                        "gradient_diversity",
                                        "norm_test",
                                        "inner_product_test",
                                        "orthogonality_test",
                                        "cabs_batch",
                                        NULL};
    const cJSON *expected = cJSON_GetObjectItem(c, "expected"), *layer;
    struct job j;
    struct probe_report r;

    job_init(&j, c, "  - gradient_noise\n");
    r = look_once(&j, 0);
    for (const char *const *name = names; *name; name++)
        expect(&j, &r, *name, "", 0, cJSON_GetObjectItem(expected, *name),
               near(cJSON_GetObjectItem(expected, *name)));
    cJSON_ArrayForEach(layer, cJSON_GetObjectItem(expected, "parameters"))
        expect(&j, &r, "tensor_gradient_norm", layer->string, 0, cJSON_GetObjectItem(layer, "grad_norm"),
               near(cJSON_GetObjectItem(layer, "grad_norm")));
    job_release(&j);
}

Test(probes, gradient_noise)
{
    each_case(gradient_noise);
}

static void sharpness(const cJSON *c)
{
    const cJSON *expected = cJSON_GetObjectItem(c, "expected"),
                *top = cJSON_GetObjectItem(expected, "hessian_top");
    const double largest = cJSON_GetArrayItem(top, 0)->valuedouble;
    struct job j;
    struct probe_report r;

    job_init(&j, c, "  - sharpness: {top: 5, tolerance: 0.001}\n");
    r = look_once(&j, 0);
    for (int i = 0; i < 5; i++)
        expect(&j, &r, "eigenvalues", "", i, cJSON_GetArrayItem(top, i), 0.01 * largest);
    expect(&j, &r, "eigenvalue", "", 0, cJSON_GetArrayItem(top, 0), 0.01 * largest);
    expect(&j, &r, "lowest", "", 0, cJSON_GetObjectItem(expected, "hessian_bottom"), 0.01 * largest);
    expect(&j, &r, "trace", "", 0, cJSON_GetObjectItem(expected, "hessian_trace"), 0.01 * largest);
    job_release(&j);
}

Test(probes, sharpness)
{
    each_case(sharpness);
}

static void samples(const cJSON *c)
{
    static const char *const names[][2] = {{"loss", "row_loss"}, {"el2n", "el2n"}, {"margin", "margin"}};
    const cJSON *expected = cJSON_GetObjectItem(c, "expected");
    struct job j;
    struct probe_report r;

    job_init(&j, c, "  - samples\n");
    r = look_once(&j, 0);
    for (size_t k = 0; k < 3; k++) {
        const cJSON *rows = cJSON_GetObjectItem(expected, names[k][1]);

        for (int i = 0; i < cJSON_GetArraySize(rows); i++)
            expect(&j, &r, names[k][0], "", i, cJSON_GetArrayItem(rows, i),
                   near(cJSON_GetArrayItem(rows, i)));
    }
    job_release(&j);
}

Test(probes, samples)
{
    each_case(samples);
}

/* A net of one dense layer [UNITS,INPUTS], and two rows of ones. */
enum { UNITS = 140, INPUTS = 150 };

static cJSON *one_layer(void)
{
    struct strbuf text = {0};
    cJSON *c;

    strbuf_addf(&text, "{\"lr\": 0.1, \"loss\": \"mse\", \"model\": [\"dense: {units: %d}\"], \"x\": [",
                UNITS);
    for (int r = 0; r < 2; r++)
        for (int i = 0; i < INPUTS; i++)
            strbuf_addf(&text, "%s1%s", i ? "," : r ? ",[" : "[", i == INPUTS - 1 ? "]" : "");
    strbuf_addf(&text, "], \"target\": [");
    for (int r = 0; r < 2; r++)
        for (int i = 0; i < UNITS; i++)
            strbuf_addf(&text, "%s1%s", i ? "," : r ? ",[" : "[", i == UNITS - 1 ? "]" : "");
    strbuf_addf(&text, "]}");
    c = cJSON_Parse(text.text);
    cr_assert_not_null(c);
    strbuf_release(&text);
    return c;
}

/* Of a matrix whose norm is known, also where its squares are too large for a float, or too small. */
Test(probes, spectral_norm_at_any_scale)
{
    cJSON *c = one_layer();
    const double scales[] = {1.0, 1e-22, 1e22};

    for (size_t k = 0; k < sizeof scales / sizeof *scales; k++) {
        double left = 0.0, right = 0.0;
        const struct probe_value *v;
        struct probe_report r;
        struct job j;
        float *w;

        job_init(&j, c, "  - weights\n");
        w = net_weights(j.net, fixture_tensor(j.net, "dense1", "weight"));
        for (int i = 0; i < UNITS; i++)
            for (int q = 0; q < INPUTS; q++)
                w[i * INPUTS + q] = (float)(scales[k] * (1 + i % 5) * (1 + q % 7));
        for (int i = 0; i < UNITS; i++)
            left += (double)((1 + i % 5) * (1 + i % 5));
        for (int q = 0; q < INPUTS; q++)
            right += (double)((1 + q % 7) * (1 + q % 7));
        r = look_once(&j, 0);
        v = find(&j, &r, "spectral_norm", "dense1.weight", 0);
        cr_assert_not_null(v);
        cr_expect_float_eq(v->value / scales[k], sqrt(left * right), 1e-6 * sqrt(left * right), "%g: %.9g",
                           scales[k], v->value);
        job_release(&j);
    }
    cJSON_Delete(c);
}

/* A weight that is no number leaves the tensor without these, and the outputs without ranks. */
Test(probes, no_numbers_of_what_is_no_number)
{
    static const char *const names[][2] = {{"max_abs", "dense1.weight"},
                                           {"spectral_norm", "dense1.weight"},
                                           {"effective_rank", "dense1"},
                                           {"participation_ratio", "dense1"}};
    cJSON *c = one_layer();
    struct probe_report r;
    struct job j;

    job_init(&j, c, "  - weights\n  - activations\n");
    net_weights(j.net, fixture_tensor(j.net, "dense1", "weight"))[UNITS * INPUTS / 2] = NAN;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        const struct probe_value *v;

        if (k % 2 == 0)
            r = look_once(&j, k / 2);
        v = find(&j, &r, names[k][0], names[k][1], 0);
        cr_assert_not_null(v, "%s", names[k][0]);
        cr_expect(isnan(v->value), "%s: %g", names[k][0], v->value);
    }
    job_release(&j);
    cJSON_Delete(c);
}

static void reduce(double *a, int64_t n, double *d, double *e)
{
    static double work[4 * 152];
    fell_ctx plain = {.simd = FELL_SIMD_PORTABLE};

    linear_tridiagonal(&(struct linear_tridiagonal){&plain, a, d, e, work, n});
}

/* The eigenvalues of x'x [MANY,MANY] and of xx' [ROWS,ROWS]: those that are not 0 are the same. Most units
 * are 0 for most rows, as behind a relu, so that what is left of x'x after its rank is rounding alone. Those
 * of one have the same bits beside another. */
Test(probes, eigenvalues_of_a_low_rank)
{
    enum { MANY = 144, ROWS = 20 };
    static double x[ROWS][MANY], wide[152 * 152], small[24 * 24], many[MANY], few[ROWS], alone[ROWS],
        e[3][MANY];
    uint32_t word = 1;

    for (int turn = 0; turn < 10; turn++) {
        for (int r = 0; r < ROWS; r++)
            for (int i = 0; i < MANY; i++) {
                word = word * 1664525u + 1013904223u;
                x[r][i] = (word >> 24) % 3 == 0 && i % 7 != 0 ? (double)(word >> 22) / 1024.0 : 0.0;
            }
        memset(wide, 0, sizeof wide);
        memset(small, 0, sizeof small);
        for (int r = 0; r < ROWS; r++) {
            for (int i = 0; i < MANY; i++)
                for (int j = 0; j < MANY; j++)
                    wide[i * linear_stride(MANY) + j] += x[r][i] * x[r][j];
            for (int q = 0; q < ROWS; q++)
                small[r * linear_stride(ROWS) + q] = linear_dot(x[r], x[q], MANY);
        }
        reduce(wide, MANY, many, e[0]);
        reduce(small, ROWS, few, e[1]);
        memcpy(alone, few, sizeof few);
        memcpy(e[2], e[1], sizeof e[1]);
        cr_assert_eq(
            linear_values((struct linear_spectrum[]){{.d = many, .e = e[0], .n = MANY, .least = 1e-16},
                                                     {.n = 0},
                                                     {.d = few, .e = e[1], .n = ROWS, .least = 1e-16}},
                          3),
            -1, "turn %d", turn);
        cr_assert_eq(
            linear_values(&(struct linear_spectrum){.d = alone, .e = e[2], .n = ROWS, .least = 1e-16}, 1),
            -1);
        cr_assert_arr_eq(alone, few, sizeof few, "turn %d", turn);
        for (int i = 0; i < MANY; i++)
            cr_assert_float_eq(many[i], i < ROWS ? few[i] : 0.0, 1e-13 * few[0], "turn %d, %d: %.17g", turn,
                               i, many[i]);
    }
}
