/* check_steps.c - what holds for a step of any kind. See check.h. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "check/check.h"
#include "check/hooks.h"

/* ---- settings ------------------------------------------------------------------------------------ */

static bool cannot_be_guessed(const struct item *item)
{
    for (size_t i = 0; i < item->nparams; i++)
        if (item->params[i].flags & FELL_REQUIRED &&
            (item->params[i].type == FELL_P_STRING || item->params[i].type == FELL_P_STRINGS))
            return true;
    return false;
}

void check_settings(struct checked *c, struct finding *f)
{
    struct conditions how = usual_conditions(c->seed, c->level);

    if (!c->setups.n && cannot_be_guessed(c->item)) {
        f->verdict = VERDICT_SKIPPED;
        error_set(&f->text, "it needs a setting that cannot be guessed");
        return;
    }
    if (!c->setups.n)
        finding_fail(f, "nothing is accepted; it says: %.900s", c->setups.last);
    if (c->setups.silent[0])
        finding_fail(f, "it refuses a call without saying why, %s", c->setups.silent);
    for (size_t i = 0; i < c->setups.n; i++) {
        struct rig *g = mem_alloc(sizeof *g);
        struct error err = {""};
        char where[512];

        if (rig_open(g, c->item, c->registry, &c->setups.v[i], &how, &err) != OK || rig_step(g, &err) != OK)
            finding_fail(f, "%.900s, %s", err.text, rig_where(g, where));
        checked_done(g);
    }
}

/* ---- memory ---------------------------------------------------------------------------------------- */

void check_bounds(struct checked *c, struct finding *f)
{
    struct conditions how = usual_conditions(c->seed, c->level);
    char where[512];

    for (size_t i = 0; i < 2 * c->setups.n; i++) {
        struct rig *g;
        struct error err;

        how.evaluate = i >= c->setups.n;
        g = checked_rig(c, &c->setups.v[i % c->setups.n], &how);
        if (g && rig_step(g, &err) == OK && g->trespass[0])
            finding_fail(f, "%s, %s", g->trespass, rig_where(g, where));
        checked_done(g);
    }
}

static const uint32_t ONE_HALF = 0x3f000000; /* the bits of 0.5f */

void check_unset(struct checked *c, struct finding *f)
{
    const struct conditions usual = usual_conditions(c->seed, c->level);
    struct conditions other = usual;

    other.unset = ONE_HALF;
    for (size_t i = 0; i < c->setups.n; i++)
        checked_agree(c, &c->setups.v[i], &usual, &other, "with other unset memory", f);
}

void check_inputs(struct checked *c, struct finding *f)
{
    const struct conditions how = usual_conditions(c->seed, c->level);
    char where[512];

    for (size_t i = 0; i < c->setups.n; i++) {
        struct rig *g = checked_rig(c, &c->setups.v[i], &how);
        struct error err, what;
        const int y = g ? rig_find(g, "y") : -1;
        void *kept;

        if (g && rig_forward(g, &err) == OK) {
            if (y >= 0 && kind_work(c->item->kind)->backward) {
                kept = mem_alloc((size_t)(g->buffer[y].n * g->buffer[y].size));
                memcpy(kept, g->buffer[y].v, (size_t)(g->buffer[y].n * g->buffer[y].size));
                if (rig_backward(g, &err) == OK &&
                    memcmp(kept, g->buffer[y].v, (size_t)(g->buffer[y].n * g->buffer[y].size)) != 0)
                    finding_fail(f, "backward changes y, %s", rig_where(g, where));
                free(kept);
            }
            if (rig_changed(g, &what))
                finding_fail(f, "%.300s, %s", what.text, rig_where(g, where));
        }
        checked_done(g);
    }
}

void check_allocation(struct checked *c, struct finding *f)
{
    const struct conditions how = usual_conditions(c->seed, c->level);
    char where[512], name[64];

    if (!hooks_set(c->item->file->handle)) {
        f->verdict = VERDICT_SKIPPED;
        error_set(&f->text, "calls cannot be counted on this machine");
        return;
    }
    for (size_t i = 0; i < c->setups.n; i++) {
        struct rig *g = checked_rig(c, &c->setups.v[i], &how);
        struct error err;

        hooks_begin();
        if (g)
            rig_step(g, &err);
        if (hooks_end(name) && g)
            finding_fail(f, "it calls %s in a step, %s", name, rig_where(g, where));
        checked_done(g);
    }
}

/* ---- the same bits ---------------------------------------------------------------------------------- */

void check_repeat(struct checked *c, struct finding *f)
{
    const struct conditions how = usual_conditions(c->seed, c->level);

    for (size_t i = 0; i < c->setups.n; i++)
        checked_agree(c, &c->setups.v[i], &how, &how, "a second time", f);
}

void check_levels(struct checked *c, struct finding *f)
{
    const struct conditions portable = usual_conditions(c->seed, SIMD_PORTABLE);
    char what[64];

    for (enum simd_level level = SIMD_AVX2; level < SIMD_LEVELS; level++) {
        const struct conditions how = usual_conditions(c->seed, level);

        snprintf(what, sizeof what, "portable and %s", simd_name(level));
        for (size_t i = 0; simd_available(level) && i < c->setups.n; i++)
            checked_agree(c, &c->setups.v[i], &portable, &how, what, f);
    }
}

