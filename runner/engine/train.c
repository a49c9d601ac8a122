/* train.c - one run: the epoch loop. See train.h.
 *
 * run_epoch() is what the program is about; the rest prepares it, evaluates after it and decides whether
 * there is another. Knows nothing of databases and pipes: it tells a listener.
 * Longer than 500 lines: the loop, what is looked at after an epoch and how a run ends are read together.
 */
#include "engine/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/augment.h"
#include "engine/checkpoint.h"
#include "engine/learner.h"
#include "engine/net_at.h"
#include "engine/net_run.h"
#include "engine/partial.h"
#include "engine/parts.h"
#include "engine/rate.h"
#include "engine/train_keep.h"
#include "engine/train_report.h"
#include "engine/weights_file.h"

struct run {
    const struct spec *spec;
    const struct data *data;
    struct host_env *env;
    const struct run_options *options;
    const struct train_listener *listener;
    struct run_result *result;

    struct learner learner;
    struct rate *rate;
    struct batches batches[SPLITS];
    struct augment *augment; /* NULL: no transform acts in training */
    struct parts *parts;     /* NULL: a batch goes through the net whole */
    struct looks *looks;     /* NULL: no probes */
    struct tally tally;
    int64_t epoch, step; /* from 1 */
    int64_t every;       /* each so many steps are reported; 0: none */
    double clock;        /* when this epoch began */
    double loss[SPLITS]; /* of the last epoch */

    struct keep keep;
    int64_t ask_epoch; /* 0: never */
    bool begun; /* the next epoch was, in an earlier job: its sums are there, its first rows are past */
};

/* ---- how a run ends early ------------------------------------------------------------ */

static void tell(const struct run *r, const char *kind, const char *detail)
{
    if (r->listener->event)
        r->listener->event(r->listener->arg, kind, detail);
}

static status fail(struct run *r, const struct error *err)
{
    r->result->end = RUN_FAILED;
    snprintf(r->result->error, sizeof r->result->error, "%.900s, epoch %lld, step %lld", err->text,
             (long long)r->epoch, (long long)r->step);
    return FAILED;
}

/* A number that is not finite: say where it was seen first, and report what there is of
 * the epoch. */
static status diverge(struct run *r, const char *where)
{
    struct epoch_report report = {.epoch = r->epoch};
    const double now = time_monotonic();

    r->result->end = RUN_DIVERGED;
    snprintf(r->result->error, sizeof r->result->error, "%s, epoch %lld, step %lld", where,
             (long long)r->epoch, (long long)r->step);
    tally_report(&r->tally, true, &report);
    for (int s = SPLIT_TRAIN; s < SPLITS; s++) {
        if (s != SPLIT_TRAIN)
            report.loss[s] = NAN;
        measure_forget(r->learner.measure, (enum split)s);
    }
    report.nmetrics = measure_values(r->learner.measure, &report.metrics);
    report.seconds = now - r->clock;
    r->clock = now;
    if (r->listener->epoch)
        r->listener->epoch(r->listener->arg, &report);
    tell(r, run_end_word(RUN_DIVERGED), r->result->error);
    return FAILED;
}

static status diverge_at(struct run *r, bool gradient)
{
    char where[256];

    net_blame(r->learner.net, gradient, where, sizeof where);
    return diverge(r, where);
}

/* The state, in the middle of an epoch with what that has gathered so far. */
static status save_pause(struct run *r, bool inside, struct error *err)
{
    struct partial partial;
    status result;

    if (inside)
        partial_set(&partial, &r->tally, r->learner.measure, r->looks, r->batches[SPLIT_TRAIN].done);
    r->keep.at.partial = inside ? &partial : NULL;
    result = keep_pause(&r->keep, r->result->epochs_done, r->step, err);
    r->keep.at.partial = NULL;
    return result;
}

/* Who ends the run cannot wait for the end of the epoch. */
static void interrupt_in_epoch(struct run *r)
{
    struct error err;

    r->result->end = RUN_INTERRUPTED;
    if (save_pause(r, true, &err) != OK)
        tell(r, "warning", err.text);
}

