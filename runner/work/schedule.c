/* schedule.c - see schedule.h. Whose turn it is, what a run was worth, and how it ended. Pruning
 * is in schedule_rungs.c, runs of an earlier time in schedule_load.c. Called by crew.c.
 */
#include "work/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/run_status.h"
#include "base/text.h"
#include "work/schedule_impl.h"
#include "record/database.h"

/* ---- slots -------------------------------------------------------------------------- */

struct slot *schedule_add_trial(struct schedule *s, int64_t epochs)
{
    const size_t first = s->nslots;

    while (s->nslots + s->repeats > s->room) {
        s->room = s->room ? 2 * s->room : 64;
        s->slot = mem_grow(s->slot, s->room, sizeof *s->slot);
    }
    for (size_t k = 0; k < s->repeats; k++)
        s->slot[s->nslots++] = (struct slot){.best = NAN, .last = NAN};
    rungs_begin_trial(s, first / s->repeats, epochs);
    return &s->slot[first];
}

static void put_back(struct schedule *s, size_t slot)
{
    s->back = mem_grow(s->back, s->nback + 1, sizeof *s->back);
    s->back[s->nback++] = slot;
}

static void take_back(struct schedule *s, size_t slot)
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

/* ---- values ------------------------------------------------------------------------- */

void slot_add_value(const struct schedule *s, struct slot *w, int64_t epoch, double objective)
{
    const double value = s->e->objective.maximize ? -objective : objective;

    w->epochs = epoch;
    w->last = value;
    if (!isnan(value) && (isnan(w->best) || value < w->best))
        w->best = value;
}

double slot_value(const struct schedule *s, const struct slot *w)
{
    return s->e->objective.last ? w->last : w->best;
}

/* The mean over the repeats that have one; else NAN. */
static double trial_value(const struct schedule *s, size_t trial)
{
    double sum = 0;
    size_t n = 0;

    for (size_t k = 0; k < s->repeats; k++) {
        const struct slot *w = &s->slot[trial * s->repeats + k];
        const double value = w->failed ? NAN : slot_value(s, w);

        if (!isnan(value)) {
            sum += value;
            n++;
        }
    }
    return n ? sum / (double)n : NAN;
}

static double objective_of(const struct schedule *s, const struct epoch_report *r)
{
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
        const size_t slot = trial * s->repeats + k;
        struct slot *w = &s->slot[slot];

        if (w->state != SLOT_PAUSED)
            continue;
        take_back(s, slot);
        if (s->host.over(s->host.arg, w->id, run_end_word(RUN_PRUNED), w->epochs, s->trial[trial].reason,
                         err) != OK)
            return FAILED;
        schedule_close(s, slot, run_end_word(RUN_PRUNED));
    }
    return OK;
}

static status settle(struct schedule *s, struct error *err)
{
    for (size_t i = 0; s->trial && i < s->nback;) {
        const size_t trial = s->back[i] / s->repeats;

        rungs_decide(s, trial);
        if (!s->trial[trial].pruned || s->slot[s->back[i]].state != SLOT_PAUSED) {
            i++;
        } else if (end_pruned(s, trial, err) != OK) {
            return FAILED;
        } else {
            i = 0; /* the list has changed, and what is known */
        }
    }
    return OK;
}

/* The lowest slot that can start; what cannot yet is put aside. */
static bool pick(struct schedule *s, size_t *out)
{
    size_t lowest = SIZE_MAX;

    for (; s->next < s->nslots; s->next++) {
        if (s->slot[s->next].state != SLOT_QUEUED)
            continue;
        if (rungs_free(s, s->next))
            break;
        s->slot[s->next].state = SLOT_PAUSED;
        put_back(s, s->next);
    }
    for (size_t i = 0; i < s->nback; i++)
        if (s->back[i] < lowest && rungs_free(s, s->back[i]))
            lowest = s->back[i];
    if (lowest != SIZE_MAX)
        take_back(s, lowest);
    else if (s->next < s->nslots)
        lowest = s->next++;
    *out = lowest;
    return lowest != SIZE_MAX;
}

