/* writer.c - from waiting frames to rows. See writer.h.
 *
 * Binds as little as possible: what the rows of one epoch have in common is bound
 * once. Knows nothing of transactions, time or locks; that is recorder.c.
 */
#include "record/writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CELLS = 18 };

#define VALUE(type, name, since, flags, about) ", ?" /* the next number */

/* No row replaces another: two for one key are an error. A run that goes on from a checkpoint says again
 * what it said after that, so those rows are removed first (recorder_run_resumed);
 * one that begins anew has none (recorder_run_again). */
static const char *const sql_text[SQL_COUNT] = {
    [SQL_RUN_STARTED] =
        "UPDATE runs SET status = 'running', started_at = coalesce(started_at, ?2), worker = ?3,"
        " host = ?4, user = ?5, finished_at = NULL, error = NULL, signal = NULL WHERE id = ?1",
    [SQL_RUN_ENDED] =
        "UPDATE runs SET status = ?2, finished_at = ?3, epochs_done = ?4, seconds = ?5, error = ?6,"
        " signal = ?7 WHERE id = ?1",
    [SQL_RUN_WAITS] = "UPDATE runs SET status = 'queued', finished_at = NULL WHERE id = ?1",
    [SQL_RUN_OVER] = "UPDATE runs SET status = ?2, epochs_done = ?3, finished_at = ?4 WHERE id = ?1",
    [SQL_RUN_AGAIN] =
        "UPDATE runs SET status = 'queued', started_at = NULL, finished_at = NULL, seconds = NULL,"
        " epochs_done = 0, error = NULL, signal = NULL, worker = NULL WHERE id = ?1",
    [SQL_FORGET_EPOCHS] = "DELETE FROM epochs WHERE run_id = ?1",
    [SQL_FORGET_GRADIENTS] = "DELETE FROM gradients WHERE run_id = ?1",
    [SQL_FORGET_METRICS] = "DELETE FROM metrics WHERE run_id = ?1",
    [SQL_FORGET_STEPS] = "DELETE FROM steps WHERE run_id = ?1",
    [SQL_FORGET_STEP_GRADIENTS] = "DELETE FROM step_gradients WHERE run_id = ?1",
    [SQL_FORGET_PROBES] = "DELETE FROM probes WHERE run_id = ?1",
    [SQL_FORGET_CHECKPOINTS] = "DELETE FROM checkpoints WHERE run_id = ?1",
    [SQL_LATER_EPOCHS] = "DELETE FROM epochs WHERE run_id = ?1 AND epoch > ?2",
    [SQL_LATER_GRADIENTS] = "DELETE FROM gradients WHERE run_id = ?1 AND epoch > ?2",
    [SQL_LATER_METRICS] = "DELETE FROM metrics WHERE run_id = ?1 AND epoch > ?2",
    [SQL_LATER_PROBES] = "DELETE FROM probes WHERE run_id = ?1 AND epoch > ?2",
    [SQL_LATER_STEPS] = "DELETE FROM steps WHERE run_id = ?1 AND step > ?2",
    [SQL_LATER_STEP_GRADIENTS] = "DELETE FROM step_gradients WHERE run_id = ?1 AND step > ?2",
    [SQL_SPLIT] = "INSERT INTO splits (run_id, split, rows, sha256) VALUES (?1, ?2, ?3, ?4)",
    [SQL_PARAMETER] = "INSERT INTO parameters (run_id, position, layer, plugin, name, shape, count)"
                      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_EVENT] = "INSERT INTO events (run_id, at, kind, detail) VALUES (?1, ?2, ?3, ?4)",
    [SQL_EVENT_ONCE] = "INSERT INTO events (run_id, at, kind, detail) SELECT ?1, ?2, ?3, ?4"
                       " WHERE NOT EXISTS (SELECT 1 FROM events WHERE run_id = ?1 AND kind = ?3)",
    [SQL_CHECKPOINT_FORGET] = "DELETE FROM checkpoints WHERE run_id = ?1 AND"
                              " (path = ?2 OR substr(path, -length(?2) - 1) = '/' || ?2)",
    [SQL_CHECKPOINT] = WRITER_CHECKPOINT,
    [SQL_GIT_DIRTY] = "UPDATE experiments SET git_dirty = ?2 WHERE id = ?1",
    [SQL_ADD_EXPERIMENT] =
        "INSERT INTO experiments (uid, name, spec, spec_sha256, created_at, command, version,"
        " runner_sha256, git_commit, host, cpu, kernels, identity, objective, goal, objective_at, strategy, "
        "user)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
    [SQL_EXTEND_EXPERIMENT] =
        "UPDATE experiments SET spec = ?2, spec_sha256 = ?3, identity = ?4, objective = ?5,"
        " goal = ?6, objective_at = ?7, strategy = ?8 WHERE id = ?1",
    [SQL_FORGET_FILE] = "DELETE FROM data_files WHERE experiment_id = ?1 AND role = ?2 AND path = ?3",
    [SQL_ADD_FILE] = "INSERT INTO data_files (experiment_id, role, path, sha256, rows)"
                     " VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_MOVE_FILE] = "UPDATE data_files SET path = ?4 WHERE experiment_id = ?1 AND role = ?2 AND path = ?3",
    [SQL_MOVE_IN_RUNS] = "UPDATE runs SET resolved = replace(resolved, json_quote(?2), json_quote(?3))"
                         " WHERE experiment_id = ?1",
    [SQL_ADD_RUN] = "INSERT INTO runs (uid, experiment_id, trial, repeat, seed, resolved, status, id)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7)",
    [SQL_ADD_PARAM] = "INSERT INTO run_params (run_id, path, value, json) VALUES (?1, ?2, ?3, ?4)",
    [SQL_ADD_PLUGIN] = "INSERT INTO plugins (run_id, kind, name, version, path, sha256, verdict)"
                       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_EPOCH] = "INSERT INTO epochs (run_id, epoch" EPOCH_NUMBERS(
        NUMBER_SQL) ")"
                    " VALUES (?1, ?2" EPOCH_NUMBERS(VALUE) ")",
    [SQL_GRADIENT] = "INSERT INTO gradients (run_id, epoch, position" TENSOR_NUMBERS(
        NUMBER_SQL) ")"
                    " VALUES (?1, ?2, ?3" TENSOR_NUMBERS(VALUE) ")",
    [SQL_METRIC] = "INSERT INTO metrics (run_id, epoch, split, name, value) VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_STEP] = "INSERT INTO steps (run_id, step, loss, lr, grad_norm) VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_STEP_GRADIENT] =
        "INSERT INTO step_gradients (run_id, step, position, grad_norm) VALUES (?1, ?2, ?3, ?4)",
    [SQL_PROBE] = "INSERT INTO probes (run_id, epoch, probe, name, layer, position, value)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
};

