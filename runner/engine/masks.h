/* masks.h - train.masks: weights that are 0 from the start and stay it.
 *
 * A net with masks has one number for each weight, 0 or 1. Where it is 0 the weight is 0 after the first
 * values were given (net_init.c) and after every step of the optimizer (update.c), and its gradient is 0 as
 * soon as backward has left the entry (net_run.c): norms, clipping and the optimizer see no other.
 */
#ifndef ENGINE_MASKS_H
#define ENGINE_MASKS_H

#include "engine/net.h"

/* The masks in PATH, a safetensors file with the names of the weights; tensors that it does not name have
 * none. Weights become 0 where they say so. Errors: no such file, a name or shape that the net has not,
 * a number that is neither 0 nor 1, with its place. */
status masks_load(struct net *n, const char *path, struct problem *p);

/* 0 wherever MASK [n] is 0, whatever was there, NaN too. Values of any tensors, MASK at the same place. */
void masks_apply(const float *mask, float *values, int64_t n);

/* Whether element AT of tensor T is held at 0. */
bool net_is_masked(const struct net *n, const struct net_tensor *t, int64_t at);

#endif
