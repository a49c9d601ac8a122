/* test_tree_set.c - overrides, tree_set() and `extends`: what is replaced, what is merged,
 * and where errors are shown. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "yaml/diag.h"
#include "yaml/tree.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct tree *tree;
static struct diag *diag;
static char *folder; /* of the files of a test; the working folder while it runs */

static void setup(void)
{
    tree = tree_new();
    diag = diag_new();
    folder = mem_format("%s/fell-tree-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
}

static void teardown(void)
{
    static const char *const names[] = {"a.yaml",     "b.yaml",     "c.yaml",
                                        "sub/a.yaml", "sub/b.yaml", "link.yaml"};

    for (size_t i = 0; i < COUNT(names); i++)
        unlink(names[i]);
    rmdir("sub");
    cr_expect_eq(chdir("/"), 0);
    rmdir(folder);
    free(folder);
    tree_free(tree);
    diag_free(diag);
}

TestSuite(tree_set, .init = setup, .fini = teardown);

static void write_file(const char *path, const char *text)
{
    FILE *f;

    if (strchr(path, '/'))
        mkdir("sub", 0777);
    f = fopen(path, "w");
    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
}

static void expect_messages(const char *expected, const char *what)
{
    struct strbuf b = {0};

    strbuf_add(&b, "");
    diag_write(diag, &b, false);
    cr_expect_str_eq(b.text, expected, "%s gave\n%s", what, b.text);
    strbuf_release(&b);
    diag_free(diag);
    diag = diag_new();
}

static void expect_written(const struct node *root, const char *expected, const char *what)
{
    struct strbuf b = {0};

    cr_assert_not_null(root, "%s", what);
    tree_write(root, &b);
    cr_expect_str_eq(b.text, expected, "%s gave\n%s", what, b.text);
    strbuf_release(&b);
}

static struct node *parse(const char *text)
{
    return tree_parse_text(tree, "x.yaml", ".", text, strlen(text), false, diag);
}

static void expect_place(const struct node *n, const char *path, int line, int column, int end_column)
{
    cr_assert_not_null(n);
    cr_expect_str_eq(n->place.source->path, path);
    cr_expect(n->place.line == line && n->place.column == column && n->place.end_column == end_column,
              "%d:%d-%d", n->place.line, n->place.column, n->place.end_column);
}

/* ---- overrides -------------------------------------------------------------------- */

Test(tree_set, overrides)
{
    static const struct {
        const char *before, *assignment, *after;
    } cases[] = {
        {"train: {epochs: 1}", "train.epochs=3", "train: {epochs: 3}\n"},
        {"train: {epochs: 1}", "train.clip_norm=1e-3", "train:\n  epochs: 1\n  clip_norm: 1e-3\n"},
        {"train: {epochs: 1}", " train.epochs = 3 ", "train: {epochs: 3}\n"},
        {"train:", "train.epochs=3", "train: {epochs: 3}\n"},
        {"a: 1", "b.c.d=x", "a: 1\nb: {c: {d: x}}\n"},
        {"a: 1", "a=[relu, {x: ~}]", "a:\n  - relu\n  - x: ~\n"},
        {"a: 1", "a='1'", "a: '1'\n"},
        {"a: 1", "a=x=y", "a: x=y\n"},
        {"a: 1", "a={b: &x 1, c: *x}", "a:\n  b: 1\n  c: 1\n"},
        {"a: {b: 1}", "a=null", "a: null\n"},
        /* A chosen plugin: bare, the same, another, a typo. */
        {"loss: mse", "loss=huber", "loss: huber\n"},
        {"loss: huber", "loss.huber.delta=0.5", "loss: {huber: {delta: 0.5}}\n"},
        {"loss: mse", "loss.huber.delta=0.5", "loss: {huber: {delta: 0.5}}\n"},
        {"loss: {huber: {delta: 1}}", "loss={huber: {x: 2}}", "loss: {huber: {x: 2}}\n"},
        {"optimizer: {adam: {lr: 1, eps: 2}}", "optimizer.adam.lr=3", "optimizer: {adam: {lr: 3, eps: 2}}\n"},
        {"optimizer: {adam: {lr: 1}}", "optimizer.sgd.lr=0.1", "optimizer: {sgd: {lr: 0.1}}\n"},
        {"optimizer: {adam: {lr: 1}}", "optimizer.sgd={lr: 0.1}", "optimizer: {sgd: {lr: 0.1}}\n"},
        {"optimizer: {adam: }", "optimizer.adam.lr=0.1", "optimizer: {adam: {lr: 0.1}}\n"},
        {"optimizer: {adam: {lr: 1}}", "optimzer.adam.lr=0.1",
         "optimizer: {adam: {lr: 1}}\noptimzer: {adam: {lr: 0.1}}\n"},
        {"optimizer: {adam: {lr: 1}, clip: 1}", "optimizer.sgd.lr=2",
         "optimizer:\n  adam: {lr: 1}\n  clip: 1\n  sgd: {lr: 2}\n"},
        {"a: 1", "schedule.cosine.period=5", "a: 1\nschedule: {cosine: {period: 5}}\n"},
        {"schedule: [cosine, {warmup: {steps: 1}}]", "schedule.0.step.every=2",
         "schedule:\n  - step: {every: 2}\n  - warmup: {steps: 1}\n"},
        {"data: {validation: 0.1}", "data.validation.csv.path=v.csv",
         "data: {validation: {csv: {path: v.csv}}}\n"},
        {"data: {source: {csv: {path: a}}}", "data.source.idx.images=b",
         "data: {source: {idx: {images: b}}}\n"},
        {"data: {transforms: [standardize]}", "data.transforms.0.scale.factor=2",
         "data: {transforms: [{scale: {factor: 2}}]}\n"},
        {"record: {gradients: epoch}", "record.gradients.step=5", "record: {gradients: {step: 5}}\n"},
        {"sweep: {strategy: grid}", "sweep.strategy.random.trials=5",
         "sweep: {strategy: {random: {trials: 5}}}\n"},
        /* Entries of the model. */
        {"model: [dense, relu]", "model.0.dense.units=4", "model:\n  - dense: {units: 4}\n  - relu\n"},
        {"model: [{dense: {units: 1}}, relu]", "model.0.dense.units=4",
         "model:\n  - dense: {units: 4}\n  - relu\n"},
        {"model: [{dense: {units: 1}}, relu]", "model.1=tanh", "model:\n  - dense: {units: 1}\n  - tanh\n"},
        {"model: [{dense: {units: 1}}]", "model.0.dense.init.he_uniform.gain=2",
         "model:\n  - dense: {units: 1, init: {he_uniform: {gain: 2}}}\n"},
        {"model: [{dense: {init: glorot}}]", "model.0.dense.init.uniform.low=2",
         "model:\n  - dense: {init: {uniform: {low: 2}}}\n"},
        {"model: [{dense: {init: {weight: zeros}}}]", "model.0.dense.init.bias=ones",
         "model:\n  - dense: {init: {weight: zeros, bias: ones}}\n"},
        {"model: [{dense: {init: {weight: zeros}}}]", "model.0.dense.init.weight.uniform.low=2",
         "model:\n  - dense: {init: {weight: {uniform: {low: 2}}}}\n"},
        {"metrics: [accuracy]", "metrics.0=mae", "metrics: [mae]\n"},
        /* Axes of a sweep are one key. */
        {"sweep: {over: {a.b: [1]}}", "sweep.over.a.b=[2, 3]", "sweep: {over: {a.b: [2, 3]}}\n"},
        {"sweep: {over: {a.b: [1]}}", "sweep.over.c.0.d=[2]", "sweep: {over: {a.b: [1], c.0.d: [2]}}\n"},
        {"sweep: {over: {union: [{a.b: [1]}]}}", "sweep.over.union.0.a.b=[2]",
         "sweep: {over: {union: [{a.b: [2]}]}}\n"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct node *root = tree_override(tree, parse(cases[i].before), cases[i].assignment, diag);

        expect_messages("", cases[i].assignment);
        expect_written(root, cases[i].after, cases[i].assignment);
    }
}

Test(tree_set, overrides_that_are_refused)
{
    static const struct {
        const char *before, *assignment, *messages;
    } cases[] = {
        {"a: 1", "epochs",
         "command line:1:1: error: 'epochs' is no override: PATH=VALUE is expected\n"
         "    1 | epochs\n"
         "      | ^~~~~~\n"},
        {"a: 1", "=3",
         "command line:1:1: error: there is no path in front of the '='\n"
         "    1 | =3\n"
         "      | ^~\n"},
        {"a: 1", "a=",
         "command line:1:3: error: there is no value for 'a' behind the '='\n"
         "    1 | a=\n"
         "      |   ^\n"},
        {"a: 1", "a..b=1",
         "command line:1:1: error: the path 'a..b' has an empty step\n"
         "    1 | a..b=1\n"
         "      | ^~~~\n"},
        {"a: 1", "b.=1",
         "command line:1:1: error: the path 'b.' has an empty step\n"
         "    1 | b.=1\n"
         "      | ^~\n"},
        {"a: {b: x}", "a.b.c=1",
         "command line:1:5: error: 'a.b' is the plain value 'x': there is no 'c' in it\n"
         "    1 | a.b.c=1\n"
         "      |     ^\n"},
        {"model: [a, b, c]", "model.7.a.x=1",
         "command line:1:7: error: 'model' has 3 entries, counted from 0: there is no 'model.7'\n"
         "    1 | model.7.a.x=1\n"
         "      |       ^\n"},
        {"metrics: [accuracy]", "metrics.1=mae",
         "command line:1:9: error: 'metrics' has 1 entry, counted from 0: there is no 'metrics.1'\n"
         "    1 | metrics.1=mae\n"
         "      |         ^\n"},
        {"model: [a]", "model.first.x=1",
         "command line:1:7: error: 'model' is a list: 'first' is not the number of an entry, nor the "
         "name of one\n"
         "    1 | model.first.x=1\n"
         "      |       ^~~~~\n"},
        {"model: [a]", "model.-1=x",
         "command line:1:7: error: 'model' is a list: '-1' is not the number of an entry, nor the name "
         "of one\n"
         "    1 | model.-1=x\n"
         "      |       ^~\n"},
        {"model: [{dense: {init: zeros}}]", "model.0.dense.init.bias=ones",
         "command line:1:20: error: 'model.0.dense.init' is the plain value 'zeros': there is no 'bias' in "
         "it\n"
         "    1 | model.0.dense.init.bias=ones\n"
         "      |                    ^~~~\n"},
        {"a: 1", "\xc3\xa4=[1, {b: 2, b: 3}]",
         "command line:1:14: error: duplicate key 'b'; first on line 1\n"
         "    1 | \xc3\xa4=[1, {b: 2, b: 3}]\n"
         "      |              ^\n"},
        {"a: 1", "a=[1",
         "command line:1:3: error: YAML syntax: expected ',' or ']' in the list that begins on line 1\n"
         "    1 | a=[1\n"
         "      |   ^\n"},
        {"a: 1", "extends=b.yaml",
         "command line:1:1: error: extends cannot be set here: it is followed when the file is read\n"
         "    1 | extends=b.yaml\n"
         "      | ^~~~~~~\n"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct node *root = parse(cases[i].before);

        cr_expect_null(tree_override(tree, root, cases[i].assignment, diag), "%s", cases[i].assignment);
        expect_messages(cases[i].messages, cases[i].assignment);
    }
}

/* The path may be as deep as a file, not deeper. */
Test(tree_set, deep_paths)
{
    struct strbuf b = {0};
    char *assignment;

    strbuf_add(&b, "a");
    for (int i = 1; i < 64; i++)
        strbuf_add(&b, ".a");
    assignment = mem_format("%s=1", b.text);
    cr_expect_not_null(tree_override(tree, parse("x: 1"), assignment, diag));
    free(assignment);
    assignment = mem_format("%s.a=1", b.text);
    cr_expect_null(tree_override(tree, parse("x: 1"), assignment, diag));
    cr_expect_eq(diag_errors(diag), 1);
    free(assignment);
    strbuf_release(&b);
}

Test(tree_set, places_of_what_an_override_sets)
{
    struct node *root = parse("optimizer: {adam: {lr: 1}}\n");

    root = tree_override(tree, root, "optimizer.adam.lr=2", diag);
    root = tree_override(tree, root, "  optimzer.sgd.x= [a, bb]", diag);
    expect_place(tree_at(root, "optimizer.adam.lr"), "command line", 1, 19, 20);
    expect_place(tree_key(tree_at(root, "optimizer.adam"), "lr"), "x.yaml", 1, 20, 22);
    expect_place(tree_key(root, "optimzer"), "command line", 1, 3, 11);
    expect_place(tree_key(tree_at(root, "optimzer"), "sgd"), "command line", 1, 12, 15);
    expect_place(tree_key(tree_at(root, "optimzer.sgd"), "x"), "command line", 1, 16, 17);
    expect_place(tree_at(root, "optimzer.sgd.x.1"), "command line", 1, 23, 25);
    cr_expect_str_eq(tree_at(root, "optimizer.adam.lr")->place.source->text, "optimizer.adam.lr=2");
    cr_expect_str_eq(tree_at(root, "optimizer.adam.lr")->place.source->folder, ".");
}

/* An axis of a sweep sets without choosing, and shares what it does not touch. */
Test(tree_set, axes_of_a_sweep)
{
    const struct node *root = parse("optimizer: adam\nloss: {huber: {delta: 1}}\n"
                                    "sweep: {over: {'optimizer.adam.lr': [1, 2], loss.mse.x: [3]}}\n");
    const struct node *over = tree_at(root, "sweep.over"), *trial;

    cr_assert_not_null(over);
    trial = tree_set(tree, (struct node *)(size_t)root, over->key[0]->text, over->item[0]->item[1],
                     &over->key[0]->place, diag);
    cr_assert_not_null(trial);
    cr_expect_str_eq(tree_at(trial, "optimizer.adam.lr")->text, "2");
    expect_place(tree_at(trial, "optimizer.adam.lr"), "x.yaml", 3, 41, 42);
    expect_place(tree_key(tree_at(trial, "optimizer.adam"), "lr"), "x.yaml", 3, 32, 34);
    cr_expect_eq(tree_get(trial, "loss"), tree_get(root, "loss"), "shared");
    cr_expect_str_eq(tree_at(root, "optimizer")->text, "adam", "the old tree is as it was");
    cr_expect_null(tree_set(tree, (struct node *)(size_t)root, over->key[1]->text, over->item[1]->item[0],
                            &over->key[1]->place, diag));
    expect_messages("x.yaml:3:50: error: 'loss.mse.x': 'loss' is 'huber' here, not 'mse'\n"
                    "    3 | sweep: {over: {'optimizer.adam.lr': [1, 2], loss.mse.x: [3]}}\n"
                    "      |                                                  ^~~\n",
                    "loss.mse.x");
}

/* ---- extends ----------------------------------------------------------------------- */

Test(tree_set, extends_merges)
{
    static const struct {
        const char *base, *child, *merged;
    } cases[] = {
        {"a: 1\nb: {c: 2, d: 3}\n", "extends: b.yaml\nb: {d: 4, e: 5}\nf: 6\n",
         "a: 1\nb:\n  c: 2\n  d: 4\n  e: 5\nf: 6\n"},
        {"l: [1, 2, 3]\nm: {x: 1}\ns: 1\n", "extends: b.yaml\nl: [4]\nm: 2\ns: {y: 1}\n",
         "l: [4]\nm: 2\ns: {y: 1}\n"},
        {"a: {b: 1}\n", "extends: b.yaml\na: null\n", "a: null\n"},
        {"a: 1\n", "extends: b.yaml\n", "a: 1\n"},
        /* The same plugin's settings merge, another plugin replaces the choice. */
        {"optimizer: {adam: {lr: 1, eps: 2}}\n", "extends: b.yaml\noptimizer: {adam: {lr: 3}}\n",
         "optimizer: {adam: {lr: 3, eps: 2}}\n"},
        {"optimizer: {adam: {lr: 1}}\n", "extends: b.yaml\noptimizer: {sgd: {lr: 0.1}}\n",
         "optimizer: {sgd: {lr: 0.1}}\n"},
        {"optimizer: {adam: {lr: 1}}\n", "extends: b.yaml\noptimizer: sgd\n", "optimizer: sgd\n"},
        {"optimizer: {adam: {lr: 1}}\n", "extends: b.yaml\noptimizer: adam\n",
         "optimizer: {adam: {lr: 1}}\n"},
        {"optimizer: {adam: {lr: 1}}\n", "extends: b.yaml\noptimizer: {adam: }\n",
         "optimizer: {adam: {lr: 1}}\n"},
        {"optimizer: adam\n", "extends: b.yaml\noptimizer: {adam: {lr: 1}}\n",
         "optimizer: {adam: {lr: 1}}\n"},
        {"loss: mse\n", "extends: b.yaml\nloss: {huber: {delta: 1}}\n", "loss: {huber: {delta: 1}}\n"},
        {"data: {source: {csv: {path: a}}, test: {csv: {path: b, target: c}}, validation: 0.1}\n",
         "extends: b.yaml\ndata: {source: {idx: {images: x}}, test: {csv: {path: d}}, validation: {csv: "
         "{path: e}}}\n",
         "data:\n  source: {idx: {images: x}}\n  test: {csv: {path: d, target: c}}\n  validation: {csv: "
         "{path: e}}\n"},
        {"schedule: {step: {every: 1}}\n", "extends: b.yaml\nschedule: {cosine: {period: 1}}\n",
         "schedule: {cosine: {period: 1}}\n"},
        {"schedule: {step: {every: 1}}\n", "extends: b.yaml\nschedule: null\n", "schedule: null\n"},
        /* Elsewhere a map with another key is just a map. */
        {"train: {epochs: 1}\n", "extends: b.yaml\ntrain: {threads: 2}\n",
         "train:\n  epochs: 1\n  threads: 2\n"},
        {"record: {gradients: epoch}\n", "extends: b.yaml\nrecord: {gradients: {step: 2}}\n",
         "record: {gradients: {step: 2}}\n"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        write_file("b.yaml", cases[i].base);
        write_file("a.yaml", cases[i].child);
        expect_written(tree_parse_file(tree, "a.yaml", true, diag), cases[i].merged, cases[i].child);
        expect_messages("", cases[i].child);
    }
}

/* a -> sub/a -> sub/b: each name is relative to the file that says it, and so are the
 * file names in it. */
Test(tree_set, extends_goes_on_and_keeps_places)
{
    struct node *root;

    write_file("a.yaml", "extends: sub/a.yaml\nname: a\n");
    write_file("sub/a.yaml", "name: s\nextends: b.yaml\ntrain: {epochs: 2}\n");
    write_file("sub/b.yaml", "name: b\ntrain: {epochs: 1, batch_size: 8}\n");
    root = tree_parse_file(tree, "a.yaml", true, diag);
    expect_written(root, "name: a\ntrain:\n  epochs: 2\n  batch_size: 8\n", "a.yaml");
    expect_place(tree_at(root, "train.batch_size"), "sub/b.yaml", 2, 32, 33);
    expect_place(tree_at(root, "train.epochs"), "sub/a.yaml", 3, 17, 18);
    expect_place(tree_at(root, "name"), "a.yaml", 2, 7, 8);
    cr_expect_str_eq(tree_at(root, "train.epochs")->place.source->folder, "sub");
    diag_error(diag, &tree_at(root, "train.batch_size")->place, "too small");
    expect_messages("sub/b.yaml:2:32: error: too small\n"
                    "    2 | train: {epochs: 1, batch_size: 8}\n"
                    "      |                                ^\n",
                    "a place in a base");
    root = tree_parse_file(tree, "a.yaml", false, diag);
    expect_written(root, "extends: sub/a.yaml\nname: a\n", "a.yaml, not followed");
    root = tree_parse_text(tree, "given", "sub", "extends: b.yaml\nname: t\n", 24, true, diag);
    expect_written(root, "name: t\ntrain:\n  epochs: 1\n  batch_size: 8\n", "a text in a folder");
}

Test(tree_set, extends_cycles)
{
    write_file("a.yaml", "name: x\nextends: a.yaml\n");
    cr_expect_null(tree_parse_file(tree, "a.yaml", true, diag));
    expect_messages("a.yaml:2:10: error: extends leads back to itself: a.yaml -> a.yaml\n"
                    "    2 | extends: a.yaml\n"
                    "      |          ^~~~~~\n",
                    "a");
    write_file("a.yaml", "extends: sub/a.yaml\n");
    write_file("sub/a.yaml", "extends: b.yaml\n");
    write_file("sub/b.yaml", "extends: ../link.yaml\n");
    cr_expect_eq(symlink("a.yaml", "link.yaml"), 0);
    cr_expect_null(tree_parse_file(tree, "a.yaml", true, diag));
    expect_messages(
        "sub/b.yaml:1:10: error: extends leads back to itself: a.yaml -> sub/a.yaml -> sub/b.yaml -> a.yaml\n"
        "    1 | extends: ../link.yaml\n"
        "      |          ^~~~~~~~~~~~\n",
        "a, by another name");
    /* A cycle that does not come back to the first file. */
    write_file("b.yaml", "extends: c.yaml\n");
    write_file("c.yaml", "extends: b.yaml\n");
    write_file("a.yaml", "extends: b.yaml\n");
    cr_expect_null(tree_parse_file(tree, "a.yaml", true, diag));
    expect_messages("c.yaml:1:10: error: extends leads back to itself: b.yaml -> c.yaml -> b.yaml\n"
                    "    1 | extends: b.yaml\n"
                    "      |          ^~~~~~\n",
                    "b and c");
}

Test(tree_set, extends_that_is_refused)
{
    static const struct {
        const char *child, *messages;
    } cases[] = {
        {"extends: nope.yaml\n",
         "a.yaml:1:10: error: extends: cannot read 'nope.yaml': No such file or directory\n"
         "    1 | extends: nope.yaml\n"
         "      |          ^~~~~~~~~\n"},
        {"extends: [b.yaml]\n", "a.yaml:1:10: error: extends takes the path of one file, not a list\n"
                                "    1 | extends: [b.yaml]\n"
                                "      |          ^~~~~~~~\n"},
        {"extends:\nb: 1\n", "a.yaml:1:9: error: extends takes the path of one file, not ''\n"
                             "    1 | extends:\n"
                             "      |         ^\n"},
        {"extends: .\n", "a.yaml:1:10: error: extends: cannot read '.': it is a folder\n"
                         "    1 | extends: .\n"
                         "      |          ^\n"},
        {"extends: b.yaml\n", "a.yaml:1:10: error: extends: 'b.yaml' holds a list, not a map\n"
                              "    1 | extends: b.yaml\n"
                              "      |          ^~~~~~\n"},
        /* Mistakes of both files in one pass. */
        {"x: 1\nx: 2\nextends: c.yaml\n", "a.yaml:2:1: error: duplicate key 'x'; first on line 1\n"
                                          "    2 | x: 2\n"
                                          "      | ^\n"
                                          "c.yaml:2:1: error: duplicate key 'y'; first on line 1\n"
                                          "    2 | y: 2\n"
                                          "      | ^\n"},
    };

    write_file("b.yaml", "[1]\n");
    write_file("c.yaml", "y: 1\ny: 2\n");
    for (size_t i = 0; i < COUNT(cases); i++) {
        write_file("a.yaml", cases[i].child);
        cr_expect_null(tree_parse_file(tree, "a.yaml", true, diag), "%s", cases[i].child);
        expect_messages(cases[i].messages, cases[i].child);
    }
}