/* What the strategy makes of the trials that trial NUMBER may know. */
static status ask_strategy(struct schedule *s, size_t number, struct arena *arena, struct trial *t,
                           bool *none, struct error *err)
{
    const size_t lag = (size_t)s->e->lag, n = number > lag ? number - lag : 0;
    double *value = mem_array(n, sizeof *value);
    struct diag *d = diag_new();
    status result;

    for (size_t i = 0; i < n; i++)
        value[i] = trial_value(s, i);
    result = experiment_suggest(s->e, n, value, arena, t, none, d);
    if (result != OK) {
        struct strbuf text = {0};

        diag_write(d, &text, false);
        error_set(err, "the strategy's trial %zu: %s", number, text.text ? text.text : "");
        strbuf_release(&text);
    }
    diag_free(d);
    free(value);
    return result;
}

static bool may_suggest(const struct schedule *s)
{
    const size_t number = s->nslots / s->repeats, lag = (size_t)s->e->lag;

    return s->e->adaptive && !s->exhausted && number < (size_t)s->e->ntrials &&
           (number <= lag || s->first_open >= (number - lag) * s->repeats);
}

static void tell_exhausted(struct schedule *s, size_t number)
{
    char *text =
        mem_format("%lld trials are wanted, but the strategy has no more than %zu: its next suggestions "
                   "were all %s",
                   (long long)s->e->ntrials, number,
                   s->e->nexcluded ? "excluded, or equal to an earlier one" : "equal to earlier ones");

    s->exhausted = true;
    s->host.note(s->host.arg, text);
    free(text);
}

static status suggest(struct schedule *s, struct error *err)
{
    const size_t number = s->nslots / s->repeats;
    struct arena *arena = arena_new();
    int64_t *ids = mem_array(s->repeats, sizeof *ids);
    struct trial t;
    bool none = false;
    status result = ask_strategy(s, number, arena, &t, &none, err);

    if (result == OK && none)
        tell_exhausted(s, number);
    else if (result == OK && (result = s->host.store(s->host.arg, &t, ids, err)) == OK) {
        struct slot *w = schedule_add_trial(s, t.spec->train.epochs);

        for (size_t k = 0; k < s->repeats; k++)
            w[k].id = ids[k];
    }
    free(ids);
    arena_free(arena);
    return result;
}

