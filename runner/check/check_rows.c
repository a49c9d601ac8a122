/* check_rows.c - rows and batches: that a row's result in evaluation is its own, and that a batch may be
 * smaller than the largest. See check.h.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check/check.h"

static const double CLOSE = 1e-4; /* of the largest number: sums in another order */

/* ---- batches smaller than the largest --------------------------------------------------------- */

static bool is_apart(double a, double b, double near)
{
    return isnan(a) != isnan(b) || fabs(a - b) > near;
}

/* The first number in which two rigs are not close; false if none. */
static bool are_apart(const struct rig *a, const struct rig *b, struct error *what)
{
    const double near = CLOSE * fmax(rig_largest(a), 1e-2);

    for (int i = 0; i < a->nbuffers; i++) {
        const struct buffer *x = &a->buffer[i], *y = &b->buffer[i];

        for (int64_t k = 0;
             k < x->n && x->floats && x->use != USE_INPUT && x->use != USE_SETTING && x->use != USE_HIDDEN;
             k++)
            if (is_apart(buffer_at(x, k), buffer_at(y, k), near)) {
                error_set(what, "%s[%lld] is %.6g and %.6g", x->name, (long long)k, buffer_at(x, k),
                          buffer_at(y, k));
                return true;
            }
    }
    return false;
}

/* ROWS rows, planned for as many and planned for the setup's batch. */
static void check_smaller(struct checked *c, const struct setup *u, int64_t rows, struct finding *f)
{
    struct conditions exact = usual_conditions(c->seed, c->level), roomy;
    struct rig *a, *b;
    struct error err, what;
    char where[512];

    exact.rows = rows;
    roomy = exact;
    roomy.max_batch = u->batch + 2;
    a = checked_rig(c, u, &exact);
    b = checked_rig(c, u, &roomy);
    for (uint64_t i = 0; a && b && i < c->item->layer->ntensors; i++)
        if (memcmp(&a->tensor_shape[i], &b->tensor_shape[i], sizeof *a->tensor_shape) != 0)
            finding_fail(f, "the shape of '%s' is another with a max_batch of %lld and of %lld, %s",
                         c->item->layer->tensors[i].name, (long long)rows, (long long)roomy.max_batch,
                         rig_where(a, where));
    if (a && b && f->outcome == OUTCOME_PASSED && rig_step(a, &err) == OK) {
        if (rig_step(b, &err) != OK)
            finding_fail(f, "it refuses fewer rows than max_batch, %lld: %.200s, %s",
                         (long long)roomy.max_batch, err.text, rig_where(b, where));
        else if (b->trespass[0])
            finding_fail(f, "%s where max_batch is %lld, %s", b->trespass, (long long)roomy.max_batch,
                         rig_where(b, where));
        else if (rows > 1 && are_apart(a, b, &what))
            finding_fail(f, "with a max_batch of %lld and %lld: %.200s, %s", (long long)rows,
                         (long long)roomy.max_batch, what.text, rig_where(a, where));
        else if (rows == 1 && ((u->defaults && rig_not_finite(b, &what)) || are_apart(a, b, &what)))
            finding_fail(f, "a batch of one row, of at most %lld: %.200s, %s", (long long)roomy.max_batch,
                         what.text, rig_where(a, where));
    }
    checked_done(a);
    checked_done(b);
}

/* A layer may refuse one row, with a message; what it takes has to be right. */
void check_batches(struct checked *c, struct finding *f)
{
    struct conditions one = usual_conditions(c->seed, c->level);
    struct finding ignored = {0};
    const bool differentiable = gradient_is_checked(c->item, &ignored);
    struct compared n = {0};

    one.rows = 1;
    for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++) {
        const struct setup *u = &c->setups.v[i];

        check_smaller(c, u, u->batch, f);
        check_smaller(c, u, 1, f);
        one.max_batch = u->batch;
        if (u->defaults && differentiable)
            gradient_compare(c, u, &one, &n, f);
    }
}

/* ---- a row by itself -------------------------------------------------------------------------- */

static bool mixes_rows(const struct item *item)
{
    return item->kind == FELL_KIND_LAYER && item->layer->flags & FELL_MIXES_ROWS;
}

/* The inputs of G but row KEPT (of PARTS) become those of OTHER. */
static void change_rows(struct rig *g, struct rig *other, int64_t kept, int64_t parts)
{
    for (int64_t i = 0; i < g->setup->nin; i++) {
        char name[16];
        struct buffer *to, *from;
        int64_t n;

        snprintf(name, sizeof name, i ? "x%lld" : "x", (long long)i);
        to = rig_named(g, name);
        from = rig_named(other, name);
        n = to->n / parts;
        for (int64_t k = 0; k < to->n; k++)
            if (k / n != kept)
                ((float *)to->v)[k] = ((const float *)from->v)[k];
    }
}

