/* rig_dataset.c - datasets on the workbench of rig.h. */
#include <string.h>

#include "check/rig_parts.h"

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

/* By whether they are read in double, and whether they have classes. */
static const char *const reading_words[2][2] = {
    {"when it reads rows of values (label is NULL, target is filled)",
     "when it reads rows of classes (target is NULL, label is filled)"},
    {"when it reads rows of values in double (x and label are NULL, x64 and target are filled)",
     "when it reads rows of classes in double (x and target are NULL, x64 and label are filled)"}};

/* Those that it reads in double become floats. */
status rig_data_read(struct rig *g, const fell_data_info *info, const int64_t *row, int64_t n, float *x,
                     void *target, struct error *err)
{
    const bool classes = info->is == FELL_CLASSES;
    const int64_t numbers = n * fell_size(&info->x);
    double *wide = NULL;
    fell_read_call c = {.ctx = &g->s.in.ctx,
                        .settings = g->s.settings,
                        .self = info->self,
                        .n = n,
                        .row = row,
                        .target = classes ? NULL : target,
                        .label = classes ? target : NULL};

    if (info->doubles) {
        int b = rig_find(g, "x in double");

        if (b < 0)
            b = rig_buffer(g, USE_HIDDEN, numbers, sizeof *wide, "x in double");
        else if (g->buffer[b].n < numbers)
            rig_resize(g, b, numbers);
        wide = g->buffer[b].v;
    }
    c.x = wide ? NULL : x;
    c.x64 = wide;
    rig_note(reading_words[wide != NULL][classes]);
    if (rig_call(g, g->s.item->dataset->read(&c), err) != OK)
        return FAILED;
    for (int64_t i = 0; wide && i < numbers; i++)
        x[i] = (float)wide[i];
    return OK;
}

/* A row a call. */
static status read_each(const struct reader *r, struct error *err)
{
    for (int64_t i = 0; i < r->n; i++) {
        const int64_t at = r->g->how.backwards ? r->n - 1 - i : i, row = row_number(r, at);

        if (rig_data_read(r->g, r->info, &row, 1, r->x + at * r->nx, (float *)r->target + at * r->nt, err) !=
            OK)
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
    if (rig_data_read(g, r->info, row, n, (float *)(void *)x, target, err) != OK)
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

static status class_names_ok(const fell_data_info *info, struct error *err)
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

status rig_class_ok(const fell_data_info *info, int64_t row, int32_t label, struct error *err)
{
    if (label >= 0 && label < info->nclasses)
        return OK;
    return error_set(err, "row %lld has class %d of %lld", (long long)row, label, (long long)info->nclasses);
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
    for (int64_t i = 0; classes && i < r.n * r.nt; i++)
        if (rig_class_ok(info, row_number(&r, i / r.nt), ((const int32_t *)r.target)[i], err) != OK)
            return FAILED;
    return class_names_ok(info, err);
}

/* What a function had on the stack is gone once it has returned: PATTERN takes its place. */
__attribute__((noinline)) static void write_over_stack(int pattern)
{
    volatile unsigned char gone[1 << 16];

    for (size_t i = 0; i < sizeof gone; i++)
        gone[i] = (unsigned char)pattern;
}

static uint64_t mix(uint64_t hash, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * 1099511628211u; /* FNV-1a */
    return hash;
}

/* Of all that open() points to for later. */
static uint64_t hash_of_marks(const fell_data_info *info)
{
    const size_t rows = info->rows > 0 ? (size_t)info->rows : 0;
    uint64_t hash = 14695981039346656037u;

    if (info->weight)
        hash = mix(hash, info->weight, rows * sizeof *info->weight);
    if (info->group)
        hash = mix(hash, info->group, rows * sizeof *info->group);
    for (int64_t i = 0; info->is == FELL_CLASSES && info->class_names && i < info->nclasses; i++)
        if (info->class_names[i])
            hash = mix(hash, info->class_names[i], strnlen(info->class_names[i], 64));
    return hash;
}

static status open_lives(const fell_data_info *info, struct error *err)
{
    uint64_t hash;

    rig_note("when what open() points to is looked at, which has to live until close()");
    write_over_stack('0');
    hash = hash_of_marks(info);
    write_over_stack('1');
    return hash == hash_of_marks(info)
               ? OK
               : error_set(err, "class_names, weight or group point to variables of open(), which are gone "
                                "when it returns; keep them in info->self until close()");
}

status rig_data_open(struct rig *g, fell_data_info *info, struct error *err)
{
    *info = (fell_data_info){.ctx = &g->s.in.ctx,
                             .settings = g->s.settings,
                             .wanted = g->setup->targets ? FELL_VALUES : FELL_CLASSES};
    rig_note("when it is opened");
    if (rig_call(g, g->s.item->dataset->open(info), err) != OK)
        return FAILED;
    if (open_lives(info, err) == OK)
        return OK;
    rig_data_close(g, info);
    return FAILED;
}

void rig_data_close(struct rig *g, fell_data_info *info)
{
    rig_note("when it is closed");
    g->s.item->dataset->close(info->self);
}

/* What it says of the rows beside, for who compares. */
static void keep_marks(struct rig *g, const fell_data_info *info)
{
    const int64_t n = info->rows < MOST_ROWS ? info->rows : MOST_ROWS;

    if (rig_find(g, "weight") < 0) {
        rig_buffer(g, USE_OUTPUT, info->weight ? n : 0, sizeof(double), "weight");
        rig_buffer(g, USE_OUTPUT, info->group ? n : 0, sizeof(double), "group");
    }
    for (int64_t i = 0; i < rig_named(g, "weight")->n; i++)
        ((double *)rig_named(g, "weight")->v)[i] = (double)info->weight[i];
    for (int64_t i = 0; i < rig_named(g, "group")->n; i++)
        ((double *)rig_named(g, "group")->v)[i] = (double)info->group[i];
}

static status dataset_forward(struct rig *g, struct error *err)
{
    fell_data_info info;
    status result;

    if (rig_data_open(g, &info, err) != OK)
        return FAILED;
    result = read_rows(g, &info, err);
    if (result == OK)
        keep_marks(g, &info);
    rig_data_close(g, &info);
    return result;
}

const struct kind_work dataset_work = {dataset_prepare, dataset_forward, NULL};
