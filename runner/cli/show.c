/* show.c - `fell show`: all about one run, out of the results database. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/curve_lines.h"
#include "cli/display.h"
#include "cli/follow.h"
#include "cli/matrix.h"
#include "cli/query.h"
#include "cli/report.h"
#include "cli/show_probes.h"
#include "cli/terminal.h"
#include "engine/numbers.h"
#include "record/database.h"

static const char facts[] =
    "SELECT r.id AS run, x.name AS experiment, x.id AS experiment_id, r.trial, r.repeat, r.status, r.error,\n"
    "       (SELECT json_group_object(path, value) FROM run_params WHERE run_id = r.id) AS params,\n"
    "       r.epochs_done, l.objective, l.best, l.best_epoch, l.last, r.seed,\n"
    "       (SELECT sum(count) FROM parameters WHERE run_id = r.id) AS parameters,\n"
    "       (SELECT count(*) FROM parameters WHERE run_id = r.id) AS tensors,\n"
    "       r.started_at AS started, r.seconds, r.signal, r.worker,\n"
    "       x.version, x.git_commit, iif(x.git_commit IS NULL, NULL, x.git_dirty) AS git_dirty,\n"
    "       x.kernels, x.cpu, coalesce(r.host, x.host) AS host, coalesce(r.user, x.user) AS user,\n"
    "       " RESULTS_ALSO_BY " AS also_by\n"
    "FROM runs AS r JOIN experiments AS x ON x.id = r.experiment_id JOIN leaderboard AS l ON l.run = r.id\n"
    "WHERE r.id = ?1";

static const char curve[] = "SELECT epoch" EPOCH_LOSSES(
    NUMBER_SQL_SHOWN) ",\n"
                      "       (SELECT json_group_object(split || '.' || name, value) FROM metrics AS m\n"
                      "        WHERE m.run_id = e.run_id AND m.epoch = e.epoch) AS metrics\n"
                      "       " EPOCH_MEASURES(NUMBER_SQL_SHOWN) "\n"
                                                                 "FROM epochs AS e WHERE run_id = ?1 AND "
                                                                 "epoch > ?2 ORDER BY epoch";

static const char gradients[] = "SELECT p.layer, p.plugin, p.name AS parameter, p.shape" TENSOR_NUMBERS(
    NUMBER_SQL_SHOWN) ",\n"
                      "       g.update_norm / nullif(g.weight_norm, 0) AS update_ratio\n"
                      "FROM gradients AS g JOIN parameters AS p ON p.run_id = g.run_id AND p.position = "
                      "g.position\n"
                      "WHERE g.run_id = ?1 AND g.epoch = (SELECT max(epoch) FROM gradients WHERE run_id = "
                      "?1)\n"
                      "ORDER BY g.position";

/* The tables of a run in order: for a person with a heading, for a program by key. */
static const struct section {
    const char *key, *heading, *sql;
} sections[] = {
    {"epochs", "last epochs", curve},
    {"gradients", "gradient norms of the last epoch, by layer", gradients},
    {"data_files", "data files",
     "SELECT d.role, d.rows, d.path, d.sha256 FROM runs AS r JOIN data_files AS d\n"
     "ON d.experiment_id = r.experiment_id WHERE r.id = ?1 ORDER BY d.role, d.path"},
    {"plugins", NULL,
     "SELECT kind, name, version, verdict, path, sha256 FROM plugins WHERE run_id = ?1\n"
     "ORDER BY kind, name"},
    {"probes", "probes, numbers with one value: at the first look and at the last", show_probes_single},
    {"probe_values", "probes, numbers with many values: at the last look, in the order of their positions",
     show_probes_many},
    {"checkpoints", "checkpoints",
     "SELECT epoch, CASE WHEN path LIKE '%/pause.safetensors' THEN 'pause'\n"
     "       WHEN path LIKE '%/epoch-%' THEN 'epoch' WHEN is_best THEN 'best' ELSE 'last' END AS kept_as, "
     "path FROM checkpoints\n"
     "WHERE run_id = ?1 ORDER BY epoch"},
    {"events", "events", "SELECT at, kind, detail FROM events WHERE run_id = ?1 ORDER BY id"},
};
enum { NSECTIONS = sizeof sections / sizeof *sections };

