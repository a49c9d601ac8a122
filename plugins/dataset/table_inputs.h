/* table_inputs.h - the inputs of a table: what each column is, all that is wrong with them in one
 * message, a second table in the columns of the first, and rows of numbers.
 *
 * A column of numbers is a number, of text a category: one number for each word, 1 at the row's
 * own. Whole numbers that a double would lose (042, ids beyond 2^53) are words. Nothing is guessed
 * where numbers and text are mixed. Included by csv.c and sqlite.c.
 */
#ifndef DATASET_TABLE_INPUTS_H
#define DATASET_TABLE_INPUTS_H

#include "table.h"

/* ---- what is wrong, all of it ---------------------------------------------------------- */

/* Sentences parted by semicolons. */
struct problems {
    char text[1600];
    size_t used;
    int64_t n, left_out;
};

#define PROBLEMS_ROOM 1300

FELL_PRINTF_ static inline void problems_add(struct problems *p, const char *fmt, ...)
{
    va_list ap;
    int n;

    if (p->used > PROBLEMS_ROOM) {
        p->left_out++;
        return;
    }
    if (p->n++)
        p->used += (size_t)snprintf(p->text + p->used, sizeof p->text - p->used, "; ");
    va_start(ap, fmt);
    n = vsnprintf(p->text + p->used, sizeof p->text - p->used, fmt, ap);
    va_end(ap);
    p->used += n < 0 ? 0 : (size_t)n;
    if (p->used >= sizeof p->text)
        p->used = sizeof p->text - 1;
}

/* The one message; FELL_OK if there is nothing to say. */
static inline fell_status problems_end(const struct problems *p, const struct table *t)
{
    char all[2000];

    if (!p->n)
        return FELL_OK;
    snprintf(all, sizeof all, "%.*s %s", (int)strcspn(t->place, " "), t->place, p->text);
    if (p->left_out)
        snprintf(all + strlen(all), sizeof all - strlen(all), "; and %lld more", (long long)p->left_out);
    t->ctx->host->fail(t->ctx, all);
    return FELL_ERROR;
}

/* "FILE:7: " or "row 7: ": where ROW is, without the setting that a message begins with. */
static inline const char *table_place(const struct table *t, int64_t row, char text[320])
{
    snprintf(text, 320, "%s%lld: ", t->place + strcspn(t->place, " ") + 1, table_line(t, row));
    return text;
}

/* ---- what the fields of a column are --------------------------------------------------- */

static inline void table_note(int64_t *count, int64_t *first, int64_t row)
{
    if (!(*count)++)
        *first = row;
}

/* A number with its sign before or behind: $12.50, 12 %, 3.5 kg is none. */
static inline bool field_has_sign(const struct table *t, const struct field *f)
{
    static const char *const signs[] = {"$", "%", "\xe2\x82\xac", "\xc2\xa3", "\xc2\xa5"};
    double v;

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const int64_t n = (int64_t)strlen(signs[i]);
        struct field rest = *f;

        if (f->len <= n)
            continue;
        if (!memcmp(f->text, signs[i], (size_t)n))
            rest.text += n;
        else if (memcmp(f->text + f->len - n, signs[i], (size_t)n) != 0)
            continue;
        for (rest.len -= n; rest.len > 0 && rest.text[rest.len - 1] == ' '; rest.len--)
            continue;
        for (; rest.len > 0 && *rest.text == ' '; rest.len--)
            rest.text++;
        if (scan_number(&rest, t->decimal, &v))
            return true;
    }
    return false;
}

static inline void table_count(const struct table *t, struct table_column *c, int64_t j)
{
    for (int64_t row = 0; row < t->rows; row++) {
        const struct field f = table_field(t, row, j);
        double v;

        if (table_missing(t, &f)) {
            table_note(&c->missing, &c->first_missing, row);
        } else if (table_number(t, &f, &v)) {
            c->min = c->numbers && c->min < v ? c->min : v;
            c->max = c->numbers && c->max > v ? c->max : v;
            c->numbers++;
            if (c->is == 0 && scan_is_code(&f))
                table_note(&c->codes, &c->first_code, row);
        } else if (field_is_foreign(t, &f)) {
            table_note(&c->commas, &c->first_comma, row);
        } else {
            table_note(&c->texts, &c->first_text, row);
        }
    }
}

