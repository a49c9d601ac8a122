/* retry.c - `fell retry`: runs of a stored experiment that failed, trained again. What is done is in
 * again/retry.c.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/experiment_call.h"
#include "cli/progress.h"
#include "cli/query.h"
#include "again/retry.h"
#include "work/requests.h"

static status open_stored(struct retry *r, const struct call *c, struct error *err)
{
    sqlite3 *db = NULL;
    int64_t id;
    status result = FAILED;

    if (results_open(c->db, &db, err) == OK && results_experiment(db, c->args[0], &id, err) == OK) {
        result = retry_open(r, db, id, c->status, c->nplugins, c->plugins, err);
        if (result != OK)
            error_prepend(err, "'%s' cannot be retried", c->args[0]);
    }
    sqlite3_close(db);
    return result;
}

static int train(struct retry *r, const struct call *c)
{
    struct progress *p = progress_new(c->json ? PROGRESS_JSON : c->quiet ? PROGRESS_QUIET : PROGRESS_AUTO);
    struct runner_options o = {.db = c->db,
                               .jobs = (int)c->jobs,
                               .command = c->typed,
                               .nplugins = r->plugins.nfiles,
                               .plugins = r->plugins.files};
    struct runner_summary summary;
    struct error err = {0};
    status st;

    o.listener = progress_listener(p);
    st = retry_run(r, &o, &summary, &err);
    progress_free(p);
    if (st == OK)
        return finish_experiment(c, &r->training, &summary);
    cli_error("%s", err.text);
    return exit_of_failure(&summary);
}

static int run_retry(const struct call *c)
{
    struct retry r = {0};
    struct error err;
    int exit_status = EXIT_OK;

    requests_hold();
    if (open_stored(&r, c, &err) != OK)
        exit_status = cli_error("%s", err.text);
    else if (r.chosen + r.waiting > 0) {
        query_tell_moved(&r.files);
        exit_status = train(&r, c);
    } else if (!c->quiet && !c->json)
        printf("nothing to do: no run of %s %s%s\n", r.training.name, c->status ? "is " : "has failed",
               c->status ? c->status : "");
    retry_release(&r);
    return exit_status;
}

const struct command command_retry = {
    .name = "retry",
    .task = "Run experiments",
    .args = "EXPERIMENT",
    .least = 1,
    .most = 1,
    .options = {OPTION_DB, OPTION_JOBS, OPTION_STATUS, OPTION_PLUGIN, OPTION_TRUST, OPTION_QUIET,
                OPTION_JSON},
    .brief = "Train the failed runs of an experiment again",
    .help =
        "EXPERIMENT is a name (of several, the newest) or its number. --status chooses the runs: one or more "
        "of failed, crashed, timed_out, out_of_memory and diverged, with commas between them; without it the "
        "first four. What they recorded is removed, but for their events; then they are trained again from "
        "the spec and the seed that are stored, together with runs of the experiment that still wait. The "
        "spec file is not needed. A pruner does not look at runs that are retried.\n\n"
        "Where a data file or a plugin has changed since, nothing is done: the other runs of the experiment "
        "were trained with the old one. In a project that was moved the files are found by what they hold, "
        "as "
        "fell verify does.",
    .examples = "fell retry iris\n"
                "fell retry iris --status crashed,timed_out --jobs 1",
    .run = run_retry,
};
