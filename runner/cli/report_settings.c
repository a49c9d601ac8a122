/* report_settings.c - what `fell report` says about the swept settings: of which values they do best, and
 * how much each matters. See report.h; sweep/importance.c reckons the latter.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/report.h"
#include "sweep/importance.h"
#include "record/database.h"

/* ---- best per value ---------------------------------------------------------------- */

/* More than FEW numbers are shown as RANGES with about as many of them each. */
#define FEW    "12"
#define RANGES "6"

const char report_values_sql[] =
    "WITH used AS (\n"
    "  SELECT v.*, t.trial, t.mean, t.failed, iif(x.goal = 'maximize', -1, 1) AS sign,\n"
    "         iif(is_number AND p.n > " FEW ", (rank - 1) * " RANGES " / p.n, rank) AS part\n"
    "  FROM temp.report_values AS v JOIN temp.report_paths AS p ON p.path = v.path\n"
    "       JOIN temp.report_trials AS t ON t.rowid = v.place + 1 JOIN experiments AS x ON x.id = ?1),\n"
    "grouped AS (SELECT path AS setting, part,\n"
    "           iif(min(rank) = max(rank), max(value), printf('%.4g to %.4g', min(value), max(value))) "
    "AS value,\n"
    "           count(*) AS trials, avg(mean) AS mean, min(sign * mean) * sign AS best,\n"
    "           first_best(sign * mean, trial) AS trial, nullif(sum(failed), 0) AS failed_runs,\n"
    "           sign * avg(mean) AS key\n"
    "         FROM used GROUP BY path, part),\n"
    "rows AS (SELECT *, row_number() OVER (PARTITION BY setting ORDER BY key IS NULL, key, part) AS place\n"
    "         FROM grouped)\n"
    "SELECT setting, value, trials, mean, best, trial, failed_runs FROM rows\n"
    "WHERE ?2 <= 0 OR place <= ?2 ORDER BY setting, place";

/* ---- importance ------------------------------------------------------------------------ */

const char report_method[] = "functional analysis of variance on a random forest (fANOVA)";

/* A row for each setting in use in each trial, setting by setting. */
static const char settings_sql[] =
    "SELECT v.path, v.place, v.value, v.rank - 1, p.is_number\n"
    "FROM temp.report_values AS v JOIN temp.report_paths AS p ON p.path = v.path ORDER BY v.rowid";

/* What was swept, column by column as it is read. */
struct settings {
    size_t nrows, ndims;
    char **path;     /* [ndims] */
    size_t *choices; /* [ndims] */
    double *column;  /* [ndims,nrows] */
    double *y;       /* [nrows] */
};

static void release(struct settings *s)
{
    for (size_t d = 0; d < s->ndims; d++)
        free(s->path[d]);
    free(s->path);
    free(s->choices);
    free(s->column);
    free(s->y);
}

static void add_setting(struct settings *s, const char *path)
{
    const size_t d = s->ndims++;

    s->path = mem_grow(s->path, s->ndims, sizeof *s->path);
    s->choices = mem_grow(s->choices, s->ndims, sizeof *s->choices);
    s->column = mem_grow(s->column, s->ndims * s->nrows, sizeof *s->column);
    s->path[d] = mem_string(path);
    s->choices[d] = 0;
    for (size_t i = 0; i < s->nrows; i++)
        s->column[d * s->nrows + i] = NAN;
}

static status read_values(sqlite3 *db, struct settings *s, struct error *err)
{
    sqlite3_stmt *q;
    int64_t n;
    int code;

    if (results_count(db, REPORT_MEANS, 0, NULL, &n, err) ||
        results_query(db, REPORT_MEANS, 0, NULL, &q, err))
        return FAILED;
    s->y = mem_array((size_t)n + 1, sizeof *s->y);
    while ((code = sqlite3_step(q)) == SQLITE_ROW && s->nrows < (size_t)n)
        s->y[s->nrows++] = sqlite3_column_type(q, 0) == SQLITE_NULL ? NAN : sqlite3_column_double(q, 0);
    sqlite3_finalize(q);
    return code == SQLITE_DONE ? OK : results_error(db, err);
}

