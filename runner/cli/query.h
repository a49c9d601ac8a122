/* query.h - what the commands that ask the results database have in common. */
#ifndef CLI_QUERY_H
#define CLI_QUERY_H

#include "again/rerun.h"
#include "cli/command.h"
#include "cli/results.h"

/* Open the database of C, let ASK do its work, say what went wrong. An exit status. */
int query_run(const struct call *c, status (*ask)(sqlite3 *db, const struct call *c, struct error *err));

/* T as text or JSON, as C wants it. */
void query_print(const struct call *c, const struct table *t);

/* A JSON value on standard output; deletes it. */
void query_print_json(cJSON *v);
void query_print_json_line(cJSON *v); /* the same without line breaks in it */

/* For commands that write a page: what is wrong with the options of its form, or NULL. */
const char *query_wrong_page(const struct call *c);

/* PAGE into the file PATH; NULL: printed. */
status query_put_page(const struct strbuf *page, const char *path, struct error *err);

/* All that was written to TO is there. */
status query_put_all(FILE *to, struct error *err);

/* A note for each file of a stored run that is read from another place than it was. */
void query_tell_moved(const struct moved_files *m);

/* What a command does with the stored run of its first argument, opened with the plugins of C. FAILED: it
 * could not. */
typedef status query_rerun_fn(const struct call *c, sqlite3 *db, struct rerun *r, int *exit_status,
                              struct error *err);

/* For commands that train it again: the command's exit status. VERB: "verified". */
int query_rerun(const struct call *c, const char *verb, query_rerun_fn *fn);

/* What their help begins with. */
#define QUERY_RERUN_HELP                                                                                     \
    "The run is trained from what the database holds: its resolved spec, its seed, its data files and "      \
    "its plugins: the program's own, those in plugin folders and of --plugin, and no others. Files are "     \
    "read "                                                                                                  \
    "that lie beside the database or below the current folder, and those that you have named: in a spec "    \
    "that "                                                                                                  \
    "you ran, or after --trust. "

/* How many rows to show: --limit, or else 20 for a person and all for a program; 0: all. */
int64_t query_limit(const struct call *c);

#endif
