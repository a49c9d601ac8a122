/* progress.c - keeps what is known of the workers. Showing it is progress_plain.c's where there is no
 * terminal, else progress_screen.c's, JSON progress_json.c's.
 * What it hears comes a million times a second for tiny nets: an epoch costs a
 * few stores, and the clock is read by the tick.
 */
#include "cli/progress_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/display.h"
#include "cli/results.h"
#include "cli/terminal.h"
#include "record/schema.h"

struct progress *progress_new(enum progress_mode mode)
{
    struct progress *p = mem_alloc(sizeof *p);

    p->view = mode == PROGRESS_QUIET       ? &progress_quiet
              : mode == PROGRESS_JSON      ? &progress_json
              : terminal_is(STDOUT_FILENO) ? &progress_screen
                                           : &progress_plain;
    p->name = mem_string("");
    p->objective.best = p->rate = p->left = NAN;
    p->began = p->now = time_monotonic();
    return p;
}

void progress_forget(struct at_work *l)
{
    free(l->label);
    for (size_t i = 0; i < l->nlooked; i++)
        free(l->looked[i].name);
    free(l->looked);
}

void progress_free(struct progress *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->nworkers; i++)
        progress_forget(&p->worker[i]);
    for (size_t i = 0; i < p->nwarned; i++)
        free(p->warned[i]);
    free(p->worker);
    free(p->drawn_width);
    free(p->objective.name);
    free(p->objective.label);
    free(p->name);
    free(p);
}

void progress_objective(struct progress *p, const char *name, bool maximize, bool at_last)
{
    struct objective *o = &p->objective;
    const char *dot = strchr(name, '.');

    free(o->name);
    *o = (struct objective){.maximize = maximize, .at_last = at_last, .best = NAN};
    for (int s = 0; dot && s < SPLITS; s++) {
        const char *split = split_name((enum split)s);

        if (strlen(split) == (size_t)(dot - name) && strncmp(split, name, strlen(split)) == 0) {
            o->name = mem_string(name);
            o->split = (enum split)s;
            o->metric = o->name + (dot + 1 - name);
            o->is_loss = strcmp(o->metric, "loss") == 0;
        }
    }
}

static void set_best(struct objective *o, int64_t run, const char *label, double value)
{
    if (o->run != run || !o->label) {
        free(o->label);
        o->label = mem_string(label);
    }
    o->run = run;
    o->best = value;
}

static status hear_earlier(void *arg, sqlite3 *db, int64_t experiment, struct error *err)
{
    static const char best[] =
        "SELECT run, value FROM leaderboard WHERE experiment = ?1 AND value IS NOT NULL\n"
        "AND status NOT IN " RUN_STATUSES_UNFINISHED "\n"
        "ORDER BY " SCHEMA_VALUE_RANK ", run LIMIT 1";
    struct progress *p = arg;
    char *label = NULL;
    sqlite3_stmt *s;
    int code;
    status st = OK;

    if (tally_read(db, experiment, &p->tally, err))
        return FAILED;
    p->tally.of[STATUS_QUEUED] = p->tally.of[STATUS_RUNNING] = p->tally.of[STATUS_INTERRUPTED] = 0;
    if (tally_ended(&p->tally) == 0 || !p->objective.name)
        return OK;
    if (results_query(db, best, 1, &experiment, &s, err))
        return FAILED;
    code = sqlite3_step(s);
    if (code == SQLITE_ROW && (st = results_label(db, sqlite3_column_int64(s, 0), &label, err)) == OK)
        set_best(&p->objective, sqlite3_column_int64(s, 0), label, sqlite3_column_double(s, 1));
    else if (code != SQLITE_ROW && code != SQLITE_DONE)
        st = results_error(db, err);
    sqlite3_finalize(s);
    free(label);
    return st;
}

/* The objective in E; NAN when it is not there. */
static double objective_of(struct objective *o, const struct epoch_report *e)
{
    if (o->is_loss)
        return e->loss[o->split];
    for (size_t k = 0; k < e->nmetrics; k++) {
        const size_t i = (o->at + k) % e->nmetrics;

        if (e->metrics[i].split == o->split && strcmp(e->metrics[i].name, o->metric) == 0) {
            o->at = i;
            return e->metrics[i].value;
        }
    }
    return NAN;
}

