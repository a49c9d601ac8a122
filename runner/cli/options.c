/* options.c - the options of all commands in one table, read with glibc's argp. Knows
 * no command; called by cli.c.
 */
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/command.h"

enum {
    KEY_DB = 256,
    KEY_JSON,
    KEY_NEW,
    KEY_PLUGIN,
    KEY_SAFETENSORS,
    KEY_EXPERIMENT,
    KEY_STATUS,
    KEY_LIMIT,
    KEY_EXTEND,
    KEY_REFERENCE,
    KEY_TOLERANCE,
    KEY_SEED,
    KEY_SAMPLE,
    KEY_WEIGHT,
    KEY_EPOCH,
    KEY_RUN,
    KEY_CONTOUR,
    KEY_HTML,
    KEY_INTERACTIVE,
    KEY_ONCE,
    KEY_USAGE
};

static const struct option_text texts[] = {
    {OPTION_DB, KEY_DB, "db", "FILE", "The results database (default: " DEFAULT_DB ")"},
    {OPTION_JOBS, 'j', "jobs", "N", "Train N runs at a time (default: as many as there are processor cores)"},
    {OPTION_NEW, KEY_NEW, "new", NULL, "Begin the experiment anew; its rows in the database are replaced"},
    {OPTION_EXTEND, KEY_EXTEND, "extend", NULL,
     "Add the trials and repeats that the experiment of this name does not have yet"},
    {OPTION_PLUGIN, KEY_PLUGIN, "plugin", "FILE",
     "Use the plugins in this shared object too (may be repeated)"},
    {OPTION_EXPERIMENT, KEY_EXPERIMENT, "experiment", "NAME",
     "Only the runs of this experiment (name or number)"},
    {OPTION_STATUS, KEY_STATUS, "status", "WORD", "Only runs of this status: failed, diverged, crashed ..."},
    {OPTION_LIMIT, KEY_LIMIT, "limit", "N", "Show at most N rows; 0 shows all"},
    {OPTION_OUTPUT, 'o', "output", "FILE", "Write to this file"},
    {OPTION_REFERENCE, KEY_REFERENCE, "reference", "FILE", "The file of cases"},
    {OPTION_TOLERANCE, KEY_TOLERANCE, "tolerance", "X", "The largest error that is right (default: 1e-5)"},
    {OPTION_SEED, KEY_SEED, "seed", "N", "Of the inputs that checks are made with (default: 1)"},
    {OPTION_EXPLAIN, KEY_SAMPLE, "sample", "ROW",
     "The row of the data to explain, from 0 (default: the first that moves the weight)"},
    {OPTION_EXPLAIN, KEY_WEIGHT, "weight", "NAME",
     "The weight to follow: LAYER.weight[i,j] (default: the first of the first layer)"},
    {OPTION_EXPLAIN, KEY_EPOCH, "epoch", "N", "Train for N epochs first"},
    {OPTION_EXPLAIN, KEY_RUN, "run", "RUN", "Take the net from this run's last checkpoint"},
    {OPTION_EXPLAIN, KEY_CONTOUR, "contour", "WHAT",
     "Add a map of the loss: over a second weight, LAYER.weight[i,j], or 'random' directions"},
    {OPTION_EXPLAIN, KEY_HTML, "html", NULL, "Write one HTML page that needs no network"},
    {OPTION_EXPLAIN, KEY_INTERACTIVE, "interactive", NULL,
     "Write an HTML page in which weights can be moved (small nets)"},
    {OPTION_SAFETENSORS, KEY_SAFETENSORS, "safetensors", "FILE", "Write the weights to this file"},
    {OPTION_ONCE, KEY_ONCE, "once", NULL, "Show how it stands now, and end"},
    {OPTION_JSON, KEY_JSON, "json", NULL, "Print JSON instead of text"},
    {OPTION_QUIET, 'q', "quiet", NULL, "Print errors only"},
};
enum { NTEXTS = sizeof texts / sizeof *texts };

const struct option_text *options_at(size_t i)
{
    return i < NTEXTS ? &texts[i] : NULL;
}

/* ARG as a whole number from LOW to HIGH; argp_error() ends the program otherwise. */
static int64_t whole_number(struct argp_state *state, const char *name, const char *arg, int64_t low,
                            int64_t high)
{
    int64_t v = 0;

    if (!text_to_int(arg, &v) || v < low || v > high)
        argp_error(state, "--%s: '%s' is not a whole number from %lld to %lld", name, arg, (long long)low,
                   (long long)high);
    return v;
}

