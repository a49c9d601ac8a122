/* help.c - the list of commands and the man page, from the constants of the commands and the
 * table of options; docs/fell.1 is what `fell --man` prints. The help of one command is argp's,
 * see options.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "cli/command.h"

static const char what[] = "train neural nets from YAML specs and record every epoch in SQLite";

static const char about[] =
    "One YAML file says everything about an experiment: data, model, loss, optimizer, training, sweep. "
    "Layers, activations, losses, optimizers and all the rest are plugins, looked up by name. Every epoch's "
    "losses, metrics and gradient norms, by layer, land in a SQLite file that any program can read.\n\n"
    "The same spec with the same data and plugins gives the same bits, whatever the number of workers.";

/* A word and what it means; ends with a NULL word. */
struct fact {
    const char *word, *text;
};

static const struct fact exits[] = {
    {"0", "success"},
    {"1", "a run failed, crashed or diverged; the others are recorded"},
    {"2", "an error in the command line, the spec, or in what it names; nothing was trained"},
    {"130", "interrupted"},
    {NULL, NULL},
};

static const struct fact environment[] = {
    {"CC", "the compiler of fell plugin build, with its own options if need be (default: cc)"},
    {"FELL_CACHE",
     "a folder for prepared data, which all workers share (default: fellrunner in $XDG_CACHE_HOME, or in "
     "~/.cache); off: each worker prepares its own"},
    {"FELL_CACHE_MB",
     "the most that this folder may hold, in MiB (default: 4096); what was not used for longest goes first"},
    {"FELL_PLUGIN_PATH", "folders of plugins, separated by colons, searched before all others"},
    {"FELL_PROBE_SECONDS",
     "how long a plugin that did not come with fell may take to be loaded (default: 10)"},
    {"FELL_SIMD",
     "portable, avx2, avx512 or neon: the instructions to use (default: the best that the processor has); "
     "the results are the same bits"},
    {"NO_COLOR", "no colours when it is set"},
    {"XDG_CACHE_HOME, XDG_DATA_HOME, XDG_STATE_HOME", "where prepared data, plugins of one's own, verdicts "
                                                      "on plugins and the paths that you have named lie, see "
                                                      "FILES (default: ~/.cache, "
                                                      "~/.local/share, ~/.local/state)"},
    {NULL, NULL},
};

static const struct fact files[] = {
    {DEFAULT_DB,
     "the results database; tables and views are described in it: sqlite3 results/fell.db .schema"},
    {DEFAULT_DB ".checkpoints/RUN/", "saved states: of the spec's checkpoint, and of an interrupted run"},
    {"results/queries/*.sql", "questions to it, ready to run"},
    {"configs/*.yaml", "specs to start from"},
    {"~/.cache/fellrunner/", "prepared data; may be removed"},
    {"~/.local/share/fell/plugins/KIND/NAME.so", "plugins of one's own, found by name"},
    {"~/.local/state/fell/checks/", "verdicts of fell plugin check, by SHA-256"},
    {"~/.local/state/fell/named", "hashes of the paths that you have named in specs and after --trust"},
    {NULL, NULL},
};

void help_version(void)
{
    printf("fell %s\n", program_version);
}

/* ---- fell --help --------------------------------------------------------------- */

void help_overview(const struct command *const *commands)
{
    const char *task = "";

    printf("Usage: fell COMMAND [OPTION...] [ARGUMENT...]\nFellrunner: %s.\n", what);
    for (const struct command *c; (c = *commands); commands++) {
        if (!c->task)
            continue;
        if (strcmp(task, c->task) != 0)
            printf("\n%s\n", c->task);
        task = c->task;
        printf("  %-8s  %s\n", c->name, c->brief);
    }
    printf("\n'fell help COMMAND' explains one, with examples; 'fell --version' is the version.\n"
           "Start with: fell new iris, then fell run iris.yaml; with a table of yours:\n"
           "fell new --csv FILE --target COLUMN\n\nExit status\n");
    for (const struct fact *f = exits; f->word; f++)
        printf("  %-8s  %s\n", f->word, f->text);
}

/* ---- the man page ----------------------------------------------------------------- */

/* TEXT as roff shows it unchanged. */
static void roff(const char *text)
{
    bool start = true;

    for (; *text; text++) {
        if (start && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        start = *text == '\n';
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else if (*text == '`')
            fputs("\\(ga", stdout);
        else if (*text == '\'')
            fputs("\\(aq", stdout);
        else if (*text == '~')
            fputs("\\(ti", stdout);
        else if (*text == '^')
            fputs("\\(ha", stdout);
        else
            putchar(*text);
    }
}

/* Paragraphs, which empty lines part. */
static void roff_paragraphs(const char *text)
{
    for (const char *end; *text; text = end + strspn(end, "\n")) {
        char *one;

        end = strstr(text, "\n\n");
        if (!end)
            end = text + strlen(text);
        one = mem_format("%.*s", (int)(end - text), text);
        puts(".PP");
        roff(one);
        putchar('\n');
        free(one);
    }
}

static void roff_facts(const char *heading, const struct fact *f)
{
    printf(".SH %s\n", heading);
    for (; f->word; f++) {
        printf(".TP\n.B ");
        roff(f->word);
        putchar('\n');
        roff(f->text);
        putchar('\n');
    }
}

static void roff_option(const struct option_text *o)
{
    printf(".TP\n");
    if (o->key)
        printf("\\fB\\-%c\\fR, ", o->key);
    printf("\\fB\\-\\-%s\\fR", o->name);
    if (o->arg)
        printf("=\\fI%s\\fR", o->arg);
    putchar('\n');
    roff(o->doc);
    putchar('\n');
}

static void roff_command(const struct command *c)
{
    const struct option_text *o;

    printf(".SS fell %s [OPTION...]%s", c->name, *c->args ? " " : "");
    roff(c->args);
    printf("\n.PP\n");
    roff(c->brief);
    puts(".");
    roff_paragraphs(c->help);
    for (size_t i = 0; (o = options_of(c, i)); i++)
        roff_option(o);
    puts(".PP\nExamples:\n.PP\n.RS 4\n.EX");
    roff(c->examples);
    puts("\n.EE\n.RE");
}

void help_man(const struct command *const *commands)
{
    const char *task = "";

    puts(".\\\" Printed by `fell --man` from the program's own help; do not edit.");
    printf(".TH FELL 1 \"\" \"Fellrunner %s\" \"User Commands\"\n.SH NAME\nfell \\- %s\n", program_version,
           what);
    puts(".SH SYNOPSIS\n.B fell\n.I COMMAND\n[\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n.br\n"
         ".B fell help\n[\\fICOMMAND\\fR]\n.br\n.B fell \\-\\-version\n.SH DESCRIPTION");
    roff_paragraphs(about);
    puts(".PP\nEvery command takes \\fB\\-\\-help\\fR.");
    for (const struct command *c; (c = *commands); commands++) {
        if (!c->task)
            continue;
        if (strcmp(task, c->task) != 0) {
            fputs(".SH \"", stdout);
            for (const char *p = c->task; *p; p++)
                putchar(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
            puts("\"");
        }
        task = c->task;
        roff_command(c);
    }
    roff_facts("EXIT STATUS", exits);
    roff_facts("ENVIRONMENT", environment);
    roff_facts("FILES", files);
    puts(".SH SEE ALSO\n.BR sqlite3 (1)");
}
