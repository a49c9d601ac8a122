/* look_net.c - what a probe may ask of the net: forward, the mean gradient, gradients row by row,
 * and recording a number. See fell/probe.h for what each promises.
 *
 * Rows go through the net in batches of the size that the run has buffers for, which the spec decides: so
 * sums are the same bits at any number of threads. Sums over batches are in double.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/look_impl.h"
#include "engine/masks.h"
#include "engine/net_at.h"

/* A failure of the net becomes the probe's own message. */
static fell_status refuse(struct look *k)
{
    return fell_fail(&k->in.ctx, "%.500s", k->err.text);
}

static struct look *look_of(fell_probe_call *c)
{
    return (struct look *)c;
}

static fell_status check_range(struct look *k, int64_t begin, int64_t n, int64_t most)
{
    if (begin >= 0 && n >= 0 && n <= most && begin <= k->plan.rows - n)
        return FELL_OK;
    return fell_fail(&k->in.ctx, "asks for rows %lld to %lld; it has %lld, and %lld at once",
                     (long long)begin, (long long)(begin + n - 1), (long long)k->plan.rows, (long long)most);
}

/* ---- a batch through the net --------------------------------------------------------------------- */

static void copy(void *to, const void *from, int64_t begin, int64_t n, int64_t size)
{
    memcpy(to, (const char *)from + (size_t)(begin * size) * 4, (size_t)(n * size) * 4);
}

/* The net was run for the probe, which goes on. */
static status back(const struct look *k, status result)
{
    net_at(&k->in, "look");
    return result;
}

/* Forward on rows BEGIN .. BEGIN + N - 1 of the probe. */
static status feed(struct look *k, int64_t begin, int64_t n)
{
    struct looks *l = k->all;
    const struct data *data = l->data;
    const bool augment = k->spec->split == SPLIT_TRAIN && l->augment;
    struct batch b = {.n = n, .at = begin, .x = l->x};

    if (begin == 0 && !augment) /* where they are, and aligned as the net wants them */
        b.x = k->rows.x;
    else
        copy(l->x, k->rows.x, begin, n, data_row_size(data, (enum split)k->spec->split));
    if (k->rows.label) {
        copy(l->label, k->rows.label, begin, n, data->target_size);
        b.label = l->label;
    } else {
        copy(l->target, k->rows.target, begin, n, data->target_size);
        b.target = l->target;
    }
    if (augment && augment_batch(l->augment, 1, &b, &k->err) != OK)
        return back(k, FAILED);
    if (l->net->mask) /* what a probe has made of the weights */
        masks_apply(l->net->mask, l->net->weights, l->net->floats);
    net_feed(l->net, MODE_LOOK, &b);
    return back(k, net_forward(l->net, MODE_LOOK, 1, &k->err));
}

static fell_status look_forward(fell_probe_call *c, int64_t begin, int64_t n)
{
    struct look *k = look_of(c);

    if (check_range(k, begin, n, c->most) != FELL_OK)
        return FELL_ERROR;
    return n == 0 || feed(k, begin, n) == OK ? FELL_OK : refuse(k);
}

/* The loss of the rows that were fed, as the plugin gives it; its weight may be 0. */
static status eval_loss(struct look *k, fell_loss_call *call)
{
    struct net *n = k->all->net;

    net_at(&n->loss, "loss");
    call->sum = 0.0;
    call->weight = (double)call->rows;
    if (n->loss_item->eval(call) != FELL_OK)
        return back(k, instance_error(&n->loss, NULL, &k->err));
    instance_reset(&n->loss);
    return back(k, OK);
}

/* ---- the mean gradient ------------------------------------------------------------------------------ */

static status add_dy_squares(void *arg, size_t entry, struct error *err)
{
    struct look *k = arg;
    struct net *n = k->all->net;
    const struct entry *e = &n->entry[entry];

    (void)err;
    k->all->dy_squares[entry] += n->env->kernels->sum_squares(e->dy, n->now[MODE_LOOK] * e->size);
    return OK;
}

