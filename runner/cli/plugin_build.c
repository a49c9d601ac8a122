/* plugin_build.c - `fell plugin build`: the compiler with the flags that a plugin needs, and
 * a first look at what came of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/plugin.h"
#include "host/registry.h"

enum { MOST_WORDS = 64 };

/* The flags of fell.pc, and warnings: bits that are the same at every SIMD level need
 * -ffp-contract=off, loops that vectorise need the others. */
static const char *const flags[] = {"-std=c17",
                                    "-Wall",
                                    "-Wextra",
                                    "-O3",
                                    "-fno-math-errno",
                                    "-fno-trapping-math",
                                    "-ffp-contract=off",
                                    "-fPIC",
                                    "-fvisibility=hidden",
                                    "-shared"};

/* The folder of fell/plugin.h: of an installed program, beside one that was built in place,
 * or where it was built from. free() it; NULL if there is none. */
static char *include_folder(void)
{
    static const char *const from_program[] = {"../include", "include"};
    static const char *const fixed[] = {FELL_INCLUDEDIR, FELL_SOURCE_INCLUDE};
    char *program = program_path(), *home = path_folder(program), *found = NULL;

    for (size_t i = 0; i < 4 && !found; i++) {
        char *folder = i < 2 ? path_join(home, from_program[i]) : mem_string(fixed[i - 2]);
        char *header = path_join(folder, "fell/plugin.h");

        if (access(header, R_OK) == 0)
            found = folder;
        else
            free(folder);
        free(header);
    }
    free(home);
    free(program);
    return found;
}

/* Run ARGV; its output is the user's to see. The exit status, or -1 with a message. */
static int run(const char **argv)
{
    int state = 0;
    pid_t child = fork();

    if (child == 0) {
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        fprintf(stderr, "fell: %s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    if (child < 0 || waitpid(child, &state, 0) < 0) {
        cli_error("%s: %s", argv[0], strerror(errno));
        return -1;
    }
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

/* CC in the environment may have arguments: "ccache gcc". */
static int compile(const char *source, const char *output, const char *include)
{
    const char *cc = getenv("CC"), *argv[MOST_WORDS + 16];
    char *words = mem_string(cc && cc[strspn(cc, " ")] ? cc : "cc"), *rest = words, *word;
    char *folder = mem_format("-I%s", include);
    size_t n = 0;
    int result;

    while (n < MOST_WORDS && (word = strtok_r(n ? NULL : words, " ", &rest)))
        argv[n++] = word;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        argv[n++] = flags[i];
    argv[n++] = folder;
    argv[n++] = "-o";
    argv[n++] = output;
    argv[n++] = source;
    argv[n++] = "-lm";
    argv[n] = NULL;
    result = run(argv);
    free(folder);
    free(words);
    return result;
}

/* What is in the new file, and whether the host takes it. */
static int look_at(const char *output)
{
    struct registry *r = registry_new();
    struct error err;
    size_t n;
    const struct item *const *list;
    char *path = path_absolute(output);
    const char *dot = strchr(output, '/') ? "" : "./";
    int result = EXIT_OK;

    if (registry_add_file(r, output, &err) != OK) {
        result = cli_error("%s", err.text);
    } else {
        list = registry_list(r, &n);
        printf("%s:", output);
        for (size_t i = 0, shown = 0; i < n; i++)
            if (strcmp(list[i]->file->path, path) == 0)
                printf("%s %s '%s'", shown++ ? "," : "", item_word(list[i]), list[i]->name);
        printf(". Next:  fell plugin check %s%s,  fell run SPEC --plugin %s%s\n", dot, output, dot, output);
    }
    free(path);
    registry_free(r);
    return result;
}

int plugin_build(const struct call *c)
{
    const char *source = c->args[1];
    size_t stem = strlen(source);
    char *include, *output;
    int code, result = EXIT_INPUT;

    if (stem < 3 || strcmp(source + stem - 2, ".c") != 0)
        return cli_error("'%s' is not a C file; plugins are built from FILE.c", source);
    if (access(source, R_OK) != 0)
        return cli_error("%s: %s", source, strerror(errno));
    include = include_folder();
    if (!include)
        return cli_error("fell/plugin.h is not found: install the program with its headers");
    output = c->output ? mem_string(c->output) : mem_format("%.*s.so", (int)stem - 2, source);
    code = compile(source, output, include);
    if (code == 0)
        result = look_at(output);
    else
        cli_error("%s was not built", output);
    free(output);
    free(include);
    return result;
}
