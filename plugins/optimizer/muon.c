/* muon.c - momentum whose matrices are made orthogonal; what is no matrix goes by adamw.
 *
 * With X = the momentum over its norm, five rounds of X = a X + (b A + c A^2) X, A = X X', bring all singular
 * values near 1. In float32, where PyTorch takes bfloat16.
 */
#include "../rows.h"
#include "fell/plugin.h"
#include "optimizer.h"

enum { ORIGINAL, MATCH_RMS_ADAMW, SPECTRAL_UNCLAMPED };

struct muon {
    double lr, momentum;
    bool nesterov;
    double weight_decay;
    int64_t ns_steps;
    double epsilon;
    int32_t adjust_lr;
    double adamw_factor, adamw_beta1, adamw_beta2, adamw_epsilon, adamw_weight_decay;
};

static const fell_param params[] = {
    OPTIMIZER_LR(struct muon, 1e-3),
    FELL_FLOAT(struct muon, momentum, 0.95, 0, 1, FELL_MAX_OPEN,
               "Share of the running mean of gradients that each step keeps, in [0, 1)."),
    FELL_BOOL(struct muon, nesterov, true, "Look ahead along the momentum, true or false."),
    OPTIMIZER_DECAY(struct muon, 0.1),
    FELL_INT(struct muon, ns_steps, 5, 1, 99, 0, "Rounds of the Newton-Schulz iteration, at least 1."),
    OPTIMIZER_EPSILON(struct muon, 1e-7),
    FELL_ENUM(struct muon, adjust_lr, "original", "original|match_rms_adamw|spectral_unclamped",
              "Factor of the rate of a matrix [A,B]: sqrt(max(1, A/B)), 0.2 sqrt(max(A, B)) or sqrt(A/B)."),
    FELL_FLOAT(struct muon, adamw_factor, 0.3, 0, INFINITY, FELL_MAX_OPEN,
               "Learning rate of what is no matrix, as a multiple of lr, 0 or more."),
    FELL_FLOAT(struct muon, adamw_beta1, 0.9, 0, 1, FELL_MAX_OPEN, "Its beta1, in [0, 1)."),
    FELL_FLOAT(struct muon, adamw_beta2, 0.999, 0, 1, FELL_MAX_OPEN, "Its beta2, in [0, 1)."),
    FELL_FLOAT(struct muon, adamw_epsilon, 1e-8, 0, INFINITY, FELL_MAX_OPEN, "Its epsilon, 0 or more."),
    FELL_FLOAT(struct muon, adamw_weight_decay, 0, 0, INFINITY, FELL_MAX_OPEN,
               "Its weight_decay, 0 or more."),
};

enum { MOMENTUM, SQUARE };

static const fell_slot slots[] = {
    {"momentum", "The running mean of the gradients.", NULL, FELL_SLOT_EACH, NULL},
    {"v", "The running mean of their squares, of what is no matrix.", NULL, FELL_SLOT_OTHER, NULL},
};

FELL_KERNEL(adamw_step, fell_optimizer_call)
{
    return adam_step(c, true);
}

static fell_status step_other(const fell_optimizer_call *c)
{
    const struct muon *s = c->settings;
    const struct adam adam = {.beta1 = s->adamw_beta1,
                              .beta2 = s->adamw_beta2,
                              .epsilon = s->adamw_epsilon,
                              .weight_decay = s->adamw_weight_decay};
    float *slot[3] = {c->slot[MOMENTUM], c->slot[SQUARE], NULL};
    fell_optimizer_call call = *c;

    call.settings = &adam;
    call.slot = slot;
    call.lr = s->adamw_factor * c->lr;
    return adamw_step(&call);
}

/* A matrix on its way: x[r,k] with r <= k, as it is or transposed, and working memory. */
struct matrix {
    fell_ctx *ctx;
    int64_t r, k;
    float *x, *next, *a, *b; /* [r,k], [r,k], [r,r], [r,r] */
    float p, q, s;           /* coefficients */
};

FELL_KERNEL(matrix_scale, struct matrix)
{
    const int64_t n = c->r * c->k;

    FELL_EACH for (int64_t i = 0; i < n; i++) c->x[i] *= c->s;
    return FELL_OK;
}

/* b = q a + s b, next = p x */
FELL_KERNEL(matrix_mix, struct matrix)
{
    const int64_t n = c->r * c->r, all = c->r * c->k;

    FELL_EACH for (int64_t i = 0; i < n; i++) c->b[i] = c->q * c->a[i] + c->s * c->b[i];
    FELL_EACH for (int64_t i = 0; i < all; i++) c->next[i] = c->p * c->x[i];
    return FELL_OK;
}