static status add_batch(struct look *k, int64_t begin, int64_t n, double *sum, double *weight, bool gradient)
{
    struct looks *l = k->all;
    struct net *net = l->net;

    if (feed(k, begin, n) != OK || eval_loss(k, &net->loss_call) != OK)
        return FAILED;
    *sum += net->loss_call.sum;
    *weight += net->loss_call.weight;
    if (!gradient)
        return OK;
    return back(k, net_backward_through(net, MODE_LOOK, add_dy_squares, k, &k->err));
}

static fell_status look_gradient(fell_probe_call *c, int64_t begin, int64_t n, double *loss, float *g)
{
    struct look *k = look_of(c);
    struct looks *l = k->all;
    const bool several = n > c->most;
    const float *one = l->net->grads;
    double sum = 0.0, weight = 0.0;

    if (check_range(k, begin, n, k->plan.rows) != FELL_OK)
        return FELL_ERROR;
    for (int64_t i = 0; several && i < l->weights; i++)
        l->sum[i] = 0.0;
    memset(l->dy_squares, 0, (size_t)l->nentries * sizeof *l->dy_squares);
    for (int64_t at = 0; at < n; at += c->most) {
        if (add_batch(k, begin + at, n - at < c->most ? n - at : c->most, &sum, &weight, g != NULL) != OK)
            return refuse(k);
        for (int64_t i = 0; several && g && i < l->weights; i++)
            l->sum[i] += (double)one[i];
    }
    if (loss)
        *loss = weight > 0.0 ? sum / weight : NAN;
    for (int64_t i = 0; g && i < l->weights; i++)
        g[i] = weight > 0.0 ? (float)((several ? l->sum[i] : 0.0 + (double)one[i]) / weight) : 0.0f;
    for (int64_t i = 0; weight > 0.0 && i < l->nentries; i++)
        l->dy_squares[i] /= weight * weight;
    return FELL_OK;
}

/* ---- gradients row by row ----------------------------------------------------------------------------- */

/* What is wanted of the rows of one batch. */
struct each {
    struct look *k;
    const float *along;
    double *loss, *norm, *dot, *sum, *squares;
};

/* One row's gradient of tensor V, in G, to the sums of row I. */
static void add_row_tensor(const struct each *e, int64_t i, int64_t v, const float *g)
{
    const struct looks *l = e->k->all;
    const fell_tensor_view *t = &l->tensor[v];
    double norm = 0.0, dot = 0.0;

    for (int64_t j = 0; j < t->n; j++) {
        const double x = (double)g[j];

        norm += x * x;
        if (e->along)
            dot += x * (double)e->along[t->at + j];
        if (e->squares)
            e->squares[t->at + j] += x * x;
    }
    e->norm[i * l->ntensors + v] = norm;
    if (e->dot)
        e->dot[i * l->ntensors + v] = dot;
}

/* The loss of row I of the batch alone, and d loss / d output in the batch's place. */
static status row_loss(struct look *k, int64_t i, double *loss)
{
    struct looks *l = k->all;
    const struct net *n = l->net;
    const struct entry *last = &n->entry[n->nentries - 1];
    const int64_t steps = last->rows, size = last->size;
    fell_loss_call call = n->loss_call;

    memcpy(l->piece[0], last->y + i * size, (size_t)size * sizeof(float));
    call.rows = steps;
    call.pred = l->piece[0];
    call.dpred = l->piece[1];
    memset(l->piece[1], 0, (size_t)size * sizeof(float));
    if (call.target)
        call.target = memcpy(l->piece[2], call.target + i * l->data->target_size,
                             (size_t)l->data->target_size * sizeof(float));
    else
        call.label = memcpy(l->piece[2], call.label + i * l->data->target_size,
                            (size_t)l->data->target_size * sizeof(int32_t));
    if (eval_loss(k, &call) != OK)
        return FAILED;
    *loss = call.weight > 0.0 ? call.sum / call.weight : NAN;
    for (int64_t j = 0; j < size; j++)
        last->dy[i * size + j] = call.weight > 0.0 ? (float)((double)call.dpred[j] / call.weight) : 0.0f;
    return OK;
}

