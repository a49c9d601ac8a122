/* test_sweep_errors.c - what is wrong in `sweep:` is said at its own place, all in one pass.
 */
#include "experiment_help.h"

struct refused {
    const char *sweep, *messages;
};

static void expect_refusals(const struct refused *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *yaml = mem_format("%s%s", BASE, cases[i].sweep);

        expect_refusal(yaml, cases[i].messages);
        free(yaml);
    }
}

#define EXPECT_REFUSALS(cases) expect_refusals(cases, sizeof(cases) / sizeof *(cases))

Test(sweep_errors, the_section)
{
    static const struct refused cases[] = {
        {"sweep: {}\n", "t.yaml:6:1: error: sweep.over is required\n"},
        {"sweep: [1]\n", "t.yaml:6:8: error: sweep is a map of settings, not a list\n"},
        {"sweep: {over: [1]}\n",
         "t.yaml:6:15: error: sweep.over is a map of paths, each with its values, not a list\n"},
        {"sweep: {over: {}}\n",
         "t.yaml:6:15: error: sweep.over is a map of paths, each with its values, not an empty map\n"},
        {"sweep: {ovr: {seed: [1]}}\n",
         "t.yaml:6:1: error: sweep.over is required\n"
         "t.yaml:6:9: error: 'sweep' has no setting 'ovr'; did you mean 'over'?\n"},
    };

    EXPECT_REFUSALS(cases);
}

Test(sweep_errors, paths)
{
    static const struct refused cases[] = {
        {"sweep: {over: {repeats: [1]}}\n",
         "t.yaml:6:16: error: 'repeats' is the experiment's, and cannot be swept\n"},
        {"sweep: {over: {on_failure: [stop]}}\n",
         "t.yaml:6:16: error: 'on_failure' is the experiment's, and cannot be swept\n"},
        {"sweep: {over: {sweep.over: [1]}}\n",
         "t.yaml:6:16: error: 'sweep' is the experiment's, and cannot be swept\n"},
        {"sweep: {over: {optimiser.sgd.lr: [1]}}\n",
         "t.yaml:6:16: error: a spec has no setting 'optimiser'; did you mean 'optimizer'?\n"},
        {"sweep: {over: {optimizer.sgd.lrr: [1]}}\n",
         "t.yaml:6:30: error: 'sgd' has no setting 'lrr'; did you mean 'lr'?\n"},
        {"sweep: {over: {optimizer.adam.lr: [1]}}\n",
         "t.yaml:6:26: error: 'optimizer.adam.lr': 'optimizer' is 'sgd' here, not 'adam'\n"},
        {"sweep: {over: {model.2.dense.units: [1]}}\n",
         "t.yaml:6:22: error: 'model' has 2 entries, counted from 0: there is no 'model.2'\n"},
        {"sweep: {over: {product: [{seed: [1]}, {zip: {seed: [2]}}]}}\n",
         "t.yaml:6:46: error: 'seed' is swept twice: one trial would have two values of it\n"},
        {"sweep: {over: {zip: {seed: [1], list: [{seed: 2}]}}}\n",
         "t.yaml:6:41: error: 'seed' is swept twice: one trial would have two values of it\n"},
        /* An axis that is never in use, beside few trials and many. */
        {"sweep: {over: {optimizer: [sgd, rmsprop], optimizer.adam.lr: [1]}}\n",
         "t.yaml:6:43: error: 'optimizer.adam.lr' is never in use: none of its trials has "
         "'optimizer.adam'\n"},
        {"sweep: {over: {optimizer: [sgd, rmsprop], optimizer.adam.lr: [1, 2], seed: [1, 2, 3], "
         "train.epochs: [1, 2, 3]}}\n",
         "t.yaml:6:43: error: 'optimizer.adam.lr' is never in use: none of its trials has "
         "'optimizer.adam'\n"},
        {"sweep: {strategy: {random: {trials: 2}}, over: {optimizer: [sgd, rmsprop], optimizer.adam.lr: "
         "[1]}}\n",
         "t.yaml:6:76: error: 'optimizer.adam.lr' is never in use: none of its trials has "
         "'optimizer.adam'\n"},
        {"sweep: {over: {union: [{optimizer: [sgd, adam]}, {optimizer.adam.lr: [1]}]}}\n",
         "t.yaml:6:51: error: 'optimizer.adam.lr' is never in use: none of its trials has "
         "'optimizer.adam'\n"},
    };

    EXPECT_REFUSALS(cases);
}

