/* check_optimizer.c - does an optimizer find its way, and does it remember nothing but its
 * slots? See check.h.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check/check.h"

/* With the gradient that stands there. */
static status step(struct rig *g, int64_t t, double loss)
{
    struct error err;

    return rig_optimizer_step(g, t, &loss, NULL, &err);
}

/* ---- descent --------------------------------------------------------------------------------------- */

/* sum of c_i (w_i - 1)^2 / 2 with c from 0.5 to 2. */
static double quadratic(const float *w, float *g, int64_t n)
{
    double f = 0.0;

    for (int64_t i = 0; i < n; i++) {
        const double c = 0.5 + 1.5 * (double)i / (double)n, d = (double)w[i] - 1.0;

        f += 0.5 * c * d * d;
        g[i] = (float)(c * d);
    }
    return f;
}

/* H. Rosenbrock, 1960: sum over pairs of (1 - a)^2 + 100 (b - a^2)^2. */
static double rosenbrock(const float *w, float *g, int64_t n)
{
    double f = 0.0;

    memset(g, 0, (size_t)n * sizeof *g);
    for (int64_t i = 0; i + 1 < n; i += 2) {
        const double a = (double)w[i], b = (double)w[i + 1], d = b - a * a;

        f += (1.0 - a) * (1.0 - a) + 100.0 * d * d;
        g[i] = (float)(-2.0 * (1.0 - a) - 400.0 * a * d);
        g[i + 1] = (float)(200.0 * d);
    }
    return f;
}

/* The last value as a share of the first, after some steps at rate LR. */
static double descend(struct checked *c, const struct setup *u, double lr,
                      double (*f)(const float *w, float *g, int64_t n))
{
    enum { STEPS = 400 };
    const struct conditions how = usual_conditions(c->seed, c->level);
    struct rig *g = checked_rig(c, u, &how);
    double first = 0.0, last = INFINITY;

    if (!g)
        return INFINITY;
    for (int64_t i = 0; i < g->optimizer.n; i++)
        g->optimizer.w[i] = i % 2 ? 1.0f : -1.2f;
    g->optimizer.lr = lr;
    for (int64_t t = 1; t <= STEPS; t++) {
        struct error err;
        const status moved = rig_optimizer_step(g, t, &last, f, &err);

        if (t == 1)
            first = last;
        if (moved != OK)
            break;
    }
    checked_done(g);
    return isfinite(last) ? last / first : INFINITY;
}

/* What goes wrong on the way: the first step goes up, or later ones do, of what it remembers. */
static const char *why_not_down(struct checked *c, const struct setup *u,
                                double (*f)(const float *w, float *g, int64_t n))
{
    const struct conditions how = usual_conditions(c->seed, c->level);
    struct rig *g = checked_rig(c, u, &how);
    double value, along = 0.0;
    struct error err;
    bool moved = false;

    if (!g)
        return "";
    for (int64_t i = 0; i < g->optimizer.n; i++)
        g->optimizer.w[i] = i % 2 ? 1.0f : -1.2f;
    g->optimizer.lr = 1e-3;
    if (rig_optimizer_step(g, 1, &value, f, &err) == OK) {
        float *slope = mem_array((size_t)g->optimizer.n, sizeof *slope),
              *first = mem_array((size_t)g->optimizer.n, sizeof *first);

        for (int64_t i = 0; i < g->optimizer.n; i++)
            first[i] = i % 2 ? 1.0f : -1.2f;
        f(first, slope, g->optimizer.n);
        for (int64_t i = 0; i < g->optimizer.n; i++) {
            along += (double)slope[i] * (double)(g->optimizer.w[i] - first[i]);
            moved = moved || g->optimizer.w[i] != first[i];
        }
        free(slope);
        free(first);
    }
    checked_done(g);
    if (along > 0.0)
        return ": its first step goes up, along the gradient; w -= c->lr * g goes down";
    if (!moved)
        return ": its first step moves nothing";
    return c->item->optimizer->nslots ? ": its first step goes down, and later ones do not; look at what its "
                                        "slots remember, and with which sign"
                                      : ": its first step goes down, and later ones do not";
}

static void check_descent_of(struct checked *c, const struct setup *u, const char *name,
                             double (*f)(const float *w, float *g, int64_t n), struct finding *out)
{
    static const double rates[] = {1.0, 0.1, 1e-2, 1e-3, 1e-4};
    double best = INFINITY;

    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        best = fmin(best, descend(c, u, rates[i], f));
    if (!(best < 0.95))
        finding_fail(out,
                     "%s: after 400 steps %.3g of its first value is left, at the best of 5 rates, with %s%s",
                     name, best, u->settings[0] ? u->settings : "its defaults", why_not_down(c, u, f));
}