static status read_settings(sqlite3 *db, struct settings *s, struct error *err)
{
    sqlite3_stmt *q;
    int code;

    if (read_values(db, s, err) || results_query(db, settings_sql, 0, NULL, &q, err))
        return FAILED;
    while ((code = sqlite3_step(q)) == SQLITE_ROW) {
        const char *path = database_text(q, 0);
        const size_t row = (size_t)sqlite3_column_int64(q, 1);
        const size_t category = (size_t)sqlite3_column_int64(q, 3);
        const bool is_number = sqlite3_column_int(q, 4) != 0;
        size_t d;

        if (s->ndims == 0 || strcmp(s->path[s->ndims - 1], path) != 0)
            add_setting(s, path);
        d = s->ndims - 1;
        s->column[d * s->nrows + row] = is_number ? sqlite3_column_double(q, 2) : (double)category;
        if (!is_number && category >= s->choices[d])
            s->choices[d] = category + 1;
    }
    sqlite3_finalize(q);
    return code == SQLITE_DONE ? OK : results_error(db, err);
}

/* A share of one setting (j = k) or of a pair. */
struct part {
    size_t j, k;
    double share;
};

static int by_share(const void *a, const void *b)
{
    const struct part *x = a, *y = b;

    if (x->share != y->share)
        return x->share > y->share ? -1 : 1;
    return x->j != y->j ? (x->j > y->j ? 1 : -1) : (x->k > y->k) - (x->k < y->k);
}

static struct table *shares_table(const struct settings *s, const struct importance *r, double least)
{
    struct part *part = mem_array(s->ndims + r->npairs, sizeof *part);
    struct table *t = table_new();
    size_t n = 0;

    for (size_t j = 0; j < s->ndims; j++)
        part[n++] = (struct part){j, j, r->share[j]};
    for (const struct importance_pair *p = r->pair; p < r->pair + r->npairs; p++)
        if (p->share >= least)
            part[n++] = (struct part){p->j, p->k, p->share};
    qsort(part, n, sizeof *part, by_share);
    table_column(t, (struct table_column){.name = "setting"});
    table_column(t, (struct table_column){.name = "with"});
    table_column(t, (struct table_column){.name = "share"});
    for (size_t i = 0; i < n; i++) {
        table_text(t, s->path[part[i].j]);
        table_text(t, part[i].j == part[i].k ? NULL : s->path[part[i].k]);
        table_real(t, part[i].share);
    }
    free(part);
    return t;
}

status report_importance(sqlite3 *db, double interactions, struct report_importance *out, struct error *err)
{
    struct settings s = {0};
    struct importance r = {0};
    double *x = NULL;
    status st = FAILED;

    *out = (struct report_importance){.fit = NAN};
    if (read_settings(db, &s, err))
        goto out;
    x = mem_array(s.nrows * s.ndims + 1, sizeof *x);
    for (size_t d = 0; d < s.ndims; d++)
        for (size_t i = 0; i < s.nrows; i++)
            x[i * s.ndims + d] = s.column[d * s.nrows + i];
    r.share = mem_array(s.ndims + 1, sizeof *r.share);
    if (importance_compute(&(struct importance_settings){0},
                           &(struct importance_data){s.nrows, s.ndims, x, s.choices, s.y}, &r, &out->error)) {
        out->why_not = out->error.text;
    } else {
        out->trials = r.nused;
        out->fit = r.fit;
        out->table = shares_table(&s, &r, interactions);
    }
    st = OK;
out:
    release(&s);
    free(x);
    free(r.share);
    free(r.pair);
    return st;
}

void report_importance_release(struct report_importance *r)
{
    table_free(r->table);
    r->table = NULL;
}
