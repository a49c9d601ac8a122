/* schedule.c - see schedule.h. Whose turn it is, and what follows from what happens to a run. Pruning is in
 * schedule_rungs.c, further trials in schedule_suggest.c, runs of an earlier time in schedule_load.c.
 */
#include "work/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/run_status.h"
#include "base/text.h"
#include "work/schedule_impl.h"
#include "record/database.h"

/* ---- values ------------------------------------------------------------------------- */

static double objective_of(const struct schedule *s, const struct seat *w, const struct epoch_report *r)
{
    if (s->probe)
        return w->looked;
    if (!s->metric)
        return r->loss[s->split];
    for (size_t i = 0; i < r->nmetrics; i++)
        if (r->metrics[i].split == s->split && strcmp(r->metrics[i].name, s->metric) == 0)
            return r->metrics[i].value;
    return NAN;
}

/* ---- who is next ---------------------------------------------------------------------- */

/* Paused runs of a trial that is pruned end with it. */
static status end_pruned(struct schedule *s, size_t trial, struct error *err)
{
    for (size_t k = 0; k < s->repeats; k++) {
        const size_t seat = trial * s->repeats + k;
        struct seat *w = &s->seat[seat];

        if (w->state != SLOT_PAUSED)
            continue;
        schedule_take_back(s, seat);
        if (s->host.over(s->host.arg, w->id, run_end_word(RUN_PRUNED), w->epochs, s->trial[trial].reason,
                         err) != OK)
            return FAILED;
        schedule_close(s, seat, run_end_word(RUN_PRUNED));
    }
    return OK;
}

static status settle(struct schedule *s, struct error *err)
{
    for (size_t i = 0; s->trial && i < s->nback;) {
        const size_t trial = s->back[i] / s->repeats;

        rungs_decide(s, trial);
        if (!s->trial[trial].pruned || s->seat[s->back[i]].state != SLOT_PAUSED) {
            i++;
        } else if (end_pruned(s, trial, err) != OK) {
            return FAILED;
        } else {
            i = 0; /* the list has changed, and what is known */
        }
    }
    return OK;
}

/* The lowest seat that can start; what cannot yet is put aside. */
static bool pick(struct schedule *s, size_t *out)
{
    size_t lowest = SIZE_MAX;

    for (; s->next < s->nseats; s->next++) {
        if (s->seat[s->next].state != SLOT_QUEUED)
            continue;
        if (rungs_free(s, s->next))
            break;
        s->seat[s->next].state = SLOT_PAUSED;
        schedule_put_back(s, s->next);
    }
    for (size_t i = 0; i < s->nback; i++)
        if (s->back[i] < lowest && rungs_free(s, s->back[i]))
            lowest = s->back[i];
    if (lowest != SIZE_MAX)
        schedule_take_back(s, lowest);
    else if (s->next < s->nseats)
        lowest = s->next++;
    *out = lowest;
    return lowest != SIZE_MAX;
}

/* The same, with all that can be decided: what was put aside, after a restart everything that reached a rung,
 * may be free, or pruned, by what the others have. */
static status settle_and_pick(struct schedule *s, size_t *out, bool *found, struct error *err)
{
    size_t before;

    do {
        if (settle(s, err) != OK)
            return FAILED;
        before = s->nback;
        *found = !s->stopped && pick(s, out);
    } while (!*found && s->nback > before);
    return OK;
}

static status give_out(struct schedule *s, size_t seat, struct run_task *out, struct error *err)
{
    struct seat *w = &s->seat[seat];

    *out = (struct run_task){.seat = seat,
                             .run = w->id,
                             .trial = (int64_t)(seat / s->repeats),
                             .repeat = (int64_t)(seat % s->repeats),
                             .resume_path = w->resume,
                             .paused = w->paused,
                             .ask_epoch = rungs_next_epoch(s, seat)};
    w->resume = NULL;
    w->state = SLOT_RUNNING;
    return schedule_fetch(s, out, err);
}

status schedule_next(struct schedule *s, struct run_task *out, bool *none, struct error *err)
{
    size_t seat;
    bool found;

    *none = true;
    if (settle_and_pick(s, &seat, &found, err) != OK)
        return FAILED;
    if (s->stopped)
        return OK;
    if (!found) {
        if (!schedule_may_suggest(s))
            return OK;
        if (schedule_suggest(s, err) != OK)
            return FAILED;
        if (!pick(s, &seat))
            return OK;
    }
    *none = false;
    return give_out(s, seat, out, err);
}

/* ---- what happens ---------------------------------------------------------------------- */

void schedule_epoch(struct schedule *s, size_t seat, const struct epoch_report *r)
{
    if (!r->partial)
        seat_add_value(s, &s->seat[seat], r->epoch, objective_of(s, &s->seat[seat], r));
    s->seat[seat].looked = NAN;
}

void schedule_look(struct schedule *s, size_t seat, const struct packed_look *l)
{
    for (size_t i = 0; s->probe && i < l->n; i++) {
        const struct probe_row r = packed_look_row(l, i);
        char *name = r.position
                         ? NULL
                         : mem_format("probe.%s.%s%s%s", l->probe, r.name, r.layer[0] ? "." : "", r.layer);

        if (name && strcmp(name, s->probe) == 0)
            s->seat[seat].looked = r.value;
        free(name);
    }
}

