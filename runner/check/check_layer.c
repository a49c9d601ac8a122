/* check_layer.c - what a layer may offer beside forward and backward: each row's own gradient, and inputs of
 * several sizes. See check.h.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check/check.h"

/* ---- each row's own gradient --------------------------------------------------------------- */

/* What is asked of a layer, and what it should say: of every row and tensor, and squares of every element. */
struct each {
    int64_t rows, tensors;
    double *norm, *dot, *wanted_norm, *wanted_dot;
    double *squares[SUBJECT_TENSORS], *wanted_squares[SUBJECT_TENSORS];
    const float *along[SUBJECT_TENSORS]; /* the weights: a direction like any other */
};

static int64_t floats_of(const struct rig *g, int64_t tensor)
{
    return g->grad[tensor] ? fell_size(&g->tensor_shape[tensor]) : 0;
}

static void each_init(struct each *e, const struct rig *g)
{
    const int64_t tensors = (int64_t)g->s.item->layer->ntensors;
    const size_t n = (size_t)(rig_rows(g) * tensors);

    *e = (struct each){.rows = rig_rows(g), .tensors = tensors};
    e->norm = mem_array(n, sizeof *e->norm);
    e->dot = mem_array(n, sizeof *e->dot);
    e->wanted_norm = mem_array(n, sizeof *e->wanted_norm);
    e->wanted_dot = mem_array(n, sizeof *e->wanted_dot);
    for (int64_t t = 0; t < tensors; t++) {
        const size_t size = (size_t)floats_of(g, t);

        e->along[t] = size ? g->tensor[t] : NULL;
        e->squares[t] = size ? mem_array(size, sizeof(double)) : NULL;
        e->wanted_squares[t] = size ? mem_array(size, sizeof(double)) : NULL;
    }
}

static void each_release(struct each *e)
{
    for (int64_t t = 0; t < e->tensors; t++) {
        free(e->squares[t]);
        free(e->wanted_squares[t]);
    }
    free(e->norm);
    free(e->dot);
    free(e->wanted_norm);
    free(e->wanted_dot);
}

/* The rows one by one, by backward. False if one is refused. */
static bool by_backward(struct checked *c, const struct setup *u, const struct rig *g, struct each *e)
{
    struct conditions how = g->how;
    struct rig *one;
    struct error err;
    bool ok;

    how.rows = 1;
    one = checked_rig(c, u, &how);
    ok = one != NULL;
    for (int64_t row = 0; ok && row < e->rows; row++) {
        checked_take_row(one, g, row);
        ok = rig_step(one, &err) == OK;
        for (int64_t t = 0; ok && t < e->tensors; t++)
            for (int64_t k = 0; k < floats_of(g, t); k++) {
                const double v = (double)one->grad[t][k];

                e->wanted_norm[row * e->tensors + t] += v * v;
                e->wanted_dot[row * e->tensors + t] += v * (double)e->along[t][k];
                e->wanted_squares[t][k] += v * v;
            }
    }
    checked_done(one);
    return ok;
}

/* Of tensors that are not trained or not in use nobody asks. */
static void forget_unused(struct each *e, const struct rig *g)
{
    for (int64_t i = 0; i < e->rows * e->tensors; i++)
        if (!floats_of(g, i % e->tensors))
            e->norm[i] = e->dot[i] = 0.0;
}

static void compare_each(const struct each *e, const struct rig *g, struct finding *f)
{
    const fell_layer *layer = g->s.item->layer;
    char where[512];
    int64_t at;

    if (checked_is_off(e->norm, e->wanted_norm, e->rows * e->tensors, &at))
        finding_fail(f, "each_row gives norm %.6g for '%.32s' of row %lld, but by backward it is %.6g, %s",
                     e->norm[at], layer->tensors[at % e->tensors].name, (long long)(at / e->tensors),
                     e->wanted_norm[at], rig_where(g, where));
    if (checked_is_off(e->dot, e->wanted_dot, e->rows * e->tensors, &at))
        finding_fail(f, "each_row gives dot %.6g for '%.32s' of row %lld, but by backward it is %.6g, %s",
                     e->dot[at], layer->tensors[at % e->tensors].name, (long long)(at / e->tensors),
                     e->wanted_dot[at], rig_where(g, where));
    for (int64_t t = 0; t < e->tensors; t++)
        if (checked_is_off(e->squares[t], e->wanted_squares[t], floats_of(g, t), &at))
            finding_fail(f, "each_row adds %.6g to squares[%lld] of '%.32s', but by backward it is %.6g, %s",
                         e->squares[t][at], (long long)at, layer->tensors[t].name, e->wanted_squares[t][at],
                         rig_where(g, where));
}

