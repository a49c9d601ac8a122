/* claim.c - see claim.h. Called by the recorder, by `fell watch` and by `fell merge`. */
#include "record/claim.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* The name of UID in the file, which is told by its device and inode. 0 when there is no file. */
static socklen_t name_of(const char *path, const char *uid, struct sockaddr_un *name)
{
    struct stat file;
    int n;

    *name = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (stat(path, &file) != 0)
        return 0;
    n = snprintf(name->sun_path + 1, sizeof name->sun_path - 1, "fell:%lx:%lx:%.32s",
                 (unsigned long)file.st_dev, (unsigned long)file.st_ino, uid);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

status claim_take(const char *path, const char *uid, int *out, struct error *err)
{
    struct sockaddr_un name;
    const socklen_t size = name_of(path, uid, &name);
    int fd;

    if (size == 0)
        return error_set(err, "%s: %s", path, strerror(errno));
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_set(err, "no socket: %s", strerror(errno));
    if (bind(fd, (struct sockaddr *)&name, size) != 0) {
        int why = errno;

        close(fd);
        return why == EADDRINUSE ? error_set(err, "another fell process is running this very experiment now; "
                                                  "`fell runs` shows how far it is")
                                 : error_set(err, "no socket: %s", strerror(why));
    }
    *out = fd;
    return OK;
}

bool claim_is_taken(const char *path, const char *uid)
{
    struct sockaddr_un name;
    const socklen_t size = name_of(path, uid, &name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool taken = false;

    if (fd < 0)
        return false;
    if (size > 0)
        taken = connect(fd, (struct sockaddr *)&name, size) == 0;
    close(fd);
    return taken;
}
