/* shard.c - see shard.h. Writes only into the folder of its shard, and there only new files.
 *
 * Two tasks of one shard may be at work at once, when a node was thought lost and is not: each takes the next
 * free number, by mkdir(2) where there are checkpoints, and by link(2), which never replaces a file.
 */
#include "work/shard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/machine.h"
#include "base/new_file.h"
#include "base/run_status.h"
#include "base/text.h"
#include "record/database.h"
#include "record/merge.h"
#include "work/merge_files.h"
#include "work/segments.h"

enum { TRIES = 1000 };
static const double PUBLISH = 30.0; /* seconds from the first row to its segment */

/* A run that is under way, and the epoch of the checkpoint that is published. */
struct going {
    int64_t run, epoch;
};

/* A run that has not ended, as the share has it: epochs and files of checkpoints. */
struct known {
    int64_t run;
    char *state;
};

struct shard {
    char *folder; /* DIR/UID8/shard-0003 */
    size_t n, ngoing, nknown;
    int64_t *run; /* [n], ended and not published */
    struct known *known;
    struct going *going;
    double published; /* when it was tried last */
};

/* ---- the folder ------------------------------------------------------------------------------ */

/* The first task of the experiment says how many there are; the others must agree. */
static status agree(const char *folder, const struct shard_place *at, struct error *err)
{
    char *path = path_join(folder, "tasks");
    struct new_file f;
    int64_t there;
    status st = segments_tasks(folder, &there, err);

    if (st == OK && there == 0) { /* of two that come at once one writes it */
        st = new_file_begin(&f, path, err);
        if (st == OK) {
            fprintf(f.to, "%lld\n", (long long)at->n);
            st = new_file_end(&f, NEW_FILE_IF_NONE, err);
        }
        if (st == OK)
            st = segments_tasks(folder, &there, err);
    }
    if (st == OK && there == 0)
        st = error_set(err, "'%s' was written and is not there", path);
    if (st == OK && there != at->n)
        st = error_set(
            err,
            "'%s' has this experiment in %lld shards, not %lld: go on with --shard %lld/%lld, or give "
            "another --share",
            at->share, (long long)there, (long long)at->n, (long long)(at->k % there), (long long)there);
    free(path);
    return st;
}

status shard_open(const struct shard_place *at, const char *uid, struct shard **out, struct error *err)
{
    char *experiment = mem_format("%s/%.8s", at->share, uid);
    struct shard *s = mem_alloc(sizeof *s);
    status st;

    s->folder = mem_format("%s/shard-%04lld", experiment, (long long)at->k);
    s->published = time_monotonic();
    st = path_make_folder(s->folder, err);
    if (st == OK)
        st = agree(experiment, at, err);
    free(experiment);
    *out = s;
    return st;
}

void shard_free(struct shard *s)
{
    if (!s)
        return;
    free(s->folder);
    for (size_t i = 0; i < s->nknown; i++)
        free(s->known[i].state);
    free(s->known);
    free(s->run);
    free(s->going);
    free(s);
}

/* ---- how far runs are ---------------------------------------------------------------------------- */

/* Calls EACH for the runs of DB that have not ended, with how far they are. */
static status each_unended(sqlite3 *db, void (*each)(struct shard *s, int64_t run, const char *state),
                           struct shard *s, struct error *err)
{
    static const char sql[] =
        "SELECT r.id, (SELECT coalesce(max(epoch), 0) FROM epochs WHERE run_id = r.id) || coalesce(\n"
        "  (SELECT group_concat(path || ' ' || epoch || ' ' || sha256, '; ') FROM\n"
        "   (SELECT * FROM checkpoints WHERE run_id = r.id ORDER BY path)), '')\n"
        "FROM runs AS r WHERE r.status IN " RUN_STATUSES_UNFINISHED;
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        each(s, sqlite3_column_int64(st, 0), database_text(st, 1));
        rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? OK : database_read_error(db, err);
}

static void note_known(struct shard *s, int64_t run, const char *state)
{
    s->known = mem_grow(s->known, s->nknown + 1, sizeof *s->known);
    s->known[s->nknown++] = (struct known){run, mem_string(state)};
}

/* A run that is where it was when the task began is not published again: that says that the task got on. */
static void leave_unmoved(struct shard *s, int64_t run, const char *state)
{
    bool same = false, new = false;
    size_t kept = 0;

    for (size_t i = 0; i < s->n && !new; i++)
        new = s->run[i] == run;
    for (size_t i = 0; i < s->nknown && new && !same; i++)
        same = s->known[i].run == run && strcmp(s->known[i].state, state) == 0;
    for (size_t i = 0; i < s->n; i++)
        if (!same || s->run[i] != run)
            s->run[kept++] = s->run[i];
    s->n = kept;
}

/* ---- what is there ----------------------------------------------------------------------------- */

status shard_load(struct shard *s, const char *db, void (*note)(void *arg, const char *text), void *arg,
                  struct error *err)
{
    sqlite3 *to = NULL;
    char **names;
    size_t n;
    status st = segments_list(s->folder, "seg-", ".db", &names, &n, err);

