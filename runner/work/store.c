/* store.c - see store.h. What rows are made of is in record/. */
#include "work/store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/run_status.h"
#include "base/text.h"
#include "work/resume.h"
#include "work/trial_now.h"
#include "record/database.h"

static status cannot_read(const struct store *s, struct error *err)
{
    return database_read_error(recorder_handle(s->recorder), err);
}

/* ---- other bytes ---------------------------------------------------------------------- */

/* Files of experiment OTHER whose bytes differ now. */
static void add_changed_files(const struct store *s, int64_t other, struct strbuf *out)
{
    sqlite3_stmt *st = NULL;

    if (sqlite3_prepare_v2(recorder_handle(s->recorder),
                           "SELECT sha256 FROM data_files WHERE experiment_id = ?1 AND role = ?2"
                           " AND path = ?3",
                           -1, &st, NULL) != SQLITE_OK)
        return;
    for (size_t i = 0; i < s->identity->nfiles; i++) {
        const struct data_file_row *f = &s->identity->files[i];

        sqlite3_bind_int64(st, 1, other);
        sqlite3_bind_text(st, 2, f->role, -1, SQLITE_STATIC);
        sqlite3_bind_text(st, 3, f->path, -1, SQLITE_STATIC);
        if (sqlite3_step(st) == SQLITE_ROW && strcmp(database_text(st, 0), f->sha256) != 0)
            strbuf_addf(out, "  %s has changed since\n", f->path);
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
}

/* Plugins that experiment OTHER ran with and whose bytes differ now. */
static void add_changed_plugins(const struct store *s, int64_t other, struct strbuf *out)
{
    sqlite3_stmt *st = NULL;

    if (sqlite3_prepare_v2(recorder_handle(s->recorder),
                           "SELECT DISTINCT p.kind, p.name, p.sha256 FROM plugins AS p JOIN runs AS r"
                           " ON r.id = p.run_id WHERE r.experiment_id = ?1 ORDER BY 1, 2",
                           -1, &st, NULL) != SQLITE_OK)
        return;
    sqlite3_bind_int64(st, 1, other);
    while (sqlite3_step(st) == SQLITE_ROW) {
        const char *kind = database_text(st, 0);
        const char *name = database_text(st, 1);

        if (identity_plugin_changed(s->identity, kind, name, database_text(st, 2)))
            strbuf_addf(out, "  the %s '%s' has changed since\n", kind, name);
    }
    sqlite3_finalize(st);
}

/* ---- deciding ------------------------------------------------------------------------ */

static status refuse_beside(const struct store *s, struct error *err)
{
    const struct known_experiment *known = &s->known;
    char *difference = identity_difference(known->other_text, s->experiment->text);
    struct strbuf text = {0};

    strbuf_addf(&text,
                "another experiment '%s' (number %lld) is not finished; --extend adds the new trials to it, "
                "--new starts this one beside it.",
                s->experiment->name, (long long)known->other_id);
    if (*difference) {
        strbuf_addf(&text, " The difference:\n%s", difference);
    } else {
        strbuf_add(&text, " The specs are the same:\n");
        add_changed_files(s, known->other_id, &text);
        add_changed_plugins(s, known->other_id, &text);
        if (strchr(text.text, '\n')[1] == 0)
            strbuf_add(&text, "  a plugin, or what a default means, has changed since\n");
    }
    text.text[--text.len] = 0; /* the last line's end */
    error_set(err, "%s", text.text);
    strbuf_release(&text);
    free(difference);
    return FAILED;
}

/* Its runs were trained on other bytes than the new ones would be. */
static status check_same_bytes(const struct store *s, int64_t other, struct error *err)
{
    struct strbuf text = {0};
    status result = OK;

    add_changed_files(s, other, &text);
    add_changed_plugins(s, other, &text);
    if (text.len) {
        text.text[--text.len] = 0;
        result = error_set(err, "'%s' (number %lld) cannot be extended; --new starts this one beside it:\n%s",
                           s->experiment->name, (long long)other, text.text);
    }
    strbuf_release(&text);
    return result;
}

/* The seed that was drawn when the experiment was begun. */
static status take_seed(struct store *s, struct error *err)
{
    sqlite3_stmt *st = NULL;
    struct diag *unexpected = diag_new();
    int rc = sqlite3_prepare_v2(recorder_handle(s->recorder),
                                "SELECT seed - repeat FROM runs WHERE experiment_id = ?1 ORDER BY id LIMIT 1",
                                -1, &st, NULL);
    status result = OK;

    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(st, 1, s->known.id);
        rc = sqlite3_step(st);
    }
    if (rc == SQLITE_ROW)
        result = experiment_reseed(s->experiment, (uint64_t)sqlite3_column_int64(st, 0), unexpected);
    else if (rc != SQLITE_DONE)
        result = cannot_read(s, err);
    if (rc == SQLITE_ROW && result != OK)
        error_set(err, "the trials cannot be drawn again from the stored seed");
    sqlite3_finalize(st);
    diag_free(unexpected);
    return result;
}

