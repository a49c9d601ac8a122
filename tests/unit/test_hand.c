/* test_hand.c - runs that are paused, interrupted and killed, on real worker processes and in a real
 * database: the rows are those of runs that were left alone.
 */
#include "hand_stage.h"

/* Both runs on one worker, undisturbed. */
static void run_whole(struct stage *s)
{
    struct hand h = {0};

    stage_init(s, "whole.db");
    for (int64_t k = 0; k < REPEATS; k++) {
        hand_begin(&h, s, k);
        hand_work(&h, s, 0, 0);
        cr_expect_not(h.paused);
    }
    hand_end(&h);
    cr_expect_eq(s->finished, REPEATS);
}

static double random_seconds(double most)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return most * (double)(now.tv_nsec / 1000 % 1000) / 1000.0;
}

TestSuite(hand, .init = make_folder, .fini = remove_folder, .timeout = 60);

/* Each run is paused on one worker and goes on on the other. */
Test(hand, paused_runs_go_on_elsewhere)
{
    struct hand hands[2] = {{.number = 0}, {.number = 1}};
    struct stage whole, s;
    char *path, *pause;
    int64_t epoch;
    struct error err;

    if (!have_program())
        cr_skip_test("needs FELL_PROGRAM");
    run_whole(&whole);
    stage_init(&s, "paused.db");
    s.env.ask = answer_it;
    s.pause_at = 31;
    for (int64_t k = 0; k < REPEATS; k++) {
        struct hand *h = &hands[k], *other = &hands[1 - k];

        s.nasked = 0;
        pause = hand_pause_path(s.db, s.first + k);
        h->task.ask_epoch = 11;
        hand_begin(h, &s, k);
        hand_work(h, &s, 0, 0);
        cr_assert(h->paused);
        cr_expect_eq(h->epochs_done, 31);
        cr_expect_str_eq(h->paused_at, pause);
        cr_assert_eq(
            resume_find(recorder_handle(s.recorder), s.db, h->task.run, &path, &epoch, NULL, NULL, &err), OK);
        cr_expect_str_eq(path, pause);
        cr_expect_eq(epoch, 31);

        other->task.resume_path = path;
        other->task.ask_epoch = 51;
        hand_begin(other, &s, k);
        hand_work(other, &s, 0, 0);
        cr_expect_not(other->paused);
        cr_expect_eq(s.nasked, 6);
        cr_expect_arr_eq(s.asked, ((const int64_t[]){11, 31, 51, 71, 91, 111}), 6 * sizeof(int64_t));
        cr_expect_neq(access(pause, F_OK), 0, "the state of the pause is still there");
        free(pause);
    }
    expect_rows(&s, "SELECT kind, detail FROM events WHERE run_id = 1 AND kind <> 'warning' ORDER BY id",
                "started|NULL\npaused|after epoch 31\nstarted|NULL\nresumed|after epoch 31");
    expect_rows(
        &s, "SELECT count(*), min(seconds >= (SELECT sum(seconds) FROM epochs WHERE run_id = id)) FROM runs",
        "2|1");
    expect_same_rows(&whole, &s);
    hand_end(&hands[0]);
    hand_end(&hands[1]);
    stage_release(&whole);
    stage_release(&s);
}

Test(hand, a_pruned_run_is_over)
{
    struct hand h = {.task.ask_epoch = 5};
    struct stage s;

    if (!have_program())
        cr_skip_test("needs FELL_PROGRAM");
    stage_init(&s, "pruned.db");
    s.env.ask = answer_it;
    s.prune_at = 25;
    hand_begin(&h, &s, 0);
    hand_work(&h, &s, 0, 0);
    expect_rows(&s, "SELECT status, epochs_done, (SELECT count(*) FROM epochs), error FROM runs WHERE id = 1",
                "pruned|25|25|NULL");
    cr_expect_eq(s.finished, 1);
    hand_end(&h);
    stage_release(&s);
}

/* SIGTERM leaves the state after the epoch, kill -9 what the spec keeps, or nothing: whatever it is, the
 * end is the same. */
static void disturb(int sig, const char *name)
{
    struct stage whole, s;
    struct hand h = {0};

    run_whole(&whole);
    stage_init(&s, name);
    for (int64_t k = 0; k < REPEATS; k++) {
        bool over = false;
        int64_t ends = 0;

        while (!over) {
            int64_t epoch;
            struct error err;
            char *found;

            if (ends > 0)
                cr_assert_eq(resume_find(recorder_handle(s.recorder), s.db, s.first + k, &h.task.resume_path,
                                         &epoch, NULL, NULL, &err),
                             OK, "%s", err.text);
            if (ends > 0 && !h.task.resume_path)
                begin_anew(&s, k);
            if (sig == SIGTERM && ends > 0)
                cr_expect_eq(epoch, h.epochs_done);
            hand_begin(&h, &s, k);
            ends++;
            hand_work(&h, &s, ends <= 3 ? sig : 0, ends == 1 ? 0.0 : random_seconds(0.02));
            if (sig == SIGTERM) { /* its end is that of the whole process */
                process_bury(&h.process, false, NULL);
            }
            found = answer(s.db, k == 0 ? "SELECT status FROM runs WHERE id = 1"
                                        : "SELECT status FROM runs WHERE id = 2");
            over = strcmp(found, "finished") == 0;
            cr_expect(over || strcmp(found, sig == SIGTERM ? "interrupted" : "crashed") == 0, "%s", found);
            free(found);
        }
        cr_expect_gt(ends, 1, "the run was over before it could be disturbed");
    }
    expect_same_rows(&whole, &s);
    hand_end(&h);
    stage_release(&whole);
    stage_release(&s);
}

