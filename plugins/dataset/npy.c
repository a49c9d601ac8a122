/* npy.c - arrays that NumPy saved: one file of inputs, one of targets.
 *
 * The format is numpy.lib.format's, versions 1.0 to 3.0: a magic number, a head that
 * is the text of a Python dictionary, then the elements (npy_head.h). They stay
 * packed in memory and become floats when they are read. Used by the host's loader
 * of data.
 */
#include "fell/plugin.h"
#include "coarse.h"
#include "file.h"
#include "npy_head.h"
#include "shape.h"

struct settings {
    const char *inputs, *targets;
    fell_ints shape;
    int64_t rows;
};

static const fell_param params[] = {
    FELL_STRING(struct settings, inputs, NULL, FELL_REQUIRED | FELL_PATH,
                "The file of inputs, plain or gzip."),
    FELL_STRING(struct settings, targets, NULL, FELL_REQUIRED | FELL_PATH,
                "The file of targets, plain or gzip."),
    FELL_INTS(struct settings, shape, "[]", 1, 1 << 24, 0,
              "Shape of one row's input, [C,H,W] for images or [T,D] for sequences; empty: the array's."),
    FELL_INT(struct settings, rows, 0, 0, 1LL << 40, 0, "Take this many rows from the beginning; 0: all."),
};

/* One file, opened. */
struct array {
    const char *setting, *file;
    char *bytes;
    const unsigned char *data; /* in BYTES, behind the head */
    struct npy_head head;
    int64_t row;                  /* values in one row */
    int64_t stride[NPY_MOST_DIM]; /* elements from one index to the next */
    void (*copy)(const struct array *, int64_t from, int64_t step, int64_t n, float *to);
    bool wide; /* floats cannot hold all values of the type */
};

struct npy {
    struct array inputs, targets;
};

/* ---- elements ------------------------------------------------------------------------ */

/* Bytes that are swapped, or not, into an unsigned number of the same size. */
static inline uint64_t load_bytes(const unsigned char *p, int64_t size, bool big)
{
    uint64_t u = 0;

    for (int64_t k = 0; k < size; k++)
        u |= (uint64_t)p[big ? size - 1 - k : k] << 8 * k;
    return u;
}

/* IEEE 754 half precision. */
static double half_value(uint64_t u)
{
    const double sign = u & 0x8000 ? -1.0 : 1.0, fraction = (double)(u & 0x3ff);
    const int exponent = (int)(u >> 10 & 31);

    if (exponent == 31)
        return fraction > 0.0 ? (double)NAN : sign * (double)INFINITY;
    return sign * (exponent ? ldexp(1024.0 + fraction, exponent - 25) : ldexp(fraction, -24));
}

static inline double value_of(const unsigned char *p, char kind, int64_t size, bool big)
{
    const uint64_t u = load_bytes(p, size, big);
    const uint32_t word = (uint32_t)u;
    float f;
    double d;

    switch (kind) {
    case 'f':
        if (size == 2)
            return half_value(u);
        memcpy(&f, &word, sizeof f);
        memcpy(&d, &u, sizeof d);
        return size == 4 ? (double)f : d;
    case 'i':
        return (double)((int64_t)(u << (64 - 8 * size)) >> (64 - 8 * size));
    default: /* u, b */
        return (double)u;
    }
}

/* N elements from FROM on, STEP apart; the types that data come in most without a
 * choice for each element. */
static void copy_any(const struct array *a, int64_t from, int64_t step, int64_t n, float *to)
{
    const int64_t size = a->head.size;

    for (int64_t i = 0; i < n; i++)
        to[i] = (float)value_of(a->data + (from + i * step) * size, a->head.kind, size, a->head.big);
}

static void copy_bytes(const struct array *a, int64_t from, int64_t step, int64_t n, float *to)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = (float)a->data[from + i * step];
}

static void copy_floats(const struct array *a, int64_t from, int64_t step, int64_t n, float *to)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = (float)value_of(a->data + (from + i * step) * 4, 'f', 4, false);
}

static void copy_doubles(const struct array *a, int64_t from, int64_t step, int64_t n, float *to)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = (float)value_of(a->data + (from + i * step) * 8, 'f', 8, false);
}

