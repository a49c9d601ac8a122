/* limits.h - the `limits` of a spec, held against a worker process while it trains a run.
 *
 * Time is measured from outside, so that a plugin which never comes back is seen as well. Memory is
 * looked at now and then (the process's own pages; data that are mapped from files and shared do not
 * count), and the kernel is told a ceiling above the limit, so that what grows between two looks
 * cannot take the machine with it.
 */
#ifndef WORK_LIMITS_H
#define WORK_LIMITS_H

#include <sys/types.h>

#include "base/mem.h"
#include "spec/spec.h"
#include "work/process.h"

struct limit_watch {
    const struct spec_limits *limits; /* of the run; NULL: nothing is watched */
    double started;                   /* time_monotonic(), less what the run had spent before */
    double cpu_started;               /* clock of the process, likewise */
    double looked;
    bool ceiling;       /* the process has one, perhaps of an earlier run */
    const char *broken; /* the status word of the limit that was broken; NULL: none */
    char text[128];     /* ... in words */
    double kill_at;     /* when the process must have ended by itself */
};

/* A run with LIMITS on THREADS threads starts in process PID now. W is from the last run of
 * that process, or zeros. */
void limits_begin(struct limit_watch *w, const struct spec_limits *limits, int64_t threads, pid_t pid);

/* The run had spent so much in earlier processes. */
void limits_add(struct limit_watch *w, double seconds, double cpu_seconds);

/* Look, and end the process when a limit is broken: it is asked to say where it is and to go, and
 * killed when it does not at once. WAITING: the time since the last look is the runner's fault, and no
 * time of the run; the same goes for more than a second, when it was suspended (Ctrl-Z), or kept waiting.
 * Returns the seconds until the next look is due, negative: never. */
double limits_look(struct limit_watch *w, pid_t pid, bool waiting);

/* The run is over. */
void limits_end(struct limit_watch *w);

/* P, which had a run, is gone, or talks nonsense (BROKEN) and is killed: the run's status word, and in WHY
 * how that came. *SIG: the signal of a crash, else 0. What a limit ended, or the memory that it had, is no
 * crash. */
const char *limits_judge_end(struct limit_watch *w, struct process *p, bool broken, struct strbuf *why,
                             int *sig);

#endif
