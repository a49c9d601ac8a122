/* report_page.c - `fell report --html`: one page that needs no network. The head is HTML; all else is one
 * JSON object that the page's scripts (runner/explain/report.js and what it names) draw and list:
 *
 *     name, objective, goal      of the experiment
 *     trials                     {all, rows: as `fell report --json` has them, sql}
 *     points                     {sql, settings: [{setting, points: [[value, mean, trial]...]}...]}
 *     values, failures, pruned, folds, importance   as in `fell report --json`
 *     all                        {values, failures, pruned, folds}: how many rows there are of each
 *     curves, gradients          see report_curves.c, report_fields.c
 *
 * Texts in it may be anything: names and messages of specs, data and plugins. What must not be shown is
 * replaced in every string (base/safe.h), markup is escaped (explain/html.h), and the scripts make text of
 * it, never markup.
 */
#include <stdlib.h>
#include <string.h>

#include "base/safe.h"
#include "base/text.h"
#include "cli/display.h"
#include "cli/follow.h"
#include "cli/report.h"
#include "explain/assets.h"
#include "explain/html.h"
#include "record/database.h"

/* Points of one setting: with more, of each of its COLUMNS the lowest and the highest stay. */
#define MOST_POINTS "5000"
#define COLUMNS     "400"

/* ---- the head -------------------------------------------------------------------------- */

void report_page_fact(struct strbuf *out, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    strbuf_addf(out, "<dt>%s</dt><dd>", name);
    html_add(out, text);
    strbuf_add(out, "</dd>\n");
}

const char *report_text_of(const cJSON *o, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(o, key));

    return text ? text : "";
}

/* A row for each line of the head: what, how. */
static const char facts_sql[] =
    "WITH x AS (SELECT * FROM experiments WHERE id = ?1),\n"
    "t AS (SELECT * FROM temp.report_trials WHERE mean IS NOT NULL ORDER BY\n"
    "      iif(goal = 'maximize', -1, 1) * mean, trial LIMIT 1)\n"
    "SELECT 'best trial', printf('trial %d: %.4g%s', trial, mean, iif(n > 1, printf(' ± %.2g over %d runs',\n"
    "  sd, n), '')) FROM t\n"
    "UNION ALL SELECT 'its settings', (SELECT group_concat(path || ' = ' || coalesce(nullif(value, ''), "
    "'none'), "
    "char(10))\n"
    "  FROM run_params WHERE run_id = t.first) FROM t\n"
    "UNION ALL SELECT 'varied', (SELECT group_concat(path, char(10)) FROM (SELECT path FROM\n"
    "  temp.report_paths ORDER BY 1))\n"
    "UNION ALL SELECT 'strategy', iif(j.value = '{}', j.key, strategy) FROM x, json_each(x.strategy) AS j\n"
    "UNION ALL SELECT 'data', (SELECT group_concat(path || coalesce(printf(' (%d rows)', rows), ''), "
    "char(10))\n"
    "  FROM data_files WHERE experiment_id = ?1)\n"
    "UNION ALL SELECT 'rows', (SELECT group_concat(split || ' ' || rows, ', ') FROM splits WHERE run_id =\n"
    "  (SELECT min(id) FROM runs WHERE experiment_id = ?1))\n"
    "UNION ALL SELECT 'begun', created_at || coalesce(' by ' || user, '') || coalesce(' on ' || host, '') "
    "FROM "
    "x\n"
    "UNION ALL SELECT 'program', coalesce('fell ' || version, '') || coalesce(', ' || cpu, '') ||\n"
    "  coalesce(', ' || kernels, '') || coalesce(', commit ' || git_commit ||\n"
    "  iif(git_dirty, ' with changes', ''), '') FROM x\n"
    "UNION ALL SELECT 'command', command FROM x";

static status add_facts(sqlite3 *db, int64_t experiment, struct strbuf *out, struct error *err)
{
    sqlite3_stmt *s;

    if (results_query(db, facts_sql, 1, &experiment, &s, err))
        return FAILED;
    while (sqlite3_step(s) == SQLITE_ROW)
        if (sqlite3_column_type(s, 1) != SQLITE_NULL)
            report_page_fact(out, database_text(s, 0), database_text(s, 1));
    return results_end(db, s, err);
}

