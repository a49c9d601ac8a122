/* test_space.c - what `sweep.over` can say, and which trials it comes to: products, zips, unions,
 * lists of rows, in place and in files, numbers in steps, settings of chosen plugins, where.
 */
#include "experiment_help.h"

Test(space, products_nest_and_the_last_runs_fastest)
{
    expect_trials(
        "{train.epochs: [1, 2], train.batch_size: [4, 8]}",
        "epochs=1 batch_size=4\nepochs=1 batch_size=8\nepochs=2 batch_size=4\nepochs=2 batch_size=8\n");
    expect_trials("{product: [{train.epochs: [1, 2]}, {train.batch_size: [4], optimizer.sgd.lr: [1, 2]}]}",
                  "epochs=1 batch_size=4 lr=1\nepochs=1 batch_size=4 lr=2\n"
                  "epochs=2 batch_size=4 lr=1\nepochs=2 batch_size=4 lr=2\n");
}

Test(space, zips_go_through_lists_together)
{
    expect_trials("{zip: {train.epochs: [1, 2, 3], optimizer.sgd.lr: [0.3, 0.2, 0.1]}}",
                  "epochs=1 lr=0.3\nepochs=2 lr=0.2\nepochs=3 lr=0.1\n");
    /* A zip is one axis of a product, and goes through anything that can be counted. */
    expect_trials("{zip: {train.epochs: {range: [1, 2], step: 1}, optimizer.sgd.lr: [0.3, 0.2]}, "
                  "train.batch_size: [4, 8]}",
                  "epochs=1 lr=0.3 batch_size=4\nepochs=1 lr=0.3 batch_size=8\n"
                  "epochs=2 lr=0.2 batch_size=4\nepochs=2 lr=0.2 batch_size=8\n");
    expect_trials("{zip: {train.epochs: [1, 2, 3, 4], product: [{optimizer.sgd.lr: [1, 2]}, "
                  "{train.batch_size: [5, 6]}]}}",
                  "epochs=1 lr=1 batch_size=5\nepochs=2 lr=1 batch_size=6\n"
                  "epochs=3 lr=2 batch_size=5\nepochs=4 lr=2 batch_size=6\n");
    expect_trials(
        "{zip: {train.epochs: [1, 2, 3], union: [{optimizer.sgd.lr: [1, 2]}, {train.batch_size: [5]}]}}",
        "epochs=1 lr=1\nepochs=2 lr=2\nepochs=3 batch_size=5\n");
}

Test(space, unions_have_the_trials_of_each_member)
{
    expect_trials("{union: [{train.epochs: [1, 2]}, {train.epochs: [5], train.batch_size: [4, 8]}]}",
                  "epochs=1\nepochs=2\nepochs=5 batch_size=4\nepochs=5 batch_size=8\n");
    expect_trials(
        "{product: [{optimizer.sgd.lr: [1, 2]}, {union: [{train.epochs: [3]}, {train.batch_size: [4]}]}]}",
        "lr=1 epochs=3\nlr=1 batch_size=4\nlr=2 epochs=3\nlr=2 batch_size=4\n");
}

Test(space, rows_in_place)
{
    expect_trials("{list: [{train.epochs: 3, optimizer.sgd.lr: 0.1}, {train.batch_size: 8}, {optimizer: "
                  "{adam: {lr: 1e-3}}}]}",
                  "epochs=3 lr=0.1\nbatch_size=8\noptimizer={\"adam\":{\"lr\":1e-3}}\n");
    expect_trials("{list: [{train.epochs: 3}, {train.epochs: 4}], optimizer.sgd.lr: [1, 2]}",
                  "epochs=3 lr=1\nepochs=3 lr=2\nepochs=4 lr=1\nepochs=4 lr=2\n");
}

