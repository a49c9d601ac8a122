/* results_open.c - a results database opened to be asked: see results.h. Writes nothing, neither rows nor
 * files.
 */
#include "cli/results.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "record/schema.h"
#include "record/database.h"

/* How a file is opened to be read. Whoever opens a database for reading alone leaves an empty log and its
 * index beside it; so its owner opens it for writing, and tells it to write nothing. Somebody else's
 * log and index would be files that the owner cannot write: such a reader makes none. */
enum way { AS_OWNER, BESIDE_WRITER, UNCHANGING };
static const char *const way_options[] = {[AS_OWNER] = "?mode=rw",
                                          [BESIDE_WRITER] = "?mode=ro&readonly_shm=1",
                                          [UNCHANGING] = "?mode=ro&immutable=1"};

static bool is_beside(const char *path, const char *ending, int how)
{
    char *name = mem_format("%s%s", path, ending);
    const bool is = faccessat(AT_FDCWD, name, how, AT_EACCESS) == 0;

    free(name);
    return is;
}

static enum way choose_way(const char *path, const struct stat *about)
{
    const bool may_write = is_beside(path, "", W_OK);

    if (may_write && (geteuid() == 0 || about->st_uid == geteuid()))
        return AS_OWNER;
    if (!is_beside(path, "-wal", F_OK))
        return UNCHANGING;
    return may_write && is_beside(path, "-wal", W_OK) && is_beside(path, "-shm", W_OK) ? AS_OWNER
                                                                                       : BESIDE_WRITER;
}

/* PATH as a URI. */
static char *file_uri(const char *path, enum way way)
{
    struct strbuf b = {0};

    strbuf_add(&b, "file:");
    for (; *path; path++) {
        if (strchr("?#%", *path))
            strbuf_addf(&b, "%%%02x", (unsigned char)*path);
        else
            strbuf_addn(&b, path, 1);
    }
    strbuf_add(&b, way_options[way]);
    return b.text;
}

/* Open and ask what kind of file it is. */
static status try_open(const char *path, enum way way, sqlite3 **db, int64_t *application, int64_t *version,
                       struct error *err)
{
    char *uri = file_uri(path, way);
    status st = OK;

    if (sqlite3_open_v2(uri, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, NULL) ||
        sqlite3_exec(*db, "PRAGMA query_only = ON", NULL, NULL, NULL))
        st = results_error(*db, err);
    if (st == OK)
        sqlite3_busy_timeout(*db, 10000);
    if (st || results_number(*db, "PRAGMA application_id", 0, NULL, 0, application, err) ||
        results_number(*db, "PRAGMA user_version", 0, NULL, 0, version, err))
        st = FAILED;
    free(uri);
    return st;
}

/* The views are this program's, put before those of the file, which may be anybody's and need not come to
 * an end. A file of an older VERSION is read as one of today's, and not changed. */
static status read_as_ours(sqlite3 *db, int version, struct error *err)
{
    if (sqlite3_exec(db, "PRAGMA temp_store = MEMORY; PRAGMA query_only = OFF", NULL, NULL, NULL) ||
        schema_read_old(db, version) || sqlite3_exec(db, "PRAGMA query_only = ON", NULL, NULL, NULL))
        return results_error(db, err);
    return OK;
}

/* Where nothing may be written beside the file, SQLite cannot read along with a writer.
 * Without a log of a writer beside it the file is all there is, and can be read as it is. */
static bool can_be_immutable(const char *path, sqlite3 *db)
{
    int code = sqlite3_errcode(db) & 0xff;

    return !is_beside(path, "-wal", F_OK) && (code == SQLITE_CANTOPEN || code == SQLITE_READONLY);
}

status results_open(const char *path, sqlite3 **db, struct error *err)
{
    int64_t application = 0, version = 0;
    struct stat about = {0};
    enum way way;
    status st;

    *db = NULL;
    if (database_check_file(path, err))
        return FAILED;
    if (access(path, R_OK) || stat(path, &about)) {
        if (errno == ENOENT)
            return error_set(
                err, "no results database '%s'; 'fell run SPEC' makes it, --db FILE names another", path);
        return error_set(err, "cannot read '%s': %s", path, strerror(errno));
    }
    way = choose_way(path, &about);
    st = try_open(path, way, db, &application, &version, err);
    if (st && way == BESIDE_WRITER && (sqlite3_errcode(*db) & 0xff) == SQLITE_CANTOPEN)
        error_set(
            err, "its owner's log (%s-wal) is to be put in place first; ask for one `fell runs` of the owner",
            path_base(path));
    if (st && can_be_immutable(path, *db)) {
        sqlite3_close(*db);
        st = try_open(path, UNCHANGING, db, &application, &version, err);
    }
    if (st)
        error_prepend(err, "'%s'", path);
    else if (application != SCHEMA_APPLICATION_ID)
        st = error_set(err, "'%s' is not a results database of fell", path);
    else if (version < 0)
        st = error_set(err, "'%s' was not made by fell: its schema is called %lld", path, (long long)version);
    else if (version > schema_version)
        st = database_is_newer(path, version, err);
    else
        st = database_check_tables(*db, path, false, err) || read_as_ours(*db, (int)version, err) ? FAILED
                                                                                                  : OK;
    if (st) {
        sqlite3_close(*db);
        *db = NULL;
    }
    return st;
}