/* Of training, all runs together, and from the first start to the last end. */
static status add_time(sqlite3 *db, int64_t experiment, struct strbuf *out, struct error *err)
{
    char training[32], wall[32], *text;
    sqlite3_stmt *s;

    if (results_query(db,
                      "SELECT sum(seconds), (julianday(max(finished_at)) - julianday(min(started_at))) * "
                      "86400 FROM runs\n"
                      "WHERE experiment_id = ?1",
                      1, &experiment, &s, err))
        return FAILED;
    if (sqlite3_step(s) == SQLITE_ROW && sqlite3_column_type(s, 0) != SQLITE_NULL) {
        display_duration(sqlite3_column_double(s, 0), training);
        display_duration(sqlite3_column_double(s, 1), wall);
        text = mem_format("%s of training, %s from the first start to the last end", training, wall);
        report_page_fact(out, "time", text);
        free(text);
    }
    return results_end(db, s, err);
}

static status add_spec(sqlite3 *db, int64_t experiment, struct strbuf *out, struct error *err)
{
    sqlite3_stmt *s;

    if (results_query(db, "SELECT spec FROM experiments WHERE id = ?1", 1, &experiment, &s, err))
        return FAILED;
    if (sqlite3_step(s) == SQLITE_ROW) {
        strbuf_add(out, "<details><summary>The spec</summary><pre tabindex=\"0\">");
        html_add(out, database_text(s, 0));
        strbuf_add(out, "</pre></details>\n");
    }
    return results_end(db, s, err);
}

static status make_head(sqlite3 *db, const struct report *r, struct strbuf *out, struct error *err)
{
    struct strbuf tally = {0};
    status st;

    tally_add_text(&tally, &r->tally);
    strbuf_add(out, "<p class=\"lead\">");
    html_add(out, r->heading);
    strbuf_add(out, "</p>\n<dl class=\"facts\">\n");
    report_page_fact(out, "runs", tally.text);
    st = add_facts(db, r->experiment, out, err);
    if (st == OK)
        st = add_time(db, r->experiment, out, err);
    strbuf_add(out, "</dl>\n");
    strbuf_release(&tally);
    return st == OK ? add_spec(db, r->experiment, out, err) : FAILED;
}

/* ---- the points of the settings ------------------------------------------------------------ */

/* A row for each point, setting by setting. */
static const char points_sql[] =
    "WITH used AS (SELECT v.path, v.rowid AS id, t.mean, p.uses, (v.rowid - p.first) * " COLUMNS " / p.uses\n"
    "    AS part FROM temp.report_paths AS p CROSS JOIN temp.report_values AS v\n"
    "    ON v.rowid BETWEEN p.first AND p.first + p.uses - 1\n"
    "    JOIN temp.report_trials AS t ON t.rowid = v.place + 1 WHERE t.mean IS NOT NULL),\n"
    "few AS (SELECT first_best(mean, id) AS low, first_best(-mean, id) AS high FROM used\n"
    "  WHERE uses > " MOST_POINTS " GROUP BY path, part),\n"
    "kept AS (SELECT id FROM used WHERE uses <= " MOST_POINTS "\n"
    "  UNION SELECT low FROM few UNION SELECT high FROM few)\n"
    "SELECT v.path, v.value, t.mean, t.trial, p.uses\n"
    "FROM kept CROSS JOIN temp.report_values AS v ON v.rowid = kept.id\n"
    "     JOIN temp.report_trials AS t ON t.rowid = v.place + 1\n"
    "     JOIN temp.report_paths AS p ON p.path = v.path ORDER BY v.path, v.place";

static cJSON *sql_json(sqlite3_stmt *s, int column)
{
    const int type = sqlite3_column_type(s, column);

    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT)
        return cJSON_CreateNumber(sqlite3_column_double(s, column));
    return type == SQLITE_NULL ? cJSON_CreateNull() : cJSON_CreateString(database_text(s, column));
}

