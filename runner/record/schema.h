/* schema.h - the tables and views of the results database, as SQL.
 *
 * The names are the product's public interface: people query the file with
 * sqlite3. A column never changes its meaning; what is added raises SCHEMA_VERSION.
 */
#ifndef RECORD_SCHEMA_H
#define RECORD_SCHEMA_H

/* "FELL", in the header of the file (PRAGMA application_id). */
#define SCHEMA_APPLICATION_ID 0x46454c4c
#define SCHEMA_VERSION        1

/* Every CREATE, each harmless when its object is there. */
extern const char schema_sql[];

#endif
