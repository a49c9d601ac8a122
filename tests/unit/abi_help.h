/* abi_help.h - compiles the plugins of tests/abi into a scratch folder.
 *
 * Included by the tests of the registry and of data.
 */
#ifndef ABI_HELP_H
#define ABI_HELP_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

static char scratch[] = "/tmp/fell-abi-XXXXXX";

static inline void scratch_make(void)
{
    cr_assert_not_null(mkdtemp(scratch));
}

static inline void scratch_remove(void)
{
    char *command = mem_format("rm -rf '%s'", scratch);

    cr_expect_eq(system(command), 0);
    free(command);
}

/* A test that is skipped does not reach its teardown. */
#define skip_test(why)                                                                                       \
    do {                                                                                                     \
        scratch_remove();                                                                                    \
        cr_skip_test(why);                                                                                   \
    } while (0)

/* SOURCE of tests/abi with DEFINES ("-DX=1 ...", quoted for the shell), as NAME in the
 * scratch folder; folders in NAME are made. free() the path. */
static inline char *build_plugin(const char *source, const char *defines, const char *name)
{
    const char *srcdir = getenv("srcdir"), *cc = getenv("CC");
    char *out = path_join(scratch, name), *folder = path_folder(out), *command;

    srcdir = srcdir ? srcdir : ".";
    command = mem_format("mkdir -p '%s' && %s -std=c17 -shared -fPIC -fvisibility=hidden -I'%s/include' %s "
                         "-o '%s' '%s/tests/abi/%s'",
                         folder, cc && cc[0] ? cc : "cc", srcdir, defines, out, srcdir, source);
    cr_assert_eq(system(command), 0, "%s", command);
    free(command);
    free(folder);
    return out;
}

/* The scratch folder as the home of a program: its plugins are the bundled ones and SOURCE of tests/abi, as
 * NAME among them. */
static inline void home_make(const char *source, const char *name)
{
    const char *bundled = getenv("FELL_PLUGIN_PATH");
    char *command, *program;

    cr_assert_not_null(bundled, "FELL_PLUGIN_PATH does not name the built plugins");
    scratch_make();
    command = mem_format("cp -r '%s' '%s/plugins'", bundled, scratch);
    cr_assert_eq(system(command), 0, "%s", command);
    free(build_plugin(source, "", name));
    program = path_join(scratch, "fell");
    setenv("FELL_PROGRAM", program, 1);
    unsetenv("FELL_PLUGIN_PATH");
    free(program);
    free(command);
}

/* Probing runs the program itself, which is not this test. */
static inline bool have_program(void)
{
    const char *program = getenv("FELL_PROGRAM");

    return program && access(program, X_OK) == 0;
}

#endif
