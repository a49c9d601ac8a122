/* net_at.h - which callback of a plugin runs now, for whoever reports that the process dies in it.
 *
 * Everything that calls a plugin in a run says so here before the call, and nowhere else. Fields are
 * pointers, so that a signal handler can read them whenever it comes.
 */
#ifndef ENGINE_NET_AT_H
#define ENGINE_NET_AT_H

#include "host/instance.h"

struct net_place {
    const char *what;  /* "layer" (activations of the model too), "loss", "metric", "transform", ... */
    const char *name;  /* the instance's: "dense1", "mse" */
    const char *phase; /* "forward", "forward in evaluation", "backward", "step", ... */
    const char *probe; /* the probe that it is called for, "" if none, or the one that is called itself */
};

/* What net_where() reads. */
struct net_now {
    const struct item *volatile item;
    const char *volatile name, *volatile phase, *volatile probe;
};
extern struct net_now net_now;

/* IN is called now, for PHASE. Both stay as they are until the next call; IN may be NULL: no plugin is. Here,
 * since a step says it a dozen times. */
static inline void net_at(const struct instance *in, const char *phase)
{
    net_now.item = in ? in->item : NULL;
    net_now.name = in ? in->name : "";
    net_now.phase = in ? phase : "";
}

/* From now on plugins are called because PROBE asks the net something; NULL: no more. */
void net_at_probe(const struct instance *probe);

/* What was said last; texts are "" where no plugin is called. Async-signal-safe. */
struct net_place net_where(void);

#endif
