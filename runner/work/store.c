/* store.c - see store.h. Called by the runner; what rows are made of is in record/.
 */
#include "work/store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* ---- deciding ---------------------------------------------------------------------- */

/* Files of experiment OTHER whose bytes differ now; for two experiments with one spec. */
static void add_changed_files(struct recorder *r, int64_t other, const struct identity *id,
                              struct strbuf *out)
{
    sqlite3_stmt *st = NULL;

    if (sqlite3_prepare_v2(recorder_handle(r),
                           "SELECT sha256 FROM data_files WHERE experiment_id = ?1 AND role = ?2"
                           " AND path = ?3",
                           -1, &st, NULL) != SQLITE_OK)
        return;
    for (size_t i = 0; i < id->nfiles; i++) {
        const struct data_file_row *f = &id->files[i];

        sqlite3_bind_int64(st, 1, other);
        sqlite3_bind_text(st, 2, f->role, -1, SQLITE_STATIC);
        sqlite3_bind_text(st, 3, f->path, -1, SQLITE_STATIC);
        if (sqlite3_step(st) == SQLITE_ROW &&
            strcmp((const char *)sqlite3_column_text(st, 0), f->sha256) != 0)
            strbuf_addf(out, "  %s has changed since\n", f->path);
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
}

static status refuse_beside(struct recorder *r, const struct experiment *e, const struct identity *id,
                            const struct known_experiment *known, struct error *err)
{
    char *difference = identity_difference(known->other_text, e->text);
    struct strbuf text = {0};

    strbuf_addf(&text,
                "another experiment '%s' (number %lld) is not finished; --new starts this one beside it.",
                e->name, (long long)known->other_id);
    if (*difference) {
        strbuf_addf(&text, " The difference:\n%s", difference);
    } else {
        strbuf_add(&text, " The specs are the same:\n");
        add_changed_files(r, known->other_id, id, &text);
        if (strchr(text.text, '\n')[1] == 0)
            strbuf_add(&text, "  a plugin, or what a default means, has changed since\n");
    }
    text.text[--text.len] = 0; /* the last line's end */
    error_set(err, "%s", text.text);
    strbuf_release(&text);
    free(difference);
    return FAILED;
}

status store_decide(struct recorder *r, const struct experiment *e, const struct identity *id,
                    const struct runner_options *o, struct known_experiment *known, struct error *err)
{
    struct runner_summary s = {0};

    if (recorder_claim(r, id->uid, err) != OK ||
        recorder_find_experiment(r, id->uid, e->name, known, err) != OK)
        return FAILED;
    if (o->restart || known->state == KNOWN_FINISHED)
        return OK;
    if (known->state == KNOWN_UNFINISHED) {
        if (store_summary(r, known->id, &s, err) != OK)
            return FAILED;
        return error_set(
            err,
            "experiment '%s' (number %lld) was begun and is not finished: %lld of its %lld runs are; "
            "--new begins it anew (its rows are replaced)",
            e->name, (long long)known->id, (long long)(s.finished + s.failed), (long long)s.runs);
    }
    return known->other_unfinished ? refuse_beside(r, e, id, known, err) : OK;
}

status store_summary(struct recorder *r, int64_t experiment, struct runner_summary *out, struct error *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(recorder_handle(r),
                                "SELECT count(*), count(*) FILTER (WHERE status IN ('finished', 'stopped')),"
                                " count(*) FILTER (WHERE status IN ('queued', 'running', 'interrupted'))"
                                " FROM runs WHERE experiment_id = ?1",
                                -1, &st, NULL);

    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(st, 1, experiment);
        rc = sqlite3_step(st);
    }
    if (rc == SQLITE_ROW) {
        out->experiment_id = experiment;
        out->runs = sqlite3_column_int64(st, 0);
        out->finished = sqlite3_column_int64(st, 1);
        out->failed = out->runs - out->finished - sqlite3_column_int64(st, 2);
    } else {
        error_set(err, "cannot read the results database: %s", sqlite3_errmsg(recorder_handle(r)));
    }
    sqlite3_finalize(st);
    return rc == SQLITE_ROW ? OK : FAILED;
}