/* Every run that is stored has ended; but trials are stored as they are suggested, and repeats that
 * extend them when the schedule begins: the process may have been killed before the next was. */
static status look_for_more(struct store *s, struct error *err)
{
    int64_t n, runs;

    if (recorder_count_trials(s->recorder, s->known.id, &n, &runs, err) != OK)
        return FAILED;
    if (n < s->experiment->ntrials || runs < n * s->experiment->repeats) {
        s->known.state = KNOWN_UNFINISHED;
        s->ended = runs;
    }
    return OK;
}

/* Whether T is a trial that this task trains. */
static bool is_own(const struct store *s, int64_t number)
{
    const struct shard_place *at = &s->options->shard;

    return at->n == 0 || number % at->n == at->k;
}

/* Of a shard, what an earlier task of it published is there, and its other runs are not. */
static status look_for_own(struct store *s, struct error *err)
{
    const struct experiment *e = s->experiment;
    int64_t own = 0, n, runs;

    for (int64_t i = 0; i < e->ntrials; i++)
        own += is_own(s, i) ? e->repeats : 0;
    if (recorder_count_trials(s->recorder, s->known.id, &n, &runs, err) != OK)
        return FAILED;
    if (runs < own)
        s->known.state = KNOWN_UNFINISHED;
    return OK;
}

/* By what it is known by now, or was before 0.2. */
static status find_known(struct store *s, struct error *err)
{
    const struct identity *id = s->identity;
    const char *name = s->experiment->name;

    if (recorder_find_experiment(s->recorder, id->uid, name, &s->known, err) != OK)
        return FAILED;
    if (s->known.state != KNOWN_NEW || strcmp(id->uid, id->uid_before) == 0)
        return OK;
    free(s->known.other_text);
    return recorder_find_experiment(s->recorder, id->uid_before, name, &s->known, err);
}

status store_decide(struct store *s, struct error *err)
{
    const struct experiment *e = s->experiment;
    const struct runner_options *o = s->options;

    if (find_known(s, err) != OK)
        return FAILED;
    if (o->restart && s->known.author[0])
        return error_set(
            err,
            "experiment %lld was begun by '%s': --new would remove those runs; give yours another "
            "name (name=...)",
            (long long)s->known.id, s->known.author);
    if (s->known.state == KNOWN_NEW && o->extend && s->known.newest_id) {
        if (check_same_bytes(s, s->known.newest_id, err) != OK)
            return FAILED;
        s->known.state = KNOWN_EXTENDED;
        s->known.id = s->known.newest_id;
        memcpy(s->known.uid, s->known.newest_uid, sizeof s->known.uid);
    }
    if (s->known.state == KNOWN_FINISHED && e->adaptive && look_for_more(s, err) != OK)
        return FAILED;
    if (s->known.state == KNOWN_FINISHED && o->shard.n && look_for_own(s, err) != OK)
        return FAILED;
    if (s->known.state != KNOWN_NEW && e->seed_drawn && !o->restart && take_seed(s, err) != OK)
        return FAILED;
    memcpy(s->uid, s->known.state == KNOWN_NEW ? s->identity->uid : s->known.uid, sizeof s->uid);
    if (recorder_claim(s->recorder, s->uid, err) != OK)
        return FAILED;
    if (s->known.state == KNOWN_NEW && s->known.other_unfinished && !o->restart)
        return refuse_beside(s, err);
    return OK;
}

/* Of what ranks nothing this is not asked: the view's question takes as long as ten others. */
#define SOME_VALUE                                                                                           \
    "EXISTS (SELECT 1 FROM runs AS r JOIN objectives AS o ON o.run = r.id"                                   \
    " WHERE r.experiment_id = ?1 AND o.value IS NOT NULL)"