Test(hand, interrupted_runs_go_on)
{
    if (!have_program())
        cr_skip_test("needs FELL_PROGRAM");
    disturb(SIGTERM, "terminated.db");
}

Test(hand, killed_runs_go_on)
{
    if (!have_program())
        cr_skip_test("needs FELL_PROGRAM");
    disturb(SIGKILL, "killed.db");
}

/* ---- limits -----------------------------------------------------------------------------------------
 * Those of a run alone are in tests/cli/limits.sh. */

/* A process that does nothing, under LIMITS, in a run that had SECONDS and CPU before. */
static const char *limit_broken(struct limit_watch *w, const struct spec_limits *limits, double seconds,
                                double cpu)
{
    pid_t pid = fork();
    int how;

    cr_assert_geq(pid, 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* who reads the output of this program waits for its end, too */
        for (;;)
            pause();
    }
    limits_begin(w, limits, 1, pid);
    limits_add(w, seconds, cpu);
    limits_look(w, pid, false);
    if (!w->broken)
        kill(pid, SIGKILL);
    cr_assert_eq(waitpid(pid, &how, 0), pid); /* that which broke one was told so */
    return w->broken ? w->broken : "none";
}

Test(hand, earlier_jobs_count_against_the_limits)
{
    const struct spec_limits limits = {.seconds = 100, .cpu_seconds = 50};
    struct limit_watch w = {0};

    cr_expect_str_eq(limit_broken(&w, &limits, 99, 49), "none");
    cr_expect_str_eq(limit_broken(&w, &limits, 101, 0), "timed_out");
    cr_expect(strstr(w.text, "limits.seconds is 100, and 101.0") == w.text, "%s", w.text);
    cr_expect_str_eq(limit_broken(&w, &limits, 0, 51), "timed_out");
    cr_expect(strstr(w.text, "limits.cpu_seconds is 50, and it had used 51.0") == w.text, "%s", w.text);
}

/* What the runner waits for is no time of the run. */
Test(hand, waiting_for_the_runner_does_not_count)
{
    const struct spec_limits limits = {.seconds = 100};
    struct limit_watch w = {0};

    limits_begin(&w, &limits, 1, getpid());
    w.started -= 99.9;
    w.looked -= 99.9;
    cr_expect_leq(limits_look(&w, getpid(), true), 100);
    cr_expect_null(w.broken);
    cr_expect_gt(time_monotonic() - w.started, -1);
    cr_expect_lt(time_monotonic() - w.started, 1);
}

/* ---- which state is taken --------------------------------------------------------------------------- */

static char notes[1024];

static void take_note(void *arg, const char *text)
{
    (void)arg;
    strncat(notes, text, sizeof notes - strlen(notes) - 1);
}

static void expect_found(struct stage *s, const char *name, int64_t epoch, const char *note)
{
    char *path;
    int64_t at;
    struct error err;

    notes[0] = 0;
    cr_assert_eq(resume_find(recorder_handle(s->recorder), s->db, 1, &path, &at, take_note, NULL, &err), OK);
    cr_expect_eq(at, epoch, "epoch %d, not %d", (int)at, (int)epoch);
    cr_expect(name ? path && strcmp(path_base(path), name) == 0 : !path, "%s", path ? path : "nothing");
    cr_expect(*note ? strstr(notes, note) != NULL : !notes[0], "'%s'", notes);
    free(path);
}

static void change(struct stage *s, const char *sql)
{
    cr_assert_eq(sqlite3_exec(recorder_handle(s->recorder), sql, NULL, NULL, NULL), SQLITE_OK, "%s", sql);
}

Test(hand, the_latest_state_that_fits)
{
    struct hand h = {0};
    struct stage s;
    char *pause, *last;

    if (!have_program())
        cr_skip_test("needs FELL_PROGRAM");
    stage_init(&s, "states.db");
    expect_found(&s, NULL, 0, "");
    hand_begin(&h, &s, 0);
    hand_work(&h, &s, SIGTERM, 0.0);
    cr_assert_geq(h.epochs_done, 7);
    cr_assert_lt(h.epochs_done, EPOCHS);
    expect_found(&s, "pause.safetensors", h.epochs_done, "");
    pause = hand_pause_path(s.db, 1);
    cr_assert_eq(truncate(pause, 1000), 0);
    expect_found(&s, "last.safetensors", h.epochs_done / 7 * 7, "pause.safetensors: truncated");
    cr_assert_eq(unlink(pause), 0);
    expect_found(&s, "last.safetensors", h.epochs_done / 7 * 7, "");

    change(&s, "UPDATE runs SET seed = seed + 1");
    expect_found(&s, NULL, 0, "");
    change(&s, "UPDATE runs SET seed = seed - 1");
    change(&s, "UPDATE runs SET resolved = replace(resolved, '0.01', '0.02')");
    expect_found(&s, NULL, 0, "");
    change(&s, "UPDATE runs SET resolved = replace(resolved, '0.02', '0.01')");
    expect_found(&s, "last.safetensors", h.epochs_done / 7 * 7, "");
    change(&s, "DELETE FROM epochs WHERE epoch >= 7"); /* what the state comes after was not recorded */
    expect_found(&s, NULL, 0, "");

    /* A run that begins anew leaves nothing that could be taken for a state of its own. */
    last = path_join(folder, "states.db.checkpoints/1/last.safetensors");
    cr_expect_eq(access(last, F_OK), 0);
    process_bury(&h.process, false, NULL);
    begin_anew(&s, 0);
    hand_begin(&h, &s, 0);
    cr_expect_neq(access(last, F_OK), 0);
    hand_work(&h, &s, SIGKILL, 0.0);
    hand_end(&h);
    stage_release(&s);
    free(pause);
    free(last);
}
