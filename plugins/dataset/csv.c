/* csv.c - rows of numbers from a text file, with one or more target columns.
 *
 * Reads the whole file at open: header and targets are settled by the first two
 * lines (csv_columns.h), then each line becomes a row (csv_scan.h); what the
 * target column is, classes or values, is known at the end (targets.h). Used by the host's
 * loader of data, which shuffles, splits and transforms.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <locale.h>

#include "csv_columns.h"
#include "csv_scan.h"
#include "fell/plugin.h"
#include "file.h"
#include "shape.h"
#include "targets.h"

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

struct csv {
    struct settings s;
    fell_ctx *ctx;
    const char *file; /* the path's last part */
    char *text;       /* the file */
    char place[280];  /* "path: FILE:" */
    struct columns columns;
    struct targets targets;
    int64_t room, inputs;
    float *x; /* [targets.rows, inputs] */
};

static void close_file(void *self)
{
    struct csv *d = self;

    columns_release(&d->columns);
    targets_release(&d->targets);
    free(d->text);
    free(d->x);
    free(d);
}

/* ---- one row ------------------------------------------------------------------- */

static fell_status add_row(struct csv *d, const struct record *r, int64_t first_line)
{
    const struct columns *columns = &d->columns;
    const bool first = d->targets.rows == 0;
    struct cell *cell;
    float *x;

    if (r->n != columns->n)
        return fell_fail(d->ctx, "path: %s:%lld: %lld field%s, but line %lld has %lld", d->file,
                         (long long)r->line, (long long)r->n, r->n == 1 ? "" : "s", (long long)first_line,
                         (long long)columns->n);
    if (d->targets.rows == d->room) {
        x = realloc(d->x, (size_t)((d->room ? 2 * d->room : 1024) * d->inputs) * sizeof *x);
        if (!x)
            return file_out_of_memory(d->ctx, "path", d->s.path);
        d->x = x;
        d->room = d->room ? 2 * d->room : 1024;
    }
    x = d->x + d->targets.rows * d->inputs;
    cell = targets_add_row(&d->targets);
    if (!cell)
        return file_out_of_memory(d->ctx, "path", d->s.path);
    for (int64_t j = 0; j < r->n; j++) {
        double value = 0.0;

        if (columns->target[j] >= 0) {
            cell[columns->target[j]] = (struct cell){r->field[j], d->targets.rows - 1, r->line, 0.0};
            continue;
        }
        if (targets_number(&d->targets, &r->field[j], r->line, j, first, &value) != FELL_OK)
            return FELL_ERROR;
        *x++ = (float)value;
    }
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
    if (d->targets.rows == 0) {
        fell_fail(d->ctx, "path: %s has a header and no rows", d->file);
        goto out;
    }
    result = FELL_OK;

out:
    record_release(&first);
    record_release(&other);
    return result;
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
    d->columns.source = "file";
    d->columns.row_word = "line";
    d->targets = (struct targets){.ctx = info->ctx, .place = d->place, .columns = &d->columns};
    snprintf(d->place, sizeof d->place, "path: %s:", d->file);
    before = uselocale(plain); /* decimal points are points */
    if (read_rows(d) == FELL_OK) {
        info->x = fell_vec(d->inputs);
        if (shape_settle(info->ctx, &s->shape, d->inputs, d->file, &info->x) == FELL_OK)
            result = targets_settle(&d->targets, info);
    }
    uselocale(before);

out:
    if (plain)
        freelocale(plain);
    if (result != FELL_OK) {
        if (d)
            close_file(d);
        return result;
    }
    free(d->text);
    d->text = NULL;
    info->rows = d->targets.rows;
    info->self = d;
    return FELL_OK;
}

static fell_status read_file(fell_read_call *c)
{
    const struct csv *d = c->self;
    const int64_t inputs = d->inputs;

    for (int64_t i = 0; i < c->n; i++) {
        const int64_t row = c->row[i];

        memcpy(c->x + i * inputs, d->x + row * inputs, (size_t)inputs * sizeof *c->x);
        targets_read(&d->targets, c, i, row);
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