status store_summary(struct recorder *r, int64_t experiment, bool ranked, struct runner_summary *out,
                     struct error *err)
{
    sqlite3_stmt *st = NULL;
    char *sql = mem_format("SELECT count(*), count(*) FILTER (WHERE status IN " RUN_STATUSES_WHOLE "),"
                           " count(*) FILTER (WHERE status = 'pruned'),"
                           " count(*) FILTER (WHERE status IN " RUN_STATUSES_UNFINISHED "), %s"
                           " FROM runs WHERE experiment_id = ?1",
                           ranked ? SOME_VALUE : "0");
    int rc = sqlite3_prepare_v2(recorder_handle(r), sql, -1, &st, NULL);

    free(sql);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(st, 1, experiment);
        rc = sqlite3_step(st);
    }
    if (rc == SQLITE_ROW) {
        out->experiment_id = experiment;
        out->runs = sqlite3_column_int64(st, 0);
        out->finished = sqlite3_column_int64(st, 1);
        out->pruned = sqlite3_column_int64(st, 2);
        out->left = sqlite3_column_int64(st, 3);
        out->valued = sqlite3_column_int(st, 4) != 0;
        out->failed = out->runs - out->finished - out->pruned - out->left;
    } else {
        database_read_error(recorder_handle(r), err);
    }
    sqlite3_finalize(st);
    return rc == SQLITE_ROW ? OK : FAILED;
}

/* ---- runs -------------------------------------------------------------------------------- */

/* The trial that has the run of T with SEED, which may have been stored before 0.2; -1: none. */
static status find_run(const struct store *s, const struct trial *t, uint64_t seed, int64_t *trial,
                       struct error *err)
{
    char uid[65];

    identity_run_uid(s->identity, s->uid, t, seed, uid);
    if (recorder_find_trial(s->recorder, uid, trial, err) != OK)
        return FAILED;
    if (*trial >= 0)
        return OK;
    identity_run_uid_before(s->uid, t, seed, uid);
    return recorder_find_trial(s->recorder, uid, trial, err);
}

/* One run for each repeat that the experiment does not have yet; its number is TRIAL. */
static status add_runs(struct store *s, const struct trial *t, int64_t trial, int64_t *ids, struct error *err)
{
    const struct experiment *e = s->experiment;
    struct arena *arena = arena_new();
    struct run_row row = {.experiment_id = s->experiment_id,
                          .trial = trial,
                          .resolved = t->resolved,
                          .nvalues = t->nvalues,
                          .values = t->values};
    struct plugin_row *plugins;
    status result = identity_plugins(s->registry, arena, t->spec, &row.nplugins, &plugins, err);

    row.plugins = plugins;
    for (int64_t k = 0; k < e->repeats && result == OK; k++) {
        char uid[65];
        int64_t there = -1;

        row.repeat = k;
        row.seed = t->spec->seed + (uint64_t)k;
        row.uid = uid;
        identity_run_uid(s->identity, s->uid, t, row.seed, uid);
        row.id = s->options->shard.n ? trial * e->repeats + k + 1 : 0; /* as on one machine */
        if (s->known.state == KNOWN_EXTENDED ||
            ((e->adaptive || s->options->shard.n) && s->known.state != KNOWN_NEW))
            result = find_run(s, t, row.seed, &there, err);
        if (result == OK && there < 0)
            result = recorder_add_run(s->recorder, &row, &ids[k], err);
    }
    arena_free(arena);
    return result;
}

/* Of an extended experiment: the trial that the run of T's first repeat belongs to, or the
 * next number. */
static status trial_number(struct store *s, const struct trial *t, int64_t number, int64_t *next,
                           int64_t *out, struct error *err)
{
    int64_t found;

    *out = number;
    if (s->known.state != KNOWN_EXTENDED)
        return OK;
    if (find_run(s, t, t->spec->seed, &found, err) != OK)
        return FAILED;
    *out = found >= 0 ? found : (*next)++;
    return OK;
}

