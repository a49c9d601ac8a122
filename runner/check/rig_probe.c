/* rig_probe.c - a probe on the workbench of rig.h: two looks at a small net of the engine's own, before and
 * after its weights have moved.
 *
 * The net has what probes meet: a bounded activation, one with zeros, a bias, a frozen tensor. What
 * the probe records is its output.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check/rig.h"
#include "engine/look.h"
#include "engine/net_run.h"
#include "spec/spec.h"

enum {
    ROWS = 23,
    INPUTS = 4,
    CLASSES = 3,
    UNKNOWN = -123456789
}; /* what is not finite is recorded as NULL */

static const char *const model = "model:\n"
                                 "  - dense: {units: 6, activation: tanh, name: first, trainable: false}\n"
                                 "  - dense: {units: 5, activation: relu, name: hidden}\n"
                                 "  - dense: {units: 3, name: output}\n"
                                 "loss: cross_entropy\n"
                                 "optimizer: {sgd: {lr: 0.1}}\n"
                                 "train: {epochs: 2, batch_size: 8}\n"
                                 "seed: 1\n"
                                 "data: {source: {csv: {path: none.csv, target: y}}}\n";

/* Everything that a look needs. */
struct bench {
    struct tree *tree;
    struct spec *spec;
    struct data data;
    struct host_env env;
    struct net *net;
    struct looks *looks;
};

static status read_spec(struct bench *b, struct rig *g, struct error *err)
{
    struct diag *d = diag_new();
    struct strbuf text = {0};
    const struct node *root;

    strbuf_addf(&text, "%sprobes:\n  - %s: %s\n", model, g->s.item->name,
                g->setup->settings[0] ? g->setup->settings : "{}");
    b->tree = tree_new();
    root = tree_parse_text(b->tree, "probe.yaml", ".", text.text, text.len, false, d);
    b->spec = root ? spec_parse(g->s.env.registry, root, "probe", d) : NULL;
    if (!b->spec)
        error_set(err, "a spec with it cannot be read: %s", text.text);
    else /* the very item on the bench, whatever else has its name */
        b->spec->probes[0].plugin.item = g->s.item;
    diag_free(d);
    strbuf_release(&text);
    return b->spec ? OK : FAILED;
}

static void make_rows(struct bench *b)
{
    struct rng_stream s = rng_stream(1, RNG_DATA, 2, 2);
    struct rows *r;

    b->data = (struct data){.x = fell_vec(INPUTS),
                            .target = fell_vec(1),
                            .x_size = INPUTS,
                            .target_size = 1,
                            .classes = true,
                            .nclasses = CLASSES};
    r = &b->data.split[SPLIT_TRAIN];
    r->n = ROWS;
    r->x = mem_try_aligned(ROWS * INPUTS, sizeof *r->x);
    r->label = mem_try_aligned(ROWS, sizeof *r->label);
    if (!r->x || !r->label)
        return;
    rng_normal(&s, r->x, ROWS * INPUTS);
    for (int i = 0; i < ROWS; i++)
        r->label[i] = i % CLASSES;
}

static void bench_release(struct bench *b)
{
    looks_free(b->looks);
    net_free(b->net);
    free(b->data.split[SPLIT_TRAIN].x);
    free(b->data.split[SPLIT_TRAIN].label);
    if (b->spec)
        spec_free(b->spec);
    if (b->tree)
        tree_free(b->tree);
}

static status bench_init(struct bench *b, struct rig *g, struct error *err)
{
    struct problem p = {.text = "no memory"};

    *b = (struct bench){.env = g->s.env};
    b->env.pool = g->pool;
    if (read_spec(b, g, err) != OK)
        return FAILED;
    make_rows(b);
    if (net_new(b->spec, &b->data, &b->env, net_batch(b->spec, &b->data), &b->net, &p) != OK ||
        net_initialise(b->net, b->spec, 1, &p) != OK ||
        looks_new(b->spec, &b->data, b->net, &b->env, 1, &b->looks, &p) != OK)
        return error_set(err, "%s", p.text);
    return OK;
}

/* What it records after EPOCH, from *N on in OUT (NULL: only counted). */
static status look_at(struct bench *b, int64_t epoch, double *out, int64_t *n, struct error *err)
{
    const struct look_time t = {epoch, 3 * epoch, 0.1};
    struct probe_report r;
    size_t next = 0;
    status result;

    while (looks_next(b->looks, &t, true, &next, &r, &result, err))
        for (size_t i = 0; i < r.n; i++, ++*n)
            if (out)
                out[*n] = isfinite(r.value[i].value) ? r.value[i].value : UNKNOWN;
    return result;
}

/* Both looks; between them the weights move as a step would move them. */
static status look_twice(struct rig *g, double *out, int64_t *n, struct error *err)
{
    struct bench b;
    status result = bench_init(&b, g, err);

    *n = 0;
    if (result == OK)
        result = look_at(&b, 0, out, n, err);
    if (result == OK) {
        float *grads;
        int64_t floats;
        float *w = net_trained(b.net, &grads, &floats);

        looks_begin_epoch(b.looks);
        for (int64_t i = 0; i < floats; i++)
            w[i] *= 1.125f;
        result = look_at(&b, 1, out, n, err);
    }
    bench_release(&b);
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
