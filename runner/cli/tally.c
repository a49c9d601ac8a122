/* tally.c - see tally.h. */
#include "cli/tally.h"

#include "cli/results.h"
#include "record/database.h"

int64_t tally_all(const struct tally *t)
{
    int64_t n = 0;

    for (int s = 0; s < STATUSES; s++)
        n += t->of[s];
    return n;
}

int64_t tally_ended(const struct tally *t)
{
    int64_t n = 0;

    for (int s = 0; s < STATUSES; s++)
        if (run_statuses[s].end)
            n += t->of[s];
    return n;
}

void tally_add_text(struct strbuf *out, const struct tally *t)
{
    const int64_t all = tally_all(t);

    strbuf_addf(out, "%lld of %lld run%s done", (long long)tally_ended(t), (long long)all,
                all == 1 ? "" : "s");
    for (int s = 0; s < STATUSES; s++) {
        if (t->of[s] == 0 || s == STATUS_QUEUED || s == STATUS_RUNNING || s == STATUS_FINISHED)
            continue;
        strbuf_addf(out, ", %lld ", (long long)t->of[s]);
        for (const char *word = run_statuses[s].word; *word; word++)
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
        enum run_status at = run_status_find(database_text(s, 0));

        if (at < STATUSES)
            out->of[at] = sqlite3_column_int64(s, 1);
    }
    sqlite3_finalize(s);
    return code == SQLITE_DONE ? OK : results_error(db, err);
}
