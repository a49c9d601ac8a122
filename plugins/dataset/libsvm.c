/* libsvm.c - sparse rows of text: a target, then index:value for what is not 0.
 *
 * The format of LIBSVM (C. Chang and C. Lin, "LIBSVM: a library for support vector
 * machines", 2011). Rows stay sparse in memory and are filled up with zeros when
 * they are read. Used by the host's loader of data.
 */
#define _POSIX_C_SOURCE 200809L

#include "csv_scan.h"
#include "fell/plugin.h"
#include "file.h"
#include "plain.h"
#include "shape.h"
#include "targets.h"
#include "text.h"

enum { MOST_FEATURES = 1 << 24 };

struct settings {
    const char *path;
    int64_t features;
    bool zero_based;
    fell_strings missing;
    int32_t encoding;
    fell_ints shape;
};

static const fell_param params[] = {
    FELL_STRING(struct settings, path, NULL, FELL_REQUIRED | FELL_PATH, "The file, plain or gzip."),
    FELL_INT(struct settings, features, 0, 0, MOST_FEATURES, 0,
             "Number of inputs of a row; 0: the largest index in the file."),
    FELL_BOOL(struct settings, zero_based, false, "Whether indices count from 0 and not from 1."),
    NAMES_MISSING_PARAM(struct settings, "What stands for nothing, and is no class."),
    FELL_ENUM(struct settings, encoding, "utf8", TEXT_ENCODINGS, TEXT_ENCODING_DOC),
    FELL_INTS(struct settings, shape, "[]", 1, 1 << 24, 0,
              "Shape of one row's input, [C,H,W] for images or [T,D] for sequences; empty: a vector."),
};

struct entry {
    int32_t at; /* from 0 */
    double value;
};

struct sparse {
    const struct settings *s;
    fell_ctx *ctx;
    const char *file;   /* the path's last part */
    char place[280];    /* "path: FILE:" */
    struct table table; /* of one column, the target */
    struct targets targets;
    int64_t entries, room, rows_room, inputs;
    struct entry *entry; /* [entries] */
    int64_t *end;        /* [rows] one past a row's last entry */
    int64_t queries;     /* qid: that were passed over */
};

static void close_file(void *self)
{
    struct sparse *d = self;

    table_release(&d->table);
    targets_release(&d->targets);
    free(d->entry);
    free(d->end);
    free(d);
}

/* ---- one row ------------------------------------------------------------------------- */

/* The next word of a line, from *P on; empty at its end. */
static struct field next_word(char **p)
{
    struct field f = {*p, 0};

    while (*f.text == ' ' || *f.text == '\t')
        f.text++;
    while (!scan_at_line_end(f.text + f.len) && f.text[f.len] != ' ' && f.text[f.len] != '\t' &&
           f.text[f.len] != '#')
        f.len++;
    *p = f.text + f.len;
    return f;
}

static fell_status not_a_pair(const struct sparse *d, const struct field *f, int64_t line)
{
    return fell_fail(d->ctx, "%s%lld: '%.*s' is not INDEX:VALUE", d->place, (long long)line, field_shown(f),
                     f->text);
}

/* An index before its colon, from 0. */
static fell_status read_index(const struct sparse *d, const struct field *f, int64_t digits, int64_t line,
                              int64_t *at)
{
    const int64_t first = d->s->zero_based ? 0 : 1;
    int64_t index = 0;

    for (int64_t k = 0; k < digits; k++) {
        if (f->text[k] < '0' || f->text[k] > '9')
            return not_a_pair(d, f, line);
        index = index <= MOST_FEATURES ? index * 10 + (f->text[k] - '0') : index;
    }
    if (digits == 0)
        return not_a_pair(d, f, line);
    if (index < first)
        return fell_fail(d->ctx,
                         "%s%lld: index 0, but indices count from 1; zero_based: true counts them from 0",
                         d->place, (long long)line);
    if (index - first >= (d->s->features ? d->s->features : MOST_FEATURES))
        return fell_fail(d->ctx, "%s%lld: index %.*s, but a row has at most %lld features", d->place,
                         (long long)line, (int)(digits < 60 ? digits : 60), f->text,
                         (long long)(d->s->features ? d->s->features : MOST_FEATURES));
    *at = index - first;
    return FELL_OK;
}

