/* idx.c - images and labels in MNIST's format.
 *
 * A file is two zero bytes, a type, the number of dimensions, their sizes as
 * 32-bit big-endian numbers, and the values, row by row (Y. LeCun, C. Cortes and
 * C. Burges, the MNIST database). Values stay packed in memory and become floats
 * when they are read.
 */
#include "fell/plugin.h"
#include "coarse.h"
#include "file.h"
#include "other_files.h"

struct settings {
    const char *images, *labels;
    int64_t rows;
};

static const fell_param params[] = {
    FELL_STRING(struct settings, images, NULL, FELL_REQUIRED | FELL_PATH,
                "The file of inputs, plain or gzip."),
    FELL_STRING(struct settings, labels, NULL, FELL_REQUIRED | FELL_PATH,
                "The file of targets, plain or gzip."),
    FELL_INT(struct settings, rows, 0, 0, 1LL << 40, 0, "Take this many rows from the beginning; 0: all."),
};

enum { MAX_RANK = 4, HEAD = 4 + 4 * MAX_RANK };

/* One file, opened. */
struct array {
    const char *setting, *file;
    char *bytes;
    const unsigned char *data; /* in BYTES, behind the head */
    int64_t rank, dim[MAX_RANK];
    int64_t type, row; /* see value(); values in one row */
};

struct idx {
    struct array images, labels;
};

/* Bytes of one value of a type, 0 if there is no such type. */
static int64_t type_size(int64_t type)
{
    switch (type) {
    case 0x08:
    case 0x09: /* ubyte, byte */
        return 1;
    case 0x0B: /* short */
        return 2;
    case 0x0C:
    case 0x0D: /* int, float */
        return 4;
    case 0x0E: /* double */
        return 8;
    default:
        return 0;
    }
}

static uint64_t big_endian(const unsigned char *p, int64_t n)
{
    uint64_t u = 0;

    for (int64_t i = 0; i < n; i++)
        u = u << 8 | p[i];
    return u;
}

/* Value I of an array. */
static double value(const struct array *a, int64_t i)
{
    const int64_t size = type_size(a->type);
    const uint64_t u = big_endian(a->data + i * size, size);
    const uint32_t half = (uint32_t)u;
    float f;
    double d;

    switch (a->type) {
    case 0x08:
        return (double)u;
    case 0x09:
        return (double)(int8_t)u;
    case 0x0B:
        return (double)(int16_t)u;
    case 0x0C:
        return (double)(int32_t)u;
    case 0x0D:
        memcpy(&f, &half, sizeof f);
        return (double)f;
    default:
        memcpy(&d, &u, sizeof d);
        return d;
    }
}

/* N values from I on as floats; the common type without a step per value. */
static void values(const struct array *a, int64_t i, int64_t n, float *to)
{
    if (a->type == 0x08)
        for (int64_t j = 0; j < n; j++)
            to[j] = (float)a->data[i + j];
    else
        for (int64_t j = 0; j < n; j++)
            to[j] = (float)value(a, i + j);
}

/* Whether floats cannot hold all values of an array's type: int, double. */
static bool is_wide(const struct array *a)
{
    return a->type == 0x0C || a->type == 0x0E;
}

/* Values that floats would make one. */
static void tell_coarse(fell_ctx *ctx, const struct array *a)
{
    double min = (double)INFINITY, max = -(double)INFINITY;
    bool rounds = false;

    for (int64_t i = 0; is_wide(a) && i < a->dim[0] * a->row; i++) {
        const double v = value(a, i);

        min = v < min ? v : min;
        max = v > max ? v : max;
        rounds |= (double)(float)v != v;
    }
    coarse_tell(ctx, "labels: the numbers", min, max, rounds);
}

