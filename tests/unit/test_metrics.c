/* test_metrics.c - metrics over classes and values: small cases counted by hand, against the
 * definitions written out over all pairs, against scikit-learn's values, and where there is no value.
 */
#include "plugin_help.h"

enum { MOST = 64 };

/* The values of a metric. */
static void evaluate(const char *name, const char *settings, fell_metric_call c, double *value)
{
    struct plugin p;

    plugin_open(&p, ROLE_METRIC, name, settings, next_level(-1));
    c.ctx = &p.in.ctx;
    c.settings = p.settings;
    c.value = value;
    plugin_ok(&p, p.item->metric->eval(&c));
    plugin_close(&p);
}

static void expect_value(const char *name, const char *settings, fell_metric_call c, double want)
{
    double got = -1.0;

    evaluate(name, settings, c, &got);
    cr_expect((isnan(want) && isnan(got)) || fabs(got - want) <= 1e-7 * fmax(1.0, fabs(want)),
              "%s %s: %.9g, expected %.9g", name, settings, got, want);
}

/* Eight rows of four classes; the last is neither there nor predicted:
 *     true       0 0 0 1 1 2 2 2
 *     predicted  0 0 1 1 0 2 2 0 */
static const float outputs[8][4] = {{9, 1, 2, 0}, {3, 2, 1, 0}, {0, 5, 1, 0},  {1, 2, 1, 0},
                                    {4, 3, 0, 0}, {0, 1, 7, 0}, {1, 1, 2, -1}, {6, 1, 5, 0}};
static const int32_t labels[8] = {0, 0, 0, 1, 1, 2, 2, 2};

static fell_metric_call of_classes(void)
{
    return (fell_metric_call){.rows = 8,
                              .cols = 4,
                              .pred = outputs[0],
                              .label = labels,
                              .pred_is = FELL_LOGIT,
                              .target_is = FELL_ONE_CLASS};
}

Test(metrics, precision_recall_f1)
{
    const fell_metric_call c = of_classes();
    const double precision[4] = {2.0 / 4, 1.0 / 2, 1.0, NAN}, recall[4] = {2.0 / 3, 1.0 / 2, 2.0 / 3, NAN};
    const double f1[4] = {4.0 / 7, 1.0 / 2, 4.0 / 5, NAN};
    double got[4];

    expect_value("accuracy", "", c, 5.0 / 8);
    expect_value("precision", "", c, (2.0 / 4 + 1.0 / 2 + 1.0) / 3);
    expect_value("recall", "", c, (2.0 / 3 + 1.0 / 2 + 2.0 / 3) / 3);
    expect_value("f1", "", c, (4.0 / 7 + 1.0 / 2 + 4.0 / 5) / 3);
    expect_value("f1", "{average: micro}", c, 5.0 / 8);
    expect_value("precision", "{average: weighted}", c, (3 * 0.5 + 2 * 0.5 + 3 * 1.0) / 8);
    expect_value("recall", "{average: weighted}", c, 5.0 / 8);
    evaluate("precision_per_class", "", c, got);
    for (int k = 0; k < 4; k++)
        cr_expect(isnan(precision[k]) ? isnan(got[k]) : got[k] == precision[k]);
    evaluate("recall_per_class", "", c, got);
    for (int k = 0; k < 4; k++)
        cr_expect(isnan(recall[k]) ? isnan(got[k]) : got[k] == recall[k]);
    evaluate("f1_per_class", "", c, got);
    for (int k = 0; k < 4; k++)
        cr_expect(isnan(f1[k]) ? isnan(got[k]) : got[k] == f1[k]);
}

