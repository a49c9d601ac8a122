/* clock_shim.c - for clock.sh and soak.sh, preloaded: the time of day jumps, back and forth by up to 30
 * years, every few calls. Clocks that only go forward are left alone, as the kernel leaves them when an
 * administrator sets the time.
 *
 *     CLOCK_SEED=3    which jumps
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long jump(void)
{
    static unsigned state, calls;
    static long by;
    const char *seed = getenv("CLOCK_SEED");

    if (!state)
        state = (seed ? (unsigned)atoi(seed) : 0) * 2654435761u + 1 + (unsigned)getpid();
    if (calls++ % 3 == 0) {
        state = state * 1664525u + 1013904223u;
        by = (long)(state >> 8) % 60 * 365 * 86400 / 2 - 30l * 365 * 86400 / 2 + (long)(state >> 16) % 86400;
    }
    return by;
}

int clock_gettime(clockid_t which, struct timespec *out)
{
    const int result = (int)syscall(SYS_clock_gettime, which, out);

    if (result == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
        out->tv_sec += jump();
    return result;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
