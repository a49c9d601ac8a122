/* report_curves.c - the curves of the report's page: every loss and metric of the runs, epoch by epoch, as
 * the page's scripts read them. See report.h.
 *
 *     curves.runs       [[run, trial, repeat, status]...]
 *     curves.all        so many runs there are; the page has those of the best trials where they are more
 *     curves.epochs     the last epoch of all
 *     curves.thinned    columns that a longer series was thinned to, or 0
 *     curves.measures   [{split, name, sql, series, numbers}...]; sql gives run, epoch, value
 *       series          [[run, n, first, step]...] in the order of their numbers; step 0: behind the n values
 *                       stand their n epochs
 *       numbers         report_add_numbers() of all series, one behind the other
 * With record.evaluate, epochs without evaluation have no point; of the others NULL is NaN: not finite.
 *
 *     curves.measures[].range   where not all runs are there: {sql, series, numbers} of two series, the
 *                       lowest and the highest value of every run in each epoch
 *
 * A series is thinned as the eye would: of each column of a picture its lowest and its highest value stay.
 */
#include <math.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/report.h"
#include "record/database.h"

/* Runs whose curves are drawn; numbers in the page (5.4 bytes each); columns of the widest picture. */
enum { MOST_RUNS = 1200, MOST_NUMBERS = 1100000, MOST_COLUMNS = 1000, LEAST_COLUMNS = 8 };

/* ---- numbers as text ------------------------------------------------------------------- */

void report_add_numbers(cJSON *o, const char *key, const double *v, size_t n)
{
    unsigned char *bytes = mem_array(n + 1, 4);
    char *text = mem_alloc(4 * ((4 * n + 2) / 3) + 1);

    for (size_t i = 0; i < n; i++) {
        const float f = isfinite(v[i]) ? (float)v[i] : NAN;
        uint32_t bits;

        memcpy(&bits, &f, 4);
        for (int k = 0; k < 4; k++)
            bytes[4 * i + (size_t)k] = (unsigned char)(bits >> 8 * k);
    }
    EVP_EncodeBlock((unsigned char *)text, bytes, (int)(4 * n));
    cJSON_AddStringToObject(o, key, text);
    free(text);
    free(bytes);
}

/* ---- series -------------------------------------------------------------------------------- */

struct points {
    size_t n, room;
    double *epoch, *value;
};

static void add_point(struct points *p, double epoch, double value)
{
    if (p->n == p->room) {
        p->room = p->room ? 2 * p->room : 256;
        p->epoch = mem_grow(p->epoch, p->room, sizeof *p->epoch);
        p->value = mem_grow(p->value, p->room, sizeof *p->value);
    }
    p->epoch[p->n] = epoch;
    p->value[p->n++] = value;
}

static void release_points(struct points *p)
{
    free(p->epoch);
    free(p->value);
}

/* Of the points FROM to UNTIL the lowest and the highest, in their order; of none with a value, the first. */
static void keep_extremes(struct points *p, size_t *kept, size_t from, size_t until)
{
    size_t low = from, high = from, end[2];

    for (size_t i = from; i < until; i++) {
        if (!(p->value[i] >= p->value[low]) && !isnan(p->value[i]))
            low = i;
        if (!(p->value[i] <= p->value[high]) && !isnan(p->value[i]))
            high = i;
    }
    end[0] = low < high ? low : high;
    end[1] = low < high ? high : low;
    for (int k = 0; k < (low == high ? 1 : 2); k++, (*kept)++) {
        p->epoch[*kept] = p->epoch[end[k]];
        p->value[*kept] = p->value[end[k]];
    }
}

/* The first and the last point stay too. */
static void thin(struct points *p, size_t columns)
{
    const size_t n = p->n;
    const double epoch = p->epoch[n - 1], value = p->value[n - 1];
    size_t kept = 1;

    for (size_t c = 0; c < columns; c++)
        keep_extremes(p, &kept, 1 + c * (n - 2) / columns, 1 + (c + 1) * (n - 2) / columns);
    p->epoch[kept] = epoch;
    p->value[kept++] = value;
    p->n = kept;
}