/* exp of the mean of -log p: by hand of two rows, and of outputs that are alike. */
Test(metrics, perplexity_of_what_outputs_are)
{
    static const float logits[2][3] = {{1, 2, 3}, {-800, 100, 0}}, alike[2][3] = {{7, 7, 7}, {-2, -2, -2}},
                       shares[2][3] = {{0.25f, 0.25f, 0.5f}, {0.125f, 0.75f, 0.125f}}, weights[2] = {3, 1};
    static const int32_t label[2] = {2, 1};
    fell_metric_call c = {.rows = 2,
                          .cols = 3,
                          .pred = logits[0],
                          .label = label,
                          .pred_is = FELL_LOGIT,
                          .target_is = FELL_ONE_CLASS};
    const double first = log(exp(1) + exp(2) + exp(3)) - 3;
    double got;

    evaluate("perplexity", "", c, &got); /* the second row is sure */
    cr_expect_float_eq(got, exp(first / 2), 1e-6);
    c.weight = weights;
    evaluate("perplexity", "", c, &got);
    cr_expect_float_eq(got, exp(3 * first / 4), 1e-6);
    c.weight = NULL;
    c.pred = alike[0];
    evaluate("perplexity", "", c, &got);
    cr_expect_float_eq(got, 3.0, 1e-6);
    c.pred = shares[0];
    c.pred_is = FELL_PROB;
    evaluate("perplexity", "", c, &got);
    cr_expect_float_eq(got, 1 / sqrt(0.5 * 0.75), 1e-6);
    c.rows = 0;
    evaluate("perplexity", "", c, &got);
    cr_expect(isnan(got));
}

Test(metrics, one_column_is_a_question)
{
    static const float pred[6] = {0.9f, 0.6f, 0.2f, 0.4f, 0.7f, 0.1f}, target[6] = {1, 0, 1, 0, 1, 0};
    fell_metric_call c = {.rows = 6,
                          .cols = 1,
                          .pred = pred,
                          .target = target,
                          .pred_is = FELL_PROB,
                          .target_is = FELL_YES_NO,
                          .cut = 0.5,
                          .target_cut = 0.5};

    expect_value("precision", "", c, 2.0 / 3);
    expect_value("recall", "", c, 2.0 / 3);
    expect_value("f1", "", c, 2.0 / 3);
    expect_value("auc", "", c, 7.0 / 9);
    c.pred_is = FELL_LOGIT; /* all are yes */
    c.cut = 0.0;
    expect_value("precision", "", c, 0.5);
    expect_value("recall", "", c, 1.0);
}

Test(metrics, nothing_predicted)
{
    static const float pred[3] = {0.1f, 0.2f, 0.3f}, target[3] = {1, 0, 1}, never[3] = {0, 0, 0};
    fell_metric_call c = {.rows = 3,
                          .cols = 1,
                          .pred = pred,
                          .target = target,
                          .pred_is = FELL_PROB,
                          .target_is = FELL_YES_NO,
                          .cut = 0.5,
                          .target_cut = 0.5};

    expect_value("precision", "", c, 0.0);
    expect_value("recall", "", c, 0.0);
    expect_value("f1", "", c, 0.0);
    c.target = never;
    expect_value("auc", "", c, NAN);
}

Test(metrics, confusion)
{
    static const double want[16] = {2, 1, 0, 0, 1, 1, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0};
    double got[16];

    evaluate("confusion", "", of_classes(), got);
    for (int i = 0; i < 16; i++)
        cr_expect_eq(got[i], want[i], "pair %d: %g", i, got[i]);
}

Test(metrics, top_k)
{
    fell_metric_call c = of_classes();
    struct plugin p;
    double value;

    expect_value("top_k", "{k: 1}", c, 5.0 / 8);
    expect_value("top_k", "{k: 2}", c, 7.0 / 8);
    expect_value("top_k", "{k: 4}", c, 1.0);
    plugin_open(&p, ROLE_METRIC, "top_k", "", SIMD_PORTABLE);
    c.ctx = &p.in.ctx;
    c.settings = p.settings;
    c.value = &value;
    c.rows = 0; /* as before training */
    plugin_fails(&p, p.item->metric->eval(&c), "k: 5, but there are 4 outputs");
    plugin_close(&p);
}

/* By the definition: over all pairs of a row of the class and another. */
static double area_by_pairs(const float *score, const int32_t *label, int64_t n, int32_t k)
{
    double won = 0.0, pairs = 0.0;

    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            if (label[i] == k && label[j] != k) {
                won += score[i] > score[j] ? 1.0 : score[i] == score[j] ? 0.5 : 0.0;
                pairs += 1.0;
            }
    return won / pairs;
}

