/* test_recorder_locks.c - the recorder beside others: time slices, readers, somebody who holds
 * the lock, a full disk.
 */
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/text.h"
#include "recorder_help.h"

TestSuite(recorder_locks, .init = make_folder, .fini = remove_folder);

/* Rows wait for the slice, not for ever. */
Test(recorder_locks, a_slice_of_time)
{
    struct recorder *r = open_recorder();
    int64_t run = add_experiment(r, "u1", "demo", 1, 1);
    struct error err;
    double due;

    cr_assert(recorder_tick(r, &due, &err) == OK);
    cr_expect(due < 0, "nothing waits");
    add_epoch(r, run, 1, 1, 1);
    cr_assert(recorder_tick(r, &due, &err) == OK);
    cr_expect(due > 0 && due <= 0.25, "%g", due);
    expect_answer("SELECT count(*) FROM epochs", "0");
    usleep((useconds_t)(due * 1e6) + 1000);
    cr_assert(recorder_tick(r, &due, &err) == OK);
    cr_expect(due < 0);
    expect_answer("SELECT count(*) FROM epochs", "1");
    close_recorder(r);
}

/* Many rows are not kept that long. */
Test(recorder_locks, volume)
{
    struct recorder *r = open_recorder();
    int64_t run = add_experiment(r, "u1", "demo", 1, 1);
    char *found;

    for (int64_t epoch = 1; epoch <= 40000; epoch++)
        add_epoch(r, run, epoch, 1, 1);
    found = answer(db_path, "SELECT count(*) FROM epochs");
    cr_expect(atoi(found) > 10000, "%s of 40000 are stored", found);
    free(found);
    close_recorder(r);
    expect_answer("SELECT count(*), max(epoch) FROM epochs", "40000|40000");
    expect_answer("SELECT count(*) FROM gradients", "80000");
}