/* The distance of the epochs, where it is the same throughout; else 0. */
static double step_of(const struct points *p)
{
    const double step = p->n > 1 ? p->epoch[1] - p->epoch[0] : 1;

    for (size_t i = 2; i < p->n; i++)
        if (p->epoch[i] - p->epoch[i - 1] != step)
            return 0;
    return step;
}

/* Where the series of a measure go. */
struct measure {
    cJSON *series;
    size_t columns;
    bool *thinned;
    struct points one;
    size_t n, room;
    double *numbers;
};

static void add_numbers(struct measure *m, const double *v, size_t n)
{
    if (m->n + n > m->room) {
        m->room = 2 * (m->n + n);
        m->numbers = mem_grow(m->numbers, m->room, sizeof *m->numbers);
    }
    memcpy(m->numbers + m->n, v, n * sizeof *v);
    m->n += n;
}

/* The series of RUN is complete. */
static void end_series(struct measure *m, int64_t run)
{
    struct points *p = &m->one;
    double step;

    if (p->n == 0)
        return;
    if (p->n > 2 * m->columns + 2) {
        thin(p, m->columns);
        *m->thinned = true;
    }
    step = step_of(p);
    cJSON_AddItemToArray(m->series, cJSON_CreateDoubleArray(
                                        (const double[]){(double)run, (double)p->n, p->epoch[0], step}, 4));
    add_numbers(m, p->value, p->n);
    if (step == 0)
        add_numbers(m, p->epoch, p->n);
    p->n = 0;
}

/* SQL gives rows of run, epoch, value, run by run. */
static status add_series(sqlite3 *db, const char *sql, size_t columns, bool *thinned, cJSON *into,
                         struct error *err)
{
    struct measure m = {.columns = columns, .thinned = thinned};
    int64_t run = 0;
    sqlite3_stmt *s;

    if (results_query(db, sql, 0, NULL, &s, err))
        return FAILED;
    cJSON_AddStringToObject(into, "sql", sql);
    m.series = cJSON_AddArrayToObject(into, "series");
    while (sqlite3_step(s) == SQLITE_ROW) {
        const int64_t now = sqlite3_column_int64(s, 0);

        if (now != run)
            end_series(&m, run);
        run = now;
        add_point(&m.one, sqlite3_column_double(s, 1),
                  sqlite3_column_type(s, 2) == SQLITE_NULL ? NAN : sqlite3_column_double(s, 2));
    }
    end_series(&m, run);
    report_add_numbers(into, "numbers", m.numbers, m.n);
    release_points(&m.one);
    free(m.numbers);
    return results_end(db, s, err);
}

/* ---- what is drawn ----------------------------------------------------------------------------- */

/* The runs of the best trials; ?1 the experiment, ?2 how many. */
static const char best_runs_sql[] =
    "SELECT b.run, b.trial, r.repeat, b.status FROM temp.report_runs AS b\n"
    "JOIN temp.report_trials AS t ON t.trial = b.trial JOIN runs AS r ON r.id = b.run\n"
    "ORDER BY t.mean IS NULL, t.mean * iif((SELECT goal FROM experiments WHERE id = ?1)\n"
    "  = 'maximize', -1, 1), b.trial, b.run LIMIT ?2";
static const char one_run_sql[] = "SELECT id, trial, repeat, status FROM runs WHERE id = ?1 LIMIT ?2";

/* What is drawn: one run, or (RUN 0) those of the best trials of the experiment. */
struct wanted {
    int64_t experiment, run, all, evaluates; /* whether the spec has record.evaluate */
    char *which;                             /* the runs, as SQL that stands after IN */
};

static status choose_runs(sqlite3 *db, struct wanted *w, cJSON *runs, struct error *err)
{
    const int64_t ids[] = {w->run ? w->run : w->experiment, MOST_RUNS};
    struct strbuf b = {0};
    sqlite3_stmt *s;

    if (results_query(db, w->run ? one_run_sql : best_runs_sql, 2, ids, &s, err))
        return FAILED;
    strbuf_add(&b, "");
    while (sqlite3_step(s) == SQLITE_ROW) {
        cJSON *row = cJSON_CreateArray();

        strbuf_addf(&b, "%s%lld", b.len ? ", " : "", (long long)sqlite3_column_int64(s, 0));
        for (int k = 0; k < 3; k++)
            cJSON_AddItemToArray(row, cJSON_CreateNumber(sqlite3_column_double(s, k)));
        cJSON_AddItemToArray(row, cJSON_CreateString(database_text(s, 3)));
        cJSON_AddItemToArray(runs, row);
    }
    if (w->run || w->all > MOST_RUNS)
        w->which = mem_string(b.text);
    else
        w->which = mem_format("SELECT id FROM runs WHERE experiment_id = %lld", (long long)w->experiment);
    strbuf_release(&b);
    return results_end(db, s, err);
}

