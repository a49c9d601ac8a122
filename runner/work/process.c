/* process.c - see process.h. The only one that starts workers.
 *
 * The pipes are closed in the child by O_CLOEXEC, as everything else the runner has open:
 * the database above all.
 */
#include "work/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "host/registry.h"
#include "work/outbox.h"

extern char **environ;

enum { PIPE_SIZE = 1 << 20, ABOVE_STANDARD = 10, RESERVED_FILES = 16 };
enum { FIRST_NAP = 50000, LONGEST_NAP = 20000000 }; /* ns */
/* Seconds: for ending by itself at the end of the jobs, and without a word; from look to look. */
static const double GRACE = 2.0, SHORT_GRACE = 0.2, LOOK = 0.5;

/* A pipe with ends that no dup2() of the child overwrites. */
static status make_pipe(int ends[2], struct error *err)
{
    int raw[2];

    if (pipe2(raw, O_CLOEXEC) != 0)
        return error_set(err, "cannot make a pipe: %s", strerror(errno));
    for (int i = 0; i < 2; i++) {
        ends[i] = fcntl(raw[i], F_DUPFD_CLOEXEC, ABOVE_STANDARD);
        close(raw[i]);
    }
    if (ends[0] < 0 || ends[1] < 0)
        return error_set(err, "cannot make a pipe: %s", strerror(errno));
    return OK;
}

/* Workers are not to take the last files that this process may open: the database needs some. */
static status leave_files(int highest, struct error *err)
{
    struct rlimit most;

    if (getrlimit(RLIMIT_NOFILE, &most) != 0 || most.rlim_cur == RLIM_INFINITY ||
        (rlim_t)highest + RESERVED_FILES < most.rlim_cur)
        return OK;
    return error_set(err, "cannot start a worker process: a process may have %llu files open (ulimit -n)",
                     (unsigned long long)most.rlim_cur);
}

static void close_pipe(int ends[2])
{
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
}

/* A rebuilt program is not where it was, but the kernel still has the file. */
char *process_program(void)
{
    char *path = program_path();

    if (access(path, X_OK) == 0)
        return path;
    free(path);
    return mem_string("/proc/self/exe");
}

status process_start(struct process *p, size_t nplugins, const char *const *plugins, struct error *err)
{
    int jobs[2] = {-1, -1}, frames[2] = {-1, -1}, rc;
    char **argv = mem_array(3 + 2 * nplugins, sizeof *argv);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t interrupts, defaults;
    char *program = process_program();
    size_t argc = 0;
    status result = FAILED;

    *p = (struct process){.pid = 0};
    signal(SIGPIPE, SIG_IGN); /* a worker that died is an error, not our end */
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    argv[argc++] = (char *)(uintptr_t) "fell";
    argv[argc++] = (char *)(uintptr_t) "worker";
    for (size_t i = 0; i < nplugins; i++) {
        argv[argc++] = (char *)(uintptr_t) "--plugin";
        argv[argc++] = (char *)(uintptr_t)plugins[i];
    }
    if (make_pipe(jobs, err) != OK || make_pipe(frames, err) != OK || leave_files(frames[1], err) != OK)
        goto out;
    fcntl(frames[1], F_SETPIPE_SZ, PIPE_SIZE); /* so that a commit does not stop training; a wish */
    fcntl(frames[0], F_SETFL, O_NONBLOCK);

    posix_spawn_file_actions_adddup2(&actions, jobs[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, frames[1], 3);
    /* Ctrl-C must not kill it before it has said that it ignores it. */
    sigemptyset(&interrupts);
    sigaddset(&interrupts, SIGINT);
    sigaddset(&interrupts, SIGHUP);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGTERM);
    posix_spawnattr_setsigmask(&attributes, &interrupts);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    rc = posix_spawn(&p->pid, program, &actions, &attributes, argv, environ);
    if (rc != 0) {
        error_set(err, "cannot start a worker process: %s", strerror(rc));
        p->pid = 0;
        goto out;
    }
    p->job_fd = jobs[1];
    p->frame_fd = frames[0];
    jobs[1] = frames[0] = -1;
    result = OK;
out:
    close_pipe(jobs);
    close_pipe(frames);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(argv);
    free(program);
    return result;
}

static void forget_metrics(struct process *p)
{
    free(p->metrics);
    free(p->metric_names);
    p->metrics = NULL;
    p->metric_names = NULL;
    p->nmetrics = 0;
}

