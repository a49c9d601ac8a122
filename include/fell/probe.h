/* fell/probe.h - the contract of probes, a kind of plugin since minor 1: numbers about a
 * net while it learns, recorded in the table `probes` like its gradient norms.
 *
 * A probe looks before the first step (epoch 0), after every `every`-th epoch and
 * after the last, at rows that the host drew once for the experiment, as the net
 * sees them in evaluation: no dropout, no augmentation, running averages kept. It
 * calls fell_record() for each number. Weights it may change: the host puts them back.
 * These settings belong to the host: name, every, rows, split.
 *
 * A probe draws no row itself, changes no data, remembers nothing but in its states, and
 * gives the same bits at any thread count and SIMD level, as every plugin. */
/* The columns below are laid out by hand: */
/* clang-format off */
#ifndef FELL_PROBE_H
#define FELL_PROBE_H

#include "fell/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where a number is recorded: what `layer` and `position` of its row say. */
enum {
    FELL_PER_NET = 0,              /* '' , 0                                   */
    FELL_PER_LAYER,                /* a model entry                            */
    FELL_PER_TENSOR,               /* a trained tensor: "hidden.weight"        */
    FELL_PER_UNIT,                 /* a model entry; the unit, from 0          */
    FELL_PER_ROW                   /* ''; the row's number in the source, from 0 */
};

typedef struct fell_number {
    const char *name;              /* [a-z][a-z0-9_]*: "dead_units"            */
    const char *doc;               /* one sentence: the formula, the source    */
    uint64_t per;                  /* FELL_PER_NET ...                         */
    uint64_t several;              /* 1: position counts (eigenvalues, bins)   */
} fell_number;

typedef struct fell_probe_state {  /* floats that last from look to look, zero */
    const char *name;              /* before the first; checkpoints hold them  */
    const char *doc;
} fell_probe_state;

typedef struct fell_entry_view {   /* one entry of the model                   */
    const char *name, *plugin;     /* "hidden", "dense"                        */
    fell_shape out;                /* one row of its output                    */
    int64_t size;                  /* floats in it                             */
    int64_t units;                 /* [C,H,W]: C * H * W, [T,D]: T * D         */
    uint64_t backward;             /* gradients reach it                       */
    double low, high;              /* what its outputs lie between; equal:     */
                                   /* not known                                */
} fell_entry_view;

typedef struct fell_tensor_view {  /* one trained tensor                       */
    const char *name;              /* "hidden.weight"                          */
    fell_shape shape;
    uint64_t role;                 /* FELL_WEIGHT, FELL_BIAS                   */
    int64_t entry;                 /* whose it is                              */
    int64_t n, at;                 /* floats, and where they begin in w        */
} fell_tensor_view;

/* What a look is about; the same in every look. */
typedef struct fell_probe_plan {
    fell_ctx   *ctx;
    const void *settings;
    int64_t rows;                  /* that the probe looks at                  */
    int64_t steps, cols;           /* the net gives steps * cols numbers a row, */
                                   /* and a loss sees rows * steps rows        */
    uint64_t target;               /* FELL_VALUES or FELL_CLASSES              */
    uint64_t pred_is;              /* FELL_REAL, FELL_LOGIT, ...               */
    int64_t batch, epochs;         /* rows of a training step; of the training */
    int64_t nentries, ntensors;
    const fell_entry_view *entry;  /* [nentries] in order; the last gives pred */
    const fell_tensor_view *tensor;/* [ntensors] in order                      */
    int64_t weights;               /* floats of w, with zeros between tensors  */
    int64_t *state;                /* [nstates] out: floats of each            */
} fell_probe_plan;

typedef struct fell_probe_call fell_probe_call;

