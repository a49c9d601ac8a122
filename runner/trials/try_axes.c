/* try_axes.c - every value of every axis in a point that shows it, checked before anything runs.
 *
 * The other axes stand at their first values where that will do. Where a setting exists only beside some
 * values of other axes, these are looked for; where `where` excludes the point, others that it lets
 * through. The points that are found are the experiment's scouts. See trials.h.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "trials/trials.h"

enum {
    SEARCH_MAX = 4096,    /* points looked at for one value */
    SEARCH_ALL = 1000000, /* for all values together */
    SHUFFLES = 64         /* points tried when `where` excludes those with first values */
};

static const double HIGHEST = 1 - 0x1p-53, MIDDLE = 0.3819660112501051; /* of [0,1) */

enum shows { SHOWS_NOT, SHOWS_EXCLUDED, SHOWS };

struct scouter {
    struct experiment *e;
    struct trials *t;
    const struct sweep *s;
    struct diag *diag;
    struct point p;
    struct rng_stream stream; /* for points that `where` lets through; results do not depend on it */
    struct arena *arena;      /* of the point that is looked at */
    struct node *root;
    size_t axis, knob, value; /* what is to be shown */
    size_t *leads, nleads;    /* knobs of axes that the axis leads through, shallow first */
    size_t budget, total;
    bool seen_excluded;
    bool *active; /* [naxes] seen in use */
    status result;
};

/* ---- values of a knob ------------------------------------------------------------------------ */

size_t scout_values(const struct knob *k)
{
    return !k->count ? 3 : k->ordered && k->count > 3 ? 3 : k->count;
}

static void set_knob(struct point *p, size_t knob, size_t value)
{
    const struct knob *k = &p->sweep->knobs[knob];
    struct knob_at *at = &p->knobs[knob];

    if (!k->count)
        at->u = value == 0 ? 0 : value == 1 ? HIGHEST : MIDDLE;
    else if (k->ordered && k->count > 3)
        at->index = value == 0 ? 0 : value == 1 ? k->count - 1 : k->count / 2;
    else
        at->index = value;
}

void scout_point(const struct trials *t, const struct scout *scout, struct point *p)
{
    size_t n = t->sweep.nknobs;

    memcpy(p->knobs, t->contexts + scout->context * n, n * sizeof *p->knobs);
    if (scout->knob != NO_KNOB)
        set_knob(p, scout->knob, scout->value);
}

/* ---- looking at a point ------------------------------------------------------------------------- */

/* The tree of f->p, left in f->arena and f->root. */
static enum shows look(struct scouter *f)
{
    bool keep = true;

    arena_free(f->arena);
    f->arena = arena_new();
    f->result |= point_tree(&f->p, tree_new_in(f->arena), f->t->root, &f->root, f->diag);
    for (size_t a = 0; a < f->s->naxes; a++)
        f->active[a] = f->active[a] || f->p.active[a];
    if (f->axis != SIZE_MAX && !f->p.active[f->axis])
        return SHOWS_NOT;
    if (f->t->where && where_test(f->t->where, &f->p, &keep, f->diag)) {
        f->result = FAILED;
        f->total = 0; /* it would fail again and again */
    }
    f->seen_excluded = f->seen_excluded || !keep;
    return keep ? SHOWS : SHOWS_EXCLUDED;
}

/* Set what must be: the value, and the members of unions that it is in. */
static void set_value(struct scouter *f)
{
    point_reach(&f->p, f->knob);
    set_knob(&f->p, f->knob, f->value);
}

/* All values of the knobs from number I on that decide whether the setting exists. */
static bool search(struct scouter *f, size_t i)
{
    if (!f->budget || !f->total)
        return false;
    if (i == f->nleads) {
        f->budget--;
        f->total--;
        set_value(f);
        return look(f) == SHOWS;
    }
    for (size_t v = 0; v < scout_values(&f->s->knobs[f->leads[i]]) && f->budget; v++) {
        point_reach(&f->p, f->leads[i]);
        set_knob(&f->p, f->leads[i], v);
        if (search(f, i + 1))
            return true;
    }
    return false;
}

/* Other points with the value, until one is not excluded. */
static bool shuffle(struct scouter *f)
{
    for (int tries = 0; tries < SHUFFLES && f->total; tries++) {
        for (size_t k = 0; k < f->s->nknobs; k++) {
            const struct knob *knob = &f->s->knobs[k];

            if (knob->count)
                f->p.knobs[k].index = (size_t)rng_below(&f->stream, knob->count);
            else
                f->p.knobs[k].u = (double)rng_u32(&f->stream) * 0x1p-32;
        }
        if (f->axis != SIZE_MAX)
            set_value(f);
        if (look(f) == SHOWS)
            return true;
    }
    return false;
}

/* ---- contexts -------------------------------------------------------------------------------- */

static void find_leads(struct scouter *f)
{
    const struct axis *axes = f->s->axes;

    f->nleads = 0;
    for (size_t i = 0; i < f->s->naxes; i++) {
        size_t a = f->s->order[i], k = axes[a].knob;
        bool known = k == f->knob;

        if (axes[a].steps >= axes[f->axis].steps || !path_leads_into(axes[f->axis].path, axes[a].path))
            continue;
        for (size_t j = 0; j < f->nleads; j++)
            known = known || f->leads[j] == k;
        if (!known)
            f->leads[f->nleads++] = k;
    }
}

