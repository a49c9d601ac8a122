/* worker.h - the process that trains: `fell worker`, started by the runner.
 *
 * Reads jobs from standard input, writes frames to descriptor 3. Standard output is
 * joined to standard error, so that a plugin's printf() harms nobody. Keeps the data
 * of the last job. A fatal signal is reported in a CRASH frame, with the layer and phase
 * that ran, and then kills the process as it would have.
 */
#ifndef WORK_WORKER_H
#define WORK_WORKER_H

/* ARGV: --plugin FILE ... as given to the runner. */
int worker_main(int argc, char **argv);

#endif
