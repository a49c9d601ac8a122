/* test_pruner.c - decisions of sweep/pruner.h: small cases by hand, the epochs at which they fall,
 * and whole sweeps over made-up learning curves.
 */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "sweep/pruner.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const struct pruner median = {.kind = PRUNER_MEDIAN, .minimum = 1, .startup = 1, .interval = 1};
static const struct pruner asha = {.kind = PRUNER_ASHA, .minimum = 1, .reduction = 3};

/* ---- when ------------------------------------------------------------------------ */

/* The epochs of TRIAL as text: "1 3 9". */
static void expect_epochs(const struct pruner *p, int64_t trial, int64_t epochs, const char *expected)
{
    struct strbuf b = {0};

    strbuf_add(&b, "");
    for (int64_t e = pruner_next_epoch(p, trial, 0, epochs); e; e = pruner_next_epoch(p, trial, e, epochs)) {
        cr_assert_eq(pruner_next_epoch(p, trial, e - 1, epochs), e);
        cr_assert_lt(b.len, 1000);
        strbuf_addf(&b, b.len ? " %lld" : "%lld", (long long)e);
    }
    cr_expect_str_eq(b.text, expected, "kind %d, minimum %lld, reduction %lld, %lld epochs: %s", (int)p->kind,
                     (long long)p->minimum, (long long)p->reduction, (long long)epochs, b.text);
    strbuf_release(&b);
}

Test(pruner, epochs_of_decisions)
{
    struct pruner p = median;

    expect_epochs(&p, 0, 5, "1 2 3 4");
    expect_epochs(&p, 0, 1, "");
    p.minimum = 4;
    p.interval = 3;
    expect_epochs(&p, 0, 12, "4 7 10");
    expect_epochs(&p, 0, 13, "4 7 10");
    expect_epochs(&p, 0, 4, "");
    expect_epochs(&p, 0, 5, "4");
    p.interval = INT64_MAX;
    expect_epochs(&p, 0, 1000, "4");
    p = asha;
    expect_epochs(&p, 0, 28, "1 3 9 27");
    expect_epochs(&p, 0, 27, "1 3 9");
    expect_epochs(&p, 0, 2, "1");
    expect_epochs(&p, 0, 1, "");
    p.minimum = 5;
    expect_epochs(&p, 0, 100, "5 15 45");
    expect_epochs(&p, 0, 5, "");
    expect_epochs(&p, 0, 3, "");
    p.minimum = 1;
    p.reduction = 2;
    expect_epochs(&p, 0, 16, "1 2 4 8");
    p.reduction = INT64_MAX;
    p.minimum = INT64_MAX / 2;
    expect_epochs(&p, 0, INT64_MAX, "4611686018427387903");
    p.kind = PRUNER_NONE;
    expect_epochs(&p, 0, 16, "");
}

/* Table 1 of the paper: 81 epochs, reduction 3: 81, 34, 15, 8 and 5 trials, from 1, 3, 9, 27 and 81
 * epochs on. */
Test(pruner, hyperband_brackets)
{
    const struct pruner p = {.kind = PRUNER_HYPERBAND, .minimum = 1, .reduction = 3};
    static const int64_t trials[] = {81, 34, 15, 8, 5};
    static const char *const epochs[] = {"1 3 9 27", "3 9 27", "9 27", "27", ""};
    int64_t seen[5] = {0}, since[5] = {0}, widest[5] = {0};

    cr_assert_eq(pruner_brackets(&p, 81), 5);
    cr_expect_eq(pruner_bracket(&p, 0, 81), 0, "the first trial may be pruned");
    for (int64_t t = 0; t < 10 * 143; t++) {
        int64_t b = pruner_bracket(&p, t, 81);

        cr_assert(b >= 0 && b < 5);
        seen[b]++;
        for (int64_t i = 0; i < 5; i++)
            since[i] = i == b ? 0 : since[i] + 1;
        for (int64_t i = 0; i < 5; i++)
            widest[i] = since[i] > widest[i] ? since[i] : widest[i];
        if (t < 143)
            expect_epochs(&p, t, 81, epochs[b]);
    }
    for (size_t b = 0; b < 5; b++) {
        cr_expect_eq(seen[b], 10 * trials[b], "bracket %zu: %lld", b, (long long)seen[b]);
        cr_expect_lt(widest[b], 3 * 143 / trials[b], "bracket %zu comes evenly", b);
    }
    cr_expect_eq(pruner_brackets(&p, 80), 4);
    cr_expect_eq(pruner_brackets(&p, 1), 1);
    cr_expect_eq(pruner_brackets(&p, INT64_MAX), 40);
    cr_expect_lt(pruner_bracket(&p, INT64_MAX, INT64_MAX), 40);
}

