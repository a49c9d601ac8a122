/* lesson_curve.c - the loss at other values of the weights: the finite difference, the landscape along one
 * weight, the map over two. Every function puts the weights back as they were.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "explain/lab.h"

static const struct net_tensor *chosen(const struct lab *p)
{
    return &p->tensor[p->l->weight.tensor];
}

/* ---- the finite difference -------------------------------------------------------------- */

enum { WIDEST = 2, NARROWEST = 14 }; /* epsilon = 2^-2 .. 2^-14 */

/* How far rounding may move the loss: a few units in the last place (2^-24) for each entry that
 * the numbers go through, of the loss itself and of what the outputs contribute to it. */
static double noise_of(const struct lesson *l)
{
    const struct lesson_entry *last = &l->entry[l->nentries - 1];
    double size = fabs(l->loss);

    for (int64_t i = 0; i < last->size; i++)
        size += last->dy ? fabs(last->dy[i] * last->y[i]) : 0.0;
    return (2.0 + l->nentries) * ldexp(1.0, -24) * size;
}

/* The central quotient at EPSILON, between the float32 neighbours of the weight. */
static status quotient_at(struct lab *p, double epsilon, struct lesson_difference *d, struct error *err)
{
    const struct net_tensor *t = chosen(p);
    const double w = p->l->weight.value;

    d->epsilon = epsilon;
    d->minus = (double)(float)(w - epsilon);
    d->plus = (double)(float)(w + epsilon);
    if (lab_loss_at(p, t, p->l->weight.flat, d->minus, &d->loss_minus, err) != OK ||
        lab_loss_at(p, t, p->l->weight.flat, d->plus, &d->loss_plus, err) != OK)
        return FAILED;
    d->quotient = (d->loss_plus - d->loss_minus) / (d->plus - d->minus);
    return OK;
}

/* Slope on the right minus slope on the left. */
static double bend(const struct lesson *l, const struct lesson_difference *d)
{
    return (d->loss_plus - l->loss) / (d->plus - l->weight.value) -
           (l->loss - d->loss_minus) / (l->weight.value - d->minus);
}

/* A large epsilon sees the curve's bending, a small one the rounding of float32. The one where
 * both together are smallest is taken; the bending is what the quotient changes by when epsilon
 * is doubled or halved, whichever is more: beside a kink one of the two alone may change little. */
static status choose_epsilon(struct lab *p, struct lesson_difference *best, struct error *err)
{
    enum { TRIED = NARROWEST - WIDEST + 1 };
    const double noise = noise_of(p->l);
    struct lesson_difference d[TRIED];

    for (int k = 0; k < TRIED; k++)
        if (quotient_at(p, ldexp(1.0, -WIDEST - k), &d[k], err) != OK)
            return FAILED;
    for (int k = 1; k + 1 < TRIED; k++) {
        d[k].expected =
            fmax(fabs(d[k - 1].quotient - d[k].quotient), fabs(d[k].quotient - d[k + 1].quotient)) +
            noise / d[k].epsilon;
        if (k == 1 || d[k].expected < best->expected)
            *best = d[k];
    }
    return OK;
}

/* Halving epsilon halves the bend of a smooth curve; that of a kink stays. */
static status look_for_kink(struct lab *p, struct lesson_difference *d, struct error *err)
{
    struct lesson_difference half;
    const double wide = bend(p->l, d);

    if (quotient_at(p, d->epsilon / 2.0, &half, err) != OK)
        return FAILED;
    d->kink = fabs(bend(p->l, &half)) > 0.75 * fabs(wide) && fabs(wide) > 8.0 * noise_of(p->l) / d->epsilon &&
              fabs(wide) > 1e-3 * fabs(d->quotient);
    return OK;
}

/* The engine's gradient with the weight at W, which is left there. */
static status slope_at(struct lab *p, double w, double *slope, struct error *err)
{
    const struct net_tensor *t = chosen(p);
    struct net_step step;

    net_weights(p->net, t)[p->l->weight.flat] = (float)w;
    if (net_step(p->net, MODE_LOOK, &p->one, p->l->step + 1, &step, err) != OK)
        return FAILED;
    *slope = (double)p->grads[t->offset + p->l->weight.flat];
    return OK;
}

/* Kinks beside the weight (another neuron of ReLU falls silent, another pixel is the largest) change
 * the slope itself between the ends; a wrong backward pass does not. */
static status look_at_ends(struct lab *p, struct lesson_difference *d, struct error *err)
{
    const double g = p->l->weight.gradient;

    if (slope_at(p, d->minus, &d->slope_minus, err) != OK || slope_at(p, d->plus, &d->slope_plus, err) != OK)
        return FAILED;
    d->bent = fabs(d->difference) <= fmax(fabs(d->slope_minus - g), fabs(d->slope_plus - g)) + d->expected;
    return OK;
}

