/* csv.c - rows of a text file, with one or more target columns.
 *
 * The file is gone through several times and never in memory (csv_rows.h): at open for what its columns are,
 * which is known at its end (table_inputs.h, targets.h), after its first rows have shown whether the first
 * one names the columns (csv_header.h); and again for the rows that are read. Used by the host's loader of
 * data, which shuffles, splits and transforms.
 */
#define _POSIX_C_SOURCE 200809L

#include "csv_header.h"
#include "csv_others.h"
#include "csv_rows.h"
#include "fell/plugin.h"
#include "file.h"
#include "plain.h"
#include "shape.h"
#include "table_inputs.h"
#include "table_marks.h"
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
    FELL_ENUM(struct settings, encoding, "utf8", TEXT_ENCODINGS, TEXT_ENCODING_DOC),
};

struct csv {
    const struct settings *s;
    fell_ctx *ctx;
    const char *file; /* the path's last part */
    char place[280];  /* "path: FILE:" */
    struct csv_rows rows;
    struct table table;
    struct targets targets;
    struct marks marks;
    /* The first rows, which are in the table's text and cells till it is known whether there is a header: */
    size_t used, room;     /* of the text */
    bool settled, refused; /* it is known; and it was an error, of which the message is there */
    /* What is told of the file: */
    const char *header;
    int64_t trailing; /* rows with an empty field at their end, of which the first line has none */
    int64_t first_line, ragged, ragged_line, ragged_n, empty_at_tabs;
    bool is_header;
    bool comment; /* the file begins with # */
};

static void close_file(void *self)
{
    struct csv *d = self;

    csv_rows_release(&d->rows);
    table_release(&d->table);
    targets_release(&d->targets);
    marks_release(&d->marks);
    free(d);
}

/* ---- the first rows --------------------------------------------------------------------- */

enum { HEAD_LARGEST = 1 << 26 }; /* bytes of them, beyond the first two */

static fell_status choose_delimiter(struct csv *d)
{
    const char *wanted = d->s->delimiter;
    char *delimiter = &d->rows.scan.delimiter;

    if (!strcmp(wanted, "auto"))
        *delimiter = *delimiter ? *delimiter : scan_guess_delimiter(d->rows.scan.at);
    else if (!strcmp(wanted, "tab"))
        *delimiter = '\t';
    else if (strlen(wanted) == 1 && !strchr("\"\r\n.+-_0123456789", *wanted) &&
             !((*wanted | 32) >= 'a' && (*wanted | 32) <= 'z'))
        *delimiter = *wanted;
    else
        return fell_fail(
            d->ctx,
            "delimiter: '%s' is neither auto, nor tab, nor one character like ',' or ';' (' ': blanks)",
            wanted);
    if (*delimiter == (d->s->decimal ? ',' : '.'))
        return fell_fail(d->ctx, "decimal: '%c' also separates the columns; say delimiter", *delimiter);
    d->table.comma_divides = *delimiter == ',';
    return FELL_OK;
}

static fell_status begin_text(struct csv *d)
{
    if (text_open(&d->rows.text, d->ctx, d->s->path, d->s->encoding) != FELL_OK ||
        csv_begin(&d->rows) != FELL_OK)
        return FELL_ERROR;
    if (d->rows.text.n == 0)
        return fell_fail(d->ctx, "path: %s is empty", d->file);
    if (csv_refuse_others(d->ctx, d->file, d->rows.text.bytes) != FELL_OK)
        return FELL_ERROR;
    d->comment = *d->rows.text.bytes == '#';
    return csv_first_lines(&d->rows) == FELL_OK ? choose_delimiter(d) : FELL_ERROR;
}

