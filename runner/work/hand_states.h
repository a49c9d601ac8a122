/* hand_states.h - the folder of a run's states while the run is at work: made before it, and cleared of what
 * is of no use any more.
 */
#ifndef WORK_HAND_STATES_H
#define WORK_HAND_STATES_H

#include "work/hand.h"

/* fell.db.checkpoints/RUN, made; NULL when the spec wants no checkpoints. free() it. */
status hand_make_folder(const struct hand *h, const struct hand_env *env, char **out, struct error *err);

/* The first N files of resume_files are of no use any more. */
status hand_forget_states(int64_t run, const struct hand_env *env, size_t n, struct error *err);

/* A run that is over needs no state to go on from, once the database says that it is over. */
status hand_forget_after_commit(int64_t run, const struct hand_env *env, struct error *err);

#endif
