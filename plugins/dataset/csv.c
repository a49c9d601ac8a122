/* csv.c - rows of a text file, with one or more target columns.
 *
 * Reads the whole file at open: each record becomes a row of fields (csv_scan.h), the first one may name
 * the columns (csv_header.h), and what a column is, is known at the end (table_inputs.h, targets.h).
 * Used by the host's loader of data, which shuffles, splits and transforms.
 */
#define _POSIX_C_SOURCE 200809L
#include <locale.h>
#include <strings.h>

#include "csv_header.h"
#include "csv_scan.h"
#include "fell/plugin.h"
#include "file.h"
#include "shape.h"
#include "table_inputs.h"
#include "table_settings.h"
#include "targets.h"
#include "text.h"

struct settings {
    const char *path;
    TABLE_SETTINGS;
    int32_t header;
    const char *delimiter;
    int32_t decimal, encoding;
};

static const fell_param params[] = {
    FELL_STRING(struct settings, path, NULL, FELL_REQUIRED | FELL_PATH, "The file, plain or gzip."),
    TABLE_PARAMS(struct settings),
    FELL_ENUM(struct settings, header, "auto", "auto|yes|no",
              "Whether the first line names the columns; auto: it does when it names the target or holds no "
              "number, and 'fell check' tells."),
    FELL_STRING(struct settings, delimiter, "auto", 0,
                "What separates the columns: one character, tab, or ' ' for any number of blanks and tabs; "
                "auto: the most frequent of , ; tab |, else blanks."),
    FELL_ENUM(struct settings, decimal, ".", ".|,", "What stands before the fraction of a number."),
    FELL_ENUM(struct settings, encoding, "utf8", TEXT_ENCODINGS, "How the file writes its characters."),
};

struct csv {
    const struct settings *s;
    fell_ctx *ctx;
    const char *file; /* the path's last part */
    char place[280];  /* "path: FILE:" */
    struct table table;
    struct targets targets;
    /* What is told of the file: */
    const char *header;
    int64_t trailing; /* rows with an empty field at their end, of which the first line has none */
    int64_t ragged, ragged_line, ragged_n, empty_at_tabs;
    bool sep, is_header;
};

static void close_file(void *self)
{
    struct csv *d = self;

    table_release(&d->table);
    targets_release(&d->targets);
    free(d);
}

/* ---- the text --------------------------------------------------------------------- */

static fell_status choose_delimiter(struct csv *d, const char *text, char *delimiter)
{
    const char *wanted = d->s->delimiter;

    if (!strcmp(wanted, "auto"))
        *delimiter = *delimiter ? *delimiter : scan_guess_delimiter(text);
    else if (!strcmp(wanted, "tab"))
        *delimiter = '\t';
    else if (strlen(wanted) == 1 && !strchr("\"\r\n.+-_0123456789", *wanted) &&
             !((*wanted | 32) >= 'a' && (*wanted | 32) <= 'z'))
        *delimiter = *wanted;
    else
        return fell_fail(
            d->ctx, "delimiter: '%s' is neither auto, nor tab, nor one character like ',' or ';'", wanted);
    if (*delimiter == (d->s->decimal ? ',' : '.'))
        return fell_fail(d->ctx, "decimal: '%c' also separates the columns; say delimiter", *delimiter);
    return FELL_OK;
}

/* Excel's first line, sep=; in capitals or quotes or not, names the delimiter and is no row. */
static void pass_over_sep(struct csv *d, struct scan *scan)
{
    const bool quoted = *scan->at == '"';
    char *p = scan->at + quoted;

    if (strncasecmp(p, "sep=", 4) != 0 || !p[4] || scan_at_line_end(p + 4) || (quoted && p[5] != '"') ||
        !scan_at_line_end(p + 5 + quoted))
        return;
    scan->delimiter = p[4];
    scan->at = scan_skip_newline(p + 5 + quoted);
    scan->line = 2;
    d->sep = true;
}

