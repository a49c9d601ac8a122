/* verify.c - see verify.h. Asks the database for the rows of each epoch as it is
 * heard, so that it holds one epoch at a time.
 */
#include "again/verify.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/run_status.h"
#include "record/database.h"

/* The tables, their questions (?1 the run, ?2 the epoch or step) and what is compared in each row: columns
 * of the answer in order, or the numbers of a list that are the same every time. */
enum table { EPOCH, GRADIENTS, METRICS, STEP, STEP_GRADIENTS, PROBES, TABLES };
static const struct {
    const char *sql, *count; /* of the rows up to epoch or step ?2 */
    const char *columns[4];
    size_t nnumbers;
    const struct number *numbers;
} tables[TABLES] = {
    [EPOCH] = {"SELECT epoch" EPOCH_NUMBERS(NUMBER_SQL) " FROM epochs WHERE run_id = ?1 AND epoch = ?2",
               "SELECT count(*) FROM epochs WHERE run_id = ?1 AND epoch <= ?2", .nnumbers = NEPOCH_NUMBERS,
               .numbers = epoch_numbers},
    [GRADIENTS] = {"SELECT position" TENSOR_NUMBERS(NUMBER_SQL) " FROM gradients WHERE run_id = ?1"
                                                                " AND epoch = ?2 ORDER BY position",
                   "SELECT count(*) FROM gradients WHERE run_id = ?1 AND epoch <= ?2",
                   .nnumbers = NTENSOR_NUMBERS, .numbers = tensor_numbers},
    [METRICS] = {"SELECT value FROM metrics WHERE run_id = ?1 AND epoch = ?2 AND split = ?3 AND name = ?4",
                 "SELECT count(*) FROM metrics WHERE run_id = ?1 AND epoch <= ?2", .columns = {"value"}},
    [STEP] = {"SELECT loss, lr, grad_norm FROM steps WHERE run_id = ?1 AND step = ?2",
              "SELECT count(*) FROM steps WHERE run_id = ?1 AND step <= ?2",
              .columns = {"loss", "lr", "grad_norm"}},
    [STEP_GRADIENTS] = {"SELECT grad_norm, position FROM step_gradients WHERE run_id = ?1 AND step = ?2"
                        " ORDER BY position",
                        "SELECT count(*) FROM step_gradients WHERE run_id = ?1 AND step <= ?2",
                        .columns = {"grad_norm"}},
    [PROBES] = {"SELECT value FROM probes WHERE run_id = ?1 AND epoch = ?2 AND probe = ?3 AND name = ?4"
                " AND layer = ?5 AND position = ?6",
                "SELECT count(*) FROM probes WHERE run_id = ?1 AND epoch <= ?2", .columns = {"value"}},
};

struct verifier {
    const struct rerun *rerun;
    sqlite3 *db;
    struct verification *v;
    sqlite3_stmt *st[TABLES];
    int64_t rows[TABLES];                                          /* heard */
    int64_t epoch, step;                                           /* the last heard */
    int failed;                                                    /* what SQLite said, SQLITE_OK */
    struct error why;                                              /* then */
    bool unknown[GRADIENTS + 1][NEPOCH_NUMBERS + NTENSOR_NUMBERS]; /* to the program that recorded the run */
};

__attribute__((format(printf, 2, 3))) static void differ(struct verification *v, const char *format, ...)
{
    struct strbuf text = {0};
    char line[512];
    va_list ap;

    if (v->ndifferences++ >= VERIFY_SHOWN)
        return;
    va_start(ap, format);
    vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    strbuf_add(&text, line);
    v->shown[v->nshown++] = text.text;
}

/* ---- one row ------------------------------------------------------------------------------- */

/* A row of the answer for ID (an epoch or a step), which WHERE names; false: there is none, or it cannot be
 * read. */
static bool next_row(struct verifier *c, enum table t, const char *where)
{
    const int rc = c->failed ? c->failed : sqlite3_step(c->st[t]);

    c->rows[t]++;
    if (rc == SQLITE_ROW)
        return true;
    if (rc != SQLITE_DONE) {
        if (!c->failed)
            database_read_error(c->db, &c->why);
        c->failed = rc;
        return false;
    }
    differ(c->v, "%s: not recorded", where);
    return false;
}

static void ask(struct verifier *c, enum table t, int64_t id)
{
    sqlite3_reset(c->st[t]);
    sqlite3_bind_int64(c->st[t], 1, c->rerun->run.id);
    sqlite3_bind_int64(c->st[t], 2, id);
}

/* The same bits; NULL stands for all that is not finite. */
static bool same(sqlite3_stmt *st, int column, double heard)
{
    const double stored = sqlite3_column_double(st, column);

    if (sqlite3_column_type(st, column) == SQLITE_NULL)
        return !isfinite(heard);
    return isfinite(heard) && memcmp(&stored, &heard, sizeof heard) == 0;
}