static status add_points(sqlite3 *db, int64_t experiment, cJSON *page, struct error *err)
{
    cJSON *o = cJSON_AddObjectToObject(page, "points"), *settings, *one = NULL, *list = NULL;
    char *sql = mem_format("SELECT j.key AS setting, j.value, t.mean, t.trial FROM trials AS t, "
                           "json_each(t.params) AS j\n"
                           "WHERE t.experiment = %lld AND t.mean IS NOT NULL ORDER BY setting, t.trial",
                           (long long)experiment);
    sqlite3_stmt *s;

    cJSON_AddStringToObject(o, "sql", sql);
    free(sql);
    settings = cJSON_AddArrayToObject(o, "settings");
    if (results_query(db, points_sql, 0, NULL, &s, err))
        return FAILED;
    while (sqlite3_step(s) == SQLITE_ROW) {
        const char *path = database_text(s, 0);
        cJSON *point = cJSON_CreateArray();

        if (!one || strcmp(cJSON_GetObjectItem(one, "setting")->valuestring, path) != 0) {
            cJSON_AddItemToArray(settings, one = cJSON_CreateObject());
            cJSON_AddStringToObject(one, "setting", path);
            cJSON_AddNumberToObject(one, "all", sqlite3_column_double(s, 4));
            list = cJSON_AddArrayToObject(one, "points");
        }
        for (int k = 1; k < 4; k++)
            cJSON_AddItemToArray(point, sql_json(s, k));
        cJSON_AddItemToArray(list, point);
    }
    return results_end(db, s, err);
}

/* ---- the page -------------------------------------------------------------------------------- */

static void add_commands(const struct report *r, const char *db_path, cJSON *failures)
{
    const cJSON *about = cJSON_GetArrayItem(failures, 0);

    if (!about)
        return;
    for (cJSON *row = failures->child; row; row = row->next) {
        struct strbuf b = {0};

        strbuf_addf(&b, "fell retry %lld --status", (long long)r->experiment);
        text_add_word(&b, report_text_of(row, "status"));
        strbuf_add(&b, " --db");
        text_add_word(&b, db_path);
        strbuf_addf(&b, "\nfell replay %lld --db",
                    (long long)cJSON_GetObjectItem(row, "first_run")->valuedouble);
        text_add_word(&b, db_path);
        cJSON_AddStringToObject(row, "again", b.text);
        strbuf_release(&b);
    }
}

static cJSON *counts_json(const struct report *r)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddNumberToObject(o, "values", (double)r->all.values);
    cJSON_AddNumberToObject(o, "failures", (double)r->all.failures);
    cJSON_AddNumberToObject(o, "pruned", (double)r->all.pruned);
    cJSON_AddNumberToObject(o, "folds", (double)r->all.folds);
    return o;
}

static cJSON *trials_json(const struct report *r)
{
    cJSON *o = cJSON_CreateObject();
    char *sql = mem_format("SELECT trial, params, mean, sd, n, lowest, highest FROM trials\n"
                           "WHERE experiment = %lld ORDER BY mean IS NULL,\n"
                           "  iif(goal = 'maximize', -1, 1) * mean, trial LIMIT %zu",
                           (long long)r->experiment, table_rows(r->board));

    cJSON_AddNumberToObject(o, "all", (double)r->trials);
    cJSON_AddStringToObject(o, "sql", sql);
    cJSON_AddItemToObject(o, "rows", table_to_json(r->board));
    free(sql);
    return o;
}

/* What must not be shown, in names and texts, is U+FFFD in them. */
static void make_safe(cJSON *o)
{
    for (; o; o = o->next) {
        char *const text[] = {o->string, o->valuestring};

        for (int k = 0; k < 2; k++) {
            struct strbuf b = {0};

            if (!text[k])
                continue;
            strbuf_add(&b, text[k]);
            safe_document(&b);
            if (strcmp(b.text, text[k]) != 0) {
                char *copy = cJSON_malloc(b.len + 1);

                if (copy)
                    memcpy(copy, b.text, b.len + 1);
                else
                    mem_failed();
                cJSON_free(text[k]);
                *(k ? &o->valuestring : &o->string) = copy;
            }
            strbuf_release(&b);
        }
        make_safe(o->child);
    }
}

/* The run with the best value that has gradients; 0: none has. */
static status best_run(sqlite3 *db, int64_t experiment, int64_t *run, struct error *err)
{
    return results_number(db,
                          "SELECT b.run FROM temp.report_runs AS b\n"
                          "WHERE EXISTS (SELECT 1 FROM gradients WHERE run_id = b.run)\n"
                          "ORDER BY value IS NULL, value * iif((SELECT goal FROM experiments WHERE id = ?1)\n"
                          "  = 'maximize', -1, 1), run LIMIT 1",
                          1, &experiment, 0, run, err);
}

