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
    int64_t segments, torn;                /* put into the database now; passed over at the last look */
    struct merge_counts counts;
    size_t ntold;
    char **told; /* [ntold], what was said already */
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

/* What --follow meets at every look is said once. */
static void tell_once(struct collected *out, const char *text)
{
    for (size_t i = 0; i < out->ntold; i++)
        if (strcmp(out->told[i], text) == 0)
            return;
    cli_error("%s", text);
    out->told = mem_grow(out->told, out->ntold + 1, sizeof *out->told);
    out->told[out->ntold++] = mem_string(text);
}

/* A file or a folder that cannot be read now may be at the next look: the others are taken. */
static void pass_over(struct collected *out, const struct error *why)
{
    char *text = mem_format("%s; it is passed over", why->text);

    tell_once(out, text);
    out->torn++;
    free(text);
}

/* A segment that is damaged: its task trains its runs again when it is finished no more. */
static void tell_torn(const struct call *c, struct collected *out, const char *path, const struct error *why)
{
    char *folder = path_folder(path), *mark = path_join(folder, "finished"), *text;
    struct strbuf words = {0};

    strbuf_add(&words, "rm -f");
    text_add_word(&words, path);
    text_add_word(&words, mark);
    strbuf_add(&words, " && fell submit --again");
    text_add_word(&words, c->args[0]);
    text = mem_format("%s; it is passed over. `%s` has its runs trained again", why->text, words.text);
    tell_once(out, text);
    out->torn++;
    strbuf_release(&words);
    free(text);
    free(mark);
    free(folder);
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
        if (segments_merge(path, db, c->output, &counts, &torn, err) != OK) {
            pass_over(out, err);
        } else if (torn) {
            tell_torn(c, out, path, err);
        } else {
            add_counts(&out->counts, &counts);
            out->segments++;
            st = collected_add(db, key, err);
        }
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
    status st = OK;

    if (segments_list(folder, "seg-", ".db", &names, &n, err) != OK)
        pass_over(out, err);
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
    int64_t tasks;
    size_t n = 0;
    status st = OK;

    if (segments_tasks(folder, &tasks, err) != OK) {
        pass_over(out, err);
    } else if (tasks > 0) { /* else it is no folder of ours */
        out->experiments++;
        out->shards += tasks;
        if (segments_list(folder, "shard-", "", &names, &n, err) != OK)
            pass_over(out, err);
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

    out->experiments = out->shards = out->finished = out->torn = 0;
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

    while (st == OK && c->follow_shards && !stop && (all->shards == 0 || all->finished < all->shards)) {
        sleep(NAP);
        if (!stop)
            st = collect_all(c, db, all, err);
    }
    return st;
}

/* Whether there is an experiment in the share. */
static bool holds_any(const struct call *c)
{
    struct error ignored;
    char **names;
    size_t n;
    bool holds = false;

    segments_list(c->args[0], "", "", &names, &n, &ignored);
    for (size_t i = 0; i < n && !holds; i++) {
        char *folder = path_join(c->args[0], names[i]);
        int64_t tasks;

        holds = segments_tasks(folder, &tasks, &ignored) != OK || tasks > 0;
        free(folder);
    }
    segments_free(names, n);
    return holds;
}

/* Before a database is made. */
static bool wait_for_any(const struct call *c)
{
    bool holds = holds_any(c);

    if (!holds && c->follow_shards && !c->quiet)
        cli_error("nothing of fell is in '%s' yet; it is looked for every %d seconds", c->args[0], NAP);
    while (!holds && c->follow_shards && !stop) {
        sleep(NAP);
        holds = holds_any(c);
    }
    return holds;
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
    if (c->follow_shards) { /* what is being put in comes to its end */
        signal(SIGINT, on_signal);
        signal(SIGTERM, on_signal);
    }
    if (!wait_for_any(c))
        return cli_error("there is nothing of fell in '%s'", c->args[0]);
    if (database_open(c->output, &db, &err) != OK)
        return cli_error("%s", err.text);
    st = collected_begin(db, &err);
    if (st == OK)
        st = follow(c, db, &all, &err);
    sqlite3_close(db);
    for (size_t i = 0; i < all.ntold; i++)
        free(all.told[i]);
    free(all.told);
    if (st != OK) {
        cli_error("%s", err.text);
        return EXIT_RUN;
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
        "that -o names, once; called again it takes those that are new. The runs of the first experiment "
        "have "
        "the numbers that they have on one machine, those of others where they are free; of a run that was "
        "trained twice the one that got further stays. A segment that is damaged is told and passed over, "
        "and one that cannot be read now is tried again when it is called again.\n\n"
        "--follow looks again every two seconds until all shards are finished; Ctrl-C ends it before, and "
        "nothing is lost by that.",
    .examples = "fell collect /share/sweep -o all.db\n"
                "fell collect /share/sweep --follow -o all.db",
    .run = run_collect,
};
