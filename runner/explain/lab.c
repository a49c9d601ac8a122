/* lab.c - see lab.h. The only place where an explanation sets up the engine. */
#include "explain/lab.h"

#include <stdlib.h>

#include "base/mem.h"
#include "engine/safetensors.h"

/* ---- opening ------------------------------------------------------------------------ */

static status make_room(struct lab *p, struct error *err)
{
    const struct data *d = p->q->shown;

    p->x = mem_try_aligned(LAB_ROWS, (size_t)d->x_size * sizeof *p->x);
    if (d->split[SPLIT_TRAIN].target)
        p->target = mem_try_aligned(LAB_ROWS, (size_t)d->target_size * sizeof *p->target);
    else
        p->label = mem_try_aligned(LAB_ROWS, (size_t)d->target_size * sizeof *p->label);
    if (!p->x || (!p->target && !p->label))
        return error_set(err, "no memory for copies of the sample");
    p->one = (struct batch){.n = 1, .x = p->x, .target = p->target, .label = p->label};
    p->many = p->one;
    p->many.n = LAB_ROWS;
    return OK;
}

void lab_take_sample(struct lab *p)
{
    const struct data *d = p->q->shown;
    const struct rows *rows = &d->split[p->l->split];
    const int64_t targets = d->target_size, x = rows_at(rows, p->l->split_row, d->x_size),
                  at = rows_at(rows, p->l->split_row, targets);

    for (int64_t i = 0; i < LAB_ROWS; i++) {
        memcpy(p->x + i * d->x_size, rows->x + x, (size_t)d->x_size * sizeof *p->x);
        if (p->target)
            memcpy(p->target + i * targets, rows->target + at, (size_t)targets * sizeof *p->target);
        else
            memcpy(p->label + i * targets, rows->label + at, (size_t)targets * sizeof *p->label);
    }
}

static void show_net(struct lab *p)
{
    struct net *n = p->learner.net;
    struct net_entry *entry;

    p->net = n;
    p->nentries = net_entries(n);
    entry = arena_alloc(p->l->arena, p->nentries * sizeof *entry);
    for (size_t i = 0; i < p->nentries; i++)
        entry[i] = net_entry(n, i);
    p->entry = entry;
    p->ntensors = net_tensors(n, &p->tensor);
    net_trained(n, &p->grads, &p->trained_floats);
    p->weights = net_values(n, &p->floats);
}

static bool is_trained(const struct lab *p)
{
    for (size_t i = 0; i < p->nentries; i++)
        if (p->entry[i].backward)
            return true;
    return false;
}

status lab_open(struct lab *p, struct lesson *l, const struct lesson_request *q, struct error *err)
{
    const int64_t planned = net_batch(q->spec, q->data);
    struct problem problem = {.index = 0};

    *p = (struct lab){.l = l, .q = q, .batch = planned > LAB_ROWS ? planned : LAB_ROWS};
    if (make_room(p, err) != OK)
        return FAILED;
    if (learner_plan(&p->learner, q->spec, q->data, q->env, p->batch, &problem) != OK ||
        learner_fill(&p->learner, q->spec, q->seed, &problem) != OK)
        return error_set(err, "%s", problem.text);
    show_net(p);
    if (!is_trained(p))
        return error_set(err, "this model has no weight that is trained, so there is nothing to explain");
    lab_take_sample(p);
    return OK;
}

void lab_close(struct lab *p)
{
    learner_release(&p->learner);
    free(p->x);
    free(p->target);
    free(p->label);
    snapshot_release(&p->now);
}

/* ---- running --------------------------------------------------------------------------- */

status lab_loss(struct lab *p, double *loss, struct error *err)
{
    double sum, weight;

    net_feed(p->net, MODE_LOOK, &p->one);
    if (net_forward(p->net, MODE_LOOK, p->l->step + 1, err) != OK ||
        net_loss(p->net, &sum, &weight, err) != OK)
        return FAILED;
    *loss = sum / weight;
    return OK;
}

status lab_loss_at(struct lab *p, const struct net_tensor *t, int64_t flat, double w, double *loss,
                   struct error *err)
{
    net_weights(p->net, t)[flat] = (float)w;
    return lab_loss(p, loss, err);
}

/* ---- snapshots ---------------------------------------------------------------------------- */

/* The Ith array of optimizer state, counted over slots, their repeats and tensors; NULL where a
 * tensor has none; *END behind the last. */
