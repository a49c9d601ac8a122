/* pool.c - the threads inside one run: a crew that shares out the blocks of a loop.
 *
 * Does not decide what a block is, and does not allocate after pool_new(). Called
 * by the matrix product and by the plugin host (fell_parallel).
 *
 * A job is published by writing its fields and then one word, the ticket: the
 * job's number above, the next block below. Whoever moves the ticket on from block
 * b by compare-and-swap does block b. A job's fields change only when all of its
 * blocks are done and its ticket is closed, that is, has no block to move on from; so
 * fields read before a successful swap belong to that job: nobody has to wait for
 * threads that come late, and a job that is over before they wake is none of their
 * business.
 */
#include "kernels/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BITS 32
#define BLOCK_MASK ((UINT64_C(1) << BLOCK_BITS) - 1)
#define CLOSED     BLOCK_MASK /* as the next block */

enum { SPINS = 2000 }; /* tens of microseconds: jobs follow each other closely */

struct pool {
    int threads; /* with the caller's */
    int started;
    pthread_t *thread;
    pthread_mutex_t lock; /* of the sleep, not of the jobs */
    pthread_cond_t wake, done;
    atomic_bool stop;
    atomic_bool busy; /* a caller is in pool_run */
    _Atomic uint64_t ticket;
    _Atomic int64_t blocks; /* of the job */
    _Atomic int64_t finished;
    void (*_Atomic fn)(void *arg, int64_t block);
    void *_Atomic arg;
    atomic_int asleep; /* threads that wait for a ticket */
    atomic_bool caller_asleep;
};

/* Set while this thread is inside a block: a nested call runs inline. */
static _Thread_local bool inside;

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* Do blocks of job NUMBER until none is left. */
static void work(struct pool *p, uint64_t number)
{
    uint64_t ticket = atomic_load(&p->ticket);

    while (ticket >> BLOCK_BITS == number) {
        void (*fn)(void *, int64_t) = atomic_load(&p->fn);
        void *arg = atomic_load(&p->arg);
        int64_t blocks = atomic_load(&p->blocks), block = (int64_t)(ticket & BLOCK_MASK);

        if (block >= blocks) /* also of a closed ticket: jobs have fewer */
            return;
        if (!atomic_compare_exchange_weak(&p->ticket, &ticket, ticket + 1))
            continue;
        inside = true;
        fn(arg, block);
        inside = false;
        if (atomic_fetch_add(&p->finished, 1) + 1 == blocks && atomic_load(&p->caller_asleep)) {
            pthread_mutex_lock(&p->lock);
            pthread_cond_signal(&p->done);
            pthread_mutex_unlock(&p->lock);
        }
        ticket = atomic_load(&p->ticket);
    }
}

static void *thread_main(void *arg)
{
    struct pool *p = arg;
    uint64_t seen = 0;

    for (;;) {
        uint64_t number = atomic_load(&p->ticket) >> BLOCK_BITS;

        for (int i = 0; i < SPINS && number == seen && !atomic_load(&p->stop); i++) {
            relax();
            number = atomic_load(&p->ticket) >> BLOCK_BITS;
        }
        if (number == seen) {
            pthread_mutex_lock(&p->lock);
            atomic_fetch_add(&p->asleep, 1);
            while ((number = atomic_load(&p->ticket) >> BLOCK_BITS) == seen && !atomic_load(&p->stop))
                pthread_cond_wait(&p->wake, &p->lock);
            atomic_fetch_sub(&p->asleep, 1);
            pthread_mutex_unlock(&p->lock);
        }
        if (atomic_load(&p->stop))
            return NULL;
        seen = number;
        work(p, number);
    }
}

status pool_new(int threads, struct pool **out, struct error *err)
{
    struct pool *p = calloc(1, sizeof *p);

    *out = NULL;
    if (p == NULL || (p->thread = calloc((size_t)threads, sizeof *p->thread)) == NULL) {
        free(p);
        return error_set(err, "out of memory for %d threads", threads);
    }
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->done, NULL);
    p->threads = threads;
    while (p->started < threads - 1) {
        int rc = pthread_create(&p->thread[p->started], NULL, thread_main, p);

        if (rc != 0) {
            error_set(err, "cannot start thread %d of %d: %s", p->started + 2, threads, strerror(rc));
            pool_free(p);
            return FAILED;
        }
        p->started++;
    }
    *out = p;
    return OK;
}

void pool_free(struct pool *p)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->stop, true);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->started; i++)
        pthread_join(p->thread[i], NULL);
    pthread_cond_destroy(&p->wake);
    pthread_cond_destroy(&p->done);
    pthread_mutex_destroy(&p->lock);
    free(p->thread);
    free(p);
}

int pool_threads(const struct pool *p)
{
    return p != NULL ? p->threads : 1;
}

void pool_run(struct pool *p, void (*fn)(void *arg, int64_t block), void *arg, int64_t blocks)
{
    uint64_t number;

    /* A second caller at once, or more blocks than a ticket counts, runs inline as well. */
    if (p == NULL || inside || blocks < 2 || blocks > (int64_t)(BLOCK_MASK >> 1) ||
        atomic_exchange(&p->busy, true)) {
        const bool was = inside;

        inside = true;
        for (int64_t i = 0; i < blocks; i++)
            fn(arg, i);
        inside = was;
        return;
    }
    number = atomic_load(&p->ticket) >> BLOCK_BITS;
    atomic_store(&p->ticket, number << BLOCK_BITS | CLOSED);
    number = (number + 1) & BLOCK_MASK;
    atomic_store(&p->fn, fn);
    atomic_store(&p->arg, arg);
    atomic_store(&p->blocks, blocks);
    atomic_store(&p->finished, 0);
    atomic_store(&p->ticket, number << BLOCK_BITS);
    if (atomic_load(&p->asleep) > 0) {
        pthread_mutex_lock(&p->lock);
        pthread_cond_broadcast(&p->wake);
        pthread_mutex_unlock(&p->lock);
    }
    work(p, number);
    for (int i = 0; i < SPINS && atomic_load(&p->finished) < blocks; i++)
        relax();
    if (atomic_load(&p->finished) < blocks) {
        pthread_mutex_lock(&p->lock);
        atomic_store(&p->caller_asleep, true);
        while (atomic_load(&p->finished) < blocks)
            pthread_cond_wait(&p->done, &p->lock);
        atomic_store(&p->caller_asleep, false);
        pthread_mutex_unlock(&p->lock);
    }
    atomic_store(&p->busy, false);
}
