/* merge_impl.h - what the files of a merge share; nobody else includes it. Each calls those after it: merge.c
 * (experiments), merge_bulk.c (their new runs, all at once), merge_rows.c (one run).
 */
#ifndef RECORD_MERGE_IMPL_H
#define RECORD_MERGE_IMPL_H

#include "base/run_status.h"
#include "record/claim.h"
#include "record/merge.h"

/* Copies rows of one table. */
struct copier {
    const char *table;
    sqlite3_stmt *get, *put; /* get: ?1 is the key; put: a parameter for each column, by its name */
    int columns;
};

enum { MOST_TABLES = 16 };

/* One merge. */
struct merge {
    sqlite3 *from, *to;
    const char *from_path, *to_path;
    const struct merge_files *files;
    const struct merge_choice *choice; /* NULL: all runs */
    bool attached;                     /* FROM is `source` of TO, and its rows are read there */
    struct claim *claim;               /* on the experiment of TO that is written now */
    bool taken;                        /* another machine took it; WHY */
    struct error why;
    struct strbuf old_files;  /* of runs that are replaced in this transaction */
    struct strbuf made_files; /* in it */
    struct copier experiments, data_files, runs;
    size_t ntables;
    struct copier table[MOST_TABLES]; /* with the rows of a run, but checkpoints */
    struct merge_counts *counts;
    struct error *err;
};

/* How far the run R of the database DB is, as one number: 2^40 with a result, 2^39 when it failed, else its
 * epochs: below MERGE_ENDED. */
#define MERGE_ENDED (INT64_C(1) << 39)
#define MERGE_PROGRESS(db, r)                                                                                \
    "CASE WHEN " r ".status IN " RUN_STATUSES_RESULTS " THEN 1 << 40\n"                                      \
    "     WHEN " r ".status NOT IN " RUN_STATUSES_UNFINISHED " THEN 1 << 39\n"                               \
    "     ELSE (SELECT coalesce(max(epoch), 0) FROM " db ".epochs WHERE run_id = " r ".id) END"

/* Of FROM. */
struct merged_run {
    int64_t id, trial, repeat, progress;
    const char *uid, *resolved;
};

/* A value that takes the place of the one that is read. */
struct instead {
    const char *column;
    int64_t value;
};

/* ---- merge_rows.c */
status merge_from_error(struct merge *m);
/* The files of RUN's checkpoints, which is ID in TO. */
status merge_files_of(struct merge *m, int64_t run, int64_t id);
/* KEY: the column that says whose rows of TABLE these are. */
status merge_prepare(struct merge *m, struct copier *c, const char *table, const char *key);
void merge_finish(struct copier *c);
/* The rows of KEY, with the N values of INSTEAD; `id` is a new number unless it is among them. */
status merge_copy(struct merge *m, struct copier *c, int64_t key, size_t n, const struct instead *instead);
status merge_exec(struct merge *m, const char *sql); /* in TO */
/* The first column of the only row of SQL with ?1 TEXT and ?2 NUMBER; -1 without one. */
status merge_look(struct merge *m, const char *sql, const char *text, int64_t number, int64_t *out);
/* R, whose experiment has the number EXPERIMENT in TO, unless that has it as far or further. */
status merge_run(struct merge *m, const struct merged_run *r, int64_t experiment);

/* Whether of a run with the progress THERE and HERE the former takes its place. */
bool merge_is_further(const struct merge *m, int64_t there, int64_t here);

/* ---- merge_authors.c */
/* Of the runs of FROM's experiment, all that are in TO: who trained them there and here is no other. */
status merge_authors(struct merge *m, int64_t from_experiment);

/* ---- merge_bulk.c */
/* FROM as a second database of TO's connection, where it is of today's schema; else nothing. */
status merge_attach(struct merge *m);
void merge_detach(struct merge *m);
/* All chosen runs of FROM's experiment. *DONE: false, and nothing was done: they go one by one. */
status merge_in_bulk(struct merge *m, int64_t from_experiment, int64_t experiment, bool *done);

#endif