/* An unnamed first column of 0, 1, 2 ...: pandas' index. */
static inline bool table_is_index(const struct table *t, const struct table_column *c, int64_t j)
{
    double v;

    if (!t->named || j > 0 || t->rows < 2 || c->numbers != t->rows ||
        (c->name.len > 0 && !field_is(&c->name, "Unnamed: 0")))
        return false;
    for (int64_t row = 0; row < t->rows; row++) {
        const struct field f = table_field(t, row, j);

        if (!table_number(t, &f, &v) || v != (double)row)
            return false;
    }
    return true;
}

/* How a setting calls column J: by name, or by number from 0. */
static inline const char *table_key(const struct table *t, int64_t j, char text[64])
{
    const struct field *name = &t->column[j].name;

    if (name->len > 0)
        snprintf(text, 64, "%.*s", field_shown(name), name->text);
    else
        snprintf(text, 64, "%lld", (long long)j);
    return text;
}

static inline void table_say_not_a_number(struct table *t, struct problems *p, int64_t j)
{
    const struct table_column *c = &t->column[j];
    const int64_t row =
        c->commas && (!c->texts || c->first_comma < c->first_text) ? c->first_comma : c->first_text;
    const int64_t others = c->texts + c->commas - 1;
    const struct field f = table_field(t, row, j);
    char place[320], more[96] = "", key[64];

    table_place(t, row, place);
    if (others > 0)
        snprintf(more, sizeof more, " (nor are %lld others of %lld)", (long long)others, (long long)t->rows);
    if (c->commas && row == c->first_comma)
        problems_add(p, "%s%s: '%.*s' is not a number%s; decimals have a %s%s", place, table_label(t, j),
                     field_shown(&f), f.text, more, t->decimal == '.' ? "point" : "comma",
                     t->decimal == '.' ? ", or say decimal: \",\"; thousands have no sign" : "");
    else if (field_has_sign(t, &f))
        problems_add(p, "%s%s: '%.*s' is a number with a sign%s; numbers are digits alone", place,
                     table_label(t, j), field_shown(&f), f.text, more);
    else
        problems_add(p,
                     "%s%s: '%.*s' is not a number%s; if it stands for nothing, add it to missing, if all "
                     "are words, say columns: {%s: category}",
                     place, table_label(t, j), field_shown(&f), f.text, more, table_key(t, j, key));
}

/* What an input is that nobody declared. */
static inline void table_infer(struct table *t, struct problems *p, int64_t j)
{
    struct table_column *c = &t->column[j];
    struct field f;

    if (c->missing == t->rows) {
        problems_add(p, "%s holds nothing; drop it", table_label(t, j));
        return;
    }
    if (c->is == FELL_CATEGORY)
        return;
    if (c->is == 0 && c->numbers == 0 && c->commas == 0) {
        f = table_field(t, c->first_text, j);
        if (field_has_sign(t, &f))
            table_say_not_a_number(t, p, j);
        c->is = FELL_CATEGORY;
        return;
    }
    if (c->commas || c->texts)
        table_say_not_a_number(t, p, j);
    else
        c->is = c->codes ? FELL_CATEGORY : FELL_NUMBER;
    if (c->is == FELL_NUMBER && !(isfinite((float)c->min) && isfinite((float)c->max))) {
        for (int64_t row = 0; row < t->rows; row++) {
            double v = 0.0;

            f = table_field(t, row, j);
            if (table_number(t, &f, &v) && !isfinite((float)v)) {
                char place[320];

                problems_add(p, "%s%s: %.*s is too large for a 32-bit float", table_place(t, row, place),
                             table_label(t, j), field_shown(&f), f.text);
                break;
            }
        }
    }
}

/* ---- words ------------------------------------------------------------------------------- */

static inline int field_order(const void *a, const void *b)
{
    const struct field *p = a, *q = b;
    const int order = memcmp(p->text, q->text, (size_t)(p->len < q->len ? p->len : q->len));

    return order ? order : (p->len > q->len) - (p->len < q->len);
}

