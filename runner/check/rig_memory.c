/* rig_memory.c - the memory of a rig: buffers between guards, the working memory that callbacks ask for, and
 * what each call did to them; and the trace of what is called. Knows no kind and no step.
 */
#include "check/rig_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

/* Bytes before and after each buffer, a multiple of the alignment: a row of 300 numbers, and behind four
 * times the buffer, which may have been made for one row in place of all. Sizes of what is saved and of
 * working memory are the author's own, and may be those of one row of many. */
enum { ALIGNMENT = 64, GUARD = 2048, MOST_BEHIND = 4 * GUARD, BEHIND_SAVED = 16 * GUARD };

/* Memory that a callback asked for. */
struct scratch_block {
    struct scratch_block *next;
    unsigned char *base;
    size_t bytes;
};

/* ---- the trace --------------------------------------------------------------------------------- */

static struct rig_trace *trace;

void rig_trace(struct rig_trace *t)
{
    trace = t;
}

struct rig_trace *rig_traced(void)
{
    return trace;
}

void rig_note(const char *doing)
{
    if (trace)
        trace->doing = doing;
}

/* ---- guards ----------------------------------------------------------------------------------- */

static void set_unset(void *to, size_t bytes, uint32_t pattern)
{
    unsigned char *p = to;
    size_t done = bytes < sizeof pattern ? bytes : sizeof pattern;

    for (size_t i = 0; i < done; i++)
        p[i] = (unsigned char)(pattern >> 8 * i);
    for (size_t n; done < bytes; done += n) { /* twice as much each time, which is whole patterns */
        n = done < bytes - done ? done : bytes - done;
        memcpy(p + done, p, n);
    }
}

/* Least guard behind a buffer, by its use: lists of settings are as long as an author takes them for. */
static size_t least_behind(enum use use)
{
    return use == USE_HIDDEN ? BEHIND_SAVED : use == USE_SETTING ? MOST_BEHIND : GUARD;
}

