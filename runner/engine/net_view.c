/* net_view.c - see net_view.h. */
#include "engine/net_view.h"

#include "engine/net_at.h"
#include "engine/net_impl.h"

size_t net_entries(const struct net *n)
{
    return n->nentries;
}

struct net_entry net_entry(const struct net *n, size_t i)
{
    const struct entry *e = &n->entry[i];

    return (struct net_entry){.name = e->name,
                              .spec = e->spec,
                              .layer = e->layer,
                              .activation = e->activation,
                              .nin = e->nin,
                              .from = e->from,
                              .out = e->plan.out,
                              .size = e->size,
                              .rows = e->rows,
                              .cols = e->cols,
                              .first = e->first,
                              .ntensors = e->ntensors,
                              .backward = e->backward,
                              .y = e->y,
                              .dy = e->dy};
}

const float *net_entry_tensor(const struct net *n, size_t i, size_t k, fell_shape *shape)
{
    const struct entry *e = &n->entry[i];

    *shape = e->plan.tensor[k];
    return shape->rank ? e->tensor[k] : NULL;
}

const float *net_gradient(const struct net *n, const struct net_tensor *t)
{
    return t->position < 0 || t->frozen ? NULL : n->grads + t->offset;
}

float *net_values(struct net *n, int64_t *floats)
{
    *floats = n->floats;
    return n->weights;
}

static status answer(struct entry *e, fell_status result, struct error *err)
{
    if (result != FELL_OK)
        return instance_error(&e->in, NULL, err);
    instance_reset(&e->in);
    return OK;
}

status net_entry_forward(struct net *n, enum net_mode mode, size_t i, float *y, struct error *err)
{
    struct entry *e = &n->entry[i];
    union entry_call c = e->call[mode];

    net_at(&e->in, "forward");
    if (e->layer) {
        c.layer.batch = n->now[n->mode];
        c.layer.y = y;
        return answer(e, e->layer->forward(&c.layer), err);
    }
    c.activation.rows = n->now[n->mode] * e->rows;
    c.activation.y = y;
    return answer(e, e->activation->forward(&c.activation), err);
}

status net_entry_backward(struct net *n, size_t i, const float *dy, float **dx, float **grad,
                          struct error *err)
{
    struct entry *e = &n->entry[i];
    union entry_call c = e->call[MODE_LOOK];

    net_at(&e->in, "backward");
    if (e->layer) {
        c.layer.dy = dy;
        c.layer.dx = dx;
        c.layer.grad = grad;
        return answer(e, e->layer->backward(&c.layer), err);
    }
    c.activation.dy = dy;
    c.activation.dx = dx[0];
    return answer(e, e->activation->backward(&c.activation), err);
}