/* The commands that make this run again. */
static status reproduce(sqlite3 *db, const struct call *c, int64_t run, char **as_typed, char **alone,
                        struct error *err)
{
    struct strbuf b = {0};
    sqlite3_stmt *s;

    if (results_query(db,
                      "SELECT x.command FROM runs AS r JOIN experiments AS x ON x.id = r.experiment_id\n"
                      "WHERE r.id = ?1",
                      1, &run, &s, err))
        return FAILED;
    *as_typed = sqlite3_step(s) == SQLITE_ROW && *database_text(s, 0) ? mem_string(database_text(s, 0))
                                                                      : mem_string("");
    if (results_end(db, s, err) != OK)
        return FAILED;
    strbuf_add(&b, "sqlite3");
    text_add_word(&b, c->db);
    strbuf_addf(&b, " 'SELECT resolved FROM runs WHERE id = %lld' > run%lld.yaml && fell run run%lld.yaml",
                (long long)run, (long long)run, (long long)run);
    if (strcmp(c->db, DEFAULT_DB) != 0) {
        strbuf_add(&b, " --db");
        text_add_word(&b, c->db);
    }
    *alone = b.text;
    return OK;
}

static status section_table(sqlite3 *db, const struct section *section, const struct call *c, int64_t run,
                            struct table **out, struct error *err)
{
    int64_t ids[] = {run, 0}, last, limit = c->limit >= 0 ? c->limit : c->json ? 0 : 10;
    bool by_epoch = section->sql == curve, is_many = section->sql == show_probes_many;

    if (by_epoch && limit > 0) {
        if (results_number(db, "SELECT max(epoch) FROM epochs WHERE run_id = ?1", 1, &run, 0, &last, err))
            return FAILED;
        ids[1] = last - limit;
    }
    return results_table_of(db, is_many && c->json ? show_probes_many_json : section->sql, by_epoch ? 2 : 1,
                            ids, out, err);
}

/* What a run was made of and how it ended. Errors: no experiment of its own, in a damaged database. */
static status facts_table(sqlite3 *db, int64_t run, struct table **out, struct error *err)
{
    if (results_table_of(db, facts, 1, &run, out, err))
        return FAILED;
    return table_rows(*out) ? OK : results_no_experiment_of(run, err);
}

static status print_text(sqlite3 *db, const struct call *c, int64_t run, struct error *err)
{
    struct table *t = NULL;
    char *as_typed = NULL, *alone = NULL;
    status st = FAILED;

    if (facts_table(db, run, &t, err))
        goto out;
    table_print_facts(t, stdout, 0);
    if (curve_lines_print(db, run, err))
        goto out;
    for (size_t i = 0; i < NSECTIONS; i++) {
        table_free(t);
        if (section_table(db, &sections[i], c, run, &t, err) ||
            (i == 1 && matrix_print(db, run, err) != OK)) /* behind the epochs, whose metrics they are */
            goto out;
        if (!sections[i].heading || table_rows(t) == 0)
            continue;
        printf("\n%s\n", sections[i].heading);
        table_print(t, stdout, 2);
    }
    if (reproduce(db, c, run, &as_typed, &alone, err))
        goto out;
    if (*as_typed)
        printf("\nthe experiment again\n  %s\n", as_typed);
    printf("\nthis trial alone\n  %s\n", alone);
    st = OK;
out:
    table_free(t);
    free(as_typed);
    free(alone);
    return st;
}