/* The record that was read becomes one more row in memory. */
static fell_status keep_row(struct csv *d)
{
    struct table *t = &d->table;
    const struct record *r = &d->rows.r;
    size_t bytes = 0;

    for (int64_t j = 0; j < t->n; j++)
        bytes += (size_t)r->field[j].len + 1;
    if (d->room - d->used < bytes) {
        const size_t room = 2 * d->room + bytes;
        char *larger = realloc(t->text, room);

        if (!larger)
            return file_out_of_memory(d->ctx, "path", d->s->path);
        t->text = larger;
        d->room = room;
    }
    if (!table_grow(t, true))
        return file_out_of_memory(d->ctx, "path", d->s->path);
    t->line[t->rows] = r->line;
    for (int64_t j = 0; j < t->n; j++) {
        const struct field *f = &r->field[j];

        if (f->len)
            memcpy(t->text + d->used, f->text, (size_t)f->len);
        t->text[d->used + (size_t)f->len] = '\0';
        t->cell[t->rows * t->n + j] = (uint64_t)d->used << TABLE_LENGTH_BITS | (uint64_t)f->len;
        d->used += (size_t)f->len + 1;
    }
    t->rows++;
    return FELL_OK;
}

/* The first row becomes the names, if it is a header. */
static fell_status settle_header(struct csv *d)
{
    struct table *t = &d->table;

    t->column = calloc((size_t)t->n, sizeof *t->column);
    if (!t->column)
        return file_out_of_memory(d->ctx, "path", d->s->path);
    if (header_refuse_title(t, &d->s->target) != FELL_OK ||
        header_settle(t, d->s->header, &d->s->target, &d->is_header, &d->header) != FELL_OK)
        return FELL_ERROR;
    if (!d->is_header)
        return FELL_OK;
    for (int64_t j = 0; j < t->n; j++) {
        const struct field f = table_field(t, 0, j);

        t->column[j].name = (struct field){keep_bytes(&t->kept, f.text, f.len), f.len};
        if (!t->column[j].name.text)
            return file_out_of_memory(d->ctx, "path", d->s->path);
    }
    t->named = true;
    t->rows--;
    memmove(t->cell, t->cell + t->n, (size_t)(t->rows * t->n) * sizeof *t->cell);
    memmove(t->line, t->line + 1, (size_t)t->rows * sizeof *t->line);
    return t->rows ? FELL_OK : fell_fail(d->ctx, "path: %s has a header and no rows", d->file);
}

static fell_status pass(struct table *t, table_visit *visit, void *arg);

/* The first rows are there: what they show, and what they count as. They go. */
static fell_status settle_head(struct csv *d)
{
    struct table *t = &d->table;
    fell_status result;

    d->settled = true;
    if (settle_header(d) != FELL_OK || !TABLE_ASSIGN(t, d->s)) {
        d->refused = true; /* said at the end of the file, where nothing is wrong with its lines */
        result = FELL_OK;
    } else {
        result = table_each(t, table_count_row, t);
    }
    free(t->text);
    free(t->cell);
    free(t->line);
    t->text = NULL;
    t->cell = NULL;
    t->line = NULL;
    t->pass = pass;
    t->self = d;
    return result;
}

/* ---- all rows ------------------------------------------------------------------------------ */

/* The record that was read is another row. */
static fell_status add_row(struct csv *d)
{
    struct table *t = &d->table;
    const struct record *r = &d->rows.r;

    for (int64_t j = 0; j < t->n; j++)
        if (r->field[j].len > TABLE_LONGEST)
            return fell_fail(d->ctx, "path: %s:%lld: a field of %lld bytes; is a quote left open?", d->file,
                             (long long)r->line, (long long)r->field[j].len);
    if (!d->settled) {
        if (keep_row(d) != FELL_OK)
            return FELL_ERROR;
        if (t->rows < HEADER_LOOKED_AT &&
            (t->rows <= 2 || d->used + (size_t)(t->rows * t->n) * sizeof *t->cell < HEAD_LARGEST))
            return FELL_OK;
        return settle_head(d);
    }
    if (!d->refused && table_count_row(t, t->rows, r->line, r->field) != FELL_OK)
        return FELL_ERROR;
    t->rows++;
    return FELL_OK;
}

