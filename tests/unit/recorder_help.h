/* recorder_help.h - what the tests of the recorder share: a scratch folder, answers of
 * the database, an experiment with runs. Included once by each of them.
 */
#ifndef TESTS_RECORDER_HELP_H
#define TESTS_RECORDER_HELP_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/packed.h"
#include "record/recorder.h"

static char folder[256], db_path[300];

static inline void make_folder(void)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(folder, sizeof folder, "%s/fell-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(db_path, sizeof db_path, "%s/fell.db", folder);
}

static inline void remove_folder(void)
{
    char command[300];

    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_expect(system(command) == 0);
}

/* All rows as "a|b\nc|d", NULL as "NULL", seen by a connection of its own. free() it. */
static inline char *answer(const char *path, const char *sql)
{
    struct strbuf text = {0};
    sqlite3_stmt *st;
    sqlite3 *db;
    int rc;

    cr_assert(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK, "%s", path);
    cr_assert(sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
    strbuf_add(&text, "");
    while ((rc = sqlite3_step(st)) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(st); i++) {
            const char *value = (const char *)sqlite3_column_text(st, i);

            strbuf_addf(&text, "%s%s", i ? "|" : text.len ? "\n" : "", value ? value : "NULL");
        }
    cr_assert(rc == SQLITE_DONE, "%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_finalize(st);
    sqlite3_close(db);
    return text.text;
}

static inline void expect_answer(const char *sql, const char *expected)
{
    char *found = answer(db_path, sql);

    cr_expect_str_eq(found, expected, "%s\n-- found:\n%s\n-- expected:\n%s", sql, found, expected);
    free(found);
}

static inline struct recorder *open_recorder(void)
{
    struct recorder *r = NULL;
    struct error err;

    cr_assert(recorder_open(db_path, &r, &err) == OK, "%s", err.text);
    return r;
}

static inline void close_recorder(struct recorder *r)
{
    struct error err;

    cr_assert(recorder_close(r, &err) == OK, "%s", err.text);
}

/* The experiment LIKE, all but its files and spec, with a trial of swept values for each of NTRIALS, and
 * REPEATS. The first run's id; the others follow. Committed. */
static inline int64_t add_experiment_like(struct recorder *r, struct experiment_row row, int64_t ntrials,
                                          int64_t repeats)
{
    const struct data_file_row file = {.role = "source.path", .path = "/d.csv", .sha256 = "f", .rows = 150};
    const struct plugin_row plugin = {.kind = "loss",
                                      .name = "mse",
                                      .version = "1",
                                      .path = "/mse.so",
                                      .sha256 = "p",
                                      .verdict = "unchecked"};
    int64_t experiment, first = 0, id;
    struct error err;

    row.spec = "spec of it";
    row.spec_sha256 = "5";
    row.nfiles = 1;
    row.files = &file;
    cr_assert(recorder_add_experiment(r, &row, &experiment, &err) == OK, "%s", err.text);
    for (int64_t t = 0; t < ntrials; t++)
        for (int64_t k = 0; k < repeats; k++) {
            const struct axis_value values[] = {
                {.path = "model.0.dense.activation", .text = "relu", .type = VALUE_TEXT},
                {.path = "model.0.dense.units", .text = "16", .type = VALUE_INT, .i = 16 + t},
                {.path = "optimizer.sgd.lr", .text = "1e-1", .type = VALUE_REAL, .x = 0.5}};
            char *run_uid = mem_format("%s-%lld-%lld", row.uid, (long long)t, (long long)k);
            const struct run_row run = {.uid = run_uid,
                                        .experiment_id = experiment,
                                        .trial = t,
                                        .repeat = k,
                                        .seed = (uint64_t)(7 + k),
                                        .resolved = "{}",
                                        .nvalues = 3,
                                        .values = values,
                                        .nplugins = 1,
                                        .plugins = &plugin};

            cr_assert(recorder_add_run(r, &run, &id, &err) == OK, "%s", err.text);
            if (!first)
                first = id;
            free(run_uid);
        }
    cr_assert(recorder_commit(r, &err) == OK, "%s", err.text);
    return first;
}

/* Of validation.loss. */
static inline int64_t add_experiment(struct recorder *r, const char *uid, const char *name, int64_t ntrials,
                                     int64_t repeats)
{
    return add_experiment_like(r, (struct experiment_row){.uid = uid, .name = name}, ntrials, repeats);
}

static inline void end_run(struct recorder *r, int64_t run, const char *word)
{
    struct error err;

    cr_assert(recorder_run_ended(r, run, word, 1, 0.5, NULL, 0, &err) == OK);
    cr_assert(recorder_commit(r, &err) == OK, "%s", err.text);
}

/* As a worker packs it. */
static inline void record_epoch(struct recorder *r, int64_t run, const struct epoch_report *e)
{
    struct strbuf b = {0};
    struct error err;

    packed_add_epoch(&b, (uint64_t)run, e);
    cr_assert(recorder_epoch(r, run, b.text + sizeof(struct frame), b.len - sizeof(struct frame), e->nmetrics,
                             e->metrics, &err) == OK,
              "%s", err.text);
    strbuf_release(&b);
}

static inline void record_step(struct recorder *r, int64_t run, const struct step_report *s)
{
    struct strbuf b = {0};
    struct error err;

    packed_add_step(&b, (uint64_t)run, s);
    cr_assert(recorder_step(r, run, b.text + sizeof(struct frame), b.len - sizeof(struct frame), &err) == OK,
              "%s", err.text);
    strbuf_release(&b);
}

/* An epoch of two tensors. */
static inline void add_epoch(struct recorder *r, int64_t run, int64_t epoch, double train, double validation)
{
    const struct tensor_numbers tensors[] = {
        {.grad_norm_mean = 1.5, .grad_norm_max = 1.5, .weight_norm = 1.5, .update_norm = 1.5},
        {.grad_norm_mean = 2.5,
         .grad_norm_max = 2.5,
         .weight_norm = 2.5,
         .update_norm = 2.5,
         .nonfinite = 3}};
    const struct epoch_report e = {.epoch = epoch,
                                   .loss = {train, validation, NAN},
                                   .grad_norm_mean = 0.25,
                                   .grad_norm_max = 0.75,
                                   .lr = 0.125,
                                   .samples = 150,
                                   .seconds = 0.5,
                                   .npositions = 2,
                                   .tensors = tensors};

    record_epoch(r, run, &e);
}

#endif
