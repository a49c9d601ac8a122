/* schema.h - the tables and views of the results database, as SQL.
 *
 * The names are the product's public interface: people query the file with
 * sqlite3. A column never changes its meaning; what is added after a release is a version more of the
 * ladder in schema_versions.c.
 */
#ifndef RECORD_SCHEMA_H
#define RECORD_SCHEMA_H

#include <sqlite3.h>

#include "base/mem.h"

/* "FELL", in the header of the file (PRAGMA application_id). */
#define SCHEMA_APPLICATION_ID 0x46454c4c
/* The last of the ladder. */
extern const int schema_version;

/* Every table and index, each harmless when it is there. */
extern const char schema_sql[];

/* What rows of these views are ordered by: the best first, those without a value last. */
#define SCHEMA_VALUE_RANK "value IS NULL, iif(goal = 'maximize', -1, 1) * value"
#define SCHEMA_MEAN_RANK  "mean IS NULL, iif(goal = 'maximize', -1, 1) * mean"

/* Append every view. WHERE: "" or "TEMP ". */
void schema_add_views(struct strbuf *out, const char *where);

/* Append what removes them from a file. */
void schema_drop_views(struct strbuf *out);

/* A file of VERSION gets today's columns; schema_sql and the views are to follow, in the same transaction.
 * SQLite's result code. */
int schema_upgrade(sqlite3 *db, int version);

/* A file of VERSION is read as one of today and not changed: what it lacks is put before it, in temporary
 * tables and views of this connection. SQLite's result code. */
int schema_read_old(sqlite3 *db, int version);

/* The tables that hold the rows of a run, by run_id. Ends with NULL. */
extern const char *const schema_run_tables[];

#endif
