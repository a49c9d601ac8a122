/* requests.h - signals that ask `fell run` to stop: which there are, and which counts as a second request.
 */
#ifndef WORK_REQUESTS_H
#define WORK_REQUESTS_H

#include <signal.h>
#include <stdbool.h>

struct requests {
    int signals; /* signalfd; -1: none */
    sigset_t old_mask;
    int n;        /* how often it was asked to stop */
    double first; /* when, time_monotonic() */
    double asked; /* when last, but by a warning; 0: never */
    bool by_user; /* some of them from a keyboard or a terminal that went */
};

/* From now on a warning (SIGUSR1, SIGUSR2) waits for requests_catch(), and ends no process that gets ready.
 */
void requests_hold(void);

/* From now on signals are read from r->signals by requests_count(), until requests_release(). */
void requests_catch(struct requests *r);
void requests_count(struct requests *r);
void requests_release(struct requests *r);

#endif
