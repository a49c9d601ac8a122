/* command.h - the commands of `fell`: each is one constant that holds its name, what it
 * takes, its help and its function. main.c lists them; cli.c chooses, options.c
 * reads the options (options.h), help.c prints the list and the man page, all from the same
 * constants.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "cli/options.h"

enum exit_status {
    EXIT_OK = 0,
    EXIT_RUN = 1,    /* a run failed, or a result could not be written */
    EXIT_INPUT = 2,  /* the command line, the spec, or what it names is wrong */
    EXIT_LATER = 75, /* unfinished, and to be called again: EX_TEMPFAIL of sysexits.h */
    EXIT_INTERRUPTED = 130
};

enum { MOST_OPTIONS = 16 }; /* of one command */

struct command {
    const char *name;
    const char *task;                    /* its heading in the list of commands; NULL: not listed */
    const char *args;                    /* "SPEC [PATH=VALUE...]" */
    size_t least, most;                  /* arguments; most 0 with least 0: none */
    unsigned char options[MOST_OPTIONS]; /* enum option_number; the rest is OPTION_NONE */
    const char *brief;                   /* one line */
    const char *help;                    /* paragraphs */
    const char *examples;                /* lines */
    int (*run)(const struct call *c);    /* an exit status */
    int (*raw)(int argc, char **argv);   /* instead of run: no options are read */
};

#define ANY_NUMBER SIZE_MAX

extern const struct command command_run, command_retry, command_check, command_plan, command_runs,
    command_show, command_best, command_compare, command_merge, command_collect, command_submit,
    command_report, command_watch, command_verify, command_replay, command_export, command_predict,
    command_new, command_prune, command_explain, command_plugin, command_schema, command_worker,
    command_probe_plugin, command_reference;

/* The program: argv to exit status. COMMANDS ends with NULL. */
int cli_main(const struct command *const *commands, int argc, char **argv);

/* help.c */
void help_overview(const struct command *const *commands);
void help_man(const struct command *const *commands);
void help_version(void);

/* complete.c: what the last of the words behind `fell` can become, one a line. */
int complete(const struct command *const *commands, int argc, char **argv);

/* message.c: "fell: TEXT" on standard error; returns EXIT_INPUT. */
int cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
