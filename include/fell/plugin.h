/* fell/plugin.h - the whole contract between the runner ("host") and a plugin.
 *
 * A plugin is one shared object that exports one constant, fell_plugin_v1. It
 * has no start-up or shut-down code, no mutable globals, and links nothing but
 * libc and libm (or a library of its own, where it must read a format).
 * Matrix products, random numbers, threads, memory and errors come from the
 * host. Sections go from simple to advanced: an author of an activation or a
 * loss reads 1 to 5 and stops.
 *
 * Rules, true of every callback below:
 *  - It takes one argument, the call c: everything it reads and writes.
 *    c->settings points to the plugin's own struct, already filled from YAML.
 *  - It returns FELL_OK or fell_fail(c->ctx, "...").
 *  - Tensors are float32, row-major, contiguous, 64-byte aligned at the base.
 *    [B,D] means B rows of D floats; B, the batch, is never part of a shape.
 *    Whole numbers (token ids, class numbers) travel as floats too: exact
 *    below 2^24.
 *  - The host owns every buffer and every string it passes; none outlives the
 *    call. Buffers never overlap, except where "may be" says so.
 *  - Parameter gradients are ADDED (+=); dx and dpred are OVERWRITTEN (=).
 *  - No allocation, locks, clock or rand() during training: working memory is
 *    fell_scratch(), randomness is fell_uniform(). Datasets are exempt.
 *  - Nothing may be remembered between calls but in declared tensors, slots and
 *    `saved`: that is what makes a resumed run end with the same bits.
 *  - One instance is never entered by two threads at once, two instances of one
 *    plugin may be. Hence no mutable statics.
 *  - Same inputs, same stream => same bits, at any thread count and SIMD level:
 *    sum in a fixed order, use fell/math.h, and build with fell.pc's flags.
 *  - Before training the host makes one empty call (rows or n is 0) of every
 *    loss, metric and optimizer, so that settings that do not fit each other or
 *    the model are errors of the spec. Check before the loop; loops do nothing.
 *    Layers check in plan().
 *
 * Longer than 500 lines: a plugin includes one file, and its author reads one.
 */
/* The columns below are laid out by hand: */
/* clang-format off */
#ifndef FELL_PLUGIN_H
#define FELL_PLUGIN_H

#include <math.h>       /* INFINITY, for open ranges */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fell/kernel.h"  /* FELL_KERNEL, FELL_EACH: a copy for each SIMD level */
#include "fell/math.h"    /* fell_exp, fell_log, fell_tanh, fell_sigmoid ...   */

