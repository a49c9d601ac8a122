/* experiment_call.c - see experiment_call.h. */
#include "cli/experiment_call.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/terminal.h"
#include "work/runner.h"

void experiment_call_report(const struct experiment_call *x)
{
    fflush(stdout);
    diag_print(x->diag, stderr, terminal_color(STDERR_FILENO));
}

/* What was passed over in the plugins of the command line. */
static void warn_of_notes(const struct experiment_call *x)
{
    const char *line = registry_notes(x->registry);

    for (size_t n; *line; line += n + 1) {
        n = strcspn(line, "\n");
        diag_warn(x->diag, NULL, "%.*s", (int)n, line);
    }
}

status experiment_call_open(struct experiment_call *x, const struct call *c)
{
    struct error err;
    status st = OK;

    *x = (struct experiment_call){
        .registry = registry_new(),
        .diag = diag_new(),
        .weights = run_weights_new(c->db),
        .options = {.db = c->db,
                    .jobs = (int)c->jobs,
                    .restart = c->restart,
                    .extend = c->extend,
                    .command = c->typed,
                    .nplugins = c->nplugins,
                    .plugins = c->plugins,
                    .worker = runner_start_worker(c->nplugins, c->plugins)},
    };
    for (size_t i = 0; i < c->nplugins; i++) {
        if (registry_add_file(x->registry, c->plugins[i], &err))
            st = diag_error(x->diag, NULL, "%s", err.text);
    }
    warn_of_notes(x);
    if (st == OK)
        x->experiment = experiment_load_with(x->registry, c->args[0], c->nargs - 1, c->args + 1,
                                             run_weights_finder(x->weights), x->diag);
    if (x->experiment)
        return OK;
    experiment_call_report(x);
    return FAILED;
}

void experiment_call_release(struct experiment_call *x)
{
    runner_stop_worker(x->options.worker);
    experiment_free(x->experiment);
    run_weights_free(x->weights);
    diag_free(x->diag);
    registry_free(x->registry);
}
