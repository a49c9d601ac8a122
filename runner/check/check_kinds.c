/* check_kinds.c - what holds for one kind. See check.h. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check/check.h"

/* ---- activations -------------------------------------------------------------------------------- */

void check_in_place(struct checked *c, struct finding *f)
{
    const struct conditions usual = usual_conditions(c->seed, c->level);
    struct conditions in_place = usual;

    in_place.in_place = true;
    checked_all_agree(c, &usual, &in_place, "apart and in place", f);
}

void turn(float *v, int64_t n, int64_t size)
{
    for (int64_t i = 0; i < n / 2; i++)
        for (int64_t k = 0; k < size; k++) {
            const float kept = v[i * size + k];

            v[i * size + k] = v[(n - 1 - i) * size + k];
            v[(n - 1 - i) * size + k] = kept;
        }
}

static void turn_rig(struct rig *g, int64_t n, int64_t size)
{
    static const char *const names[] = {"x", "y", "dy", "dx"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        turn(g->buffer[rig_find(g, names[i])].v, n, size);
}

/* Elements in the order from last to first, or rows where a row belongs together. */
void check_permutation(struct checked *c, struct finding *f)
{
    const struct conditions how = usual_conditions(c->seed, c->level);
    const bool rows = c->item->activation->flags & FELL_ROWWISE;
    char where[512];

    for (size_t i = 0; i < c->setups.n; i++) {
        struct rig *a = checked_rig(c, &c->setups.v[i], &how), *b = checked_rig(c, &c->setups.v[i], &how);
        struct error err, difference;

        if (a && b) {
            const int64_t n = a->activation.rows, size = a->activation.cols;

            turn_rig(b, rows ? n : n * size, rows ? size : 1);
            if (rig_step(a, &err) == OK && rig_step(b, &err) == OK) {
                turn_rig(b, rows ? n : n * size, rows ? size : 1);
                if (rigs_differ(a, b, &difference))
                    finding_fail(f, "with the %s in another order: %.300s, %s", rows ? "rows" : "elements",
                                 difference.text, rig_where(a, where));
            }
        }
        checked_done(a);
        checked_done(b);
    }
}

/* What Y may lie between, of what is promised: low and high, and what the numbers are said to mean. */
static const char *promise(const fell_activation *a, double *low, double *high)
{
    *low = a->yields == FELL_PROB ? 0.0 : -INFINITY;
    *high = a->yields == FELL_PROB ? 1.0 : a->yields == FELL_LOGPROB ? 0.0 : INFINITY;
    if (a->low < a->high) {
        *low = a->low;
        *high = a->high;
        return "it says that it lies between low and high";
    }
    return a->yields == FELL_PROB      ? "it says that it yields FELL_PROB, probabilities"
           : a->yields == FELL_LOGPROB ? "it says that it yields FELL_LOGPROB, logarithms of probabilities"
                                       : NULL;
}

void check_activation_range(struct checked *c, struct finding *f)
{
    static const float reaches[] = {0.0f, 3.0f, 30.0f, 1e4f};
    struct conditions how = usual_conditions(c->seed, c->level);
    double low, high;
    const char *why = promise(c->item->activation, &low, &high);
    char where[512];

    if (!why) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "it promises none");
        return;
    }
    for (size_t i = 0; i < c->setups.n; i++)
        for (size_t k = 0; k < sizeof reaches / sizeof *reaches; k++) {
            struct error err;
            struct rig *g;

            how.fill = k ? FILL_EVEN : FILL_USUAL;
            how.reach = reaches[k];
            g = checked_rig(c, &c->setups.v[i], &how);
            if (g && rig_forward(g, &err) == OK)
                for (int64_t j = 0; j < g->activation.rows * g->activation.cols; j++) {
                    const double y = (double)g->activation.y[j];

                    if (y < low - 1e-5 || y > high + 1e-5)
                        finding_fail(f, "%s, %g to %g, and y[%lld] is %.6g, %s", why, low, high, (long long)j,
                                     y, rig_where(g, where));
                }
            checked_done(g);
        }
}

/* ---- layers ---------------------------------------------------------------------------------------- */