Test(sweep_errors, values)
{
    static const struct refused cases[] = {
        {"sweep: {over: {seed: 3}}\n", "t.yaml:6:22: error: seed: an axis is a list of values, not '3'\n"},
        {"sweep: {over: {seed: []}}\n", "t.yaml:6:22: error: seed: the axis has no values\n"},
        {"sweep: {over: {seed: {}}}\n",
         "t.yaml:6:22: error: seed: an axis is a list of values, not an empty map\n"},
        {"sweep: {over: {optimizer.sgd.lr: [1, -1, fast]}}\n",
         "t.yaml:6:38: error: sgd.lr: -1 is not in [0, inf)\nt.yaml:6:42: error: sgd.lr: 'fast' is not a "
         "number\n"},
        {"sweep: {over: {optimizer.sgd.lr: {slow: 0.1, fast: [1]}}}\n",
         "t.yaml:6:52: error: sgd.lr: a number is wanted here, not a list\n"},
        {"sweep: {over: {seed: {rnage: [1, 2]}}}\n",
         "t.yaml:6:23: error: seed: 'rnage' is not a way to give values; an axis is a list, or has one of "
         "range, "
         "uniform, log_uniform, integer, normal, choice; did you mean 'range'?\n"},
        {"sweep: {over: {seed: {range: [1, 2], stp: 1}}}\n",
         "t.yaml:6:38: error: 'seed' has no setting 'stp'; did you mean 'step'?\n"},
        {"sweep: {over: {seed: {range: [1], step: 1}}}\n",
         "t.yaml:6:30: error: seed: range wants two numbers, [a, b], not 1\n"},
        {"sweep: {over: {seed: {range: [2, 1], step: 1}}}\n",
         "t.yaml:6:30: error: seed: range: [2, 1] is empty: the first number is the lower one\n"},
        {"sweep: {over: {seed: {range: [1, 2], step: -1}}}\n",
         "t.yaml:6:44: error: seed.step: -1 is not in (0, inf)\n"},
        {"sweep: {over: {seed: {range: [1, 2], step: 0.5}}}\n",
         "t.yaml:6:22: error: seed: range: the step of a range of whole numbers is whole\n"},
        {"sweep: {over: {seed: {range: [1, 2.5]}}}\n",
         "t.yaml:6:30: error: seed: range: [1, 2.5]: the ends of a range of whole numbers are whole\n"},
        {"sweep: {over: {seed: {range: [0, 2], log: true}}}\n",
         "t.yaml:6:30: error: seed: range: [0, 2]: a logarithm wants numbers above 0\n"},
        {"sweep: {over: {seed: {range: [1, 2], log: true, step: 1}}}\n",
         "t.yaml:6:22: error: seed: range: with log: true the step is the factor from one number to the "
         "next, above 1\n"},
        {"sweep: {over: {seed: {range: [1, 2], step: 1, count: 2}}}\n",
         "t.yaml:6:22: error: seed: range: one of step and count, not both\n"},
        {"sweep: {over: {seed: {range: [0, 1e6]}}}\n",
         "t.yaml:6:22: error: seed: range: more than 1000000 values\n"},
        {"sweep: {over: {optimizer.sgd.lr: {range: [-1, 1], count: 5}}}\n",
         "t.yaml:6:34: error: sgd.lr: -1 is not in [0, inf)\n"},
        {"sweep: {strategy: {random: {trials: 3}}, over: {optimizer.sgd.lr: {choice: {values: [1, 2, 3], "
         "weights: [1, 2]}}}}\n",
         "t.yaml:6:105: error: optimizer.sgd.lr: choice: 2 weights for 3 values\n"},
        {"sweep: {strategy: {random: {trials: 3}}, over: {optimizer.sgd.lr: {choice: {values: [1, 2], "
         "weights: [1, 0]}}}}\n",
         "t.yaml:6:106: error: optimizer.sgd.lr.choice.weights: 0 is not in (0, inf)\n"},
        {"sweep: {strategy: {random: {trials: 3}}, over: {optimizer.sgd.lr: {choice: [1, 2]}}}\n",
         "t.yaml:6:76: error: optimizer.sgd.lr: choice is a map of settings, not a list\n"},
        {"sweep: {strategy: {random: {trials: 3}}, over: {optimizer.sgd.lr: {choice: {weights: [1]}}}}\n",
         "t.yaml:6:76: error: optimizer.sgd.lr: choice.values is required\n"},
        /* All that may be drawn is checked, and so is what comes between the ends. */
        {"sweep: {strategy: {random: {trials: 3}}, over: {optimizer.sgd.lr: {uniform: [-1, 1]}}}\n",
         "t.yaml:6:67: error: sgd.lr: -1 is not in [0, inf)\nt.yaml:6:67: error: sgd.lr: -0.2360679774997898 "
         "is not in [0, inf)\n"},
        {"sweep: {strategy: {random: {trials: 3}}, over: {optimizer.sgd.lr: {normal: {mean: 0.1, sd: 0.01}, "
         "min: 0}}}\n",
         "t.yaml:6:99: error: 'optimizer.sgd.lr' has no setting 'min'\n"},
        {"sweep: {strategy: {random: {trials: 3}}, over: {optimizer.sgd.lr: {normal: {mean: 0.1, sd: 1}}}}\n",
         "t.yaml:6:67: error: sgd.lr: -8.1923610758129 is not in [0, inf)\n"
         "t.yaml:6:67: error: sgd.lr: -0.20032138538999864 is not in [0, inf)\n"},
        {"sweep: {strategy: {random: {trials: 3}}, over: {optimizer.sgd.lr: {normal: {mean: 0, sd: 1, min: "
         "2, max: 1}}}}\n",
         "t.yaml:6:76: error: optimizer.sgd.lr: normal: min is below max\n"},
        {"sweep: {strategy: {random: {trials: 3}}, over: {train.epochs: {uniform: [1, 10]}}}\n",
         "t.yaml:6:63: error: train.epochs: whole numbers are wanted here: {integer: [a, b]}, or {range: [a, "
         "b], log: true}\n"},
        {"sweep: {strategy: {random: {trials: 3}}, over: {train.epochs: {integer: [1, 10.5]}}}\n",
         "t.yaml:6:73: error: train.epochs: integer: [1, 10.5]: the ends of a range of whole numbers are "
         "whole\n"},
        {"sweep: {strategy: {random: {trials: 3}}, over: {model.0.dense.activation: {uniform: [1, 10]}}}\n",
         "t.yaml:6:75: error: no activation '1'\nt.yaml:6:75: error: no activation '9.999999999999998'\n"
         "t.yaml:6:75: error: no activation '4.437694101250946'\n"},
    };

    EXPECT_REFUSALS(cases);
}

