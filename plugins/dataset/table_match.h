/* table_match.h - the columns of a second table as those of the first: by name, without names by place.
 * Included by table_inputs.h.
 */
#ifndef DATASET_TABLE_MATCH_H
#define DATASET_TABLE_MATCH_H

#include "table.h"
#include "table_problems.h"

/* Inputs of one name are told apart by their order alone. */
static inline void table_tell_twins(struct table *t)
{
    for (int64_t j = 1; t->named && j < t->n && j < 10000; j++)
        for (int64_t k = 0; k < j; k++) {
            const struct table_column *a = &t->column[k], *b = &t->column[j];

            if (a->role != TABLE_INPUT || b->role != TABLE_INPUT || a->name.len == 0 ||
                field_order(&a->name, &b->name))
                continue;
            fell_warn(t->ctx,
                      "columns %lld and %lld are both called '%.*s'; a test set's are matched in order",
                      (long long)k + 1, (long long)j + 1, field_shown(&a->name), a->name.text);
            return;
        }
}

/* The first input called NAME; -1: none. */
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

/* Whether the source has an input called NAME. */
static inline bool source_has(const fell_data_info *source, const struct field *name)
{
    bool has = false;

    for (int64_t k = 0; k < source->ncolumns; k++)
        has |= field_is(name, source->column[k].name ? source->column[k].name : "");
    return has;
}

/* Column J is the source's column FROM. */
static inline void table_take_column(struct table *t, int64_t j, const fell_column *from)
{
    struct table_column *c = &t->column[j];

    c->is = from->is == FELL_INDEX ? FELL_CATEGORY : from->is;
    c->embed = from->embed;
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
        problems_add(p, "there %s %s, which the %s has as input%s",
                     strstr(absent, "', ") ? "are no columns" : "is no column", absent,
                     t->new_rows ? "net" : "source", strstr(absent, "', ") ? "s" : "");
    if (extra[0] && t->new_rows)
        fell_warn(t->ctx, "passed over, since the net has no such input: %s", extra);
    else if (extra[0] && strstr(extra, "', "))
        problems_add(p, "columns %s are no inputs of the source; drop them here, or there not", extra);
    else if (extra[0])
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

#endif
