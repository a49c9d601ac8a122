/* claim.c - see claim.h.
 *
 * The name is that of the experiment. When a stranger holds it, the claim is the name with something behind
 * it that nobody guesses, and all that have it in front are looked at (claim_sockets.h). Where the kernel
 * does not say whose a socket is, whoever holds the name runs the experiment.
 */
#include "record/claim.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/mem.h"
#include "record/claim_sockets.h"

enum { NAME = 100 }; /* bytes; 107 is the most */

struct wish {
    const char *path;
    struct stat file;
    char name[NAME]; /* of the socket, without the byte 0 in front */
};

/* For UID in the file, which is told by its device and inode. FAILED: there is no file, errno. */
static status claim_set(struct wish *c, const char *path, const char *uid)
{
    *c = (struct wish){.path = path};
    if (stat(path, &c->file) != 0)
        return FAILED;
    snprintf(c->name, sizeof c->name, "fell:%lx:%lx:%.32s", (unsigned long)c->file.st_dev,
             (unsigned long)c->file.st_ino, uid);
    return OK;
}

/* ---- who may write the file ---------------------------------------------------------------- */

/* One whom this machine does not know is taken for a member. */
static bool is_member(uid_t user, gid_t group)
{
    const struct passwd *p = getpwuid(user);
    gid_t *groups = NULL;
    int n = 0;
    bool is = !p;

    if (p)
        getgrouplist(p->pw_name, p->pw_gid, NULL, &n); /* how many there are */
    groups = mem_array((size_t)n + 1, sizeof *groups);
    if (p && getgrouplist(p->pw_name, p->pw_gid, groups, &n) < 0)
        is = true;
    for (int i = 0; !is && i < n; i++)
        is = groups[i] == group;
    free(groups);
    return is;
}

/* With an access list the group's bits stand for all whom it names; who those are is not asked. */
static bool may_write(void *arg, uid_t user)
{
    const struct wish *c = arg;

    if (user == 0 || user == geteuid() || user == c->file.st_uid || (c->file.st_mode & S_IWOTH))
        return true;
    if (!(c->file.st_mode & S_IWGRP))
        return false;
    return getxattr(c->path, "system.posix_acl_access", NULL, 0) > 0 || is_member(user, c->file.st_gid);
}

/* ---- the socket --------------------------------------------------------------------------------- */

static socklen_t address(const char *name, struct sockaddr_un *to)
{
    *to = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(to->sun_path + 1, name, strlen(name));
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

static int try_bind(int fd, const char *name)
{
    struct sockaddr_un to;
    const socklen_t size = address(name, &to);

    return bind(fd, (struct sockaddr *)&to, size) == 0 ? 0 : errno;
}

/* Binds the name, or when a stranger has it, one that begins with it. Looks again once it is bound: of two
 * that come at the same time at least one sees the other. Returns 0, or errno. */
static int bind_claim(int fd, struct wish *c)
{
    char name[NAME];
    uint64_t salt;
    int why;

    snprintf(name, sizeof name, "%s", c->name);
    why = try_bind(fd, name);
    if (why == EADDRINUSE && claim_sockets_any(c->name, NULL, may_write, c) == CLAIM_NO) {
        if (getrandom(&salt, sizeof salt, 0) != (ssize_t)sizeof salt)
            return errno;
        snprintf(name, sizeof name, "%.72s:%016llx", c->name, (unsigned long long)salt);
        why = try_bind(fd, name);
    }
    if (why == 0 && claim_sockets_any(c->name, name, may_write, c) == CLAIM_YES)
        why = EADDRINUSE;
    return why;
}

status claim_take(const char *path, const char *uid, struct claim *out, struct error *err)
{
    struct wish c;
    int fd, why;

    if (claim_set(&c, path, uid) != OK)
        return error_set(err, "%s: %s", path, strerror(errno));
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_set(err, "no socket: %s", strerror(errno));
    why = bind_claim(fd, &c);
    if (why != 0) {
        close(fd);
        return why == EADDRINUSE ? error_set(err, "another fell process is running this very experiment now; "
                                                  "`fell runs` shows how far it is")
                                 : error_set(err, "no socket: %s", strerror(why));
    }
    *out = (struct claim){.held = true, .socket = fd};
    if (claim_file_take(&out->file, path, uid, may_write, &c, err) == OK)
        return OK;
    out->held = false;
    close(fd);
    return FAILED;
}

status claim_beat(struct claim *c, char **note, struct error *err)
{
    *note = NULL;
    return c->held ? claim_file_beat(&c->file, note, err) : OK;
}

void claim_drop(struct claim *c)
{
    if (!c->held)
        return;
    claim_file_drop(&c->file); /* before the socket, which keeps others of this machine from taking it */
    close(c->socket);
    c->held = false;
}

static bool answers(const char *name)
{
    struct sockaddr_un to;
    const socklen_t size = address(name, &to);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool does;

    if (fd < 0)
        return false;
    does = connect(fd, (struct sockaddr *)&to, size) == 0;
    close(fd);
    return does;
}

bool claim_is_taken(const char *path, const char *uid)
{
    struct wish c;

    if (claim_set(&c, path, uid) != OK)
        return false;
    switch (claim_sockets_any(c.name, NULL, may_write, &c)) {
    case CLAIM_YES:
        return true;
    case CLAIM_UNKNOWN:
        if (answers(c.name))
            return true;
        break;
    case CLAIM_NO:
        break;
    }
    return claim_file_is_held(path, uid, may_write, &c);
}
