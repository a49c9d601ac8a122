/* rig.h - one plugin item set up with inputs that a seed makes, ready to be run under chosen
 * conditions: the workbench of `fell plugin check`.
 *
 * Every buffer that the plugin gets lies between guards of a chosen pattern, and what nobody has
 * set yet holds another; so does its scratch memory, before a call and after it. Settings and their lists lie
 * between guards, too. Two rigs of the same setup
 * and seed have the same inputs: what differs after a step is the plugin's doing.
 */
#ifndef CHECK_RIG_H
#define CHECK_RIG_H

#include <pthread.h>

#include "check/setup.h"
#include "check/subject.h"

enum { RIG_BUFFERS = 120, RIG_TABLE = 5, RIG_TABLE_WIDTH = 7 };

/* What a callback may do to a buffer. */
enum use {
    USE_INPUT,  /* read only */
    USE_OUTPUT, /* set all of it */
    USE_ADDED,  /* add to it: parameter gradients */
    USE_STATE,  /* read and change: state tensors, weights and slots of an optimizer */
    USE_HIDDEN, /* its own business: saved */
    USE_SETTING /* read only, and no tensor: the settings and what their lists point to */
};

struct buffer {
    char name[64]; /* "dx", "grad.weight" */
    enum use use;
    int64_t n;
    int size;            /* bytes of an element: 4 (float, int32_t), 8 (double), 1 */
    bool floats;         /* float or double */
    void *v;             /* [n] */
    void *start;         /* [n] what an input or a state began with */
    const float *weight; /* of an output in the objective */
    int of;              /* of a gradient: the number of the buffer that it belongs to, or -1 */
};

/* What inputs are made of, REACH being a number of the conditions. */
enum fill {
    FILL_USUAL,    /* normal numbers */
    FILL_EVEN,     /* spread evenly over [-REACH, REACH] */
    FILL_SAME,     /* all REACH */
    FILL_SIGNS,    /* REACH and -REACH by turns */
    FILL_TARGET,   /* losses and metrics: predictions are the targets */
    FILL_NONE,     /* losses and metrics: predictions as usual, targets all 0 */
    FILL_LEAST,    /* losses: targets all the least that it says it takes, if it says one */
    FILL_MOST,     /* losses: all the largest */
    FILL_DENORMAL, /* all denormal */
};

/* How a dataset is read. */
enum reading {
    READ_EACH,  /* a row a call, from the first to the last; from the last with `backwards` */
    READ_MIXED, /* in one call, in no order, and each twice */
};

/* How a step is run. The first of each is the usual. */
struct conditions {
    uint64_t seed;
    enum simd_level level;
    int threads;      /* at least 1 */
    bool backwards;   /* the blocks of fell_parallel() from the last to the first */
    uint32_t unset;   /* the bits of memory that is not set */
    uint32_t scratch; /* the bits of working memory that is not set */
    uint32_t gone;    /* the bits of working memory after its call */
    uint32_t guard;   /* the bits of memory around each buffer */
    bool fence;       /* what lies behind a buffer cannot be read: it crashes who does. Nothing is freed */
    float grad_start; /* what parameter gradients begin with */
    enum fill fill;
    float reach;
    bool evaluate;     /* not training */
    bool in_place;     /* activations: dx is dy */
    bool no_saved;     /* layers: no backward follows */
    uint32_t no_grads; /* layers: a bit for each tensor whose gradient is not wanted */
    uint32_t no_dx;    /* layers: a bit for each input whose gradient is not wanted */
    int64_t rows;      /* layers: of this call; 0: the setup's */
    int64_t max_batch; /* layers: that the plan is for; 0: the setup's rows */
    int64_t
        most; /* layers: floats of tensors, output and 'saved' above which they are refused; 0: any number */
    uint64_t pred_is; /* metrics: FELL_LOGIT, ...; 0: what is usual */
    enum reading reading;
    int64_t piece;               /* probes: rows of one forward; 0: those of a batch */
    int64_t epochs, epoch_steps; /* schedules: of the run; 0: 40, 3 */
    bool undefined;              /* schedules: the watched value is NaN after two epochs */
    double lr;                   /* of the call; 0: 0.01 of an optimizer, 0.1 of a schedule */
    bool no_lr;                  /* optimizers: the call's lr is 0 */
    double lr_setting;           /* optimizers: 0: as the setup says */
    bool no_weights, no_loss;    /* optimizers: these are 0 */
    double weight_start;         /* losses: so many times the rows; 0: once */
};

enum { NONE_WANTED = -1 }; /* as a mask: all bits */

