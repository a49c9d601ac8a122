/* point.c - points of a space: from a number, to the values of axes and to the tree of a trial.
 *
 * The order of combinations is written here and nowhere else. A trial's tree shares with
 * the spec all that is not swept. See space.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "trials/space.h"

void point_init(struct point *p, const struct sweep *s)
{
    p->sweep = s;
    p->knobs = mem_array(s->nknobs, sizeof *p->knobs);
    p->used = mem_array(s->nknobs, sizeof *p->used);
    p->value = mem_array(s->naxes, sizeof(struct node *));
    p->active = mem_array(s->naxes, sizeof *p->active);
}

void point_release(struct point *p)
{
    free(p->knobs);
    free(p->used);
    free(p->value);
    free(p->active);
}

void point_reset(struct point *p)
{
    memset(p->knobs, 0, p->sweep->nknobs * sizeof *p->knobs);
}

/* ---- from numbers ----------------------------------------------------------------------- */

static void set_number(struct point *p, const struct space *space, size_t number)
{
    size_t i = 0;

    if (space->kind == SPACE_PRODUCT) {
        for (i = space->n; i-- > 0; number /= space->child[i]->count)
            set_number(p, space->child[i], number % space->child[i]->count);
        return;
    }
    if (space->kind == SPACE_UNION) {
        for (; number >= space->child[i]->count; i++)
            number -= space->child[i]->count;
        set_number(p, space->child[i], number);
        number = i;
    }
    p->knobs[space->knob].index = number;
}

void point_number(struct point *p, size_t number)
{
    point_reset(p);
    if (p->sweep->space)
        set_number(p, p->sweep->space, number);
}

void point_reach(struct point *p, size_t knob)
{
    const struct knob *k = &p->sweep->knobs[knob];

    for (; k->owner != NO_KNOB; k = &p->sweep->knobs[k->owner])
        p->knobs[k->owner].index = k->member;
}

/* ---- to values and trees -------------------------------------------------------------------- */

static void take_values(struct point *p, struct tree *t, const struct space *space)
{
    const struct knob_at *at = space->knob == NO_KNOB ? NULL : &p->knobs[space->knob];

    if (at)
        p->used[space->knob] = true;
    switch (space->kind) {
    case SPACE_AXIS:
        p->value[space->axis] = values_node(space->values, t, at->index, at->u);
        break;
    case SPACE_ROWS:
        for (size_t i = 0; i < space->naxes; i++)
            p->value[space->axis + i] = space->cell[at->index * space->naxes + i];
        break;
    case SPACE_UNION:
        take_values(p, t, space->child[at->index]);
        break;
    default: /* product, zip */
        for (size_t i = 0; i < space->n; i++) {
            if (at)
                set_number(p, space->child[i], at->index);
            take_values(p, t, space->child[i]);
        }
    }
}

void point_take(struct point *p, struct tree *t, const struct space *space, size_t number)
{
    set_number(p, space, number);
    take_values(p, t, space);
}

/* The places that A's path means in ROOT; 0 with an error, or where it is conditional without one. */
static size_t find_places(struct tree *t, const struct node *root, const struct axis *a,
                          const char *const **out, struct diag *d)
{
    const size_t n = tree_expand(t, root, a->path, out);

    if (a->conditional)
        return n && tree_is_elsewhere(root, (*out)[0]) ? 0 : n;
    if (!n)
        tree_meets_nothing(a->path, &a->at, d);
    return n;
}

/* Two axes may not mean one place; that they have one path is told elsewhere. SET: what has been set so far.
 */
static status note_place(const struct point *p, struct names *set, const struct axis *a, const char *place,
                         struct diag *d)
{
    const size_t n = set->n;

    if (names_add(set, place) == n)
        return OK;
    for (size_t i = 0; i < p->sweep->naxes; i++)
        if (&p->sweep->axes[i] != a && p->value[i] && !strcmp(p->sweep->axes[i].path, a->path))
            return OK;
    return diag_error(d, &a->at,
                      "'%s' sets '%s', as another axis does: one trial would have two values of it", a->path,
                      place);
}

