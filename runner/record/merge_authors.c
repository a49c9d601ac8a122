/* merge_authors.c - who else trained the runs of a merge. A run that two people trained to the same uid is
 * one run: its row keeps one of them, the table `authors` has the others. See merge.h.
 */
#include "base/mem.h"
#include "record/database.h"
#include "record/merge_impl.h"

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
