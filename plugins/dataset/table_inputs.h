/* table_inputs.h - the inputs of a table: what each column is, all that is wrong with them in one
 * message, a second table in the columns of the first, and rows of numbers.
 *
 * A column of numbers is a number, of text a category: one number for each word, 1 at the row's
 * own, or where it is embedded the place of the word alone. Whole numbers that a double would lose (042, ids
 * beyond 2^53) are words. Nothing is guessed where numbers and text are mixed. Included by csv.c and
 * sqlite.c.
 */
#ifndef DATASET_TABLE_INPUTS_H
#define DATASET_TABLE_INPUTS_H

#include "names.h"
#include "table.h"
#include "table_doubts.h"
#include "table_marks.h"
#include "table_match.h"
#include "table_problems.h"
#include "table_row_names.h"
#include "table_rows.h"
#include "table_suspects.h"
#include "table_targets.h"
#include "table_words.h"

/* ---- what a column is -------------------------------------------------------------------- */

/* A first column without a name, of numbers: pandas' index, or the row names that R writes. */
static inline bool table_may_be_index(const struct table *t, const struct table_column *c, int64_t j)
{
    return t->named && j == 0 && t->rows >= 2 && c->is == 0 && c->numbers == t->rows &&
           (c->name.len == 0 || field_is(&c->name, "Unnamed: 0"));
}

/* It counts up, also of a file's later part. */
static inline bool table_counts_up(const struct table_column *c)
{
    return !c->skips && c->from == floor(c->from);
}

/* Leaves a column out that is an index: one that counts up, or that the source has not, of rows that were
 * drawn from a larger file. False: it is an input, or nothing of the kind. */
static inline bool table_leave_index(struct table *t, const fell_data_info *source, int64_t j)
{
    struct table_column *c = &t->column[j];
    const bool mine = source && source_is_named(source) && source_has(source, &c->name);

    if (!table_may_be_index(t, c, j) || mine)
        return false;
    if (table_counts_up(c))
        fell_warn(t->ctx, "%s has no name and counts the rows from %.15g: left out, as %s", table_label(t, j),
                  c->from, c->from == 1 ? "the row names that R writes" : "pandas' index");
    else if (source)
        fell_warn(t->ctx, "%s has no name and is no input of the source: left out, as pandas' index",
                  table_label(t, j));
    else
        fell_warn(t->ctx, "%s has no name: is it pandas' index? Then drop it", table_label(t, j));
    if (!table_counts_up(c) && !source)
        return false;
    c->role = TABLE_LEFT_OUT;
    return true;
}

static inline void table_say_not_a_number(struct table *t, struct problems *p, int64_t j)
{
    const struct table_column *c = &t->column[j];
    const bool comma = c->commas && (!c->texts || c->first_comma.row < c->first_text.row);
    const struct table_spot *spot = comma ? &c->first_comma : &c->first_text;
    const int64_t others = c->texts + c->commas - 1;
    const struct field f = spot->f;
    char place[320], more[96] = "", key[64];

    table_place(t, spot, place);
    if (!others && t->rows >= TABLE_ENOUGH && (spot->row == 0 || spot->row == t->rows - 1))
        snprintf(more, sizeof more, "; if %s %lld is no row of data (units, a sum), remove it", t->row_word,
                 (long long)spot->line);
    if (others > 0)
        snprintf(more, sizeof more, " (nor are %lld others of %lld)", (long long)others, (long long)t->rows);
    if (comma)
        problems_add(p, "%s%s: '%.*s' is not a number%s; decimals have a %s; thousands have no sign", place,
                     table_label(t, j), field_shown(&f), f.text, more,
                     t->decimal != '.'  ? "comma"
                     : t->comma_divides ? "point"
                                        : "point, or say decimal: \",\"");
    else if (field_has_sign(t, &f) || c->units == c->texts)
        problems_add(
            p,
            "%s%s: '%.*s' is a number with a %s%s; numbers are digits alone, %sor say columns: {%s: "
            "category}",
            place, table_label(t, j), field_shown(&f), f.text, field_has_sign(t, &f) ? "sign" : "unit", more,
            !field_has_comma(t, &f) ? ""
            : t->comma_divides      ? "without a sign between thousands and with a point before decimals, "
                                    : "without a sign between thousands and with a point before decimals (or "
                                      "say decimal: \",\"), ",
            table_key(t, j, key));
    else
        problems_add(p,
                     "%s%s: '%.*s' is not a number%s; if it stands for nothing, add it to missing, if all "
                     "are words, say columns: {%s: category}",
                     place, table_label(t, j), field_shown(&f), f.text, more, table_key(t, j, key));
}