status point_apply(struct point *p, struct tree *t, struct node *root, struct node **out, struct diag *d)
{
    const struct sweep *s = p->sweep;
    struct names set = {0};
    status result = OK;

    memset(p->active, 0, s->naxes * sizeof *p->active);
    *out = root;
    for (size_t i = 0; i < s->naxes; i++) {
        size_t a = s->order[i];
        const struct axis *axis = &s->axes[a];
        const char *const *places;
        size_t n;

        if (!p->value[a])
            continue;
        n = find_places(t, *out, axis, &places, d);
        p->active[a] = n || !axis->conditional;
        if (!n && !axis->conditional)
            result = FAILED;
        for (size_t k = 0; k < n; k++) {
            struct node *changed = tree_set(t, *out, places[k], p->value[a], &axis->at, d);

            if (changed)
                *out = changed;
            result |= !changed || note_place(p, &set, axis, places[k], d) ? FAILED : OK;
        }
    }
    names_release(&set);
    return result;
}

status point_tree(struct point *p, struct tree *t, struct node *root, struct node **out, struct diag *d)
{
    const struct sweep *s = p->sweep;

    memset(p->used, 0, s->nknobs * sizeof *p->used);
    if (s->naxes)
        memset(p->value, 0, s->naxes * sizeof(struct node *));
    if (s->space)
        take_values(p, t, s->space);
    return point_apply(p, t, root, out, d);
}

/* ---- combinations that repeat others ----------------------------------------------------------- */

/* Whether its axes exist does not depend on its own index. */
static bool may_idle(const struct space *space)
{
    bool plain = space->kind == SPACE_AXIS || space->kind == SPACE_ZIP;

    for (size_t i = 0; i < space->n && plain; i++)
        plain = space->child[i]->kind == SPACE_AXIS;
    return plain;
}

size_t point_idle_knob(const struct point *p)
{
    const struct sweep *s = p->sweep;

    for (size_t a = 0; a < s->naxes; a++) {
        size_t k = s->axes[a].knob, b = a;

        if (!p->used[k] || !p->knobs[k].index || (a && s->axes[a - 1].knob == k) ||
            !may_idle(s->knobs[k].space))
            continue;
        while (b < s->naxes && s->axes[b].knob == k && !p->active[b])
            b++;
        if (b == s->naxes || s->axes[b].knob != k)
            return k;
    }
    return NO_KNOB;
}

/* Combinations that share one position of child I of the outermost product. */
static size_t stride(const struct space *root, size_t i)
{
    size_t n = 1;

    while (++i < root->n)
        n *= root->child[i]->count;
    return n;
}

/* What KNOB does depends on itself and on knobs of axes that its paths lead through. As long as
 * none of these moves it stays idle; a knob that stands behind them all is idle until it wraps. */
size_t point_next(const struct point *p, size_t number, size_t knob)
{
    const struct sweep *s = p->sweep;
    const struct space *root = s->space;
    size_t top, last = 0, step;

    if (knob == NO_KNOB || root->kind != SPACE_PRODUCT || root->count == SIZE_MAX)
        return number + 1;
    top = s->knobs[knob].top;
    for (size_t a = 0; a < s->naxes; a++)
        for (size_t b = 0; b < s->naxes && s->axes[a].knob == knob; b++)
            if (s->axes[b].steps < s->axes[a].steps && path_leads_into(s->axes[a].path, s->axes[b].path)) {
                size_t other = s->knobs[s->axes[b].knob].top;

                last = other > last ? other : last;
            }
    if (last < top && root->child[top] == s->knobs[knob].space)
        step = stride(root, top) * root->child[top]->count;
    else
        step = stride(root, last > top ? last : top);
    return (number / step + 1) * step;
}