/* A layer's own word on its rows. */
static status ask_layer(struct each *w, const struct entry *e, size_t entry, struct error *err)
{
    const struct looks *l = w->k->all;
    const size_t n = e->layer->ntensors, rows = (size_t)l->net->now[MODE_LOOK];
    fell_layer_call c = e->call[MODE_LOOK].layer;
    const float **along = mem_array(n, sizeof *along);
    double **squares = mem_array(n, sizeof *squares);
    double *norm = mem_array(rows * n, sizeof *norm), *dot = mem_array(rows * n, sizeof *dot);
    fell_each_row r = {w->along ? along : NULL, norm, w->dot ? dot : NULL, squares};
    status result = OK;

    for (size_t t = 0; t < n; t++) {
        const int64_t v = l->tensor_at[entry][t];

        if (v >= 0 && w->along)
            along[t] = w->along + l->tensor[v].at;
        if (v >= 0 && w->squares)
            squares[t] = w->squares + l->tensor[v].at;
    }
    net_at(&e->in, "each_row");
    if (e->layer->each_row(&c, &r) != FELL_OK)
        result = instance_error((const struct instance *)&e->in, NULL, err);
    instance_reset((struct instance *)&e->in);
    for (size_t i = 0; result == OK && i < rows; i++)
        for (size_t t = 0; t < n; t++) {
            const int64_t v = l->tensor_at[entry][t];

            if (v >= 0)
                w->norm[(int64_t)i * l->ntensors + v] = norm[i * n + t];
            if (v >= 0 && w->dot)
                w->dot[(int64_t)i * l->ntensors + v] = dot[i * n + t];
        }
    free(along);
    free(squares);
    free(norm);
    free(dot);
    return result;
}

/* A layer that keeps nothing for its backward is called once for each row. */
static status ask_rows(struct each *w, struct entry *e, size_t entry, struct error *err)
{
    struct looks *l = w->k->all;
    struct net *net = l->net;
    const int64_t rows = net->now[MODE_LOOK], in = fell_size(&e->plan.in[0]);
    float *no_dx[1] = {NULL};
    const float *x[1] = {l->piece[0]};
    fell_layer_call c = e->call[MODE_LOOK].layer;

    c.batch = 1;
    c.x = x;
    c.y = l->piece[1];
    c.dy = l->piece[2];
    c.dx = no_dx;
    net_at(&e->in, "backward");
    for (int64_t i = 0; i < rows; i++) {
        memset(e->clear, 0, e->clear_bytes);
        memcpy(l->piece[0], e->x[0] + i * in, (size_t)in * sizeof(float));
        memcpy(l->piece[1], e->y + i * e->size, (size_t)e->size * sizeof(float));
        memcpy(l->piece[2], e->dy + i * e->size, (size_t)e->size * sizeof(float));
        if (e->layer->backward(&c) != FELL_OK)
            return instance_error(&e->in, NULL, err);
        instance_reset(&e->in);
        for (size_t t = 0; t < e->layer->ntensors; t++)
            if (l->tensor_at[entry][t] >= 0)
                add_row_tensor(w, i, l->tensor_at[entry][t], e->grad[t]);
    }
    return OK;
}

static status before_entry(void *arg, size_t entry, struct error *err)
{
    struct each *w = arg;
    struct entry *e = &w->k->all->net->entry[entry];

    if (!e->ngradients)
        return OK;
    return e->layer->each_row ? ask_layer(w, e, entry, err) : ask_rows(w, e, entry, err);
}

/* The gradient that the last backward left. */
static void add_sum(const struct each *w)
{
    const struct looks *l = w->k->all;

    for (int64_t i = 0; w->sum && i < l->weights; i++)
        w->sum[i] += (double)l->net->grads[i];
}

