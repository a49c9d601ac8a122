/* rig_runs.c - what goes through many steps or rows, on the workbench of rig.h: schedules, optimizers and
 * datasets.
 */
#include <stdio.h>
#include <string.h>

#include "check/rig_parts.h"
#include "host/settings.h"

/* ---- schedules -------------------------------------------------------------------------------------- */

enum { EPOCHS = 40, EPOCH_STEPS = 3 };

static int64_t epochs_of(const struct rig *g)
{
    return g->how.epochs ? g->how.epochs : EPOCHS;
}

static int64_t epoch_steps(const struct rig *g)
{
    return g->how.epoch_steps ? g->how.epoch_steps : EPOCH_STEPS;
}

static status schedule_prepare(struct rig *g, struct error *err)
{
    (void)err;
    rig_buffer(g, USE_HIDDEN, epochs_of(g), sizeof(double), "history");
    rig_buffer(g, USE_OUTPUT, epochs_of(g) * epoch_steps(g), sizeof(double), "rate");
    return OK;
}

static bool has_monitor(const struct item *item)
{
    for (size_t i = 0; i < item->nparams; i++)
        if (item->params[i].flags & FELL_MONITOR)
            return true;
    return false;
}

/* What has been recorded before an epoch; of the later ones nothing is set. NULL for who watches nothing. */
static const double *history_until(struct rig *g, int64_t epoch)
{
    struct buffer *b = &g->buffer[rig_find(g, "history")];
    double *history = b->v;

    if (!has_monitor(g->s.item))
        return NULL;
    rig_unset(g, b);
    for (int64_t i = 0; i < epoch; i++)
        history[i] = 1.0 / (double)(i + 1) + (i > 12 ? 0.2 : 0.0);
    return history;
}

/* The rates of a run; with BACKWARDS asked for from its end: a pure function gives the same. */
static status schedule_forward(struct rig *g, struct error *err)
{
    const int64_t each = epoch_steps(g), steps = epochs_of(g) * each;
    double *rate = g->buffer[rig_find(g, "rate")].v;

    for (int64_t i = 0; i < steps; i++) {
        const int64_t step = g->how.backwards ? steps - 1 - i : i;
        fell_schedule_call c = {.ctx = &g->s.in.ctx,
                                .settings = g->s.settings,
                                .epoch = step / each,
                                .epochs = epochs_of(g),
                                .step = step,
                                .steps = steps,
                                .history = history_until(g, step / each),
                                .lr = g->how.lr != 0.0 ? g->how.lr : 0.1};

        if (rig_call(g, g->s.item->schedule->rate(&c), err) != OK)
            return FAILED;
        rate[step] = c.lr;
    }
    return OK;
}

const struct kind_work schedule_work = {schedule_prepare, schedule_forward, NULL};

/* ---- optimizers --------------------------------------------------------------------------------------- */

enum { OPTIMIZER_STEPS = 4 };

static status make_slot(struct rig *g, const fell_slot *slot, int number, struct error *err)
{
    double on = 1.0, times = 1.0;
    char name[64];
    int b;

    if ((slot->when && !settings_number(g->s.item, g->s.settings, slot->when, &on)) ||
        (slot->times && !settings_number(g->s.item, g->s.settings, slot->times, &times)))
        return error_set(err, "its slot '%s' names a setting that it has not", slot->name);
    if (on == 0.0)
        return OK;
    snprintf(name, sizeof name, "slot %.50s", slot->name);
    b = rig_buffer(g, USE_STATE, (slot->scalar ? 1 : fell_size(g->setup->in)) * (int64_t)times, sizeof(float),
                   name);
    memset(g->buffer[b].v, 0, (size_t)g->buffer[b].n * sizeof(float));
    rig_keep(g, b);
    g->slot[number] = g->buffer[b].v;
    return OK;
}

static status optimizer_prepare(struct rig *g, struct error *err)
{
    const fell_optimizer *o = g->s.item->optimizer;
    fell_optimizer_call *c = &g->optimizer;

    *c = (fell_optimizer_call){.ctx = &g->s.in.ctx,
                               .settings = g->s.settings,
                               .n = fell_size(g->setup->in),
                               .lr = g->how.no_lr       ? 0.0
                                     : g->how.lr != 0.0 ? g->how.lr
                                                        : 0.01,
                               .slot = g->slot};
    if (o->nslots > SETUP_TENSORS)
        return error_set(err, "it has more than %d slots", SETUP_TENSORS);
    if (!g->setup->joined && o->reach != FELL_WHOLE) {
        c->shape = g->setup->in;
        c->role = g->setup->in[0].rank == 1 ? FELL_BIAS : FELL_WEIGHT;
    }
    c->g = rig_input(g, c->n, "gradient");
    c->w = rig_input(g, c->n, "w");
    g->buffer[g->nbuffers - 1].use = USE_STATE;
    for (uint64_t i = 0; i < o->nslots; i++)
        if (make_slot(g, &o->slots[i], (int)i, err) != OK)
            return FAILED;
    g->next_step = 1;
    return OK;
}

