/* report.c - `fell report`: what came of an experiment, out of the results database: how its runs ended,
 * the best trials, which values of the swept settings do well and which settings matter, why runs
 * failed and why they were pruned. report_settings.c has the part on settings, report_page.c the page of
 * --html.
 */
#include "cli/report.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/run_status.h"
#include "cli/curve_lines.h"
#include "cli/display.h"
#include "cli/follow.h"
#include "cli/query.h"
#include "cli/terminal.h"
#include "record/schema.h"

static const double LEAST_PAIR = 0.01; /* share of an interaction that a person is shown */

/* ---- asking ------------------------------------------------------------------------------ */

/* pattern(TEXT): TEXT with every number as '#', so that messages which differ in an epoch or a value
 * alone are one. */
static void sql_pattern(sqlite3_context *context, int n, sqlite3_value **v)
{
    const char *text = (const char *)sqlite3_value_text(v[0]);
    struct strbuf b = {0};

    (void)n;
    if (!text)
        return;
    strbuf_add(&b, "");
    while (*text) {
        if (isdigit((unsigned char)*text)) {
            while (isalnum((unsigned char)*text) || (*text == '.' && isdigit((unsigned char)text[1])) ||
                   ((*text == '-' || *text == '+') && text[-1] == 'e' && isdigit((unsigned char)text[1])))
                text++;
            strbuf_add(&b, "#");
        } else {
            strbuf_addn(&b, text++, 1);
        }
    }
    sqlite3_result_text(context, b.text, -1, SQLITE_TRANSIENT);
    strbuf_release(&b);
}

/* first_best(KEY, TRIAL): the trial with the lowest key, of several the first; NULL where no key is there. */
struct first_best {
    double key;
    int64_t trial;
    bool any;
};

static void sql_first_best(sqlite3_context *context, int n, sqlite3_value **v)
{
    struct first_best *best = sqlite3_aggregate_context(context, sizeof *best);
    const double key = sqlite3_value_double(v[0]);
    const int64_t trial = sqlite3_value_int64(v[1]);

    (void)n;
    if (!best || sqlite3_value_type(v[0]) == SQLITE_NULL)
        return;
    if (!best->any || key < best->key || (key == best->key && trial < best->trial))
        *best = (struct first_best){key, trial, true};
}

static void sql_first_best_end(sqlite3_context *context)
{
    const struct first_best *best = sqlite3_aggregate_context(context, 0);

    if (best && best->any)
        sqlite3_result_int64(context, best->trial);
}

/* What all parts ask, made once: of 100,000 trials the views would make and sort it for each of them. Rows of
 * report_values lie in the order of path and value, which is that of their rowid. */
static const char begin_sql[] =
    "PRAGMA query_only = OFF;\n"
    "CREATE TEMP TABLE report_runs AS SELECT run, trial, status, value FROM leaderboard\n"
    "  WHERE experiment = %lld;\n"
    "CREATE INDEX temp.report_runs_by_trial ON report_runs (trial);\n"
    "CREATE TEMP TABLE report_trials AS SELECT row_number() OVER (ORDER BY trial) - 1 AS place, x.id AS\n"
    "    experiment, x.goal, t.*, iif(n > 1, sqrt((SELECT sum((value - mean) * (value - mean))\n"
    "      FROM report_runs AS r WHERE r.trial = t.trial) / (n - 1)), NULL) AS sd\n"
    "  FROM experiments AS x JOIN (SELECT trial, min(run) AS first, avg(value) AS mean, count(value) AS n,\n"
    "         min(value) AS lowest, max(value) AS highest,\n"
    "         sum(status IN " RUN_STATUSES_FAILURES ") AS failed\n"
    "       FROM report_runs GROUP BY trial) AS t ON x.id = %lld;\n"
    "CREATE TEMP TABLE report_values AS SELECT p.path, p.value, t.place,\n"
    "    dense_rank() OVER (PARTITION BY p.path ORDER BY p.value) AS rank\n"
    "  FROM report_trials AS t CROSS JOIN run_params AS p ON p.run_id = t.first;\n"
    "CREATE TEMP TABLE report_paths AS SELECT path, max(rank) AS n, min(rowid) AS first, count(*) AS uses,\n"
    "    min(typeof(value) IN ('integer', 'real')) AS is_number FROM report_values GROUP BY path;\n"
    "PRAGMA query_only = ON";

status report_begin(sqlite3 *db, int64_t experiment, struct error *err)
{
    char *sql = mem_format(begin_sql, (long long)experiment, (long long)experiment);
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    status st = OK;

    if (sqlite3_create_function(db, "pattern", 1, flags, NULL, sql_pattern, NULL, NULL) ||
        sqlite3_create_function(db, "first_best", 2, flags, NULL, NULL, sql_first_best, sql_first_best_end) ||
        sqlite3_exec(db, sql, NULL, NULL, NULL))
        st = results_error(db, err);
    free(sql);
    return st;
}

