/* runs.c - `fell runs` and `fell best`: lists out of the results database. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/query.h"
#include "cli/tally.h"
#include "record/database.h"

/* ---- fell runs ------------------------------------------------------------------ */

static status check_status(const char *word, struct error *err)
{
    const char *near, *words[STATUSES];
    struct strbuf all = {0};

    if (run_status_find(word) < STATUSES)
        return OK;
    for (size_t i = 0; i < STATUSES; i++) {
        words[i] = run_statuses[i].word;
        strbuf_addf(&all, "%s%s", i ? ", " : "", words[i]);
    }
    near = text_nearest(word, words, STATUSES);
    if (near)
        error_set(err, "no status '%s'; did you mean '%s'?", word, near);
    else
        error_set(err, "no status '%s'; there are %s", word, all.text);
    strbuf_release(&all);
    return FAILED;
}

/* That somebody of this name trained a run. */
static status check_user(sqlite3 *db, const char *user, struct error *err)
{
    sqlite3_stmt *s = NULL;
    struct strbuf all = {0};
    bool known = false;
    status st;

    if (results_query(db, RESULTS_USERS, 0, NULL, &s, err))
        return FAILED;
    while (sqlite3_step(s) == SQLITE_ROW) {
        known |= strcmp(database_text(s, 0), user) == 0;
        if (all.len < 200)
            strbuf_addf(&all, "%s%s", all.len ? ", " : "", database_text(s, 0));
    }
    st = results_end(db, s, err);
    if (st == OK && !known)
        st = error_set(err, "no user '%s' trained a run; there are %s", user, all.len ? all.text : "none");
    strbuf_release(&all);
    return st;
}

static status list_runs(sqlite3 *db, const struct call *c, struct error *err)
{
    struct table *t = NULL;
    int64_t ids[] = {0, query_limit(c)}, total, users, more, shared;
    char *user = NULL, *where = NULL, *sql = NULL, *count = NULL;
    status st = FAILED;

    if ((c->status && check_status(c->status, err)) ||
        (c->experiment && results_experiment(db, c->experiment, &ids[0], err)))
        goto out;
    if (c->user && check_user(db, c->user, err) != OK)
        goto out;
    user = c->user ? sqlite3_mprintf(" AND (r.user = %Q OR EXISTS (SELECT 1 FROM authors AS a\n"
                                     "WHERE a.run_id = r.id AND a.user = %Q))",
                                     c->user, c->user)
                   : NULL;
    where = mem_format("WHERE (?1 = 0 OR r.experiment_id = ?1) AND ?2 >= 0%s%s%s%s",
                       c->status ? " AND r.status = '" : "", c->status ? c->status : "", c->status ? "'" : "",
                       user ? user : "");
    if (results_number(db, "SELECT count(*) FROM (" RESULTS_USERS ")", 0, NULL, 0, &users, err) ||
        results_number(db, "SELECT count(*) FROM authors", 0, NULL, 0, &more, err) ||
        results_number(db, "SELECT count(*) > count(DISTINCT name) FROM experiments", 0, NULL, 0, &shared,
                       err))
        goto out;
    /* The swept values are columns where all runs have the same. */
    sql = mem_format(
        "SELECT r.id AS run, x.name AS experiment, %s%s%s r.trial, r.repeat, %s r.status, r.epochs_done,\n"
        "       l.best, l.best_epoch, l.last, r.seconds, r.started_at AS started, r.error\n"
        "FROM runs AS r JOIN experiments AS x ON x.id = r.experiment_id\n"
        "     JOIN leaderboard AS l ON l.run = r.id %s\n"
        "ORDER BY r.id DESC LIMIT iif(?2 > 0, ?2, -1)",
        shared ? "x.id AS experiment_id," : "",        /* where a name is not enough */
        users > 1 || c->user ? "r.user, r.host," : "", /* where there is somebody else */
        more ? RESULTS_ALSO_BY " AS also_by," : "",
        c->experiment
            ? "(SELECT json_group_object(path, value) FROM run_params WHERE run_id = r.id) AS params,"
            : "",
        where);
    count = mem_format("SELECT count(*) FROM runs AS r %s", where);
    if (results_table_of(db, sql, 2, ids, &t, err) || results_number(db, count, 2, ids, 0, &total, err))
        goto out;
    query_print(c, t);
    if (!c->json && total == 0)
        puts("no such runs");
    if (!c->json)
        results_more(t, total, "--limit 0 shows all");
    st = OK;
out:
    table_free(t);
    sqlite3_free(user);
    free(where);
    free(sql);
    free(count);
    return st;
}

static int run_runs(const struct call *c)
{
    return query_run(c, list_runs);
}

const struct command command_runs = {
    .name = "runs",
    .task = "Look at results",
    .args = "",
    .options = {OPTION_DB, OPTION_EXPERIMENT, OPTION_STATUS, OPTION_USER, OPTION_LIMIT, OPTION_JSON},
    .brief = "List the runs in the results database, newest first",
    .help =
        "Each row is one training run: how it ended, how many epochs it did, the best and the last value of "
        "its objective (the validation loss, or the training loss where no rows are held out, unless the "
        "spec says otherwise). The 20 newest are shown unless --limit says otherwise. Where several people's "
        "runs are in one "
        "database, it says whose each is.",
    .examples = "fell runs\n"
                "fell runs --status diverged\n"
                "fell runs --experiment lr-activation --limit 0 --json",
    .run = run_runs,
};

/* ---- fell best ------------------------------------------------------------------ */

static status show_best(sqlite3 *db, const struct call *c, struct error *err)
{
    struct table *t = NULL;
    char *heading = NULL;
    int64_t id, total;
    status st = FAILED;

    if (results_experiment(db, c->args[0], &id, err) || results_heading(db, id, &heading, err) ||
        results_trials(db, "trials", id, query_limit(c), &t, err) ||
        results_number(db, "SELECT count(DISTINCT trial) FROM runs WHERE experiment_id = ?1", 1, &id, 0,
                       &total, err))
        goto out;
    if (!c->json)
        printf("%s\n\n", heading);
    query_print(c, t);
    if (!c->json)
        results_more(t, total, "--limit 0 shows all");
    st = OK;
out:
    free(heading);
    table_free(t);
    return st;
}

static int run_best(const struct call *c)
{
    return query_run(c, show_best);
}

const struct command command_best = {
    .name = "best",
    .task = "Look at results",
    .args = "EXPERIMENT",
    .least = 1,
    .most = 1,
    .options = {OPTION_DB, OPTION_LIMIT, OPTION_JSON},
    .brief = "Rank the trials of an experiment by its objective",
    .help =
        "EXPERIMENT is a name, or a number where several experiments share a name (of these a name means "
        "the newest). Each row is one trial: its swept values; the mean and the standard deviation over its "
        "repeats of the objective (the best validation loss of each run, unless the spec says otherwise); "
        "the "
        "best of them and the run that had it; the mean of each metric at those epochs; how many of its runs "
        "did not finish.",
    .examples = "fell best lr-activation\n"
                "fell best lr-activation --limit 3 --json",
    .run = run_best,
};