/* What an input is that nobody declared; as it was, where nothing can be made of it. */
static inline void table_decide(const struct table *t, struct table_column *c)
{
    c->declared = c->is;
    if (c->missing == t->rows || c->is == FELL_CATEGORY)
        return;
    if (c->is == 0 && c->numbers == 0 && c->commas == 0)
        c->is = FELL_CATEGORY;
    else if (!c->commas && !c->texts)
        c->is = c->is == 0 && c->codes ? FELL_CATEGORY : FELL_NUMBER; /* what was said or matched stays */
}

/* What is wrong with that. */
static inline void table_say(struct table *t, struct problems *p, int64_t j)
{
    const struct table_column *c = &t->column[j];
    char place[320];

    if (c->missing == t->rows) {
        if (!t->fills || (c->is == FELL_CATEGORY && c->word_never_missing && !t->zeros))
            problems_add(p,
                         t->second ? "%s holds nothing, and no transform impute was fitted that fills it"
                                   : "%s holds nothing; drop it",
                         table_label(t, j));
        return;
    }
    if (c->declared == FELL_CATEGORY)
        return;
    if (c->declared == 0 && c->numbers == 0 && c->commas == 0) {
        if (field_has_sign(t, &c->first_text.f) || (c->texts > 1 && c->units == c->texts))
            table_say_not_a_number(t, p, j);
        return;
    }
    if (c->commas || c->texts)
        table_say_not_a_number(t, p, j);
    if (c->is == FELL_NUMBER && c->large)
        problems_add(p, "%s%s: %.*s is too large for a 32-bit float", table_place(t, &c->first_large, place),
                     table_label(t, j), field_shown(&c->first_large.f), c->first_large.f.text);
}

/* ---- words ------------------------------------------------------------------------------- */

/* What is found out about the words of all categories while the rows go by. */
struct wording {
    struct table *t;
    struct words *words; /* [t->nused] of columns without words yet */
    struct unknown {
        int64_t n;
        struct table_spot first;
        int64_t respelled; /* those that are one in other capitals */
        struct table_spot first_respelled;
    } * unknown; /* [t->nused] fields of others that are none of their words */
};

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
    return words_switch(c->word, c->nwords, f);
}

static inline bool table_has_words(const struct table *t, const struct table_column *c)
{
    return c->is == FELL_CATEGORY && c->missing < t->rows;
}

/* A table_visit. */
static inline fell_status table_see_words(void *arg, int64_t row, int64_t line, const struct field *field)
{
    struct wording *w = arg;
    struct table *t = w->t;

    for (int64_t k = 0; k < t->nused; k++) {
        const struct table_column *c = &t->column[t->used[k]];
        const struct field *f = &field[t->used[k]];
        bool ok = true;

        if (!table_has_words(t, c) || table_missing(t, f))
            continue;
        if (!c->word)
            ok = w->words[k].n > TABLE_MOST_COUNTED || words_add(&w->words[k], f, row, line);
        else if (table_word(c, f) < 0)
            ok = table_note(t, &w->unknown[k].n, &w->unknown[k].first, row, line, f);
        else if (!field_is(f, c->word[table_word(c, f)]))
            ok = table_note(t, &w->unknown[k].respelled, &w->unknown[k].first_respelled, row, line, f);
        if (!ok)
            return table_no_memory(t);
    }
    return FELL_OK;
}

/* Words of a test set that the source does not have. */
static inline void table_check_words(struct table *t, struct problems *p, int64_t j, const struct unknown *u)
{
    const struct table_column *c = &t->column[j];
    char place[320];

    if (c->missing && c->word_never_missing && !t->zeros)
        problems_add(
            p,
            "%s%s: missing value (%lld in all), but the source has all of them; unknown: zeros takes "
            "it as no word",
            table_place(t, &c->first_missing, place), table_label(t, j), (long long)c->missing);
    if (u->respelled)
        fell_warn(t->ctx, "%s: '%.*s' is taken as '%s' of the source", table_label(t, j),
                  field_shown(&u->first_respelled.f), u->first_respelled.f.text,
                  c->word[table_word(c, &u->first_respelled.f)]);
    if (u->n && t->zeros)
        fell_warn(t->ctx,
                  "%s: '%.*s' is not among the %lld words of the source (%lld row%s), and is taken as none "
                  "of them",
                  table_label(t, j), field_shown(&u->first.f), u->first.f.text, (long long)c->nwords,
                  (long long)u->n, u->n == 1 ? " has such" : "s have such");
    if (u->n && !t->zeros)
        problems_add(p,
                     "%s%s: '%.*s' is not among the %lld words of the source (%lld row%s); unknown: zeros "
                     "takes it as none of them",
                     table_place(t, &u->first, place), table_label(t, j), field_shown(&u->first.f),
                     u->first.f.text, (long long)c->nwords, (long long)u->n,
                     u->n == 1 ? " has such" : "s have such");
}