/* The steps between elements of a row, [dim1..] in C order, and how one is read. */
static void settle_layout(struct array *a)
{
    const struct npy_head *h = &a->head;
    int64_t step = 1;

    a->row = 1;
    for (int64_t k = 1; k < h->rank; k++)
        a->row *= h->dim[k];
    for (int64_t k = 0; k < h->rank; k++) {
        const int64_t d = h->fortran ? k : h->rank - 1 - k;

        a->stride[d] = step;
        step *= h->dim[d];
    }
    a->copy = copy_any;
    if (h->kind != 'f' && h->kind != 'i' && h->size == 1)
        a->copy = copy_bytes;
    if (h->kind == 'f' && !h->big && h->size == 4)
        a->copy = copy_floats;
    if (h->kind == 'f' && !h->big && h->size == 8)
        a->copy = copy_doubles;
    a->wide = h->kind == 'f' ? h->size == 8 : h->size > 2;
}

/* N elements from FROM on, STEP apart, into TO or, where that is NULL, TO64. */
static void copy_some(const struct array *a, int64_t from, int64_t step, int64_t n, float *to, double *to64)
{
    const int64_t size = a->head.size;

    if (to)
        a->copy(a, from, step, n, to);
    else
        for (int64_t i = 0; i < n; i++)
            to64[i] = value_of(a->data + (from + i * step) * size, a->head.kind, size, a->head.big);
}

/* Row ROW of an array, in C order whatever the file's, into TO or, where that is NULL, TO64. */
static void copy_row(const struct array *a, int64_t row, float *to, double *to64)
{
    const int64_t rank = a->head.rank, *dim = a->head.dim;
    const int64_t last = rank > 1 ? dim[rank - 1] : 1, step = rank > 1 ? a->stride[rank - 1] : 1;
    int64_t index[NPY_MOST_DIM] = {0};

    if (!a->head.fortran) {
        copy_some(a, row * a->row, 1, a->row, to, to64);
        return;
    }
    for (int64_t done = 0; done < a->row; done += last) {
        int64_t from = row * a->stride[0], d;

        for (d = 1; d < rank - 1; d++)
            from += index[d] * a->stride[d];
        copy_some(a, from, step, last, to ? to + done : NULL, to ? NULL : to64 + done);
        for (d = rank - 2; d > 0 && ++index[d] == dim[d]; d--)
            index[d] = 0;
    }
}

/* ---- a file -------------------------------------------------------------------------- */

static fell_status read_head(fell_ctx *ctx, struct array *a, size_t have)
{
    char why[192];

    if (!npy_head_read(&a->head, (const unsigned char *)a->bytes, have, why))
        return fell_fail(ctx, "%s: %s %s", a->setting, a->file, why);
    if (a->head.rank < 1 || a->head.rank > NPY_MOST_DIM)
        return fell_fail(ctx, "%s: %s has %lld dimensions; 1 to %d are possible", a->setting, a->file,
                         (long long)a->head.rank, NPY_MOST_DIM);
    for (int64_t d = 0; d < a->head.rank; d++)
        if (a->head.dim[d] == 0)
            return fell_fail(ctx, "%s: %s is empty: dimension %lld is 0", a->setting, a->file,
                             (long long)d + 1);
    return FELL_OK;
}

/* The file of SETTING. All of it must be there, and no more. */
static fell_status read_array(fell_ctx *ctx, const char *setting, const char *path, struct array *a)
{
    size_t have = 0, want;

    a->setting = setting;
    a->file = file_name(path);
    if (file_read(ctx, setting, path, NPY_MOST_HEAD, &a->bytes, &have) != FELL_OK ||
        read_head(ctx, a, have) != FELL_OK)
        return FELL_ERROR;
    want = (size_t)(a->head.bytes + a->head.count * a->head.size);
    free(a->bytes);
    a->bytes = NULL;
    if (file_read(ctx, setting, path, want + 1, &a->bytes, &have) != FELL_OK ||
        read_head(ctx, a, have) != FELL_OK)
        return FELL_ERROR;
    if (have < want)
        return fell_fail(ctx, "%s: %s is cut short: its head speaks of %zu bytes, it has %zu", setting,
                         a->file, want, have);
    if (have > want)
        return fell_fail(ctx, "%s: %s is longer than the %zu bytes that its head speaks of", setting, a->file,
                         want);
    a->data = (const unsigned char *)a->bytes + a->head.bytes;
    settle_layout(a);
    return FELL_OK;
}

