/* lesson_step.c - one step of the optimizer with the gradient of the sample. Puts the net back as it was. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "explain/lab.h"

/* The state that belongs to the chosen weight, before or after. */
static void read_slots(struct lab *p, bool after)
{
    struct lesson_step *s = &p->l->update;
    const struct update *u = p->learner.update;
    size_t n = 0;

    for (size_t i = 0; i < update_slots(u) && n < MOST_SLOTS_SHOWN; i++) {
        int64_t count;
        const float *v = update_slot(u, i, 0, &p->tensor[p->l->weight.tensor], &count);
        double value;

        if (!v || update_slot_times(u, i) > 1 ||
            (count != 1 &&
             count != p->tensor[p->l->weight.tensor].n)) /* of rows or columns: of no one weight */
            continue;
        value = (double)v[count == 1 ? 0 : p->l->weight.flat];
        s->slot[n].name = update_slot_name(u, i);
        *(after ? &s->slot[n].after : &s->slot[n].before) = value;
        n++;
    }
    s->nslots = n;
}

/* FIRST: the gradient of the first pass, clipped. */
static status step(struct lab *p, float *first, struct error *err)
{
    struct lesson *l = p->l;
    struct lesson_step *s = &l->update;
    struct net_step now;

    const double most = p->q->spec->train.clip_norm;

    read_slots(p, false);
    if (update_before(p->learner.update, s->t, s->rate, err) != OK ||
        net_step(p->net, MODE_LOOK, &p->one, l->step + 1, &now, err) != OK)
        return FAILED;
    s->clip = net_clip(p->net, most, sqrt(now.squares));
    memcpy(first, p->grads, (size_t)p->trained_floats * sizeof *first);
    for (uint64_t pass = 0; !pass || update_wants(p->learner.update, pass); pass++) {
        if (pass) {
            if (net_step(p->net, MODE_LOOK, &p->one, l->step + 1, &now, err) != OK)
                return FAILED;
            net_clip(p->net, most, sqrt(now.squares));
        }
        if (update_step(p->learner.update, s->t, pass, s->rate, now.sum / now.weight, err) != OK)
            return FAILED;
    }
    read_slots(p, true);
    return OK;
}

static void keep_output(struct lab *p)
{
    struct lesson *l = p->l;
    const int64_t n = l->rows * l->cols;
    double *out = arena_alloc(l->arena, (size_t)n * sizeof *out);
    int64_t size;
    const float *y = net_output(p->net, &size);

    for (int64_t i = 0; i < n; i++)
        out[i] = (double)y[i];
    l->update.output_after = out;
    l->update.probability_after = lesson_probabilities(p, out);
}

status lesson_take_step(struct lab *p, struct error *err)
{
    struct lesson *l = p->l;
    struct lesson_step *s = &l->update;
    const struct net_tensor *t = &p->tensor[l->weight.tensor];
    float *place = &p->weights[t->offset + l->weight.flat];
    float *first = mem_array((size_t)p->trained_floats, sizeof *first);
    struct snapshot before = {0};
    status st;

    s->optimizer = l->spec->optimizer.item->name;
    s->t = l->step + 1;
    s->w_old = l->weight.value;
    s->loss_before = l->loss;
    snapshot_take(&before, &p->learner);
    st = step(p, first, err);
    s->w_new = (double)*place;
    s->predicted = 0.0;
    for (int64_t i = 0; i < p->trained_floats; i++)
        s->predicted += (double)first[i] / s->clip * ((double)p->weights[i] - (double)before.weights[i]);
    if (st == OK)
        st = lab_loss(p, &s->loss_after, err);
    if (st == OK)
        keep_output(p);
    snapshot_apply(&before, &p->learner);
    if (st == OK)
        st = lab_loss_at(p, t, l->weight.flat, s->w_new, &s->loss_alone, err);
    snapshot_apply(&before, &p->learner);
    snapshot_release(&before);
    free(first);
    s->rate *= t->lr_factor;
    return st;
}
