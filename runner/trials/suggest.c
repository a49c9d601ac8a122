/* suggest.c - trials of an adaptive strategy, one after the other, from results.
 *
 * Trial t knows the results of trials 0 .. t - 1 - lag, whatever else is known already, so that
 * suggestions do not depend on how many runs go on at once. What is remembered of a trial is a
 * function of its values alone (recall.c): the same whether it was suggested just now or is in
 * the database. See experiment.h.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "trials/trials.h"

/* Suggested trials as a strategy knows them: results of the first KNOWN, the others are pending. */
static struct sweep_result *results_so_far(const struct trials *t, size_t known, const double *value)
{
    struct sweep_result *r = mem_array(t->n, sizeof *r);

    for (size_t i = 0; i < t->n; i++)
        r[i] = (struct sweep_result){
            .u = t->u + i * t->ndims, .value = i < known ? value[i] : NAN, .pending = i >= known};
    return r;
}

/* The place of dimension I in the point. */
static double place_of(const struct trials *t, const struct point *p, size_t i)
{
    const struct knob *knob = &p->sweep->knobs[t->dim_knob[i]];
    const struct knob_at *at = &p->knobs[t->dim_knob[i]];

    if (!knob->ordered) /* of no weight, it has no place */
        return sweep_dim_weight(&t->dims[i], at->index) > 0 ? sweep_dim_middle(&t->dims[i], at->index) : NAN;
    return knob->count ? ((double)at->index + 0.5) / (double)knob->count : at->u;
}

/* One more trial: P, or where that is NULL one of which nothing is known. Dimensions of which nothing
 * shows in the trial are not in use. */
static void keep_point(struct trials *t, const struct point *p)
{
    const struct sweep *s = &t->sweep;
    bool *moves = mem_array(s->nknobs, sizeof *moves);
    double *kept;

    for (size_t k = 0; p && k < s->nknobs; k++)
        moves[k] = p->used[k] && s->knobs[k].space->kind == SPACE_UNION;
    for (size_t a = 0; p && a < s->naxes; a++)
        if (p->active[a])
            moves[s->axes[a].knob] = true;
    if (t->n == t->room) {
        t->room = 2 * t->room + 64;
        t->u = mem_grow(t->u, t->room * (t->ndims + 1), sizeof *t->u);
    }
    kept = t->u + t->n++ * t->ndims;
    for (size_t i = 0; i < t->ndims; i++)
        kept[i] = moves[t->dim_knob[i]] ? place_of(t, p, i) : NAN;
    free(moves);
}

/* An experiment that was extended by repeats has trials with fewer of them. */
static void digest_any_repeats(const struct experiment *e, const char *resolved, char out[65])
{
    struct spec spec = {.seed_drawn = e->seed_drawn};
    char *text = resolved_without_repeats(resolved);

    trial_digest(e, &spec, text, out);
    free(text);
}

bool experiment_recall(struct experiment *e, const struct trial *stored)
{
    struct trials *t = e->trials;
    struct arena *arena = arena_new();
    struct diag *unfit = diag_new();
    struct trial again = {0};
    struct node *root;
    struct point p;
    char wanted[65], digest[65];
    bool found;

    point_init(&p, &t->sweep);
    digest_any_repeats(e, stored->resolved, wanted);
    found = point_recall(&p, arena, stored) &&
            point_apply(&p, tree_new_in(arena), t->root, &root, unfit) == OK &&
            trial_resolve(e, &p, root, arena, &again, unfit) == OK;
    if (found) {
        digest_any_repeats(e, again.resolved, digest);
        found = strcmp(digest, wanted) == 0;
    }
    keep_point(t, found ? &p : NULL);
    if (found) /* also under another name of a file */
        digest_any_repeats(e, again.known_by, wanted);
    digests_add(&t->seen, wanted);
    point_release(&p);
    diag_free(unfit);
    arena_free(arena);
    return found;
}

/* The point at U: *FRESH unless it is excluded or equal to an earlier one. */
static status try_point(struct experiment *e, struct point *p, const double *u, struct arena *arena,
                        struct trial *out, bool *fresh, struct diag *d)
{
    struct trials *t = e->trials;
    struct node *root;
    char digest[65];

    *fresh = false;
    point_cube(t, p, u);
    if (point_tree(p, tree_new_in(arena), t->root, &root, d))
        return FAILED;
    if (t->where) {
        bool keep;

        if (where_test(t->where, p, &keep, d))
            return FAILED;
        if (!keep) {
            e->nexcluded++;
            return OK;
        }
    }
    if (trial_resolve(e, p, root, arena, out, d))
        return FAILED;
    digest_any_repeats(e, out->known_by, digest);
    *fresh = !digests_have(&t->seen, digest);
    e->nequal += !*fresh;
    return OK;
}

status experiment_suggest(struct experiment *e, size_t n, const double *value, struct arena *arena,
                          struct trial *out, bool *none, struct diag *d)
{
    struct trials *t = e->trials;
    int64_t number = (int64_t)t->n, known = number > e->lag ? number - e->lag : 0;
    struct sweep_result *results;
    struct point p;
    double *u;
    bool fresh = false;
    status result = OK;

    *out = (struct trial){.number = number};
    *none = false;
    if (!e->adaptive || n < (size_t)known)
        return diag_error(d, NULL, "trial %lld of '%s' needs the results of the first %lld trials",
                          (long long)number, e->name, (long long)known);
    if (number >= e->ntrials) {
        *none = true;
        return OK;
    }
    results = results_so_far(t, (size_t)known, value);
    u = mem_array(t->ndims, sizeof *u);
    point_init(&p, &t->sweep);
    for (int64_t attempt = 0; attempt < SWEEP_ATTEMPTS && !fresh && !result; attempt++) {
        if (t->ndims)
            t->strategy->suggest(t->settings, e->seed, number, attempt, t->ndims, t->dims, t->n, results, u);
        result = try_point(e, &p, u, arena, out, &fresh, d);
    }
    if (fresh)
        experiment_recall(e, out);
    *none = !fresh;
    point_release(&p);
    free(u);
    free(results);
    return result;
}
