/* trials.c - which trials there are: all combinations of a grid, or points of a sampler.
 *
 * Each is resolved once, so that nothing can go wrong later, and kept as a number. Points that are excluded
 * by `where` or equal to an earlier one are passed over; a sampler then draws the next. See trials.h.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "trials/trials.h"

enum { FAILURES_MAX = 1000 }; /* trials with errors, after which no more are looked at */

void trials_free(struct trials *t)
{
    if (!t)
        return;
    where_free(t->where);
    digests_release(&t->seen);
    free(t->dims);
    free(t->dim_knob);
    free(t->at);
    free(t->scouts);
    free(t->contexts);
    free(t->u);
    free(t->files);
    free(t);
}

/* ---- points of the unit cube --------------------------------------------------------------- */

status trials_dims(struct trials *t, struct diag *d)
{
    const struct sweep *s = &t->sweep;
    const enum sampler sampler = t->strategy->sampler;

    t->dims = mem_array(s->nknobs, sizeof *t->dims);
    t->dim_knob = mem_array(s->nknobs, sizeof *t->dim_knob);
    for (size_t k = 0; k < s->nknobs; k++) {
        const struct knob *knob = &s->knobs[k];

        if (knob->driven || knob->count == 1)
            continue;
        if (!knob->ordered)
            t->dims[t->ndims] = (struct sweep_dim){
                .choices = knob->count,
                .weights = knob->space->kind == SPACE_AXIS ? knob->space->values->weights : NULL};
        t->dim_knob[t->ndims++] = k;
    }
    if (t->ndims <= sampler_most_dims(sampler))
        return OK;
    return diag_error(d, &t->strategy_at, "%s has %zu dimensions, and the space has %zu", t->strategy->name,
                      sampler_most_dims(sampler), t->ndims);
}

void point_cube(const struct trials *t, struct point *p, const double *u)
{
    point_reset(p);
    for (size_t i = 0; i < t->ndims; i++) {
        const struct knob *knob = &t->sweep.knobs[t->dim_knob[i]];
        struct knob_at *at = &p->knobs[t->dim_knob[i]];

        if (!knob->ordered)
            at->index = sweep_dim_choice(&t->dims[i], u[i]);
        else if (knob->count)
            at->index = (size_t)floor(u[i] * (double)knob->count);
        else
            at->u = u[i];
    }
}

/* Point NUMBER of a sampler. */
static status draw_point(const struct experiment *e, uint64_t number, struct point *p, double *u,
                         struct error *err)
{
    const struct trials *t = e->trials;

    if (t->ndims && sampler_point_ever(t->strategy->sampler, e->seed, t->settings->trials, (int64_t)number,
                                       t->ndims, u, err))
        return FAILED;
    point_cube(t, p, u);
    return OK;
}

/* The point of NUMBER, as trials.at keeps it. */
static status point_at(const struct experiment *e, uint64_t number, struct point *p, double *u,
                       struct error *err)
{
    if (e->sampled)
        return draw_point(e, number, p, u, err);
    point_number(p, (size_t)number);
    return OK;
}

status experiment_trial(const struct experiment *e, int64_t number, struct arena *arena, struct trial *out,
                        struct diag *d)
{
    const struct trials *t = e->trials;
    double *u = mem_array(t->ndims, sizeof *u);
    struct point p;
    struct error err;
    status result = FAILED;

    point_init(&p, &t->sweep);
    *out = (struct trial){.number = number};
    if (e->adaptive || number < 0 || number >= e->ntrials)
        diag_error(d, NULL, "experiment '%s' has no trial %lld that is known beforehand", e->name,
                   (long long)number);
    else if (point_at(e, t->at[number], &p, u, &err))
        diag_error(d, NULL, "%s", err.text);
    else
        result = trial_at(e, &p, arena, out, d);
    point_release(&p);
    free(u);
    return result;
}

/* ---- enumerating ------------------------------------------------------------------------------ */

/* While trials are looked for. */
struct finder {
    struct experiment *e;
    struct trials *t;
    struct sha256 *hash, *before;
    struct diag *diag;
    struct point p;
    struct digests seen;
    bool *active; /* [naxes] in some trial */
    size_t failures, idle;
};

enum found { FOUND_NEW, FOUND_IDLE, FOUND_EXCLUDED, FOUND_EQUAL, FOUND_FAILED };

static void keep(struct finder *f, uint64_t number, const struct trial *trial, const char *digest)
{
    struct trials *t = f->t;

    if (t->n == t->room)
        t->at = mem_grow(t->at, t->room = 2 * t->room + 64, sizeof *t->at);
    t->at[t->n++] = number;
    if (f->hash)
        sha256_add(f->hash, digest, 64);
    if (f->before) {
        char before[65];

        trial_digest(f->e, trial->spec, trial->before, before);
        sha256_add(f->before, before, 64);
    }
}