static bool is_fitted(const struct item *item)
{
    return item->kind == FELL_KIND_LAYER && !item->layer->backward && item->layer->fit;
}

/* The states of FROM, as they are put back before each forward. */
static void take_state(struct rig *to, const struct rig *from)
{
    for (int i = 0; i < to->nbuffers; i++)
        if (to->buffer[i].use == USE_STATE)
            memcpy(to->buffer[i].start, from->buffer[i].start,
                   (size_t)(to->buffer[i].n * to->buffer[i].size));
}

/* What to say in `flags` where it is meant so. */
static const char *who_mixes(const struct item *item, bool rows)
{
    if (item->kind == FELL_KIND_ACTIVATION)
        return rows ? ": an activation looks at no row but its own"
                    : " of its row: say FELL_ROWWISE in flags if it is meant to look at them";
    return ": say FELL_MIXES_ROWS in flags if it is meant to look at them";
}

/* Does part KEPT of y change with the other parts of x? A transform is fitted on the same rows before. */
static void check_part(struct checked *c, const struct setup *u, int64_t kept, int64_t parts, bool large,
                       struct finding *f)
{
    struct conditions how = usual_conditions(c->seed, c->level), foreign;
    struct rig *a, *b, *other;
    struct error err;
    char where[512];

    how.evaluate = true;
    how.no_saved = true;
    how.fill = large ? FILL_EVEN : FILL_USUAL;
    how.reach = large ? 1000.0f : 0.0f;
    foreign = how;
    foreign.seed++;
    a = checked_rig(c, u, &how);
    b = checked_rig(c, u, &how);
    other = checked_rig(c, u, &foreign);
    if (a && b && other && (!is_fitted(c->item) || (rig_fit(a, &err) == OK && rig_fit(b, &err) == OK))) {
        change_rows(b, other, kept, parts);
        if (rig_forward(a, &err) == OK && rig_forward(b, &err) == OK) {
            const struct buffer *y = rig_named(a, "y"), *z = rig_named(b, "y");
            const int64_t n = y->n / parts;

            for (int64_t k = kept * n; k < (kept + 1) * n && f->outcome == OUTCOME_PASSED; k++)
                if (memcmp((float *)y->v + k, (float *)z->v + k, sizeof(float)) != 0)
                    finding_fail(f, "y[%lld], in %s %lld, is %.6g, and %.6g beside other %ss%s, %s",
                                 (long long)k, parts == u->batch ? "row" : "element", (long long)kept,
                                 buffer_at(y, k), buffer_at(z, k), parts == u->batch ? "row" : "element",
                                 who_mixes(c->item, parts == u->batch), rig_where(a, where));
        }
    }
    checked_done(a);
    checked_done(b);
    checked_done(other);
}

/* Whether the host knows that rows of a batch belong together, and does not cut it into micro-batches: it is
 * said, a batch of one row is refused, or there is a state. */
static bool is_kept_whole(const struct rig *g)
{
    for (int i = 0; i < g->nbuffers; i++)
        if (g->buffer[i].use == USE_STATE)
            return true;
    return g->s.item->layer->flags & FELL_BATCHWISE || g->plan.min_batch > 1;
}

/* Does row KEPT of y, or of an input's gradient, change in training with the other rows? */
static void check_training(struct checked *c, const struct setup *u, int64_t kept, struct finding *f)
{
    struct conditions how = usual_conditions(c->seed, c->level), foreign = how;
    struct rig *a, *b, *other;
    struct error err;
    char where[512];

    foreign.seed++;
    a = checked_rig(c, u, &how);
    b = checked_rig(c, u, &how);
    other = checked_rig(c, u, &foreign);
    if (a && b && other && !is_kept_whole(a)) {
        change_rows(b, other, kept, u->batch);
        if (rig_step(a, &err) == OK && rig_step(b, &err) == OK)
            for (int i = 0; i < a->nbuffers; i++) {
                const struct buffer *x = &a->buffer[i], *y = &b->buffer[i];
                const int64_t n = x->n / u->batch;

                for (int64_t k = kept * n; x->use == USE_OUTPUT && k < (kept + 1) * n; k++)
                    if (memcmp((float *)x->v + k, (float *)y->v + k, sizeof(float)) != 0)
                        finding_fail(
                            f,
                            "in training %s[%lld], in row %lld, is %.6g, and %.6g beside other rows: "
                            "say FELL_BATCHWISE in flags, %s",
                            x->name, (long long)k, (long long)kept, buffer_at(x, k), buffer_at(y, k),
                            rig_where(a, where));
            }
    }
    checked_done(a);
    checked_done(b);
    checked_done(other);
}

