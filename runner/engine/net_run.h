/* net_run.h - the verbs of a step: feed, forward, loss, backward.
 *
 * Nothing here allocates.
 */
#ifndef ENGINE_NET_RUN_H
#define ENGINE_NET_RUN_H

#include "engine/batches.h"
#include "engine/net.h"

/* MODE_LOOK: as in evaluation, but backward may follow (look.h, fell explain). */
enum net_mode { MODE_TRAIN, MODE_EVALUATE, MODE_LOOK, MODES };

/* Point the calls of MODE at a batch. */
void net_feed(struct net *n, enum net_mode mode, const struct batch *b);

/* All entries in order. STEP (from 1) places the entries' random streams, whose seed is that
 * of net_initialise(). Errors: what a plugin says. */
status net_forward(struct net *n, enum net_mode mode, int64_t step, struct error *err);

/* The loss of the batch that was fed, as the plugin gives it: its sum and the weight to
 * divide it by; leaves d sum / d output for net_backward(). A weight that is not above 0
 * is an error. */
status net_loss(struct net *n, double *sum, double *weight, struct error *err);

/* How much the rows of B weigh to the loss: it is asked with outputs of 0, which take the place of those of
 * the last batch. Errors: as of net_loss(). */
status net_weight(struct net *n, enum net_mode mode, const struct batch *b, double *weight,
                  struct error *err);

/* Called before each entry that has a backward; in it the entry's dy is complete. */
typedef status net_before_entry(void *arg, size_t entry, struct error *err);

/* Gradients of sum / WEIGHT in the gradient arena, and the sum of squares of each,
 * taken while it is in the cache. Returns their total in SQUARES. BEFORE may be NULL. */
status net_backward(struct net *n, double weight, net_before_entry *before, void *arg, double *squares,
                    struct error *err);

/* The way back through all entries, in MODE, from d loss / d output as it lies there: gradients of
 * each tensor and their sums of squares. */
status net_backward_through(struct net *n, enum net_mode mode, net_before_entry *before, void *arg,
                            struct error *err);

/* A step: feed, forward, loss, backward. A sum that is not finite, or a weight of 0, has no gradient: SQUARES
 * is NAN, and the gradient arena as it was. */
struct net_step {
    double sum, weight; /* of net_loss() */
    double squares;     /* of net_backward() */
};
status net_step(struct net *n, enum net_mode mode, const struct batch *b, int64_t step, struct net_step *out,
                struct error *err);

/* The same of a step whose batch goes through the net in parts: each part in order, the first with FIRST,
 * then the end. OUT gathers their sums and weights; the gradient is that of the sum of sums over the sum of
 * weights, with other roundings than that of the whole batch. Random numbers are those that its rows would
 * get. A sum that is not finite ends the step early: no further part is to follow. */
status net_step_part(struct net *n, enum net_mode mode, const struct batch *b, int64_t step, bool first,
                     struct net_step *out, struct error *err);
void net_step_end(struct net *n, struct net_step *out);

/* Scale the gradient, whose norm is NORM, to the norm MOST (train.clip_norm; 0: none), as PyTorch's
 * torch.nn.utils.clip_grad_norm_ does (its 1e-6 included). Returns the factor; 1: it was short enough. */
double net_clip(struct net *n, double most, double norm);

/* The output of the last forward, [rows, size] with rows of the batch. */
const float *net_output(const struct net *n, int64_t *size);

/* Sum of squares of each position's gradient, after net_backward(). */
const double *net_squares(const struct net *n);

/* Trained weights and their gradients, [floats] with zeros between tensors. */
float *net_trained(struct net *n, float **grads, int64_t *floats);

/* After a loss or gradient that is not finite: the first place that shows it,
 * "layer 'hidden', tensor weight" or "layer 'hidden', output" or "loss 'mse'", in
 * forward order; with GRADIENT: the tensor nearest to the loss whose gradient is
 * not finite, "layer 'hidden', tensor weight (gradient)". */
void net_blame(const struct net *n, bool gradient, char *text, size_t size);

/* Whether any trained weight is not finite; the first such tensor in TEXT. */
bool net_weights_broken(const struct net *n, char *text, size_t size);

/* Elements of a position's gradient that are not finite. */
int64_t net_gradient_nonfinite(const struct net *n, const struct net_tensor *t);

#endif
