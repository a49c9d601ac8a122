/* registry_probe.c - a plugin that did not come with the program is loaded in a child
 * process first, so that a crash or a hang in it is a message.
 *
 * The child is this program run as `fell probe-plugin PATH`. It proves success by a word on standard
 * output, so that a plugin that calls exit() is found out too.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "host/registry_open.h"

extern char **environ;

#define PROVED  "loaded\n"
#define PROBING "FELL_PROBING" /* set in the child */
enum { DEFAULT_SECONDS = 10 };

/* ---- the child ------------------------------------------------------------------ */

int registry_probe_main(const char *path)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    const struct rlimit none = {0, 0};
    struct error err = {""};
    struct plugin_bytes bytes;
    static struct opened *o; /* static: it lives as long as this process, and leak checkers see that */
    int answer = dup(STDOUT_FILENO);
    const char *text = PROVED;
    status result;

    setrlimit(RLIMIT_CORE, &none);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        signal(fatal[i], SIG_DFL);
    dup2(STDERR_FILENO, STDOUT_FILENO); /* what the plugin prints is no answer */
    result = plugin_read(path, &bytes, &err);
    if (result == OK)
        result = plugin_load(&bytes, false, &o, &err);
    free(bytes.text);
    if (result != OK)
        text = err.text;
    if (write(answer, text, strlen(text)) < 0)
        result = FAILED;
    close(answer);
    return result == OK ? 0 : 1;
}

/* ---- the parent ------------------------------------------------------------------- */

static double time_limit(void)
{
    const char *text = getenv("FELL_PROBE_SECONDS");
    double seconds;

    return text && text_to_double(text, &seconds) && seconds > 0 && seconds < 3600 ? seconds
                                                                                   : DEFAULT_SECONDS;
}

/* environ and PROBING. free() the array. */
static char **child_environment(void)
{
    static char probing[] = PROBING "=1";
    size_t n = 0;
    char **env;

    while (environ[n])
        n++;
    env = mem_array(n + 2, sizeof *env);
    memcpy(env, environ, n * sizeof *env);
    env[n] = probing;
    return env;
}

/* The child has FIRST and what is open above it no more. */
static void close_from(posix_spawn_file_actions_t *files, int first)
{
#ifdef HAVE_POSIX_SPAWN_FILE_ACTIONS_ADDCLOSEFROM_NP
    posix_spawn_file_actions_addclosefrom_np(files, first);
#else
    for (long fd = first, most = file_most_open(); fd < most; fd++)
        if (fcntl((int)fd, F_GETFD) >= 0)
            posix_spawn_file_actions_addclose(files, (int)fd);
#endif
}

static status start_child(const char *path, int output, pid_t *pid, struct error *err)
{
    char *program = program_path(), **env = child_environment();
    char word[] = "probe-plugin", *copy = mem_string(path), *argv[] = {program, word, copy, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, all;
    int code;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    close_from(&files, STDERR_FILENO + 1);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    code = posix_spawn(pid, program, &files, &attr, argv, env);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    if (code)
        error_set(err, "%s: cannot be tried in a process of its own (%s): %s", path, program, strerror(code));
    free(program);
    free(copy);
    free(env);
    return code ? FAILED : OK;
}

/* Milliseconds until END, never negative. */
static int until(double end)
{
    double left = end - time_monotonic();

    return left > 0 ? (int)(left * 1000) + 1 : 0;
}

/* The child's output into ANSWER, its status when it is gone. False: END came first. */
static bool listen_to(int fd, pid_t pid, double end, struct strbuf *answer, int *status_word)
{
    struct pollfd p = {.fd = fd, .events = POLLIN, .revents = 0};
    char bytes[1024];
    bool open = true;

    while (until(end) > 0) {
        if (open && poll(&p, 1, until(end)) > 0) {
            ssize_t n = read(fd, bytes, sizeof bytes);

            if (n > 0 && answer->len < 4096)
                strbuf_addn(answer, bytes, (size_t)n);
            open = n > 0 || (n < 0 && errno == EINTR);
        }
        if (open)
            continue;
        if (waitpid(pid, status_word, WNOHANG) == pid)
            return true;
        poll(NULL, 0, 1); /* it closed its output and has yet to end */
    }
    return false;
}

static status judge(const char *path, int status_word, const char *answer, struct error *err)
{
    if (WIFSIGNALED(status_word)) {
        const char *name = sigabbrev_np(WTERMSIG(status_word));

        return error_set(err, "%s: crashes while it is loaded (SIG%s)", path, name ? name : "?");
    }
    if (WEXITSTATUS(status_word) == 0 && strcmp(answer, PROVED) == 0)
        return OK;
    if (WEXITSTATUS(status_word) == 1 && answer[0])
        return error_set(err, "%s", answer);
    return error_set(err, "%s: ends the process while it is loaded (exit status %d)", path,
                     WEXITSTATUS(status_word));
}

status plugin_probe(const char *path, struct error *err)
{
    double limit = time_limit(), end = time_monotonic() + limit;
    struct strbuf answer = {0};
    int ends[2] = {-1, -1}, status_word = 0;
    status result = FAILED;
    pid_t pid = -1;

    if (getenv(PROBING))
        return error_set(err, "%s: a probe inside a probe: FELL_PROGRAM does not name the program fell",
                         path);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set(err, "%s: cannot be tried: %s", path, strerror(errno));
    if (start_child(path, ends[1], &pid, err) != OK)
        goto out;
    close(ends[1]);
    ends[1] = -1;
    if (listen_to(ends[0], pid, end, &answer, &status_word)) {
        result = judge(path, status_word, answer.text ? answer.text : "", err);
    } else {
        kill(-pid, SIGKILL);
        waitpid(pid, &status_word, 0);
        error_set(err, "%s: loading it takes more than %g seconds", path, limit);
    }
out:
    if (ends[1] >= 0)
        close(ends[1]);
    close(ends[0]);
    strbuf_release(&answer);
    return result;
}