static status add_trials(struct store *s, struct error *err)
{
    const struct experiment *e = s->experiment;
    int64_t *ids = mem_array((size_t)e->repeats, sizeof *ids), next = 0, runs, trial;
    status result = OK;

    if (s->known.state == KNOWN_EXTENDED)
        result = recorder_count_trials(s->recorder, s->experiment_id, &next, &runs, err);
    for (int64_t i = 0; i < e->ntrials && result == OK && !e->adaptive; i++) {
        struct arena *arena = arena_new();
        struct trial t;

        if (!is_own(s, i)) {
            arena_free(arena);
            continue;
        }
        t = trial_now(e, (size_t)i, arena);
        result = trial_number(s, &t, i, &next, &trial, err);
        if (result == OK)
            result = add_runs(s, &t, trial, ids, err);
        arena_free(arena);
    }
    free(ids);
    return result;
}

status store_trial(struct store *s, const struct trial *t, int64_t *ids, struct error *err)
{
    return add_runs(s, t, t->number, ids, err) == OK ? recorder_commit(s->recorder, err) : FAILED;
}

/* ---- storing ------------------------------------------------------------------------------ */

/* The checkpoint files of an experiment that is about to be replaced. */
static status list_checkpoints(const struct store *s, int64_t experiment, struct strbuf *out,
                               struct error *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(
        recorder_handle(s->recorder),
        "SELECT run_id, path FROM checkpoints JOIN runs ON runs.id = run_id WHERE experiment_id = ?1", -1,
        &st, NULL);

    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(st, 1, experiment);
        while ((rc = sqlite3_step(st)) == SQLITE_ROW)
            resume_list_add(out, sqlite3_column_int64(st, 0), database_text(st, 1));
    }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? OK : cannot_read(s, err);
}

const char *store_objective(const struct experiment *e)
{
    const struct spec *s = e->first;

    if (e->objective.name)
        return e->objective.name;
    return spec_has_validation(s) ? "validation.loss" : "train.loss";
}

static struct experiment_row row_of(const struct store *s)
{
    const struct experiment *e = s->experiment;
    const struct provenance *p = s->provenance;

    return (struct experiment_row){.uid = s->uid,
                                   .identity = s->identity->uid,
                                   .name = e->name,
                                   .spec = e->text,
                                   .spec_sha256 = e->spec_sha256,
                                   .command = s->options->command,
                                   .version = p->version,
                                   .runner_sha256 = p->runner_sha256,
                                   .git_commit = p->git_commit,
                                   .host = p->host,
                                   .cpu = p->cpu,
                                   .kernels = p->kernels,
                                   .user = p->user,
                                   .objective = store_objective(e),
                                   .maximize = e->objective.maximize,
                                   .at_last = e->objective.last,
                                   .strategy = e->strategy,
                                   .nfiles = s->identity->nfiles,
                                   .files = s->identity->files};
}

status store_follow_files(struct store *s, struct error *err)
{
    if (s->known.state == KNOWN_NEW || s->options->restart)
        return OK;
    return recorder_move_files(s->recorder, s->known.id, s->identity->nfiles, s->identity->files, err);
}

/* An experiment that is there goes on as it is. */
static bool goes_on(const struct store *s)
{
    return (s->known.state == KNOWN_UNFINISHED || s->known.state == KNOWN_FINISHED) && !s->options->restart;
}

status store_experiment(struct store *s, struct error *err)
{
    const bool extends = s->known.state == KNOWN_EXTENDED;
    const struct experiment_row row = row_of(s);
    struct strbuf old = {0};
    status result = FAILED;

    s->experiment_id = s->known.id;
    if (goes_on(s) && s->options->shard.n && s->known.state == KNOWN_UNFINISHED)
        return add_trials(s, err) == OK ? recorder_commit(s->recorder, err) : FAILED;
    if (goes_on(s))
        return OK;
    if (s->known.state != KNOWN_NEW && !extends) {
        if (list_checkpoints(s, s->known.id, &old, err) != OK ||
            recorder_delete_experiment(s->recorder, s->known.id, err) != OK)
            goto out;
        s->known.state = KNOWN_NEW;
    }
    if (extends ? recorder_extend_experiment(s->recorder, s->known.id, &row, err) != OK
                : recorder_add_experiment(s->recorder, &row, &s->experiment_id, err) != OK)
        goto out;
    if (add_trials(s, err) != OK || recorder_commit(s->recorder, err) != OK)
        goto out;
    resume_list_remove(&old, s->options->db, recorder_handle(s->recorder));
    result = OK;
out:
    strbuf_release(&old);
    return result;
}

void store_release(struct store *s)
{
    free(s->known.other_text);
    s->known.other_text = NULL;
}
