/* report_fields.c - numbers by place and epoch for the pages of `fell report` and `fell show`: the norms of
 * each parameter tensor, and what probes recorded. See report.h.
 *
 *     gradients    {run, fields: [FIELD...]}, or null
 *     probes       [{probe, fields: [FIELD...]}...]
 *     probes_left  so many fields more the database has
 *
 * A FIELD is {name, sql, rows, epochs, numbers, rows_per, epochs_per}; sql gives position, place, epoch,
 * value. `rows` are the places, `epochs` the first epoch of each column, `numbers` report_add_numbers() row
 * by row, NaN where there is none. Where rows_per places or epochs_per looks share a cell, it has of their
 * values the one farthest from 0.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/report.h"
#include "record/database.h"

/* Places beyond MOST_PLACES are of a database that was not made by us. */
static const int64_t MOST_PLACES = 1000000000;
enum { MOST_ROWS = 200, MOST_COLUMNS = 400, MOST_FIELDS = 60, MOST_NUMBERS = 900000 };

struct field {
    int64_t rows, columns, rows_per, epochs_per; /* rows and columns as they are in the page */
    int64_t looks, epoch;                        /* so many were read, the last of this epoch */
    double *value;                               /* [rows,columns] */
    char **name;                                 /* [rows]; of the first place that was met in the row */
    cJSON *epochs;
};

static void put(struct field *f, sqlite3_stmt *s)
{
    const int64_t position = sqlite3_column_int64(s, 0), epoch = sqlite3_column_int64(s, 2);
    const int64_t row = position / f->rows_per, column = (f->looks - 1) / f->epochs_per;
    const double value = sqlite3_column_double(s, 3);
    double *cell;

    if (position < 0 || row >= f->rows || column >= f->columns)
        return; /* of a database that was not made by us */
    if (cJSON_GetArraySize(f->epochs) <= column)
        cJSON_AddItemToArray(f->epochs, cJSON_CreateNumber((double)epoch));
    cell = &f->value[row * f->columns + column];
    if (sqlite3_column_type(s, 3) != SQLITE_NULL && !(fabs(value) <= fabs(*cell)))
        *cell = value;
}

static void add_name(struct field *f, sqlite3_stmt *s)
{
    const int64_t position = sqlite3_column_int64(s, 0), row = position / f->rows_per;

    if (position >= 0 && row < f->rows && !f->name[row])
        f->name[row] = mem_string(database_text(s, 1));
}

/* A row of which no place was met is named by its position; NAME is released. */
static void give_names(struct field *f, cJSON *names)
{
    for (int64_t i = 0; i < f->rows; i++) {
        char *name = f->name[i] && *f->name[i] ? mem_string(f->name[i])
                                               : mem_format("position %lld", (long long)(i * f->rows_per));

        cJSON_AddItemToArray(names, cJSON_CreateString(name));
        free(name);
        free(f->name[i]);
    }
    free(f->name);
}

static status read_field(sqlite3 *db, const char *sql, struct field *f, struct error *err)
{
    sqlite3_stmt *s;

    if (results_query(db, sql, 0, NULL, &s, err))
        return FAILED;
    while (sqlite3_step(s) == SQLITE_ROW) {
        const int64_t epoch = sqlite3_column_int64(s, 2);

        if (f->looks == 0 || epoch != f->epoch)
            f->looks++;
        f->epoch = epoch;
        add_name(f, s);
        put(f, s);
    }
    return results_end(db, s, err);
}

/* How many places and looks SQL gives, and how many of them share a cell of at most CELLS. */
static status measure_field(sqlite3 *db, const char *sql, int64_t cells, struct field *f, struct error *err)
{
    char *rows = mem_format("SELECT 1 + max(position) FROM (%s) WHERE position BETWEEN 0 AND %lld", sql,
                            (long long)MOST_PLACES);
    char *looks = mem_format("SELECT count(DISTINCT epoch) FROM (%s)", sql);
    int64_t nrows = 0, nlooks = 0, most;
    const status st = results_number(db, rows, 0, NULL, 0, &nrows, err) ||
                              results_number(db, looks, 0, NULL, 0, &nlooks, err)
                          ? FAILED
                          : OK;

    free(rows);
    free(looks);
    f->rows_per = (nrows + MOST_ROWS - 1) / MOST_ROWS;
    f->rows = nrows ? (nrows + f->rows_per - 1) / f->rows_per : 0;
    most = f->rows ? cells / f->rows : 1;
    most = most > MOST_COLUMNS ? MOST_COLUMNS : most < 10 ? 10 : most;
    f->epochs_per = (nlooks + most - 1) / most;
    f->columns = nlooks ? (nlooks + f->epochs_per - 1) / f->epochs_per : 0;
    return st;
}

/* Into FIELDS goes what SQL gives; nothing where it gives nothing. */
static status add_field(sqlite3 *db, const char *name, const char *sql, int64_t cells, cJSON *fields,
                        struct error *err)
{
    struct field f = {0};
    cJSON *o, *names;
    status st;