/* The statement for SQL, with the id of the run bound. */
static sqlite3_stmt *of_run(struct schedule *s, sqlite3_stmt **st, const char *sql, int64_t run)
{
    if (!*st)
        sqlite3_prepare_v3(recorder_handle(s->recorder), sql, -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
    sqlite3_bind_int64(*st, 1, run);
    return *st;
}

/* What the worker will understand, understood here too: the limits, the names of the layers. */
static status parse(struct schedule *s, struct run_task *out, struct error *err)
{
    struct diag *d = diag_new();
    const char *text = out->stored.resolved;
    const struct node *root =
        tree_parse_text(out->tree, "the resolved spec", "/", text, strlen(text), false, d);
    status result = OK;

    out->stored.spec = root ? spec_parse_in(out->arena, s->registry, root, s->e->name, d) : NULL;
    if (!out->stored.spec) {
        struct strbuf why = {0};

        diag_write(d, &why, false);
        result = error_set(err, "the stored spec of run %lld is not understood: %s", (long long)out->run,
                           why.text ? why.text : "");
        strbuf_release(&why);
    }
    diag_free(d);
    return result;
}

static void read_values(struct schedule *s, struct run_task *out)
{
    sqlite3_stmt *row =
        of_run(s, &s->params, "SELECT path, value FROM run_params WHERE run_id = ?1", out->run);
    struct axis_value *values = NULL;
    size_t n = 0;

    while (sqlite3_step(row) == SQLITE_ROW) {
        char number[32];
        const int type = sqlite3_column_type(row, 1);
        const char *text = type == SQLITE_NULL ? NULL : database_text(row, 1);

        if (type == SQLITE_FLOAT) {
            text_from_double(sqlite3_column_double(row, 1), number);
            text = number;
        }
        values = mem_grow(values, n + 1, sizeof *values);
        values[n++] = (struct axis_value){.path = arena_format(out->arena, "%s", database_text(row, 0)),
                                          .text = arena_format(out->arena, "%s", text ? text : "null"),
                                          .null = !text,
                                          .type = type == SQLITE_INTEGER ? VALUE_INT
                                                  : type == SQLITE_FLOAT ? VALUE_REAL
                                                                         : VALUE_TEXT,
                                          .i = sqlite3_column_int64(row, 1),
                                          .x = sqlite3_column_double(row, 1)};
    }
    sqlite3_reset(row);
    out->stored.nvalues = n;
    out->stored.values = arena_alloc(out->arena, n * sizeof *values);
    if (n)
        memcpy(out->stored.values, values, n * sizeof *values);
    free(values);
}

/* The spec and the seed that were stored, which are not those of today if the seed was drawn. */
static status fetch(struct schedule *s, struct run_task *out, struct error *err)
{
    sqlite3_stmt *row = of_run(s, &s->fetch, "SELECT seed, resolved FROM runs WHERE id = ?1", out->run);
    const bool found = row && sqlite3_step(row) == SQLITE_ROW;

    out->arena = arena_new();
    out->tree = tree_new();
    if (found) {
        out->seed = (uint64_t)sqlite3_column_int64(row, 0);
        out->stored.resolved = arena_format(out->arena, "%s", database_text(row, 1));
    }
    sqlite3_reset(row);
    if (!found)
        return error_set(err, "cannot read run %lld: %s", (long long)out->run,
                         sqlite3_errmsg(recorder_handle(s->recorder)));
    if (s->e->npaths)
        read_values(s, out);
    return parse(s, out, err);
}

void run_task_release(struct run_task *t)
{
    tree_free(t->tree);
    arena_free(t->arena);
    t->tree = NULL;
    free(t->resume_path);
    t->arena = NULL;
    t->resume_path = NULL;
}

static status give_out(struct schedule *s, size_t slot, struct run_task *out, struct error *err)
{
    struct slot *w = &s->slot[slot];

    *out = (struct run_task){.slot = slot,
                             .run = w->id,
                             .trial = (int64_t)(slot / s->repeats),
                             .repeat = (int64_t)(slot % s->repeats),
                             .resume_path = w->resume,
                             .paused = w->paused,
                             .ask_epoch = rungs_next_epoch(s, slot)};
    w->resume = NULL;
    w->state = SLOT_RUNNING;
    return fetch(s, out, err);
}

status schedule_next(struct schedule *s, struct run_task *out, bool *none, struct error *err)
{
    size_t slot;

    *none = true;
    if (settle(s, err) != OK)
        return FAILED;
    if (s->stopped)
        return OK;
    if (!pick(s, &slot)) {
        if (!may_suggest(s))
            return OK;
        if (suggest(s, err) != OK)
            return FAILED;
        if (!pick(s, &slot))
            return OK;
    }
    *none = false;
    return give_out(s, slot, out, err);
}

/* ---- what happens ---------------------------------------------------------------------- */

void schedule_epoch(struct schedule *s, size_t slot, const struct epoch_report *r)
{
    if (!r->partial)
        slot_add_value(s, &s->slot[slot], r->epoch, objective_of(s, r));
}

enum verdict schedule_ask(struct schedule *s, size_t slot, int64_t epoch, int64_t *next, const char **reason)
{
    const size_t trial = slot / s->repeats;

    *next = 0;
    if (!s->trial)
        return VERDICT_GO;
    rungs_reach(s, slot, epoch);
    rungs_decide(s, trial);
    if (s->trial[trial].pruned) {
        *reason = s->trial[trial].reason;
        return VERDICT_PRUNE;
    }
    if (!rungs_free(s, slot))
        return VERDICT_PAUSE;
    *next = rungs_next_epoch(s, slot);
    return VERDICT_GO;
}

void schedule_paused(struct schedule *s, size_t slot, const char *checkpoint)
{
    s->slot[slot].state = SLOT_PAUSED;
    s->slot[slot].resume = mem_string(checkpoint);
    s->slot[slot].paused = true;
    put_back(s, slot);
}

/* Diverging is no accident: the same bits would diverge again. */
static bool is_worth_a_retry(const char *word)
{
    const enum run_status s = run_status_find(word);

    return s < STATUSES && run_statuses[s].retried;
}

bool schedule_ended(struct schedule *s, size_t slot, const char *word)
{
    struct slot *w = &s->slot[slot];
    const int64_t tolerated = s->e->first->on_failure;

    if (run_status_is(word, STATUS_INTERRUPTED)) {
        w->state = SLOT_QUEUED; /* of another time: it is not before `next` any more */
        return false;
    }
    if (is_worth_a_retry(word) && w->tries < s->e->first->retries && !s->stopped) {
        free(w->rung);
        *w = (struct slot){.id = w->id, .best = NAN, .last = NAN, .tries = (uint16_t)(w->tries + 1)};
        put_back(s, slot);
        return true;
    }
    schedule_close(s, slot, word);
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
        const struct slot *w = &s->slot[s->back[i]];

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
    const size_t more = s->e->adaptive && !s->exhausted ? (size_t)s->e->ntrials * s->repeats : 0;

    return (int64_t)(more > s->nslots ? more : s->nslots);
}

int64_t schedule_left(const struct schedule *s)
{
    return count_runs(s) - s->ended_before;
}

/* Repeats of TRIAL that an experiment which was extended by them does not have yet. */
static status add_repeats(struct schedule *s, size_t trial, const struct run_task *task, struct error *err)
{
    struct slot *w = &s->slot[trial * s->repeats];
    struct trial t = task->stored;
    int64_t *ids = mem_array(s->repeats, sizeof *ids);
    status result;

    t.number = (int64_t)trial;
    result = s->host.store(s->host.arg, &t, ids, err);
    for (size_t k = 0; k < s->repeats && result == OK; k++)
        if (!w[k].id && ids[k])
            w[k] = (struct slot){.id = ids[k], .best = NAN, .last = NAN};
    free(ids);
    return result;
}

/* The strategy knows TRIAL, which is stored. */
static status remember_trial(struct schedule *s, size_t trial, struct error *err)
{
    const struct slot *w = &s->slot[trial * s->repeats];
    struct run_task task = {.stored.resolved = ""};
    bool whole = true;
    status result = OK;

    for (size_t k = 0; k < (size_t)s->e->repeats; k++)
        whole = whole && w[k].id;
    for (size_t k = 0; k < s->repeats && !task.run; k++)
        task.run = w[k].id;
    if (task.run)
        result = fetch(s, &task, err);
    if (result == OK && experiment_recall(s->e, &task.stored) && !whole)
        result = add_repeats(s, trial, &task, err);
    run_task_release(&task);
    return result;
}

/* Those that an adaptive strategy has had a say in already. */
static status remember_trials(struct schedule *s, struct error *err)
{
    status result = OK;

    for (size_t i = 0; s->e->adaptive && i < s->nslots / s->repeats && result == OK; i++)
        result = remember_trial(s, i, err);
    return result;
}

static void count_ended(struct schedule *s)
{
    s->first_open = 0;
    while (s->first_open < s->nslots && s->slot[s->first_open].state == SLOT_ENDED)
        s->first_open++;
    for (size_t i = 0; i < s->nslots; i++)
        s->ended_before += s->slot[i].state == SLOT_ENDED;
}

static void read_objective(struct schedule *s)
{
    const char *name = s->e->objective.name, *dot = name ? strchr(name, '.') : NULL;
    const struct spec *first = s->e->first;

    s->split =
        first->data.validation_share > 0 || first->data.validation.item ? SPLIT_VALIDATION : SPLIT_TRAIN;
    if (!dot)
        return;
    for (int i = SPLIT_TRAIN; i < SPLITS; i++)
        if (strncmp(split_name((enum split)i), name, (size_t)(dot - name)) == 0)
            s->split = (enum split)i;
    s->metric = strcmp(dot + 1, "loss") == 0 ? NULL : dot + 1;
}

status schedule_new(struct recorder *r, const char *db, struct registry *reg, struct experiment *e,
                    int64_t id, const struct schedule_host *host, struct schedule **out, struct error *err)
{
    struct schedule *s = mem_alloc(sizeof *s);

    s->recorder = r;
    s->registry = reg;
    s->e = e;
    s->host = *host;
    s->repeats = (size_t)e->repeats;
    read_objective(s);
    if (schedule_load(s, db, id, err) == OK && remember_trials(s, err) == OK) {
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
    for (size_t i = 0; i < s->nslots; i++) {
        free(s->slot[i].rung);
        free(s->slot[i].resume);
    }
    sqlite3_finalize(s->fetch);
    sqlite3_finalize(s->params);
    for (size_t i = 0; s->trial && i < s->nslots / s->repeats; i++)
        free(s->trial[i].reason);
    free(s->slot);
    free(s->back);
    free(s->trial);
    free(s);
}
