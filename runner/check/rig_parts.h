/* rig_parts.h - a rig's memory from its opening to its end, and the work of each kind; for the files rig*.c
 * alone.
 */
#ifndef CHECK_RIG_PARTS_H
#define CHECK_RIG_PARTS_H

#include "check/rig.h"

/* What guards look like; before any buffer. */
void rig_memory_open(struct rig *g);

/* Put the rig's own scratch memory, and the threads and the order of blocks that its conditions want, behind
 * the plugin's ctx. */
status rig_memory_lend(struct rig *g, struct error *err);

/* Free the scratch memory of calls that have returned, which is kept so long, unset, for who looks at it too
 * late. */
void rig_memory_forget(struct rig *g);
void rig_memory_close(struct rig *g);

/* The trace, NULL if there is none. */
struct rig_trace *rig_traced(void);

/* What each kind does. FORWARD alone where there is no backward. */
struct kind_work {
    status (*prepare)(struct rig *g, struct error *err);
    status (*forward)(struct rig *g, struct error *err);
    status (*backward)(struct rig *g, struct error *err); /* may be NULL */
};
const struct kind_work *kind_work(enum fell_kind kind);
#define KIND_WORK(KIND, kind, field) extern const struct kind_work kind##_work;
KINDS(KIND_WORK)
#undef KIND_WORK

#endif