Test(metrics, auc)
{
    float *pred = floats_normal(3 * MOST, 1.0f, 5), score[MOST];
    int32_t label[MOST];
    fell_metric_call c = {.rows = MOST,
                          .cols = 3,
                          .pred = pred,
                          .label = label,
                          .pred_is = FELL_REAL,
                          .target_is = FELL_ONE_CLASS};
    double want = 0.0;

    for (int i = 0; i < MOST; i++)
        label[i] = (int32_t)(i * i % 3 + (i % 5 == 0));
    for (int i = 0; i < 3 * MOST; i++)
        pred[i] = roundf(4.0f * pred[i]) / 4.0f; /* with ties */
    for (int32_t k = 0; k < 3; k++) {
        for (int i = 0; i < MOST; i++)
            score[i] = pred[3 * i + k];
        want += area_by_pairs(score, label, MOST, k) / 3.0;
    }
    expect_value("auc", "", c, want);

    c.cols = 2; /* two classes: by the second; for logits as for their difference */
    c.pred_is = FELL_LOGIT;
    for (int i = 0; i < MOST; i++) {
        label[i] = label[i] > 0;
        score[i] = pred[2 * i + 1] - pred[2 * i];
    }
    expect_value("auc", "", c, area_by_pairs(score, label, MOST, 1));
    free(pred);
}

Test(metrics, auc_of_logits)
{
    /* LARGE: the softmax is 1 to the last bit of a float. */
    static const float small[9] = {0.6931472f, -1, -1, 3, 3, -9, 1, 1, 1.6931472f},
                       large[12] = {200, 0, 0, 100, 0, 0, 150, 0, 0, 50, 0, 0};
    /* Class 0 leads by 20 less the log of 1 and e^-20, e^-25 or nothing: less than a float can tell. The
     * second row and the third say the same in another order. Value of scikit-learn 1.7 for scores in double.
     */
    static const float far[12] = {20, 0, -20, 20, -25, 0, 21, 1, -24, 20, -99, 0};
    static const int32_t label[4] = {0, 0, 1, 1}, first[3] = {0, 1, 0};
    fell_metric_call c = {.rows = 4,
                          .cols = 3,
                          .pred = large,
                          .label = label,
                          .pred_is = FELL_LOGIT,
                          .target_is = FELL_ONE_CLASS};

    expect_value("auc", "", c, 0.75);
    c.pred = far;
    expect_value("auc", "", c, 0.25);
    c.rows = 3;
    c.pred = small; /* class 0: 0.73, 0.50, 0.25; class 1: 0.13, 0.50, 0.25 */
    c.label = first;
    expect_value("auc", "", c, (0.5 + 1.0) / 2);
}

Test(metrics, errors_of_values)
{
    static const float pred[6] = {1, 10, 2, 30, 4, 20}, target[6] = {1, 12, 3, 28, 5, 20},
                       flat[6] = {2, 1, 2, 2, 2, 3};
    fell_metric_call c = {.rows = 3, .cols = 2, .pred = pred, .target = target};

    expect_value("rmse", "", c, sqrt((0 + 4 + 1 + 4 + 1 + 0) / 6.0));
    expect_value("mae", "", c, 1.0);
    expect_value("r2", "", c, 0.5 * ((1 - 2.0 / 8) + (1 - 8.0 / 128)));
    c.target = flat; /* the first column never changes */
    expect_value("r2", "", c, 0.5 * (0 + (1 - 1154.0 / 2)));
    c.rows = 1;
    expect_value("r2", "", c, NAN);
}

Test(metrics, no_rows)
{
    static const char *const names[] = {"accuracy", "precision", "recall", "f1", "auc"};
    const fell_metric_call c = {
        .rows = 0, .cols = 3, .pred = outputs[0], .label = labels, .target_is = FELL_ONE_CLASS};
    const fell_metric_call values = {.rows = 0, .cols = 1, .pred = outputs[0], .target = outputs[0]};

    for (size_t i = 0; i < COUNT(names); i++)
        expect_value(names[i], "", c, NAN);
    expect_value("rmse", "", values, NAN);
    expect_value("r2", "", values, NAN);
}