/* ---- the epoch ------------------------------------------------------------------------- */

static void record_step(struct run *r, double loss)
{
    struct step_report report;

    if (r->every == 0 || r->step % r->every != 0 || !r->listener->step)
        return;
    tally_step_report(&r->tally, r->step, loss, &report);
    r->listener->step(r->listener->arg, &report);
}

/* A step as far as its gradient, the batch whole or in parts. KEEP: metrics are to see its outputs. */
static status take_step(struct run *r, const struct batch *batch, bool keep, struct net_step *step,
                        struct error *err)
{
    struct net *net = r->learner.net;
    struct batch part = {.n = 0};
    int64_t size;

    if (!r->parts) {
        if (net_step(net, MODE_TRAIN, batch, r->step, step, err) != OK)
            return FAILED;
        if (keep)
            measure_keep(r->learner.measure, SPLIT_TRAIN, batch, net_output(net, &size));
        return OK;
    }
    *step = (struct net_step){.sum = 0.0};
    while (isfinite(step->sum) && parts_next(r->parts, batch, &part)) {
        if (net_step_part(net, MODE_TRAIN, &part, r->step, part.at == batch->at, step, err) != OK)
            return FAILED;
        if (keep)
            measure_keep(r->learner.measure, SPLIT_TRAIN, &part, net_output(net, &size));
    }
    net_step_end(net, step);
    return OK;
}

/* The optimizer's step: those whose batch weighs nothing are none. */
static int64_t step_number(const struct run *r)
{
    return r->step - (int64_t)r->keep.at.skipped;
}

/* Where the optimizer wants more gradients of the same batch than the first. */
static status more_passes(struct run *r, const struct batch *batch, double lr)
{
    struct net_step step;
    struct error err;

    for (uint64_t pass = 1; update_wants(r->learner.update, pass); pass++) {
        if (take_step(r, batch, false, &step, &err) != OK)
            return fail(r, &err);
        if (!isfinite(step.sum))
            return diverge_at(r, false);
        if (!isfinite(sqrt(step.squares)))
            return diverge_at(r, true);
        net_clip(r->learner.net, r->spec->train.clip_norm, sqrt(step.squares));
        if (update_step(r->learner.update, step_number(r), pass, lr, step.sum / step.weight, &err) != OK)
            return fail(r, &err);
    }
    return OK;
}

/* Moves the weights to where the optimizer wants the gradient, unless the batch weighs nothing: then there is
 * no step, and they stay where they are evaluated. */
static status move_before(struct run *r, const struct batch *batch, double lr, struct error *err)
{
    struct batch part = {.n = 0};
    double weight = 0.0, some;

    if (!update_moves_before(r->learner.update))
        return OK;
    if (!r->parts && net_weight(r->learner.net, MODE_TRAIN, batch, &weight, err) != OK)
        return FAILED;
    while (r->parts && weight == 0.0 && parts_next(r->parts, batch, &part)) {
        if (net_weight(r->learner.net, MODE_TRAIN, &part, &some, err) != OK)
            return FAILED;
        weight += some;
    }
    return weight > 0.0 ? update_before(r->learner.update, step_number(r), lr, err) : OK;
}

static void begin_epoch(struct run *r)
{
    if (!r->begun) {
        tally_begin(&r->tally);
        looks_begin_epoch(r->looks);
        batches_begin(&r->batches[SPLIT_TRAIN], r->options->seed, r->epoch);
    }
    r->begun = false;
}

/* Whether the run is to end after this very step. In the last one of an epoch that can wait for its end. */
static bool ends_here(const struct run *r)
{
    return r->listener->cancelled && r->options->pause_path && r->step < r->epoch * r->keep.at.steps &&
           r->listener->cancelled(r->listener->arg, true);
}

