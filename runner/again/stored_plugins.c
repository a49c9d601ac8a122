/* stored_plugins.c - see stored_plugins.h. Called by rerun.c and retry.c.
 */
#include "again/stored_plugins.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/registry.h"

static const char *const questions[] = {
    [PLUGINS_OF_RUN] = "SELECT kind, name, path, sha256 FROM plugins WHERE run_id = ?1",
    [PLUGINS_OF_EXPERIMENT] = "SELECT DISTINCT kind, name, path, sha256 FROM plugins"
                              " WHERE run_id IN (SELECT id FROM runs WHERE experiment_id = ?1)",
};
struct question {
    enum plugins_of whose;
    int64_t id;
};

static char *column_text(sqlite3_stmt *st, int column)
{
    const char *text = (const char *)sqlite3_column_text(st, column);

    return mem_string(text ? text : "");
}

static void add_plugin_file(struct stored_plugins *p, const char *path)
{
    p->files = mem_grow(p->files, p->nfiles + 1, sizeof *p->files);
    p->files[p->nfiles++] = arena_string(p->arena, path, strlen(path));
}

/* The item that a spec means by NAME now; transforms are layers in the database. */
static const struct item *find_item(struct registry *reg, const char *kind, const char *name)
{
    struct error ignored;

    for (enum role role = 0; role < ROLE_COUNT; role++) {
        const struct item *item = NULL;

        if (strcmp(kind_word(role_kind(role)), kind) == 0)
            item = registry_find(reg, role, name, &ignored);
        if (item && item->kind == role_kind(role))
            return item;
    }
    return NULL;
}

/* "" when PLUGIN is what it was; else what is wrong. */
static const char *what_changed(struct registry *reg, const char *kind, const char *name, const char *sha256)
{
    const struct item *item = find_item(reg, kind, name);
    struct error ignored;

    if (!item)
        return "is not found any more";
    if (plugin_file_hash(item->file, &ignored) != OK || strcmp(item->file->sha256, sha256) != 0)
        return "has changed since";
    return "";
}

/* A plugin that is not found, or found as another file, may be where it was. What is there now is better
 * than nothing, for those who may use it. */
static void find_plugin(struct stored_plugins *p, struct registry *reg, const char *kind, const char *name,
                        const char *path, const char *sha256)
{
    char hash[65];
    struct error ignored;

    if (!*what_changed(reg, kind, name, sha256) || sha256_file(path, hash, &ignored) != OK ||
        (strcmp(hash, sha256) != 0 && find_item(reg, kind, name)))
        return;
    for (size_t i = 0; i < p->nfiles; i++)
        if (strcmp(p->files[i], path) == 0)
            return;
    add_plugin_file(p, path);
}

static void check_plugin(struct stored_plugins *p, const char *kind, const char *name, const char *path,
                         const char *sha256)
{
    const char *what = what_changed(p->registry, kind, name, sha256);

    if (*what)
        strbuf_addf(&p->changed, "the %s '%s' (%s) %s\n", kind, name, path, what);
}

/* Find those that are meant, beginning with those in REG; without REG, tell which changed. */
static status each_plugin(struct stored_plugins *p, sqlite3 *db, const struct question *q,
                          struct registry *reg, struct error *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, questions[q->whose], -1, &st, NULL);

    if (rc == SQLITE_OK)
        sqlite3_bind_int64(st, 1, q->id);
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        char *text[4];

        for (int i = 0; i < 4; i++)
            text[i] = column_text(st, i);
        if (reg)
            find_plugin(p, reg, text[0], text[1], text[2], text[3]);
        else
            check_plugin(p, text[0], text[1], text[2], text[3]);
        for (int i = 0; i < 4; i++)
            free(text[i]);
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_DONE)
        error_set(err, "the results database: %s", sqlite3_errmsg(db));
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? OK : FAILED;
}

static status open_plugins(struct registry *reg, size_t n, const char *const *files, struct error *err)
{
    for (size_t i = 0; i < n; i++)
        if (registry_add_file(reg, files[i], err) != OK)
            return FAILED;
    return OK;
}

status stored_plugins_open(struct stored_plugins *p, sqlite3 *db, enum plugins_of whose, int64_t id, size_t n,
                           const char *const *given, struct error *err)
{
    const struct question q = {whose, id};
    struct registry *first = registry_new();
    status result = FAILED;

    *p = (struct stored_plugins){.registry = registry_new(), .arena = arena_new()};
    strbuf_add(&p->changed, "");
    for (size_t i = 0; i < n; i++)
        add_plugin_file(p, given[i]);
    if (open_plugins(first, n, given, err) == OK && each_plugin(p, db, &q, first, err) == OK &&
        open_plugins(p->registry, p->nfiles, p->files, err) == OK)
        result = each_plugin(p, db, &q, NULL, err);
    registry_free(first);
    return result;
}

void stored_plugins_release(struct stored_plugins *p)
{
    registry_free(p->registry);
    strbuf_release(&p->changed);
    arena_free(p->arena);
    free(p->files);
}
