/* hand_stage.h - an experiment in a real database with a real worker process, for tests of work/hand.h.
 */
#ifndef UNIT_HAND_STAGE_H
#define UNIT_HAND_STAGE_H

#include "recorder_help.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/run_status.h"
#include "base/text.h"
#include "work/hand.h"
#include "work/resume.h"

enum { REPEATS = 2, EPOCHS = 120 };

static const char spec_text[] = "seed: 5\nname: demo\n"
                                "data: {source: {spiral: {rows: 200, classes: 3}}, validation: 0.25}\n"
                                "model:\n"
                                "  - dense: {units: 24, activation: tanh}\n"
                                "  - dropout: {rate: 0.1}\n"
                                "  - dense: {units: 3}\n"
                                "loss: cross_entropy\n"
                                "optimizer: {adam: {lr: 0.01}}\n"
                                "schedule: {plateau: {patience: 3, factor: 0.7}}\n"
                                "metrics: [accuracy]\n"
                                "train: {epochs: 120, batch_size: 16}\n"
                                "record: {gradients: {step: 50}}\n"
                                "checkpoint: {every: 7, keep: [last, best]}\n"
                                "repeats: 2\n";

/* All that a test needs of an experiment in a database. */
struct stage {
    struct registry *registry;
    struct diag *diag;
    struct experiment *experiment;
    struct training training;
    struct recorder *recorder;
    struct arena *arena;
    struct trial trial;
    int64_t finished; /* good ends */
    struct hand_env env;
    int64_t first; /* run */
    char db[320];
    int64_t pause_at, prune_at, asked[8];
    size_t nasked;
};

static inline bool count_end(void *arg, const struct hand *h, const char *word)
{
    struct stage *s = arg;

    (void)h;
    s->finished += run_status_is_good(word);
    return false;
}

static inline bool have_program(void)
{
    const char *program = getenv("FELL_PROGRAM");

    return program && access(program, X_OK) == 0;
}

static inline void stage_init(struct stage *s, const char *name)
{
    struct experiment_row row = {.uid = name, .name = "demo", .spec = spec_text, .spec_sha256 = "5"};
    char *path = mem_format("%s/demo.yaml", folder);
    int64_t experiment, id;
    struct error err;
    FILE *f = fopen(path, "w");

    cr_assert_not_null(f);
    fputs(spec_text, f);
    fclose(f);
    *s = (struct stage){.registry = registry_new(), .diag = diag_new()};
    snprintf(s->db, sizeof s->db, "%s/%s", folder, name);
    s->experiment = experiment_load(s->registry, path, 0, NULL, s->diag);
    if (!s->experiment)
        diag_print(s->diag, stderr, false);
    cr_assert_not_null(s->experiment);
    s->arena = arena_new();
    cr_assert_eq(experiment_trial(s->experiment, 0, s->arena, &s->trial, s->diag), OK);
    cr_assert_eq(recorder_open(s->db, &s->recorder, &err), OK, "%s", err.text);
    cr_assert_eq(recorder_add_experiment(s->recorder, &row, &experiment, &err), OK, "%s", err.text);
    for (int64_t k = 0; k < REPEATS; k++) {
        char *uid = mem_format("%s-%lld", name, (long long)k);
        struct run_row run = {.uid = uid,
                              .experiment_id = experiment,
                              .repeat = k,
                              .seed = s->experiment->seed + (uint64_t)k,
                              .resolved = s->trial.resolved};

        cr_assert_eq(recorder_add_run(s->recorder, &run, &id, &err), OK, "%s", err.text);
        s->first = s->first ? s->first : id;
        free(uid);
    }
    cr_assert_eq(recorder_commit(s->recorder, &err), OK);
    s->training = training_of(s->experiment);
    s->env = (struct hand_env){
        .training = &s->training, .recorder = s->recorder, .db = s->db, .ended = count_end, .arg = s};
    free(path);
}

static inline void stage_release(struct stage *s)
{
    struct error err;

    cr_assert_eq(recorder_close(s->recorder, &err), OK, "%s", err.text);
    arena_free(s->arena);
    experiment_free(s->experiment);
    diag_free(s->diag);
    registry_free(s->registry);
}

static inline enum verdict answer_it(void *arg, const struct hand *h, int64_t epoch, int64_t *next)
{
    struct stage *s = arg;

    cr_expect_eq(h->task.run, s->first + h->task.repeat);
    if (s->nasked < sizeof s->asked / sizeof s->asked[0])
        s->asked[s->nasked++] = epoch;
    *next = epoch + 20;
    return epoch == s->pause_at ? VERDICT_PAUSE : epoch == s->prune_at ? VERDICT_PRUNE : VERDICT_GO;
}

