/* test_repeat.c - `repeat` and `residual`: the entries that they stand for, and so the same job of a worker
 * and the same bits as of the entries written out; swept depth; what is refused.
 */
#include "experiment_help.h"

static char *model_yaml(const char *model, const char *rest)
{
    return mem_format(
        "seed: 1\ndata: {source: xor}\nloss: mse\noptimizer: sgd\ntrain: {epochs: 1}\nmodel: %s\n%s", model,
        rest);
}

static void expect_same(const char *model, const char *written)
{
    char *a = model_yaml(model, ""), *b = model_yaml(written, "");
    struct loaded x = load(a, 0, NULL), y;

    expect_messages(x.diag, "", model);
    cr_assert_not_null(x.e, "%s", model);
    y = load(b, 0, NULL);
    expect_messages(y.diag, "", written);
    cr_assert_not_null(y.e, "%s", written);
    cr_expect_str_eq(trial_of(&x, 0).resolved, trial_of(&y, 0).resolved, "%s", model);
    cr_expect_str_eq(x.e->spec_sha256, y.e->spec_sha256);
    done(&y);
    cr_expect_eq(chdir(x.folder), 0);
    done(&x);
    free(a);
    free(b);
}

Test(repeat, is_its_entries_written_out)
{
    expect_same(
        "[{dense: {units: 2}}, {repeat: {times: 2, model: [{dense: {units: 3, activation: relu, name: a}}, "
        "tanh]}}, {dense: {units: 1}}]",
        "[{dense: {units: 2}}, {dense: {units: 3, name: a.1}}, relu, tanh, {dense: {units: 3, name: a.2}}, "
        "relu, tanh, {dense: {units: 1}}]");
    /* nested: the outer number first; default names count on */
    expect_same(
        "[{repeat: {times: 2, model: [{dense: {units: 2, name: b}}, {repeat: {times: 2, model: [{dense: "
        "{units: 2, name: c}}, relu]}}]}}, {dense: {units: 1}}]",
        "[{dense: {units: 2, name: b.1}}, {dense: {units: 2, name: c.1.1}}, relu, {dense: {units: 2, name: "
        "c.1.2}}, relu, {dense: {units: 2, name: b.2}}, {dense: {units: 2, name: c.2.1}}, relu, {dense: "
        "{units: 2, name: c.2.2}}, relu, {dense: {units: 1, name: dense7}}]");
    expect_same("[{repeat: {times: 0, model: [relu]}}, {dense: {units: 1}}]", "[{dense: {units: 1}}]");
}

Test(repeat, takes_from_its_own_copy_first)
{
    expect_same(
        "[{dense: {units: 2, name: z}}, {repeat: {times: 2, model: [{dense: {units: 2, name: a}}, {dense: "
        "{units: 2, name: b}}, {add: {from: [a, b, z]}}]}}, {add: {from: [add2, a.1]}}]",
        "[{dense: {units: 2, name: z}}, {dense: {units: 2, name: a.1}}, {dense: {units: 2, name: b.1}}, "
        "{add: "
        "{from: [a.1, b.1, z]}}, {dense: {units: 2, name: a.2}}, {dense: {units: 2, name: b.2}}, {add: "
        "{from: "
        "[a.2, b.2, z]}}, {add: {from: [add2, a.1]}}]");
    /* of the copy around it, where its own has none */
    expect_same("[{repeat: {times: 2, model: [{dense: {units: 2, name: a}}, {repeat: {times: 1, model: "
                "[{relu: {name: r}}, {add: "
                "{from: [r, a]}}]}}]}}, {dense: {units: 1}}]",
                "[{dense: {units: 2, name: a.1}}, {relu: {name: r.1.1}}, {add: {from: [r.1.1, a.1]}}, "
                "{dense: {units: 2, name: "
                "a.2}}, {relu: {name: r.2.1}}, {add: {from: [r.2.1, a.2]}}, {dense: {units: 1}}]");
}

