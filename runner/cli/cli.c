/* cli.c - from the command line to a command: chooses it, has its options read, runs it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/named_paths.h"
#include "base/text.h"
#include "cli/command.h"

static const struct command *find(const struct command *const *commands, const char *name)
{
    for (; *commands; commands++) {
        if (strcmp((*commands)->name, name) == 0)
            return *commands;
    }
    return NULL;
}

static int unknown_command(const struct command *const *commands, const char *name)
{
    const char *names[64] = {"help"}, *near;
    size_t n = 1;

    for (; *commands && n < 64; commands++) {
        if ((*commands)->task)
            names[n++] = (*commands)->name;
    }
    near = text_nearest(name, names, n);
    if (near)
        return cli_error("no command '%s'; did you mean '%s'?", name, near);
    return cli_error("no command '%s'; 'fell help' lists them", name);
}

/* The paths of --trust; false: one is empty, as a variable of a shell may be, and would be this folder. */
static bool trust(const struct call *c)
{
    for (size_t i = 0; i < c->ntrusted; i++)
        if (!c->trusted[i][0]) {
            cli_error("--trust: '' is no path");
            return false;
        }
    for (size_t i = 0; i < c->ntrusted; i++)
        named_paths_add(c->trusted[i]);
    named_paths_keep();
    return true;
}

static int run_command(const struct command *command, int argc, char **argv)
{
    struct call c = {.command = command};
    struct strbuf typed = {0};
    int exit_status;

    if (command->raw)
        return command->raw(argc, argv);
    strbuf_add(&typed, "fell");
    for (int i = 0; i < argc; i++)
        text_add_word(&typed, argv[i]);
    c.typed = typed.text;
    if (options_read(&c, argc, argv, &exit_status)) {
        exit_status = trust(&c) ? command->run(&c) : EXIT_INPUT;
    }
    options_release(&c);
    strbuf_release(&typed);
    return exit_status;
}

static int show_help(const struct command *const *commands, const char *name)
{
    char help[] = "--help", *argv[] = {NULL, help, NULL};
    const struct command *command;

    if (!name) {
        help_overview(commands);
        return EXIT_OK;
    }
    command = find(commands, name);
    if (!command || !command->task)
        return unknown_command(commands, name);
    argv[0] = mem_string(command->name);
    run_command(command, 2, argv);
    free(argv[0]);
    return EXIT_OK;
}

static int choose(const struct command *const *commands, int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : NULL;
    const struct command *command;

    if (!word) {
        help_overview(commands);
        return EXIT_INPUT;
    }
    if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return show_help(commands, argv[1][0] == '-' || argc < 3 ? NULL : argv[2]);
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        help_version();
        return EXIT_OK;
    }
    if (strcmp(word, "--complete") == 0)
        return complete(commands, argc - 2, argv + 2);
    if (strcmp(word, "--man") == 0) {
        help_man(commands);
        return EXIT_OK;
    }
    if (word[0] == '-')
        return cli_error("'%s' stands before the command; write: fell COMMAND %s", word, word);
    command = find(commands, word);
    return command ? run_command(command, argc - 1, argv + 1) : unknown_command(commands, word);
}

int cli_main(const struct command *const *commands, int argc, char **argv)
{
    int exit_status = choose(commands, argc, argv);

    /* A reader that went away (fell runs | head) is no error worth a line. */
    if ((fflush(stdout) || ferror(stdout)) && exit_status == EXIT_OK) {
        exit_status = EXIT_RUN;
        if (errno != EPIPE)
            cli_error("cannot write to standard output: %s", strerror(errno));
    }
    return exit_status;
}
