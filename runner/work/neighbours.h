/* neighbours.h - other `fell` processes that train on this machine, so that a run takes no more than its
 * share. */
#ifndef WORK_NEIGHBOURS_H
#define WORK_NEIGHBOURS_H

#include <stddef.h>

/* Of the processors that this process may use, how many it may keep busy: those that no other run is using
 * now, and at least the share that it has with as many runs as there are; at least 1. Runs whose
 * workers use other processors (taskset, Slurm) do not count, nor such as this process cannot see (another
 * container, hidepid). How many are busy changes no bit of a result. */
size_t neighbours_leave(void);

/* Processors that this process may use. */
size_t neighbours_processors(void);

#endif