Test(pruner, hyperband_with_a_minimum)
{
    const struct pruner p = {.kind = PRUNER_HYPERBAND, .minimum = 5, .reduction = 2};
    static const char *const epochs[] = {"5 10 20", "10 20", "20"};

    cr_assert_eq(pruner_brackets(&p, 39), 3);
    for (int64_t t = 0; t < 20; t++)
        expect_epochs(&p, t, 39, epochs[pruner_bracket(&p, t, 39)]);
}

/* ---- decisions -------------------------------------------------------------------- */

static bool decide(const struct pruner *p, int64_t number, double value, size_t n, const double *others,
                   const char *says)
{
    char reason[200];
    bool prune = pruner_decide(p, number, 1, 10, value, n, others, reason, sizeof reason);

    cr_expect_str_eq(reason, says);
    return prune;
}

Test(pruner, median_by_hand)
{
    const double others[] = {0.5, 0.1, NAN, 0.4, 0.2};
    struct pruner p = median;

    cr_expect_not(
        decide(&p, 0, 9, 0, NULL, "median: 9 at epoch 1; 0 earlier trials are known there, 1 are needed"));
    /* 0.1 0.2 0.4 0.5: the median is 0.3 */
    cr_expect(decide(&p, 5, 0.31, 5, others,
                     "median: 0.31 at epoch 1 is worse than 0.3, the median of 4 earlier trials"));
    cr_expect_not(decide(&p, 5, 0.29, 5, others,
                         "median: 0.29 at epoch 1; 2 of 4 earlier trials are better, so it goes on"));
    cr_expect_not(decide(&p, 5, 0.2, 5, others,
                         "median: 0.2 at epoch 1; 1 of 4 earlier trials are better, so it goes on"));
    cr_expect(decide(&p, 5, NAN, 5, others,
                     "median: nan at epoch 1 is worse than 0.3, the median of 4 earlier trials"));
    /* 0.1 0.4 0.5: the median is 0.4, and a tie is not worse */
    cr_expect_not(decide(&p, 4, 0.4, 4, others,
                         "median: 0.4 at epoch 1; 1 of 3 earlier trials are better, so it goes on"));
    cr_expect(decide(&p, 4, 0.41, 4, others,
                     "median: 0.41 at epoch 1 is worse than 0.4, the median of 3 earlier trials"));
    p.startup = 5;
    cr_expect_not(
        decide(&p, 5, 9, 5, others, "median: 9 at epoch 1; 4 earlier trials are known there, 5 are needed"));
}

Test(pruner, median_of_equal_and_infinite_values)
{
    const double same[] = {0.5, 0.5, 0.5, 0.5}, huge[] = {INFINITY, INFINITY, 1, DBL_MAX};
    char reason[200];

    cr_expect_not(pruner_decide(&median, 4, 1, 9, 0.5, 4, same, reason, sizeof reason));
    cr_expect(pruner_decide(&median, 4, 1, 9, nextafter(0.5, 1), 4, same, reason, sizeof reason));
    cr_expect_not(pruner_decide(&median, 2, 1, 9, INFINITY, 2, huge, reason, sizeof reason));
    cr_expect_not(pruner_decide(&median, 3, 1, 9, INFINITY, 3, huge, reason, sizeof reason));
    cr_expect_not(pruner_decide(&median, 4, 1, 9, INFINITY, 4, huge, reason, sizeof reason),
                  "the median of 1, %g, inf, inf is inf", DBL_MAX);
    cr_expect(pruner_decide(&median, 4, 1, 9, NAN, 4, huge, reason, sizeof reason));
}

