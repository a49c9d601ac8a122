/* moved_files.c - see moved_files.h. */
#include "again/moved_files.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/named_paths.h"
#include "base/text.h"
#include "record/database.h"
#include "work/identity.h"

static bool holds(const char *path, const char *sha256)
{
    struct error ignored;
    char found[65];

    return access(path, R_OK) == 0 && identity_hash_path(path, found, &ignored) == OK &&
           strcmp(found, sha256) == 0;
}

/* An end of PATH in FOLDER or in a folder above it, the longest first; free() it. NULL: there is none. A path
 * with `..` in it is not looked for: its end could lead out of the folder. FROM: the database. */
static char *find_from(const char *folder, const char *path, const char *sha256, const char *from)
{
    struct error ignored;

    for (const char *end = strchr(path + 1, '/'); end; end = strchr(end + 1, '/')) {
        char *above = mem_string(folder), *up;

        while (strcmp(above, "/") != 0 && strcmp(above, ".") != 0) {
            char *there = path_join(above, end + 1);

            if (end[1] && strcmp(there, path) != 0 && named_paths_check(there, from, &ignored) == OK &&
                holds(there, sha256)) {
                free(above);
                return there;
            }
            free(there);
            up = path_folder(above);
            free(above);
            above = up;
        }
        free(above);
    }
    return NULL;
}

static char *find(const char *file, const char *path, const char *sha256)
{
    char here[PATH_MAX], *folder, *found = NULL;

    if (path[0] != '/' || strstr(path, "/../"))
        return NULL;
    folder = path_folder(file);
    found = find_from(folder, path, sha256, file);
    free(folder);
    return found || !getcwd(here, sizeof here) ? found : find_from(here, path, sha256, file);
}

static void add(struct moved_files *m, const char *from, char *to)
{
    m->from = mem_grow(m->from, m->n + 1, sizeof *m->from);
    m->to = mem_grow(m->to, m->n + 1, sizeof *m->to);
    m->from[m->n] = mem_string(from);
    m->to[m->n++] = to;
}

/* One file: as it is recorded, moved, or not what it was. */
static void look(sqlite3 *db, int64_t run, struct moved_files *m, const char *path, const char *sha256)
{
    const char *file = sqlite3_db_filename(db, "main");
    struct error err;
    char found[65], *to;
    const bool readable =
        named_paths_check(path, file, &err) == OK && identity_hash_path(path, found, &err) == OK;

    if (readable && strcmp(found, sha256) == 0)
        return;
    if ((to = find(file, path, sha256)))
        add(m, path, to);
    else if (!m->changed.len && !readable)
        strbuf_addf(&m->changed, "%s", err.text);
    else if (!m->changed.len)
        strbuf_addf(&m->changed, "'%s' has changed since run %lld was trained on it", path, (long long)run);
}

status moved_files_find(sqlite3 *db, int64_t run, struct moved_files *m, struct error *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db,
                                "SELECT DISTINCT path, f.sha256 FROM data_files AS f JOIN runs AS r"
                                " ON r.experiment_id = f.experiment_id WHERE r.id = ?1",
                                -1, &st, NULL);

    *m = (struct moved_files){0};
    if (rc == SQLITE_OK)
        sqlite3_bind_int64(st, 1, run);
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        look(db, run, m, database_text(st, 0), database_text(st, 1));
        rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? OK : database_read_error(db, err);
}

const char *moved_files_now(void *arg, const char *path)
{
    const struct moved_files *m = arg;

    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->from[i], path) == 0)
            return m->to[i];
    return path;
}

void moved_files_release(struct moved_files *m)
{
    for (size_t i = 0; i < m->n; i++) {
        free(m->from[i]);
        free(m->to[i]);
    }
    free(m->from);
    free(m->to);
    strbuf_release(&m->changed);
    *m = (struct moved_files){0};
}