/* The head of a file: type and dimensions. */
static fell_status read_head(fell_ctx *ctx, struct array *a, size_t have)
{
    const unsigned char *p = (const unsigned char *)a->bytes;
    const char *like = file_likeness(a->bytes, have);
    int64_t all = 1;

    if (have == 0)
        return fell_fail(ctx, "%s: %s is empty", a->setting, a->file);
    if (have < 4 || p[0] || p[1] || !type_size(p[2]))
        return fell_fail(ctx, "%s: %s is not an idx file%s%s%s", a->setting, a->file,
                         like ? ", but " : " (wrong magic number",
                         like       ? like
                         : have < 4 ? "; it is cut short"
                                    : "",
                         like ? "" : ")");
    a->type = p[2];
    a->rank = p[3];
    if (a->rank < 1 || a->rank > MAX_RANK)
        return fell_fail(ctx, "%s: %s has %lld dimensions; 1 to %d are possible", a->setting, a->file,
                         (long long)a->rank, MAX_RANK);
    if (have < (size_t)(4 + 4 * a->rank))
        return fell_fail(ctx, "%s: %s is cut short in its head", a->setting, a->file);
    for (int64_t d = 0; d < a->rank; d++) {
        a->dim[d] = (int64_t)big_endian(p + 4 + 4 * d, 4);
        if (a->dim[d] == 0)
            return fell_fail(ctx, "%s: %s is empty: dimension %lld is 0", a->setting, a->file,
                             (long long)d + 1);
        if (all > (1LL << 46) / a->dim[d])
            return fell_fail(ctx, "%s: %s has too large dimensions", a->setting, a->file);
        all *= a->dim[d];
    }
    a->row = all / a->dim[0];
    a->data = p + 4 + 4 * a->rank;
    return FELL_OK;
}

/* The file of SETTING, ROWS of it (0: all). All of it must be there, and no more. */
static fell_status read_array(fell_ctx *ctx, const char *setting, const char *path, int64_t rows,
                              struct array *a)
{
    size_t have = 0, want;

    a->setting = setting;
    a->file = file_name(path);
    if (file_read(ctx, setting, path, HEAD, &a->bytes, &have) != FELL_OK ||
        read_head(ctx, a, have) != FELL_OK)
        return FELL_ERROR;
    if (rows > a->dim[0])
        return fell_fail(ctx, "rows: %lld, but %s has %lld", (long long)rows, a->file, (long long)a->dim[0]);

    want = (size_t)(4 + 4 * a->rank) + (size_t)((rows ? rows : a->dim[0]) * a->row * type_size(a->type));
    free(a->bytes);
    a->bytes = NULL;
    if (file_read(ctx, setting, path, rows ? want : want + 1, &a->bytes, &have) != FELL_OK ||
        read_head(ctx, a, have) != FELL_OK)
        return FELL_ERROR;
    if (have < want)
        return fell_fail(ctx, "%s: %s is cut short: its head speaks of %zu bytes, it has %zu", setting,
                         a->file, want, have);
    if (have > want && !rows)
        return fell_fail(ctx, "%s: %s is longer than the %zu bytes that its head speaks of", setting, a->file,
                         want);
    return FELL_OK;
}

/* Labels as classes: whole numbers from 0. All of the file counts, not only the
 * rows that are taken, so that a sample has the same classes. */
static fell_status count_classes(fell_ctx *ctx, const struct array *a, int64_t *classes)
{
    const int64_t n = a->dim[0] * a->row;

    *classes = 0;
    for (int64_t i = 0; i < n; i++) {
        const double v = value(a, i);

        if (!(v >= 0.0 && v < 2147483647.0 && v == floor(v)))
            return fell_fail(ctx, "labels: %s: row %lld: %g is not a class (a whole number from 0)", a->file,
                             (long long)(i / a->row) + 1, v);
        if (v >= (double)*classes)
            *classes = (int64_t)v + 1;
    }
    return FELL_OK;
}

/* Whether labels [N,C] are one-hot rows: a single 1 in each, 0 elsewhere. */
static bool is_one_hot(const struct array *a)
{
    for (int64_t i = 0; i < a->dim[0]; i++) {
        int64_t ones = 0;

        for (int64_t k = 0; k < a->row; k++) {
            const double v = value(a, i * a->row + k);

            if (v != 0.0 && v != 1.0)
                return false;
            ones += v == 1.0;
        }
        if (ones != 1)
            return false;
    }
    return a->row > 1;
}

static void close_files(void *self)
{
    struct idx *d = self;

    free(d->images.bytes);
    free(d->labels.bytes);
    free(d);
}

