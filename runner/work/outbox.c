/* outbox.c - see outbox.h.
 *
 * The signal handler reads the buffer in whatever state the signal left it, hence the
 * two volatile marks: between them lie whole frames that the runner has not got.
 */
#include "work/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/net_at.h"

enum { VOLUME = 64 * 1024, ALTERNATE_STACK = 64 * 1024 };
static const double PERIOD = 0.1; /* seconds */

static struct outbox *the_outbox; /* for the handler */

/* ---- a fatal signal ---------------------------------------------------------------- */

static void write_all(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;

    while (n > 0) {
        ssize_t k = write(fd, p, n);

        if (k < 0 && errno != EINTR)
            return;
        if (k > 0) {
            p += k;
            n -= (size_t)k;
        }
    }
}

/* Append TEXT with its NUL, cut to what fits. */
static size_t add_text(char *to, size_t used, size_t room, const char *text)
{
    size_t n = strlen(text);

    if (n > room - used - 1)
        n = room - used - 1;
    memcpy(to + used, text, n);
    to[used + n] = 0;
    return used + n + 1;
}

/* Memory that is this process's alone, in bytes (proc(5), statm: resident less shared pages). No
 * stdio: a signal handler asks. */
static int64_t own_memory(void)
{
    int64_t number[3] = {0};
    char text[160];
    ssize_t n;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC), k = 0;

    if (fd < 0)
        return 0;
    n = read(fd, text, sizeof text);
    close(fd);
    for (ssize_t i = 0; i < n && k < 3; i++) {
        if (text[i] >= '0' && text[i] <= '9')
            number[k] = number[k] * 10 + (text[i] - '0');
        else
            k++;
    }
    return k < 3 ? 0 : (number[1] - number[2]) * sysconf(_SC_PAGESIZE);
}

/* A CRASH frame; SIG 0: the process ends itself. Calls only what may be called in a signal handler. */
static void report(struct outbox *b, int32_t sig, bool memory_is_out)
{
    const struct crash_head about = {
        .signal = sig, .memory_is_out = memory_is_out, .memory_bytes = own_memory()};
    const struct net_place at = net_where();
    struct {
        struct frame head;
        char body[384];
    } crash = {.head = {.type = FRAME_CRASH, .run = b->job}};
    size_t n = sizeof about;

    if (b->sent < b->whole)
        write_all(b->fd, b->frames.text + b->sent, b->whole - b->sent);
    memcpy(crash.body, &about, sizeof about);
    n = add_text(crash.body, n, 48, at.what);
    n = add_text(crash.body, n, 176, at.name);
    n = add_text(crash.body, n, 248, at.phase);
    n = add_text(crash.body, n, 376, at.probe);
    crash.head.size = (uint32_t)n;
    write_all(b->fd, &crash, sizeof crash.head + frame_padded(n));
}

/* The signal's action is the default one again (SA_RESETHAND), so that the process then dies as
 * it would have. */
static void on_signal(int sig)
{
    if (the_outbox)
        report(the_outbox, sig, mem_shortage());
    raise(sig);
}

static void stop_now(struct outbox *b)
{
    report(b, 0, false);
    kill(getpid(), SIGKILL);
}

static void on_stop(int sig)
{
    (void)sig;
    if (!the_outbox || !the_outbox->busy)
        return;
    if (the_outbox->inside)
        the_outbox->stop = 1; /* what it is doing with the frames comes first */
    else
        stop_now(the_outbox);
}

void outbox_out_of_memory(void)
{
    if (the_outbox && the_outbox->busy) {
        the_outbox->busy = false;
        report(the_outbox, 0, true);
    }
    _exit(WORKER_OUT_OF_MEMORY);
}

static void on_exit_of_process(void)
{
    if (the_outbox && the_outbox->busy)
        report(the_outbox, 0, false);
}

static void catch_crashes(void)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    static _Alignas(16) char stack[ALTERNATE_STACK]; /* a stack overflow leaves no other */
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)(SA_ONSTACK | SA_RESETHAND)};

    sigaltstack(&alternate, NULL);
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        sigaction(fatal[i], &action, NULL);
    action = (struct sigaction){.sa_handler = on_stop, .sa_flags = SA_RESTART};
    sigaction(STOP_SIGNAL, &action, NULL);
    atexit(on_exit_of_process);
}

/* ---- frames ------------------------------------------------------------------------ */

void outbox_init(struct outbox *b, int fd)
{
    *b = (struct outbox){.fd = fd, .flushed = time_monotonic()};
    the_outbox = b;
    catch_crashes();
}

void outbox_begin(struct outbox *b, uint64_t job)
{
    b->job = job;
    b->busy = true;
    b->stop = 0;
    b->flushed = time_monotonic();
}

void outbox_end(struct outbox *b)
{
    outbox_flush(b);
    b->busy = false;
}

static void enter(struct outbox *b)
{
    b->inside++;
}

static void leave(struct outbox *b)
{
    b->whole = b->frames.len;
    if (--b->inside == 0 && b->stop)
        stop_now(b);
}

void outbox_add(struct outbox *b, uint32_t type, const void *body, size_t size)
{
    enter(b);
    frame_append(&b->frames, type, b->job, body, size);
    leave(b);
}

void outbox_add_json(struct outbox *b, uint32_t type, cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);

    outbox_add(b, type, text, strlen(text) + 1);
    free(text);
    cJSON_Delete(json);
}

void outbox_add_epoch(struct outbox *b, const struct epoch_report *r)
{
    enter(b);
    packed_add_epoch(&b->frames, b->job, r);
    leave(b);
}

void outbox_add_step(struct outbox *b, const struct step_report *r)
{
    enter(b);
    packed_add_step(&b->frames, b->job, r);
    leave(b);
}

void outbox_add_look(struct outbox *b, const struct looks *l, const struct probe_report *r)
{
    enter(b);
    packed_add_look(&b->frames, b->job, l, r);
    leave(b);
}

void outbox_flush(struct outbox *b)
{
    enter(b);
    while (b->sent < b->whole) {
        ssize_t n = write(b->fd, b->frames.text + b->sent, b->whole - b->sent);

        if (n > 0)
            b->sent += (size_t)n;
        else if (errno != EINTR)
            break; /* nobody listens, and the next read of a job will say so */
    }
    b->sent = b->whole = b->frames.len = 0;
    b->flushed = time_monotonic();
    leave(b);
}

void outbox_flush_if_due(struct outbox *b)
{
    if (b->whole >= VOLUME || time_monotonic() - b->flushed >= PERIOD)
        outbox_flush(b);
}

void outbox_release(struct outbox *b)
{
    the_outbox = NULL; /* what happens from here on is no job's */
    strbuf_release(&b->frames);
}