/* The first run of each kind of failure, and how many there are. */
static const char failures_sql[] =
    "SELECT r.status, count(*) AS runs, min(r.id) AS first_run, r.error\n"
    "FROM temp.report_runs AS b JOIN runs AS r ON r.id = b.run\n"
    "WHERE ?1 > 0 AND b.status IN " RUN_STATUSES_FAILURES "\n"
    "GROUP BY r.status, pattern(r.error) ORDER BY runs DESC, first_run LIMIT iif(?2 > 0, ?2, -1)";

/* A run's last word on it: it may have been pruned before it was begun anew. */
static const char pruned_sql[] =
    "SELECT count(*) AS runs, min(r.id) AS first_run, min(r.epochs_done) AS fewest_epochs,\n"
    "       max(r.epochs_done) AS most_epochs, e.detail AS why\n"
    "FROM temp.report_runs AS b JOIN runs AS r ON r.id = b.run LEFT JOIN events AS e ON e.id =\n"
    "  (SELECT max(id) FROM events WHERE run_id = r.id AND kind = 'pruned')\n"
    "WHERE ?1 > 0 AND b.status = 'pruned'\n"
    "GROUP BY pattern(e.detail) ORDER BY runs DESC, first_run LIMIT iif(?2 > 0, ?2, -1)";

/* Cross-validation: a row for each setting, over the trials that differ in data.fold alone. */
static const char folds_sql[] =
    "SELECT params, mean, sd, n AS folds, lowest, highest FROM folds\n"
    "WHERE experiment = ?1 ORDER BY " SCHEMA_MEAN_RANK ", params LIMIT iif(?2 > 0, ?2, -1)";

/* The view goes through all trials also where none has a fold. */
static status ask_folds(sqlite3 *db, const int64_t ids[2], struct table **out, struct error *err)
{
    int64_t any = 0;

    if (results_number(db, "SELECT count(*) FROM temp.report_paths WHERE path = 'data.fold'", 0, NULL, 0,
                       &any, err))
        return FAILED;
    if (!any)
        *out = table_new();
    return any ? results_table_of(db, folds_sql, 2, ids, out, err) : OK;
}

static void release(struct report *r)
{
    free(r->heading);
    table_free(r->about);
    table_free(r->folds);
    table_free(r->board);
    table_free(r->values);
    table_free(r->failures);
    table_free(r->pruned);
    report_importance_release(&r->importance);
}

/* Into ALL goes how many rows SQL gives of EXPERIMENT without the LIMIT (0: none) that made SHOWN. */
static status count_rows(sqlite3 *db, const char *sql, int64_t experiment, int64_t limit,
                         const struct table *shown, int64_t *all, struct error *err)
{
    const int64_t ids[] = {experiment, 0};

    *all = (int64_t)table_rows(shown);
    if (limit <= 0 || *all < limit) /* the limit cut nothing: no need to ask again, which takes its time */
        return OK;
    return results_count(db, sql, 2, ids, all, err);
}

static status count_all(sqlite3 *db, struct report *r, int64_t limit, struct error *err)
{
    const int64_t id = r->experiment;

    return count_rows(db, folds_sql, id, limit, r->folds, &r->all.folds, err) ||
                   count_rows(db, report_values_sql, id, limit, r->values, &r->all.values, err) ||
                   count_rows(db, failures_sql, id, limit, r->failures, &r->all.failures, err) ||
                   count_rows(db, pruned_sql, id, limit, r->pruned, &r->all.pruned, err)
               ? FAILED
               : OK;
}

/* Of the page: a browser is slow with more. */
enum { PAGE_TRIALS = 2000, PAGE_ROWS = 200 };

static status ask_all(sqlite3 *db, const struct call *c, struct report *r, struct error *err)
{
    const bool own = c->html && c->limit < 0;
    const int64_t ids[] = {r->experiment, own ? PAGE_ROWS : query_limit(c)};
    const int64_t trials = own ? PAGE_TRIALS : ids[1];

    return report_begin(db, ids[0], err) || results_heading(db, ids[0], &r->heading, err) ||
                   tally_read(db, ids[0], &r->tally, err) ||
                   results_count(db, REPORT_MEANS, 0, NULL, &r->trials, err) ||
                   results_table_of(
                       db,
                       "SELECT name AS experiment, id AS experiment_id, objective, goal,\n"
                       "       objective_at, strategy, created_at, user, host FROM experiments WHERE id = ?1",
                       1, ids, &r->about, err) ||
                   ask_folds(db, ids, &r->folds, err) ||
                   results_trials(db, "temp.report_trials", ids[0], trials, &r->board, err) ||
                   results_table_of(db, report_values_sql, 2, ids, &r->values, err) ||
                   report_importance(db, c->json ? 0 : LEAST_PAIR, &r->importance, err) ||
                   results_table_of(db, failures_sql, 2, ids, &r->failures, err) ||
                   results_table_of(db, pruned_sql, 2, ids, &r->pruned, err) ||
                   (c->html && count_all(db, r, ids[1], err))
               ? FAILED
               : OK;
}

