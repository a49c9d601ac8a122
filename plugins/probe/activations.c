/* activations.c - what each entry of the model gives: how large, how often zero, how many units are dead, and
 * in how many directions it spreads. */
#include "eigenvalues.h"

struct activations {
    double margin;
    int64_t rank_limit;
};

static const fell_param params[] = {
    FELL_FLOAT(struct activations, margin, 0.05, 0, 0.5, FELL_MIN_OPEN,
               "Outputs this near to a bound, as a share of the range, are saturated."),
    FELL_INT(struct activations, rank_limit, 1024, 0, 1 << 14, 0,
             "Ranks are computed where rows or units are at most so many; their time grows with the cube."),
};

enum { MEAN, SD, MIN, MAX, ZERO_SHARE, DEAD_UNITS, SATURATED, EFFECTIVE_RANK, PARTICIPATION_RATIO };

static const fell_number numbers[] = {
    [MEAN] = {"mean", "Mean of the entry's outputs over rows and units.", FELL_PER_LAYER, 0},
    [SD] = {"sd", "Their standard deviation (of the population).", FELL_PER_LAYER, 0},
    [MIN] = {"min", "The smallest.", FELL_PER_LAYER, 0},
    [MAX] = {"max", "The largest.", FELL_PER_LAYER, 0},
    [ZERO_SHARE] = {"zero_share", "Share of outputs that are exactly 0.", FELL_PER_LAYER, 0},
    [DEAD_UNITS] = {"dead_units", "Share of units that are 0 or below for every row.", FELL_PER_LAYER, 0},
    [SATURATED] = {"saturated", "Share of a bounded activation's outputs that are near to a bound.",
                   FELL_PER_LAYER, 0},
    [EFFECTIVE_RANK] =
        {"effective_rank",
         "exp of the entropy of the singular values of the centred outputs [rows, units], as shares of "
         "their sum (Roy and Vetterli 2007).",
         FELL_PER_LAYER, 0},
    [PARTICIPATION_RATIO] =
        {"participation_ratio",
         "(sum s^2)^2 / sum s^4 of these singular values (Gao 2017): in how many directions the "
         "variance lies.",
         FELL_PER_LAYER, 0},
};

/* What is known of one entry after all rows. */
struct seen {
    double sum, squares, least, most, zeros, near;
    int64_t dead;
};

/* The same of each of its units, so that a row's units are independent of each other. */
struct units {
    double *mean, *squares;
    float *least, *most;
    int32_t *zeros, *near;
};

static bool make_units(fell_ctx *ctx, int64_t size, struct units *u)
{
    u->mean = fell_scratch(ctx, 2 * size, sizeof *u->mean);
    u->least = fell_scratch(ctx, 2 * size, sizeof *u->least);
    u->zeros = fell_scratch(ctx, 2 * size, sizeof *u->zeros);
    if (!u->mean || !u->least || !u->zeros)
        return false;
    u->squares = u->mean + size;
    u->most = u->least + size;
    u->near = u->zeros + size;
    for (int64_t j = 0; j < size; j++) {
        u->mean[j] = u->squares[j] = 0.0;
        u->least[j] = INFINITY;
        u->most[j] = -INFINITY;
        u->zeros[j] = u->near[j] = 0;
    }
    return true;
}

/* One row, x[size]. */
FELL_INLINE void see_row(const float *x, int64_t size, float low, float high, const struct units *u)
{
    double *restrict mean = u->mean;
    float *restrict least = u->least, *restrict most = u->most;
    int32_t *restrict zeros = u->zeros, *restrict near = u->near;

    for (int64_t j = 0; j < size; j++)
        mean[j] += (double)x[j];
    for (int64_t j = 0; j < size; j++) {
        least[j] = x[j] < least[j] ? x[j] : least[j];
        most[j] = x[j] > most[j] ? x[j] : most[j];
    }
    for (int64_t j = 0; j < size; j++)
        zeros[j] += x[j] == 0.0f;
    for (int64_t j = 0; low < high && j < size; j++)
        near[j] += (x[j] <= low) | (x[j] >= high);
}