/* One switch, and nothing else, is not as the defaults have it; but one that turns round what is meant. */
static bool is_switched(const struct item *item, const struct setup *u)
{
    for (size_t i = 0; i < item->nparams; i++) {
        const fell_param *p = &item->params[i];
        const size_t n = strlen(p->name);

        if ((p->type == FELL_P_BOOL || p->type == FELL_P_ENUM) && u->settings[0] == '{' &&
            strncmp(u->settings + 1, p->name, n) == 0 && u->settings[1 + n] == ':')
            return !strchr(u->settings, ',') && !strstr(p->name, "maxim") && !strstr(p->name, "ascen");
    }
    return false;
}

/* The first weight of G that is where it was; -1 if all have moved. */
static int64_t first_unmoved(const struct rig *g, bool *moved)
{
    const float *first = g->buffer[rig_find(g, "w")].start, *w = g->optimizer.w;
    int64_t at = -1;

    for (int64_t i = g->optimizer.n - 1; i >= 0; i--) {
        moved[i] = moved[i] || w[i] != first[i];
        at = moved[i] ? at : i;
    }
    return at;
}

/* Every weight of tensors of any shape is moved: none stays where it was for many steps. A rule may move
 * one weight a step, the one with the largest gradient, which takes some steps to get small. */
/* Steps until all weights have moved, or none has for the first time in many. */
static int64_t find_unmoved(struct rig *g, double lr, bool *moved)
{
    enum { STEPS_EACH = 40, LARGE = 512, LARGE_STEPS = 2000 };
    const int64_t n = g->optimizer.n, most = n > LARGE ? LARGE_STEPS : STEPS_EACH * n;
    int64_t at = 0, before = n, last = 0;

    for (int64_t i = 0; i < n; i++) /* those that are where they should be need not move */
        moved[i] = fabsf(g->optimizer.w[i] - 1.0f) < 0.1f;
    for (int64_t t = 1; at >= 0 && t <= most; t++) {
        struct error err;
        int64_t left = 0;
        double value;

        g->optimizer.lr = t <= STEPS_EACH ? 0.1 : lr;
        if (rig_optimizer_step(g, t, &value, quadratic, &err) != OK)
            break;
        at = first_unmoved(g, moved);
        for (int64_t i = 0; i < n; i++)
            left += !moved[i];
        last = left < before ? t : last;
        before = left;
    }
    return n > LARGE && last > most / 2 ? -1 : at; /* one weight a step, and more to come */
}

static void check_moves(struct checked *c, const struct setup *u, struct finding *f)
{
    static const double rates[] = {0.5, 0.02}; /* some rules do not bear the first */
    const struct conditions how = usual_conditions(c->seed, c->level);
    int64_t at = 0;
    char where[512];

    for (size_t k = 0; k < sizeof rates / sizeof *rates && at >= 0; k++) {
        struct rig *g = checked_rig(c, u, &how);
        bool *moved = mem_array(g ? (size_t)g->optimizer.n : 1, sizeof *moved);

        at = g ? find_unmoved(g, rates[k], moved) : -1;
        if (at >= 0 && k + 1 == sizeof rates / sizeof *rates)
            finding_fail(f, "w[%lld] of %lld never moves, %s%s", (long long)at, (long long)g->optimizer.n,
                         rig_where(g, where),
                         g->optimizer.role == FELL_BIAS ? ", whose role is FELL_BIAS" : "");
        free(moved);
        checked_done(g);
    }
}

/* A tensor of zeros, as biases begin, has to get away from there: where a step is a share of the weights'
 * size, it does not. */
static void check_leaves_zero(struct checked *c, const struct setup *u, struct finding *f)
{
    enum { STEPS = 40 };
    struct conditions how = usual_conditions(c->seed, c->level);
    struct rig *g;
    bool moved = false;
    char where[512];

    how.no_weights = true;
    how.lr = 0.1;
    g = checked_rig(c, u, &how);
    for (int64_t t = 1; g && !moved && t <= STEPS; t++) {
        struct error err;
        double value;

        if (rig_optimizer_step(g, t, &value, quadratic, &err) != OK)
            break;
        for (int64_t i = 0; i < g->optimizer.n; i++)
            moved = moved || g->optimizer.w[i] != 0.0f;
        if (t == STEPS && !moved)
            finding_fail(f, "a tensor of zeros, as biases begin, never moves, %s", rig_where(g, where));
    }
    checked_done(g);
}