static status run_epoch(struct run *r)
{
    struct net *net = r->learner.net;
    struct batch batch;
    struct error err;
    struct net_step step;
    double norm, lr;

    begin_epoch(r);
    while (batches_next(&r->batches[SPLIT_TRAIN], &batch)) {
        r->step++;
        if (r->augment && augment_batch(r->augment, r->step, &batch, &err) != OK)
            return fail(r, &err);
        if (rate_of_step(r->rate, r->epoch - 1, r->step - 1, &lr, &err) != OK ||
            move_before(r, &batch, lr, &err) != OK || take_step(r, &batch, true, &step, &err) != OK)
            return fail(r, &err);
        tally_loss(&r->tally, step.sum, step.weight, batch.n);
        if (!isfinite(step.sum))
            return diverge_at(r, false);
        if (step.weight == 0.0) {
            keep_skip(&r->keep, r->env, r->epoch, r->step);
            continue;
        }
        norm = tally_gradient(&r->tally, step.squares);
        if (!isfinite(norm))
            return diverge_at(r, true);
        net_clip(net, r->spec->train.clip_norm, norm);
        r->tally.lr = lr;
        if (update_step(r->learner.update, step_number(r), 0, lr, step.sum / step.weight, &err) != OK)
            return fail(r, &err);
        if (more_passes(r, &batch, lr) != OK)
            return FAILED;
        record_step(r, step.sum / step.weight);
        if (ends_here(r)) {
            interrupt_in_epoch(r);
            return FAILED;
        }
    }
    if (r->tally.loss_weight > 0.0)
        return OK;
    error_set(&err, "the training rows weigh 0 in all: nothing is learnt from them");
    return fail(r, &err);
}

/* ---- after the epoch --------------------------------------------------------------------- */

/* The loss of a whole split in evaluation mode, and its metrics. */
static status evaluate(struct run *r, enum split split)
{
    struct batches *batches = &r->batches[split];
    double total = 0.0, weights = 0.0, sum, weight;
    struct batch batch;
    struct error err;
    int64_t size;

    batches_begin(batches, r->options->seed, r->epoch);
    while (batches_next(batches, &batch)) {
        net_feed(r->learner.net, MODE_EVALUATE, &batch);
        if (net_forward(r->learner.net, MODE_EVALUATE, r->step, &err) != OK ||
            net_loss(r->learner.net, &sum, &weight, &err) != OK)
            return fail(r, &err);
        total += sum;
        weights += weight;
        measure_keep(r->learner.measure, split, &batch, net_output(r->learner.net, &size));
    }
    r->loss[split] = total / weights;
    if (weights > 0.0)
        return OK;
    error_set(&err, "the %s rows weigh 0 in all: they have no loss", split_name(split));
    return fail(r, &err);
}

/* Splits from FROM on to TO; those that are not EVALUATED have no values. */
static status measure_some(struct run *r, int from, int to, bool evaluated)
{
    struct error err;

    for (int s = from; s <= to; s++) {
        r->loss[s] = NAN;
        if (r->data->split[s].n == 0)
            continue;
        if (s != SPLIT_TRAIN && !evaluated) {
            measure_forget(r->learner.measure, (enum split)s);
            continue;
        }
        if (s != SPLIT_TRAIN && evaluate(r, (enum split)s) != OK)
            return FAILED;
        if (measure_split(r->learner.measure, (enum split)s, r->batches[s].done, &err) != OK)
            return fail(r, &err);
    }
    return OK;
}

/* Whether this epoch's validation and test rows are evaluated. */
static bool is_evaluated(const struct run *r)
{
    const int64_t every = r->spec->record.evaluate.on ? r->spec->record.evaluate.every : 1;

    return r->epoch % every == 0 || r->epoch == r->spec->train.epochs;
}

/* A run that stops is evaluated after its last epoch, whenever that is. */
static status evaluate_last(struct run *r, struct epoch_report *report)
{
    const double train = r->loss[SPLIT_TRAIN];

    if (is_evaluated(r))
        return OK;
    if (measure_some(r, SPLIT_TRAIN + 1, SPLITS - 1, true) != OK)
        return FAILED;
    r->loss[SPLIT_TRAIN] = train;
    memcpy(report->loss, r->loss, sizeof report->loss);
    report->nmetrics = measure_values(r->learner.measure, &report->metrics);
    return OK;
}

