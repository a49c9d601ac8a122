/* trained.c - see trained.h. */
#include "cli/trained.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/query.h"
#include "cli/stored_weights.h"
#include "kernels/pool.h"
#include "spec/spec_paths.h"
#include "yaml/tree.h"

void trained_release(struct trained *t)
{
    fitted_free(t->fitted);
    spec_free(t->spec);
    for (int i = 0; i < 2; i++)
        tree_free(t->tree[i]);
    registry_free(t->registry);
    weights_about_release(&t->about);
    free(t->made);
    scratch_end(&t->scratch);
}

/* The best epoch where the run has one; else the last. */
static status find_weights(sqlite3 *db, const struct call *c, struct stored_weights *x, struct error *err)
{
    struct error ignored;

    if (c->at)
        return stored_weights_find(db, c->db, c->at, x, err);
    if (stored_weights_find(db, c->db, "best", x, &ignored) == OK)
        return OK;
    stored_weights_release(x);
    *x = (struct stored_weights){.run = x->run};
    return stored_weights_find(db, c->db, NULL, x, err);
}

/* Rows of a split are those that were recorded, or none. */
static status check_files(sqlite3 *db, const struct call *c, int64_t run, struct error *err)
{
    struct moved_files files = {0};
    status st = c->split ? moved_files_find(db, run, &files, err) : OK;

    if (st == OK && files.changed.len)
        st = error_set(err, "--split: %s", files.changed.text);
    moved_files_release(&files);
    return st;
}

static status weights_of_run(struct trained *t, struct error *err)
{
    const struct call *c = t->call;
    struct stored_weights x = {0};
    sqlite3 *db = NULL;
    status st = FAILED;
    bool saved;

    t->weights = t->made = scratch_file(&t->scratch, "weights.safetensors", err);
    if (t->made && results_open(c->db, &db, err) == OK && results_run(db, c->args[0], &x.run, err) == OK &&
        check_files(db, c, x.run, err) == OK && find_weights(db, c, &x, err) == OK) {
        t->run = x.run;
        st = stored_weights_write(&x, db, c->nplugins, c->plugins, t->weights, &saved, err);
        if (st == OK && !c->quiet)
            fprintf(stderr, "fell: the net of run %lld after epoch %lld%s, %s\n", (long long)x.run,
                    (long long)x.epoch, c->at ? "" : " (its best, or last)", stored_weights_origin(saved));
    }
    sqlite3_close(db);
    stored_weights_release(&x);
    return st;
}

/* The spec, as the weights have it. */
status trained_read_spec(struct trained *t, const char *text, int which, struct error *err)
{
    t->tree[which] = tree_new();
    spec_free(t->spec);
    t->spec = spec_from_text(t->registry, NULL, t->tree[which], t->about.name, text, err);
    return t->spec ? OK : error_prepend(err, "the spec of the net");
}

/* Whether the database has an experiment of that name. */
static bool is_experiment(const struct call *c, const char *name)
{
    struct error ignored;
    sqlite3 *db = NULL;
    int64_t run;
    const bool is = results_open(c->db, &db, &ignored) == OK && results_run(db, name, &run, &ignored) == OK;

    sqlite3_close(db);
    return is;
}

/* A file that is there is one; the name of an experiment may look like one, or be a folder's too. */
static bool is_file(const struct call *c, const char *what)
{
    struct stat about;
    int64_t run;

    if (text_to_int(what, &run))
        return false;
    if (stat(what, &about) == 0 && !S_ISDIR(about.st_mode))
        return true;
    return strpbrk(what, "./") && !is_experiment(c, what);
}

static status find_net(struct trained *t, struct error *err)
{
    const char *what = t->call->args[0];

    t->registry = registry_new();
    for (size_t i = 0; i < t->call->nplugins; i++)
        if (registry_add_file(t->registry, t->call->plugins[i], err) != OK)
            return FAILED;
    if (!is_file(t->call, what)) {
        if (weights_of_run(t, err) != OK)
            return FAILED;
    } else if (t->call->at) {
        return error_set(err, "--epoch: a file has the weights of one epoch");
    } else {
        t->weights = what;
    }
    return weights_file_about(t->weights, &t->about, err) == OK ? trained_read_spec(t, t->about.spec, 0, err)
                                                                : FAILED;
}

/* What plugins warn of. */
static void warn(void *arg, const char *who, const char *text)
{
    (void)arg;
    fprintf(stderr, "fell: %s: %s\n", who, text);
}

status trained_open(struct trained *t, const struct call *c, struct error *err)
{
    enum simd_level level;

    t->call = c;
    if (simd_choose(getenv("FELL_SIMD"), &level, err) != OK || find_net(t, err) != OK)
        return FAILED;
    t->env = (struct host_env){.kernels = kernels_get(level), .registry = t->registry, .warn = warn};
    return OK;
}

status trained_check_paths(const struct trained *t, struct error *err)
{
    return spec_check_paths(t->spec, t->made ? t->call->db : t->weights, err);
}

/* A net of before the file knew its data: the rows that it was trained on tell. */
static status fit_again(struct trained *t, struct error *err)
{
    struct problem p = {.index = 0};
    struct data *data = NULL;
    status st;

    if (trained_check_paths(t, err) != OK)
        return FAILED;
    if (data_load(t->spec, &t->env, &data, &p) != OK)
        return error_set(err, "the weights are of an earlier version, so the training rows are needed: %s",
                         p.text);
    st = fitted_read(data->fitted, &t->fitted, err);
    data_free(data);
    return st;
}

status trained_fit(struct trained *t, struct error *err)
{
    return t->about.data ? fitted_read(t->about.data, &t->fitted, err) : fit_again(t, err);
}
