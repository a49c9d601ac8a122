/* net_share.c - `share:` of a planned net: which tensors of an entry are those of an earlier one.
 *
 * Such a tensor is in the net once, with the earlier entry; net_memory.c points both at it.
 */
#include "engine/net_impl.h"
#include "engine/safetensors.h"

/* The tensor NAME of entry OWNER, its own or one that it shares itself; NULL: it has none. */
static struct net_tensor *tensor_of(const struct net *n, const struct entry *owner, const char *name)
{
    for (uint64_t t = 0; owner->alias && t < owner->layer->ntensors; t++)
        if (owner->alias[t] != (size_t)OWN && !strcmp(owner->layer->tensors[t].name, name))
            return &n->tensor[owner->alias[t]];
    for (size_t i = owner->first; i < owner->first + owner->ntensors; i++)
        if (!strcmp(n->tensor[i].name, name))
            return &n->tensor[i];
    return NULL;
}

static status refuse_shape(const struct entry *e, int index, const struct net_tensor *t,
                           const fell_shape *own, struct problem *p)
{
    struct strbuf have = {0}, want = {0};

    tensor_dims_text(t->shape.dim, t->shape.rank, &have);
    tensor_dims_text(own->dim, own->rank, &want);
    problem_set(p, "model", index, "share", "share: the %s of '%s' is %s, that of '%s' would be %s", t->name,
                e->spec->share, have.text, e->name, want.text);
    strbuf_release(&have);
    strbuf_release(&want);
    return FAILED;
}

static status take(struct net *n, struct entry *e, int index, uint64_t t, struct net_tensor *of,
                   struct problem *p)
{
    if (memcmp(&of->shape, &e->plan.tensor[t], sizeof of->shape) != 0)
        return refuse_shape(e, index, of, &e->plan.tensor[t], p);
    for (size_t k = 0; k < e->spec->ninits; k++)
        if (!strcmp(e->spec->init_tensor[k], of->name))
            return problem_set(p, "model", index, "share",
                               "share: the %s of '%s' is that of '%s', so it has no init of its own",
                               of->name, e->name, e->spec->share);
    n->nshared += !of->shared;
    of->shared = true;
    e->alias[t] = (size_t)(of - n->tensor);
    return OK;
}

status net_share_tensors(struct net *n, struct entry *e, int index, struct problem *p)
{
    const struct entry *owner = &n->entry[names_find(&n->names, e->spec->share)];
    bool shares = false;

    e->alias = arena_alloc(n->arena, e->layer->ntensors * sizeof *e->alias);
    for (uint64_t t = 0; t < e->layer->ntensors; t++) {
        struct net_tensor *of =
            e->plan.tensor[t].rank ? tensor_of(n, owner, e->layer->tensors[t].name) : NULL;

        e->alias[t] = (size_t)OWN;
        if (of && take(n, e, index, t, of, p) != OK)
            return FAILED;
        shares |= of != NULL;
    }
    if (!shares)
        return problem_set(p, "model", index, "share", "share: '%s' and '%s' have no tensor of one name",
                           owner->name, e->name);
    if (e->spec->trainable != owner->spec->trainable || e->spec->lr_factor != owner->spec->lr_factor)
        return problem_set(
            p, "model", index, "share",
            "share: '%s' and '%s' have one weight, so they need one lr_factor and one trainable", owner->name,
            e->name);
    return OK;
}
