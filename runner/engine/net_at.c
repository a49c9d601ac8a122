/* net_at.c - see net_at.h. Read by the signal handler of a worker. */
#include "engine/net_at.h"

struct net_now net_now = {NULL, "", "", ""};

/* What the user calls it: every entry of the model is a layer. */
static const char *word_of(const struct item *item)
{
    if (item->kind == FELL_KIND_LAYER)
        return role_word(item->layer->backward ? ROLE_MODEL_ENTRY : ROLE_TRANSFORM);
    return item->kind == FELL_KIND_ACTIVATION ? role_word(ROLE_MODEL_ENTRY) : kind_word(item->kind);
}

void net_at_probe(const struct instance *in)
{
    net_now.probe = in ? in->name : "";
}

struct net_place net_where(void)
{
    const struct item *item = net_now.item;
    const char *name = net_now.name, *probe = net_now.probe;

    return (struct net_place){item ? word_of(item) : "", name, net_now.phase, name == probe ? "" : probe};
}