static status make_data(sqlite3 *db, const struct report *r, const char *db_path, cJSON **out,
                        struct error *err)
{
    cJSON *o = table_row_to_json(r->about), *importance, *failures = table_to_json(r->failures);
    int64_t run = 0;
    status st;

    add_commands(r, db_path, failures);
    cJSON_AddItemToObject(o, "all", counts_json(r));
    cJSON_AddItemToObject(o, "trials", trials_json(r));
    cJSON_AddItemToObject(o, "folds", table_to_json(r->folds));
    cJSON_AddItemToObject(o, "values", table_to_json(r->values));
    importance = cJSON_AddObjectToObject(o, "importance");
    cJSON_AddStringToObject(importance, "method", report_method);
    cJSON_AddNumberToObject(importance, "trials", (double)r->importance.trials);
    cJSON_AddNumberToObject(importance, "r2", r->importance.fit); /* null where there is none */
    if (r->importance.why_not)
        cJSON_AddStringToObject(importance, "why_not", r->importance.why_not);
    cJSON_AddItemToObject(importance, "shares",
                          r->importance.table ? table_to_json(r->importance.table) : cJSON_CreateArray());
    cJSON_AddItemToObject(o, "failures", failures);
    cJSON_AddItemToObject(o, "pruned", table_to_json(r->pruned));
    st = add_points(db, r->experiment, o, err);
    if (st == OK)
        st = report_curves_json(db, r->experiment, 0, o, err);
    if (st == OK)
        st = best_run(db, r->experiment, &run, err);
    if (st == OK)
        st = report_gradients_json(db, run, o, err);
    *out = o;
    return st;
}

void report_page_fill(struct strbuf *out, const char *title, const char *head, const char *const (*parts)[2],
                      cJSON *data)
{
    struct strbuf name = {0}, safe = {0}, nav = {0}, sections = {0};
    char *text;

    make_safe(data);
    text = cJSON_PrintUnformatted(data);
    html_add_json(&safe, text ? text : "");
    html_add(&name, title);
    for (; parts[0][0]; parts++) {
        strbuf_addf(&nav, "<a href=\"#%s\">%s</a>\n", parts[0][0], parts[0][1]);
        strbuf_addf(&sections, "<section id=\"%s\"><h2>%s</h2></section>\n", parts[0][0], parts[0][1]);
    }
    html_fill(out, asset_report_html,
              (const struct html_mark[]){{"title", name.text},
                                         {"page.css", asset_page_css},
                                         {"report.css", asset_report_css},
                                         {"draw.js", asset_draw_js},
                                         {"pen.js", asset_pen_js},
                                         {"picture.js", asset_picture_js},
                                         {"curves.js", asset_curves_js},
                                         {"fields.js", asset_fields_js},
                                         {"follow.js", asset_follow_js},
                                         {"report.js", asset_report_js},
                                         {"head", head},
                                         {"nav", nav.text},
                                         {"sections", sections.text},
                                         {"data", safe.text}},
              14);
    safe_document(out);
    cJSON_free(text);
    cJSON_Delete(data);
    strbuf_release(&name);
    strbuf_release(&safe);
    strbuf_release(&nav);
    strbuf_release(&sections);
}

static const char *const parts_of_report[][2] = {{"curves", "Curves"},       {"settings", "Settings"},
                                                 {"trials", "Trials"},       {"ends", "Failures"},
                                                 {"gradients", "Gradients"}, {NULL, NULL}};

status report_page_write(sqlite3 *db, const struct report *r, const struct call *c, struct strbuf *out,
                         struct error *err)
{
    struct strbuf head = {0};
    cJSON *data = NULL;
    status st = FAILED;

    if (make_head(db, r, &head, err) == OK && make_data(db, r, c->db, &data, err) == OK) {
        const char *own = report_text_of(data, "experiment");
        char *name = *own ? mem_string(own) : mem_format("experiment %lld", (long long)r->experiment);

        follow_tell(c, data);
        report_page_fill(out, name, head.text, parts_of_report, data);
        free(name);
        st = OK;
    } else {
        cJSON_Delete(data);
    }
    strbuf_release(&head);
    return st;
}
