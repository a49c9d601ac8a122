/* follow.h - `--follow`: a page that is written anew while an experiment runs. */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include "cli/query.h"

/* Write the page of C with WRITE, every few seconds while a process of this machine runs what CHOOSE finds
 * (an experiment, and where *run is not 0 this run of it alone), and once more when that has ended. The page
 * of a call with `follow` looks for the next one. Returns an exit status. */
int follow_page(const struct call *c, status (*write)(sqlite3 *db, const struct call *c, struct error *err),
                status (*choose)(sqlite3 *db, const struct call *c, int64_t *experiment, int64_t *run,
                                 struct error *err));

/* What a page of C says to its script: `follow`, seconds until it looks again, and `written`, when that was;
 * nothing where it is not followed. */
void follow_tell(const struct call *c, cJSON *page);

#endif
