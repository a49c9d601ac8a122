/* update.h - the optimizer: its slots, and the calls that one step makes.
 *
 * How many tensors a call is given is the plugin's `reach`: one, neighbours that
 * share a learning rate, or all.
 */
#ifndef ENGINE_UPDATE_H
#define ENGINE_UPDATE_H

#include "engine/net.h"

struct update;

/* Check the optimizer against the net (empty call, lr_factor with an optimizer that
 * moves all weights at once) and lay out its calls. Errors in P. */
status update_new(struct net *n, struct update **out, struct problem *p);
void update_free(struct update *u);

/* Allocate the slots, all zero, and point the calls at them and at the net's arenas. */
status update_allocate(struct update *u, struct net *n, struct problem *p);

/* The learning rate that the optimizer's settings give, before any schedule. */
double update_rate(const struct update *u);

/* One optimizer step; T from 1, at the rate LR: update_before(), a gradient, update_step() with PASS 0, and
 * as long as update_wants() one, another gradient of the same batch and another pass. LOSS: of this
 * batch, before the step. */
/* Whether the step goes on with gradient PASS, behind update_step() of the one before. */
bool update_wants(const struct update *u, uint64_t pass);
bool update_moves_before(const struct update *u); /* whether update_before() does anything */
status update_before(struct update *u, int64_t t, double lr, struct error *err);
status update_step(struct update *u, int64_t t, uint64_t pass, double lr, double loss, struct error *err);

/* Floats of a slot of kind FLOATS (FELL_SLOT_EACH, ...) for a tensor of N floats; SHAPE NULL: joined. */
int64_t update_slot_floats(uint64_t floats, const fell_shape *shape, int64_t n);

/* Slots for checkpoints: number, name, how many times each is there, bytes of all; values of slot
 * I's K-th array that belong to a trained tensor, [*n] floats, NULL when the slot is not in use or the
 * tensor is frozen. */
size_t update_slots(const struct update *u);
const char *update_slot_name(const struct update *u, size_t i);
int64_t update_slot_times(const struct update *u, size_t i);
size_t update_bytes(const struct update *u);
float *update_slot(const struct update *u, size_t i, int64_t k, const struct net_tensor *t, int64_t *n);

#endif
