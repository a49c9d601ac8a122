/* table_settings.h - the settings that every dataset of tables has, csv and sqlite.
 *
 * A struct of settings begins with TABLE_SETTINGS, a table of parameters with TABLE_PARAMS, and
 * TABLE_TAKE() and TABLE_ASSIGN() take them over.
 */
#ifndef DATASET_TABLE_SETTINGS_H
#define DATASET_TABLE_SETTINGS_H

#include "names.h"
#include "table.h"

#define TABLE_SETTINGS                                                                                       \
    fell_strings target, drop;                                                                               \
    fell_map columns;                                                                                        \
    fell_strings missing;                                                                                    \
    int32_t unknown;                                                                                         \
    fell_ints shape;                                                                                         \
    const char *group, *weights

#define TABLE_PARAMS(S)                                                                                      \
    FELL_STRINGS(S, target, NULL, FELL_REQUIRED,                                                             \
                 "Target column, by name or by number from 0 (-1: the last), or a list of them; [] where "   \
                 "data.target is input and there is none."),                                                 \
        FELL_STRINGS(S, drop, "[]", 0, "Columns that are no inputs, by name or number."),                    \
        FELL_MAP(S, columns,                                                                                 \
                 "What a column is, where that is not to be found out: number, category, drop, or {embed: "  \
                 "N}: a category for each word of which the model learns N numbers, in an entry that "       \
                 "stands before all others and is called embed_COLUMN."),                                    \
        NAMES_MISSING_PARAM(S, "What stands for nothing; the empty field always does."),                     \
        FELL_ENUM(S, unknown, "error", "error|zeros",                                                        \
                  "What a word of a category is that the source does not have: an error, or none of its "    \
                  "words."),                                                                                 \
        FELL_INTS(S, shape, "[]", 1, 1 << 24, 0,                                                             \
                  "Shape of one row's input, [C,H,W] for images or [T,D] for sequences; empty: a vector."),  \
        FELL_STRING(S, group, NULL, 0,                                                                       \
                    "Column, by name or number, whose rows of one value stay on one side of every split."),  \
        FELL_STRING(S, weights, NULL, 0,                                                                     \
                    "Column, by name or number, of how much each row counts in loss and metrics.")

#define TABLE_TAKE(table, s, info)                                                                           \
    ((table)->missing = (s)->missing, (table)->zeros = (s)->unknown == 1, (table)->decimal = '.',            \
     (table)->steps = (s)->shape.n == 1 || (s)->shape.n == 2 ? (s)->shape.v[0] : 0,                          \
     (table)->no_targets = (info)->no_targets, (table)->new_rows = (info)->new_rows,                         \
     (table)->source_inputs = (info)->source ? (info)->source->ncolumns : 0)

/* What the settings say of the columns, once these are known. */
#define TABLE_ASSIGN(table, s)                                                                               \
    (table_assign(table, &(s)->target, &(s)->drop) == FELL_OK &&                                             \
     table_mark(table, "group", (s)->group, &(table)->group) == FELL_OK &&                                   \
     table_mark(table, "weights", (s)->weights, &(table)->weights) == FELL_OK &&                             \
     table_declare(table, &(s)->columns) == FELL_OK)

#endif
