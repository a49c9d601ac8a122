/* wild_data.c - a dataset and a transform that break the rule that a setting names.
 *
 * Row i has the inputs i, i + 0.5, ... and the class or value i modulo `classes`.
 */
#include "fell/plugin.h"

struct wild {
    int64_t rows, cols, classes;
    int32_t how, names;
    fell_ints shape;
};

enum {
    FINE,
    VALUES_ANYWAY,
    LABEL_HIGH,
    LABEL_LOW,
    NAN_INPUT,
    INF_TARGET,
    NO_SHAPE,
    NO_CLASSES,
    NEITHER,
    OPEN_FAILS,
    READ_FAILS,
    HUGE_SET,
    RANDOM
};
enum { UNNAMED, LETTERS, LETTERS_BACKWARDS, OTHER_LETTERS, NO_NAME };

static const fell_param params[] = {
    FELL_INT(struct wild, rows, 10, -1, 1e12, 0, "Rows."),
    FELL_INT(struct wild, cols, 2, 1, 1e12, 0, "Columns."),
    FELL_INT(struct wild, classes, 3, 1, 1e12, 0, "Classes."),
    FELL_ENUM(
        struct wild, how, "fine",
        "fine|values_anyway|label_high|label_low|nan_input|inf_target|no_shape|no_classes|neither|open_fails|"
        "read_fails|huge|random",
        "Which rule is broken, in row 5."),
    FELL_ENUM(struct wild, names, "unnamed", "unnamed|letters|letters_backwards|other_letters|no_name",
              "Names of the classes."),
    FELL_INTS(struct wild, shape, "[]", 1, 1e12, 0, "Shape of a row instead of [cols]."),
};

static const char *const letters[] = {"a", "b", "c"}, *const backwards[] = {"c", "b", "a"};
static const char *const others[] = {"a", "b", "z"}, *const gap[] = {"a", NULL, "c"};

static fell_status open_wild(fell_data_info *info)
{
    static const char *const *const choices[] = {NULL, letters, backwards, others, gap};
    const struct wild *s = info->settings;

    if (s->how == OPEN_FAILS)
        return fell_fail(info->ctx, "rows: %lld are not to be had", (long long)s->rows);
    info->rows = s->how == HUGE_SET ? (int64_t)1 << 40 : s->rows;
    info->x = fell_vec(s->how == HUGE_SET ? (int64_t)1 << 40 : s->cols);
    if (s->shape.n) {
        info->x.rank = s->shape.n;
        for (int64_t i = 0; i < s->shape.n && i < 4; i++)
            info->x.dim[i] = s->shape.v[i];
    }
    if (s->how == NO_SHAPE)
        info->x.dim[0] = 0;
    info->target = fell_vec(1);
    info->is = s->how == VALUES_ANYWAY ? FELL_VALUES : s->how == NEITHER ? 0 : info->wanted;
    info->nclasses = s->how == NO_CLASSES ? 0 : s->classes;
    info->class_names = choices[s->names];
    return FELL_OK;
}

static fell_status read_wild(fell_read_call *c)
{
    const struct wild *s = c->settings;
    int64_t cols = s->cols;

    if (s->how == READ_FAILS)
        return fell_fail(c->ctx, "cannot be read");
    if (s->shape.n) {
        cols = 1;
        for (int64_t i = 0; i < s->shape.n; i++)
            cols *= s->shape.v[i];
    }
    for (int64_t i = 0; i < c->n; i++) {
        for (int64_t j = 0; j < cols; j++)
            c->x[i * cols + j] = (float)c->row[i] + 0.5f * (float)j;
        if (c->label)
            c->label[i] = (int32_t)(c->row[i] % s->classes);
        else
            c->target[i] = (float)(c->row[i] % s->classes);
        if (c->row[i] != 4)
            continue;
        if (s->how == NAN_INPUT)
            c->x[i * cols + 1] = NAN;
        if (s->how == LABEL_HIGH)
            c->label[i] = (int32_t)s->classes;
        if (s->how == LABEL_LOW)
            c->label[i] = -2; /* -1 would be of no class */
        if (s->how == INF_TARGET)
            c->target[i] = -INFINITY;
    }
    if (s->how == RANDOM)
        fell_uniform(c->ctx, c->x, c->n * cols);
    return FELL_OK;
}