void check_threads(struct checked *c, struct finding *f)
{
    const struct conditions one = usual_conditions(c->seed, c->level);
    static const int threads[] = {2, 7};
    struct conditions how = one;
    char what[64];

    how.backwards = c->item->kind != FELL_KIND_SCHEDULE; /* check_order() has those */
    for (size_t i = 0; i < c->setups.n; i++)
        checked_agree(c, &c->setups.v[i], &one, &how, "with the blocks of fell_parallel in another order", f);
    how.backwards = false;
    for (int k = 0; k < 2; k++) {
        how.threads = threads[k];
        snprintf(what, sizeof what, "with 1 and %d threads", threads[k]);
        for (size_t i = 0; i < c->setups.n; i++)
            checked_agree(c, &c->setups.v[i], &one, &how, what, f);
    }
}

/* ---- two instances ------------------------------------------------------------------------------------ */

/* A stepped while B is between its own calls: forward A, forward B, backward A, backward B. */
static void check_interleaved(struct checked *c, const struct setup *u, struct finding *f)
{
    const struct conditions how = usual_conditions(c->seed, c->level),
                            other = usual_conditions(c->seed + 1, c->level);
    const bool backward = kind_work(c->item->kind)->backward != NULL;
    struct rig *alone = checked_rig(c, u, &how), *a = checked_rig(c, u, &how), *b = checked_rig(c, u, &other);
    struct error err, difference;
    char where[512];

    if (alone && a && b && rig_step(alone, &err) == OK && rig_forward(a, &err) == OK &&
        rig_forward(b, &err) == OK && (!backward || rig_backward(a, &err) == OK) &&
        rigs_differ(alone, a, &difference))
        finding_fail(f, "alone and beside another instance: %.300s, %s", difference.text,
                     rig_where(a, where));
    checked_done(alone);
    checked_done(a);
    checked_done(b);
}

struct runner_thread {
    struct rig *g;
    pthread_barrier_t *start;
    bool ok;
};

static void *run_thread(void *arg)
{
    struct runner_thread *t = arg;
    struct error err;

    pthread_barrier_wait(t->start);
    t->ok = rig_step(t->g, &err) == OK;
    return NULL;
}

static void check_side_by_side(struct checked *c, const struct setup *u, struct finding *f)
{
    const struct conditions how[2] = {usual_conditions(c->seed, c->level),
                                      usual_conditions(c->seed + 1, c->level)};
    struct rig *alone = checked_rig(c, u, &how[0]);
    struct runner_thread t[2] = {{checked_rig(c, u, &how[0]), NULL, false},
                                 {checked_rig(c, u, &how[1]), NULL, false}};
    struct error err, difference;
    pthread_barrier_t start;
    pthread_t other;
    char where[512];

    if (alone && t[0].g && t[1].g && rig_step(alone, &err) == OK) {
        pthread_barrier_init(&start, NULL, 2);
        t[0].start = t[1].start = &start;
        if (pthread_create(&other, NULL, run_thread, &t[1]) == 0) {
            run_thread(&t[0]);
            pthread_join(other, NULL);
            if (t[0].ok && rigs_differ(alone, t[0].g, &difference))
                finding_fail(f, "alone and with another instance on a second thread: %.300s, %s",
                             difference.text, rig_where(alone, where));
        }
        pthread_barrier_destroy(&start);
    }
    checked_done(alone);
    checked_done(t[0].g);
    checked_done(t[1].g);
}

void check_instances(struct checked *c, struct finding *f)
{
    enum { ROUNDS = 5 };

    for (size_t i = 0; i < c->setups.n && f->verdict == VERDICT_PASSED; i++) {
        check_interleaved(c, &c->setups.v[i], f);
        for (int k = 0; k < ROUNDS; k++)
            check_side_by_side(c, &c->setups.v[i], f);
    }
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

void check_finite(struct checked *c, struct finding *f)
{
    struct conditions how = usual_conditions(c->seed, c->level);
    char where[512];

    how.reach = 10.0f;
    for (size_t i = 0; i < 2 * c->setups.n; i++) {
        struct rig *g;
        struct error err, what;

        if (!c->setups.v[i % c->setups.n].defaults)
            continue; /* an epsilon of 0 may divide by 0 */
        how.evaluate = i >= c->setups.n;
        g = checked_rig(c, &c->setups.v[i % c->setups.n], &how);
        if (g && rig_step(g, &err) == OK && rig_not_finite(g, &what))
            finding_fail(f, "%.300s, %s", what.text, rig_where(g, where));
        checked_done(g);
    }
}

/* The fastest of a few rounds of steps, in seconds. */
static double seconds_of(struct rig *g)
{
    enum { ROUNDS = 5, STEPS = 200 };
    double best = INFINITY;
    struct error err;

    for (int i = 0; i < ROUNDS; i++) {
        const double begin = time_monotonic();

        for (int k = 0; k < STEPS; k++)
            if (rig_step(g, &err) != OK)
                return INFINITY;
        best = fmin(best, time_monotonic() - begin);
    }
    return best;
}

void check_denormals(struct checked *c, struct finding *f)
{
    const struct conditions usual = usual_conditions(c->seed, c->level);
    struct conditions tiny = usual;

    tiny.denormal = true;
    for (size_t i = 0; i < c->setups.n && c->setups.v[i].defaults && f->verdict == VERDICT_PASSED; i++) {
        struct rig *a = checked_rig(c, &c->setups.v[i], &usual), *b = checked_rig(c, &c->setups.v[i], &tiny);
        const double fast = a ? seconds_of(a) : INFINITY, slow = b ? seconds_of(b) : INFINITY;
        char where[512];

        if (isfinite(fast) && isfinite(slow) && slow > 10.0 * fast) {
            f->verdict = VERDICT_WARNED;
            error_set(&f->text, "denormal inputs take %.0f times as long, %s", slow / fast,
                      rig_where(a, where));
        }
        checked_done(a);
        checked_done(b);
    }
}
