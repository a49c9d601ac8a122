/* provenance.c - see provenance.h.
 *
 * The commit is read from .git itself (gitrepository-layout(5)), which takes
 * microseconds; whether the tree is dirty takes git, milliseconds in a small tree and
 * seconds in a big one, and so nobody waits for it before the runs are over.
 */
#include "work/provenance.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/machine.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/version.h"
#include "kernels/kernels.h"
#include "work/git_config.h"
#include "work/process.h"

extern char **environ;

/* ---- git: the commit ------------------------------------------------------------------ */

/* The first line of FOLDER/NAME without PREFIX; NULL when it is not there or begins otherwise. */
static char *read_line(const char *folder, const char *name, const char *prefix)
{
    char *path = path_join(folder, name), *line = NULL, *found = NULL;
    FILE *f = fopen(path, "re");
    size_t room = 0, n = strlen(prefix);

    if (f && getline(&line, &room, f) > 0) {
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, prefix, n) == 0)
            found = mem_string(line + n);
    }
    if (f)
        fclose(f);
    free(line);
    free(path);
    return found;
}

static bool is_hash(const char *text)
{
    size_t n = strspn(text, "0123456789abcdef");

    return text[n] == 0 && (n == 40 || n == 64);
}

/* "HASH refs/heads/main" lines of packed-refs. */
static char *packed_ref(const char *common, const char *ref)
{
    char *path = path_join(common, "packed-refs"), *line = NULL, *found = NULL;
    FILE *f = fopen(path, "re");
    size_t room = 0;

    while (f && !found && getline(&line, &room, f) > 0) {
        char *blank = strchr(line, ' ');

        line[strcspn(line, "\n")] = 0;
        if (!blank || strcmp(blank + 1, ref) != 0)
            continue;
        *blank = 0;
        if (is_hash(line))
            found = mem_string(line);
    }
    if (f)
        fclose(f);
    free(line);
    free(path);
    return found;
}

/* Whether git can be asked about the repository GIT_DIR; see git_config.h. */
static bool is_harmless(const char *git_dir)
{
    char *common_line = read_line(git_dir, "commondir", "");
    char *common = common_line ? path_join(git_dir, common_line) : mem_string(git_dir);
    char *path = path_join(common, "config"), *text = NULL;
    struct stat about;
    struct error ignored;
    size_t n;
    const bool good = stat(path, &about) == 0 && S_ISREG(about.st_mode) && about.st_size < 1 << 20 &&
                      file_read(path, &text, &n, &ignored) == OK && strlen(text) == n &&
                      git_config_is_harmless(text);

    free(text);
    free(path);
    free(common);
    free(common_line);
    return good;
}

/* GIT_DIR: HEAD holds a hash, or the name of a ref that is a file there or, for linked
 * work trees, in the common folder, or is packed. */
static char *head_commit(const char *git_dir)
{
    char *common_line = read_line(git_dir, "commondir", "");
    char *common = common_line ? path_join(git_dir, common_line) : mem_string(git_dir);
    char *ref = read_line(git_dir, "HEAD", "ref: "), *commit;

    if (!ref) {
        commit = read_line(git_dir, "HEAD", "");
    } else {
        commit = read_line(git_dir, ref, "");
        if (!commit)
            commit = read_line(common, ref, "");
        if (!commit)
            commit = packed_ref(common, ref);
    }
    if (commit && !is_hash(commit)) {
        free(commit);
        commit = NULL;
    }
    free(ref);
    free(common);
    free(common_line);
    return commit;
}

/* The nearest folder upward that holds .git, a folder or a file "gitdir: PATH". */
static void find_work_tree(const char *folder, struct provenance *p)
{
    char *at = path_absolute(folder);

    for (;;) {
        char *git = path_join(at, ".git"), *up;
        struct stat about;

        if (stat(git, &about) == 0) {
            char *line = S_ISREG(about.st_mode) ? read_line(at, ".git", "gitdir: ") : NULL;
            char *dir = line ? path_join(at, line) : mem_string(git);

            p->git_commit = head_commit(dir);
            p->git_top = at;
            p->git_runs = !is_harmless(dir);
            free(dir);
            free(line);
            free(git);
            return;
        }
        free(git);
        if (strcmp(at, "/") == 0)
            break;
        up = path_folder(at);
        free(at);
        at = up;
    }
    free(at);
}

/* ---- git: dirty or not ------------------------------------------------------------------ */

/* The database and what lies beside it, as a pattern that git status leaves out. */
static char *without_database(const char *top, const char *db)
{
    char *path = path_absolute(db), *pattern;
    size_t n = strlen(top);
    bool inside = strncmp(path, top, n) == 0 && path[n] == '/';

    pattern = mem_format(":(exclude,top)%s*", inside ? path + n + 1 : "\001");
    free(path);
    return pattern;
}