Test(sweep_errors, a_grid_lists)
{
#define DRAWN(form, instead)                                                                                 \
    "t.yaml:6:34: error: optimizer.sgd.lr: {" form ": ...} is drawn from, and a grid lists: " instead        \
    ", or take another strategy, like {random: {trials: 50}}\n"
    static const struct refused cases[] = {
        {"sweep: {over: {optimizer.sgd.lr: {range: [1, 2]}}}\n", DRAWN("range", "add step: or count:")},
        {"sweep: {over: {optimizer.sgd.lr: {range: [1, 2], log: true}}}\n",
         DRAWN("range", "add step: FACTOR or count: N")},
        {"sweep: {over: {optimizer.sgd.lr: {uniform: [1, 2]}}}\n",
         DRAWN("uniform", "write a list, or {range: [a, b], step: s}")},
        {"sweep: {over: {optimizer.sgd.lr: {log_uniform: [1, 2]}}}\n",
         DRAWN("log_uniform", "write a list, or {range: [a, b], log: true, count: n}")},
        {"sweep: {over: {optimizer.sgd.lr: {integer: [1, 2]}}}\n",
         DRAWN("integer", "write a list, or {range: [a, b], type: int}")},
        {"sweep: {over: {optimizer.sgd.lr: {normal: {mean: 1, sd: 1}}}}\n", DRAWN("normal", "write a list")},
        {"sweep: {over: {optimizer.sgd.lr: {choice: {values: [1, 2]}}}}\n",
         DRAWN("choice", "write the list alone")},
        {"sweep: {strategy: {random: {trials: 3}}, over: {zip: {optimizer.sgd.lr: {uniform: [1, 2]}, seed: "
         "[1, 2]}}}\n",
         "t.yaml:6:73: error: optimizer.sgd.lr: {uniform: ...} is drawn from, and a zip goes through lists: "
         "write a list, or "
         "{range: [a, b], step: s}, or take another strategy, like {random: {trials: 50}}\n"},
    };

    EXPECT_REFUSALS(cases);
}

