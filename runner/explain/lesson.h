/* lesson.h - every number of an explanation: one sample through one net, forward and back.
 *
 * lesson_new() runs the engine's own net on the sample, alone, in evaluation mode (what is
 * drawn at random is left out, batch_norm uses its running averages), with gradients. All
 * values are the engine's float32, kept as doubles; what is computed beside it (the sum over
 * paths, finite differences) is in double. Rows and indices count from 0.
 *
 * Knows nothing of text and layout.
 */
#ifndef EXPLAIN_LESSON_H
#define EXPLAIN_LESSON_H

#include "engine/data.h"
#include "host/instance.h"
#include "spec/spec.h"

enum { MOST_PATHS = 10, FIRST_STEPS = 20, MOST_SLOTS_SHOWN = 8 };

/* ---- what is asked ---------------------------------------------------------------------- */

enum lesson_contour { CONTOUR_NONE, CONTOUR_WEIGHTS, CONTOUR_RANDOM };

struct lesson_request {
    const struct spec *spec;  /* one trial */
    const char *about;        /* where the data comes from, in the spec's words; or NULL */
    const struct data *data;  /* that is trained on */
    const struct data *shown; /* the same without transforms that act in training only */
    struct host_env *env;
    uint64_t seed;
    int64_t sample;     /* row of the source dataset; -1: the first that moves the weight */
    const char *weight; /* "hidden.weight[0,2]", or NULL: the first weight of the first layer */
    int64_t epoch;      /* after so many epochs; 0: at initialisation */

    /* From a checkpoint: its file, and what the database knows. */
    const char *checkpoint; /* or NULL */
    int64_t run;
    double rate;                      /* of the last step before the checkpoint */
    int64_t nlosses;                  /* epochs recorded */
    const double *train, *validation; /* [nlosses] */

    enum lesson_contour contour;
    const char *contour_weight; /* the second weight of CONTOUR_WEIGHTS */
};

/* ---- the net ------------------------------------------------------------------------------ */

struct lesson_tensor {
    const char *name; /* "weight" */
    int entry;
    uint64_t role; /* FELL_WEIGHT, FELL_BIAS, FELL_STATE */
    fell_shape shape;
    int64_t n;
    bool trained;        /* has a gradient: neither state nor frozen */
    const double *w, *g; /* [n]; g NULL if not trained */
    double norm;         /* of g, as a run records it (steps of record: {gradients: {step: 1}}) */
    double weight_norm;
};

struct lesson_entry {
    const char *name, *plugin, *doc; /* doc: the plugin's first line */
    bool bundled;                    /* comes with the program: formulas by name are right */
    bool activation;
    bool elementwise; /* activation: each output reads one input */
    bool differs;     /* training mode gave another output than evaluation (dropout, batch_norm) */
    const void *settings;
    const struct item *item;
    int nin;
    const int *from;     /* [nin] entries, -1: the sample */
    fell_shape out;      /* of one row */
    int64_t size;        /* numbers in it */
    const double *y;     /* [size] outputs */
    const double *dy;    /* [size] blame: dL/dy; NULL where backpropagation does not go */
    int first, ntensors; /* its tensors in lesson.tensor */
    double blame_norm;
};

/* ---- the chosen weight ----------------------------------------------------------------------- */

struct lesson_weight {
    int tensor;
    int64_t index[4], flat;
    const char *name; /* "hidden.weight[0,2]" */
    double value, gradient;
};

struct lesson_difference {
    double epsilon, minus, plus; /* the weight's neighbours as float32 has them */
    double loss_minus, loss_plus, quotient;
    double difference; /* quotient - gradient */
    double expected;   /* how large it may be: rounding and curvature at this epsilon */
    bool within;
    bool kink; /* the slope is not the same on both sides of the weight (ReLU at 0) */
    /* Only where the difference is not within what is expected: the engine's gradient at both ends. BENT:
     * it changes by as much in between, so that the quotient is a mean of several slopes. */
    double slope_minus, slope_plus;
    bool bent;
};

/* One factor of a path: from an output to an output of a later entry. */
struct lesson_factor {
    int entry;     /* whose output is reached; the number of entries: the loss */
    int64_t index; /* which of its outputs */
    double value;  /* d output / d what came before */
};

struct lesson_path {
    size_t n; /* factors; the first is d output / d weight */
    struct lesson_factor *factor;
    double product;
};

