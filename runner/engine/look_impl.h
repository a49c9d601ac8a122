/* look_impl.h - what looks are made of, for look.c, look_plan.c and look_net.c alone.
 */
#ifndef ENGINE_LOOK_IMPL_H
#define ENGINE_LOOK_IMPL_H

#include "engine/augment.h"
#include "engine/look.h"
#include "engine/net_impl.h"
#include "engine/probe_names.h"

/* One probe of the spec. */
struct look {
    fell_probe_call call; /* first, so that a call is its look */
    const struct spec_probe *spec;
    const fell_probe *item;
    struct instance in;
    struct looks *all;
    fell_probe_plan plan;
    struct rows rows;  /* its own, [plan.rows] */
    struct error err;  /* of a callback of the host that failed */
    int64_t looked;    /* the last epoch that it looked at, -1: none */
    int64_t *state_n;  /* [nstates] floats */
    float **state;     /* [nstates] */
    char **state_name; /* [nstates] */
    size_t nsaid, room;
    struct probe_value *said;
};

struct looks {
    struct arena *arena;
    struct net *net;
    const struct data *data;
    struct host_env *env;
    uint64_t seed;
    size_t n;
    struct look *look;
    struct augment *augment; /* transforms that act in training only, as in evaluation; or NULL */

    int64_t nentries, ntensors, weights;
    fell_entry_view *entry;       /* [nentries] */
    fell_tensor_view *tensor;     /* [ntensors] trained ones */
    const struct net_tensor **of; /* [ntensors] */
    int64_t **tensor_at;          /* [nentries] of each tensor of a layer: which view; -1: not trained */
    bool by_row;                  /* gradients of rows need a pass for each */
    float *first, *before, *kept; /* [weights], [weights], all floats of the net */
    double *sum;                  /* [weights] of gradients */
    double *dy_squares;           /* [nentries] */
    const float **y;              /* [nentries] */
    float *x, *target, *piece[3]; /* a batch; aligned copies of one row */
    int32_t *label;
    struct probe_names *names; /* the net's */
};

enum { STATE_BEHIND = 16 };                     /* floats behind each state, which nobody may write to */
static const uint32_t STATE_GUARD = 0x3f9d70a4; /* what these hold */

extern const fell_probe_host look_host; /* look_net.c */

#endif
