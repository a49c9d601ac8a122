/* table_parts.h - what a table is made of, for table.c and table_json.c alone. */
#ifndef CLI_TABLE_PARTS_H
#define CLI_TABLE_PARTS_H

#include "cli/table.h"

struct cell {
    enum { CELL_EMPTY, CELL_TEXT, CELL_INTEGER, CELL_REAL, CELL_BOOL } type;
    union {
        const char *text;
        int64_t i;
        double x;
    };
    const char *shown; /* a text as a person sees it */
};

struct table {
    struct arena *arena;
    size_t ncolumns, ncells, room;
    struct table_column *column;
    struct cell *cell; /* row by row */
};

static inline const struct cell *cell_at(const struct table *t, size_t row, size_t column)
{
    return &t->cell[row * t->ncolumns + column];
}

#endif
