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

/* z[rows,size] = x less the means of its units; they may be one. */
struct centre {
    fell_ctx *ctx;
    const float *x;
    float *z;
    const double *mean;
    int64_t rows, size;
};

FELL_KERNEL(centre, struct centre)
{
    for (int64_t i = 0; i < c->rows; i++) {
        const float *x = c->x + i * c->size;
        float *z = c->z + i * c->size;

        FELL_EACH for (int64_t j = 0; j < c->size; j++) z[j] = (float)((double)x[j] - c->mean[j]);
    }
    return FELL_OK;
}

enum { BLOCK = 64 }; /* rows of the product that are found at once, from the diagonal on */

/* The smaller of the two products of the centred x [rows,size] with itself, n rows of a, from the diagonal
 * on. Large ones are the host's matrix products in float, of z [rows,size]. */
static bool products(fell_probe_call *c, const float *x, float *z, int64_t size, const double *mean,
                     double *a, int64_t n)
{
    const int64_t rows = c->plan->rows, sums = size <= rows ? rows : size;
    const int64_t next = size <= rows ? 1 : size, step = size <= rows ? size : 1, stride = linear_stride(n);
    float *g;

    for (int64_t i = 0; is_exact(n, sums) && i < n * stride; i++)
        a[i] = 0.0;
    for (int64_t k = 0; is_exact(n, sums) && k < sums; k++)
        for (int64_t i = 0; i < n; i++) {
            const double xi = (double)x[i * next + k * step] - mean[size <= rows ? i : k];

            for (int64_t j = i; j < n; j++)
                a[i * stride + j] += xi * ((double)x[j * next + k * step] - mean[size <= rows ? j : k]);
        }
    if (is_exact(n, sums))
        return true;
    g = fell_scratch(c->ctx, BLOCK * n, sizeof *g);
    if (!g)
        return false;
    centre(&(struct centre){c->ctx, x, z, mean, rows, size});
    linear_fit(z, rows * size); /* ranks have no scale */
    for (int64_t i = 0; i < n; i += BLOCK) {
        const int64_t m = n - i < BLOCK ? n - i : BLOCK;
        const float *from = z + i * next;

        fell_gemm(c->ctx, m, n - i, sums, from, size, size <= rows, from, size, size > rows, g, n, false);
        for (int64_t k = 0; k < m; k++)
            for (int64_t j = k; j < n - i; j++)
                a[(i + k) * stride + i + j] = (double)g[k * n + j];
    }
    return true;
}

/* What an entry says of outputs that are those of the last look, bit by bit, is what it said then: one before
 * all weights, as one that only gives its input another shape. */
enum { WORD = 4 /* floats that hold 64 bits, 16 each */, MEMORY = (1 + PARTICIPATION_RATIO + 1) * WORD };

static const fell_probe_state states[] = {
    {"known", "Of each entry before all weights a hash of its outputs, and its numbers of then."}};

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

enum { STRANDS = 8 };

static inline void mix(uint64_t h[STRANDS], const float x[2 * STRANDS])
{
    uint64_t pair[STRANDS];

    memcpy(pair, x, sizeof pair);
    for (int k = 0; k < STRANDS; k++)
        h[k] = (h[k] ^ pair[k]) * 0x100000001b3u;
}

/* FNV-1a over pairs of x[n], in eight strands; never 0. */
static uint64_t hash(const float *x, int64_t n)
{
    uint64_t h[STRANDS] = {0xcbf29ce484222325u, 1, 2, 3, 4, 5, 6, 7};
    float rest[2 * STRANDS] = {0.0f};
    int64_t i = 0;

    for (; i + 2 * STRANDS <= n; i += 2 * STRANDS)
        mix(h, x + i);
    memcpy(rest, x + i, (size_t)(n - i) * sizeof *x);
    mix(h, rest);
    for (int k = 1; k < STRANDS; k++)
        h[0] = (h[0] ^ h[k] ^ (h[k] >> 29)) * 0x100000001b3u;
    return h[0] ? h[0] : 1;
}