struct rows {
    fell_ctx *ctx;
    const float *x; /* [rows,size] */
    int64_t rows, size;
    float low, high; /* within them nothing is saturated */
    double centre;
    const struct units *u;
};

FELL_KERNEL(see_rows, struct rows)
{
    for (int64_t i = 0; i < c->rows; i++)
        see_row(c->x + i * c->size, c->size, c->low, c->high, c->u);
    return FELL_OK;
}

FELL_KERNEL(see_squares, struct rows)
{
    double *restrict squares = c->u->squares;

    for (int64_t i = 0; i < c->rows; i++) {
        const float *x = c->x + i * c->size;

        for (int64_t j = 0; j < c->size; j++)
            squares[j] += ((double)x[j] - c->centre) * ((double)x[j] - c->centre);
    }
    return FELL_OK;
}

/* The outputs of all rows, x[rows,size], and the means of its units. */
static void see(const fell_probe_call *c, const float *x, int64_t size, double low, double high,
                const struct units *u, struct seen *s)
{
    const struct activations *a = c->settings;
    const int64_t rows = c->plan->rows;
    const double edge = a->margin * (high - low);
    struct rows all = {c->ctx, x, rows, size, (float)(low + edge), (float)(high - edge), 0.0, u};

    *s = (struct seen){.least = INFINITY, .most = -INFINITY};
    see_rows(&all);
    for (int64_t j = 0; j < size; j++) {
        s->sum += u->mean[j];
        u->mean[j] /= (double)rows;
        s->dead += !(u->most[j] > 0.0f);
        s->least = (double)u->least[j] < s->least ? (double)u->least[j] : s->least;
        s->most = (double)u->most[j] > s->most ? (double)u->most[j] : s->most;
        s->zeros += (double)u->zeros[j];
        s->near += (double)u->near[j];
    }
    all.centre = s->sum / (double)(rows * size);
    see_squares(&all);
    for (int64_t j = 0; j < size; j++)
        s->squares += u->squares[j];
}

/* Up to so many multiplications the products are summed in double. */
enum { EXACT = 1 << 23 };

static bool is_exact(int64_t n, int64_t sums)
{
    return n * n * sums <= EXACT;
}

/* The smaller of the two products of the centred x with itself, [n,n]. Large ones are the host's matrix
 * products in float. */
static bool products(fell_probe_call *c, float *x, int64_t size, const double *mean, double *a, int64_t n)
{
    const int64_t rows = c->plan->rows, sums = size <= rows ? rows : size;
    const int64_t next = size <= rows ? 1 : size, step = size <= rows ? size : 1;
    float *g;

    for (int64_t i = 0; i < n * n; i++)
        a[i] = 0.0;
    for (int64_t k = 0; is_exact(n, sums) && k < sums; k++)
        for (int64_t i = 0; i < n; i++) {
            const double xi = (double)x[i * next + k * step] - mean[size <= rows ? i : k];

            for (int64_t j = 0; j < n; j++)
                a[i * n + j] += xi * ((double)x[j * next + k * step] - mean[size <= rows ? j : k]);
        }
    if (is_exact(n, sums))
        return true;
    g = fell_scratch(c->ctx, n * n, sizeof *g);
    if (!g)
        return false;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < size; j++)
            x[i * size + j] = (float)((double)x[i * size + j] - mean[j]);
    if (size <= rows)
        fell_gemm(c->ctx, n, n, rows, x, size, true, x, size, false, g, n, false);
    else
        fell_gemm(c->ctx, n, n, size, x, size, false, x, size, true, g, n, false);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            a[i * n + j] = 0.5 * ((double)g[i * n + j] + (double)g[j * n + i]);
    return true;
}

/* Outputs that are those of the last look, bit by bit, have the ranks of then: an entry that only gives its
 * input another shape, before all weights. */
enum { WORD = 4 /* floats that hold 64 bits, 16 each */, MEMORY = 3 * WORD };

static const fell_probe_state states[] = {
    {"ranks", "Of each entry a hash of its outputs, and the two ranks of then."}};

static fell_status plan(fell_probe_plan *p)
{
    p->state[0] = MEMORY * p->nentries;
    return FELL_OK;
}