static bool state_kept(const struct rig *g, struct error *what)
{
    for (int i = 0; i < g->nbuffers; i++) {
        const struct buffer *b = &g->buffer[i];

        if (b->use == USE_STATE && memcmp(b->v, b->start, (size_t)(b->n * b->size)) != 0) {
            error_set(what, "evaluation changes the state '%s'", b->name);
            return false;
        }
    }
    if (g->s.in.stream.position != 0) {
        error_set(what, "evaluation draws random numbers");
        return false;
    }
    return true;
}

/* By itself, and with a backward behind it, as a probe asks. */
void check_evaluation(struct checked *c, struct finding *f)
{
    struct conditions how = usual_conditions(c->seed, c->level);
    char where[512];

    how.evaluate = true;
    for (size_t i = 0; i < 2 * c->setups.n && f->outcome == OUTCOME_PASSED; i++) {
        struct error err = {""}, what;
        struct rig *g;

        how.no_saved = i < c->setups.n;
        g = checked_rig(c, &c->setups.v[i % c->setups.n], &how);
        if (g && rig_step(g, &err) != OK)
            finding_fail(f, "evaluation fails: %.300s, %s", err.text, rig_where(g, where));
        else if (g && !state_kept(g, &what))
            finding_fail(f, "%.300s%s, %s", what.text, how.no_saved ? "" : " where a backward follows",
                         rig_where(g, where));
        checked_done(g);
    }
}

/* Each gradient missing by itself, and each but one: the two halves of a bilinear layer, a frozen bias. */
static void check_missing(struct checked *c, const struct setup *u, bool inputs, int n, struct finding *f)
{
    const struct conditions usual = usual_conditions(c->seed, c->level);
    const uint32_t all = n >= 32 ? UINT32_MAX : (1u << n) - 1u;

    for (int k = 0; k < 2 * n && f->outcome == OUTCOME_PASSED; k++) {
        const uint32_t bit = 1u << k % n, mask = k < n ? bit : all & ~bit;
        struct conditions how = usual;
        char what[96];

        *(inputs ? &how.no_dx : &how.no_grads) = mask;
        if (inputs)
            snprintf(what, sizeof what, "where %s dx[%d] is wanted", k < n ? "all but" : "only", k % n);
        else
            snprintf(what, sizeof what, "where %s the gradient of '%.32s' is wanted",
                     k < n ? "all but" : "only", c->item->layer->tensors[k % n].name);
        checked_agree(c, u, &usual, &how, what, f);
    }
}

static void check_without_backward(struct checked *c, const struct setup *u, struct finding *f)
{
    const struct conditions usual = usual_conditions(c->seed, c->level);
    struct conditions no_saved = usual;
    struct rig *a, *b;
    struct error err;
    char where[512];

    no_saved.no_saved = true;
    no_saved.no_grads = no_saved.no_dx = UINT32_MAX;
    a = checked_rig(c, u, &usual);
    b = checked_rig(c, u, &no_saved);
    if (a && b && rig_forward(a, &err) == OK && rig_forward(b, &err) == OK &&
        memcmp(a->layer.y, b->layer.y, (size_t)a->buffer[rig_find(a, "y")].n * sizeof(float)) != 0)
        finding_fail(f, "forward gives another y where no backward follows, %s", rig_where(a, where));
    checked_done(a);
    checked_done(b);
}

void check_unwanted(struct checked *c, struct finding *f)
{
    const struct conditions usual = usual_conditions(c->seed, c->level);
    const int tensors = (int)c->item->layer->ntensors;
    struct conditions no_grads = usual, no_dx = usual;

    no_grads.no_grads = no_dx.no_dx = UINT32_MAX;
    for (size_t i = 0; i < c->setups.n; i++) {
        const struct setup *u = &c->setups.v[i];

        checked_agree(c, u, &usual, &no_grads, "where no parameter gradient is wanted", f);
        checked_agree(c, u, &usual, &no_dx, "where no input gradient is wanted", f);
        if (u->nin > 1)
            check_missing(c, u, true, (int)u->nin, f);
        if (u->defaults && tensors > 1)
            check_missing(c, u, false, tensors, f);
        if (c->item->layer->backward)
            check_without_backward(c, u, f);
    }
}

/* ---- losses, metrics -------------------------------------------------------------------------------- */

