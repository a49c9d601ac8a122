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
#include <time.h>
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
    char facts[FILE_FACTS]; /* not its number alone, which another file may get: what is mapped is a copy */
    struct opened *opened;  /* or NULL, with the message */
    char *path, *message;
} * outcomes;

static status outcome_of(const struct outcome *o, struct opened **out, struct error *err)
{
    *out = o->opened;
    return o->opened ? OK : error_set(err, "%s", o->message);
}

status plugin_open(const char *path, bool bundled, struct opened **out, struct error *err)
{
    struct plugin_bytes bytes;
    struct outcome *o;
    struct stat about;
    char facts[FILE_FACTS], after[FILE_FACTS];
    bool settled;

    *out = NULL;
    if (check_file(path, &about, err) != OK)
        return FAILED;
    file_facts(&about, facts);
    for (o = outcomes; o; o = o->next)
        if (strcmp(o->facts, facts) == 0 && strcmp(o->path, path) == 0)
            return outcome_of(o, out, err);
    settled = file_is_settled(about.st_ctim.tv_sec, (int64_t)time(NULL));
    if (plugin_read(path, &bytes, err) != OK)
        return FAILED;
    if (stat(path, &about) == 0)
        file_facts(&about, after);
    else
        settled = false;
    o = mem_alloc(sizeof *o);
    *o = (struct outcome){.next = outcomes, .path = mem_string(path)};
    memcpy(o->facts, facts, sizeof facts);
    outcomes = o;
    if ((!bundled && plugin_probe(path, err) != OK) || plugin_load(&bytes, bundled, &o->opened, err) != OK)
        o->message = mem_string(err->text);
    else if (settled && strcmp(after, facts) == 0)
        memcpy(o->opened->file.facts, facts, sizeof facts);
    free(bytes.text);
    return outcome_of(o, out, err);
}

/* ---- hashes ------------------------------------------------------------------------ */

static struct known {
    struct known *next;
    char facts[FILE_FACTS], sha256[65];
} * known_hashes;

static const struct known *find_known(const char *facts)
{
    const struct known *k = *facts ? known_hashes : NULL;

    while (k && strcmp(k->facts, facts) != 0)
        k = k->next;
    return k;
}

void plugin_hash_known(const char *facts, const char *sha256)
{
    struct known *k;

    if (!*facts || strlen(sha256) != 64 || find_known(facts))
        return;
    k = mem_alloc(sizeof *k);
    k->next = known_hashes;
    snprintf(k->facts, sizeof k->facts, "%s", facts);
    memcpy(k->sha256, sha256, sizeof k->sha256);
    known_hashes = k;
}

static status hash_copy(struct plugin_file *file, struct error *err)
{
    lseek(file->copy, 0, SEEK_SET);
    return sha256_open_file(file->copy, file->path, file->sha256, err);
}

status plugin_file_hash(struct plugin_file *file, struct error *err)
{
    const struct known *known = find_known(file->facts);
    status result = OK;

    if (file->sha256[0])
        return OK;
    if (known)
        memcpy(file->sha256, known->sha256, sizeof file->sha256);
    else if (!file->copy)
        return sha256_file(file->path, file->sha256, err);
    else
        result = hash_copy(file, err);
    if (result == OK && file->copy) {
        close(file->copy);
        file->copy = 0;
    }
    return result;
}
