/* test_experiment.c - a file with overrides and a grid to resolved trials: order, typed
 * values, equal trials, seeds, hashes, and what is refused.
 */
#include "experiment_help.h"

Test(experiment, one_trial_without_a_sweep)
{
    struct loaded l = load("seed: 5\nrepeats: 3\n" BASE, 0, NULL);

    expect_messages(l.diag, "", "no sweep");
    cr_assert_not_null(l.e);
    cr_expect_str_eq(l.e->name, "t");
    cr_expect(l.e->seed == 5 && !l.e->seed_drawn);
    cr_expect_eq(l.e->repeats, 3);
    cr_assert_eq(l.e->ntrials, 1);
    cr_expect_eq(trial_of(&l, 0).nvalues, 0);
    cr_expect_eq(strlen(l.e->spec_sha256), 64);
    cr_expect_eq(strncmp(trial_of(&l, 0).resolved, "{\"name\":\"t\",\"seed\":5,", 21), 0, "%s",
                 trial_of(&l, 0).resolved);
    cr_expect_not_null(strstr(l.e->text, "repeats: 3"));
    done(&l);
}

Test(experiment, grid_in_the_order_written_last_axis_fastest)
{
    static const char *const expected[] = {"1e-2 4", "1e-2 8", "1e-2 16", "0.1 4", "0.1 8", "0.1 16"};
    struct loaded l =
        load(BASE "sweep:\n  over:\n    optimizer.sgd.lr: [1e-2, 0.1]\n    train.batch_size: [4, 8, 16]\n", 0,
             NULL);

    expect_messages(l.diag, "", "grid");
    cr_assert_not_null(l.e);
    cr_assert_eq(l.e->ntrials, 6);
    cr_expect_eq(l.e->nequal, 0);
    for (int64_t i = 0; i < 6; i++) {
        const struct axis_value *v = trial_of(&l, i).values;
        char *text;

        cr_assert_eq(trial_of(&l, i).nvalues, 2);
        cr_expect_str_eq(v[0].path, "optimizer.sgd.lr");
        text = mem_format("%s %s", v[0].text, v[1].text);
        cr_expect_str_eq(text, expected[i]);
        cr_expect_eq(trial_of(&l, i).spec->train.batch_size, v[1].i);
        free(text);
    }
    done(&l);
}