#ifdef __cplusplus
extern "C" {
#endif

/* ---- 1. versions, status -------------------------------------------------
 * The major version is in the exported name. FELL_MINOR grows by one when
 * fields are appended to structs, and each such field says "since N". The host
 * copies an item at load and takes what an older plugin lacks as zero. A newer
 * plugin on an older host reads a host-filled field, or calls a service, only
 * if c->ctx->host->minor >= N. */

#define FELL_MINOR 1u

typedef enum fell_status { FELL_OK = 0, FELL_ERROR = 1 } fell_status;

/* ---- 2. what the host offers: call the fell_ functions below -------------- */

typedef struct fell_host fell_host;

typedef struct fell_ctx {          /* one per instance; the host keeps more    */
    const fell_host *host;         /* behind it                                */
    uint64_t simd;                 /* level in force: FELL_SIMD_PORTABLE ...   */
} fell_ctx;

typedef fell_status fell_range_fn(void *arg, int64_t begin, int64_t end);

struct fell_host {
    uint64_t minor;                /* FELL_MINOR of the host                   */
    void (*fail)(fell_ctx *ctx, const char *msg);
    void (*warn)(fell_ctx *ctx, const char *msg);
    void *(*scratch)(fell_ctx *ctx, int64_t count, int64_t size);
    void (*gemm)(fell_ctx *ctx, int64_t m, int64_t n, int64_t k,
                 const float *a, int64_t lda, bool ta,
                 const float *b, int64_t ldb, bool tb,
                 float *c, int64_t ldc, bool add);
    fell_status (*parallel_for)(fell_ctx *ctx, int64_t n, int64_t grain,
                                fell_range_fn *fn, void *arg);
    void (*uniform)(fell_ctx *ctx, float *dst, int64_t n);
    void (*normal)(fell_ctx *ctx, float *dst, int64_t n);
    void (*gemm_gather)(fell_ctx *ctx, int64_t m, int64_t n, int64_t k,
                   const float *a, int64_t lda, bool ta,
                   const float *b, const int64_t *k_at, const int64_t *n_at,
                   float *c, int64_t ldc, bool add);
};

#if defined(__GNUC__)
#define FELL_PRINTF_ __attribute__((format(printf, 2, 3)))
#else
#define FELL_PRINTF_
#endif

/* Say why a callback fails; return the result. The host puts the item's name in
 * front. A message that begins "SETTING: " is shown at that setting's place in
 * the YAML file: "class_weights: 2 values for 3 classes". */
FELL_PRINTF_ static inline fell_status fell_fail(fell_ctx *ctx, const char *fmt, ...)
{
    char msg[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    ctx->host->fail(ctx, msg);
    return FELL_ERROR;
}

/* Tell the user once and go on; recorded among the run's events. */
FELL_PRINTF_ static inline void fell_warn(fell_ctx *ctx, const char *fmt, ...)
{
    char msg[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    ctx->host->warn(ctx, msg);
}

/* COUNT elements of SIZE bytes, 64-byte aligned, contents undefined, gone when
 * the callback (or the block of fell_parallel) returns. Any thread. NULL when
 * memory is out, already reported: `if (!p) return FELL_ERROR;`. */
static inline void *fell_scratch(fell_ctx *ctx, int64_t count, size_t size)
{
    return ctx->host->scratch(ctx, count, (int64_t)size);
}

/* c[m,n] = A b, or += with `add`: A is a[m,k] with lda floats from row to row,
 * or with ta the transpose of a[k,m]; B likewise. Each element is summed over
 * k upwards from zero by fused multiply-add, then stored or added, so its bits
 * do not depend on tiling. Allowed inside fell_parallel. */
static inline void fell_gemm(fell_ctx *ctx, int64_t m, int64_t n, int64_t k,
                             const float *a, int64_t lda, bool ta,
                             const float *b, int64_t ldb, bool tb,
                             float *c, int64_t ldc, bool add)
{
    ctx->host->gemm(ctx, m, n, k, a, lda, ta, b, ldb, tb, c, ldc, add);
}

/* The same with B's element (k,j) at b[k_at[k] + n_at[j]]: a convolution reads its
 * patches where they lie in the image. Fastest where m is a multiple of 16. Not
 * shared out among threads: call it inside fell_parallel. */
static inline void fell_gemm_gather(fell_ctx *ctx, int64_t m, int64_t n, int64_t k,
                               const float *a, int64_t lda, bool ta,
                               const float *b, const int64_t *k_at, const int64_t *n_at,
                               float *c, int64_t ldc, bool add)
{
    ctx->host->gemm_gather(ctx, m, n, k, a, lda, ta, b, k_at, n_at, c, ldc, add);
}

/* Run fn(arg, begin, end) over [0,n) in blocks of `grain`, possibly at once.
 * Blocks depend on n and grain only and must write disjoint memory: to sum over
 * a batch, split the columns, not the batch. No randomness inside. */
static inline fell_status fell_parallel(fell_ctx *ctx, int64_t n, int64_t grain,
                                        fell_range_fn *fn, void *arg)
{
    return ctx->host->parallel_for(ctx, n, grain, fn, arg);
}

/* The next n numbers of this instance's stream (run seed, instance, step). */
static inline void fell_uniform(fell_ctx *ctx, float *dst, int64_t n)   /* [0,1) */
{
    ctx->host->uniform(ctx, dst, n);
}
static inline void fell_normal(fell_ctx *ctx, float *dst, int64_t n)    /* N(0,1) */
{
    ctx->host->normal(ctx, dst, n);
}

/* ---- 3. settings: one table feeds YAML checks, docs, schema, sweeps ---------
 * The author writes a struct and one line per field:
 *
 *     struct adam { double lr, beta1, beta2; bool amsgrad; };
 *     static const fell_param adam_params[] = {
 *         FELL_FLOAT(struct adam, lr, 1e-3, 0, INFINITY, FELL_MIN_OPEN, "Learning rate."),
 *         ...
 *
 * The YAML key is the field's name. These belong to the host and may not be
 * used: name, from, activation, init, trainable, lr_factor. */

typedef struct fell_ints    { const int64_t *v;     int64_t n; } fell_ints;
typedef struct fell_floats  { const double *v;      int64_t n; } fell_floats;
typedef struct fell_strings { const char *const *v; int64_t n; } fell_strings;
typedef struct fell_map     { const char *const *key, *const *value; int64_t n; } fell_map;

typedef enum fell_ptype {          /* and the C type of the field              */
    FELL_P_INT = 1,                /* int64_t                                  */
    FELL_P_FLOAT,                  /* double                                   */
    FELL_P_BOOL,                   /* bool                                     */
    FELL_P_STRING,                 /* const char *                             */
    FELL_P_ENUM,                   /* int32_t: 0 for the first choice, 1, ...  */
    FELL_P_INTS,                   /* fell_ints    in YAML a list, or one      */
    FELL_P_FLOATS,                 /* fell_floats  value for a list of one     */
    FELL_P_STRINGS,                /* fell_strings                             */
    FELL_P_MAP                     /* fell_map: names, each with a word; a map */
                                   /* of one key, {embed: 8}, arrives as       */
                                   /* "embed 8"; since 1                       */
} fell_ptype;

enum {                             /* flags; 0 for most                        */
    FELL_REQUIRED = 1 << 0,        /* no default: the spec must give it        */
    FELL_MIN_OPEN = 1 << 1,        /* min itself is not allowed                */
    FELL_MAX_OPEN = 1 << 2,        /* max itself is not allowed                */
    FELL_PATH     = 1 << 3,        /* a file: arrives absolute (the spec's     */
                                   /* folder in front)                         */
    FELL_MONITOR  = 1 << 4         /* a text that names a recorded value:      */
                                   /* validation.loss; one an item at most     */
};

typedef struct fell_param {
    const char *name;              /* [a-z][a-z0-9_]*                          */
    const char *doc;               /* one sentence with the unit, if any       */
    uint32_t    type, flags;       /* fell_ptype, FELL_REQUIRED ...            */
    uint64_t    offset;            /* of the field in the settings struct      */
    double      def, min, max;     /* numbers and bools; lists: each element   */
    const char *def_text;          /* strings, enums, lists, as in YAML        */
    const char *choices;           /* enums: "mean|sum|none"                   */
} fell_param;

/* The field's C type is checked at compile time (in C). */
#define FELL_INT(S, f, def, min, max, flags, doc) { #f, doc, FELL_P_INT, flags, \
    FELL_FIELD_(S, f, int64_t), def, min, max, NULL, NULL }
#define FELL_FLOAT(S, f, def, min, max, flags, doc) { #f, doc, FELL_P_FLOAT, flags, \
    FELL_FIELD_(S, f, double), def, min, max, NULL, NULL }
#define FELL_BOOL(S, f, def, doc) { #f, doc, FELL_P_BOOL, 0, \
    FELL_FIELD_(S, f, bool), def, 0, 1, NULL, NULL }
