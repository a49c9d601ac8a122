/* recorder.c - the results database while runs train. See recorder.h.
 *
 * Rows are appended to a queue (writer.h). A slice of time later, or when they are many, the queue is stored
 * in one immediate transaction and emptied; whatever goes wrong before it is committed, the rows are still
 * there. When the runner has nothing else to do, the transaction begins earlier and takes them piece by
 * piece, so that storing does not keep workers waiting. Experiments are added and removed in experiments.c.
 */
#include "record/recorder.h"

#include <stdlib.h>
#include <string.h>

#include "base/machine.h"
#include "base/run_status.h"
#include "base/text.h"
#include "record/database.h"
#include "record/recorder_impl.h"

enum {
    PIECE = 8 << 10,         /* bytes of queue that are stored at once when there is time */
    VOLUME = 4 << 20,        /* bytes of queue that are stored without waiting for the slice */
    LIMIT = 64 << 20,        /* ... that may wait for a lock */
    CHECKPOINT_PAGES = 4000, /* of WAL: 16 MB */
    LONG_WAL_PAGES = 16384   /* 64 MB: a reader keeps it from being reused */
};
static const double SHARE = 0.25; /* of the time that it held the lock, recorder_idle() leaves it to others */
static const double SLICE = 0.25, RETRY = 0.05, TELL = 1.0, TELL_AGAIN = 30.0; /* seconds */

status recorder_error(struct recorder *r, int rc, struct error *err)
{
    if ((rc & 0xff) == SQLITE_CONSTRAINT && r->writer.clash)
        return error_set(err, "%s has another row with the key of this one: %s", r->path, r->writer.clash);
    return database_error(r->db, rc, r->path, err);
}

static void tell(struct recorder *r, const char *text)
{
    if (r->note && text)
        r->note(r->wait_arg, text);
}

/* Runs after each commit. SQLite's own automatic checkpoint is such a hook too, and this
 * one takes its place. */
static int after_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct recorder *r = arg;

    (void)name;
    if (pages >= CHECKPOINT_PAGES)
        sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (pages >= LONG_WAL_PAGES && !r->told_wal) {
        struct strbuf text = {0};

        strbuf_addf(&text, "%s-wal grows, because its rows are being read by ", r->path);
        database_lock_holders(r->path, true, &text);
        strbuf_add(&text, "; it shrinks when that ends");
        tell(r, text.text);
        strbuf_release(&text);
        r->told_wal = true;
    }
    return SQLITE_OK;
}

status recorder_open(const char *path, struct recorder **out, struct error *err)
{
    struct recorder *r;
    sqlite3 *db;

    if (database_open(path, &db, err) != OK)
        return FAILED;
    sqlite3_busy_timeout(db, 0); /* waiting is done here, where the user is told */
    r = mem_alloc(sizeof *r);
    r->path = mem_string(path);
    place_begin(&r->place, r->path);
    r->host = machine_host();
    r->user = machine_user();
    r->db = db;
    r->writer.db = db;
    sqlite3_wal_hook(db, after_commit, r);
    *out = r;
    return OK;
}

/* What was stored of the queue waits again. */
static void roll_back(struct recorder *r)
{
    if (!sqlite3_get_autocommit(r->db))
        sqlite3_exec(r->db, "ROLLBACK", NULL, NULL, NULL);
    r->open = false;
    r->opened = 0;
    r->stored = 0;
}

status recorder_close(struct recorder *r, struct error *err)
{
    status result = OK;

    if (!r)
        return OK;
    if (r->open)
        roll_back(r);
    result = recorder_commit(r, err);
    writer_release(&r->writer);
    sqlite3_close(r->db);
    claim_drop(&r->claim);
    strbuf_release(&r->queue);
    free(r->path);
    free(r->host);
    free(r->user);
    free(r);
    return result;
}

sqlite3 *recorder_handle(struct recorder *r)
{
    return r->db;
}

void recorder_on_wait(struct recorder *r, void (*note)(void *arg, const char *text),
                      bool (*give_up)(void *arg), void *arg)
{
    r->note = note;
    r->give_up = give_up;
    r->wait_arg = arg;
}

