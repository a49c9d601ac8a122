/* collect.c - `fell collect`: what the tasks of a sweep have published in a share, put into one database.
 * Segments and their merge are work/segments.c's.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/query.h"
#include "record/collected.h"
#include "record/database.h"
#include "work/segments.h"

enum { NAP = 2 }; /* seconds between two looks of --follow */

/* What came of one look, or of all. */
struct collected {
    int64_t experiments, shards, finished; /* that are there; shards in all, and those that are done */
    int64_t segments, torn;                /* put into the database now; passed over */
    struct merge_counts counts;
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
    (void)sig;
    stop = 1;
}

/* ---- what is in the database already --------------------------------------------------------- */

/* The name by which a segment is remembered; a share that was made anew has others. NULL: it is gone. */
static char *key_of(const char *path, const char *name)
{
    struct stat about;

    if (stat(path, &about) != 0)
        return NULL;
    return mem_format("%s %lld %lld.%09ld", name, (long long)about.st_size, (long long)about.st_mtim.tv_sec,
                      about.st_mtim.tv_nsec);
}

/* ---- one segment, one shard, one experiment ------------------------------------------------------ */

static void add_counts(struct merge_counts *to, const struct merge_counts *n)
{
    to->experiments += n->experiments;
    to->added += n->added;
    to->replaced += n->replaced;
    to->known += n->known;
    to->checkpoints += n->checkpoints;
    to->lost += n->lost;
}

static status collect_segment(const struct call *c, sqlite3 *db, const char *path, const char *name,
                              struct collected *out, struct error *err)
{
    char *key = key_of(path, name);
    struct merge_counts counts;
    bool known, torn = false;
    status st = OK;

    if (!key)
        return OK;
    st = collected_has(db, key, &known, err);
    if (st == OK && !known) {
        st = segments_merge(path, db, c->output, &counts, &torn, err);
        if (st == OK && torn) {
            cli_error("%s; it is passed over", err->text);
            out->torn++;
        } else if (st == OK) {
            add_counts(&out->counts, &counts);
            out->segments++;
        }
        if (st == OK && !torn)
            st = collected_add(db, key, err);
    }
    free(key);
    return st;
}

static status collect_shard(const struct call *c, sqlite3 *db, const char *experiment, const char *shard,
                            struct collected *out, struct error *err)
{
    char *name = mem_format("%s/%s", experiment, shard), *folder = path_join(c->args[0], name);
    char *mark = path_join(folder, "finished"), **names;
    const bool finished = access(mark, F_OK) == 0; /* before its segments are listed */
    size_t n;
    status st = segments_list(folder, "seg-", ".db", &names, &n, err);

    for (size_t i = 0; i < n && st == OK && !stop; i++) {
        char *path = path_join(folder, names[i]), *as = mem_format("%s/%s", name, names[i]);

        st = collect_segment(c, db, path, as, out, err);
        free(as);
        free(path);
    }
    out->finished += finished;
    segments_free(names, n);
    free(mark);
    free(folder);
    free(name);
    return st;
}

static status collect_experiment(const struct call *c, sqlite3 *db, const char *experiment,
                                 struct collected *out, struct error *err)
{
    char *folder = path_join(c->args[0], experiment), **names;
    const int64_t tasks = segments_tasks(folder);
    size_t n = 0;
    status st = OK;

    if (tasks > 0) { /* else it is no folder of ours */
        out->experiments++;
        out->shards += tasks;
        st = segments_list(folder, "shard-", "", &names, &n, err);
        for (size_t i = 0; i < n && st == OK && !stop; i++)
            st = collect_shard(c, db, experiment, names[i], out, err);
        segments_free(names, n);
    }
    free(folder);
    return st;
}

/* One look at all that is there. */
static status collect_all(const struct call *c, sqlite3 *db, struct collected *out, struct error *err)
{
    char **names;
    size_t n;
    status st = segments_list(c->args[0], "", "", &names, &n, err);

    out->experiments = out->shards = out->finished = 0;
    for (size_t i = 0; i < n && st == OK && !stop; i++)
        st = collect_experiment(c, db, names[i], out, err);
    segments_free(names, n);
    return st;
}

