/* neighbours.c - see neighbours.h. A worker is known by its command line (process.c starts it), the run that
 * it belongs to by its parent; /proc says both to everybody. Nothing is asked of the others, and nothing is
 * left behind.
 */
#include "work/neighbours.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

/* A worker whose rows wait for the disk is off its processor for a moment: the most of several looks counts.
 */
enum { LOOKS = 5, BETWEEN = 2000000 /* nanoseconds */ };

struct neighbours {
    size_t busy, nruns; /* processes that are on a processor now; runs */
    pid_t *run;
};

/* The first bytes of /proc/PID/NAME, ending in 0; how many there are. */
static size_t read_start(const char *pid, const char *name, char *out, size_t room)
{
    char path[64];
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "/proc/%.20s/%s", pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    n = read(fd, out, room - 1);
    close(fd);
    out[n > 0 ? n : 0] = 0;
    return n > 0 ? (size_t)n : 0;
}

static bool is_worker(const char *pid)
{
    static const char start[] = "fell\0worker"; /* and its 0 */
    char line[sizeof start + 1];

    return read_start(pid, "cmdline", line, sizeof line) >= sizeof start &&
           memcmp(line, start, sizeof start) == 0;
}

static bool shares_processors(pid_t pid, const cpu_set_t *ours)
{
    cpu_set_t theirs, both;

    if (sched_getaffinity(pid, sizeof theirs, &theirs) != 0)
        return false; /* it has ended */
    CPU_AND(&both, ours, &theirs);
    return CPU_COUNT(&both) > 0;
}

/* 'R': it runs; 0: it has ended. And its parent. */
static char read_state(const char *pid, int *parent)
{
    char stat[512], state;
    const char *behind_name;

    if (read_start(pid, "stat", stat, sizeof stat) == 0 || !(behind_name = strrchr(stat, ')')) ||
        sscanf(behind_name, ") %c %d", &state, parent) != 2)
        return 0;
    return state;
}

static void count(struct neighbours *n, const char *pid, const cpu_set_t *ours)
{
    char leader[16], state;
    int parent;

    if (!is_worker(pid) || !(state = read_state(pid, &parent)) || parent == getpid() ||
        !shares_processors((pid_t)strtol(pid, NULL, 10), ours))
        return;
    n->busy += state == 'R';
    for (size_t i = 0; i < n->nruns; i++)
        if (n->run[i] == parent)
            return;
    n->run = mem_grow(n->run, n->nruns + 1, sizeof *n->run);
    n->run[n->nruns++] = parent;
    /* Where epochs are short it is the runner, which records them, that is busy. */
    snprintf(leader, sizeof leader, "%d", parent);
    n->busy += read_state(leader, &parent) == 'R';
}

/* False: what runs here is not told. */
static bool look(struct neighbours *n, const cpu_set_t *ours)
{
    const struct dirent *entry;
    DIR *proc = opendir("/proc");

    if (!proc)
        return false;
    while ((entry = readdir(proc)))
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            count(n, entry->d_name, ours);
    closedir(proc);
    return true;
}

size_t neighbours_processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

size_t neighbours_leave(void)
{
    const size_t all = neighbours_processors();
    size_t busy = 0, nruns = 0, share, left;
    cpu_set_t ours;

    if (sched_getaffinity(0, sizeof ours, &ours) != 0)
        return all;
    for (int i = 0; i < LOOKS && (i == 0 || nruns > 0); i++) {
        struct neighbours n = {0};

        if (i > 0)
            nanosleep(&(struct timespec){.tv_nsec = BETWEEN}, NULL);
        if (!look(&n, &ours))
            return all;
        busy = n.busy > busy ? n.busy : busy;
        nruns = n.nruns;
        free(n.run);
    }
    left = all > busy ? all - busy : 0;
    share = all / (nruns + 1);
    share = share > left ? share : left;
    return share ? share : 1;
}
