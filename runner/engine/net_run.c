/* net_run.c - the verbs of a step. See net_run.h.
 *
 * The loops do nothing but walk the entries and call; what a call reads was put in its struct by
 * net_memory.c.
 */
#include "engine/net_run.h"

#include <math.h>
#include <stdio.h>

#include "engine/masks.h"
#include "engine/net_at.h"
#include "engine/net_impl.h"

/* ---- feed ---------------------------------------------------------------------- */

static void set_rows(struct net *n, enum net_mode mode, int64_t rows)
{
    for (struct entry *e = n->entry, *end = e + n->nentries; e < end; e++) {
        if (e->layer)
            e->call[mode].layer.batch = rows;
        else
            e->call[mode].activation.rows = rows * e->rows;
    }
    n->now[mode] = rows;
}

void net_feed(struct net *n, enum net_mode mode, const struct batch *b)
{
    if (n->now[mode] != b->n)
        set_rows(n, mode, b->n);
    if (n->x != b->x) {
        for (size_t i = 0; i < n->ninputs; i++)
            *n->input[i] = b->x;
        n->x = b->x;
    }
    n->mode = mode;
    n->loss_call.rows = b->n * n->entry[n->nentries - 1].rows;
    n->loss_call.target = b->target;
    n->loss_call.label = b->label;
    n->row_weight = b->weight;
}

/* ---- forward, loss, backward ------------------------------------------------------ */

status net_forward(struct net *n, enum net_mode mode, int64_t step, struct error *err)
{
    const char *phase = mode == MODE_EVALUATE ? "forward in evaluation" : "forward";

    for (struct entry *e = n->entry, *end = e + n->nentries; e < end; e++) {
        fell_status result;

        net_at(&e->in, phase);
        e->in.stream.step = (uint64_t)step;
        if (!n->goes_on)
            e->in.stream.position = 0;
        if (e->layer)
            result = e->layer->forward(&e->call[mode].layer);
        else
            result = e->activation->forward(&e->call[mode].activation);
        if (result != FELL_OK)
            return instance_error(&e->in, NULL, err);
        instance_reset(&e->in);
    }
    return OK;
}

static status eval_loss(struct net *n, fell_loss_call *c, struct error *err)
{
    c->sum = 0.0;
    c->weight = (double)c->rows;
    if (n->loss_item->eval(c) != FELL_OK)
        return instance_error(&n->loss, NULL, err);
    instance_reset(&n->loss);
    return OK;
}

/* Row I of the batch by itself, times its weight. */
static status add_weighted(struct net *n, int64_t i, const fell_loss_call *batch, struct error *err)
{
    const struct entry *last = &n->entry[n->nentries - 1];
    const int64_t size = last->size, targets = n->data->target_size;
    const double w = (double)n->row_weight[i];
    fell_loss_call c = *batch;

    c.rows = last->rows;
    c.pred = memcpy(n->piece[0], batch->pred + i * size, (size_t)size * sizeof(float));
    c.dpred = batch->dpred ? n->piece[1] : NULL;
    memset(n->piece[1], 0, (size_t)size * sizeof(float));
    if (batch->target)
        c.target = memcpy(n->piece[2], batch->target + i * targets, (size_t)targets * sizeof(float));
    else
        c.label = memcpy(n->piece[2], batch->label + i * targets, (size_t)targets * sizeof(int32_t));
    if (w != 0.0 && eval_loss(n, &c, err) != OK)
        return FAILED;
    n->loss_call.sum += w != 0.0 ? w * c.sum : 0.0;
    n->loss_call.weight += w != 0.0 ? w * c.weight : 0.0;
    for (int64_t j = 0; batch->dpred && j < size; j++)
        batch->dpred[i * size + j] = w != 0.0 ? (float)(w * (double)n->piece[1][j]) : 0.0f;
    return OK;
}

/* Any loss of rows is one of weighted rows: each by itself, in order. */
static status weighted_loss(struct net *n, struct error *err)
{
    const fell_loss_call batch = n->loss_call;
    const int64_t rows = batch.rows / n->entry[n->nentries - 1].rows;

    n->loss_call.sum = n->loss_call.weight = 0.0;
    for (int64_t i = 0; i < rows; i++)
        if (add_weighted(n, i, &batch, err) != OK)
            return FAILED;
    return OK;
}