static void close_wild(void *self)
{
    (void)self;
}

static const fell_dataset dataset = {
    FELL_ITEM(FELL_KIND_DATASET, fell_dataset, "wild", "Rows that break rules.", struct wild, params),
    open_wild, read_wild, close_wild};

/* ---- the transform ------------------------------------------------------------- */

struct bend {
    int64_t width;
    int32_t how;
};

enum {
    BEND_FINE,
    BEND_PLAN_FAILS,
    BEND_FIT_FAILS,
    BEND_FORWARD_FAILS,
    BEND_NO_SHAPE,
    BEND_INF,
    BEND_INDICES
};

static const fell_param bend_params[] = {
    FELL_INT(struct bend, width, 0, 0, 1e12, 0, "Columns of the result; 0: as they are."),
    FELL_ENUM(struct bend, how, "fine", "fine|plan_fails|fit_fails|forward_fails|no_shape|inf|indices",
              "Which rule is broken."),
};
static const fell_tensor tensors[] = {
    {"total", "Sum of the first column and number of the rows it was fitted on.", "{constant: {value: 100}}",
     FELL_STATE},
    {"unused", "Not in use.", "zeros", FELL_STATE},
};

static fell_status plan(fell_plan *p)
{
    const struct bend *s = p->settings;

    if (s->how == BEND_PLAN_FAILS)
        return fell_fail(p->ctx, "width: %lld does not fit", (long long)s->width);
    p->out = s->width ? fell_vec(s->width) : p->in[0];
    if (s->how == BEND_NO_SHAPE)
        p->out.rank = 0;
    if (s->how == BEND_INDICES)
        p->indices = 3;
    p->tensor[0] = fell_vec(2);
    return FELL_OK;
}

/* The state begins at 100, as its init says. */
static fell_status fit(fell_layer_call *c)
{
    const struct bend *s = c->settings;
    const int64_t cols = fell_size(&c->plan->in[0]);

    if (s->how == BEND_FIT_FAILS || c->y || c->tensor[1])
        return fell_fail(c->ctx, "cannot be fitted");
    for (int64_t i = 0; i < c->batch; i++)
        c->tensor[0][0] += c->x[0][i * cols];
    c->tensor[0][1] += (float)c->batch;
    return FELL_OK;
}

/* Column j of the result: the input's column j modulo its columns; column 0 gets what was
 * fitted added. */
static fell_status forward(fell_layer_call *c)
{
    const struct bend *s = c->settings;
    const int64_t in = fell_size(&c->plan->in[0]), out = fell_size(&c->plan->out);

    if (s->how == BEND_FORWARD_FAILS || (uintptr_t)c->x[0] % 64 || (uintptr_t)c->y % 64)
        return fell_fail(c->ctx, "cannot go forward");
    for (int64_t i = 0; i < c->batch; i++) {
        for (int64_t j = 0; j < out; j++)
            c->y[i * out + j] = c->x[0][i * in + j % in];
        c->y[i * out] += c->tensor[0][0] * 1000 + c->tensor[0][1] + (c->training ? 1e6f : 0.0f);
        if (s->how == BEND_INF && c->x[0][i * in] == 5)
            c->y[i * out + 1] = INFINITY;
    }
    return FELL_OK;
}

static const fell_layer bend = {
    .item = FELL_ITEM(FELL_KIND_LAYER, fell_layer, "bend", "Bends rows.", struct bend, bend_params),
    .tensors = tensors,
    .ntensors = 2,
    .plan = plan,
    .forward = forward,
    .fit = fit};

FELL_PLUGIN("1.0", "the tests", &dataset.item, &bend.item);
