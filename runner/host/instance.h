/* instance.h - what stands behind a plugin's ctx: scratch memory, random stream,
 * matrix products, threads, errors and warnings.
 *
 * One instance for each use of an item (each model entry, the loss, ...). The
 * callbacks of fell_host find it from the ctx they are given.
 */
#ifndef HOST_INSTANCE_H
#define HOST_INSTANCE_H

#include "base/error.h"
#include "base/rng.h"
#include "fell/plugin.h"
#include "host/registry.h"
#include "kernels/kernels.h"

/* Shared by all instances of a run; set up once. */
enum { TRESPASS_TEXT = 160 };

struct host_env {
    const struct kernels *kernels;
    struct pool *pool;                                         /* NULL: one thread */
    void (*warn)(void *arg, const char *who, const char *msg); /* may be NULL */
    void *warn_arg;
    struct registry *registry; /* where a tensor's default initialiser is found */
    uint32_t unset;            /* what working memory holds before it is set; 0: whatever it held */
    char *trespass; /* [TRESPASS_TEXT] with `unset`: the first write behind working memory; or NULL */
};

struct instance {
    fell_ctx ctx; /* first, so that a ctx is its instance */
    const struct item *item;
    const char *name; /* for messages: "dense1", "cross_entropy" */
    struct host_env *env;
    struct error error;       /* what fell_fail said last; "" if nothing */
    struct rng_stream stream; /* set by the engine before each callback that may draw */
    struct scratch *scratch;  /* private */
    bool used;                /* scratch was taken since the last reset */
    bool warned;
};

void instance_init(struct instance *in, const struct item *item, const char *name, struct host_env *env);
void instance_release(struct instance *in);

/* Called between callbacks: scratch is reusable again. Here, since it costs nothing when none was used. */
void instance_empty(struct instance *in);
static inline void instance_reset(struct instance *in)
{
    if (in->used)
        instance_empty(in);
}

/* The message of a failed callback with the item's name in front ("dense1: ...");
 * SETTING (64 bytes, may be NULL) gets the setting's name when the message begins
 * with "SETTING: " and the item has such a setting, else "". Returns FAILED. */
status instance_error(const struct instance *in, char *setting, struct error *err);

#endif