/* environ without what sends git elsewhere, and with the word that it is not to look above TOP for another
 * repository. free() the array and its last text. */
static char **git_environment(const char *top)
{
    static const char *const away[] = {
        "GIT_DIR=",        "GIT_WORK_TREE=",        "GIT_INDEX_FILE=",
        "GIT_COMMON_DIR=", "GIT_OBJECT_DIRECTORY=", "GIT_CEILING_DIRECTORIES="};
    char *above = path_folder(top), **env;
    size_t n = 0, k = 0;

    while (environ[n])
        n++;
    env = mem_array(n + 2, sizeof *env);
    for (size_t i = 0; i < n; i++) {
        bool keep = true;

        for (size_t j = 0; j < sizeof away / sizeof away[0]; j++)
            keep &= strncmp(environ[i], away[j], strlen(away[j])) != 0;
        if (keep)
            env[k++] = environ[i];
    }
    env[k] = mem_format("GIT_CEILING_DIRECTORIES=%s", above);
    free(above);
    return env;
}

void git_status_start(struct git_status *g, const char *git_top, const char *db)
{
    char *pattern = without_database(git_top, db), **env = git_environment(git_top);
    size_t last = 0;
    char *argv[] = {
        (char *)(uintptr_t) "git",
        (char *)(uintptr_t) "--no-optional-locks",
        (char *)(uintptr_t) "-c",
        (char *)(uintptr_t) "core.fsmonitor=false",
        (char *)(uintptr_t) "-c",
        (char *)(uintptr_t) "core.hooksPath=/dev/null",
        (char *)(uintptr_t) "-c",
        (char *)(uintptr_t) "core.preloadIndex=false", /* no threads: training has the processors */
        (char *)(uintptr_t) "-C",
        (char *)(uintptr_t)git_top,
        (char *)(uintptr_t) "status",
        (char *)(uintptr_t) "--porcelain",
        (char *)(uintptr_t) "--ignore-submodules=dirty",
        (char *)(uintptr_t) "--",
        (char *)(uintptr_t) ".",
        pattern,
        NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int ends[2];

    *g = (struct git_status){.pid = 0};
    if (pipe2(ends, O_CLOEXEC) != 0)
        goto out;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&g->pid, "git", &actions, &attributes, argv, env) == 0) {
        g->fd = ends[0];
    } else {
        g->pid = 0;
        close(ends[0]);
    }
    close(ends[1]);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
out:
    while (env[last + 1])
        last++;
    free(env[last]);
    free(env);
    free(pattern);
}

/* One byte says "dirty"; the end of its output and status 0 say "clean". */
bool git_status_answer(struct git_status *g, double seconds, bool *dirty)
{
    struct pollfd pipe = {.fd = g->fd, .events = POLLIN};
    bool known = false;
    int how;
    ssize_t n = -1;
    char byte;

    if (!g->pid)
        return false;
    if (poll(&pipe, 1, (int)(seconds * 1000)) > 0)
        do
            n = read(g->fd, &byte, 1);
        while (n < 0 && errno == EINTR);
    if (n != 0)
        kill(g->pid, SIGKILL);
    while (waitpid(g->pid, &how, 0) < 0 && errno == EINTR)
        ;
    if (n > 0 || (n == 0 && WIFEXITED(how) && WEXITSTATUS(how) == 0)) {
        *dirty = n > 0;
        known = true;
    }
    close(g->fd);
    *g = (struct git_status){.pid = 0};
    return known;
}

/* ---- program and machine ----------------------------------------------------------------- */

/* Only the first processor: the file is long on big machines, and made while it is read. */
static char *cpu_model(void)
{
    int fd = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
    char text[4096];
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    struct utsname u;
    char *at;

    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = 0;
    at = strstr(text, "model name");
    if (at && (at = strchr(at, ':'))) {
        at += 1 + strspn(at + 1, " \t");
        at[strcspn(at, "\n")] = 0;
        return mem_string(at);
    }
    return mem_string(uname(&u) == 0 ? u.machine : "unknown");
}

status provenance_collect(const char *folder, struct provenance *p, struct error *err)
{
    enum simd_level level;
    char *program = process_program();
    status result = FAILED;

    *p = (struct provenance){.version = program_version};
    if (simd_choose(getenv("FELL_SIMD"), &level, err) == OK &&
        sha256_file(program, p->runner_sha256, err) == OK) {
        p->kernels = simd_name(level);
        p->host = machine_host();
        p->user = machine_user();
        p->cpu = cpu_model();
        find_work_tree(folder, p);
        result = OK;
    }
    free(program);
    return result;
}

void provenance_release(struct provenance *p)
{
    free(p->git_top);
    free(p->git_commit);
    free(p->host);
    free(p->user);
    free(p->cpu);
    *p = (struct provenance){.version = NULL};
}