/* Not to be copied or moved. */
struct rig {
    struct subject s;
    const struct setup *setup;
    struct conditions how;
    fell_host host;
    struct pool *pool;
    struct rng_stream draw; /* of the inputs */
    int nbuffers;
    struct buffer buffer[RIG_BUFFERS];
    pthread_mutex_t lock; /* of scratch */
    struct scratch_block *scratch, *returned;
    unsigned char *guard;         /* what guards look like */
    char trespass[TRESPASS_TEXT]; /* the first write outside a buffer; "" if none */
    double objective;             /* losses: the sum; layers and activations: of y, weighted by dy */
    /* By kind: */
    fell_activation_call activation;
    fell_loss_call loss;
    fell_metric_call metric;
    fell_init_call init;
    fell_layer_call layer;
    fell_plan plan;
    fell_shape tensor_shape[SUBJECT_TENSORS];
    fell_column out_column[RIG_TABLE];
    float *tensor[SUBJECT_TENSORS], *grad[SUBJECT_TENSORS], *dx[SETUP_INPUTS];
    const float *x[SETUP_INPUTS];
    fell_optimizer_call optimizer;
    double kept[FELL_KEPT]; /* optimizer.kept */
    float *slot[SUBJECT_TENSORS];
    int64_t next_step; /* of an optimizer, from 1 */
    bool planned;      /* a probe's plan() took the net */
};

struct conditions usual_conditions(uint64_t seed, enum simd_level level);

/* In any case end with rig_close(). The error says what refuses. */
status rig_open(struct rig *g, const struct item *item, struct registry *r, const struct setup *u,
                const struct conditions *how, struct error *err);
void rig_close(struct rig *g);

/* Has the kind a backward? */
bool rig_goes_back(enum fell_kind kind);

/* The whole of a step: forward, and backward where there is one and it is wanted. */
status rig_step(struct rig *g, struct error *err);
/* Its parts. A forward puts back state and random stream first. */
status rig_forward(struct rig *g, struct error *err);
status rig_backward(struct rig *g, struct error *err);

/* A transform's fit, on the rig's own rows; from now on its states begin so. */
status rig_fit(struct rig *g, struct error *err);

/* A dataset, opened with the rig's settings; who gets OK closes it. */
status rig_data_open(struct rig *g, fell_data_info *info, struct error *err);
void rig_data_close(struct rig *g, fell_data_info *info);
/* That LABEL of ROW is a class that INFO has. */
status rig_class_ok(const fell_data_info *info, int64_t row, int32_t label, struct error *err);
/* N rows in one call: X [n,x], and TARGET [n,target], which are floats or classes. */
status rig_data_read(struct rig *g, const fell_data_info *info, const int64_t *row, int64_t n, float *x,
                     void *target, struct error *err);

/* Whether the targets of a metric are yes and no. */
bool metric_is_asked(const struct item *item, const struct setup *u);

/* The rows of a step. */
int64_t rig_rows(const struct rig *g);

/* A new buffer of N elements of SIZE bytes; the pattern of unset memory in it. NAME is
 * copied. Returns its number. */
int rig_buffer(struct rig *g, enum use use, int64_t n, int size, const char *name);
/* The same filled as an input: numbers around 0 that are no two the same. */
float *rig_input(struct rig *g, int64_t n, const char *name);
float *rig_output(struct rig *g, int64_t n, const char *name);
/* An input or a state is filled: keep what it begins with. */
void rig_keep(struct rig *g, int buffer);

/* A hidden one of N elements in its place. */
void rig_resize(struct rig *g, int buffer, int64_t n);

/* Nothing of it is set any more. */
void rig_unset(const struct rig *g, struct buffer *b);

/* The number of the buffer of that name, or -1; and the buffer itself, or NULL. */
int rig_find(const struct rig *g, const char *name);
struct buffer *rig_named(struct rig *g, const char *name);
/* Element I of a buffer as a number. */
double buffer_at(const struct buffer *b, int64_t i);

/* A call's result as a status; frees scratch and looks at all guards. */
status rig_call(struct rig *g, fell_status result, struct error *err);

/* The first input or setting that a callback changed; false if none. */
bool rig_changed(const struct rig *g, struct error *what);

/* The first output of which an element keeps the pattern of unset memory; false if none. */
bool rig_never_set(const struct rig *g, struct error *what);

/* Do two rigs of one setup have different outputs (and gradients and state)? WHAT says which,
 * "dx[3] is 1.5 and 1.25". */
bool rigs_differ(const struct rig *a, const struct rig *b, struct error *what);

/* The first output that is not finite; false if none. */
bool rig_not_finite(const struct rig *g, struct error *what);
/* The first that is no number, and the first that is infinite. */
bool rig_has_nan(const struct rig *g, struct error *what);
bool rig_has_infinity(const struct rig *g, struct error *what);
/* The largest size of a number of all outputs, which may be infinite. */
double rig_largest(const struct rig *g);

/* "with {slope: 0.1}, 3 rows of [5]", for messages. */
const char *rig_where(const struct rig *g, char out[512]);

/* What the rig that was opened last is doing, for who outlives this process. */
struct rig_trace {
    _Atomic(const char *) doing; /* "in its forward pass", a literal; NULL before the first rig */
    char where[512];             /* as rig_where() says */
};

/* What is done now, a literal, for the trace. */
void rig_note(const char *doing);

/* From now on it is noted in T, memory that is shared with the parent; NULL: nowhere. */
void rig_trace(struct rig_trace *t);

/* Step T of an optimizer with all its passes. With F the gradient of each is F's at w, and *LOSS what F is at
 * first; without, the gradient is what stands there, and *LOSS is given. */
status rig_optimizer_step(struct rig *g, int64_t t, double *loss,
                          double (*f)(const float *w, float *g, int64_t n), struct error *err);

#endif