#define FELL_STRING(S, f, def, flags, doc) { #f, doc, FELL_P_STRING, flags, \
    FELL_FIELD_(S, f, const char *), 0, 0, 0, def, NULL }
#define FELL_ENUM(S, f, def, choices, doc) { #f, doc, FELL_P_ENUM, 0, \
    FELL_FIELD_(S, f, int32_t), 0, 0, 0, def, choices }
#define FELL_INTS(S, f, def, min, max, flags, doc) { #f, doc, FELL_P_INTS, flags, \
    FELL_FIELD_(S, f, fell_ints), 0, min, max, def, NULL }
#define FELL_FLOATS(S, f, def, min, max, flags, doc) { #f, doc, FELL_P_FLOATS, flags, \
    FELL_FIELD_(S, f, fell_floats), 0, min, max, def, NULL }
#define FELL_STRINGS(S, f, def, flags, doc) { #f, doc, FELL_P_STRINGS, flags, \
    FELL_FIELD_(S, f, fell_strings), 0, 0, 0, def, NULL }
#define FELL_MAP(S, f, doc) { #f, doc, FELL_P_MAP, 0, \
    FELL_FIELD_(S, f, fell_map), 0, 0, 0, NULL, NULL }

/* What every item begins with. Frozen: growth goes into each kind's tail. */
typedef enum fell_kind {
    FELL_KIND_LAYER = 1, FELL_KIND_ACTIVATION, FELL_KIND_LOSS,
    FELL_KIND_OPTIMIZER, FELL_KIND_INITIALISER, FELL_KIND_SCHEDULE,
    FELL_KIND_METRIC, FELL_KIND_DATASET,
    FELL_KIND_PROBE                /* since 1                                  */
} fell_kind;

typedef struct fell_item {
    uint64_t struct_size;          /* of the whole item: sizeof(fell_loss)     */
    uint32_t kind, nparams;
    const char *name;              /* in YAML: [a-z][a-z0-9_]*                 */
    const char *doc;               /* first line one sentence, rest Markdown   */
    const fell_param *params;
    uint64_t settings_size;        /* sizeof the settings struct               */
} fell_item;

#define FELL_ITEM(K, T, name, doc, S, params) \
    { sizeof(T), K, sizeof(params) / sizeof((params)[0]), name, doc, params, sizeof(S) }
#define FELL_ITEM0(K, T, name, doc) { sizeof(T), K, 0, name, doc, NULL, 0 }  /* no settings */

/* What the numbers mean, so that the host can warn of softmax before a loss
 * that takes logits. FELL_REAL, anything, never warns. */
enum { FELL_REAL = 0, FELL_PROB, FELL_LOGIT, FELL_LOGPROB };
enum { FELL_LOG = 4 };             /* of pred_is alone: logarithms of targets. Since 1 */

/* ---- 4. activations: no tensors, no memory, shape kept --------------------- */

typedef struct fell_activation_call {
    fell_ctx   *ctx;
    const void *settings;
    int64_t rows, cols;            /* cols: the last dimension of the shape    */
    const float *x;                /* [rows,cols]                              */
    float       *y;                /* [rows,cols] out; in backward as forward  */
                                   /* left it                                  */
    const float *dy;               /* [rows,cols] backward only                */
    float       *dx;               /* [rows,cols] out = ; may be dy            */
} fell_activation_call;

/* What an item says of itself: activations, and since 1 layers and losses. */
enum {
    FELL_ROWWISE = 1 << 0,         /* activations: y[i,j] reads all of x[i,:]  */
                                   /* (softmax); else the host may cut anywhere */
    FELL_SURROGATE = 1 << 1,       /* since 1: backward is not the derivative  */
                                   /* of forward, on purpose: straight-through, */
                                   /* reversed gradients                       */
    FELL_MIXES_ROWS = 1 << 2,      /* since 1, layers: in evaluation, too, a   */
                                   /* row's output depends on the batch's      */
    FELL_BATCHWISE = 1 << 3,       /* since 1, layers: it does so in training  */
                                   /* alone (batch_norm): no micro_batch       */
    FELL_NO_CLASS = 1 << 4         /* since 1, losses: a label may be -1, of   */
                                   /* no class: its row counts for nothing     */
};

