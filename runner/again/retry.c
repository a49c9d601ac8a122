/* retry.c - see retry.h. Knows the experiment from its rows alone: the spec file need
 * not be there any more.
 */
#include "again/retry.h"

#include <stdlib.h>
#include <string.h>

#include "base/run_status.h"
#include "base/text.h"
#include "spec/spec_paths.h"
#include "yaml/tree.h"
#include "sweep/strategies.h"
#include "work/runner.h"
#include "record/database.h"

/* ---- which runs ----------------------------------------------------------------------------- */

static status check_word(const char *word, struct error *err)
{
    const char *failures[STATUSES], *near;
    struct strbuf all = {0};
    size_t n = 0;

    if (run_status_is_failure(word))
        return OK;
    for (int s = 0; s < STATUSES; s++)
        if (run_status_is_failure(run_statuses[s].word)) {
            failures[n++] = run_statuses[s].word;
            strbuf_addf(&all, "%s%s", n > 1 ? ", " : "", run_statuses[s].word);
        }
    near = text_nearest(word, failures, n);
    if (near)
        error_set(err, "no run can be retried for its status '%s'; did you mean '%s'?", word, near);
    else
        error_set(err, "no run can be retried for its status '%s'; there are %s", word, all.text);
    strbuf_release(&all);
    return FAILED;
}

/* Those that are retried unless the user says otherwise. */
static char *default_statuses(void)
{
    struct strbuf b = {0};

    for (int s = 0; s < STATUSES; s++)
        if (run_statuses[s].retried)
            strbuf_addf(&b, "%s%s", b.len ? "," : "", run_statuses[s].word);
    return b.text;
}

static status read_statuses(struct retry *r, const char *text, struct error *err)
{
    char *copy = text ? mem_string(text) : default_statuses(), *rest = copy, *word;
    struct strbuf sql = {0};
    status result = OK;

    while (result == OK && (word = strsep(&rest, ","))) {
        result = check_word(word, err);
        strbuf_addf(&sql, "%s'%s'", sql.len ? "," : "", word);
    }
    r->statuses = sql.text;
    free(copy);
    return result;
}

/* ---- the experiment --------------------------------------------------------------------------- */

struct stored {
    sqlite3_stmt *row;
    const char *spec, *resolved, *strategy; /* of the row */
    int64_t run;                            /* the first */
};

static const char *text_of(const struct stored *s, int column)
{
    return database_text(s->row, column);
}

static status read_row(struct retry *r, sqlite3 *db, struct stored *s, struct error *err)
{
    struct training *t = &r->training;
    char *sql = mem_format(
        "SELECT x.name, x.uid, x.spec, r.resolved, r.id,"
        " (SELECT key FROM json_each(x.strategy) LIMIT 1), x.objective, x.goal, x.objective_at,"
        " (SELECT max(repeat) + 1 FROM runs WHERE experiment_id = x.id),"
        " EXISTS (SELECT 1 FROM run_params WHERE run_id = r.id),"
        " (SELECT count(*) FROM runs WHERE experiment_id = x.id AND status IN (%s)),"
        " (SELECT count(*) FROM runs WHERE experiment_id = x.id AND status IN " RUN_STATUSES_UNFINISHED ")"
        " FROM experiments AS x JOIN runs AS r ON r.experiment_id = x.id WHERE x.id = ?1"
        " ORDER BY r.trial, r.repeat LIMIT 1",
        r->statuses);
    const int rc = sqlite3_prepare_v2(db, sql, -1, &s->row, NULL);

    free(sql);
    if (rc != SQLITE_OK)
        return database_read_error(db, err);
    sqlite3_bind_int64(s->row, 1, r->id);
    if (sqlite3_step(s->row) != SQLITE_ROW)
        return database_read_error(db, err);
    t->name = arena_format(r->arena, "%s", text_of(s, 0));
    snprintf(r->uid, sizeof r->uid, "%s", text_of(s, 1));
    s->spec = text_of(s, 2);
    s->resolved = text_of(s, 3);
    s->run = sqlite3_column_int64(s->row, 4);
    s->strategy = text_of(s, 5);
    t->objective = (struct sweep_objective){.name = arena_format(r->arena, "%s", text_of(s, 6)),
                                            .maximize = strcmp(text_of(s, 7), "maximize") == 0,
                                            .last = strcmp(text_of(s, 8), "last") == 0};
    t->repeats = sqlite3_column_int64(s->row, 9);
    t->swept = sqlite3_column_int(s->row, 10) != 0;
    r->chosen = sqlite3_column_int64(s->row, 11);
    r->waiting = sqlite3_column_int64(s->row, 12);
    return OK;
}

/* Waiting runs of such an experiment are `fell run`'s, which has the whole spec. */
static status check_decisions(const struct retry *r, const struct stored *s, struct diag *d,
                              struct error *err)
{
    const struct strategy *strategy = strategy_find(s->strategy);
    const struct node *root =
        tree_parse_text(r->tree, "the stored spec", "/", s->spec, strlen(s->spec), false, d);
    const bool decides = (root && tree_at(root, "sweep.pruner")) || !strategy || strategy->suggest;

    if (!decides || r->waiting == 0)
        return OK;
    return error_set(err,
                     "%lld run%s for what its strategy or pruner decides; fell run with its spec goes on "
                     "with that, and then failed runs can be retried",
                     (long long)r->waiting, r->waiting == 1 ? " waits" : "s wait");
}

