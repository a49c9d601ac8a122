/* net_view.h - a net taken apart, for those who show or try it: its entries, what lies in them after a step,
 * and one entry run alone.
 */
#ifndef ENGINE_NET_VIEW_H
#define ENGINE_NET_VIEW_H

#include "engine/net_run.h"

/* One entry of the model. All belongs to the net; y and dy are as the last pass left them. */
struct net_entry {
    const char *name;
    const struct spec_entry *spec;
    const fell_layer *layer; /* one of these two */
    const fell_activation *activation;
    int nin;
    const int *from; /* [nin] entries, or FROM_INPUT */
    fell_shape out;
    int64_t size, rows, cols; /* of one output row: size = rows * cols */
    size_t first, ntensors;   /* its tensors in net_tensors() */
    bool backward;            /* something at or before it is trained */
    const float *y, *dy;      /* [batch,size] output, and d loss / d output; NULL without a backward */
};

size_t net_entries(const struct net *n);
struct net_entry net_entry(const struct net *n, size_t i);

/* Tensor K of entry I's layer, of SHAPE: its own, or that of an entry that it shares with; NULL: not in use.
 * After net_initialise(). */
const float *net_entry_tensor(const struct net *n, size_t i, size_t k, fell_shape *shape);

/* The gradient that the last backward left, [t->n]; NULL: it has none. */
const float *net_gradient(const struct net *n, const struct net_tensor *t);

/* All parameters and state: [*floats] in one piece, the trained first. */
float *net_values(struct net *n, int64_t *floats);

/* Entry I of a net that was fed and ran forward, once more and alone, for the same rows. Errors: what the
 * plugin says.
 *
 * Forward as in MODE, its output to Y in place of its own. */
status net_entry_forward(struct net *n, enum net_mode mode, size_t i, float *y, struct error *err);

/* Backward as in a look, from DY to DX, and added to GRAD, which has tensor_padded() floats for each tensor
 * of the layer. Of DX[nin] and GRAD[layer->ntensors] NULL: not wanted. */
status net_entry_backward(struct net *n, size_t i, const float *dy, float **dx, float **grad,
                          struct error *err);

#endif
