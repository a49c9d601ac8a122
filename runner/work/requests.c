/* requests.c - see requests.h. Ends nothing: crew.c does.
 */
#include "work/requests.h"

#include <stdint.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/text.h"

/* Seconds. Signals that come at once are one: timeout(1) signals the process and its group. */
static const double AT_ONCE = 0.05;

/* Not where it is ignored: that is what nohup(1) is for. */
static void add_unless_ignored(sigset_t *set, int sig)
{
    struct sigaction now;

    if (sigaction(sig, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
        sigaddset(set, sig);
}

/* What Slurm and others send some time before the end of a job. */
static void add_warnings(sigset_t *set)
{
    add_unless_ignored(set, SIGUSR1);
    add_unless_ignored(set, SIGUSR2);
}

void requests_hold(void)
{
    sigset_t set;

    sigemptyset(&set);
    add_warnings(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

void requests_catch(struct requests *r)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    add_unless_ignored(&set, SIGHUP);
    add_warnings(&set);
    sigprocmask(SIG_BLOCK, &set, &r->old_mask);
    r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void requests_release(struct requests *r)
{
    if (r->signals >= 0)
        close(r->signals);
    sigprocmask(SIG_SETMASK, &r->old_mask, NULL);
}

/* A warning says that the end is near, and may come before SIGTERM, or after it: it is never the second
 * request, which ends all at once, nor is what follows it. */
static void count(struct requests *r, uint32_t sig)
{
    const bool warning = sig == SIGUSR1 || sig == SIGUSR2;
    const double now = time_monotonic();

    r->by_user |= sig == SIGINT || sig == SIGHUP;
    if (r->n == 0) {
        r->n = 1;
        r->first = now;
    } else if (!warning && r->asked > 0 && now - r->asked > AT_ONCE) {
        r->n++;
    }
    if (!warning)
        r->asked = now;
}

void requests_count(struct requests *r)
{
    struct signalfd_siginfo info;

    while (r->signals >= 0 && read(r->signals, &info, sizeof info) == (ssize_t)sizeof info)
        count(r, info.ssi_signo);
}