/* Does row ROW by itself give another y than in its batch? */
static void check_alone(struct checked *c, const struct setup *u, int64_t row, struct finding *f)
{
    struct conditions how = usual_conditions(c->seed, c->level), one;
    struct rig *g, *alone;
    struct error err;
    char where[512];

    how.evaluate = true;
    how.no_saved = true;
    how.max_batch = u->batch + 2;
    one = how;
    one.rows = 1;
    g = checked_rig(c, u, &how);
    alone = checked_rig(c, u, &one);
    if (g && alone) {
        const struct buffer *y = rig_named(g, "y"), *z = rig_named(alone, "y");
        double near;

        checked_take_row(alone, g, row);
        if (is_fitted(c->item) && rig_fit(g, &err) == OK)
            take_state(alone, g);
        if (rig_forward(g, &err) == OK && rig_forward(alone, &err) == OK) {
            near = CLOSE * fmax(rig_largest(g), 1e-2);
            for (int64_t k = 0; k < z->n && f->outcome == OUTCOME_PASSED; k++)
                if (is_apart(buffer_at(y, row * z->n + k), buffer_at(z, k), near))
                    finding_fail(f, "y[%lld] is %.6g, but row %lld by itself gives %.6g there, %s",
                                 (long long)(row * z->n + k), buffer_at(y, row * z->n + k), (long long)row,
                                 buffer_at(z, k), rig_where(g, where));
        }
    }
    checked_done(g);
    checked_done(alone);
}

void check_rows(struct checked *c, struct finding *f)
{
    const bool elements =
        c->item->kind == FELL_KIND_ACTIVATION && !(c->item->activation->flags & FELL_ROWWISE);

    if (mixes_rows(c->item)) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "declared: rows of a batch mix in evaluation");
        return;
    }
    for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++) {
        const struct setup *u = &c->setups.v[i];
        const int64_t parts = elements ? u->batch * u->in[0].dim[0] : u->batch;

        check_part(c, u, 0, parts, false, f);
        check_part(c, u, parts / 2, parts, false, f);
        check_part(c, u, parts - 1, parts, false, f);
        if (u->defaults)
            check_part(c, u, 0, parts, true, f);
        if (u->defaults && !elements)
            check_alone(c, u, u->batch - 1, f);
        if (c->item->kind == FELL_KIND_LAYER && c->item->layer->backward) {
            check_training(c, u, 0, f);
            if (u->defaults)
                check_training(c, u, u->batch - 1, f);
        }
    }
}

/* The order of the rows that a transform is fitted on says nothing. */
void check_fit(struct checked *c, struct finding *f)
{
    const struct conditions how = usual_conditions(c->seed, c->level);
    const fell_layer *layer = c->item->layer;
    char where[512];

    if (layer->backward || !layer->fit) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "nothing is fitted");
        return;
    }
    for (size_t i = 0; i < c->setups.n; i++) {
        struct rig *a = checked_rig(c, &c->setups.v[i], &how), *b = checked_rig(c, &c->setups.v[i], &how);
        struct error err, what;

        if (a && b) {
            struct buffer *x = rig_named(b, "x");

            turn((float *)x->v, rig_rows(b), x->n / rig_rows(b));
            if (rig_fit(a, &err) == OK && rig_fit(b, &err) == OK) {
                rig_unset(a, rig_named(a, "y"));
                memcpy(rig_named(b, "y")->v, rig_named(a, "y")->v,
                       (size_t)rig_named(a, "y")->n * sizeof(float));
                rig_named(a, "y")->floats = false;
                if (are_apart(a, b, &what))
                    finding_fail(
                        f, "fitted on the same rows from first to last and from last to first: %.200s, %s",
                        what.text, rig_where(a, where));
            }
        }
        checked_done(a);
        checked_done(b);
    }
}

/* ---- probes ----------------------------------------------------------------------------------------- */

/* A forward that is given fewer rows at once: c->most. */
void check_pieces(struct checked *c, struct finding *f)
{
    enum { FEW = 5 };
    const struct conditions usual = usual_conditions(c->seed, c->level);
    struct conditions pieces = usual;
    char where[512];

    pieces.piece = FEW;
    for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++) {
        struct rig *a = checked_rig(c, &c->setups.v[i], &usual),
                   *b = checked_rig(c, &c->setups.v[i], &pieces);
        struct error err, what;

        if (a && b && rig_step(a, &err) == OK && rig_step(b, &err) == OK && are_apart(a, b, &what))
            finding_fail(f, "with a c->most of 8 and of %d, of 23 rows, %.200s, %s", FEW, what.text,
                         rig_where(a, where));
        checked_done(a);
        checked_done(b);
    }
}