Test(sweep_errors, spaces)
{
    static const struct refused cases[] = {
        {"sweep: {over: {zip: {seed: [1, 2], train.epochs: [1, 2, 3]}}}\n",
         "t.yaml:6:50: error: zip: 'train.epochs' has 3 values, but 'seed' has 2\n"},
        {"sweep: {over: {zip: [1]}}\n",
         "t.yaml:6:21: error: zip: a map of paths, each with a list of values, is wanted here, not a list\n"},
        {"sweep: {over: {product: {seed: [1]}}}\n",
         "t.yaml:6:25: error: product: a list of spaces is wanted here, not a map\n"},
        {"sweep: {over: {union: []}}\n",
         "t.yaml:6:23: error: union: a list of spaces is wanted here, not an empty list\n"},
        {"sweep: {over: {union: [{seed: [1]}, 7]}}\n",
         "t.yaml:6:37: error: sweep.over is a map of paths, each with its values, not '7'\n"},
        {"sweep: {over: {list: {seed: 1}}}\n", "t.yaml:6:22: error: list: rows of settings, or the name of a "
                                               "CSV or YAML file, are wanted here, not a map\n"},
        {"sweep: {over: {list: [{seed: 1}, 2, {sed: 1}]}}\n",
         "t.yaml:6:34: error: list: a row is a map of paths and values, not '2'\n"},
        {"sweep: {over: {list: [{seed: 1}, {sed: 1}]}}\n",
         "t.yaml:6:35: error: a spec has no setting 'sed'; did you mean 'seed'?\n"},
        /* In one pass, with the rest of the spec. */
        {"metrics: [mea]\nsweep: {over: {zip: {seed: [1, 2], train.epochs: [0]}, optimizer.sgd.lr: [fast]}, "
         "strategy: grit}\n",
         "t.yaml:6:11: error: no metric 'mea'; did you mean 'mae'?\n"
         "t.yaml:7:50: error: zip: 'train.epochs' has 1 value, but 'seed' has 2\n"
         "t.yaml:7:51: error: train.epochs: 0 is not in [1, inf)\n"
         "t.yaml:7:75: error: sgd.lr: 'fast' is not a number\n"
         "t.yaml:7:93: error: no strategy 'grit'; did you mean 'grid'?\n"},
    };

    EXPECT_REFUSALS(cases);
}

