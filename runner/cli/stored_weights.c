/* stored_weights.c - see stored_weights.h. */
#include "cli/stored_weights.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "again/rerun.h"
#include "base/run_status.h"
#include "base/scratch.h"
#include "base/text.h"
#include "cli/query.h"
#include "engine/weights_file.h"
#include "record/database.h"
#include "work/resume.h"

/* The epoch that AT means: a number, or the best; NULL: the last. */
static status find_epoch(sqlite3 *db, const char *at, struct stored_weights *x, struct error *err)
{
    const bool best = at && strcmp(at, "best") == 0;

    if (at && !best && (!text_to_int(at, &x->epoch) || x->epoch < 0))
        return error_set(err, "--epoch: the number of an epoch, or best, is wanted here, not '%s'", at);
    if (at && !best)
        return OK;
    if (results_number(db,
                       best ? "SELECT best_epoch FROM leaderboard WHERE run = ?1"
                            : "SELECT epochs_done FROM runs WHERE id = ?1",
                       1, &x->run, -1, &x->epoch, err) != OK)
        return FAILED;
    return x->epoch < 0 ? error_set(err, "run %lld has no best epoch: its objective never had a value",
                                    (long long)x->run)
                        : OK;
}

static status read_run(sqlite3 *db, const char *path, const char *at, struct stored_weights *x,
                       struct error *err)
{
    sqlite3_stmt *s;
    int64_t done = 0;
    int code;

    if (results_query(db,
                      "SELECT r.status, r.epochs_done, e.train_loss, c.path, c.sha256\n"
                      "FROM runs AS r LEFT JOIN epochs AS e ON e.run_id = r.id AND e.epoch = ?2\n"
                      "     LEFT JOIN checkpoints AS c ON c.run_id = r.id AND c.epoch = ?2\n"
                      "WHERE r.id = ?1\n"
                      /* the file of one epoch alone before one that is written over */
                      "ORDER BY c.path LIKE '%/epoch-%' DESC LIMIT 1",
                      2, (const int64_t[]){x->run, x->epoch}, &s, err))
        return FAILED;
    code = sqlite3_step(s);
    if (code == SQLITE_ROW) {
        x->status = mem_string(database_text(s, 0));
        done = sqlite3_column_int64(s, 1);
        x->train_loss = sqlite3_column_type(s, 2) == SQLITE_NULL ? NAN : sqlite3_column_double(s, 2);
        x->checkpoint = resume_file(path, x->run, database_text(s, 3));
        x->sha256 = mem_string(database_text(s, 4));
    }
    sqlite3_finalize(s);
    if (code != SQLITE_ROW)
        return results_error(db, err);
    if (x->epoch > done)
        return error_set(err, "run %lld has %lld epochs: there is no epoch %lld", (long long)x->run,
                         (long long)done, (long long)x->epoch);
    if (!at && !run_status_is_whole(x->status))
        return error_set(err,
                         "run %lld has the status '%s': only a run that finished has weights to export; "
                         "--epoch N takes those of "
                         "an epoch",
                         (long long)x->run, x->status);
    return OK;
}

status stored_weights_find(sqlite3 *db, const char *db_path, const char *at, struct stored_weights *x,
                           struct error *err)
{
    if (at && strcmp(at, "last") == 0)
        at = NULL;
    return find_epoch(db, at, x, err) || read_run(db, db_path, at, x, err) ? FAILED : OK;
}

void stored_weights_release(struct stored_weights *x)
{
    free(x->status);
    free(x->checkpoint);
    free(x->sha256);
}

/* ---- from a checkpoint --------------------------------------------------------------- */

static status strip(const struct stored_weights *x, sqlite3 *db, const char *to, struct error *err)
{
    struct stored_run run;
    status st = stored_run_read(db, x->run, &run, err);

    if (st == OK)
        st = weights_file_strip(x->checkpoint, run.experiment, run.resolved, x->epoch, to, err);
    stored_run_release(&run);
    return st;
}

bool stored_weights_kept(const struct stored_weights *x)
{
    char sha256[65];
    struct error err;

    return x->checkpoint && x->sha256 && sha256_file(x->checkpoint, sha256, &err) == OK &&
           strcmp(sha256, x->sha256) == 0;
}

/* ---- by training again --------------------------------------------------------------- */

static void hear_epoch(void *arg, const struct epoch_report *e)
{
    double *train_loss = arg;

    *train_loss = e->loss[SPLIT_TRAIN];
}

static status train_again(const struct stored_weights *x, sqlite3 *db, size_t nplugins,
                          const char *const *plugins, const char *to, struct error *err)
{
    double train_loss = NAN;
    const struct rerun_listener listener = {.arg = &train_loss, .epoch = hear_epoch};
    struct rerun r = {0};
    struct rerun_end end;
    status st = FAILED;

    if (rerun_open(&r, db, x->run, nplugins, plugins, err))
        goto out;
    query_tell_moved(&r.files);
    if (r.files.changed.len > 0) {
        error_set(err, "%s", r.files.changed.text);
        goto out;
    }
    if (rerun_train(&r, x->epoch ? x->epoch : -1, to, &listener, &end, err))
        goto out;
    if (!run_status_is_good(end.word)) {
        error_set(err, "%s: %.1900s", end.word, end.error);
    } else if (isfinite(x->train_loss) && train_loss != x->train_loss) {
        error_set(
            err,
            "training again did not give what is recorded (train loss %.9g, recorded %.9g): the data, a "
            "plugin or the program changed since",
            train_loss, x->train_loss);
    } else {
        st = OK;
    }
out:
    rerun_release(&r);
    return st;
}

/* What was trained again goes where it is wanted only once it is known to be right: a file that stood there
 * stays otherwise. */
static status train_aside(const struct stored_weights *x, sqlite3 *db, size_t nplugins,
                          const char *const *plugins, const char *to, struct error *err)
{
    struct scratch scratch = {.folder = NULL};
    char *file = scratch_file(&scratch, "weights", err), *bytes = NULL;
    size_t size;
    status st = FAILED;

    if (!file)
        return FAILED;
    if (train_again(x, db, nplugins, plugins, file, err) == OK && file_read(file, &bytes, &size, err) == OK)
        st = file_write(to, bytes, size, err);
    free(bytes);
    free(file);
    scratch_end(&scratch);
    return st;
}

status stored_weights_write(const struct stored_weights *x, sqlite3 *db, size_t nplugins,
                            const char *const *plugins, const char *to, bool *saved, struct error *err)
{
    *saved = stored_weights_kept(x);
    return *saved ? strip(x, db, to, err) : train_aside(x, db, nplugins, plugins, to, err);
}

const char *stored_weights_origin(bool saved)
{
    return saved ? "from its checkpoint" : "trained again to the same bits";
}