/* A row of split, name, and what is asked of a run's epochs: table and condition. */
static const char measures_sql[] =
    "SELECT 'train' AS split, 'loss' AS name, 'train_loss' AS value, 'epochs' AS source, '' AS only\n"
    "UNION ALL SELECT split, 'loss', split || '_loss', 'epochs', '' FROM\n"
    "  (SELECT DISTINCT s.split FROM splits AS s JOIN runs AS r ON r.id = s.run_id\n"
    "   WHERE r.experiment_id = ?1 AND s.split IN ('validation', 'test'))\n"
    "UNION ALL SELECT split, name, 'value', 'metrics',\n"
    "  printf(' AND split = %Q AND name = %Q', split, name) FROM\n"
    "  (SELECT DISTINCT m.split, m.name FROM runs AS r JOIN metrics AS m ON m.run_id = r.id\n"
    "     AND m.epoch IN ((SELECT min(epoch) FROM metrics WHERE run_id = r.id),\n"
    "     (SELECT max(epoch) FROM metrics WHERE run_id = r.id)) WHERE r.experiment_id = ?1\n"
    "   ORDER BY m.name, m.split = 'test', m.split = 'validation')";

/* The points of a measure, run by run. Where the experiment EVALUATES only some epochs, NULL in the others
 * says nothing: the run was looked at in every K-th, in its last, and in the one that it stopped in. free()
 * it. */
static char *points_sql(const char *value, const char *source, const char *only, const struct wanted *w)
{
    if (!w->evaluates)
        return mem_format("SELECT run_id AS run, epoch, %s AS value FROM %s\n"
                          "WHERE run_id IN (%s)%s\nORDER BY run, epoch",
                          value, source, w->which, only);
    return mem_format(
        "WITH r AS MATERIALIZED (SELECT id, json_extract(resolved, '$.record.evaluate.every') AS every,\n"
        "  json_extract(resolved, '$.train.epochs') AS epochs, iif(status = 'stopped', epochs_done, 0) AS "
        "stop\n"
        "  FROM runs WHERE id IN (%s))\n"
        "SELECT run_id AS run, epoch, %s AS value FROM r CROSS JOIN %s ON run_id = r.id\n"
        "WHERE (%s IS NOT NULL OR every IS NULL OR epoch %% every = 0 OR epoch IN (epochs, stop))%s\n"
        "ORDER BY run, epoch",
        w->which, value, source, value, only);
}

/* A row of measures_sql. */
struct asked {
    char *text[5];
};

static void release_asked(struct asked *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 5; k++)
            free(a[i].text[k]);
    free(a);
}

static status add_measure(sqlite3 *db, const struct asked *row, const struct wanted *w, size_t columns,
                          bool *thinned, cJSON *measures, struct error *err)
{
    const char *value = row->text[2], *source = row->text[3], *only = row->text[4];
    cJSON *m = cJSON_CreateObject();
    char *sql = points_sql(value, source, only, w);
    char *range =
        mem_format("WITH e AS MATERIALIZED (SELECT epoch, min(%s) AS lowest, max(%s) AS highest FROM %s\n"
                   "  WHERE run_id IN (SELECT id FROM runs WHERE experiment_id = %lld)%s GROUP BY epoch)\n"
                   "SELECT 'lowest' AS run, epoch, lowest AS value FROM e\n"
                   "UNION ALL SELECT 'highest', epoch, highest FROM e ORDER BY run DESC, epoch",
                   value, value, source, (long long)w->experiment, only);
    char *coded = NULL;
    status st;

    cJSON_AddItemToArray(measures, m);
    cJSON_AddStringToObject(m, "split", row->text[0]);
    cJSON_AddStringToObject(m, "name", row->text[1]);
    st = add_series(db, sql, columns, thinned, m, err);
    if (st == OK && w->all > MOST_RUNS) {
        cJSON *into = cJSON_AddObjectToObject(m, "range");

        /* Its two series are told by number: 1 the lowest, 2 the highest. */
        coded = mem_format("SELECT iif(run = 'lowest', 1, 2), epoch, value FROM (\n%s)", range);
        st = add_series(db, coded, MOST_COLUMNS / 2, thinned, into, err);
        cJSON_ReplaceItemInObject(into, "sql", cJSON_CreateString(range));
    }
    free(coded);
    free(range);
    free(sql);
    return st;
}