Test(sweep_errors, where)
{
#define WHERE(text) "sweep: {over: {seed: [1, 2], optimizer.sgd.lr: [1]}, where: " text "}\n"
    static const struct refused cases[] = {
        {WHERE("'\"seed\" <'"), "t.yaml:6:61: error: where: near \")\": syntax error\n"},
        {WHERE("''"), "t.yaml:6:61: error: where: an SQL expression is wanted here, not ''\n"},
        {WHERE("[1]"), "t.yaml:6:61: error: where: an SQL expression is wanted here, not a list\n"},
        {WHERE("'\"sead\" < 1'"),
         "t.yaml:6:61: error: where: no such column: sead; did you mean \"seed\"?\n"},
        {WHERE("optimizer.sgd.lr < 1"),
         "t.yaml:6:61: error: where: no such column: optimizer.sgd.lr; paths stand in double "
         "quotes: \"optimizer.sgd.lr\"\n"},
        {WHERE("seed < 0"), "t.yaml:6:61: error: where leaves no trial: it excludes every combination\n"},
        {WHERE("'seed < ?'"), "t.yaml:6:61: error: where: there is no value for '?'\n"},
        {WHERE("'1); DROP TABLE x; --'"),
         "t.yaml:6:61: error: where: a bracket is closed and was not opened\n"},
        {WHERE("'seed IN (SELECT x FROM y)'"), "t.yaml:6:61: error: where: no such table: y\n"},
        /* Nothing that varies, no file. */
        {WHERE("'random() > 0'"), "t.yaml:6:61: error: where: not authorized to use function: random\n"},
        {WHERE("'julianday(''now'') > 0'"),
         "t.yaml:6:61: error: where: not authorized to use function: julianday\n"},
        {WHERE("'time() > 0'"), "t.yaml:6:61: error: where: not authorized to use function: time\n"},
        {WHERE("'unixepoch(''n'' || ''ow'') > 0'"),
         "t.yaml:6:61: error: where: not authorized to use function: unixepoch\n"},
        {WHERE("'strftime(''%s'', ''now'') > 0'"),
         "t.yaml:6:61: error: where: not authorized to use function: strftime\n"},
        {WHERE("'current_timestamp > 0'"),
         "t.yaml:6:61: error: where: not authorized to use function: current_timestamp\n"},
        {WHERE("'readfile(\"seed\") > 0'"), "t.yaml:6:61: error: where: no such function: readfile\n"},
        {WHERE("'load_extension(''x'') > 0'"),
         "t.yaml:6:61: error: where: not authorized to use function: load_extension\n"},
        /* Only known while it runs. */
        {WHERE("'abs(-9223372036854775807 - \"seed\")'"), "t.yaml:6:61: error: where: integer overflow\n"},
        {WHERE("'(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c)'"),
         "t.yaml:6:61: error: where: it takes too long\n"},
        {"sweep: {strategy: {random: {trials: 5}}, over: {optimizer.sgd.lr: {uniform: [0, 1]}}, where: "
         "'\"optimizer.sgd.lr\" > 1'}\n",
         "t.yaml:6:94: error: where leaves no trial: all points tried are excluded\n"},
    };

    EXPECT_REFUSALS(cases);
}

Test(sweep_errors, strategies)
{
    static const struct refused cases[] = {
        {"sweep: {strategy: grit, over: {seed: [1]}}\n",
         "t.yaml:6:19: error: no strategy 'grit'; did you mean 'grid'?\n"},
        {"sweep: {strategy: {grid: {trials: 5}}, over: {seed: [1]}}\n",
         "t.yaml:6:27: error: 'grid' has no setting 'trials'\n"},
        {"sweep: {strategy: random, over: {seed: [1]}}\n", "t.yaml:6:19: error: random.trials is required\n"},
        {"sweep: {strategy: {sobl: {trials: 5}}, over: {seed: [1]}}\n",
         "t.yaml:6:20: error: no strategy 'sobl'; did you mean 'sobol'?\n"},
        {"sweep: {strategy: {tpe: {trials: 5, gama: 1}}, over: {seed: [1]}}\n",
         "t.yaml:6:37: error: 'tpe' has no setting 'gama'; did you mean 'gamma'?\n"},
        {"sweep: {strategy: {latin: {trials: 0}}, over: {seed: [1]}}\n",
         "t.yaml:6:36: error: latin.trials: 0 is not in [1, 1000000]\n"},
        {"sweep: {strategy: [grid], over: {seed: [1]}}\n",
         "t.yaml:6:19: error: sweep.strategy: the name of a strategy is wanted here, not a list\n"},
    };

    EXPECT_REFUSALS(cases);
}

