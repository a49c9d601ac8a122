/* runner.c - one experiment from the spec to its last row. See runner.h.
 *
 * The order matters. Everything that can be wrong is found before anything is stored;
 * everything is stored before the first run starts. While a worker reads the data and
 * plans the net, this process hashes files. Training itself is in crew.c.
 */
#include "work/runner.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/named_paths.h"
#include "base/text.h"
#include "work/scout.h"
#include "work/crew.h"
#include "work/identity.h"
#include "work/provenance.h"
#include "work/resume.h"
#include "work/same_bytes.h"
#include "work/schedule.h"
#include "work/store.h"
#include "work/trial_now.h"

enum { WAIT = 1000 };                   /* milliseconds between two beats of the claim */
static const double GIT_PATIENCE = 2.0; /* seconds, after the last run */

struct runner {
    struct registry *registry;
    struct experiment *experiment; /* NULL: its rows are all there is of it */
    const struct runner_options *options;
    size_t nready;
    struct process *ready; /* workers: the one that checks, then all of the crew */
    struct identity *identity;
    struct provenance provenance;
    struct git_status git;
    struct recorder *recorder;
    struct store store;
    struct shard *shard; /* NULL: the experiment is not cut */
};

/* ---- a worker ahead of time ----------------------------------------------------------------- */

struct process *runner_start_worker(size_t nplugins, const char *const *plugins)
{
    struct process *p = mem_alloc(sizeof *p);
    struct error ignored;

    if (process_start(p, nplugins, plugins, &ignored) == OK)
        return p;
    free(p);
    return NULL;
}

void runner_stop_worker(struct process *p)
{
    if (p)
        process_bury(p, true, NULL);
    free(p);
}

/* ---- before anything is stored ----------------------------------------------------------- */

static void note_wait(void *arg, const char *text)
{
    const struct runner *r = arg;
    const struct run_listener *l = r->options->listener;

    if (l)
        l->note(l->arg, text);
}

