/* csv.c - rows of numbers from a text file, with one or more target columns.
 *
 * Reads the whole file at open: header and targets are settled by the first two
 * lines (csv_columns.h), then each line becomes a row (csv_scan.h); what the
 * target column is, classes or values, is known at the end. Used by the host's
 * loader of data, which shuffles, splits and transforms.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <locale.h>

#include "csv_columns.h"
#include "csv_scan.h"
#include "fell/plugin.h"
#include "file.h"

struct settings {
    const char *path;
    fell_strings target;
    int32_t header;
    const char *delimiter;
    fell_ints shape;
};

static const fell_param params[] = {
    FELL_STRING(struct settings, path, NULL, FELL_REQUIRED | FELL_PATH, "The file, plain or gzip."),
    FELL_STRINGS(struct settings, target, NULL, FELL_REQUIRED,
                 "Target column, by name or by number from 0 (-1: the last), or a list of them."),
    FELL_ENUM(struct settings, header, "auto", "auto|yes|no",
              "Whether the first line names the columns; auto: it does when it holds no number."),
    FELL_STRING(struct settings, delimiter, "auto", 0,
                "What separates the columns, one character or tab; auto: the most frequent of , ; tab |."),
    FELL_INTS(struct settings, shape, "[]", 1, 1 << 24, 0,
              "Shape of one row's input, [C,H,W] for images or [T,D] for sequences; empty: a vector."),
};

/* One field of a target column, kept until it is known what the column is. */
struct cell {
    struct field f;
    int64_t row, line;
    double number;
};

struct csv {
    struct settings s;
    fell_ctx *ctx;
    const char *file; /* the path's last part */
    char *text;       /* the file */
    struct columns columns;
    int64_t rows, room, inputs;
    float *x;          /* [rows, inputs] */
    struct cell *cell; /* [rows, targets], released after open */
    float *value;      /* [rows, targets], of values */
    int32_t *label;    /* [rows], of classes */
    char **class_name; /* [classes], one allocation */
};

static void close_file(void *self)
{
    struct csv *d = self;

    columns_release(&d->columns);
    free(d->text);
    free(d->x);
    free(d->cell);
    free(d->value);
    free(d->label);
    free(d->class_name);
    free(d);
}

/* ---- one row ------------------------------------------------------------------- */

static int shown(const struct field *f)
{
    return (int)(f->len < 60 ? f->len : 60);
}

/* Why a field that should be a number is none. */
static fell_status not_a_number(struct csv *d, const struct field *f, int64_t line, int64_t j)
{
    const char *column = columns_label(&d->columns, j);

    if (f->len == 0)
        return fell_fail(d->ctx, "path: %s:%lld: %s: missing value", d->file, (long long)line, column);
    if (scan_missing(f))
        return fell_fail(d->ctx, "path: %s:%lld: %s: missing value ('%.*s')", d->file, (long long)line,
                         column, shown(f), f->text);
    if (d->rows == 0)
        return fell_fail(
            d->ctx, "path: %s:%lld: %s holds text ('%.*s'); inputs are numbers, only a target may be text",
            d->file, (long long)line, column, shown(f), f->text);
    return fell_fail(d->ctx, "path: %s:%lld: %s: '%.*s' is not a number%s", d->file, (long long)line, column,
                     shown(f), f->text,
                     memchr(f->text, ',', (size_t)f->len) ? "; decimals have a point" : "");
}

static fell_status read_number(struct csv *d, const struct field *f, int64_t line, int64_t j, double *value)
{
    if (!scan_number(f, value))
        return not_a_number(d, f, line, j);
    if (!isfinite((float)*value))
        return fell_fail(d->ctx, "path: %s:%lld: %s: %.*s is too large for a 32-bit float", d->file,
                         (long long)line, columns_label(&d->columns, j), shown(f), f->text);
    return FELL_OK;
}

static bool grow(struct csv *d)
{
    const int64_t room = d->room ? 2 * d->room : 1024;
    float *x = realloc(d->x, (size_t)(room * d->inputs) * sizeof *x);
    struct cell *cell = NULL;

    d->x = x ? x : d->x;
    if (x)
        cell = realloc(d->cell, (size_t)(room * d->columns.targets) * sizeof *cell);
    d->cell = cell ? cell : d->cell;
    d->room = cell ? room : d->room;
    return cell != NULL;
}