typedef struct fell_activation {
    fell_item item;
    uint32_t flags;                /* FELL_ROWWISE | FELL_SURROGATE            */
    uint32_t yields;               /* FELL_REAL, FELL_PROB, ...                */
    fell_status (*forward)(fell_activation_call *c);
    fell_status (*backward)(fell_activation_call *c);
    double low, high;              /* since 1: what y lies between, whatever   */
                                   /* the settings; equal: nothing is promised */
} fell_activation;

/* Most activations are two functions of one number: FELL_ELEMENTWISE(S, f, df) in
 * fell/kernel.h makes forward and backward of them. */

/* ---- 5. losses -------------------------------------------------------------
 * One number for a batch: sum / weight. Both are left to the loss, so that the
 * mean can be over rows (cross_entropy), elements (mse), class weights or pairs
 * of rows. The host divides the gradients by weight, adds up the batches of a
 * split, and stops if weight is 0. The total over micro-batches is
 * sum of sums / sum of weights, for the loss as for the gradient. */

enum { FELL_VALUES = 1, FELL_CLASSES = 2 };      /* what a target is           */

enum {
    FELL_EITHER = 1 << 8,          /* only min and max themselves (-1 and 1)   */
    FELL_LOGS = 1 << 9,            /* outputs are logarithms of what these are */
    FELL_SHARES = 1 << 10,         /* a row's are shares, 1 in all: else told  */
    FELL_LOG_SHARES = 1 << 11      /* a row's are the logarithms of such       */
};

/* Values that a loss is defined for. The host looks at every row before the
 * first step; a loss need not. Frozen. Since 1. */
typedef struct fell_targets {
    double   min, max;             /* -INFINITY, INFINITY: no end              */
    uint64_t flags;                /* FELL_MIN_OPEN, FELL_MAX_OPEN, FELL_EITHER, ... */
    const char *when;              /* a setting: only if it is `is`, as 0 and 1 */
    double      is;                /* of false and true. NULL: always          */
    const char *hint;              /* how to get there, or NULL                */
} fell_targets;

typedef struct fell_loss_call {
    fell_ctx   *ctx;
    const void *settings;
    int64_t rows, cols;            /* cols: the output's last dimension; rows: */
                                   /* the batch times its other dimensions     */
    const float   *pred;           /* [rows,cols]                              */
    const float   *target;         /* [rows,cols] if FELL_VALUES, else NULL    */
    const int32_t *label;          /* [rows] if FELL_CLASSES, 0 <= label < cols */
                                   /* (or -1: FELL_NO_CLASS): the host has seen */
                                   /* to it                                    */
    double   sum;                  /* out: 0 before the call                   */
    double   weight;               /* out: rows before the call                */
    float   *dpred;                /* [rows,cols] out = d sum / d pred         */
    int64_t  target_cols;          /* since 1: target is [rows,target_cols];   */
                                   /* cols, unless `outputs` says otherwise    */
} fell_loss_call;

typedef struct fell_loss {
    fell_item item;
    uint32_t target;               /* FELL_VALUES or FELL_CLASSES              */
    uint32_t expects;              /* FELL_REAL, FELL_PROB, FELL_LOGIT, ...    */
    fell_status (*eval)(fell_loss_call *c);
    uint64_t pairs;                /* 1: rows of a batch interact (ranking): a  */
                                   /* batch of training is one call, and so is  */
                                   /* each whole split in evaluation            */
    const fell_targets *targets;   /* since 1: [ntargets] all rows must fit one */
    uint64_t ntargets;             /* since 1: of them; 0: any finite number    */
    uint64_t flags;                /* since 1: FELL_SURROGATE | FELL_NO_CLASS  */
    /* Optional, FELL_VALUES only, since 1: how many outputs there are for so many targets:
     * means and variances, several quantiles. The first `targets` outputs of a row are
     * those that metrics compare with them. NULL: one for each. */
    int64_t (*outputs)(const void *settings, int64_t targets);
} fell_loss;

/* ---- 6. metrics: one call per split and epoch, with all its rows ------------ */

/* What the targets are to a metric, over all rows of all splits. Since 1. */
enum {
    FELL_NUMBERS = 1,              /* numbers to come close to                 */
    FELL_ONE_CLASS,                /* a row is of one class: its label, or the */
                                   /* largest target; the largest output wins  */
    FELL_YES_NO                    /* each column is a question of its own     */
};

typedef struct fell_metric_call {
    fell_ctx   *ctx;
    const void *settings;
    int64_t rows, cols;
    const float   *pred;           /* as for losses                            */
    const float   *target;
    const int32_t *label;
    double  *value;                /* out; NAN where undefined, stored as NULL */
    uint64_t pred_is;              /* FELL_REAL, FELL_PROB, ...: what the last */
                                   /* entry yields, or else the loss expects   */
    uint64_t target_is;            /* since 1: FELL_NUMBERS, FELL_ONE_CLASS ... */
    double   cut, target_cut;      /* since 1: FELL_YES_NO: an output, a target */
                                   /* above it is yes                          */
    const float   *weight;         /* since 1: [rows] how much each counts;    */
                                   /* NULL: all alike. Only with `weighs`      */
} fell_metric_call;

enum { FELL_ONE = 0, FELL_PER_CLASS = 1, FELL_PER_PAIR = 2 };