static void note_value(struct objective *o, const struct at_work *l)
{
    if (isfinite(l->objective) &&
        (isnan(o->best) || (o->maximize ? l->objective > o->best : l->objective < o->best)))
        set_best(o, l->run, l->label, l->objective);
}

static void hear_begin(void *arg, const char *name, int64_t runs, int workers, int64_t epochs)
{
    struct progress *p = arg;

    free(p->name);
    p->name = mem_string(name);
    p->runs = runs;
    p->tally.of[STATUS_QUEUED] += runs;
    p->epochs_wanted = (double)runs * (double)epochs;
    p->nworkers = p->allowed = (size_t)(workers > 0 ? workers : 1);
    p->worker = mem_array(p->nworkers, sizeof *p->worker);
    for (size_t i = 0; i < p->nworkers; i++)
        p->worker[i].epochs = epochs;
    p->began = p->now = time_monotonic();
    if (p->view->begin)
        p->view->begin(p);
}

static void hear_workers(void *arg, int n)
{
    struct progress *p = arg;

    p->allowed = (size_t)n;
    if (p->view->workers)
        p->view->workers(p);
}

/* The swept values of T as "lr=0.1 units=64". */
static char *label_of(const struct trial *t)
{
    struct strbuf b = {0};
    size_t n = t ? t->nvalues : 0;
    const char **paths = mem_array(n, sizeof *paths), **values = mem_array(n, sizeof *values);

    for (size_t i = 0; i < n; i++) {
        paths[i] = t->values[i].path;
        values[i] = t->values[i].text;
    }
    display_settings(&b, paths, values, n);
    free(paths);
    free(values);
    return b.text;
}

static struct at_work *worker_of(struct progress *p, int worker)
{
    return worker >= 0 && (size_t)worker < p->nworkers ? &p->worker[worker] : NULL;
}

static void hear_run_started(void *arg, int worker, int64_t run, int64_t trial, int64_t repeat,
                             const struct trial *t)
{
    struct progress *p = arg;
    struct at_work *l = worker_of(p, worker);
    bool had;
    int64_t epochs;

    if (!l)
        return;
    had = l->busy;
    p->now = time_monotonic();
    epochs = t && t->spec ? t->spec->train.epochs : l->epochs;
    free(l->label);
    *l = (struct at_work){.busy = true,
                          .run = run,
                          .trial = trial,
                          .repeat = repeat,
                          .label = label_of(t),
                          .began = p->now,
                          .told = p->now,
                          .epochs = epochs,
                          .train = NAN,
                          .held_out = NAN,
                          .objective = NAN,
                          .held_out_name = "validation"};
    p->tally.of[STATUS_QUEUED] -= !had; /* what it had is put off */
    p->tally.of[STATUS_RUNNING] += !had;
    if (p->view->run_started)
        p->view->run_started(p, l, t);
}

static void hear_run_resumed(void *arg, int worker, int64_t run, int64_t epoch, bool seen)
{
    struct progress *p = arg;
    struct at_work *l = worker_of(p, worker);

    if (!l || l->run != run)
        return;
    l->from = l->epoch = l->told_epoch = epoch;
    l->stepped = p->now;
    if (!seen)
        p->epochs_before += (double)epoch;
}

static void hear_epoch(void *arg, int worker, int64_t run, const struct epoch_report *e)
{
    struct progress *p = arg;
    struct at_work *l = worker_of(p, worker);

    if (!l || l->run != run)
        return;
    if (!e->partial) {
        l->epoch = e->epoch;
        l->train = e->loss[SPLIT_TRAIN];
        l->held_out_name =
            isnan(e->loss[SPLIT_VALIDATION]) && !isnan(e->loss[SPLIT_TEST]) ? "test" : "validation";
        l->held_out = e->loss[*l->held_out_name == 't' ? SPLIT_TEST : SPLIT_VALIDATION];
        l->stepped = p->stepped = p->now;
        if (p->objective.name) {
            l->objective = objective_of(&p->objective, e);
            if (!p->objective.at_last)
                note_value(&p->objective, l);
        }
    }
    l->samples += (double)e->samples;
    l->seconds += e->seconds;
    p->epochs_done += !e->partial;
    if (p->view->epoch)
        p->view->epoch(p, l, e);
}

