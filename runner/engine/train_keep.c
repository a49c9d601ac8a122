/* train_keep.c - see train_keep.h. Decides nothing about the loop but early stopping. */
#include "engine/train_keep.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

/* Processor time of all threads of this process, in seconds. */
static double cpu_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- before the first epoch ------------------------------------------------------------------ */

/* What early stopping watches, and what the best checkpoint is best at: the objective of the sweep, or
 * else what early stopping watches. */
static status find_watches(struct keep *k, struct problem *p)
{
    if (measure_find_stop(k->learner->measure, k->spec, &k->best_watch, p) != OK)
        return FAILED;
    k->stop_watch = k->best_watch;
    return measure_find_objective(k->learner->measure, k->options->objective, k->options->maximize,
                                  &k->best_watch, p);
}

static status make_folder(struct keep *k, struct problem *p)
{
    const char *folder = k->options->checkpoint_folder;
    struct error err;

    if (!k->spec->checkpoint.on || !folder)
        return OK;
    if (path_make_folder(folder, &err) != OK)
        return problem_set(p, "", 0, "", "%s", err.text);
    if (k->spec->checkpoint.keep_all || k->spec->checkpoint.nkeep)
        k->folder = folder;
    if (k->spec->checkpoint.keep_last)
        k->last_path = path_join(folder, "last.safetensors");
    if (k->spec->checkpoint.keep_best)
        k->best_path = path_join(folder, "best.safetensors");
    k->before_path = path_join(folder, "before.safetensors");
    k->states.anchor = k->last_path ? k->last_path : k->best_path;
    k->states.before = k->before_path;
    return OK;
}

status keep_init(struct keep *k, int64_t steps, struct problem *p)
{
    k->at =
        (struct checkpoint){.seed = k->options->seed, .steps = steps, .best.value = NAN, .stop.value = NAN};
    k->state_bytes = -1.0;
    k->began = time_monotonic();
    k->cpu_began = cpu_clock();
    return find_watches(k, p) == OK ? make_folder(k, p) : FAILED;
}

void keep_release(struct keep *k)
{
    free(k->last_path);
    free(k->best_path);
    free(k->before_path);
    states_release(&k->states);
}

/* The hash is taken when a checkpoint is read or written: most runs do neither. */
static void name_spec(struct keep *k)
{
    const char *text = k->options->resolved;

    if (text && !k->at.spec[0])
        sha256_text(text, strlen(text), k->at.spec);
}

status keep_resume(struct keep *k, struct problem *p)
{
    struct error err;

    name_spec(k);
    if (checkpoint_read(k->learner, k->rate, k->looks, k->options->resume_path, &k->at, &err) != OK)
        return problem_set(p, "", 0, "", "cannot go on from a checkpoint: %s", err.text);
    k->began -= k->at.seconds;
    k->cpu_began -= k->at.cpu_seconds;
    if (k->listener->resumed) {
        const struct run_resumed from = {k->at.epoch, k->at.step, k->at.seconds, k->at.cpu_seconds,
                                         checkpoint_batches(&k->at) > 0};

        k->listener->resumed(k->listener->arg, &from);
    }
    return OK;
}

/* ---- early stopping ------------------------------------------------------------------------------ */

/* Whether VALUE beats BEST by more than DELTA. */
static bool better(const struct watched *w, double value, double best, double delta)
{
    if (isnan(value))
        return false;
    return isnan(best) || (w->maximise ? value > best + delta : value < best - delta);
}

bool keep_stops(struct keep *k, int64_t epoch, const double loss[SPLITS], bool evaluated)
{
    const double value = measure_value(k->learner->measure, &k->stop_watch, loss);

    if (!k->spec->train.early_stopping.on)
        return false;
    if (!evaluated && !k->stop_watch.probe && k->stop_watch.split != SPLIT_TRAIN)
        return false;
    if (better(&k->stop_watch, value, k->at.stop.value, k->spec->train.early_stopping.min_delta)) {
        k->at.stop = (struct best){value, epoch};
        return false;
    }
    return epoch - k->at.stop.epoch >= k->spec->train.early_stopping.patience;
}

