/* net_at.c - see net_at.h. Read by the signal handler of a worker. */
#include "engine/net_at.h"

static const char *volatile what = "", *volatile name = "", *volatile phase = "", *volatile probe = "";

/* What the user calls it: every entry of the model is a layer. */
static const char *word_of(const struct item *item)
{
    if (item->kind == FELL_KIND_LAYER)
        return role_word(item->layer->backward ? ROLE_MODEL_ENTRY : ROLE_TRANSFORM);
    return item->kind == FELL_KIND_ACTIVATION ? role_word(ROLE_MODEL_ENTRY) : kind_word(item->kind);
}

void net_at(const struct instance *in, const char *now)
{
    what = in ? word_of(in->item) : "";
    name = in ? in->name : "";
    phase = in ? now : "";
}

void net_at_probe(const struct instance *in)
{
    probe = in ? in->name : "";
}

struct net_place net_where(void)
{
    return (struct net_place){what, name, phase, name == probe ? "" : probe};
}