/* f->p shows the value. */
static bool find_context(struct scouter *f, const struct knob_at *last)
{
    f->budget = SEARCH_MAX;
    f->seen_excluded = false;
    if (last) {
        memcpy(f->p.knobs, last, f->s->nknobs * sizeof *last);
        set_value(f);
        if (look(f) == SHOWS)
            return true;
    }
    point_reset(&f->p);
    set_value(f);
    if (look(f) == SHOWS)
        return true;
    if (!f->p.value[f->axis])
        return false; /* a row without it */
    return search(f, 0) || (f->seen_excluded && shuffle(f));
}

static size_t keep_context(struct trials *t, const struct point *p)
{
    size_t n = t->sweep.nknobs;

    t->contexts = mem_grow(t->contexts, (t->ncontexts + 1) * (n + 1), sizeof *t->contexts);
    memcpy(t->contexts + t->ncontexts * n, p->knobs, n * sizeof *p->knobs);
    return t->ncontexts++;
}

static void keep_scout(struct trials *t, size_t context, size_t knob, size_t value)
{
    if (t->nscouts == t->scouts_room)
        t->scouts = mem_grow(t->scouts, t->scouts_room = 2 * t->scouts_room + 16, sizeof *t->scouts);
    t->scouts[t->nscouts++] = (struct scout){context, knob, value};
}

static void check_spec(struct scouter *f)
{
    struct trial trial;

    f->result |= trial_resolve(f->e, &f->p, f->root, f->arena, &trial, f->diag);
}

/* ---- all values ------------------------------------------------------------------------------------ */

/* The axis at every value of its knob. SHOWN [axes of the knob][scout_values]: what earlier points
 * have shown; NFIRST is the first of these axes. A context that served one value serves the
 * next, mostly. */
static void scout_axis(struct scouter *f, size_t axis, size_t nfirst, size_t nnext, bool *shown)
{
    struct trials *t = f->t;
    size_t context = SIZE_MAX, n = scout_values(&f->s->knobs[f->s->axes[axis].knob]);

    f->axis = axis;
    f->knob = f->s->axes[axis].knob;
    find_leads(f);
    for (f->value = 0; f->value < n; f->value++) {
        const struct knob_at *last = context == SIZE_MAX ? NULL : t->contexts + context * f->s->nknobs;
        struct knob_at here;

        if (shown[(axis - nfirst) * n + f->value] || !find_context(f, last))
            continue;
        here = f->p.knobs[f->knob];
        f->p.knobs[f->knob] = (struct knob_at){0};
        if (!last || memcmp(f->p.knobs, last, f->s->nknobs * sizeof *last))
            context = keep_context(t, &f->p);
        f->p.knobs[f->knob] = here;
        keep_scout(t, context, f->knob, f->value);
        for (size_t a = nfirst; a < nnext; a++)
            shown[(a - nfirst) * n + f->value] |= f->p.active[a];
        check_spec(f);
    }
}

/* The first point: all axes at their first values, or what `where` lets through. */
static bool scout_first(struct scouter *f, bool *first)
{
    f->axis = SIZE_MAX;
    point_reset(&f->p);
    *first = look(f) == SHOWS;
    if (!*first && !shuffle(f))
        return false;
    keep_scout(f->t, keep_context(f->t, &f->p), NO_KNOB, 0);
    check_spec(f);
    return true;
}

static void scout_all(struct scouter *f)
{
    const struct sweep *s = f->s;
    bool first, *by_first = mem_array(s->naxes, sizeof *by_first);

    if (scout_first(f, &first) && first && s->naxes)
        memcpy(by_first, f->p.active, s->naxes * sizeof *by_first);
    for (size_t a = 0, next; a < s->naxes; a = next) {
        size_t knob = s->axes[a].knob, n = scout_values(&s->knobs[knob]);
        bool *shown;

        for (next = a; next < s->naxes && s->axes[next].knob == knob;)
            next++;
        shown = mem_array(n, next - a);
        for (size_t i = a; i < next; i++)
            shown[(i - a) * n] = by_first[i];
        for (size_t i = a; i < next; i++)
            scout_axis(f, i, a, next, shown);
        free(shown);
    }
    free(by_first);
}

/* What must be there for an axis to be in use: the path of the longest axis that it leads through, and
 * one more step of its own. */
static int needed_length(const struct sweep *s, const struct axis *axis)
{
    size_t n = 0;

    for (size_t a = 0; a < s->naxes; a++) {
        size_t len = strlen(s->axes[a].path);

        if (s->axes[a].steps < axis->steps && path_leads_into(axis->path, s->axes[a].path) && len >= n)
            n = len + 1;
    }
    return (int)(n + strcspn(axis->path + n, "."));
}

status scouts_refuse_idle(const struct trials *t, const bool *active, struct diag *d)
{
    const struct sweep *s = &t->sweep;
    status result = OK;

    for (size_t a = 0; a < s->naxes; a++)
        if (!active[a])
            result = diag_error(d, &s->axes[a].at, "'%s' is never in use: none of its trials has '%.*s'",
                                s->axes[a].path, needed_length(s, &s->axes[a]), s->axes[a].path);
    return result;
}

status scouts_check(struct experiment *e, struct diag *d)
{
    struct trials *t = e->trials;
    struct scouter f = {.e = e, .t = t, .s = &t->sweep, .diag = d, .total = SEARCH_ALL};

    f.stream = rng_stream(0, RNG_DATA, 0, 0);
    f.active = mem_array(f.s->naxes, sizeof *f.active);
    f.leads = mem_array(f.s->naxes, sizeof *f.leads);
    point_init(&f.p, f.s);
    scout_all(&f);
    if (f.total)
        f.result |= scouts_refuse_idle(t, f.active, d);
    arena_free(f.arena);
    point_release(&f.p);
    free(f.active);
    free(f.leads);
    return f.result;
}
