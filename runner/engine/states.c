/* states.c - see states.h. Knows files and bytes, not what is in them.
 *
 * A run that was killed goes on from a state whose rows were committed (work/resume.c), which takes the
 * recorder a quarter of a second; hence the half second between two writings, and the one state before the
 * last.
 */
#include "engine/states.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/new_file.h"
#include "base/text.h"

enum { MOST_FILES = 64 /* open at once */ };
static const double pause_between = 0.5; /* seconds */
static const double share = 9.0;         /* training takes so many times what writing takes */

static void drop(struct state *one)
{
    free(one->path);
    free(one->bytes);
}

void states_release(struct states *s)
{
    for (size_t i = 0; i < s->n; i++)
        drop(&s->list[i]);
    free(s->list);
    s->list = NULL;
    s->n = s->bytes = 0;
}

void states_add(struct states *s, const char *path, int64_t epoch, bool best, char *bytes, size_t size)
{
    size_t i = 0;

    while (i < s->n && strcmp(s->list[i].path, path) != 0)
        i++;
    if (i < s->n) { /* the last place is the new one's */
        s->bytes -= s->list[i].size;
        drop(&s->list[i]);
        memmove(&s->list[i], &s->list[i + 1], (s->n - i - 1) * sizeof *s->list);
        s->n--;
    }
    s->list = mem_grow(s->list, s->n + 1, sizeof *s->list);
    s->list[s->n++] =
        (struct state){.path = mem_string(path), .epoch = epoch, .best = best, .bytes = bytes, .size = size};
    s->bytes += size;
}

bool states_are_due(const struct states *s)
{
    return s->n && (s->bytes > STATES_BYTES || time_monotonic() >= s->due);
}

void states_move(struct states *s)
{
    const double now = time_monotonic();

    if (!s->anchor || !s->before || now < s->moved + pause_between || access(s->anchor, F_OK) != 0)
        return;
    unlink(s->before);
    /* A file system without second names has no state before the last. */
    if (link(s->anchor, s->before) == 0)
        s->moved = now;
}

static status write_some(struct states *s, size_t from, size_t to, struct error *err)
{
    struct new_file files[MOST_FILES];
    size_t n = 0;
    status result = OK;

    for (size_t i = from; i < to && result == OK; i++) {
        const struct state *one = &s->list[i];

        result = new_file_begin(&files[n], one->path, err);
        if (result == OK && fwrite(one->bytes, 1, one->size, files[n++].to) != one->size)
            result = error_set(err, "cannot write '%s': %s", one->path, strerror(errno));
        if (result == OK && s->anchor && strcmp(one->path, s->anchor) == 0)
            states_move(s);
    }
    if (result == OK)
        return new_files_end(files, n, NEW_FILE_REPLACE, err);
    new_files_end(files, n, NEW_FILE_DROP, NULL);
    return result;
}

status states_write(struct states *s, void (*tell)(void *arg, const struct state *one), void *arg,
                    struct error *err)
{
    const double began = time_monotonic();
    status result = OK;
    double now;

    for (size_t from = 0; from < s->n && result == OK; from += MOST_FILES) {
        const size_t to = from + MOST_FILES < s->n ? from + MOST_FILES : s->n;

        result = write_some(s, from, to, err);
        for (size_t i = from; i < to && result == OK; i++) {
            sha256_text(s->list[i].bytes, s->list[i].size, s->list[i].sha256);
            tell(arg, &s->list[i]);
        }
    }
    now = time_monotonic();
    s->due = now + (share * (now - began) > pause_between ? share * (now - began) : pause_between);
    states_release(s);
    return result;
}
