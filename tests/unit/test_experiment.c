/* test_experiment.c - a file with overrides and a grid to resolved trials: order, typed
 * values, equal trials, seeds, hashes, and what is refused.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "spec/experiment.h"
#include "spec_help.h"

#define BASE                                                                                                 \
    "data: {source: xor}\n"                                                                                  \
    "model: [{dense: {units: 2}}, {dense: {units: 1}}]\n"                                                    \
    "loss: mse\n"                                                                                            \
    "optimizer: sgd\n"                                                                                       \
    "train: {epochs: 1}\n"

struct loaded {
    struct registry *registry;
    struct diag *diag;
    struct experiment *e;
    char folder[64];
};

/* YAML as FOLDER/t.yaml, loaded from within that folder so that messages say "t.yaml". */
static struct loaded load(const char *yaml, size_t noverrides, const char *const *overrides)
{
    struct loaded l = {registry_new(), diag_new(), NULL, "/tmp/fell-experiment-XXXXXX"};
    FILE *f;

    cr_assert_not_null(mkdtemp(l.folder));
    cr_assert_eq(chdir(l.folder), 0);
    f = fopen("t.yaml", "w");
    cr_assert_not_null(f);
    fputs(yaml, f);
    fclose(f);
    l.e = experiment_load(l.registry, "t.yaml", noverrides, overrides, l.diag);
    return l;
}

static void done(struct loaded *l)
{
    experiment_free(l->e);
    diag_free(l->diag);
    registry_free(l->registry);
    unlink("t.yaml");
    cr_expect_eq(chdir("/"), 0);
    rmdir(l->folder);
}

static void expect_refusal(const char *yaml, const char *messages)
{
    struct loaded l = load(yaml, 0, NULL);

    cr_expect_null(l.e, "%s", yaml);
    expect_messages(l.diag, messages, yaml);
    done(&l);
}

