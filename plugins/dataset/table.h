/* table.h - a table as text: rows of fields that stay as they were written until it is known
 * what their column is.
 *
 * Included by csv, sqlite and libsvm, through table_inputs.h and targets.h. Of rows in memory a field takes
 * eight bytes and points into one text; a CSV file has only its first rows there (table_rows.h). Knows
 * nothing of files: a row's place is told by a prefix and a number, "path: iris.csv:" and a line.
 */
#ifndef DATASET_TABLE_H
#define DATASET_TABLE_H

#include <errno.h>
#include <stdio.h>

#include "csv_scan.h"
#include "fell/plugin.h"
#include "table_ends.h"

enum {
    TABLE_LENGTH_BITS = 20,
    TABLE_LONGEST = (1 << TABLE_LENGTH_BITS) - 1,
    TABLE_MOST_WORDS = 64,
    TABLE_ENOUGH = 8, /* rows to say what is unlike all others */
    TABLE_MOST_COUNTED = 1000000
};

enum table_role { TABLE_INPUT, TABLE_TARGET, TABLE_MARK, TABLE_LEFT_OUT };

/* Bytes that stay where they are, in blocks. */
struct keep {
    struct keep_block {
        struct keep_block *next;
    } * block;         /* the newest first, each with its bytes behind it */
    size_t used, room; /* of the newest */
};

static inline void keep_release(struct keep *k)
{
    while (k->block) {
        struct keep_block *next = k->block->next;

        free(k->block);
        k->block = next;
    }
}

/* A copy of N bytes with a NUL behind it; NULL: out of memory. */
static inline char *keep_bytes(struct keep *k, const char *bytes, int64_t n)
{
    enum { BLOCK = 4000 };
    const size_t size = (size_t)n + 1;
    char *to;

    if (k->room - k->used < size) {
        const size_t room = size > BLOCK ? size : BLOCK;
        struct keep_block *block = malloc(sizeof *block + room);

        if (!block)
            return NULL;
        block->next = k->block;
        *k = (struct keep){block, 0, room};
    }
    to = (char *)(k->block + 1) + k->used;
    if (n) /* nothing may have no address */
        memcpy(to, bytes, (size_t)n);
    to[n] = '\0';
    k->used += size;
    return to;
}

/* A field that is spoken of: its row, where that begins in the file, and its text, kept. */
struct table_spot {
    int64_t row, line;
    struct field f;
};

struct table_column {
    struct field name; /* empty: without one */
    enum table_role role;
    int64_t target;    /* which */
    uint64_t is;       /* FELL_NUMBER, FELL_CATEGORY; 0: to be found out */
    int64_t embed;     /* a category as FELL_INDEX, with vectors of so many numbers; 0: it is not */
    int64_t embedded;  /* which of those that the settings name, from 1 */
    uint64_t declared; /* what `is` was before it was found out */
    /* What its fields are, of an input or target, and the first of each kind: */
    int64_t missing, numbers, commas, codes, texts, large; /* the last: beyond a float */
    int64_t units; /* texts that are numbers with the first one's unit */
    struct table_spot first, first_missing, first_comma, first_code, first_text, first_large;
    bool skips;  /* its numbers do not count up by one from row to row */
    bool rounds; /* some of its numbers are no floats */
    double from; /* the first of them */
    double min, max;
    struct table_ends ends;
    int64_t nwords;
    char **word; /* [nwords] sorted by bytes, in one allocation, or another dataset's */
    bool own_words, word_never_missing; /* the latter of the source's column */
    int64_t at;                         /* where its numbers are in a row of x */
};

struct table;
typedef fell_status
table_pass(struct table *t,
           fell_status (*visit)(void *arg, int64_t row, int64_t line, const struct field *field), void *arg);

struct table {
    fell_ctx *ctx;
    const char *source, *row_word; /* for messages: "file" or "query", "line" or "row" */
    const char *place;             /* what stands before a row's number in messages */
    fell_strings missing;          /* words that stand for nothing */
    char decimal;                  /* before a fraction */
    bool comma_divides;            /* the columns, so that it cannot be that */
    bool zeros;                    /* an unknown word is none of the words */
    char *text;                    /* what fields point into */
    int64_t n, rows, room;
    uint64_t *cell;              /* [rows, n] where in the text, and how long */
    int64_t *line;               /* [rows], or NULL: a row's number */
    struct table_column *column; /* [n] */
    table_pass *pass;            /* ROWS that are not in memory, gone through anew; NULL: they are */
    void *self;                  /* the dataset's, for it */
    struct keep kept;            /* texts that are spoken of, names of columns that have no other place */
    bool counted;                /* column[] says what the fields are */
    bool named;
    bool second;     /* its columns are those of another */
    bool fills;      /* missing values are filled, by what another table has shown */
    int64_t steps;   /* of a sequence, [steps] or [steps, numbers] by `shape`; else 0 */
    bool no_targets; /* the inputs are learnt: there need be none, and none is read */
    bool new_rows;   /* a trained net is asked of them: its inputs are what counts, other columns are none */
    int64_t source_inputs; /* columns of the net's table */
    int64_t targets;
    int64_t group, weights; /* columns of table_marks.h, from 1; 0: without */
    int64_t nused;
    int64_t *used;              /* [nused] inputs in the order of x */
    struct fell_column *told;   /* [nused] the same for the host */
    char *names;                /* NUL-terminated, of told */
    int64_t width;              /* numbers in a row of x */
    char label[160], what[512]; /* what table_label() returned last; for info.found */
};