typedef struct fell_metric {
    fell_item item;
    uint32_t target;               /* FELL_VALUES, FELL_CLASSES, or both (|)   */
    uint32_t higher_is_better;
    fell_status (*eval)(fell_metric_call *c);
    uint64_t values;               /* FELL_ONE: value[1], "f1"; FELL_PER_CLASS: */
                                   /* value[cols], "f1.setosa"; FELL_PER_PAIR:  */
                                   /* value[cols*cols], "confusion.TRUE.PRED"   */
    double   least, most;          /* since 1: the range that its values lie   */
                                   /* in, for the check; 0, 0: not said        */
    uint64_t weighs;               /* since 1: 1: eval takes weights of rows   */
} fell_metric;

/* ---- 7. schedules: the learning rate of a step ------------------------------
 * A pure function of the fields below, asked before every step. In a list of
 * schedules each gets the rate the one before it returned, so warmup needs no
 * inner schedule: `schedule: [{cosine: {period: 10}}, {warmup: {steps: 500}}]`. */

typedef struct fell_schedule_call {
    fell_ctx   *ctx;
    const void *settings;
    int64_t epoch, epochs;         /* this one, from 0; of the whole run       */
    int64_t step, steps;           /* optimizer steps, likewise                */
    const double *history;         /* [epoch] the value that the setting with  */
                                   /* FELL_MONITOR names, after each finished  */
                                   /* epoch (plateau), NaN where it is         */
                                   /* undefined; NULL without one              */
    double lr;                     /* in: optimizer's lr; out: rate of the step */
} fell_schedule_call;

typedef struct fell_schedule {
    fell_item item;
    fell_status (*rate)(fell_schedule_call *c);
} fell_schedule;

/* ---- 8. initialisers: fill one tensor before training ------------------------ */

typedef struct fell_shape {        /* one row, without the batch; frozen       */
    int64_t rank;                  /* 0 = absent, 1..4                         */
    int64_t dim[4];                /* images [C,H,W], sequences [T,D]          */
} fell_shape;

typedef struct fell_init_call {
    fell_ctx   *ctx;
    const void *settings;
    const fell_shape *shape;       /* [out,in,...] as PyTorch has it           */
    int64_t n;                     /* floats in all                            */
    int64_t fan_in, fan_out;       /* shape[1]*rest, shape[0]*rest; a vector   */
                                   /* has those of the weight declared before  */
    float *w;                      /* [n] out                                  */
} fell_init_call;

typedef struct fell_initialiser {
    fell_item item;
    fell_status (*fill)(fell_init_call *c);
} fell_initialiser;

/* ---- 9. optimizers -------------------------------------------------------------
 * One tensor a call. All state is in slots, float arrays that the host zeroes
 * before the first step and saves; t == 1 is the place to fill them otherwise. */

enum {                             /* the floats of a slot                     */
    FELL_SLOT_EACH = 0,            /* one a weight                             */
    FELL_SLOT_ONE = 1,             /* one a tensor                             */
    FELL_SLOT_ROWS = 2,            /* since 1, with reach FELL_TENSOR and      */
                                   /* without `times`: all but the last        */
                                   /* dimension, [4,3,2]: 12                   */
    FELL_SLOT_COLUMNS = 3,         /* all but the one before the last, 8; of a */
                                   /* vector one a weight                      */
    FELL_SLOT_OTHER = 4            /* one a weight, but of matrices NULL       */
};

typedef struct fell_slot {
    const char *name;              /* "momentum", "m", "v"                     */
    const char *doc;
    const char *when;              /* a setting: the slot exists only if it is */
                                   /* not 0 or false ("amsgrad"). NULL: always */
    uint64_t    scalar;            /* FELL_SLOT_EACH, FELL_SLOT_ONE ...        */
    const char *times;             /* an integer setting: so many of them, one */
                                   /* after another, n floats (scalar: one)    */
                                   /* each ("history_size"). NULL: one         */
} fell_slot;

enum { FELL_WEIGHT = 1, FELL_BIAS, FELL_STATE };  /* STATE: saved, not trained */

/* What one call of step may be given. */
enum {
    FELL_TENSOR = 0,               /* one tensor                               */
    FELL_EACH_WEIGHT = 1,          /* the rule sees each weight alone (sgd,    */
                                   /* adam): the host may join neighbouring    */
                                   /* tensors of one lr into one call          */
    FELL_WHOLE = 2                 /* all trained weights as one vector, once  */
                                   /* a step (L-BFGS); padding has g = 0       */
};

typedef struct fell_optimizer_call {
    fell_ctx   *ctx;
    const void *settings;
    int64_t n;                     /* floats in this tensor                    */
    int64_t t;                     /* 1 for the first step of the run          */
    double  lr;                    /* after the schedule; not settings->lr     */
    double  loss;                  /* of this batch, at w                      */
    const fell_shape *shape;       /* of this tensor; NULL if joined or whole  */
    uint64_t     role;             /* FELL_WEIGHT, FELL_BIAS; 0 if so          */
    float       *w;                /* [n] in place                             */
    const float *g;                /* [n] mean gradient, after clipping        */
    float *const *slot;            /* [nslots] each [n], [1] if scalar, or so  */
                                   /* `times`; NULL where `when` is not met    */
    uint64_t     pass;             /* since 1: 0 .. gradients - 1              */
    uint64_t     done;             /* out, since 1: 1: no further gradient of  */
                                   /* this step is wanted; 0 before each call  */
    double      *kept;             /* [FELL_KEPT] since 1: its own from pass to */
                                   /* pass of one step, 0 at the first         */
} fell_optimizer_call;