/* What may be said twice, in the same words: whether the row that is there has the same values. */
static const char *const same_text[SQL_COUNT] = {
    [SQL_SPLIT] = "SELECT 1 FROM splits WHERE run_id = ?1 AND split = ?2 AND (rows, sha256) IS (?3, ?4)",
    [SQL_PARAMETER] = "SELECT 1 FROM parameters WHERE run_id = ?1 AND position = ?2"
                      " AND (layer, plugin, name, shape, count) IS (?3, ?4, ?5, ?6, ?7)",
    [SQL_ADD_FILE] = "SELECT 1 FROM data_files WHERE experiment_id = ?1 AND role = ?2 AND path = ?3"
                     " AND (sha256, rows) IS (?4, ?5)",
    [SQL_ADD_PLUGIN] = "SELECT 1 FROM plugins WHERE run_id = ?1 AND kind = ?2 AND name = ?3"
                       " AND (version, path, sha256, verdict) IS (?4, ?5, ?6, ?7)",
};

void writer_release(struct writer *w)
{
    sqlite3_free(w->clash);
    for (size_t i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(w->st[i]);
    for (size_t i = 0; i < w->nnames; i++) {
        for (size_t k = 0; k < w->names[i]->n; k++)
            free((char *)(uintptr_t)w->names[i]->metric[k].name);
        free(w->names[i]->metric);
        free(w->names[i]);
    }
    free(w->names);
    *w = (struct writer){.db = NULL};
}

static int statement(struct writer *w, enum writer_sql sql, sqlite3_stmt **st)
{
    int rc = SQLITE_OK;

    if (!w->st[sql])
        rc = sqlite3_prepare_v3(w->db, sql_text[sql], -1, SQLITE_PREPARE_PERSISTENT, &w->st[sql], NULL);
    *st = w->st[sql];
    return rc;
}

/* SQLite stores NaN as NULL by itself, infinities not. */
static void bind_real(sqlite3_stmt *st, int at, double x)
{
    if (isfinite(x))
        sqlite3_bind_double(st, at, x);
    else
        sqlite3_bind_null(st, at);
}

static int step(struct writer *w, sqlite3_stmt *st)
{
    const int rc = sqlite3_step(st);

    if ((rc & 0xff) == SQLITE_CONSTRAINT) {
        const int which = sqlite3_extended_errcode(w->db);

        sqlite3_free(w->clash);
        w->clash = which == SQLITE_CONSTRAINT_PRIMARYKEY || which == SQLITE_CONSTRAINT_UNIQUE
                       ? sqlite3_expanded_sql(st)
                       : NULL;
    }
    return sqlite3_reset(st); /* says what the step said */
}

static void bind_cells(sqlite3_stmt *st, const struct cell *cells, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct cell *c = &cells[i];
        int at = (int)i + 1;

        if (c->type == CELL_INT)
            sqlite3_bind_int64(st, at, c->i);
        else if (c->type == CELL_REAL)
            bind_real(st, at, c->x);
        else if (c->type == CELL_TEXT) /* it outlives the step; NULL binds as NULL */
            sqlite3_bind_text(st, at, c->text, -1, SQLITE_STATIC);
        else
            sqlite3_bind_null(st, at);
    }
}