    if (st == OK && n)
        st = database_open(db, &to, err);
    for (size_t i = 0; i < n && st == OK; i++) {
        char *path = path_join(s->folder, names[i]);
        struct merge_counts counts;
        struct error why = {0};
        bool torn;

        st = segments_merge(path, to, db, &counts, &torn, &why);
        if (st != OK)
            *err = why;
        if (st == OK && torn) {
            char *text = mem_format("%s; its runs are trained again", why.text);

            note(arg, text);
            free(text);
        }
        free(path);
    }
    if (st == OK && to)
        st = each_unended(to, note_known, s, err);
    sqlite3_close(to);
    segments_free(names, n);
    return st;
}

/* ---- what is new ----------------------------------------------------------------------------------- */

void shard_add(struct shard *s, int64_t run)
{
    s->run = mem_grow(s->run, s->n + 1, sizeof *s->run);
    s->run[s->n++] = run;
}

double shard_due(const struct shard *s)
{
    return s->published + PUBLISH - time_monotonic();
}

static int64_t *published_epoch(struct shard *s, int64_t run)
{
    for (size_t i = 0; i < s->ngoing; i++)
        if (s->going[i].run == run)
            return &s->going[i].epoch;
    s->going = mem_grow(s->going, s->ngoing + 1, sizeof *s->going);
    s->going[s->ngoing] = (struct going){run, -1};
    return &s->going[s->ngoing++].epoch;
}

/* Adds the runs that are under way and have a checkpoint which is not published. */
static status add_going(struct shard *s, sqlite3 *db, int64_t experiment, struct error *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db,
                                "SELECT run_id, max(epoch) FROM checkpoints JOIN runs ON runs.id = run_id"
                                " WHERE experiment_id = ?1 AND status = 'running' GROUP BY run_id",
                                -1, &st, NULL);

    if (rc == SQLITE_OK)
        sqlite3_bind_int64(st, 1, experiment);
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        const int64_t run = sqlite3_column_int64(st, 0), epoch = sqlite3_column_int64(st, 1);
        int64_t *known = published_epoch(s, run);

        if (epoch > *known)
            shard_add(s, run);
        *known = epoch;
        rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? OK : database_read_error(db, err);
}

/* ---- a segment --------------------------------------------------------------------------------------- */

static void remove_database(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char *name = mem_format("%s%s", path, ends[i]);

        unlink(name);
        free(name);
    }
}

/* Calls FILE for every file of CHECKPOINTS/RUN/. */
static status each_file(const char *checkpoints,
                        status (*file)(const char *from, const char *run, const char *name, const char *to,
                                       struct error *err),
                        const char *to, struct error *err)
{
    char **runs, **files;
    size_t nruns, nfiles;
    status st = segments_list(checkpoints, "", "", &runs, &nruns, err);

    for (size_t i = 0; i < nruns && st == OK; i++) {
        char *folder = path_join(checkpoints, runs[i]);

        st = segments_list(folder, "", "", &files, &nfiles, err);
        for (size_t k = 0; k < nfiles && st == OK; k++)
            st = file(folder, runs[i], files[k], to, err);
        segments_free(files, nfiles);
        free(folder);
    }
    segments_free(runs, nruns);
    return st;
}

static status copy_one(const char *from, const char *run, const char *name, const char *to, struct error *err)
{
    char *path = path_join(from, name), *folder = path_join(to, run), *copy = path_join(folder, name), *bytes;
    size_t size;
    status st = file_read(path, &bytes, &size, err);

    if (st == OK) {
        st = path_make_folder(folder, err);
        if (st == OK)
            st = file_write(copy, bytes, size, err);
        free(bytes);
    }
    free(copy);
    free(folder);
    free(path);
    return st;
}

static status remove_one(const char *from, const char *run, const char *name, const char *to,
                         struct error *err)
{
    char *path = path_join(from, name);

    (void)run;
    (void)to;
    (void)err;
    unlink(path);
    rmdir(from); /* with the last one */
    free(path);
    return OK;
}

static void remove_checkpoints(const char *folder)
{
    struct error ignored;

    each_file(folder, remove_one, NULL, &ignored);
    rmdir(folder);
}

/* The chosen runs of DB as a database of their own, PATH, without a journal. */
static status make_segment(const struct shard *s, const char *db, sqlite3 *from, int64_t experiment,
                           const char *path, struct error *err)
{
    const struct merge_choice choice = {.experiment = experiment, .n = s->n, .runs = s->run, .keep = true};
    struct merge_counts counts;
    sqlite3 *to;
    status st = database_open(path, &to, err);

    if (st != OK)
        return FAILED;
    sqlite3_exec(to, "PRAGMA synchronous = OFF", NULL, NULL, NULL); /* its bytes are synced in the share */
    st = merge_database(from, db, to, path, &merge_files, &choice, &counts, err);
    if (st == OK && sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK)
        st = database_error(to, sqlite3_extended_errcode(to), path, err);
    sqlite3_close(to);
    return st;
}

