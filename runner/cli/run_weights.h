/* run_weights.h - train.initial_weights: {run: N, epoch: E} of a spec, found in the results database.
 */
#ifndef CLI_RUN_WEIGHTS_H
#define CLI_RUN_WEIGHTS_H

#include "trials/experiment.h"

struct run_weights;

/* A finder of runs in the database DB_PATH, which is opened when the first is asked for and need not be
 * there; DB_PATH outlives it. */
struct run_weights *run_weights_new(const char *db_path);
void run_weights_free(struct run_weights *w);
const struct weights_finder *run_weights_finder(const struct run_weights *w);

#endif