/* A reader's open transaction delays nothing and loses nothing. */
Test(recorder_locks, a_reader)
{
    struct recorder *r = open_recorder();
    int64_t run = add_experiment(r, "u1", "demo", 1, 1);
    struct error err;
    sqlite3 *reader;

    add_epoch(r, run, 1, 1, 1);
    cr_assert(recorder_commit(r, &err) == OK);
    cr_assert(sqlite3_open(db_path, &reader) == SQLITE_OK);
    cr_assert(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM epochs", NULL, NULL, NULL) == SQLITE_OK);
    for (int64_t epoch = 2; epoch <= 100; epoch++) {
        add_epoch(r, run, epoch, 1, 1);
        cr_assert(recorder_commit(r, &err) == OK, "%s", err.text);
    }
    expect_answer("SELECT count(*) FROM epochs", "100");
    cr_assert(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(reader);
    close_recorder(r);
    expect_answer("SELECT count(*) FROM epochs", "100");
}

/* ---- somebody holds the lock -------------------------------------------------------- */

/* A child that holds the write lock until it is told to go. */
struct holder {
    pid_t pid;
    int go;
};

static struct holder hold_lock(void)
{
    struct holder h;
    int ready[2], go[2];
    char byte;

    cr_assert(pipe(ready) == 0 && pipe(go) == 0);
    h.pid = fork();
    if (h.pid == 0) {
        sqlite3 *db;

        close(go[1]);
        if (sqlite3_open(db_path, &db) != SQLITE_OK ||
            sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
            write(ready[1], "x", 1) != 1 || read(go[0], &byte, 1) != 0)
            _exit(1);
        _exit(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK);
    }
    close(ready[1]);
    close(go[0]);
    cr_assert(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    h.go = go[1];
    return h;
}

static void let_go(struct holder *h)
{
    int how;

    close(h->go);
    cr_assert(waitpid(h->pid, &how, 0) == h->pid && how == 0);
}

static struct strbuf notes;
static int patience;

static void take_note(void *arg, const char *text)
{
    (void)arg;
    strbuf_addf(&notes, "%s\n", text);
}

static bool give_up(void *arg)
{
    (void)arg;
    return patience-- <= 0;
}

/* A reader that never lets go makes the log grow, and is named once. */
Test(recorder_locks, a_long_reader)
{
    struct recorder *r = open_recorder();
    int64_t run = add_experiment(r, "u1", "demo", 1, 1), epoch = 0;
    sqlite3 *reader;

    cr_assert(sqlite3_open(db_path, &reader) == SQLITE_OK);
    cr_assert(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM epochs", NULL, NULL, NULL) == SQLITE_OK);
    recorder_on_wait(r, take_note, NULL, NULL);
    while (!notes.text && epoch < 2000000)
        add_epoch(r, run, ++epoch, 1, 1);
    cr_assert_not_null(notes.text, "nobody is told");
    cr_expect(strstr(notes.text, "-wal grows, because its rows are being read by "), "%s", notes.text);
    sqlite3_close(reader);
    close_recorder(r);
    strbuf_release(&notes);
}

Test(recorder_locks, rows_wait_and_the_holder_is_named)
{
    struct recorder *r = open_recorder();
    int64_t run = add_experiment(r, "u1", "demo", 1, 1);
    struct holder h = hold_lock();
    char *who = mem_format("(process %ld)", (long)h.pid);
    double due, began = time_monotonic();
    int64_t epoch = 0;
    struct error err;

    recorder_on_wait(r, take_note, NULL, NULL);
    while (!notes.text) {
        add_epoch(r, run, ++epoch, 1, 1);
        cr_assert(recorder_tick(r, &due, &err) == OK, "%s", err.text);
        cr_assert(time_monotonic() - began < 20, "nobody is told");
        usleep(20000);
    }
    cr_expect(strstr(notes.text, who) && strstr(notes.text, "is locked by "), "%s", notes.text);
    expect_answer("SELECT count(*) FROM epochs", "0");
    cr_expect_not(recorder_is_full(r));
    let_go(&h);
    notes.len = 0;
    close_recorder(r);
    cr_expect_str_eq(notes.text, "the database is free again; nothing was lost\n");
    free(who);
    who = mem_format("%lld", (long long)epoch);
    expect_answer("SELECT count(*) FROM epochs", who);
    free(who);
}

/* While the lock is held, memory has a limit, and says so before it is passed. */
Test(recorder_locks, full_queue)
{
    struct recorder *r = open_recorder();
    int64_t run = add_experiment(r, "u1", "demo", 1, 1);
    struct holder h = hold_lock();
    int64_t epoch = 0;
    char expected[32];

    while (!recorder_is_full(r)) {
        add_epoch(r, run, ++epoch, 1, 1);
        cr_assert(epoch < 2000000, "the queue has no limit");
    }
    let_go(&h);
    close_recorder(r);
    snprintf(expected, sizeof expected, "%lld", (long long)epoch);
    expect_answer("SELECT count(*) FROM epochs", expected);
}

Test(recorder_locks, giving_up)
{
    struct recorder *r = open_recorder();
    int64_t run = add_experiment(r, "u1", "demo", 1, 1);
    struct holder h = hold_lock();
    struct error err;

    patience = 2;
    recorder_on_wait(r, NULL, give_up, NULL);
    add_epoch(r, run, 1, 1, 1);
    cr_expect(recorder_close(r, &err) == FAILED);
    cr_expect(strncmp(err.text, "not stored: ", 12) == 0 && strstr(err.text, "is locked by "), "%s",
              err.text);
    let_go(&h);
    expect_answer("SELECT count(*) FROM epochs", "0");
}

/* ---- a full disk ------------------------------------------------------------------------ */

/* The rows are still there when there is room again. */
Test(recorder_locks, full_disk)
{
    struct recorder *r = open_recorder();
    int64_t run = add_experiment(r, "u1", "demo", 1, 1);
    struct error err = {{0}};

    add_epoch(r, run, 1, 1, 1);
    cr_assert(recorder_commit(r, &err) == OK);
    /* SQLite takes the size that the file has. */
    sqlite3_exec(recorder_handle(r), "PRAGMA max_page_count = 1", NULL, NULL, NULL);
    for (int64_t epoch = 2; epoch <= 2000; epoch++)
        add_epoch(r, run, epoch, 1, 1);
    cr_expect(recorder_commit(r, &err) == FAILED);
    cr_expect(strstr(err.text, "the disk is full; what was stored before is safe"), "%s", err.text);
    expect_answer("SELECT count(*) FROM epochs", "1");
    expect_answer("PRAGMA integrity_check", "ok");

    sqlite3_exec(recorder_handle(r), "PRAGMA max_page_count = 1000000", NULL, NULL, NULL);
    close_recorder(r);
    expect_answer("SELECT count(*), max(epoch) FROM epochs", "2000|2000");
}

/* Rows are stored piece by piece; others see none of them before all are there, and get the lock
 * after each transaction. */
Test(recorder_locks, pieces)
{
    struct recorder *r = open_recorder();
    int64_t run = add_experiment(r, "u1", "demo", 1, 1);
    struct error err = {{0}};
    sqlite3 *other;
    double due;
    int pieces = 0;

    cr_expect(!recorder_has_piece(r));
    for (int64_t epoch = 1; epoch <= 2000; epoch++)
        add_epoch(r, run, epoch, 1, 1);
    cr_assert_eq(sqlite3_open(db_path, &other), SQLITE_OK);
    for (; recorder_has_piece(r); pieces++)
        cr_assert(recorder_idle(r, &err) == OK, "%s", err.text);
    cr_expect(pieces > 10, "%d", pieces);
    expect_answer("SELECT count(*) FROM epochs", "0");
    cr_expect(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_BUSY);

    add_epoch(r, run, 2001, 1, 1); /* behind the pieces */
    usleep(600000);
    cr_assert(recorder_tick(r, &due, &err) == OK);
    expect_answer("SELECT count(*), max(epoch) FROM epochs", "2001|2001");
    for (int64_t epoch = 2002; epoch <= 2100; epoch++)
        add_epoch(r, run, epoch, 1, 1);
    cr_expect(!recorder_has_piece(r), "the lock is left to others for a while");
    cr_expect(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    usleep(200000);
    cr_expect(recorder_has_piece(r));
    cr_assert(recorder_idle(r, &err) == OK, "%s", err.text);
    cr_expect(!recorder_has_piece(r), "somebody has the lock: recorder_tick() tries again");
    sqlite3_close(other);
    close_recorder(r);
    expect_answer("SELECT count(*), max(epoch) FROM epochs", "2100|2100");
    expect_answer("SELECT count(*) FROM gradients", "4200");
}

/* A piece for which there is no room: what was stored with it waits again, and is there once. */
Test(recorder_locks, a_piece_on_a_full_disk)
{
    struct recorder *r = open_recorder();
    int64_t run = add_experiment(r, "u1", "demo", 1, 1);
    struct error err = {{0}};
    status result = OK;

    sqlite3_exec(recorder_handle(r), "PRAGMA max_page_count = 40", NULL, NULL, NULL);
    for (int64_t epoch = 1; epoch <= 2000; epoch++)
        add_epoch(r, run, epoch, 1, 1);
    while (result == OK && recorder_has_piece(r))
        result = recorder_idle(r, &err);
    cr_expect(result == FAILED);
    cr_expect(strstr(err.text, "the disk is full; what was stored before is safe"), "%s", err.text);
    expect_answer("SELECT count(*) FROM epochs", "0");
    sqlite3_exec(recorder_handle(r), "PRAGMA max_page_count = 1000000", NULL, NULL, NULL);
    cr_assert(recorder_idle(r, &err) == OK, "%s", err.text);
    close_recorder(r);
    expect_answer("SELECT count(*), max(epoch) FROM epochs", "2000|2000");
}

/* A file that cannot grow: what the system says is passed on. */
Test(recorder_locks, write_error)
{
    struct recorder *r = open_recorder();
    int64_t run = add_experiment(r, "u1", "demo", 1, 1);
    int how;

    close_recorder(r);
    if (fork() == 0) {
        const struct rlimit limit = {300000, 300000};
        struct error err = {{0}};

        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || recorder_open(db_path, &r, &err) != OK)
            _exit(2);
        for (int64_t epoch = 1; epoch <= 20000; epoch++)
            add_epoch(r, run, epoch, 1, 1);
        if (recorder_commit(r, &err) == OK)
            _exit(3);
        if (!strstr(err.text, "may not grow"))
            _exit(4);
        recorder_close(r, &err);
        _exit(0);
    }
    cr_assert(wait(&how) > 0);
    cr_expect(WIFEXITED(how) && WEXITSTATUS(how) == 0, "%d", WEXITSTATUS(how));
    expect_answer("PRAGMA integrity_check", "ok");
    expect_answer("SELECT count(*) FROM epochs", "0");
}

/* ---- one runner an experiment ------------------------------------------------------------- */

Test(recorder_locks, claims)
{
    struct recorder *a = open_recorder(), *b = open_recorder();
    struct error err = {{0}};

    cr_expect(recorder_claim(a, "u1", &err) == OK, "%s", err.text);
    cr_expect(recorder_claim(b, "u1", &err) == FAILED);
    cr_expect(strstr(err.text, "another fell process is running this very experiment"), "%s", err.text);
    cr_expect(recorder_claim(b, "u2", &err) == OK, "%s", err.text);
    close_recorder(a);
    close_recorder(b);
    a = open_recorder();
    cr_expect(recorder_claim(a, "u1", &err) == OK, "%s", err.text);
    close_recorder(a);
}

/* ---- kill -9 ------------------------------------------------------------------------------- */

/* What was committed is there, the rest never half. */
Test(recorder_locks, killed_at_any_instant)
{
    struct recorder *r = open_recorder();
    int64_t run = add_experiment(r, "u1", "demo", 1, 1);

    close_recorder(r);
    for (int i = 0; i < 8; i++) {
        int pipe_ends[2], how;
        int64_t committed = 0, last;
        pid_t pid;
        char *found;

        cr_assert(pipe(pipe_ends) == 0);
        pid = fork();
        if (pid == 0) {
            struct error err;
            int64_t epoch;

            r = open_recorder();
            found = answer(db_path, "SELECT coalesce(max(epoch), 0) FROM epochs");
            for (epoch = atoll(found) + 1;; epoch++) {
                add_epoch(r, run, epoch, 1, 1);
                if (recorder_commit(r, &err) != OK ||
                    write(pipe_ends[1], &epoch, sizeof epoch) != sizeof epoch)
                    _exit(1);
            }
        }
        close(pipe_ends[1]);
        for (int k = 0; k < 5 + 7 * i; k++)
            cr_assert(read(pipe_ends[0], &committed, sizeof committed) == sizeof committed);
        kill(pid, SIGKILL);
        cr_assert(waitpid(pid, &how, 0) == pid && WIFSIGNALED(how));
        while (read(pipe_ends[0], &last, sizeof last) == sizeof last)
            committed = last;
        close(pipe_ends[0]);
        expect_answer("PRAGMA integrity_check", "ok");
        found = answer(db_path, "SELECT max(epoch) FROM epochs");
        cr_expect(atoll(found) >= committed, "%lld were reported, %s are there", (long long)committed, found);
        free(found);
        expect_answer("SELECT count(*) = 2 * (SELECT count(*) FROM epochs) FROM gradients", "1");
        expect_answer("SELECT count(*) = max(epoch) FROM epochs", "1");
    }
}