static void check_each_of(struct checked *c, const struct setup *u, struct finding *f)
{
    struct conditions how = usual_conditions(c->seed, c->level);
    struct rig *g;
    struct error err = {""};
    char where[512];

    how.evaluate = true; /* as a probe looks */
    g = checked_rig(c, u, &how);
    if (g && rig_forward(g, &err) == OK) {
        struct each e;
        fell_each_row r;

        each_init(&e, g);
        r = (fell_each_row){e.along, e.norm, e.dot, e.squares};
        if (rig_call(g, c->item->layer->each_row(&g->layer, &r), &err) != OK)
            finding_fail(f, "each_row fails: %.300s, %s", err.text, rig_where(g, where));
        else if (by_backward(c, u, g, &e)) {
            forget_unused(&e, g);
            compare_each(&e, g, f);
        }
        each_release(&e);
    }
    checked_done(g);
}

void check_each_row(struct checked *c, struct finding *f)
{
    if (!c->item->layer->each_row) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "it has none: the host calls backward row by row");
        return;
    }
    for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++)
        check_each_of(c, &c->setups.v[i], f);
}

/* ---- inputs that are not alike ----------------------------------------------------------------- */

/* Does plan() look at the second input: does anything change with its shape? Then its author means to take
 * inputs of other sizes. */
static bool looks_at_second(struct checked *c, const struct setup *u)
{
    const struct conditions how = usual_conditions(c->seed, c->level);
    struct setup alike = *u;
    struct rig *a, *b;
    bool differs = true;

    alike.in[1] = alike.in[0];
    a = checked_rig(c, u, &how);
    b = checked_rig(c, &alike, &how);
    if (a && b)
        differs = memcmp(&a->plan.out, &b->plan.out, sizeof a->plan.out) != 0 ||
                  memcmp(a->tensor_shape, b->tensor_shape, sizeof a->tensor_shape) != 0 ||
                  a->plan.saved_bytes != b->plan.saved_bytes;
    checked_done(a);
    checked_done(b);
    return differs;
}

static void check_unlike_of(struct checked *c, const struct setup *u, struct finding *f)
{
    static const uint32_t BIG = 0x461c4000; /* 1e4 */
    const struct conditions usual = usual_conditions(c->seed, c->level);
    struct conditions other = usual;
    struct compared n = {0};
    struct finding ignored = {0};
    struct rig *g = checked_rig(c, u, &usual);
    struct error err, what;
    char where[512];

    if (g && rig_step(g, &err) == OK && (g->trespass[0] || rig_never_set(g, &what)))
        finding_fail(f, "%s, %s", g->trespass[0] ? g->trespass : what.text, rig_where(g, where));
    checked_done(g);
    other.guard = BIG;
    checked_agree(c, u, &usual, &other, OTHER_MEMORY, f);
    if (f->outcome == OUTCOME_PASSED && gradient_is_checked(c->item, &ignored))
        gradient_compare(c, u, &usual, &n, f);
}

/* Who does not look at the second input's shape at all has forgotten to refuse it, and is warned. */
void check_unlike(struct checked *c, struct finding *f)
{
    if (!c->setups.nunlike) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "it takes one input, or none of other sizes");
        return;
    }
    for (size_t i = 0; i < c->setups.nunlike && f->outcome == OUTCOME_PASSED; i++) {
        struct finding found = {0};

        check_unlike_of(c, &c->setups.unlike[i], &found);
        if (found.outcome == OUTCOME_PASSED)
            continue;
        f->outcome = looks_at_second(c, &c->setups.unlike[i]) ? OUTCOME_FAILED : OUTCOME_WARNED;
        error_set(&f->text,
                  "%.400s; inputs that do not fit each other are for plan() to refuse, by fell_fail()",
                  found.text.text);
    }
}
