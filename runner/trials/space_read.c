/* space_read.c - `sweep.over` to a space: products, zips, unions and lists, which nest.
 *
 * Values of an axis are values.c's, rows of a list rows.c's. Which settings exist is not known here: a
 * wrong path is found when the first spec is read with it. See space.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "trials/space.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

struct space_reader {
    struct spec_reader *r;
    struct tree *tree;
    struct sweep *s;
    size_t axes_room, knobs_room;
    const char *lists;    /* why only lists of values will do; NULL: distributions will, too */
    bool driven;          /* within a zip */
    size_t owner, member; /* the union that is being read */
    int depth;
};

static struct space *read_over(struct space_reader *sr, const struct node *node);

/* ---- parts ---------------------------------------------------------------------------- */

static struct space *new_space(struct space_reader *sr, enum space_kind kind, const struct place *at)
{
    struct space *space = arena_alloc(sr->r->arena, sizeof *space);

    space->kind = kind;
    space->at = *at;
    space->axis = sr->s->naxes;
    space->knob = NO_KNOB;
    return space;
}

static void add_knob(struct space_reader *sr, struct space *space)
{
    struct sweep *s = sr->s;

    if (s->nknobs == sr->knobs_room)
        s->knobs = mem_grow(s->knobs, sr->knobs_room = 2 * sr->knobs_room + 16, sizeof *s->knobs);
    space->knob = s->nknobs++;
    s->knobs[space->knob] =
        (struct knob){.space = space, .driven = sr->driven, .owner = sr->owner, .member = sr->member};
}

static void add_axis(struct space_reader *sr, const char *path, const struct place *at, size_t knob,
                     const struct values *values)
{
    struct sweep *s = sr->s;
    size_t steps = 1;

    if (s->naxes == sr->axes_room)
        s->axes = mem_grow(s->axes, sr->axes_room = 2 * sr->axes_room + 16, sizeof *s->axes);
    for (const char *p = path; *p; p++)
        steps += *p == '.';
    s->axes[s->naxes++] = (struct axis){.path = path,
                                        .at = *at,
                                        .steps = steps,
                                        .type = setting_type(sr->r->registry, sr->r->root, path),
                                        .knob = knob,
                                        .values = values};
}

bool path_leads_into(const char *path, const char *start)
{
    while (true) {
        const size_t n = strcspn(path, "."), m = strcspn(start, ".");
        const bool number = n && strspn(path, "0123456789") == n,
                   other = m && strspn(start, "0123456789") == m;

        if ((n != m || strncmp(path, start, n)) && *path != '*' && *start != '*' && number == other)
            return false;
        path += n;
        start += m;
        if (!*start || !*path)
            return !*start;
        path++;
        start++;
    }
}

const char *path_is_fixed(const char *path)
{
    static const char *const fixed[] = {"name", "extends", "data.about", "on_failure", "repeats", "sweep"};

    for (size_t i = 0; i < COUNT(fixed); i++)
        if (path_leads_into(path, fixed[i]))
            return fixed[i];
    return NULL;
}

static status check_path(struct space_reader *sr, const char *path, const struct place *at)
{
    const char *fixed = path_is_fixed(path);

    if (fixed) {
        sr->r->result |= diag_error(sr->r->diag, at, "'%s' is the experiment's, and cannot be swept", fixed);
        return FAILED;
    }
    if (sr->s->naxes < SWEEP_AXES_MAX)
        return OK;
    sr->r->result |= diag_error(sr->r->diag, at, "a sweep has at most %d axes", SWEEP_AXES_MAX);
    return FAILED;
}

static size_t product(size_t a, size_t b)
{
    size_t p;

    return mem_mul(a, b, &p) ? p : SIZE_MAX;
}

/* ---- one axis, a list ------------------------------------------------------------------- */

static struct space *read_axis(struct space_reader *sr, const struct node *key, const struct node *node)
{
    struct space *space = new_space(sr, SPACE_AXIS, &node->place);