static size_t behind_of(size_t bytes, size_t least)
{
    const size_t wanted = bytes < MOST_BEHIND / 4 ? 4 * bytes : MOST_BEHIND;

    return wanted < least ? least : (wanted + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t room_of(size_t bytes, size_t least)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + GUARD + behind_of(bytes, least);
}

/* The same with no guard behind, but a page that nobody may read. */
static unsigned char *fenced(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE),
                 size = GUARD + (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    const size_t pages = (size + page - 1) / page * page;
    unsigned char *all = mmap(NULL, pages + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (all == MAP_FAILED || mprotect(all + pages, page, PROT_NONE) != 0)
        return NULL;
    return all + pages - size;
}

/* BYTES that hold UNSET, between guards; the address of the first guard. The second begins right behind them.
 */
static unsigned char *guarded(const struct rig *g, size_t bytes, size_t least, uint32_t unset)
{
    unsigned char *base = g->how.fence ? fenced(bytes) : mem_try_aligned(room_of(bytes, least), 1);

    if (base) {
        set_unset(base, g->how.fence ? GUARD : room_of(bytes, least), g->how.guard);
        set_unset(base + GUARD, bytes, unset);
    }
    return base;
}

/* Fenced memory is kept until the process ends, which is soon. */
static void give_back(const struct rig *g, unsigned char *base)
{
    if (!g->how.fence)
        free(base);
}

/* The first of N bytes that is not as a guard has it, its pattern begun at byte PHASE; N if all are. */
static size_t first_change(const struct rig *g, const unsigned char *v, size_t n, size_t phase)
{
    size_t i = 0;

    if (memcmp(v, g->guard + phase, n) == 0)
        return n;
    while (v[i] == g->guard[phase + i])
        i++;
    return i;
}

static void look_at_guards(struct rig *g, const unsigned char *base, size_t bytes, size_t least,
                           const char *name, int size)
{
    const size_t behind = room_of(bytes, least) - GUARD - bytes, before = first_change(g, base, GUARD, 0);
    size_t after;

    if (g->trespass[0] || g->how.fence)
        return;
    after = first_change(g, base + GUARD + bytes, behind, bytes % sizeof(uint32_t));
    if (before < GUARD)
        snprintf(g->trespass, sizeof g->trespass, "it writes to %s[%lld] of %lld", name,
                 -(long long)((GUARD - before + (size_t)size - 1) / (size_t)size), (long long)bytes / size);
    else if (after < behind)
        snprintf(g->trespass, sizeof g->trespass, "it writes to %s[%lld] of %lld", name,
                 (long long)(bytes + after) / size, (long long)bytes / size);
}

/* ---- the host as the plugin sees it ----------------------------------------------------------- */

static void *check_scratch(fell_ctx *ctx, int64_t count, int64_t size)
{
    struct rig *g = (struct rig *)(void *)((char *)ctx - offsetof(struct rig, s.in.ctx));
    struct scratch_block *b = malloc(sizeof *b);
    size_t bytes = 0;

    if (!b)
        return NULL;
    if (count < 0 || size < 0 || !mem_mul((size_t)count, (size_t)size, &bytes) || bytes > SIZE_MAX / 4 ||
        !(b->base = guarded(g, bytes, BEHIND_SAVED, g->how.scratch))) {
        free(b);
        ctx->host->fail(ctx, "its working memory cannot be had");
        return NULL;
    }
    b->bytes = bytes;
    pthread_mutex_lock(&g->lock);
    b->next = g->scratch;
    g->scratch = b;
    pthread_mutex_unlock(&g->lock);
    return b->base + GUARD;
}

static fell_status check_parallel(fell_ctx *ctx, int64_t n, int64_t grain, fell_range_fn *fn, void *arg)
{
    fell_status result = FELL_OK;

    for (int64_t block = (n + grain - 1) / grain - 1; block >= 0; block--) {
        const int64_t begin = block * grain;

        if (fn(arg, begin, n - begin < grain ? n : begin + grain) != FELL_OK)
            result = FELL_ERROR;
    }
    (void)ctx;
    return result;
}

status rig_memory_lend(struct rig *g, struct error *err)
{
    if (g->how.threads > 1) {
        if (pool_new(g->how.threads, &g->pool, err) != OK)
            return FAILED;
        g->s.env.pool = g->pool;
    }
    g->host = *g->s.in.ctx.host;
    g->host.scratch = check_scratch;
    if (g->how.backwards)
        g->host.parallel_for = check_parallel;
    g->s.in.ctx.host = &g->host;
    return OK;
}

/* ---- buffers ------------------------------------------------------------------------------------- */

int rig_buffer(struct rig *g, enum use use, int64_t n, int size, const char *name)
{
    struct buffer *b = &g->buffer[g->nbuffers];

    if (g->nbuffers == RIG_BUFFERS)
        abort(); /* setups have fewer */
    *b = (struct buffer){.use = use, .n = n, .size = size, .floats = size >= 4, .of = -1};
    snprintf(b->name, sizeof b->name, "%s", name);
    b->v = guarded(g, (size_t)(n * size), least_behind(use), g->how.unset);
    if (!b->v)
        abort(); /* a few kilobytes */
    b->v = (unsigned char *)b->v + GUARD;
    return g->nbuffers++;
}

void rig_resize(struct rig *g, int buffer, int64_t n)
{
    struct buffer *b = &g->buffer[buffer];

    give_back(g, (unsigned char *)b->v - GUARD);
    b->n = n;
    b->v = guarded(g, (size_t)(n * b->size), least_behind(b->use), g->how.unset);
    if (!b->v)
        abort(); /* a few megabytes */
    b->v = (unsigned char *)b->v + GUARD;
}

void rig_unset(const struct rig *g, struct buffer *b)
{
    set_unset(b->v, (size_t)(b->n * b->size), g->how.unset);
}

void rig_keep(struct rig *g, int buffer)
{
    struct buffer *b = &g->buffer[buffer];
    const size_t bytes = (size_t)(b->n * b->size);

    b->start = mem_alloc(bytes ? bytes : 1);
    memcpy(b->start, b->v, bytes);
}

/* Around 0 and well apart: no two are the same, so that a maximum has no ties. */
static void fill(struct rig *g, float *x, int64_t n, enum fill how)
{
    switch (how) {
    case FILL_DENORMAL:
        for (int64_t i = 0; i < n; i++)
            x[i] = 1e-40f;
        return;
    case FILL_SAME:
    case FILL_SIGNS:
        for (int64_t i = 0; i < n; i++)
            x[i] = how == FILL_SIGNS && i % 2 ? -g->how.reach : g->how.reach;
        return;
    case FILL_EVEN:
        rng_uniform(&g->draw, x, n);
        for (int64_t i = 0; i < n; i++)
            x[i] = g->how.reach * (2.0f * x[i] - 1.0f);
        return;
    default:
        rng_normal(&g->draw, x, n);
        for (int64_t i = 0; i < n; i++)
            x[i] *= 1.5f;
    }
}

/* What comes from behind, and weights, are of the usual size. */
float *rig_input(struct rig *g, int64_t n, const char *name)
{
    const int number = rig_buffer(g, USE_INPUT, n, sizeof(float), name);
    const bool usual = strcmp(name, "dy") == 0 || strcmp(name, "w") == 0;
    float *x = g->buffer[number].v;

    fill(g, x, n, usual && g->how.fill != FILL_DENORMAL ? FILL_USUAL : g->how.fill);
    rig_keep(g, number);
    return x;
}

float *rig_output(struct rig *g, int64_t n, const char *name)
{
    return g->buffer[rig_buffer(g, USE_OUTPUT, n, sizeof(float), name)].v;
}

int rig_find(const struct rig *g, const char *name)
{
    for (int i = 0; i < g->nbuffers; i++)
        if (strcmp(g->buffer[i].name, name) == 0)
            return i;
    return -1;
}

struct buffer *rig_named(struct rig *g, const char *name)
{
    const int i = rig_find(g, name);

    return i < 0 ? NULL : &g->buffer[i];
}

double buffer_at(const struct buffer *b, int64_t i)
{
    return b->size == (int)sizeof(double) ? ((const double *)b->v)[i] : (double)((const float *)b->v)[i];
}

/* ---- from the first call to the last ---------------------------------------------------------------- */

void rig_memory_open(struct rig *g)
{
    g->guard = mem_alloc(BEHIND_SAVED + 2 * ALIGNMENT);
    set_unset(g->guard, BEHIND_SAVED + 2 * ALIGNMENT, g->how.guard);
    pthread_mutex_init(&g->lock, NULL);
}

void rig_memory_forget(struct rig *g)
{
    while (g->returned) {
        struct scratch_block *b = g->returned;

        g->returned = b->next;
        give_back(g, b->base);
        free(b);
    }
}

/* Scratch memory is gone when a call returns: who looks at it later finds it unset. */
static void return_scratch(struct rig *g)
{
    while (g->scratch) {
        struct scratch_block *b = g->scratch;

        g->scratch = b->next;
        look_at_guards(g, b->base, b->bytes, BEHIND_SAVED, "its scratch memory", 1);
        set_unset(b->base + GUARD, b->bytes, g->how.gone);
        b->next = g->returned;
        g->returned = b;
    }
}

void rig_memory_close(struct rig *g)
{
    return_scratch(g);
    rig_memory_forget(g);
    for (int i = 0; i < g->nbuffers; i++) {
        give_back(g, (unsigned char *)g->buffer[i].v - GUARD);
        free(g->buffer[i].start);
    }
    free(g->guard);
    pthread_mutex_destroy(&g->lock);
}

status rig_call(struct rig *g, fell_status result, struct error *err)
{
    status st = subject_call(&g->s, result, err);

    return_scratch(g);
    for (int i = 0; i < g->nbuffers; i++) {
        const struct buffer *b = &g->buffer[i];

        look_at_guards(g, (unsigned char *)b->v - GUARD, (size_t)(b->n * b->size), least_behind(b->use),
                       b->name, b->size);
    }
    return st;
}

bool rig_never_set(const struct rig *g, struct error *what)
{
    unsigned char pattern[sizeof(double)];

    set_unset(pattern, sizeof pattern, g->how.unset);
    for (int i = 0; i < g->nbuffers; i++) {
        const struct buffer *b = &g->buffer[i];

        for (int64_t k = 0; b->use == USE_OUTPUT && k < b->n; k++)
            if (memcmp((const char *)b->v + k * b->size, pattern, (size_t)b->size) == 0) {
                error_set(what, "it never sets %s[%lld]", b->name, (long long)k);
                return true;
            }
    }
    return false;
}

int64_t rig_rows(const struct rig *g)
{
    return g->how.rows ? g->how.rows : g->setup->batch;
}
