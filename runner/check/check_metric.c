/* check_metric.c - what a metric promises: a range, that the order of rows says nothing, and which way
 * is better. See check.h.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check/check.h"

/* Predictions on a coarse grid: many are the same. */
static void make_ties(struct rig *g)
{
    struct buffer *b = rig_named(g, "prediction");

    for (int64_t i = 0; i < b->n; i++)
        ((float *)b->v)[i] = 0.5f * roundf(2.0f * ((float *)b->v)[i]);
}

/* One row is a thousand times as far off: what is added to it in float is lost. */
static void make_outlier(struct rig *g)
{
    struct buffer *b = rig_named(g, "prediction");

    for (int64_t i = 0; i < b->n / g->metric.rows; i++)
        ((float *)b->v)[i] *= 1000.0f;
}

/* How the rows of two calls lie. */
enum order { MIXED, MIXED_TIES, SORTED };

/* A row and what it is sorted by. */
struct ranked {
    double by;
    int64_t row;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    return x->by != y->by ? (x->by > y->by) - (x->by < y->by) : (x->row > y->row) - (x->row < y->row);
}

/* One row in three first, from last to first, then the others: neighbours part. */
static void rank_mixed(struct ranked *r, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++)
        r[i] = (struct ranked){(double)(i % 3 * rows + rows - i), i};
}

/* By how far they are off, the least first or last: sums that lose what is small show it. */
static void rank_sorted(struct ranked *r, struct rig *g, double sign)
{
    const struct buffer *x = rig_named(g, "prediction"), *target = rig_named(g, "target");
    const int64_t rows = g->metric.rows, size = x->n / rows;

    for (int64_t i = 0; i < rows; i++) {
        r[i] = (struct ranked){0.0, i};
        for (int64_t j = i * size; j < (i + 1) * size; j++)
            r[i].by += sign * fabs(buffer_at(x, j) - (target ? buffer_at(target, j) : 0.0));
    }
}

static void put_in_order(struct buffer *b, const struct ranked *r, int64_t rows)
{
    const size_t size = b ? (size_t)(b->n / rows) * sizeof(float) : 0; /* classes have the size of floats */
    char *old = mem_alloc((size_t)rows * size + 1);

    if (b)
        memcpy(old, b->v, (size_t)rows * size);
    for (int64_t i = 0; b && i < rows; i++)
        memcpy((char *)b->v + (size_t)i * size, old + (size_t)r[i].row * size, size);
    free(old);
}

/* The second call's rows, and of sorted ones the first one's too. */
static void order_rows(struct rig *g, enum order how, bool second)
{
    static const char *const names[] = {"prediction", "target", "class"};
    const int64_t rows = g->metric.rows;
    struct ranked *r = mem_array((size_t)rows, sizeof *r);

    if (how == MIXED_TIES)
        make_ties(g);
    if (how == SORTED)
        make_outlier(g);
    if (how == SORTED)
        rank_sorted(r, g, second ? -1.0 : 1.0);
    else if (second)
        rank_mixed(r, rows);
    if (how == SORTED || second) {
        qsort(r, (size_t)rows, sizeof *r, by_rank);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            put_in_order(rig_named(g, names[i]), r, rows);
    }
    free(r);
}

static bool same(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= 1e-6 * fmax(1.0, fmax(fabs(a), fabs(b)));
}

static void check_ordered(struct checked *c, const struct setup *u, enum order order, struct finding *f)
{
    static const char *const notes[] = {"", " (some predictions are the same)",
                                        " (from the worst to the best, and from the best to the worst)"};
    const struct conditions how = usual_conditions(c->seed, c->level);
    struct rig *a = checked_rig(c, u, &how), *b = checked_rig(c, u, &how);
    struct error err;
    char where[512];

    if (a && b) {
        order_rows(a, order, false);
        order_rows(b, order, true);
        if (rig_step(a, &err) == OK && rig_step(b, &err) == OK) {
            const struct buffer *x = rig_named(a, "value"), *y = rig_named(b, "value");

            for (int64_t k = 0; k < x->n; k++)
                if (!same(buffer_at(x, k), buffer_at(y, k)))
                    finding_fail(f, "with the rows in another order value[%lld] is %.9g, not %.9g%s%s, %s",
                                 (long long)k, buffer_at(y, k), buffer_at(x, k), notes[order],
                                 order == SORTED ? ": it adds up in float; add in double" : "",
                                 rig_where(a, where));
        }
    }
    checked_done(a);
    checked_done(b);
}

