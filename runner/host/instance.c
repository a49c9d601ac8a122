/* instance.c - the services behind a plugin's ctx. See instance.h.
 *
 * Inside fell_parallel() each block has a context of its own in thread-local
 * storage: its scratch comes from a lane that no other block uses meanwhile, and
 * its error stays apart until the lowest failing block is known, so that the
 * message does not depend on the threads. Called through fell_host by plugins,
 * and by whoever makes instances: the data loader, the net, the loops.
 */
#include "host/instance.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { ALIGNMENT = 64, FIRST_CHUNK = 16384, MOST_WARNINGS = 20, GUARD_ROOM = 16384 };

/* ---- scratch ---------------------------------------------------------------- */

/* Memory that only grows until it is emptied. One thread at a time. */
struct chunk {
    struct chunk *older;
    size_t used, room;
    unsigned char *bytes; /* 64-byte aligned */
};

struct lane {
    struct lane *next; /* in the list of lanes that nobody uses */
    struct chunk *newest;
    size_t total; /* room of all chunks */
};

/* Where a piece of working memory ends, of a host that looks whether it is kept to. */
struct guard {
    unsigned char *at;
    size_t size, each; /* bytes of the piece, and of one of its elements */
};

struct scratch {
    struct lane main; /* outside fell_parallel() */
    size_t nguards;
    struct guard *guard;
    pthread_mutex_t lock; /* of all below */
    struct lane *idle;
    size_t nwarnings;
    char *warnings[MOST_WARNINGS];
};

/* What the block that this thread is in has of its own. */
struct block_state {
    struct instance *in;
    struct lane *lane; /* NULL until the block asks for scratch */
    struct error error;
};

static _Thread_local struct block_state *current_block;

static struct block_state *block_of(const struct instance *in)
{
    return current_block && current_block->in == in ? current_block : NULL;
}

static struct chunk *chunk_new(size_t room)
{
    struct chunk *c = malloc(sizeof *c);

    if (!c)
        return NULL;
    *c = (struct chunk){.room = room, .bytes = aligned_alloc(ALIGNMENT, room)};
    if (!c->bytes) {
        free(c);
        return NULL;
    }
    return c;
}

static void lane_release(struct lane *lane)
{
    for (struct chunk *c = lane->newest, *older; c; c = older) {
        older = c->older;
        free(c->bytes);
        free(c);
    }
    lane->newest = NULL;
    lane->total = 0;
}

/* Empty again; what took several chunks gets one of their size, so that a steady
 * state allocates nothing. */
static void lane_reset(struct lane *lane)
{
    size_t total = lane->total;

    if (!lane->newest)
        return;
    if (lane->newest->older) {
        lane_release(lane);
        lane->newest = chunk_new(total);
        lane->total = lane->newest ? total : 0;
        return;
    }
    lane->newest->used = 0;
}

static void *lane_take(struct lane *lane, size_t size)
{
    struct chunk *c = lane->newest;
    void *p;

    if (!c || c->room - c->used < size) {
        size_t room = size > lane->total ? size : lane->total;

        room = room > FIRST_CHUNK ? room : FIRST_CHUNK;
        c = chunk_new(room);
        if (!c)
            return NULL;
        c->older = lane->newest;
        lane->newest = c;
        lane->total += room;
    }
    p = c->bytes + c->used;
    c->used += size;
    return p;
}

static struct lane *lane_acquire(struct scratch *s)
{
    struct lane *lane;

    pthread_mutex_lock(&s->lock);
    lane = s->idle;
    if (lane)
        s->idle = lane->next;
    pthread_mutex_unlock(&s->lock);
    return lane ? lane : calloc(1, sizeof *lane);
}

static void lane_give_back(struct scratch *s, struct lane *lane)
{
    lane_reset(lane);
    pthread_mutex_lock(&s->lock);
    lane->next = s->idle;
    s->idle = lane;
    pthread_mutex_unlock(&s->lock);
}

/* ---- what plugins call ------------------------------------------------------ */

static void host_fail(fell_ctx *ctx, const char *msg)
{
    struct instance *in = (struct instance *)ctx;
    struct block_state *block = block_of(in);

    error_set(block ? &block->error : &in->error, "%s", msg);
}

