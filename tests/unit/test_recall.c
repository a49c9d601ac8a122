/* test_recall.c - an adaptive strategy that was told of stored trials goes on as the one that suggested
 * them, whatever the space is made of; trials of another space say nothing.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "experiment_help.h"

enum { TRIALS = 60 };

/* Every kind of values and of spaces, settings that are not always there, a path in two members. */
static const char space[] =
    "  over:\n"
    "    product:\n"
    "      - optimizer: [sgd, adam, {rmsprop: {lr: 0.5}}]\n"
    "        optimizer.sgd.lr: {log_uniform: [0.001, 1]}\n"
    "        optimizer.sgd.momentum: {normal: {mean: 0.5, sd: 0.3, min: 0, max: 0.99}}\n"
    "        optimizer.sgd.nesterov: [no, yes]\n"
    "        optimizer.adam.lr: {range: [0.0001, 0.1], count: 7, log: true}\n"
    "        model.0.dense.units: {integer: [2, 9]}\n"
    "        train.batch_size: {range: [1, 40], log: true, type: int}\n"
    "        data.source.xor.rows: {range: [8, 96], step: 8}\n"
    "        model.0.dense.lr_factor: {uniform: [0.5, 2]}\n"
    "      - union:\n"
    "          - zip: {train.epochs: [1, 2, 3], model.0.dense.activation: [tanh, relu, null]}\n"
    "          - {train.epochs: {integer: [4, 6]}, model.0.dense.bias: [false, true]}\n"
    "          - list:\n"
    "              - {train.epochs: 7}\n"
    "              - {train.epochs: 7, model.0.dense.bias: false}\n"
    "      - loss: {choice: {values: {squared: mse, robust: {huber: {delta: 0.5}}}, weights: [1, 3]}}\n";

static struct loaded load_space(const char *over)
{
    char *yaml = mem_format("%sseed: 7\nsweep:\n  strategy: {tpe: {trials: %d, startup: 8, lag: 2}}\n%s",
                            BASE, TRIALS, over);
    struct loaded l = load(yaml, 0, NULL);

    expect_messages(l.diag, "", over);
    cr_assert_not_null(l.e);
    free(yaml);
    return l;
}

/* What trial NUMBER is worth; some have failed. */
static double worth(int number)
{
    return number % 7 == 3 ? NAN : fmod(number * 0.618034, 1);
}

static struct trial suggest(struct loaded *l, const double *value)
{
    struct trial t = {0};
    bool none;

    cr_assert_eq(experiment_suggest(l->e, TRIALS, value, l->arena, &t, &none, l->diag), OK);
    cr_assert_not(none);
    return t;
}

Test(recall, goes_on_as_the_one_that_suggested)
{
    static const int from[] = {1, 9, 31, TRIALS - 1};
    struct loaded first = load_space(space);
    struct trial trial[TRIALS];
    double value[TRIALS];

    for (int i = 0; i < TRIALS; i++)
        value[i] = worth(i);
    for (int i = 0; i < TRIALS; i++)
        trial[i] = suggest(&first, value);
    for (size_t k = 0; k < sizeof from / sizeof *from; k++) {
        struct loaded again = load_space(space);

        for (int i = 0; i < from[k]; i++)
            cr_expect(experiment_recall(again.e, &trial[i]), "trial %d: %s", i, trial[i].resolved);
        for (int i = from[k]; i < TRIALS; i++) {
            struct trial t = suggest(&again, value);

            cr_assert_str_eq(t.resolved, trial[i].resolved, "from %d on, trial %d", from[k], i);
        }
        done(&again);
    }
    done(&first);
}

/* With values that are none of this space, or that an axis which it does not have gave. */
Test(recall, other_spaces_say_nothing)
{
    struct loaded here =
        load_space("  over: {optimizer.sgd.lr: [0.1, 0.2], optimizer.sgd.momentum: {uniform: [0, 0.5]}}\n");
    static const struct {
        const char *over;
        bool known;
    } cases[] = {
        {"  over: {optimizer.sgd.lr: [0.2, 0.1], optimizer.sgd.momentum: {uniform: [0, 0.5]}}\n", true},
        {"  over: {optimizer.sgd.lr: [0.1], optimizer.sgd.momentum: {range: [0.1, 0.4], step: 0.01}}\n",
         true},
        {"  over: {optimizer.sgd.lr: [0.3, 0.4], optimizer.sgd.momentum: {uniform: [0, 0.5]}}\n", false},
        {"  over: {optimizer.sgd.lr: [0.1, 0.2], optimizer.sgd.momentum: {uniform: [0.6, 0.9]}}\n", false},
        {"  over: {optimizer.sgd.lr: [0.1, 0.2], train.epochs: {integer: [2, 9]}}\n", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct loaded other = load_space(cases[i].over);
        double value[TRIALS] = {0};
        struct trial t = suggest(&other, value);

        cr_expect_eq(experiment_recall(here.e, &t), cases[i].known, "%s: %s", cases[i].over, t.resolved);
        done(&other);
    }
    done(&here);
}

/* Versions before 0.2 stored lists and maps as in a YAML flow. */
Test(recall, values_that_older_versions_wrote)
{
    struct loaded first = load_space(space), second = load_space(space);
    double value[TRIALS] = {0};
    int old = 0;

    for (int i = 0; i < 40; i++) {
        struct trial t = suggest(&first, value);

        for (size_t k = 0; k < t.nvalues; k++)
            if (!strcmp(t.values[k].text, "{\"rmsprop\":{\"lr\":0.5}}")) {
                t.values[k].text = "{rmsprop: {lr: 0.5}}";
                old++;
            }
        cr_expect(experiment_recall(second.e, &t), "trial %d", i);
    }
    cr_expect_gt(old, 0);
    done(&second);
    cr_expect_eq(chdir(first.folder), 0);
    done(&first);
}
