/* export_records.h - what was recorded of runs, for other programs: tables as CSV, series for TensorBoard. */
#ifndef CLI_EXPORT_RECORDS_H
#define CLI_EXPORT_RECORDS_H

#include <sqlite3.h>

#include "cli/command.h"

/* The runs that a command line means by a number or by an experiment's name. */
struct record_choice {
    const char *column; /* of runs as r: "id" or "experiment_id" */
    int64_t id;
};
status record_choice_find(sqlite3 *db, const char *text, struct record_choice *out, struct error *err);

/* To PATH: a file whose name ends in .csv gets a row an epoch, with swept settings and metrics as columns;
 * else it is a folder and gets every table as NAME.csv, and columns.csv, which has their types. *ROWS: how
 * many lines. */
status export_csv(sqlite3 *db, const struct record_choice *runs, const char *path, int64_t *rows,
                  struct error *err);

/* To the folder PATH: EXPERIMENT/run-N/events.out.tfevents.fell for each run. *NRUNS: how many. */
status export_tensorboard(sqlite3 *db, const struct record_choice *runs, const char *path, int64_t *nruns,
                          struct error *err);

#endif