    if (check_path(sr, key->text, &key->place))
        return NULL;
    space->values =
        values_read(sr->r, key->text, setting_type(sr->r->registry, sr->r->root, key->text), node, sr->lists);
    if (!space->values)
        return NULL;
    add_knob(sr, space);
    add_axis(sr, key->text, &key->place, space->knob, space->values);
    space->naxes = 1;
    space->count = space->values->count;
    return space;
}

static struct space *read_rows(struct space_reader *sr, const struct node *node)
{
    struct space *space = new_space(sr, SPACE_ROWS, &node->place);
    struct sweep *s = sr->s;
    struct row_list rows;
    status result = rows_read(sr->r, sr->tree, node, &rows);

    if (rows.file.path) {
        struct sweep_file *files = arena_alloc(sr->r->arena, (s->nfiles + 1) * sizeof *files);

        if (s->nfiles)
            memcpy(files, s->files, s->nfiles * sizeof *files);
        files[s->nfiles++] = rows.file;
        s->files = files;
    }
    if (result)
        return NULL;
    for (size_t i = 0; i < rows.ncolumns; i++)
        result |= check_path(sr, rows.path[i], &rows.at[i]);
    if (result)
        return NULL;
    add_knob(sr, space);
    for (size_t i = 0; i < rows.ncolumns; i++)
        add_axis(sr, rows.path[i], &rows.at[i], space->knob, NULL);
    space->naxes = rows.ncolumns;
    space->count = rows.nrows;
    space->cell = rows.cell;
    return space;
}

/* ---- spaces of spaces ---------------------------------------------------------------------- */

/* Axes that are set together must differ. */
static void check_twins(struct space_reader *sr, const struct space *space)
{
    const struct sweep *s = sr->s;

    for (size_t i = 1; i < space->n; i++) {
        const struct space *child = space->child[i];

        for (size_t a = child->axis; a < child->axis + child->naxes; a++)
            for (size_t b = space->axis; b < child->axis; b++)
                if (!strcmp(s->axes[a].path, s->axes[b].path)) {
                    sr->r->result |= diag_error(sr->r->diag, &s->axes[a].at,
                                                "'%s' is swept twice: one trial would have two values of it",
                                                s->axes[a].path);
                    break;
                }
    }
}

static void finish_product(struct space_reader *sr, struct space *space)
{
    space->count = 1;
    for (size_t i = 0; i < space->n; i++)
        space->count = product(space->count, space->child[i]->count);
    check_twins(sr, space);
}

static void finish_union(struct space_reader *sr, struct space *space)
{
    bool drawn = false;

    (void)sr;
    for (size_t i = 0; i < space->n; i++) {
        size_t count = space->child[i]->count;

        drawn = drawn || !count;
        space->count = count > SIZE_MAX - space->count ? SIZE_MAX : space->count + count;
    }
    if (drawn)
        space->count = 0;
}

static void finish_zip(struct space_reader *sr, struct space *space)
{
    const struct axis *axes = sr->s->axes;
    const struct space *first = space->child[0];

    space->count = first->count; /* the least of them, where there is an error */
    for (size_t i = 1; i < space->n; i++) {
        const struct space *child = space->child[i];

        space->count = child->count < space->count ? child->count : space->count;
        if (child->count != first->count)
            sr->r->result |=
                diag_error(sr->r->diag, &child->at, "zip: '%s' has %zu value%s, but '%s' has %zu",
                           axes[child->axis].path, child->count, child->count == 1 ? "" : "s",
                           axes[first->axis].path, first->count);
    }
    check_twins(sr, space);
}

static struct space *read_product(struct space_reader *sr, const struct node *node);
static struct space *read_union(struct space_reader *sr, const struct node *node);
static struct space *read_zip(struct space_reader *sr, const struct node *node);

