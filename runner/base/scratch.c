/* scratch.c - see scratch.h. */
#include "base/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

enum { TRIES = 100, NAP_US = 20000 }; /* a worker, too, may take a moment to notice that its runner ended */

/* What is in the open FOLDER, which is closed; it holds few folders, and none deep. */
static void empty_folder(int folder)
{
    DIR *d = folder >= 0 ? fdopendir(folder) : NULL;
    const struct dirent *entry;

    while (d && (entry = readdir(d))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(dirfd(d), entry->d_name, 0) != 0) {
            empty_folder(openat(dirfd(d), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
            unlinkat(dirfd(d), entry->d_name, AT_REMOVEDIR);
        }
    }
    if (d)
        closedir(d);
    else if (folder >= 0)
        close(folder);
}

static bool remove_folder(const char *path)
{
    empty_folder(open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    return rmdir(path) == 0 || errno == ENOENT;
}

/* The keeper: nothing of the terminal or of the other's files is held open here. */
static _Noreturn void keep(const char *folder, int alive)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    const int nothing = open("/dev/null", O_RDWR);
    char byte;

    setsid();
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    dup2(alive, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(nothing, STDERR_FILENO);
    file_close_from(STDERR_FILENO + 1);
    if (chdir("/") != 0) /* the folder it began in can be unmounted */
        _exit(1);
    while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR)
        ;
    for (int i = 0; i < TRIES && !remove_folder(folder); i++)
        usleep(NAP_US);
    _exit(0);
}

/* Without one the folder goes at an ordinary end alone. */
static void find_keeper(struct scratch *s)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return;
    s->keeper = fork();
    if (s->keeper == 0) {
        close(ends[1]);
        keep(s->folder, ends[0]);
    }
    close(ends[0]);
    if (s->keeper > 0) {
        s->alive = ends[1];
    } else {
        s->keeper = 0;
        close(ends[1]);
    }
}

status scratch_begin(struct scratch *s, struct error *err)
{
    const char *tmp = getenv("TMPDIR");

    if (s->folder)
        return OK;
    if (!tmp || tmp[0] != '/')
        tmp = "/tmp";
    s->folder = mem_format("%s/fell-XXXXXX", tmp);
    if (mkdtemp(s->folder)) {
        find_keeper(s);
        return OK;
    }
    error_set(err, "no temporary folder in '%s': %s", tmp, strerror(errno));
    free(s->folder);
    s->folder = NULL;
    return FAILED;
}

char *scratch_file(struct scratch *s, const char *name, struct error *err)
{
    return scratch_begin(s, err) == OK ? path_join(s->folder, name) : NULL;
}

void scratch_end(struct scratch *s)
{
    if (!s->folder)
        return;
    remove_folder(s->folder);
    free(s->folder);
    if (s->keeper) {
        close(s->alive);
        while (waitpid(s->keeper, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    *s = (struct scratch){.folder = NULL};
}
