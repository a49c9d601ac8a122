/* pool.h - the threads inside one run (train.threads).
 *
 * pool_run(fn, arg, nblocks) calls fn(arg, i) once for each block i, on any thread,
 * and returns when all are done. Blocks depend on the work alone, never on the
 * number of threads. A call from inside a block runs in the caller's thread.
 */
#ifndef KERNELS_POOL_H
#define KERNELS_POOL_H

#include <stdint.h>

#include "base/error.h"

struct pool;

status pool_new(int threads, struct pool **out, struct error *err); /* threads >= 2 */
void pool_free(struct pool *p);                                     /* NULL is fine */
int pool_threads(const struct pool *p);                             /* NULL: 1 */
void pool_run(struct pool *p, void (*fn)(void *arg, int64_t block), void *arg, int64_t blocks);

#endif