/* WORDS become those of column J. */
static inline fell_status table_take_words(struct table *t, int64_t j, struct words *words)
{
    struct table_column *c = &t->column[j];
    const bool switches = words_are_switches(words);

    words_sort(words);
    if (switches)
        words_tell_switches(t->ctx, table_label(t, j), words);
    c->nwords = 0;
    c->own_words = true;
    c->word = malloc((size_t)words->n * sizeof *c->word);
    for (int64_t i = 0; c->word && i < words->n; i++) {
        struct field f = words->word[i].f;

        if (switches)
            f.text = (char *)(uintptr_t)field_switch(&f); /* which is as long */
        if (switches && c->nwords && (field_is(&f, c->word[0]) || c->nwords == 2))
            continue;
        c->word[c->nwords] = keep_bytes(&t->kept, f.text, f.len);
        if (!c->word[c->nwords++])
            return table_no_memory(t);
    }
    if (c->word && switches && c->nwords == 2 && strcmp(c->word[0], c->word[1]) > 0) {
        char *first = c->word[0];

        c->word[0] = c->word[1];
        c->word[1] = first;
    }
    return c->word ? FELL_OK : table_no_memory(t);
}

/* Column J has N words, which are too many. */
static inline void table_say_many(struct table *t, struct problems *p, int64_t j, int64_t n)
{
    const struct table_column *c = &t->column[j];
    const struct field f = c->codes ? c->first_code.f : c->first.f;
    const bool counted = n <= TABLE_MOST_COUNTED;
    char key[64], more[160] = "";

    if (counted && !c->embed)
        snprintf(more, sizeof more, ", or learn a vector for each with columns: {%s: {embed: 8}}",
                 table_key(t, j, key));
    problems_add(p, "%s has %s%lld words ('%.*s', ...), more than %d; %s%s%s", table_label(t, j),
                 counted ? "" : "more than ", (long long)(counted ? n : TABLE_MOST_COUNTED), field_shown(&f),
                 f.text, c->embed ? (int)TABLE_MOST_COUNTED : (int)TABLE_MOST_WORDS,
                 field_is_date(&f) ? "they look like dates: " SUSPECT_DATES ", or drop it" : "drop it", more,
                 c->texts ? "" : ", or say in columns that it is a number");
}

enum { MANY_OWN_WORDS = 8 };

/* SAID: something is wrong with it already, and how many words it has is no more of interest. */
static inline fell_status table_settle_words(struct table *t, struct problems *p, int64_t k,
                                             const struct wording *w, bool said)
{
    const int64_t j = t->used[k];
    struct table_column *c = &t->column[j];

    if (c->word) {
        table_check_words(t, p, j, &w->unknown[k]);
        return FELL_OK;
    }
    if (w->words[k].n > (c->embed ? TABLE_MOST_COUNTED : TABLE_MOST_WORDS)) {
        if (!said)
            table_say_many(t, p, j, w->words[k].n);
        return FELL_OK;
    }
    if (table_take_words(t, j, &w->words[k]) != FELL_OK)
        return FELL_ERROR;
    if (p->n == 0 && c->nwords > 1 && field_is_date(&c->first_text.f))
        fell_warn(
            t->ctx,
            "%s: '%.*s' looks like a date or time; its %lld words are taken as a category, in which all "
            "are as far from each other; " SUSPECT_DATES ", or drop it",
            table_label(t, j), field_shown(&c->first_text.f), c->first_text.f.text, (long long)c->nwords);
    else if (p->n == 0 && c->nwords >= MANY_OWN_WORDS && 2 * c->nwords > t->rows - c->missing)
        fell_warn(
            t->ctx,
            "%s: %lld words in %lld rows ('%s', ...), so most rows have one of their own: drop it, or if "
            "they are dates or numbers with a unit, make numbers of them",
            table_label(t, j), (long long)c->nwords, (long long)(t->rows - c->missing), c->word[0]);
    names_doubt(t->ctx, table_label(t, j), "words", (const char *const *)(uintptr_t)c->word, c->nwords);
    for (int64_t i = 0; i < c->nwords; i++)
        if (c->nwords > 1 &&
            name_may_be_missing(&t->missing, c->word[i], (const char *const *)(uintptr_t)c->word, c->nwords))
            fell_warn(t->ctx, "%s: is '%s' a word, or does it stand for nothing? Then add it to missing",
                      table_label(t, j), c->word[i]);
    return FELL_OK;
}