/* Element I with all of its digits. */
static const char *element_text(const struct array *a, int64_t i, char text[32])
{
    const int64_t size = a->head.size;
    const unsigned char *p = a->data + i * size;
    const uint64_t u = load_bytes(p, size, a->head.big);

    if (a->head.kind == 'i')
        snprintf(text, 32, "%lld", (long long)((int64_t)(u << (64 - 8 * size)) >> (64 - 8 * size)));
    else if (a->head.kind == 'u')
        snprintf(text, 32, "%llu", (unsigned long long)u);
    else
        snprintf(text, 32, "%g", value_of(p, a->head.kind, size, a->head.big));
    return text;
}

/* The row of element I, from 1, as lines of a table are counted. */
static long long element_row(const struct array *a, int64_t i)
{
    return (long long)(a->head.fortran ? i % a->head.dim[0] : i / a->row) + 1;
}

/* Whole numbers of 64 bits among the inputs that a double cannot hold: ids, most of the time. */
static void tell_lost_digits(fell_ctx *ctx, const struct array *a)
{
    if ((a->head.kind != 'i' && a->head.kind != 'u') || a->head.size != 8)
        return;
    for (int64_t i = 0; i < a->head.count; i++) {
        const uint64_t u = load_bytes(a->data + i * 8, 8, a->head.big);
        const uint64_t size = a->head.kind == 'i' && u >> 63 ? -u : u;
        char text[32];

        if ((double)size < 0x1p64 && (uint64_t)(double)size == size)
            continue;
        fell_warn(ctx, "%s: row %lld: %s has more digits than a double holds; it is read as %.0f", a->file,
                  element_row(a, i), element_text(a, i, text),
                  value_of(a->data + i * 8, a->head.kind, 8, a->head.big));
        return;
    }
}

/* Values that floats would make one. */
static void tell_coarse(fell_ctx *ctx, const struct array *a)
{
    double min = (double)INFINITY, max = -(double)INFINITY;
    bool rounds = false;

    for (int64_t i = 0; a->wide && i < a->head.count; i++) {
        const double v = value_of(a->data + i * a->head.size, a->head.kind, a->head.size, a->head.big);

        min = v < min ? v : min;
        max = v > max ? v : max;
        rounds |= (double)(float)v != v;
    }
    coarse_tell(ctx, "targets: the numbers", min, max, rounds);
}

/* Targets as classes: whole numbers from 0; -1 is none. All of the file counts, not only the rows
 * that are taken, so that a sample has the same classes. */
static fell_status count_classes(fell_ctx *ctx, const struct array *a, int64_t *classes)
{
    const int64_t size = a->head.size;
    char text[32];

    *classes = 0;
    for (int64_t i = 0; i < a->head.count; i++) {
        const double v = value_of(a->data + i * size, a->head.kind, size, a->head.big);

        if (!(v >= -1.0 && v < (double)(1 << 24) && v == floor(v)))
            return fell_fail(ctx,
                             "targets: %s: row %lld: %s is not a class (a whole number from 0 to %d); "
                             "np.unique(y, return_inverse=True)[1] numbers them",
                             a->file, element_row(a, i), element_text(a, i, text), (1 << 24) - 1);
        if (v >= (double)*classes)
            *classes = (int64_t)v + 1;
    }
    return *classes ? FELL_OK : fell_fail(ctx, "targets: %s: no row has a class: all are -1", a->file);
}

/* Whether targets [N,C] are one-hot rows: a single 1 in each, 0 or -1 elsewhere. */
static bool is_one_hot(const struct array *a)
{
    const struct npy_head *h = &a->head;

    if (h->rank != 2 || h->dim[1] < 2)
        return false;
    for (int64_t i = 0; i < h->dim[0]; i++) {
        int64_t ones = 0;

        for (int64_t k = 0; k < h->dim[1]; k++) {
            const int64_t at = (i * a->stride[0] + k * a->stride[1]) * h->size;
            const double v = value_of(a->data + at, h->kind, h->size, h->big);

            if (v != 0.0 && v != 1.0 && v != -1.0)
                return false;
            ones += v == 1.0;
        }
        if (ones != 1)
            return false;
    }
    return true;
}

/* ---- the item ------------------------------------------------------------------------ */

static void close_files(void *self)
{
    struct npy *d = self;

    free(d->inputs.bytes);
    free(d->targets.bytes);
    free(d);
}

/* [N] are rows [1], [N,D] rows [D], [N,C,H,W] rows [C,H,W]. */
static fell_shape row_shape(const struct array *a)
{
    fell_shape s = {a->head.rank - 1, {0}};

    if (a->head.rank == 1)
        return fell_vec(1);
    for (int64_t d = 1; d < a->head.rank; d++)
        s.dim[d - 1] = a->head.dim[d];
    return s;
}