/* ---- the command ------------------------------------------------------------------------------- */

static void print(const struct call *c, const struct collected *all)
{
    const struct merge_counts *n = &all->counts;

    if (c->json) {
        cJSON *o = cJSON_CreateObject();

        cJSON_AddStringToObject(o, "output", c->output);
        cJSON_AddNumberToObject(o, "experiments", (double)all->experiments);
        cJSON_AddNumberToObject(o, "shards", (double)all->shards);
        cJSON_AddNumberToObject(o, "finished_shards", (double)all->finished);
        cJSON_AddNumberToObject(o, "segments", (double)all->segments);
        cJSON_AddNumberToObject(o, "torn_segments", (double)all->torn);
        cJSON_AddNumberToObject(o, "new_runs", (double)n->added);
        cJSON_AddNumberToObject(o, "replaced_runs", (double)n->replaced);
        cJSON_AddNumberToObject(o, "known_runs", (double)n->known);
        cJSON_AddNumberToObject(o, "lost_checkpoints", (double)n->lost);
        query_print_json(o);
        return;
    }
    printf("%lld new run%s, %lld replaced, from %lld segment%s; %lld of %lld shards finished\n",
           (long long)n->added, n->added == 1 ? "" : "s", (long long)n->replaced, (long long)all->segments,
           all->segments == 1 ? "" : "s", (long long)all->finished, (long long)all->shards);
    if (n->lost)
        printf("%lld checkpoints are gone, or are not what was saved\n", (long long)n->lost);
}

static status follow(const struct call *c, sqlite3 *db, struct collected *all, struct error *err)
{
    status st = collect_all(c, db, all, err);

    if (st == OK && c->follow_shards && all->shards == 0 && !c->quiet)
        cli_error("nothing of fell is in '%s' yet; it is looked for every %d seconds", c->args[0], NAP);
    while (st == OK && c->follow_shards && !stop && (all->shards == 0 || all->finished < all->shards)) {
        sleep(NAP);
        if (!stop)
            st = collect_all(c, db, all, err);
    }
    return st;
}

static int run_collect(const struct call *c)
{
    struct collected all = {0};
    sqlite3 *db = NULL;
    struct error err;
    status st;

    if (!c->output)
        return cli_error("where to? -o FILE names the database that gets the results");
    if (access(c->args[0], R_OK | X_OK) != 0 && !c->follow_shards)
        return cli_error("cannot read the share '%s'; `fell run SPEC --shard K/N --share %s` fills it",
                         c->args[0], c->args[0]);
    if (database_open(c->output, &db, &err) != OK)
        return cli_error("%s", err.text);
    if (c->follow_shards) { /* what is being put in comes to its end */
        signal(SIGINT, on_signal);
        signal(SIGTERM, on_signal);
    }
    st = collected_begin(db, &err);
    if (st == OK)
        st = follow(c, db, &all, &err);
    sqlite3_close(db);
    if (st != OK) {
        cli_error("%s", err.text);
        return EXIT_RUN;
    }
    if (all.experiments == 0) {
        cli_error("there is nothing of fell in '%s'", c->args[0]);
        return EXIT_INPUT;
    }
    if (!c->quiet)
        print(c, &all);
    return all.torn ? EXIT_RUN : EXIT_OK;
}

const struct command command_collect = {
    .name = "collect",
    .task = "Look at results",
    .args = "DIR",
    .least = 1,
    .most = 1,
    .options = {OPTION_OUTPUT, OPTION_FOLLOW_SHARDS, OPTION_QUIET, OPTION_JSON},
    .brief = "Put what the shards of a sweep have published into one database",
    .help =
        "DIR is what `fell run --shard K/N --share DIR` was given. Every segment in it goes into the "
        "database "
        "that -o names, once; called again it takes those that are new. The runs have the numbers that they "
        "have on one machine, and of a run that was trained twice the one that got further stays. A segment "
        "that is damaged is told and passed over.\n\n"
        "--follow looks again every two seconds until all shards are finished; Ctrl-C ends it before, and "
        "nothing is lost by that.",
    .examples = "fell collect /share/sweep -o all.db\n"
                "fell collect /share/sweep --follow -o all.db",
    .run = run_collect,
};