enum { FELL_KEPT = 32 };

typedef struct fell_optimizer {    /* settings must have FELL_FLOAT lr         */
    fell_item item;
    const fell_slot *slots;
    uint64_t nslots;
    fell_status (*step)(fell_optimizer_call *c);
    uint64_t reach;                /* FELL_TENSOR, FELL_EACH_WEIGHT, FELL_WHOLE */
    /* Since 1: so many gradients of one batch a step (SAM: 2), each taken where the call
     * before, c->pass, left w; t is the same; fewer where c->done is set. 0: one. Recorded are loss and gradient of
     * the first. */
    uint64_t gradients;
    /* Optional, since 1: called before the loss of a step, without g, to move w to where
     * the gradient is wanted; step then leaves in w what is evaluated and kept
     * (averages). It may come twice without a step between: it then does nothing. */
    fell_status (*before)(fell_optimizer_call *c);
} fell_optimizer;

/* ---- 10. layers ------------------------------------------------------------------
 * A layer without backward is a transform: `data.transforms` runs it on the rows
 * before the model (standardize), with `training` 0. Only fit writes its tensors.
 * One that draws random numbers where `training` is 1, and none where it is 0,
 * acts in training only (flip): with `training` 1 it runs on every training batch,
 * anew in each step, and so do the transforms after it. */

typedef struct fell_tensor {       /* a tensor that the layer owns             */
    const char *name;              /* "weight", "bias", "running_mean"         */
    const char *doc;
    const char *init;              /* as in YAML: "he_normal",                 */
                                   /* "{constant: {value: 0.25}}"              */
    uint64_t    role;              /* FELL_WEIGHT, FELL_BIAS, FELL_STATE       */
} fell_tensor;

typedef struct fell_column fell_column;

typedef struct fell_plan {
    fell_ctx   *ctx;
    const void *settings;
    int64_t nin;                   /* number of inputs                         */
    int64_t max_batch;             /* largest batch of any later call          */
    const fell_shape *in;          /* [nin] one row of each input              */
    fell_shape  out;               /* out: one output row                      */
    fell_shape *tensor;            /* [ntensors] out; rank 0: not in use       */
    int64_t saved_bytes;           /* out: what forward leaves for backward    */
    int64_t indices;               /* out: 0, or inputs are whole numbers in   */
                                   /* [0,indices), checked by the host, and no */
                                   /* dx is ever wanted (embedding)            */
    const fell_column *column;     /* [ncolumns] what the columns of in[0]     */
    int64_t ncolumns;              /* are, where the rows come from a table    */
                                   /* (section 11); transforms only; since 1   */
    fell_column *out_column;       /* [ncolumns] what they are in `out`: filled */
                                   /* as `column`, to be changed; since 1      */
    int64_t min_batch;             /* out, since 1: 0, or the fewest rows that a */
                                   /* training call can have (batch_norm: 2),  */
                                   /* checked by the host before the first step */
    int64_t fit_passes;            /* out, since 1: for fit_part, how often it */
                                   /* is to see all rows, and                  */
    int64_t fit_kept;              /* out: how many doubles it keeps meanwhile */
    int64_t index_column;          /* out, since 1, beside `indices`: 0, or K:  */
                                   /* only number K - 1 of in[0], a vector, is  */
                                   /* such a whole number, or -1, and it has no */
                                   /* gradient; dx of the others is wanted. The */
                                   /* layer checks it                          */
} fell_plan;

typedef struct fell_layer_call {
    fell_ctx   *ctx;
    const void *settings;
    const fell_plan *plan;         /* as plan() left it: the shapes            */
    int64_t  batch;                /* B <= max_batch; never cut into parts     */
    uint64_t training;             /* 0: no dropout, running averages used and */
                                   /* kept. backward sees what forward saw     */
    const float *const *x;         /* [nin] each [B,in]                        */
    float       *y;                /* [B,out] out; backward: as forward left it */
    const float *dy;               /* [B,out] backward only                    */
    float *const *dx;              /* [nin] out = ; backward only; NULL entry: */
                                   /* not wanted                               */
    float *const *tensor;          /* [ntensors] NULL entry: not in use        */
    float *const *grad;            /* [ntensors] out += ; backward only; NULL  */
                                   /* entry: state, frozen or not in use       */
    void *saved;                   /* [saved_bytes] 64-byte aligned; NULL: no  */
                                   /* backward follows                         */
    const double *x64;             /* fit64, forward64: [B,in] in place of x,  */
    double       *y64;             /* [B,out] in place of y, and               */
    double *const *tensor64;       /* [ntensors] in place of tensor; since 1   */
} fell_layer_call;

/* Since 1: where a transform that is fitted in parts stands. */
typedef struct fell_fit_part {
    int64_t pass;                  /* from 0                                   */
    int64_t row, rows;             /* the first of the call; all there are     */
    double *kept;                  /* [plan.fit_kept] the transform's own from */
                                   /* call to call, 0 at first                 */
} fell_fit_part;

