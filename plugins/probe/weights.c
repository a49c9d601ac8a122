/* weights.c - what the weights of each tensor are like, and how far they have gone from the first. */
#include "linear.h"

enum { MEAN, SD, MAX_ABS, L1, ZERO_SHARE, SPECTRAL_NORM, DISTANCE, COSINE };

static const fell_number numbers[] = {
    [MEAN] = {"mean", "Mean of the tensor's elements.", FELL_PER_TENSOR, 0},
    [SD] = {"sd", "Their standard deviation (of the population).", FELL_PER_TENSOR, 0},
    [MAX_ABS] = {"max_abs", "The largest absolute value.", FELL_PER_TENSOR, 0},
    [L1] = {"l1", "Sum of absolute values.", FELL_PER_TENSOR, 0},
    [ZERO_SHARE] = {"zero_share", "Share of elements that are exactly 0.", FELL_PER_TENSOR, 0},
    [SPECTRAL_NORM] = {"spectral_norm",
                       "Largest singular value of the tensor as a matrix [out, rest]; none of vectors.",
                       FELL_PER_TENSOR, 0},
    [DISTANCE] = {"distance", "L2 norm of the weights less those before the first step.", FELL_PER_TENSOR, 0},
    [COSINE] = {"cosine", "Cosine of the angle between the weights and those before the first step.",
                FELL_PER_TENSOR, 0},
};

/* y[m] = W x[n] and back, in double, with x and y of unit size. */
struct product {
    fell_ctx *ctx;
    const float *w;
    int64_t m, n;
    const double *x;
    double *y;
};

FELL_KERNEL(forth, struct product)
{
    for (int64_t i = 0; i < c->m; i++)
        c->y[i] = linear_dot_mixed(c->w + i * c->n, c->x, c->n);
    return FELL_OK;
}

FELL_KERNEL(back, struct product)
{
    double *restrict y = c->y;

    for (int64_t j = 0; j < c->n; j++)
        y[j] = 0.0;
    for (int64_t i = 0; i < c->m; i++) {
        const float *w = c->w + i * c->n;
        const double x = c->x[i];

        for (int64_t j = 0; j < c->n; j++)
            y[j] += (double)w[j] * x;
    }
    return FELL_OK;
}

/* x[n] -= (x.q) q for each of q[k,n]. */
struct projection {
    fell_ctx *ctx;
    const double *q;
    int64_t k, n;
    double *x;
};

FELL_KERNEL(project, struct projection)
{
    for (int64_t i = 0; i < c->k; i++) {
        const double *q = c->q + i * c->n, d = linear_dot(c->x, q, c->n);
        double *restrict x = c->x;

        for (int64_t j = 0; j < c->n; j++)
            x[j] -= d * q[j];
    }
    return FELL_OK;
}

enum { MOST_TURNS = 96 };

/* Golub, Kahan and Lanczos: alpha and beta of the bidiagonal form of W [m,n], each new vector made orthogonal
 * to all earlier ones, until the largest singular value stands still. NULL memory: -1. */