static void compare_one(struct verifier *c, enum table t, const char *where, int column, const char *name,
                        double heard)
{
    c->v->numbers++;
    if (same(c->st[t], column, heard))
        return;
    if (sqlite3_column_type(c->st[t], column) == SQLITE_NULL)
        differ(c->v, "%s: %s is %.17g, nothing finite is recorded", where, name, heard);
    else
        differ(c->v, "%s: %s is %.17g, recorded is %.17g", where, name, heard,
               sqlite3_column_double(c->st[t], column));
}

static void compare(struct verifier *c, enum table t, const char *where, size_t n, const double *heard)
{
    for (size_t i = 0; i < n; i++)
        compare_one(c, t, where, (int)i, tables[t].columns[i], heard[i]);
}

/* Column 0 of these is the row's place. */
static void compare_numbers(struct verifier *c, enum table t, const char *where, const void *heard)
{
    for (size_t i = 0; i < tables[t].nnumbers; i++) {
        const struct number *n = &tables[t].numbers[i];

        if ((n->flags & NUMBER_SAME) && !c->unknown[t][i])
            compare_one(c, t, where, (int)i + 1, n->name, number_value(n, heard));
    }
}

/* ---- what is heard ---------------------------------------------------------------------------- */

static void hear_gradients(struct verifier *c, const struct epoch_report *e)
{
    char where[96];

    ask(c, GRADIENTS, e->epoch);
    for (size_t i = 0; i < e->npositions; i++) {
        snprintf(where, sizeof where, "epoch %lld, tensor %zu", (long long)e->epoch, i);
        if (next_row(c, GRADIENTS, where))
            compare_numbers(c, GRADIENTS, where, &e->tensors[i]);
    }
}

static void hear_metrics(struct verifier *c, const struct epoch_report *e)
{
    char where[160];

    for (size_t i = 0; i < e->nmetrics; i++) {
        const struct metric_value *m = &e->metrics[i];

        ask(c, METRICS, e->epoch);
        sqlite3_bind_text(c->st[METRICS], 3, split_name(m->split), -1, SQLITE_STATIC);
        sqlite3_bind_text(c->st[METRICS], 4, m->name, -1, SQLITE_STATIC);
        snprintf(where, sizeof where, "epoch %lld, %s.%s", (long long)e->epoch, split_name(m->split),
                 m->name);
        if (next_row(c, METRICS, where))
            compare(c, METRICS, where, 1, &m->value);
    }
}

static void hear_epoch(void *arg, const struct epoch_report *e)
{
    struct verifier *c = arg;
    char where[48];

    c->epoch = e->epoch;
    c->v->epochs++;
    snprintf(where, sizeof where, "epoch %lld", (long long)e->epoch);
    ask(c, EPOCH, e->epoch);
    if (next_row(c, EPOCH, where))
        compare_numbers(c, EPOCH, where, e);
    hear_gradients(c, e);
    hear_metrics(c, e);
}

static void hear_step(void *arg, const struct step_report *s)
{
    struct verifier *c = arg;
    const double heard[] = {s->loss, s->lr, s->grad_norm};
    char where[96];

    c->step = s->step;
    snprintf(where, sizeof where, "step %lld", (long long)s->step);
    ask(c, STEP, s->step);
    if (next_row(c, STEP, where))
        compare(c, STEP, where, 3, heard);
    ask(c, STEP_GRADIENTS, s->step);
    for (size_t i = 0; i < s->npositions; i++) {
        snprintf(where, sizeof where, "step %lld, tensor %zu", (long long)s->step, i);
        if (next_row(c, STEP_GRADIENTS, where))
            compare(c, STEP_GRADIENTS, where, 1, &s->tensor_grad_norm[i]);
    }
}

static void hear_look(void *arg, const struct packed_look *l)
{
    struct verifier *c = arg;
    char where[256];

    for (size_t i = 0; i < l->n; i++) {
        const struct probe_row r = packed_look_row(l, i);

        ask(c, PROBES, l->epoch);
        sqlite3_bind_text(c->st[PROBES], 3, l->probe, -1, SQLITE_STATIC);
        sqlite3_bind_text(c->st[PROBES], 4, r.name, -1, SQLITE_STATIC);
        sqlite3_bind_text(c->st[PROBES], 5, r.layer, -1, SQLITE_STATIC);
        sqlite3_bind_int64(c->st[PROBES], 6, r.position);
        snprintf(where, sizeof where, "epoch %lld, probe.%s.%s%s%s%s, position %lld", (long long)l->epoch,
                 l->probe, r.name, *r.layer ? " of '" : "", r.layer, *r.layer ? "'" : "",
                 (long long)r.position);
        if (next_row(c, PROBES, where))
            compare(c, PROBES, where, 1, &r.value);
    }
}

/* ---- the whole --------------------------------------------------------------------------------- */

static status count(struct verifier *c, const char *sql, int64_t upto, int64_t *out, struct error *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(c->db, sql, -1, &st, NULL);

    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(st, 1, c->rerun->run.id);
        sqlite3_bind_int64(st, 2, upto);
        rc = sqlite3_step(st);
    }
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return rc == SQLITE_ROW ? OK : database_read_error(c->db, err);
}