static status read_first(struct retry *r, const struct stored *s, const char *db, struct error *err)
{
    struct error why;

    r->training.first =
        spec_from_text(r->plugins.registry, r->arena, r->tree, r->training.name, s->resolved, &why);
    if (r->training.first && r->files.n) {
        char *now = spec_rename_paths(r->training.first, s->resolved, moved_files_now, &r->files);
        const char *text = now ? arena_format(r->arena, "%s", now) : s->resolved;

        free(now);
        r->training.first =
            spec_from_text(r->plugins.registry, r->arena, r->tree, r->training.name, text, &why);
    }
    if (r->training.first)
        return spec_check_paths(r->training.first, db, err);
    return error_set(err, "its stored spec is not understood: %.900s", why.text);
}

/* The runs are stored as trained on these files, wherever they are now, and plugins. */
static status check_same(struct retry *r, sqlite3 *db, int64_t run, struct error *err)
{
    const struct strbuf *changed = &r->plugins.changed;

    if (changed->len > 0)
        return error_set(err, "%.*s; fell run with its spec trains all of it anew", (int)changed->len - 1,
                         changed->text);
    if (moved_files_find(db, run, &r->files, err) != OK)
        return FAILED;
    return r->files.changed.len > 0 ? error_set(err, "%s", r->files.changed.text) : OK;
}

status retry_open(struct retry *r, sqlite3 *db, int64_t id, const char *statuses, size_t n,
                  const char *const *given, struct error *err)
{
    struct diag *d = diag_new();
    struct stored s = {0};
    status result = FAILED;

    *r = (struct retry){.id = id, .arena = arena_new(), .tree = tree_new()};
    if (read_statuses(r, statuses, err) == OK && read_row(r, db, &s, err) == OK &&
        check_decisions(r, &s, d, err) == OK &&
        stored_plugins_open(&r->plugins, db, PLUGINS_OF_EXPERIMENT, id, n, given, err) == OK &&
        check_same(r, db, s.run, err) == OK)
        result = read_first(r, &s, sqlite3_db_filename(db, "main"), err);
    sqlite3_finalize(s.row);
    diag_free(d);
    return result;
}

/* ---- training ------------------------------------------------------------------------------------ */

static status queue_runs(struct retry *r, struct recorder *recorder, struct error *err)
{
    sqlite3 *db = recorder_handle(recorder);
    char *sql = mem_format("SELECT id, status || coalesce(': ' || error, '') FROM runs"
                           " WHERE experiment_id = ?1 AND status IN (%s) ORDER BY id",
                           r->statuses);
    sqlite3_stmt *row = NULL;
    status result = OK;
    int rc = sqlite3_prepare_v2(db, sql, -1, &row, NULL);

    if (rc == SQLITE_OK)
        sqlite3_bind_int64(row, 1, r->id);
    while (rc == SQLITE_OK && result == OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
        result = recorder_run_again(recorder, sqlite3_column_int64(row, 0), "requeued", database_text(row, 1),
                                    err);
        rc = SQLITE_OK;
    }
    if (result == OK && rc != SQLITE_DONE)
        result = database_read_error(db, err);
    sqlite3_finalize(row);
    free(sql);
    return result == OK ? recorder_commit(recorder, err) : FAILED;
}

/* The rows of the experiment name its files where they are now. */
static status move_files(struct retry *r, struct recorder *recorder, struct error *err)
{
    sqlite3 *db = recorder_handle(recorder);
    struct data_file_row *files = NULL;
    sqlite3_stmt *row = NULL;
    size_t n = 0;
    int rc = sqlite3_prepare_v2(db, "SELECT role, path, sha256 FROM data_files WHERE experiment_id = ?1", -1,
                                &row, NULL);
    status result;

    if (rc == SQLITE_OK)
        sqlite3_bind_int64(row, 1, r->id);
    while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
        files = mem_grow(files, n + 1, sizeof *files);
        files[n] = (struct data_file_row){
            .role = arena_format(r->arena, "%s", database_text(row, 0)),
            .path = arena_format(r->arena, "%s", moved_files_now(&r->files, database_text(row, 1)))};
        snprintf(files[n++].sha256, sizeof files->sha256, "%s", database_text(row, 2));
        rc = SQLITE_OK;
    }
    result = rc == SQLITE_DONE ? OK : database_read_error(db, err);
    sqlite3_finalize(row);
    if (result == OK)
        result = recorder_move_files(recorder, r->id, n, files, err);
    free(files);
    return result;
}

status retry_run(struct retry *r, const struct runner_options *o, struct runner_summary *out,
                 struct error *err)
{
    struct recorder *recorder = NULL;
    struct error ignored;

    *out = (struct runner_summary){0};
    if (recorder_open(o->db, &recorder, err) == OK && recorder_claim(recorder, r->uid, err) == OK &&
        (r->files.n == 0 || move_files(r, recorder, err) == OK) && queue_runs(r, recorder, err) == OK)
        return runner_go_on(recorder, r->plugins.registry, &r->training, r->id, o, out, err);
    recorder_close(recorder, &ignored);
    return FAILED;
}

void retry_release(struct retry *r)
{
    tree_free(r->tree);
    arena_free(r->arena);
    stored_plugins_release(&r->plugins);
    moved_files_release(&r->files);
    free(r->statuses);
}