static double spectral_norm(fell_ctx *ctx, const float *w, int64_t m, int64_t n)
{
    const int64_t least = m < n ? m : n, turns = least < MOST_TURNS ? least : MOST_TURNS;
    double *u = fell_scratch(ctx, (turns + 1) * m, sizeof *u),
           *v = fell_scratch(ctx, (turns + 1) * n, sizeof *v);
    double t[4][MOST_TURNS + 1], beta = 0.0, last = 0.0, best = 0.0;

    if (!u || !v)
        return -1.0;
    for (int64_t i = 0; i < m; i++) /* every row's direction a little, so that none is missed */
        u[i] = 1.0 + 0.01 * (double)((i * 7919) % 101);
    back(&(struct product){ctx, w, m, n, u, v}); /* from the rows' space: elsewhere W gives nothing */
    for (int64_t k = 0; k < turns; k++) {
        double *uk = u + k * m, *vk = v + k * n, *next = v + (k + 1) * n, size = sqrt(linear_dot(vk, vk, n));

        if (!(size > 0.0))
            break;
        for (int64_t j = 0; j < n; j++)
            vk[j] /= size;
        forth(&(struct product){ctx, w, m, n, vk, uk});
        project(&(struct projection){ctx, u, k, m, uk});
        size = sqrt(linear_dot(uk, uk, m));
        /* B'B is tridiagonal: alpha^2 + beta^2 on its diagonal, alpha times the next beta beside it. */
        t[0][k] = size * size + beta * beta;
        t[1][k] = k ? beta * t[2][k - 1] : 0.0;
        t[2][k] = size;
        for (int64_t i = 0; size > 0.0 && i < m; i++)
            uk[i] /= size;
        back(&(struct product){ctx, w, m, n, uk, next});
        project(&(struct projection){ctx, v, k + 1, n, next});
        beta = sqrt(linear_dot(next, next, n));
        if (k % 4 == 3 || k + 1 == turns || !(beta > 1e-12 * size)) {
            double d[MOST_TURNS + 1], e[MOST_TURNS + 1];

            memcpy(d, t[0], sizeof d);
            memcpy(e, t[1], sizeof e);
            if (!linear_ql(d, e, k + 1, NULL))
                break;
            best = 0.0;
            for (int64_t i = 0; i <= k; i++)
                best = d[i] > best ? d[i] : best;
            if (best - last <= 1e-6 * best && k > 3) /* of its square, as good as the floats are */
                break;
            last = best;
        }
        if (!(beta > 1e-12 * size))
            break;
    }
    return sqrt(best);
}

static fell_status look_at(fell_probe_call *c, int64_t at)
{
    const fell_tensor_view *t = &c->plan->tensor[at];
    const float *w = c->w + t->at, *first = c->first + t->at;
    const double n = (double)t->n;
    double sum = 0.0, squares = 0.0, l1 = 0.0, most = 0.0, zeros = 0.0, gone = 0.0, value;

    for (int64_t i = 0; i < t->n; i++) {
        const double x = (double)w[i], d = x - (double)first[i], a = fabs(x);

        sum += x;
        l1 += a;
        most = a > most ? a : most;
        zeros += w[i] == 0.0f;
        gone += d * d;
    }
    for (int64_t i = 0; i < t->n; i++) {
        const double d = (double)w[i] - sum / n;

        squares += d * d;
    }
    value = linear_cosine(linear_dot32(w, first, t->n), linear_dot32(w, w, t->n),
                          linear_dot32(first, first, t->n));
    if (fell_record(c, MEAN, at, 0, sum / n) || fell_record(c, SD, at, 0, sqrt(squares / n)) ||
        fell_record(c, MAX_ABS, at, 0, most) || fell_record(c, L1, at, 0, l1) ||
        fell_record(c, ZERO_SHARE, at, 0, zeros / n) || fell_record(c, DISTANCE, at, 0, sqrt(gone)) ||
        fell_record(c, COSINE, at, 0, value))
        return FELL_ERROR;
    if (t->shape.rank < 2)
        return FELL_OK;
    value = spectral_norm(c->ctx, w, t->shape.dim[0], t->n / t->shape.dim[0]);
    return value < 0.0 ? FELL_ERROR : fell_record(c, SPECTRAL_NORM, at, 0, value);
}

static fell_status look(fell_probe_call *c)
{
    for (int64_t at = 0; at < c->plan->ntensors; at++)
        if (look_at(c, at) != FELL_OK)
            return FELL_ERROR;
    return FELL_OK;
}

static const fell_probe weights = {
    FELL_ITEM0(
        FELL_KIND_PROBE, fell_probe, "weights",
        "What the weights of each tensor are like, and how far they are from the first ones.\n\n"
        "The spectral norm, the largest singular value, says by how much the layer can stretch an\n"
        "input at most (Y. Yoshida and T. Miyato, \"Spectral Norm Regularization\", 2017); it is found by\n"
        "Golub-Kahan-Lanczos bidiagonalisation (G. Golub and W. Kahan 1965)."),
    FELL_PROBE_TABLES(numbers, NULL, 0), .look = look};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &weights.item);
