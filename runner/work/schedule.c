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
    struct registry *registry;
    sqlite3_stmt *fetch, *params;
    bool swept;
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

/* Not every trial of an extended experiment need have all repeats: some slots stay empty. */
static status count_slots(struct schedule *s, int64_t id, struct error *err)
{
    sqlite3_stmt *row = NULL;
    sqlite3 *db = recorder_handle(s->recorder);
    int rc = sqlite3_prepare_v2(
        db, "SELECT max(trial) + 1, max(repeat) + 1 FROM runs WHERE experiment_id = ?1", -1, &row, NULL);

    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(row, 1, id);
        rc = sqlite3_step(row);
    }
    if (rc == SQLITE_ROW) {
        s->repeats = (size_t)sqlite3_column_int64(row, 1);
        s->nslots = (size_t)sqlite3_column_int64(row, 0) * s->repeats;
        s->slot = mem_array(s->nslots, sizeof *s->slot);
    } else {
        error_set(err, "cannot read the runs of the experiment: %s", sqlite3_errmsg(db));
    }
    sqlite3_finalize(row);
    return rc == SQLITE_ROW ? OK : FAILED;
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
    if (count_slots(s, id, err) != OK)
        result = FAILED;
    while (rc == SQLITE_OK && result == OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
        result = load_run(l, row, err);
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
        result = error_set(err, "cannot read the runs of the experiment: %s", sqlite3_errmsg(db));
    sqlite3_finalize(row);
    return result;
}

status schedule_new(struct recorder *r, const char *db, struct registry *reg, const struct experiment *e,
                    int64_t id, void (*note)(void *arg, const char *text), void *arg, struct schedule **out,
                    struct error *err)
{
    struct schedule *s = mem_alloc(sizeof *s);
    const struct loader l = {.s = s, .db = db, .note = note, .arg = arg};

    s->recorder = r;
    s->e = e;
    s->registry = reg;
    s->swept = e->trials[0].nvalues > 0;
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
    sqlite3_finalize(s->params);
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

/* The statement for SQL, with the id of the run bound. */
static sqlite3_stmt *of_run(struct schedule *s, sqlite3_stmt **st, const char *sql, int64_t run)
{
    if (!*st)
        sqlite3_prepare_v3(recorder_handle(s->recorder), sql, -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
    sqlite3_bind_int64(*st, 1, run);
    return *st;
}

/* What the worker will understand, understood here too: the limits, the names of the layers. */
static status parse(struct schedule *s, struct run_task *out, struct error *err)
{
    struct diag *d = diag_new();
    const char *text = out->stored.resolved;
    const struct node *root = tree_parse_text(out->tree, "the resolved spec", "/", text, strlen(text), false, d);
    status result = OK;

    out->stored.spec = root ? spec_parse_in(out->arena, s->registry, root, s->e->name, d) : NULL;
    if (!out->stored.spec) {
        struct strbuf why = {0};

        diag_write(d, &why, false);
        result = error_set(err, "the stored spec of run %lld is not understood: %s", (long long)out->run,
                           why.text ? why.text : "");
        strbuf_release(&why);
    }
    diag_free(d);
    return result;
}

static void read_values(struct schedule *s, struct run_task *out)
{
    sqlite3_stmt *row =
        of_run(s, &s->params, "SELECT path, value FROM run_params WHERE run_id = ?1", out->run);
    struct axis_value *values = NULL;
    size_t n = 0;

    while (sqlite3_step(row) == SQLITE_ROW) {
        values = mem_grow(values, n + 1, sizeof *values);
        values[n++] = (struct axis_value){
            .path = arena_format(out->arena, "%s", (const char *)sqlite3_column_text(row, 0)),
            .text = arena_format(out->arena, "%s", (const char *)sqlite3_column_text(row, 1)),
        };
    }
    sqlite3_reset(row);
    out->stored.nvalues = n;
    out->stored.values = arena_alloc(out->arena, n * sizeof *values);
    if (n)
        memcpy(out->stored.values, values, n * sizeof *values);
    free(values);
}

/* The spec and the seed that were stored, which are not those of today if the seed was drawn. */
static status fetch(struct schedule *s, struct run_task *out, struct error *err)
{
    sqlite3_stmt *row = of_run(s, &s->fetch, "SELECT seed, resolved FROM runs WHERE id = ?1", out->run);
    const bool found = row && sqlite3_step(row) == SQLITE_ROW;

    out->arena = arena_new();
    out->tree = tree_new();
    if (found) {
        out->seed = (uint64_t)sqlite3_column_int64(row, 0);
        out->stored.resolved = arena_format(out->arena, "%s", (const char *)sqlite3_column_text(row, 1));
    }
    sqlite3_reset(row);
    if (!found)
        return error_set(err, "cannot read run %lld: %s", (long long)out->run,
                         sqlite3_errmsg(recorder_handle(s->recorder)));
    if (s->swept)
        read_values(s, out);
    return parse(s, out, err);
}

void run_task_release(struct run_task *t)
{
    tree_free(t->tree);
    arena_free(t->arena);
    t->tree = NULL;
    free(t->resume_path);
    t->arena = NULL;
    t->resume_path = NULL;
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
    const struct spec *spec = s->e->trials[0].spec;
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
