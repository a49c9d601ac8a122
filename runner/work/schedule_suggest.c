/* schedule_suggest.c - what an adaptive strategy adds to a schedule: further trials, made of what earlier
 * ones were worth. The strategy itself is the experiment's (trials/). See schedule_impl.h.
 */
#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "work/schedule_impl.h"

/* The mean over the repeats that have one; else NAN. */
static double trial_value(const struct schedule *s, size_t trial)
{
    double sum = 0;
    size_t n = 0;

    for (size_t k = 0; k < s->repeats; k++) {
        const struct seat *w = &s->seat[trial * s->repeats + k];
        const double value = w->failed ? NAN : seat_value(s, w);

        if (!isnan(value)) {
            sum += value;
            n++;
        }
    }
    return n ? sum / (double)n : NAN;
}

/* What the strategy makes of the trials that trial NUMBER may know. */
static status ask_strategy(struct schedule *s, size_t number, struct arena *arena, struct trial *t,
                           bool *none, struct error *err)
{
    const size_t lag = (size_t)s->t.adaptive->lag, n = number > lag ? number - lag : 0;
    double *value = mem_array(n, sizeof *value);
    struct diag *d = diag_new();
    status result;

    for (size_t i = 0; i < n; i++)
        value[i] = trial_value(s, i);
    result = experiment_suggest(s->t.adaptive, n, value, arena, t, none, d);
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

bool schedule_may_suggest(const struct schedule *s)
{
    const struct experiment *e = s->t.adaptive;
    const size_t number = s->nseats / s->repeats, lag = e ? (size_t)e->lag : 0;

    return e && !s->exhausted && number < (size_t)e->ntrials &&
           (number <= lag || s->first_open >= (number - lag) * s->repeats);
}

static void tell_exhausted(struct schedule *s, size_t number)
{
    char *text =
        mem_format("%lld trials are wanted, but the strategy has no more than %zu: its next suggestions "
                   "were all %s",
                   (long long)s->t.adaptive->ntrials, number, experiment_passed_over(s->t.adaptive));

    s->exhausted = true;
    s->host.note(s->host.arg, text);
    free(text);
}

status schedule_suggest(struct schedule *s, struct error *err)
{
    const size_t number = s->nseats / s->repeats;
    struct arena *arena = arena_new();
    int64_t *ids = mem_array(s->repeats, sizeof *ids);
    struct trial t;
    bool none = false;
    status result = ask_strategy(s, number, arena, &t, &none, err);

    if (result == OK && none)
        tell_exhausted(s, number);
    else if (result == OK && (result = s->host.store(s->host.arg, &t, ids, err)) == OK) {
        struct seat *w = schedule_add_trial(s, t.spec->train.epochs);

        for (size_t k = 0; k < s->repeats; k++)
            w[k].id = ids[k];
    }
    free(ids);
    arena_free(arena);
    return result;
}

/* Repeats of TRIAL that an experiment which was extended by them does not have yet. */
static status add_repeats(struct schedule *s, size_t trial, const struct run_task *task, struct error *err)
{
    struct seat *w = &s->seat[trial * s->repeats];
    struct trial t = task->stored;
    int64_t *ids = mem_array(s->repeats, sizeof *ids);
    status result;

    t.number = (int64_t)trial;
    result = s->host.store(s->host.arg, &t, ids, err);
    for (size_t k = 0; k < s->repeats && result == OK; k++)
        if (!w[k].id && ids[k])
            w[k] = (struct seat){.id = ids[k], .best = NAN, .last = NAN};
    free(ids);
    return result;
}

/* The strategy knows TRIAL, which is stored. */
static status remember_trial(struct schedule *s, size_t trial, struct error *err)
{
    const struct seat *w = &s->seat[trial * s->repeats];
    struct run_task task = {.stored.resolved = ""};
    bool whole = true;
    status result = OK;

    for (size_t k = 0; k < (size_t)s->t.repeats; k++)
        whole = whole && w[k].id;
    for (size_t k = 0; k < s->repeats && !task.run; k++)
        task.run = w[k].id;
    if (task.run)
        result = schedule_fetch(s, &task, err);
    if (result == OK && experiment_recall(s->t.adaptive, &task.stored) && !whole)
        result = add_repeats(s, trial, &task, err);
    run_task_release(&task);
    return result;
}

/* Those that an adaptive strategy has had a say in already. */
status schedule_remember(struct schedule *s, struct error *err)
{
    status result = OK;

    for (size_t i = 0; s->t.adaptive && i < s->nseats / s->repeats && result == OK; i++)
        result = remember_trial(s, i, err);
    return result;
}
