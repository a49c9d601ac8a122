/* options.c - the options of a command, by the rows of options.h, read with glibc's argp, which
 * prints their help, too. Knows no command.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/command.h"

enum { KEY_LONG = 256 }; /* of options without a short one: this and their number */
enum { KEY_USAGE = KEY_LONG + OPTION_END };

enum option_type { FLAG, TEXT, TEXTS, WHOLE, REAL };

#define COUNT_TEXTS(field) offsetof(struct call, n##field)
#define COUNT_FLAG(field)  0
#define COUNT_TEXT(field)  0
#define COUNT_WHOLE(field) 0
#define COUNT_REAL(field)  0
#define IS_TEXT(value)     .text = (value)
#define IS_TEXTS(value)    .number = 0
#define IS_FLAG(value)     .number = 0
#define IS_WHOLE(value)    .number = (value)
#define IS_REAL(value)     .number = (value)
#define ROW(NAME, TYPE, field, key, name, arg, value, low, high, doc)                                        \
    [OPTION_##NAME] = {{name, arg, doc, key}, TYPE, offsetof(struct call, field),                            \
                       COUNT_##TYPE(field),   low,  high,                                                    \
                       IS_##TYPE(value)},

static const struct row {
    struct option_text shown;
    enum option_type type;
    size_t offset, count; /* in struct call: of the field; TEXTS: of their number */
    int64_t low, high;
    const char *text; /* by default */
    int64_t number;
} rows[] = {OPTIONS(ROW)};

static bool has(const struct command *c, size_t option)
{
    for (size_t i = 0; i < MOST_OPTIONS && c->options[i]; i++)
        if (c->options[i] == option)
            return true;
    return false;
}

const struct option_text *options_of(const struct command *command, size_t i)
{
    for (size_t k = OPTION_NONE + 1; k < OPTION_END; k++)
        if (has(command, k) && !i--)
            return &rows[k].shown;
    return NULL;
}

static int key_of(const struct option_text *o)
{
    return o->key ? o->key : KEY_LONG + (int)((const struct row *)(const void *)o - rows);
}

/* ---- values --------------------------------------------------------------------- */

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

static void set_value(struct argp_state *state, const struct row *row, char *arg)
{
    char *call = state->input;
    void *field = call + row->offset;
    const char *name = row->shown.name;

    switch (row->type) {
    case FLAG:
        *(bool *)field = true;
        break;
    case TEXT:
        *(const char **)field = arg;
        break;
    case TEXTS:
        (*(const char ***)field)[(*(size_t *)(void *)(call + row->count))++] = arg;
        break;
    case WHOLE:
        *(int64_t *)field = whole_number(state, name, arg, row->low, row->high);
        break;
    case REAL:
        if (!text_to_double(arg, field) || !(*(double *)field >= (double)row->low))
            argp_error(state, "--%s: '%s' is not a number from %lld up", name, arg, (long long)row->low);
        break;
    }
}

static void set_defaults(struct call *c, int argc)
{
    for (size_t i = OPTION_NONE + 1; i < OPTION_END; i++) {
        void *field = (char *)c + rows[i].offset;

        if (rows[i].type == TEXT)
            *(const char **)field = rows[i].text;
        else if (rows[i].type == TEXTS)
            *(const char ***)field = mem_array((size_t)argc, sizeof(const char *));
        else if (rows[i].type == WHOLE)
            *(int64_t *)field = rows[i].number;
        else if (rows[i].type == REAL)
            *(double *)field = (double)rows[i].number;
    }
    c->args = mem_array((size_t)argc, sizeof *c->args);
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
    struct call *c = state->input;
    const struct option_text *o;

    switch (key) {
    case 'h':
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
        return 0;
    case KEY_USAGE:
        argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
        return 0;
    case ARGP_KEY_ARG:
        c->args[c->nargs++] = arg;
        return 0;
    case ARGP_KEY_END:
        check_count(state, c);
        return 0;
    default:
        break;
    }
    for (size_t i = 0; (o = options_of(c->command, i)); i++)
        if (key_of(o) == key) {
            set_value(state, (const struct row *)(const void *)o, arg);
            return 0;
        }
    return ARGP_ERR_UNKNOWN;
}

/* ---- options that do not exist ------------------------------------------------- */

static const struct option_text *find(const struct call *c, const char *name, size_t len)
{
    const struct option_text *o;

    for (size_t i = 0; (o = options_of(c->command, i)); i++)
        if (strncmp(o->name, name, len) == 0)
            return o;
    return NULL;
}

/* getopt would only say that an option is not recognized: look first, and say which is
 * near. True when all are known. */
static bool check_names(const struct call *c, int argc, char **argv)
{
    const char *names[OPTION_END + 2] = {"help", "usage"}, *near;
    const struct option_text *known;
    size_t n = 2;

    for (size_t i = 0; (known = options_of(c->command, i)); i++)
        names[n++] = known->name;
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

/* ---- help ----------------------------------------------------------------------- */

/* LINES with two blanks in front of each. */
static void add_indented(struct strbuf *b, const char *lines)
{
    for (size_t n; *lines; lines += n + (lines[n] == '\n')) {
        n = strcspn(lines, "\n");
        strbuf_addf(b, "  %.*s\n", (int)n, lines);
    }
}

/* The text below a command's options: long help and examples. free() it. */
static char *help_tail(const struct command *c)
{
    struct strbuf b = {0};

    strbuf_addf(&b, "%s\n\nExamples:\n", c->help);
    add_indented(&b, c->examples);
    b.text[b.len - 1] = 0; /* argp ends the line */
    return b.text;
}

/* ---- reading ------------------------------------------------------------------- */

/* Words behind `--`. */
static size_t count_quoted(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--") == 0)
            return (size_t)(argc - i - 1);
    return 0;
}

/* The note on arguments of short and long options tells nobody anything. */
static char *without_note(int key, const char *text, void *input)
{
    (void)input;
    return key == ARGP_KEY_HELP_DUP_ARGS_NOTE ? NULL : (char *)(uintptr_t)text;
}

bool options_read(struct call *c, int argc, char **argv, int *exit_status)
{
    struct argp_option options[OPTION_END + 3] = {0};
    const struct option_text *o;
    char *tail = help_tail(c->command), *doc = mem_format("%s\v%s", c->command->brief, tail);
    char *name = mem_format("fell %s", c->command->name), *old = argv[0];
    struct argp argp = {options,      parse_one, *c->command->args ? c->command->args : NULL, doc, NULL,
                        without_note, NULL};
    size_t n = 0;
    bool ok;

    for (size_t i = 0; (o = options_of(c->command, i)); i++)
        options[n++] = (struct argp_option){o->name, key_of(o), o->arg, 0, o->doc, 1};
    options[n++] = (struct argp_option){"help", 'h', NULL, 0, "Show this help", 2};
    options[n++] = (struct argp_option){"usage", KEY_USAGE, NULL, 0, "Show the usage in short", 2};
    set_defaults(c, argc);
    argp_err_exit_status = EXIT_INPUT;
    ok = check_names(c, argc, argv);
    if (ok) {
        argv[0] = name;
        const size_t quoted = count_quoted(argc, argv); /* getopt(3) moves the words about */
        const error_t failed = argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, c);

        if (failed == ENOMEM)
            mem_failed(); /* the only thing that argp does not say itself */
        ok = failed == 0;
        c->quoted = c->nargs > quoted ? c->nargs - quoted : 0;
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
    for (size_t i = OPTION_NONE + 1; i < OPTION_END; i++)
        if (rows[i].type == TEXTS)
            free(*(const char ***)(void *)((char *)c + rows[i].offset));
    free(c->args);
}
