/* net_memory.c - the buffers of a planned net, and the call structs that point into them.
 *
 * Parameters and gradients have an arena each; outputs, output gradients and saved memory share a third.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "engine/net_impl.h"
#include "engine/targets.h"

enum { LINE = 64 };

/* Bytes handed out from BASE; with BASE NULL they are only counted. */
struct taker {
    char *base;
    size_t at;
    bool overflow;
};

static void *take(struct taker *t, size_t count, size_t size)
{
    size_t bytes, at = t->at;

    if (!mem_mul(count, size, &bytes) || bytes > SIZE_MAX / 4 - at) {
        t->overflow = true;
        return NULL;
    }
    t->at += (bytes + LINE - 1) / LINE * LINE;
    return t->base ? t->base + at : NULL;
}

/* Whether the entry's only consumer is an activation: then that one's dx is written
 * over its own dy, which no one reads any more. */
static bool shares_dy(const struct net *n, const struct entry *e)
{
    return e->uses == 1 && e->consumer > 0 && n->entry[e->consumer].activation;
}

/* Whether entry C writes its dx for input K into the producer's dy. The last consumer runs
 * first in backward and does; what the others give is added, in the order of backward. */
static bool writes_dy(const struct net *n, const struct entry *c, int k)
{
    const struct entry *producer = &n->entry[c->from[k]];

    if (&n->entry[producer->consumer] != c)
        return false;
    for (int i = 0; i < k; i++)
        if (c->from[i] == c->from[k])
            return false;
    return true;
}

static void lay_out_outputs(struct net *n, struct taker *t)
{
    const size_t batch = (size_t)n->batch;

    for (size_t i = 0; i < n->nentries; i++) {
        struct entry *e = &n->entry[i];

        e->y = take(t, batch * sizeof(float), (size_t)e->size);
        e->saved = e->plan.saved_bytes > 0 ? take(t, (size_t)e->plan.saved_bytes, 1) : NULL;
    }
    for (size_t i = n->nentries; i-- > 0;) {
        struct entry *e = &n->entry[i];

        if (!e->backward)
            continue;
        e->dy = shares_dy(n, e) ? n->entry[e->consumer].dy : take(t, batch * sizeof(float), (size_t)e->size);
    }
}

/* Where each dx goes. What is added needs room beside the sum: a piece that all entries
 * use in turn. */
static void lay_out_inputs(struct net *n, struct taker *t)
{
    const size_t start = t->at;
    size_t most = start;

    for (size_t i = n->first_backward; i < n->nentries; i++) {
        struct entry *e = &n->entry[i];

        t->at = start;
        e->nsums = 0;
        for (int k = 0; k < e->nin; k++) {
            struct entry *producer = e->from[k] == FROM_INPUT ? NULL : &n->entry[e->from[k]];

            if (!producer || !producer->backward)
                continue;
            if (writes_dy(n, e, k)) {
                e->dx[k] = producer->dy;
                continue;
            }
            e->dx[k] = take(t, (size_t)n->batch * sizeof(float), (size_t)producer->size);
            e->sum[e->nsums++] = (struct gradient_sum){producer->dy, e->dx[k], producer->size};
        }
        most = t->at > most ? t->at : most;
    }
    t->at = most;
}

static void make_arrays(struct net *n)
{
    n->squares = arena_alloc(n->arena, n->npositions * sizeof *n->squares);
    n->ninputs = 0;
    for (size_t i = 0; i < n->nentries; i++) {
        struct entry *e = &n->entry[i];
        const size_t nin = (size_t)e->nin, tensors = e->layer ? e->layer->ntensors : 0;

        e->x = arena_alloc(n->arena, nin * sizeof *e->x);
        e->dx = arena_alloc(n->arena, nin * sizeof *e->dx);
        e->sum = arena_alloc(n->arena, nin * sizeof *e->sum);
        e->tensor = arena_alloc(n->arena, tensors * sizeof *e->tensor);
        e->grad = arena_alloc(n->arena, tensors * sizeof *e->grad);
        e->gradient = arena_alloc(n->arena, tensors * sizeof *e->gradient);
        for (int k = 0; k < e->nin; k++)
            n->ninputs += e->from[k] == FROM_INPUT ? (e->layer ? 1 : MODES) : 0;
    }
    n->input = arena_alloc(n->arena, n->ninputs * sizeof *n->input);
}

/* The entry's tensors and gradients in their arenas. */
static void point_tensors(struct net *n, struct entry *e)
{
    e->ngradients = 0;
    for (size_t i = e->first; i < e->first + e->ntensors; i++) {
        const struct net_tensor *t = &n->tensor[i];

        e->tensor[t->index] = n->weights + t->offset;
        if (t->position < 0 || t->frozen)
            continue;
        e->grad[t->index] = n->grads + t->offset;
        if (e->ngradients == 0)
            e->clear = n->grads + t->offset;
        e->clear_bytes = (size_t)(n->grads + t->offset + tensor_padded(t->n) - e->clear) * sizeof(float);
        e->gradient[e->ngradients++] =
            (struct gradient){n->grads + t->offset, tensor_padded(t->n), &n->squares[t->position], t->shared};
        e->lends |= t->shared;
    }
    for (uint64_t t = 0; e->alias && t < e->layer->ntensors; t++) {
        const struct net_tensor *of = e->alias[t] != (size_t)OWN ? &n->tensor[e->alias[t]] : NULL;

        if (!of)
            continue;
        e->tensor[t] = n->weights + of->offset;
        if (of->position >= 0 && !of->frozen)
            e->grad[t] = n->grads + of->offset;
    }
}

