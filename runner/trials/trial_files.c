/* trial_files.c - what a trial is known by: its resolved spec, with numbers in the place of paths.
 *
 * Files are numbered as they come. So a spec is the same experiment from whatever folder it is run, and
 * another place of a file is not another trial; what is in the files is hashed by the runner. Contents are
 * looked at only where two files have one size. See trials.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "host/settings.h"
#include "spec/spec_paths.h"
#include "trials/trials.h"

static const char *hash_of(struct trial_file *f)
{
    struct error unreadable; /* told when its rows are read */

    if (!f->sha256[0] && sha256_file(f->path, f->sha256, &unreadable) != OK)
        snprintf(f->sha256, sizeof f->sha256, "-");
    return f->sha256;
}

static bool are_same(struct trial_file *a, struct trial_file *b)
{
    if (a->inode && a->device == b->device && a->inode == b->inode)
        return true;
    return a->regular && b->regular && a->size == b->size && strcmp(hash_of(a), "-") != 0 &&
           strcmp(hash_of(a), hash_of(b)) == 0;
}

static struct trial_file look_at(const char *path)
{
    struct trial_file f = {.path = path};
    struct stat about;

    if (stat(path, &about) == 0) {
        f.regular = S_ISREG(about.st_mode);
        f.device = about.st_dev;
        f.inode = about.st_ino;
        f.size = about.st_size;
    }
    return f;
}

static size_t number_of(const struct experiment *e, const char *path)
{
    struct trials *t = e->trials;
    struct trial_file f;
    size_t most = 0;

    for (size_t i = 0; i < t->nfiles; i++)
        if (strcmp(t->files[i].path, path) == 0)
            return t->files[i].number;
    f = look_at(path);
    for (size_t i = 0; i < t->nfiles && !f.number; i++) {
        if (are_same(&t->files[i], &f))
            f.number = t->files[i].number;
        most = t->files[i].number > most ? t->files[i].number : most;
    }
    if (!f.number)
        f.number = most + 1;
    f.path = arena_string(e->arena, path, strlen(path));
    if (t->nfiles == t->files_room)
        t->files = mem_grow(t->files, t->files_room = 2 * t->files_room + 8, sizeof *t->files);
    t->files[t->nfiles++] = f;
    return f.number;
}

struct naming {
    const struct experiment *e;
    char text[32];
};

static const char *number_name(void *arg, const char *path)
{
    struct naming *n = arg;

    snprintf(n->text, sizeof n->text, "file %zu", number_of(n->e, path));
    return n->text;
}

static const char *name_before(void *arg, const char *path)
{
    (void)arg;
    return settings_path_unfolded(path);
}

static const char *renamed(const struct trial *t, struct arena *arena,
                           const char *(*name)(void *arg, const char *path), void *arg)
{
    char *text = spec_rename_paths(t->spec, t->resolved, name, arg);
    const char *kept = text ? arena_string(arena, text, strlen(text)) : t->resolved;

    free(text);
    return kept;
}

void trial_name_files(const struct experiment *e, struct trial *t, struct arena *arena)
{
    struct naming naming = {.e = e};

    t->known_by = renamed(t, arena, number_name, &naming);
    t->before = renamed(t, arena, name_before, NULL);
}
