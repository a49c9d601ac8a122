/* query.h - what the commands that ask the results database have in common. */
#ifndef CLI_QUERY_H
#define CLI_QUERY_H

#include "again/moved_files.h"
#include "cli/command.h"
#include "cli/results.h"

/* Open the database of C, let ASK do its work, say what went wrong. An exit status. */
int query_run(const struct call *c, status (*ask)(sqlite3 *db, const struct call *c, struct error *err));

/* T as text or JSON, as C wants it. */
void query_print(const struct call *c, const struct table *t);

/* A JSON value on standard output; deletes it. */
void query_print_json(cJSON *v);
void query_print_json_line(cJSON *v); /* the same without line breaks in it */

/* A note for each file of a stored run that is read from another place than it was. */
void query_tell_moved(const struct moved_files *m);

/* How many rows to show: --limit, or else 20 for a person and all for a program; 0: all. */
int64_t query_limit(const struct call *c);

#endif