/* What a probe may ask of the host; call the fell_probe_ functions below. */
typedef struct fell_probe_host {
    fell_status (*forward)(fell_probe_call *c, int64_t begin, int64_t n);
    fell_status (*gradient)(fell_probe_call *c, int64_t begin, int64_t n, double *loss, float *g);
    fell_status (*each_row)(fell_probe_call *c, int64_t begin, int64_t n, const float *along,
                            double *loss, double *norm, double *dot, double *sum, double *squares);
    fell_status (*record)(fell_probe_call *c, uint64_t number, int64_t at, int64_t position,
                          double value);
} fell_probe_host;

struct fell_probe_call {
    fell_ctx   *ctx;
    const void *settings;
    const fell_probe_plan *plan;
    const fell_probe_host *net;
    int64_t epoch, step;           /* epochs and steps behind: 0, 0 at first   */
    uint64_t look;                 /* looks of this run before this one        */
    double   lr;                   /* of the last step; before it the optimizer's */
    const int64_t *row;            /* [rows] their numbers in the source       */
    const float   *target;         /* [rows,steps*cols] or NULL                */
    const int32_t *label;          /* [rows,steps] or NULL                     */
    float *w;                      /* [weights] trained weights as they are    */
    const float *first;            /* as initialised                           */
    const float *before;           /* before this epoch; at epoch 0 w's values */
    float *const *state;           /* [nstates]                                */
    int64_t most;                  /* rows of one forward                      */
    const float *const *y;         /* [nentries] each [n,size]: after forward  */
    const double *dy_squares;      /* [nentries] after gradient: sum of squares */
                                   /* of d loss / d output, 0 where none comes */
};

typedef struct fell_probe {
    fell_item item;
    const fell_number *numbers;
    uint64_t nnumbers;
    const fell_probe_state *states;
    uint64_t nstates;
    fell_status (*plan)(fell_probe_plan *p);   /* optional: sizes of state, and */
                                               /* what does not fit the net    */
    fell_status (*look)(fell_probe_call *c);
    uint64_t sizeof_number, sizeof_state;      /* strides: FELL_PROBE fills them */
} fell_probe;

#define FELL_PROBE_TABLES(numbers_, states_, nstates_)                         \
    .numbers = numbers_, .nnumbers = sizeof(numbers_) / sizeof((numbers_)[0]), \
    .states = states_, .nstates = nstates_,                                    \
    .sizeof_number = sizeof(fell_number), .sizeof_state = sizeof(fell_probe_state)

/* All entries on rows BEGIN to BEGIN + N - 1, N <= c->most: c->y has their outputs. */
static inline fell_status fell_probe_forward(fell_probe_call *c, int64_t begin, int64_t n)
{
    return c->net->forward(c, begin, n);
}

/* The mean loss of rows BEGIN to BEGIN + N - 1, any N, at the weights as they are
 * now, and its gradient in g[weights] (NULL: not wanted). */
static inline fell_status fell_probe_gradient(fell_probe_call *c, int64_t begin, int64_t n,
                                              double *loss, float *g)
{
    return c->net->gradient(c, begin, n, loss, g);
}

/* The same row by row, any N: loss[n] of each row, norm[n,ntensors] the squares of its
 * gradient summed over each tensor, dot[n,ntensors] its product with along[weights],
 * sum[weights] += each element, squares[weights] += its square. All but norm may be NULL. */
static inline fell_status fell_probe_each_row(fell_probe_call *c, int64_t begin, int64_t n,
                                              const float *along, double *loss, double *norm,
                                              double *dot, double *sum, double *squares)
{
    return c->net->each_row(c, begin, n, along, loss, norm, dot, sum, squares);
}

/* A value of number NUMBER (its place in the table) for entry or tensor AT (0 for the net)
 * at POSITION (0 where there is one). Not finite is recorded as NULL. */
static inline fell_status fell_record(fell_probe_call *c, uint64_t number, int64_t at,
                                      int64_t position, double value)
{
    return c->net->record(c, number, at, position, value);
}

#ifdef __cplusplus
}
#endif
#endif /* FELL_PROBE_H */
