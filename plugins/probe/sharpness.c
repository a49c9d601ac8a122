/* sharpness.c - how the loss bends at the weights: eigenvalues of its Hessian, its trace, and what the worst
 * small step costs.
 *
 * The Hessian is never formed. H v is the difference of two gradients, at the weights plus and minus a small
 * step along v, which any plugin's backward gives.
 */
#include "linear.h"

struct sharpness {
    int64_t top, turns, samples, exact;
    double tolerance, radius, step;
};

static const fell_param params[] = {
    FELL_INT(struct sharpness, top, 1, 0, 32, 0,
             "How many of the largest eigenvalues are recorded; 0: none are looked for."),
    FELL_FLOAT(struct sharpness, tolerance, 0.01, 0, 1, FELL_MIN_OPEN,
               "Error of these eigenvalues, as a share of the largest, at which the search ends."),
    FELL_INT(struct sharpness, turns, 60, 2, 1000, 0, "The most products with the Hessian that it may take."),
    FELL_INT(struct sharpness, exact, 2000, 0, 1 << 20, 0,
             "Up to so many parameters the trace is summed over all; else it is estimated."),
    FELL_INT(struct sharpness, samples, 8, 0, 1000, 0, "Random vectors of that estimate; 0: no trace."),
    FELL_FLOAT(struct sharpness, radius, 0.05, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Length of the step of the SAM sharpness."),
    FELL_FLOAT(struct sharpness, step, 1e-4, 0, 1, FELL_MIN_OPEN,
               "Length of the steps from which differences are taken, as a share of the weights' norm."),
};

enum { EIGENVALUE, EIGENVALUES, LOWEST, TRACE, TRACE_ERROR, STABILITY, SAM, PRODUCTS };

static const fell_number numbers[] = {
    [EIGENVALUE] = {"eigenvalue", "The largest eigenvalue of the Hessian of the mean loss.", FELL_PER_NET, 0},
    [EIGENVALUES] = {"eigenvalues", "The largest ones, by position from 0.", FELL_PER_NET, 1},
    [LOWEST] = {"lowest", "The lowest eigenvalue.", FELL_PER_NET, 0},
    [TRACE] = {"trace",
               "Trace of the Hessian: exact, or the mean of v'Hv over random signs v (Hutchinson 1990).",
               FELL_PER_NET, 0},
    [TRACE_ERROR] = {"trace_error", "Standard error of the trace; 0 where it is exact.", FELL_PER_NET, 0},
    [STABILITY] =
        {"stability",
         "lr times the largest eigenvalue, divided by 2: plain gradient descent on a quadratic diverges "
         "above 1 (Cohen 2021).",
         FELL_PER_NET, 0},
    [SAM] = {"sam",
             "Loss at the weights plus radius times the gradient's direction, less the loss (Foret 2021).",
             FELL_PER_NET, 0},
    [PRODUCTS] = {"products", "Products with the Hessian that the eigenvalues took.", FELL_PER_NET, 0},
};

/* What a look works with. */
struct work {
    fell_probe_call *c;
    const struct sharpness *s;
    int64_t n;             /* floats of w */
    float *at, *up, *down; /* [n] the weights, two gradients */
    int64_t products;
    double step; /* length of the step along a direction of unit length */
};

/* w[n] = at + step v. */
struct place {
    fell_ctx *ctx;
    const float *at, *v;
    double step;
    float *w;
    int64_t n;
};

FELL_KERNEL(step_along, struct place)
{
    const float *at = c->at, *v = c->v;
    float *restrict w = c->w;

    for (int64_t i = 0; i < c->n; i++)
        w[i] = (float)((double)at[i] + c->step * (double)v[i]);
    return FELL_OK;
}

enum { PIECE = 1024 }; /* elements that stay in the nearest cache from one sum to the next */

/* out[n] = (up - down) per, and its product with v. */
struct difference {
    fell_ctx *ctx;
    const float *up, *down, *v;
    double per;
    double *out, along;
    int64_t n;
};

FELL_KERNEL(subtract, struct difference)
{
    for (int64_t at = 0; at < c->n; at += PIECE) {
        const int64_t n = c->n - at < PIECE ? c->n - at : PIECE;
        const float *up = c->up + at, *down = c->down + at;
        double *restrict out = c->out + at;

        for (int64_t i = 0; i < n; i++)
            out[i] = ((double)up[i] - (double)down[i]) * c->per;
        c->along += linear_dot_mixed(c->v + at, out, n);
    }
    return FELL_OK;
}

/* out[n] = H v for a v of unit length, and v'Hv. */
static fell_status times(struct work *w, const float *v, double *out, double *along)
{
    fell_probe_call *c = w->c;
    struct difference d = {c->ctx, w->up, w->down, v, 1.0 / (2.0 * w->step), out, 0.0, w->n};

    step_along(&(struct place){c->ctx, w->at, v, w->step, c->w, w->n});
    if (fell_probe_gradient(c, 0, c->plan->rows, NULL, w->up) != FELL_OK)
        return FELL_ERROR;
    step_along(&(struct place){c->ctx, w->at, v, -w->step, c->w, w->n});
    if (fell_probe_gradient(c, 0, c->plan->rows, NULL, w->down) != FELL_OK)
        return FELL_ERROR;
    memcpy(c->w, w->at, (size_t)w->n * sizeof *c->w);
    subtract(&d);
    *along = d.along;
    w->products++;
    return FELL_OK;
}

/* A random direction of unit length, 0 between tensors. */
static void draw(struct work *w, float *room, double *v)
{
    double size;

    fell_normal(w->c->ctx, room, w->n);
    for (int64_t i = 0; i < w->n; i++)
        v[i] = 0.0;
    for (int64_t t = 0; t < w->c->plan->ntensors; t++) {
        const fell_tensor_view *x = &w->c->plan->tensor[t];

        for (int64_t i = x->at; i < x->at + x->n; i++)
            v[i] = (double)room[i];
    }
    size = sqrt(linear_dot(v, v, w->n));
    for (int64_t i = 0; i < w->n; i++)
        v[i] /= size;
}

enum { MOST = 1001 };

/* Eigenvalues of the tridiagonal a[k], b[k], sorted from large to small in d[k], and beside each in ERROR how
 * far it may be from one of the Hessian's: the next off-diagonal times the last element of its vector
 * (Parlett 1998, 13.2). */
static bool ritz(const double *a, const double *b, int64_t k, double next, double *d, double *error,
                 double *z)
{
    double e[MOST];

    for (int64_t i = 0; i < k; i++) {
        d[i] = a[i];
        e[i] = b[i];
    }
    for (int64_t i = 0; i < k * k; i++)
        z[i] = 0.0;
    for (int64_t i = 0; i < k; i++)
        z[i * k + i] = 1.0;
    if (!linear_ql(d, e, k, z))
        return false;
    for (int64_t i = 0; i < k; i++)
        error[i] = fabs(next * z[(k - 1) * k + i]);
    for (int64_t i = 1; i < k; i++)
        for (int64_t j = i; j > 0 && d[j] > d[j - 1]; j--) {
            const double x = d[j], y = error[j];

            d[j] = d[j - 1];
            error[j] = error[j - 1];
            d[j - 1] = x;
            error[j - 1] = y;
        }
    return true;
}

/* Whether the TOP largest and the lowest of K are known well enough. */
static bool is_known(const struct sharpness *s, const double *d, const double *error, int64_t k)
{
    const double largest = fabs(d[0]) > fabs(d[k - 1]) ? fabs(d[0]) : fabs(d[k - 1]);

    if (k <= s->top)
        return false;
    for (int64_t i = 0; i < s->top; i++)
        if (error[i] > s->tolerance * largest)
            return false;
    return error[k - 1] <= s->tolerance * largest;
}

static int64_t parameters(const fell_probe_plan *p)
{
    int64_t n = 0;

    for (int64_t t = 0; t < p->ntensors; t++)
        n += p->tensor[t].n;
    return n;
}

static fell_status record_eigenvalues(struct work *w, const double *d, int64_t k)
{
    fell_probe_call *c = w->c;

    for (int64_t i = 0; i < w->s->top && i < k; i++)
        if (fell_record(c, EIGENVALUES, 0, i, d[i]) != FELL_OK)
            return FELL_ERROR;
    return fell_record(c, EIGENVALUE, 0, 0, d[0]) || fell_record(c, LOWEST, 0, 0, d[k - 1]) ||
                   fell_record(c, STABILITY, 0, 0, c->lr * d[0] / 2.0) ||
                   fell_record(c, PRODUCTS, 0, 0, (double)w->products)
               ? FELL_ERROR
               : FELL_OK;
}

/* next[n] -= x[i] v[i] for FROM <= i < TO of v[.,n]; its square after that. */
struct reduction {
    fell_ctx *ctx;
    const float *v;
    const double *x;
    int64_t from, to, n;
    double *next, squares;
};

FELL_KERNEL(reduce, struct reduction)
{
    c->squares = 0.0;
    for (int64_t at = 0; at < c->n; at += PIECE) {
        const int64_t n = c->n - at < PIECE ? c->n - at : PIECE;
        double *restrict next = c->next + at;

        for (int64_t i = c->from; i < c->to; i++) {
            const float *v = c->v + i * c->n + at;
            const double x = c->x[i];

            for (int64_t j = 0; j < n; j++)
                next[j] -= x * (double)v[j];
        }
        c->squares += linear_dot(next, next, n);
    }
    return FELL_OK;
}

/* x[i] = v[i] . next for i < k. */
struct parts {
    fell_ctx *ctx;
    const float *v;
    const double *next;
    int64_t k, n;
    double *x;
};

FELL_KERNEL(take_parts, struct parts)
{
    for (int64_t i = 0; i < c->k; i++)
        c->x[i] = 0.0;
    for (int64_t at = 0; at < c->n; at += PIECE) {
        const int64_t n = c->n - at < PIECE ? c->n - at : PIECE;

        for (int64_t i = 0; i < c->k; i++)
            c->x[i] += linear_dot_mixed(c->v + i * c->n + at, c->next + at, n);
    }
    return FELL_OK;
}

/* NEXT = H v[k - 1] less its parts along the last two vectors, which a and b tell, and then what rounding and
 * differences leave along all K; again where little was left, which rounding then spoils ("twice is enough":
 * Parlett 1998, 6.9). Its length. X: [k]. */
static double make_orthogonal(fell_ctx *ctx, const float *v, int64_t k, const double *a, const double *b,
                              double *next, int64_t n, double *x)
{
    struct reduction r = {ctx, v, x, k > 1 ? k - 2 : 0, k, n, next, 0.0};
    double before;

    if (k > 1)
        x[k - 2] = b[k - 1];
    x[k - 1] = a[k - 1];
    reduce(&r);
    r.from = 0;
    for (int turn = 0; turn < 2; turn++) {
        before = r.squares;
        take_parts(&(struct parts){ctx, v, next, k, n, x});
        reduce(&r);
        if (r.squares > 0.5 * before)
            break;
    }
    return sqrt(r.squares);
}

/* Lanczos, each vector made orthogonal to all before it. */
static fell_status eigenvalues(struct work *w)
{
    fell_ctx *ctx = w->c->ctx;
    const int64_t n = w->n, least = parameters(w->c->plan), turns = least < w->s->turns ? least : w->s->turns;
    float *v = fell_scratch(ctx, (turns + 1) * n, sizeof *v);
    double *next = fell_scratch(ctx, n, sizeof *next), *a = fell_scratch(ctx, 5 * (turns + 1), sizeof *a);
    double *z = fell_scratch(ctx, turns * turns, sizeof *z), *b, *d, *error, *parts, largest = 0.0;
    int64_t k = 0;

    if (!v || !next || !a || !z)
        return FELL_ERROR;
    b = a + turns + 1;
    d = b + turns + 1;
    error = d + turns + 1;
    parts = error + turns + 1;
    draw(w, w->up, next);
    b[0] = 0.0;
    while (k < turns) {
        double size;

        for (int64_t j = 0; j < n; j++)
            v[k * n + j] = (float)next[j];
        if (times(w, v + k * n, next, &a[k]) != FELL_OK)
            return FELL_ERROR;
        size = make_orthogonal(ctx, v, k + 1, a, b, next, n, parts);
        k++;
        if (!(size == size) || !ritz(a, b, k, size, d, error, z))
            return fell_record(w->c, EIGENVALUE, 0, 0, (double)NAN);
        largest = fabs(a[k - 1]) > largest ? fabs(a[k - 1]) : largest;
        if (is_known(w->s, d, error, k) || !(size > 1e-5 * largest))
            break;
        b[k] = size;
        for (int64_t j = 0; j < n; j++)
            next[j] /= size;
    }
    if (k < least && !is_known(w->s, d, error, k) && k == turns)
        fell_warn(ctx,
                  "after %lld products an eigenvalue may be off by %.2g: more turns, or a larger tolerance",
                  (long long)k, error[0]);
    return record_eigenvalues(w, d, k);
}

/* The trace over all parameters, or over random signs. */
static fell_status trace(struct work *w)
{
    fell_ctx *ctx = w->c->ctx;
    const fell_probe_plan *p = w->c->plan;
    const int64_t n = parameters(p);
    const bool exact = n <= w->s->exact;
    const int64_t samples = exact ? n : w->s->samples;
    float *v = fell_scratch(ctx, w->n, sizeof *v);
    double *h = fell_scratch(ctx, w->n, sizeof *h), sum = 0.0, squares = 0.0, x;
    int64_t done = 0;

    if (!v || !h)
        return FELL_ERROR;
    if (!samples)
        return FELL_OK;
    for (int64_t t = 0; exact && t < p->ntensors; t++)
        for (int64_t i = p->tensor[t].at; i < p->tensor[t].at + p->tensor[t].n; i++) {
            memset(v, 0, (size_t)w->n * sizeof *v);
            v[i] = 1.0f;
            if (times(w, v, h, &x) != FELL_OK)
                return FELL_ERROR;
            sum += x;
        }
    for (; !exact && done < samples; done++) {
        const float unit = (float)(1.0 / sqrt((double)n));

        fell_uniform(ctx, w->up, w->n);
        memset(v, 0, (size_t)w->n * sizeof *v);
        for (int64_t t = 0; t < p->ntensors; t++)
            for (int64_t i = p->tensor[t].at; i < p->tensor[t].at + p->tensor[t].n; i++)
                v[i] = w->up[i] < 0.5f ? -unit : unit;
        if (times(w, v, h, &x) != FELL_OK)
            return FELL_ERROR;
        x /= (double)unit * (double)unit;
        sum += x;
        squares += x * x;
    }
    if (exact)
        return fell_record(w->c, TRACE, 0, 0, sum) || fell_record(w->c, TRACE_ERROR, 0, 0, 0.0) ? FELL_ERROR
                                                                                                : FELL_OK;
    sum /= (double)samples;
    squares = squares / (double)samples - sum * sum;
    return fell_record(w->c, TRACE, 0, 0, sum) ||
                   fell_record(w->c, TRACE_ERROR, 0, 0,
                               samples > 1 ? sqrt((squares > 0.0 ? squares : 0.0) / (double)(samples - 1))
                                           : (double)NAN)
               ? FELL_ERROR
               : FELL_OK;
}

static fell_status sam(struct work *w)
{
    fell_probe_call *c = w->c;
    double loss, moved, size;

    if (fell_probe_gradient(c, 0, c->plan->rows, &loss, w->up) != FELL_OK)
        return FELL_ERROR;
    size = sqrt(linear_dot32(w->up, w->up, w->n));
    for (int64_t i = 0; i < w->n; i++)
        c->w[i] = (float)((double)w->at[i] + (size > 0.0 ? w->s->radius * (double)w->up[i] / size : 0.0));
    if (fell_probe_gradient(c, 0, c->plan->rows, &moved, NULL) != FELL_OK)
        return FELL_ERROR;
    memcpy(c->w, w->at, (size_t)w->n * sizeof *c->w);
    return fell_record(c, SAM, 0, 0, moved - loss);
}

static fell_status look(fell_probe_call *c)
{
    const int64_t n = c->plan->weights;
    struct work w = {.c = c,
                     .s = c->settings,
                     .n = n,
                     .at = fell_scratch(c->ctx, n, sizeof(float)),
                     .up = fell_scratch(c->ctx, n, sizeof(float)),
                     .down = fell_scratch(c->ctx, n, sizeof(float))};

    if (!w.at || !w.up || !w.down)
        return FELL_ERROR;
    if (!c->plan->ntensors)
        return fell_fail(c->ctx, "the net has no trained weights");
    memcpy(w.at, c->w, (size_t)n * sizeof *w.at);
    w.step = w.s->step * sqrt(linear_dot32(w.at, w.at, n));
    w.step = w.step > 0.0 ? w.step : w.s->step;
    if (w.s->top && eigenvalues(&w) != FELL_OK)
        return FELL_ERROR;
    return trace(&w) != FELL_OK ? FELL_ERROR : sam(&w);
}

static const fell_probe sharpness = {
    FELL_ITEM(
        FELL_KIND_PROBE, fell_probe, "sharpness",
        "How the loss bends: eigenvalues and trace of its Hessian, and the SAM sharpness.\n\n"
        "Eigenvalues by Lanczos' method (C. Lanczos 1950) on differences of gradients. J. Cohen et al.,\n"
        "\"Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability\", 2021: in full\n"
        "batches the largest rises to 2 / lr and stays there, `stability` at 1. P. Foret et al.,\n"
        "\"Sharpness-Aware Minimization\", 2021. Where ReLUs switch within the step, differences see it.",
        struct sharpness, params),
    FELL_PROBE_TABLES(numbers, NULL, 0), .look = look};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &sharpness.item);
