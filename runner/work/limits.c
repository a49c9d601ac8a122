/* limits.c - see limits.h. Knows nothing of runs in the database. */
#include "work/limits.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/run_status.h"
#include "base/text.h"

static const double PERIOD = 0.05, GRACE = 0.25; /* seconds */
static const double ABSENT = 1.0; /* from look to look: the runner was stopped, or a disk kept it waiting */
enum { MIB = 1048576, SLACK = 64, STACK = 10 }; /* MiB above the limit; for each thread */

/* ---- what the kernel says of a process ------------------------------------------------------ */

static double cpu_seconds(pid_t pid)
{
    struct timespec t;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0.0;
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Bytes of its own pages, and of all that it may write to without sharing (touched or not), which is
 * what RLIMIT_DATA bounds. proc(5), statm. */
static bool memory_of(pid_t pid, int64_t *own, int64_t *data)
{
    long long resident, shared, writable;
    char path[64];
    FILE *f;
    bool good;

    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    f = fopen(path, "re");
    if (!f)
        return false;
    good = fscanf(f, "%*d %lld %lld %*d %*d %lld", &resident, &shared, &writable) == 3;
    fclose(f);
    if (good) {
        *own = (int64_t)(resident - shared) * sysconf(_SC_PAGESIZE);
        *data = (int64_t)writable * sysconf(_SC_PAGESIZE);
    }
    return good;
}

/* A program with the address sanitizer needs room for its own. */
#ifdef __SANITIZE_ADDRESS__
enum { CEILINGS = 0 };
#else
enum { CEILINGS = 1 };
#endif

static void set_ceiling(pid_t pid, rlim_t bytes)
{
    struct rlimit limit;

    if (!CEILINGS || prlimit(pid, RLIMIT_DATA, NULL, &limit) != 0)
        return;
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    prlimit(pid, RLIMIT_DATA, &limit, NULL);
}

/* ---- a run ------------------------------------------------------------------------------------ */

void limits_begin(struct limit_watch *w, const struct spec_limits *limits, int64_t threads, pid_t pid)
{
    const int64_t most = limits->memory_mb;
    const bool had_ceiling = w->ceiling;
    int64_t own, data;

    *w = (struct limit_watch){.limits = limits};
    if (limits->seconds <= 0 && limits->cpu_seconds <= 0 && most <= 0)
        w->limits = NULL;
    w->looked = w->started = time_monotonic();
    if (w->limits)
        w->cpu_started = cpu_seconds(pid);
    if (most > 0 && memory_of(pid, &own, &data)) {
        set_ceiling(pid, (rlim_t)data + (rlim_t)(most + most / 4 + SLACK + threads * STACK) * MIB);
        w->ceiling = true;
    } else if (had_ceiling) {
        set_ceiling(pid, RLIM_INFINITY);
    }
}

void limits_add(struct limit_watch *w, double seconds, double cpu)
{
    w->started -= seconds;
    w->cpu_started -= cpu;
}

void limits_end(struct limit_watch *w)
{
    w->limits = NULL;
    w->broken = NULL;
}

/* ---- looking ------------------------------------------------------------------------------------ */

__attribute__((format(printf, 3, 4))) static void break_limit(struct limit_watch *w, enum run_status s,
                                                              const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(w->text, sizeof w->text, format, ap);
    va_end(ap);
    w->broken = run_statuses[s].word;
}

static double mib(int64_t bytes)
{
    return (double)bytes / MIB;
}

/* The first limit that is broken. */
static void compare(struct limit_watch *w, double now, pid_t pid)
{
    const struct spec_limits *l = w->limits;
    const double seconds = now - w->started;
    double cpu = l->cpu_seconds > 0 ? cpu_seconds(pid) - w->cpu_started : 0.0;
    int64_t own, data;

    if (l->seconds > 0 && seconds > l->seconds)
        break_limit(w, STATUS_TIMED_OUT, "limits.seconds is %g, and %.2f seconds had passed", l->seconds,
                    seconds);
    else if (l->cpu_seconds > 0 && cpu > l->cpu_seconds)
        break_limit(w, STATUS_TIMED_OUT, "limits.cpu_seconds is %g, and it had used %.2f seconds",
                    l->cpu_seconds, cpu);
    else if (l->memory_mb > 0 && memory_of(pid, &own, &data) && own > l->memory_mb * MIB)
        break_limit(w, STATUS_OUT_OF_MEMORY, "limits.memory_mb is %lld, and it had %.1f MiB",
                    (long long)l->memory_mb, mib(own));
}

/* What is left of the times, at most PERIOD where memory must be watched. */
static double due(const struct limit_watch *w, double now)
{
    const struct spec_limits *l = w->limits;
    double wait = l->cpu_seconds > 0 || l->memory_mb > 0 ? PERIOD : l->seconds - (now - w->started);

    if (l->seconds > 0 && l->seconds - (now - w->started) < wait)
        wait = l->seconds - (now - w->started);
    return wait < 0.001 ? 0.001 : wait;
}

double limits_look(struct limit_watch *w, pid_t pid, bool waiting)
{
    const double now = time_monotonic();

    if (!w->limits)
        return -1;
    if (waiting || now - w->looked > ABSENT)
        w->started += now - w->looked;
    w->looked = now;
    if (!w->broken) {
        compare(w, now, pid);
        if (!w->broken)
            return due(w, now);
        w->kill_at = now + GRACE;
        kill(pid, STOP_SIGNAL);
    } else if (now >= w->kill_at) {
        kill(pid, SIGKILL);
    }
    return PERIOD;
}

/* Near the ceiling an allocation fails, and what a plugin makes of that may be anything. */
static void judge_memory(struct limit_watch *w, const struct crash_head *crash)
{
    const int64_t most = w->limits ? w->limits->memory_mb : 0;

    if (most > 0 && (crash->memory_is_out || crash->memory_bytes > most * MIB))
        break_limit(w, STATUS_OUT_OF_MEMORY, "limits.memory_mb is %lld, and it had %.1f MiB%s",
                    (long long)most, mib(crash->memory_bytes),
                    crash->memory_is_out ? " and wanted more" : "");
    else if (crash->memory_is_out)
        break_limit(w, STATUS_OUT_OF_MEMORY, "no more memory could be had; it had %.1f MiB",
                    mib(crash->memory_bytes));
}

const char *limits_judge_end(struct limit_watch *w, struct process *p, bool broken, struct strbuf *why,
                             int *sig)
{
    const struct crash_head crash = p->crash;

    if (broken)
        strbuf_add(why, "what the worker process sent makes no sense; ");
    *sig = process_bury(p, broken, why);
    if (!w->broken && !broken)
        judge_memory(w, &crash);
    if (w->broken) {
        why->len = 0;
        strbuf_add(why, w->text);
        process_add_where(p, why);
    }
    if (w->broken || broken)
        *sig = 0;
    return w->broken ? w->broken : run_statuses[*sig ? STATUS_CRASHED : STATUS_FAILED].word;
}