static fell_status settle_targets(const struct npy *d, fell_data_info *info)
{
    const struct array *inputs = &d->inputs, *targets = &d->targets;
    fell_ctx *ctx = info->ctx;

    if (inputs->head.dim[0] != targets->head.dim[0])
        return fell_fail(ctx, "targets: %s has %lld rows, but %s has %lld", targets->file,
                         (long long)targets->head.dim[0], inputs->file, (long long)inputs->head.dim[0]);
    info->is = info->wanted == FELL_VALUES ? FELL_VALUES : FELL_CLASSES;
    info->target = row_shape(targets);
    if (info->is == FELL_VALUES) {
        tell_coarse(ctx, targets);
        return FELL_OK;
    }
    if (targets->head.rank > 2)
        return fell_fail(ctx, "targets: %s has %lld dimensions; are inputs and targets exchanged?",
                         targets->file, (long long)targets->head.rank);
    if (is_one_hot(targets) && !(inputs->head.rank > 2 && inputs->head.dim[1] == targets->head.dim[1]))
        return fell_fail(ctx,
                         "targets: %s has %lld columns, one-hot, but the loss takes class numbers [N]; save "
                         "y.argmax(axis=1)",
                         targets->file, (long long)targets->head.dim[1]);
    return count_classes(ctx, targets, &info->nclasses);
}

static fell_status settle_inputs(const struct npy *d, fell_data_info *info)
{
    const struct settings *s = info->settings;
    const struct array *inputs = &d->inputs;

    if (s->rows > inputs->head.dim[0])
        return fell_fail(info->ctx, "rows: %lld, but %s has %lld", (long long)s->rows, inputs->file,
                         (long long)inputs->head.dim[0]);
    tell_lost_digits(info->ctx, inputs);
    info->rows = s->rows ? s->rows : inputs->head.dim[0];
    info->doubles = inputs->wide;
    info->x = row_shape(inputs);
    return shape_settle(info->ctx, &s->shape, inputs->row, inputs->file, &info->x);
}

static fell_status open_files(fell_data_info *info)
{
    const struct settings *s = info->settings;
    struct npy *d = calloc(1, sizeof *d);

    if (!d)
        return file_out_of_memory(info->ctx, "inputs", s->inputs);
    info->is = FELL_VALUES;
    info->target = fell_vec(1);
    if (read_array(info->ctx, "inputs", s->inputs, &d->inputs) != FELL_OK ||
        (!info->new_rows && (read_array(info->ctx, "targets", s->targets, &d->targets) != FELL_OK ||
                             settle_targets(d, info) != FELL_OK)) ||
        settle_inputs(d, info) != FELL_OK) {
        close_files(d);
        return FELL_ERROR;
    }
    info->self = d;
    return FELL_OK;
}

static fell_status read_rows(fell_read_call *c)
{
    const struct npy *d = c->self;
    const int64_t inputs = d->inputs.row, targets = d->targets.row;
    float *label = fell_scratch(c->ctx, targets + 1, sizeof *label);

    if (!label)
        return FELL_ERROR;
    for (int64_t i = 0; i < c->n; i++) {
        if (d->inputs.wide)
            copy_row(&d->inputs, c->row[i], NULL, c->x64 + i * inputs);
        else
            copy_row(&d->inputs, c->row[i], c->x + i * inputs, NULL);
        if (c->target && targets)
            copy_row(&d->targets, c->row[i], c->target + i * targets, NULL);
        if (c->label && targets)
            copy_row(&d->targets, c->row[i], label, NULL);
        for (int64_t t = 0; c->label && t < targets; t++)
            c->label[i * targets + t] = (int32_t)label[t]; /* below 2^24: exact */
    }
    return FELL_OK;
}

static const fell_dataset npy = {
    FELL_ITEM(
        FELL_KIND_DATASET, fell_dataset, "npy",
        "Arrays in NumPy's .npy format: inputs and targets, the first dimension is the row.\n\n"
        "Booleans, whole numbers of 8 to 64 bits and floats of 16 to 64, in either byte order, in C or\n"
        "Fortran order. Targets are classes, numbered from 0 to the largest in the file, or values\n"
        "when the loss takes values. A class of -1 is none: its row counts for nothing.",
        struct settings, params),
    open_files, read_rows, close_files};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &npy.item);
