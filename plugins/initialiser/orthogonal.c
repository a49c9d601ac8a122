/* orthogonal.c - weights whose rows or columns are orthogonal. */
#include "../rows.h"
#include "fell/plugin.h"

enum { BLOCK = 16 };

struct orthogonal {
    double gain;
};

static const fell_param params[] = {
    FELL_FLOAT(struct orthogonal, gain, 1, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Length of every row or column, any number; sqrt(2) for relu."),
};

/* K vectors of LENGTH floats, one after another. */
struct vectors {
    float *v;
    int64_t k, length;
};

/* v -= (v.q) q */
static void take_off(float *v, const float *q, int64_t n)
{
    const float along = (float)rows_dot_total(v, q, n);

    for (int64_t i = 0; i < n; i++)
        v[i] -= along * q[i];
}

/* Make vectors FROM .. TO-1 orthogonal to those before FROM, by two matrix products: share =
 * block q^T, block -= share q. */
static void clear_before(fell_ctx *ctx, const struct vectors *q, int64_t from, int64_t to, float *share)
{
    const int64_t n = q->length;
    float *block = q->v + from * n;

    fell_gemm(ctx, to - from, from, n, block, n, false, q->v, n, true, share, from, false);
    for (int64_t i = 0; i < (to - from) * from; i++)
        share[i] = -share[i];
    fell_gemm(ctx, to - from, n, from, share, from, false, q->v, n, false, block, n, true);
}

/* Gram and Schmidt, block after block; each vector is cleared twice, since once leaves what
 * rounding hid. R's diagonal is positive, so that Q is spread evenly (F. Mezzadri, "How to
 * generate random matrices from the classical compact groups", 2007). */
static fell_status orthogonalise(fell_ctx *ctx, const struct vectors *q)
{
    const int64_t n = q->length;
    float *share = fell_scratch(ctx, BLOCK * q->k, sizeof *share);

    if (!share)
        return FELL_ERROR;
    for (int64_t from = 0; from < q->k; from += BLOCK) {
        const int64_t to = from + BLOCK < q->k ? from + BLOCK : q->k;

        for (int pass = 0; pass < 2; pass++) {
            if (from > 0)
                clear_before(ctx, q, from, to, share);
            for (int64_t i = from; i < to; i++) {
                float *v = q->v + i * n;
                double length;

                for (int64_t j = from; j < i; j++)
                    take_off(v, q->v + j * n, n);
                length = sqrt(rows_dot_total(v, v, n));
                for (int64_t l = 0; l < n; l++)
                    v[l] = (float)((double)v[l] / length);
            }
        }
    }
    return FELL_OK;
}

/* w as a matrix [out, the rest]: its rows, or if there are more of them than columns its columns. */
static fell_status fill(fell_init_call *c)
{
    const struct orthogonal *s = c->settings;
    const int64_t rows = c->shape->dim[0], cols = c->n / rows;
    const bool tall = rows > cols;
    struct vectors q = {c->w, rows, cols};

    if (c->shape->rank < 2)
        return fell_fail(c->ctx, "fills matrices alone, not tensors of rank %lld", (long long)c->shape->rank);
    if (tall) {
        q = (struct vectors){fell_scratch(c->ctx, c->n, sizeof *q.v), cols, rows};
        if (!q.v)
            return FELL_ERROR;
    }
    fell_normal(c->ctx, q.v, c->n);
    if (orthogonalise(c->ctx, &q) != FELL_OK)
        return FELL_ERROR;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++)
            c->w[i * cols + j] = (float)(s->gain * (double)(tall ? q.v[j * rows + i] : q.v[i * cols + j]));
    return FELL_OK;
}

static const fell_initialiser orthogonal = {
    FELL_ITEM(
        FELL_KIND_INITIALISER, fell_initialiser, "orthogonal",
        "Random matrices whose rows or columns are orthogonal.\n\n"
        "Q of the QR decomposition of normal numbers, times gain: w w^T = gain^2 where there are at most\n"
        "as many rows as columns, else w^T w; further dimensions count as columns. Called\n"
        "orthogonal in PyTorch. A. Saxe, J. McClelland and S. Ganguli, \"Exact solutions to the\n"
        "nonlinear dynamics of learning in deep linear neural networks\", ICLR 2014.",
        struct orthogonal, params),
    fill};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &orthogonal.item);
