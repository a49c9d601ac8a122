/* outbox.c - see outbox.h. Called by the worker only.
 *
 * The signal handler reads the buffer in whatever state the signal left it, hence the
 * two volatile marks: between them lie whole frames that the runner has not got.
 */
#include "work/outbox.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/net.h"

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

/* A CRASH frame; SIG 0: an exit. Calls only what may be called in a signal handler. */
static void report(struct outbox *b, int32_t sig)
{
    const char *layer = net_current, *phase = net_current_phase;
    struct {
        struct frame head;
        char body[256];
    } crash = {.head = {.type = FRAME_CRASH, .run = b->job}};
    size_t n = sizeof sig;

    if (b->sent < b->whole)
        write_all(b->fd, b->frames.text + b->sent, b->whole - b->sent);
    memcpy(crash.body, &sig, sizeof sig);
    n = add_text(crash.body, n, 200, layer ? layer : "");
    n = add_text(crash.body, n, 248, phase ? phase : "");
    crash.head.size = (uint32_t)n;
    write_all(b->fd, &crash, sizeof crash.head + frame_padded(n));
}

/* The signal's action is the default one again (SA_RESETHAND), so that the process then dies as
 * it would have. */
static void on_signal(int sig)
{
    if (the_outbox)
        report(the_outbox, sig);
    raise(sig);
}

static void on_exit_of_process(void)
{
    if (the_outbox && the_outbox->busy)
        report(the_outbox, 0);
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
    b->flushed = time_monotonic();
}

void outbox_end(struct outbox *b)
{
    outbox_flush(b);
    b->busy = false;
}

static void added(struct outbox *b)
{
    b->whole = b->frames.len;
}

void outbox_add(struct outbox *b, uint32_t type, const void *body, size_t size)
{
    frame_append(&b->frames, type, b->job, body, size);
    added(b);
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
    frame_pack_epoch(&b->frames, b->job, r);
    added(b);
}

void outbox_add_step(struct outbox *b, const struct step_report *r)
{
    frame_pack_step(&b->frames, b->job, r);
    added(b);
}

void outbox_flush(struct outbox *b)
{
    while (b->sent < b->whole) {
        ssize_t n = write(b->fd, b->frames.text + b->sent, b->whole - b->sent);

        if (n > 0)
            b->sent += (size_t)n;
        else if (errno != EINTR)
            break; /* nobody listens, and the next read of a job will say so */
    }
    b->sent = b->whole = b->frames.len = 0;
    b->flushed = time_monotonic();
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
