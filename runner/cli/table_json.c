/* table_json.c - a table for a program: an array of objects. See table.h. */
#include "cli/table_parts.h"

#include <stdio.h>

static cJSON *cell_json(const struct cell *c)
{
    switch (c->type) {
    case CELL_TEXT:
        return cJSON_CreateString(c->text);
    case CELL_INTEGER: {
        char digits[24];

        /* A cJSON number is a double: whole numbers beyond 2^53 go in as they are. */
        snprintf(digits, sizeof digits, "%lld", (long long)c->i);
        return cJSON_CreateRaw(digits);
    }
    case CELL_REAL:
        return cJSON_CreateNumber(c->x);
    case CELL_BOOL:
        return cJSON_CreateBool(c->i != 0);
    default:
        return cJSON_CreateNull();
    }
}

cJSON *table_to_json(const struct table *t)
{
    cJSON *rows = cJSON_CreateArray();

    for (size_t r = 0; r < table_rows(t); r++) {
        cJSON *row = cJSON_CreateObject();

        for (size_t c = 0; c < t->ncolumns; c++) {
            const char *group = t->column[c].group;
            cJSON *into = row;

            if (group && !(into = cJSON_GetObjectItemCaseSensitive(row, group)))
                into = cJSON_AddObjectToObject(row, group);
            cJSON_AddItemToObject(into, t->column[c].name, cell_json(cell_at(t, r, c)));
        }
        cJSON_AddItemToArray(rows, row);
    }
    return rows;
}

cJSON *table_row_to_json(const struct table *t)
{
    cJSON *rows = table_to_json(t), *row = cJSON_DetachItemFromArray(rows, 0);

    cJSON_Delete(rows);
    return row ? row : cJSON_CreateObject(); /* what is added to nothing would be lost */
}
