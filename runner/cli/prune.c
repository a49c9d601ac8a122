/* prune.c - `fell prune`: masks that leave out a recorded run's smallest weights, for train.masks of the
 * next.
 *
 * The weights are those of stored_weights.h, what is pruned already stands in the run's own masks. Writes
 * nothing to the results database. The rule is engine/prune.c's.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "again/moved_files.h"
#include "base/named_paths.h"
#include "base/scratch.h"
#include "base/text.h"
#include "cli/query.h"
#include "cli/stored_weights.h"
#include "engine/prune.h"
#include "engine/safetensors.h"

struct pruning {
    const struct call *c;
    struct arena *arena;
    sqlite3 *db;
    struct stored_weights of;
    struct tensor_file *weights, *before; /* before: the run's own masks, or NULL */
    size_t n;
    struct prune_tensor *tensor; /* [n] those that are pruned */
    fell_shape *shape;           /* [n] */
    int64_t count, there, gone;  /* weights in them; not masked before; that go now */
};

/* ---- what there is --------------------------------------------------------------------------------- */

/* The weights of the run, from its checkpoint or a file that is made and gone again. */
static status open_weights(struct pruning *p, struct error *err)
{
    struct scratch scratch = {.folder = NULL};
    char *made;
    bool saved;
    status st;

    if (stored_weights_kept(&p->of))
        return tensor_file_open(p->of.checkpoint, &p->weights, err);
    if (!(made = scratch_file(&scratch, "weights.safetensors", err)))
        return FAILED;
    st = stored_weights_write(&p->of, p->db, p->c->nplugins, p->c->plugins, made, &saved, err);
    if (st == OK)
        st = tensor_file_open(made, &p->weights, err);
    free(made);
    scratch_end(&scratch);
    return st;
}

/* train.masks of the run's resolved spec, "" without. free() it. */
static status read_masks_path(struct pruning *p, char **path, struct error *err)
{
    sqlite3_stmt *s;
    const char *text;

    *path = NULL;
    if (results_query(p->db, "SELECT coalesce(resolved ->> '$.train.masks', '') FROM runs WHERE id = ?1", 1,
                      &p->of.run, &s, err))
        return FAILED;
    if (sqlite3_step(s) == SQLITE_ROW) {
        text = database_text(s, 0);
        *path = mem_string(text);
    }
    return results_end(p->db, s, err);
}

static status open_masks(struct pruning *p, struct error *err)
{
    struct moved_files files = {0};
    const char *now;
    char *path = NULL;
    status st = FAILED;

    if (read_masks_path(p, &path, err) || moved_files_find(p->db, p->of.run, &files, err))
        goto out;
    if (path && *path && files.changed.len)
        error_set(err, "%s", files.changed.text);
    else if (path && *path && (now = moved_files_now(&files, path), true))
        st = named_paths_check(now, p->c->db, err) == OK ? tensor_file_open(now, &p->before, err) : FAILED;
    else
        st = OK;
out:
    moved_files_release(&files);
    free(path);
    return st;
}

static status take_tensor(struct pruning *p, const char *name, struct error *err)
{
    const struct tensor_file_entry *e = tensor_file_find(p->weights, name);
    const struct tensor_file_entry *masked = p->before ? tensor_file_find(p->before, name) : NULL;
    const float *before = masked ? masked->values ? masked->values : masked->small : NULL;
    struct prune_tensor *t = &p->tensor[p->n];
    float *mask;

    if (!e || !e->values)
        return error_set(err, "the weights of run %lld have no '%s'", (long long)p->of.run, name);
    if (e->rank < 2 && !masked)
        return OK;
    mask = arena_alloc(p->arena, (size_t)e->n * sizeof *mask);
    for (int64_t i = 0; i < e->n; i++) {
        if (!isfinite(e->values[i]))
            return error_set(err, "'%s' holds a number that is not finite: such weights cannot be ranked",
                             name);
        mask[i] = !before || before[i] != 0.0f ? 1.0f : 0.0f;
    }
    p->shape[p->n].rank = e->rank;
    memcpy(p->shape[p->n].dim, e->dim, sizeof p->shape->dim);
    *t = (struct prune_tensor){arena_string(p->arena, name, strlen(name)), e->n, e->values, mask};
    p->n++;
    return OK;
}

/* The trained tensors in the model's order; those of one dimension, biases and the scales of norms, are no
 * weights to prune, and are here where they are masked already. */
static status take_tensors(struct pruning *p, struct error *err)
{
    const size_t most = tensor_file_count(p->weights);
    sqlite3_stmt *s;
    status st = OK;

    p->tensor = arena_alloc(p->arena, most * sizeof *p->tensor);
    p->shape = arena_alloc(p->arena, most * sizeof *p->shape);
    if (results_query(p->db,
                      "SELECT layer || '.' || name FROM parameters WHERE run_id = ?1 ORDER BY position", 1,
                      &p->of.run, &s, err))
        return FAILED;
    while (st == OK && p->n < most && sqlite3_step(s) == SQLITE_ROW)
        st = take_tensor(p, database_text(s, 0), err);
    if (st != OK) {
        sqlite3_finalize(s);
        return FAILED;
    }
    if (results_end(p->db, s, err) != OK)
        return FAILED;
    return p->n ? OK
                : error_set(err,
                            "run %lld has no weights of two or more dimensions: there is nothing to prune",
                            (long long)p->of.run);
}

/* ---- what goes --------------------------------------------------------------------------------------- */

