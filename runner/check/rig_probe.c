/* rig_probe.c - a probe on the workbench of rig.h: two looks at a small net of the engine's own, before and
 * after its weights have moved.
 *
 * The net has what probes meet: a bounded activation, one with zeros, a bias, a frozen tensor. Another one is
 * trained on values. What the probe records is its output.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "check/net_bench.h"
#include "check/rig_parts.h"
#include "engine/net_view.h"

enum {
    ROWS = 23,
    INPUTS = 4,
    CLASSES = 3,
    VALUES = 2,
    FIRST_ROW = 100,
    ROW_STEP = 3, /* rows have numbers in the source that are not their places */
    UNKNOWN = -123456789
}; /* what is not finite is recorded as NULL */

static const char *const model = "model:\n"
                                 "  - dense: {units: 6, activation: tanh, name: first, trainable: false}\n"
                                 "  - dense: {units: 5, activation: relu, name: hidden}\n"
                                 "  - dense: {units: 3, name: output}\n"
                                 "loss: cross_entropy\n"
                                 "optimizer: {sgd: {lr: 0.1}}\n"
                                 "train: {epochs: 2, batch_size: 8}\n";

/* Trained on values, and with more tensors than entries. */
static const char *const model_of_values = "model:\n"
                                           "  - dense: {units: 5, name: first}\n"
                                           "  - dense: {units: 7, name: hidden}\n"
                                           "  - dense: {units: 2, name: output}\n"
                                           "loss: mse\n"
                                           "optimizer: {sgd: {lr: 0.1}}\n"
                                           "train: {epochs: 2, batch_size: 8}\n";

static status fill_rows(struct net_bench *b, bool values, struct error *err)
{
    struct rng_stream s = rng_stream(1, RNG_DATA, 2, 2);
    struct rows *r = &b->data.split[SPLIT_TRAIN];

    if (net_bench_rows(b, ROWS, fell_vec(INPUTS), values ? 0 : CLASSES, VALUES, err) != OK)
        return FAILED;
    rng_normal(&s, r->x, ROWS * INPUTS);
    if (values)
        rng_normal(&s, r->target, ROWS * VALUES);
    for (int i = 0; i < ROWS && !values; i++)
        r->label[i] = i % CLASSES;
    r->source_row = mem_array(ROWS, sizeof *r->source_row);
    for (int i = 0; i < ROWS; i++)
        r->source_row[i] = FIRST_ROW + ROW_STEP * i;
    return OK;
}

static status bench_init(struct net_bench *b, struct rig *g, struct error *err)
{
    const bool values = g->setup->targets != TARGET_REAL;
    struct strbuf text = {0};
    status result;

    *b = (struct net_bench){.env = g->s.env};
    b->env.pool = g->pool;
    b->env.unset = g->how.scratch;
    b->env.trespass = g->trespass;
    b->batch = g->how.piece;
    strbuf_addf(&text, "%sprobes:\n  - %s: %s\n", values ? model_of_values : model, g->s.item->name,
                g->setup->settings[0] ? g->setup->settings : "{}");
    result = net_bench_read(b, text.text, err);
    strbuf_release(&text);
    if (result != OK)
        return FAILED;
    b->spec->probes[0].plugin.item = g->s.item; /* the very item on the bench, whatever else has its name */
    if (fill_rows(b, values, err) != OK || net_bench_net(b, err) != OK || net_bench_looks(b, err) != OK)
        return FAILED;
    looks_guard(b->looks, g->how.guard);
    return OK;
}

/* Are numbers of rows those of rows that it was shown? */
static status check_row(const struct net_bench *b, const struct probe_value *v, struct error *err)
{
    const fell_number *number = &b->spec->probes[0].plugin.item->probe->numbers[v->number];
    const int64_t place = v->position - FIRST_ROW;

    if (number->per == FELL_PER_ROW && (place < 0 || place % ROW_STEP || place / ROW_STEP >= ROWS))
        return error_set(err, "records %s of row %lld, which is none of those in c->row", number->name,
                         (long long)v->position);
    return OK;
}