Test(pruner, asha_by_hand)
{
    const double others[] = {0.5, 0.1, NAN, 0.4, 0.2, 0.3};
    struct pruner p = asha;

    cr_expect_not(decide(&p, 0, 9, 0, NULL, "asha: 9 at epoch 1 is number 1 of 1; the best 1 goes on"));
    cr_expect_not(decide(&p, 1, 0.4, 1, others, "asha: 0.4 at epoch 1 is number 1 of 2; the best 1 goes on"));
    cr_expect(decide(&p, 1, 0.6, 1, others, "asha: 0.6 at epoch 1 is number 2 of 2; the best 1 goes on"));
    /* 0.1 0.2 0.3 0.4 0.5 and itself: two of six go on */
    cr_expect_not(decide(&p, 6, 0.15, 6, others, "asha: 0.15 at epoch 1 is number 2 of 6; the best 2 go on"));
    cr_expect(decide(&p, 6, 0.21, 6, others, "asha: 0.21 at epoch 1 is number 3 of 6; the best 2 go on"));
    cr_expect_not(decide(&p, 6, 0.2, 6, others, "asha: 0.2 at epoch 1 is number 2 of 6; the best 2 go on"));
    cr_expect(decide(&p, 6, NAN, 6, others, "asha: nan at epoch 1 is number 6 of 6; the best 2 go on"));
    p.reduction = 2;
    cr_expect_not(decide(&p, 6, 0.21, 6, others, "asha: 0.21 at epoch 1 is number 3 of 6; the best 3 go on"));
}

Test(pruner, later_trials_have_no_say)
{
    const double others[] = {0.5, 0.4, 0.1, 0.1, 0.1, 0.1};
    struct pruner p = asha;

    cr_expect_not(decide(&p, 2, 0.3, 6, others, "asha: 0.3 at epoch 1 is number 1 of 3; the best 1 goes on"));
    p.lag = 3;
    cr_expect_not(decide(&p, 5, 0.3, 6, others, "asha: 0.3 at epoch 1 is number 1 of 3; the best 1 goes on"));
    cr_expect(decide(&p, 6, 0.3, 6, others, "asha: 0.3 at epoch 1 is number 2 of 4; the best 1 goes on"));
    cr_expect_not(decide(&p, 3, 0.9, 6, others, "asha: 0.9 at epoch 1 is number 1 of 1; the best 1 goes on"));
}

Test(pruner, hyperband_compares_within_a_bracket)
{
    const struct pruner p = {.kind = PRUNER_HYPERBAND, .minimum = 1, .reduction = 3};
    double others[143];
    char reason[200];

    for (int64_t t = 0; t < 143; t++) /* those of other brackets are better */
        others[t] = pruner_bracket(&p, t, 81) == 0 ? 0.5 : 0.1;
    cr_assert_eq(pruner_bracket(&p, 143, 81), 0);
    cr_expect_not(pruner_decide(&p, 143, 1, 81, 0.5, 143, others, reason, sizeof reason));
    cr_expect_str_eq(reason, "hyperband, bracket 0: 0.5 at epoch 1 is number 1 of 82; the best 27 go on");
    cr_expect(pruner_decide(&p, 143, 1, 81, 0.6, 143, others, reason, sizeof reason));
    cr_expect_str_eq(reason, "hyperband, bracket 0: 0.6 at epoch 1 is number 82 of 82; the best 27 go on");
}

Test(pruner, no_decision_at_other_epochs)
{
    const double others[] = {0.1, 0.1, 0.1};
    char reason[8] = "before";

    for (int64_t epoch = 0; epoch <= 9; epoch++)
        cr_expect_eq(pruner_decide(&asha, 3, epoch, 9, 0.5, 3, others, reason, sizeof reason),
                     epoch == 1 || epoch == 3, "epoch %lld", (long long)epoch);
    cr_expect_str_eq(reason, "", "the last epoch has no decision and no reason");
    cr_expect(pruner_decide(&asha, 3, 1, 9, 0.5, 3, others, NULL, 0), "the reason is not needed");
    cr_expect(pruner_decide(&asha, 3, 1, 9, 0.5, 3, others, reason, sizeof reason));
    cr_expect_str_eq(reason, "asha: 0", "a short reason is cut");
}