static void expect_rows(const char *name, const char *content, const char *expected, const char *messages)
{
    char *yaml = mem_format("%ssweep: {over: {list: %s}}\n", BASE, name), *found, sha256[65];
    struct loaded l = load_begin();

    write_file(name, content);
    load_end(&l, yaml, 0, NULL);
    expect_messages(l.diag, messages, content);
    cr_expect_eq(l.e != NULL, expected != NULL, "%s", content);
    if (l.e && expected) {
        found = trials_text(&l);
        cr_expect_str_eq(found, expected, "%s\n-- found:\n%s-- expected:\n%s", content, found, expected);
        free(found);
        sha256_text(content, strlen(content), sha256);
        cr_assert_eq(l.e->nfiles, 1);
        cr_expect_str_eq(l.e->files[0].sha256, sha256);
        cr_expect_str_eq(path_base(l.e->files[0].path), name);
        cr_expect_eq(l.e->files[0].path[0], '/');
        cr_expect_eq(l.e->files[0].rows, l.e->ntrials);
    }
    free(yaml);
    done(&l);
}

Test(space, rows_of_files)
{
    expect_rows("r.csv", "train.epochs,optimizer.sgd.lr\n3,1e-1\n4,0.5\n",
                "epochs=3 lr=1e-1\nepochs=4 lr=0.5\n", "");
    /* What is empty is not set; quotes, other separators and line ends, a byte order mark, flows. */
    expect_rows("r.csv",
                "\xef\xbb\xbftrain.epochs;loss;optimizer\r\n3;;\r\n;\"mae\"; {adam: {lr: 1}}\r\n\r\n",
                "epochs=3\nloss=mae optimizer={\"adam\":{\"lr\":1}}\n", "");
    expect_rows("r.tsv", "train.epochs\tmodel.0.dense.activation\n3\trelu\n4\tnull\n",
                "epochs=3 activation=relu\nepochs=4 activation=null\n", "");
    expect_rows("r.yaml", "- {train.epochs: 3}\n- train.epochs: 4\n  loss: mae\n",
                "epochs=3\nepochs=4 loss=mae\n", "");
    expect_rows("r.json", "[{\"train.epochs\": 3, \"train.shuffle\": false}]", "epochs=3 shuffle=false\n",
                "");
}

Test(space, bad_files_of_rows)
{
    expect_rows("r.csv", "train.epochs,optimizer.sgd.lr\n3,1e-1\n0,fast\n", NULL,
                "r.csv:3:1: error: train.epochs: 0 is not in [1, inf)\nr.csv:3:3: error: sgd.lr: 'fast' is "
                "not a number\n");
    expect_rows("r.csv", "3,0.1\n4,0.5\n", NULL,
                "r.csv:1:1: error: the first line of a list names the paths that are swept; '3' is none\n");
    expect_rows(
        "r.csv", "train.epochs,,train.epochs\n3,0.1,4\n", NULL,
        "r.csv:1:14: error: column 2 has no name\nr.csv:1:15: error: duplicate column 'train.epochs'\n");
    expect_rows("r.csv", "train.epochs,loss\n3,mse\n4\n5,mse,6\n", NULL,
                "r.csv:3:1: error: 1 field, but the first line names 2 columns\n"
                "r.csv:4:1: error: 3 fields, but the first line names 2 columns\n");
    expect_rows("r.csv", "train.epochs\n", NULL,
                "r.csv:1:1: error: there are no lines below the first, which names the columns\n");
    expect_rows("r.csv", "", NULL, "r.csv:1:1: error: the file is empty\n");
    expect_rows("r.csv", "train.epochs\n\"3\n", NULL,
                "r.csv:2:1: error: a quote is opened and never closed\n");
    expect_rows("r.csv", "optimizer\n[1\n", NULL,
                "r.csv:2:1: error: '[1' begins like a list or map of YAML, but is none\n");
    expect_rows("r.csv", "train.epochs\n\xff\n", NULL, "r.csv:2:1: error: the byte 0xff is not UTF-8\n");
    expect_rows("r.csv", "train.epochs,trian.epochs\n1,2\n", NULL,
                "r.csv:1:14: error: a spec has no setting 'trian'; did you mean 'train'?\n");
    expect_rows("r.csv", "train.epochs,repeats\n1,2\n", NULL,
                "r.csv:1:14: error: 'repeats' is the experiment's, and cannot be swept\n");
    expect_rows("r.txt", "train.epochs\n1\n", NULL,
                "t.yaml:6:22: error: list: 'r.txt' is neither a .csv nor a .yaml file\n");
    expect_rows("r.yaml", "{train.epochs: 3}\n", NULL,
                "r.yaml:1:1: error: list: rows of settings, or the name of a CSV or YAML file, are wanted "
                "here, not a map\n");
    expect_rows("r.yaml", "[{train.epochs: 3}, 7, {}]\n", NULL,
                "r.yaml:1:21: error: list: a row is a map of paths and values, not '7'\n"
                "r.yaml:1:24: error: list: a row is a map of paths and values, not an empty map\n");
    expect_refusal(BASE "sweep: {over: {list: r.csv}}\n",
                   "t.yaml:6:22: error: list: cannot read 'r.csv': No such file or directory\n");
}

