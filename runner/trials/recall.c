/* recall.c - the point of a trial from its values: where each knob stood.
 *
 * The other way round than point.c, and what an adaptive strategy remembers of a trial, whether it was
 * suggested just now or is read from the database: both go through here, so that both are the same bits. A
 * number's place is the middle of those that give it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "trials/trials.h"

struct recall {
    struct point *p;
    struct arena *arena;
    struct tree *tree;
    const struct trial *trial;
};

static const struct axis_value *value_of(const struct recall *r, size_t axis)
{
    for (size_t i = 0; i < r->trial->nvalues; i++)
        if (strcmp(r->trial->values[i].path, r->p->sweep->axes[axis].path) == 0)
            return &r->trial->values[i];
    return NULL;
}

static bool same_value(const struct recall *r, size_t axis, const struct node *node)
{
    const struct axis *at = &r->p->sweep->axes[axis];
    const struct axis_value *wanted = value_of(r, axis), v = axis_value(r->arena, at, node);

    if (v.null || wanted->null)
        return v.null == wanted->null;
    if (v.type != wanted->type && (v.type == VALUE_TEXT || wanted->type == VALUE_TEXT))
        return false;
    if (v.type == VALUE_TEXT) /* a list or map as JSON, or as versions before 0.2 wrote it */
        return strcmp(v.text, wanted->text) == 0 ||
               (node->kind != NODE_SCALAR && !v.json &&
                strcmp(flow_value(r->arena, at->type, node).text, wanted->text) == 0);
    return v.type == VALUE_INT && wanted->type == VALUE_INT ? v.i == wanted->i : v.x == wanted->x;
}

/* STRICT: an axis whose setting must be there has a value. */
static bool find(struct recall *r, const struct space *space, bool strict);

static bool find_axis(struct recall *r, const struct space *space, bool strict)
{
    const struct values *v = space->values;
    const struct axis_value *value = value_of(r, space->axis);
    struct knob_at *at = &r->p->knobs[space->knob];
    double x;

    if (!value)
        return !strict || r->p->sweep->axes[space->axis].conditional;
    if (v->kind == VALUES_LIST) {
        for (at->index = 0; at->index < v->count; at->index++)
            if (same_value(r, space->axis, v->item[at->index])) {
                r->p->value[space->axis] = v->item[at->index];
                return true;
            }
        return false;
    }
    if (value->null || !text_to_double(value->text, &x) || !values_place(v, x, &at->index, &at->u))
        return false;
    r->p->value[space->axis] = tree_scalar(r->tree, &v->at, value->text);
    return true;
}

/* The values of a zip or of a row go together. */
static bool find_together(struct recall *r, const struct space *space, bool strict)
{
    size_t any = 0;

    for (size_t a = space->axis; a < space->axis + space->naxes; a++)
        any += value_of(r, a) != NULL;
    for (size_t i = 0; i < space->count && any; i++) {
        size_t a = space->axis;

        point_take(r->p, r->tree, space, i);
        for (; a < space->axis + space->naxes; a++) {
            const struct node *node = r->p->value[a];
            const bool is_there = value_of(r, a) != NULL;

            if (is_there ? !node || !same_value(r, a, node) : node && !r->p->sweep->axes[a].conditional)
                break;
        }
        if (a == space->axis + space->naxes)
            return true;
    }
    return !any && !strict;
}

static void forget(struct recall *r, const struct space *space)
{
    for (size_t a = space->axis; a < space->axis + space->naxes; a++)
        r->p->value[a] = NULL;
}

/* Every value that an axis of SPACE could have is that of an axis of its member ONE. */
static bool covers(const struct recall *r, const struct space *space, const struct space *one)
{
    for (size_t a = space->axis; a < space->axis + space->naxes; a++) {
        size_t b = one->axis;

        while (b < one->axis + one->naxes &&
               strcmp(r->p->sweep->axes[a].path, r->p->sweep->axes[b].path) != 0)
            b++;
        if (b == one->axis + one->naxes && value_of(r, a))
            return false;
    }
    return true;
}

static bool find_member(struct recall *r, const struct space *space, bool strict)
{
    const size_t n = r->p->sweep->nknobs;
    bool *used = mem_array(n, sizeof *used), found = false;

    memcpy(used, r->p->used, n * sizeof *used);
    for (size_t i = 0; i < space->n && !found; i++) {
        forget(r, space);
        memcpy(r->p->used, used, n * sizeof *used);
        found = covers(r, space, space->child[i]) && find(r, space->child[i], true);
        r->p->knobs[space->knob].index = i;
    }
    r->p->used[space->knob] = found;
    free(used);
    return found || !strict;
}

static bool find(struct recall *r, const struct space *space, bool strict)
{
    bool found = true;

    switch (space->kind) {
    case SPACE_AXIS:
        return find_axis(r, space, strict);
    case SPACE_UNION:
        return find_member(r, space, strict);
    case SPACE_ZIP:
    case SPACE_ROWS:
        return find_together(r, space, strict);
    default:
        for (size_t i = 0; i < space->n && found; i++)
            found = find(r, space->child[i], strict);
        return found;
    }
}

bool point_recall(struct point *p, struct arena *arena, const struct trial *trial)
{
    const struct sweep *s = p->sweep;
    struct recall r = {.p = p, .arena = arena, .tree = tree_new_in(arena), .trial = trial};

    point_reset(p);
    memset(p->used, 0, s->nknobs * sizeof *p->used);
    if (s->naxes)
        memset(p->value, 0, s->naxes * sizeof(struct node *));
    return !s->space || find(&r, s->space, false);
}