/* Since 1: each row's own gradient, without holding it. Trained tensors only. */
typedef struct fell_each_row {
    const float *const *along;     /* [ntensors] a direction, each [n]; NULL:  */
                                   /* no dot is wanted                         */
    double *norm;                  /* [batch,ntensors] out: sum over the tensor */
                                   /* of the squares of row i's gradient       */
    double *dot;                   /* [batch,ntensors] out: its product with   */
                                   /* `along`; NULL: not wanted                */
    double *const *squares;        /* [ntensors] each [n] out +=: sum over the */
                                   /* rows of the square of each element       */
} fell_each_row;

typedef struct fell_layer {
    fell_item item;
    uint32_t min_inputs, max_inputs;  /* 0, 0: exactly one                     */
    const fell_tensor *tensors;
    uint64_t ntensors;
    /* From settings and input shapes to output shape, tensor shapes, memory.
     * Also the place to refuse settings that do not fit each other. */
    fell_status (*plan)(fell_plan *p);
    fell_status (*forward)(fell_layer_call *c);
    fell_status (*backward)(fell_layer_call *c);   /* NULL: a transform        */
    /* Optional, transforms only: x[0] is all training rows, once, in order;
     * y is NULL. Fill the FELL_STATE tensors. */
    fell_status (*fit)(fell_layer_call *c);
    /* Optional, transforms only, since 1: the same two in double. Rows that floats
     * cannot hold exactly stay double as long as transforms have these, and become
     * floats last: seconds since 1970 keep their digits. */
    fell_status (*fit64)(fell_layer_call *c);
    fell_status (*forward64)(fell_layer_call *c);
    uint64_t gaps;                 /* 1: a transform that fills what is missing */
                                   /* (NaN) in x; since 1                      */
    /* Optional, since 1: called like backward, before it, where a probe asks for rows'
     * gradients; entries of `grad` that are NULL are passed over. Without it the host
     * calls backward row by row. */
    fell_status (*each_row)(fell_layer_call *c, fell_each_row *r);
    uint64_t flags;                /* since 1: FELL_SURROGATE, FELL_MIXES_ROWS, */
                                   /* FELL_BATCHWISE                           */
    /* Optional, transforms only, since 1: fit64 in parts, for rows that are too many to
     * be held in double: x64 is part->row and on, in order, plan.fit_passes times over.
     * The last call leaves tensor64 as fit64 would, to the bit. */
    fell_status (*fit_part)(fell_layer_call *c, fell_fit_part *part);
} fell_layer;

/* ---- 11. datasets: may do I/O and allocate; the host shuffles and splits ------- */

enum {                             /* what a column is                         */
    FELL_NUMBER = 1, FELL_CATEGORY = 2,
    FELL_INDEX = 3                 /* a category that the model learns a vector */
                                   /* for each word of: one number, the place  */
                                   /* of its word, -1 where it has none. Such  */
                                   /* columns end a row. Transforms do not see */
                                   /* them, but for those that fill gaps       */
};

struct fell_column {               /* one input column of a table; since 1     */
    const char *name;              /* NULL: without                            */
    uint64_t is;                   /* FELL_NUMBER, FELL_CATEGORY, FELL_INDEX   */
    int64_t  at, width;            /* its numbers in a row: one, or one for    */
                                   /* each word of a category, 1 at the row's  */
    int64_t  missing;              /* rows without a value: NaN at all WIDTH   */
    double   min, max;             /* of a number's values                     */
    int64_t  nwords;
    const char *const *word;       /* [nwords] of a category, in order         */
    int64_t  number;               /* its place in the file, from 0            */
    int64_t  embed;                /* FELL_INDEX: how long the vectors are, and */
    int64_t  values;               /* how many there are: nwords, and one more  */
                                   /* where what is missing has its own        */
};

typedef struct fell_data_info fell_data_info;

struct fell_data_info {
    fell_ctx   *ctx;
    const void *settings;
    void    *self;                 /* out of open: the plugin's own, to close  */
    uint64_t wanted;               /* FELL_VALUES or FELL_CLASSES: the loss's  */
    int64_t  rows;                 /* out                                      */
    fell_shape x;                  /* out: one row's input                     */
    fell_shape target;             /* out: one row's values; of class targets  */
                                   /* [1], or [T] for a class per time step    */
    uint64_t is;                   /* out: FELL_VALUES or FELL_CLASSES         */
    int64_t  nclasses;             /* out: for FELL_CLASSES                    */
    const char *const *class_names;/* out: [nclasses], lives until close, or   */
                                   /* NULL. The host matches a test set's      */
                                   /* classes to the training set's by name.   */
    /* Since 1: */
    const fell_data_info *source;  /* what the source said, while a test or    */
                                   /* validation set is opened: rows must come */
                                   /* out in its columns; NULL: the source     */
    uint64_t gaps;                 /* 1: missing inputs may be given as NaN, a */
                                   /* transform fills them; 0: are an error    */
    const fell_column *column;     /* out: [ncolumns] the columns of x in      */
    int64_t  ncolumns;             /* order; NULL, 0: unknown. The host orders */
                                   /* a test set's as the source's, by name    */
    const char *found;             /* out: what was found out about the file,  */
                                   /* "header, delimiter ','", or NULL         */
    uint64_t doubles;              /* out: 1: read fills x64, not x            */
    uint64_t no_targets;           /* 1: inputs are learnt (data.target:       */
                                   /* input): there need be no targets, and    */
                                   /* what read says of them is passed over    */
    const int64_t *group;          /* out: [rows] rows of one number stay on   */
                                   /* one side of every split; NULL: without   */
    const float *weight;           /* out: [rows] how much each counts in loss */
                                   /* and metrics, 0 or more; NULL: all alike. */
                                   /* Both live until close                    */
    int64_t  vocabulary;           /* out: inputs are whole numbers below it,  */
                                   /* places in a vocabulary; 0: they are not  */
    int64_t  step;                 /* out: rows are windows of one series: row */
                                   /* i + 1 is row i, inputs and as many       */
                                   /* targets, from the step-th number on and  */
                                   /* step more. The host keeps the series     */
                                   /* alone; 0: they are not                   */
    uint64_t new_rows;             /* 1: rows that a trained net is asked of;  */
                                   /* no_targets is 1 too, `source` the net's. */
                                   /* Columns that are no inputs of it need    */
                                   /* not be there, and may be; since 1        */
    const char *const *row_names;  /* out, of new rows: [rows] what each is    */
                                   /* called, lives until close; NULL: rows    */
                                   /* have numbers alone; since 1              */
};