void check_descent(struct checked *c, struct finding *f)
{
    for (size_t i = 0; i < c->setups.n; i++)
        if (c->setups.v[i].defaults)
            check_moves(c, &c->setups.v[i], f);
    for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++)
        if (c->setups.v[i].defaults)
            check_leaves_zero(c, &c->setups.v[i], f);
    check_descent_of(c, &c->setups.v[0], "a quadratic", quadratic, f);
    check_descent_of(c, &c->setups.v[0], "Rosenbrock's function", rosenbrock, f);
    for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++)
        if (is_switched(c->item, &c->setups.v[i]))
            check_descent_of(c, &c->setups.v[i], "a quadratic", quadratic, f);
}

/* ---- slots ------------------------------------------------------------------------------------------ */

/* Steps FROM to END of a walk down the quadratic; another tensor's steps between, if any. */
static bool walk(struct rig *g, struct rig *other, int64_t from, int64_t end)
{
    for (int64_t t = from; t < end; t++) {
        const double value = quadratic(g->optimizer.w, g->buffer[rig_find(g, "gradient")].v, g->optimizer.n);

        if (step(g, t, value) != OK || (other && step(other, t, 1.0) != OK))
            return false;
    }
    return true;
}

static void copy_state(struct rig *to, const struct rig *from)
{
    to->s.in.stream = from->s.in.stream;
    for (int i = 0; i < to->nbuffers; i++)
        if (to->buffer[i].use == USE_STATE)
            memcpy(to->buffer[i].v, from->buffer[i].v, (size_t)(to->buffer[i].n * to->buffer[i].size));
}

/* Before a step `before` may come twice: the second call does nothing. */
static void check_before(struct checked *c, const struct setup *u, struct finding *f)
{
    enum { STEPS = 5 };
    const struct conditions how = usual_conditions(c->seed, c->level);
    struct rig *once = checked_rig(c, u, &how), *twice = checked_rig(c, u, &how);
    struct error err, difference;
    char where[512];
    bool ok = once && twice;

    for (int64_t t = 1; ok && t <= STEPS; t++) {
        twice->optimizer.t = t;
        ok = rig_call(twice, c->item->optimizer->before(&twice->optimizer), &err) == OK &&
             step(once, t, 1.0) == OK && step(twice, t, 1.0) == OK;
        if (ok && rigs_differ(once, twice, &difference)) {
            finding_fail(f, "where `before` comes once and where it comes twice before a step: %.300s, %s",
                         difference.text, rig_where(once, where));
            ok = false;
        }
    }
    checked_done(once);
    checked_done(twice);
}

/* A walk without a break, and one in which weights and slots go over to a new instance. */
void check_slots(struct checked *c, struct finding *f)
{
    for (size_t i = 0; c->item->optimizer->before && i < c->setups.n; i++)
        check_before(c, &c->setups.v[i], f);
    const struct conditions how = usual_conditions(c->seed, c->level),
                            foreign = usual_conditions(c->seed + 1, c->level);
    char where[512];

    for (size_t i = 0; i < c->setups.n; i++) {
        const struct setup *u = &c->setups.v[i];
        struct rig *whole = checked_rig(c, u, &how), *first = checked_rig(c, u, &how),
                   *second = checked_rig(c, u, &how), *other = checked_rig(c, u, &foreign);
        struct error difference;

        if (whole && first && second && other && walk(whole, NULL, 1, 13) && walk(first, other, 1, 7)) {
            copy_state(second, first);
            if (walk(second, other, 7, 13) && rigs_differ(whole, second, &difference))
                finding_fail(f, "without a break and continued from slots: %.300s, %s", difference.text,
                             rig_where(whole, where));
        }
        checked_done(whole);
        checked_done(first);
        checked_done(second);
        checked_done(other);
    }
}

/* ---- order of weights -----------------------------------------------------------------------------------
 */