/* What a look finds of one entry. Eigenvalues come last, of all entries at once. */
struct found {
    double said[PARTICIPATION_RATIO + 1];
    float now[WORD];             /* the hash of its outputs; 0 for none */
    bool known;                  /* all is what it said at the last look */
    double trace, square, least; /* of the products; LEAST of the largest eigenvalue is nothing */
};

/* The products of x [rows,size] in tridiagonal form, to S; Z, as large as X, is used up. */
static fell_status reduce(fell_probe_call *c, const float *x, float *z, int64_t size, const double *mean,
                          struct found *f, struct linear_spectrum *s)
{
    const int64_t rows = c->plan->rows, n = size < rows ? size : rows, stride = linear_stride(n);
    double *a = fell_scratch(c->ctx, stride * stride, sizeof *a);
    double *d = fell_scratch(c->ctx, 6 * stride, sizeof *d);

    if (!a || !d || !products(c, x, z, size, mean, a, n))
        return FELL_ERROR;
    for (int64_t i = 0; i < n; i++) {
        const double *row = a + i * stride;

        f->trace += row[i];
        f->square += 2.0 * linear_dot(row + i, row + i, n - i) - row[i] * row[i];
    }
    if (!(f->trace - f->trace <= 0.0)) /* outputs that are no numbers have no ranks */
        return FELL_OK;
    /* What rounding leaves of a direction that is not there: of the outputs, or of products in float. */
    f->least = is_exact(n, size < rows ? rows : size) ? 1e-12 : 1e-7;
    *s = (struct linear_spectrum){.d = d, .e = d + stride, .n = n, .least = 1e-4 * f->least};
    return linear_tridiagonal(&(struct linear_tridiagonal){c->ctx, a, s->d, s->e, d + 2 * stride, n});
}

/* Effective rank and participation ratio from the eigenvalues, which become singular values. */
static void say_ranks(struct found *f, const struct linear_spectrum *s)
{
    double *d = s->d, sum = 0.0, entropy = 0.0;

    for (int64_t i = s->n - 1; i >= 0; i--)
        d[i] = d[i] > f->least * d[0] ? sqrt(d[i]) : 0.0;
    for (int64_t i = 0; i < s->n; i++)
        sum += d[i];
    for (int64_t i = 0; i < s->n; i++)
        if (d[i] > 0.0)
            entropy -= d[i] / sum * (double)fell_log((float)(d[i] / sum));
    f->said[EFFECTIVE_RANK] = sum > 0.0 ? (double)fell_exp((float)entropy) : 0.0;
    f->said[PARTICIPATION_RATIO] = f->square > 0.0 ? f->trace * f->trace / f->square : 0.0;
}

/* All numbers of the entry but the ranks, for which there is SPECTRUM; Z [rows,size] is used up. */
static fell_status measure(fell_probe_call *c, int64_t at, const float *x, float *z, struct found *f,
                           struct linear_spectrum *spectrum)
{
    const struct activations *settings = c->settings;
    const fell_entry_view *e = &c->plan->entry[at];
    const int64_t rows = c->plan->rows;
    const double n = (double)(rows * e->size);
    double *said = f->said;
    struct units u;
    struct seen s;

    if (!make_units(c->ctx, e->size, &u))
        return FELL_ERROR;
    see(c, x, e->size, e->low, e->high, &u, &s);
    said[MEAN] = s.sum / n;
    said[SD] = sqrt(s.squares / n);
    said[MIN] = s.least;
    said[MAX] = s.most;
    said[ZERO_SHARE] = s.zeros / n;
    said[DEAD_UNITS] = (double)s.dead / (double)e->size;
    said[SATURATED] = s.near / n;
    said[EFFECTIVE_RANK] = said[PARTICIPATION_RATIO] = (double)NAN;
    if ((e->size < rows ? e->size : rows) <= settings->rank_limit)
        return reduce(c, x, z, e->size, u.mean, f, spectrum);
    fell_warn(c->ctx, "%s: ranks of %lld rows and %lld units are not computed: rank_limit is %lld", e->name,
              (long long)rows, (long long)e->size, (long long)settings->rank_limit);
    return FELL_OK;
}

