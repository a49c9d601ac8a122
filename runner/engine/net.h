/* net.h - the planned net: entries with shapes, tensors in two arenas
 * (parameters, gradients), buffers, and the call structs that the loops use. Optimizer and metrics are beside
 * it, in learner.h.
 */
#ifndef ENGINE_NET_H
#define ENGINE_NET_H

#include <cjson/cJSON.h>

#include "engine/data.h"
#include "engine/problem.h"
#include "engine/report.h"
#include "host/instance.h"
#include "spec/spec.h"

/* One tensor of an entry, of those that its settings use. Trained tensors are numbered by
 * `position` from 0 in order; state tensors have -1. Frozen tensors (trainable: false) keep
 * a position, have no gradient and are not updated. */
struct net_tensor {
    const char *name; /* "weight" */
    uint64_t role;    /* FELL_WEIGHT, FELL_BIAS, FELL_STATE */
    fell_shape shape;
    int64_t n;
    int64_t offset;   /* floats, in the parameter arena (and, if trained and not
                         frozen, the gradient arena) */
    int entry, index; /* model entry, tensor of its layer */
    int position;
    bool frozen;
    bool shared; /* other entries use it, too (share) */
    double lr_factor;
};

struct net;

enum { FROM_INPUT = -1 }; /* in the place of an entry's number: the data's rows */

/* Every tensor starts on a cache line and is followed by zeros up to a multiple of what the
 * kernels sum at once, so that the sum over a gradient has no slow tail. */
enum { TENSOR_ALIGN = 32 };

static inline int64_t tensor_padded(int64_t n)
{
    return (n + TENSOR_ALIGN - 1) / TENSOR_ALIGN * TENSOR_ALIGN;
}

/* Rows of a training step, all but the last of a pass over the rows; steps of an epoch, and at most so many
 * rows; rows of a pass's last step. */
int64_t net_step_rows(const struct spec *spec, const struct data *data);
int64_t net_epoch_steps(const struct spec *spec, const struct data *data);
int64_t net_epoch_rows(const struct spec *spec, const struct data *data);
int64_t net_last_rows(const struct spec *spec, const struct data *data);

/* Rows of a training step that go through the net at once: train.micro_batch, or all of them. */
int64_t net_part_rows(const struct spec *spec, const struct data *data);

/* The largest batch of any call: that of training, or of evaluating a split. */
int64_t net_batch(const struct spec *spec, const struct data *data);

/* Plan entries and check them against the data and the loss (an empty call of it included).
 * BATCH: the largest batch of any call, net_batch(). Errors in P at the entry and
 * setting they belong to. The big buffers are not allocated yet. The spec, the data and
 * the env must outlive the net. */
status net_new(const struct spec *spec, const struct data *data, struct host_env *env, int64_t batch,
               struct net **out, struct problem *p);
void net_free(struct net *n);

/* Allocate arenas and buffers, then fill the parameters: initialisers on streams of
 * SEED (those that a layer declares are found in env->registry); then
 * train.initial_weights. The entries' own streams have the same seed. Once for each net. */
status net_initialise(struct net *n, const struct spec *spec, uint64_t seed, struct problem *p);

size_t net_tensors(const struct net *n, const struct net_tensor **out); /* all, in order */
size_t net_positions(const struct net *n);                              /* trained ones */
const struct spec *net_spec(const struct net *n);
const struct data *net_data(const struct net *n);
const char *net_entry_name(const struct net *n, int entry);
const char *net_entry_plugin(const struct net *n, int entry);
float *net_weights(struct net *n, const struct net_tensor *t);

/* The layer table of learner_to_json(); BESIDES: bytes that the optimizer takes. */
cJSON *net_to_json(const struct net *n, size_t besides);

#endif
