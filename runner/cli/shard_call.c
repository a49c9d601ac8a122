/* shard_call.c - see shard_call.h. What a shard is and how it is published is in work/shard.c.
 */
#include "cli/shard_call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "work/segments.h"

/* "3/16". */
static status read_place(const char *text, struct shard_place *at, struct error *err)
{
    const char *slash = strchr(text, '/');
    char *k = mem_format("%.*s", slash ? (int)(slash - text) : 0, text);
    const bool good = slash && text_to_int(k, &at->k) && text_to_int(slash + 1, &at->n) && at->n >= 1 &&
                      at->n <= SEGMENTS_MOST && at->k >= 0 && at->k < at->n;

    free(k);
    return good
               ? OK
               : error_set(err,
                           "--shard: '%s' is no K/N: N shards (1 to %d), of which this is K, from 0 to N - 1",
                           text, SEGMENTS_MOST);
}

static status check_options(const struct call *c, struct error *err)
{
    if (!c->shard || !c->share_folder)
        return error_set(err,
                         "--shard K/N says which trials to train, and --share DIR where to put them: give "
                         "both");
    if (!*c->share_folder)
        return error_set(err, "--share: '' is no folder");
    if (c->restart || c->extend)
        return error_set(err,
                         "--%s does not go with --shard: give a share of its own to what is trained anew",
                         c->restart ? "new" : "extend");
    if (strcmp(c->db, DEFAULT_DB) != 0)
        return error_set(err, "--db does not go with --shard: a shard has its own database, in $TMPDIR, and "
                              "`fell collect` puts all into one");
    return OK;
}

status shard_call_open(struct shard_call *s, const struct call *c, struct error *err)
{
    *s = (struct shard_call){.db = NULL};
    if (!c->shard && !c->share_folder)
        return OK;
    if (check_options(c, err) != OK || read_place(c->shard, &s->at, err) != OK ||
        scratch_begin(&s->scratch, err) != OK)
        return FAILED;
    s->at.share = c->share_folder;
    s->db = mem_format("%s/shard-%04lld.db", s->scratch.folder, (long long)s->at.k);
    return OK;
}

status shard_call_check(const struct shard_call *s, const struct experiment *e, struct error *err)
{
    if (s->at.n == 0)
        return OK;
    if (e->seed_drawn)
        return error_set(err, "each task would draw another seed: give one, seed=%llu",
                         (unsigned long long)e->seed);
    if (e->adaptive || e->pruner.kind != PRUNER_NONE)
        return error_set(
            err,
            "--shard: the %s of this sweep learns from all trials, and a shard knows its own alone; "
            "take a grid, a list or a strategy that draws, without a pruner",
            e->adaptive ? "strategy" : "pruner");
    return OK;
}

/* What is not there need not be moved. */
static bool move(const struct shard_call *s, const char *db, const char *ending)
{
    char *from = mem_format("%s%s", s->db, ending), *to = mem_format("%s%s", db, ending);
    const bool moved = rename(from, to) == 0 || errno == ENOENT;

    if (!moved)
        cli_error("cannot keep '%s' as '%s': %s", from, to, strerror(errno));
    free(to);
    free(from);
    return moved;
}

/* The log before its database, which has no rows of it without. */
static void keep_database(const struct shard_call *s)
{
    char *db = mem_format("%s.db", s->scratch.folder);

    if (access(s->db, F_OK) == 0 && move(s, db, "-wal") && move(s, db, ".checkpoints") && move(s, db, ""))
        cli_error("what was trained is in '%s'; `fell merge` puts it to the rest", db);
    free(db);
}

void shard_call_release(struct shard_call *s, bool keep)
{
    if (s->db && keep)
        keep_database(s);
    scratch_end(&s->scratch);
    free(s->db);
    *s = (struct shard_call){.db = NULL};
}