/* ---- what scikit-learn says (tests/reference/metrics.json) ------------------------------------- */

enum { MOST_VALUES = 256 };

static const char *text_at(const cJSON *one, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(one, key));
}

/* The index of WORD in WORDS, which has it. */
static uint64_t word_index(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    cr_assert_fail("no word '%s'", word);
    return 0;
}

/* A list of numbers, or of lists of these, as N floats; free() them. */
static float *floats_at(const cJSON *list, int64_t *n)
{
    const int64_t rows = cJSON_GetArraySize(list),
                  cols = cJSON_IsArray(list->child) ? cJSON_GetArraySize(list->child) : 1;
    float *x = floats_of(rows * cols, 0.0f);
    const cJSON *row, *one;
    int64_t at = 0;

    cJSON_ArrayForEach(row, list)
    {
        if (!cJSON_IsArray(row))
            x[at++] = (float)row->valuedouble;
        else
            cJSON_ArrayForEach(one, row) x[at++] = (float)one->valuedouble;
    }
    cr_assert_eq(at, rows * cols);
    *n = rows * cols;
    return x;
}

/* One metric of a case, with the outputs and targets of C. */
static void compare_value(const cJSON *one, const char *what, fell_metric_call c)
{
    char *options = cJSON_PrintUnformatted(cJSON_GetObjectItem(one, "options"));
    const cJSON *want = cJSON_GetObjectItem(one, "value");
    const int n = cJSON_GetArraySize(want);
    double got[MOST_VALUES];

    cr_assert_leq(n, MOST_VALUES);
    evaluate(text_at(one, "name"), options, c, got);
    for (int i = 0; i < n; i++) {
        const cJSON *w = cJSON_GetArrayItem(want, i);

        cr_expect(cJSON_IsNull(w) ? isnan(got[i])
                                  : fabs(got[i] - w->valuedouble) <= 1e-6 * fmax(1.0, fabs(w->valuedouble)),
                  "%s: %s %s [%d]: %.9g, scikit-learn has %.9g", what, text_at(one, "name"), options, i,
                  got[i], cJSON_IsNull(w) ? (double)NAN : w->valuedouble);
    }
    free(options);
}

static void compare_case(const cJSON *one)
{
    static const char *const meanings[] = {"real", "probability", "logit", "log_probability"},
                             *const targets[] = {"", "numbers", "one_class", "yes_no"};
    fell_metric_call c = {.pred_is = word_index(text_at(one, "prediction_is"), meanings, COUNT(meanings)),
                          .target_is = word_index(text_at(one, "target_is"), targets, COUNT(targets)),
                          .cut = cJSON_GetObjectItem(one, "cut")->valuedouble,
                          .target_cut = cJSON_GetObjectItem(one, "target_cut")->valuedouble};
    int64_t n, ntargets;
    float *pred = floats_at(cJSON_GetObjectItem(one, "prediction"), &n),
          *target = floats_at(cJSON_GetObjectItem(one, "target"), &ntargets);
    int32_t *label = mem_array((size_t)ntargets, sizeof *label);

    c.rows = cJSON_GetArraySize(cJSON_GetObjectItem(one, "prediction"));
    c.cols = n / c.rows;
    c.pred = pred;
    for (int64_t i = 0; i < ntargets; i++)
        label[i] = (int32_t)target[i];
    if (c.target_is == FELL_ONE_CLASS)
        c.label = label;
    else
        c.target = target;
    compare_value(one, text_at(one, "what"), c);
    free(pred);
    free(target);
    free(label);
}

Test(metrics, as_scikit_learn)
{
    const char *srcdir = getenv("srcdir");
    char *path = mem_format("%s/tests/reference/metrics.json", srcdir ? srcdir : ".");
    cJSON *root, *cases, *one;
    struct error err;
    int n = 0;

    cr_assert_eq(cases_read(path, &root, &cases, &err), OK, "%s", err.text);
    cJSON_ArrayForEach(one, cases)
    {
        compare_case(one);
        n++;
    }
    cr_assert_geq(n, 60);
    cJSON_Delete(root);
    free(path);
}