    if (measure_field(db, sql, cells, &f, err) != OK)
        return FAILED;
    if (f.rows < 1 || f.columns < 1)
        return OK;
    f.value = mem_array((size_t)(f.rows * f.columns), sizeof *f.value);
    for (int64_t i = 0; i < f.rows * f.columns; i++)
        f.value[i] = NAN;
    cJSON_AddItemToArray(fields, o = cJSON_CreateObject());
    cJSON_AddStringToObject(o, "name", name);
    cJSON_AddStringToObject(o, "sql", sql);
    names = cJSON_AddArrayToObject(o, "rows");
    f.name = mem_array((size_t)f.rows, sizeof *f.name);
    f.epochs = cJSON_AddArrayToObject(o, "epochs");
    st = read_field(db, sql, &f, err);
    give_names(&f, names);
    report_add_numbers(o, "numbers", f.value, (size_t)(f.rows * f.columns));
    cJSON_AddNumberToObject(o, "rows_per", (double)f.rows_per);
    cJSON_AddNumberToObject(o, "epochs_per", (double)f.epochs_per);
    free(f.value);
    return st;
}

/* ---- gradients ------------------------------------------------------------------------- */

static const struct {
    const char *name, *value;
} norms[] = {
    {"gradient norm", "grad_norm_mean"},
    {"weight norm", "weight_norm"},
    {"update norm", "update_norm"},
    {"update over weight", "update_norm / nullif(weight_norm, 0)"},
};
enum { NNORMS = sizeof norms / sizeof *norms };

status report_gradients_json(sqlite3 *db, int64_t run, cJSON *page, struct error *err)
{
    cJSON *o = cJSON_CreateObject(), *fields = cJSON_AddArrayToObject(o, "fields");
    status st = OK;

    cJSON_AddNumberToObject(o, "run", (double)run);
    for (size_t i = 0; i < NNORMS && st == OK; i++) {
        char *sql = mem_format("SELECT position, layer || '.' || parameter AS place, epoch, %s AS value\n"
                               "FROM gradient_norms WHERE run = %lld ORDER BY epoch, position",
                               norms[i].value, (long long)run);

        st = add_field(db, norms[i].name, sql, MOST_NUMBERS / NNORMS, fields, err);
        free(sql);
    }
    if (cJSON_GetArraySize(fields) == 0) {
        cJSON_Delete(o);
        o = cJSON_CreateNull();
    }
    cJSON_AddItemToObject(page, "gradients", o);
    return st;
}

/* ---- probes ------------------------------------------------------------------------------ */

/* A row for each field: probe, number, and the layer of a number that has many values; of one value all
 * layers are together. With what is asked. */
static const char probes_sql[] =
    "SELECT probe, iif(coalesce(layer, '') = '', name, name || ', ' || layer) AS field, iif(layer IS NULL,\n"
    "  printf('SELECT dense_rank() OVER (ORDER BY layer) - 1 AS position, iif(layer = '''', name, layer) AS "
    "'\n"
    "    || 'place, epoch, value' || char(10) || 'FROM probe_values WHERE run = %d AND probe = %Q AND name = "
    "'\n"
    "    || '%Q AND position = 0' || char(10) || 'ORDER BY epoch, position', ?1, probe, name),\n"
    "  printf('SELECT position, position AS place, epoch, value' || char(10) || 'FROM probe_values WHERE run "
    "'\n"
    "    || '= %d AND probe = %Q AND name = %Q AND layer = %Q' || char(10) || 'ORDER BY epoch, position',\n"
    "    ?1, probe, name, layer))\n"
    "FROM (SELECT DISTINCT probe, name, iif(most > 0, layer, NULL) AS layer FROM\n"
    "  (SELECT probe, name, layer, max(position) AS most FROM probes WHERE run_id = ?1 GROUP BY 1, 2, 3))\n"
    "ORDER BY 1, layer IS NOT NULL, 2";

/* The one of PROBES with this name; a new one is added. */
static cJSON *probe_of(cJSON *probes, const char *name)
{
    const int n = cJSON_GetArraySize(probes);
    cJSON *last = n ? cJSON_GetArrayItem(probes, n - 1) : NULL;

    if (last && strcmp(cJSON_GetObjectItem(last, "probe")->valuestring, name) == 0)
        return last;
    last = cJSON_CreateObject();
    cJSON_AddStringToObject(last, "probe", name);
    cJSON_AddArrayToObject(last, "fields");
    cJSON_AddItemToArray(probes, last);
    return last;
}

status report_probes_json(sqlite3 *db, int64_t run, cJSON *page, struct error *err)
{
    cJSON *probes = cJSON_AddArrayToObject(page, "probes");
    int64_t n = 0, done = 0;
    sqlite3_stmt *s;
    status st = results_count(db, probes_sql, 1, &run, &n, err);

    if (st != OK || results_query(db, probes_sql, 1, &run, &s, err))
        return FAILED;
    while (st == OK && done < MOST_FIELDS && sqlite3_step(s) == SQLITE_ROW) {
        cJSON *fields = cJSON_GetObjectItem(probe_of(probes, database_text(s, 0)), "fields");

        st = add_field(db, database_text(s, 1), database_text(s, 2),
                       MOST_NUMBERS / (n < MOST_FIELDS ? n : MOST_FIELDS), fields, err);
        done++;
    }
    cJSON_AddNumberToObject(page, "probes_left", (double)(n - done));
    if (done == MOST_FIELDS) {
        sqlite3_finalize(s);
        return st;
    }
    return results_end(db, s, err) == OK ? st : FAILED;
}