static const struct form {
    const char *word;
    struct space *(*read)(struct space_reader *sr, const struct node *node);
} forms[] = {{"zip", read_zip}, {"product", read_product}, {"union", read_union}, {"list", read_rows}};

/* An entry of a map: an axis, or a form. */
static struct space *read_entry(struct space_reader *sr, const struct node *key, const struct node *node)
{
    for (size_t i = 0; i < COUNT(forms); i++)
        if (!strcmp(key->text, forms[i].word))
            return forms[i].read(sr, node);
    return read_axis(sr, key, node);
}

/* NODE's parts into SPACE: OVERs of a list, or entries of a map. A union notes which is read. */
static struct space *read_parts(struct space_reader *sr, const struct node *node, struct space *space,
                                void (*finish)(struct space_reader *sr, struct space *space))
{
    bool is_union = space->kind == SPACE_UNION;
    size_t owner = sr->owner, member = sr->member;

    space->child = arena_alloc(sr->r->arena, node->n * sizeof(struct space *));
    for (size_t i = 0; i < node->n; i++) {
        if (is_union) {
            sr->owner = space->knob;
            sr->member = space->n;
        }
        space->child[space->n] = node->kind == NODE_MAP ? read_entry(sr, node->key[i], node->item[i])
                                                        : read_over(sr, node->item[i]);
        if (space->child[space->n])
            space->n++;
    }
    sr->owner = owner;
    sr->member = member;
    space->naxes = sr->s->naxes - space->axis;
    if (space->n)
        finish(sr, space);
    return space->n ? space : NULL;
}

static struct space *read_members(struct space_reader *sr, const struct node *node, enum space_kind kind,
                                  const char *word,
                                  void (*finish)(struct space_reader *sr, struct space *space))
{
    struct space *space = new_space(sr, kind, &node->place);

    if (node->kind != NODE_LIST || !node->n) {
        sr->r->result |= diag_error(sr->r->diag, &node->place, "%s: a list of spaces is wanted here, not %s",
                                    word, spec_describe(sr->r, node));
        return NULL;
    }
    if (kind == SPACE_UNION)
        add_knob(sr, space);
    return read_parts(sr, node, space, finish);
}

static struct space *read_product(struct space_reader *sr, const struct node *node)
{
    return read_members(sr, node, SPACE_PRODUCT, "product", finish_product);
}

static struct space *read_union(struct space_reader *sr, const struct node *node)
{
    return read_members(sr, node, SPACE_UNION, "union", finish_union);
}

static struct space *read_zip(struct space_reader *sr, const struct node *node)
{
    struct space *space = new_space(sr, SPACE_ZIP, &node->place);
    const char *lists = sr->lists;
    bool driven = sr->driven;

    if (node->kind != NODE_MAP || !node->n) {
        sr->r->result |= diag_error(sr->r->diag, &node->place,
                                    "zip: a map of paths, each with a list of values, is wanted here, not %s",
                                    spec_describe(sr->r, node));
        return NULL;
    }
    add_knob(sr, space);
    sr->lists = lists ? lists : "a zip goes through lists";
    sr->driven = true;
    space = read_parts(sr, node, space, finish_zip);
    sr->lists = lists;
    sr->driven = driven;
    return space;
}

static struct space *read_over(struct space_reader *sr, const struct node *node)
{
    struct space *space;

    if (node->kind != NODE_MAP || !node->n) {
        sr->r->result |= diag_error(sr->r->diag, &node->place,
                                    "sweep.over is a map of paths, each with its values, not %s",
                                    spec_describe(sr->r, node));
        return NULL;
    }
    if (node->n == 1)
        return read_entry(sr, node->key[0], node->item[0]);
    space = new_space(sr, SPACE_PRODUCT, &node->place);
    return read_parts(sr, node, space, finish_product);
}

/* ---- what the whole needs to be walked --------------------------------------------------------- */

