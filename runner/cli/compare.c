/* compare.c - `fell compare`: what differs between runs, and what came of it. */
#include <stdlib.h>
#include <string.h>

#include "cli/query.h"
#include "record/database.h"

/* All that a run was made from, as one JSON object. */
static const char made_from[] =
    "SELECT json_patch(r.resolved, json_object(\n"
    "  'run', json_object('seed', r.seed, 'repeat', r.repeat),\n"
    "  'program', json_object('version', x.version, 'sha256', substr(x.runner_sha256, 1, 12),\n"
    "                         'kernels', x.kernels),\n"
    "  'data_files', (SELECT json_group_object(role, substr(sha256, 1, 12)) FROM data_files\n"
    "                 WHERE experiment_id = x.id),\n"
    "  'plugins', (SELECT json_group_object(kind || '.' || name, substr(sha256, 1, 12)) FROM plugins\n"
    "              WHERE run_id = r.id)))\n"
    "FROM runs AS r JOIN experiments AS x ON x.id = r.experiment_id WHERE r.id = ?1";

/* What came of it; of probes the numbers of the whole net, at their last look. */
static const char results[] =
    "SELECT json_patch(json_patch(json_object('status', r.status, 'error', r.error, 'epochs', "
    "r.epochs_done,\n"
    "  'objective', l.objective,\n"
    "  'best', l.best, 'best epoch', l.best_epoch, 'last', l.last, 'train loss', e.train_loss,\n"
    "  'validation loss', e.validation_loss, 'test loss', e.test_loss,\n"
    "  'gradient norm', e.grad_norm_mean, 'seconds', r.seconds),\n"
    "  (SELECT json_group_object(split || '.' || name, value) FROM metrics\n"
    "   WHERE run_id = r.id AND epoch = e.epoch)),\n"
    "  (SELECT json_group_object('probe.' || p.probe || '.' || p.name, p.value) FROM probes AS p\n"
    "   WHERE p.run_id = r.id AND p.layer = '' AND NOT EXISTS\n"
    "     (SELECT 1 FROM probes AS q WHERE q.run_id = p.run_id AND q.probe = p.probe\n"
    "      AND (q.epoch > p.epoch OR q.epoch = p.epoch AND q.name = p.name AND q.layer = '' AND q.position > "
    "0))))\n"
    "FROM runs AS r JOIN leaderboard AS l ON l.run = r.id\n"
    "     LEFT JOIN epochs AS e ON e.run_id = r.id AND e.epoch = l.last_epoch WHERE r.id = ?1";

/* One value somewhere in an object. */
struct leaf {
    char *path;
    const cJSON **value; /* [nruns], NULL where a run has none */
};

struct leaves {
    size_t nruns, n, room;
    struct leaf *leaf;
};

static struct leaf *leaf_at(struct leaves *l, const char *path)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->leaf[i].path, path) == 0)
            return &l->leaf[i];
    }
    if (l->n == l->room)
        l->leaf = mem_grow(l->leaf, l->room = l->room ? 2 * l->room : 64, sizeof *l->leaf);
    l->leaf[l->n] = (struct leaf){mem_string(path), mem_array(l->nruns, sizeof(cJSON *))};
    return &l->leaf[l->n++];
}

/* Every value below V that is no list or object, by its dotted path. */
static void add_leaves(struct leaves *l, size_t run, const char *path, const cJSON *v)
{
    int64_t index = 0;

    if (!cJSON_IsArray(v) && !cJSON_IsObject(v)) {
        leaf_at(l, path)->value[run] = v;
        return;
    }
    for (const cJSON *child = v->child; child; child = child->next, index++) {
        const char *dot = *path ? "." : "";
        char *below = cJSON_IsArray(v) ? mem_format("%s%s%lld", path, dot, (long long)index)
                                       : mem_format("%s%s%s", path, dot, child->string);

        add_leaves(l, run, below, child);
        free(below);
    }
}

static bool all_absent(const struct leaf *leaf, size_t nruns)
{
    for (size_t i = 0; i < nruns; i++) {
        if (leaf->value[i] && !cJSON_IsNull(leaf->value[i]))
            return false;
    }
    return true;
}

