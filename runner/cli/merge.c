/* merge.c - `fell merge`: the results of several databases in one. record/merge.c does it. */
#include "work/merge_files.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "cli/query.h"
#include "record/database.h"
#include "record/place.h"

/* Whether both are there and are one file. */
static bool same_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Every source opens before anything is written. */
static status check_sources(const struct call *c, struct error *err)
{
    for (size_t i = 0; i < c->nargs; i++) {
        sqlite3 *db = NULL;
        status st = results_open(c->args[i], &db, err);

        sqlite3_close(db);
        if (st != OK)
            return FAILED;
        if (same_file(c->args[i], c->output))
            return error_set(err, "'%s' is the output itself; name only the databases to put into it",
                             c->args[i]);
    }
    return OK;
}

static void add_counts(struct table *t, const char *source, const struct merge_counts *n)
{
    table_text(t, source);
    table_integer(t, n->experiments);
    table_integer(t, n->added);
    table_integer(t, n->replaced);
    table_integer(t, n->known);
    table_integer(t, n->checkpoints);
    table_integer(t, n->lost);
}

static struct table *new_table(void)
{
    static const char *const names[] = {"source",     "new_experiments", "new_runs",        "replaced_runs",
                                        "known_runs", "checkpoints",     "lost_checkpoints"};
    struct table *t = table_new();

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        table_column(t, (struct table_column){.name = names[i]});
    return t;
}

/* A run that two people trained is one run, and has both as authors: that is told. */
static status tell_authors(sqlite3 *from, const char *path, sqlite3 *to, struct error *err)
{
    sqlite3_stmt *theirs, *ours = NULL;
    struct strbuf names = {0};
    int64_t n = 0;
    status st =
        results_query(from, "SELECT uid, user FROM runs WHERE user IS NOT NULL", 0, NULL, &theirs, err);

    if (st != OK)
        return FAILED;
    st = results_query(to, "SELECT user FROM runs WHERE uid = ?1 AND user <> ?2", 0, NULL, &ours, err);
    while (st == OK && sqlite3_step(theirs) == SQLITE_ROW) {
        sqlite3_bind_text(ours, 1, database_text(theirs, 0), -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(ours, 2, database_text(theirs, 1), -1, SQLITE_TRANSIENT);
        if (sqlite3_step(ours) == SQLITE_ROW && n++ == 0)
            strbuf_addf(&names, "%s's as %s's", database_text(theirs, 1), database_text(ours, 0));
        sqlite3_reset(ours);
    }
    sqlite3_finalize(ours);
    if (st == OK)
        st = results_end(from, theirs, err);
    else
        sqlite3_finalize(theirs);
    if (n)
        cli_error("note: %lld run%s of %s %s there already, trained by somebody else: %s%s; both are kept as "
                  "authors",
                  (long long)n, n == 1 ? "" : "s", path, n == 1 ? "is" : "are", names.text,
                  n == 1 ? "" : ", and so on");
    strbuf_release(&names);
    return st;
}

static status count(sqlite3 *db, int64_t *experiments, int64_t *runs, struct error *err)
{
    return results_number(db, "SELECT count(*) FROM experiments", 0, NULL, 0, experiments, err) ||
                   results_number(db, "SELECT count(*) FROM runs", 0, NULL, 0, runs, err)
               ? FAILED
               : OK;
}

static void print(const struct call *c, const struct table *t, int64_t experiments, int64_t runs)
{
    if (c->json) {
        cJSON *o = cJSON_CreateObject();

        cJSON_AddStringToObject(o, "output", c->output);
        cJSON_AddNumberToObject(o, "experiments", (double)experiments);
        cJSON_AddNumberToObject(o, "runs", (double)runs);
        cJSON_AddItemToObject(o, "sources", table_to_json(t));
        query_print_json(o);
    } else {
        table_print(t, stdout, 0);
        printf("\n%s has %lld experiment%s, %lld run%s\n", c->output, (long long)experiments,
               experiments == 1 ? "" : "s", (long long)runs, runs == 1 ? "" : "s");
    }
}

static int run_merge(const struct call *c)
{
    struct table *t = new_table();
    int64_t experiments = 0, runs = 0;
    sqlite3 *to = NULL;
    struct error err;
    int exit_status = EXIT_INPUT;

    if (!c->output) {
        cli_error("where to? -o FILE names the database that gets the results");
        goto out;
    }
    if (check_sources(c, &err) || database_open(c->output, &to, &err)) {
        cli_error("%s", err.text);
        goto out;
    }
    exit_status = EXIT_RUN;
    for (size_t i = 0; i < c->nargs; i++) {
        struct merge_counts counts;
        sqlite3 *from = NULL;
        status st = results_open(c->args[i], &from, &err);

        if (st == OK)
            st = merge_database(from, c->args[i], to, c->output, &merge_files, NULL, &counts, &err);
        if (st == OK)
            st = tell_authors(from, c->args[i], to, &err);
        sqlite3_close(from);
        if (st != OK) {
            cli_error("%s", err.text);
            goto out;
        }
        add_counts(t, c->args[i], &counts);
    }
    if (count(to, &experiments, &runs, &err)) {
        cli_error("%s", err.text);
        goto out;
    }
    if (database_has_moved(to)) {
        database_save_moved(to, c->output, &err);
        cli_error("%s", err.text);
        goto out;
    }
    print(c, t, experiments, runs);
    exit_status = EXIT_OK;
out:
    sqlite3_close(to);
    table_free(t);
    return exit_status;
}

const struct command command_merge = {
    .name = "merge",
    .task = "Look at results",
    .args = "DATABASE...",
    .least = 1,
    .most = ANY_NUMBER,
    .options = {OPTION_OUTPUT, OPTION_JSON},
    .brief = "Put the results of several databases into one",
    .help =
        "Copies every experiment with its runs, and the files of their checkpoints, into the database that "
        "-o "
        "names; it is made where it is missing. Experiments and runs are told by what they are (`uid`: the "
        "name, resolved spec, data, plugins and seed), so that what is there already is not there twice: the "
        "same merge again changes nothing. Of a run that both have, the one with a result stays, or the one "
        "that did more epochs; an experiment that one of them extended has all the runs of both. Where "
        "two people trained the same run, both are kept as its authors, and that is told.\n\n"
        "The sources are only read, and may be written to meanwhile: a run that is being trained is, in the "
        "copy, one that was interrupted, and `fell run --db` goes on with it there.",
    .examples = "fell merge monday.db tuesday.db -o all.db\n"
                "fell report --db all.db",
    .run = run_merge,
};
