/* lbfgs.c - a quasi-Newton method with a short memory, one evaluation a step.
 *
 * PyTorch's LBFGS with max_iter 1: its loop of several iterations is the runner's own loop of steps. The line
 * search (line_search.h) asks for further gradients of the same batch. All of its state is in slots.
 */
#include "../rows.h"
#include "fell/plugin.h"
#include "line_search.h"
#include "optimizer.h"

struct lbfgs {
    double lr, tolerance_grad, tolerance_change;
    int64_t history_size;
    int32_t line_search;
};

enum { NONE, STRONG_WOLFE };

static const fell_param params[] = {
    OPTIMIZER_LR(struct lbfgs, 1),
    FELL_FLOAT(struct lbfgs, tolerance_grad, 1e-7, 0, INFINITY, FELL_MAX_OPEN,
               "Weights stay where no gradient is larger than this, 0 or more."),
    FELL_FLOAT(struct lbfgs, tolerance_change, 1e-9, 0, INFINITY, FELL_MAX_OPEN,
               "Weights stay where the slope along the direction is less steep than this, 0 or more."),
    FELL_INT(struct lbfgs, history_size, 100, 1, 1000000, 0,
             "Pairs of moves and changes of gradient that are kept, at least 1; each takes the "
             "memory of all weights twice."),
    FELL_ENUM(
        struct lbfgs, line_search, "none", "none|strong_wolfe",
        "How far a step goes along its direction: as far as the rate says, or from there to where the strong "
        "Wolfe conditions hold, which takes one to 26 more gradients of the batch."),
};

static const fell_slot slots[] = {
    {"moves", "The last moves of the weights, a ring.", NULL, 0, "history_size"},
    {"changes", "The changes of the gradient that came of them, a ring.", NULL, 0, "history_size"},
    {"products", "The product of each move and its change, a ring.", NULL, 1, "history_size"},
    {"move", "The last move, kept or not.", NULL, 0, NULL},
    {"gradient", "The last gradient.", NULL, 0, NULL},
    {"pairs", "Pairs put into the rings so far; beyond two rounds, less whole rounds.", NULL, 1, NULL},
    {"scale", "Size of the inverse Hessian that the next direction begins with.", NULL, 1, NULL},
    {"started", "1 after the first move.", NULL, 1, NULL},
    {"start", "Weights that a line search begins with.", "line_search", 0, NULL},
};

struct memory {
    float *moves, *changes, *products, *move, *gradient, *pairs, *scale, *started, *start;
};

static inline struct memory memory_of(const fell_optimizer_call *c)
{
    float *const *s = c->slot;
    const struct memory m = {s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8]};

    return m;
}

/* Whether any of x[n] is further than LEAST from 0. */
FELL_INLINE bool any_above(const float *x, int64_t n, float least)
{
    int any = 0;

    for (int64_t i = 0; i < n; i++)
        any |= fabsf(x[i]) > least;
    return any;
}

/* y += a x */
FELL_INLINE void add(float *y, float a, const float *x, int64_t n)
{
    FELL_EACH for (int64_t i = 0; i < n; i++) y[i] += a * x[i];
}

/* Keep the last move s and the change y of the gradient since, if s.y > 0: only then has the
 * approximation of the Hessian a minimum. */
FELL_INLINE void remember(fell_optimizer_call *c, const struct memory *m)
{
    const struct lbfgs *s = c->settings;
    const int64_t n = c->n, put = (int64_t)m->pairs[0], at = put % s->history_size;
    float *change = m->gradient; /* becomes it, before the gradient is stored anew */
    double product, square;

    FELL_EACH for (int64_t i = 0; i < n; i++) change[i] = c->g[i] - change[i];
    product = rows_dot_total(change, m->move, n);
    square = rows_dot_total(change, change, n);
    if (!(product > 1e-10))
        return;
    memcpy(m->moves + at * n, m->move, (size_t)n * sizeof *m->move);
    memcpy(m->changes + at * n, change, (size_t)n * sizeof *change);
    m->products[at] = (float)product;
    m->pairs[0] = (float)(put + 1 == 2 * s->history_size ? s->history_size : put + 1);
    m->scale[0] = (float)(product / square);
}

/* d = -H g by the two loops of Nocedal and Wright's algorithm 7.4, from the newest pair to the
 * oldest and back. ALPHA: [history_size] working memory. */
FELL_INLINE void direct(fell_optimizer_call *c, const struct memory *m, double *alpha, float *d)
{
    const int64_t n = c->n, size = ((const struct lbfgs *)c->settings)->history_size;
    const int64_t put = (int64_t)m->pairs[0], from = put > size ? put - size : 0;
    const float scale = m->scale[0];

    FELL_EACH for (int64_t i = 0; i < n; i++) d[i] = -c->g[i];
    for (int64_t k = put - 1; k >= from; k--) {
        const int64_t at = k % size;

        alpha[at] = rows_dot_total(m->moves + at * n, d, n) / (double)m->products[at];
        add(d, (float)-alpha[at], m->changes + at * n, n);
    }
    FELL_EACH for (int64_t i = 0; i < n; i++) d[i] *= scale;
    for (int64_t k = from; k < put; k++) {
        const int64_t at = k % size;
        const double beta = rows_dot_total(m->changes + at * n, d, n) / (double)m->products[at];

        add(d, (float)(alpha[at] - beta), m->moves + at * n, n);
    }
}

