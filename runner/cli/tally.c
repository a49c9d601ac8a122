/* tally.c - see tally.h. Called by the progress lines and by the commands that look at results. */
#include "cli/tally.h"

#include <string.h>

#include "cli/results.h"
#include "record/database.h"

const char *const tally_words[STATUSES] = {"queued",    "running",       "finished",   "stopped",
                                           "pruned",    "diverged",      "failed",     "crashed",
                                           "timed_out", "out_of_memory", "interrupted"};

enum run_status tally_status(const char *word)
{
    int s = 0;

    while (s < STATUSES && strcmp(tally_words[s], word) != 0)
        s++;
    return (enum run_status)s;
}

static int64_t sum(const struct tally *t, enum run_status first, enum run_status last)
{
    int64_t n = 0;

    for (int s = (int)first; s <= (int)last; s++)
        n += t->of[s];
    return n;
}

int64_t tally_all(const struct tally *t)
{
    return sum(t, 0, STATUSES - 1);
}

int64_t tally_ended(const struct tally *t)
{
    return sum(t, STATUS_FINISHED, STATUS_OUT_OF_MEMORY);
}

void tally_add_text(struct strbuf *out, const struct tally *t)
{
    const int64_t all = tally_all(t);

    strbuf_addf(out, "%lld of %lld run%s done", (long long)tally_ended(t), (long long)all,
                all == 1 ? "" : "s");
    for (int s = STATUS_STOPPED; s < STATUSES; s++) {
        if (t->of[s] == 0)
            continue;
        strbuf_addf(out, ", %lld ", (long long)t->of[s]);
        for (const char *word = tally_words[s]; *word; word++)
            strbuf_addn(out, *word == '_' ? " " : word, 1);
    }
    if (t->of[STATUS_RUNNING])
        strbuf_addf(out, ", %lld running", (long long)t->of[STATUS_RUNNING]);
}

status tally_read(sqlite3 *db, int64_t experiment, struct tally *out, struct error *err)
{
    sqlite3_stmt *s;
    int code;

    *out = (struct tally){.of = {0}};
    if (results_query(db, "SELECT status, count(*) FROM runs WHERE experiment_id = ?1 GROUP BY status", 1,
                      &experiment, &s, err))
        return FAILED;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        enum run_status at = tally_status(database_text(s, 0));

        if (at < STATUSES)
            out->of[at] = sqlite3_column_int64(s, 1);
    }
    sqlite3_finalize(s);
    return code == SQLITE_DONE ? OK : results_error(db, err);
}
