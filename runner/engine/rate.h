/* rate.h - the learning rate of each step: the optimizer's, passed through the list
 * of schedules.
 */
#ifndef ENGINE_RATE_H
#define ENGINE_RATE_H

#include "engine/measure.h"

struct rate;

/* That what schedules watch is recorded: the data decide what the spec alone cannot say, which rows and
 * classes there are. Errors in P. */
status rate_check(const struct spec *spec, const struct measure *m, struct problem *p);

/* LR: the optimizer's own; STEPS: of a run of EPOCHS. */
struct rate *rate_new(const struct spec *spec, const struct measure *m, struct host_env *env, double lr,
                      int64_t epochs, int64_t steps);
void rate_free(struct rate *r);

/* The rate of a step; EPOCH and STEP from 0. Errors: what a schedule says, and a rate that is no
 * finite number, with the schedule and the step. */
status rate_of_step(struct rate *r, int64_t epoch, int64_t step, double *lr, struct error *err);

/* After epoch EPOCH (from 0): remember what schedules watch. */
void rate_remember(struct rate *r, const struct measure *m, int64_t epoch, const double loss[SPLITS]);

/* The first schedule that watches what had no value in epoch EPOCH (from 0), and what that is; NULL: none. */
const char *rate_valueless(const struct rate *r, int64_t epoch, const char **watched);

/* For checkpoints: how many schedules there are, and what number I has watched in each epoch
 * (from 0; NULL: it watches nothing), which may be written. */
size_t rate_schedules(const struct rate *r);
double *rate_history(const struct rate *r, size_t i);

#endif