static fell_status add_row(struct csv *d, const struct record *r, int64_t first_line)
{
    const struct columns *columns = &d->columns;
    float *x;
    struct cell *cell;

    if (r->n != columns->n)
        return fell_fail(d->ctx, "path: %s:%lld: %lld field%s, but line %lld has %lld", d->file,
                         (long long)r->line, (long long)r->n, r->n == 1 ? "" : "s", (long long)first_line,
                         (long long)columns->n);
    if (d->rows == d->room && !grow(d))
        return file_out_of_memory(d->ctx, "path", d->s.path);
    x = d->x + d->rows * d->inputs;
    cell = d->cell + d->rows * columns->targets;
    for (int64_t j = 0; j < r->n; j++) {
        double value = 0.0;

        if (columns->target[j] >= 0) {
            cell[columns->target[j]] = (struct cell){r->field[j], d->rows, r->line, 0.0};
            continue;
        }
        if (read_number(d, &r->field[j], r->line, j, &value) != FELL_OK)
            return FELL_ERROR;
        *x++ = (float)value;
    }
    d->rows++;
    return FELL_OK;
}

/* ---- the file --------------------------------------------------------------------- */

static fell_status choose_delimiter(struct csv *d, const char *text, char *delimiter)
{
    const char *wanted = d->s.delimiter;

    if (!strcmp(wanted, "auto"))
        *delimiter = scan_guess_delimiter(text);
    else if (!strcmp(wanted, "tab"))
        *delimiter = '\t';
    else if (strlen(wanted) == 1 && !strchr("\"\r\n.+-_0123456789", *wanted) &&
             !((*wanted | 32) >= 'a' && (*wanted | 32) <= 'z'))
        *delimiter = *wanted;
    else
        return fell_fail(
            d->ctx, "delimiter: '%s' is neither auto, nor tab, nor one character like ',' or ';'", wanted);
    return FELL_OK;
}

/* The text of the file: without a byte order mark, and surely text. */
static fell_status load_text(struct csv *d, struct scan *scan)
{
    size_t n = 0, skip;

    if (file_read(d->ctx, "path", d->s.path, SIZE_MAX, &d->text, &n) != FELL_OK)
        return FELL_ERROR;
    skip = n >= 3 && !memcmp(d->text, "\xef\xbb\xbf", 3) ? 3 : 0;
    if (n >= 2 && (!memcmp(d->text, "\xff\xfe", 2) || !memcmp(d->text, "\xfe\xff", 2)))
        return fell_fail(d->ctx, "path: %s is UTF-16; save it as UTF-8", d->file);
    if (n && memchr(d->text, '\0', n))
        return fell_fail(d->ctx, "path: %s is not a text file (it holds zero bytes)", d->file);
    scan->at = d->text + skip;
    scan->line = 1;
    return choose_delimiter(d, scan->at, &scan->delimiter);
}

static fell_status next_record(struct csv *d, struct scan *scan, struct record *r, bool *end)
{
    const enum scanned result = scan_record(scan, r);

    *end = result == SCAN_END;
    switch (result) {
    case SCAN_OPEN_QUOTE:
        return fell_fail(d->ctx, "path: %s:%lld: a quote is opened and never closed", d->file,
                         (long long)r->line);
    case SCAN_AFTER_QUOTE:
        return fell_fail(d->ctx, "path: %s:%lld: there is text behind a closing quote", d->file,
                         (long long)r->line);
    case SCAN_MEMORY:
        return file_out_of_memory(d->ctx, "path", d->s.path);
    default:
        return FELL_OK;
    }
}

/* Columns from the first two records, then a row from each record that is no header. */
static fell_status read_rows(struct csv *d)
{
    struct record first = {0}, other = {0};
    struct columns *columns = &d->columns;
    fell_status result = FELL_ERROR;
    struct scan scan;
    bool end, header;

    if (load_text(d, &scan) != FELL_OK || next_record(d, &scan, &first, &end) != FELL_OK)
        goto out;
    if (end) {
        fell_fail(d->ctx, "path: %s is empty", d->file);
        goto out;
    }
    if (next_record(d, &scan, &other, &end) != FELL_OK ||
        columns_find_header(d->ctx, d->file, d->s.header, &d->s.target, &first, &other, &header) != FELL_OK)
        goto out;

    columns->n = first.n;
    columns->target = malloc((size_t)first.n * sizeof *columns->target);
    if (header) {
        columns->name = first.field; /* now theirs */
        first.field = NULL;
    }
    if (!columns->target) {
        file_out_of_memory(d->ctx, "path", d->s.path);
        goto out;
    }
    if (columns_find_targets(d->ctx, columns, &d->s.target) != FELL_OK)
        goto out;
    d->inputs = columns->n - columns->targets;

    if (!header && add_row(d, &first, first.line) != FELL_OK)
        goto out;
    while (!end)
        if (add_row(d, &other, first.line) != FELL_OK || next_record(d, &scan, &other, &end) != FELL_OK)
            goto out;
    if (d->rows == 0) {
        fell_fail(d->ctx, "path: %s has a header and no rows", d->file);
        goto out;
    }
    result = FELL_OK;

out:
    record_release(&first);
    record_release(&other);
    return result;
}