static inline void table_release(struct table *t)
{
    for (int64_t j = 0; t->column && j < t->n; j++)
        if (t->column[j].own_words)
            free(t->column[j].word);
    free(t->column);
    free(t->text);
    free(t->cell);
    free(t->line);
    free(t->used);
    free(t->told);
    free(t->names);
    keep_release(&t->kept);
}

static inline fell_status table_no_memory(const struct table *t)
{
    return fell_fail(t->ctx, "%.*s there is not enough memory", (int)strcspn(t->place, " "), t->place);
}

/* ---- fields ---------------------------------------------------------------------- */

static inline struct field table_field(const struct table *t, int64_t row, int64_t j)
{
    const uint64_t cell = t->cell[row * t->n + j];

    return (struct field){t->text + (cell >> TABLE_LENGTH_BITS), (int64_t)(cell & TABLE_LONGEST)};
}

/* Room for one more row, or false when memory is out. */
static inline bool table_grow(struct table *t, bool lines)
{
    const int64_t room = t->room ? 2 * t->room : 1024;
    uint64_t *cell;
    int64_t *line;

    if (t->rows < t->room)
        return true;
    cell = realloc(t->cell, (size_t)(room * t->n) * sizeof *cell);
    if (!cell)
        return false;
    t->cell = cell;
    if (lines) {
        line = realloc(t->line, (size_t)room * sizeof *line);
        if (!line)
            return false;
        t->line = line;
    }
    t->room = room;
    return true;
}

static inline long long table_line(const struct table *t, int64_t row)
{
    return (long long)(t->line ? t->line[row] : row + 1);
}

static inline int field_shown(const struct field *f)
{
    return (int)(f->len < 60 ? f->len : 60);
}

static inline int field_order(const void *a, const void *b)
{
    const struct field *p = a, *q = b;
    const int order = memcmp(p->text, q->text, (size_t)(p->len < q->len ? p->len : q->len));

    return order ? order : (p->len > q->len) - (p->len < q->len);
}

static inline bool field_is(const struct field *f, const char *text)
{
    return f->len == (int64_t)strlen(text) && !memcmp(f->text, text, (size_t)f->len);
}

static inline bool table_missing(const struct table *t, const struct field *f)
{
    for (int64_t i = 0; i < t->missing.n; i++)
        if (field_is(f, t->missing.v[i]))
            return true;
    return f->len == 0;
}

static inline bool table_number(const struct table *t, const struct field *f, double *value)
{
    return scan_number(f, t->decimal, value);
}

/* Whether F without the thousands' sign SEP is a number with a fraction behind DECIMAL. EXACT: three digits
 * stand behind each such sign, and no more. */
static inline bool field_without(const struct field *f, char sep, char decimal, bool exact)
{
    char plain[64];
    struct field other = {plain, 0};
    double v;

    if (f->len >= (int64_t)sizeof plain || f->len < 5)
        return false;
    for (int64_t i = 0; i < f->len; i++) {
        const int64_t left = f->len - i;
        bool thousands = f->text[i] == sep && left > 3 && i > 0;

        for (int k = 1; exact && thousands && k <= 3; k++)
            thousands = f->text[i + k] >= '0' && f->text[i + k] <= '9';
        if (exact && thousands && left > 4)
            thousands = f->text[i + 4] < '0' || f->text[i + 4] > '9';
        if (!thousands)
            plain[other.len++] = f->text[i];
    }
    return other.len < f->len && scan_number(&other, decimal, &v);
}

/* A number as another country writes it: with the other sign before its fraction, with commas between
 * thousands, or with both, 1.234,50. */
static inline bool field_is_foreign(const struct table *t, const struct field *f)
{
    const char other = t->decimal == '.' ? ',' : '.';
    double v;

    return scan_number(f, other, &v) || field_without(f, other, t->decimal, false) ||
           field_without(f, t->decimal, other, true);
}

/* ---- columns ----------------------------------------------------------------------- */

