/* follow.c - see follow.h. Each page is made in a transaction of its own, on a connection of its own, and put
 * in the place of the one before when it is whole: who reads it never sees half of one.
 */
#include "cli/follow.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "record/claim.h"
#include "record/database.h"

static const double REFRESH =
    2; /* seconds; more where a page takes long: at most a fifth of the time is ours */

/* Whether a process runs it, here or on another machine, and has not come to its end. */
static status is_alive(sqlite3 *db, const char *path, int64_t experiment, int64_t run, bool *alive,
                       struct error *err)
{
    const int64_t ids[] = {experiment, run};
    int64_t to_do = 0;
    sqlite3_stmt *s;

    *alive = false;
    if (results_number(db,
                       "SELECT count(*) FROM runs WHERE experiment_id = ?1 AND ?2 IN (0, id)\n"
                       "AND status IN ('queued', 'running')",
                       2, ids, 0, &to_do, err) ||
        results_query(db, "SELECT uid FROM experiments WHERE id = ?1", 1, &experiment, &s, err))
        return FAILED;
    if (sqlite3_step(s) == SQLITE_ROW)
        *alive = to_do > 0 && claim_is_taken(path, database_text(s, 0));
    return results_end(db, s, err);
}

int follow_page(const struct call *c, status (*write)(sqlite3 *db, const struct call *c, struct error *err),
                status (*choose)(sqlite3 *db, const struct call *c, int64_t *experiment, int64_t *run,
                                 struct error *err))
{
    struct call one = *c;
    bool told = false;

    while (one.follow) {
        const double began = time_monotonic();
        int64_t experiment = 0, run = 0;
        struct error err;
        sqlite3 *db;
        status st;

        st = results_open(c->db, &db, &err) || choose(db, c, &experiment, &run, &err) ||
                     is_alive(db, c->db, experiment, run, &one.follow, &err) || write(db, &one, &err)
                 ? FAILED
                 : OK;
        sqlite3_close(db);
        if (st != OK)
            return cli_error("%s", err.text);
        if (one.follow && !told)
            printf("'%s' is written anew while it runs; Ctrl-C ends that\n", c->output);
        else if (!one.follow)
            printf(told ? "it has ended; '%s' is its last page\n"
                        : "no process of this machine runs it; '%s' is written once\n",
                   c->output);
        fflush(stdout);
        told = true;
        if (one.follow)
            usleep((useconds_t)(1e6 * fmax(REFRESH, 4 * (time_monotonic() - began))));
    }
    return EXIT_OK;
}

void follow_tell(const struct call *c, cJSON *page)
{
    char now[32];

    if (!c->follow)
        return;
    time_now_text(now);
    cJSON_AddNumberToObject(page, "follow", REFRESH);
    cJSON_AddStringToObject(page, "written", now);
}
