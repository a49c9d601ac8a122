/* database.c - opens the results file. See database.h.
 *
 * Nothing here knows of runs and epochs.
 */
#include "record/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/new_file.h"
#include "base/text.h"
#include "record/schema.h"

enum { WAIT_MS = 10000, RETRY_MS = 20 };

/* File systems whose locks and shared memory do not reach other machines (numbers of
 * linux/magic.h and statfs(2)). 9p is not among them: sandboxes use it for local disks. */
static const struct network {
    long type;
    const char *name;
} networks[] = {
    {0x6969, "nfs"},          {0xff534d42, "cifs"}, {0xfe534d42, "smb2"},   {0x517b, "smb"},
    {0x5346414f, "afs"},      {0x6b414653, "afs"},  {0x73757245, "coda"},   {0x00c36400, "ceph"},
    {0x564c, "ncp"},          {0x47504653, "gpfs"}, {0x0bd00bd0, "lustre"}, {0x19830326, "beegfs"},
    {0x20030528, "orangefs"}, {0x01161970, "gfs2"}, {0x7461636f, "ocfs2"},
};

enum { FUSE_MAGIC = 0x65735546 };

static status refuse(const char *path, const char *kind, struct error *err)
{
    return error_set(
        err,
        "'%s' is on a network file system (%s), where SQLite's locks cannot be relied on; give a "
        "local file with --db, and copy it there when the runs are over",
        path, kind);
}

status database_check_file_system(const char *path, long type, struct error *err)
{
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++)
        if ((type & 0xffffffffL) == networks[i].type)
            return refuse(path, networks[i].name, err);
    return OK;
}

/* A FUSE mount may be local; only its line in mountinfo tells ("fuse.sshfs"). */
static bool fuse_is_remote(const char *folder)
{
    static const char *const remote[] = {"fuse.sshfs",     "fuse.s3fs",  "fuse.gcsfuse", "fuse.rclone",
                                         "fuse.glusterfs", "fuse.davfs", "fuse.ceph"};
    char *real = path_real(folder), *line = NULL;
    FILE *mounts = real ? fopen("/proc/self/mountinfo", "re") : NULL;
    size_t room = 0, longest = 0;
    bool found = false;

    while (mounts && getline(&line, &room, mounts) > 0) {
        char *at[10] = {NULL}, *rest = line, *dash = strstr(line, " - ");
        size_t n;

        for (int i = 0; i < 5 && rest; i++) /* the fifth word is where it is mounted */
            at[i] = strsep(&rest, " ");
        if (!at[4] || !dash)
            continue;
        n = strlen(at[4]);
        if (n < longest || strncmp(real, at[4], n) != 0 || (n > 1 && real[n] != '/' && real[n] != 0))
            continue;
        longest = n;
        found = false;
        for (size_t i = 0; i < sizeof remote / sizeof remote[0]; i++)
            found |= strncmp(dash + 3, remote[i], strlen(remote[i])) == 0;
    }
    if (mounts)
        fclose(mounts);
    free(line);
    free(real);
    return found;
}

static status check_place(const char *path, struct error *err)
{
    char *folder = path_folder(path);
    struct statfs fs;
    status result = OK;

    if (statfs(folder, &fs) != 0)
        result = error_set(err, "cannot use the folder '%s': %s", folder, strerror(errno));
    else if ((long)fs.f_type == FUSE_MAGIC && fuse_is_remote(folder))
        result = refuse(path, "FUSE", err);
    else
        result = database_check_file_system(path, (long)fs.f_type, err);
    free(folder);
    return result;
}

/* ---- what went wrong ----------------------------------------------------------------------- */

/* The errno of the last call that failed on FILE, 0 when none did. */
static int file_errno(sqlite3 *db, int which)
{
    sqlite3_file *file = NULL;
    int number = 0;

    if (sqlite3_file_control(db, "main", which, &file) == SQLITE_OK && file && file->pMethods)
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &number);
    return number;
}

/* Why a call of the system failed, 0 if nobody knows. A COMMIT that fails leaves SQLite's own note of it as
 * it was; then the log and the file know, or, for the log's index, errno alone (BEFORE: as it was found). */
static int system_errno(sqlite3 *db, int before)
{
    const int known[] = {file_errno(db, SQLITE_FCNTL_JOURNAL_POINTER),
                         file_errno(db, SQLITE_FCNTL_FILE_POINTER), sqlite3_system_errno(db), before};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i] != 0)
            return known[i];
    return 0;
}

