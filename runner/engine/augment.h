/* augment.h - transforms that act in training only (flip, shift, jitter), and those that follow
 * one: run on every training batch, drawn anew in every step.
 *
 * What they draw depends on the run's seed, the transform and the step alone, so a resumed
 * run draws the same.
 */
#ifndef ENGINE_AUGMENT_H
#define ENGINE_AUGMENT_H

#include "engine/batches.h"

struct augment;

/* The late transforms of DATA, which SPEC chose, for batches of up to BATCH rows, as in TRAINING or as in
 * evaluation, where they draw nothing. *OUT is NULL where there are none. DATA, SPEC and ENV must outlive it.
 * Errors: memory, what a plan says. */
status augment_new(const struct spec *spec, const struct data *data, struct host_env *env, uint64_t seed,
                   int64_t batch, bool training, struct augment **out, struct problem *p);
void augment_free(struct augment *a);

/* Batch B of optimizer step STEP (from 1): b->x is replaced by the transformed rows, which the
 * next call overwrites. Errors: what a transform says. */
status augment_batch(struct augment *a, int64_t step, struct batch *b, struct error *err);

#endif
