/* check_rate.c - the rate of a step is that of the call, it counts, and it may be 0. See check.h. */
#include <math.h>
#include <string.h>

#include "check/check.h"

/* Step T with the gradient that stands there. */
static status rest(struct rig *g, int64_t t)
{
    double loss = 1.0 / (double)t;
    struct error err;

    return rig_optimizer_step(g, t, &loss, NULL, &err);
}

/* The weight that so many steps have taken farthest from where it was, as a share of its size or of 1. */
static int64_t farthest(const struct rig *g, double *far)
{
    const float *first = g->buffer[rig_find(g, "w")].start, *w = g->optimizer.w;
    int64_t at = 0;

    *far = 0.0;
    for (int64_t i = 0; i < g->optimizer.n; i++) {
        const double d = fabs((double)w[i] - (double)first[i]) / fmax(1.0, fabs((double)first[i]));

        at = d > *far ? i : at;
        *far = fmax(*far, d);
    }
    return at;
}

/* A warmup begins with 0, and many a schedule ends there: numbers stay finite, and weights where they are,
 * but for a decay of its own pace. */
static void check_no_rate(struct checked *c, const struct setup *u, struct finding *f)
{
    enum { STEPS = 12 };
    static const double FAR = 0.25;
    struct conditions none = usual_conditions(c->seed, c->level);
    struct error err, what;
    struct rig *g;
    char where[512];
    double far = 0.0;

    none.no_lr = true;
    g = checked_rig(c, u, &none);
    if (g && rig_step(g, &err) == OK && rig_not_finite(g, &what))
        finding_fail(f, "with a rate of 0, as a warmup begins and a cosine ends, %.200s, %s", what.text,
                     rig_where(g, where));
    checked_done(g);
    g = f->outcome == OUTCOME_PASSED ? checked_rig(c, u, &none) : NULL;
    for (int64_t t = 1; g && t <= STEPS && far <= FAR && rest(g, t) == OK; t++) {
        const int64_t at = farthest(g, &far);

        if (far > FAR)
            finding_fail(
                f, "with a rate of 0, as a warmup begins, w[%lld] goes from %.6g to %.6g in %lld step%s, %s",
                (long long)at, (double)((float *)g->buffer[rig_find(g, "w")].start)[at],
                (double)g->optimizer.w[at], (long long)t, t == 1 ? "" : "s", rig_where(g, where));
    }
    checked_done(g);
}

/* Does a step at rate LR differ from one at twice that rate? Where none can be made, it does. */
static bool rate_counts(struct checked *c, const struct setup *u, double lr)
{
    struct conditions once = usual_conditions(c->seed, c->level), twice;
    struct rig *a, *b;
    struct error err, difference;
    bool differs;

    once.lr = lr;
    once.lr_setting = 0.01;
    twice = once;
    twice.lr = 2.0 * lr;
    a = checked_rig(c, u, &once);
    b = checked_rig(c, u, &twice);
    differs = !a || !b || rig_step(a, &err) != OK || rig_step(b, &err) != OK || rig_not_finite(a, &err) ||
              rigs_differ(a, b, &difference);
    checked_done(a);
    checked_done(b);
    return differs;
}

/* The setting is the rate before the schedule: with another one the step is the same. */
static void check_setting(struct checked *c, const struct setup *u, struct finding *f)
{
    struct conditions usual = usual_conditions(c->seed, c->level), set;
    struct rig *a, *b;
    struct error err, difference;
    char where[512];

    usual.lr = 0.01;
    usual.lr_setting = 0.01;
    set = usual;
    set.lr_setting = 0.02;
    a = checked_rig(c, u, &usual);
    b = checked_rig(c, u, &set);
    if (a && b && rig_step(a, &err) == OK && rig_step(b, &err) == OK && rigs_differ(a, b, &difference))
        finding_fail(
            f,
            "with another setting lr and the same c->lr, the rate of the step: %.300s, %s; a schedule "
            "changes c->lr only",
            difference.text, rig_where(a, where));
    checked_done(a);
    checked_done(b);
}

/* The rate of the call counts, at one rate at least: it may be but the largest that a rule allows. */
void check_rate(struct checked *c, struct finding *f)
{
    static const double rates[] = {0.01, 1e-4, 1.0, 1e-6};
    struct conditions usual = usual_conditions(c->seed, c->level);
    char where[512];

    for (size_t i = 0; i < c->setups.n; i++) {
        const struct setup *u = &c->setups.v[i];
        bool counts = !u->defaults;

        for (size_t k = 0; k < sizeof rates / sizeof *rates && !counts; k++)
            counts = rate_counts(c, u, rates[k]);
        if (!counts) {
            struct rig *g = checked_rig(c, u, &usual);

            finding_fail(f, "the rate of the call, c->lr, has no effect: no schedule has any, %s",
                         rig_where(g, where));
            checked_done(g);
        }
        check_setting(c, u, f);
        if (u->defaults)
            check_no_rate(c, u, f);
    }
}