static void host_warn(fell_ctx *ctx, const char *msg)
{
    struct instance *in = (struct instance *)ctx;
    struct scratch *s = in->scratch;
    const char *tell = NULL;

    pthread_mutex_lock(&s->lock);
    in->warned = true;
    if (s->nwarnings < MOST_WARNINGS) {
        size_t i = 0;

        while (i < s->nwarnings && strcmp(s->warnings[i], msg) != 0)
            i++;
        if (i == s->nwarnings) {
            s->warnings[s->nwarnings++] = mem_string(msg);
            tell = s->nwarnings < MOST_WARNINGS ? msg : "warns too often; its further warnings are not shown";
        }
    }
    if (tell && in->env->warn)
        in->env->warn(in->env->warn_arg, in->name, tell);
    pthread_mutex_unlock(&s->lock);
}

/* ---- who looks whether working memory is kept to -------------------------------- */

/* Pieces of blocks are not: others have them before the call is over. */
static bool is_guarded(const struct instance *in)
{
    return in->env->trespass && in->env->unset && !block_of(in);
}

/* A piece of SIZE bytes at P, with GUARD_ROOM behind it that is filled as all that is unset. */
static void guard_piece(struct instance *in, unsigned char *p, size_t size, size_t each)
{
    struct scratch *s = in->scratch;

    s->guard = mem_grow(s->guard, s->nguards + 1, sizeof *s->guard);
    s->guard[s->nguards++] = (struct guard){p + size, size, each ? each : 1};
}

static void look_at_guards(struct instance *in)
{
    struct scratch *s = in->scratch;

    for (size_t i = 0; i < s->nguards; i++) {
        const struct guard *g = &s->guard[i];

        for (size_t k = 0; k < GUARD_ROOM && !in->env->trespass[0]; k++)
            if (g->at[k] != ((const unsigned char *)&in->env->unset)[(g->size + k) % sizeof in->env->unset])
                snprintf(in->env->trespass, TRESPASS_TEXT,
                         "it writes to its working memory (fell_scratch), element %zu of %zu",
                         (g->size + k) / g->each, g->size / g->each);
    }
    s->nguards = 0;
}