/* A record of as many fields as the first has is a row; another is counted. */
static bool is_row(struct csv *d)
{
    const struct record *r = &d->rows.r;
    const int64_t n = d->table.n;
    const char delimiter = d->rows.scan.delimiter;
    bool doubled = false;

    if (r->n == n)
        return true;
    if (r->n == n + 1 && r->field[n].len == 0 && delimiter != ' ') {
        d->trailing++;
        return true;
    }
    for (int64_t j = 0; j < r->n; j++)
        doubled |= r->field[j].len == 0;
    if (!d->ragged++) {
        d->ragged_line = r->line;
        d->ragged_n = r->n;
        d->empty_at_tabs = doubled && delimiter == '\t' && r->n > n;
    }
    return false;
}

static fell_status refuse_ragged(const struct csv *d)
{
    const struct table *t = &d->table;
    char more[160] = "";

    if (d->empty_at_tabs)
        snprintf(more, sizeof more,
                 "; two tabs stand together (delimiter: ' ' takes any number of blanks and tabs as one)");
    else if (d->comment)
        snprintf(more, sizeof more, "; line 1 begins with '#', as comments do: remove such lines");
    else if (d->rows.next - d->ragged <= 1 && d->ragged_n > t->n && d->ragged > 1)
        snprintf(more, sizeof more, "; remove what stands above the table");
    return fell_fail(d->ctx, "path: %s:%lld: %lld field%s, but line %lld has %lld%s%s", d->file,
                     (long long)d->ragged_line, (long long)d->ragged_n, d->ragged_n == 1 ? "" : "s",
                     (long long)d->first_line, (long long)t->n, more,
                     d->ragged > 1 ? " (and so in other lines)" : "");
}

/* The first time: what the columns are called, and what is in them. */
static fell_status read_records(struct csv *d)
{
    struct table *t = &d->table;
    bool end = false;

    for (;;) {
        if (csv_next(&d->rows, &end) != FELL_OK)
            return FELL_ERROR;
        if (end)
            break;
        if (!t->n) {
            t->n = d->rows.r.n;
            d->first_line = d->rows.r.line;
        }
        if (is_row(d) && add_row(d) != FELL_OK)
            return FELL_ERROR;
    }
    if (!t->n)
        return fell_fail(d->ctx, "path: %s is empty", d->file);
    if (d->ragged)
        return refuse_ragged(d);
    if (!d->settled && settle_head(d) != FELL_OK)
        return FELL_ERROR;
    t->counted = true;
    return d->refused ? FELL_ERROR : FELL_OK;
}

/* To row ROW, behind the last that was read or else from the beginning on. */
static fell_status seek_row(struct csv *d, int64_t row)
{
    const int64_t number = row + d->is_header;
    bool end = false;

    if ((number < d->rows.next - 1 || d->rows.r.n == 0) && csv_begin(&d->rows) != FELL_OK)
        return FELL_ERROR;
    while (d->rows.next <= number) {
        if (csv_next(&d->rows, &end) != FELL_OK)
            return FELL_ERROR;
        if (end || d->rows.r.n < d->table.n)
            return text_changed(&d->rows.text);
    }
    return FELL_OK;
}

static fell_status pass(struct table *t, table_visit *visit, void *arg)
{
    struct csv *d = t->self;

    for (int64_t row = 0; row < t->rows; row++)
        if (seek_row(d, row) != FELL_OK || visit(arg, row, d->rows.r.line, d->rows.r.field) != FELL_OK)
            return FELL_ERROR;
    return FELL_OK;
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
             d->rows.sep ? " (as its line sep= says)" : "", d->s->decimal ? ", decimal commas" : "",
             d->s->encoding == ENCODING_UTF8     ? ""
             : d->s->encoding == ENCODING_LATIN1 ? ", latin1"
                                                 : ", cp1252",
             trailing);
}

/* ---- the item -------------------------------------------------------------------------- */