typedef struct fell_read_call {
    fell_ctx   *ctx;
    const void *settings;
    void       *self;
    int64_t  n;                    /* rows to read                             */
    const int64_t *row;            /* [n] which, in any order                  */
    float    *x;                   /* [n,x] out                                */
    float    *target;              /* [n,target] out, or NULL                  */
    int32_t  *label;               /* [n,target] out, or NULL                  */
    double   *x64;                 /* [n,x] out where open said `doubles`, and */
                                   /* x is NULL; since 1                       */
} fell_read_call;

typedef struct fell_dataset {
    fell_item item;
    fell_status (*open)(fell_data_info *info);
    fell_status (*read)(fell_read_call *c);
    void (*close)(void *self);     /* after every open that returned FELL_OK   */
} fell_dataset;

/* Probes, which look at a net while it learns, are in fell/probe.h. */

/* ---- 12. the plugin --------------------------------------------------------------- */

typedef struct fell_plugin {
    uint32_t struct_size;
    uint32_t minor;                /* FELL_MINOR it was built with             */
    uint32_t needs_minor;          /* oldest host that can run it, usually 0   */
    /* Strides of the arrays that items point to, so that these may grow too. */
    uint32_t sizeof_param, sizeof_tensor, sizeof_slot;
    const char *version;           /* "1.0"                                    */
    const char *credit;            /* author and licence, or ""                */
    const fell_item *const *items; /* NULL-terminated                          */
    float (*multiply_add)(float a, float b, float c);  /* a * b + c as this    */
                                   /* file's flags compile it: the check asks  */
                                   /* it whether -ffp-contract=off is missing  */
} fell_plugin;

/* The one exported symbol: FELL_PLUGIN("1.0", "who wrote it, MIT", &mse.item, &mae.item); */
#define FELL_PLUGIN(version, credit, ...)                                      \
    FELL_FUSE_ static float fell_multiply_add_(float a, float b, float c)      \
    {                                                                          \
        return a * b + c;                                                      \
    }                                                                          \
    static const fell_item *const fell_items_[] = { __VA_ARGS__, NULL };       \
    FELL_EXTERN_ FELL_EXPORT_ const fell_plugin fell_plugin_v1;                \
    const fell_plugin fell_plugin_v1 = { sizeof(fell_plugin), FELL_MINOR, 0,   \
        sizeof(fell_param), sizeof(fell_tensor), sizeof(fell_slot),            \
        version, credit, fell_items_, fell_multiply_add_ }

/* An item without settings, in one line. With settings: FELL_ITEM.         */
#define FELL_ACTIVATION(name, doc, yields, forward, backward)                  \
    { FELL_ITEM0(FELL_KIND_ACTIVATION, fell_activation, name, doc),            \
      0, yields, forward, backward, 0.0, 0.0 }
#define FELL_BOUNDED(name, doc, yields, forward, backward, low, high)  /* since 1 */ \
    { FELL_ITEM0(FELL_KIND_ACTIVATION, fell_activation, name, doc),            \
      0, yields, forward, backward, low, high }
#define FELL_LOSS(name, doc, target, expects, eval)                            \
    { FELL_ITEM0(FELL_KIND_LOSS, fell_loss, name, doc), target, expects, eval, 0, NULL, 0, 0, NULL }

/* ---- 13. conveniences (compiled into the plugin, no ABI) ---------------------------- */

/* Floats in one row of shape S; 0 if absent. */
static inline int64_t fell_size(const fell_shape *s)
{
    int64_t n = s->rank > 0;

    for (int64_t i = 0; i < s->rank; i++)
        n *= s->dim[i];
    return n;
}

static inline fell_shape fell_vec(int64_t a)            { fell_shape s = { 1, { a, 0, 0, 0 } }; return s; }
static inline fell_shape fell_mat(int64_t a, int64_t b) { fell_shape s = { 2, { a, b, 0, 0 } }; return s; }

#ifdef __cplusplus
}
#endif
#endif /* FELL_PLUGIN_H */
