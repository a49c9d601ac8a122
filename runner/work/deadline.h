/* deadline.h - when a job is to be over: what the user or Slurm says, and what may still be begun before.
 *
 * Times of the day are turned into a duration at once: a clock that is set while runs train changes nothing.
 */
#ifndef WORK_DEADLINE_H
#define WORK_DEADLINE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/mem.h"

struct deadline {
    double at;     /* time_monotonic(); 0: there is none */
    double margin; /* seconds before it in which all is to be stored */
    double whole;  /* seconds that there were at first */
    double epoch;  /* the longest so far, seconds */
    double run;    /* the longest that ended, likewise */
};

/* TEXT: a duration (90s, 30m, 1h30m, 2d), a time of the day (20:30, the next one), or a date with its time
 * (2026-01-31T20:30, local, or UTC with a Z behind it). NULL: SLURM_JOB_END_TIME, where it is set; NOTE then
 * gets what was made of it, to be told and freed, or NULL. Errors: none of these; it is past. */
status deadline_read(struct deadline *d, const char *text, char **note, struct error *err);

/* TEXT as a duration. */
bool deadline_duration(const char *text, double *seconds);

/* An epoch, and a whole run, took so long. */
void deadline_epoch(struct deadline *d, double seconds);
void deadline_run(struct deadline *d, double seconds);

/* Seconds that are left for work; below 0: none. Without a deadline: a year. */
double deadline_left(const struct deadline *d);

/* Whether a run that begins now has an end before it; GOES_ON: it has its state, and one epoch is enough; so
 * it is where runs take longer than all the time there was, in which none would ever begin. A run of a kind
 * that was not measured yet may begin. */
bool deadline_allows(const struct deadline *d, bool goes_on);

/* Whether runs that go on longer than their epoch would be late. */
bool deadline_is_near(const struct deadline *d);

#endif