/* What the database stores is what the setting's own type made of the text. */
Test(experiment, values_have_the_settings_types)
{
    static const struct {
        const char *axis, *text;
        int type;
        int64_t i;
        double x;
    } cases[] = {
        {"optimizer.sgd.lr: [1]", "1", VALUE_REAL, 0, 1},
        {"optimizer.sgd.nesterov: [off]", "false", VALUE_TEXT, 0, 0},
        {"optimizer: [{sgd: {lr: 0.1, momentum: 0.9}}]", "{\"sgd\":{\"lr\":0.1,\"momentum\":0.9}}",
         VALUE_TEXT, 0, 0},
        {"loss: [mse]", "mse", VALUE_TEXT, 0, 0},
        {"train.epochs: [1e1]", "1e1", VALUE_INT, 10, 10},
        {"train.shuffle: [yes]", "true", VALUE_TEXT, 0, 0},
        {"train.clip_norm: [5]", "5", VALUE_REAL, 0, 5},
        {"train.early_stopping.patience: [7]", "7", VALUE_INT, 7, 7},
        {"record.gradients: [none]", "none", VALUE_TEXT, 0, 0},
        {"record.gradients.step: [3]", "3", VALUE_INT, 3, 3},
        {"seed: [12]", "12", VALUE_INT, 12, 12},
        {"data.validation: [0.25]", "0.25", VALUE_REAL, 0, 0.25},
        {"data.validation: [spiral]", "spiral", VALUE_TEXT, 0, 0},
        {"data.source.xor.noise: [0]", "0", VALUE_REAL, 0, 0},
        {"data.transforms: [[standardize]]", "[\"standardize\"]", VALUE_TEXT, 0, 0},
        {"data.transforms.0.min_max.max: [2]", "2", VALUE_REAL, 0, 2},
        {"schedule.cosine.period: [9]", "9", VALUE_INT, 9, 9},
        {"model.0.dense.units: [1_000]", "1_000", VALUE_INT, 1000, 1000},
        {"model.0.dense.lr_factor: [2]", "2", VALUE_REAL, 0, 2},
        {"model.0.dense.name: [7]", "7", VALUE_TEXT, 0, 0},
        {"model.0.dense.activation: [relu]", "relu", VALUE_TEXT, 0, 0},
        {"model.0.dense.activation: [null]", "null", VALUE_TEXT, 0, 0},
        {"model.0.dense.activation.leaky_relu.negative_slope: [1]", "1", VALUE_REAL, 0, 1},
        {"model.0.dense.init: [zeros]", "zeros", VALUE_TEXT, 0, 0},
        {"model.0.dense.init.constant.value: [1]", "1", VALUE_REAL, 0, 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *yaml = mem_format(
            "data: {source: xor, transforms: [{min_max: {}}]}\n"
            "model: [{dense: {units: 2, activation: {leaky_relu: {}}, init: {constant: {value: 2}}}}, "
            "{dense: {units: 1}}]\n"
            "loss: mse\noptimizer: sgd\nschedule: {cosine: {period: 4}}\n"
            "train: {epochs: 1, early_stopping: {monitor: train.loss}}\nrecord: {gradients: {step: 2}}\n"
            "sweep: {over: {%s}}\n",
            cases[i].axis);
        struct loaded l = load(yaml, 0, NULL);
        const struct axis_value *v;

        expect_messages(l.diag, "", yaml);
        cr_assert_not_null(l.e);
        cr_assert(l.e->ntrials == 1 && trial_of(&l, 0).nvalues == 1);
        v = trial_of(&l, 0).values;
        cr_expect_str_eq(v->text, cases[i].text, "%s: %s", cases[i].axis, v->text);
        cr_expect_eq((int)v->type, cases[i].type, "%s: type %d", cases[i].axis, (int)v->type);
        cr_expect(v->i == cases[i].i && v->x == cases[i].x, "%s", cases[i].axis);
        free(yaml);
        done(&l);
    }
}

Test(experiment, equal_trials_are_kept_once)
{
    struct loaded l = load(
        BASE "sweep: {over: {optimizer.sgd.lr: [0.1, 1e-1, .1, 0.2], loss: [mse, {mse: {}}]}}\n", 0, NULL);

    cr_assert_not_null(l.e);
    cr_expect_eq(l.e->ntrials, 2);
    cr_expect_eq(l.e->nequal, 6);
    cr_expect_str_eq(trial_of(&l, 1).values[0].text, "0.2");
    done(&l);
}

/* A whole plugin that is swept, and settings of the chosen one. */
Test(experiment, axes_may_choose_plugins)
{
    struct loaded l = load(
        BASE
        "sweep: {over: {optimizer: [sgd, {adam: {lr: 0.5}}], model.1.dense.activation: [sigmoid, null]}}\n",
        0, NULL);

    expect_messages(l.diag, "", "plugins");
    cr_assert_not_null(l.e);
    cr_assert_eq(l.e->ntrials, 4);
    cr_expect_str_eq(trial_of(&l, 0).spec->optimizer.item->name, "sgd");
    cr_expect_eq(trial_of(&l, 0).spec->nmodel, 3);
    cr_expect_eq(trial_of(&l, 1).spec->nmodel, 2);
    cr_expect_str_eq(trial_of(&l, 3).spec->optimizer.item->name, "adam");
    done(&l);
}

Test(experiment, overrides_apply_in_order_and_have_places)
{
    static const char *const good[] = {"train.epochs=3", "train.epochs=1e1", "optimizer.adam.lr=.5",
                                       "name=other", "sweep.over.model.0.dense.units=[3, 4]"};
    static const char *const bad[] = {"train.epochs=many", "trian.epochs=3", "model.9.dense.units=3"};
    struct loaded l = load(BASE, 5, good);

    expect_messages(l.diag, "", "overrides");
    cr_assert_not_null(l.e);
    cr_expect_str_eq(l.e->name, "other");
    cr_expect_eq(l.e->ntrials, 2);
    cr_expect_eq(trial_of(&l, 1).spec->train.epochs, 10);
    cr_expect_str_eq(trial_of(&l, 1).spec->optimizer.item->name, "adam");
    cr_expect_not_null(strstr(l.e->text, "1e1"));
    done(&l);
    l = load(BASE "repeats: 0\n", 3, bad);
    cr_expect_null(l.e);
    expect_messages(l.diag,
                    "command line:1:7: error: 'model' has 2 entries, counted from 0: there is no 'model.9'\n"
                    "command line:1:1: error: a spec has no setting 'trian'; did you mean 'train'?\n"
                    "t.yaml:6:10: error: repeats: 0 is not in [1, inf)\n"
                    "command line:1:14: error: train.epochs: 'many' is not a whole number\n",
                    "bad overrides");
    done(&l);
}

/* A setting of another activation chooses it, as with any other plugin. */
Test(experiment, an_override_may_choose_an_activation)
{
    static const char *const overrides[] = {"model.0.dense.activation=relu",
                                            "model.0.dense.activation.leaky_relu.negative_slope=0.5"};
    struct loaded l = load(BASE, 2, overrides);

    expect_messages(l.diag, "", "activation");
    cr_assert_not_null(l.e);
    cr_expect_not_null(strstr(trial_of(&l, 0).resolved, "{\"leaky_relu\":{\"negative_slope\":0.5,"), "%s",
                       trial_of(&l, 0).resolved);
    done(&l);
}

Test(experiment, an_override_of_a_swept_setting_is_warned_of)
{
    static const char *const overrides[] = {"optimizer.sgd.lr=3"};
    struct loaded l = load(BASE "sweep: {over: {optimizer.sgd.lr: [1, 2]}}\n", 1, overrides);

    cr_assert_not_null(l.e);
    expect_messages(
        l.diag, "command line:1:18: warning: 'optimizer.sgd.lr' is swept: every trial sets its own value\n",
        "override");
    done(&l);
}

/* A drawn seed is in the trials, for the workers, and not in the hash, which says what was asked. */
Test(experiment, drawn_seeds_and_hashes)
{
    struct loaded a = load(BASE, 0, NULL), b = load(BASE, 0, NULL), c = load("seed: 1\n" BASE, 0, NULL);
    struct loaded d = load("repeats: 2\n" BASE, 0, NULL),
                  e = load(BASE "sweep: {over: {optimizer.sgd.lr: [1e-3]}}\n", 0, NULL);
    char *seed;

    cr_assert(a.e && b.e && c.e && d.e && e.e);
    cr_expect(a.e->seed_drawn && a.e->seed <= INT64_MAX);
    cr_expect_neq(a.e->seed, b.e->seed);
    cr_expect_eq(trial_of(&a, 0).spec->seed, a.e->seed);
    seed = mem_format("\"seed\":%llu,", (unsigned long long)a.e->seed);
    cr_expect_not_null(strstr(trial_of(&a, 0).resolved, seed), "%s in %s", seed, trial_of(&a, 0).resolved);
    free(seed);
    cr_expect_str_eq(a.e->spec_sha256, b.e->spec_sha256);
    cr_expect_str_neq(a.e->spec_sha256, c.e->spec_sha256);
    cr_expect_str_neq(a.e->spec_sha256, d.e->spec_sha256);
    cr_expect_str_neq(a.e->spec_sha256, e.e->spec_sha256, "the same trial, but swept");
    cr_expect_str_eq(trial_of(&a, 0).spec->name, trial_of(&e, 0).spec->name);
    done(&a);
    done(&b);
    done(&c);
    done(&d);
    done(&e);
}

/* Written in another order and with other words for the same values, it is the same experiment. */
Test(experiment, the_hash_is_of_what_is_meant)
{
    struct loaded a = load("seed: 1\n" BASE, 0, NULL);
    struct loaded b = load(
        "train: {epochs: 1e0, shuffle: on}\noptimizer: {sgd: {momentum: 0}}\nloss: {mse: }\n"
        "model:\n- dense: {units: 2}\n- dense: {units: 1, name: dense2}\ndata: {source: xor}\nseed: 1_0e-1\n",
        0, NULL);

    expect_messages(b.diag, "", "other words");
    cr_assert(a.e && b.e);
    cr_expect_str_eq(a.e->spec_sha256, b.e->spec_sha256);
    cr_expect_str_eq(trial_of(&a, 0).resolved, trial_of(&b, 0).resolved);
    done(&a);
    done(&b);
}

/* The name comes from the file, unless the file's name will not do. */
Test(experiment, names_from_files)
{
    static const struct {
        const char *file, *name;
    } cases[] = {{"a.b.yaml", "a.b"}, {"plain", "plain"}, {"my spec.yaml", NULL}};

    for (size_t i = 0; i < 3; i++) {
        char folder[] = "/tmp/fell-experiment-XXXXXX", *path;
        struct registry *r = registry_new();
        struct diag *d = diag_new();
        struct experiment *e;
        FILE *f;

        cr_assert_not_null(mkdtemp(folder));
        path = path_join(folder, cases[i].file);
        f = fopen(path, "w");
        cr_assert_not_null(f);
        fputs(BASE, f);
        fclose(f);
        e = experiment_load(r, path, 0, NULL, d);
        if (cases[i].name) {
            cr_assert_not_null(e);
            cr_expect_str_eq(e->name, cases[i].name);
        } else {
            cr_expect_null(e);
            cr_expect_eq(diag_errors(d), 1);
        }
        unlink(path);
        rmdir(folder);
        free(path);
        experiment_free(e);
        diag_free(d);
        registry_free(r);
    }
}