/* The numbers of the epoch; its training loss is known from here on. */
static void make_report(struct run *r, struct epoch_report *report)
{
    *report = (struct epoch_report){.epoch = r->epoch};
    memcpy(report->loss, r->loss, sizeof report->loss);
    tally_report(&r->tally, false, report);
    r->loss[SPLIT_TRAIN] = report->loss[SPLIT_TRAIN];
    report->nmetrics = measure_values(r->learner.measure, &report->metrics);
    report->seconds = time_monotonic() - r->clock;
}

/* Weights that an update broke are seen in the next step. Where anything else uses them
 * before, or there is no next step, look now. It is a matter of the spec alone, since the epoch is
 * reported in another way: a run that is interrupted or cut short reports what the whole one does. */
static status check_weights(struct run *r)
{
    const bool used = r->data->split[SPLIT_VALIDATION].n || r->data->split[SPLIT_TEST].n ||
                      r->spec->checkpoint.on || r->epoch == r->spec->train.epochs;
    char where[256];

    return used && net_weights_broken(r->learner.net, where, sizeof where) ? diverge(r, where) : OK;
}

/* Probes that are due after this epoch; with LAST all that have not looked at it yet. */
static status take_looks(struct run *r, bool last)
{
    const struct look_time t = {r->epoch, r->step, r->step ? r->tally.lr : update_rate(r->learner.update)};
    struct probe_report report;
    struct error err;
    size_t next = 0;
    status result;

    while (looks_next(r->looks, &t, last, &next, &report, &result, &err))
        if (r->listener->probe)
            r->listener->probe(r->listener->arg, r->looks, &report);
    net_at(NULL, NULL);
    return result == OK ? OK : fail(r, &err);
}

static void stop_early(struct run *r)
{
    keep_tell_stop(&r->keep);
    r->result->end = RUN_STOPPED;
}

/* The user wants the run to end. What it did is worth saving, but not worth a failure. */
static void interrupt(struct run *r)
{
    struct error err;

    r->result->end = RUN_INTERRUPTED;
    if (r->options->pause_path && save_pause(r, r->begun, &err) != OK)
        tell(r, "warning", err.text);
}

static void pause_run(struct run *r)
{
    struct error err;

    r->result->end = RUN_PAUSED;
    if (!r->options->pause_path)
        error_set(&err, "the run was to pause, and has no path for its state");
    else if (save_pause(r, r->begun, &err) == OK)
        return;
    fail(r, &err);
}

static bool is_cancelled(const struct run *r)
{
    return r->listener->cancelled && r->listener->cancelled(r->listener->arg, false);
}

/* Whether the run is to go on: the user may not want it to, and whoever compares runs is asked
 * about every epoch that he named, also one that is past when the run goes on from a checkpoint. */
static bool may_go_on(struct run *r)
{
    while (!is_cancelled(r)) {
        enum verdict verdict;
        int64_t next = 0;

        if (r->ask_epoch <= 0 || r->ask_epoch > r->epoch || !r->listener->ask)
            return true;
        verdict = r->listener->ask(r->listener->arg, r->ask_epoch, &next);
        r->ask_epoch = next > r->ask_epoch ? next : 0;
        if (verdict == VERDICT_PRUNE)
            r->result->end = RUN_PRUNED;
        else if (verdict == VERDICT_PAUSE)
            pause_run(r);
        if (verdict != VERDICT_GO)
            return false;
    }
    interrupt(r);
    return false;
}

/* Where the run is when it goes on. False: a checkpoint was the last thing that it did, and nothing is
 * left; or it is to wait; or that file cannot be written. */
static bool take_up(struct run *r, int64_t epochs)
{
    const bool stopped = r->keep.at.epoch < epochs && keep_has_stopped(&r->keep);
    const bool over = stopped || r->keep.at.epoch >= epochs;
    struct error err;

    r->epoch = r->result->epochs_done = r->keep.at.epoch;
    r->step = r->keep.at.step;
    if (!r->begun && keep_again(&r->keep, over, &err) != OK) {
        fail(r, &err);
        return false;
    }
    if (stopped) {
        keep_tell_stop(&r->keep);
        r->result->end = RUN_STOPPED;
    }
    return !over && may_go_on(r);
}