/* Rows BEGIN to END of a rig's batch, into SUM and WEIGHT. */
static bool evaluate_part(struct rig *g, int64_t begin, int64_t end, double *sum, double *weight)
{
    fell_loss_call c = g->loss;
    struct error err;

    c.rows = end - begin;
    c.pred += begin * c.cols;
    c.target = c.target ? c.target + begin * c.target_cols : NULL;
    c.label = c.label ? c.label + begin : NULL;
    c.dpred += begin * c.cols;
    c.sum = 0.0;
    c.weight = (double)c.rows;
    if (rig_call(g, g->s.item->loss->eval(&c), &err) != OK)
        return false;
    *sum += c.sum;
    *weight += c.weight;
    return true;
}

/* A mean in place of a sum: MEAN is that of the halves, each by its rows. */
static const char *why_not_whole(const struct rig *whole, double halves, double mean, double weight)
{
    const double sum = whole->loss.sum;

    if (fabs(halves - sum) <= 1e-4 * fabs(sum))
        return ": it adds up in float; add in double, as c->sum is";
    if (fabs(mean - sum) <= 1e-5 * (1.0 + fabs(sum)))
        return ": sum is a mean; give the sum, since the host divides it by weight";
    if (fabs(weight - whole->loss.weight) <= 1e-6 * (1.0 + fabs(weight)))
        return ": a row's part of the sum depends on the other rows (declare pairs if it is meant to)";
    return ": weight, the number of rows unless it is set, has to add up, too";
}

/* Twice as large a weight before the call: it may be kept, replaced or multiplied, but not added to. */
void check_weight(struct checked *c, struct finding *f)
{
    const struct conditions usual = usual_conditions(c->seed, c->level);
    struct conditions twice = usual;
    char where[512];

    twice.weight_start = 2.0;
    for (size_t i = 0; i < c->setups.n; i++) {
        struct rig *a = checked_rig(c, &c->setups.v[i], &usual), *b = checked_rig(c, &c->setups.v[i], &twice);
        struct error err;

        if (a && b && rig_step(a, &err) == OK && rig_step(b, &err) == OK) {
            const double once = a->loss.weight, rows = (double)a->loss.rows;

            if (!isfinite(once) || once < 0.0)
                finding_fail(f, "weight is %g, %s", once, rig_where(a, where));
            else if (fabs(once - rows) > 1e-9 * rows &&
                     fabs(b->loss.weight - once - rows) < 1e-9 * (once + rows) &&
                     fabs(b->loss.weight - 2.0 * once) > 1e-9 * once)
                finding_fail(
                    f, "it adds to weight, which is the number of rows before the call: %g becomes %g, %s",
                    rows, once, rig_where(a, where));
        }
        checked_done(a);
        checked_done(b);
    }
}

static void check_halves_of(struct checked *c, const struct setup *u, struct finding *f)
{
    enum { MANY = 1000 };
    const struct conditions how = usual_conditions(c->seed, c->level);
    char where[512];
    struct rig *whole = checked_rig(c, u, &how), *g = checked_rig(c, u, &how);
    double sum = 0.0, weight = 0.0, mean, first;
    struct error err, difference;

    if (whole && g && g->loss.rows > 1 && rig_step(whole, &err) == OK) {
        const int64_t rows = g->loss.rows, half = rows / 2;
        const double near = u->batch < MANY ? 1e-6 : 1e-7; /* a row may be summed in float, many not */
        double *out = g->buffer[rig_find(g, "sum and weight")].v;

        if (evaluate_part(g, 0, half, &sum, &weight)) {
            mean = sum * (double)half;
            first = sum;
            if (!evaluate_part(g, half, rows, &sum, &weight))
                finding_fail(f, "a part of a batch is refused, %s", rig_where(g, where));
            mean = (mean + (sum - first) * (double)(rows - half)) / (double)rows;
            if (fabs(sum - whole->loss.sum) > near * (1.0 + fabs(whole->loss.sum)) ||
                fabs(weight - whole->loss.weight) > 1e-6 * (1.0 + fabs(whole->loss.weight)))
                finding_fail(f, "two halves have sum %.9g and weight %.9g, the whole %.9g and %.9g, %s%s",
                             sum, weight, whole->loss.sum, whole->loss.weight, rig_where(g, where),
                             why_not_whole(whole, sum, mean, weight));
            out[0] = whole->loss.sum;
            out[1] = whole->loss.weight;
            if (rigs_differ(whole, g, &difference))
                finding_fail(f, "of the whole and of two halves, %.300s, %s", difference.text,
                             rig_where(g, where));
        } else {
            finding_fail(f, "a part of a batch is refused, %s", rig_where(g, where));
        }
    }
    checked_done(whole);
    checked_done(g);
}

