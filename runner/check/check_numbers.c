/* check_numbers.c - what comes of large inputs, of inputs that are all the same, and of tiny ones. See
 * check.h.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "check/check.h"

/* A result that is as large as this may well be too large for a larger input. */
static const double GROWS = 1e9;

static bool is_run(struct checked *c, const struct setup *u, const struct conditions *how, struct rig **g)
{
    struct error err;

    *g = checked_rig(c, u, how);
    return *g && rig_step(*g, &err) == OK;
}

static bool is_metric(const struct rig *g)
{
    return g->s.item->kind == FELL_KIND_METRIC;
}

/* A metric may be NaN, where it is undefined. */
static bool is_no_number(const struct rig *g, struct error *what)
{
    return is_metric(g) ? rig_has_infinity(g, what) : rig_not_finite(g, what);
}

/* Of the usual inputs: any setup of a loss; else the defaults, since an epsilon of 0 may divide by 0. */
static void check_usual(struct checked *c, const struct setup *u, const struct conditions *how,
                        struct finding *f)
{
    struct error what;
    char where[512];
    struct rig *g;

    if (is_run(c, u, how, &g) && is_no_number(g, &what))
        finding_fail(f, "%.300s, %s", what.text, rig_where(g, where));
    checked_done(g);
}

/* Larger and larger inputs. An infinity is a finding where the size before gave moderate numbers: what
 * grows like exp() may get too large, what grows like its input may not. NaN always is one. */
static void check_growing(struct checked *c, const struct setup *u, struct conditions how, struct finding *f)
{
    static const float reaches[] = {10.0f, 30.0f, 100.0f, 1e4f};
    static const enum fill fills[] = {FILL_EVEN, FILL_SIGNS, FILL_SAME};
    double before;
    char where[512];

    for (size_t k = 0; k < sizeof fills / sizeof *fills; k++) {
        how.fill = fills[k];
        before = 0.0;
        for (size_t i = 0; i < 2 * sizeof reaches / sizeof *reaches && f->outcome == OUTCOME_PASSED; i++) {
            const size_t n = sizeof reaches / sizeof *reaches;
            struct error what;
            struct rig *g;

            if (i >= n && fills[k] != FILL_SAME)
                break;
            how.reach = i < n ? reaches[i] : -reaches[i - n];
            before = i == n ? 0.0 : before;
            if (is_run(c, u, &how, &g)) {
                if (before < GROWS ? is_no_number(g, &what) : !is_metric(g) && rig_has_nan(g, &what))
                    finding_fail(f, "%.300s, %s", what.text, rig_where(g, where));
                before = rig_largest(g);
            }
            checked_done(g);
        }
    }
}

/* Nothing but zeros, or ones: variances, norms and distances of 0, and ties. */
static void check_same(struct checked *c, const struct setup *u, struct conditions how, struct finding *f)
{
    static const float values[] = {0.0f, 1.0f};

    how.fill = FILL_SAME;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        how.reach = values[i];
        check_usual(c, u, &how, f);
    }
    for (how.fill = FILL_NONE; how.fill <= FILL_MOST; how.fill++)
        if (c->item->kind == FELL_KIND_LOSS && u->targets != TARGET_SIGN)
            check_usual(c, u, &how, f);
}

/* Biases begin with 0, dead units have no gradient, and a loss may come to its end. */
static void check_zeros(struct checked *c, const struct setup *u, struct conditions how, struct finding *f)
{
    how.no_weights = true;
    check_usual(c, u, &how, f);
    how.fill = FILL_SAME;
    how.reach = 0.0f;
    check_usual(c, u, &how, f);
    how.no_loss = true;
    check_usual(c, u, &how, f);
    how.no_weights = false;
    check_usual(c, u, &how, f);
}

/* Predictions that are the targets: the mean must not be 0 / 0 there, if it is not elsewhere. */
static void check_right(struct checked *c, const struct setup *u, struct conditions how, struct finding *f)
{
    struct rig *g, *wrong;
    char where[512];

    if (!is_run(c, u, &how, &wrong) || wrong->loss.weight == 0.0) {
        checked_done(wrong);
        return;
    }
    checked_done(wrong);
    how.fill = FILL_TARGET;
    check_usual(c, u, &how, f);
    if (is_run(c, u, &how, &g) && g->loss.weight == 0.0 && u->batch > 1)
        finding_fail(f, "weight is 0, and the loss sum / weight no number, %s", rig_where(g, where));
    checked_done(g);
}

void check_finite(struct checked *c, struct finding *f)
{
    struct conditions how = usual_conditions(c->seed, c->level);
    const bool takes_numbers = c->item->kind == FELL_KIND_LAYER || c->item->kind == FELL_KIND_ACTIVATION ||
                               c->item->kind == FELL_KIND_LOSS || c->item->kind == FELL_KIND_OPTIMIZER ||
                               c->item->kind == FELL_KIND_METRIC;

    for (size_t i = 0; i < 2 * c->setups.n && f->outcome == OUTCOME_PASSED; i++) {
        const struct setup *u = &c->setups.v[i % c->setups.n];

        how.evaluate = i >= c->setups.n;
        if (how.evaluate && c->item->kind != FELL_KIND_LAYER)
            break;
        if (u->defaults || c->item->kind == FELL_KIND_LOSS)
            check_usual(c, u, &how, f);
        if (c->item->kind == FELL_KIND_OPTIMIZER && u->defaults)
            check_zeros(c, u, how, f);
        if (c->item->kind == FELL_KIND_LOSS)
            check_right(c, u, how, f);
        if (u->defaults && takes_numbers) {
            check_growing(c, u, how, f);
            check_same(c, u, how, f);
        }
    }
}

