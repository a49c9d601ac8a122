/* deadline.c - see deadline.h. Stops nothing: crew.c asks. */
#include "work/deadline.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

static const double SHARE = 0.02, LEAST = 0.1, MOST = 30.0; /* of the time; seconds */
static const double YEAR = 31557600.0;

/* ---- reading ------------------------------------------------------------------------------- */

/* "1h30m": numbers, each with its unit. */
bool deadline_duration(const char *text, double *seconds)
{
    static const struct {
        char unit;
        double seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    const size_t n = sizeof units / sizeof *units;

    *seconds = 0.0;
    while (*text) {
        const size_t digits = strspn(text, "0123456789.");
        char number[32];
        double value;
        size_t u = 0;

        if (digits == 0 || digits >= sizeof number)
            return false;
        memcpy(number, text, digits);
        number[digits] = 0;
        while (u < n && units[u].unit != text[digits])
            u++;
        if (u == n || !text_to_double(number, &value))
            return false;
        *seconds += value * units[u].seconds;
        text += digits + 1;
    }
    return true;
}

/* The whole of TEXT by one of the FORMATS of strptime(3). */
static bool read_by(const char *text, const char *const *formats, struct tm *out)
{
    for (; *formats; formats++) {
        const char *end;

        *out = (struct tm){.tm_isdst = -1};
        end = strptime(text, *formats, out);
        if (end && !*end)
            return true;
    }
    return false;
}

/* The next time of the day like this. */
static time_t next_like(const struct tm *wanted)
{
    const time_t now = time(NULL);
    struct tm day;
    time_t at;

    localtime_r(&now, &day);
    for (int i = 0; i < 2; i++) {
        struct tm then = {.tm_year = day.tm_year,
                          .tm_mon = day.tm_mon,
                          .tm_mday = day.tm_mday + i,
                          .tm_hour = wanted->tm_hour,
                          .tm_min = wanted->tm_min,
                          .tm_sec = wanted->tm_sec,
                          .tm_isdst = -1};

        at = mktime(&then);
        if (at > now)
            break;
    }
    return at;
}

/* TM as the seconds of ITS time. False: no month has that day. */
static bool to_seconds(struct tm *tm, time_t (*its)(struct tm *), time_t *at)
{
    const int day = tm->tm_mday, month = tm->tm_mon;

    *at = its(tm);
    return tm->tm_mday == day && tm->tm_mon == month;
}

static bool read_time(const char *text, time_t *at)
{
    static const char *const of_day[] = {"%H:%M", "%H:%M:%S", NULL};
    static const char *const local[] = {"%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M",
                                        "%Y-%m-%d %H:%M:%S", NULL};
    static const char *const universal[] = {"%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ", NULL};
    struct tm tm;

    if (read_by(text, of_day, &tm))
        *at = next_like(&tm);
    else if (read_by(text, local, &tm))
        return to_seconds(&tm, mktime, at);
    else if (read_by(text, universal, &tm))
        return to_seconds(&tm, timegm, at);
    else
        return false;
    return true;
}

static void set(struct deadline *d, double seconds)
{
    const double margin = seconds * SHARE;

    d->at = time_monotonic() + seconds;
    d->whole = seconds;
    d->margin = margin < LEAST ? LEAST : margin > MOST ? MOST : margin;
}

/* The times are the controller's, the clock is the node's: no more is left than the job has in all. */
static void read_slurm(struct deadline *d, char **note)
{
    const char *end = getenv("SLURM_JOB_END_TIME"), *start = getenv("SLURM_JOB_START_TIME");
    const int64_t now = (int64_t)time(NULL);
    int64_t at, from, left;

    if (!end || !*end)
        return;
    if (!text_to_int(end, &at) || at <= 0) {
        *note = mem_format("SLURM_JOB_END_TIME is '%s', which is no time: it is not heeded", end);
        return;
    }
    left = at - now;
    if (start && text_to_int(start, &from) && from > 0 && left > at - from)
        left = at - from;
    if (left <= 0) {
        *note = mem_string("SLURM_JOB_END_TIME has passed, by the clock of this machine: it is not heeded");
        return;
    }
    set(d, (double)left);
    *note = mem_format("the Slurm job ends in %lld:%02lld:%02lld", (long long)left / 3600,
                       (long long)left / 60 % 60, (long long)left % 60);
}

status deadline_read(struct deadline *d, const char *text, char **note, struct error *err)
{
    double seconds;
    time_t at;

    *d = (struct deadline){.at = 0.0};
    *note = NULL;
    if (!text) {
        read_slurm(d, note);
        return OK;
    }
    if (!*text || !deadline_duration(text, &seconds)) {
        if (!read_time(text, &at))
            return error_set(err,
                             "--until: '%s' is neither a time (20:30, 2026-01-31T20:30) nor a duration with "
                             "its unit (90s, 30m, 1h30m, 2d)",
                             text);
        seconds = difftime(at, time(NULL));
    }
    if (seconds <= 0.0)
        return error_set(err, "--until: '%s' is past", text);
    set(d, seconds < YEAR ? seconds : YEAR);
    return OK;
}

/* ---- asking -------------------------------------------------------------------------------- */

void deadline_epoch(struct deadline *d, double seconds)
{
    if (seconds > d->epoch)
        d->epoch = seconds;
}

void deadline_run(struct deadline *d, double seconds)
{
    if (seconds > d->run)
        d->run = seconds;
}

double deadline_left(const struct deadline *d)
{
    return d->at > 0.0 ? d->at - d->margin - time_monotonic() : YEAR;
}

bool deadline_allows(const struct deadline *d, bool goes_on)
{
    const bool epoch_will_do = goes_on || d->run < d->epoch || d->run > d->whole - d->margin;
    const double needed = epoch_will_do ? d->epoch : d->run;

    return deadline_left(d) > needed;
}

bool deadline_is_near(const struct deadline *d)
{
    return deadline_left(d) <= d->epoch;
}
