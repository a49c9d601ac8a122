/* schedule_load.c - the runs of an experiment as the database has them: those that ended, with
 * what they were worth, and those that go on or begin anew. See schedule.h.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/run_status.h"
#include "base/text.h"
#include "work/resume.h"
#include "work/schedule_impl.h"
#include "record/database.h"

/* Of an experiment. More cannot have been trained, and their seats would fill the memory. */
enum { MOST_RUNS = 50000000 };

struct loader {
    struct schedule *s;
    sqlite3 *db;
    const char *path;
    sqlite3_stmt *values; /* of one run; prepared when first used */
};

static status database_failed(const struct loader *l, struct error *err)
{
    return database_read_error(l->db, err);
}

/* ---- values --------------------------------------------------------------------------- */

/* The objective of each recorded epoch. */
static status prepare_values(struct loader *l, struct error *err)
{
    const struct schedule *s = l->s;
    const char *split = split_name(s->split);
    char *sql =
        s->probe
            ? mem_format("SELECT e.epoch, p.value FROM epochs AS e LEFT JOIN probes AS p"
                         " ON p.run_id = e.run_id AND p.epoch = e.epoch AND p.position = 0"
                         " AND 'probe.' || p.probe || '.' || p.name || iif(p.layer = '', '', '.' || p.layer)"
                         " = ?3 WHERE e.run_id = ?1 AND e.epoch <= ?2 ORDER BY e.epoch")
        : s->metric
            ? mem_format("SELECT e.epoch, m.value FROM epochs AS e LEFT JOIN metrics AS m"
                         " ON m.run_id = e.run_id AND m.epoch = e.epoch AND m.split = '%s' AND m.name = ?3"
                         " WHERE e.run_id = ?1 AND e.epoch <= ?2 ORDER BY e.epoch",
                         split)
            : mem_format("SELECT epoch, %s_loss FROM epochs WHERE run_id = ?1 AND epoch <= ?2"
                         " ORDER BY epoch",
                         split);
    const bool ready = l->values || sqlite3_prepare_v2(l->db, sql, -1, &l->values, NULL) == SQLITE_OK;

    free(sql);
    return ready ? OK : database_failed(l, err);
}

/* What SLOT was worth up to epoch LAST, as if it had just been trained. */
static status load_values(struct loader *l, size_t seat, int64_t last, struct error *err)
{
    struct schedule *s = l->s;
    struct seat *w = &s->seat[seat];
    int64_t ask = rungs_next_epoch(s, seat);
    int rc;

    if (prepare_values(l, err) != OK)
        return FAILED;
    sqlite3_bind_int64(l->values, 1, w->id);
    sqlite3_bind_int64(l->values, 2, last);
    if (s->metric)
        sqlite3_bind_text(l->values, 3, s->metric, -1, SQLITE_STATIC);
    while ((rc = sqlite3_step(l->values)) == SQLITE_ROW) {
        const int64_t epoch = sqlite3_column_int64(l->values, 0);

        seat_add_value(
            s, w, epoch,
            sqlite3_column_type(l->values, 1) == SQLITE_NULL ? NAN : sqlite3_column_double(l->values, 1));
        if (epoch == ask) {
            rungs_reach(s, seat, epoch);
            ask = rungs_next_epoch(s, seat);
        }
    }
    sqlite3_reset(l->values);
    w->epochs = last;
    return rc == SQLITE_DONE ? OK : database_failed(l, err);
}

/* ---- runs ------------------------------------------------------------------------------ */

/* A run that was under way when a runner ended. */
static status go_on(struct loader *l, size_t seat, struct error *err)
{
    struct schedule *s = l->s;
    struct seat *w = &s->seat[seat];
    int64_t epoch;

    if (resume_find(l->db, l->path, w->id, &w->resume, &epoch, s->host.note, s->host.arg, err) != OK)
        return FAILED;
    if (!w->resume)
        return recorder_run_again(s->recorder, w->id, "resumed", "from its beginning", err);
    if (recorder_run_waits(s->recorder, w->id, err) != OK)
        return FAILED;
    return load_values(l, seat, epoch, err);
}