static void *host_scratch(fell_ctx *ctx, int64_t count, int64_t size)
{
    struct instance *in = (struct instance *)ctx;
    struct block_state *block = block_of(in);
    const bool guarded = is_guarded(in);
    size_t bytes, wanted = 0;
    void *p = NULL;

    if (count >= 0 && size >= 0 && mem_mul((size_t)count, (size_t)size, &bytes) &&
        bytes <= SIZE_MAX / 2 - ALIGNMENT - GUARD_ROOM) {
        wanted = bytes;
        bytes += guarded ? GUARD_ROOM : 0;
        bytes = bytes ? (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
        if (block && !block->lane)
            block->lane = lane_acquire(in->scratch);
        in->used |= !block;
        if (!block)
            p = lane_take(&in->scratch->main, bytes);
        else if (block->lane)
            p = lane_take(block->lane, bytes);
    }
    for (size_t i = 0; p && in->env->unset && i < bytes / sizeof in->env->unset; i++)
        ((uint32_t *)p)[i] = in->env->unset;
    if (p && guarded)
        guard_piece(in, p, wanted, (size_t)size);
    if (!p) {
        char msg[160];

        if (count >= 0 && size >= 0)
            mem_note_shortage();
        snprintf(msg, sizeof msg, "working memory of %lld x %lld bytes cannot be had", (long long)count,
                 (long long)size);
        host_fail(ctx, msg);
    }
    return p;
}

static void host_gemm(fell_ctx *ctx, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, bool ta,
                      const float *b, int64_t ldb, bool tb, float *c, int64_t ldc, bool add)
{
    struct host_env *env = ((struct instance *)ctx)->env;

    env->kernels->gemm(env->pool, m, n, k, a, lda, ta, b, ldb, tb, c, ldc, add);
}

static void host_gemm_gather(fell_ctx *ctx, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
                             bool ta, const float *b, const int64_t *k_at, const int64_t *n_at, float *c,
                             int64_t ldc, bool add)
{
    ((struct instance *)ctx)->env->kernels->gemm_gather(m, n, k, a, lda, ta, b, k_at, n_at, c, ldc, add);
}

/* One call of fell_parallel(). */
struct parallel {
    struct instance *in;
    int64_t n, grain;
    fell_range_fn *fn;
    void *arg;
    pthread_mutex_t lock;   /* of status and error */
    _Atomic int64_t failed; /* lowest block that failed so far */
    fell_status status;
    struct error error;
};

static void run_block(void *arg, int64_t index)
{
    struct parallel *p = arg;
    struct block_state block, *outer = current_block;
    int64_t begin = index * p->grain;
    int64_t end = p->n - begin < p->grain ? p->n : begin + p->grain;
    fell_status result;

    if (index > atomic_load(&p->failed))
        return;
    block.in = p->in;
    block.lane = NULL;
    block.error.text[0] = 0;
    current_block = &block;
    result = p->fn(p->arg, begin, end);
    current_block = outer;
    if (block.lane)
        lane_give_back(p->in->scratch, block.lane);
    if (result == FELL_OK)
        return;
    pthread_mutex_lock(&p->lock);
    if (index < atomic_load(&p->failed)) {
        atomic_store(&p->failed, index);
        p->status = result;
        p->error = block.error;
    }
    pthread_mutex_unlock(&p->lock);
}

static fell_status host_parallel_for(fell_ctx *ctx, int64_t n, int64_t grain, fell_range_fn *fn, void *arg)
{
    struct instance *in = (struct instance *)ctx;
    struct parallel p;
    int64_t blocks;

    if (n <= 0)
        return FELL_OK;
    if (grain < 1)
        grain = 1;
    blocks = n / grain + (n % grain != 0);
    if (blocks == 1)
        return fn(arg, 0, n);
    p.in = in;
    p.n = n;
    p.grain = grain;
    p.fn = fn;
    p.arg = arg;
    pthread_mutex_init(&p.lock, NULL);
    atomic_init(&p.failed, INT64_MAX);
    p.status = FELL_OK;
    if (in->env->pool)
        pool_run(in->env->pool, run_block, &p, blocks);
    else
        for (int64_t i = 0; i < blocks; i++)
            run_block(&p, i);
    pthread_mutex_destroy(&p.lock);
    if (p.status != FELL_OK)
        host_fail(ctx, p.error.text);
    return p.status;
}

static void host_uniform(fell_ctx *ctx, float *dst, int64_t n)
{
    rng_uniform(&((struct instance *)ctx)->stream, dst, n);
}

static void host_normal(fell_ctx *ctx, float *dst, int64_t n)
{
    rng_normal(&((struct instance *)ctx)->stream, dst, n);
}

static const fell_host host = {
    .minor = FELL_MINOR,
    .fail = host_fail,
    .warn = host_warn,
    .scratch = host_scratch,
    .gemm = host_gemm,
    .parallel_for = host_parallel_for,
    .uniform = host_uniform,
    .normal = host_normal,
    .gemm_gather = host_gemm_gather,
};

/* ---- what the engine calls --------------------------------------------------- */

void instance_init(struct instance *in, const struct item *item, const char *name, struct host_env *env)
{
    *in = (struct instance){
        .ctx = {&host, (uint64_t)env->kernels->level}, .item = item, .name = name, .env = env};
    in->scratch = mem_alloc(sizeof *in->scratch);
    pthread_mutex_init(&in->scratch->lock, NULL);
}

void instance_release(struct instance *in)
{
    struct scratch *s = in->scratch;

    if (!s)
        return;
    lane_release(&s->main);
    for (struct lane *lane = s->idle, *next; lane; lane = next) {
        next = lane->next;
        lane_release(lane);
        free(lane);
    }
    for (size_t i = 0; i < s->nwarnings; i++)
        free(s->warnings[i]);
    free(s->guard);
    pthread_mutex_destroy(&s->lock);
    free(s);
    in->scratch = NULL;
}

void instance_empty(struct instance *in)
{
    in->used = false;
    if (in->scratch->nguards)
        look_at_guards(in);
    lane_reset(&in->scratch->main);
}

status instance_error(const struct instance *in, char *setting, struct error *err)
{
    const char *text = in->error.text, *colon = strstr(text, ": ");

    if (setting)
        setting[0] = 0;
    if (!text[0])
        return error_set(err, "%s: failed without saying why", in->name);
    for (size_t i = 0; colon && in->item && i < in->item->nparams; i++) {
        const char *name = in->item->params[i].name;

        if (strlen(name) != (size_t)(colon - text) || strncmp(name, text, strlen(name)) != 0)
            continue;
        if (setting)
            snprintf(setting, 64, "%s", name);
        return error_set(err, "%s.%s", in->name, text);
    }
    return error_set(err, "%s: %s", in->name, text);
}
