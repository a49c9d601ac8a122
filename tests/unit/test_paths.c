/* test_paths.c - paths that say by a `*` or by a name which places they mean, on the command line and in
 * sweeps.
 */
#include "experiment_help.h"

#define NET                                                                                                  \
    "seed: 1\n"                                                                                              \
    "data: {source: xor}\n"                                                                                  \
    "model:\n"                                                                                               \
    "  - dense: {units: 4, activation: relu, name: hidden}\n"                                                \
    "  - dense: {units: 5, activation: {elu: {alpha: 0.5}}}\n"                                               \
    "  - dense: {units: 1}\n"                                                                                \
    "loss: mse\n"                                                                                            \
    "optimizer: sgd\n"                                                                                       \
    "probes: [activations, {weights: {name: mine, every: 2}}]\n"                                             \
    "train: {epochs: 1}\n"

/* The spec with A set is that with B set. */
static void expect_same(const char *a, const char *const *b, size_t n)
{
    const char *const one[] = {a};
    struct loaded x = load(NET, 1, one), y;

    expect_messages(x.diag, "", a);
    cr_assert_not_null(x.e, "%s", a);
    y = load(NET, n, b);
    cr_assert_not_null(y.e, "%s", b[0]);
    cr_expect_str_eq(trial_of(&x, 0).resolved, trial_of(&y, 0).resolved, "%s", a);
    done(&y);
    cr_expect_eq(chdir(x.folder), 0);
    done(&x);
}

#define SAME(path, ...)                                                                                      \
    expect_same(path, (const char *const[]){__VA_ARGS__},                                                    \
                sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

Test(paths, names_and_stars_on_the_command_line)
{
    SAME("model.hidden.units=7", "model.0.dense.units=7");
    SAME("model.hidden.bias=no", "model.0.dense.bias=no");
    SAME("model.dense3.bias=no", "model.2.dense.bias=no");
    SAME("model.elu1.alpha=0.1", "model.1.dense.activation.elu.alpha=0.1");
    SAME("model.*.dense.activation=tanh", "model.0.dense.activation=tanh", "model.1.dense.activation=tanh");
    SAME("model.*.*.units=2", "model.0.dense.units=2", "model.1.dense.units=2", "model.2.dense.units=2");
    SAME("probes.activations.every=3", "probes.0.activations.every=3");
    SAME("probes.mine.rows=3", "probes.1.weights.rows=3");
    SAME("model.2=relu", "model.2.relu={}");
}

static void expect_override_refused(const char *assignment, const char *message)
{
    const char *const overrides[] = {assignment};
    struct loaded l = load(NET, 1, overrides);

    cr_expect_null(l.e, "%s", assignment);
    expect_messages(l.diag, message, assignment);
    done(&l);
}

Test(paths, that_meet_nothing)
{
    expect_override_refused("model.hiden.units=3",
                            "command line:1:7: error: 'model' is a list: 'hiden' is not the number "
                            "of an entry, nor the name of one; did you mean 'hidden'?\n");
    expect_override_refused(
        "model.*.dense.padding=3",
        "command line:1:1: error: 'model.*.dense.padding' meets nothing: no entry has the rest of "
        "the path behind the '*' written\n");
    expect_override_refused("*.epochs=3",
                            "command line:1:1: error: '*.epochs' meets nothing: no entry has the rest of "
                            "the path behind the '*' written\n");
    /* dense1 is the default name of an entry that has been given one */
    expect_override_refused("model.dense1.units=3",
                            "command line:1:7: error: 'model' is a list: 'dense1' is not the "
                            "number of an entry, nor the name of one\n");
    expect_refusal(
        NET "sweep: {over: {model.*.dense.padding: [1]}}\n",
        "t.yaml:11:16: error: 'model.*.dense.padding' meets nothing: no entry has the rest of the path "
        "behind the '*' written\n");
    expect_refusal(
        NET "sweep: {over: {model.hidden.units: [1], model.0.dense.units: [2]}}\n",
        "t.yaml:11:41: error: 'model.0.dense.units' sets 'model.0.dense.units', as another axis does: one "
        "trial would have two values of it\n");
    expect_refusal(NET "sweep: {over: {model.*.dense.units: [1, 2.5]}}\n",
                   "t.yaml:11:41: error: dense.units: '2.5' is not a whole number\n");
}

/* An axis keeps its path as it is written, and its values have the setting's type. */
Test(paths, are_axes_as_they_are_written)
{
    struct loaded l = load(NET "sweep: {over: {model.*.dense.units: [2, 3], model.hidden.bias: [yes, no], "
                               "\"model.*.dense.activation\": [relu, tanh]}}\n",
                           0, NULL);
    struct trial t;

    expect_messages(l.diag, "", "axes");
    cr_assert_not_null(l.e);
    cr_assert_eq(l.e->ntrials, 8);
    t = trial_of(&l, 7);
    cr_expect_str_eq(t.values[0].path, "model.*.dense.units");
    cr_expect(t.values[0].type == VALUE_INT && t.values[0].i == 3);
    cr_expect_str_eq(t.values[1].path, "model.hidden.bias");
    cr_expect_str_eq(t.values[1].text, "false");
    cr_expect_null(strstr(t.resolved, "relu"));
    cr_expect_not_null(strstr(t.resolved,
                              "{\"tanh\":{\"name\":\"tanh2\",\"from\":[\"dense2\"]}},{\"dense\":{\"units\":3,"
                              "\"bias\":true,\"name\":\"dense3\",\"from\":[\"tanh2\"]"),
                       "%s", t.resolved);
    done(&l);
}

/* Where the model itself is swept a name is there in some trials, and has the setting's type. */
Test(paths, into_models_that_are_swept)
{
    struct loaded l =
        load("seed: 1\n" BASE "sweep:\n  over:\n    model:\n      - [{dense: {units: 1}}]\n"
             "      - [{dense: {units: 2, name: wide, activation: relu}}, {dense: {units: 1}}]\n"
             "    model.wide.units: [5, 6]\n    model.*.dense.activation: [relu, tanh]\n",
             0, NULL);

    expect_messages(l.diag, "", "models");
    cr_assert_not_null(l.e);
    cr_assert_eq(l.e->ntrials, 5);
    cr_expect_eq(trial_of(&l, 0).nvalues, 1);
    cr_expect_eq(trial_of(&l, 4).nvalues, 3);
    cr_expect(trial_of(&l, 4).values[1].type == VALUE_INT && trial_of(&l, 4).values[1].i == 6);
    done(&l);
}