/* All of it as one object, which the caller deletes. */
static status make_json(sqlite3 *db, const struct call *c, int64_t run, cJSON **out, struct error *err)
{
    struct table *t = NULL;
    char *as_typed = NULL, *alone = NULL;
    cJSON *all = NULL, *again, *rows;
    status st = FAILED;

    if (facts_table(db, run, &t, err))
        goto out;
    all = table_row_to_json(t);
    for (size_t i = 0; i < NSECTIONS; i++) {
        table_free(t);
        if (section_table(db, &sections[i], c, run, &t, err))
            goto out;
        rows = table_to_json(t);
        if (sections[i].sql == show_probes_many && c->json)
            show_probes_parse(rows);
        cJSON_AddItemToObject(all, sections[i].key, rows);
    }
    if (reproduce(db, c, run, &as_typed, &alone, err))
        goto out;
    again = cJSON_AddObjectToObject(all, "again");
    cJSON_AddStringToObject(again, "experiment", as_typed);
    cJSON_AddStringToObject(again, "trial", alone);
    *out = all;
    all = NULL;
    st = OK;
out:
    table_free(t);
    cJSON_Delete(all);
    free(as_typed);
    free(alone);
    return st;
}

static status print_json(sqlite3 *db, const struct call *c, int64_t run, struct error *err)
{
    cJSON *all;

    if (make_json(db, c, run, &all, err))
        return FAILED;
    query_print_json(all);
    return OK;
}

/* One transaction: all parts speak of the same moment. */
static status print_page(sqlite3 *db, const struct call *c, int64_t run, struct error *err)
{
    struct strbuf page = {0};
    cJSON *facts_of = NULL;
    status st = FAILED;

    if (sqlite3_exec(db, "BEGIN", NULL, NULL, NULL))
        return results_error(db, err);
    if (make_json(db, c, run, &facts_of, err) == OK)
        st = show_page_write(db, c, run, facts_of, &page, err);
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (st == OK)
        st = query_put_page(&page, c->output, err);
    strbuf_release(&page);
    return st;
}

static status show(sqlite3 *db, const struct call *c, struct error *err)
{
    int64_t run;

    if (results_run(db, c->args[0], &run, err) || show_probes_begin(db, err))
        return FAILED;
    if (c->html)
        return print_page(db, c, run, err);
    return c->json ? print_json(db, c, run, err) : print_text(db, c, run, err);
}

static status choose(sqlite3 *db, const struct call *c, int64_t *experiment, int64_t *run, struct error *err)
{
    return results_run(db, c->args[0], run, err) ||
                   results_number(db, "SELECT experiment_id FROM runs WHERE id = ?1", 1, run, 0, experiment,
                                  err)
               ? FAILED
               : OK;
}

static int run_show(const struct call *c)
{
    const char *wrong = query_wrong_page(c);

    if (wrong)
        return cli_error("%s", wrong);
    return c->follow ? follow_page(c, show, choose) : query_run(c, show);
}

const struct command command_show = {
    .name = "show",
    .task = "Look at results",
    .args = "RUN",
    .least = 1,
    .most = 1,
    .options = {OPTION_DB, OPTION_LIMIT, OPTION_OUTPUT, OPTION_HTML, OPTION_FOLLOW, OPTION_JSON},
    .brief = "Show all about one run",
    .help = "RUN is the number that 'fell runs' shows, or the name of an experiment: its best run. What it "
            "was made of and how it ended; its losses "
            "as curves and its last epochs as a table (--limit says how many); the gradient, weight "
            "and update norms of each layer in the last epoch; its events, and the commands that make it "
            "again.\n\n"
            "--html writes one page that needs no network: its curves, the norms of its tensors over the "
            "epochs and the numbers of probes, as heatmaps or lines, and under each the SQL that it shows. "
            "With --follow it is written anew while the run goes on, and the page looks for that.",
    .examples = "fell show 12\n"
                "fell show 12 --limit 0\n"
                "fell show 12 --html -o run12.html\n"
                "fell show 12 --json",
    .run = run_show,
};
