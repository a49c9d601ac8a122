/* provenance.h - under which circumstances an experiment ran: program, commit, machine.
 */
#ifndef WORK_PROVENANCE_H
#define WORK_PROVENANCE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct provenance {
    const char *version;
    char runner_sha256[65];
    char *git_top;    /* the work tree, NULL outside one */
    bool git_runs;    /* its configuration may run programs, so git is not asked about it */
    char *git_commit; /* NULL outside one, or before the first commit */
    char *host, *cpu, *user;
    const char *kernels; /* SIMD level in use */
};

/* FOLDER: of the spec. Starts no process. Errors: FELL_SIMD names a level that is not
 * there, the program's own file cannot be read. */
status provenance_collect(const char *folder, struct provenance *p, struct error *err);
void provenance_release(struct provenance *p);

/* Whether the work tree has changes that are not in the commit: `git status`, run beside
 * the training, with nothing that the tree or its configuration names: not for one with git_runs; what is
 * changed inside submodules, which have a configuration of their own, does not count. Nor does the
 * database file at DB. */
struct git_status {
    pid_t pid; /* 0: not running */
    int fd;    /* readable when there is an answer */
};
void git_status_start(struct git_status *g, const char *git_top, const char *db);
/* The answer, waiting for it at most SECONDS; false: none (no git, too slow, an error). */
bool git_status_answer(struct git_status *g, double seconds, bool *dirty);

#endif