/* What it records after EPOCH, from *N on in OUT (NULL: only counted). */
static status look_at(struct net_bench *b, int64_t epoch, double *out, int64_t *n, struct error *err)
{
    const struct look_time t = {epoch, 3 * epoch, 0.1};
    struct probe_report r;
    size_t next = 0;
    status result;

    while (looks_next(b->looks, &t, true, &next, &r, &result, err))
        for (size_t i = 0; i < r.n; i++, ++*n)
            if (check_row(b, &r.value[i], err) != OK)
                return FAILED;
            else if (out)
                out[*n] = isfinite(r.value[i].value) ? r.value[i].value : UNKNOWN;
    return result;
}

/* What a forward gives is not set before there is one. */
static void forget_outputs(struct net_bench *b, uint32_t unset)
{
    const int64_t rows = b->batch ? b->batch : net_batch(b->spec, &b->data);

    for (size_t i = 0; i < net_entries(b->learner.net); i++) {
        const struct net_entry e = net_entry(b->learner.net, i);
        uint32_t *y = (uint32_t *)(uintptr_t)e.y;

        for (int64_t k = 0; k < rows * e.size; k++)
            y[k] = unset;
    }
}

/* What it may read of the host's, WEIGHTS [n]: as they are now, and at first. */
static void keep(struct rig *g, const char *name, const float *weights, int64_t n, bool begins)
{
    if (!rig_named(g, name))
        rig_input(g, n, name);
    memcpy(rig_named(g, name)->v, weights, (size_t)n * sizeof *weights);
    if (begins)
        memcpy(rig_named(g, name)->start, weights, (size_t)n * sizeof *weights);
}

static void keep_weights(struct rig *g, const struct net_bench *b, bool begins)
{
    int64_t n;
    const float *first = looks_first(b->looks, &n), *before = looks_before(b->looks, &n);

    keep(g, "first", first, n, begins);
    keep(g, "before", before, n, begins);
}

/* Both looks; between them the weights move as a step would move them. */
static status look_twice(struct rig *g, double *out, int64_t *n, struct error *err)
{
    struct net_bench b;
    status result = bench_init(&b, g, err);

    g->planned = result == OK;
    *n = 0;
    if (result == OK) {
        keep_weights(g, &b, true);
        forget_outputs(&b, g->how.unset);
        result = look_at(&b, 0, out, n, err);
    }
    if (result == OK) {
        float *grads;
        int64_t floats;
        float *w = net_trained(b.learner.net, &grads, &floats);

        looks_begin_epoch(b.looks);
        keep(g, "before", looks_before(b.looks, &floats), floats, true);
        for (int64_t i = 0; i < floats; i++)
            w[i] *= 1.125f;
        forget_outputs(&b, g->how.unset);
        result = look_at(&b, 1, out, n, err);
        keep_weights(g, &b, false);
    }
    net_bench_close(&b);
    return result;
}

static status probe_prepare(struct rig *g, struct error *err)
{
    int64_t n;

    if (look_twice(g, NULL, &n, err) != OK)
        return FAILED;
    if (n == 0)
        return error_set(err, "it records nothing");
    rig_buffer(g, USE_OUTPUT, n, sizeof(double), "value");
    return OK;
}

static status probe_forward(struct rig *g, struct error *err)
{
    struct buffer *b = &g->buffer[rig_find(g, "value")];
    int64_t n, most = b->n;
    status result = look_twice(g, NULL, &n, err);

    if (result == OK && n != most)
        result =
            error_set(err, "it records %lld values, and %lld the next time", (long long)most, (long long)n);
    if (result == OK)
        result = look_twice(g, b->v, &n, err);
    return result;
}

const struct kind_work probe_work = {probe_prepare, probe_forward, NULL};
