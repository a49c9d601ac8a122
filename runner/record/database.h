/* database.h - opening the results file, and finding out who keeps it locked.
 */
#ifndef RECORD_DATABASE_H
#define RECORD_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/mem.h"

/* Where results land when nothing else is said. */
#define DEFAULT_DB "results/fell.db"

/* Open or create for writing, with its folder: WAL, synchronous=FULL, all tables and
 * views, in one immediate transaction that may race with another process's; a file of an
 * older schema becomes one of today's in the same way. Waits
 * up to 10 s for a lock. Errors: a network file system (WAL does not work there), not
 * a database, another application's, a newer schema, cannot be written, locked. */
status database_open(const char *path, sqlite3 **out, struct error *err);
status database_is_newer(const char *path, int64_t version, struct error *err); /* that it is */

/* "'/mnt/x' is on a network file system (nfs) ..." for a network magic number of statfs(). */
status database_check_file_system(const char *path, long type, struct error *err);

/* Says what SQLite's result code RC of an action on PATH means: full disk, read
 * error, locked ... Returns FAILED. */
status database_error(sqlite3 *db, int rc, const char *path, struct error *err);

/* The same for errno NUMBER of a call that was to write PATH, a file beside the database. */
status database_no_room(const char *path, int number, struct error *err);

/* As database_error() for the last call on DB, which is told by its whole path. */
status database_read_error(sqlite3 *db, struct error *err);
/* What a question for the row of RUN came to, by its result code: OK where there was one. */
status database_run_found(sqlite3 *db, int rc, int64_t run, struct error *err);

/* The text in COLUMN of the row that S is at, "" where it is NULL: a file from somebody else need not
 * keep what its schema says. As long valid as sqlite3_column_text(), which nobody else calls. */
static inline const char *database_text(sqlite3_stmt *s, int column)
{
    const unsigned char *text = sqlite3_column_text(s, column);

    if (!text && sqlite3_errcode(sqlite3_db_handle(s)) == SQLITE_NOMEM)
        mem_failed();
    return text ? (const char *)text : "";
}

/* Before a file is opened: that it, its log, the log's index and its journal are regular files where they
 * are there, so that opening and reading them comes to an end. */
status database_check_file(const char *path, struct error *err);

/* After it: that the tables of DB are tables, not views or programs of somebody else's, and, where it is
 * WRITTEN to, that no trigger runs when they change. What else is in it does no harm. */
status database_check_tables(sqlite3 *db, const char *path, bool written, struct error *err);

/* Who holds a write lock on the database PATH (OPENERS: who has it open), as "sqlite3
 * (process 123)". Processes of other users may stay unseen: "another process". */
void database_lock_holders(const char *path, bool openers, struct strbuf *out);

#endif