/* From last to first, which turns each dimension of a tensor round: rows stay rows. */
static void turn_weights(struct rig *g)
{
    static const char *const names[] = {"w", "gradient"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        turn(g->buffer[rig_find(g, names[i])].v, g->optimizer.n, 1);
}

/* Steps with gradients that stay as they are, without putting weights back. */
static bool steps_of(struct rig *g)
{
    enum { STEPS = 6 };

    g->optimizer.lr = 0.1;
    for (int64_t t = 1; t <= STEPS; t++)
        if (step(g, t, 1.0 / (double)t) != OK)
            return false;
    return true;
}

static bool all_moved(const struct rig *g)
{
    const float *first = g->buffer[rig_find(g, "w")].start;

    for (int64_t i = 0; i < g->optimizer.n; i++)
        if (g->optimizer.w[i] == first[i])
            return false;
    return true;
}

/* A blocked loop that does something else with its tail, or a matrix of which rows and columns are mistaken.
 * Weights that never move are told by check_descent(). */
void check_weight_order(struct checked *c, struct finding *f)
{
    enum { MOST = 64 }; /* an author may well mean blocks of more */
    const struct conditions how = usual_conditions(c->seed, c->level);
    char where[512];

    for (size_t i = 0; i < c->setups.n; i++) {
        const struct setup *u = &c->setups.v[i];
        struct rig *a = checked_rig(c, u, &how), *b = checked_rig(c, u, &how);
        const int64_t n = a ? a->optimizer.n : 0;

        if (b && u->defaults && n > 1 && n <= MOST) {
            const float *x = a->optimizer.w, *y = b->optimizer.w;

            turn_weights(b);
            if (steps_of(a) && all_moved(a) && steps_of(b) && a->s.in.stream.position == 0) {
                turn_weights(b);
                for (int64_t k = 0; k < n; k++)
                    if (isfinite(x[k]) && !(fabs((double)(x[k] - y[k])) <= 1e-3 * (1.0 + fabs((double)x[k]))))
                        finding_fail(f,
                                     "with weights and gradients from last to first, w[%lld] becomes %.6g, "
                                     "not %.6g, %s",
                                     (long long)k, (double)y[k], (double)x[k], rig_where(a, where));
            }
        }
        checked_done(a);
        checked_done(b);
    }
}

/* ---- joined tensors ----------------------------------------------------------------------------------- */

/* Step T of the part of a rig's weights from BEGIN to END. */
static bool step_part(struct rig *g, int64_t t, int64_t begin, int64_t end)
{
    const fell_optimizer *o = g->s.item->optimizer;
    const fell_shape shape = fell_vec(end - begin);
    float *slot[SUBJECT_TENSORS];
    fell_optimizer_call c = g->optimizer;
    struct error err;

    for (uint64_t i = 0; i < o->nslots; i++)
        slot[i] = g->slot[i] ? g->slot[i] + begin : NULL;
    c.slot = slot;
    c.w += begin;
    c.g += begin;
    c.n = end - begin;
    if (c.n < g->optimizer.n) { /* a tensor by itself, of which the host says what it is */
        c.shape = &shape;
        c.role = begin ? FELL_BIAS : FELL_WEIGHT;
    }
    c.t = t;
    c.loss = 1.0;
    if (o->before && rig_call(g, o->before(&c), &err) != OK)
        return false;
    memset(g->kept, 0, sizeof g->kept);
    c.kept = g->kept;
    c.done = 0;
    for (c.pass = 0; c.pass == 0 || (c.pass < o->gradients && !c.done); c.pass++)
        if (rig_call(g, o->step(&c), &err) != OK)
            return false;
    return true;
}

static bool has_special_slots(const fell_optimizer *o)
{
    for (uint64_t i = 0; i < o->nslots; i++)
        if (o->slots[i].scalar || o->slots[i].times)
            return true;
    return false;
}

/* One tensor ends and the next begins at JOINT. */
static void check_joint(struct checked *c, const struct setup *u, int64_t joint, struct finding *f)
{
    const struct conditions how = usual_conditions(c->seed, c->level);
    struct rig *a = checked_rig(c, u, &how), *b = checked_rig(c, u, &how);
    bool ok = a && b && a->optimizer.n > joint;
    struct error difference;
    char where[512];

    for (int64_t t = 1; ok && t < 5; t++)
        ok = step_part(a, t, 0, a->optimizer.n) && step_part(b, t, 0, joint) &&
             step_part(b, t, joint, b->optimizer.n);
    if (ok && rigs_differ(a, b, &difference))
        finding_fail(f, "joined and apart: %.300s, %s", difference.text, rig_where(a, where));
    checked_done(a);
    checked_done(b);
}

void check_joined(struct checked *c, struct finding *f)
{
    static const int64_t joints[] = {1, 4, 7, 10, 13, 17};
    const fell_optimizer *o = c->item->optimizer;

    if (o->reach != FELL_EACH_WEIGHT || has_special_slots(o)) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "it is given whole tensors");
        return;
    }
    for (size_t i = 0; i < c->setups.n; i++)
        for (size_t k = 0; k < sizeof joints / sizeof *joints && c->setups.v[i].joined; k++)
            check_joint(c, &c->setups.v[i], joints[k], f);
}