/* The order of rows. */
void check_metric_rows(struct checked *c, struct finding *f)
{
    struct setup large;

    for (size_t i = 0; i < c->setups.n; i++) {
        check_ordered(c, &c->setups.v[i], MIXED, f);
        check_ordered(c, &c->setups.v[i], MIXED_TIES, f);
    }
    if (f->outcome == OUTCOME_PASSED && setup_large(c->item, c->registry, c->seed, &c->known, &large))
        check_ordered(c, &large, SORTED, f);
}

/* ---- weights of rows --------------------------------------------------------------------------------- */

/* What the last of rows of weight 1 has. */
enum last { LAST_ONE, LAST_NONE, LAST_TWICE };

/* The last row becomes what the one before it is. */
static void repeat_row(struct rig *g)
{
    static const char *const names[] = {"prediction", "target", "class"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct buffer *b = rig_named(g, names[i]);
        const int64_t size = b ? b->n / g->metric.rows : 0;

        if (b)
            memcpy((float *)b->v + b->n - size, (float *)b->v + b->n - 2 * size,
                   (size_t)size * sizeof(float));
    }
}

/* Weights of 1 give what comes without weights, with one of 0 what comes without its row, and with one of 2
 * what comes of that row twice. Where a row more or less decides whether it is defined, it may be either. */
static void check_weighed(struct checked *c, const struct setup *u, enum last last, struct finding *f)
{
    static const char *const without[] = {"without weights", "without the last row", "of the last row twice"};
    static const char *const with[] = {"with a weight of 1 for each row", "where its weight is 0",
                                       "where its weight is 2"};
    const struct conditions how = usual_conditions(c->seed, c->level);
    struct rig *plain = checked_rig(c, u, &how), *weighed = checked_rig(c, u, &how);
    const int64_t rows = u->batch - (last == LAST_TWICE);
    float *weight = mem_array((size_t)u->batch, sizeof *weight);
    struct error err;
    char where[512];

    for (int64_t i = 0; i < rows; i++)
        weight[i] = i + 1 < rows || last == LAST_ONE ? 1.0f : last == LAST_NONE ? 0.0f : 2.0f;
    if (plain && weighed) {
        if (last == LAST_TWICE)
            repeat_row(plain);
        plain->metric.rows -= last == LAST_NONE;
        weighed->metric.rows = rows;
        weighed->metric.weight = weight;
        if (rig_step(plain, &err) == OK && rig_step(weighed, &err) == OK) {
            const struct buffer *x = rig_named(plain, "value"), *y = rig_named(weighed, "value");

            for (int64_t k = 0; k < x->n; k++)
                if (!isnan(buffer_at(x, k)) && !isnan(buffer_at(y, k)) &&
                    !same(buffer_at(x, k), buffer_at(y, k)))
                    finding_fail(f, "value[%lld] is %.9g %s, and %.9g %s, %s", (long long)k, buffer_at(x, k),
                                 without[last], buffer_at(y, k), with[last], rig_where(plain, where));
        }
    }
    free(weight);
    checked_done(plain);
    checked_done(weighed);
}

void check_metric_weights(struct checked *c, struct finding *f)
{
    if (!c->item->metric->weighs) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "it takes no weights of rows");
        return;
    }
    for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++) {
        check_weighed(c, &c->setups.v[i], LAST_ONE, f);
        if (c->setups.v[i].batch > 1) {
            check_weighed(c, &c->setups.v[i], LAST_NONE, f);
            check_weighed(c, &c->setups.v[i], LAST_TWICE, f);
        }
    }
}