Test(repeat, residual_adds_what_it_takes)
{
    expect_same(
        "[{dense: {units: 3, activation: relu}}, {residual: [layer_norm, {dense: {units: 3, activation: "
        "tanh}}]}, {dense: {units: 1}}]",
        "[{dense: {units: 3, activation: relu}}, layer_norm, {dense: {units: 3, activation: tanh}}, {add: "
        "{from: [relu1, tanh1]}}, {dense: {units: 1}}]");
    expect_same(
        "[{residual: [{residual: [{dense: {units: 2}}]}]}, {dense: {units: 1}}]",
        "[{dense: {units: 2}}, {add: {from: [input, dense1]}}, {add: {from: [input, add1]}}, {dense: {units: "
        "1}}]");
    expect_same(
        "[{repeat: {times: 2, model: [{residual: [{dense: {units: 2, name: a}}]}]}}, {dense: {units: 1}}]",
        "[{dense: {units: 2, name: a.1}}, {add: {from: [input, a.1]}}, {dense: {units: 2, name: a.2}}, {add: "
        "{from: [add1, a.2]}}, {dense: {units: 1}}]");
}

/* Depth is a number; settings inside are those of every copy. */
Test(repeat, is_swept)
{
    char *yaml =
        model_yaml("[{repeat: {times: 1, model: [{residual: [{dense: {units: 2, activation: relu, name: "
                   "mid}}]}]}}, {dense: {units: 1}}]",
                   "sweep:\n  over:\n    model.0.repeat.times: [1, 3]\n"
                   "    model.0.repeat.model.0.residual.0.dense.activation: [tanh, elu]\n"
                   "    model.0.repeat.model.0.residual.0.dense.activation.elu.alpha: [0.5]\n"
                   "    model.mid.bias: [no]\n");
    struct loaded l = load(yaml, 0, NULL);
    struct trial t;

    expect_messages(l.diag, "", yaml);
    cr_assert_not_null(l.e);
    cr_assert_eq(l.e->ntrials, 4);
    t = trial_of(&l, 3);
    cr_expect(t.values[0].type == VALUE_INT && t.values[0].i == 3);
    cr_expect_eq(t.values[2].type, VALUE_REAL);
    cr_expect_eq(t.spec->nmodel, 10);
    cr_expect_str_eq(t.spec->model[6].name, "mid.3");
    cr_expect_str_eq(t.spec->model[6].path, "model.0.repeat.model.0.residual.0.dense");
    cr_expect_not_null(strstr(t.resolved, "\"bias\":false,\"name\":\"mid.3\""), "%s", t.resolved);
    done(&l);
    free(yaml);
}

static void expect_model_refused(const char *model, const char *messages)
{
    char *yaml = model_yaml(model, "");

    expect_refusal(yaml, messages);
    free(yaml);
}

Test(repeat, what_is_refused)
{
    expect_model_refused(
        "[{repeat: {times: 2, model: [{dense: {units: 2, name: a}}]}}, {add: {from: [a, a.1]}}]",
        "t.yaml:6:84: error: add.from: no earlier entry is named 'a'; did you mean 'a.2'?\n");
    expect_model_refused("[{repeat: {times: -1, model: [relu]}}, {dense: {units: 1}}]",
                         "t.yaml:6:26: error: repeat.times: -1 is not in [0, inf)\n");
    expect_model_refused("[{repeat: {time: 2}}, {dense: {units: 1}}]",
                         "t.yaml:6:10: error: repeat.times is required\n"
                         "t.yaml:6:10: error: repeat.model: a list of entries is wanted here, not nothing\n"
                         "t.yaml:6:19: error: 'repeat' has no setting 'time'; did you mean 'times'?\n");
    expect_model_refused("[repeat, {dense: {units: 1}}]",
                         "t.yaml:6:9: error: repeat is a map, {times: N, model: [...]}\n");
    expect_model_refused("[{residual: {dense: {units: 1}}}]",
                         "t.yaml:6:20: error: residual: a list of entries is wanted here, not a map\n");
    expect_model_refused("[{residual: [{repeat: {times: 0, model: [relu]}}]}, {dense: {units: 1}}]",
                         "t.yaml:6:20: error: residual: its entries come to none\n");
    expect_model_refused("[{repeat: {times: 0, model: [relu]}}]",
                         "t.yaml:6:8: error: the model has no entries: its repeats come to none\n");
    expect_model_refused("[{repeat: {times: 100000, model: [{repeat: {times: 100000, model: [relu]}}]}}]",
                         "t.yaml:6:8: error: the model has more than 1000000 entries, repeats counted\n");
    expect_model_refused(
        "[{repeat: {times: 2, model: [{dense: {units: 1, name: a.x}}]}}]",
        "t.yaml:6:62: error: dense.name: 'a.x' has other characters than letters, digits, '_' and "
        "'-'\n");
}