static status optimizer_forward(struct rig *g, struct error *err)
{
    for (g->next_step = 1; g->next_step <= OPTIMIZER_STEPS; g->next_step++) {
        g->optimizer.t = g->next_step;
        g->optimizer.loss = 1.0 / (double)g->next_step;
        if (rig_call(g, g->s.item->optimizer->step(&g->optimizer), err) != OK)
            return FAILED;
    }
    return OK;
}

const struct kind_work optimizer_work = {optimizer_prepare, optimizer_forward, NULL};

/* ---- datasets -------------------------------------------------------------------------------------------
 */

enum { MOST_ROWS = 64 };

static status dataset_prepare(struct rig *g, struct error *err)
{
    (void)g;
    (void)err;
    return OK;
}

/* An open dataset and the buffers that its rows are read into. */
struct reader {
    struct rig *g;
    const fell_data_info *info;
    int64_t n, nx, nt; /* rows that are looked at, numbers of one */
    float *x;
    void *target; /* of float or int32_t */
};

/* The rows that are looked at: the first ones, and where there are many the last ones. */
static int64_t row_number(const struct reader *r, int64_t i)
{
    return i < (r->n + 1) / 2 ? i : r->info->rows - r->n + i;
}

/* N rows, one each or all of them twice; those that it reads in double become floats. */
static status read_into(const struct reader *r, const int64_t *row, int64_t n, float *x, void *target,
                        struct error *err)
{
    struct rig *g = r->g;
    const bool classes = r->info->is == FELL_CLASSES;
    double *wide = NULL;
    fell_read_call c = {.ctx = &g->s.in.ctx,
                        .settings = g->s.settings,
                        .self = r->info->self,
                        .n = n,
                        .row = row,
                        .target = classes ? NULL : target,
                        .label = classes ? target : NULL};

    if (r->info->doubles) {
        if (rig_find(g, "x in double") < 0)
            rig_buffer(g, USE_HIDDEN, 2 * r->n * r->nx, sizeof *wide, "x in double");
        wide = g->buffer[rig_find(g, "x in double")].v;
    }
    c.x = wide ? NULL : x;
    c.x64 = wide;
    if (rig_call(g, g->s.item->dataset->read(&c), err) != OK)
        return FAILED;
    for (int64_t i = 0; wide && i < n * r->nx; i++)
        x[i] = (float)wide[i];
    return OK;
}

/* A row a call. */
static status read_each(const struct reader *r, struct error *err)
{
    for (int64_t i = 0; i < r->n; i++) {
        const int64_t at = r->g->how.backwards ? r->n - 1 - i : i, row = row_number(r, at);

        if (read_into(r, &row, 1, r->x + at * r->nx, (float *)r->target + at * r->nt, err) != OK)
            return FAILED;
    }
    return OK;
}

/* All at once, each twice, in no order: a prime times k, mod 2n, which it does not divide. */
static status read_mixed(const struct reader *r, struct error *err)
{
    struct rig *g = r->g;
    const int64_t n = 2 * r->n, prime = n % 5 ? 5 : n % 7 ? 7 : n % 11 ? 11 : 13;
    const size_t x_bytes = (size_t)r->nx * sizeof(float), target_bytes = (size_t)r->nt * sizeof(float);
    int64_t row[2 * MOST_ROWS];
    char *x, *target;

    if (rig_find(g, "rows read") < 0) {
        rig_buffer(g, USE_HIDDEN, n * r->nx, sizeof(float), "rows read");
        rig_buffer(g, USE_HIDDEN, n * r->nt, sizeof(float), "targets read");
    }
    x = g->buffer[rig_find(g, "rows read")].v;
    target = g->buffer[rig_find(g, "targets read")].v;
    for (int64_t k = 0; k < n; k++)
        row[k] = row_number(r, prime * k % n % r->n);
    if (read_into(r, row, n, (float *)(void *)x, target, err) != OK)
        return FAILED;
    for (int64_t k = 0; k < n; k++)
        if (prime * k % n < r->n) {
            memcpy(r->x + prime * k % n * r->nx, x + (size_t)k * x_bytes, x_bytes);
            memcpy((char *)r->target + (size_t)(prime * k % n) * target_bytes,
                   target + (size_t)k * target_bytes, target_bytes);
        }
    for (int64_t k = 0; k < n; k++)
        if (memcmp(r->x + (prime * k % r->n) * r->nx, x + (size_t)k * x_bytes, x_bytes) != 0 ||
            memcmp((char *)r->target + (size_t)(prime * k % r->n) * target_bytes,
                   target + (size_t)k * target_bytes, target_bytes) != 0)
            return error_set(err, "row %lld, read twice in one call, is not the same", (long long)row[k]);
    return OK;
}

