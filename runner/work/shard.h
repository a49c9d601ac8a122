/* shard.h - one task of a sweep that is cut into shards: what it publishes in the share, and what an earlier
 * task of the same shard has published there. See segments.h for the files.
 *
 * The task has a database of its own. Every half minute, and at its end, what has ended since then goes into
 * a new segment, with the files of checkpoints; so do runs that are under way and have a new checkpoint.
 */
#ifndef WORK_SHARD_H
#define WORK_SHARD_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/error.h"

/* Trials t with t mod N = K; N 0: the experiment is not cut. */
struct shard_place {
    int64_t k, n;
    const char *share; /* the folder */
};

struct shard;

/* That shard of the experiment UID. Makes its folder. Errors: it cannot be made; the share has the experiment
 * in another number of shards. */
status shard_open(const struct shard_place *at, const char *uid, struct shard **out, struct error *err);
void shard_free(struct shard *s); /* NULL is fine */

/* Put what is published into the database DB, which is made where it is missing. NOTE: told of segments that
 * are torn; their runs are trained again. */
status shard_load(struct shard *s, const char *db, void (*note)(void *arg, const char *text), void *arg,
                  struct error *err);

/* RUN has ended, whatever came of it. */
void shard_add(struct shard *s, int64_t run);
/* Seconds until shard_publish() is due. */
double shard_due(const struct shard *s);
/* What of EXPERIMENT is new in DB, where all is committed. FAILED: nothing of it is in the share, and it is
 * tried again next time. */
status shard_publish(struct shard *s, const char *db, int64_t experiment, struct error *err);
/* All its runs have ended and are published. */
status shard_finish(struct shard *s, struct error *err);

#endif
