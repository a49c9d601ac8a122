/* crew.c - see crew.h. The main loop of `fell run`: give out runs, wait, listen, record.
 *
 * One thread, one poll(). What frames mean is in hand.c; here is who trains what, and when it
 * is over.
 */
#include "work/crew.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/run_status.h"
#include "base/text.h"
#include "work/hand.h"
#include "work/neighbours.h"
#include "work/requests.h"

/* Seconds. REST: for a hand whose process could not be started. */
static const double REDRAW = 0.1, REST = 1.0;
static const double EPOCH_PATIENCE = 10.0; /* Slurm's KillWait is 30 by default, Kubernetes' grace likewise */

static const double LOOK = 1; /* seconds between looks for other runs on the machine */
enum { ATTEMPTS = 3 };        /* to start a worker that takes a job */

struct crew {
    struct crew_task task;
    struct hand_env env;
    size_t nhands;
    struct hand *hands;
    struct requests requests; /* to stop */
    int answered;             /* how many of them were passed on */
    bool told_rest;           /* that some workers cannot be started */
    struct deadline deadline;
    bool by_clock;                /* the first request is the deadline's */
    bool hurried;                 /* the runs under way pause after a step */
    bool late;                    /* no further run has an end before it */
    size_t allowed, told_allowed; /* hands that may be busy; as the listener knows it */
    double looked;                /* for other runs on the machine, when last */
    double differs;               /* since when what it knows is not so; 0: it is */
};

/* ---- being asked to stop -------------------------------------------------------------- */

/* While the recorder does nothing but wait for a lock. */
static bool give_up(void *arg)
{
    struct crew *c = arg;

    requests_count(&c->requests);
    return c->requests.n >= 2;
}

static void pass_note(void *arg, const char *text)
{
    struct crew *c = arg;

    if (c->env.listener)
        c->env.listener->note(c->env.listener->arg, text);
}

/* The first request lets every run end after its epoch, with a checkpoint; the second ends it now. */
static void stop_hands(struct crew *c)
{
    if (c->requests.n == 1 && !c->late)
        pass_note(c, "stopping after this epoch, with a checkpoint; once more stops now");
    for (size_t i = 0; i < c->nhands; i++)
        hand_cancel(&c->hands[i], c->requests.n > 1 ? SIGKILL : SIGTERM);
    c->answered = c->requests.n;
}

/* ---- what hands tell -------------------------------------------------------------------- */

static void tell_epoch(void *arg, const struct hand *h, const struct epoch_report *r)
{
    struct crew *c = arg;

    /* With what stands between them: looks of probes, states. */
    deadline_epoch(&c->deadline, h->heard > 0 ? time_monotonic() - h->heard : r->seconds);
    deadline_epoch(&c->deadline, r->seconds);
    schedule_epoch(c->task.schedule, h->task.seat, r);
}

static void tell_look(void *arg, const struct hand *h, const struct packed_look *l)
{
    struct crew *c = arg;

    schedule_look(c->task.schedule, h->task.seat, l);
}

static enum verdict ask_schedule(void *arg, const struct hand *h, int64_t epoch, int64_t *next)
{
    struct crew *c = arg;
    const char *reason = NULL;
    struct error ignored; /* what cannot be queued is said by the next row */
    const enum verdict v = schedule_ask(c->task.schedule, h->task.seat, epoch, next, &reason);

    if (v == VERDICT_PRUNE)
        recorder_event_once(c->task.recorder, h->task.run, run_end_word(RUN_PRUNED), reason, &ignored);
    return v;
}

status crew_run_over(struct crew *c, int64_t run, const char *word, int64_t epochs, const char *reason,
                     struct error *err)
{
    if (run_status_is(word, STATUS_PRUNED) && hand_forget_pause(&c->env, run, err) != OK)
        return FAILED;
    if (c->env.listener)
        c->env.listener->over(c->env.listener->arg, run, word, epochs);
    return recorder_run_over(c->task.recorder, run, word, epochs, reason, err);
}

