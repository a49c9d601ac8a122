/* net_bench.c - see net_bench.h. */
#include "check/net_bench.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

status net_bench_read(struct net_bench *b, const char *text, struct error *err)
{
    struct diag *d = diag_new();
    struct strbuf all = {0}, said = {0};
    const struct node *root;

    strbuf_addf(&all, "%sseed: 1\ndata: {source: {csv: {path: none.csv, target: y}}}\n", text);
    b->tree = tree_new();
    root = tree_parse_text(b->tree, "net", ".", all.text, all.len, false, d);
    b->spec = root ? spec_parse_written(tree_arena(b->tree), b->env.registry, root, "net", d) : NULL;
    if (!b->spec) {
        diag_write(d, &said, false);
        error_set(err, "its net is refused: %.400s", said.text ? said.text : "");
    }
    diag_free(d);
    strbuf_release(&all);
    strbuf_release(&said);
    return b->spec ? OK : FAILED;
}

status net_bench_rows(struct net_bench *b, int64_t n, fell_shape x, int64_t classes, int64_t targets,
                      struct error *err)
{
    struct data *d = &b->data;
    struct rows *r = &d->split[SPLIT_TRAIN];
    size_t values;

    *d = (struct data){.x = x,
                       .target = fell_vec(classes ? 1 : targets),
                       .x_size = fell_size(&x),
                       .target_size = classes ? 1 : targets,
                       .classes = classes > 0,
                       .nclasses = classes};
    r->n = n;
    r->x = mem_try_aligned((size_t)(n * d->x_size), sizeof *r->x);
    values = (size_t)(n * d->target_size);
    if (classes)
        r->label = mem_try_aligned(values, sizeof *r->label);
    else
        r->target = mem_try_aligned(values, sizeof *r->target);
    if (!r->x || !(classes ? (void *)r->label : (void *)r->target))
        return error_set(err, "no memory for its rows");
    memset(r->x, 0, (size_t)(n * d->x_size) * sizeof *r->x);
    memset(classes ? (void *)r->label : (void *)r->target, 0, values * sizeof(float));
    return OK;
}

status net_bench_net(struct net_bench *b, struct error *err)
{
    struct problem p = {.text = "no memory"};

    if (learner_plan(&b->learner, b->spec, &b->data, &b->env,
                     b->batch ? b->batch : net_batch(b->spec, &b->data), &p) != OK ||
        learner_fill(&b->learner, b->spec, 1, &p) != OK)
        return error_set(err, "%s", p.text);
    return OK;
}

float *net_bench_tensor(struct net_bench *b, const char *name, int64_t *n)
{
    const struct net_tensor *t;
    const size_t count = net_tensors(b->learner.net, &t);

    for (size_t i = 0; i < count; i++) {
        const char *entry = net_entry_name(b->learner.net, t[i].entry);
        const size_t len = strlen(entry);

        if (strncmp(name, entry, len) != 0 || name[len] != '.' || strcmp(name + len + 1, t[i].name) != 0)
            continue;
        *n = t[i].n;
        return net_weights(b->learner.net, &t[i]);
    }
    return NULL;
}

status net_bench_gradient(struct net_bench *b, double *sum, struct error *err)
{
    struct batches batches = {0};
    struct batch batch;
    double weight = 0.0;
    int64_t floats;
    float *grads;
    status result =
        batches_init(&batches, &b->data, SPLIT_TRAIN, net_step_rows(b->spec, &b->data), false, 0, err);

    net_trained(b->learner.net, &grads, &floats);
    memset(sum, 0, (size_t)floats * sizeof *sum);
    if (result == OK)
        batches_begin(&batches, 1, 1);
    while (result == OK && batches_next(&batches, &batch)) {
        struct net_step step;

        result = net_step(b->learner.net, MODE_LOOK, &batch, 1, &step, err);
        for (int64_t i = 0; i < floats && result == OK; i++)
            sum[i] += step.weight * (double)grads[i];
        weight += step.weight;
    }
    for (int64_t i = 0; i < floats && result == OK; i++)
        sum[i] /= weight;
    batches_release(&batches);
    return result;
}

status net_bench_looks(struct net_bench *b, struct error *err)
{
    struct problem p = {.text = "no memory"};

    if (looks_new(b->spec, &b->data, &b->learner, &b->env, 1, &b->looks, &p) != OK)
        return error_set(err, "%s", p.text);
    return OK;
}

void net_bench_close(struct net_bench *b)
{
    looks_free(b->looks);
    learner_release(&b->learner);
    free(b->data.split[SPLIT_TRAIN].x);
    free(b->data.split[SPLIT_TRAIN].label);
    free(b->data.split[SPLIT_TRAIN].target);
    free(b->data.split[SPLIT_TRAIN].source_row);
    if (b->tree) /* and the spec with it */
        tree_free(b->tree);
}
