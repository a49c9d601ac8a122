/* table_row_names.h - a first column without a name that has a text of its own in each row: the row names
 * that R writes. Those that are numbers are table_index()'s. Included by table_inputs.h.
 */
#ifndef DATASET_TABLE_ROW_NAMES_H
#define DATASET_TABLE_ROW_NAMES_H

#include "table.h"
#include "table_rows.h"
#include "table_words.h"

struct row_names {
    const struct table *t;
    struct words words;
};

/* A table_visit: the texts of the first column, as long as each is another. */
static inline fell_status row_names_see(void *arg, int64_t row, int64_t line, const struct field *field)
{
    struct row_names *r = arg;

    if (r->words.n < row || words_add(&r->words, &field[0], row, line))
        return FELL_OK;
    return table_no_memory(r->t);
}

/* Leaves such a column out, and tells. Where the source has a first column without a name, it is another. */
static inline fell_status table_leave_row_names(struct table *t, const fell_data_info *source)
{
    struct table_column *c = &t->column[0];
    struct row_names r = {.t = t};
    fell_status result;

    if (c->role != TABLE_INPUT || c->is != 0 || !t->named || c->name.len || c->texts < t->rows ||
        t->rows < 2 || (source && source->ncolumns && source->column[0].name && !*source->column[0].name))
        return FELL_OK;
    result = table_each(t, row_names_see, &r);
    if (result == FELL_OK && r.words.n == t->rows) {
        fell_warn(
            t->ctx,
            "%s has no name and a text of its own in each row: left out, as the row names that R writes",
            table_label(t, 0));
        c->role = TABLE_LEFT_OUT;
    }
    words_release(&r.words);
    return result;
}

#endif