static void run_epochs(struct run *r, int64_t epochs)
{
    struct epoch_report report;
    const int64_t every = r->spec->record.evaluate.on ? r->spec->record.evaluate.every : 1;
    const int64_t first = every < r->spec->train.epochs ? every : r->spec->train.epochs; /* evaluated */
    bool last = false, stops;
    struct error err;

    if (r->options->resume_path && !take_up(r, epochs))
        return;
    if (epochs == 0)
        return;
    if (r->epoch == 0 && !r->begun && take_looks(r, false) != OK)
        return;
    if (r->epoch == 0 && !r->begun && keep_first(&r->keep, &err) != OK) {
        fail(r, &err);
        return;
    }
    while (!last) {
        r->epoch++;
        r->clock = time_monotonic(); /* its time is without looks, states and waiting */
        if (run_epoch(r) != OK || check_weights(r) != OK)
            break;
        if (measure_some(r, SPLIT_TRAIN, SPLITS - 1, is_evaluated(r)) != OK)
            break;
        make_report(r, &report);
        last = r->epoch == epochs;
        if (take_looks(r, last) != OK)
            break;
        stops = !last && keep_stops(&r->keep, r->epoch, r->loss, is_evaluated(r));
        if (stops && (take_looks(r, true) != OK || evaluate_last(r, &report) != OK))
            break;
        if (r->listener->epoch)
            r->listener->epoch(r->listener->arg, &report);
        rate_remember(r->rate, r->learner.measure, r->epoch - 1, r->loss);
        if (r->epoch == first)
            keep_tell_valueless(&r->keep, r->rate, r->env, r->loss);
        r->result->epochs_done = r->epoch;
        if (stops)
            stop_early(r);
        last = last || stops;
        if (keep_checkpoints(&r->keep, r->epoch, r->step, r->loss, last, &err) != OK) {
            fail(r, &err);
            break;
        }
        if (!last && !may_go_on(r))
            break;
    }
}

/* ---- before the first epoch ------------------------------------------------------------------ */

static status prepare_batches(struct run *r, int64_t batch, struct problem *p)
{
    struct error err;

    for (int s = SPLIT_TRAIN; s < SPLITS; s++) {
        const bool train = s == SPLIT_TRAIN;
        const int64_t size = train ? net_step_rows(r->spec, r->data) : batch;

        if (r->data->split[s].n > 0 &&
            batches_init(&r->batches[s], r->data, (enum split)s, size, train && r->spec->train.shuffle,
                         train ? r->spec->train.steps_per_epoch : 0, &err) != OK)
            return problem_set(p, "train", 0, "batch_size", "batch_size: %s", err.text);
    }
    if (net_part_rows(r->spec, r->data) < r->batches[SPLIT_TRAIN].size &&
        parts_new(r->data, net_part_rows(r->spec, r->data), &r->parts, &err) != OK)
        return problem_set(p, "train.micro_batch", 0, "", "micro_batch: %s", err.text);
    return OK;
}

static status prepare(struct run *r, struct problem *p)
{
    const struct spec *spec = r->spec;
    const int64_t batch = net_batch(spec, r->data), epochs = spec->train.epochs;
    const int64_t steps = net_epoch_steps(spec, r->data);
    int64_t all;

    if (__builtin_mul_overflow(steps, epochs, &all))
        return problem_set(p, "train", 0, "steps_per_epoch",
                           "steps_per_epoch: %lld epochs of %lld steps are more than can be counted",
                           (long long)epochs, (long long)steps);
    if (learner_plan(&r->learner, spec, r->data, r->env, batch, p) != OK ||
        learner_fill(&r->learner, spec, r->options->seed, p) != OK || prepare_batches(r, batch, p) != OK ||
        augment_new(spec, r->data, r->env, r->options->seed, r->batches[SPLIT_TRAIN].size, true, &r->augment,
                    p) != OK)
        return FAILED;
    r->rate = rate_new(spec, r->learner.measure, r->env, update_rate(r->learner.update), epochs, all);
    r->every = spec->record.gradients == RECORD_STEP ? spec->record.every : 0;
    if (tally_init(&r->tally, r->learner.net, r->env, spec->record.gradients, p) != OK)
        return FAILED;
    if (looks_new(spec, r->data, &r->learner, r->env, r->options->seed, &r->looks, p) != OK)
        return FAILED;
    r->keep.learner = &r->learner;
    r->keep.looks = r->looks;
    r->keep.rate = r->rate;
    if (keep_init(&r->keep, steps, p) != OK)
        return FAILED;
    r->ask_epoch = r->options->ask_epoch;
    return OK;
}

