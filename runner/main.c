/* main.c - fell: the list of its commands, in the order in which its help shows them. */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/safe.h"
#include "cli/command.h"

static const struct command *const commands[] = {
    /* Run experiments */
    &command_new,    /* cli/new.c: a first spec */
    &command_run,    /* cli/run.c: train all runs of a spec and record them */
    &command_submit, /* cli/submit.c: the same on Slurm, a task for each part of the trials */
    &command_retry,  /* cli/retry.c: train those that failed again */
    &command_check,  /* cli/plan.c: find its errors */
    &command_plan,   /* cli/plan.c: show what it would do */
    &command_schema, /* cli/schema.c: a JSON Schema of specs, for editors */

    /* Look at results */
    &command_watch,   /* cli/watch.c: an experiment while it runs */
    &command_report,  /* cli/report.c: what came of one */
    &command_runs,    /* cli/runs.c: list runs */
    &command_show,    /* cli/show.c: all about one */
    &command_best,    /* cli/runs.c: rank the trials of an experiment */
    &command_merge,   /* cli/merge.c: several databases in one */
    &command_collect, /* cli/collect.c: those of the shards of a sweep */
    &command_compare, /* cli/compare.c: what differs, and what came of it */
    &command_verify,  /* cli/verify.c: whether one gives the same numbers again */
    &command_replay,  /* cli/replay.c: watch one again, with its crash */

    /* Use a trained net */
    &command_export,  /* cli/export.c: its weights as a file */
    &command_prune,   /* cli/prune.c: masks of its small weights */
    &command_predict, /* cli/predict.c: it answers */

    /* Understand a net */
    &command_explain, /* cli/explain.c: backpropagation with its numbers */

    /* Write plugins */
    &command_plugin, /* cli/plugin.c: list, show, new, build, verify */

    /* Not listed: processes of its own, and what the sources are made with */
    &command_worker,       /* work/worker.c: trains what the runner sends */
    &command_probe_plugin, /* host/registry_probe.c: tries a plugin where a crash does no harm */
    &command_reference,    /* cli/reference.c: writes docs/reference */
    NULL,
};

static void out_of_memory(void)
{
    static const char text[] = "fell: out of memory\n";

    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);

    (void)written;
    _exit(EXIT_RUN);
}

/* A stream that was closed would be the next file that is opened, and be written into. */
static void open_streams(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* cJSON leaves out what it has no memory for, and says nothing: half a spec would be stored. */
static void check_json_memory(void)
{
    cJSON_Hooks hooks = {.malloc_fn = mem_alloc, .free_fn = free};

    cJSON_InitHooks(&hooks);
}

int main(int argc, char **argv)
{
    open_streams();
    mem_on_failure(out_of_memory);
    check_json_memory();
    safe_streams();             /* whatever is printed, the terminal obeys none of it */
    signal(SIGPIPE, SIG_IGN);   /* a reader that went away is an error of the write */
    signal(SIGXFSZ, SIG_IGN);   /* a file that may not grow as well */
    setlocale(LC_CTYPE, "");    /* which signs the terminal knows */
    setlocale(LC_NUMERIC, "C"); /* a number has a point, wherever the user lives */
    return cli_main(commands, argc, argv);
}