struct lesson_chain {
    double npaths;  /* may be astronomic; exact below 2^53 */
    double sum;     /* of all products */
    double largest; /* sum of their absolute values */
    size_t ntop;
    struct lesson_path top[MOST_PATHS]; /* largest first */
    double rest_count, rest_sum;
    double difference; /* sum - the engine's gradient */
    bool listed;       /* false: the net is too large to count paths, only `sum` is known */
    bool agrees;       /* to 1e-5 of the larger of gradient and `largest` */
};

struct lesson_landscape {
    size_t n;
    double *w, *loss;               /* [n] loss may be infinite or NAN */
    size_t now;                     /* index of the present value, which is exactly w[now] */
    double minimum_w, minimum_loss; /* lowest point of the curve */
};

struct lesson_contour_map {
    enum lesson_contour kind;
    struct lesson_weight other; /* CONTOUR_WEIGHTS */
    size_t n;                   /* n x n points */
    int64_t rows, of;           /* the loss is the mean over so many training rows of all, evenly spread */
    double *x, *y, *z;          /* z [n, n], row y */
};

/* ---- one step -------------------------------------------------------------------------------- */

struct lesson_slot {
    const char *name;
    double before, after; /* of the chosen weight, or of its tensor */
};

struct lesson_step {
    const char *optimizer;
    int64_t t; /* number of this step, from 1 */
    double rate;
    double clip; /* factor of train.clip_norm; 1: not clipped */
    double w_old, w_new;
    double loss_before, loss_after;  /* of this sample, all weights moved */
    const double *output_after;      /* [rows, cols] */
    const double *probability_after; /* likewise, or NULL */
    double loss_alone;               /* only the chosen weight moved */
    double predicted;                /* the change that the gradient promises: sum of g dw */
    size_t nslots;
    struct lesson_slot slot[MOST_SLOTS_SHOWN];
};

/* ---- training ----------------------------------------------------------------------------------- */

struct lesson_training {
    int64_t epochs, trained; /* of the spec; so many were trained here */
    int64_t steps_per_epoch, batch;
    bool limited;      /* the spec has more epochs than are trained for a page */
    const char *ended; /* NULL: as planned; else what the run said */
    size_t nsteps;
    double steps[FIRST_STEPS]; /* losses of the first batches */
    size_t nepochs;
    double *train, *validation;     /* [nepochs]; validation NULL without that split */
    size_t nweights;                /* 0: not known */
    double *weight;                 /* [nweights] the chosen weight: at initialisation, after epoch 1, ... */
    double *norm_first, *norm_last; /* [ntensors] mean gradient norm in the first and last epoch; NAN */
};

struct lesson {
    struct arena *arena;
    const struct spec *spec;
    const struct data *data; /* without transforms that act in training only */
    const char *augments;    /* the first of those, or NULL */
    const char *about;       /* of the data, on one line; or NULL */

    int64_t row; /* of the source */
    enum split split;
    int64_t split_row;
    const double *x;      /* [data->x_size] after the transforms */
    const double *target; /* [target_size], NULL for classes */
    const int32_t *label; /* [target_size], NULL for values */
    char **input_name;    /* [x_size], NULL: only numbers */

    uint64_t seed;       /* of the run: its rows are shuffled by it */
    int64_t epoch, step; /* done before */
    int64_t run;         /* 0: none */
    const char *checkpoint;

    int nentries, ntensors;
    struct lesson_entry *entry;
    struct lesson_tensor *tensor;
    int64_t parameters; /* trained ones */

    const struct item *loss_item;
    double loss_sum, loss_weight, loss;
    int64_t rows, cols;   /* of the output */
    const double *output; /* [rows, cols] */
    const double
        *probability; /* [rows, cols] of class targets: softmax of logits, or what the net gives; NULL */
    int64_t answer;   /* the most probable class of the first row; -1 */
    double gradient_norm;

    struct lesson_weight weight;
    struct lesson_difference difference;
    struct lesson_chain chain;
    struct lesson_landscape landscape;
    struct lesson_contour_map contour;
    struct lesson_step update;
    struct lesson_training training;
};

/* Compute it all. Errors, in ERR: no such row or weight (with the nearest name), an index
 * outside the shape, training that ended before the epoch, a checkpoint that does not fit.
 * SPEC, DATA and ENV must outlive the lesson. */
status lesson_new(const struct lesson_request *q, struct lesson **out, struct error *err);
void lesson_free(struct lesson *l);

/* Everything as JSON (lesson_json.c); delete it with cJSON_Delete(). */
cJSON *lesson_json(const struct lesson *l);

/* The page of it (story.c). */
struct page;
struct page *story_new(const struct lesson *l);

#endif
