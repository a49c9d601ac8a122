/* test_vars.c - `vars:` and `$name`: what they stand for, in trials and in sweeps, and what is refused.
 */
#include "experiment_help.h"

#define MORE                                                                                                 \
    "data: {source: xor}\n"                                                                                  \
    "loss: mse\n"                                                                                            \
    "train: {epochs: 1}\n"

/* The same trials, known by the same number. */
static void expect_same(const char *with, const char *without)
{
    struct loaded a = load(with, 0, NULL), b;
    char *said = messages_of(a.diag);

    cr_assert_not_null(a.e, "%s", said);
    b = load(without, 0, NULL);
    cr_assert_not_null(b.e, "%s", without);
    cr_expect_str_eq(said, "", "%s", with);
    cr_assert_eq(a.e->ntrials, b.e->ntrials);
    for (int64_t i = 0; i < a.e->ntrials; i++)
        cr_expect_str_eq(trial_of(&a, i).resolved, trial_of(&b, i).resolved);
    cr_expect_str_eq(a.e->spec_sha256, b.e->spec_sha256, "%s", with);
    free(said);
    done(&b);
    cr_expect_eq(chdir(a.folder), 0);
    done(&a);
}

Test(vars, are_what_they_stand_for)
{
    expect_same("seed: 1\nvars: {w: 4, act: {elu: {alpha: 0.5}}, lr: 1_0e-1}\n" MORE
                "model: [{dense: {units: $w, activation: $act}}, {dense: {units: 1}}]\n"
                "optimizer: {sgd: {lr: \"$lr\"}}\n",
                "seed: 1\n" MORE
                "model: [{dense: {units: 4, activation: {elu: {alpha: 0.5}}}}, {dense: {units: 1}}]\n"
                "optimizer: {sgd: {lr: 1}}\n");
}

Test(vars, of_vars_lists_sections_and_nothing)
{
    expect_same("seed: 1\nvars:\n  train: {epochs: $n, early_stopping: $none}\n  n: $m\n  m: 3\n  none: ~\n"
                "  net: [$block, {dense: {units: 1}}]\n  block: {dense: {units: $m}}\n"
                "data: {source: xor}\nmodel: $net\nloss: mse\noptimizer: sgd\ntrain: $train\n",
                "seed: 1\ndata: {source: xor}\nmodel: [{dense: {units: 3}}, {dense: {units: 1}}]\nloss: mse\n"
                "optimizer: sgd\ntrain: {epochs: 3}\n");
}

/* Only a whole value is a var; two dollars are one. */
Test(vars, what_looks_like_one)
{
    struct loaded l =
        load("vars: {a: 1, b: $$a}\nseed: $a\ndata: {source: {csv: {path: $a.csv, target: $$a}}, "
             "test: {csv: {path: $5, target: $b}}}\n"
             "model: [{dense: {units: 1}}]\nloss: mse\noptimizer: sgd\ntrain: {epochs: 1}\n",
             0, NULL);
    const char *resolved;

    expect_messages(l.diag, "", "dollars");
    cr_assert_not_null(l.e);
    resolved = trial_of(&l, 0).resolved;
    cr_expect_eq(l.e->seed, 1);
    cr_expect_not_null(strstr(resolved, "/$a.csv\""), "%s", resolved);
    cr_expect_not_null(strstr(resolved, "/$5\""), "%s", resolved);
    cr_expect_not_null(strstr(resolved, "\"target\":[\"$a\"],\"drop\""), "%s", resolved);
    cr_expect_not_null(strstr(strstr(resolved, "/$5\""), "\"target\":[\"$a\"]"), "%s", resolved);
    done(&l);
}

#define SWEPT_REST                                                                                           \
    BASE "sweep:\n  over:\n    model.0.dense.units: {range: [$least, $most], step: 1}\n"                     \
         "    optimizer.sgd.lr: $rates\n"

#define SWEPT                                                                                                \
    "vars: {w: 2, lr: 1, deep: $w}\n" MORE                                                                   \
    "model: [{dense: {units: $deep}}, {dense: {units: 1}}]\noptimizer: {sgd: {lr: $lr}}\n"

Test(vars, swept_have_the_type_of_their_first_use)
{
    struct loaded l =
        load(SWEPT "sweep: {over: {vars.w: [4, $big], vars.lr: [1e-1], vars.big: [8]}}\n", 0, NULL);
    const struct axis_value *v;

    expect_messages(l.diag, "", "swept");
    cr_assert_not_null(l.e);
    cr_assert_eq(l.e->ntrials, 2);
    v = trial_of(&l, 0).values;
    cr_expect(v[0].type == VALUE_INT && v[0].i == 4);
    cr_expect(v[1].type == VALUE_REAL);
    cr_expect_not_null(strstr(trial_of(&l, 1).resolved, "\"units\":8"), "%s", trial_of(&l, 1).resolved);
    done(&l);
}

Test(vars, in_the_ranges_of_a_sweep_and_on_the_command_line)
{
    static const char *const overrides[] = {"vars.most=3"};
    struct loaded l = load("vars: {least: 2, most: 9, rates: [1, 2]}\n" SWEPT_REST, 1, overrides);
    char *found;

    expect_messages(l.diag, "", "ranges");
    cr_assert_not_null(l.e);
    found = trials_text(&l);
    cr_expect_str_eq(found, "units=2 lr=1\nunits=2 lr=2\nunits=3 lr=1\nunits=3 lr=2\n", "%s", found);
    free(found);
    done(&l);
}