Test(space, numbers_in_steps)
{
    static const struct {
        const char *values, *expected;
    } cases[] = {
        {"{range: [0.1, 0.5], step: 0.1}", "0.1 0.2 0.3 0.4 0.5"},
        {"{range: [0.1, 0.55], step: 0.1}", "0.1 0.2 0.3 0.4 0.5"},
        {"{range: [0, 1], count: 3}", "0 0.5 1"},
        {"{range: [1e-4, 0.1], log: true, count: 4}", "0.0001 0.001 0.01 0.1"},
        {"{range: [1e-4, 0.1], log: true, step: 10}", "0.0001 0.001 0.01 0.1"},
        {"{range: [3, 3], step: 1}", "3"},
        /* Round numbers are hit, whatever is in between and however far the ends are from each other. */
        {"{range: [1e-5, 1e-1], step: 10, log: true}", "1e-05 0.0001 0.001 0.01 0.1"},
        {"{range: [1e-8, 1e-4], step: 10, log: true}", "1e-08 1e-07 1e-06 1e-05 0.0001"},
        {"{range: [3e-5, 0.5], step: 10, log: true}", "3e-05 0.0003 0.003 0.03 0.3"},
        {"{range: [0.1, 100], step: 10, log: true}", "0.1 1 10 100"},
        {"{range: [1e-3, 8e-3], step: 2, log: true}", "0.001 0.002 0.004 0.008"},
        {"{range: [1e-6, 1.61051e-6], step: 1.1, log: true}",
         "1e-06 1.1e-06 1.21e-06 1.331e-06 1.4641e-06 1.61051e-06"},
        {"{range: [0.02, 2.5], step: 5, log: true}", "0.02 0.1 0.5 2.5"},
        {"{range: [1e-5, 1e-1], count: 9, log: true}",
         "1e-05 3.16227766016838e-05 0.0001 0.000316227766016838 0.001 0.00316227766016838 0.01 "
         "0.0316227766016838 0.1"},
        {"{range: [1e-7, 1e-2], count: 6, log: true}", "1e-07 1e-06 1e-05 0.0001 0.001 0.01"},
        {"{range: [0.001, 0.064], count: 7, log: true}", "0.001 0.002 0.004 0.008 0.016 0.032 0.064"},
        {"{range: [1e-300, 1e300], count: 3, log: true}", "1e-300 1 1e+300"},
        {"{range: [1e-300, 1e300], step: 1e200, log: true}", "1e-300 1e-100 1e+100 1e+300"},
        {"{range: [0, 0.9], step: 0.3}", "0 0.3 0.6 0.9"},
        {"{range: [0.7, 1], step: 0.1}", "0.7 0.8 0.9 1"},
        {"{range: [1e-9, 1.0000003e-2], step: 5e-3}", "1e-09 0.005000001 0.010000001"},
        {"{range: [0, 1], count: 11}", "0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1"},
        {"{range: [1e10, 1e10], step: 0.1}", "10000000000"},
        {"{range: [1, 2], count: 2, type: int}", "1 2"},
        {"{range: [1e-7, 3e-7], step: 1e-7}", "1e-07 2e-07 3e-07"},
    };
    static const struct {
        const char *values, *expected;
    } whole[] = {
        {"{range: [16, 64], step: 16}", "16 32 48 64"},
        {"{range: [1, 10], step: 4}", "1 5 9"},
        {"{range: [1, 4]}", "1 2 3 4"},
        {"{range: [16, 256], log: true, type: int}", "16 32 64 128 256"},
        {"{range: [1, 100], log: true}", "1 2 4 8 16 32 64"},
        {"{range: [1, 1000], log: true, step: 10}", "1 10 100 1000"},
        {"{range: [1, 1000], log: true, count: 3}", "1 32 1000"},
        {"{range: [1, 10], count: 4}", "1 4 7 10"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases + sizeof whole / sizeof *whole; i++) {
        bool real = i < sizeof cases / sizeof *cases;
        const char *values = real ? cases[i].values : whole[i - sizeof cases / sizeof *cases].values;
        const char *expected = real ? cases[i].expected : whole[i - sizeof cases / sizeof *cases].expected;
        char *over = mem_format("{%s: %s}", real ? "optimizer.sgd.lr" : "train.epochs", values);
        char *copy = mem_string(expected), *rest = copy, *one;
        struct strbuf lines = {0};

        while ((one = strsep(&rest, " ")))
            strbuf_addf(&lines, "%s=%s\n", real ? "lr" : "epochs", one);
        expect_trials(over, lines.text);
        strbuf_release(&lines);
        free(copy);
        free(over);
    }
}

/* ---- settings that exist in some trials only ---------------------------------------------- */

Test(space, settings_of_a_plugin_exist_where_it_is_chosen)
{
    expect_trials("{optimizer: [sgd, adam], optimizer.sgd.momentum: [0, 0.9], optimizer.adam.lr: [1, 2, 3]}",
                  "optimizer=sgd momentum=0\noptimizer=sgd momentum=0.9\n"
                  "optimizer=adam lr=1\noptimizer=adam lr=2\noptimizer=adam lr=3\n");
    /* In any order, settings before the plugin too. */
    expect_trials("{optimizer.adam.lr: [1, 2], optimizer: [sgd, adam]}",
                  "optimizer=sgd\nlr=1 optimizer=adam\nlr=2 optimizer=adam\n");
    /* Chosen with settings of its own, which the axis replaces one by one. */
    expect_trials("{optimizer: [{sgd: {lr: 7}}, {adam: {lr: 8}}], optimizer.sgd.momentum: [0.5, 0.9]}",
                  "optimizer={\"sgd\":{\"lr\":7}} momentum=0.5\noptimizer={\"sgd\":{\"lr\":7}} momentum=0.9\n"
                  "optimizer={\"adam\":{\"lr\":8}}\n");
    /* null turns off what the path leads through. */
    expect_trials("{schedule: [null, cosine], schedule.cosine.period: [4, 5]}",
                  "schedule=null\nschedule=cosine period=4\nschedule=cosine period=5\n");
    /* A model that is too short, a layer that is another one. */
    expect_trials("{model: [[{dense: {units: 1}}], [{dense: {units: 2}}, {dense: {units: 1}}]], "
                  "model.1.dense.bias: [yes, no]}",
                  "model=[{\"dense\":{\"units\":1}}]\nmodel=[{\"dense\":{\"units\":2}},{\"dense\":{\"units\":"
                  "1}}] bias=true\n"
                  "model=[{\"dense\":{\"units\":2}},{\"dense\":{\"units\":1}}] bias=false\n");
    expect_trials("{model.0: [{dense: {units: 3}}, dropout], model.0.dropout.rate: [0.1, 0.2], "
                  "model.0.dense.bias: [no, yes]}",
                  "0={\"dense\":{\"units\":3}} bias=false\n0={\"dense\":{\"units\":3}} bias=true\n0=dropout "
                  "rate=0.1\n0=dropout rate=0.2\n");
    /* In a zip, and through a union. */
    expect_trials("{zip: {optimizer: [sgd, adam], train.epochs: [1, 2]}, optimizer.adam.lr: [1, 2]}",
                  "optimizer=sgd epochs=1\noptimizer=adam epochs=2 lr=1\noptimizer=adam epochs=2 lr=2\n");
    expect_trials("{union: [{optimizer: [sgd]}, {optimizer: [adam]}], optimizer.adam.lr: [1, 2]}",
                  "optimizer=sgd\noptimizer=adam lr=1\noptimizer=adam lr=2\n");
    expect_trials("{optimizer: [sgd, adam], zip: {optimizer.sgd.lr: [1, 2], optimizer.adam.lr: [3, 4]}}",
                  "optimizer=sgd lr=1\noptimizer=sgd lr=2\noptimizer=adam lr=3\noptimizer=adam lr=4\n");
    expect_trials("{optimizer: [sgd, adam], list: [{optimizer.sgd.lr: 1}, {optimizer.adam.lr: 2}]}",
                  "optimizer=sgd lr=1\noptimizer=sgd\noptimizer=adam\noptimizer=adam lr=2\n");
}

/* Five optimizers with two settings each: 4 trials of each, not 5 * 4^5 combinations looked at. */
Test(space, conditions_do_not_multiply)
{
    struct strbuf yaml = {0};
    static const char *const names[] = {"adam", "adamw", "nadam", "radam", "adamax"};
    struct loaded l;

    strbuf_add(&yaml, BASE "sweep:\n  over:\n    optimizer: [adam, adamw, nadam, radam, adamax]\n");
    for (size_t i = 0; i < 5; i++)
        for (int k = 1; k <= 2; k++) {
            strbuf_addf(&yaml, "    optimizer.%s.beta%d: [0.1", names[i], k);
            for (int v = 1; v < 40; v++)
                strbuf_addf(&yaml, ", 0.%d", 100 + v);
            strbuf_add(&yaml, "]\n");
        }
    l = load(yaml.text, 0, NULL);
    expect_messages(l.diag, "", yaml.text);
    cr_assert_not_null(l.e);
    cr_expect_eq(l.e->ntrials, 5 * 40 * 40);
    cr_expect_eq(l.e->nequal, 0);
    strbuf_release(&yaml);
    done(&l);
}

/* ---- where ---------------------------------------------------------------------------------- */

static void expect_where(const char *over, const char *where, const char *expected, int64_t excluded)
{
    char *yaml = mem_format("%ssweep:\n  over: %s\n  where: %s\n", BASE, over, where), *found;
    struct loaded l = load(yaml, 0, NULL);

    expect_messages(l.diag, "", yaml);
    cr_assert_not_null(l.e);
    found = trials_text(&l);
    cr_expect_str_eq(found, expected, "%s\n-- found:\n%s-- expected:\n%s", yaml, found, expected);
    cr_expect_eq(l.e->nexcluded, excluded);
    free(found);
    free(yaml);
    done(&l);
}

Test(space, where_leaves_trials_out)
{
    expect_where(
        "{train.epochs: [1, 2, 3], train.batch_size: [2, 4]}", "'\"train.epochs\" < \"train.batch_size\"'",
        "epochs=1 batch_size=2\nepochs=1 batch_size=4\nepochs=2 batch_size=4\nepochs=3 batch_size=4\n", 2);
    /* Numbers are numbers, switches and plugins are texts; NULL where a setting does not exist. */
    expect_where("{optimizer.sgd.lr: [1e1, 9]}", "'\"optimizer.sgd.lr\" > 9.5'", "lr=1e1\n", 1);
    expect_where("{train.shuffle: [yes, no]}", "\"\\\"train.shuffle\\\" = 'false'\"", "shuffle=false\n", 1);
    expect_where("{optimizer: [sgd, adam], optimizer.adam.lr: [1, 2]}",
                 "'\"optimizer.adam.lr\" IS NULL OR \"optimizer.adam.lr\" > 1'",
                 "optimizer=sgd\noptimizer=adam lr=2\n", 1);
    expect_where("{schedule: [null, constant]}", "'\"schedule\" IS NOT NULL'", "schedule=constant\n", 1);
    expect_where("{train.epochs: [1, 2, 3]}",
                 "'\"train.epochs\" IN (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 2 FROM c WHERE "
                 "n < 5) SELECT n FROM c)'",
                 "epochs=1\nepochs=3\n", 1);
}

/* ---- what is equal, what is shown -------------------------------------------------------------- */

Test(space, equal_trials_of_a_union_run_once)
{
    struct loaded l = load(BASE "sweep: {over: {union: [{train.epochs: [1, 2]}, {train.epochs: [2, 3]}, "
                                "{optimizer.sgd.lr: [0.001]}]}}\n",
                           0, NULL);
    char *found;

    cr_assert_not_null(l.e);
    found = trials_text(&l);
    cr_expect_str_eq(found, "epochs=1\nepochs=2\nepochs=3\n");
    cr_expect_eq(l.e->nequal, 2, "epochs: 2 twice, and the default learning rate with the default epochs");
    free(found);
    done(&l);
}

/* The scouts of an experiment together have every value of every axis. */
Test(space, scouts_show_every_value)
{
    static const char *const expected[] = {"optimizer=sgd", "optimizer=adam", "momentum=0.5", "momentum=0.9",
                                           "lr=1",          "lr=2",           "epochs=1",     "epochs=40",
                                           "batch_size=1",  "batch_size=2",   "batch_size=3"};
    struct loaded l = load(BASE "sweep: {over: {optimizer: [sgd, adam], optimizer.sgd.momentum: [0.5, 0.9], "
                                "optimizer.adam.lr: [1, 2], "
                                "train.epochs: {range: [1, 40]}, train.batch_size: [1, 2, 3]}, where: "
                                "'\"train.batch_size\" < 3 OR \"train.epochs\" > 20'}\n",
                           0, NULL);
    struct strbuf all = {0};

    expect_messages(l.diag, "", "scouts");
    cr_assert_not_null(l.e);
    cr_expect_eq(l.e->ntrials, 4 * (40 * 3 - 20));
    cr_expect_leq(l.e->nscouts, 12);
    for (size_t i = 0; i < l.e->nscouts; i++) {
        struct trial t;

        cr_assert_eq(experiment_scout(l.e, i, l.arena, &t, l.diag), OK);
        cr_expect_eq(t.number, (int64_t)i);
        cr_expect_not(t.spec->train.batch_size == 3 && t.spec->train.epochs <= 20, "excluded by where");
        add_values(&all, &t);
        strbuf_add(&all, " ");
    }
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        char *word = mem_format("%s ", expected[i]);

        cr_expect_not_null(strstr(all.text, word), "no scout has %s: %s", expected[i], all.text);
        free(word);
    }
    strbuf_release(&all);
    done(&l);
}

/* A trial is a number: it comes out the same each time, in any order. */
Test(space, trials_are_made_anew)
{
    struct loaded l = load(
        BASE
        "sweep: {over: {optimizer.sgd.lr: {range: [0.001, 1], count: 1000}, train.batch_size: [1, 2]}}\n",
        0, NULL);
    struct trial a, b;

    cr_assert_not_null(l.e);
    cr_assert_eq(l.e->ntrials, 2000);
    a = trial_of(&l, 1731);
    trial_of(&l, 3);
    b = trial_of(&l, 1731);
    cr_expect_str_eq(a.resolved, b.resolved);
    cr_expect_str_eq(a.values[0].text, "0.866");
    cr_expect_eq(a.values[0].x, 0.866);
    cr_expect_eq(experiment_trial(l.e, 2000, l.arena, &a, l.diag), FAILED);
    cr_expect_eq(experiment_trial(l.e, -1, l.arena, &a, l.diag), FAILED);
    done(&l);
}
