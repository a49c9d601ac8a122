/* command.h - the commands of `fell`: each is one constant that holds its name, what it
 * takes, its help and its function. main.c lists them; cli.c chooses, options.c
 * reads the options, help.c prints the help and the man page from the same constants.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"

enum exit_status {
    EXIT_OK = 0,
    EXIT_RUN = 1,   /* a run failed, or a result could not be written */
    EXIT_INPUT = 2, /* the command line, the spec, or what it names is wrong */
    EXIT_INTERRUPTED = 130
};

/* What the options of a command line said. */
struct call {
    const struct command *command;
    const char *typed; /* the whole command line, quoted for a shell */
    const char *db;
    int64_t jobs; /* 0: the cores */
    bool quiet, json, restart, extend, once;
    size_t nplugins;
    const char **plugins;
    const char *safetensors, *experiment, *status, *output, *reference;
    double tolerance; /* below 0: the command's own */
    int64_t limit;    /* -1: the command's own */
    int64_t seed;     /* likewise */
    int64_t sample;   /* likewise */
    int64_t epoch;    /* -1: not given */
    const char *run, *weight, *contour;
    bool html, interactive;
    size_t nargs; /* without the options */
    const char **args;
};

/* Which options a command has: bits, see options.c. */
enum option_bit {
    OPTION_DB = 1,
    OPTION_JOBS = 2,
    OPTION_QUIET = 4,
    OPTION_JSON = 8,
    OPTION_NEW = 16,
    OPTION_PLUGIN = 32,
    OPTION_SAFETENSORS = 64,
    OPTION_EXPERIMENT = 128,
    OPTION_STATUS = 256,
    OPTION_LIMIT = 512,
    OPTION_OUTPUT = 1024,
    OPTION_REFERENCE = 2048,
    OPTION_TOLERANCE = 4096,
    OPTION_SEED = 8192,
    OPTION_EXTEND = 16384,
    OPTION_ONCE = 32768,
    OPTION_EXPLAIN = 65536 /* all that only `fell explain` has */
};

struct command {
    const char *name;
    const char *task;   /* its heading in the list of commands; NULL: not listed */
    const char *args;   /* "SPEC [PATH=VALUE...]" */
    size_t least, most; /* arguments; most 0 with least 0: none */
    unsigned options;
    const char *brief;                 /* one line */
    const char *help;                  /* paragraphs */
    const char *examples;              /* lines */
    int (*run)(const struct call *c);  /* an exit status */
    int (*raw)(int argc, char **argv); /* instead of run: no options are read */
};

#define ANY_NUMBER SIZE_MAX
#define DEFAULT_DB "results/fell.db"

extern const struct command command_run, command_retry, command_check, command_plan, command_runs,
    command_show, command_best, command_compare, command_merge, command_report, command_watch, command_verify,
    command_replay, command_export, command_explain, command_plugin, command_schema, command_worker,
    command_probe_plugin, command_reference;

/* The program: argv to exit status. COMMANDS ends with NULL. */
int cli_main(const struct command *const *commands, int argc, char **argv);

/* options.c: fill C from ARGV (argv[0] is the command's name). True when the command
 * is to run; false when all is said (--help, an error), with *EXIT_STATUS. */
bool options_read(struct call *c, int argc, char **argv, int *exit_status);
void options_release(struct call *c);

struct option_text {
    enum option_bit bit;
    int key; /* the short option; above 255: none */
    const char *name, *arg, *doc;
};
/* The options in order; NULL after the last. */
const struct option_text *options_at(size_t i);

/* help.c */
void help_overview(const struct command *const *commands);
/* The text below a command's options: long help and examples. free() it. */
char *help_tail(const struct command *c);
void help_man(const struct command *const *commands);
void help_version(void);

/* cli.c: "fell: TEXT" on standard error; returns EXIT_INPUT. */
int cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Append WORD as a shell would need it; a blank first unless B is empty. */
void cli_add_word(struct strbuf *b, const char *word);

#endif