/* A row of no class, by itself: it adds nothing, to the weight either, and its outputs get no gradient. */
static void check_no_class(struct checked *c, const struct setup *u, struct finding *f)
{
    const struct conditions how = usual_conditions(c->seed, c->level);
    struct rig *g = checked_rig(c, u, &how);
    char where[512];

    for (int64_t i = 0; g && g->loss.label && f->outcome == OUTCOME_PASSED && i < g->loss.rows; i++) {
        double sum = 0.0, weight = 0.0;
        bool moves = false;

        if (g->loss.label[i] >= 0 || !evaluate_part(g, i, i + 1, &sum, &weight))
            continue;
        for (int64_t j = 0; j < g->loss.cols; j++)
            moves |= g->loss.dpred[i * g->loss.cols + j] != 0.0f;
        if (sum != 0.0 || weight != 0.0 || moves)
            finding_fail(f,
                         "a row of no class (label -1) by itself has sum %g, weight %g and %s gradient; it "
                         "counts for nothing: set weight to that of the rows that have a class, %s",
                         sum, weight, moves ? "a" : "no", rig_where(g, where));
    }
    checked_done(g);
}

void check_halves(struct checked *c, struct finding *f)
{
    struct setup large;

    if (c->item->loss->pairs) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "its rows interact");
        return;
    }
    for (size_t i = 0; i < c->setups.n; i++)
        check_halves_of(c, &c->setups.v[i], f);
    for (size_t i = 0; c->item->loss->flags & FELL_NO_CLASS && i < c->setups.n; i++)
        check_no_class(c, &c->setups.v[i], f);
    if (f->outcome == OUTCOME_PASSED && setup_large(c->item, c->registry, c->seed, &c->known, &large))
        check_halves_of(c, &large, f);
}

/* Slots of one float for a tensor may be written in an empty call. */
static void put_back_scalars(struct rig *g)
{
    for (int i = 0; i < g->nbuffers; i++)
        if (g->buffer[i].use == USE_STATE && g->buffer[i].n == 1)
            memcpy(g->buffer[i].v, g->buffer[i].start, sizeof(float));
}

void check_empty(struct checked *c, struct finding *f)
{
    const struct conditions how = usual_conditions(c->seed, c->level);
    char where[512];

    for (size_t i = 0; i < c->setups.n; i++) {
        struct rig *g = checked_rig(c, &c->setups.v[i], &how),
                   *untouched = checked_rig(c, &c->setups.v[i], &how);
        struct error err = {""}, what;
        status result = OK;

        if (g && untouched) {
            g->loss.rows = g->metric.rows = g->optimizer.n = 0;
            g->loss.weight = 0.0;
            g->optimizer.t = 1;
            g->optimizer.shape = NULL;
            g->optimizer.role = 0;
            rig_note("in the empty call (rows or n is 0, and an optimizer's shape is NULL)");
            if (c->item->kind == FELL_KIND_LOSS)
                result = rig_call(g, c->item->loss->eval(&g->loss), &err);
            else if (c->item->kind == FELL_KIND_METRIC)
                result = rig_call(g, c->item->metric->eval(&g->metric), &err);
            else
                result = rig_call(g, c->item->optimizer->step(&g->optimizer), &err);
            put_back_scalars(g);
            if (result != OK)
                finding_fail(f, "it fails: %.300s, %s", err.text, rig_where(g, where));
            else if (c->item->kind != FELL_KIND_METRIC && rigs_differ(g, untouched, &what))
                finding_fail(f, "it writes: %.300s, %s", what.text, rig_where(g, where));
        }
        checked_done(g);
        checked_done(untouched);
    }
}

/* ---- schedules, datasets --------------------------------------------------------------------------------
 */

void check_order(struct checked *c, struct finding *f)
{
    const struct conditions usual = usual_conditions(c->seed, c->level);
    struct conditions backwards = usual;

    backwards.backwards = true;
    checked_all_agree(c, &usual, &backwards, "from first to last and from last to first", f);
}