static bool tell_end(void *arg, const struct hand *h, const char *word)
{
    struct crew *c = arg;

    if (run_status_is(word, STATUS_FINISHED) && h->seconds_before <= 0.0)
        deadline_run(&c->deadline, time_monotonic() - h->started);
    if (schedule_ended(c->task.schedule, h->task.seat, word))
        return true;
    if (c->task.shard)
        shard_add(c->task.shard, h->task.run);
    return false;
}

/* ---- giving out runs ---------------------------------------------------------------- */

static status start_process(struct crew *c, struct hand *h, struct error *err)
{
    const struct runner_options *o = c->task.options;

    for (size_t i = 0; i < c->task.nready; i++) {
        if (c->task.ready[i].pid) {
            h->process = c->task.ready[i];
            c->task.ready[i].pid = 0;
            return OK;
        }
    }
    return process_start(&h->process, o->nplugins, o->plugins, err);
}

/* No process for H now. The others go on, if there are any; it is tried again later. */
static status let_rest(struct crew *c, struct hand *h, struct error *err)
{
    size_t others = 0;

    for (size_t i = 0; i < c->nhands; i++)
        others += &c->hands[i] != h && c->hands[i].process.pid;
    if (others == 0)
        return FAILED;
    h->rests = time_monotonic() + REST;
    if (!c->told_rest) {
        char *text =
            mem_format("%s; the sweep goes on with %zu of %zu workers", err->text, others, c->nhands);

        pass_note(c, text);
        free(text);
    }
    c->told_rest = true;
    return OK;
}

/* The next run for H; first one that another hand could not begin. */
static status take_task(struct crew *c, struct hand *h, bool *none, struct error *err)
{
    if (h->holds)
        return OK;
    run_task_release(&h->task);
    for (size_t i = 0; i < c->nhands; i++) {
        struct hand *other = &c->hands[i];

        if (other->holds) {
            h->task = other->task;
            other->task = (struct run_task){0};
            other->holds = false;
            h->holds = true;
            return OK;
        }
    }
    if (schedule_next(c->task.schedule, &h->task, none, err) != OK)
        return FAILED;
    h->holds = !*none;
    return OK;
}

static void tell_late(struct crew *c)
{
    char *text = mem_format("no further run is begun: %.3g seconds are left, and runs took up to %.3g",
                            deadline_left(&c->deadline),
                            c->deadline.run > c->deadline.epoch ? c->deadline.run : c->deadline.epoch);

    c->late = true;
    pass_note(c, text);
    free(text);
}

/* *NONE: there is no run to start now. A process comes first: without one no run is taken. */
static status start_run(struct crew *c, struct hand *h, bool *none, struct error *err)
{
    if (!h->process.pid && start_process(c, h, err) != OK)
        return let_rest(c, h, err);
    if (take_task(c, h, none, err) != OK)
        return FAILED;
    if (!*none && !deadline_allows(&c->deadline, h->task.resume_path != NULL)) {
        tell_late(c);
        *none = true;
    }
    if (*none)
        return OK;
    for (int tries = 0; tries < ATTEMPTS; tries++) {
        if (!h->process.pid && start_process(c, h, err) != OK)
            return let_rest(c, h, err);
        if (hand_start(h, &c->env, err) == OK) {
            h->holds = false;
            return OK;
        }
        if (h->process.pid)
            return FAILED; /* the database, not the worker */
    }
    return error_prepend(err, "worker processes die as soon as they are started");
}

static size_t busy_hands(const struct crew *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->nhands; i++)
        n += c->hands[i].busy;
    return n;
}

static status start_runs(struct crew *c, struct error *err)
{
    const double now = time_monotonic();
    size_t busy = busy_hands(c);
    bool none = false;

    for (size_t i = 0; i < c->nhands && busy < c->allowed && !none && !c->late && !c->requests.n; i++) {
        struct hand *h = &c->hands[i];

        if (!h->busy && h->rests <= now && start_run(c, h, &none, err) != OK)
            return FAILED;
        busy = busy_hands(c);
    }
    return OK;
}

/* ---- waiting ------------------------------------------------------------------------- */

/* Until a worker speaks, the user interrupts, or the recorder or the screen wants a turn; meanwhile
 * rows are stored. */