/* The trial at f->p, which NUMBER leads to. */
static enum found look_at(struct finder *f, uint64_t number)
{
    struct experiment *e = f->e;
    struct arena *arena = arena_new();
    struct trial trial = {0};
    struct node *root;
    char digest[65];
    bool wanted = true;
    enum found result = FOUND_FAILED;
    status tree = point_tree(&f->p, tree_new_in(arena), f->t->root, &root, f->diag);

    f->idle = e->sampled ? NO_KNOB : point_idle_knob(&f->p);
    for (size_t a = 0; a < f->t->sweep.naxes; a++)
        f->active[a] = f->active[a] || f->p.active[a];
    if (f->idle != NO_KNOB) {
        result = FOUND_IDLE;
        goto out;
    }
    if (f->t->where && where_test(f->t->where, &f->p, &wanted, f->diag)) {
        f->failures = FAILURES_MAX; /* it would fail again */
        goto out;
    }
    if (!wanted) {
        e->nexcluded++;
        result = FOUND_EXCLUDED;
        goto out;
    }
    if (trial_resolve(e, &f->p, root, arena, &trial, f->diag) || tree) {
        f->failures++;
        goto out;
    }
    trial_digest(e, trial.spec, trial.known_by, digest);
    result = digests_add(&f->seen, digest) ? FOUND_NEW : FOUND_EQUAL;
    if (result == FOUND_NEW)
        keep(f, number, &trial, digest);
    else
        e->nequal++;
out:
    arena_free(arena);
    return result;
}

static void enumerate_grid(struct finder *f)
{
    const struct space *space = f->t->sweep.space;
    size_t count = space ? space->count : 1, visits = 0;
    bool some_drop = f->t->where != NULL;

    for (size_t a = 0; a < f->t->sweep.naxes; a++)
        some_drop = some_drop || f->t->sweep.axes[a].conditional;
    if (count == SIZE_MAX || (!some_drop && count > SWEEP_TRIALS_MAX)) {
        diag_error(f->diag, &f->t->sweep.at, "the grid has more than %d trials", SWEEP_TRIALS_MAX);
        return;
    }
    for (size_t number = 0; number < count && f->failures < FAILURES_MAX;
         number = point_next(&f->p, number, f->idle)) {
        point_number(&f->p, number);
        look_at(f, number);
        if (f->t->n > SWEEP_TRIALS_MAX || ++visits > SWEEP_VISITS_MAX) {
            diag_error(f->diag, &f->t->sweep.at, "the grid has more than %d %s",
                       visits > SWEEP_VISITS_MAX ? SWEEP_VISITS_MAX : SWEEP_TRIALS_MAX,
                       visits > SWEEP_VISITS_MAX ? "combinations" : "trials");
            return;
        }
    }
}

/* Points until there are enough new ones, or no new one has come for long. */
static void draw_trials(struct finder *f)
{
    struct trials *t = f->t;
    size_t wanted = (size_t)t->settings->trials, misses = 0;
    double *u = mem_array(t->ndims, sizeof *u);
    struct error err;

    for (uint64_t number = 0; t->n < wanted && misses < SWEEP_ATTEMPTS && f->failures < FAILURES_MAX;
         number++) {
        if (draw_point(f->e, number, &f->p, u, &err)) {
            diag_error(f->diag, &t->strategy_at, "%s", err.text);
            break;
        }
        misses = look_at(f, number) == FOUND_NEW ? 0 : misses + 1;
    }
    free(u);
    if (t->n && t->n < wanted && !f->failures)
        diag_warn(f->diag, &t->strategy_at,
                  "%zu trials are wanted, but the space has no more than %zu: %d points in a row were %s",
                  wanted, t->n, SWEEP_ATTEMPTS, experiment_passed_over(f->e));
}

const char *experiment_passed_over(const struct experiment *e)
{
    return e->nexcluded ? "excluded, or equal to an earlier one" : "equal to an earlier one";
}

status trials_enumerate(struct experiment *e, struct sha256 *hash, struct sha256 *hash_before, struct diag *d)
{
    struct trials *t = e->trials;
    struct finder f = {.e = e, .t = t, .hash = hash, .before = hash_before, .diag = d, .idle = NO_KNOB};
    size_t before = diag_errors(d);

    t->n = 0;
    e->nequal = e->nexcluded = 0;
    point_init(&f.p, &t->sweep);
    f.active = mem_array(t->sweep.naxes, sizeof *f.active);
    if (e->sampled)
        draw_trials(&f);
    else
        enumerate_grid(&f);
    if (!e->sampled && diag_errors(d) == before)
        scouts_refuse_idle(t, f.active, d);
    e->ntrials = (int64_t)t->n;
    if (!t->n && diag_errors(d) == before)
        diag_error(d, &t->where_at, "where leaves no trial: %s",
                   e->sampled ? "all points drawn are excluded" : "it excludes every combination");
    free(f.active);
    digests_release(&f.seen);
    point_release(&f.p);
    return diag_errors(d) == before ? OK : FAILED;
}
