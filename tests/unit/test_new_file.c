/* test_new_file.c - files that are written whole or not at all (base/new_file.h): nothing that stands in the
 * folder before is followed, and nothing stays of a writer that was killed.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/new_file.h"
#include "base/text.h"

/* In place of libc's, for guessed(): names that somebody foresaw, and a kernel without nameless files. */
static bool guessed;
static unsigned long long next_digits;

ssize_t getrandom(void *out, size_t n, unsigned flags)
{
    if (!guessed)
        return syscall(SYS_getrandom, out, n, flags);
    memcpy(out, &next_digits, n);
    next_digits++;
    return (ssize_t)n;
}

int access(const char *path, int how)
{
    if (guessed && strcmp(path, "/proc/self/fd") == 0)
        return -1;
    return (int)syscall(SYS_faccessat, AT_FDCWD, path, how);
}

static char folder[] = "/tmp/fell-new-file-XXXXXX";

static void setup(void)
{
    cr_assert(mkdtemp(folder) && chdir(folder) == 0);
}

static void teardown(void)
{
    char *command = mem_format("rm -rf '%s'", folder);

    cr_assert_eq(system(command), 0);
    free(command);
}

TestSuite(new_file, .init = setup, .fini = teardown);

static int names(void)
{
    DIR *here = opendir(".");
    int n = -2; /* . and .. */

    while (readdir(here))
        n++;
    closedir(here);
    return n;
}

static void expect_content(const char *path, const char *text)
{
    struct error err;
    char *got;
    size_t n;

    cr_assert_eq(file_read(path, &got, &n, &err), OK, "%s", err.text);
    cr_expect_str_eq(got, text);
    free(got);
}

static status put(const char *path, const char *text, enum new_file_end how, struct error *err)
{
    struct new_file f;

    if (new_file_begin(&f, path, err) != OK)
        return FAILED;
    fputs(text, f.to);
    return new_file_end(&f, how, err);
}

Test(new_file, ends)
{
    struct error err;
    struct stat about;

    cr_expect_eq(put("a", "one", NEW_FILE_DROP, &err), OK);
    cr_expect_eq(names(), 0);
    cr_expect_eq(put("a", "one", NEW_FILE_REPLACE, &err), OK, "%s", err.text);
    cr_assert_eq(chmod("a", 0604), 0);
    cr_expect_eq(put("a", "two", NEW_FILE_IF_NONE, &err), OK);
    expect_content("a", "one");
    cr_expect_eq(put("a", "three", NEW_FILE_REPLACE, &err), OK);
    expect_content("a", "three");
    cr_expect(stat("a", &about) == 0 && (about.st_mode & 07777) == 0604, "%o", about.st_mode);
    cr_assert_eq(symlink("a", "link"), 0);
    cr_expect_eq(put("link", "four", NEW_FILE_REPLACE, &err), OK);
    expect_content("a", "four");
    cr_expect(lstat("link", &about) == 0 && S_ISLNK(about.st_mode));
    cr_expect_eq(names(), 2);
    cr_expect_eq(put("none/a", "", NEW_FILE_REPLACE, &err), FAILED);
    cr_expect_str_eq(err.text, "cannot write 'none/a': No such file or directory");
}

/* The names that were used once, which somebody else could make links of. */
Test(new_file, follows_nothing)
{
    static const char *const endings[] = {"tmp", "part", "new"};
    struct error err;

    cr_assert_eq(file_write("victim", "mine", 4, &err), OK);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char *plain = mem_format("a.%s", endings[i]), *numbered = mem_format("a.%d.%s", getpid(), endings[i]);

        cr_assert(symlink("victim", plain) == 0 && symlink("victim", numbered) == 0);
        free(plain);
        free(numbered);
    }
    cr_expect_eq(put("a", "theirs", NEW_FILE_REPLACE, &err), OK);
    cr_expect_eq(put("a", "theirs again", NEW_FILE_REPLACE, &err), OK);
    expect_content("victim", "mine");
}

/* Somebody foresaw the name, and made a link of it to a file that he may not write. */
Test(new_file, guessed)
{
    struct error err;

    cr_assert_eq(file_write("victim", "mine", 4, &err), OK);
    cr_assert_eq(symlink("victim", ".a.0000000000000000"), 0);
    cr_assert_eq(symlink("nowhere", ".a.0000000000000001"), 0);
    guessed = true;
    cr_expect_eq(put("a", "theirs", NEW_FILE_REPLACE, &err), OK, "%s", err.text);
    guessed = false;
    cr_expect_eq(next_digits, 3);
    expect_content("a", "theirs");
    expect_content("victim", "mine");
    cr_expect_neq(access("nowhere", F_OK), 0);
    cr_expect_eq(names(), 4);
}

/* A pipe, as a device, is written into, and is one afterwards; nobody waits for a reader. */
Test(new_file, pipe_stays, .timeout = 20)
{
    struct error err;
    struct stat about;
    char got[16] = "";
    int reader;

    cr_assert_eq(mkfifo("pipe", 0600), 0);
    cr_assert_eq(symlink("pipe", "link"), 0);
    cr_expect_eq(put("link", "lost", NEW_FILE_REPLACE, &err), FAILED);
    cr_expect_str_eq(err.text, "cannot write 'link': No such device or address");
    reader = open("pipe", O_RDONLY | O_NONBLOCK);
    cr_assert_geq(reader, 0);
    cr_expect_eq(put("link", "dropped", NEW_FILE_DROP, &err), OK);
    cr_expect_eq(put("link", "through", NEW_FILE_REPLACE, &err), OK, "%s", err.text);
    cr_expect_eq(read(reader, got, sizeof got), 7);
    cr_expect_str_eq(got, "through");
    close(reader);
    cr_expect(stat("pipe", &about) == 0 && S_ISFIFO(about.st_mode));
    cr_expect_eq(put(".", "", NEW_FILE_REPLACE, &err), FAILED);
    cr_expect_str_eq(err.text, "cannot write '.': Is a directory");
    cr_expect_eq(names(), 2);
}

/* Killed before it had all, the writer leaves no name. */
Test(new_file, a_killed_writer_leaves_nothing)
{
    struct new_file f;
    struct error err;
    int how;
    const pid_t writer = fork();

    if (writer == 0) {
        if (new_file_begin(&f, "a", &err) == OK && fputs("half", f.to) >= 0 && fflush(f.to) == 0)
            raise(SIGKILL);
        _exit(1);
    }
    cr_assert(waitpid(writer, &how, 0) == writer && WIFSIGNALED(how));
    cr_expect_eq(names(), 0);
}

/* One that was killed with a name: it goes when it is old, nobody's and a regular file of ours. */
Test(new_file, leftovers)
{
    static const char *const kept[] = {".a.0123456789abcdeg", ".a.0123456789abcdef0", ".b.0123456789abcdef",
                                       ".a.new"};
    static const char left[] = ".a.0123456789abcdef";
    struct error err;

    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        cr_assert_eq(file_write(kept[i], "", 0, &err), OK);
    cr_assert_eq(file_write(left, "half", 4, &err), OK);
    cr_assert_eq(file_write("victim", "mine", 4, &err), OK);
    cr_assert_eq(symlink("victim", ".a.0000000000000000"), 0);
    cr_expect_eq(new_file_sweep("a"), 0, "a young one may still get its name");
    sleep(4);
    cr_expect_eq(new_file_sweep("a"), 1);
    cr_expect_neq(access(left, F_OK), 0);
    cr_expect_eq(names(), 6);
}