static void fill_calls(struct net *n, struct entry *e, const float ***input)
{
    for (int k = 0; k < e->nin; k++)
        e->x[k] = e->from[k] == FROM_INPUT ? NULL : n->entry[e->from[k]].y;
    for (int mode = 0; mode < MODES; mode++) {
        if (e->layer)
            e->call[mode].layer =
                (fell_layer_call){.ctx = &e->in.ctx,
                                  .settings = e->spec->plugin.settings,
                                  .plan = &e->plan,
                                  .training = mode == MODE_TRAIN,
                                  .x = e->x,
                                  .y = e->y,
                                  .dy = e->dy,
                                  .dx = e->dx,
                                  .tensor = e->tensor,
                                  .grad = e->grad,
                                  .saved = mode != MODE_EVALUATE && e->backward ? e->saved : NULL};
        else
            e->call[mode].activation = (fell_activation_call){.ctx = &e->in.ctx,
                                                              .settings = e->spec->plugin.settings,
                                                              .cols = e->cols,
                                                              .x = e->x[0],
                                                              .y = e->y,
                                                              .dy = e->dy,
                                                              .dx = e->dx[0]};
    }
    for (int k = 0; k < e->nin; k++) {
        if (e->from[k] != FROM_INPUT)
            continue;
        if (e->layer)
            *input++ = &e->x[k];
        for (int mode = 0; e->activation && mode < MODES; mode++)
            *input++ = &e->call[mode].activation.x;
    }
}

static size_t output_bytes(struct net *n, char *base, bool *overflow)
{
    struct taker t = {.base = base};

    lay_out_outputs(n, &t);
    lay_out_inputs(n, &t);
    *overflow = t.overflow;
    return t.at;
}

size_t net_entry_bytes(const struct net *n, const struct entry *e)
{
    const size_t output = (size_t)(n->batch * e->size) * sizeof(float);

    return output + (e->backward && !shares_dy(n, e) ? output : 0) + (size_t)e->plan.saved_bytes;
}

size_t net_bytes(const struct net *n)
{
    size_t bytes = (size_t)(n->floats + n->trained_floats) * sizeof(float);

    if (n->spec->train.masks)
        bytes += (size_t)n->floats * sizeof(float);
    for (size_t i = 0; i < n->nentries; i++)
        bytes += net_entry_bytes(n, &n->entry[i]);
    return bytes;
}

/* Room for one row at a time, where the loss weighs rows. */
static status make_pieces(struct net *n, const struct entry *last, struct problem *p)
{
    const int64_t targets = n->data->target_size, size = last->size > targets ? last->size : targets;

    for (size_t i = 0; i < sizeof n->piece / sizeof *n->piece; i++) {
        n->piece[i] = mem_try_aligned((size_t)size, sizeof **n->piece);
        if (!n->piece[i])
            return problem_no_memory(p, "model", 0, "", "a row of %lld outputs", (long long)size);
    }
    return OK;
}

status net_allocate(struct net *n, struct problem *p)
{
    const struct entry *last = &n->entry[n->nentries - 1];
    const float ***input;
    bool overflow;
    size_t bytes;

    make_arrays(n);
    bytes = output_bytes(n, NULL, &overflow);
    if (!overflow)
        n->activations = mem_try_aligned(bytes, 1);
    n->weights = mem_try_aligned((size_t)(n->floats + net_behind(n->env)), sizeof *n->weights);
    n->grads = mem_try_aligned((size_t)n->trained_floats, sizeof *n->grads);
    if (!n->activations || !n->weights || !n->grads)
        return problem_set(p, "model", 0, "", "the net needs %.1f MiB of memory, more than there is",
                           (double)net_bytes(n) / (1 << 20));
    output_bytes(n, n->activations, &overflow);
    input = n->input;
    for (size_t i = 0; i < n->nentries; i++) {
        struct entry *e = &n->entry[i];

        point_tensors(n, e);
        fill_calls(n, e, input);
        for (int k = 0; k < e->nin; k++)
            input += e->from[k] == FROM_INPUT ? (e->layer ? 1 : MODES) : 0;
    }
    n->loss_call = (fell_loss_call){.ctx = &n->loss.ctx,
                                    .settings = n->spec->loss.settings,
                                    .cols = last->cols,
                                    .pred = last->y,
                                    .dpred = last->dy,
                                    .target_cols = targets_cols(&n->spec->loss, last->cols)};
    return data_has_weights(n->data) ? make_pieces(n, last, p) : OK;
}
