/* merge_files.c - see merge_files.h. The rows are record/merge.c's. */
#include "work/merge_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
    return rc == SQLITE_DONE ? OK : database_read_error(db, err);
}

/* ---- copying: no file that is there is changed before the commit ------------------------------- */

/* Before the name of a file whose place is taken by that of the run which is replaced. */
#define MERGED ".merged-"

/* *BYTES of PATH where they are those of SHA256, else NULL: a file that is not there, or another. Errors: one
 * that cannot be read, or of which it cannot be said whether it is there. */
static status read_saved(const char *path, const char *sha256, char **bytes, size_t *size, struct error *err)
{
    struct stat about;
    char found[65];

    *bytes = NULL;
    if (stat(path, &about) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? OK
                   : error_set(err, "cannot read '%s': %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return OK;
    if (file_read(path, bytes, size, err) != OK)
        return FAILED;
    sha256_text(*bytes, *size, found);
    if (strcmp(found, sha256) != 0) {
        free(*bytes);
        *bytes = NULL;
    }
    return OK;
}

static bool is_saved(const char *path, const char *sha256)
{
    struct error ignored;
    size_t size;
    char *bytes;
    const bool saved = read_saved(path, sha256, &bytes, &size, &ignored) == OK && bytes;

    free(bytes);
    return saved;
}

/* The file PATH into FOLDER as NAME, if it is what was saved. */
static status copy_file(const char *path, const char *sha256, const char *folder, const char *name,
                        struct strbuf *made, bool *good, struct error *err)
{
    size_t size;
    char *bytes, *to = path_join(folder, name);
    status st = read_saved(path, sha256, &bytes, &size, err);

    *good = bytes != NULL;
    if (*good && !is_saved(to, sha256)) {
        if (access(to, F_OK) == 0) {
            free(to);
            to = mem_format("%s/" MERGED "%s", folder, name);
            unlink(to);
        }
        st = file_write(to, bytes, size, err);
        strbuf_addf(made, "%s%c", to, 0);
    }
    free(bytes);
    free(to);
    return st;
}

static status copy_files(sqlite3 *from, const char *schema, const char *from_path, int64_t from_run,
                         sqlite3 *to, const char *to_path, int64_t run, int64_t *copied, int64_t *lost,
                         struct strbuf *made, struct error *err)
{
    char *folder = resume_folder(to_path, run);
    char *sql = mem_format("SELECT epoch, path, sha256, is_best FROM %scheckpoints WHERE run_id = ?1\n"
                           "ORDER BY epoch, path",
                           schema);
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(from, sql, -1, &s, NULL);
    status st = OK;

    if (rc == SQLITE_OK)
        sqlite3_bind_int64(s, 1, from_run);
    while (rc == SQLITE_OK && st == OK && sqlite3_step(s) == SQLITE_ROW) {
        const char *stored = database_text(s, 1);
        char *path = resume_file(from_path, from_run, stored);
        char *as = resume_stored_path(run, path_base(stored));
        bool good = false;

        st = path_make_folder(folder, err);
        if (st == OK && path)
            st = copy_file(path, database_text(s, 2), folder, path_base(stored), made, &good, err);
        if (st == OK && good)
            st = merge_add_checkpoint(to, to_path, run, as, s, err);
        free(as);
        free(path);
        *(good ? copied : lost) += 1;
    }
    if (rc != SQLITE_OK || sqlite3_finalize(s) != SQLITE_OK)
        st = st == OK ? database_read_error(from, err) : st;
    free(sql);
    free(folder);
    return st;
}

/* ---- after the transaction ------------------------------------------------------------------- */

/* The place of FROM, FOLDER/.merged-NAME; NULL when it has its own. */
static char *place_of(const char *from)
{
    const char *name = path_base(from);
    char *folder, *to;

    if (strncmp(name, MERGED, strlen(MERGED)) != 0)
        return NULL;
    folder = path_folder(from);
    to = path_join(folder, name + strlen(MERGED));
    free(folder);
    return to;
}

static status settle_files(const struct strbuf *made, bool committed, struct error *err)
{
    status st = OK;

    for (size_t at = 0; at < made->len; at += strlen(made->text + at) + 1) {
        const char *from = made->text + at;
        char *to = place_of(from), *folder = path_folder(from);

        if (!committed) {
            unlink(from);
            rmdir(folder); /* if it is empty */
        } else if (to && rename(from, to) != 0 && st == OK) {
            st = error_set(err, "cannot write '%s': %s; merge again", to, strerror(errno));
        }
        free(folder);
        free(to);
    }
    return st;
}

static status recover_files(sqlite3 *to, const char *to_path, int64_t run, struct error *err)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(to, "SELECT path, sha256 FROM checkpoints WHERE run_id = ?1", -1, &s, NULL);
    char *folder = resume_folder(to_path, run);
    status st = OK;

    if (rc == SQLITE_OK)
        sqlite3_bind_int64(s, 1, run);
    while (rc == SQLITE_OK && st == OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        char *from = mem_format("%s/" MERGED "%s", folder, path_base(database_text(s, 0)));
        struct strbuf one = {0};

        rc = SQLITE_OK;
        if (access(from, F_OK) == 0) {
            strbuf_addf(&one, "%s%c", from, 0);
            st = settle_files(&one, is_saved(from, database_text(s, 1)), err);
        }
        strbuf_release(&one);
        free(from);
    }
    if (rc != SQLITE_DONE && st == OK)
        st = database_read_error(to, err);
    sqlite3_finalize(s);
    free(folder);
    return st;
}

static void remove_files(const struct strbuf *list, const char *to_path, sqlite3 *to)
{
    resume_list_remove(list, to_path, to);
}

const struct merge_files merge_files = {.list = list_files,
                                        .copy = copy_files,
                                        .settle = settle_files,
                                        .recover = recover_files,
                                        .remove = remove_files};