status net_loss(struct net *n, double *sum, double *weight, struct error *err)
{
    fell_loss_call *c = &n->loss_call;

    net_at(&n->loss, n->mode == MODE_EVALUATE ? "loss in evaluation" : "loss");
    if ((n->row_weight ? weighted_loss(n, err) : eval_loss(n, c, err)) != OK)
        return FAILED;
    *sum = c->sum;
    *weight = c->weight;
    if (!(c->weight >= 0.0))
        return error_set(err, "%s: the rows of this batch have the weight %g in all; it must be 0 or more",
                         n->loss.name, c->weight);
    return OK;
}

status net_weight(struct net *n, enum net_mode mode, const struct batch *b, double *weight, struct error *err)
{
    double sum;

    net_feed(n, mode, b);
    memset((float *)(uintptr_t)n->loss_call.pred, 0,
           (size_t)(n->loss_call.rows * n->loss_call.cols) * sizeof *n->loss_call.pred);
    return net_loss(n, &sum, weight, err);
}

/* The gradients that E is the first to add to; those of shared tensors were cleared at the beginning. */
static void clear_gradients(const struct entry *e)
{
    if (e->ngradients && !e->lends)
        memset(e->clear, 0, e->clear_bytes);
    for (const struct gradient *g = e->gradient, *end = g + e->ngradients; e->lends && g < end; g++)
        if (!g->shared)
            memset((float *)(uintptr_t)g->g, 0, (size_t)g->n * sizeof *g->g);
}

static void clear_shared(const struct net *n)
{
    for (size_t i = 0; n->nshared && i < n->ntensors; i++)
        if (n->tensor[i].shared && n->tensor[i].position >= 0 && !n->tensor[i].frozen)
            memset(n->grads + n->tensor[i].offset, 0, (size_t)n->tensor[i].n * sizeof *n->grads);
}

static status entry_backward(struct net *n, enum net_mode mode, struct entry *e, struct error *err)
{
    const struct kernels *kernels = n->env->kernels;
    fell_status result;

    net_at(&e->in, "backward");
    if (!n->adds)
        clear_gradients(e);
    if (e->layer)
        result = e->layer->backward(&e->call[mode].layer);
    else
        result = e->activation->backward(&e->call[mode].activation);
    if (result != FELL_OK)
        return instance_error(&e->in, NULL, err);
    instance_reset(&e->in);
    for (const struct gradient_sum *s = e->sum, *end = s + e->nsums; s < end; s++)
        kernels->add(s->to, s->from, n->now[mode] * s->size);
    if (n->mask && e->ngradients)
        masks_apply(n->mask + (e->clear - n->grads), e->clear, (int64_t)(e->clear_bytes / sizeof *e->clear));
    for (const struct gradient *g = e->gradient, *end = g + e->ngradients; g < end; g++)
        *g->squares = kernels->sum_squares(g->g, g->n);
    return OK;
}

status net_backward_through(struct net *n, enum net_mode mode, net_before_entry *before, void *arg,
                            struct error *err)
{
    if (!n->adds)
        clear_shared(n);
    for (struct entry *e = n->entry + n->nentries, *first = n->entry + n->first_backward; e-- > first;) {
        if (!e->backward)
            continue;
        if (before && before(arg, (size_t)(e - n->entry), err) != OK)
            return FAILED;
        if (entry_backward(n, mode, e, err) != OK)
            return FAILED;
    }
    return OK;
}

status net_backward(struct net *n, double weight, net_before_entry *before, void *arg, double *squares,
                    struct error *err)
{
    const fell_loss_call *loss = &n->loss_call;
    double total = 0.0;

    n->env->kernels->scale(loss->dpred, loss->rows * loss->cols, (float)(1.0 / weight));
    if (net_backward_through(n, n->mode, before, arg, err) != OK)
        return FAILED;
    for (size_t i = 0; i < n->npositions; i++)
        total += n->squares[i];
    *squares = total;
    return OK;
}

status net_step(struct net *n, enum net_mode mode, const struct batch *b, int64_t step, struct net_step *out,
                struct error *err)
{
    *out = (struct net_step){.squares = NAN};
    net_feed(n, mode, b);
    if (net_forward(n, mode, step, err) != OK || net_loss(n, &out->sum, &out->weight, err) != OK)
        return FAILED;
    if (!isfinite(out->sum) || out->weight == 0.0)
        return OK;
    return net_backward(n, out->weight, NULL, NULL, &out->squares, err);
}

status net_step_part(struct net *n, enum net_mode mode, const struct batch *b, int64_t step, bool first,
                     struct net_step *out, struct error *err)
{
    double sum, weight;

