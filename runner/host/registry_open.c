/* registry_open.c - a plugin file is opened once in a process, and safely.
 *
 * It is read once (registry_read.c); what did not come with the program is probed (registry_probe.c); then
 * what was read is loaded (registry_load.c). Does not search (registry.c).
 */
#include "host/registry_open.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static status check_file(const char *path, struct stat *about, struct error *err)
{
    if (stat(path, about) != 0)
        return error_set(err, "%s: %s", path, errno == ENOENT ? "no such file" : strerror(errno));
    if (S_ISDIR(about->st_mode))
        return error_set(err, "%s: a folder, not a plugin", path);
    if (!S_ISREG(about->st_mode))
        return error_set(err, "%s: not a regular file", path);
    return OK;
}

/* ---- once in a process ------------------------------------------------------------ */

/* What became of each file. It outlives every registry, as the opened objects do. */
static struct outcome {
    struct outcome *next;
    dev_t device;
    ino_t inode; /* another file may get it, since what is mapped is a copy: hence the rest */
    off_t size;
    struct timespec changed;
    struct opened *opened; /* or NULL, with the message */
    char *path, *message;
} * outcomes;

static status outcome_of(const struct outcome *o, struct opened **out, struct error *err)
{
    *out = o->opened;
    return o->opened ? OK : error_set(err, "%s", o->message);
}

static bool is_same_file(const struct outcome *o, const struct stat *s)
{
    return o->device == s->st_dev && o->inode == s->st_ino && o->size == s->st_size &&
           o->changed.tv_sec == s->st_ctim.tv_sec && o->changed.tv_nsec == s->st_ctim.tv_nsec;
}

status plugin_open(const char *path, bool bundled, struct opened **out, struct error *err)
{
    struct plugin_bytes bytes;
    struct outcome *o;
    struct stat about;

    *out = NULL;
    if (check_file(path, &about, err) != OK)
        return FAILED;
    for (o = outcomes; o; o = o->next)
        if (is_same_file(o, &about) && strcmp(o->path, path) == 0)
            return outcome_of(o, out, err);
    if (plugin_read(path, &bytes, err) != OK)
        return FAILED;
    o = mem_alloc(sizeof *o);
    *o = (struct outcome){.next = outcomes,
                          .device = about.st_dev,
                          .inode = about.st_ino,
                          .size = about.st_size,
                          .changed = about.st_ctim,
                          .path = mem_string(path)};
    outcomes = o;
    if ((!bundled && plugin_probe(path, err) != OK) || plugin_load(&bytes, bundled, &o->opened, err) != OK)
        o->message = mem_string(err->text);
    free(bytes.text);
    return outcome_of(o, out, err);
}

status plugin_file_hash(struct plugin_file *file, struct error *err)
{
    status result;

    if (file->sha256[0])
        return OK;
    if (!file->copy)
        return sha256_file(file->path, file->sha256, err);
    lseek(file->copy, 0, SEEK_SET);
    result = sha256_open_file(file->copy, file->path, file->sha256, err);
    if (result == OK) {
        close(file->copy);
        file->copy = 0;
    }
    return result;
}
