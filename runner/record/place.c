/* place.c - see place.h. Looks at the file, and reads it where something is wrong with it alone. */
#include "record/place.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "record/database.h"

/* ---- deleted or replaced ----------------------------------------------------------------------- */

bool database_has_moved(sqlite3 *db)
{
    int moved = 0;

    return sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved;
}

/* SQLite can still read the file, whatever became of its name. */
void database_save_moved(sqlite3 *db, const char *path, struct error *said)
{
    char *saved = mem_format("%s.saved-%ld", path, (long)getpid());
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", saved);
    const char *where = path_base(path);

    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
        error_set(said,
                  "'%s' was deleted or replaced while runs were stored in it; all that was stored is saved "
                  "in '%s'. "
                  "Move it to where '%s' shall be, and run again",
                  path, saved, where);
    else
        error_set(said,
                  "'%s' was deleted or replaced while runs were stored in it, and what was stored could not "
                  "be saved in "
                  "'%s' (%s): the results of this sweep are lost",
                  path, saved, sqlite3_errmsg(db));
    sqlite3_free(sql);
    free(saved);
}

/* ---- written over ------------------------------------------------------------------------------- */

static int64_t ask_number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s = NULL;
    int64_t n = -1;

    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
        n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

/* What somebody finds who opens the file now: this process has pages of it in memory. In doubt it is sound.
 */
static bool is_broken(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    bool broken = false;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    if (rc == SQLITE_ROW)
        broken = strcmp(database_text(s, 0), "ok") != 0;
    sqlite3_finalize(s);
    sqlite3_close(db);
    return broken || rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB;
}

/* SQLite makes the file longer, up to the pages that there are, when it takes in the log; only VACUUM makes
 * it shorter. Other changes of its length are looked into. */
static bool was_written_over(struct db_place *p, sqlite3 *db)
{
    struct stat about;
    bool longer;

    if (stat(p->path, &about) != 0 || about.st_size == p->size)
        return false;
    longer = about.st_size > p->size;
    p->size = about.st_size;
    if (longer && about.st_size <= ask_number(db, "PRAGMA page_count") * ask_number(db, "PRAGMA page_size"))
        return false;
    return is_broken(p->path);
}

/* ---- both ----------------------------------------------------------------------------------------- */

void place_begin(struct db_place *p, const char *path)
{
    struct stat about;

    *p = (struct db_place){.path = path, .size = stat(path, &about) == 0 ? about.st_size : 0};
}

status place_check(struct db_place *p, sqlite3 *db, struct error *err)
{
    if (!p->lost && database_has_moved(db)) {
        database_save_moved(db, p->path, &p->said);
        p->lost = true;
    } else if (!p->lost && was_written_over(p, db)) {
        error_set(
            &p->said,
            "'%s' was written over by somebody else while runs were stored in it, and is damaged: put a "
            "copy of yours in its place and run again, or let `sqlite3 %s .recover` save what can be "
            "read. Copy a database with `sqlite3 FROM \".backup TO\"`, or beside the other and rename it",
            p->path, p->path);
        p->lost = true;
    }
    if (!p->lost)
        return OK;
    *err = p->said;
    return FAILED;
}