/* A value that is watched may be undefined after some epochs: a metric without rows of a class. */
static void check_undefined(struct checked *c, const struct setup *u, struct finding *f)
{
    struct conditions how = usual_conditions(c->seed, c->level);
    struct rig *g, *usual;
    struct error what;
    bool fine;

    fine = is_run(c, u, &how, &usual) && !rig_not_finite(usual, &what);
    checked_done(usual);
    how.undefined = true;
    if (is_run(c, u, &how, &g) && fine && rig_not_finite(g, &what))
        finding_fail(f, "%.200s where the watched value is undefined (NaN) after two epochs, with %.200s",
                     what.text, u->settings[0] ? u->settings : "its defaults");
    checked_done(g);
}

/* Rates are finite and not below 0, however short the run is. */
void check_short_runs(struct checked *c, struct finding *f)
{
    enum { MANY = 100 };
    static const int64_t runs[][2] = {{40, 3}, {1, 1}, {1, 7}, {2, 1}, {5, 1}, {1, 2}, {700, 1}};
    struct conditions how = usual_conditions(c->seed, c->level);
    struct error err;
    struct rig *g;

    for (size_t i = 0; i < c->setups.n; i++)
        check_undefined(c, &c->setups.v[i], f);
    for (size_t i = 0; i < c->setups.n; i++)
        for (size_t k = 0; k < sizeof runs / sizeof *runs; k++) {
            const struct setup *u = &c->setups.v[i];

            if (runs[k][0] > MANY && !u->defaults) /* what grows may be too large there, or is 0 */
                continue;
            how.epochs = runs[k][0];
            how.epoch_steps = runs[k][1];
            g = checked_rig(c, u, &how);
            err.text[0] = 0;
            if (g && rig_step(g, &err) == OK) {
                const struct buffer *b = &g->buffer[rig_find(g, "rate")];
                double most = 0.0;

                for (int64_t s = 0; s < b->n; s++)
                    most = fmax(most, fabs(buffer_at(b, s)));
                if (most == 0.0 && k == 0 && u->defaults)
                    finding_fail(f, "the rate is 0 in each of %lld steps, with its defaults",
                                 (long long)b->n);

                for (int64_t s = 0; s < b->n; s++)
                    if (!isfinite(buffer_at(b, s)) || buffer_at(b, s) < 0.0)
                        finding_fail(
                            f, "the rate of step %lld of %lld is %g, in a run of %lld epoch%s, with %.200s",
                            (long long)s, (long long)b->n, buffer_at(b, s), (long long)how.epochs,
                            how.epochs == 1 ? "" : "s", u->settings[0] ? u->settings : "its defaults");
            } else if (g && strstr(err.text, "without saying why")) {
                finding_fail(f, "%.300s", err.text);
            }
            checked_done(g);
        }
}

/* Rates of its own may be meant; but then the optimizer's has no effect, nor has a schedule before it. */
void check_incoming(struct checked *c, struct finding *f)
{
    const struct conditions usual = usual_conditions(c->seed, c->level);
    struct conditions twice = usual;
    struct error err, difference;
    struct rig *a, *b;

    twice.lr = 0.2;
    a = checked_rig(c, &c->setups.v[0], &usual);
    b = checked_rig(c, &c->setups.v[0], &twice);
    if (a && b && rig_step(a, &err) == OK && rig_step(b, &err) == OK && !rigs_differ(a, b, &difference)) {
        f->outcome = OUTCOME_WARNED;
        error_set(&f->text, "the rate that comes in, c->lr, has no effect: neither has the optimizer's lr, "
                            "nor a schedule before it");
    }
    checked_done(a);
    checked_done(b);
}

/* Seconds of one step: of the fastest of a few rounds of steps, each about as long as LONG. */
static double seconds_of(struct rig *g)
{
    enum { ROUNDS = 5, MOST_STEPS = 200 };
    static const double LONG = 2e-3;
    double best = INFINITY, begin = time_monotonic();
    int64_t steps = 1;
    struct error err;

    if (rig_step(g, &err) != OK)
        return INFINITY;
    steps += (int64_t)fmin(LONG / fmax(time_monotonic() - begin, 1e-9), MOST_STEPS);
    for (int i = 0; i < ROUNDS; i++) {
        begin = time_monotonic();
        for (int64_t k = 0; k < steps; k++)
            if (rig_step(g, &err) != OK)
                return INFINITY;
        best = fmin(best, (time_monotonic() - begin) / (double)steps);
    }
    return best;
}

void check_denormals(struct checked *c, struct finding *f)
{
    const struct conditions usual = usual_conditions(c->seed, c->level);
    struct conditions tiny = usual;

    tiny.fill = FILL_DENORMAL;
    for (size_t i = 0; i < c->setups.n && c->setups.v[i].defaults && f->outcome == OUTCOME_PASSED; i++) {
        struct rig *a = checked_rig(c, &c->setups.v[i], &usual), *b = checked_rig(c, &c->setups.v[i], &tiny);
        const double fast = a ? seconds_of(a) : INFINITY, slow = b ? seconds_of(b) : INFINITY;
        char where[512];

        if (isfinite(fast) && isfinite(slow) && slow > 10.0 * fast) {
            f->outcome = OUTCOME_WARNED;
            error_set(&f->text, "denormal inputs take %.0f times as long, %s", slow / fast,
                      rig_where(a, where));
        }
        checked_done(a);
        checked_done(b);
    }
}
