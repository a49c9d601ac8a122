/* run_weights.c - see run_weights.h. Reads the database and checkpoints; what it has found once it does not
 * look for again, so that a spec means the same from its check to its last trial.
 */
#include "cli/run_weights.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/results.h"
#include "cli/stored_weights.h"

struct found {
    int64_t run;
    char *epoch; /* as it was asked for */
    char *path;
};

struct run_weights {
    const char *db_path;
    struct weights_finder finder;
    size_t n;
    struct found *found;
};

static status look(const struct run_weights *w, struct stored_weights *x, const char *epoch,
                   struct error *err)
{
    const long long run = (long long)x->run;
    sqlite3 *db = NULL;
    char number[24];
    int64_t id;
    status st = FAILED;

    snprintf(number, sizeof number, "%lld", run);
    if (results_open(w->db_path, &db, err) || results_run(db, number, &id, err) ||
        stored_weights_find(db, w->db_path, epoch, x, err))
        goto out;
    if (stored_weights_kept(x))
        st = OK;
    else if (x->checkpoint && x->sha256 && *x->sha256)
        results_changed_state(x->checkpoint, x->run, err);
    else
        error_set(
            err,
            "run %lld keeps no state of epoch %lld: 'checkpoint: {keep: [%lld]}' in its spec keeps it, and "
            "'fell export %lld --epoch %lld --safetensors FILE' makes a file of it",
            run, (long long)x->epoch, (long long)x->epoch, run, (long long)x->epoch);
out:
    sqlite3_close(db);
    return st;
}

static status find(void *arg, int64_t run, const char *epoch, const char **path, struct error *err)
{
    struct run_weights *w = arg;
    struct stored_weights x = {.run = run};
    struct found *f = w->found;

    while (f < w->found + w->n && (f->run != run || strcmp(f->epoch, epoch) != 0))
        f++;
    if (f == w->found + w->n) {
        if (look(w, &x, epoch, err) != OK) {
            stored_weights_release(&x);
            return FAILED;
        }
        w->found = mem_grow(w->found, w->n + 1, sizeof *w->found);
        f = &w->found[w->n++];
        *f = (struct found){run, mem_string(epoch), mem_string(x.checkpoint)};
        stored_weights_release(&x);
    }
    *path = f->path;
    return OK;
}

struct run_weights *run_weights_new(const char *db_path)
{
    struct run_weights *w = mem_alloc(sizeof *w);

    w->db_path = db_path;
    w->finder = (struct weights_finder){find, w};
    return w;
}

void run_weights_free(struct run_weights *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->n; i++) {
        free(w->found[i].epoch);
        free(w->found[i].path);
    }
    free(w->found);
    free(w);
}

const struct weights_finder *run_weights_finder(const struct run_weights *w)
{
    return &w->finder;
}