status lesson_differences(struct lab *p, struct error *err)
{
    struct lesson *l = p->l;
    struct lesson_difference *d = &l->difference;
    float *place = &net_weights(p->net, chosen(p))[l->weight.flat];
    const float w = *place;
    status st = choose_epsilon(p, d, err);

    d->kink = d->bent = false;
    if (st == OK)
        st = look_for_kink(p, d, err);
    d->difference = d->quotient - l->weight.gradient;
    d->within = fabs(d->difference) <= d->expected + 1e-5 * fabs(l->weight.gradient);
    if (st == OK && !d->within)
        st = look_at_ends(p, d, err);
    *place = w;
    return st;
}

/* ---- the landscape --------------------------------------------------------------------------- */

enum { POINTS = 41 };

/* What the curve shows: the weight now, where a step takes it, its path through training, and
 * as much again on both sides. */
static void choose_range(const struct lesson *l, double *low, double *high)
{
    const double w = l->weight.value, reach = fmax(1.0, 1.5 * fabs(w));

    *low = fmin(w, l->update.w_new);
    *high = fmax(w, l->update.w_new);
    for (size_t i = 0; i < l->training.nweights; i++) {
        if (!isfinite(l->training.weight[i]))
            continue;
        *low = fmin(*low, l->training.weight[i]);
        *high = fmax(*high, l->training.weight[i]);
    }
    *low -= 0.1 * (*high - *low);
    *high += 0.1 * (*high - *low);
    *low = fmin(*low, w - reach);
    *high = fmax(*high, w + reach);
}

status lesson_draw_landscape(struct lab *p, struct error *err)
{
    struct lesson *l = p->l;
    struct lesson_landscape *s = &l->landscape;
    float *place = &net_weights(p->net, chosen(p))[l->weight.flat];
    const float w = *place;
    double low, high, width;
    status st = OK;

    choose_range(l, &low, &high);
    width = (high - low) / (POINTS - 1);
    s->n = POINTS;
    s->now = (size_t)lround((l->weight.value - low) / width);
    s->w = arena_alloc(l->arena, POINTS * sizeof *s->w);
    s->loss = arena_alloc(l->arena, POINTS * sizeof *s->loss);
    s->minimum_loss = INFINITY;
    for (size_t i = 0; i < POINTS && st == OK; i++) {
        s->w[i] = (double)(float)(l->weight.value + ((double)i - (double)s->now) * width);
        st = lab_loss_at(p, chosen(p), l->weight.flat, s->w[i], &s->loss[i], err);
        if (st == OK && s->loss[i] < s->minimum_loss) {
            s->minimum_loss = s->loss[i];
            s->minimum_w = s->w[i];
        }
    }
    *place = w;
    return st;
}

/* ---- the map over two directions ---------------------------------------------------------------- */

enum { SIDE = 25 };
static const double most_map_work = 5e10; /* multiplications of the whole map */

/* A direction in the space of all weights. */
static float *new_direction(const struct lab *p)
{
    return mem_array((size_t)p->trained_floats, sizeof(float));
}

static double length(const float *v, int64_t n)
{
    double sum = 0.0;

    for (int64_t i = 0; i < n; i++)
        sum += (double)v[i] * (double)v[i];
    return sqrt(sum);
}

/* Filter-normalised (H. Li et al., "Visualizing the loss landscape of neural nets", 2018,
 * section 4): normal random numbers, each filter scaled to the length of the net's own; vectors
 * (biases, the weights of batch_norm) stay as they are. */
static float *random_direction(struct lab *p, uint32_t number)
{
    float *d = new_direction(p);
    struct rng_stream stream = rng_stream(p->q->seed, RNG_SEED, 1000 + number, 0);

    for (size_t i = 0; i < p->ntensors; i++) {
        const struct net_tensor *t = &p->tensor[i];
        int64_t filter;

        if (t->position < 0 || t->frozen || t->shape.rank < 2)
            continue;
        filter = t->n / t->shape.dim[0];
        rng_normal(&stream, d + t->offset, t->n);
        for (int64_t k = 0; k < t->shape.dim[0]; k++) {
            float *to = d + t->offset + k * filter;
            const double own = length(p->weights + t->offset + k * filter, filter),
                         drawn = length(to, filter);

            for (int64_t j = 0; j < filter; j++)
                to[j] = drawn > 0.0 ? (float)((double)to[j] * (own / drawn)) : 0.0f;
        }
    }
    return d;
}

/* The training rows that the map is of, copied. */
struct map_rows {
    int64_t n;
    float *x, *target;
    int32_t *label;
};

static void release_rows(struct map_rows *r)
{
    free(r->x);
    free(r->target);
    free(r->label);
}