static void release(struct run *r)
{
    for (int s = SPLIT_TRAIN; s < SPLITS; s++)
        batches_release(&r->batches[s]);
    augment_free(r->augment);
    parts_free(r->parts);
    looks_free(r->looks);
    tally_release(&r->tally);
    rate_free(r->rate);
    learner_release(&r->learner);
    keep_release(&r->keep);
}

/* Where the run goes on from the middle of an epoch: past the rows that have gone by, with room for what they
 * left. What is wrong with the file is said when it is read. */
static status resume(struct run *r, struct problem *p)
{
    struct batches *rows = &r->batches[SPLIT_TRAIN];
    struct checkpoint at;
    struct partial partial;
    struct batch past;
    struct error ignored;
    int64_t n = 0;

    if (checkpoint_peek(r->options->resume_path, &at, &ignored) == OK && at.steps == r->keep.at.steps)
        n = checkpoint_batches(&at);
    if (n > 0)
        batches_begin(rows, r->options->seed, at.epoch + 1);
    for (int64_t i = 0; i < n && batches_next(rows, &past);)
        i++;
    if (n > 0)
        partial_set(&partial, &r->tally, r->learner.measure, r->looks, rows->done);
    r->keep.at.partial = n > 0 ? &partial : NULL;
    r->begun = n > 0;
    return keep_resume(&r->keep, p);
}

/* Threads of train.threads, unless the caller brought its own. */
static status make_pool(const struct spec *spec, struct host_env *env, struct pool **own, struct problem *p)
{
    struct error err;

    *own = NULL;
    if (env->pool || spec->train.threads < 2)
        return OK;
    if (pool_new((int)spec->train.threads, own, &err) != OK)
        return problem_set(p, "train", 0, "threads", "threads: %s", err.text);
    env->pool = *own;
    return OK;
}

status train_run(const struct spec *spec, const struct data *data, struct host_env *env,
                 const struct run_options *options, const struct train_listener *listener,
                 struct run_result *result, struct problem *p)
{
    struct run r = {.spec = spec,
                    .data = data,
                    .env = env,
                    .options = options,
                    .listener = listener,
                    .result = result,
                    .keep = {.spec = spec, .options = options, .listener = listener}};
    int64_t epochs = spec->train.epochs;
    struct pool *own;
    struct error err;
    double begin;
    status s;

    *result = (struct run_result){.end = RUN_FINISHED};
    if (make_pool(spec, env, &own, p) != OK)
        return FAILED;
    s = prepare(&r, p);
    if (s != OK)
        goto out;
    if (listener->parameters)
        listener->parameters(listener->arg, &r.learner);
    if (options->resume_path) {
        s = resume(&r, p);
        if (s != OK)
            goto out;
    }
    if (options->export_epoch && options->export_epoch < epochs)
        epochs = options->export_epoch < 0 ? 0 : options->export_epoch;
    begin = r.clock = time_monotonic();
    run_epochs(&r, epochs);
    if (keep_end(&r.keep, &err) != OK && result->end != RUN_FAILED)
        fail(&r, &err);
    keep_tell_skipped(&r.keep, env, r.step);
    result->seconds = time_monotonic() - begin;
    if (options->export_path && (result->end == RUN_FINISHED || result->end == RUN_STOPPED) &&
        weights_file_write(r.learner.net, r.epoch, options->export_path, &err) != OK)
        fail(&r, &err);
out:
    net_at(NULL, NULL);
    release(&r);
    if (own) {
        env->pool = NULL;
        pool_free(own);
    }
    return s;
}