/* ---- showing ------------------------------------------------------------------------------- */

/* LIMIT rows: there may be more. */
static void print_part(const char *title, const struct table *t, int64_t limit)
{
    if (table_rows(t) == 0)
        return;
    printf("\n%s", title);
    if (limit && (int64_t)table_rows(t) >= limit)
        printf(" (at most %lld)", (long long)limit);
    putchar('\n');
    table_print(t, stdout, 2);
}

static void print_importance(const struct report_importance *r)
{
    char fit[32];

    if (!r->table) {
        printf("\nimportance of the swept settings: none, %s\n", r->why_not);
        return;
    }
    display_number(r->fit, fit);
    printf("\nimportance: share of the variance of the objective that a setting explains,\n"
           "by %s,\nfitted to %zu trials\n",
           report_method, r->trials);
    table_print(r->table, stdout, 2);
    if (!(r->fit > 0))
        puts("  these shares mean little: the forest does not foretell trials it has not seen");
    else
        printf("  R2 of the forest on trials that it has not seen: %s\n", fit);
}

/* On a terminal in lines that fit it. */
static void print_folded(const char *text)
{
    int columns = 0, rows;

    if (terminal_is(STDOUT_FILENO))
        terminal_size(STDOUT_FILENO, &columns, &rows);
    while (columns && *text) {
        const size_t n = display_fold(text, columns);

        printf("%.*s\n", (int)n, text);
        text += n + (text[n] == ' ');
    }
    if (*text)
        puts(text);
}

/* The losses of the best run; nothing where none has a value. */
static status print_best(sqlite3 *db, int64_t experiment, struct error *err)
{
    struct strbuf line = {0};
    char *label = NULL;
    int64_t run = 0;
    status st = FAILED;

    if (results_number(db,
                       "SELECT run FROM temp.report_runs AS b JOIN experiments AS x ON x.id = ?1\n"
                       "WHERE value IS NOT NULL ORDER BY value * iif(goal = 'maximize', -1, 1), run LIMIT 1",
                       1, &experiment, 0, &run, err) ||
        (run && results_label(db, run, &label, err)))
        goto out;
    st = OK;
    if (run) {
        strbuf_addf(&line, "best run: %lld%s%s%s", (long long)run, *label ? " (" : "", label,
                    *label ? ")" : "");
        putchar('\n');
        print_folded(line.text);
        st = curve_lines_print(db, run, err);
    }
out:
    free(label);
    strbuf_release(&line);
    return st;
}

static void print_head(const struct report *r)
{
    struct strbuf b = {0};

    tally_add_text(&b, &r->tally);
    print_folded(r->heading);
    print_folded(b.text);
    strbuf_release(&b);
}

static void print_lists(const struct report *r, int64_t limit)
{
    print_part("mean and deviation over the folds of data.fold", r->folds, limit);
    print_part("leaderboard", r->board, 0);
    results_more(r->board, r->trials, "--limit 0 shows all");
    if (table_rows(r->values) > 0) {
        print_part("best per value of every setting", r->values, 0);
        print_importance(&r->importance);
    }
    print_part("failures, those with the same words together", r->failures, limit);
    print_part("pruned, those for the same reason together", r->pruned, limit);
}

static cJSON *importance_json(const struct report_importance *r)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "method", report_method);
    cJSON_AddNumberToObject(o, "trials", (double)r->trials);
    if (isfinite(r->fit))
        cJSON_AddNumberToObject(o, "r2", r->fit);
    else
        cJSON_AddNullToObject(o, "r2");
    if (r->why_not)
        cJSON_AddStringToObject(o, "why_not", r->why_not);
    cJSON_AddItemToObject(o, "shares", r->table ? table_to_json(r->table) : cJSON_CreateArray());
    return o;
}