static fell_status read_pair(struct sparse *d, const struct field *f, int64_t line, int64_t begin)
{
    const char *colon = memchr(f->text, ':', (size_t)f->len);
    struct field number;
    double value;
    int64_t at = 0;

    if (!colon)
        return not_a_pair(d, f, line);
    number = (struct field){f->text + (colon - f->text) + 1, f->len - (colon - f->text) - 1};
    if (read_index(d, f, colon - f->text, line, &at) != FELL_OK)
        return FELL_ERROR;
    if (!scan_number(&number, '.', &value))
        return not_a_pair(d, f, line);
    if (!isfinite((float)value))
        return fell_fail(d->ctx, "%s%lld: %.*s is too large for a 32-bit float", d->place, (long long)line,
                         field_shown(&number), number.text);
    if (d->entries > begin && d->entry[d->entries - 1].at >= at)
        return fell_fail(d->ctx, "%s%lld: index %.*s is not above the one before it", d->place,
                         (long long)line, (int)(colon - f->text), f->text);
    if (d->entries == d->room) {
        const int64_t room = 2 * d->room + 4096;
        struct entry *larger = realloc(d->entry, (size_t)room * sizeof *larger);

        if (!larger)
            return file_out_of_memory(d->ctx, "path", d->s->path);
        d->entry = larger;
        d->room = room;
    }
    d->entry[d->entries++] = (struct entry){(int32_t)at, value};
    d->inputs = at + 1 > d->inputs ? at + 1 : d->inputs;
    return FELL_OK;
}

/* The line from *P on, which is moved to its end. */
static fell_status read_row(struct sparse *d, char **p, int64_t line)
{
    const int64_t begin = d->entries;
    struct table *t = &d->table;
    struct field f = next_word(p);

    if (f.len == 0)
        return FELL_OK; /* blank, or a comment */
    if (memchr(f.text, ':', (size_t)f.len))
        return fell_fail(d->ctx, "%s%lld: it begins with '%.*s', without a target", d->place, (long long)line,
                         field_shown(&f), f.text);
    if (memchr(f.text, ',', (size_t)f.len))
        return fell_fail(d->ctx, "%s%lld: '%.*s' is several targets; one is possible", d->place,
                         (long long)line, field_shown(&f), f.text);
    if (t->rows == d->rows_room) {
        const int64_t room = 2 * d->rows_room + 1024;
        int64_t *larger = realloc(d->end, (size_t)room * sizeof *larger);

        d->end = larger ? larger : d->end;
        d->rows_room = larger ? room : d->rows_room;
    }
    if (t->rows == d->rows_room || f.len > TABLE_LONGEST || !table_grow(t, true))
        return file_out_of_memory(d->ctx, "path", d->s->path);
    t->line[t->rows] = line;
    t->cell[t->rows++] = (uint64_t)(f.text - t->text) << TABLE_LENGTH_BITS | (uint64_t)f.len;
    for (f = next_word(p); f.len > 0; f = next_word(p))
        if (f.len > 4 && !memcmp(f.text, "qid:", 4))
            d->queries++;
        else if (read_pair(d, &f, line, begin) != FELL_OK)
            return FELL_ERROR;
    d->end[t->rows - 1] = d->entries;
    return FELL_OK;
}

/* ---- the file --------------------------------------------------------------------------- */