/* ---- storing ----------------------------------------------------------------------- */

/* The checkpoint files of an experiment that is about to be replaced, one to a line. */
static void list_checkpoints(struct recorder *r, int64_t experiment, struct strbuf *out)
{
    sqlite3_stmt *st = NULL;

    if (sqlite3_prepare_v2(
            recorder_handle(r),
            "SELECT path FROM checkpoints JOIN runs ON runs.id = run_id WHERE experiment_id = ?1", -1, &st,
            NULL) == SQLITE_OK) {
        sqlite3_bind_int64(st, 1, experiment);
        while (sqlite3_step(st) == SQLITE_ROW)
            strbuf_addf(out, "%s\n", (const char *)sqlite3_column_text(st, 0));
    }
    sqlite3_finalize(st);
}

static void remove_files(struct strbuf *list)
{
    char *rest = list->text, *path;

    while (rest && *rest && (path = strsep(&rest, "\n")))
        unlink(path);
}

static status add_runs(struct recorder *r, struct registry *reg, const struct experiment *e,
                       const struct identity *id, int64_t experiment, int64_t *runs, struct error *err)
{
    for (size_t t = 0; t < e->ntrials; t++) {
        struct arena *arena = arena_new();
        const struct trial *trial = &e->trials[t];
        struct run_row row = {.experiment_id = experiment,
                              .trial = (int64_t)t,
                              .resolved = trial->resolved,
                              .nvalues = trial->nvalues,
                              .values = trial->values};
        struct plugin_row *plugins;
        status st = identity_plugins(reg, arena, trial->spec, &row.nplugins, &plugins, err);

        row.plugins = plugins;
        for (int64_t k = 0; k < e->repeats && st == OK; k++) {
            char uid[65];

            row.repeat = k;
            row.seed = e->seed + (uint64_t)k;
            row.uid = uid;
            identity_run_uid(id->uid, trial->resolved, row.seed, uid);
            st = recorder_add_run(r, &row, runs++, err);
        }
        arena_free(arena);
        if (st != OK)
            return FAILED;
    }
    return OK;
}

const char *store_objective(const struct experiment *e)
{
    const struct spec *s = e->trials[0].spec;

    return s->data.validation.item || s->data.validation_share > 0 ? "validation.loss" : "train.loss";
}

status store_experiment(struct recorder *r, struct registry *reg, const struct experiment *e,
                        const struct identity *id, const struct provenance *p, const struct runner_options *o,
                        const struct known_experiment *known, int64_t *experiment, int64_t *runs,
                        struct error *err)
{
    const struct experiment_row row = {.uid = id->uid,
                                       .name = e->name,
                                       .spec = e->text,
                                       .spec_sha256 = e->spec_sha256,
                                       .command = o->command,
                                       .version = p->version,
                                       .runner_sha256 = p->runner_sha256,
                                       .git_commit = p->git_commit,
                                       .host = p->host,
                                       .cpu = p->cpu,
                                       .kernels = p->kernels,
                                       .objective = store_objective(e),
                                       .nfiles = id->nfiles,
                                       .files = id->files};
    struct strbuf old = {0};
    status result = FAILED;

    if (known->state != KNOWN_NEW) {
        list_checkpoints(r, known->id, &old);
        if (recorder_delete_experiment(r, known->id, err) != OK)
            goto out;
    }
    if (recorder_add_experiment(r, &row, experiment, err) != OK ||
        add_runs(r, reg, e, id, *experiment, runs, err) != OK || recorder_commit(r, err) != OK)
        goto out;
    remove_files(&old);
    result = OK;
out:
    strbuf_release(&old);
    return result;
}
