/* results.h - reading the results database: opened read-only, questions in SQL,
 * answers as tables.
 */
#ifndef CLI_RESULTS_H
#define CLI_RESULTS_H

#include <sqlite3.h>

#include "base/error.h"
#include "cli/table.h"

/* Open for reading; nothing is created. Errors, in ERR: no such file (with what makes
 * one), no database, another application's, a newer schema. */
status results_open(const char *path, sqlite3 **db, struct error *err);

/* FAILED, with what SQLite says went wrong. */
status results_error(sqlite3 *db, struct error *err);

/* The statement of SQL, whose ?1, ?2 ... are the NIDS numbers IDS. Errors: SQLite's. */
status results_query(sqlite3 *db, const char *sql, size_t nids, const int64_t *ids, sqlite3_stmt **out,
                     struct error *err);

/* S is through; FAILED, with what SQLite says, where its rows were cut short by an error. */
status results_end(sqlite3 *db, sqlite3_stmt *s, struct error *err);

/* All rows of S, which is used up: a column for each of the statement's. The columns
 * `params` and `metrics` hold JSON objects and become a column for each of their keys,
 * headed by the end of the key that tells it from the others. */
status results_table(sqlite3 *db, sqlite3_stmt *s, struct table **out, struct error *err);
status results_table_of(sqlite3 *db, const char *sql, size_t nids, const int64_t *ids, struct table **out,
                        struct error *err);

/* The only number of a one-row answer; FALLBACK without a row or for NULL. */
status results_number(sqlite3 *db, const char *sql, size_t nids, const int64_t *ids, int64_t fallback,
                      int64_t *out, struct error *err);

/* How many rows SQL gives. */
status results_count(sqlite3 *db, const char *sql, size_t nids, const int64_t *ids, int64_t *out,
                     struct error *err);

/* Who has runs: a name a row. */
#define RESULTS_USERS                                                                                        \
    "SELECT user FROM runs WHERE user IS NOT NULL UNION SELECT user FROM authors ORDER BY user"
/* Who else trained the run r. */
#define RESULTS_ALSO_BY "(SELECT group_concat(DISTINCT a.user) FROM authors AS a WHERE a.run_id = r.id)"

/* The run of the leaderboard's first row. */
status results_best_run(sqlite3 *db, int64_t experiment, int64_t *run, struct error *err);

/* TEXT as the id of a run that is there, or as the name of an experiment, whose best run it is. Errors:
 * neither; no such run, with the last ones. */
status results_run(sqlite3 *db, const char *text, int64_t *run, struct error *err);

/* That the experiment of a run that is there is not there; that the database at PATH has none. */
status results_no_experiment_of(int64_t run, struct error *err);
status results_none_yet(const char *path, struct error *err);
/* That the state in the file PATH is not the one that the run saved. */
status results_changed_state(const char *path, int64_t run, struct error *err);

/* TEXT as an experiment: a name (of several, the newest of this user's own, else of all), or its number.
 * Errors: none such, with the nearest name. */
status results_experiment(sqlite3 *db, const char *text, int64_t *experiment, struct error *err);

/* The swept values of a run: "lr=0.1 activation=relu"; "" without a sweep. free() it. */
status results_label(sqlite3 *db, int64_t run, char **out, struct error *err);

/* The best LIMIT runs of an experiment, with swept values, best and last value, metrics
 * at the best epoch. */
status results_board(sqlite3 *db, int64_t experiment, int64_t limit, struct table **out, struct error *err);

/* The best LIMIT trials of an experiment: mean and deviation over the repeats of what its
 * objective ranks, the best of them and its run, the mean metrics at those epochs, how many
 * runs did not finish. */
status results_trials(sqlite3 *db, const char *from, int64_t experiment, int64_t limit, struct table **out,
                      struct error *err);

/* "iris (experiment 3): test.accuracy (maximized) at its best epoch, 12 trials". free() it. */
status results_heading(sqlite3 *db, int64_t experiment, char **out, struct error *err);

/* "and N more; TEXT" when a list shows fewer than TOTAL rows. */
void results_more(const struct table *shown, int64_t total, const char *text);

#endif