    if (first) {
        *out = (struct net_step){.squares = NAN};
        n->adds = false;
    }
    net_feed(n, mode, b);
    n->goes_on = !first;
    if (net_forward(n, mode, step, err) != OK || net_loss(n, &sum, &weight, err) != OK)
        return FAILED;
    out->sum += sum;
    out->weight += weight;
    if (!isfinite(out->sum) || weight == 0.0)
        return OK;
    if (net_backward_through(n, mode, NULL, NULL, err) != OK)
        return FAILED;
    n->adds = true;
    return OK;
}

void net_step_end(struct net *n, struct net_step *out)
{
    double total = 0.0;

    n->goes_on = n->adds = false;
    if (!isfinite(out->sum) || out->weight == 0.0)
        return;
    n->env->kernels->scale(n->grads, n->trained_floats, (float)(1.0 / out->weight));
    for (const struct entry *e = n->entry; e < n->entry + n->nentries; e++)
        for (const struct gradient *g = e->gradient, *end = g + e->ngradients; e->backward && g < end; g++)
            *g->squares = n->env->kernels->sum_squares(g->g, g->n);
    for (size_t i = 0; i < n->npositions; i++)
        total += n->squares[i];
    out->squares = total;
}

double net_clip(struct net *n, double most, double norm)
{
    const float factor = (float)(most / (norm + 1e-6));

    if (most <= 0.0 || !(most / (norm + 1e-6) < 1.0))
        return 1.0;
    n->env->kernels->scale(n->grads, n->trained_floats, factor);
    return (double)factor;
}

/* ---- what came out ----------------------------------------------------------------- */

const float *net_output(const struct net *n, int64_t *size)
{
    const struct entry *last = &n->entry[n->nentries - 1];

    *size = last->size;
    return last->y;
}

const double *net_squares(const struct net *n)
{
    return n->squares;
}

float *net_trained(struct net *n, float **grads, int64_t *floats)
{
    *grads = n->grads;
    *floats = n->trained_floats;
    return n->weights;
}

/* ---- what went wrong ---------------------------------------------------------------- */

static bool broken(const struct net *n, const float *v, int64_t count)
{
    return n->env->kernels->count_nonfinite(v, count) > 0;
}

/* The first of an entry's tensors whose values are not finite. */
static const struct net_tensor *broken_tensor(const struct net *n, const struct entry *e)
{
    for (size_t i = e->first; i < e->first + e->ntensors; i++)
        if (broken(n, n->weights + n->tensor[i].offset, n->tensor[i].n))
            return &n->tensor[i];
    return NULL;
}

static void blame_gradient(const struct net *n, char *text, size_t size)
{
    for (size_t i = n->nentries; i-- > 0;) {
        const struct entry *e = &n->entry[i];

        for (size_t k = e->first; k < e->first + e->ntensors; k++) {
            const struct net_tensor *t = &n->tensor[k];

            if (t->position >= 0 && !isfinite(n->squares[t->position])) {
                snprintf(text, size, "layer '%s', tensor %s (gradient)", e->name, t->name);
                return;
            }
        }
    }
    snprintf(text, size, "the norm of the whole gradient");
}

void net_blame(const struct net *n, bool gradient, char *text, size_t size)
{
    if (gradient) {
        blame_gradient(n, text, size);
        return;
    }
    for (size_t i = 0; i < n->nentries; i++) {
        const struct entry *e = &n->entry[i];
        const struct net_tensor *t = broken_tensor(n, e);

        if (t) {
            snprintf(text, size, "layer '%s', tensor %s", e->name, t->name);
            return;
        }
        if (broken(n, e->y, n->now[n->mode] * e->size)) {
            snprintf(text, size, "layer '%s', output", e->name);
            return;
        }
    }
    snprintf(text, size, "loss '%s'", n->loss.name);
}

bool net_weights_broken(const struct net *n, char *text, size_t size)
{
    if (!broken(n, n->weights, n->trained_floats))
        return false;
    for (size_t i = 0; i < n->nentries; i++) {
        const struct net_tensor *t = broken_tensor(n, &n->entry[i]);

        if (t && t->position >= 0) {
            snprintf(text, size, "layer '%s', tensor %s", n->entry[i].name, t->name);
            return true;
        }
    }
    return false;
}

int64_t net_gradient_nonfinite(const struct net *n, const struct net_tensor *t)
{
    if (t->position < 0 || t->frozen)
        return 0;
    return n->env->kernels->count_nonfinite(n->grads + t->offset, t->n);
}