/* The distinct texts of column J, sorted by bytes, into its words. */
static inline fell_status table_collect_words(struct table *t, int64_t j)
{
    struct table_column *c = &t->column[j];
    struct field *all = malloc((size_t)t->rows * sizeof *all);
    size_t bytes = 0;
    int64_t n = 0, words = 0;
    char *to;

    if (!all)
        return table_no_memory(t);
    for (int64_t row = 0; row < t->rows; row++) {
        all[n] = table_field(t, row, j);
        n += !table_missing(t, &all[n]);
    }
    qsort(all, (size_t)n, sizeof *all, field_order);
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || field_order(&all[i], &all[words - 1])) {
            all[words++] = all[i];
            bytes += (size_t)all[i].len + 1;
        }
    c->word = malloc((size_t)words * sizeof *c->word + bytes + 1);
    if (!c->word) {
        free(all);
        return table_no_memory(t);
    }
    to = (char *)(c->word + words);
    for (int64_t i = 0; i < words; i++) {
        c->word[i] = to;
        memcpy(to, all[i].text, (size_t)all[i].len);
        to[all[i].len] = '\0';
        to += all[i].len + 1;
    }
    c->nwords = words;
    c->own_words = true;
    free(all);
    return FELL_OK;
}

/* Which word of column C a field is, or -1. */
static inline int64_t table_word(const struct table_column *c, const struct field *f)
{
    int64_t low = 0, high = c->nwords;

    while (low < high) {
        const int64_t middle = (low + high) / 2;
        const struct field word = {c->word[middle], (int64_t)strlen(c->word[middle])};
        const int order = field_order(&word, f);

        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

/* Words of a test set that the source does not have. */
static inline void table_check_words(struct table *t, struct problems *p, int64_t j)
{
    const struct table_column *c = &t->column[j];
    int64_t unknown = 0, first = 0;

    for (int64_t row = 0; row < t->rows; row++) {
        const struct field f = table_field(t, row, j);

        if (!table_missing(t, &f) && table_word(c, &f) < 0)
            table_note(&unknown, &first, row);
    }
    if (c->missing && c->word_never_missing && !t->zeros) {
        char place[320];

        problems_add(
            p,
            "%s%s: missing value (%lld in all), but the source has all of them; unknown: zeros takes "
            "it as no word",
            table_place(t, c->first_missing, place), table_label(t, j), (long long)c->missing);
    }
    if (unknown && !t->zeros) {
        const struct field f = table_field(t, first, j);
        char place[320];

        problems_add(p,
                     "%s%s: '%.*s' is not among the %lld words of the source (%lld row%s); unknown: zeros "
                     "takes it as none of them",
                     table_place(t, first, place), table_label(t, j), field_shown(&f), f.text,
                     (long long)c->nwords, (long long)unknown, unknown == 1 ? " has such" : "s have such");
    }
}

static inline fell_status table_settle_words(struct table *t, struct problems *p, int64_t j)
{
    struct table_column *c = &t->column[j];

    if (c->word) {
        table_check_words(t, p, j);
        return FELL_OK;
    }
    if (table_collect_words(t, j) != FELL_OK)
        return FELL_ERROR;
    if (c->nwords > TABLE_MOST_WORDS) {
        const struct field f = table_field(t, c->codes ? c->first_code : 0, j);

        problems_add(p, "%s has %lld words ('%.*s', ...), more than %d; drop it%s", table_label(t, j),
                     (long long)c->nwords, field_shown(&f), f.text, TABLE_MOST_WORDS,
                     c->texts ? "" : ", or say in columns that it is a number");
    }
    return FELL_OK;
}

/* ---- the source's columns ------------------------------------------------------------------- */

/* The input called NAME, from AFTER on; -1: none. */
static inline int64_t table_input_named(const struct table *t, const char *name)
{
    for (int64_t j = 0; j < t->n; j++)
        if (t->column[j].role == TABLE_INPUT && field_is(&t->column[j].name, name))
            return j;
    return -1;
}

static inline bool source_is_named(const fell_data_info *source)
{
    for (int64_t k = 0; k < source->ncolumns; k++)
        if (source->column[k].name && source->column[k].name[0])
            return true;
    return false;
}

/* Column J is the source's column FROM. */
static inline void table_take_column(struct table *t, int64_t j, const fell_column *from)
{
    struct table_column *c = &t->column[j];

    c->is = from->is;
    c->word = (char **)(uintptr_t)from->word;
    c->nwords = from->nwords;
    c->word_never_missing = from->missing == 0;
    t->used[t->nused++] = j;
}

static inline void list_name(char *list, size_t size, const char *name, int n)
{
    const size_t used = strlen(list);

    if (used + 80 < size)
        snprintf(list + used, size - used, "%s'%.*s'", used ? ", " : "", n < 60 ? n : 60, name);
    else if (used + 8 < size && list[used - 1] != '.')
        snprintf(list + used, size - used, ", ...");
}

/* By name: each input of the source is found, and no input is left over. */
static inline void table_match_names(struct table *t, const fell_data_info *source, struct problems *p)
{
    char absent[400] = "", extra[400] = "";

    for (int64_t k = 0; k < source->ncolumns; k++) {
        const char *name = source->column[k].name ? source->column[k].name : "";
        const int64_t j = table_input_named(t, name);

        if (j < 0) {
            list_name(absent, sizeof absent, name, (int)strlen(name));
            continue;
        }
        table_take_column(t, j, &source->column[k]);
        t->column[j].role = TABLE_LEFT_OUT; /* a second of its name is the next one's */
    }
    for (int64_t k = 0; k < t->nused; k++)
        t->column[t->used[k]].role = TABLE_INPUT;
    for (int64_t j = 0; j < t->n; j++) {
        bool used = false;

        for (int64_t k = 0; k < t->nused; k++)
            used |= t->used[k] == j;
        if (t->column[j].role == TABLE_INPUT && !used)
            list_name(extra, sizeof extra, t->column[j].name.text, (int)t->column[j].name.len);
    }
    if (absent[0])
        problems_add(p, "there is no column %s, which the source has as input", absent);
    if (extra[0])
        problems_add(p, "column %s is no input of the source; drop it here, or there not", extra);
}

static inline void table_match(struct table *t, const fell_data_info *source, struct problems *p)
{
    const bool named = source_is_named(source);
    int64_t inputs = 0;

    if (named && t->named) {
        table_match_names(t, source, p);
        return;
    }
    for (int64_t j = 0; j < t->n; j++)
        inputs += t->column[j].role == TABLE_INPUT;
    if (inputs != source->ncolumns) {
        problems_add(p, "%lld inputs, but the source has %lld", (long long)inputs,
                     (long long)source->ncolumns);
        return;
    }
    for (int64_t j = 0, k = 0; j < t->n; j++)
        if (t->column[j].role == TABLE_INPUT)
            table_take_column(t, j, &source->column[k++]);
    if (named != t->named)
        fell_warn(t->ctx, "%s has column names and %s none, so columns are matched by position",
                  named ? "the source" : "the other table", named ? "the other table" : "the source");
}

/* ---- the whole -------------------------------------------------------------------------------- */

static inline void table_say_missing(struct table *t, struct problems *p)
{
    int64_t columns = 0, fields = 0, row = INT64_MAX, at = 0;
    char list[500] = "", place[320];
    struct field f;

    for (int64_t k = 0; k < t->nused; k++) {
        const struct table_column *c = &t->column[t->used[k]];
        const size_t used = strlen(list);

        if (!c->missing || c->missing == t->rows)
            continue;
        columns++;
        fields += c->missing;
        if (c->first_missing < row) {
            row = c->first_missing;
            at = t->used[k];
        }
        if (used + 120 < sizeof list)
            snprintf(list + used, sizeof list - used, "%s%.*s %lld", used ? ", " : "",
                     (int)(c->name.len < 60 ? c->name.len : 60), c->name.text, (long long)c->missing);
        else if (list[used - 1] != '.')
            snprintf(list + used, sizeof list - used, ", ...");
    }
    if (!columns)
        return;
    f = table_field(t, row, at);
    problems_add(p, "%s%s: missing value%s%.*s%s", table_place(t, row, place), table_label(t, at),
                 f.len ? " ('" : "", field_shown(&f), f.text, f.len ? "')" : "");
    if (fields > 1)
        problems_add(p, "in all %lld values of %lld column%s are missing (%s)", (long long)fields,
                     (long long)columns, columns == 1 ? "" : "s", list);
    problems_add(p, "fill them with a first transform, impute, or drop the column%s",
                 columns == 1 ? "" : "s");
}

/* What the host is told of the columns in use. */
static inline fell_status table_tell(struct table *t)
{
    size_t bytes = 1;
    char *to;

    for (int64_t k = 0; k < t->nused; k++)
        bytes += (size_t)t->column[t->used[k]].name.len + 1;
    t->told = calloc((size_t)t->nused, sizeof *t->told);
    t->names = to = malloc(bytes);
    if (!t->told || !to)
        return table_no_memory(t);
    t->width = 0;
    for (int64_t k = 0; k < t->nused; k++) {
        struct table_column *c = &t->column[t->used[k]];

        c->at = t->width;
        t->told[k] = (struct fell_column){.name = t->named ? to : NULL,
                                          .is = c->is,
                                          .at = c->at,
                                          .width = c->is == FELL_CATEGORY ? c->nwords : 1,
                                          .missing = c->missing,
                                          .min = c->min,
                                          .max = c->max,
                                          .number = t->used[k],
                                          .nwords = c->nwords,
                                          .word = (const char *const *)(uintptr_t)c->word};
        t->width += t->told[k].width;
        if (c->name.len) /* a column without a name has no text */
            memcpy(to, c->name.text, (size_t)c->name.len);
        to[c->name.len] = '\0';
        to += c->name.len + 1;
    }
    return FELL_OK;
}

/* Settles all inputs once the rows are in and the roles are given: fills column, ncolumns and doubles
 * of INFO, and t->width. One error with all that is wrong. */
static inline fell_status table_settle_inputs(struct table *t, fell_data_info *info)
{
    const fell_data_info *source = info->source && info->source->column ? info->source : NULL;
    struct problems p = {.n = 0};

    t->used = malloc((size_t)t->n * sizeof *t->used);
    if (!t->used)
        return table_no_memory(t);
    for (int64_t j = 0; j < t->n; j++) {
        struct table_column *c = &t->column[j];

        if (c->role != TABLE_INPUT)
            continue;
        table_count(t, c, j);
        if (c->is == 0 && table_is_index(t, c, j)) {
            fell_warn(t->ctx, "%s has no name and counts the rows from 0: left out, as pandas' index",
                      table_label(t, j));
            c->role = TABLE_LEFT_OUT;
        } else if (c->is == 0 && t->named && c->name.len == 0 && c->missing == t->rows) {
            fell_warn(t->ctx, "%s has neither name nor values: left out", table_label(t, j));
            c->role = TABLE_LEFT_OUT;
        } else if (!source) {
            t->used[t->nused++] = j;
        }
    }
    if (source)
        table_match(t, source, &p);
    for (int64_t k = 0; k < t->nused; k++) {
        table_infer(t, &p, t->used[k]);
        if (t->column[t->used[k]].is == FELL_CATEGORY && t->column[t->used[k]].missing < t->rows &&
            table_settle_words(t, &p, t->used[k]) != FELL_OK)
            return FELL_ERROR;
    }
    if (!info->gaps)
        table_say_missing(t, &p);
    if (problems_end(&p, t) != FELL_OK || table_tell(t) != FELL_OK)
        return FELL_ERROR;
    if (t->nused == 0)
        return fell_fail(t->ctx, "target: no column is left as input");
    info->column = t->told;
    info->ncolumns = t->nused;
    info->doubles = 1;
    info->x = fell_vec(t->width);
    return FELL_OK;
}

/* Row ROW into X [width]. */
static inline void table_read(const struct table *t, int64_t row, double *x)
{
    for (int64_t k = 0; k < t->nused; k++) {
        const struct table_column *c = &t->column[t->used[k]];
        const struct field f = table_field(t, row, t->used[k]);
        const bool missing = table_missing(t, &f);
        int64_t word;

        if (c->is == FELL_NUMBER) {
            if (missing)
                *x = NAN;
            else
                (void)table_number(t, &f, x);
            x++;
            continue;
        }
        for (int64_t i = 0; i < c->nwords; i++)
            x[i] = missing ? (double)NAN : 0.0;
        word = missing ? -1 : table_word(c, &f);
        if (word >= 0)
            x[word] = 1.0;
        x += c->nwords;
    }
}

#endif
