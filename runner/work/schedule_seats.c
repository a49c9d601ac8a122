/* schedule_slots.c - the runs of a schedule, each a slot: added, put back, closed, and what they are worth so
 * far. Decides nothing. See schedule_impl.h.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/run_status.h"
#include "work/schedule_impl.h"

/* What a pruner decides on first. */
static void begin_rungs(struct schedule *s, size_t trial, int64_t epochs)
{
    if (s->t.pruner.kind == PRUNER_NONE)
        return;
    if (trial >= s->trial_room) {
        s->trial_room = 2 * trial + 16;
        s->trial = mem_grow(s->trial, s->trial_room, sizeof *s->trial);
    }
    s->trial[trial] = (struct trial_rungs){
        .epochs = epochs, .epoch = pruner_next_epoch(&s->t.pruner, (int64_t)trial, 0, epochs)};
}

struct slot *schedule_add_trial(struct schedule *s, int64_t epochs)
{
    const size_t first = s->nslots;

    while (s->nslots + s->repeats > s->room) {
        s->room = s->room ? 2 * s->room : 64;
        s->slot = mem_grow(s->slot, s->room, sizeof *s->slot);
    }
    for (size_t k = 0; k < s->repeats; k++)
        s->slot[s->nslots++] = (struct slot){.best = NAN, .last = NAN, .looked = NAN};
    begin_rungs(s, first / s->repeats, epochs);
    return &s->slot[first];
}

void schedule_put_back(struct schedule *s, size_t slot)
{
    s->back = mem_grow(s->back, s->nback + 1, sizeof *s->back);
    s->back[s->nback++] = slot;
}

void schedule_take_back(struct schedule *s, size_t slot)
{
    for (size_t i = 0; i < s->nback; i++)
        if (s->back[i] == slot) {
            s->back[i] = s->back[--s->nback];
            return;
        }
}

void schedule_close(struct schedule *s, size_t slot, const char *word)
{
    struct slot *w = &s->slot[slot];

    w->state = SLOT_ENDED;
    w->failed = !run_status_is_good(word);
    free(w->resume);
    w->resume = NULL;
    while (s->first_open < s->nslots && s->slot[s->first_open].state == SLOT_ENDED)
        s->first_open++;
}

void slot_add_value(const struct schedule *s, struct slot *w, int64_t epoch, double objective)
{
    const double value = s->t.objective.maximize ? -objective : objective;

    w->epochs = epoch;
    w->last = value;
    if (!isnan(value) && (isnan(w->best) || value < w->best))
        w->best = value;
}

double slot_value(const struct schedule *s, const struct slot *w)
{
    return s->t.objective.last ? w->last : w->best;
}