status process_send(struct process *p, const struct job *job, struct error *err)
{
    cJSON *header = cJSON_CreateObject();
    struct strbuf body = {0};
    char *seed = mem_format("%llu", (unsigned long long)job->seed), *text;
    status result;

    forget_metrics(p);
    cJSON_AddStringToObject(header, "name", job->name);
    cJSON_AddStringToObject(header, "seed", seed); /* text: JSON numbers end at 2^53 */
    if (job->checkpoint_folder)
        cJSON_AddStringToObject(header, "checkpoint_folder", job->checkpoint_folder);
    if (job->export_path)
        cJSON_AddStringToObject(header, "export_path", job->export_path);
    cJSON_AddNumberToObject(header, "export_epoch", (double)job->export_epoch);
    if (job->resume_path)
        cJSON_AddStringToObject(header, "resume_path", job->resume_path);
    if (job->pause_path)
        cJSON_AddStringToObject(header, "pause_path", job->pause_path);
    if (job->bytes)
        cJSON_AddRawToObject(header, "bytes", job->bytes);
    if (job->objective)
        cJSON_AddStringToObject(header, "objective", job->objective);
    if (job->rows)
        cJSON_AddStringToObject(header, "rows", job->rows);
    cJSON_AddBoolToObject(header, "maximize", job->maximize);
    cJSON_AddNumberToObject(header, "ask_epoch", (double)job->ask_epoch);
    text = cJSON_PrintUnformatted(header);
    strbuf_addn(&body, text, strlen(text) + 1);
    strbuf_addn(&body, job->resolved, strlen(job->resolved) + 1);
    result = frame_write(p->job_fd, job->type, job->number, body.text, body.len, err);
    if (result != OK) { /* a pipe that is broken says nothing; why it is, does */
        body.len = 0;
        process_bury(p, false, &body);
        error_set(err, "a worker process takes no work any more: %s", body.text);
    }
    strbuf_release(&body);
    free(text);
    free(seed);
    cJSON_Delete(header);
    return result;
}

status process_answer(struct process *p, uint64_t job, enum verdict verdict, int64_t next, struct error *err)
{
    char *text = mem_format("{\"verdict\":%d,\"next\":%lld}", verdict, (long long)next);
    status result = frame_write(p->job_fd, FRAME_ANSWER, job, text, strlen(text) + 1, err);

    free(text);
    return result;
}

/* ---- listening ------------------------------------------------------------------------ */

/* The text at *AT, which ends before END, cut to SIZE; *AT comes behind it. */
static void take_text(const char **at, const char *end, char *to, size_t size)
{
    if (*at >= end)
        return;
    snprintf(to, size, "%s", *at);
    *at += strlen(*at) + 1;
}

/* Body: the head, then four texts with their NULs. */
static void note_crash(struct process *p, const char *body, size_t size)
{
    const char *at = body + sizeof p->crash, *end = body + size;

    if (size < sizeof p->crash + 4 || end[-1] != 0)
        return;
    memcpy(&p->crash, body, sizeof p->crash);
    take_text(&at, end, p->crash_at.what, sizeof p->crash_at.what);
    take_text(&at, end, p->crash_at.name, sizeof p->crash_at.name);
    take_text(&at, end, p->crash_at.phase, sizeof p->crash_at.phase);
    take_text(&at, end, p->crash_at.probe, sizeof p->crash_at.probe);
}

/* [[split, name], ...]; the names are kept one behind the other. */
static void note_metrics(struct process *p, const char *body)
{
    cJSON *json = cJSON_Parse(body);
    struct strbuf names = {0};
    const cJSON *one;
    char *at;

    forget_metrics(p);
    cJSON_ArrayForEach(one, json)
    {
        const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(one, 1));

        strbuf_addn(&names, name ? name : "", name ? strlen(name) + 1 : 1);
    }
    p->nmetrics = (size_t)cJSON_GetArraySize(json);
    p->metrics = mem_array(p->nmetrics, sizeof *p->metrics);
    p->metric_names = at = names.text;
    for (size_t i = 0; i < p->nmetrics; i++) {
        const cJSON *split = cJSON_GetArrayItem(cJSON_GetArrayItem(json, (int)i), 0);

        p->metrics[i].split = split ? (enum split)split->valueint : SPLIT_TRAIN;
        p->metrics[i].name = at;
        at += strlen(at) + 1;
    }
    cJSON_Delete(json);
}