static status wait_and_listen(struct crew *c, struct pollfd *fds, double due, struct error *err)
{
    bool listen = !recorder_is_full(c->task.recorder) || c->requests.n > 1;
    double wait = due >= 0 && due < REDRAW ? due : REDRAW;
    bool piece = recorder_has_piece(c->task.recorder);
    int n;

    for (size_t i = 0; i < c->nhands; i++) {
        bool there = c->hands[i].process.pid != 0 && listen;
        double look = hand_tick(&c->hands[i], &c->env);

        wait = look >= 0 && look < wait ? look : wait;
        fds[i] = (struct pollfd){.fd = there ? c->hands[i].process.frame_fd : -1, .events = POLLIN};
    }
    fds[c->nhands] = (struct pollfd){.fd = c->requests.signals, .events = POLLIN};
    n = poll(fds, c->nhands + 1, piece ? 0 : (int)(wait * 1000) + 1);
    if (n < 0 && errno != EINTR)
        return error_set(err, "cannot wait for the workers: %s", strerror(errno));
    if (n == 0 && piece)
        return recorder_idle(c->task.recorder, err);
    if (fds[c->nhands].revents)
        requests_count(&c->requests);
    for (size_t i = 0; i < c->nhands; i++) {
        struct hand *h = &c->hands[i];

        if (fds[i].fd < 0 || (!fds[i].revents && process_look_due(&h->process) > 0))
            continue;
        if (hand_listen(h, &c->env, err) != OK)
            return FAILED;
        if (h->paused)
            schedule_paused(c->task.schedule, h->task.seat, h->paused_at);
        h->paused = false;
    }
    return OK;
}

/* Where nobody said how many workers there are to be, other runs of this machine get their share: hands rest
 * when their run ends. What lasts is told. */
static void look_at_neighbours(struct crew *c)
{
    const struct run_listener *l = c->env.listener;
    const double now = time_monotonic();
    size_t leave;

    if (c->task.options->jobs > 0 || c->nhands < 2 || (c->looked > 0 && now - c->looked < LOOK))
        return;
    c->looked = now;
    leave = neighbours_leave();
    c->allowed = leave < c->nhands ? leave : c->nhands;
    if (c->allowed == c->told_allowed) {
        c->differs = 0;
    } else if (c->differs <= 0) {
        c->differs = now;
    } else {
        c->told_allowed = c->allowed;
        c->differs = 0;
        if (l)
            l->workers(l->arg, (int)c->allowed);
    }
}

/* Just in time for the epochs that are under way. */
static void look_at_clock(struct crew *c)
{
    if (c->requests.n || busy_hands(c) == 0 || !deadline_is_near(&c->deadline))
        return;
    pass_note(c, "the time is nearly up: every run ends this epoch and is paused");
    c->requests.n = 1;
    c->requests.first = time_monotonic();
    c->by_clock = true;
    c->late = true;
}

/* Seconds for which the epochs under way are waited for. The clock waits until there is no time left. */
static double patience(const struct crew *c)
{
    const double asked = c->requests.asked > c->requests.first ? c->requests.asked : c->requests.first;
    const double left = deadline_left(&c->deadline), more = asked + EPOCH_PATIENCE - time_monotonic();

    if (c->by_clock && c->requests.asked <= 0)
        return left;
    return left < more ? left : more;
}

/* An epoch may last longer than who ends the job is ready to wait: then the runs stop after a step. Somebody
 * at a keyboard waits as long as he likes. */
static void hurry(struct crew *c)
{
    const bool asked = c->requests.n > 0 && !c->requests.by_user;

    if (c->hurried || !asked || patience(c) > 0)
        return;
    pass_note(c, "runs are paused in the middle of their epoch");
    for (size_t i = 0; i < c->nhands; i++)
        hand_cancel(&c->hands[i], HURRY_SIGNAL);
    c->hurried = true;
}

/* Of a shard. What cannot be published now is kept, and tried again. */
static status publish(struct crew *c, struct error *err)
{
    struct error why;

    if (!c->task.shard || shard_due(c->task.shard) > 0)
        return OK;
    if (recorder_commit(c->task.recorder, err) != OK)
        return FAILED;
    if (shard_publish(c->task.shard, c->task.options->db, c->task.experiment, &why) != OK)
        pass_note(c, why.text);
    return OK;
}