/* Rows that are stored and were not heard. Of a run that ended in the middle of an epoch (WHOLE: it did
 * not) the steps of that epoch are left over. */
static status count_rows(struct verifier *c, bool whole, struct error *err)
{
    static const char *const names[TABLES] = {"epochs", "gradients",      "metrics",
                                              "steps",  "step_gradients", "probes"};

    for (int t = 0; t < TABLES; t++) {
        const bool steps = t == STEP || t == STEP_GRADIENTS;
        int64_t stored, upto = whole ? INT64_MAX : steps ? c->step : c->epoch, all;

        if (count(c, tables[t].count, upto, &stored, err) != OK)
            return FAILED;
        if (stored != c->rows[t])
            differ(c->v, "%s: %lld rows are recorded, and %lld would be", names[t], (long long)stored,
                   (long long)c->rows[t]);
        if (t == STEP && !whole) {
            if (count(c, tables[t].count, INT64_MAX, &all, err) != OK)
                return FAILED;
            c->v->unfinished = all - stored;
        }
    }
    return OK;
}

/* Numbers that were not in the database from its beginning, and of which the run has none. */
static status find_unknown(struct verifier *c, struct error *err)
{
    static const char *const names[] = {[EPOCH] = "epochs", [GRADIENTS] = "gradients"};

    for (int t = EPOCH; t <= GRADIENTS; t++)
        for (size_t i = 0; i < tables[t].nnumbers; i++) {
            const struct number *n = &tables[t].numbers[i];
            char *sql = n->since > 1
                            ? mem_format("SELECT count(%s) FROM %s WHERE run_id = ?1 AND epoch <= ?2",
                                         n->name, names[t])
                            : NULL;
            int64_t known = 1;
            const status st = sql ? count(c, sql, INT64_MAX, &known, err) : OK;

            free(sql);
            if (st != OK)
                return FAILED;
            c->unknown[t][i] = known == 0;
            if (known == 0 && (n->flags & NUMBER_SAME))
                strbuf_addf(&c->v->unknown, "%s%s.%s", c->v->unknown.len ? ", " : "", names[t], n->name);
        }
    return OK;
}

static status prepare(struct verifier *c, struct error *err)
{
    if (find_unknown(c, err) != OK)
        return FAILED;
    for (int t = 0; t < TABLES; t++)
        if (sqlite3_prepare_v2(c->db, tables[t].sql, -1, &c->st[t], NULL) != SQLITE_OK)
            return database_read_error(c->db, err);
    return OK;
}

/* How it ended is told by the spec alone. */
static bool ends_by_itself(const char *status_word)
{
    const enum run_status s = run_status_find(status_word);

    return s < STATUSES && run_statuses[s].alone;
}

static void compare_end(struct verifier *c, const struct rerun_end *end, bool whole)
{
    const struct stored_run *run = &c->rerun->run;
    const char *wanted = whole ? run->status : run_end_word(RUN_FINISHED);

    if (strcmp(end->word, wanted) != 0)
        differ(c->v, "it %s after epoch %lld%s%s, recorded is %s after epoch %lld", end->word,
               (long long)end->epochs, end->error[0] ? ": " : "", end->error, run->status,
               (long long)run->last_epoch);
    else if (whole && strcmp(end->error, run->error) != 0)
        differ(c->v, "its end is '%s', recorded is '%s'", end->error, run->error);
    else if (c->epoch != run->last_epoch)
        differ(c->v, "it has %lld epochs, recorded are %lld", (long long)c->epoch,
               (long long)run->last_epoch);
}

status verify_run(const struct rerun *r, sqlite3 *db, struct verification *v, struct error *err)
{
    const struct stored_run *run = &r->run;
    const bool whole = ends_by_itself(run->status);
    struct verifier c = {.rerun = r, .db = db, .v = v};
    const struct rerun_listener listener = {
        .arg = &c, .epoch = hear_epoch, .step = hear_step, .look = hear_look};
    struct rerun_end end;
    status result = FAILED;

    *v = (struct verification){.epochs = 0};
    if (run->last_epoch == 0)
        return error_set(err, "it is %s and has no recorded epoch", run->status);
    if (r->plugins.changed.len > 0)
        return error_set(err, "%.*s", (int)r->plugins.changed.len - 1, r->plugins.changed.text);
    if (r->files.changed.len > 0)
        return error_set(err, "%s", r->files.changed.text);
    if (prepare(&c, err) != OK)
        goto out;
    if (rerun_train(r, whole ? 0 : run->last_epoch, NULL, &listener, &end, err) != OK)
        goto out;
    if (c.failed) {
        *err = c.why;
        goto out;
    }
    compare_end(&c, &end, whole);
    result = count_rows(&c, whole, err);
out:
    for (int t = 0; t < TABLES; t++)
        sqlite3_finalize(c.st[t]);
    return result;
}

void verification_release(struct verification *v)
{
    for (size_t i = 0; i < v->nshown; i++)
        free(v->shown[i]);
    strbuf_release(&v->unknown);
}