static void print_json(const struct report *r)
{
    cJSON *o = table_row_to_json(r->about), *part = cJSON_AddObjectToObject(o, "status");

    for (int s = 0; s < STATUSES; s++)
        cJSON_AddNumberToObject(part, run_statuses[s].word, (double)r->tally.of[s]);
    cJSON_AddItemToObject(o, "folds", table_to_json(r->folds));
    cJSON_AddItemToObject(o, "leaderboard", table_to_json(r->board));
    cJSON_AddItemToObject(o, "values", table_to_json(r->values));
    cJSON_AddItemToObject(o, "importance", importance_json(&r->importance));
    cJSON_AddItemToObject(o, "failures", table_to_json(r->failures));
    cJSON_AddItemToObject(o, "pruned", table_to_json(r->pruned));
    query_print_json(o);
}

/* ---- the command ------------------------------------------------------------------------------ */

/* Named, or the newest. */
static status choose(sqlite3 *db, const struct call *c, int64_t *experiment, int64_t *run, struct error *err)
{
    *run = 0;
    if (c->nargs)
        return results_experiment(db, c->args[0], experiment, err);
    if (results_number(db, "SELECT max(id) FROM experiments", 0, NULL, 0, experiment, err))
        return FAILED;
    return *experiment ? OK : results_none_yet(c->db, err);
}

static status report(sqlite3 *db, const struct call *c, struct error *err)
{
    struct report r = {0};
    struct strbuf page = {0};
    status st = FAILED;

    if (choose(db, c, &r.experiment, &(int64_t){0}, err))
        return FAILED;
    /* One transaction: all parts speak of the same moment, while another process writes. */
    if (sqlite3_exec(db, "PRAGMA temp_store = MEMORY; BEGIN", NULL, NULL, NULL))
        return results_error(db, err);
    st = ask_all(db, c, &r, err);
    if (st == OK && table_rows(r.about) && c->html)
        st = report_page_write(db, &r, c, &page, err);
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (st == OK && table_rows(r.about) == 0) /* its number is none, in a database that was not made by us */
        st = error_set(err, "there is no experiment %lld in the database; it is damaged",
                       (long long)r.experiment);
    if (st == OK && c->html)
        st = query_put_page(&page, c->output, err);
    else if (st == OK && c->json)
        print_json(&r);
    else if (st == OK && (print_head(&r), st = print_best(db, r.experiment, err)) == OK)
        print_lists(&r, query_limit(c));
    strbuf_release(&page);
    release(&r);
    return st;
}

static int run_report(const struct call *c)
{
    const char *wrong = query_wrong_page(c);

    if (wrong)
        return cli_error("%s", wrong);
    return c->follow ? follow_page(c, report, choose) : query_run(c, report);
}

const struct command command_report = {
    .name = "report",
    .task = "Look at results",
    .args = "[EXPERIMENT]",
    .most = 1,
    .options = {OPTION_DB, OPTION_LIMIT, OPTION_OUTPUT, OPTION_HTML, OPTION_FOLLOW, OPTION_JSON},
    .brief = "What came of an experiment: best trials, settings that matter, failures",
    .help =
        "EXPERIMENT is a name or a number; without it, the newest. Shows how many runs ended how; the "
        "trials, "
        "ranked as `fell best` does, and before them, of a sweep over data.fold, the mean and deviation of "
        "each "
        "setting over its folds; for every value of every swept setting how many trials had it, the mean "
        "of their means, the best of these and the trial that had it (numbers with more than 12 values are "
        "put into six ranges); how much each setting matters; and the runs that failed or were pruned, with "
        "why: messages that differ in numbers only are counted together, the first is shown.\n\n"
        "Importance is the share of the objective's variance that a setting explains, alone or together with "
        "another (`with`), averaged over all values of the others: functional analysis of variance on a "
        "random forest that is fitted to the trials (fANOVA; Hutter, Hoos and Leyton-Brown 2014). Below it "
        "stands how well the forest foretells trials that it has not seen; where that is 0 or less the "
        "shares "
        "mean little. --limit is of each list, and of the values of each setting.\n\n"
        "--html writes one page that needs no network: curves of every loss and metric, the trials, the "
        "settings, the gradients of the best run, and under each picture the SQL that it shows. Series "
        "are thinned to what a screen can show, never by their extremes, and the page says so. Without "
        "--limit it lists the best 2,000 trials, and 200 rows of the others. With --follow it is written "
        "anew, "
        "whole, every few seconds while the experiment runs, and the page looks for the new one; what was "
        "chosen "
        "in it stays.",
    .examples = "fell report\n"
                "fell report lr-activation --limit 5\n"
                "fell report lr-activation --html -o lr-activation.html\n"
                "fell report lr-activation --html --follow -o lr-activation.html\n"
                "fell report lr-activation --json | jq .importance",
    .run = run_report,
};