/* As the schedule does for a run that has rows and no state that fits. */
static inline void begin_anew(struct stage *s, int64_t repeat)
{
    struct error err;

    cr_assert_eq(recorder_run_again(s->recorder, s->first + repeat, "resumed", "from its beginning", &err),
                 OK, "%s", err.text);
}

static inline void hand_begin(struct hand *h, struct stage *s, int64_t repeat)
{
    struct error err;

    h->task.run = s->first + repeat;
    h->task.repeat = repeat;
    h->task.seed = s->experiment->seed + (uint64_t)repeat;
    h->task.stored = s->trial;
    if (!h->process.pid)
        cr_assert_eq(process_start(&h->process, 0, NULL, &err), OK, "%s", err.text);
    cr_assert_eq(hand_start(h, &s->env, &err), OK, "%s", err.text);
    free(h->task.resume_path);
    h->task.resume_path = NULL;
    h->task.ask_epoch = 0;
}

/* Until the hand is free. SIG, when not 0: sent once, WAIT seconds after the first state was kept. */
static inline void hand_work(struct hand *h, struct stage *s, int sig, double wait)
{
    double first = 0;
    struct error err;

    while (h->busy) {
        struct pollfd p = {.fd = h->process.frame_fd, .events = POLLIN};

        poll(&p, 1, sig ? 1 : 1000);
        if (p.revents)
            cr_assert_eq(hand_listen(h, &s->env, &err), OK, "%s", err.text);
        if (h->epochs_done >= 7 && first == 0)
            first = time_monotonic();
        if (sig && first > 0 && time_monotonic() >= first + wait) {
            hand_cancel(h, sig);
            sig = 0;
        }
        hand_tick(h, &s->env);
    }
    cr_assert_eq(recorder_commit(s->recorder, &err), OK, "%s", err.text);
}

static inline void hand_end(struct hand *h)
{
    process_bury(&h->process, false, NULL);
    hand_release(h);
}

static inline void expect_rows(const struct stage *s, const char *sql, const char *expected)
{
    char *found = answer(s->db, sql);

    cr_expect_str_eq(found, expected, "%s\n-- found:\n%s\n-- expected:\n%s", sql, found, expected);
    free(found);
}

/* Everything but times, hosts and events is the same in both databases. */
static inline void expect_same_rows(const struct stage *a, const struct stage *b)
{
    static const char *const tables[] = {
        "SELECT id, status, epochs_done, error FROM %s.runs",
        ("SELECT run_id, epoch, train_loss, validation_loss, grad_norm_mean, "
         "grad_norm_max, lr, samples FROM %s.epochs"),
        "SELECT * FROM %s.gradients",
        "SELECT * FROM %s.metrics",
        "SELECT * FROM %s.steps",
        "SELECT * FROM %s.step_gradients",
        "SELECT * FROM %s.parameters",
        "SELECT run_id, epoch, sha256, is_best FROM %s.checkpoints"};
    sqlite3 *db;
    char *attach = mem_format("ATTACH '%s' AS other", b->db);

    cr_assert_eq(sqlite3_open(a->db, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, attach, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char *one = mem_string(tables[i]), *two = mem_string(tables[i]), *from;
        struct strbuf sql = {0};
        sqlite3_stmt *st;

        from = strstr(one, "%s");
        *from = 0;
        from = strstr(two, "%s");
        strbuf_addf(&sql,
                    "SELECT (SELECT count(*) FROM (%smain%s)) > 0, (SELECT count(*) FROM (%smain%s EXCEPT "
                    "%sother%s)), "
                    "(SELECT count(*) FROM (%sother%s EXCEPT %smain%s))",
                    one, from + 2, one, from + 2, one, from + 2, one, from + 2, one, from + 2);
        cr_assert_eq(sqlite3_prepare_v2(db, sql.text, -1, &st, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
        cr_assert_eq(sqlite3_step(st), SQLITE_ROW);
        cr_expect_eq(sqlite3_column_int(st, 0), 1, "no rows: %s", tables[i]);
        cr_expect_eq(sqlite3_column_int(st, 1), 0, "%d rows only in %s: %s", sqlite3_column_int(st, 1), a->db,
                     tables[i]);
        cr_expect_eq(sqlite3_column_int(st, 2), 0, "%d rows only in %s: %s", sqlite3_column_int(st, 2), b->db,
                     tables[i]);
        sqlite3_finalize(st);
        strbuf_release(&sql);
        free(one);
        free(two);
    }
    sqlite3_close(db);
    free(attach);
}

#endif