static void check_count(const struct argp_state *state, const struct call *c)
{
    const struct command *command = c->command;
    const char *word = command->args;

    if (c->nargs < command->least) {
        for (size_t i = 0; i < c->nargs; i++)
            word += strcspn(word, " ") + 1;
        argp_error(state, "%.*s is missing; write: fell %s %s", (int)strcspn(word, " ."), word, command->name,
                   command->args);
    } else if (c->nargs > command->most) {
        argp_error(state, "'%s' is one argument too many", c->args[command->most]);
    }
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
    struct call *c = state->input;

    switch (key) {
    case 'h':
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
        break;
    case KEY_USAGE:
        argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
        break;
    case 'j':
        c->jobs = whole_number(state, "jobs", arg, 1, 1024);
        break;
    case 'q':
        c->quiet = true;
        break;
    case KEY_DB:
        c->db = arg;
        break;
    case KEY_JSON:
        c->json = true;
        break;
    case KEY_NEW:
        c->restart = true;
        break;
    case KEY_ONCE:
        c->once = true;
        break;
    case KEY_EXTEND:
        c->extend = true;
        break;
    case KEY_PLUGIN:
        c->plugins[c->nplugins++] = arg;
        break;
    case KEY_REFERENCE:
        c->reference = arg;
        break;
    case KEY_TOLERANCE:
        if (!text_to_double(arg, &c->tolerance) || !(c->tolerance >= 0.0))
            argp_error(state, "--tolerance: '%s' is not a number from 0 up", arg);
        break;
    case KEY_SEED:
        c->seed = whole_number(state, "seed", arg, 0, INT64_MAX);
        break;
    case KEY_SAMPLE:
        c->sample = whole_number(state, "sample", arg, 0, INT64_MAX);
        break;
    case KEY_EPOCH:
        c->epoch = whole_number(state, "epoch", arg, 0, INT64_MAX);
        break;
    case KEY_WEIGHT:
        c->weight = arg;
        break;
    case KEY_RUN:
        c->run = arg;
        break;
    case KEY_CONTOUR:
        c->contour = arg;
        break;
    case KEY_HTML:
        c->html = true;
        break;
    case KEY_INTERACTIVE:
        c->interactive = true;
        break;
    case 'o':
        c->output = arg;
        break;
    case KEY_SAFETENSORS:
        c->safetensors = arg;
        break;
    case KEY_EXPERIMENT:
        c->experiment = arg;
        break;
    case KEY_STATUS:
        c->status = arg;
        break;
    case KEY_LIMIT:
        c->limit = whole_number(state, "limit", arg, 0, 1000000000);
        break;
    case ARGP_KEY_ARG:
        c->args[c->nargs++] = arg;
        break;
    case ARGP_KEY_END:
        check_count(state, c);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* ---- options that do not exist ------------------------------------------------- */

static const struct option_text *find(const struct call *c, const char *name, size_t len)
{
    for (size_t i = 0; i < NTEXTS; i++) {
        if ((c->command->options & texts[i].bit) && strncmp(texts[i].name, name, len) == 0)
            return &texts[i];
    }
    return NULL;
}

/* getopt would only say that an option is not recognized: look first, and say which is
 * near. True when all are known. */
static bool check_names(const struct call *c, int argc, char **argv)
{
    const char *names[NTEXTS + 2] = {"help", "usage"}, *near;
    size_t n = 2;

    for (size_t i = 0; i < NTEXTS; i++) {
        if (c->command->options & texts[i].bit)
            names[n++] = texts[i].name;
    }
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *word = argv[i] + 2;
        size_t len = strcspn(argv[i], "=");
        const struct option_text *o;
        char *name;

        if (strncmp(argv[i], "--", 2) != 0 || len < 3 || strncmp("help", word, len - 2) == 0 ||
            strncmp("usage", word, len - 2) == 0)
            continue;
        o = find(c, word, len - 2);
        if (o) {
            i += o->arg && argv[i][len] != '='; /* its value is the next word */
            continue;
        }
        name = mem_format("%.*s", (int)(len - 2), word);
        near = text_nearest(name, names, n);
        if (near)
            cli_error("'fell %s' has no option '--%s'; did you mean '--%s'?", c->command->name, name, near);
        else if (strchr(name, '.'))
            cli_error("'fell %s' has no option '--%s'; settings are written without dashes: %s=VALUE",
                      c->command->name, name, name);
        else
            cli_error("'fell %s' has no option '--%s'; 'fell help %s' lists them", c->command->name, name,
                      c->command->name);
        free(name);
        return false;
    }
    return true;
}

/* ---- reading ------------------------------------------------------------------- */

/* The note on arguments of short and long options tells nobody anything. */
static char *without_note(int key, const char *text, void *input)
{
    (void)input;
    return key == ARGP_KEY_HELP_DUP_ARGS_NOTE ? NULL : (char *)(uintptr_t)text;
}

bool options_read(struct call *c, int argc, char **argv, int *exit_status)
{
    struct argp_option options[NTEXTS + 3] = {0};
    char *tail = help_tail(c->command), *doc = mem_format("%s\v%s", c->command->brief, tail);
    char *name = mem_format("fell %s", c->command->name), *old = argv[0];
    struct argp argp = {options,      parse_one, *c->command->args ? c->command->args : NULL, doc, NULL,
                        without_note, NULL};
    size_t n = 0;
    bool ok;

    for (size_t i = 0; i < NTEXTS; i++) {
        if (c->command->options & texts[i].bit)
            options[n++] =
                (struct argp_option){texts[i].name, texts[i].key, texts[i].arg, 0, texts[i].doc, 1};
    }
    options[n++] = (struct argp_option){"help", 'h', NULL, 0, "Show this help", 2};
    options[n++] = (struct argp_option){"usage", KEY_USAGE, NULL, 0, "Show the usage in short", 2};
    c->db = DEFAULT_DB;
    c->limit = -1;
    c->seed = -1;
    c->epoch = -1;
    c->sample = -1;
    c->tolerance = -1.0;
    c->args = mem_array((size_t)argc, sizeof *c->args);
    c->plugins = mem_array((size_t)argc, sizeof *c->plugins);
    argp_err_exit_status = EXIT_INPUT;
    ok = check_names(c, argc, argv);
    if (ok) {
        argv[0] = name;
        ok = argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, c) == 0;
        argv[0] = old;
    }
    *exit_status = EXIT_INPUT;
    free(tail);
    free(doc);
    free(name);
    return ok;
}

void options_release(struct call *c)
{
    free(c->args);
    free(c->plugins);
}
