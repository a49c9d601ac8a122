/* claim_file.c - see claim_file.h.
 *
 * The file is made with O_EXCL, so that of two that come at once one has it. One that is stale is first
 * renamed, and looked at again under the new name: what was touched or replaced meanwhile goes back.
 */
#include "record/claim_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/machine.h"
#include "base/text.h"
#include "record/database.h"

enum { TRIES = 8, STALE = 60 /* seconds */ };
static const double BEAT = 2.0; /* seconds */

/* ---- what a file says ---------------------------------------------------------------------- */

struct said {
    char text[512];
    char host[128], boot[64], space[64]; /* of processes */
    long pid;
    unsigned long long began; /* the process, in ticks since the machine did */
    struct stat about;
};

/* The first line of a file of the kernel's, "" without one. */
static void read_line(const char *path, char *out, size_t size)
{
    FILE *f = fopen(path, "re");

    out[0] = 0;
    if (f && !fgets(out, (int)size, f))
        out[0] = 0;
    if (f)
        fclose(f);
    out[strcspn(out, "\n")] = 0;
}

/* The machine since its start, and the name space of its processes. */
static void where_are_we(char boot[64], char space[64])
{
    const ssize_t n = readlink("/proc/self/ns/pid", space, 63);

    space[n > 0 ? n : 0] = 0;
    read_line("/proc/sys/kernel/random/boot_id", boot, 64);
}

/* When PID began: the 22nd word of its line, of which the second may hold anything; 0: it is dead. */
static unsigned long long began_at(long pid)
{
    char path[64], line[1024];
    const char *at;
    unsigned long long began = 0;

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    read_line(path, line, sizeof line);
    at = strrchr(line, ')');
    for (int word = 2; at && word < 22; word++) {
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
    }
    if (at)
        sscanf(at, "%llu", &began);
    return began;
}

static char *own_text(void)
{
    char *host = machine_host(), *text, boot[64], space[64];
    uint64_t token = 0;

    if (getrandom(&token, sizeof token, GRND_NONBLOCK) != (ssize_t)sizeof token)
        token = (uint64_t)(time_monotonic() * 1e9);
    where_are_we(boot, space);
    text = mem_format("host %.100s\nboot %s\nspace %s\nprocess %ld %llu\ntoken %016llx\n", host, boot, space,
                      (long)getpid(), began_at((long)getpid()), (unsigned long long)token);
    free(host);
    return text;
}

/* False: there is none, errno. One that is being written says nothing yet. */
static bool look_at(const char *path, struct said *s)
{
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t n;

    *s = (struct said){.pid = 0};
    if (fd < 0)
        return false;
    n = fstat(fd, &s->about) == 0 && S_ISREG(s->about.st_mode) ? read(fd, s->text, sizeof s->text - 1) : 0;
    s->text[n > 0 ? n : 0] = 0;
    close(fd);
    if (sscanf(s->text, "host %127[^\n]\nboot %63[^\n]\nspace %63[^\n]\nprocess %ld %llu", s->host, s->boot,
               s->space, &s->pid, &s->began) != 5)
        strcpy(s->host, "a machine that it does not name");
    return true;
}

/* Seconds since it was touched, by the clock of the file system: that of a file made just now. Who may make
 * none there only looks, and goes by the clock of this machine. */
static double age_of(const struct said *s, const char *folder)
{
    char *name = mem_format("%s/.fell-clock-XXXXXX", folder);
    struct stat now;
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    double age = 0.0; /* in doubt it lives */
    bool denied = false;

    if (fd < 0 && (fd = mkostemp(name, O_CLOEXEC)) >= 0)
        unlink(name);
    else if (fd < 0)
        denied = errno == EACCES || errno == EROFS || errno == EPERM;
    if (denied)
        age = difftime(time(NULL), s->about.st_mtim.tv_sec);
    if (fd >= 0) {
        if (write(fd, "", 1) == 1 && fstat(fd, &now) == 0)
            age = difftime(now.st_mtim.tv_sec, s->about.st_mtim.tv_sec);
        close(fd);
    }
    free(name);
    return age;
}

/* ---- taking -------------------------------------------------------------------------------- */

/* Whether who wrote S is dead: this machine knows its own processes, where /proc shows them. */
static bool is_dead(const struct said *s, const char *folder, double *age)
{
    char boot[64], space[64];

    *age = age_of(s, folder);
    where_are_we(boot, space);
    if (s->pid > 0 && s->began && boot[0] && space[0] && strcmp(s->boot, boot) == 0 &&
        strcmp(s->space, space) == 0) {
        const unsigned long long began = began_at(s->pid);

        if (began)
            return began != s->began;
        if (kill((pid_t)s->pid, 0) != 0 && errno == ESRCH)
            return true;
        /* It is there, and /proc is not, or hides it (hidepid). */
    }
    return *age > STALE;
}

