/* report_gradients.c - the gradients of one run for the report's page: a number for each parameter tensor
 * and epoch. See report.h.
 *
 *     gradients.run, sql    sql gives position, layer, parameter, epoch, norm
 *     gradients.rows        names of the tensors, in the model's order
 *     gradients.epochs      [first epoch of each column]
 *     gradients.numbers     report_add_numbers(), row by row: the norm, NaN where there is none
 *     gradients.rows_per, epochs_per   so many tensors and epochs share a cell, which has their largest norm
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/report.h"
#include "record/database.h"
#include "record/schema.h"

enum { MOST_ROWS = 200, MOST_COLUMNS = 400 };

struct map {
    int64_t rows, columns, rows_per, epochs_per;
    double *norm; /* [rows,columns] */
    cJSON *names;
};

static void put(struct map *m, int64_t position, int64_t epoch, double norm)
{
    const int64_t row = position / m->rows_per, column = (epoch - 1) / m->epochs_per;
    double *cell;

    if (row < 0 || row >= m->rows || column < 0 || column >= m->columns)
        return; /* of a database that was not made by us */
    cell = &m->norm[row * m->columns + column];
    if (isnan(*cell) || norm > *cell)
        *cell = norm;
}

static void add_name(struct map *m, sqlite3_stmt *s, int64_t position)
{
    char *name;

    if (position % m->rows_per || cJSON_GetArraySize(m->names) > position / m->rows_per)
        return;
    name = mem_format("%s.%s", database_text(s, 1), database_text(s, 2));
    cJSON_AddItemToArray(m->names, cJSON_CreateString(name));
    free(name);
}

static status read_map(sqlite3 *db, const char *sql, struct map *m, struct error *err)
{
    sqlite3_stmt *s;

    if (results_query(db, sql, 0, NULL, &s, err))
        return FAILED;
    while (sqlite3_step(s) == SQLITE_ROW) {
        const int64_t position = sqlite3_column_int64(s, 0);

        add_name(m, s, position);
        if (sqlite3_column_type(s, 4) != SQLITE_NULL)
            put(m, position, sqlite3_column_int64(s, 3), sqlite3_column_double(s, 4));
    }
    return results_end(db, s, err);
}

/* The run with the best value that has gradients; 0: none has. */
static status best_run(sqlite3 *db, int64_t experiment, int64_t *run, struct error *err)
{
    return results_number(db,
                          "SELECT b.run FROM temp.report_runs AS b\n"
                          "WHERE EXISTS (SELECT 1 FROM gradients WHERE run_id = b.run)\n"
                          "ORDER BY value IS NULL, value * iif((SELECT goal FROM experiments WHERE id = ?1)\n"
                          "  = 'maximize', -1, 1), run LIMIT 1",
                          1, &experiment, 0, run, err);
}

static void add_map(cJSON *page, int64_t run, const char *sql, struct map *m)
{
    cJSON *o = cJSON_AddObjectToObject(page, "gradients"), *epochs;

    cJSON_AddNumberToObject(o, "run", (double)run);
    cJSON_AddStringToObject(o, "sql", sql);
    cJSON_AddItemToObject(o, "rows", m->names);
    epochs = cJSON_AddArrayToObject(o, "epochs");
    for (int64_t c = 0; c < m->columns; c++)
        cJSON_AddItemToArray(epochs, cJSON_CreateNumber((double)(1 + c * m->epochs_per)));
    report_add_numbers(o, "numbers", m->norm, (size_t)(m->rows * m->columns));
    cJSON_AddNumberToObject(o, "rows_per", (double)m->rows_per);
    cJSON_AddNumberToObject(o, "epochs_per", (double)m->epochs_per);
}

status report_gradients_json(sqlite3 *db, int64_t experiment, cJSON *page, struct error *err)
{
    struct map m = {0};
    int64_t run = 0, tensors = 0, epochs = 0;
    char *sql;
    status st;

    if (best_run(db, experiment, &run, err) ||
        results_number(db, "SELECT 1 + max(position) FROM gradients WHERE run_id = ?1", 1, &run, 0, &tensors,
                       err) ||
        results_number(db, "SELECT max(epoch) FROM gradients WHERE run_id = ?1", 1, &run, 0, &epochs, err))
        return FAILED;
    if (!run || tensors < 1 || epochs < 1) {
        cJSON_AddNullToObject(page, "gradients");
        return OK;
    }
    m.rows_per = (tensors + MOST_ROWS - 1) / MOST_ROWS;
    m.epochs_per = (epochs + MOST_COLUMNS - 1) / MOST_COLUMNS;
    m.rows = (tensors + m.rows_per - 1) / m.rows_per;
    m.columns = (epochs + m.epochs_per - 1) / m.epochs_per;
    m.norm = mem_array((size_t)(m.rows * m.columns), sizeof *m.norm);
    for (int64_t i = 0; i < m.rows * m.columns; i++)
        m.norm[i] = NAN;
    m.names = cJSON_CreateArray();
    sql = mem_format("SELECT position, layer, parameter, epoch, grad_norm_mean AS norm FROM gradient_norms\n"
                     "WHERE run = %lld ORDER BY epoch, position",
                     (long long)run);
    st = read_map(db, sql, &m, err);
    add_map(page, run, sql, &m);
    free(sql);
    free(m.norm);
    return st;
}
