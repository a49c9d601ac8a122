/* collected.c - see collected.h. */
#include "record/collected.h"

#include "base/text.h"
#include "record/database.h"

status collected_begin(sqlite3 *db, struct error *err)
{
    static const char table[] = "CREATE TABLE IF NOT EXISTS collected_segments ( -- by fell collect\n"
                                "  segment TEXT PRIMARY KEY,    -- UID8/SHARD/NAME, its size and its time\n"
                                "  at      TEXT NOT NULL\n"
                                ") STRICT, WITHOUT ROWID";

    return sqlite3_exec(db, table, NULL, NULL, NULL) == SQLITE_OK ? OK : database_read_error(db, err);
}

/* SQL with ?1 KEY and ?2 the time; whether it gives a row. */
static status ask(sqlite3 *db, const char *sql, const char *key, bool *row, struct error *err)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    char now[32];

    time_now_text(now);
    if (rc == SQLITE_OK) {
        sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
        if (sqlite3_bind_parameter_count(s) > 1)
            sqlite3_bind_text(s, 2, now, -1, SQLITE_STATIC);
        rc = sqlite3_step(s);
    }
    *row = rc == SQLITE_ROW;
    sqlite3_finalize(s);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? OK : database_read_error(db, err);
}

status collected_has(sqlite3 *db, const char *key, bool *known, struct error *err)
{
    return ask(db, "SELECT 1 FROM collected_segments WHERE segment = ?1", key, known, err);
}

status collected_add(sqlite3 *db, const char *key, struct error *err)
{
    bool row;

    return ask(db, "INSERT OR REPLACE INTO collected_segments VALUES (?1, ?2)", key, &row, err);
}
