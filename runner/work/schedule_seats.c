/* schedule_seats.c - the runs of a schedule, each a seat: added, put back, closed, and what they are worth so
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

struct seat *schedule_add_trial(struct schedule *s, int64_t epochs)
{
    const size_t first = s->nseats;

    while (s->nseats + s->repeats > s->room) {
        s->room = s->room ? 2 * s->room : 64;
        s->seat = mem_grow(s->seat, s->room, sizeof *s->seat);
    }
    for (size_t k = 0; k < s->repeats; k++)
        s->seat[s->nseats++] = (struct seat){.best = NAN, .last = NAN, .looked = NAN};
    begin_rungs(s, first / s->repeats, epochs);
    return &s->seat[first];
}

void schedule_put_back(struct schedule *s, size_t seat)
{
    s->back = mem_grow(s->back, s->nback + 1, sizeof *s->back);
    s->back[s->nback++] = seat;
}

void schedule_take_back(struct schedule *s, size_t seat)
{
    for (size_t i = 0; i < s->nback; i++)
        if (s->back[i] == seat) {
            s->back[i] = s->back[--s->nback];
            return;
        }
}

void schedule_close(struct schedule *s, size_t seat, const char *word)
{
    struct seat *w = &s->seat[seat];

    w->state = SLOT_ENDED;
    w->failed = !run_status_is_good(word);
    free(w->resume);
    w->resume = NULL;
    while (s->first_open < s->nseats && s->seat[s->first_open].state == SLOT_ENDED)
        s->first_open++;
}

void seat_add_value(const struct schedule *s, struct seat *w, int64_t epoch, double objective)
{
    const double value = s->t.objective.maximize ? -objective : objective;

    w->epochs = epoch;
    w->last = value;
    if (!isnan(value) && (isnan(w->best) || value < w->best))
        w->best = value;
}

double seat_value(const struct schedule *s, const struct seat *w)
{
    return s->t.objective.last ? w->last : w->best;
}