/* ---- what it promises -------------------------------------------------------------------------------- */

static void check_range(struct checked *c, const struct setup *u, const struct conditions *how,
                        struct finding *f)
{
    const fell_metric *m = c->item->metric;
    struct rig *g = checked_rig(c, u, how);
    struct error err;
    char where[512];

    if (g && rig_step(g, &err) == OK) {
        const struct buffer *b = rig_named(g, "value");

        for (int64_t k = 0; k < b->n; k++) {
            const double v = buffer_at(b, k);

            if (isinf(v))
                finding_fail(f, "value[%lld] is %g; say NAN where it is undefined, %s", (long long)k, v,
                             rig_where(g, where));
            else if (m->least < m->most && (v < m->least - 1e-9 || v > m->most + 1e-9))
                finding_fail(f, "value[%lld] is %.9g, and its range is %g to %g, %s", (long long)k, v,
                             m->least, m->most, rig_where(g, where));
        }
    }
    checked_done(g);
}

/* Undefined it may be, but not for every set of rows. */
static void check_defined(struct checked *c, struct finding *f)
{
    enum { SOME = 6 };
    const struct conditions how = usual_conditions(c->seed, c->level);
    struct error err;
    bool tried = false;

    for (size_t i = 0; i < c->setups.n; i++) {
        struct rig *g = c->setups.v[i].batch < SOME ? NULL : checked_rig(c, &c->setups.v[i], &how);

        if (g && rig_step(g, &err) == OK) {
            const struct buffer *b = rig_named(g, "value");

            tried = true;
            for (int64_t k = 0; k < b->n; k++)
                if (!isnan(buffer_at(b, k))) {
                    checked_done(g);
                    return;
                }
        }
        checked_done(g);
    }
    if (tried)
        finding_fail(f, "the value is never a number, of 6 to 300 rows; predictions are %s: see c->pred_is",
                     c->item->metric->target & FELL_CLASSES ? "logits" : "of any size");
}

void check_metric_range(struct checked *c, struct finding *f)
{
    static const enum fill fills[] = {FILL_USUAL, FILL_EVEN, FILL_SAME, FILL_SIGNS, FILL_TARGET, FILL_NONE};
    struct conditions how = usual_conditions(c->seed, c->level);

    check_defined(c, f);
    how.reach = 3.0f;
    for (size_t i = 0; i < c->setups.n; i++)
        for (size_t k = 0; k < sizeof fills / sizeof *fills; k++) {
            how.fill = fills[k];
            check_range(c, &c->setups.v[i], &how, f);
        }
}

/* ---- yes and no ---------------------------------------------------------------------------------- */

/* How the predictions of a second call differ from those of the first: no answer does, nor their order. */
enum change {
    AS_THEY_ARE,
    A_LITTLE,  /* a little farther from the cut */
    FARTHER,   /* farther by 1 */
    NUMBERS,   /* the same, called numbers */
    AS_LOGITS, /* 0.5 less, with a cut of 0 in place of 0.5 */
};

/* The first value with predictions that are so changed. */
static double value_changed(struct checked *c, const struct setup *u, enum change change)
{
    struct conditions how = usual_conditions(c->seed, c->level);
    struct rig *g = checked_rig(c, u, &how);
    struct error err;
    double v = NAN;

    if (g) {
        struct buffer *b = rig_named(g, "prediction");
        const float cut = (float)g->metric.cut;

        for (int64_t i = 0; i < b->n && change != AS_THEY_ARE && change != NUMBERS; i++) {
            const float d = ((float *)b->v)[i] - cut;

            ((float *)b->v)[i] = change == AS_LOGITS ? d
                                 : change == FARTHER ? cut + d + copysignf(1.0f, d)
                                                     : cut + d * (1.0f + 1e-5f);
        }
        if (change == NUMBERS)
            g->metric.target_is = FELL_NUMBERS;
        if (change == AS_LOGITS) {
            g->metric.cut = 0.0;
            g->metric.pred_is = FELL_LOGIT;
        }
        v = rig_step(g, &err) == OK ? buffer_at(rig_named(g, "value"), 0) : NAN;
    }
    checked_done(g);
    return v;
}

