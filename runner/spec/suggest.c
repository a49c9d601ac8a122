/* suggest.c - trials of an adaptive strategy, one after the other, from results.
 *
 * Trial t knows the results of trials 0 .. t - 1 - lag, whatever else is known already, so that
 * suggestions do not depend on how many runs go on at once. See experiment.h.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "spec/trials.h"

/* Suggested trials as tpe knows them: results of the first KNOWN, the others are pending. */
static struct tpe_result *results_so_far(const struct trials *t, size_t known, const double *value)
{
    struct tpe_result *r = mem_array(t->n, sizeof *r);

    for (size_t i = 0; i < t->n; i++)
        r[i] = (struct tpe_result){
            .u = t->u + i * t->ndims, .value = i < known ? value[i] : NAN, .pending = i >= known};
    return r;
}

/* Dimensions of which nothing shows in the trial are not in use. */
static void keep_point(struct trials *t, const struct point *p, const double *u)
{
    const struct sweep *s = p->sweep;
    bool *moves = mem_array(s->nknobs, sizeof *moves);
    double *kept;

    for (size_t k = 0; k < s->nknobs; k++)
        moves[k] = p->used[k] && s->knobs[k].space->kind == SPACE_UNION;
    for (size_t a = 0; a < s->naxes; a++)
        if (p->active[a])
            moves[s->axes[a].knob] = true;
    if (t->n == t->room) {
        t->room = 2 * t->room + 64;
        t->u = mem_grow(t->u, t->room * (t->ndims + 1), sizeof *t->u);
    }
    kept = t->u + t->n++ * t->ndims;
    for (size_t i = 0; i < t->ndims; i++)
        kept[i] = moves[t->dim_knob[i]] ? u[i] : NAN;
    free(moves);
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
    trial_digest(e, out, digest);
    *fresh = digests_add(&t->seen, digest);
    e->nequal += !*fresh;
    return OK;
}

status experiment_suggest(struct experiment *e, size_t n, const double *value, struct arena *arena,
                          struct trial *out, bool *none, struct diag *d)
{
    struct trials *t = e->trials;
    int64_t number = (int64_t)t->n, known = number > e->lag ? number - e->lag : 0;
    struct tpe_result *results;
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
            tpe_suggest(&t->settings, e->seed, number, attempt, t->ndims, t->dims, t->n, results, u);
        result = try_point(e, &p, u, arena, out, &fresh, d);
    }
    if (fresh)
        keep_point(t, &p, u);
    *none = !fresh;
    point_release(&p);
    free(u);
    free(results);
    return result;
}