/* One more than the highest number in the folder. */
static status next_number(const struct shard *s, int64_t *out, struct error *err)
{
    char **names;
    size_t n;
    status st = segments_list(s->folder, "seg-", "", &names, &n, err);

    *out = 0;
    for (size_t i = 0; i < n; i++) {
        const int64_t number = strtoll(names[i] + strlen("seg-"), NULL, 10);

        if (number >= *out)
            *out = number + 1;
    }
    segments_free(names, n);
    return st;
}

/* The file PART gets the name, unless that is taken (EEXIST). Returns 0 or errno. */
static int give_name(const char *part, const char *name)
{
    if (link(part, name) == 0) {
        unlink(part);
        return 0;
    }
    if (errno == EEXIST || (errno != EPERM && errno != ENOSYS && errno != EOPNOTSUPP))
        return errno;
    if (renameat2(AT_FDCWD, part, AT_FDCWD, name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    if (access(name, F_OK) == 0)
        return EEXIST;
    return rename(part, name) == 0 ? 0 : errno;
}

static void sync_folder(const char *folder)
{
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/* PART, which is in the folder and synced, as segment NUMBER or a later one; first its checkpoints, of
 * SEGMENT, since whoever sees the name wants them. */
static status put_in_place(const struct shard *s, const char *part, const char *segment, struct error *err)
{
    char *checkpoints = mem_format("%s.checkpoints", segment);
    const bool has = access(checkpoints, F_OK) == 0;
    int64_t number;
    int why = EEXIST;
    status st = next_number(s, &number, err);

    for (int i = 0; i < TRIES && st == OK && why == EEXIST; i++, number++) {
        char *name = mem_format("%s/seg-%06lld.db", s->folder, (long long)number);
        char *beside = mem_format("%s.checkpoints", name);

        why = has && mkdir(beside, 0777) != 0 ? errno : 0;
        if (has && why == 0)
            st = each_file(checkpoints, copy_one, beside, err);
        if (st == OK && why == 0) {
            if (has) {
                sync_folder(beside); /* its files are safe, and those of runs */
                sync_folder(s->folder);
            }
            why = give_name(part, name);
            if (why != 0 && has)
                remove_checkpoints(beside);
        } else if (has && why == 0) {
            remove_checkpoints(beside);
        }
        free(beside);
        free(name);
    }
    if (st == OK && why != 0)
        st = error_set(err, "cannot publish in '%s': %s", s->folder, strerror(why));
    sync_folder(s->folder);
    free(checkpoints);
    return st;
}

static status publish_file(const struct shard *s, const char *segment, struct error *err)
{
    char *host = machine_host(), *part, *bytes;
    uint64_t digits;
    size_t size;
    status st = file_read(segment, &bytes, &size, err);

    /* Containers may share the name of their host, and their numbers of processes. */
    if (getrandom(&digits, sizeof digits, GRND_NONBLOCK) != (ssize_t)sizeof digits)
        digits = (uint64_t)(time_monotonic() * 1e9);
    part = mem_format("%s/.part-%s-%ld-%016llx", s->folder, host, (long)getpid(), (unsigned long long)digits);
    if (st == OK) {
        st = file_write(part, bytes, size, err);
        free(bytes);
        if (st == OK)
            st = put_in_place(s, part, segment, err);
        unlink(part);
    }
    free(part);
    free(host);
    return st;
}

static status publish(struct shard *s, const char *db, sqlite3 *from, int64_t experiment, struct error *err)
{
    char *segment = mem_format("%s.segment", db), *checkpoints = mem_format("%s.checkpoints", segment);
    status st;

    remove_database(segment);
    remove_checkpoints(checkpoints);
    st = make_segment(s, db, from, experiment, segment, err);
    if (st == OK)
        st = publish_file(s, segment, err);
    remove_database(segment);
    remove_checkpoints(checkpoints);
    free(checkpoints);
    free(segment);
    return st;
}

status shard_publish(struct shard *s, const char *db, int64_t experiment, struct error *err)
{
    const size_t ended = s->n;
    sqlite3 *from = NULL;
    status st = OK;

    s->published = time_monotonic();
    if (sqlite3_open_v2(db, &from, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_exec(from, "PRAGMA query_only = ON", NULL, NULL, NULL) != SQLITE_OK)
        st = database_read_error(from, err);
    if (st == OK)
        st = add_going(s, from, experiment, err);
    if (st == OK)
        st = each_unended(from, leave_unmoved, s, err);
    if (st == OK && s->n)
        st = publish(s, db, from, experiment, err);
    sqlite3_close(from);
    s->n = st == OK ? 0 : ended;
    if (st != OK)
        s->ngoing = 0; /* all again */
    return st;
}

status shard_finish(struct shard *s, struct error *err)
{
    char *path = path_join(s->folder, "finished");
    const status st = file_write(path, "", 0, err);

    free(path);
    return st;
}