static void keep(uint64_t word, float out[WORD])
{
    for (int i = 0; i < WORD; i++)
        out[i] = (float)((word >> (16 * i)) & 0xffff);
}

static double recall(const float in[WORD])
{
    uint64_t word = 0;
    double x;

    for (int i = 0; i < WORD; i++)
        word |= (uint64_t)in[i] << (16 * i);
    memcpy(&x, &word, sizeof x);
    return x;
}

/* FNV-1a over pairs of x[n], in eight strands; never 0. */
static uint64_t hash(const float *x, int64_t n)
{
    enum { STRANDS = 8 };
    uint64_t h[STRANDS] = {0xcbf29ce484222325u, 1, 2, 3, 4, 5, 6, 7}, pair[STRANDS];
    int64_t i = 0;

    for (; i < n; i += 2 * STRANDS) {
        const int64_t left = n - i < 2 * STRANDS ? n - i : 2 * STRANDS;

        if (left < 2 * STRANDS)
            memset(pair, 0, sizeof pair);
        memcpy(pair, x + i, (size_t)left * sizeof *x);
        for (int k = 0; k < STRANDS; k++)
            h[k] = (h[k] ^ pair[k]) * 0x100000001b3u;
    }
    for (int k = 1; k < STRANDS; k++)
        h[0] = (h[0] ^ h[k] ^ (h[k] >> 29)) * 0x100000001b3u;
    return h[0] ? h[0] : 1;
}

/* rank: effective rank, participation ratio. X is used up. */
static fell_status ranks(fell_probe_call *c, int64_t at, float *x, int64_t size, const double *mean,
                         double rank[2])
{
    const int64_t rows = c->plan->rows, n = size < rows ? size : rows;
    double *a, *d, trace = 0.0, square = 0.0, sum = 0.0, entropy = 0.0, least;

    a = fell_scratch(c->ctx, n * n, sizeof *a);
    d = fell_scratch(c->ctx, 4 * n, sizeof *d);
    if (!a || !d || !products(c, x, size, mean, a, n))
        return FELL_ERROR;
    for (int64_t i = 0; i < n; i++)
        trace += a[i * n + i];
    for (int64_t i = 0; i < n * n; i++)
        square += a[i] * a[i];
    if (!linear_eigenvalues(c->ctx, a, n, d, d + n))
        return fell_fail(c->ctx, "%s: the eigenvalues of its outputs' products do not converge",
                         c->plan->entry[at].name);
    /* What rounding leaves of a direction that is not there: of the outputs, or of products in float. */
    least = is_exact(n, size < rows ? rows : size) ? 1e-12 : 1e-7;
    for (int64_t i = n - 1; i >= 0; i--)
        d[i] = d[i] > least * d[0] ? sqrt(d[i]) : 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += d[i];
    for (int64_t i = 0; i < n; i++)
        if (d[i] > 0.0)
            entropy -= d[i] / sum * (double)fell_log((float)(d[i] / sum));
    rank[0] = sum > 0.0 ? (double)fell_exp((float)entropy) : 0.0;
    rank[1] = square > 0.0 ? trace * trace / square : 0.0;
    return FELL_OK;
}

static fell_status record_ranks(fell_probe_call *c, int64_t at, float *x, int64_t size, const double *mean)
{
    const struct activations *s = c->settings;
    const int64_t rows = c->plan->rows, n = size < rows ? size : rows;
    float *memory = c->state[0] + at * MEMORY, now[WORD];
    double rank[2] = {(double)NAN, (double)NAN};

    if (n > s->rank_limit)
        fell_warn(c->ctx, "%s: ranks of %lld rows and %lld units are not computed: rank_limit is %lld",
                  c->plan->entry[at].name, (long long)rows, (long long)size, (long long)s->rank_limit);
    keep(hash(x, rows * size), now);
    if (memcmp(memory, now, sizeof now) == 0) {
        rank[0] = recall(memory + WORD);
        rank[1] = recall(memory + 2 * WORD);
    } else if (n <= s->rank_limit) {
        if (ranks(c, at, x, size, mean, rank) != FELL_OK)
            return FELL_ERROR;
        memcpy(memory, now, sizeof now);
        for (int i = 0; i < 2; i++) {
            uint64_t word;

            memcpy(&word, &rank[i], sizeof word);
            keep(word, memory + (i + 1) * WORD);
        }
    }
    return fell_record(c, EFFECTIVE_RANK, at, 0, rank[0]) ||
                   fell_record(c, PARTICIPATION_RATIO, at, 0, rank[1])
               ? FELL_ERROR
               : FELL_OK;
}

