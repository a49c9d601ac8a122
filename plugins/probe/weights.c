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

/* y[n] = W'W x for a W [m,n], row by row in one pass; what x W' is long, squared. */
struct product {
    fell_ctx *ctx;
    const float *w;
    int64_t m, n;
    const double *x; /* NULL: y = W' of some vector, for a start within the rows' space */
    double *y;
    double squares;
};

enum { TOGETHER = 4 }; /* rows */

/* The products of ROWS rows with x, or a start of all rows. */
FELL_INLINE void dots(const struct product *c, int64_t i, int rows, double d[TOGETHER])
{
    for (int k = 0; k < rows; k++) /* in the start no row is missed */
        d[k] = c->x ? linear_dot_mixed(c->w + (i + k) * c->n, c->x, c->n)
                    : 1.0 + 0.01 * (double)(((i + k) * 7919) % 101);
}

FELL_KERNEL(multiply, struct product)
{
    double *restrict y = c->y;
    double squares = 0.0, d[TOGETHER];
    int64_t i = 0;

    for (int64_t j = 0; j < c->n; j++)
        y[j] = 0.0;
    for (; i + TOGETHER <= c->m; i += TOGETHER) {
        const float *w = c->w + i * c->n, *w1 = w + c->n, *w2 = w1 + c->n, *w3 = w2 + c->n;

        dots(c, i, TOGETHER, d);
        squares += (d[0] * d[0] + d[1] * d[1]) + (d[2] * d[2] + d[3] * d[3]);
        for (int64_t j = 0; j < c->n; j++)
            y[j] +=
                ((double)w[j] * d[0] + (double)w1[j] * d[1]) + ((double)w2[j] * d[2] + (double)w3[j] * d[3]);
    }
    for (; i < c->m; i++) {
        const float *w = c->w + i * c->n;

        dots(c, i, 1, d);
        squares += d[0] * d[0];
        for (int64_t j = 0; j < c->n; j++)
            y[j] += (double)w[j] * d[0];
    }
    c->squares = squares;
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

/* The largest eigenvalue of the first k rows of the tridiagonal a, b; -1 where it is not found. */
static double largest(const double *a, const double *b, int64_t k)
{
    double d[MOST_TURNS], e[MOST_TURNS], most = 0.0;

    memcpy(d, a, (size_t)k * sizeof *d);
    memcpy(e, b, (size_t)k * sizeof *e);
    if (!linear_ql(d, e, k, NULL))
        return -1.0;
    for (int64_t i = 0; i < k; i++)
        most = d[i] > most ? d[i] : most;
    return most;
}

/* Lanczos' method on W'W, W [m,n], each new vector made orthogonal to all earlier ones, until the largest
 * eigenvalue stands still. No memory: -1. */
static double spectral_norm(fell_ctx *ctx, const float *w, int64_t m, int64_t n)
{
    const int64_t least = m < n ? m : n, turns = least < MOST_TURNS ? least : MOST_TURNS;
    double *v = fell_scratch(ctx, (turns + 1) * n, sizeof *v), a[MOST_TURNS], b[MOST_TURNS], best = 0.0, size;

    if (!v)
        return -1.0;
    multiply(&(struct product){ctx, w, m, n, NULL, v, 0.0});
    size = sqrt(linear_dot(v, v, n));
    if (!(size - size <= 0.0)) /* weights that are no numbers */
        return (double)NAN;
    for (int64_t k = 0; k < turns && size > 0.0; k++) {
        struct product p = {ctx, w, m, n, v + k * n, v + (k + 1) * n, 0.0};
        bool last = k + 1 == turns;

        b[k] = size;
        for (int64_t j = 0; j < n; j++)
            v[k * n + j] /= size;
        multiply(&p);
        a[k] = p.squares;
        project(&(struct projection){ctx, v, k + 1, n, p.y});
        size = sqrt(linear_dot(p.y, p.y, n));
        last = last || !(size > 1e-12 * a[0]); /* the rows have no other direction */
        if (last || k % 4 == 3) {
            const double now = largest(a, b, k + 1);

            if (now < 0.0)
                break;
            last = last || (k > 3 && now - best <= 1e-6 * now); /* of its square, as good as the floats are */
            best = now;
        }
        if (last)
            break;
    }
    return sqrt(best);
}

enum { FEWEST = 8, MOST = 512 /* rows or columns whose products are made first */, BLOCK = 64 };

/* Are the squares of weights up to LARGEST floats? */
static bool is_squarable(double largest)
{
    return largest > 1e-12 && largest < 1e12;
}

/* The smaller of WW' and W'W as a whole g[least,least], of a W [m,n]: of each block of rows what is from the
 * diagonal on, by the host's matrix products, and as much below it. */
static void square(fell_ctx *ctx, const float *w, int64_t m, int64_t n, float *g)
{
    const bool wide = m <= n;
    const int64_t least = wide ? m : n, sums = wide ? n : m;

    for (int64_t i = 0; i < least; i += BLOCK) {
        const int64_t rows = least - i < BLOCK ? least - i : BLOCK;
        const float *from = w + (wide ? i * n : i);

        fell_gemm(ctx, rows, least - i, sums, from, n, !wide, from, n, wide, g + i * least + i, least, false);
    }
    for (int64_t i = BLOCK; i < least; i++)
        for (int64_t j = 0; j < i / BLOCK * BLOCK; j++)
            g[i * least + j] = g[j * least + i];
}

/* The spectral norm of W, whose largest element is LARGEST: for a matrix with a short side the root of that
 * of its square, of which there is less to pass over in each turn. No memory: -1. */
static double norm_of(fell_ctx *ctx, const float *w, int64_t m, int64_t n, double largest)
{
    const int64_t least = m < n ? m : n;
    double norm;
    float *g;

    if (least < FEWEST || least > MOST || !is_squarable(largest))
        return spectral_norm(ctx, w, m, n);
    g = fell_scratch(ctx, least * least, sizeof *g);
    if (!g)
        return -1.0;
    square(ctx, w, m, n, g);
    norm = spectral_norm(ctx, g, least, least);
    return norm < 0.0 ? norm : sqrt(norm);
}

enum { PIECE = 1024 }; /* elements that stay in the nearest cache while several sums are made of them */

/* What is known of one tensor. */
struct sums {
    fell_ctx *ctx;
    const float *w, *first; /* [n] */
    int64_t n;
    double sum, l1, most, zeros, gone, squares, of_first, both, spread;
};

FELL_KERNEL(sum_up, struct sums)
{
    double x[PIECE], first[PIECE];

    for (int64_t at = 0; at < c->n; at += PIECE) {
        const int64_t n = c->n - at < PIECE ? c->n - at : PIECE;
        int32_t zeros = 0;

        for (int64_t i = 0; i < n; i++) {
            x[i] = (double)c->w[at + i];
            first[i] = (double)c->first[at + i];
            zeros += c->w[at + i] == 0.0f;
        }
        c->zeros += (double)zeros;
        c->sum += linear_sum(x, n);
        c->squares += linear_dot(x, x, n);
        c->of_first += linear_dot(first, first, n);
        c->both += linear_dot(x, first, n);
        for (int64_t i = 0; i < n; i++) {
            first[i] = x[i] - first[i];
            x[i] = fabs(x[i]);
        }
        c->gone += linear_dot(first, first, n);
        c->l1 += linear_sum(x, n);
        c->most = linear_max(x, n, c->most);
    }
    return FELL_OK;
}

FELL_KERNEL(sum_spread, struct sums)
{
    const double mean = c->sum / (double)c->n;
    double x[PIECE];

    for (int64_t at = 0; at < c->n; at += PIECE) {
        const int64_t n = c->n - at < PIECE ? c->n - at : PIECE;

        for (int64_t i = 0; i < n; i++)
            x[i] = (double)c->w[at + i] - mean;
        c->spread += linear_dot(x, x, n);
    }
    return FELL_OK;
}

static fell_status look_at(fell_probe_call *c, int64_t at)
{
    const fell_tensor_view *t = &c->plan->tensor[at];
    struct sums s = {.ctx = c->ctx, .w = c->w + t->at, .first = c->first + t->at, .n = t->n};
    const double n = (double)t->n;
    double norm;

    sum_up(&s);
    sum_spread(&s);
    if (fell_record(c, MEAN, at, 0, s.sum / n) || fell_record(c, SD, at, 0, sqrt(s.spread / n)) ||
        fell_record(c, MAX_ABS, at, 0, s.l1 >= s.most ? s.most : (double)NAN) ||
        fell_record(c, L1, at, 0, s.l1) || fell_record(c, ZERO_SHARE, at, 0, s.zeros / n) ||
        fell_record(c, DISTANCE, at, 0, sqrt(s.gone)) ||
        fell_record(c, COSINE, at, 0, linear_cosine(s.both, s.squares, s.of_first)))
        return FELL_ERROR;
    if (t->shape.rank < 2)
        return FELL_OK;
    norm = norm_of(c->ctx, s.w, t->shape.dim[0], t->n / t->shape.dim[0], s.most);
    return norm < 0.0 ? FELL_ERROR : fell_record(c, SPECTRAL_NORM, at, 0, norm);
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
        "Lanczos' method (C. Lanczos 1950) on W'W or, where a side is short, on the square of WW' or W'W."),
    FELL_PROBE_TABLES(numbers, NULL, 0), .look = look};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &weights.item);
