/* shard_call.h - --shard and --share of `fell run`: which trials it trains, and the database that it has
 * meanwhile.
 */
#ifndef CLI_SHARD_CALL_H
#define CLI_SHARD_CALL_H

#include "base/scratch.h"
#include "cli/command.h"
#include "trials/experiment.h"
#include "work/shard.h"

struct shard_call {
    struct shard_place at; /* at.n 0: neither option is given */
    struct scratch scratch;
    char *db; /* in it */
};

/* Read them from C. Where they are given a database of its own is named, in $TMPDIR. Errors: what is wrong
 * with them, or does not go with other options. */
status shard_call_open(struct shard_call *s, const struct call *c, struct error *err);

/* That the trials of E do not depend on each other, nor on what is drawn in each task. */
status shard_call_check(const struct shard_call *s, const struct experiment *e, struct error *err);

/* The database goes away; KEEP: it stays beside the scratch folder, which is told. */
void shard_call_release(struct shard_call *s, bool keep);

#endif
