/* merge_files.c - see merge_files.h. The rows are record/merge.c's. */
#include "work/merge_files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "record/database.h"
#include "work/identity.h"
#include "work/resume.h"

static status list_files(sqlite3 *db, int64_t run, struct strbuf *out, struct error *err)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT path FROM checkpoints WHERE run_id = ?1", -1, &s, NULL);

    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(s, 1, run);
        while ((rc = sqlite3_step(s)) == SQLITE_ROW)
            resume_list_add(out, run, database_text(s, 0));
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? OK : error_set(err, "%s", sqlite3_errmsg(db));
}

/* The file PATH to TO, if it is what was saved. */
static status copy_file(const char *path, const char *sha256, const char *to, bool *good, struct error *err)
{
    struct error ignored;
    char *bytes = NULL, found[65];
    size_t size;
    status st = OK;

    *good = false;
    if (file_read(path, &bytes, &size, &ignored) == OK) {
        sha256_text(bytes, size, found);
        *good = strcmp(found, sha256) == 0;
        if (*good)
            st = file_write(to, bytes, size, err);
    }
    free(bytes);
    return st;
}

static status copy_files(sqlite3 *from, const char *from_path, int64_t from_run, sqlite3 *to,
                         const char *to_path, int64_t run, int64_t *copied, int64_t *lost, struct error *err)
{
    char *folder = resume_folder(to_path, run);
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(
        from, "SELECT epoch, path, sha256, is_best FROM checkpoints WHERE run_id = ?1 ORDER BY epoch, path",
        -1, &s, NULL);
    status st = OK;

    if (rc == SQLITE_OK)
        sqlite3_bind_int64(s, 1, from_run);
    while (rc == SQLITE_OK && st == OK && sqlite3_step(s) == SQLITE_ROW) {
        const char *stored = database_text(s, 1);
        char *path = resume_file(from_path, from_run, stored), *file = path_join(folder, path_base(stored));
        char *as = resume_stored_path(run, path_base(stored));
        bool good = false;

        st = path_make_folder(folder, err);
        if (st == OK && path)
            st = copy_file(path, database_text(s, 2), file, &good, err);
        if (st == OK && good)
            st = merge_add_checkpoint(to, to_path, run, as, s, err);
        free(as);
        free(path);
        *(good ? copied : lost) += 1;
        free(file);
    }
    if (rc != SQLITE_OK || sqlite3_finalize(s) != SQLITE_OK)
        st = st == OK ? error_set(err, "%s", sqlite3_errmsg(from)) : st;
    free(folder);
    return st;
}

static void remove_files(const struct strbuf *list, const char *to_path, sqlite3 *to)
{
    resume_list_remove(list, to_path, to);
}

const struct merge_files merge_files = {.list = list_files, .copy = copy_files, .remove = remove_files};
