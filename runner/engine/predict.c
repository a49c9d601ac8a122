/* predict.c - see predict.h. */
#include "engine/predict.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/net_impl.h"
#include "engine/net_run.h"
#include "engine/targets.h"

struct answer_form predict_form(const struct net *n)
{
    const struct entry *last = &n->entry[n->nentries - 1];
    struct answer_form f = {.size = last->size,
                            .rows_each = last->rows,
                            .cols = last->cols,
                            .is = n->pred_is,
                            .classes = n->data->classes,
                            .own_units = n->data->target_mean && last->size == n->data->target_size,
                            .shares = !n->data->classes && targets_are_shares(&n->spec->loss),
                            .cut = NAN};

    /* A loss that takes any values, mse behind a sigmoid, asks no question. */
    if (!f.classes && !targets_sides(&n->spec->loss, &f.low, &f.high) && !f.shares &&
        n->loss_item->expects != FELL_REAL &&
        (f.is == FELL_PROB || f.is == FELL_LOGIT || f.is == FELL_LOGPROB))
        f.high = 1.0;
    if (!f.classes && f.high > f.low && f.is == FELL_REAL)
        f.cut = 0.5 * (f.low + f.high);
    return f;
}

static status answer(struct net *n, const struct data *data, enum split split, int64_t batch, answer_fn *fn,
                     void *arg, struct error *err)
{
    const struct answer_form form = predict_form(n);
    float *own = form.own_units ? mem_array((size_t)(batch * form.size), sizeof *own) : NULL;
    struct batches batches;
    struct batch b;
    status result;
    int64_t size;

    result = batches_init(&batches, data, split, batch, false, 0, err);
    if (result == OK)
        batches_begin(&batches, 0, 1);
    while (result == OK && batches_next(&batches, &b)) {
        const float *y;

        net_feed(n, MODE_EVALUATE, &b);
        result = net_forward(n, MODE_EVALUATE, 0, err);
        if (result != OK)
            break;
        y = net_output(n, &size);
        if (own)
            data_own_units(data, y, b.n, own);
        result = fn(arg, &form, b.at, b.n, own ? own : y, err);
    }
    batches_release(&batches);
    free(own);
    return result;
}

status predict_rows(const struct spec *spec, const struct data *data, enum split split, struct host_env *env,
                    const char *weights, answer_fn *fn, void *arg, struct problem *p)
{
    struct spec with = *spec;
    const int64_t batch = net_batch(spec, data);
    struct net *n;
    struct error err;
    status result;

    with.train.initial_weights = weights;
    with.train.masks = NULL; /* the weights are as they hold them */
    if (net_new(&with, data, env, batch, &n, p) != OK)
        return FAILED;
    result = net_initialise(n, &with, 0, p);
    if (result == OK && answer(n, data, split, batch, fn, arg, &err) != OK)
        result = problem_set(p, "model", 0, "", "%.2000s", err.text);
    net_free(n);
    return result;
}