/* "column 3 (petal_length)", as long as the next call does not come. */
static inline const char *table_label(struct table *t, int64_t j)
{
    const struct field *name = &t->column[j].name;

    if (name->len > 0)
        snprintf(t->label, sizeof t->label, "column %lld (%.*s)", (long long)j + 1,
                 (int)(name->len < 100 ? name->len : 100), name->text);
    else
        snprintf(t->label, sizeof t->label, "column %lld", (long long)j + 1);
    return t->label;
}

static inline int table_small(char c)
{
    return c >= 'A' && c <= 'Z' ? c | 32 : c;
}

/* Edit distance of two words (Levenshtein 1966), both cut at 63 bytes, capitals as small letters. */
static inline int64_t table_distance(const char *a, const struct field *b)
{
    const int64_t m = b->len < 63 ? b->len : 63;
    int64_t cost[64];

    for (int64_t j = 0; j <= m; j++)
        cost[j] = j;
    for (int64_t i = 0; a[i] && i < 63; i++) {
        int64_t diagonal = cost[0];

        cost[0] = i + 1;
        for (int64_t j = 1; j <= m; j++) {
            const int64_t change = diagonal + (table_small(a[i]) != table_small(b->text[j - 1]));
            const int64_t step = (cost[j] < cost[j - 1] ? cost[j] : cost[j - 1]) + 1;

            diagonal = cost[j];
            cost[j] = change < step ? change : step;
        }
    }
    return cost[m];
}

/* The error that no column is called WANTED in SETTING: the nearest name, and the first few. */
static inline fell_status table_unknown(const struct table *t, const char *setting, const char *wanted)
{
    enum { SHOWN = 8 };
    const int64_t allowed = (int64_t)strlen(wanted) / 3 + 1;
    int64_t best = -1, least = allowed + 1;
    char list[256] = "", near[128] = "";
    size_t used = 0;

    if (!t->named)
        return fell_fail(
            t->ctx, "%s: the %s has no header, so '%s' cannot be looked up; give a number from 0 to %lld",
            setting, t->source, wanted, (long long)t->n - 1);
    for (int64_t j = 0; j < t->n; j++) {
        const struct field *name = &t->column[j].name;
        const int64_t d = table_distance(wanted, name);

        if (d < least && d < name->len) { /* something of it is there */
            least = d;
            best = j;
        }
        if (j < SHOWN && used + 40 < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%.*s", j ? ", " : "",
                                     (int)(name->len < 30 ? name->len : 30), name->text);
    }
    if (best >= 0)
        snprintf(near, sizeof near, "; did you mean '%.*s'?",
                 (int)(t->column[best].name.len < 90 ? t->column[best].name.len : 90),
                 t->column[best].name.text);
    return fell_fail(t->ctx, "%s: there is no column '%s'%s (columns: %s%s)", setting, wanted, near, list,
                     t->n > SHOWN ? ", ..." : "");
}

/* A whole number in decimal, as an index is written. */
static inline bool table_index(const char *text, int64_t *index)
{
    char *end;

    errno = 0;
    *index = strtoll(text, &end, 10);
    return *text && *end == '\0' && errno == 0;
}

/* The column that SETTING calls WANTED: by name, else by number from 0, or from the end with -1, -2. */
static inline fell_status table_find(const struct table *t, const char *setting, const char *wanted,
                                     int64_t *found)
{
    int64_t index;

    *found = -1;
    for (int64_t j = 0; t->named && j < t->n; j++) {
        if (!field_is(&t->column[j].name, wanted))
            continue;
        if (*found >= 0)
            return fell_fail(t->ctx, "%s: columns %lld and %lld are both called '%s'", setting,
                             (long long)*found + 1, (long long)j + 1, wanted);
        *found = j;
    }
    if (*found >= 0) {
        if (table_index(wanted, &index) && (index < 0 ? index + t->n : index) != *found)
            fell_warn(t->ctx, "%s: %s is taken as the name of column %lld, not as a number from 0", setting,
                      wanted, (long long)*found + 1);
        return FELL_OK;
    }
    if (!table_index(wanted, &index))
        return table_unknown(t, setting, wanted);
    *found = index < 0 ? index + t->n : index;
    if (*found < 0 || *found >= t->n)
        return fell_fail(t->ctx, "%s: there is no column %s; the %s has 0 to %lld", setting, wanted,
                         t->source, (long long)t->n - 1);
    return FELL_OK;
}

/* Of new rows inputs are found by name, and where there are no names and no more columns than inputs, all
 * are: whether a column that the settings WANTED as something else is not looked for. It may be there by
 * name. */
