/* cases_run.c - all cases of a file, in child processes: see cases.h.
 *
 * One child runs them all and sends each result. When it ends early, the case that it was at has
 * failed, and another child goes on behind it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/cases.h"
#include "check/subject.h"

/* The next result from FD; false at its end. */
static bool receive(int fd, struct case_result *out)
{
    size_t have = 0;

    while (have < sizeof *out) {
        const ssize_t n = read(fd, (char *)out + have, sizeof *out - have);

        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        have += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Runs ONE and the cases after it. */
static _Noreturn void be_child(struct registry *reg, const cJSON *one, enum simd_level level, int answer)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    static struct case_result result;
    const struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        signal(fatal[i], SIG_DFL);
    for (; one; one = one->next) {
        case_run(reg, one, level, &result);
        if (write(answer, &result, sizeof result) != (ssize_t)sizeof result)
            _exit(1);
    }
    _exit(0);
}

/* Results from ONE on, in a child; the number of them. Less than all are left: what became of the
 * child is the next one's. */
static size_t run_in_child(struct registry *reg, const cJSON *one, enum simd_level level, size_t left,
                           struct case_result *out)
{
    int ends[2], word = 0;
    size_t n = 0;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
        case_begin(one, out);
        error_set(&out->failure, "it cannot be tried: %s", strerror(errno));
        return 1;
    }
    if (pid == 0)
        be_child(reg, one, level, ends[1]);
    close(ends[1]);
    while (n < left && receive(ends[0], &out[n])) {
        n++;
        one = one->next;
    }
    close(ends[0]);
    while (waitpid(pid, &word, 0) < 0 && errno == EINTR)
        ;
    if (n == left)
        return n;
    case_begin(one, &out[n]);
    subject_died(word, out[n].failure.text, sizeof out[n].failure.text);
    return n + 1;
}

void cases_run(struct registry *reg, const cJSON *cases, enum simd_level level, struct case_result *out)
{
    const size_t n = (size_t)cJSON_GetArraySize(cases);

    for (size_t i = 0; i < n;)
        i += run_in_child(reg, cJSON_GetArrayItem(cases, (int)i), level, n - i, &out[i]);
}
