/* trial_now.h - a trial or scout of an experiment that loaded, where nothing can go wrong any more.
 */
#ifndef WORK_TRIAL_NOW_H
#define WORK_TRIAL_NOW_H

#include "trials/experiment.h"

static inline struct trial trial_now(const struct experiment *e, size_t number, struct arena *arena)
{
    struct diag *d = diag_new(); /* warnings were given when it was loaded */
    struct trial t = {0};

    experiment_trial(e, (int64_t)number, arena, &t, d);
    diag_free(d);
    return t;
}

static inline struct trial scout_now(const struct experiment *e, size_t number, struct arena *arena)
{
    struct diag *d = diag_new();
    struct trial t = {0};

    experiment_scout(e, number, arena, &t, d);
    diag_free(d);
    return t;
}

#endif