/* A range of a swept var takes whole numbers, as what it stands for does. */
Test(vars, swept_ranges_are_whole_where_their_use_is)
{
    struct loaded l =
        load(SWEPT "sweep: {strategy: {random: {trials: 3}}, over: {vars.w: {range: [2, 64]}}}\n", 0, NULL);

    expect_messages(l.diag, "", "whole");
    cr_assert_not_null(l.e);
    cr_expect_eq(trial_of(&l, 0).values[0].type, VALUE_INT);
    done(&l);
}

/* A file is where the var is written, not where it is used. */
Test(vars, file_names_belong_to_where_they_are_written)
{
    struct loaded l = load_begin();

    cr_assert_eq(mkdir("base", 0700), 0);
    write_file("base/base.yaml",
               "vars: {file: data.csv}\n" MORE "optimizer: sgd\nmodel: [{dense: {units: 1}}]\n");
    load_end(&l, "extends: base/base.yaml\ndata: {source: {csv: {path: $file, target: y}}}\n", 0, NULL);
    expect_messages(l.diag, "", "extends");
    cr_assert_not_null(l.e);
    cr_expect_not_null(strstr(trial_of(&l, 0).resolved, "/base/data.csv\""));
    done(&l);
}

Test(vars, what_is_refused)
{
    expect_refusal("vars: {width: 4}\n" MORE
                   "model: [{dense: {units: $widht}}, {dense: {units: 1, name: $x}}]\n"
                   "optimizer: sgd\n",
                   "t.yaml:1:8: warning: vars: 'width' is used nowhere: there is no '$width' in the spec\n"
                   "t.yaml:5:25: error: no var 'widht'; did you mean '$width'?\n"
                   "t.yaml:5:60: error: no var 'x'; the text itself is written '$$x'\n");
    expect_refusal(
        MORE "model: [{dense: {units: 1, name: $x}}]\noptimizer: sgd\n",
        "t.yaml:4:34: error: no var 'x': the spec has no vars; the text itself is written '$$x'\n");
    expect_refusal("vars: {a: $b, b: [$c], c: $a}\n" MORE "model: [{dense: {units: $a}}]\noptimizer: sgd\n",
                   "t.yaml:1:27: error: vars: '$a' leads back to itself, a cycle\n");
    expect_refusal("vars: {a b: 1}\n" BASE,
                   "t.yaml:1:8: warning: vars: 'a b' is used nowhere: there is no '$a b' in the spec\n"
                   "t.yaml:1:8: error: vars: 'a b' is no name: letters, digits and '_', no digit first\n");
    expect_refusal("vars: [a]\n" BASE,
                   "t.yaml:1:7: error: vars is a map of names, each with its value, not a list\n");
    expect_refusal("vars: {w: 0.5}\n" MORE "model: [{dense: {units: $w}}]\noptimizer: sgd\n",
                   "t.yaml:5:25: error: dense.units: '0.5' is not a whole number\n");
    expect_refusal(
        BASE "sweep: {over: {vars.w: [1, 2]}}\n",
        "t.yaml:6:16: error: 'vars.w' is swept, and nothing uses it: there is no '$w' in the spec\n");
}

/* Ten vars of ten vars each stand for 10^10 values. */
Test(vars, bombs_are_told)
{
    struct strbuf yaml = {0};
    struct loaded l;
    char *said;

    strbuf_add(&yaml, "vars:\n  v0: [1,1,1,1,1,1,1,1,1,1]\n");
    for (int i = 1; i < 10; i++)
        strbuf_addf(&yaml, "  v%d: [$v%d,$v%d,$v%d,$v%d,$v%d,$v%d,$v%d,$v%d,$v%d,$v%d]\n", i, i - 1, i - 1,
                    i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    strbuf_add(&yaml, MORE "optimizer: sgd\nmodel: $v9\n");
    l = load(yaml.text, 0, NULL);
    said = messages_of(l.diag);
    cr_expect_null(l.e);
    cr_expect_not_null(strstr(said, "stand for more than 100000 values: a bomb"), "%s", said);
    free(said);
    strbuf_release(&yaml);
    done(&l);
}

Test(vars, those_that_nobody_uses_are_told)
{
    struct loaded l = load("vars: {a: $b, b: 1, c: 2}\nseed: $c\n" BASE, 0, NULL);

    expect_messages(l.diag,
                    "t.yaml:1:8: warning: vars: 'a' is used nowhere: there is no '$a' in the spec\n"
                    "t.yaml:1:15: warning: vars: 'b' is used nowhere: there is no '$b' in the spec\n",
                    "unused");
    cr_expect_not_null(l.e);
    done(&l);
}

/* What the whole sweep goes by cannot be another one in each trial. */
Test(vars, swept_ones_stand_in_over_alone)
{
    expect_refusal(
        "vars: {n: 2, m: $n}\nseed: $n\n" BASE
        "sweep: {strategy: {random: {trials: $m}}, over: {vars.n: [1, 2]}}\n",
        "t.yaml:8:37: error: '$m' is another one in every trial: it can stand in sweep.over alone\n");
}
