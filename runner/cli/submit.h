/* submit.h - the script that runs a sweep as an array of tasks on Slurm.
 */
#ifndef CLI_SUBMIT_H
#define CLI_SUBMIT_H

#include "base/mem.h"
#include "cli/command.h"
#include "trials/experiment.h"

/* What the script is made of. */
struct submit_plan {
    const struct call *call;
    const struct experiment *experiment;
    const char *folder;  /* DIR/UID8, absolute */
    const char *share;   /* DIR, absolute */
    const char *program; /* of fell */
    char time[32];       /* as Slurm reads it; "": not given */
};

/* TEXT, "4h" or as Slurm writes it, as Slurm reads it. Errors: neither. */
status submit_time(const char *text, char out[32], struct error *err);

/* The script, which a person can read. Errors: the present folder has no name; a name or an option that
 * sbatch cannot read. */
status submit_script(const struct submit_plan *p, struct strbuf *out, struct error *err);

#endif