bool keep_has_stopped(const struct keep *k)
{
    return k->spec->train.early_stopping.on && k->at.stop.epoch != k->at.epoch &&
           k->at.epoch - k->at.stop.epoch >= k->spec->train.early_stopping.patience;
}

void keep_tell_stop(const struct keep *k)
{
    char best[32], text[320];

    if (!k->listener->event)
        return;
    text_from_double(k->at.stop.value, best);
    if (isnan(k->at.stop.value))
        snprintf(text, sizeof text, "%s has had no value in any epoch",
                 k->spec->train.early_stopping.monitor);
    else
        snprintf(text, sizeof text, "%s has not become better since epoch %lld (%s)",
                 k->spec->train.early_stopping.monitor, (long long)k->at.stop.epoch, best);
    k->listener->event(k->listener->arg, run_end_word(RUN_STOPPED), text);
}

void keep_tell_valueless(const struct keep *k, const struct rate *r, const struct host_env *env,
                         const double loss[SPLITS])
{
    const bool stops =
        k->spec->train.early_stopping.on && isnan(measure_value(k->learner->measure, &k->stop_watch, loss));
    const bool ranks =
        k->options->objective && isnan(measure_value(k->learner->measure, &k->best_watch, loss));
    const char *watched, *schedule = rate_valueless(r, 0, &watched);
    struct strbuf text = {0};

    if (!env->warn)
        return;
    measure_valueless(k->learner->measure, &text);
    if (stops)
        strbuf_addf(&text, "%s%s, which early stopping watches, has no value after the first epoch",
                    text.len ? "; " : "", k->spec->train.early_stopping.monitor);
    if (schedule)
        strbuf_addf(&text, "%s%s, which %s watches, has no value after the first epoch", text.len ? "; " : "",
                    watched, schedule);
    if (ranks)
        strbuf_addf(&text, "%s%s, the objective, has no value after the first epoch", text.len ? "; " : "",
                    k->options->objective);
    if (text.len)
        env->warn(env->warn_arg, "metrics", text.text);
    strbuf_release(&text);
}

static void warn(const struct keep *k, const struct host_env *env, const char *text)
{
    if (env->warn)
        env->warn(env->warn_arg, k->spec->loss.item->name, text);
}

void keep_skip(struct keep *k, const struct host_env *env, int64_t epoch, int64_t step)
{
    char text[160];

    if (k->at.skipped == 0.0) {
        snprintf(text, sizeof text,
                 "the rows of a batch weigh 0 in all (epoch %lld, batch %lld): it takes no step",
                 (long long)epoch, (long long)step);
        warn(k, env, text);
    }
    k->at.skipped += 1.0;
}

void keep_tell_skipped(const struct keep *k, const struct host_env *env, int64_t step)
{
    char text[160];

    if (k->at.skipped == 0.0)
        return;
    snprintf(text, sizeof text, "%.0f of %lld batches weighed 0 and took no step", k->at.skipped,
             (long long)step);
    warn(k, env, text);
}

/* ---- checkpoints ------------------------------------------------------------------------------------ */

static void tell(void *arg, const struct state *one)
{
    const struct keep *k = arg;

    if (k->listener->checkpoint)
        k->listener->checkpoint(k->listener->arg, one->epoch, one->path, one->sha256, one->best);
}

/* What waits is written. */
static status write_waiting(struct keep *k, struct error *err)
{
    if (k->listener->saving && k->states.n)
        k->listener->saving(k->listener->arg);
    return states_write(&k->states, tell, k, err);
}

/* The state now, to PATH: at once where it is large, else with the next ones. */
static status save(struct keep *k, const char *path, bool best, struct error *err)
{
    struct state now = {.path = (char *)(uintptr_t)path, .epoch = k->at.epoch, .best = best};

    if (k->state_bytes < 0.0)
        k->state_bytes = checkpoint_size(k->learner, k->looks);
    if (k->state_bytes <= STATES_BYTES) {
        if (checkpoint_bytes(k->learner, k->rate, k->looks, &k->at, &now.bytes, &now.size, err) != OK)
            return FAILED;
        states_add(&k->states, path, now.epoch, best, now.bytes, now.size);
        return OK;
    }
    if (k->listener->saving)
        k->listener->saving(k->listener->arg);
    if (k->states.anchor && strcmp(path, k->states.anchor) == 0)
        states_move(&k->states);
    if (checkpoint_write(k->learner, k->rate, k->looks, &k->at, path, now.sha256, err) != OK)
        return FAILED;
    tell(k, &now);
    return OK;
}