static int by_steps(const void *a, const void *b, void *axes)
{
    const struct axis *x = (const struct axis *)axes + *(const size_t *)a;
    const struct axis *y = (const struct axis *)axes + *(const size_t *)b;

    return x->steps != y->steps ? (x->steps < y->steps ? -1 : 1) : x < y ? -1 : 1;
}

static void order_axes(struct sweep *s, struct arena *arena)
{
    size_t *order = arena_alloc(arena, s->naxes * sizeof *order);

    for (size_t i = 0; i < s->naxes; i++)
        order[i] = i;
    qsort_r(order, s->naxes, sizeof *order, by_steps, s->axes);
    s->order = order;
}

static void number_columns(struct sweep *s, struct arena *arena)
{
    const char **columns = arena_alloc(arena, s->naxes * sizeof *columns);

    for (size_t i = 0; i < s->naxes; i++) {
        size_t c = 0;

        while (c < s->ncolumns && strcmp(columns[c], s->axes[i].path))
            c++;
        columns[c] = s->axes[i].path;
        s->ncolumns += c == s->ncolumns;
        s->axes[i].column = c;
    }
    s->columns = columns;
}

static void find_conditions(struct sweep *s)
{
    for (size_t i = 0; i < s->naxes; i++)
        for (size_t j = 0; j < s->naxes && !s->axes[i].conditional; j++)
            s->axes[i].conditional =
                s->axes[j].steps < s->axes[i].steps && path_leads_into(s->axes[i].path, s->axes[j].path);
}

/* The outermost zip's knob decides the values of all axes below it. */
static void drive(struct sweep *s, const struct space *space, size_t knob)
{
    if (space->kind == SPACE_ZIP && knob == NO_KNOB)
        knob = space->knob;
    for (size_t i = 0; i < space->n; i++)
        drive(s, space->child[i], knob);
    if (knob != NO_KNOB && !space->n)
        for (size_t a = space->axis; a < space->axis + space->naxes; a++)
            s->axes[a].knob = knob;
}

static void mark_top(struct sweep *s, const struct space *space, size_t top)
{
    if (space->knob != NO_KNOB)
        s->knobs[space->knob].top = top;
    for (size_t i = 0; i < space->n; i++)
        mark_top(s, space->child[i], space == s->space && space->kind == SPACE_PRODUCT ? i : top);
}

/* The arrays that grew, in the arena. */
static void settle(struct sweep *s, struct arena *arena)
{
    struct axis *axes = arena_alloc(arena, s->naxes * sizeof *axes);
    struct knob *knobs = arena_alloc(arena, s->nknobs * sizeof *knobs);

    if (s->naxes)
        memcpy(axes, s->axes, s->naxes * sizeof *axes);
    if (s->nknobs)
        memcpy(knobs, s->knobs, s->nknobs * sizeof *knobs);
    free(s->axes);
    free(s->knobs);
    s->axes = axes;
    s->knobs = knobs;
    for (size_t k = 0; k < s->nknobs; k++) {
        const struct space *space = knobs[k].space;

        knobs[k].count = space->kind == SPACE_UNION ? space->n : space->count;
        knobs[k].ordered = space->kind == SPACE_AXIS && space->values->kind != VALUES_LIST;
    }
}

void sweep_read(struct spec_reader *r, struct tree *t, const struct node *over, bool grid, struct sweep *out)
{
    struct space_reader sr = {.r = r, .tree = t, .s = out, .owner = NO_KNOB, .member = NO_KNOB};

    *out = (struct sweep){0};
    sr.lists = grid ? "a grid lists" : NULL;
    out->space = read_over(&sr, over);
    settle(out, r->arena);
    if (!out->space)
        return;
    order_axes(out, r->arena);
    number_columns(out, r->arena);
    find_conditions(out);
    drive(out, out->space, NO_KNOB);
    mark_top(out, out->space, 0);
}
