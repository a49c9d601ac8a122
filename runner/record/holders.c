/* holders.c - who keeps a database locked, for the message that names them.
 *
 * Reads /proc/locks for processes with a write lock on the file or its -shm (in WAL
 * mode the writer's lock is there), and where that says nothing, /proc/PID/fd for
 * those that have the file open. Best effort: it decides nothing.
 */
#include "record/database.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 8 };

struct holders {
    long pid[MOST];
    size_t n;
};

static void add(struct holders *h, long pid)
{
    if (pid <= 0 || pid == (long)getpid() || h->n == MOST)
        return;
    for (size_t i = 0; i < h->n; i++)
        if (h->pid[i] == pid)
            return;
    h->pid[h->n++] = pid;
}

/* Lines are "1: POSIX  ADVISORY  WRITE 1234 08:01:5678 120 120": pid, device:inode, range. */
static void find_locks(struct holders *h, const struct stat *file, const struct stat *shm)
{
    FILE *f = fopen("/proc/locks", "re");
    char line[256];

    while (f && fgets(line, sizeof line, f)) {
        char kind[16];
        long pid;
        unsigned long inode;

        if (sscanf(line, "%*d: %*s %*s %15s %ld %*x:%*x:%lu", kind, &pid, &inode) != 3)
            continue;
        if (strcmp(kind, "WRITE") == 0 && (inode == file->st_ino || inode == shm->st_ino))
            add(h, pid);
    }
    if (f)
        fclose(f);
}

static void find_openers(struct holders *h, const struct stat *file)
{
    DIR *all = opendir("/proc");

    for (struct dirent *d; all && (d = readdir(all));) {
        long pid = strtol(d->d_name, NULL, 10);
        char path[320];
        DIR *fds;

        if (pid <= 0)
            continue;
        snprintf(path, sizeof path, "/proc/%ld/fd", pid);
        fds = opendir(path);
        for (struct dirent *e; fds && (e = readdir(fds));) {
            char fd[600];
            struct stat s;

            snprintf(fd, sizeof fd, "%s/%s", path, e->d_name);
            if (stat(fd, &s) == 0 && s.st_ino == file->st_ino && s.st_dev == file->st_dev)
                add(h, pid);
        }
        if (fds)
            closedir(fds);
    }
    if (all)
        closedir(all);
}

static void program_of(long pid, char name[64])
{
    char path[64];
    FILE *f;

    snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    f = fopen(path, "re");
    if (!f || !fgets(name, 64, f))
        strcpy(name, "a program");
    name[strcspn(name, "\n")] = 0;
    if (f)
        fclose(f);
}

void database_lock_holders(const char *path, bool openers, struct strbuf *out)
{
    struct holders h = {.n = 0};
    struct stat file = {0}, shm = {0};
    char *shm_path = mem_format("%s-shm", path);

    if (stat(path, &file) == 0) {
        if (stat(shm_path, &shm) != 0)
            shm = file;
        if (!openers)
            find_locks(&h, &file, &shm);
        if (h.n == 0)
            find_openers(&h, &file);
    }
    for (size_t i = 0; i < h.n; i++) {
        char name[64];

        program_of(h.pid[i], name);
        strbuf_addf(out, "%s%s (process %ld)", i ? ", " : "", name, h.pid[i]);
    }
    if (h.n == 0)
        strbuf_add(out, "another process");
    free(shm_path);
}
