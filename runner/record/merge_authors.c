/* merge_authors.c - who else trained the runs of a merge. A run that two people trained to the same uid is
 * one run: its row keeps one of them, the table `authors` has the others. See merge.h.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "record/database.h"
#include "record/merge_impl.h"

status merge_keep_authors(struct merge *m, int64_t run)
{
    char *sql = mem_format("CREATE TEMP TABLE IF NOT EXISTS kept_authors (user, host);"
                           "DELETE FROM temp.kept_authors;"
                           "INSERT INTO temp.kept_authors SELECT user, coalesce(host, '') FROM main.runs\n"
                           "  WHERE id = %lld AND user IS NOT NULL\n"
                           "  UNION SELECT user, host FROM main.authors WHERE run_id = %lld",
                           (long long)run, (long long)run);
    const status st = merge_exec(m, sql);

    free(sql);
    return st;
}

status merge_put_authors(struct merge *m, int64_t run)
{
    char *sql = mem_format("INSERT OR IGNORE INTO main.authors (run_id, user, host)\n"
                           "  SELECT r.id, k.user, k.host FROM temp.kept_authors AS k JOIN main.runs AS r\n"
                           "  ON r.id = %lld WHERE k.user IS NOT r.user",
                           (long long)run);
    const status st = merge_exec(m, sql);

    free(sql);
    return st;
}

status merge_authors(struct merge *m, int64_t from_experiment)
{
    sqlite3_stmt *get = NULL, *put = NULL;
    int rc = sqlite3_prepare_v2(
        m->from,
        "SELECT uid, user, coalesce(host, '') FROM runs WHERE experiment_id = ?1 AND user IS NOT NULL\n"
        "UNION ALL SELECT r.uid, a.user, a.host FROM runs AS r JOIN authors AS a ON a.run_id = r.id\n"
        "WHERE r.experiment_id = ?1",
        -1, &get, NULL);
    status st = OK;

    if (rc != SQLITE_OK)
        return merge_from_error(m);
    if (sqlite3_prepare_v2(m->to,
                           "INSERT OR IGNORE INTO main.authors (run_id, user, host)\n"
                           "SELECT id, ?2, ?3 FROM main.runs WHERE uid = ?1 AND user IS NOT ?2",
                           -1, &put, NULL)) {
        sqlite3_finalize(get);
        return database_error(m->to, sqlite3_extended_errcode(m->to), m->to_path, m->err);
    }
    sqlite3_bind_int64(get, 1, from_experiment);
    while (st == OK && (rc = sqlite3_step(get)) == SQLITE_ROW) {
        for (int k = 0; k < 3; k++)
            if (sqlite3_bind_value(put, k + 1, sqlite3_column_value(get, k)) == SQLITE_NOMEM)
                mem_failed();
        if (sqlite3_step(put) != SQLITE_DONE)
            st = database_error(m->to, sqlite3_extended_errcode(m->to), m->to_path, m->err);
        sqlite3_reset(put);
    }
    if (st == OK && rc != SQLITE_DONE)
        st = merge_from_error(m);
    sqlite3_finalize(get);
    sqlite3_finalize(put);
    return st;
}
