/* experiment_call.h - what `fell run`, `check` and `plan` begin with: the plugins and the
 * spec that the command line names.
 */
#ifndef CLI_EXPERIMENT_CALL_H
#define CLI_EXPERIMENT_CALL_H

#include "cli/command.h"
#include "cli/run_weights.h"
#include "work/training.h"

struct experiment_call {
    struct registry *registry;
    struct diag *diag;
    struct run_weights *weights; /* of runs that the spec names */
    struct experiment *experiment;
    struct runner_options options; /* all but listener */
};

/* Open the plugins of --plugin, load the spec with its overrides. FAILED when that had
 * errors; all is said. Release in any case. */
status experiment_call_open(struct experiment_call *x, const struct call *c);
void experiment_call_release(struct experiment_call *x);

/* The diagnostics on standard error. */
void experiment_call_report(const struct experiment_call *x);

/* run.c: what came of T, told as C wants it. An exit status. */
int finish_experiment(const struct call *c, const struct training *t, const struct runner_summary *s);
/* The exit status after an error that stopped all. */
int exit_of_failure(const struct runner_summary *s);

#endif