Test(experiment, one_trial_without_a_sweep)
{
    struct loaded l = load("seed: 5\nrepeats: 3\n" BASE, 0, NULL);

    expect_messages(l.diag, "", "no sweep");
    cr_assert_not_null(l.e);
    cr_expect_str_eq(l.e->name, "t");
    cr_expect(l.e->seed == 5 && !l.e->seed_drawn);
    cr_expect_eq(l.e->repeats, 3);
    cr_assert_eq(l.e->ntrials, 1);
    cr_expect_eq(l.e->trials[0].nvalues, 0);
    cr_expect_eq(strlen(l.e->spec_sha256), 64);
    cr_expect_eq(strncmp(l.e->trials[0].resolved, "{\"name\":\"t\",\"seed\":5,", 21), 0, "%s",
                 l.e->trials[0].resolved);
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
    cr_expect_eq(l.e->ndropped, 0);
    for (size_t i = 0; i < 6; i++) {
        const struct axis_value *v = l.e->trials[i].values;
        char *text;

        cr_assert_eq(l.e->trials[i].nvalues, 2);
        cr_expect_str_eq(v[0].path, "optimizer.sgd.lr");
        text = mem_format("%s %s", v[0].text, v[1].text);
        cr_expect_str_eq(text, expected[i]);
        cr_expect_eq(l.e->trials[i].spec->train.batch_size, v[1].i);
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
        {"optimizer: [{sgd: {lr: 0.1, momentum: 0.9}}]", "{sgd: {lr: 0.1, momentum: 0.9}}", VALUE_TEXT, 0, 0},
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
        {"data.transforms: [[standardize]]", "[standardize]", VALUE_TEXT, 0, 0},
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
        cr_assert(l.e->ntrials == 1 && l.e->trials[0].nvalues == 1);
        v = l.e->trials[0].values;
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
    cr_expect_eq(l.e->ndropped, 6);
    cr_expect_str_eq(l.e->trials[1].values[0].text, "0.2");
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
    cr_expect_str_eq(l.e->trials[0].spec->optimizer.item->name, "sgd");
    cr_expect_eq(l.e->trials[0].spec->nmodel, 3);
    cr_expect_eq(l.e->trials[1].spec->nmodel, 2);
    cr_expect_str_eq(l.e->trials[3].spec->optimizer.item->name, "adam");
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
    cr_expect_eq(l.e->trials[1].spec->train.epochs, 10);
    cr_expect_str_eq(l.e->trials[1].spec->optimizer.item->name, "adam");
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
    cr_expect_not_null(strstr(l.e->trials[0].resolved, "{\"leaky_relu\":{\"negative_slope\":0.5,"), "%s",
                       l.e->trials[0].resolved);
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
    cr_expect_eq(a.e->trials[0].spec->seed, a.e->seed);
    seed = mem_format("\"seed\":%llu,", (unsigned long long)a.e->seed);
    cr_expect_not_null(strstr(a.e->trials[0].resolved, seed), "%s in %s", seed, a.e->trials[0].resolved);
    free(seed);
    cr_expect_str_eq(a.e->spec_sha256, b.e->spec_sha256);
    cr_expect_str_neq(a.e->spec_sha256, c.e->spec_sha256);
    cr_expect_str_neq(a.e->spec_sha256, d.e->spec_sha256);
    cr_expect_str_neq(a.e->spec_sha256, e.e->spec_sha256, "the same trial, but swept");
    cr_expect_str_eq(a.e->trials[0].spec->name, e.e->trials[0].spec->name);
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
    cr_expect_str_eq(a.e->trials[0].resolved, b.e->trials[0].resolved);
    done(&a);
    done(&b);
}

Test(experiment, bad_sweeps)
{
    static const struct {
        const char *sweep, *messages;
    } cases[] = {
        {"sweep: {}\n", "t.yaml:6:1: error: sweep.over is required\n"},
        {"sweep: [1]\n", "t.yaml:6:8: error: sweep is a map of settings, not a list\n"},
        {"sweep: {over: [1]}\n",
         "t.yaml:6:15: error: sweep.over is a map of paths, each with a list of values, not a list\n"},
        {"sweep: {ovr: {seed: [1]}}\n",
         "t.yaml:6:1: error: sweep.over is required\n"
         "t.yaml:6:9: error: 'sweep' has no setting 'ovr'; did you mean 'over'?\n"},
        {"sweep: {strategy: grit, over: {seed: [1]}}\n",
         "t.yaml:6:19: error: no strategy 'grit'; did you mean 'grid'?\n"},
        {"sweep: {strategy: {tpe: {trials: 5}}, over: {seed: [1]}}\n",
         "t.yaml:6:20: error: sweep.strategy: 'tpe' is not supported yet\n"},
        {"sweep: {strategy: {grid: {trials: 5}}, over: {seed: [1]}}\n",
         "t.yaml:6:26: error: 'grid' has no settings\n"},
        {"sweep: {where: x, objective: y, pruner: z, over: {seed: [1]}}\n",
         "t.yaml:6:9: error: sweep.where is not supported yet\nt.yaml:6:19: error: sweep.objective is not "
         "supported yet\n"
         "t.yaml:6:33: error: sweep.pruner is not supported yet\n"},
        {"sweep: {over: {zip: {seed: [1]}}}\n",
         "t.yaml:6:16: error: sweep.over: 'zip' is not supported yet\n"},
        {"sweep: {over: {seed: {range: [1, 2]}}}\n",
         "t.yaml:6:22: error: seed: {range: ...} is not supported yet; an axis is a list of values\n"},
        {"sweep: {over: {seed: 3}}\n", "t.yaml:6:22: error: seed: an axis is a list of values, not '3'\n"},
        {"sweep: {over: {seed: []}}\n", "t.yaml:6:22: error: seed: the axis has no values\n"},
        {"sweep: {over: {repeats: [1]}}\n",
         "t.yaml:6:16: error: 'repeats' is the experiment's, and cannot be swept\n"},
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
        {"sweep: {over: {optimizer.sgd.lr: [1, -1, fast]}}\n",
         "t.yaml:6:38: error: sgd.lr: -1 is not in [0, inf)\nt.yaml:6:42: error: sgd.lr: 'fast' is not a "
         "number\n"},
        {"sweep: {over: {optimizer.sgd.lr: [1], optimizer: [sgd, adam]}}\n",
         "t.yaml:6:39: error: 'optimizer' replaces what the axis 'optimizer.sgd.lr' before it sets; write it "
         "first\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *yaml = mem_format("%s%s", BASE, cases[i].sweep);

        expect_refusal(yaml, cases[i].messages);
        free(yaml);
    }
}

/* A mistake in one value of a large grid is one message; so is one in the rest of the spec. */
Test(experiment, one_message_for_all_trials)
{
    expect_refusal(BASE "metrics: [mea]\nsweep: {over: {optimizer.sgd.lr: [1, 2, 3], train.epochs: [1, 0], "
                        "seed: [1, 2, 3]}}\n",
                   "t.yaml:6:11: error: no metric 'mea'; did you mean 'mae'?\n"
                   "t.yaml:7:63: error: train.epochs: 0 is not in [1, inf)\n");
}

Test(experiment, too_many_trials)
{
    struct strbuf yaml = {0};

    strbuf_add(&yaml, BASE "sweep:\n  over:\n");
    for (int axis = 0; axis < 3; axis++) {
        static const char *const paths[] = {"train.epochs", "train.batch_size", "seed"};

        strbuf_addf(&yaml, "    %s: [1", paths[axis]);
        for (int i = 2; i <= 101; i++)
            strbuf_addf(&yaml, ", %d", i);
        strbuf_add(&yaml, "]\n");
    }
    expect_refusal(yaml.text, "t.yaml:7:3: error: the grid has more than 1000000 trials\n");
    strbuf_release(&yaml);
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
