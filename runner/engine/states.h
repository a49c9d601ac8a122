/* states.h - the saved states of a run on their way to the disk.
 *
 * What a file costs is the wait until the disk has it, so states that come faster than that wait in memory
 * and are written together; of two for one file the later one is. Nobody is told of a state that is not safe.
 */
#ifndef ENGINE_STATES_H
#define ENGINE_STATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct state {
    char *path;
    int64_t epoch;
    bool best;
    char *bytes; /* NULL once it has been written */
    size_t size;
    char sha256[65];
};

/* Begin with zeros and the first two. */
struct states {
    const char
        *anchor; /* the file that a run goes on from; what it held before is kept beside it, as BEFORE */
    const char *before;
    size_t n, bytes;
    struct state *list; /* in the order in which they get their names */
    double due;         /* on the clock of time_monotonic(): when they are to be written */
    double moved;       /* when BEFORE was made */
};

/* The state of EPOCH goes to PATH; BYTES are the list's from here on. */
void states_add(struct states *s, const char *path, int64_t epoch, bool best, char *bytes, size_t size);

/* What ANCHOR held becomes BEFORE, unless that was so a moment ago: it is called before the file is replaced.
 */
void states_move(struct states *s);

/* Whether they are to be written now: some have waited for half a second, or take much memory. */
bool states_are_due(const struct states *s);

/* Write them all and call TELL for each. In any case none waits afterwards. */
status states_write(struct states *s, void (*tell)(void *arg, const struct state *one), void *arg,
                    struct error *err);

void states_release(struct states *s);

/* A state of more bytes than this does not wait. */
enum { STATES_BYTES = 4 << 20 };

#endif
