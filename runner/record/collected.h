/* collected.h - which segments of a share `fell collect` has put into a database already. The table stands
 * beside those of results, which know nothing of where rows come from.
 */
#ifndef RECORD_COLLECTED_H
#define RECORD_COLLECTED_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/error.h"

/* DB remembers from now on. */
status collected_begin(sqlite3 *db, struct error *err);

/* Whether KEY, the name of a segment with its size and time, was added. */
status collected_has(sqlite3 *db, const char *key, bool *known, struct error *err);

status collected_add(sqlite3 *db, const char *key, struct error *err);

#endif