/* Of an insertion that met a row with its key: SQLITE_OK where that row has these values already, RC where it
 * has others, or why nobody knows. */
static int same_row(struct writer *w, enum writer_sql sql, const struct cell *cells, size_t n, int rc)
{
    sqlite3_stmt *st = NULL;
    int look = sqlite3_prepare_v2(w->db, same_text[sql], -1, &st, NULL);

    if (look == SQLITE_OK) {
        bind_cells(st, cells, n);
        look = sqlite3_step(st);
    }
    sqlite3_finalize(st);
    return look == SQLITE_ROW ? SQLITE_OK : look == SQLITE_DONE ? rc : look;
}

int writer_run(struct writer *w, enum writer_sql sql, const struct cell *cells, size_t n)
{
    sqlite3_stmt *st;
    int rc = statement(w, sql, &st);

    if (rc != SQLITE_OK)
        return rc;
    bind_cells(st, cells, n);
    rc = step(w, st);
    sqlite3_clear_bindings(st);
    return (rc & 0xff) == SQLITE_CONSTRAINT && w->clash && same_text[sql] ? same_row(w, sql, cells, n, rc)
                                                                          : rc;
}

/* ---- statements that wait ---------------------------------------------------------------- */

/* A waiting value; its text, with a NUL, follows in as many whole cells as it needs. */
struct packed_cell {
    uint32_t type, size;
    union {
        int64_t i;
        double x;
    };
};