static void hear_run_ended(void *arg, int worker, int64_t run, const char *status_word, const char *error)
{
    struct progress *p = arg;
    struct at_work *l = worker_of(p, worker);
    enum run_status how = run_status_find(status_word);

    if (!l || l->run != run)
        return;
    p->now = time_monotonic();
    p->ended++;
    p->tally.of[STATUS_RUNNING]--;
    p->tally.of[how < STATUSES ? how : STATUS_QUEUED]++; /* else it is put off */
    if (p->objective.at_last && how < STATUSES && run_statuses[how].end)
        note_value(&p->objective, l);
    p->epochs_done += (double)(l->epochs - l->epoch); /* those that will not come are no work left */
    if (p->view->run_ended)
        p->view->run_ended(p, l, status_word, error);
    l->busy = false;
}

static void hear_run_over(void *arg, int64_t run, const char *status_word, int64_t epochs)
{
    struct progress *p = arg;
    const enum run_status how = run_status_find(status_word);
    bool shown = false;

    for (size_t i = 0; i < p->nworkers; i++) { /* the worker that had it has had no other yet */
        struct at_work *l = &p->worker[i];

        if (l->busy && l->run == run) {
            l->busy = false;
            shown = true;
        }
    }
    p->tally.of[shown ? STATUS_RUNNING : STATUS_QUEUED]--;
    p->tally.of[how < STATUSES ? how : STATUS_QUEUED]++;
    p->ended += how != STATUS_INTERRUPTED;
    if (p->runs)
        p->epochs_done += fmax(p->epochs_wanted / (double)p->runs - (double)epochs, 0);
}

static void hear_run_again(void *arg, const char *status_word)
{
    struct progress *p = arg;
    const enum run_status how = run_status_find(status_word);

    if (how < STATUSES) {
        p->tally.of[how]--;
        p->tally.of[STATUS_QUEUED]++;
    }
    p->ended--;
    if (p->runs)
        p->epochs_done -= p->epochs_wanted / (double)p->runs;
}

static void hear_warning(void *arg, int worker, int64_t run, const char *text)
{
    static const char more[] = "there are other warnings: SELECT * FROM events WHERE kind = 'warning'";
    struct progress *p = arg;
    const struct at_work *l = worker_of(p, worker);

    if (!l || l->run != run || p->nwarned == PROGRESS_WARNINGS || !p->view->warning)
        return;
    for (size_t i = 0; i < p->nwarned; i++)
        if (strcmp(p->warned[i], text) == 0)
            return;
    if (p->nwarned == PROGRESS_WARNINGS - 1)
        text = more;
    p->warned[p->nwarned++] = mem_string(text);
    p->view->warning(p, l, text);
}

static void hear_note(void *arg, const char *text)
{
    struct progress *p = arg;

    if (p->view->note)
        p->view->note(p, text);
}

void progress_tick(struct progress *p)
{
    p->now = time_monotonic();
    if (p->view->tick)
        p->view->tick(p);
}

void progress_end(struct progress *p)
{
    p->now = time_monotonic();
    if (p->view->end)
        p->view->end(p);
    fflush(stdout);
}

static void hear_tick(void *arg)
{
    progress_tick(arg);
}

static void hear_end(void *arg)
{
    progress_end(arg);
}

const struct run_listener *progress_listener(struct progress *p)
{
    p->listener = (struct run_listener){.arg = p,
                                        .earlier = hear_earlier,
                                        .begin = hear_begin,
                                        .workers = hear_workers,
                                        .started = hear_run_started,
                                        .resumed = hear_run_resumed,
                                        .epoch = hear_epoch,
                                        .ended = hear_run_ended,
                                        .over = hear_run_over,
                                        .again = hear_run_again,
                                        .warning = hear_warning,
                                        .note = hear_note,
                                        .tick = hear_tick,
                                        .end = hear_end};
    return &p->listener;
}