/* X [rows,size] is used up. */
static fell_status record_entry(fell_probe_call *c, int64_t at, float *x)
{
    const fell_entry_view *e = &c->plan->entry[at];
    const double n = (double)(c->plan->rows * e->size);
    struct units u;
    struct seen s;

    if (!make_units(c->ctx, e->size, &u))
        return FELL_ERROR;
    see(c, x, e->size, e->low, e->high, &u, &s);
    if (fell_record(c, MEAN, at, 0, s.sum / n) || fell_record(c, SD, at, 0, sqrt(s.squares / n)) ||
        fell_record(c, MIN, at, 0, s.least) || fell_record(c, MAX, at, 0, s.most) ||
        fell_record(c, ZERO_SHARE, at, 0, s.zeros / n) ||
        fell_record(c, DEAD_UNITS, at, 0, (double)s.dead / (double)e->size) ||
        (e->low < e->high && fell_record(c, SATURATED, at, 0, s.near / n)))
        return FELL_ERROR;
    return record_ranks(c, at, x, e->size, u.mean);
}

/* The outputs of entries FROM .. TO - 1 for all rows, to x[entry] [rows,size]. */
static fell_status gather(fell_probe_call *c, int64_t from, int64_t to, float **x)
{
    const fell_probe_plan *p = c->plan;

    for (int64_t at = 0; at < p->rows; at += c->most) {
        const int64_t n = p->rows - at < c->most ? p->rows - at : c->most;

        if (fell_probe_forward(c, at, n) != FELL_OK)
            return FELL_ERROR;
        for (int64_t e = from; e < to; e++) {
            const int64_t size = p->entry[e].size;

            memcpy(x[e] + at * size, c->y[e], (size_t)(n * size) * sizeof(float));
        }
    }
    return FELL_OK;
}

enum { TOGETHER = 1 << 24 }; /* floats of outputs that are held at once */

static fell_status look(fell_probe_call *c)
{
    const fell_probe_plan *p = c->plan;
    float **x = fell_scratch(c->ctx, p->nentries, sizeof *x);
    int64_t to;

    if (!x)
        return FELL_ERROR;
    for (int64_t from = 0; from < p->nentries; from = to) {
        int64_t floats = 0;

        for (to = from; to < p->nentries && (to == from || floats + p->rows * p->entry[to].size <= TOGETHER);
             to++) {
            x[to] = fell_scratch(c->ctx, p->rows * p->entry[to].size, sizeof **x);
            if (!x[to])
                return FELL_ERROR;
            floats += p->rows * p->entry[to].size;
        }
        if (gather(c, from, to, x) != FELL_OK)
            return FELL_ERROR;
        for (int64_t e = from; e < to; e++)
            if (record_entry(c, e, x[e]) != FELL_OK)
                return FELL_ERROR;
    }
    return FELL_OK;
}

static const fell_probe activations = {
    FELL_ITEM(
        FELL_KIND_PROBE, fell_probe, "activations",
        "What each entry of the model gives: size, zeros, dead and saturated units, ranks.\n\n"
        "A ReLU unit that is 0 for every row gets no gradient and stays dead (A. Maas, A. Hannun and A. Ng,\n"
        "\"Rectifier Nonlinearities Improve Neural Network Acoustic Models\", 2013); a tanh near 1 hardly\n"
        "any (X. Glorot and Y. Bengio, \"Understanding the difficulty of training deep feedforward neural\n"
        "networks\", 2010). O. Roy and M. Vetterli, \"The effective rank\", 2007.",
        struct activations, params),
    FELL_PROBE_TABLES(numbers, states, 1), .plan = plan, .look = look};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &activations.item);
