/* schema.h - the tables and views of the results database, as SQL.
 *
 * The names are the product's public interface: people query the file with
 * sqlite3. A column never changes its meaning; what is added raises SCHEMA_VERSION.
 */
#ifndef RECORD_SCHEMA_H
#define RECORD_SCHEMA_H

#include "base/mem.h"

/* "FELL", in the header of the file (PRAGMA application_id). */
#define SCHEMA_APPLICATION_ID 0x46454c4c
/* 1: the beginning. 2: experiments have an identity, an objective and a strategy. */
#define SCHEMA_VERSION 2

/* Every table and index, each harmless when it is there. */
extern const char schema_sql[];

/* What rows of these views are ordered by: the best first, those without a value last. */
#define SCHEMA_VALUE_RANK "value IS NULL, iif(goal = 'maximize', -1, 1) * value"
#define SCHEMA_MEAN_RANK  "mean IS NULL, iif(goal = 'maximize', -1, 1) * mean"

/* Append every view. WHERE: "" or "TEMP ". */
void schema_add_views(struct strbuf *out, const char *where);

/* A file of version 1 becomes one of today by begin, schema_sql, end, and the views. */
extern const char schema_upgrade_begin[], schema_upgrade_end[];

/* A file of version 1 is read as one of today, and not changed, after this and the views, as
 * temporary ones: temporary tables and views stand before the file's. */
extern const char schema_read_old[];

/* The tables that hold the rows of a run, by run_id. Ends with NULL. */
extern const char *const schema_run_tables[];

#endif