/* What was given out and is not begun: what was paused is over for now. */
static status leave_held(struct crew *c, struct error *err)
{
    status result = OK;

    for (size_t i = 0; i < c->nhands && result == OK; i++) {
        const struct hand *h = &c->hands[i];

        if (h->holds && h->task.paused)
            result = crew_run_over(c, h->task.run, run_end_word(RUN_INTERRUPTED), h->epochs_done, NULL, err);
    }
    return result;
}

static status train_all(struct crew *c, struct error *err)
{
    const struct run_listener *l = c->env.listener;
    struct pollfd *fds = mem_array(c->nhands + 1, sizeof *fds);
    double due = -1;
    status result = FAILED;

    for (;;) {
        look_at_neighbours(c);
        if (start_runs(c, err) != OK)
            goto out;
        if (busy_hands(c) == 0)
            break;
        if (wait_and_listen(c, fds, due, err) != OK || recorder_tick(c->task.recorder, &due, err) != OK ||
            publish(c, err) != OK)
            goto out;
        look_at_clock(c);
        hurry(c);
        if (c->requests.n > c->answered) {
            c->env.interrupted = true;
            stop_hands(c);
        }
        if (l)
            l->tick(l->arg);
    }
    result = OK;
out:
    free(fds);
    return result;
}

/* ---- all of it ------------------------------------------------------------------------ */

size_t crew_size(const struct runner_options *o, int64_t runs)
{
    const size_t n = o->jobs > 0 ? (size_t)o->jobs : neighbours_processors();

    return (int64_t)n < runs ? n : (size_t)runs;
}

status crew_train(const struct crew_task *task, struct crew **out_crew, struct runner_summary *out,
                  struct error *err)
{
    const struct training *t = task->training;
    const int64_t left = schedule_left(task->schedule);
    struct crew *c = mem_alloc(sizeof *c);
    const struct run_listener *l = task->options->listener;
    status result;

    c->task = *task;
    c->deadline = task->options->deadline;
    deadline_run(&c->deadline, task->longest);
    c->nhands = crew_size(task->options, left);
    c->allowed = c->told_allowed = c->nhands;
    c->hands = mem_array(c->nhands, sizeof *c->hands);
    for (size_t i = 0; i < c->nhands; i++)
        c->hands[i].number = (int)i;
    c->env = (struct hand_env){.training = t,
                               .recorder = task->recorder,
                               .db = task->options->db,
                               .nplugins = task->options->nplugins,
                               .plugins = task->options->plugins,
                               .bytes = task->bytes,
                               .listener = l,
                               .diag = task->diag,
                               .ended = tell_end,
                               .ask = ask_schedule,
                               .epoch = tell_epoch,
                               .look = tell_look,
                               .arg = c};
    *out_crew = c;

    requests_catch(&c->requests);
    recorder_on_wait(task->recorder, pass_note, give_up, c);
    if (l)
        l->begin(l->arg, t->name, left, (int)c->nhands, t->first->train.epochs);
    result = train_all(c, err);
    if (result == OK)
        result = leave_held(c, err);
    if (result == OK)
        result = schedule_interrupt(task->schedule, err);
    for (size_t i = 0; i < c->nhands; i++) {
        if (result != OK)
            hand_cancel(&c->hands[i], SIGKILL);
        process_finish(&c->hands[i].process);
    }
    if (result == OK)
        result = recorder_commit(task->recorder, err);
    if (l)
        l->end(l->arg);
    out->interrupted = c->requests.n > 0 || c->late;
    out->later = out->interrupted && !c->requests.by_user;
    out->stopped = schedule_is_stopped(task->schedule);
    return result;
}

void crew_dismiss(struct crew *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->nhands; i++) {
        process_bury(&c->hands[i].process, false, NULL);
        hand_release(&c->hands[i]);
        run_task_release(&c->hands[i].task);
    }
    requests_release(&c->requests);
    free(c->hands);
    free(c);
}