Test(sweep_errors, objectives_and_pruners)
{
    static const struct refused cases[] = {
        {"sweep: {objective: y, over: {seed: [1]}}\n",
         "t.yaml:6:20: error: sweep.objective: {minimize: SPLIT.NAME} or {maximize: SPLIT.NAME} is wanted "
         "here, not 'y'\n"},
        {"sweep: {objective: {minimise: train.loss}, over: {seed: [1]}}\n",
         "t.yaml:6:21: error: 'objective' has no setting 'minimise'; did you mean 'minimize'?\n"},
        {"sweep: {objective: {minimize: train.loss, maximize: train.loss}, over: {seed: [1]}}\n",
         "t.yaml:6:43: error: objective: one of minimize and maximize, not both\n"},
        {"sweep: {objective: {minimize: validation.loss}, over: {seed: [1]}}\n",
         "t.yaml:6:31: error: objective.minimize: 'validation.loss' is not recorded: there is no "
         "data.validation\n"},
        {"metrics: [mae]\nsweep: {objective: {maximize: train.mea}, over: {seed: [1]}}\n",
         "t.yaml:7:31: error: objective.maximize: 'train.mea' is not recorded: 'mea' is neither loss nor a "
         "metric of this "
         "spec; did you mean 'mae'?\n"},
        {"sweep: {objective: {minimize: loss}, over: {seed: [1]}}\n",
         "t.yaml:6:31: error: objective.minimize: 'loss' is not of the form SPLIT.NAME, with train, "
         "validation or test before "
         "the dot; did you mean 'train.loss'?\n"},
        {"sweep: {objective: {minimize: train.loss, at: frist}, over: {seed: [1]}}\n",
         "t.yaml:6:47: error: objective.at: 'frist' is not one of best, last\n"},
        /* Of one trial in three. */
        {"sweep: {objective: {minimize: train.mae}, over: {metrics: [[mae], [rmse, mae], [rmse]]}}\n",
         "t.yaml:6:31: error: objective.minimize: 'train.mae' is not recorded: 'mae' is neither loss nor a "
         "metric of this "
         "spec\n"},
        {"sweep: {pruner: ahsa, over: {seed: [1]}}\n",
         "t.yaml:6:17: error: no pruner 'ahsa'; did you mean 'asha'?\n"},
        {"sweep: {pruner: {asha: {reduction: 1, minimun: 2}}, over: {seed: [1]}}\n",
         "t.yaml:6:36: error: asha.reduction: 1 is not in [2, inf)\n"
         "t.yaml:6:39: error: 'asha' has no setting 'minimun'; did you mean 'minimum'?\n"},
        {"sweep: {pruner: {median: 3}, over: {seed: [1]}}\n",
         "t.yaml:6:26: error: the settings of 'median' are a map, not one value: {minimum: 3}\n"},
    };

    EXPECT_REFUSALS(cases);
}

/* A mistake in one value of a large grid is one message; so is one in the rest of the spec. */
Test(sweep_errors, one_message_for_all_trials)
{
    struct strbuf yaml = {0};

    expect_refusal(BASE "metrics: [mea]\nsweep: {over: {optimizer.sgd.lr: [1, 2, 3], train.epochs: [1, 0], "
                        "seed: [1, 2, 3]}}\n",
                   "t.yaml:6:11: error: no metric 'mea'; did you mean 'mae'?\n"
                   "t.yaml:7:63: error: train.epochs: 0 is not in [1, inf)\n");
    strbuf_add(&yaml, BASE "sweep:\n  over:\n    seed: [1, 2, 3]\n    train.epochs:\n");
    for (int i = 1; i <= 40; i++)
        strbuf_addf(&yaml, "    - %d\n", i == 37 ? 0 : i);
    expect_refusal(yaml.text, "t.yaml:46:7: error: train.epochs: 0 is not in [1, inf)\n");
    strbuf_release(&yaml);
}

Test(sweep_errors, too_many_trials)
{
    struct strbuf yaml = {0};

    strbuf_add(&yaml, BASE "sweep:\n  over:\n");
    for (int axis = 0; axis < 3; axis++) {
        static const char *const paths[] = {"train.epochs", "train.batch_size", "seed"};

        strbuf_addf(&yaml, "    %s: {range: [1, 101]}\n", paths[axis]);
    }
    expect_refusal(yaml.text, "t.yaml:7:3: error: the grid has more than 1000000 trials\n");
    strbuf_release(&yaml);
}