void writer_queue_statement(struct strbuf *queue, enum writer_sql sql, const struct cell *cells, size_t n)
{
    struct strbuf body = {0};

    for (size_t i = 0; i < n; i++) {
        const struct cell *c = &cells[i];
        struct packed_cell p = {.type = c->type};

        if (c->type == CELL_TEXT && c->text) {
            size_t len = strlen(c->text) + 1;
            char end[sizeof p] = {0};

            p.size = (uint32_t)len;
            strbuf_addn(&body, &p, sizeof p);
            strbuf_addn(&body, c->text, len);
            strbuf_addn(&body, end, (sizeof p - len % sizeof p) % sizeof p);
            continue;
        }
        if (c->type == CELL_INT)
            p.i = c->i;
        else if (c->type == CELL_REAL && isfinite(c->x))
            p.x = c->x;
        else
            p.type = CELL_NULL;
        strbuf_addn(&body, &p, sizeof p);
    }
    frame_append(queue, WAITING_STATEMENT, sql, body.text, body.len);
    strbuf_release(&body);
}

static int store_statement(struct writer *w, const struct frame *head, const char *body)
{
    const struct packed_cell *p = (const struct packed_cell *)(const void *)body;
    const struct packed_cell *end = p + head->size / sizeof *p;
    struct cell cells[MOST_CELLS];
    size_t n = 0;

    for (; p < end; p++, n++) {
        struct cell *c = &cells[n];

        *c = (struct cell){.type = p->type};
        if (p->type == CELL_INT)
            c->i = p->i;
        else if (p->type == CELL_REAL)
            c->x = p->x;
        else if (p->type == CELL_TEXT) {
            c->text = (const char *)(p + 1);
            p += (p->size + sizeof *p - 1) / sizeof *p;
        }
    }
    return writer_run(w, (enum writer_sql)head->run, cells, n);
}

/* ---- epochs and metrics --------------------------------------------------------- */

static bool same_names(const struct metric_names *s, size_t n, const struct metric_value *names)
{
    for (size_t i = 0; i < n && n == s->n; i++)
        if (s->metric[i].split != names[i].split || strcmp(s->metric[i].name, names[i].name) != 0)
            return false;
    return n == s->n;
}

/* The same names, kept. Most epochs have those of the epoch before. */
static const struct metric_names *keep_names(struct writer *w, size_t n, const struct metric_value *names)
{
    struct metric_names *s;

    for (size_t k = 0; k < w->nnames; k++) {
        const size_t i = (w->last_names + k) % w->nnames;

        if (same_names(w->names[i], n, names))
            return w->names[w->last_names = i];
    }
    s = mem_alloc(sizeof *s);
    s->n = n;
    s->metric = mem_array(n, sizeof *s->metric);
    for (size_t i = 0; i < n; i++)
        s->metric[i] = (struct metric_value){.split = names[i].split, .name = mem_string(names[i].name)};
    w->names = mem_grow(w->names, w->nnames + 1, sizeof *w->names);
    w->last_names = w->nnames++;
    return w->names[w->last_names] = s;
}

void writer_queue_epoch(struct writer *w, struct strbuf *queue, int64_t run, const void *body, size_t size,
                        size_t n, const struct metric_value *names)
{
    struct epoch_report *e =
        (struct epoch_report *)(void *)frame_begin(queue, FRAME_EPOCH, (uint64_t)run, size);

    memcpy(e, body, size);
    e->metrics = e->nmetrics ? keep_names(w, n, names)->metric : NULL;
}

/* The N numbers of a row from parameter AT on. */
static void bind_numbers(sqlite3_stmt *st, int at, size_t n, const struct number *number, const void *base)
{
    for (size_t i = 0; i < n; i++, at++) {
        if (number[i].integer)
            sqlite3_bind_int64(st, at, number_integer(&number[i], base));
        else
            bind_real(st, at, number_value(&number[i], base));
    }
}

static int store_gradients(struct writer *w, int64_t run, const struct epoch_report *e)
{
    sqlite3_stmt *st;
    int rc = statement(w, SQL_GRADIENT, &st);

    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_int64(st, 1, run);
    sqlite3_bind_int64(st, 2, e->epoch);
    for (size_t i = 0; i < e->npositions && rc == SQLITE_OK; i++) {
        sqlite3_bind_int64(st, 3, (int64_t)i);
        bind_numbers(st, 4, NTENSOR_NUMBERS, tensor_numbers, &packed_tensors(e)[i]);
        rc = step(w, st);
    }
    return rc;
}