static bool all_equal(const struct leaf *leaf, size_t nruns)
{
    for (size_t i = 1; i < nruns; i++) {
        if (!leaf->value[0] || !leaf->value[i] ? leaf->value[0] != leaf->value[i]
                                               : !cJSON_Compare(leaf->value[0], leaf->value[i], true))
            return false;
    }
    return true;
}

/* The leaves of the object that SQL gives for each run, as a table with a column for
 * each run. ALL: those that are equal everywhere too. */
static status side_by_side(sqlite3 *db, const char *sql, const char *first, size_t nruns, const int64_t *run,
                           bool all, struct table **out, struct error *err)
{
    struct leaves l = {.nruns = nruns};
    cJSON **object = mem_array(nruns, sizeof *object);
    status st = FAILED;

    *out = NULL;
    for (size_t i = 0; i < nruns; i++) {
        sqlite3_stmt *s;

        if (results_query(db, sql, 1, &run[i], &s, err))
            goto out;
        if (sqlite3_step(s) == SQLITE_ROW)
            object[i] = cJSON_Parse(database_text(s, 0));
        if (results_end(db, s, err) != OK)
            goto out;
        if (!object[i]) {
            error_set(err, "run %lld: cannot read its spec from the database", (long long)run[i]);
            goto out;
        }
        add_leaves(&l, i, "", object[i]);
    }
    *out = table_new();
    table_column(*out, (struct table_column){.name = first, .title = ""});
    for (size_t i = 0; i < nruns; i++) {
        char key[24], title[32];

        snprintf(key, sizeof key, "%lld", (long long)run[i]);
        snprintf(title, sizeof title, "run %lld", (long long)run[i]);
        table_column(
            *out, (struct table_column){.name = key, .title = title, .group = "runs", .most = TABLE_VALUE});
    }
    for (size_t k = 0; k < l.n; k++) {
        if (all ? all_absent(&l.leaf[k], nruns) : all_equal(&l.leaf[k], nruns))
            continue;
        table_text(*out, l.leaf[k].path);
        for (size_t i = 0; i < nruns; i++)
            table_json(*out, l.leaf[k].value[i]);
    }
    st = OK;
out:
    for (size_t i = 0; i < nruns; i++)
        cJSON_Delete(object[i]);
    for (size_t k = 0; k < l.n; k++) {
        free(l.leaf[k].path);
        free(l.leaf[k].value);
    }
    free(object);
    free(l.leaf);
    return st;
}

static status compare(sqlite3 *db, const struct call *c, struct error *err)
{
    int64_t *run = mem_array(c->nargs, sizeof *run);
    struct table *differences = NULL, *outcome = NULL;
    status st = FAILED;

    for (size_t i = 0; i < c->nargs; i++) {
        if (results_run(db, c->args[i], &run[i], err))
            goto out;
        for (size_t k = 0; k < i; k++) {
            if (run[k] == run[i]) {
                error_set(err, "run %lld is named twice", (long long)run[i]);
                goto out;
            }
        }
    }
    if (side_by_side(db, made_from, "path", c->nargs, run, false, &differences, err) ||
        side_by_side(db, results, "result", c->nargs, run, true, &outcome, err))
        goto out;
    if (c->json) {
        cJSON *o = cJSON_CreateObject();

        cJSON_AddItemToObject(o, "differences", table_to_json(differences));
        cJSON_AddItemToObject(o, "results", table_to_json(outcome));
        query_print_json(o);
    } else {
        if (table_rows(differences) > 0)
            puts("what differs");
        else
            puts("nothing differs: same spec, seed, data, plugins and program");
        table_print(differences, stdout, 2);
        puts("\nresults");
        table_print(outcome, stdout, 2);
    }
    st = OK;
out:
    table_free(differences);
    table_free(outcome);
    free(run);
    return st;
}

static int run_compare(const struct call *c)
{
    return query_run(c, compare);
}

const struct command command_compare = {
    .name = "compare",
    .task = "Look at results",
    .args = "RUN RUN...",
    .least = 2,
    .most = ANY_NUMBER,
    .options = {OPTION_DB, OPTION_JSON},
    .brief = "Show what differs between runs, and their results side by side",
    .help = "Only the settings that differ are listed, and the data files, plugins and program where "
            "their contents do. The results are those of each run's last epoch, and the best value of its "
            "objective.",
    .examples = "fell compare 12 15\n"
                "fell compare 12 15 16 --json",
    .run = run_compare,
};