const struct frame *process_next_frame(struct process *p, const char **body, bool *broken)
{
    const struct frame *f;

    while ((f = frame_reader_next(&p->reader, body, broken)) && !(*broken = !frame_is_sound(f, *body)) &&
           f->type == FRAME_METRICS)
        note_metrics(p, *body);
    if (*broken)
        return NULL;
    if (f && f->type == FRAME_CRASH) {
        note_crash(p, *body, f->size);
        f = NULL; /* it is the last */
    }
    return f;
}

/* Whether it has ended; it is still to be buried. */
static bool is_dead(const struct process *p)
{
    siginfo_t info = {.si_pid = 0};

    return waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == p->pid;
}

enum frame_fill process_fill(struct process *p)
{
    enum frame_fill fill = frame_reader_fill(&p->reader, p->frame_fd);

    p->looked = time_monotonic();
    if (fill != FILL_NOTHING || !is_dead(p))
        return fill;
    fill = frame_reader_fill(&p->reader, p->frame_fd); /* what it wrote in between */
    return fill == FILL_NOTHING ? FILL_END : fill;
}

double process_look_due(const struct process *p)
{
    const double left = p->looked + LOOK - time_monotonic();

    return left > 0 ? left : 0;
}

const struct frame *process_wait_frame(struct process *p, const char **body)
{
    for (;;) {
        struct pollfd pipe = {.fd = p->frame_fd, .events = POLLIN};
        bool broken;
        const struct frame *f = process_next_frame(p, body, &broken);
        enum frame_fill fill;

        if (f)
            return f;
        if (broken || (fill = process_fill(p)) == FILL_END || fill == FILL_ERROR)
            return NULL;
        if (fill == FILL_NOTHING)
            poll(&pipe, 1, (int)(LOOK * 1000));
    }
}

/* ---- the end ---------------------------------------------------------------------------- */

void process_finish(struct process *p)
{
    if (p->pid && p->job_fd >= 0) {
        close(p->job_fd); /* the end of its jobs */
        p->job_fd = -1;
    }
}

void process_add_where(const struct process *p, struct strbuf *why)
{
    const char *probe = p->crash_at.probe;

    if (p->crash_at.name[0])
        strbuf_addf(why, " in %s '%s' (%s%s%s%s)", p->crash_at.what, p->crash_at.name, p->crash_at.phase,
                    *probe ? ", for the probe '" : "", probe, *probe ? "'" : "");
}

/* Wait for its end, which a plugin can delay for ever: then it is killed. *KILLED: it was. */
static pid_t wait_for_end(pid_t pid, double grace, int *how, bool *killed)
{
    const double end = time_monotonic() + grace;
    struct timespec nap = {.tv_nsec = FIRST_NAP};
    bool late = false;
    pid_t got;

    while ((got = waitpid(pid, how, late ? 0 : WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
        if (got == 0 && time_monotonic() > end) {
            kill(pid, SIGKILL);
            late = true;
        } else if (got == 0) {
            nanosleep(&nap, NULL);
            nap.tv_nsec = nap.tv_nsec < LONGEST_NAP / 2 ? nap.tv_nsec * 2 : LONGEST_NAP;
        }
    }
    *killed = late && got == pid && WIFSIGNALED(*how) && WTERMSIG(*how) == SIGKILL;
    return got;
}

int process_bury(struct process *p, bool kill_it, struct strbuf *why)
{
    int how = 0, sig = 0;
    bool killed;
    pid_t got;

    if (!p->pid)
        return 0;
    if (kill_it)
        kill(p->pid, SIGKILL);
    process_finish(p);
    close(p->frame_fd);
    got = wait_for_end(p->pid, why ? SHORT_GRACE : GRACE, &how, &killed);
    if (killed) {
        if (why)
            strbuf_add(why, "the worker process did not talk any more, nor end, and was killed");
    } else if (got == p->pid && WIFSIGNALED(how)) {
        sig = WTERMSIG(how);
        if (why) {
            strbuf_addf(why, "SIG%s (%s)", sigabbrev_np(sig), strsignal(sig));
            if (sig == SIGKILL)
                strbuf_add(why, "; the system does that when memory is out");
        }
    } else if (why && got == p->pid && WEXITSTATUS(how) == WORKER_OUT_OF_MEMORY) {
        strbuf_add(why, "the worker process ended: out of memory");
    } else if (why) {
        strbuf_addf(why, "the worker process ended by itself with status %d",
                    got == p->pid ? WEXITSTATUS(how) : -1);
    }
    if (why)
        process_add_where(p, why);
    frame_reader_release(&p->reader);
    forget_metrics(p);
    p->pid = 0;
    return sig;
}
