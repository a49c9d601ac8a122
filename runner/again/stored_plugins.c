/* stored_plugins.c - see stored_plugins.h. */
#include "again/stored_plugins.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/registry.h"
#include "record/database.h"

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
    return mem_string(database_text(st, column));
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

/* One row. The path in it is told and not opened: a database of somebody else may name any file, and a
 * plugin is code. */
static status check_plugin(struct stored_plugins *p, const char *kind, const char *name, const char *path,
                           const char *sha256, struct error *err)
{
    const struct item *item = find_item(p->registry, kind, name);
    struct error ignored;

    if (!item)
        return error_set(
            err,
            "the %s '%s' is in no plugin folder; it was '%s': a database loads no code by itself, "
            "so name the file with --plugin if you trust it",
            kind, name, path);
    if (plugin_file_hash(item->file, &ignored) != OK || strcmp(item->file->sha256, sha256) != 0)
        strbuf_addf(&p->changed, "the %s '%s' (%s) has changed since\n", kind, name, path);
    return OK;
}

static status check_plugins(struct stored_plugins *p, sqlite3 *db, const struct question *q,
                            struct error *err)
{
    sqlite3_stmt *st = NULL;
    status result = OK;
    int rc = sqlite3_prepare_v2(db, questions[q->whose], -1, &st, NULL);

    if (rc == SQLITE_OK)
        sqlite3_bind_int64(st, 1, q->id);
    while (rc == SQLITE_OK && result == OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        char *text[4];

        for (int i = 0; i < 4; i++)
            text[i] = column_text(st, i);
        result = check_plugin(p, text[0], text[1], text[2], text[3], err);
        for (int i = 0; i < 4; i++)
            free(text[i]);
        rc = SQLITE_OK;
    }
    if (result == OK && rc != SQLITE_DONE)
        result = database_read_error(db, err);
    sqlite3_finalize(st);
    return result;
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

    *p = (struct stored_plugins){.registry = registry_new(), .nfiles = n, .files = given};
    strbuf_add(&p->changed, "");
    return open_plugins(p->registry, n, given, err) == OK ? check_plugins(p, db, &q, err) : FAILED;
}

void stored_plugins_release(struct stored_plugins *p)
{
    registry_free(p->registry);
    strbuf_release(&p->changed);
}