/* x made orthogonal: K. Jordan's coefficients, steepest at 0. */
static void orthogonalize(struct matrix *m, int64_t rounds, double epsilon)
{
    const int64_t n = m->r * m->k;
    const double norm = sqrt(rows_dot_total(m->x, m->x, n));

    m->s = (float)(1.0 / (norm > epsilon ? norm : epsilon));
    if (norm == 0.0 && epsilon == 0.0)
        return;
    matrix_scale(m);
    m->p = 3.4445f;
    m->q = -4.7750f;
    m->s = 2.0315f;
    for (int64_t i = 0; i < rounds; i++) {
        float *done = m->x;

        fell_gemm(m->ctx, m->r, m->r, m->k, m->x, m->k, false, m->x, m->k, true, m->a, m->r, false);
        fell_gemm(m->ctx, m->r, m->r, m->r, m->a, m->r, false, m->a, m->r, false, m->b, m->r, false);
        matrix_mix(m);
        fell_gemm(m->ctx, m->r, m->k, m->r, m->b, m->r, false, m->x, m->k, false, m->next, m->k, true);
        m->x = m->next;
        m->next = done;
    }
}

/* m = momentum m + (1 - momentum) g, and the direction: m, or with nesterov one more step of the same. */
FELL_KERNEL(follow, fell_optimizer_call)
{
    const struct muon *s = c->settings;
    const float keep = (float)s->momentum, take = (float)(1.0 - s->momentum);
    const bool ahead = s->nesterov;
    const int64_t n = c->n;
    const float *g = c->g;
    float *m = c->slot[MOMENTUM], *to = c->slot[SQUARE];

    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        m[i] = keep * m[i] + take * g[i];
        to[i] = ahead ? keep * m[i] + take * g[i] : m[i];
    }
    return FELL_OK;
}

static void transpose(const float *from, int64_t rows, int64_t cols, float *to)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++)
            to[j * rows + i] = from[i * cols + j];
}

static double adjusted(const struct muon *s, double lr, double rows, double cols)
{
    switch (s->adjust_lr) {
    case MATCH_RMS_ADAMW:
        return lr * 0.2 * sqrt(rows > cols ? rows : cols);
    case SPECTRAL_UNCLAMPED:
        return lr * sqrt(rows / cols);
    default:
        return lr * sqrt(rows > cols ? rows / cols : 1.0);
    }
}

static fell_status step_matrix(const fell_optimizer_call *c)
{
    const struct muon *s = c->settings;
    const int64_t rows = c->shape->dim[0], cols = c->shape->dim[1], n = c->n;
    const bool tall = rows > cols;
    const int64_t r = tall ? cols : rows;
    float *work = fell_scratch(c->ctx, 3 * n + 2 * r * r, sizeof *work), *direction = work;
    struct matrix m = {.ctx = c->ctx, .r = r, .k = tall ? rows : cols};
    const float rate = (float)adjusted(s, c->lr, (double)rows, (double)cols);
    const float keep = (float)(1.0 - c->lr * s->weight_decay);
    float *slot[] = {c->slot[MOMENTUM], direction};
    fell_optimizer_call call = *c;

    if (!work)
        return FELL_ERROR;
    call.slot = slot;
    follow(&call);
    m.x = work + n;
    m.next = work + 2 * n;
    m.a = work + 3 * n;
    m.b = m.a + r * r;
    if (tall)
        transpose(direction, rows, cols, m.x);
    else
        memcpy(m.x, direction, (size_t)n * sizeof *work);
    orthogonalize(&m, s->ns_steps, s->epsilon);
    if (tall)
        transpose(m.x, cols, rows, direction);
    else
        direction = m.x;
    for (int64_t i = 0; i < n; i++)
        c->w[i] = keep * c->w[i] - rate * direction[i];
    return FELL_OK;
}

static fell_status step(fell_optimizer_call *c)
{
    if (c->n == 0)
        return FELL_OK;
    return c->shape && c->shape->rank == 2 ? step_matrix(c) : step_other(c);
}

static const fell_optimizer muon = {
    .item = FELL_ITEM(
        FELL_KIND_OPTIMIZER, fell_optimizer, "muon",
        "Muon: each matrix moves by its momentum made orthogonal, all else by adamw.\n\n"
        "m = momentum m + (1 - momentum) g, w -= lr weight_decay w, w -= lr f O, where O is m (with "
        "nesterov\n"
        "momentum m + (1 - momentum) g) with all singular values near 1, by X = a X + (b A + c A^2) X, A = X "
        "X',\n"
        "from m / |m|, a, b, c = 3.4445, -4.7750, 2.0315. Weights of convolutions, vectors and biases go by\n"
        "adamw with the settings adamw_*. K. Jordan et al., \"Muon\", 2024. Settings and rule are those of\n"
        "PyTorch's Muon, which computes in bfloat16 and differs by a hundredth of a step.",
        struct muon, params),
    .slots = slots,
    .nslots = 2,
    .step = step,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &muon.item);