/* ---- targets ------------------------------------------------------------------------ */

static int by_number(const void *a, const void *b)
{
    const struct cell *p = a, *q = b;

    return (p->number > q->number) - (p->number < q->number);
}

static int by_bytes(const void *a, const void *b)
{
    const struct field *p = &((const struct cell *)a)->f, *q = &((const struct cell *)b)->f;
    const int order = memcmp(p->text, q->text, (size_t)(p->len < q->len ? p->len : q->len));

    return order ? order : (p->len > q->len) - (p->len < q->len);
}

/* The shortest text that reads as the same number. */
static void number_text(double v, char text[32])
{
    if (v == floor(v) && fabs(v) < 1e15) {
        snprintf(text, 32, "%.0f", v == 0.0 ? 0.0 : v);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, 32, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            return;
    }
}

/* Sort the one target column's cells, number their distinct contents from 0. */
static fell_status make_classes(struct csv *d, bool numeric, fell_data_info *info)
{
    int (*const order)(const void *, const void *) = numeric ? by_number : by_bytes;
    size_t bytes = 0;
    int64_t classes = 0;
    char *names;

    qsort(d->cell, (size_t)d->rows, sizeof *d->cell, order);
    d->label = malloc((size_t)d->rows * sizeof *d->label);
    if (!d->label)
        return file_out_of_memory(d->ctx, "path", d->s.path);
    for (int64_t i = 0; i < d->rows; i++) {
        if (i == 0 || order(&d->cell[i], &d->cell[i - 1])) {
            classes++;
            bytes += numeric ? 32 : (size_t)d->cell[i].f.len + 1;
        }
        d->label[d->cell[i].row] = (int32_t)(classes - 1);
    }

    d->class_name = malloc((size_t)classes * sizeof *d->class_name + bytes);
    if (!d->class_name)
        return file_out_of_memory(d->ctx, "path", d->s.path);
    names = (char *)(d->class_name + classes);
    for (int64_t i = 0, k = 0; i < d->rows; i++) {
        const struct cell *c = &d->cell[i];
        struct field name = c->f;
        char text[32];

        if (i > 0 && !order(c, c - 1))
            continue;
        if (numeric) {
            number_text(c->number, text);
            name = (struct field){text, (int64_t)strlen(text)};
        }
        d->class_name[k++] = names;
        memcpy(names, name.text, (size_t)name.len);
        names[name.len] = '\0';
        names += name.len + 1;
    }
    info->is = FELL_CLASSES;
    info->nclasses = classes;
    info->class_names = (const char *const *)d->class_name;
    info->target = fell_vec(1);
    return FELL_OK;
}

/* Every cell is a number: into value[rows, targets]. */
static fell_status make_values(struct csv *d, fell_data_info *info)
{
    const int64_t n = d->rows * d->columns.targets;

    d->value = malloc((size_t)n * sizeof *d->value);
    if (!d->value)
        return file_out_of_memory(d->ctx, "path", d->s.path);
    for (int64_t i = 0; i < n; i++)
        d->value[i] = (float)d->cell[i].number;
    info->is = FELL_VALUES;
    info->target = fell_vec(d->columns.targets);
    return FELL_OK;
}

/* The column of target T. */
static int64_t target_column(const struct csv *d, int64_t t)
{
    int64_t j = 0;

    while (d->columns.target[j] != t)
        j++;
    return j;
}

/* Values where all are numbers and the loss does not take classes; else classes,
 * which are one column. A text where numbers are needed, or a missing value, is
 * an error at its line. */