/* [N,H,W] are rows [1,H,W], [N,C,H,W] rows [C,H,W], [N,D] rows [D]. */
static fell_shape row_shape(const struct array *a)
{
    fell_shape s = {a->rank == 2 ? 1 : 3, {0}};

    if (a->rank == 1)
        return fell_vec(1);
    if (a->rank == 3)
        s.dim[0] = 1;
    for (int64_t d = 1; d < a->rank; d++)
        s.dim[d - 1 + (a->rank == 3)] = a->dim[d];
    return s;
}

/* What LABELS are: classes, or values where the loss takes these. */
static fell_status settle_labels(const struct array *images, const struct array *labels, fell_data_info *info)
{
    if (labels->rank > 2)
        return fell_fail(info->ctx, "labels: %s has %lld dimensions; are images and labels exchanged?",
                         labels->file, (long long)labels->rank);
    if (labels->rank == 2 && labels->dim[1] == 8 && labels->type == 0x0C && info->wanted == FELL_CLASSES)
        return fell_fail(info->ctx,
                         "labels: %s has 8 numbers a row, as QMNIST's: the class is the first, the others "
                         "say who wrote it; make a file of the first alone",
                         labels->file);
    if (info->wanted == FELL_CLASSES && is_one_hot(labels))
        return fell_fail(info->ctx,
                         "labels: %s has %lld numbers a row, one-hot, but the loss takes one class a row; "
                         "save y.argmax(axis=1)",
                         labels->file, (long long)labels->row);
    if (images->dim[0] != labels->dim[0])
        return fell_fail(info->ctx, "labels: %s has %lld rows, but %s has %lld", labels->file,
                         (long long)labels->dim[0], images->file, (long long)images->dim[0]);
    info->is = info->wanted == FELL_VALUES ? FELL_VALUES : FELL_CLASSES;
    info->target = fell_vec(labels->row);
    if (info->is == FELL_CLASSES)
        return count_classes(info->ctx, labels, &info->nclasses);
    tell_coarse(info->ctx, labels);
    return FELL_OK;
}

static fell_status open_files(fell_data_info *info)
{
    const struct settings *s = info->settings;
    struct idx *d = calloc(1, sizeof *d);

    if (!d)
        return file_out_of_memory(info->ctx, "images", s->images);
    info->is = FELL_VALUES;
    info->target = fell_vec(1);
    if (read_array(info->ctx, "images", s->images, s->rows, &d->images) != FELL_OK ||
        (!info->new_rows && (read_array(info->ctx, "labels", s->labels, 0, &d->labels) != FELL_OK ||
                             settle_labels(&d->images, &d->labels, info) != FELL_OK))) {
        close_files(d);
        return FELL_ERROR;
    }
    info->rows = s->rows ? s->rows : d->images.dim[0];
    info->x = row_shape(&d->images);
    info->doubles = is_wide(&d->images);
    info->self = d;
    return FELL_OK;
}

static fell_status read_rows(fell_read_call *c)
{
    const struct idx *d = c->self;
    const int64_t inputs = d->images.row, targets = d->labels.row;

    for (int64_t i = 0; i < c->n; i++) {
        const int64_t row = c->row[i];

        for (int64_t j = 0; is_wide(&d->images) && j < inputs; j++)
            c->x64[i * inputs + j] = value(&d->images, row * inputs + j);
        if (!is_wide(&d->images))
            values(&d->images, row * inputs, inputs, c->x + i * inputs);
        if (c->target && targets)
            values(&d->labels, row * targets, targets, c->target + i * targets);
        for (int64_t t = 0; c->label && t < targets; t++)
            c->label[i * targets + t] = (int32_t)value(&d->labels, row * targets + t);
    }
    return FELL_OK;
}

static const fell_dataset idx = {
    FELL_ITEM(
        FELL_KIND_DATASET, fell_dataset, "idx",
        "Images and labels in the format of MNIST, plain or gzip.\n\n"
        "Images of H x W pixels become rows [1,H,W], with 0..255 as they are. Labels are classes, numbered\n"
        "from 0 to the largest in the file, or values when the loss takes values. Any type and up to\n"
        "four dimensions of the format are read.",
        struct settings, params),
    open_files, read_rows, close_files};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &idx.item);