static inline bool table_passes_over(struct table *t, const char *wanted)
{
    for (int64_t j = 0; t->new_rows && t->named && j < t->n; j++)
        if (field_is(&t->column[j].name, wanted))
            t->column[j].role = TABLE_LEFT_OUT;
    return t->new_rows && (t->named || t->n == t->source_inputs);
}

/* Which columns are targets and which are left out. */
static inline fell_status table_assign(struct table *t, const fell_strings *targets, const fell_strings *drop)
{
    int64_t j, left = t->n;

    if (targets->n == 0 && !t->no_targets)
        return fell_fail(
            t->ctx, "target: the list is empty; which column is learnt? Only data.target: input needs none");
    for (int64_t i = 0; i < targets->n; i++) {
        if (table_passes_over(t, targets->v[i]))
            continue;
        if (table_find(t, "target", targets->v[i], &j) != FELL_OK)
            return FELL_ERROR;
        if (t->column[j].role == TABLE_TARGET)
            return fell_fail(t->ctx, "target: %s is named twice", table_label(t, j));
        t->column[j].role = TABLE_TARGET;
        t->column[j].target = i;
        left--;
    }
    t->targets = targets->n;
    if (left == 0)
        return fell_fail(t->ctx, "target: every column is a target; none is left as input");
    for (int64_t i = 0; drop && i < drop->n; i++) {
        if (table_passes_over(t, drop->v[i]))
            continue;
        if (table_find(t, "drop", drop->v[i], &j) != FELL_OK)
            return FELL_ERROR;
        if (t->column[j].role != TABLE_INPUT)
            return fell_fail(t->ctx, "drop: %s is %s", table_label(t, j),
                             t->column[j].role == TABLE_TARGET ? "the target" : "named twice");
        t->column[j].role = TABLE_LEFT_OUT;
        left--;
    }
    return left ? FELL_OK : fell_fail(t->ctx, "drop: no column is left as input");
}

/* The column that SETTING names, no input any more: *FOUND, from 1. Not named: 0. */
static inline fell_status table_mark(struct table *t, const char *setting, const char *wanted, int64_t *found)
{
    int64_t j, left = 0;

    *found = 0;
    if (!wanted || table_passes_over(t, wanted))
        return FELL_OK;
    if (table_find(t, setting, wanted, &j) != FELL_OK)
        return FELL_ERROR;
    if (t->column[j].role != TABLE_INPUT)
        return fell_fail(t->ctx, "%s: %s is %s", setting, table_label(t, j),
                         t->column[j].role == TABLE_TARGET ? "the target"
                         : t->column[j].role == TABLE_MARK ? "the group"
                                                           : "left out by drop");
    t->column[j].role = TABLE_MARK;
    *found = j + 1;
    for (int64_t k = 0; k < t->n; k++)
        left += t->column[k].role == TABLE_INPUT;
    return left ? FELL_OK : fell_fail(t->ctx, "%s: no column is left as input", setting);
}

enum { TABLE_MOST_EMBED = 1 << 16 };

/* "embed 8", as the setting {embed: 8} arrives: 8; 0: WORD is another one. */
static inline int64_t table_embed(const char *word)
{
    int64_t n;

    if (strncmp(word, "embed ", 6) != 0 || !table_index(word + 6, &n))
        return 0;
    return n >= 1 && n <= TABLE_MOST_EMBED ? n : 0;
}

/* What the setting `columns` says of a column: number, category, drop, or embed with a length. */
static inline fell_status table_declare(struct table *t, const fell_map *columns)
{
    if (t->new_rows)
        return FELL_OK; /* the net's columns say what they are */
    for (int64_t i = 0; i < columns->n; i++) {
        const char *word = columns->value[i];
        struct table_column *c;
        int64_t j;

        if (table_find(t, "columns", columns->key[i], &j) != FELL_OK)
            return FELL_ERROR;
        c = &t->column[j];
        if (c->role == TABLE_TARGET || c->role == TABLE_MARK)
            return fell_fail(t->ctx, "columns: %s is the %s; only inputs are declared", table_label(t, j),
                             c->role == TABLE_TARGET ? "target"
                             : j + 1 == t->group     ? "group"
                                                     : "weight");
        c->embed = table_embed(word);
        if (c->embed)
            c->embedded = i + 1;
        if (!strcmp(word, "number"))
            c->is = FELL_NUMBER;
        else if (!strcmp(word, "category") || c->embed)
            c->is = FELL_CATEGORY;
        else if (!strcmp(word, "drop"))
            c->role = TABLE_LEFT_OUT;
        else
            return fell_fail(t->ctx,
                             "columns: %s is '%s', which is neither number, category, drop nor "
                             "{embed: N}, with N numbers for each word, from 1 to %d",
                             columns->key[i], word, TABLE_MOST_EMBED);
    }
    return FELL_OK;
}

#endif