bool recorder_is_full(const struct recorder *r)
{
    return r->queue.len >= LIMIT;
}

/* ---- storing ----------------------------------------------------------------- */

/* Somebody holds the lock: the user is told after a second, and now and then again. */
static void note_blocked(struct recorder *r)
{
    double now = time_monotonic();

    if (r->blocked == 0)
        r->blocked = now;
    if (now - r->blocked >= TELL && (r->told == 0 || now - r->told >= TELL_AGAIN)) {
        struct strbuf text = {0};

        strbuf_addf(&text, "%s is locked by ", r->path);
        database_lock_holders(r->path, false, &text);
        strbuf_add(&text, "; rows wait in memory until it is free");
        tell(r, text.text);
        strbuf_release(&text);
        r->told = now;
    }
}

static void note_free(struct recorder *r)
{
    if (r->told != 0)
        tell(r, "the database is free again; nothing was lost");
    r->blocked = r->told = 0;
}

/* One attempt to store the queue. *LOCKED: not possible now, everything stays queued. */
static status store(struct recorder *r, bool *locked, struct error *err)
{
    int rc = SQLITE_OK;

    *locked = false;
    if (!r->open && r->queue.len == 0)
        return place_check(&r->place, r->db, err);
    if (!r->open)
        rc = sqlite3_exec(r->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = writer_store(&r->writer, &r->queue, &r->stored, r->queue.len);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(r->db, "COMMIT", NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        if (r->opened > 0)
            r->rest = time_monotonic() + SHARE * (time_monotonic() - r->opened);
        r->queue.len = r->stored = 0;
        r->opened = 0;
        r->open = false;
        note_free(r);
        return place_check(&r->place, r->db, err);
    }
    if (rc == SQLITE_BUSY && !r->open) {
        *locked = true;
        note_blocked(r);
    } else {
        recorder_error(r, rc, err);
    }
    roll_back(r);
    return *locked ? OK : FAILED;
}

bool recorder_has_piece(const struct recorder *r)
{
    return r->queue.len - r->stored >= PIECE && r->blocked == 0 && (r->open || time_monotonic() >= r->rest);
}

status recorder_idle(struct recorder *r, struct error *err)
{
    int rc = SQLITE_OK;

    if (!recorder_has_piece(r))
        return OK;
    if (!r->open) {
        rc = sqlite3_exec(r->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        if (rc == SQLITE_BUSY) {
            note_blocked(r);
            return OK;
        }
        r->open = rc == SQLITE_OK;
        r->opened = time_monotonic();
    }
    if (rc == SQLITE_OK)
        rc = writer_store(&r->writer, &r->queue, &r->stored, r->stored + PIECE);
    if (rc == SQLITE_OK)
        return OK;
    recorder_error(r, rc, err);
    roll_back(r);
    return FAILED;
}

static status beat(struct recorder *r, struct error *err)
{
    char *note;
    const status st = claim_beat(&r->claim, &note, err);

    tell(r, note);
    free(note);
    return st;
}

/* Between two attempts of a call that waits. */
static status pause_for_lock(struct recorder *r, struct error *err)
{
    if (beat(r, err) != OK)
        return FAILED;
    if (r->give_up && r->give_up(r->wait_arg)) {
        recorder_error(r, SQLITE_BUSY, err);
        return error_prepend(err, "not stored");
    }
    usleep((useconds_t)(RETRY * 1e6));
    return OK;
}

status recorder_commit(struct recorder *r, struct error *err)
{
    bool locked;

    for (;;) {
        if (store(r, &locked, err) != OK)
            return FAILED;
        if (!locked)
            return OK;
        if (pause_for_lock(r, err) != OK)
            return FAILED;
    }
}

status recorder_begin(struct recorder *r, struct error *err)
{
    if (r->open)
        return OK;
    for (;;) {
        int rc = sqlite3_exec(r->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

        if (rc == SQLITE_OK) {
            note_free(r);
            r->open = true;
            return OK;
        }
        if (rc != SQLITE_BUSY)
            return recorder_error(r, rc, err);
        note_blocked(r);
        if (pause_for_lock(r, err) != OK)
            return FAILED;
    }
}

status recorder_tick(struct recorder *r, double *due, struct error *err)
{
    double wait = -1;
    bool locked;

    if (beat(r, err) != OK)
        return FAILED;
    if (r->queue.len > 0) {
        wait = r->first + SLICE - time_monotonic();
        if (wait <= 0) {
            if (store(r, &locked, err) != OK)
                return FAILED;
            wait = locked ? RETRY : -1;
        }
    }
    if (due)
        *due = wait;
    return OK;
}

/* ---- rows --------------------------------------------------------------------- */

static void before_row(struct recorder *r)
{
    if (r->queue.len == 0)
        r->first = time_monotonic();
}

/* Volume: but while a lock is waited for, only recorder_tick() tries. */
static status after_row(struct recorder *r, struct error *err)
{
    bool locked;

    return r->queue.len >= VOLUME && r->blocked == 0 ? store(r, &locked, err) : OK;
}

static status add(struct recorder *r, enum writer_sql sql, const struct cell *cells, size_t n,
                  struct error *err)
{
    before_row(r);
    writer_queue_statement(&r->queue, sql, cells, n);
    return after_row(r, err);
}

#define INT(v)                                                                                               \
    {                                                                                                        \
        .type = CELL_INT, .i = (v)                                                                           \
    }
#define REAL(v)                                                                                              \
    {                                                                                                        \
        .type = CELL_REAL, .x = (v)                                                                          \
    }
#define TEXT(v)                                                                                              \
    {                                                                                                        \
        .type = CELL_TEXT, .text = (v)                                                                       \
    }
#define ADD(r, sql, cells, err) add(r, sql, cells, sizeof(cells) / sizeof((cells)[0]), err)

status recorder_run_started(struct recorder *r, int64_t run, int worker, struct error *err)
{
    char now[32];

    time_now_text(now);
    const struct cell cells[] = {INT(run), TEXT(now), INT(worker), TEXT(r->host), TEXT(r->user)};
    if (ADD(r, SQL_RUN_STARTED, cells, err) != OK)
        return FAILED;
    return recorder_event(r, run, "started", NULL, err);
}

status recorder_split(struct recorder *r, int64_t run, const char *split, int64_t rows, const char *sha256,
                      struct error *err)
{
    const struct cell cells[] = {INT(run), TEXT(split), INT(rows), TEXT(sha256)};

    return ADD(r, SQL_SPLIT, cells, err);
}

status recorder_parameter(struct recorder *r, int64_t run, int position, const char *layer,
                          const char *plugin, const char *name, const char *shape_json, int64_t count,
                          struct error *err)
{
    const struct cell cells[] = {INT(run),   INT(position),    TEXT(layer), TEXT(plugin),
                                 TEXT(name), TEXT(shape_json), INT(count)};

    return ADD(r, SQL_PARAMETER, cells, err);
}

status recorder_epoch(struct recorder *r, int64_t run, const void *body, size_t size, size_t nnames,
                      const struct metric_value *names, struct error *err)
{
    before_row(r);
    writer_queue_epoch(&r->writer, &r->queue, run, body, size, nnames, names);
    return after_row(r, err);
}

status recorder_step(struct recorder *r, int64_t run, const void *body, size_t size, struct error *err)
{
    before_row(r);
    frame_append(&r->queue, FRAME_STEP, (uint64_t)run, body, size);
    return after_row(r, err);
}

status recorder_look(struct recorder *r, int64_t run, const void *body, size_t size, struct error *err)
{
    before_row(r);
    frame_append(&r->queue, FRAME_PROBE, (uint64_t)run, body, size);
    return after_row(r, err);
}

status recorder_event(struct recorder *r, int64_t run, const char *kind, const char *detail,
                      struct error *err)
{
    char now[32];

    time_now_text(now);
    const struct cell cells[] = {INT(run), TEXT(now), TEXT(kind), TEXT(detail)};
    return ADD(r, SQL_EVENT, cells, err);
}

status recorder_event_once(struct recorder *r, int64_t run, const char *kind, const char *detail,
                           struct error *err)
{
    char now[32];

    time_now_text(now);
    const struct cell cells[] = {INT(run), TEXT(now), TEXT(kind), TEXT(detail)};
    return ADD(r, SQL_EVENT_ONCE, cells, err);
}

status recorder_checkpoint_removed(struct recorder *r, int64_t run, const char *path, struct error *err)
{
    const struct cell cells[] = {INT(run), TEXT(path)};

    return ADD(r, SQL_CHECKPOINT_FORGET, cells, err);
}

/* A file that is written again replaces what it held before. */
status recorder_checkpoint(struct recorder *r, int64_t run, int64_t epoch, const char *path,
                           const char *sha256, bool best, struct error *err)
{
    const struct cell cells[] = {INT(run), INT(epoch), TEXT(path), TEXT(sha256), INT(best)};

    if (recorder_checkpoint_removed(r, run, path, err) != OK)
        return FAILED;
    return ADD(r, SQL_CHECKPOINT, cells, err);
}

static status check_end(int64_t run, const char *word, struct error *err)
{
    return run_status_find(word) < STATUSES
               ? OK
               : error_set(err, "run %lld cannot end as '%.100s': there is no such status", (long long)run,
                           word);
}

status recorder_run_ended(struct recorder *r, int64_t run, const char *status_word, int64_t epochs_done,
                          double seconds, const char *error, int signal, struct error *err)
{
    char now[32];

    time_now_text(now);
    const struct cell cells[] = {INT(run),
                                 TEXT(status_word),
                                 TEXT(now),
                                 INT(epochs_done),
                                 REAL(seconds),
                                 TEXT(error),
                                 {.type = signal ? CELL_INT : CELL_NULL, .i = signal}};
    return check_end(run, status_word, err) == OK ? ADD(r, SQL_RUN_ENDED, cells, err) : FAILED;
}

status recorder_run_over(struct recorder *r, int64_t run, const char *status_word, int64_t epochs_done,
                         const char *detail, struct error *err)
{
    char now[32];

    time_now_text(now);
    const struct cell cells[] = {INT(run), TEXT(status_word), INT(epochs_done), TEXT(now)};

    if (check_end(run, status_word, err) != OK || ADD(r, SQL_RUN_OVER, cells, err) != OK)
        return FAILED;
    return run_status_is(status_word, STATUS_PRUNED) ? recorder_event_once(r, run, status_word, detail, err)
                                                     : recorder_event(r, run, status_word, detail, err);
}

status recorder_run_waits(struct recorder *r, int64_t run, struct error *err)
{
    const struct cell cells[] = {INT(run)};

    return ADD(r, SQL_RUN_WAITS, cells, err);
}

status recorder_run_resumed(struct recorder *r, int64_t run, int64_t epoch, int64_t step, struct error *err)
{
    for (enum writer_sql sql = SQL_LATER_EPOCHS; sql <= SQL_LATER_STEP_GRADIENTS; sql++) {
        const int64_t behind = sql < SQL_LATER_STEPS ? epoch : step;
        const bool all = sql == SQL_LATER_PROBES && step == 0; /* looks before the first step are to come */
        const struct cell cells[] = {INT(run), INT(all ? -1 : behind)};

        if (ADD(r, sql, cells, err) != OK)
            return FAILED;
    }
    return OK;
}

status recorder_run_again(struct recorder *r, int64_t run, const char *kind, const char *detail,
                          struct error *err)
{
    const struct cell cells[] = {INT(run)};

    for (enum writer_sql sql = SQL_RUN_AGAIN; sql <= SQL_FORGET_CHECKPOINTS; sql++)
        if (ADD(r, sql, cells, err) != OK)
            return FAILED;
    return recorder_event(r, run, kind, detail, err);
}

status recorder_git_dirty(struct recorder *r, int64_t experiment, bool dirty, struct error *err)
{
    const struct cell cells[] = {INT(experiment), INT(dirty)};

    return ADD(r, SQL_GIT_DIRTY, cells, err);
}