static float *slot_at(const struct learner *of, size_t i, int64_t *count, bool *end)
{
    const struct net_tensor *tensor;
    const size_t ntensors = net_tensors(of->net, &tensor);

    for (size_t s = 0; s < update_slots(of->update); s++) {
        const size_t arrays = (size_t)update_slot_times(of->update, s) * ntensors;

        if (i < arrays)
            return update_slot(of->update, s, (int64_t)(i / ntensors), &tensor[i % ntensors], count);
        i -= arrays;
    }
    *end = true;
    return NULL;
}

void snapshot_take(struct snapshot *s, const struct learner *from)
{
    int64_t floats;
    const float *weights = net_values(from->net, &floats);
    bool end = false;

    snapshot_release(s);
    s->weights = mem_array((size_t)floats, sizeof *s->weights);
    memcpy(s->weights, weights, (size_t)floats * sizeof *s->weights);
    for (size_t i = 0;; i++) {
        int64_t count = 0;
        const float *values = slot_at(from, i, &count, &end);

        if (end)
            break;
        s->slot = mem_grow(s->slot, i + 1, sizeof *s->slot);
        s->slot_n = mem_grow(s->slot_n, i + 1, sizeof *s->slot_n);
        s->slot[i] = values ? mem_array((size_t)count, sizeof(float)) : NULL;
        s->slot_n[i] = count;
        if (values)
            memcpy(s->slot[i], values, (size_t)count * sizeof(float));
        s->nslots = i + 1;
    }
}

void snapshot_apply(const struct snapshot *s, const struct learner *to)
{
    int64_t floats;
    float *weights = net_values(to->net, &floats);
    bool end = false;

    memcpy(weights, s->weights, (size_t)floats * sizeof *s->weights);
    for (size_t i = 0; i < s->nslots; i++) {
        int64_t count;
        float *values = slot_at(to, i, &count, &end);

        if (values)
            memcpy(values, s->slot[i], (size_t)s->slot_n[i] * sizeof(float));
    }
}

void snapshot_release(struct snapshot *s)
{
    for (size_t i = 0; i < s->nslots; i++)
        free(s->slot[i]);
    free(s->slot);
    free(s->slot_n);
    free(s->weights);
    *s = (struct snapshot){0};
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

static status load_tensor(struct lab *p, const struct tensor_file *f, const struct net_tensor *t,
                          struct error *err)
{
    char *name = mem_format("%s.%s", p->entry[t->entry].name, t->name);
    const struct tensor_file_entry *e = tensor_file_find(f, name);
    status st = OK;

    if (!e)
        st = error_set(err, "the checkpoint has no '%s': it is of another model", name);
    else if (!e->values || !tensor_file_has_shape(e, &t->shape))
        st = error_set(err, "'%s' has another shape in the checkpoint: it is of another model", name);
    else
        memcpy(p->weights + t->offset, e->values, (size_t)t->n * sizeof(float));
    free(name);
    return st;
}

/* Optimizer state where the file has it; another optimizer begins with none. */
static void load_slot(struct lab *p, const struct tensor_file *f, size_t s, int64_t k)
{
    const struct update *u = p->learner.update;

    for (size_t i = 0; i < p->ntensors; i++) {
        const struct net_tensor *t = &p->tensor[i];
        int64_t count;
        float *values = update_slot(u, s, k, t, &count);
        const struct tensor_file_entry *e;
        char *name, number[32] = "";

        if (!values)
            continue;
        if (update_slot_times(u, s) > 1)
            snprintf(number, sizeof number, "/%lld", (long long)k);
        name = mem_format("optimizer/%s%s/%s.%s", update_slot_name(u, s), number, p->entry[t->entry].name,
                          t->name);
        e = tensor_file_find(f, name);
        if (e && e->values && e->n == count)
            memcpy(values, e->values, (size_t)count * sizeof(float));
        free(name);
    }
}

status lab_load(struct lab *p, const char *path, struct error *err)
{
    const struct update *u = p->learner.update;
    struct tensor_file *f;
    const char *epoch, *step;
    status st = OK;

    if (tensor_file_open(path, &f, err) != OK)
        return FAILED;
    for (size_t i = 0; i < p->ntensors && st == OK; i++)
        st = load_tensor(p, f, &p->tensor[i], err);
    for (size_t s = 0; s < update_slots(u); s++)
        for (int64_t k = 0; k < update_slot_times(u, s); k++)
            load_slot(p, f, s, k);
    epoch = tensor_file_metadata(f, "epoch");
    step = tensor_file_metadata(f, "step");
    if (st == OK && (!epoch || !step))
        st = error_set(err, "'%s' does not say of which epoch it is: it is no checkpoint", path);
    if (st == OK) {
        p->l->epoch = strtoll(epoch, NULL, 10);
        p->l->step = strtoll(step, NULL, 10);
        snapshot_take(&p->now, &p->learner);
    }
    tensor_file_close(f);
    return st;
}
