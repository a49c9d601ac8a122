/* generate.c - see generate.h. */
#include "engine/generate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/real.h"
#include "base/rng.h"
#include "engine/net.h"
#include "engine/net_run.h"
#include "engine/predict.h"

/* A net that writes. */
struct writer {
    const struct generation *g;
    struct net *net;
    struct answer_form form;
    int64_t length; /* units of a row */
    float *x;       /* [length] the row that goes in */
    int64_t *units; /* [nprompt + n] all so far */
    int64_t nunits;
    double *p; /* [vocabulary] */
    struct rank {
        double p;
        int64_t unit;
    } * order; /* [vocabulary] */
};

/* What the net says of the unit behind the last; FILL stands where no unit is yet. */
static status ask(struct writer *w, float fill, const float **y, struct error *err)
{
    const int64_t seen = w->nunits < w->length ? w->nunits : w->length, first = w->nunits - seen;
    const struct batch b = {.n = 1, .x = w->x};
    int64_t size;

    for (int64_t i = 0; i < w->length; i++)
        w->x[i] = i < seen ? (float)w->units[first + i] : fill;
    net_feed(w->net, MODE_EVALUATE, &b);
    if (net_forward(w->net, MODE_EVALUATE, 0, err) != OK)
        return FAILED;
    *y = net_output(w->net, &size) + (seen - 1) * w->form.cols;
    return OK;
}

/* Where the row is not full its end must not matter: of a net that looks ahead it does. */
static status check_causal(struct writer *w, struct error *err)
{
    const size_t bytes = (size_t)w->form.cols * sizeof(float);
    float *before;
    const float *y;
    status result;

    if (w->nunits >= w->length || w->form.cols < 2)
        return OK;
    if (ask(w, 0.0f, &y, err) != OK)
        return FAILED;
    before = mem_alloc(bytes);
    memcpy(before, y, bytes);
    result = ask(w, 1.0f, &y, err);
    if (result == OK && memcmp(before, y, bytes) != 0)
        result =
            error_set(err, "what the net says at a place depends on units that follow it (attention without "
                           "causal: true, for one), so it cannot write on");
    free(before);
    return result;
}

/* ---- drawing ------------------------------------------------------------------------------ */

/* w->p = softmax of the outputs' logarithms, divided by TEMPERATURE. */
static void make_probabilities(struct writer *w, const float *y, double temperature)
{
    const int64_t n = w->form.cols;
    double most = -INFINITY, sum = 0.0;

    for (int64_t k = 0; k < n; k++) {
        w->p[k] = (w->form.is == FELL_PROB ? real_log((double)y[k]) : (double)y[k]) / temperature;
        most = w->p[k] > most ? w->p[k] : most;
    }
    for (int64_t k = 0; k < n; k++) {
        w->p[k] = real_exp(w->p[k] - most);
        sum += w->p[k];
    }
    for (int64_t k = 0; k < n; k++)
        w->p[k] /= sum;
}

static int by_probability(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;

    if (x->p != y->p)
        return x->p < y->p ? 1 : -1;
    return (x->unit > y->unit) - (x->unit < y->unit);
}

/* All but the K most probable get 0. */
static void keep_top(struct writer *w, int64_t k)
{
    const int64_t n = w->form.cols;

    if (k == 0 || k >= n)
        return;
    for (int64_t i = 0; i < n; i++)
        w->order[i] = (struct rank){w->p[i], i};
    qsort(w->order, (size_t)n, sizeof *w->order, by_probability);
    for (int64_t i = k; i < n; i++)
        w->p[w->order[i].unit] = 0.0;
}

static int64_t most_probable(const float *y, int64_t n)
{
    int64_t best = 0;

    for (int64_t k = 1; k < n; k++)
        best = y[k] > y[best] ? k : best;
    return best;
}

/* Number STEP of what is drawn; its probability in *P. */
static int64_t draw(struct writer *w, const float *y, int64_t step, double *p)
{
    const int64_t n = w->form.cols;
    struct rng_stream stream = rng_stream(w->g->seed, RNG_GENERATE, 0, (uint64_t)step);
    int64_t unit = most_probable(y, n);
    double sum = 0.0, at = 0.0;
    float u;

    if (w->g->temperature > 0.0) {
        make_probabilities(w, y, w->g->temperature);
        keep_top(w, w->g->top_k);
        for (int64_t k = 0; k < n; k++)
            sum += w->p[k];
        rng_uniform(&stream, &u, 1);
        for (int64_t k = 0; k < n; k++) {
            if (w->p[k] == 0.0)
                continue;
            unit = k; /* the last one, where rounding leaves none */
            at += w->p[k];
            if ((double)u * sum < at)
                break;
        }
    }
    make_probabilities(w, y, 1.0);
    *p = w->p[unit];
    return unit;
}

static status write_on(struct writer *w, generated_fn *fn, void *arg, struct error *err)
{
    status result = check_causal(w, err);

    for (int64_t i = 0; i < w->g->n && result == OK; i++) {
        const float *y;
        double p;

        result = ask(w, 0.0f, &y, err);
        if (result != OK)
            break;
        for (int64_t k = 0; k < w->form.cols; k++)
            if (!isfinite(y[k]) && w->form.is != FELL_LOGPROB)
                return error_set(err, "the net says something that is not finite");
        w->units[w->nunits] = draw(w, y, i, &p);
        result = fn(arg, w->units[w->nunits++], p, err);
    }
    return result;
}

/* ---- the net --------------------------------------------------------------------------------- */

static status check_form(const struct writer *w, const struct data *data, struct problem *p)
{
    const struct answer_form *f = &w->form;

    if (!data->vocabulary || !f->classes || f->rows_each != w->length || f->cols != data->nclasses ||
        data->vocabulary != data->nclasses)
        return problem_set(p, "model", 0, "",
                           "only a net of a text writes on: one that says at each place which unit follows");
    return OK;
}

status generate(const struct spec *spec, struct data *data, struct host_env *env, const char *weights,
                const struct generation *g, generated_fn *fn, void *arg, struct problem *p)
{
    struct spec with = *spec;
    struct writer w = {.g = g, .length = data->x_size, .x = data->split[SPLIT_TEST].x};
    struct error err;
    status result;

    with.train.initial_weights = weights;
    with.train.masks = NULL; /* the weights are as they hold them */
    if (net_new(&with, data, env, 1, &w.net, p) != OK)
        return FAILED;
    w.form = predict_form(w.net);
    result = check_form(&w, data, p);
    if (result == OK)
        result = net_initialise(w.net, &with, 0, p);
    if (result == OK) {
        w.units = mem_array((size_t)(g->nprompt + g->n), sizeof *w.units);
        w.p = mem_array((size_t)w.form.cols, sizeof *w.p);
        w.order = mem_array((size_t)w.form.cols, sizeof *w.order);
        memcpy(w.units, g->prompt, (size_t)g->nprompt * sizeof *w.units);
        w.nunits = g->nprompt;
        if (write_on(&w, fn, arg, &err) != OK)
            result = problem_set(p, "model", 0, "", "%.2000s", err.text);
    }
    free(w.units);
    free(w.p);
    free(w.order);
    net_free(w.net);
    return result;
}
