/* export.c - `fell export`: the weights of a run as a safetensors file, with PyTorch's names
 * and layouts. From the run's last checkpoint where there is one; else a worker trains
 * the run again, to the same bits. Writes nothing to the results database.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/run_status.h"
#include "base/text.h"
#include "cli/query.h"
#include "engine/safetensors.h"
#include "work/resume.h"
#include "again/rerun.h"
#include "record/database.h"

/* What the database knows of the run. */
struct exported {
    int64_t run, epochs; /* after which epoch */
    char *status;
    double train_loss; /* of the last epoch; NAN: not recorded */
    char *checkpoint;  /* of that epoch, or NULL */
    char *sha256;
};

/* The epoch that AT means: a number, or the best; NULL: the last. */
static status find_epoch(sqlite3 *db, const char *at, struct exported *x, struct error *err)
{
    const bool best = at && strcmp(at, "best") == 0;

    if (at && !best && (!text_to_int(at, &x->epochs) || x->epochs < 0))
        return error_set(err, "--epoch: the number of an epoch, or best, is wanted here, not '%s'", at);
    if (at && !best)
        return OK;
    if (results_number(db,
                       best ? "SELECT best_epoch FROM leaderboard WHERE run = ?1"
                            : "SELECT epochs_done FROM runs WHERE id = ?1",
                       1, &x->run, -1, &x->epochs, err) != OK)
        return FAILED;
    return x->epochs < 0 ? error_set(err, "run %lld has no best epoch: its objective never had a value",
                                     (long long)x->run)
                         : OK;
}

static status read_run(sqlite3 *db, const char *path, const char *at, struct exported *x, struct error *err)
{
    sqlite3_stmt *s;
    int64_t done = 0;
    int code;

    if (results_query(db,
                      "SELECT r.status, r.epochs_done, e.train_loss, c.path, c.sha256\n"
                      "FROM runs AS r LEFT JOIN epochs AS e ON e.run_id = r.id AND e.epoch = ?2\n"
                      "     LEFT JOIN checkpoints AS c ON c.run_id = r.id AND c.epoch = ?2\n"
                      "WHERE r.id = ?1 LIMIT 1",
                      2, (const int64_t[]){x->run, x->epochs}, &s, err))
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
    if (x->epochs > done)
        return error_set(err, "run %lld has %lld epochs: there is no epoch %lld", (long long)x->run,
                         (long long)done, (long long)x->epochs);
    if (!at && !run_status_is_whole(x->status))
        return error_set(err,
                         "run %lld has the status '%s': only a run that finished has weights to export; "
                         "--epoch N takes those of "
                         "an epoch",
                         (long long)x->run, x->status);
    return OK;
}

static void release(struct exported *x)
{
    free(x->status);
    free(x->checkpoint);
    free(x->sha256);
}

/* ---- from a checkpoint --------------------------------------------------------------- */

/* The checkpoint's tensors but the optimizer's and the probes', whose names have a stroke. */
static status copy_weights(const char *from, const char *to, struct error *err)
{
    const char *const metadata[] = {"format", "pt", NULL};
    struct tensor_file *f = NULL;
    struct tensor_out *out = NULL;
    size_t n = 0;
    status st = FAILED;

    if (tensor_file_open(from, &f, err))
        goto out;
    out = mem_array(tensor_file_count(f), sizeof *out);
    for (size_t i = 0; i < tensor_file_count(f); i++) {
        const struct tensor_file_entry *e = tensor_file_at(f, i);

        if (!e->values || strchr(e->name, '/'))
            continue;
        out[n] = (struct tensor_out){.name = e->name, .shape.rank = e->rank, .values = e->values};
        memcpy(out[n++].shape.dim, e->dim, sizeof out->shape.dim);
    }
    st = tensor_file_write(to, out, n, metadata, err);
out:
    free(out);
    tensor_file_close(f);
    return st;
}

/* Whether the checkpoint is there and is what was saved. */
static bool checkpoint_is_good(const struct exported *x)
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

static status train_again(const struct call *c, sqlite3 *db, const struct exported *x, const char *to,
                          struct error *err)
{
    double train_loss = NAN;
    const struct rerun_listener listener = {.arg = &train_loss, .epoch = hear_epoch};
    struct rerun r = {0};
    struct rerun_end end;
    status st = FAILED;

    if (rerun_open(&r, db, x->run, c->nplugins, c->plugins, err))
        goto out;
    query_tell_moved(&r.files);
    if (r.files.changed.len > 0) {
        error_set(err, "%s", r.files.changed.text);
        goto out;
    }
    if (rerun_train(&r, x->epochs ? x->epochs : -1, to, &listener, &end, err))
        goto out;
    if (!run_status_is_good(end.word)) {
        error_set(err, "%s: %.1900s", end.word, end.error);
    } else if (isfinite(x->train_loss) && train_loss != x->train_loss) {
        unlink(to);
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

/* ---- the command ---------------------------------------------------------------------- */

static int run_export(const struct call *c)
{
    struct exported x = {0};
    struct error err;
    sqlite3 *db = NULL;
    bool saved;
    int exit_status = EXIT_INPUT;

    if (!c->safetensors)
        return cli_error("where to? write: fell export %s --safetensors FILE", c->args[0]);
    if (results_open(c->db, &db, &err) || results_run(db, c->args[0], &x.run, &err) ||
        find_epoch(db, c->at, &x, &err) || read_run(db, c->db, c->at, &x, &err)) {
        cli_error("%s", err.text);
        goto out;
    }
    saved = checkpoint_is_good(&x);
    if (saved ? copy_weights(x.checkpoint, c->safetensors, &err)
              : train_again(c, db, &x, c->safetensors, &err)) {
        cli_error("run %lld was not exported: %s", (long long)x.run, err.text);
        exit_status = EXIT_RUN;
        goto out;
    }
    if (!c->quiet)
        printf("%s: weights of run %lld after epoch %lld, %s\n", c->safetensors, (long long)x.run,
               (long long)x.epochs, saved ? "from its checkpoint" : "trained again to the same bits");
    exit_status = EXIT_OK;
out:
    sqlite3_close(db);
    release(&x);
    return exit_status;
}

const struct command command_export = {
    .name = "export",
    .task = "Use a trained net",
    .args = "RUN --safetensors FILE",
    .least = 1,
    .most = 1,
    .options = {OPTION_DB, OPTION_PLUGIN, OPTION_SAFETENSORS, OPTION_AT, OPTION_QUIET},
    .brief = "Write the weights of a run to a file",
    .help = "The file has the safetensors format, with the names and layouts that PyTorch uses "
            "(LAYER.weight, LAYER.bias; a dense weight is [out, in]). The weights are those after the run's "
            "last epoch, or after the one that --epoch says: from its checkpoint where the spec asked for "
            "one, else by training the run again, "
            "which gives the same bits; that the last loss is the recorded one is checked. Epoch 0 is the "
            "net before "
            "its first step; 'best' is the run's best epoch by the objective.",
    .examples = "fell export 12 --safetensors digits.safetensors\n"
                "fell export 12 --epoch best --safetensors best.safetensors\n"
                "fell run my.yaml train.initial_weights=digits.safetensors",
    .run = run_export,
};