static fell_status load_text(struct csv *d, struct scan *scan)
{
    size_t n = 0;

    if (text_read(d->ctx, d->s->path, d->s->encoding, &d->table.text, &n, &scan->at) != FELL_OK)
        return FELL_ERROR;
    if (n == 0)
        return fell_fail(d->ctx, "path: %s is empty", d->file);
    scan->line = 1;
    pass_over_sep(d, scan);
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
        return file_out_of_memory(d->ctx, "path", d->s->path);
    default:
        return FELL_OK;
    }
}

/* ---- rows ---------------------------------------------------------------------------- */

/* A record of as many fields as the first has becomes a row; another is counted. */
static fell_status add_row(struct csv *d, const struct record *r, char delimiter)
{
    struct table *t = &d->table;
    bool doubled = false;

    if (r->n == t->n + 1 && r->field[t->n].len == 0 && delimiter != ' ')
        d->trailing++;
    else if (r->n != t->n) {
        for (int64_t j = 0; j < r->n; j++)
            doubled |= r->field[j].len == 0;
        if (!d->ragged++) {
            d->ragged_line = r->line;
            d->ragged_n = r->n;
            d->empty_at_tabs = doubled && delimiter == '\t' && r->n > t->n;
        }
        return FELL_OK;
    }
    if (!table_grow(t, true))
        return file_out_of_memory(d->ctx, "path", d->s->path);
    t->line[t->rows] = r->line;
    for (int64_t j = 0; j < t->n; j++) {
        const struct field *f = &r->field[j];

        if (f->len > TABLE_LONGEST)
            return fell_fail(d->ctx, "path: %s:%lld: a field of %lld bytes; is a quote left open?", d->file,
                             (long long)r->line, (long long)f->len);
        t->cell[t->rows * t->n + j] = (uint64_t)(f->text - t->text) << TABLE_LENGTH_BITS | (uint64_t)f->len;
    }
    t->rows++;
    return FELL_OK;
}

static fell_status refuse_ragged(const struct csv *d, int64_t first_line)
{
    const struct table *t = &d->table;
    char more[160] = "";

    if (d->empty_at_tabs)
        snprintf(more, sizeof more,
                 "; two tabs stand together (delimiter: ' ' takes any number of blanks and tabs as one)");
    else if (t->rows <= 1 && d->ragged_n > t->n && d->ragged > 1)
        snprintf(more, sizeof more, "; remove what stands above the table");
    return fell_fail(d->ctx, "path: %s:%lld: %lld field%s, but line %lld has %lld%s%s", d->file,
                     (long long)d->ragged_line, (long long)d->ragged_n, d->ragged_n == 1 ? "" : "s",
                     (long long)first_line, (long long)t->n, more,
                     d->ragged > 1 ? " (and so in other lines)" : "");
}

static fell_status read_records(struct csv *d, struct scan *scan)
{
    struct record r = {0};
    fell_status result = FELL_ERROR;
    int64_t first_line = 0;
    bool end;

    for (;;) {
        if (next_record(d, scan, &r, &end) != FELL_OK)
            goto out;
        if (end)
            break;
        if (!d->table.n) {
            d->table.n = r.n;
            first_line = r.line;
        }
        if (add_row(d, &r, scan->delimiter) != FELL_OK)
            goto out;
    }
    if (!d->table.n)
        fell_fail(d->ctx, "path: %s is empty", d->file);
    else if (d->ragged)
        refuse_ragged(d, first_line);
    else
        result = FELL_OK;
out:
    record_release(&r);
    return result;
}

/* The first row becomes the names, if it is a header. */
static fell_status settle_header(struct csv *d)
{
    struct table *t = &d->table;

    t->column = calloc((size_t)t->n, sizeof *t->column);
    if (!t->column)
        return file_out_of_memory(d->ctx, "path", d->s->path);
    if (header_settle(t, d->s->header, &d->s->target, &d->is_header, &d->header) != FELL_OK)
        return FELL_ERROR;
    if (!d->is_header)
        return FELL_OK;
    for (int64_t j = 0; j < t->n; j++)
        t->column[j].name = table_field(t, 0, j);
    t->named = true;
    t->rows--;
    memmove(t->cell, t->cell + t->n, (size_t)(t->rows * t->n) * sizeof *t->cell);
    memmove(t->line, t->line + 1, (size_t)t->rows * sizeof *t->line);
    return t->rows ? FELL_OK : fell_fail(d->ctx, "path: %s has a header and no rows", d->file);
}