static status check_names(const fell_data_info *info, struct error *err)
{
    for (int64_t i = 0; info->is == FELL_CLASSES && info->class_names && i < info->nclasses; i++) {
        if (!info->class_names[i] || !info->class_names[i][0])
            return error_set(err, "class %lld of %lld has no name", (long long)i, (long long)info->nclasses);
        for (int64_t k = 0; k < i; k++)
            if (strcmp(info->class_names[i], info->class_names[k]) == 0)
                return error_set(err, "classes %lld and %lld have one name, '%.64s'", (long long)k,
                                 (long long)i, info->class_names[i]);
    }
    return OK;
}

/* Columns follow each other and hold all of a row. */
static status check_columns(const fell_data_info *info, int64_t nx, struct error *err)
{
    int64_t at = 0;

    for (int64_t k = 0; k < info->ncolumns; k++) {
        const fell_column *c = &info->column[k];

        if (c->at != at || c->width < 1)
            return error_set(
                err, "column %lld begins at %lld with a width of %lld; what is before it ends at %lld",
                (long long)k, (long long)c->at, (long long)c->width, (long long)at);
        at += c->width;
    }
    if (info->ncolumns && at != nx)
        return error_set(err, "its columns hold %lld numbers, and a row has %lld", (long long)at,
                         (long long)nx);
    return OK;
}

/* What a row holds, in the numbers that are looked at: inputs, then the target. */
static status read_rows(struct rig *g, const fell_data_info *info, struct error *err)
{
    const bool classes = info->is == FELL_CLASSES;
    struct reader r = {.g = g,
                       .info = info,
                       .n = info->rows < MOST_ROWS ? info->rows : MOST_ROWS,
                       .nx = fell_size(&info->x),
                       .nt = fell_size(&info->target)};
    const char *name = classes ? "class" : "target";

    if (r.n < 1 || r.nx < 1 || r.nt < 1)
        return error_set(err, "it gives no rows, or rows of no size");
    if (!classes && info->is != FELL_VALUES)
        return error_set(err, "its targets are neither classes nor values");
    if (rig_find(g, "x") < 0) {
        rig_output(g, r.n * r.nx, "x");
        rig_output(g, r.n * r.nt, name);
        g->buffer[g->nbuffers - 1].floats = !classes;
    }
    r.x = g->buffer[rig_find(g, "x")].v;
    r.target = g->buffer[rig_find(g, name)].v;
    if ((g->how.reading == READ_MIXED ? read_mixed(&r, err) : read_each(&r, err)) != OK)
        return FAILED;
    for (int64_t i = 0; classes && i < r.n * r.nt; i++) {
        const int32_t label = ((const int32_t *)r.target)[i];

        if (label < 0 || label >= info->nclasses)
            return error_set(err, "row %lld has class %d of %lld", (long long)row_number(&r, i / r.nt), label,
                             (long long)info->nclasses);
    }
    return check_names(info, err) == OK ? check_columns(info, r.nx, err) : FAILED;
}

static status dataset_forward(struct rig *g, struct error *err)
{
    fell_data_info info = {.ctx = &g->s.in.ctx,
                           .settings = g->s.settings,
                           .wanted = g->setup->targets ? FELL_VALUES : FELL_CLASSES};
    status result;

    if (rig_call(g, g->s.item->dataset->open(&info), err) != OK)
        return FAILED;
    result = read_rows(g, &info, err);
    g->s.item->dataset->close(info.self);
    return result;
}

const struct kind_work dataset_work = {dataset_prepare, dataset_forward, NULL};