static int64_t kept(const struct prune_tensor *t)
{
    int64_t n = 0;

    for (int64_t i = 0; i < t->n; i++)
        n += t->mask[i] != 0.0f;
    return n;
}

/* Matrices first, in their order: a vector that has a mask keeps it. */
static void prune(struct pruning *p)
{
    struct prune_tensor *list = arena_alloc(p->arena, p->n * sizeof *list);
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++)
        if (p->shape[i].rank > 1)
            list[n++] = p->tensor[i]; /* with the same mask */
    for (size_t i = 0; i < n; i++) {
        p->count += list[i].n;
        p->there += kept(&list[i]);
    }
    p->gone = prune_by_magnitude(list, n, p->c->share, p->c->per_layer);
}

static status write_masks(const struct pruning *p, struct error *err)
{
    const char *const metadata[] = {"format", "pt", NULL};
    struct tensor_out *out = arena_alloc(p->arena, p->n * sizeof *out);

    for (size_t i = 0; i < p->n; i++)
        out[i] = (struct tensor_out){p->tensor[i].name, p->shape[i], p->tensor[i].mask};
    return tensor_file_write(p->c->output, out, p->n, metadata, err);
}

static void tell(const struct pruning *p)
{
    struct table *t = table_new();
    const int64_t stay = p->there - p->gone;

    printf("%s: of run %lld after epoch %lld, %lld of %lld weights go; %lld of %lld stay, %.4g %%\n",
           p->c->output, (long long)p->of.run, (long long)p->of.epoch, (long long)p->gone,
           (long long)p->there, (long long)stay, (long long)p->count,
           p->count ? 100.0 * (double)stay / (double)p->count : 0.0);
    table_column(t, (struct table_column){.name = "tensor"});
    table_column(t, (struct table_column){.name = "weights"});
    table_column(t, (struct table_column){.name = "stay"});
    for (size_t i = 0; i < p->n; i++) {
        table_text(t, p->tensor[i].name);
        table_integer(t, p->tensor[i].n);
        table_integer(t, kept(&p->tensor[i]));
    }
    table_print(t, stdout, 2);
    table_free(t);
}

/* ---- the command --------------------------------------------------------------------------------------- */

static bool is_complete(const struct call *c)
{
    if (c->share < 0.0 || c->share >= 1.0)
        cli_error(c->share < 0.0
                      ? "how many? write: fell prune %s --share 0.2 -o masks.safetensors, where 0.2 is the "
                        "share that goes"
                      : "--share: the share that goes is in [0, 1), and something stays of '%s'",
                  c->args[0]);
    else if (!c->output)
        cli_error("where to? write: fell prune %s --share %g -o masks.safetensors", c->args[0], c->share);
    else
        return true;
    return false;
}

static int run_prune(const struct call *c)
{
    struct pruning p = {.c = c};
    struct error err;
    int exit_status = EXIT_INPUT;

    if (!is_complete(c))
        return EXIT_INPUT;
    p.arena = arena_new();
    if (results_open(c->db, &p.db, &err) || results_run(p.db, c->args[0], &p.of.run, &err) ||
        stored_weights_find(p.db, c->db, c->at, &p.of, &err)) {
        cli_error("%s", err.text);
        goto out;
    }
    exit_status = EXIT_RUN;
    if (open_weights(&p, &err) || open_masks(&p, &err) || take_tensors(&p, &err)) {
        cli_error("run %lld was not pruned: %s", (long long)p.of.run, err.text);
        goto out;
    }
    prune(&p);
    if (write_masks(&p, &err)) {
        cli_error("%s", err.text);
        goto out;
    }
    if (!c->quiet)
        tell(&p);
    exit_status = EXIT_OK;
out:
    tensor_file_close(p.weights);
    tensor_file_close(p.before);
    stored_weights_release(&p.of);
    sqlite3_close(p.db);
    arena_free(p.arena);
    return exit_status;
}

const struct command command_prune = {
    .name = "prune",
    .task = "Use a trained net",
    .args = "RUN --share X -o FILE",
    .least = 1,
    .most = 1,
    .options = {OPTION_DB, OPTION_PLUGIN, OPTION_TRUST, OPTION_OUTPUT, OPTION_AT, OPTION_SHARE,
                OPTION_PER_LAYER, OPTION_QUIET},
    .brief = "Make masks that leave out a run's smallest weights",
    .help =
        "The file is for train.masks of the next run: 1 for each weight that stays, 0 for each that goes. "
        "--share is the share that goes, of the weights that are still there: 0.2 leaves 80 % of them, and "
        "after "
        "a run with masks 80 % of what those left; one that was pruned never comes back. Those of the least "
        "magnitude go, compared over all tensors of the net, or with --per-layer in each tensor by itself. "
        "Of "
        "equal magnitudes the one that comes first in the model goes first. Pruned are weights of two or "
        "more "
        "dimensions; vectors, biases and the scales of norms among them, stay. It is what "
        "torch.nn.utils.prune does: global_unstructured with L1Unstructured, or l1_unstructured, and amount "
        "for "
        "share. The weights are those after the run's last epoch, or the one that --epoch says, from its "
        "checkpoint "
        "or by training it again to the same bits.",
    .examples = "fell prune 12 --share 0.2 -o masks.safetensors\n"
                "fell run my.yaml train.masks=masks.safetensors 'train.initial_weights={run: 12, epoch: 0}'\n"
                "fell prune 12 --share 0.98 --per-layer --epoch best -o few.safetensors",
    .run = run_prune,
};