/* Columns that a series may have, so that the page has no more than MOST_NUMBERS. A file from somebody else
 * may say of any number of epochs that they are done. */
static size_t columns_for(int64_t runs, int64_t epochs, int64_t measures)
{
    const int64_t series = (runs < MOST_RUNS ? runs : MOST_RUNS) * measures;
    int64_t columns = MOST_COLUMNS;

    if (series > 0 && epochs > MOST_NUMBERS / series) /* two numbers of a column, each with its epoch */
        columns = MOST_NUMBERS / (series * 4);
    return (size_t)(columns > MOST_COLUMNS    ? MOST_COLUMNS
                    : columns < LEAST_COLUMNS ? LEAST_COLUMNS
                                              : columns);
}

/* Asked once, as it looks at every run: *OUT [*n] is to be released. */
static status ask_measures(sqlite3 *db, int64_t experiment, struct asked **out, size_t *n, struct error *err)
{
    sqlite3_stmt *s;

    if (results_query(db, measures_sql, 1, &experiment, &s, err))
        return FAILED;
    while (sqlite3_step(s) == SQLITE_ROW) {
        *out = mem_grow(*out, *n + 1, sizeof **out);
        for (int k = 0; k < 5; k++)
            (*out)[*n].text[k] = mem_string(database_text(s, k));
        (*n)++;
    }
    return results_end(db, s, err);
}

static status count_all(sqlite3 *db, struct wanted *w, int64_t *epochs, struct error *err)
{
    const int64_t ids[] = {w->experiment, w->run};
    static const char where[] = "FROM runs WHERE experiment_id = ?1 AND ?2 IN (0, id)";
    char *count = mem_format("SELECT count(*) %s", where),
         *last = mem_format("SELECT max(epochs_done) %s", where);
    const status st = results_number(db, count, 2, ids, 0, &w->all, err) ||
                              results_number(db, last, 2, ids, 0, epochs, err) ||
                              results_number(db,
                                             "SELECT instr(spec, 'evaluate') > 0 FROM experiments WHERE "
                                             "id = ?1",
                                             1, ids, 0, &w->evaluates, err)
                          ? FAILED
                          : OK;

    free(count);
    free(last);
    return st;
}

status report_curves_json(sqlite3 *db, int64_t experiment, int64_t run, cJSON *page, struct error *err)
{
    cJSON *o = cJSON_AddObjectToObject(page, "curves"), *runs = cJSON_AddArrayToObject(o, "runs");
    cJSON *measures = cJSON_AddArrayToObject(o, "measures");
    struct wanted w = {.experiment = experiment, .run = run};
    struct asked *asked = NULL;
    int64_t epochs = 0;
    size_t n = 0, columns = 0;
    bool thinned = false;
    status st = FAILED;

    if (count_all(db, &w, &epochs, err) || choose_runs(db, &w, runs, err) ||
        ask_measures(db, experiment, &asked, &n, err))
        goto out;
    columns = columns_for(w.all, epochs, (int64_t)n);
    st = OK;
    for (size_t i = 0; i < n && st == OK; i++)
        st = add_measure(db, &asked[i], &w, columns, &thinned, measures, err);
out:
    release_asked(asked, n);
    cJSON_AddNumberToObject(o, "all", (double)w.all);
    cJSON_AddNumberToObject(o, "epochs", (double)epochs);
    cJSON_AddNumberToObject(o, "thinned", thinned ? (double)columns : 0);
    free(w.which);
    return st;
}
