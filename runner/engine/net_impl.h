/* net_impl.h - what a net is made of, for the files that build it, run it or measure it. Everybody else goes
 * through net.h, net_run.h and net_view.h.
 *
 * A step touches nothing but call structs that were filled once: each entry has
 * one for training and one for evaluation, and only the number of rows and the
 * place of the input are patched between steps.
 */
#ifndef ENGINE_NET_IMPL_H
#define ENGINE_NET_IMPL_H

#include "base/names.h"
#include "engine/net.h"
#include "engine/net_run.h"

/* The gradient of one trained tensor: what backward adds to, and where the sum
 * of its squares goes. */
struct gradient {
    const float *g;
    int64_t n; /* with the zeros behind it */
    double *squares;
    bool shared; /* entries behind this one have added to it already */
};

/* A consumer's dx that is added to the dy of an entry with several consumers. */
struct gradient_sum {
    float *to;
    const float *from;
    int64_t size; /* floats a row */
};

union entry_call {
    fell_layer_call layer;
    fell_activation_call activation;
};

enum { OWN = -1 }; /* as a size_t: in struct entry's alias */

struct entry {
    const char *name;
    const struct spec_entry *spec;
    const char *filled;      /* "units is classes, 3": what words in its settings stand for; or NULL */
    const fell_layer *layer; /* one of these two */
    const fell_activation *activation;

    int nin, *from;           /* [nin] entries, or FROM_INPUT */
    fell_plan plan;           /* in, out and tensor shapes */
    int64_t size, rows, cols; /* of one output row: size = rows * cols */
    size_t first, ntensors;   /* its tensors in net->tensor */
    size_t *alias; /* [layer->ntensors] which of net->tensor it uses of another entry; OWN: its own. NULL:
                      all are its own */
    int uses;      /* inputs that take its output; the loss is one */
    int consumer;  /* the last entry that takes it, 0: the loss */
    bool backward; /* something at or before it is trained */

    const float **x;        /* [nin] */
    float **dx;             /* [nin] NULL: not wanted */
    float **tensor, **grad; /* [layer->ntensors] */
    float *y, *dy;          /* [batch,size] */
    void *saved;
    float *clear; /* its gradients: one piece of the arena */
    size_t clear_bytes;
    bool lends; /* some of it is shared */
    size_t ngradients, nsums;
    struct gradient *gradient;
    struct gradient_sum *sum;

    union entry_call call[MODES];
    struct instance in;
};

struct net {
    struct arena *arena; /* the structs; the buffers have their own */
    const struct spec *spec;
    const struct data *data;
    struct host_env *env;
    int64_t batch; /* the most rows of a call */

    size_t nentries;
    struct entry *entry;
    struct names names;    /* of the entries that are planned, by their index */
    size_t first_backward; /* entries before it have no backward */
    size_t nshared;        /* tensors that several entries use: backward begins with their gradients at 0 */
    size_t ntensors, npositions;
    struct net_tensor *tensor;

    /* Trained tensors in order, then frozen ones, then state. */
    int64_t trained_floats, floats;
    float *weights;    /* [floats] */
    float *grads;      /* [trained_floats] */
    float *mask;       /* [floats] 0 or 1 for each weight (masks.h); NULL: without masks */
    double *squares;   /* [npositions] of the last gradient; 0 for frozen */
    void *activations; /* y, dy and saved of all entries */
    size_t activation_bytes;

    bool goes_on;       /* the batch that is fed is a further part of a step: its random numbers go on, and */
    bool adds;          /* its gradients are added to those that are there */
    enum net_mode mode; /* that was fed last */
    int64_t now[MODES]; /* rows that the calls are set to */
    const float *x;     /* that the calls read */
    size_t ninputs;
    const float ***input; /* [ninputs] the fields to patch when it moves */

    struct instance loss;
    const fell_loss *loss_item;
    fell_loss_call loss_call;
    const float *row_weight; /* of the batch; NULL: all alike */
    float *piece[3];         /* one row's outputs, their gradient and its targets, where rows have weights */
    uint64_t pred_is;        /* FELL_REAL, FELL_PROB, ... */
};

/* Floats behind all weights that belong to nobody, where plugins are tried out (check/). */
static inline int64_t net_behind(const struct host_env *env)
{
    return env->unset ? 16 : 0;
}

/* Put the data's numbers in the place of words in E's settings (units: classes), where they stand from then
 * on. Errors: the data has no such number, or it is out of the setting's range (net_words.c). */
status net_fill_words(struct net *n, struct entry *e, int index, struct problem *p);

/* What 'input' is for entry INDEX: the data's rows, or what comes behind their embedded columns. */
static inline int net_input_of(const struct spec *spec, int index)
{
    const int before = index < (int)spec->nembedded ? index : (int)spec->nembedded;

    return before ? before - 1 : FROM_INPUT;
}

/* Which tensors of the entry that E, entry INDEX, names in share are E's, too: those of one name, which need
 * one shape. Into E's alias. Errors: none is, or E says otherwise (net_share.c). */
status net_share_tensors(struct net *n, struct entry *e, int index, struct problem *p);

/* Place all buffers and fill the call structs (net_memory.c). */
status net_allocate(struct net *n, struct problem *p);

/* What net_allocate will take, in bytes: of one entry (output, gradient and saved
 * memory), and of everything (net_memory.c). */
size_t net_entry_bytes(const struct net *n, const struct entry *e);
size_t net_bytes(const struct net *n);

#endif
