/* resume.c - see resume.h. Reads files and the database; changes nothing, but an empty folder goes
 * away.
 */
#include "work/resume.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/checkpoint.h"
#include "record/database.h"

const char *const resume_files[RESUME_FILES] = {"pause.safetensors", "before.safetensors", "last.safetensors",
                                                "best.safetensors"};

char *resume_folder(const char *db_path, int64_t run)
{
    char *db = path_absolute(db_path), *folder = mem_format("%s.checkpoints/%lld", db, (long long)run);

    free(db);
    return folder;
}

char *resume_stored_path(int64_t run, const char *name)
{
    return mem_format("%lld/%s", (long long)run, name);
}

/* The name in STORED; NULL when it is none that a file could have. */
static const char *name_of(const char *stored)
{
    const char *name = path_base(stored ? stored : "");

    return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strchr(name, '\n') ? name : NULL;
}

char *resume_file(const char *db_path, int64_t run, const char *stored)
{
    const char *name = name_of(stored);
    char *folder = resume_folder(db_path, run), *path = name ? path_join(folder, name) : NULL;

    free(folder);
    return path;
}

/* ---- removing ---------------------------------------------------------------------------- */

void resume_list_add(struct strbuf *list, int64_t run, const char *stored)
{
    const char *name = name_of(stored);

    if (name)
        strbuf_addf(list, "%lld/%s\n", (long long)run, name);
}

/* The folder NAME in FOLDER, which is no link; -1 without one. */
static int open_folder(int folder, const char *name)
{
    return openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* LINE: RUN/NAME. */
static void remove_one(const char *checkpoints, char *line)
{
    char *name = strchr(line, '/');
    const int above = open_folder(AT_FDCWD, checkpoints);
    int folder;

    *name++ = 0;
    folder = above >= 0 ? open_folder(above, line) : -1;
    if (folder >= 0) {
        unlinkat(folder, name, 0);
        unlinkat(above, line, AT_REMOVEDIR); /* if it is empty */
        close(folder);
    }
    if (above >= 0)
        close(above);
}

static bool is_kept(sqlite3_stmt *look, const char *line)
{
    bool kept;

    if (!look)
        return false;
    sqlite3_bind_text(look, 1, line, -1, SQLITE_STATIC);
    sqlite3_bind_int64(look, 2, strtoll(line, NULL, 10));
    kept = sqlite3_step(look) != SQLITE_DONE; /* in doubt it stays */
    sqlite3_reset(look);
    return kept;
}

void resume_list_remove(const struct strbuf *list, const char *db_path, sqlite3 *kept)
{
    char *copy = mem_string(list->text ? list->text : ""), *rest = copy, *line;
    char *db = path_absolute(db_path), *checkpoints = mem_format("%s.checkpoints", db);
    sqlite3_stmt *look = NULL;
    /* Older rows have the whole path. */
    const bool known =
        !kept || sqlite3_prepare_v2(kept,
                                    "SELECT 1 FROM checkpoints WHERE run_id = ?2 AND"
                                    " (path = ?1 OR substr(path, -length(?1) - 1) = '/' || ?1)",
                                    -1, &look, NULL) == SQLITE_OK;

    while (known && (line = strsep(&rest, "\n")))
        if (*line && !is_kept(look, line))
            remove_one(checkpoints, line);
    sqlite3_finalize(look);
    free(checkpoints);
    free(db);
    free(copy);
}

void resume_tidy(const char *db_path)
{
    char *folder = mem_format("%s.checkpoints", db_path);

    rmdir(folder);
    free(folder);
}

/* What a file must say to be of the run. */
struct wanted {
    uint64_t seed;
    int64_t recorded; /* epochs from 1 on without a hole */
    char spec[65];
};

static status read_wanted(sqlite3 *db, int64_t run, struct wanted *w, struct error *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db,
                                "SELECT seed, resolved, (SELECT count(*) FROM epochs WHERE run_id = id),"
                                " (SELECT coalesce(max(epoch), 0) FROM epochs WHERE run_id = id)"
                                " FROM runs WHERE id = ?1",
                                -1, &st, NULL);
    status result;

    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(st, 1, run);
        rc = sqlite3_step(st);
    }
    if (rc == SQLITE_ROW) {
        const char *resolved = database_text(st, 1);

        w->seed = (uint64_t)sqlite3_column_int64(st, 0);
        sha256_text(resolved, strlen(resolved), w->spec);
        w->recorded = sqlite3_column_int64(st, 2);
        if (w->recorded != sqlite3_column_int64(st, 3))
            w->recorded = 0;
    }
    result = database_run_found(db, rc, run, err);
    sqlite3_finalize(st);
    return result;
}

/* Whether a row of the run tells of these bytes. One is stored after the rows of all files that were written
 * before: a run that goes on from such a state has lost none. */
static bool is_told(sqlite3 *db, int64_t run, int64_t epoch, const char *sha256)
{
    sqlite3_stmt *st = NULL;
    bool told = false;

    if (sqlite3_prepare_v2(db, "SELECT 1 FROM checkpoints WHERE run_id = ?1 AND epoch = ?2 AND sha256 = ?3",
                           -1, &st, NULL) == SQLITE_OK) {
        sqlite3_bind_int64(st, 1, run);
        sqlite3_bind_int64(st, 2, epoch);
        sqlite3_bind_text(st, 3, sha256, -1, SQLITE_STATIC);
        told = sqlite3_step(st) == SQLITE_ROW;
    }
    sqlite3_finalize(st);
    return told;
}

/* Whether PATH is a state of the run, and after which epoch. */
static bool serves(sqlite3 *db, int64_t run, const char *path, const struct wanted *w, int64_t *epoch,
                   struct error *err)
{
    struct checkpoint at;
    char sha256[65];

    err->text[0] = 0;
    if (access(path, F_OK) != 0 || checkpoint_peek(path, &at, err) != OK)
        return false;
    *epoch = at.epoch;
    return at.seed == w->seed && strcmp(at.spec, w->spec) == 0 && at.epoch <= w->recorded &&
           sha256_file(path, sha256, err) == OK && is_told(db, run, at.epoch, sha256);
}

status resume_find(sqlite3 *db, const char *db_path, int64_t run, char **path, int64_t *epoch,
                   void (*note)(void *arg, const char *text), void *arg, struct error *err)
{
    char *folder = resume_folder(db_path, run);
    struct wanted w = {0};
    status result = OK;

    *path = NULL;
    *epoch = 0;
    if (access(folder, F_OK) == 0)
        result = read_wanted(db, run, &w, err);
    for (size_t i = 0; result == OK && i < RESUME_FILES; i++) {
        char *one = path_join(folder, resume_files[i]);
        struct error damaged;
        int64_t at;

        if (serves(db, run, one, &w, &at, &damaged) && (!*path || at > *epoch)) {
            free(*path);
            *path = one;
            *epoch = at;
            continue;
        }
        if (damaged.text[0] && note)
            note(arg, damaged.text);
        free(one);
    }
    free(folder);
    return result;
}