static void tell(struct csv *d, char delimiter)
{
    char between[24], trailing[80] = "";

    if (delimiter == '\t')
        snprintf(between, sizeof between, "tabs");
    else if (delimiter == ' ')
        snprintf(between, sizeof between, "blanks");
    else
        snprintf(between, sizeof between, "'%c'", delimiter);
    if (d->trailing)
        snprintf(trailing, sizeof trailing, ", an empty field at the end of %lld lines passed over",
                 (long long)d->trailing);
    snprintf(d->table.what, sizeof d->table.what, "%s (%s), delimiter %s%s%s%s%s",
             d->is_header ? "header" : "no header", d->header, between,
             d->sep ? " (as its line sep= says)" : "", d->s->decimal ? ", decimal commas" : "",
             d->s->encoding == ENCODING_UTF8     ? ""
             : d->s->encoding == ENCODING_LATIN1 ? ", latin1"
                                                 : ", cp1252",
             trailing);
}

/* ---- the item -------------------------------------------------------------------------- */

static fell_status read_table(struct csv *d, fell_data_info *info)
{
    struct scan scan = {.delimiter = '\0'};

    if (load_text(d, &scan) != FELL_OK || read_records(d, &scan) != FELL_OK || settle_header(d) != FELL_OK ||
        !TABLE_ASSIGN(&d->table, d->s) || table_settle_inputs(&d->table, info) != FELL_OK ||
        shape_settle(info->ctx, &d->s->shape, d->table.width, d->file, &info->x) != FELL_OK)
        return FELL_ERROR;
    tell(d, scan.delimiter);
    return targets_settle(&d->targets, info);
}

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
    d->s = s;
    d->ctx = info->ctx;
    d->file = file_name(s->path);
    snprintf(d->place, sizeof d->place, "path: %s:", d->file);
    d->table = (struct table){.ctx = info->ctx, .source = "file", .row_word = "line", .place = d->place};
    TABLE_TAKE(&d->table, s);
    d->table.decimal = s->decimal ? ',' : '.';
    d->targets.t = &d->table;
    before = uselocale(plain); /* decimal points are points */
    result = read_table(d, info);
    uselocale(before);

out:
    if (plain)
        freelocale(plain);
    if (result != FELL_OK) {
        if (d)
            close_file(d);
        return result;
    }
    info->rows = d->table.rows;
    info->found = d->table.what;
    info->self = d;
    return FELL_OK;
}

static fell_status read_file(fell_read_call *c)
{
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    const struct csv *d = c->self;
    locale_t before;

    if (!plain)
        return file_out_of_memory(c->ctx, "path", d->s->path);
    before = uselocale(plain);
    for (int64_t i = 0; i < c->n; i++) {
        table_read(&d->table, c->row[i], c->x64 + i * d->table.width);
        targets_read(&d->targets, c, i, c->row[i]);
    }
    uselocale(before);
    freelocale(plain);
    return FELL_OK;
}

static const fell_dataset csv = {
    FELL_ITEM(
        FELL_KIND_DATASET, fell_dataset, "csv",
        "Rows of a CSV file: one or more target columns, all others are inputs.\n\n"
        "A column of numbers is one input; one of text is a category, with an input for each of its\n"
        "words (at most 64), sorted by bytes. A target of text is classes, sorted by bytes and numbered\n"
        "from 0; a target of numbers is classes, sorted as numbers, when the loss takes classes, and\n"
        "values otherwise. A test set's columns are those of the source by name, in any order. Quotes,\n"
        "line ends and blank lines as in RFC 4180, gzip files as they are. `fell check` shows what was\n"
        "found out.",
        struct settings, params),
    open_file, read_file, close_file};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &csv.item);