static int store_metrics(struct writer *w, int64_t run, const struct epoch_report *e)
{
    sqlite3_stmt *st;
    int rc = statement(w, SQL_METRIC, &st);

    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_int64(st, 1, run);
    sqlite3_bind_int64(st, 2, e->epoch);
    for (size_t i = 0; i < e->nmetrics && rc == SQLITE_OK; i++) {
        sqlite3_bind_text(st, 3, split_name(e->metrics[i].split), -1, SQLITE_STATIC);
        sqlite3_bind_text(st, 4, e->metrics[i].name, -1, SQLITE_STATIC);
        bind_real(st, 5, packed_metrics(e)[i]);
        rc = step(w, st);
    }
    return rc;
}

static int store_epoch(struct writer *w, int64_t run, const struct epoch_report *e)
{
    sqlite3_stmt *st;
    int rc = statement(w, SQL_EPOCH, &st);

    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_int64(st, 1, run);
    sqlite3_bind_int64(st, 2, e->epoch);
    bind_numbers(st, 3, NEPOCH_NUMBERS, epoch_numbers, e);
    rc = step(w, st);
    if (rc == SQLITE_OK && e->npositions)
        rc = store_gradients(w, run, e);
    if (rc == SQLITE_OK && e->nmetrics)
        rc = store_metrics(w, run, e);
    return rc;
}

static int store_step(struct writer *w, int64_t run, const struct step_report *s)
{
    sqlite3_stmt *st;
    int rc = statement(w, SQL_STEP, &st);

    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_int64(st, 1, run);
    sqlite3_bind_int64(st, 2, s->step);
    bind_real(st, 3, s->loss);
    bind_real(st, 4, s->lr);
    bind_real(st, 5, s->grad_norm);
    rc = step(w, st);
    if (rc != SQLITE_OK || s->npositions == 0)
        return rc;

    rc = statement(w, SQL_STEP_GRADIENT, &st);
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_int64(st, 1, run);
    sqlite3_bind_int64(st, 2, s->step);
    for (size_t i = 0; i < s->npositions && rc == SQLITE_OK; i++) {
        sqlite3_bind_int64(st, 3, (int64_t)i);
        bind_real(st, 4, packed_norms(s)[i]);
        rc = step(w, st);
    }
    return rc;
}

static int store_look(struct writer *w, int64_t run, struct packed_look l)
{
    sqlite3_stmt *st;
    int rc = statement(w, SQL_PROBE, &st);

    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_int64(st, 1, run);
    sqlite3_bind_int64(st, 2, l.epoch);
    if (sqlite3_bind_text(st, 3, l.probe, -1, SQLITE_TRANSIENT) != SQLITE_OK)
        mem_failed();
    for (size_t i = 0; i < l.n && rc == SQLITE_OK; i++) {
        const struct probe_row r = packed_look_row(&l, i);

        sqlite3_bind_text(st, 4, r.name, -1, SQLITE_STATIC);
        sqlite3_bind_text(st, 5, r.layer, -1, SQLITE_STATIC);
        sqlite3_bind_int64(st, 6, r.position);
        bind_real(st, 7, r.value);
        rc = step(w, st);
    }
    sqlite3_clear_bindings(st);
    return rc;
}

int writer_store(struct writer *w, const struct strbuf *queue, size_t *at, size_t end)
{
    int rc = SQLITE_OK;

    while (*at < end && rc == SQLITE_OK) {
        const struct frame *head = (const struct frame *)(const void *)(queue->text + *at);
        const int64_t run = (int64_t)head->run;
        const void *body = head + 1; /* found good before it was queued */

        switch (head->type) {
        case FRAME_EPOCH:
            rc = store_epoch(w, run, body);
            break;
        case FRAME_STEP:
            rc = store_step(w, run, body);
            break;
        case FRAME_PROBE:
            rc = store_look(w, run, packed_look_in(body));
            break;
        default:
            rc = store_statement(w, head, body);
        }
        *at += sizeof *head + frame_padded(head->size);
    }
    return rc;
}
