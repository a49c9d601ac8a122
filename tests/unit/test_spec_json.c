/* test_spec_json.c - a resolved spec as JSON: every default is there, and it reads back to
 * the same spec, as workers do.
 */
#include "spec/spec.h"
#include "spec_help.h"

static char *json_of(const struct spec *s)
{
    cJSON *json = spec_to_json(s);
    char *text = cJSON_PrintUnformatted(json);

    cJSON_Delete(json);
    return text;
}

Test(spec_json, has_every_default)
{
    struct spec_reading r =
        read_spec("name: n\nseed: 7\n" DATA "model: [{dense: {units: 2, activation: relu, init: zeros}}, "
                  "{dense: {units: 1, from: [dense1]}}]\n" REST);
    char *text;

    cr_assert_not_null(r.spec);
    text = json_of(r.spec);
    cr_expect_str_eq(
        text,
        "{\"name\":\"n\",\"seed\":7,\"repeats\":1,\"retries\":0,"
        "\"data\":{\"source\":{\"xor\":{\"rows\":4,\"noise\":0}},\"transforms\":[]},"
        "\"model\":[{\"dense\":{\"units\":2,\"bias\":true,\"name\":\"dense1\",\"from\":[\"input\"],"
        "\"init\":{\"weight\":{\"zeros\":{}}},\"lr_factor\":1,\"trainable\":true}},"
        "{\"relu\":{\"name\":\"relu1\",\"from\":[\"dense1\"]}},"
        "{\"dense\":{\"units\":1,\"bias\":true,\"name\":\"dense2\",\"from\":[\"relu1\"],\"lr_factor\":1,"
        "\"trainable\":true}}],"
        "\"loss\":{\"mse\":{\"weight\":[]}},"
        "\"optimizer\":{\"sgd\":{\"lr\":0.001,\"momentum\":0,\"dampening\":0,\"nesterov\":false,\"weight_"
        "decay\":0,\"maximize\":false}},"
        "\"schedule\":[],\"metrics\":[],"
        "\"train\":{\"epochs\":1,\"batch_size\":32,\"shuffle\":true,\"initial_weights\":null,\"threads\":1},"
        "\"record\":{\"gradients\":\"epoch\"},"
        "\"limits\":{\"seconds\":0,\"cpu_seconds\":0,\"memory_mb\":0},\"on_failure\":\"continue\"}");
    free(text);
    spec_done(&r);
}

/* Words for readers are read, and no part of what is trained. */
Test(spec_json, words_about_the_data_are_left_out)
{
    struct spec_reading with = read_spec("seed: 1\ndata: {about: made up, source: xor}\n" MODEL REST);
    struct spec_reading without = read_spec("seed: 1\ndata: {source: xor}\n" MODEL REST);
    char *a, *b;

    cr_assert(with.spec && without.spec);
    cr_expect_str_eq(with.spec->data.about, "made up");
    cr_expect_null(without.spec->data.about);
    a = json_of(with.spec);
    b = json_of(without.spec);
    cr_expect_str_eq(a, b);
    free(a);
    free(b);
    spec_done(&with);
    spec_done(&without);
}

Test(spec_json, round_trip)
{
    static const char *const yamls[] = {
        "seed: 9007199254740993\n" DATA MODEL REST,
        "seed: 1\n" DATA "model: [{dense: {units: 2, activation: {leaky_relu: {negative_slope: "
        "0.30000000000000004}}, init: {weight: {constant: {value: 1e-310}}, bias: zeros}}},"
        " {dense: {units: 2, name: b, lr_factor: 0.1, trainable: no}}, {add: {from: [dense1, b]}}, {concat: "
        "{from: [add1, input], axis: -1}}, {dense: {units: 1, init: he_normal}}]\n" REST
        "schedule: {step: {every: 4}}\nmetrics: [mae]\nrecord: {gradients: none}\ncheckpoint: {every: 3, "
        "keep: last}\n",
        "seed: 2\ndata: {source: {csv: {path: 'a \"b\".csv', target: [y, 'z \\ \xc3\xa9'], shape: [1, 2]}}, "
        "validation: 0.1, test: {csv: {path: /t.csv, target: 3}},"
        " transforms: [standardize, {one_hot: {classes: 3}}]}\nmodel: [relu, {dense: {units: 3}}]\nloss: "
        "{cross_entropy: {class_weights: [0.1, 1, 2]}}\noptimizer: adam\n"
        "train: {epochs: 2, clip_norm: 0.1, initial_weights: w, early_stopping: {monitor: "
        "validation.loss}}\nrecord: {gradients: {step: 7}}\ncheckpoint: {}\n",
        "seed: 3\non_failure: 7\nretries: 2\ndata: {source: xor, validation: spiral}\n" MODEL REST
        "schedule: [{cosine: {period: 3}}, constant]\nlimits: {seconds: 1.5, cpu_seconds: 0.1, memory_mb: "
        "2e3}\n",
        "seed: 4\non_failure: stop\n" DATA MODEL REST,
    };

    for (size_t i = 0; i < sizeof yamls / sizeof *yamls; i++) {
        struct spec_reading first = read_spec(yamls[i]), second;
        char *text, *again;

        expect_messages(first.diag, "", yamls[i]);
        cr_assert_not_null(first.spec, "%s", yamls[i]);
        text = json_of(first.spec);
        second = read_spec(text);
        expect_messages(second.diag, "", text);
        cr_assert_not_null(second.spec, "%s", text);
        again = json_of(second.spec);
        cr_expect_str_eq(again, text);
        cr_expect_eq(second.spec->seed, first.spec->seed);
        free(text);
        free(again);
        spec_done(&first);
        spec_done(&second);
    }
}