enum verdict schedule_ask(struct schedule *s, size_t seat, int64_t epoch, int64_t *next, const char **reason)
{
    const size_t trial = seat / s->repeats;

    *next = 0;
    if (!s->trial)
        return VERDICT_GO;
    rungs_reach(s, seat, epoch);
    rungs_decide(s, trial);
    if (s->trial[trial].pruned) {
        *reason = s->trial[trial].reason;
        return VERDICT_PRUNE;
    }
    if (!rungs_free(s, seat))
        return VERDICT_PAUSE;
    *next = rungs_next_epoch(s, seat);
    return VERDICT_GO;
}

void schedule_paused(struct schedule *s, size_t seat, const char *checkpoint)
{
    s->seat[seat].state = SLOT_PAUSED;
    s->seat[seat].resume = mem_string(checkpoint);
    s->seat[seat].paused = true;
    schedule_put_back(s, seat);
}

/* Diverging is no accident: the same bits would diverge again. */
static bool is_worth_a_retry(const char *word)
{
    const enum run_status s = run_status_find(word);

    return s < STATUSES && run_statuses[s].retried;
}

bool schedule_ended(struct schedule *s, size_t seat, const char *word)
{
    struct seat *w = &s->seat[seat];
    const int64_t tolerated = s->t.first->on_failure;

    if (run_status_is(word, STATUS_INTERRUPTED)) {
        w->state = SLOT_QUEUED; /* of another time: it is not before `next` any more */
        return false;
    }
    if (is_worth_a_retry(word) && w->tries < s->t.first->retries && !s->stopped) {
        free(w->rung);
        *w = (struct seat){.id = w->id, .best = NAN, .last = NAN, .tries = (uint16_t)(w->tries + 1)};
        schedule_put_back(s, seat);
        return true;
    }
    schedule_close(s, seat, word);
    s->failures += w->failed;
    s->stopped |= tolerated >= 0 && s->failures > tolerated;
    return false;
}

bool schedule_is_stopped(const struct schedule *s)
{
    return s->stopped;
}

status schedule_interrupt(struct schedule *s, struct error *err)
{
    for (size_t i = 0; i < s->nback; i++) {
        const struct seat *w = &s->seat[s->back[i]];

        if (w->state == SLOT_PAUSED &&
            s->host.over(s->host.arg, w->id, run_end_word(RUN_INTERRUPTED), w->epochs, NULL, err) != OK)
            return FAILED;
    }
    s->nback = 0;
    return OK;
}

/* ---- the schedule ------------------------------------------------------------------------- */

/* Those that may still be suggested included. */
static int64_t count_runs(const struct schedule *s)
{
    const size_t more = s->t.adaptive && !s->exhausted ? (size_t)s->t.adaptive->ntrials * s->repeats : 0;

    return (int64_t)(more > s->nseats ? more : s->nseats);
}

int64_t schedule_left(const struct schedule *s)
{
    return count_runs(s) - s->ended_before;
}

static void count_ended(struct schedule *s)
{
    s->first_open = 0;
    while (s->first_open < s->nseats && s->seat[s->first_open].state == SLOT_ENDED)
        s->first_open++;
    for (size_t i = 0; i < s->nseats; i++)
        s->ended_before += s->seat[i].state == SLOT_ENDED;
}

static void read_objective(struct schedule *s)
{
    const char *name = s->t.objective.name, *dot = name ? strchr(name, '.') : NULL;
    const struct spec *first = s->t.first;

    s->split = spec_has_validation(first) ? SPLIT_VALIDATION : SPLIT_TRAIN;
    if (!dot)
        return;
    if (strncmp(name, "probe.", 6) == 0) {
        s->probe = name;
        return;
    }
    for (int i = SPLIT_TRAIN; i < SPLITS; i++)
        if (strncmp(split_name((enum split)i), name, (size_t)(dot - name)) == 0)
            s->split = (enum split)i;
    s->metric = strcmp(dot + 1, "loss") == 0 ? NULL : dot + 1;
}

status schedule_new(struct recorder *r, const char *db, struct registry *reg, const struct training *t,
                    int64_t id, const struct schedule_host *host, struct schedule **out, struct error *err)
{
    struct schedule *s = mem_alloc(sizeof *s);

    s->recorder = r;
    s->registry = reg;
    s->t = *t;
    s->host = *host;
    s->repeats = (size_t)t->repeats;
    read_objective(s);
    if (schedule_load(s, db, id, err) == OK && schedule_remember(s, err) == OK) {
        count_ended(s);
        *out = s;
        return OK;
    }
    schedule_free(s);
    *out = NULL;
    return FAILED;
}

void schedule_free(struct schedule *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->nseats; i++) {
        free(s->seat[i].rung);
        free(s->seat[i].resume);
    }
    sqlite3_finalize(s->fetch);
    sqlite3_finalize(s->params);
    stored_spec_drop(s->read);
    for (size_t i = 0; s->trial && i < s->nseats / s->repeats; i++)
        free(s->trial[i].reason);
    free(s->seat);
    free(s->back);
    free(s->trial);
    free(s);
}
