/* segments.c - see segments.h. Reads shares; what a task writes there is in shard.c.
 */
#include "work/segments.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "record/database.h"
#include "record/schema.h"
#include "work/merge_files.h"

/* ---- folders ------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool fits(const char *name, const char *prefix, const char *suffix)
{
    const size_t n = strlen(name), p = strlen(prefix), s = strlen(suffix);

    return name[0] != '.' && n >= p + s && strncmp(name, prefix, p) == 0 && strcmp(name + n - s, suffix) == 0;
}

status segments_list(const char *folder, const char *prefix, const char *suffix, char ***names, size_t *n,
                     struct error *err)
{
    DIR *d = opendir(folder);
    const struct dirent *entry;

    *names = NULL;
    *n = 0;
    if (!d)
        return errno == ENOENT ? OK : path_folder_unread(folder, err);
    while ((entry = readdir(d)))
        if (fits(entry->d_name, prefix, suffix)) {
            *names = mem_grow(*names, *n + 1, sizeof **names);
            (*names)[(*n)++] = mem_string(entry->d_name);
        }
    closedir(d);
    if (*n)
        qsort(*names, *n, sizeof **names, by_name);
    return OK;
}

void segments_free(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

status segments_tasks(const char *folder, int64_t *out, struct error *err)
{
    char *path = path_join(folder, "tasks"), *text;
    size_t size;
    status st = OK;

    *out = 0;
    if (access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR)) {
        st = file_read(path, &text, &size, err);
        if (st == OK) {
            text[strcspn(text, "\n")] = 0;
            if (!text_to_int(text, out) || *out < 1 || *out > SEGMENTS_MOST)
                st = error_set(err, "'%s' does not say how many shards there are: 1 to %d", path,
                               SEGMENTS_MOST);
            free(text);
        }
    }
    free(path);
    return st;
}

/* ---- one segment ----------------------------------------------------------------------------- */

static status number(sqlite3 *db, const char *sql, int64_t *out)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return rc == SQLITE_ROW ? OK : FAILED;
}

/* Every page is looked at: the machine that wrote it, or the share, may have failed in the middle. */
static status check(sqlite3 *db, const char *path, int64_t *version, struct error *err)
{
    int64_t application = 0, whole = 0;

    if (number(db, "PRAGMA application_id", &application) != OK ||
        number(db, "PRAGMA user_version", version) != OK)
        return database_error(db, sqlite3_extended_errcode(db), path, err);
    if (application != SCHEMA_APPLICATION_ID || *version <= 0)
        return error_set(err, "'%s' is no segment of fell", path);
    if (*version > schema_version)
        return database_is_newer(path, *version, err);
    if (number(db, "SELECT quick_check = 'ok' FROM pragma_quick_check(1)", &whole) != OK || !whole)
        return error_set(err, "'%s' is damaged", path);
    return database_check_tables(db, path, false, err);
}

/* No lock is taken and no file is made beside it: it does not change. */
static status open_segment(const char *path, sqlite3 **out, struct error *err)
{
    char *absolute = path_absolute(path);
    struct strbuf uri = {0};
    sqlite3 *db = NULL;
    int64_t version = 0;
    status st = database_check_file(path, err);

    *out = NULL;
    strbuf_add(&uri, "file:");
    for (const char *p = absolute; *p; p++) {
        if (strchr("?#%", *p))
            strbuf_addf(&uri, "%%%02x", (unsigned char)*p);
        else
            strbuf_addn(&uri, p, 1);
    }
    strbuf_add(&uri, "?mode=ro&immutable=1");
    if (st == OK && sqlite3_open_v2(uri.text, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) != SQLITE_OK)
        st = database_error(db, sqlite3_extended_errcode(db), path, err);
    if (st == OK)
        st = check(db, path, &version, err);
    if (st == OK && (sqlite3_exec(db, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL) != SQLITE_OK ||
                     schema_read_old(db, (int)version) != SQLITE_OK))
        st = database_error(db, sqlite3_extended_errcode(db), path, err);
    if (st != OK) {
        sqlite3_close(db);
        db = NULL;
    }
    *out = db;
    strbuf_release(&uri);
    free(absolute);
    return st;
}

status segments_merge(const char *path, sqlite3 *to, const char *to_path, struct merge_counts *out,
                      bool *torn, struct error *err)
{
    static const struct merge_choice all = {.keep = true, .later = true};
    sqlite3 *from;
    status st;

    *out = (struct merge_counts){0};
    *torn = open_segment(path, &from, err) != OK;
    if (*torn)
        return OK;
    st = merge_database(from, path, to, to_path, &merge_files, &all, out, err);
    sqlite3_close(from);
    return st;
}