/* What a look has found so far. */
struct all {
    struct found *found;              /* [nentries] */
    struct linear_spectrum *spectrum; /* [nentries], n = 0: none */
};

static fell_status look_at_entry(fell_probe_call *c, int64_t at, const float *x, float *z,
                                 const struct all *all)
{
    const fell_entry_view *e = &c->plan->entry[at];
    const float *memory = c->state[0] + at * MEMORY;
    struct found *f = &all->found[at];

    if (!e->backward) {
        keep(hash(x, c->plan->rows * e->size), f->now);
        f->known = memcmp(memory, f->now, sizeof f->now) == 0;
    }
    for (int i = 0; f->known && i <= PARTICIPATION_RATIO; i++)
        f->said[i] = recall(memory + (i + 1) * WORD);
    return f->known ? FELL_OK : measure(c, at, x, z, f, &all->spectrum[at]);
}

static void remember(float *memory, const struct found *f)
{
    memcpy(memory, f->now, sizeof f->now);
    for (int i = 0; i <= PARTICIPATION_RATIO; i++) {
        uint64_t word;

        memcpy(&word, &f->said[i], sizeof word);
        keep(word, memory + (i + 1) * WORD);
    }
}

static fell_status record_all(fell_probe_call *c, const struct all *all)
{
    const int64_t lost = linear_values(all->spectrum, c->plan->nentries);

    if (lost >= 0)
        return fell_fail(c->ctx, "%s: the eigenvalues of its outputs' products do not converge",
                         c->plan->entry[lost].name);
    for (int64_t at = 0; at < c->plan->nentries; at++) {
        const fell_entry_view *e = &c->plan->entry[at];
        struct found *f = &all->found[at];

        if (all->spectrum[at].n > 0)
            say_ranks(f, &all->spectrum[at]);
        if (!e->backward && !f->known)
            remember(c->state[0] + at * MEMORY, f);
        for (int i = 0; i <= PARTICIPATION_RATIO; i++)
            if ((i != SATURATED || e->low < e->high) &&
                fell_record(c, (uint64_t)i, at, 0, f->said[i]) != FELL_OK)
                return FELL_ERROR;
    }
    return FELL_OK;
}

/* All rows in one forward: the outputs are looked at where they are. */
static fell_status look_at_once(fell_probe_call *c, const struct all *all)
{
    const fell_probe_plan *p = c->plan;
    int64_t most = 0;
    float *z;

    for (int64_t e = 0; e < p->nentries; e++)
        most = p->entry[e].size > most ? p->entry[e].size : most;
    z = fell_scratch(c->ctx, p->rows * most, sizeof *z);
    if (!z || fell_probe_forward(c, 0, p->rows) != FELL_OK)
        return FELL_ERROR;
    for (int64_t e = 0; e < p->nentries; e++)
        if (look_at_entry(c, e, c->y[e], z, all) != FELL_OK)
            return FELL_ERROR;
    return FELL_OK;
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

/* Entries by turns, as many as TOGETHER holds; a forward of all rows for each. */
static fell_status look_by_turns(fell_probe_call *c, const struct all *all)
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
            if (look_at_entry(c, e, x[e], x[e], all) != FELL_OK)
                return FELL_ERROR;
    }
    return FELL_OK;
}

static fell_status look(fell_probe_call *c)
{
    const int64_t n = c->plan->nentries;
    const struct all all = {fell_scratch(c->ctx, n, sizeof *all.found),
                            fell_scratch(c->ctx, n, sizeof *all.spectrum)};

    if (!all.found || !all.spectrum)
        return FELL_ERROR;
    memset(all.found, 0, (size_t)n * sizeof *all.found);
    memset(all.spectrum, 0, (size_t)n * sizeof *all.spectrum);
    if ((c->plan->rows <= c->most ? look_at_once(c, &all) : look_by_turns(c, &all)) != FELL_OK)
        return FELL_ERROR;
    return record_all(c, &all);
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