/* ---- whole sweeps ------------------------------------------------------------------ */

enum { TRIALS = 120, EPOCHS = 81 };

/* Learning curves that fall from about 1 to their own floor, some of them crossing. */
static void make_curves(uint64_t seed, double curve[TRIALS][EPOCHS])
{
    struct rng_stream s = rng_stream(seed, RNG_DATA, 0, 0);

    for (int t = 0; t < TRIALS; t++) {
        float draw[2], noise[EPOCHS];

        rng_uniform(&s, draw, 2);
        rng_normal(&s, noise, EPOCHS);
        for (int e = 0; e < EPOCHS; e++)
            curve[t][e] = 0.1 + 0.8 * draw[0] + 0.9 / (1 + (0.3 + draw[1]) * (e + 1)) + 0.005 * noise[e];
        if (t % 10 == 7) /* it diverges */
            for (int e = 2 + t % 5; e < EPOCHS; e++)
                curve[t][e] = NAN;
    }
}

/* How far each trial comes; returns the epochs spent in all. */
static int64_t sweep(const struct pruner *p, double curve[TRIALS][EPOCHS], int64_t length[TRIALS])
{
    int64_t spent = 0;

    for (int64_t t = 0; t < TRIALS; t++) {
        length[t] = EPOCHS;
        for (int64_t e = pruner_next_epoch(p, t, 0, EPOCHS); e; e = pruner_next_epoch(p, t, e, EPOCHS)) {
            double others[TRIALS];

            for (int64_t i = 0; i < t; i++)
                others[i] = length[i] >= e ? curve[i][e - 1] : NAN;
            if (pruner_decide(p, t, e, EPOCHS, curve[t][e - 1], (size_t)t, others, NULL, 0)) {
                length[t] = e;
                break;
            }
        }
        spent += length[t];
    }
    return spent;
}

Test(pruner, sweeps_spend_less_and_keep_the_best)
{
    static const struct {
        const char *name;
        struct pruner p;
        double most; /* of all epochs */
    } cases[] = {
        {"median", {.kind = PRUNER_MEDIAN, .minimum = 3, .startup = 5, .interval = 1, .lag = 8}, 0.5},
        {"asha", {.kind = PRUNER_ASHA, .minimum = 3, .reduction = 3, .lag = 8}, 0.35},
        {"hyperband", {.kind = PRUNER_HYPERBAND, .minimum = 3, .reduction = 3, .lag = 8}, 0.5},
    };
    static double curve[TRIALS][EPOCHS];

    for (size_t i = 0; i < COUNT(cases); i++)
        for (uint64_t seed = 0; seed < 10; seed++) {
            int64_t length[TRIALS], best = -1, diverged = 0, spent;
            double lowest = INFINITY;
            int better = 0;

            make_curves(seed, curve);
            spent = sweep(&cases[i].p, curve, length);
            cr_expect_lt((double)spent, cases[i].most * TRIALS * EPOCHS, "%s: %lld of %d epochs",
                         cases[i].name, (long long)spent, TRIALS * EPOCHS);
            for (int64_t t = 0; t < TRIALS; t++) {
                if (length[t] == EPOCHS && curve[t][EPOCHS - 1] < lowest) {
                    lowest = curve[t][EPOCHS - 1];
                    best = t;
                }
                diverged += length[t] == EPOCHS && isnan(curve[t][EPOCHS - 1]);
            }
            cr_assert_geq(best, 0);
            for (int64_t t = 0; t < TRIALS; t++)
                better += curve[t][EPOCHS - 1] < lowest;
            cr_expect_leq(better, 0, "%s, seed %d: %d trials are better than the best that was left",
                          cases[i].name, (int)seed, better);
            cr_expect_lt(diverged, 8, "%s: %lld trials ran on with nan", cases[i].name, (long long)diverged);
        }
}