/* Remove the file if it is still what SAID says. False: it is not. */
static bool remove_stale(const char *path, const struct said *said)
{
    char *aside = mem_format("%s.stale-%ld", path, (long)getpid());
    struct said again;
    bool same = false;

    if (rename(path, aside) == 0 && look_at(aside, &again)) {
        same =
            strcmp(again.text, said->text) == 0 && again.about.st_mtim.tv_sec == said->about.st_mtim.tv_sec;
        if (!same && link(aside, path) != 0 && errno != EEXIST)
            rename(aside, path);
        unlink(aside);
    }
    free(aside);
    return same;
}

/* 1: made; 0: there is one; -1: errno. */
static int make(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    const size_t n = strlen(text);
    ssize_t written;
    int why;

    if (fd < 0)
        return errno == EEXIST ? 0 : -1;
    written = write(fd, text, n);
    why = written < 0 ? errno : written < (ssize_t)n ? ENOSPC : 0;
    if (close(fd) != 0 && why == 0)
        why = errno;
    if (why == 0)
        return 1;
    unlink(path);
    errno = why;
    return -1;
}

static status refuse(const char *path, const struct said *s, double age, struct error *err)
{
    return error_set(
        err,
        "another fell process is running this very experiment now, on %s (process %ld); its claim, "
        "'%s', was touched %.0f seconds ago. It is void when it has not been touched for %d",
        s->host, s->pid, path, age < 0 ? 0.0 : age, STALE);
}

static status take(struct claim_file *f, const char *folder, bool (*counts)(void *arg, uid_t user), void *arg,
                   struct error *err)
{
    for (int i = 0; i < TRIES; i++) {
        const int made = make(f->path, f->text);
        struct said said;
        double age;

        if (made > 0)
            return OK;
        if (made < 0 && (errno == ENOSPC || errno == EDQUOT))
            return database_no_room(f->path, errno, err);
        if (made < 0)
            return error_set(err,
                             "cannot make '%s', which tells other machines that the experiment is run: %s",
                             f->path, strerror(errno));
        if (!look_at(f->path, &said)) {
            if (errno != ENOENT && errno != ELOOP)
                return error_set(err, "cannot read '%s': %s", f->path, strerror(errno));
            continue;
        }
        if (!counts(arg, said.about.st_uid)) { /* a stranger's, who may be unable to remove it */
            free(f->path);
            f->path = NULL;
            return OK;
        }
        if (!is_dead(&said, folder, &age))
            return refuse(f->path, &said, age, err);
        remove_stale(f->path, &said);
    }
    return error_set(err, "cannot replace '%s', a claim that is void; remove it", f->path);
}

/* PATH and FOLDER are the caller's. */
static char *path_of(const char *database, const char *uid, char **folder)
{
    char *real = path_real(database), *path;

    path = mem_format("%s.claim-%.16s", real ? real : database, uid);
    *folder = path_folder(real ? real : database);
    free(real);
    return path;
}

bool claim_file_is_held(const char *database, const char *uid, bool (*counts)(void *arg, uid_t user),
                        void *arg)
{
    char *folder, *path = path_of(database, uid, &folder);
    struct said said;
    double age;
    const bool held = look_at(path, &said) && counts(arg, said.about.st_uid) && !is_dead(&said, folder, &age);

    free(folder);
    free(path);
    return held;
}

status claim_file_take(struct claim_file *f, const char *database, const char *uid,
                       bool (*counts)(void *arg, uid_t user), void *arg, struct error *err)
{
    char *folder, *path = path_of(database, uid, &folder);
    status result;

    *f = (struct claim_file){.path = path, .text = own_text(), .beat = time_monotonic()};
    result = take(f, folder, counts, arg, err);
    if (result != OK) {
        free(f->path);
        f->path = NULL;
    }
    if (!f->path) {
        free(f->text);
        f->text = NULL;
    }
    free(folder);
    return result;
}

/* ---- afterwards ---------------------------------------------------------------------------- */

status claim_file_beat(struct claim_file *f, char **note, struct error *err)
{
    const double now = time_monotonic();
    struct said said;

    *note = NULL;
    if (!f->path || now - f->beat < BEAT)
        return OK;
    f->beat = now;
    if (!look_at(f->path, &said) && make(f->path, f->text) == 1)
        return OK; /* somebody tidied up */
    if (said.text[0] && strcmp(said.text, f->text) != 0)
        return error_set(
            err,
            "this process did not stir for more than %d seconds, and the experiment is run on %s "
            "(process %ld) now; what was stored before is safe",
            STALE, said.host, said.pid);
    if (utimensat(AT_FDCWD, f->path, NULL, AT_SYMLINK_NOFOLLOW) != 0 && !f->told) {
        f->told = true;
        *note =
            mem_format("cannot touch '%s': %s; another machine that does not see it touched for %d seconds "
                       "takes the experiment for its own",
                       f->path, strerror(errno), STALE);
    }
    return OK;
}

void claim_file_drop(struct claim_file *f)
{
    struct said said;

    if (f->path && look_at(f->path, &said) && strcmp(said.text, f->text) == 0)
        unlink(f->path);
    free(f->path);
    free(f->text);
    *f = (struct claim_file){.path = NULL};
}