static bool has_float(const struct item *item)
{
    for (size_t i = 0; i < item->nparams; i++)
        if (item->params[i].type == FELL_P_FLOAT || item->params[i].type == FELL_P_FLOATS)
            return true;
    return false;
}

/* A metric that counts answers, which a little more or less does not change, cuts where the call says. One
 * with a number among its settings may have a cut of its own; one to which numbers are the same may mean
 * numbers, and is warned. */
void check_metric_cut(struct checked *c, struct finding *f)
{
    static const double NEAR = 1e-3; /* two predictions in a million may become the same */

    if (!(c->item->metric->target & FELL_VALUES) || has_float(c->item)) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "it is asked for no answers, or may have a cut of its own");
        return;
    }
    for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++) {
        const struct setup *u = &c->setups.v[i];
        const bool bits = u->targets == TARGET_BIT;
        double v, changed, numbers;

        if (!u->defaults || !metric_is_asked(c->item, u))
            continue;
        v = value_changed(c, u, AS_THEY_ARE);
        changed = value_changed(c, u, bits ? AS_LOGITS : FARTHER);
        if (v != value_changed(c, u, A_LITTLE) || !(fabs(v - changed) > NEAR * fmax(1.0, fabs(v))))
            continue;
        numbers = value_changed(c, u, NUMBERS);
        f->outcome = same(v, numbers) ? OUTCOME_WARNED : OUTCOME_FAILED;
        error_set(&f->text,
                  "of yes and no the value is %.6g, and %.6g %s: yes is what lies above c->cut, %lld rows of "
                  "[%lld]",
                  v, changed, bits ? "for the same answers as logits" : "with each prediction farther from 0",
                  (long long)u->batch, (long long)u->in[0].dim[0]);
    }
}

/* ---- which way is better ----------------------------------------------------------------------- */

enum { DRAWS = 6 };

/* The first value; NaN where there is none. */
static double value_of(struct checked *c, const struct setup *u, const struct conditions *how)
{
    struct rig *g = checked_rig(c, u, how);
    struct error err;
    const double v = g && rig_step(g, &err) == OK ? buffer_at(rig_named(g, "value"), 0) : NAN;

    checked_done(g);
    return v;
}

/* Predictions that are right are no worse than one draw at least of such as are made at random. */
void check_metric_sense(struct checked *c, struct finding *f)
{
    struct conditions how = usual_conditions(c->seed, c->level);
    const fell_metric *m = c->item->metric;

    if (m->values != FELL_ONE) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "it has a value for each class");
        return;
    }
    for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++) {
        const struct setup *u = &c->setups.v[i];
        int worse = 0;
        double v = 0.0, best;

        if (!u->defaults || u->batch < 7 || u->in[0].dim[0] < 2)
            continue;
        for (int k = 0; k < DRAWS; k++) {
            how.seed = c->seed + (uint64_t)k;
            how.fill = FILL_TARGET;
            best = value_of(c, u, &how);
            how.fill = FILL_USUAL;
            v = value_of(c, u, &how);
            worse += m->higher_is_better ? best < v - 1e-6 : best > v + 1e-6;
        }
        how.seed = c->seed + DRAWS - 1;
        how.fill = FILL_TARGET;
        if (worse == DRAWS)
            finding_fail(f,
                         "predictions that are right have %.6g, others %.6g, and higher_is_better is %u, "
                         "%lld rows of [%lld]",
                         value_of(c, u, &how), v, m->higher_is_better, (long long)u->batch,
                         (long long)u->in[0].dim[0]);
    }
}