static void move_to(struct keep *k, int64_t epoch, int64_t step)
{
    name_spec(k);
    k->at.epoch = epoch;
    k->at.step = step;
    k->at.seconds = k->at.cpu_seconds = 0.0; /* the same run gives the same file */
}

static bool is_due(const struct keep *k, int64_t epoch, bool last)
{
    return (k->last_path || k->best_path) && (last || epoch % k->spec->checkpoint.every == 0);
}

/* Whether EPOCH has a file of its own. */
static bool is_kept(const struct keep *k, int64_t epoch, bool last)
{
    const struct spec_checkpoint *c = &k->spec->checkpoint;

    for (size_t i = 0; k->folder && i < c->nkeep; i++)
        if (c->keep[i] == epoch)
            return true;
    return k->folder && c->keep_all && (last || epoch % c->every == 0);
}

static status save_epoch(struct keep *k, struct error *err)
{
    char name[48], *path;
    status result;

    snprintf(name, sizeof name, "epoch-%lld.safetensors", (long long)k->at.epoch);
    path = path_join(k->folder, name);
    result = save(k, path, k->at.best.epoch == k->at.epoch && k->at.epoch > 0, err);
    free(path);
    return result;
}

/* LAST: nothing comes after it with which it could be written. */
static status save_all(struct keep *k, bool due, bool kept, bool last, struct error *err)
{
    if (kept && save_epoch(k, err) != OK)
        return FAILED;
    if (due && k->best_path && k->at.best.epoch == k->at.epoch && save(k, k->best_path, true, err) != OK)
        return FAILED;
    if (due && k->last_path && save(k, k->last_path, false, err) != OK)
        return FAILED;
    return last || states_are_due(&k->states) ? write_waiting(k, err) : OK;
}

status keep_first(struct keep *k, struct error *err)
{
    if (!is_kept(k, 0, false))
        return OK;
    move_to(k, 0, 0);
    return save_all(k, false, true, false, err);
}

status keep_checkpoints(struct keep *k, int64_t epoch, int64_t step, const double loss[SPLITS], bool last,
                        struct error *err)
{
    const double value = measure_value(k->learner->measure, &k->best_watch, loss);
    const bool due = is_due(k, epoch, last), kept = is_kept(k, epoch, last);

    if (due || kept)
        move_to(k, epoch, step);
    if (due && better(&k->best_watch, value, k->at.best.value, 0.0))
        k->at.best = (struct best){value, epoch};
    return save_all(k, due, kept, last, err);
}

status keep_again(struct keep *k, bool last, struct error *err)
{
    const bool due = is_due(k, k->at.epoch, last), kept = is_kept(k, k->at.epoch, last);

    if (!due && !kept)
        return OK;
    move_to(k, k->at.epoch, k->at.step);
    return save_all(k, due, kept, last, err);
}

status keep_end(struct keep *k, struct error *err)
{
    return write_waiting(k, err);
}

status keep_pause(struct keep *k, int64_t epoch, int64_t step, struct error *err)
{
    struct state now = {.path = (char *)(uintptr_t)k->options->pause_path, .epoch = epoch};
    char *folder = path_folder(k->options->pause_path);
    status result = path_make_folder(folder, err);

    free(folder);
    if (result != OK || write_waiting(k, err) != OK)
        return FAILED;
    move_to(k, epoch, step);
    k->at.seconds = time_monotonic() - k->began;
    k->at.cpu_seconds = cpu_clock() - k->cpu_began;
    if (k->listener->saving)
        k->listener->saving(k->listener->arg);
    if (checkpoint_write(k->learner, k->rate, k->looks, &k->at, now.path, now.sha256, err) != OK)
        return FAILED;
    tell(k, &now);
    return OK;
}
