/* resume.c - see resume.h. Called by the runner when it continues an experiment, and by hand.c for
 * the folder. Reads files and the database; changes nothing, but an empty folder goes away.
 */
#include "work/resume.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/checkpoint.h"
#include "record/database.h"

const char *const resume_files[RESUME_FILES] = {"pause.safetensors", "last.safetensors", "best.safetensors"};

char *resume_folder(const char *db_path, int64_t run)
{
    char *db = path_absolute(db_path), *folder = mem_format("%s.checkpoints/%lld", db, (long long)run);

    free(db);
    return folder;
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
    } else {
        error_set(err, "cannot read run %lld: %s", (long long)run,
                  rc == SQLITE_DONE ? "there is none" : sqlite3_errmsg(db));
    }
    sqlite3_finalize(st);
    return rc == SQLITE_ROW ? OK : FAILED;
}

/* Whether PATH is a state of the run, and after which epoch. */
static bool serves(const char *path, const struct wanted *w, int64_t *epoch, struct error *err)
{
    struct checkpoint at;

    err->text[0] = 0;
    if (access(path, F_OK) != 0 || checkpoint_peek(path, &at, err) != OK)
        return false;
    *epoch = at.epoch;
    return at.seed == w->seed && strcmp(at.spec, w->spec) == 0 && at.epoch <= w->recorded;
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

        if (serves(one, &w, &at, &damaged) && at > *epoch) {
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
