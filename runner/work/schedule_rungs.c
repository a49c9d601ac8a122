/* schedule_rungs.c - what a pruner decides, and when it can. See schedule.h.
 *
 * A rung is an epoch at which a trial is decided on: when all its repeats have reached it or have
 * ended, and so have all earlier trials that the decision may know (those more than the lag
 * before it). A run that reaches a rung before that is paused. The rule itself is sweep/pruner.c.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "work/schedule_impl.h"

enum { REASON = 512 };

int64_t rungs_next_epoch(const struct schedule *s, size_t seat)
{
    const size_t trial = seat / s->repeats;

    return s->trial
               ? pruner_next_epoch(&s->t.pruner, (int64_t)trial, s->seat[seat].epochs, s->trial[trial].epochs)
               : 0;
}

void rungs_reach(struct schedule *s, size_t seat, int64_t epoch)
{
    struct seat *w = &s->seat[seat];

    if (w->nrungs && w->rung[w->nrungs - 1].epoch >= epoch)
        return;
    w->rung = mem_grow(w->rung, w->nrungs + 1, sizeof *w->rung);
    w->rung[w->nrungs++] = (struct rung){epoch, seat_value(s, w)};
}

bool rungs_free(const struct schedule *s, size_t seat)
{
    const struct trial_rungs *t = s->trial ? &s->trial[seat / s->repeats] : NULL;

    return !t || (!t->pruned && s->seat[seat].nrungs <= t->decided);
}

/* ---- what is known ------------------------------------------------------------------ */

/* The rung of W at EPOCH, or NULL. */
static const struct rung *rung_at(const struct seat *w, int64_t epoch)
{
    size_t low = 0, high = w->nrungs;

    while (low < high) {
        const size_t middle = (low + high) / 2;

        if (w->rung[middle].epoch < epoch)
            low = middle + 1;
        else
            high = middle;
    }
    return low < w->nrungs && w->rung[low].epoch == epoch ? &w->rung[low] : NULL;
}

/* Whether nothing that is still to come changes what TRIAL has at EPOCH. */
static bool is_known(const struct schedule *s, size_t trial, int64_t epoch)
{
    if ((trial + 1) * s->repeats <= s->first_open ||
        pruner_next_epoch(&s->t.pruner, (int64_t)trial, epoch - 1, s->trial[trial].epochs) != epoch)
        return true;
    for (size_t k = 0; k < s->repeats; k++) {
        const struct seat *w = &s->seat[trial * s->repeats + k];

        if (w->state != SLOT_ENDED && !rung_at(w, epoch))
            return false;
    }
    return true;
}

/* The mean over the repeats that have a value there. */
static double value_at(const struct schedule *s, size_t trial, int64_t epoch)
{
    double sum = 0;
    size_t n = 0;

    for (size_t k = 0; k < s->repeats; k++) {
        const struct rung *r = rung_at(&s->seat[trial * s->repeats + k], epoch);

        if (r && !isnan(r->value)) {
            sum += r->value;
            n++;
        }
    }
    return n ? sum / (double)n : NAN;
}

/* ---- deciding ------------------------------------------------------------------------- */

static bool decide_rung(struct schedule *s, size_t trial)
{
    char reason[REASON];
    struct trial_rungs *t = &s->trial[trial];
    const int64_t lag = s->t.pruner.lag;
    const size_t n = (int64_t)trial > lag ? trial - (size_t)lag : 0;
    double *others;

    if (!is_known(s, trial, t->epoch))
        return false;
    for (size_t i = s->first_open / s->repeats; i < n; i++)
        if (!is_known(s, i, t->epoch))
            return false;
    others = mem_array(n, sizeof *others);
    for (size_t i = 0; i < n; i++)
        others[i] = value_at(s, i, t->epoch);
    t->pruned = pruner_decide(&s->t.pruner, (int64_t)trial, t->epoch, t->epochs, value_at(s, trial, t->epoch),
                              n, others, reason, sizeof reason);
    free(others);
    if (t->pruned)
        t->reason = mem_string(reason);
    if (!t->pruned) {
        t->decided++;
        t->epoch = pruner_next_epoch(&s->t.pruner, (int64_t)trial, t->epoch, t->epochs);
    }
    return true;
}

/* Whether a repeat of TRIAL stands at the rung that is decided next. */
static bool is_waited_for(const struct schedule *s, size_t trial)
{
    const struct trial_rungs *t = &s->trial[trial];

    for (size_t k = 0; k < s->repeats; k++)
        if (s->seat[trial * s->repeats + k].nrungs > t->decided)
            return t->epoch && !t->pruned;
    return false;
}

void rungs_decide(struct schedule *s, size_t trial)
{
    while (s->trial && is_waited_for(s, trial) && decide_rung(s, trial))
        ;
}