/* How far to go along the first direction: not beyond the rate in any weight. */
FELL_INLINE float first_length(const fell_optimizer_call *c)
{
    double sum = 0.0;

    for (int64_t i = 0; i < c->n; i++)
        sum += fabs((double)c->g[i]);
    return (float)(c->lr * (sum > 1.0 ? 1.0 / sum : 1.0));
}

/* The direction, and in SEARCH how far to go along it first. *STAY: there is nowhere to go. */
FELL_INLINE fell_status begin(fell_optimizer_call *c, const struct memory *m, struct search *search,
                              bool *stay)
{
    const struct lbfgs *s = c->settings;
    const int64_t n = c->n;
    double *alpha = fell_scratch(c->ctx, s->history_size, sizeof *alpha);

    search->t = (double)(float)c->lr;
    if (!alpha)
        return FELL_ERROR;
    if (m->started[0] != 0.0f) {
        remember(c, m);
    } else {
        m->started[0] = m->scale[0] = 1.0f;
        search->t = (double)first_length(c);
    }
    direct(c, m, alpha, m->move);
    memcpy(m->gradient, c->g, (size_t)n * sizeof *c->g);
    search->f = c->loss;
    search->slope = rows_dot_total(c->g, m->move, n);
    *stay = search->slope > -s->tolerance_change;
    return FELL_OK;
}

/* The move is LENGTH times the direction. */
FELL_INLINE void go(fell_optimizer_call *c, const struct memory *m, float length)
{
    FELL_EACH for (int64_t i = 0; i < c->n; i++)
    {
        m->move[i] *= length;
        c->w[i] += m->move[i];
    }
    c->done = 1;
}

/* To where the loss is asked for next. */
FELL_INLINE void go_to(fell_optimizer_call *c, const struct memory *m, double t)
{
    const float *start = m->start, *move = m->move;
    const float length = (float)t;

    FELL_EACH for (int64_t i = 0; i < c->n; i++) c->w[i] = start[i] + length * move[i];
}

FELL_INLINE float largest(const float *x, int64_t n)
{
    float most = 0.0f;

    for (int64_t i = 0; i < n; i++)
        most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
    return most;
}

FELL_KERNEL(first_pass, fell_optimizer_call)
{
    const struct lbfgs *s = c->settings;
    const struct memory m = memory_of(c);
    struct search search = {.t = 0.0};
    bool stay;

    c->done = 1;
    if (!any_above(c->g, c->n, (float)s->tolerance_grad))
        return FELL_OK;
    if (begin(c, &m, &search, &stay) != FELL_OK)
        return FELL_ERROR;
    if (stay || s->line_search == NONE) {
        go(c, &m, stay ? 0.0f : (float)search.t);
        return FELL_OK;
    }
    search.largest = (double)largest(m.move, c->n);
    search_begin(&search);
    memcpy(m.start, c->w, (size_t)c->n * sizeof *c->w);
    memcpy(c->kept, &search, sizeof search);
    go_to(c, &m, search.t);
    c->done = 0;
    return FELL_OK;
}

FELL_KERNEL(next_pass, fell_optimizer_call)
{
    const struct lbfgs *s = c->settings;
    const struct memory m = memory_of(c);
    struct search search;

    memcpy(&search, c->kept, sizeof search);
    if (search_goes_on(&search, c->loss, rows_dot_total(c->g, m.move, c->n), s->tolerance_change)) {
        memcpy(c->kept, &search, sizeof search);
        go_to(c, &m, search.t);
        return FELL_OK;
    }
    memcpy(c->w, m.start, (size_t)c->n * sizeof *c->w);
    go(c, &m, (float)search.t);
    return FELL_OK;
}

static fell_status step(fell_optimizer_call *c)
{
    return c->pass ? next_pass(c) : first_pass(c);
}

static const fell_optimizer lbfgs = {
    .item = FELL_ITEM(
        FELL_KIND_OPTIMIZER, fell_optimizer, "lbfgs",
        "L-BFGS: a quasi-Newton step from the last moves and changes of gradient; whole batches only.\n\n"
        "w += lr d, d = -H g, where H is built by two loops over the pairs s = move, y = change of\n"
        "gradient with s.y > 1e-10, from s.y / y.y times the identity; the first move is\n"
        "-lr min(1, 1/|g|_1) g. D. Liu and J. Nocedal, \"On the limited memory BFGS method for large\n"
        "scale optimization\", Mathematical Programming 45, 1989. As PyTorch's LBFGS with max_iter 1 (and\n"
        "with line_search: strong_wolfe max_eval 26), so take batch_size 0 and a rate of 1 or less.",
        struct lbfgs, params),
    .slots = slots,
    .nslots = sizeof slots / sizeof *slots,
    .step = step,
    .reach = FELL_WHOLE,
    .gradients = 1 + 1 + SEARCH_MOST,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &lbfgs.item);