/* Empty seats up to TRIAL. */
static void add_trials(struct loader *l, size_t trial, int64_t epochs)
{
    struct schedule *s = l->s;

    while (s->nseats <= trial * s->repeats) {
        struct seat *w = schedule_add_trial(s, epochs);

        for (size_t k = 0; k < s->repeats; k++)
            w[k].state = SLOT_ENDED;
    }
}

/* ROW: id, trial, repeat, status, epochs, tries, epochs wanted. */
static status load_run(struct loader *l, sqlite3_stmt *row, struct error *err)
{
    struct schedule *s = l->s;
    const int64_t number = sqlite3_column_int64(row, 1), repeat = sqlite3_column_int64(row, 2);
    const size_t trial = (size_t)number, seat = trial * s->repeats + (size_t)repeat;
    const char *word = database_text(row, 3);
    const int64_t epochs = sqlite3_column_int64(row, 4);
    struct seat *w;

    if (number < 0 || repeat < 0 || (size_t)repeat >= s->repeats || number > MOST_RUNS / (int64_t)s->repeats)
        return error_set(err, "run %lld is trial %lld, repeat %lld, which cannot be: the database is damaged",
                         (long long)sqlite3_column_int64(row, 0), (long long)number, (long long)repeat);
    add_trials(l, trial, sqlite3_column_int64(row, 6));
    w = &s->seat[seat];
    w->id = sqlite3_column_int64(row, 0);
    w->tries = (uint16_t)sqlite3_column_int64(row, 5);
    w->state = SLOT_QUEUED;
    if (run_status_is(word, STATUS_QUEUED) && epochs == 0)
        return OK;
    if (!run_status_is_end(word))
        return go_on(l, seat, err);
    if ((s->t.adaptive || s->trial) && load_values(l, seat, epochs, err) != OK)
        return FAILED;
    schedule_close(s, seat, word);
    return OK;
}

/* Not every trial of an extended experiment need have all repeats. */
static status count_repeats(struct loader *l, int64_t id, struct error *err)
{
    sqlite3_stmt *row = NULL;
    int rc = sqlite3_prepare_v2(l->db, "SELECT max(repeat) + 1 FROM runs WHERE experiment_id = ?1", -1, &row,
                                NULL);

    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(row, 1, id);
        rc = sqlite3_step(row);
    }
    if (rc == SQLITE_ROW && sqlite3_column_int64(row, 0) > (int64_t)l->s->repeats &&
        sqlite3_column_int64(row, 0) <= MOST_RUNS) /* a wrong number is told with its run */
        l->s->repeats = (size_t)sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    return rc == SQLITE_ROW ? OK : database_failed(l, err);
}

static status load_runs(struct loader *l, int64_t id, struct error *err)
{
    const struct training *t = &l->s->t;
    sqlite3_stmt *row = NULL;
    char *sql = mem_format(
        "SELECT id, trial, repeat, status, epochs_done, %s, %s FROM runs AS r"
        " WHERE experiment_id = ?1 ORDER BY trial, repeat",
        t->first->retries ? "(SELECT count(*) FROM events WHERE run_id = r.id AND kind = 'retried' AND id >"
                            "  coalesce((SELECT max(id) FROM events WHERE run_id = r.id AND"
                            "            kind = 'requeued'), 0))"
                          : "0",
        t->pruner.kind == PRUNER_NONE ? "0" : "json_extract(resolved, '$.train.epochs')");
    status result = OK;
    int rc = sqlite3_prepare_v2(l->db, sql, -1, &row, NULL);

    if (rc == SQLITE_OK)
        sqlite3_bind_int64(row, 1, id);
    while (rc == SQLITE_OK && result == OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
        result = load_run(l, row, err);
        rc = SQLITE_OK;
    }
    if (result == OK && rc != SQLITE_DONE)
        result = database_failed(l, err);
    sqlite3_finalize(row);
    free(sql);
    return result;
}

status schedule_load(struct schedule *s, const char *db, int64_t experiment, struct error *err)
{
    struct loader l = {.s = s, .db = recorder_handle(s->recorder), .path = db};
    status result = count_repeats(&l, experiment, err);

    if (result == OK)
        result = load_runs(&l, experiment, err);
    sqlite3_finalize(l.values);
    return result;
}