static fell_status settle_targets(struct csv *d, fell_data_info *info)
{
    const int64_t targets = d->columns.targets, n = d->rows * targets;
    const struct cell *text = NULL, *missing = NULL;
    int64_t numbers = 0;

    for (int64_t i = 0; i < n; i++) {
        struct cell *c = &d->cell[i];

        if (scan_number(&c->f, &c->number))
            numbers++;
        else if (c->f.len == 0 || scan_missing(&c->f))
            missing = missing ? missing : c;
        else
            text = text ? text : c;
    }
    /* "NA" may be the name of a class among names; among numbers it is a gap. */
    if (missing && (missing->f.len == 0 || !text))
        return not_a_number(d, &missing->f, missing->line, target_column(d, (missing - d->cell) % targets));
    if (text && (info->wanted == FELL_VALUES || targets > 1))
        return fell_fail(d->ctx, "target: %s holds text ('%.*s' on line %lld), but %s",
                         columns_label(&d->columns, target_column(d, (text - d->cell) % targets)),
                         shown(&text->f), text->f.text, (long long)text->line,
                         targets > 1 ? "several targets must be numbers" : "the loss takes numbers");
    if (info->wanted == FELL_CLASSES && targets > 1)
        return fell_fail(d->ctx, "target: %lld columns are values, but the loss takes classes, in one column",
                         (long long)targets);
    if (text || info->wanted == FELL_CLASSES)
        return make_classes(d, !text, info);
    for (int64_t i = 0; i < n; i++) {
        const struct cell *c = &d->cell[i];
        double value;

        if (read_number(d, &c->f, c->line, target_column(d, i % targets), &value) != FELL_OK)
            return FELL_ERROR;
    }
    return make_values(d, info);
}

static fell_status settle_shape(struct csv *d, fell_data_info *info)
{
    const fell_ints *shape = &d->s.shape;
    int64_t size = 1;

    info->x = fell_vec(d->inputs);
    if (shape->n == 0)
        return FELL_OK;
    if (shape->n > 4)
        return fell_fail(d->ctx, "shape: %lld dimensions; at most 4 are possible", (long long)shape->n);
    info->x.rank = shape->n;
    for (int64_t i = 0; i < shape->n; i++) {
        info->x.dim[i] = shape->v[i];
        size = size <= d->inputs ? size * shape->v[i] : size;
    }
    if (size != d->inputs)
        return fell_fail(d->ctx, "shape: does not fit the %lld input%s of a row of %s", (long long)d->inputs,
                         d->inputs == 1 ? "" : "s", d->file);
    return FELL_OK;
}

/* ---- the item -------------------------------------------------------------------------- */

static fell_status open_file(fell_data_info *info)
{
    const struct settings *s = info->settings;
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    struct csv *d = calloc(1, sizeof *d);
    fell_status result = FELL_ERROR;
    locale_t before;

    if (!d || !plain) {
        file_out_of_memory(info->ctx, "path", s->path);
        goto out;
    }
    d->s = *s;
    d->ctx = info->ctx;
    d->file = file_name(s->path);
    before = uselocale(plain); /* decimal points are points */
    if (read_rows(d) == FELL_OK && settle_shape(d, info) == FELL_OK && settle_targets(d, info) == FELL_OK)
        result = FELL_OK;
    uselocale(before);

out:
    if (plain)
        freelocale(plain);
    if (result != FELL_OK) {
        if (d)
            close_file(d);
        return result;
    }
    free(d->cell);
    free(d->text);
    d->cell = NULL;
    d->text = NULL;
    info->rows = d->rows;
    info->self = d;
    return FELL_OK;
}

static fell_status read_file(fell_read_call *c)
{
    const struct csv *d = c->self;
    const int64_t inputs = d->inputs, targets = d->columns.targets;

    for (int64_t i = 0; i < c->n; i++) {
        const int64_t row = c->row[i];

        memcpy(c->x + i * inputs, d->x + row * inputs, (size_t)inputs * sizeof *c->x);
        if (c->target)
            memcpy(c->target + i * targets, d->value + row * targets, (size_t)targets * sizeof *c->target);
        if (c->label)
            c->label[i] = d->label[row];
    }
    return FELL_OK;
}

static const fell_dataset csv = {
    FELL_ITEM(FELL_KIND_DATASET, fell_dataset, "csv",
              "Rows of a CSV file: one or more target columns, all others are inputs.\n\n"
              "Inputs must be numbers. A target of text is classes, sorted by bytes and numbered from 0; a\n"
              "target of numbers is classes, sorted as numbers, when the loss takes classes, and values\n"
              "otherwise. Quotes, line ends and blank lines as in RFC 4180, gzip files as they are.",
              struct settings, params),
    open_file, read_file, close_file};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &csv.item);
