/* same_bytes.c - see same_bytes.h. The first part is for the runner, the second for workers. */
#include "work/same_bytes.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/data.h"
#include "record/database.h"

/* ---- what is wanted: {"files": {PATH: [SHA256, FACTS]}, "plugins": [[KIND, NAME, SHA256, FACTS]]}
 * ---------- */

static const char *facts_of(const struct identity *id, const char *path, const char *sha256)
{
    for (size_t i = 0; id && i < id->nfiles; i++)
        if (id->files[i].facts && strcmp(id->files[i].path, path) == 0 &&
            strcmp(id->files[i].sha256, sha256) == 0)
            return id->files[i].facts;
    return "";
}

static void add_file(void *arg, cJSON *to, sqlite3_stmt *row)
{
    const char *path = database_text(row, 0);
    const char *sha256 = database_text(row, 1);
    cJSON *one;

    if (!*path || !*sha256 || cJSON_GetObjectItemCaseSensitive(to, path))
        return;
    one = cJSON_AddArrayToObject(to, path);
    cJSON_AddItemToArray(one, cJSON_CreateString(sha256));
    cJSON_AddItemToArray(one, cJSON_CreateString(facts_of(arg, path, sha256)));
}

static void add_plugin(cJSON *to, const struct plugin_row *p)
{
    const char *const texts[] = {p->kind, p->name, p->sha256, p->facts};

    cJSON_AddItemToArray(to, cJSON_CreateStringArray(texts, 4));
}

static void add_plugin_row(void *arg, cJSON *to, sqlite3_stmt *row)
{
    const struct plugin_row p = {.kind = database_text(row, 0),
                                 .name = database_text(row, 1),
                                 .sha256 = database_text(row, 2),
                                 .facts = ""};

    (void)arg;
    add_plugin(to, &p);
}

static status each_row(sqlite3 *db, const char *sql, int64_t experiment,
                       void (*add)(void *arg, cJSON *to, sqlite3_stmt *row), void *arg, cJSON *to,
                       struct error *err)
{
    sqlite3_stmt *row = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &row, NULL);

    if (rc == SQLITE_OK)
        sqlite3_bind_int64(row, 1, experiment);
    while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
        add(arg, to, row);
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_DONE)
        database_read_error(db, err);
    sqlite3_finalize(row);
    return rc == SQLITE_DONE ? OK : FAILED;
}

status same_bytes_wanted(sqlite3 *db, int64_t experiment, const struct identity *id, char **out,
                         struct error *err)
{
    cJSON *wanted = cJSON_CreateObject(), *files = cJSON_AddObjectToObject(wanted, "files");
    cJSON *plugins = cJSON_AddArrayToObject(wanted, "plugins");
    status result = each_row(db, "SELECT path, sha256 FROM data_files WHERE experiment_id = ?1", experiment,
                             add_file, (void *)(uintptr_t)id, files, err);

    for (size_t i = 0; id && i < id->nplugins; i++)
        add_plugin(plugins, &id->plugin_rows[i]);
    if (!id && result == OK)
        result = each_row(db,
                          "SELECT DISTINCT kind, name, sha256 FROM plugins WHERE run_id IN"
                          " (SELECT id FROM runs WHERE experiment_id = ?1)",
                          experiment, add_plugin_row, NULL, plugins, err);
    *out = result == OK ? cJSON_PrintUnformatted(wanted) : NULL;
    cJSON_Delete(wanted);
    return result;
}

/* ---- what there is ------------------------------------------------------------------------------------- */

static status check_file(const cJSON *wanted, const char *path, char why[1024])
{
    const cJSON *one =
        path ? cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItem(wanted, "files"), path) : NULL;
    const char *sha256 = cJSON_GetStringValue(cJSON_GetArrayItem(one, 0));
    const char *facts = cJSON_GetStringValue(cJSON_GetArrayItem(one, 1));
    char found[65], *now;
    struct error err;
    int64_t changed;
    bool same;

    if (!sha256)
        return OK;
    now = data_file_facts(path, &changed);
    same = facts && *facts && strcmp(facts, now) == 0;
    free(now);
    if (same)
        return OK;
    if (identity_hash_path(path, found, &err) != OK)
        snprintf(why, 1024, "%.1000s", err.text);
    else if (strcmp(found, sha256) != 0)
        snprintf(why, 1024,
                 "'%.800s' has changed since the experiment was begun; this run would have other data", path);
    else
        return OK;
    return FAILED;
}

struct visit {
    const cJSON *wanted;
    bool data;
    struct problem *p;
    status result;
};

static void check_path(struct visit *v, const char *section, int index, const char *setting, const char *path)
{
    char why[1024];

    if (v->result == OK && check_file(v->wanted, path, why) != OK)
        v->result = problem_set(v->p, section, index, setting, "%s", why);
}

static void check_choice(void *arg, const char *section, int index, const struct choice *choice)
{
    struct visit *v = arg;

    if (!choice->item || (strncmp(section, "data", 4) == 0) != v->data)
        return;
    for (size_t i = 0; i < choice->item->nparams; i++) {
        const fell_param *param = &choice->item->params[i];
        const char *field = (const char *)choice->settings + param->offset;

        if ((param->flags & FELL_PATH) && param->type == FELL_P_STRING)
            check_path(v, section, index, param->name, *(const char *const *)(const void *)field);
    }
}

status same_bytes_files(const cJSON *wanted, const struct spec *spec, enum same_bytes_of which,
                        struct problem *p)
{
    struct visit v = {.wanted = wanted, .data = which == SAME_DATA, .p = p};

    if (!wanted)
        return OK;
    spec_each_choice(spec, check_choice, &v);
    if (which == SAME_MODEL) {
        check_path(&v, "train", 0, "initial_weights", spec->train.initial_weights);
        check_path(&v, "train", 0, "masks", spec->train.masks);
    }
    return v.result;
}

/* What the runner hashed a moment ago is not hashed again, if it is the same file. */
static void know_hashes(const cJSON *plugins)
{
    const cJSON *one;

    cJSON_ArrayForEach(one, plugins)
    {
        const char *sha256 = cJSON_GetStringValue(cJSON_GetArrayItem(one, 2));
        const char *facts = cJSON_GetStringValue(cJSON_GetArrayItem(one, 3));

        if (sha256 && facts)
            plugin_hash_known(facts, sha256);
    }
}

status same_bytes_plugins(const cJSON *wanted, const struct spec *spec, struct registry *reg,
                          struct problem *p)
{
    struct arena *arena = arena_new();
    struct plugin_row *rows;
    struct error err;
    size_t n = 0;
    const cJSON *one;
    status result = OK;

    know_hashes(cJSON_GetObjectItem(wanted, "plugins"));
    if (wanted && identity_plugins(reg, arena, spec, &n, &rows, &err) != OK)
        result = problem_set(p, "", 0, "", "%s", err.text);
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(wanted, "plugins"))
    {
        const char *kind = cJSON_GetStringValue(cJSON_GetArrayItem(one, 0));
        const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(one, 1));
        const char *sha256 = cJSON_GetStringValue(cJSON_GetArrayItem(one, 2));

        for (size_t i = 0; kind && name && sha256 && result == OK && i < n; i++)
            if (strcmp(rows[i].kind, kind) == 0 && strcmp(rows[i].name, name) == 0 &&
                strcmp(rows[i].sha256, sha256) != 0)
                result =
                    problem_set(p, "", 0, "",
                                "the %s '%s' (%s) has changed since the experiment was begun; this run would "
                                "be another one",
                                kind, name, rows[i].path);
    }
    arena_free(arena);
    return result;
}