/* All rows of one batch in one pass. */
static status each_batch(struct each *w, int64_t begin, int64_t n)
{
    struct look *k = w->k;
    double loss;

    if (feed(k, begin, n) != OK)
        return FAILED;
    for (int64_t i = 0; i < n; i++) {
        if (row_loss(k, i, &loss) != OK)
            return FAILED;
        if (w->loss)
            w->loss[i] = loss;
    }
    if (back(k, net_backward_through(k->all->net, MODE_LOOK, before_entry, w, &k->err)) != OK)
        return FAILED;
    add_sum(w);
    return OK;
}

/* A pass for each row. */
static status each_alone(struct each *w, int64_t begin, int64_t n)
{
    struct look *k = w->k;
    struct looks *l = k->all;
    double loss;

    for (int64_t i = 0; i < n; i++) {
        if (feed(k, begin + i, 1) != OK || row_loss(k, 0, &loss) != OK ||
            back(k, net_backward_through(l->net, MODE_LOOK, NULL, NULL, &k->err)) != OK)
            return FAILED;
        if (w->loss)
            w->loss[i] = loss;
        for (int64_t v = 0; v < l->ntensors; v++)
            add_row_tensor(w, i, v, l->net->grads + l->tensor[v].at);
        add_sum(w);
    }
    return OK;
}

static fell_status look_each_row(fell_probe_call *c, int64_t begin, int64_t n, const float *along,
                                 double *loss, double *norm, double *dot, double *sum, double *squares)
{
    struct look *k = look_of(c);
    const struct looks *l = k->all;

    if (check_range(k, begin, n, k->plan.rows) != FELL_OK)
        return FELL_ERROR;
    if (l->net->loss_item->pairs)
        return fell_fail(&k->in.ctx,
                         "looks at rows one by one, but the loss %s ties the rows of a batch together",
                         l->net->loss.name);
    for (int64_t at = 0; at < n; at += c->most) {
        const int64_t rows = n - at < c->most ? n - at : c->most;
        struct each w = {k,
                         along,
                         loss ? loss + at : NULL,
                         norm + at * l->ntensors,
                         along && dot ? dot + at * l->ntensors : NULL,
                         sum,
                         squares};

        if ((l->by_row ? each_alone(&w, begin + at, rows) : each_batch(&w, begin + at, rows)) != OK)
            return refuse(k);
    }
    return FELL_OK;
}

/* ---- recording --------------------------------------------------------------------------------------- */

static fell_status look_record(fell_probe_call *c, uint64_t number, int64_t at, int64_t position,
                               double value)
{
    struct look *k = look_of(c);
    const fell_number *f = &k->item->numbers[number < k->item->nnumbers ? number : 0];
    const bool layer = f->per == FELL_PER_LAYER || f->per == FELL_PER_UNIT;
    const int64_t most = layer ? k->plan.nentries : f->per == FELL_PER_TENSOR ? k->plan.ntensors : 1;
    const bool several = f->several || f->per == FELL_PER_UNIT || f->per == FELL_PER_ROW;

    if (number >= k->item->nnumbers)
        return fell_fail(&k->in.ctx, "records number %llu; it declares %llu", (unsigned long long)number,
                         (unsigned long long)k->item->nnumbers);
    if (at < 0 || at >= most || position < 0 || (position > 0 && !several))
        return fell_fail(&k->in.ctx, "records %s of %s %lld at position %lld, which there is not", f->name,
                         layer ? "entry" : "tensor", (long long)at, (long long)position);
    if (f->per == FELL_PER_UNIT && position >= k->plan.entry[at].units)
        return fell_fail(&k->in.ctx, "records %s of unit %lld of '%s', which has %lld", f->name,
                         (long long)position, k->plan.entry[at].name, (long long)k->plan.entry[at].units);
    if (k->nsaid == k->room) {
        k->room = k->room ? 2 * k->room : 64;
        k->said = mem_grow(k->said, k->room, sizeof *k->said);
    }
    k->said[k->nsaid++] = (struct probe_value){(uint32_t)number, (int32_t)at, position, value};
    return FELL_OK;
}

const fell_probe_host look_host = {look_forward, look_gradient, look_each_row, look_record};