/* All, or as many as can be run so often, evenly spread. */
static status take_rows(const struct lab *p, struct map_rows *out, struct error *err)
{
    struct lesson_contour_map *m = &p->l->contour;
    const struct data *d = p->q->shown;
    const struct rows *from = &d->split[SPLIT_TRAIN];
    const double affordable = floor(most_map_work / (SIDE * SIDE * (1.0 + lesson_row_work(p))));
    const size_t x = (size_t)d->x_size, targets = (size_t)d->target_size;

    m->of = from->n;
    m->rows = affordable < 1.0 ? 1 : affordable < (double)m->of ? (int64_t)affordable : m->of;
    *out = (struct map_rows){.n = m->rows, .x = mem_try_aligned((size_t)m->rows, x * sizeof(float))};
    if (from->target)
        out->target = mem_try_aligned((size_t)m->rows, targets * sizeof *out->target);
    else
        out->label = mem_try_aligned((size_t)m->rows, targets * sizeof *out->label);
    if (!out->x || (!out->target && !out->label))
        return error_set(err, "no memory for a copy of the %lld training rows", (long long)m->rows);
    for (int64_t i = 0; i < m->rows; i++) {
        const size_t to = (size_t)i;
        const int64_t row = (int64_t)((double)i * (double)m->of / (double)m->rows),
                      at = rows_at(from, row, d->target_size);

        memcpy(out->x + to * x, from->x + rows_at(from, row, d->x_size), x * sizeof *out->x);
        if (out->target)
            memcpy(out->target + to * targets, from->target + at, targets * sizeof *out->target);
        else
            memcpy(out->label + to * targets, from->label + at, targets * sizeof *out->label);
    }
    return OK;
}

/* The mean loss of the rows with the net as it is, as lab_loss() has it of one. */
static status loss_of_rows(struct lab *p, const struct map_rows *r, double *loss, struct error *err)
{
    const struct data *d = p->q->shown;
    const int64_t most = p->batch / LAB_ROWS * LAB_ROWS; /* every batch begins on a cache line */
    double total = 0.0, weights = 0.0, sum, weight;

    for (int64_t at = 0; at < r->n; at += most) {
        const struct batch b = {.n = r->n - at < most ? r->n - at : most,
                                .x = r->x + at * d->x_size,
                                .target = r->target ? r->target + at * d->target_size : NULL,
                                .label = r->label ? r->label + at * d->target_size : NULL};

        net_feed(p->net, MODE_LOOK, &b);
        if (net_forward(p->net, MODE_LOOK, p->l->step + 1, err) != OK ||
            net_loss(p->net, &sum, &weight, err) != OK)
            return FAILED;
        total += sum;
        weights += weight;
    }
    *loss = total / weights;
    return OK;
}

/* Loss over now + x A + y B. */
static status fill_map(struct lab *p, const float *a, const float *b, struct error *err)
{
    struct map_rows rows;
    struct lesson_contour_map *m = &p->l->contour;
    float *now = new_direction(p);
    status st = take_rows(p, &rows, err);

    memcpy(now, p->weights, (size_t)p->trained_floats * sizeof *now);
    for (size_t i = 0; i < SIDE * SIDE && st == OK; i++) {
        const double x = m->x[i % SIDE], y = m->y[i / SIDE];

        for (int64_t k = 0; k < p->trained_floats; k++)
            p->weights[k] = (float)((double)now[k] + x * (double)a[k] + y * (double)b[k]);
        st = loss_of_rows(p, &rows, &m->z[i], err);
    }
    memcpy(p->weights, now, (size_t)p->trained_floats * sizeof *now);
    release_rows(&rows);
    free(now);
    return st;
}

static float *weight_direction(struct lab *p, const struct lesson_weight *w)
{
    float *d = new_direction(p);

    d[p->tensor[w->tensor].offset + w->flat] = 1.0f;
    return d;
}

status lesson_draw_contour(struct lab *p, struct error *err)
{
    struct lesson *l = p->l;
    struct lesson_contour_map *m = &l->contour;
    double base_x = 0.0, base_y = 0.0, reach_x = 1.0, reach_y = 1.0;
    float *a, *b;
    status st;

    m->kind = p->q->contour;
    if (m->kind == CONTOUR_NONE)
        return OK;
    m->n = SIDE;
    m->x = arena_alloc(l->arena, SIDE * sizeof *m->x);
    m->y = arena_alloc(l->arena, SIDE * sizeof *m->y);
    m->z = arena_alloc(l->arena, SIDE * SIDE * sizeof *m->z);
    if (m->kind == CONTOUR_WEIGHTS) {
        if (lesson_find_weight(p, p->q->contour_weight, &m->other, err) != OK)
            return FAILED;
        if (m->other.tensor == l->weight.tensor && m->other.flat == l->weight.flat)
            return error_set(err, "'%s' is the chosen weight itself; a map needs another one", m->other.name);
        m->other.value = l->tensor[m->other.tensor].w[m->other.flat];
        m->other.gradient = l->tensor[m->other.tensor].g[m->other.flat];
        base_x = l->weight.value;
        base_y = m->other.value;
        reach_x = fmax(1.0, 1.5 * fabs(base_x));
        reach_y = fmax(1.0, 1.5 * fabs(base_y));
        a = weight_direction(p, &l->weight);
        b = weight_direction(p, &m->other);
    } else {
        a = random_direction(p, 0);
        b = random_direction(p, 1);
    }
    for (int i = 0; i < SIDE; i++) {
        m->x[i] = reach_x * (i - SIDE / 2) / (SIDE / 2);
        m->y[i] = reach_y * (i - SIDE / 2) / (SIDE / 2);
    }
    st = fill_map(p, a, b, err);
    for (int i = 0; i < SIDE; i++) {
        m->x[i] += base_x;
        m->y[i] += base_y;
    }
    free(a);
    free(b);
    return st;
}