static status open_recorder(struct runner *r, struct error *err)
{
    if (r->options->shard.n && (shard_open(&r->options->shard, r->identity->uid, &r->shard, err) != OK ||
                                shard_load(r->shard, r->options->db, note_wait, r, err) != OK))
        return FAILED;
    if (recorder_open(r->options->db, &r->recorder, err) != OK)
        return FAILED;
    if (r->shard) /* its database ends with it; what is published is synced */
        sqlite3_exec(recorder_handle(r->recorder), "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    recorder_on_wait(r->recorder, note_wait, NULL, r);
    r->store = (struct store){.recorder = r->recorder,
                              .registry = r->registry,
                              .experiment = r->experiment,
                              .identity = r->identity,
                              .provenance = &r->provenance,
                              .options = r->options};
    return store_decide(&r->store, err);
}

static void count_rows(void *arg, size_t trial, const char *json)
{
    struct runner *r = arg;
    cJSON *plan = cJSON_Parse(json);
    struct arena *arena = arena_new();
    struct error later; /* that the claim is lost, is said before the first run */

    identity_count_rows(r->identity, scout_now(r->experiment, trial, arena).spec, plan);
    if (r->recorder)
        recorder_tick(r->recorder, NULL, &later);
    arena_free(arena);
    cJSON_Delete(plan);
}

/* The spec is good: the other workers get ready while the database is made. */
static void start_others(struct runner *r)
{
    const struct runner_options *o = r->options;
    const size_t n = crew_size(o, r->experiment->ntrials * r->experiment->repeats);
    struct error later; /* what cannot be started is tried again, and told, when a run needs it */

    for (size_t i = 1; i < n; i++)
        if (process_start(&r->ready[i], o->nplugins, o->plugins, &later) != OK)
            break;
}

static bool is_done(const struct runner *r)
{
    return r->recorder && r->store.known.state == KNOWN_FINISHED && !r->options->restart;
}

/* What the user's spec names may be read later when a database names it. */
static void note_files(const struct identity *id)
{
    for (size_t i = 0; i < id->nfiles; i++)
        named_paths_add(id->files[i].path);
    named_paths_keep();
}

/* Until the first worker answers, which may be long when data are large: the claim lives on meanwhile. */
static status wait_for_scout(struct runner *r, struct error *err)
{
    struct pollfd fd = {.fd = r->ready[0].frame_fd, .events = POLLIN};

    while (r->recorder && poll(&fd, 1, WAIT) == 0)
        if (recorder_tick(r->recorder, NULL, err) != OK)
            return FAILED;
    return OK;
}

/* A database that is there is asked early: what ran already needs no check. One that is
 * not there is made late: a wrong spec leaves nothing behind. */
static status prepare(struct runner *r, struct diag *d, struct error *err)
{
    const struct experiment *e = r->experiment;
    const struct place *at = &e->first->model_at;
    bool exists = access(r->options->db, F_OK) == 0;
    struct error file_error = {{0}};

    r->nready = crew_size(r->options, INT64_MAX);
    r->ready = mem_array(r->nready, sizeof *r->ready);
    if (scout_begin(&r->ready[0], e, r->options, err) != OK)
        return FAILED;
    if (provenance_collect(at->source ? at->source->folder : ".", &r->provenance, err) != OK)
        return FAILED;
    if (r->provenance.git_top && !r->provenance.git_runs)
        git_status_start(&r->git, r->provenance.git_top, r->options->db);
    /* A data file that cannot be hashed cannot be read by the worker either, which knows
     * its place in the spec. */
    if (identity_new(r->registry, e, &r->identity, &file_error) == OK)
        note_files(r->identity);
    if (r->identity && exists) {
        if (open_recorder(r, err) != OK)
            return FAILED;
        if (is_done(r))
            return OK;
    }
    if (wait_for_scout(r, err) != OK)
        return FAILED;
    if (scout_finish(&r->ready[0], e, r->identity ? count_rows : NULL, r, d) != OK)
        return FAILED;
    start_others(r);
    if (!r->identity) {
        *err = file_error;
        return FAILED;
    }
    return r->recorder ? OK : open_recorder(r, err);
}

/* ---- the runs ------------------------------------------------------------------------------ */

static status record_git(struct runner *r, int64_t experiment, struct error *err)
{
    bool dirty;

    if (git_status_answer(&r->git, GIT_PATIENCE, &dirty))
        return recorder_git_dirty(r->recorder, experiment, dirty, err);
    return OK;
}

/* Once, before the first run: which plugins have not passed their check. */
static void tell_unproven(struct runner *r)
{
    for (const char *line = r->identity ? r->identity->unproven : ""; *line;) {
        const size_t n = strcspn(line, "\n");
        char *text = mem_format("%.*s", (int)n, line);

        note_wait(r, text);
        free(text);
        line += n + (line[n] == '\n');
    }
}

/* What the schedule's calls back need. */
struct host {
    struct runner *runner;
    struct crew *crew;
};

static status host_store(void *arg, const struct trial *t, int64_t *ids, struct error *err)
{
    struct host *h = arg;

    return store_trial(&h->runner->store, t, ids, err);
}

static status host_over(void *arg, int64_t run, const char *word, int64_t epochs, const char *reason,
                        struct error *err)
{
    struct host *h = arg;

    return crew_run_over(h->crew, run, word, epochs, reason, err);
}

static void host_note(void *arg, const char *text)
{
    struct host *h = arg;

    note_wait(h->runner, text);
}

/* Of the runs that ended, in seconds; 0: none has, or it cannot be read, which others will say. */
static double longest_run(sqlite3 *db, int64_t experiment)
{
    sqlite3_stmt *st = NULL;
    double seconds = 0.0;

    if (sqlite3_prepare_v2(db,
                           "SELECT max(seconds) FROM runs WHERE experiment_id = ?1 AND status = 'finished'",
                           -1, &st, NULL) == SQLITE_OK) {
        sqlite3_bind_int64(st, 1, experiment);
        if (sqlite3_step(st) == SQLITE_ROW)
            seconds = sqlite3_column_double(st, 0);
    }
    sqlite3_finalize(st);
    return seconds;
}

/* Of a shard: what is not published yet. */
static status publish_last(struct runner *r, int64_t experiment, const struct runner_summary *s,
                           struct error *err)
{
    if (!r->shard)
        return OK;
    if (shard_publish(r->shard, r->options->db, experiment, err) != OK)
        return FAILED;
    return s->left == 0 ? shard_finish(r->shard, err) : OK;
}

/* What T, which is stored as experiment ID, has to do. D: the warnings of its check; may be NULL. */
static status train(struct runner *r, const struct training *t, int64_t id, struct diag *d,
                    struct runner_summary *out, struct error *err)
{
    const struct run_listener *l = r->options->listener;
    struct host host = {.runner = r};
    const struct schedule_host calls = {
        .arg = &host, .store = host_store, .over = host_over, .note = host_note};
    struct crew_task task = {.training = t,
                             .shard = r->shard,
                             .experiment = id,
                             .options = r->options,
                             .recorder = r->recorder,
                             .diag = d,
                             .nready = r->nready,
                             .ready = r->ready};
    struct error ignored;
    char *bytes = NULL;
    status result =
        schedule_new(r->recorder, r->options->db, r->registry, t, id, &calls, &task.schedule, err);

    if (result == OK)
        result = recorder_tick(r->recorder, NULL, err);
    if (result == OK)
        result = same_bytes_wanted(recorder_handle(r->recorder), id, r->identity, &bytes, err);
    task.bytes = bytes;
    task.longest = longest_run(recorder_handle(r->recorder), id);
    if (result == OK && l)
        result = l->earlier(l->arg, recorder_handle(r->recorder), id, err);
    if (result == OK) {
        tell_unproven(r);
        out->experiment_id = id;
        result = crew_train(&task, &host.crew, out, err);
    }
    if (result == OK)
        result = record_git(r, id, err);
    if (result == OK && (result = recorder_commit(r->recorder, err)) == OK)
        result = store_summary(r->recorder, id, t->objective.name != NULL, out, err);
    if (result == OK)
        result = publish_last(r, id, out, err);
    schedule_free(task.schedule);
    if (result == OK)
        result = recorder_close(r->recorder, err);
    else
        recorder_close(r->recorder, &ignored);
    r->recorder = NULL;
    crew_dismiss(host.crew); /* after the recorder, which asks it whether to go on waiting */
    resume_tidy(r->options->db);
    free(bytes);
    return result;
}

static void release(struct runner *r)
{
    struct error ignored;
    bool dirty;

    for (size_t i = 0; i < r->nready; i++)
        process_bury(&r->ready[i], true, NULL);
    free(r->ready);
    git_status_answer(&r->git, 0, &dirty);
    recorder_close(r->recorder, &ignored);
    store_release(&r->store);
    shard_free(r->shard);
    provenance_release(&r->provenance);
    identity_free(r->identity);
}

status runner_run(struct experiment *e, struct registry *reg, const struct runner_options *o,
                  struct runner_summary *out, struct diag *d, struct error *err)
{
    struct runner r = {.registry = reg, .experiment = e, .options = o};
    status result;

    *out = (struct runner_summary){0};
    result = prepare(&r, d, err);
    if (result == OK)
        result = store_follow_files(&r.store, err);
    if (result == OK && is_done(&r)) {
        out->already_finished = true;
        result = store_summary(r.recorder, r.store.known.id, e->objective.name != NULL, out, err);
        if (result == OK)
            result = publish_last(&r, r.store.known.id, out, err);
    } else if (result == OK && (result = store_experiment(&r.store, err)) == OK) {
        const struct training t = training_of(e); /* with the seed that is stored */

        result = train(&r, &t, r.store.experiment_id, d, out, err);
        /* The strategy had no further trial. */
        out->already_finished = result == OK && r.store.ended > 0 && out->runs == r.store.ended;
    }
    release(&r);
    return result;
}

status runner_go_on(struct recorder *recorder, struct registry *reg, const struct training *t, int64_t id,
                    const struct runner_options *o, struct runner_summary *out, struct error *err)
{
    struct runner r = {.registry = reg, .options = o, .recorder = recorder};
    status result;

    *out = (struct runner_summary){0};
    recorder_on_wait(recorder, note_wait, NULL, &r);
    result = train(&r, t, id, NULL, out, err);
    release(&r);
    return result;
}