/* All columns in use: what is wrong with each, and its words. */
static inline fell_status table_settle_columns(struct table *t, struct problems *p)
{
    struct wording w = {.t = t,
                        .words = calloc((size_t)t->nused + 1, sizeof *w.words),
                        .unknown = calloc((size_t)t->nused + 1, sizeof *w.unknown)};
    fell_status result = w.words && w.unknown ? FELL_OK : table_no_memory(t);
    bool any = false;

    for (int64_t k = 0; k < t->nused; k++) {
        table_decide(t, &t->column[t->used[k]]);
        any |= table_has_words(t, &t->column[t->used[k]]);
    }
    if (result == FELL_OK && any)
        result = table_each(t, table_see_words, &w);
    for (int64_t k = 0; k < t->nused && result == FELL_OK; k++) {
        const int64_t before = p->n;

        table_say(t, p, t->used[k]);
        if (table_has_words(t, &t->column[t->used[k]]))
            result = table_settle_words(t, p, k, &w, p->n > before);
    }
    for (int64_t k = 0; w.words && k < t->nused; k++)
        words_release(&w.words[k]);
    free(w.words);
    free(w.unknown);
    return result;
}

/* ---- the whole -------------------------------------------------------------------------------- */

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
                                          .is = c->embed ? FELL_INDEX : c->is,
                                          .at = c->at,
                                          .width = c->is == FELL_CATEGORY && !c->embed ? c->nwords : 1,
                                          .missing = c->missing,
                                          .min = c->min,
                                          .max = c->max,
                                          .number = t->used[k],
                                          .nwords = c->nwords,
                                          .embed = c->embed,
                                          .values = c->embed ? c->nwords : 0,
                                          .word = (const char *const *)(uintptr_t)c->word};
        t->width += t->told[k].width;
        if (c->name.len) /* a column without a name has no text */
            memcpy(to, c->name.text, (size_t)c->name.len);
        to[c->name.len] = '\0';
        to += c->name.len + 1;
    }
    return FELL_OK;
}

/* Columns that are embedded come last, as the settings name them one after the other. */
static inline void table_embedded_last(struct table *t)
{
    for (int64_t i = 1; i < t->nused; i++) {
        const int64_t j = t->used[i];
        int64_t k = i;

        for (; k > 0 && t->column[t->used[k - 1]].embedded > t->column[j].embedded; k--)
            t->used[k] = t->used[k - 1];
        t->used[k] = j;
    }
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
    if (table_count(t) != FELL_OK)
        return FELL_ERROR;
    if (table_leave_row_names(t, source) != FELL_OK)
        return FELL_ERROR;
    for (int64_t j = 0; j < t->n; j++) {
        struct table_column *c = &t->column[j];

        if (c->role != TABLE_INPUT)
            continue;
        if (table_leave_index(t, source, j))
            continue;
        if (c->is == 0 && t->named && c->name.len == 0 && c->missing == t->rows) {
            fell_warn(t->ctx, "%s has neither name nor values: left out", table_label(t, j));
            c->role = TABLE_LEFT_OUT;
        } else if (!source) {
            t->used[t->nused++] = j;
        }
    }
    t->second = source != NULL;
    t->fills = source && info->gaps;
    if (source)
        table_match(t, source, &p);
    else
        table_tell_twins(t);
    if (!source)
        table_embedded_last(t);
    if (table_settle_columns(t, &p) != FELL_OK)
        return FELL_ERROR;
    if (!info->gaps)
        table_say_missing(t, &p);
    marks_say(t, &p);
    targets_say(t, info, &p);
    if (problems_end(&p, t) != FELL_OK || table_tell(t) != FELL_OK)
        return FELL_ERROR;
    if (!source && !info->new_rows)
        suspects_tell(t, info->wanted == FELL_VALUES);
    if (t->nused == 0)
        return fell_fail(t->ctx, "target: no column is left as input");
    info->column = t->told;
    info->ncolumns = t->nused;
    info->doubles = 1;
    info->x = fell_vec(t->width);
    return FELL_OK;
}

/* A row's FIELDS into X [width]. */
static inline void table_read(const struct table *t, const struct field *field, double *x)
{
    for (int64_t k = 0; k < t->nused; k++) {
        const struct table_column *c = &t->column[t->used[k]];
        const struct field f = field[t->used[k]];
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
        if (c->embed) {
            *x++ = missing ? (double)NAN : (double)table_word(c, &f);
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