static fell_status read_rows(struct sparse *d)
{
    size_t n = 0;
    char *p;

    if (text_read(d->ctx, d->s->path, d->s->encoding, &d->table.text, &n) != FELL_OK)
        return FELL_ERROR;
    if (n == 0)
        return fell_fail(d->ctx, "path: %s is empty", d->file);
    p = d->table.text;
    for (int64_t line = 1; *p; line++) {
        if (read_row(d, &p, line) != FELL_OK)
            return FELL_ERROR;
        while (!scan_at_line_end(p)) /* a comment */
            p++;
        p = scan_skip_newline(p);
    }
    if (d->table.rows == 0)
        return fell_fail(d->ctx, "path: %s has no rows", d->file);
    if (d->queries)
        fell_warn(d->ctx,
                  "path: %s: `qid:` is passed over, %lld times in %lld rows: rows of one query are rows like "
                  "others, in loss and splits",
                  d->file, (long long)d->queries, (long long)d->table.rows);
    d->inputs = d->s->features ? d->s->features : d->inputs;
    if (d->inputs == 0)
        return fell_fail(d->ctx, "path: %s has targets alone, and no INDEX:VALUE", d->file);
    return FELL_OK;
}

static fell_status open_file(fell_data_info *info)
{
    static const char name[] = "target";
    const struct settings *s = info->settings;
    struct sparse *d = calloc(1, sizeof *d);
    struct table_column *column = calloc(1, sizeof *column);
    fell_status result = FELL_ERROR;
    struct plain plain;

    if (!d || !column || !plain_begin(&plain)) {
        free(d);
        free(column);
        return file_out_of_memory(info->ctx, "path", s->path);
    }
    d->s = s;
    d->ctx = info->ctx;
    d->file = file_name(s->path);
    snprintf(d->place, sizeof d->place, "path: %s:", d->file);
    d->table = (struct table){.ctx = info->ctx,
                              .source = "file",
                              .row_word = "line",
                              .place = d->place,
                              .decimal = '.',
                              .missing = s->missing,
                              .n = 1,
                              .targets = 1,
                              .named = true};
    d->table.column = column;
    *column = (struct table_column){.name = {(char *)(uintptr_t)name, 6}, .role = TABLE_TARGET};
    d->targets.t = &d->table;
    if (read_rows(d) == FELL_OK) {
        if (!s->features && info->source && d->inputs < fell_size(&info->source->x))
            d->inputs = fell_size(&info->source->x); /* its last inputs are 0 in all rows here */
        info->x = fell_vec(d->inputs);
        if (shape_settle(info->ctx, &s->shape, d->inputs, d->file, &info->x) == FELL_OK)
            result = targets_settle(&d->targets, info);
    }
    plain_end(&plain);
    if (result != FELL_OK) {
        close_file(d);
        return result;
    }
    info->doubles = 1;
    info->rows = d->table.rows;
    info->self = d;
    return FELL_OK;
}

static fell_status read_file(fell_read_call *c)
{
    const struct sparse *d = c->self;
    struct plain plain;

    if (!plain_begin(&plain))
        return file_out_of_memory(c->ctx, "path", d->s->path);
    for (int64_t i = 0; i < c->n; i++) {
        const int64_t row = c->row[i];
        double *x = c->x64 + i * d->inputs;
        struct field target;

        memset(x, 0, (size_t)d->inputs * sizeof *x);
        for (int64_t k = row ? d->end[row - 1] : 0; k < d->end[row]; k++)
            x[d->entry[k].at] = d->entry[k].value;
        target = table_field(&d->table, row, 0);
        (void)targets_read(&d->targets, c, i, &target);
    }
    plain_end(&plain);
    return FELL_OK;
}

static const fell_dataset libsvm = {
    FELL_ITEM(FELL_KIND_DATASET, fell_dataset, "libsvm",
              "Sparse rows of text in the format of LIBSVM: TARGET INDEX:VALUE INDEX:VALUE ...\n\n"
              "Inputs that are not named are 0. Targets are classes, sorted and numbered from 0, when the\n"
              "loss takes classes, and values otherwise. A test set has at least the inputs of the source.\n"
              "`#` begins a comment, `qid:` is passed over, which is told.",
              struct settings, params),
    open_file, read_file, close_file};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &libsvm.item);
