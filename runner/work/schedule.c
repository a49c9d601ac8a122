/* schedule.c - see schedule.h. Called by the runner and by crew.c. */
#include "work/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "work/resume.h"

/* One run. There may be a million. */
struct slot {
    int64_t id;
    uint32_t tries; /* that failed and were followed by another */
    bool waits;     /* to be started */
    char *resume;   /* the checkpoint to go on from, or NULL */
};

struct schedule {
    struct recorder *recorder;
    const struct experiment *e;
    sqlite3_stmt *fetch;
    size_t repeats, nslots;
    struct slot *slot; /* trial-major */
    size_t next;       /* no slot before it waits */
    int64_t left, failures;
    bool stopped;
};

/* ---- from the database ------------------------------------------------------------------ */

static bool is_unfinished(const char *word)
{
    return strcmp(word, "queued") == 0 || strcmp(word, "running") == 0 || strcmp(word, "interrupted") == 0;
}

/* Whom the loading tells what. */
struct loader {
    struct schedule *s;
    const char *db;
    void (*note)(void *arg, const char *text);
    void *arg;
};

/* ROW: id, trial, repeat, status, epochs, tries. */
static status load_run(const struct loader *l, sqlite3_stmt *row, struct error *err)
{
    struct schedule *s = l->s;
    const size_t at =
        (size_t)sqlite3_column_int64(row, 1) * s->repeats + (size_t)sqlite3_column_int64(row, 2);
    const char *word = (const char *)sqlite3_column_text(row, 3);
    struct slot *w = &s->slot[at];
    int64_t epoch;

    if (at >= s->nslots || w->id)
        return error_set(err, "the database has other runs of the experiment than it had at its start; "
                              "--new begins it anew");
    *w = (struct slot){.id = sqlite3_column_int64(row, 0),
                       .tries = (uint32_t)sqlite3_column_int64(row, 5),
                       .waits = is_unfinished(word)};
    s->left += w->waits;
    if (!w->waits || (strcmp(word, "queued") == 0 && sqlite3_column_int64(row, 4) == 0))
        return OK;
    if (resume_find(recorder_handle(s->recorder), l->db, w->id, &w->resume, &epoch, l->note, l->arg, err) !=
        OK)
        return FAILED;
    return w->resume ? recorder_run_waits(s->recorder, w->id, err)
                     : recorder_run_again(s->recorder, w->id, "resumed", "from its beginning", err);
}

static status load_runs(const struct loader *l, int64_t id, struct error *err)
{
    struct schedule *s = l->s;
    sqlite3 *db = recorder_handle(s->recorder);
    sqlite3_stmt *row = NULL;
    status result = OK;
    int rc = sqlite3_prepare_v2(db,
                                "SELECT id, trial, repeat, status, epochs_done,"
                                " (SELECT count(*) FROM events WHERE run_id = r.id AND kind = 'retried')"
                                " FROM runs AS r WHERE experiment_id = ?1 ORDER BY trial, repeat",
                                -1, &row, NULL);

    if (rc == SQLITE_OK)
        sqlite3_bind_int64(row, 1, id);
    while (rc == SQLITE_OK && result == OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
        result = load_run(l, row, err);
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
        result = error_set(err, "cannot read the runs of the experiment: %s", sqlite3_errmsg(db));
    sqlite3_finalize(row);
    return result;
}

status schedule_new(struct recorder *r, const char *db, const struct experiment *e, int64_t id,
                    void (*note)(void *arg, const char *text), void *arg, struct schedule **out,
                    struct error *err)
{
    struct schedule *s = mem_alloc(sizeof *s);
    const struct loader l = {.s = s, .db = db, .note = note, .arg = arg};

    s->recorder = r;
    s->e = e;
    s->repeats = (size_t)e->repeats;
    s->nslots = e->ntrials * s->repeats;
    s->slot = mem_array(s->nslots, sizeof *s->slot);
    *out = s;
    if (load_runs(&l, id, err) == OK)
        return OK;
    schedule_free(s);
    *out = NULL;
    return FAILED;
}

void schedule_free(struct schedule *s)
{
    if (!s)
        return;
    sqlite3_finalize(s->fetch);
    for (size_t i = 0; i < s->nslots; i++)
        free(s->slot[i].resume);
    free(s->slot);
    free(s);
}

/* ---- whose turn it is ------------------------------------------------------------------------ */

int64_t schedule_left(const struct schedule *s)
{
    return s->left;
}

/* The spec and the seed that were stored, which are not those of today if the seed was drawn. */
static status fetch(struct schedule *s, struct run_task *out, struct error *err)
{
    sqlite3 *db = recorder_handle(s->recorder);
    int rc = SQLITE_OK;

    if (!s->fetch)
        rc = sqlite3_prepare_v3(db, "SELECT seed, resolved FROM runs WHERE id = ?1", -1,
                                SQLITE_PREPARE_PERSISTENT, &s->fetch, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(s->fetch, 1, out->run);
        rc = sqlite3_step(s->fetch);
    }
    if (rc == SQLITE_ROW) {
        out->seed = (uint64_t)sqlite3_column_int64(s->fetch, 0);
        out->resolved = mem_string((const char *)sqlite3_column_text(s->fetch, 1));
    } else {
        error_set(err, "cannot read run %lld: %s", (long long)out->run, sqlite3_errmsg(db));
    }
    sqlite3_reset(s->fetch);
    return rc == SQLITE_ROW ? OK : FAILED;
}

void run_task_release(struct run_task *t)
{
    free(t->resolved);
    free(t->resume_path);
    t->resolved = t->resume_path = NULL;
}

status schedule_next(struct schedule *s, struct run_task *out, bool *none, struct error *err)
{
    while (s->next < s->nslots && !s->slot[s->next].waits)
        s->next++;
    *none = s->next == s->nslots || s->stopped;
    if (*none)
        return OK;
    s->slot[s->next].waits = false;
    *out = (struct run_task){.slot = s->next,
                             .run = s->slot[s->next].id,
                             .trial = (int64_t)(s->next / s->repeats),
                             .repeat = (int64_t)(s->next % s->repeats)};
    out->resume_path = s->slot[s->next].resume;
    s->slot[s->next].resume = NULL;
    return fetch(s, out, err);
}

/* Diverging is no accident: the same numbers would diverge again. */
static bool is_worth_a_retry(const char *word)
{
    static const char *const words[] = {"failed", "crashed", "timed_out", "out_of_memory"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

bool schedule_ended(struct schedule *s, size_t slot, const char *word)
{
    const struct spec *spec = s->e->trials[slot / s->repeats].spec;
    struct slot *w = &s->slot[slot];

    if (strcmp(word, "interrupted") == 0)
        return false;
    if (is_worth_a_retry(word) && w->tries < spec->retries && !s->stopped) {
        w->tries++;
        w->waits = true;
        if (slot < s->next)
            s->next = slot;
        return true;
    }
    s->left--;
    s->failures += strcmp(word, "finished") != 0 && strcmp(word, "stopped") != 0;
    s->stopped |= spec->on_failure != ON_FAILURE_CONTINUE && s->failures > spec->on_failure;
    return false;
}

bool schedule_is_stopped(const struct schedule *s)
{
    return s->stopped;
}