static fell_status read_table(struct csv *d, fell_data_info *info)
{
    if (begin_text(d) != FELL_OK || read_records(d) != FELL_OK ||
        targets_beside(&d->targets, info, table_settle_inputs(&d->table, info)) != FELL_OK ||
        marks_settle(&d->marks, &d->table, info) != FELL_OK ||
        shape_settle(info->ctx, &d->s->shape, d->table.width, d->file, &info->x) != FELL_OK)
        return FELL_ERROR;
    tell(d, d->rows.scan.delimiter);
    marks_tell(&d->marks, &d->table, d->table.what, sizeof d->table.what);
    return targets_settle(&d->targets, info);
}

static fell_status open_file(fell_data_info *info)
{
    const struct settings *s = info->settings;
    struct csv *d = calloc(1, sizeof *d);
    struct plain plain;
    fell_status result;

    if (!d || !plain_begin(&plain)) {
        free(d);
        return file_out_of_memory(info->ctx, "path", s->path);
    }
    d->s = s;
    d->ctx = info->ctx;
    d->file = file_name(s->path);
    snprintf(d->place, sizeof d->place, "path: %s:", d->file);
    d->table = (struct table){.ctx = info->ctx, .source = "file", .row_word = "line", .place = d->place};
    TABLE_TAKE(&d->table, s, info);
    d->table.decimal = s->decimal ? ',' : '.';
    d->targets.t = &d->table;
    result = read_table(d, info);
    plain_end(&plain);
    if (result != FELL_OK) {
        close_file(d);
        return result;
    }
    info->rows = d->table.rows;
    info->found = d->table.what;
    info->self = d;
    return FELL_OK;
}

/* A row that is asked for, and its place in the call. */
struct asked {
    int64_t row, i;
};

static int by_row(const void *a, const void *b)
{
    const struct asked *p = a, *q = b;

    return (p->row > q->row) - (p->row < q->row);
}

/* In the order of the file, whatever is asked. */
static fell_status read_rows(struct csv *d, fell_read_call *c, struct asked *asked)
{
    for (int64_t i = 0; i < c->n; i++)
        asked[i] = (struct asked){c->row[i], i};
    qsort(asked, (size_t)c->n, sizeof *asked, by_row);
    for (int64_t k = 0; k < c->n; k++) {
        const int64_t i = asked[k].i;

        if (seek_row(d, asked[k].row) != FELL_OK)
            return FELL_ERROR;
        table_read(&d->table, d->rows.r.field, c->x64 + i * d->table.width);
        if (!targets_read(&d->targets, c, i, d->rows.r.field))
            return text_changed(&d->rows.text);
    }
    return FELL_OK;
}

static fell_status read_file(fell_read_call *c)
{
    struct csv *d = c->self;
    struct asked *asked = malloc(((size_t)c->n + 1) * sizeof *asked);
    struct plain plain;
    fell_status result;

    d->rows.text.ctx = c->ctx;
    if (!asked || !plain_begin(&plain)) {
        free(asked);
        return file_out_of_memory(c->ctx, "path", d->s->path);
    }
    result = read_rows(d, c, asked);
    plain_end(&plain);
    free(asked);
    return result;
}

static const fell_dataset csv = {
    FELL_ITEM(
        FELL_KIND_DATASET, fell_dataset, "csv",
        "Rows of a CSV file: one or more target columns, all others are inputs.\n\n"
        "A column of numbers is one input; one of text is a category, with an input for each of its\n"
        "words (at most 64), sorted by bytes. A target of text is classes, sorted by bytes and numbered\n"
        "from 0; a target of numbers is classes, sorted as numbers, when the loss takes classes, and\n"
        "values otherwise. Several target columns are values, or with shape: [steps] or [steps, numbers]\n"
        "and as many of them as steps a class for each step. A test set's columns are those of the\n"
        "source by name, in any order. Quotes, line ends and blank lines as in RFC 4180, gzip files as\n"
        "they are. `fell check` shows what was found out.",
        struct settings, params),
    open_file, read_file, close_file};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &csv.item);