status database_no_room(const char *path, int number, struct error *err)
{
    static const struct reason {
        int number;
        const char *text, *mend;
    } reasons[] = {
        {0, "the disk is full", "Make room"}, /* SQLite says this one itself */
        {ENOSPC, "the disk is full", "Make room"},
        {EDQUOT, "the disk is full, as far as your quota goes", "Make room"},
        {EFBIG, "the file may not grow (ulimit -f, or the most that its file system has)", "Raise the limit"},
        {EROFS, "its file system has become read-only", "Mend it"},
        {EMFILE, "this process has too many files open", "Raise the limit (ulimit -n)"},
        {ENFILE, "the system has too many files open", "Close some"},
        {ENOMEM, "out of memory", "Free some"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (number == reasons[i].number)
            return error_set(err, "%s: %s; what was stored before is safe. %s and run again", path,
                             reasons[i].text, reasons[i].mend);
    return error_set(err, "%s: reading or writing failed (%s); what was stored before is safe", path,
                     strerror(number));
}

static status io_failed(sqlite3 *db, const char *path, int number, struct error *err)
{
    return number >= 0 ? database_no_room(path, number, err)
                       : error_set(err, "%s: reading or writing failed (%s); what was stored before is safe",
                                   path, sqlite3_errmsg(db));
}

static status not_written(const char *path, struct error *err)
{
    char *folder = path_folder(path);
    const bool file = access(path, W_OK) == 0, both = file && access(folder, W_OK) == 0;

    if (!both && errno == EROFS)
        error_set(err, "%s cannot be written: it is on a read-only file system", path);
    else if (!both)
        error_set(err, "%s cannot be written: %s is read-only", path, file ? "its folder" : "it");
    else
        error_set(err, "%s cannot be written, though its permissions allow it by now; run again", path);
    free(folder);
    return FAILED;
}

status database_error(sqlite3 *db, int rc, const char *path, struct error *err)
{
    const int before = errno;
    struct strbuf who = {0};
    int number;

    switch (rc & 0xff) {
    case SQLITE_FULL:
        return io_failed(db, path, 0, err);
    case SQLITE_IOERR:
        number = rc == SQLITE_IOERR_NOMEM ? ENOMEM : system_errno(db, before);
        return io_failed(db, path, number ? number : -1, err);
    case SQLITE_NOMEM:
        return error_set(err, "%s: out of memory; what was stored before is safe", path);
    case SQLITE_NOTADB:
        return error_set(err, "%s is not a SQLite database", path);
    case SQLITE_CORRUPT:
        return error_set(err, "%s is damaged (%s); `sqlite3 %s .recover` saves what can be read", path,
                         sqlite3_errmsg(db), path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return not_written(path, err);
    case SQLITE_CANTOPEN:
        number = sqlite3_system_errno(db);
        /* SQLite tries again without making it, and notes that error: nobody knows the first. */
        if (number == ENOENT && access(path, F_OK) == 0)
            return error_set(
                err, "cannot make %s-wal: too many files may be open (ulimit -n), or the folder be read-only",
                path);
        return error_set(err, "cannot open %s: %s", path, number ? strerror(number) : "it is not a file");
    case SQLITE_BUSY:
        database_lock_holders(path, false, &who);
        error_set(err, "%s is locked by %s", path, who.text);
        strbuf_release(&who);
        return FAILED;
    default:
        return error_set(err, "%s: %s", path, sqlite3_errmsg(db));
    }
}

status database_read_error(sqlite3 *db, struct error *err)
{
    const char *path = db ? sqlite3_db_filename(db, "main") : NULL; /* NULL: there was no memory for it */

    return database_error(db, sqlite3_extended_errcode(db), path && *path ? path : "the results database",
                          err);
}

status database_run_found(sqlite3 *db, int rc, int64_t run, struct error *err)
{
    if (rc == SQLITE_ROW)
        return OK;
    return rc == SQLITE_DONE ? error_set(err, "cannot read run %lld: there is none", (long long)run)
                             : database_read_error(db, err);
}

/* ---- whose it is --------------------------------------------------------------------------- */

/* One number of a one-row query. */
static int query_int(sqlite3 *db, const char *sql, int *out)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

    if (rc == SQLITE_OK) {
        rc = sqlite3_step(st);
        if (rc == SQLITE_ROW) {
            *out = sqlite3_column_int(st, 0);
            rc = SQLITE_OK;
        }
    }
    sqlite3_finalize(st);
    return rc;
}

/* Whose file it is: ours (*VERSION >= 1), nobody's yet (0), or an error. All read in one
 * transaction: another process may be making the schema right now. */
static status check_owner(sqlite3 *db, const char *path, int *version, struct error *err)
{
    int application = 0, objects = 0, rc;
    status result = OK;

    *version = 0;
    rc = sqlite3_exec(db, "SAVEPOINT look", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = query_int(db, "PRAGMA application_id", &application);
    if (rc == SQLITE_OK)
        rc = query_int(db, "PRAGMA user_version", version);
    if (rc == SQLITE_OK)
        rc = query_int(db, "SELECT count(*) FROM sqlite_schema", &objects);
    if (rc != SQLITE_OK)
        result = database_error(db, rc, path, err); /* before another call has an error of its own */
    rc = sqlite3_exec(db, "RELEASE look", NULL, NULL, NULL);
    if (result == OK && rc != SQLITE_OK) /* or what follows would fail for another reason */
        result = database_error(db, rc, path, err);
    if (result != OK)
        return result;
    if (application != SCHEMA_APPLICATION_ID && (application != 0 || objects > 0))
        return error_set(err, "%s is a database of another program; give another file with --db", path);
    if (*version < 0)
        return error_set(err, "%s was not made by fell: its schema is called %d", path, *version);
    if (*version > schema_version)
        return database_is_newer(path, *version, err);
    return database_check_tables(db, path, true, err);
}

status database_is_newer(const char *path, int64_t version, struct error *err)
{
    return error_set(err, "'%s' was written by a newer fell (schema %lld, this one knows %d)", path,
                     (long long)version, schema_version);
}

/* ---- files from somebody else ------------------------------------------------------------ */

status database_check_file(const char *path, struct error *err)
{
    static const char *const beside[] = {"", "-wal", "-shm", "-journal"};
    status result = OK;

    for (size_t i = 0; i < sizeof beside / sizeof *beside && result == OK; i++) {
        char *file = mem_format("%s%s", path, beside[i]);
        struct stat about;
        struct statfs system;

        if (stat(file, &about) == 0 && !S_ISREG(about.st_mode))
            result =
                error_set(err, "'%s' is %s, not a results database", file, path_kind_word(about.st_mode));
        else if (statfs(file, &system) == 0 && path_is_of_kernel(&system))
            result = error_set(err, "'%s' is a file of the kernel's, not a results database", file);
        free(file);
    }
    return result;
}

/* A name of ours that is taken by something else; virtual tables have no pages. */
static const char foreign_sql[] =
    "SELECT type, name FROM sqlite_schema WHERE (type <> 'index' AND name IN (%s) AND\n"
    "  (type <> 'table' OR coalesce(rootpage, 0) = 0)) OR (%d AND type = 'trigger') LIMIT 1";

status database_check_tables(sqlite3 *db, const char *path, bool written, struct error *err)
{
    struct strbuf names = {0};
    sqlite3_stmt *s = NULL;
    status result = OK;
    char *sql;
    int rc;

    strbuf_add(&names, "'experiments', 'data_files', 'runs'");
    for (const char *const *t = schema_run_tables; *t; t++)
        strbuf_addf(&names, ", '%s'", *t);
    sql = mem_format(foreign_sql, names.text, written);
    rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    if (rc == SQLITE_ROW)
        result = error_set(err, "%s was not made by fell: it has the %s '%s'%s", path, database_text(s, 0),
                           database_text(s, 1),
                           strcmp(database_text(s, 0), "trigger") == 0
                               ? ", which would run when rows are stored; drop it to write here"
                               : " in place of a table");
    else if (rc != SQLITE_DONE)
        result = database_error(db, rc, path, err);
    sqlite3_finalize(s);
    strbuf_release(&names);
    free(sql);
    return result;
}

/* The change to WAL is refused with BUSY, busy handler or not, while another process
 * makes the same change. */
static int exec_patiently(sqlite3 *db, const char *sql)
{
    int rc;

    for (int waited = 0; (rc = sqlite3_exec(db, sql, NULL, NULL, NULL)) == SQLITE_BUSY && waited < WAIT_MS;
         waited += RETRY_MS)
        usleep(RETRY_MS * 1000);
    return rc;
}

/* Everything that is not there yet; a file of an older VERSION is brought to today's. */
static int make_objects(sqlite3 *db, int version)
{
    struct strbuf sql = {0};
    int rc = version > 0 ? schema_upgrade(db, version) : SQLITE_OK;

    if (rc != SQLITE_OK)
        return rc;
    strbuf_addf(&sql, "%s\n", schema_sql);
    schema_add_views(&sql, "");
    strbuf_addf(&sql, "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT", SCHEMA_APPLICATION_ID,
                schema_version);
    rc = sqlite3_exec(db, sql.text, NULL, NULL, NULL);
    strbuf_release(&sql);
    return rc;
}

/* Create or upgrade, in one transaction: whoever waited for another that did finds it done. */
static status create_schema(sqlite3 *db, const char *path, struct error *err)
{
    int version, rc = exec_patiently(db, "BEGIN IMMEDIATE");
    status result = FAILED;

    if (rc != SQLITE_OK) {
        database_error(db, rc, path, err);
        goto out;
    }
    if (check_owner(db, path, &version, err) != OK)
        goto out;
    rc = make_objects(db, version);
    result = rc == SQLITE_OK ? OK : database_error(db, rc, path, err);
out:
    if (result != OK && !sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return result;
}

/* A file that is not there yet is made in memory and gets its name when it is whole: nobody ever
 * sees half a database, of two processes one makes it, and one fsync is enough where SQLite's own way takes
 * six. Whatever fails here is tried, and reported, by the ordinary way. */
static void create_file(const char *path)
{
    enum { WRITE_VERSION = 18, READ_VERSION = 19, WAL = 2 }; /* https://sqlite.org/fileformat.html */
    struct new_file f;
    struct error ignored;
    sqlite3 *db = NULL;
    sqlite3_int64 size = 0;
    unsigned char *bytes = NULL;
    bool good;

    if (sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        create_schema(db, path, &ignored) == OK)
        bytes = sqlite3_serialize(db, "main", &size, 0);
    sqlite3_close(db);
    if (bytes && size > READ_VERSION && new_file_begin(&f, path, &ignored) == OK) {
        bytes[WRITE_VERSION] = bytes[READ_VERSION] = WAL;
        good = fwrite(bytes, 1, (size_t)size, f.to) == (size_t)size;
        new_file_end(&f, good ? NEW_FILE_IF_NONE : NEW_FILE_DROP, &ignored);
    }
    sqlite3_free(bytes);
}

/* ---- opening ---------------------------------------------------------------------------------------- */

status database_open(const char *path, sqlite3 **out, struct error *err)
{
    char *folder = path_folder(path), *name = NULL;
    sqlite3 *db = NULL;
    int version, rc;
    status result = FAILED;

    if (path_make_folder(folder, err) != OK || check_place(path, err) != OK ||
        database_check_file(path, err) != OK)
        goto out;
    if (access(path, F_OK) != 0 && access(folder, W_OK | X_OK) != 0) {
        error_set(err, "cannot make %s: %s", path, strerror(errno)); /* a read-only file system, perhaps */
        goto out;
    }
    if (access(path, F_OK) != 0)
        create_file(path);
    /* One thread uses it, so SQLite need not lock a mutex at every call. */
    errno = 0;
    name = mem_format("%s%s", strncmp(path, "file:", 5) == 0 ? "./" : "", path); /* which is no URI here */
    rc = sqlite3_open_v2(
        name, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
    if (rc == SQLITE_OK && sqlite3_db_readonly(db, "main") &&
        errno != 0) { /* SQLite tried again, for reading */
        error_set(err, "%s cannot be opened for writing: %s", path, strerror(errno));
        goto out;
    }
    if (rc != SQLITE_OK) {
        database_error(db, rc, path, err);
        goto out;
    }
    sqlite3_busy_timeout(db, WAIT_MS);
    if (check_owner(db, path, &version, err) != OK)
        goto out;
    rc = exec_patiently(db, "PRAGMA journal_mode=WAL");
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(
            db,
            "PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864; PRAGMA secure_delete=OFF;"
            "PRAGMA foreign_keys=OFF",
            NULL, NULL, NULL);
    if (rc != SQLITE_OK) {
        database_error(db, rc, path, err);
        goto out;
    }
    if (version < schema_version && create_schema(db, path, err) != OK)
        goto out;
    *out = db;
    db = NULL;
    result = OK;
out:
    sqlite3_close(db);
    free(name);
    free(folder);
    return result;
}
