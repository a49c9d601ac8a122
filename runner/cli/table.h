/* table.h - rows and columns that a command shows: aligned for a person, or as
 * JSON for a program. One table holds both, so that they cannot disagree.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <cjson/cJSON.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>

/* How a column's values are written for a person; JSON has them as they are. */
enum table_format {
    TABLE_NUMBER,
    TABLE_DURATION,
    TABLE_BYTES,
    TABLE_SPREAD, /* "± 0.013" */
    TABLE_TIME    /* texts: an ISO 8601 time to its seconds */
};

struct table_column {
    const char *name;  /* JSON key */
    const char *title; /* heading; NULL: the name, with blanks for underscores */
    const char *group; /* NULL, or the JSON object of the row that the value is put into */
    enum table_format format;
    int most; /* columns of the screen that a text takes at most, quotes of JSON left out; 0: any number. Of
                 the group "params" it is TABLE_VALUE by default */
};

enum { TABLE_VALUE = 40 /* of the values of settings: a model is not to be read in a table */ };

struct table;

struct table *table_new(void);
void table_free(struct table *t);

/* All columns come before the first cell. Cells are given row by row; a row is complete
 * with its last column. All texts are copied; NULL is an empty cell, and so is a number
 * that is not finite. */
void table_column(struct table *t, struct table_column c);
void table_text(struct table *t, const char *text);
void table_integer(struct table *t, int64_t v);
void table_real(struct table *t, double v);
void table_empty(struct table *t);
void table_json(struct table *t, const cJSON *v); /* number, text, true, false; else empty */

void table_value(struct table *t, sqlite3_value *v); /* by its SQL type; NULL: empty */

size_t table_rows(const struct table *t);

/* Heading and rows. Numbers to the right, texts to the left; columns without any value
 * are left out. On a terminal a long text in the last column is folded and the longest of the
 * others are cut until a line fits it; where that does not do, the columns are shown in several
 * blocks, each with those that name a row. INDENT blanks stand before each line. */
void table_print(const struct table *t, FILE *to, int indent);

/* The same as on a terminal of COLUMNS; 0: lines may have any width. */
void table_print_within(const struct table *t, FILE *to, int indent, int columns);

/* The first row as a line for each value, its heading before it. */
void table_print_facts(const struct table *t, FILE *to, int indent);

/* Heading and rows in Markdown (GitHub's), the first column as code. */
void table_print_markdown(const struct table *t, FILE *to);

/* An array of one object for each row, empty cells as null. The caller deletes it. */
cJSON *table_to_json(const struct table *t);

/* The first row of T as an object, an empty one where T has no row. The caller deletes it. */
cJSON *table_row_to_json(const struct table *t);

#endif
