/* lesson_train.c - the training that a lesson tells of: train_run() with a listener, so that it gives the
 * bits of `fell run`.
 *
 * The net at the moment asked for is copied; then training goes on, so that losses and the
 * weight's path are there to be shown, as long as the work is small.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/run_status.h"
#include "engine/rate.h"
#include "engine/train.h"
#include "explain/lab.h"

/* Multiplications of all forward passes that a page may cost; and what a step costs beside them. */
static const double most_work = 1e10, step_work = 2e3;

struct listening {
    struct lab *p;
    const struct learner *learner; /* of the run */
    const float *weights;
    int64_t wanted; /* epoch to copy */
    bool copied;
    double rate; /* of the last step before that */
    size_t nsteps, nepochs, room;
    double steps[FIRST_STEPS];
    double *train, *validation, *weight, *norm_first, *norm_last;
    char ended[1024];
};

/* ---- listening ------------------------------------------------------------------------- */

static double weight_now(const struct listening *w)
{
    const struct lesson_weight *chosen = &w->p->l->weight;

    return (double)w->weights[w->p->tensor[chosen->tensor].offset + chosen->flat];
}

static void on_parameters(void *arg, const struct learner *learner)
{
    struct listening *w = arg;
    int64_t floats;

    w->learner = learner;
    w->weights = net_values(learner->net, &floats);
    w->weight = mem_grow(w->weight, 1, sizeof *w->weight);
    w->weight[0] = weight_now(w);
}

static void on_step(void *arg, const struct step_report *r)
{
    struct listening *w = arg;

    if (w->nsteps < FIRST_STEPS)
        w->steps[w->nsteps++] = r->loss;
}

static void keep_norms(struct listening *w, const struct epoch_report *r)
{
    for (size_t i = 0; r->npositions && i < w->p->ntensors; i++) {
        const int position = w->p->tensor[i].position;
        const double norm = position < 0 ? NAN : r->tensors[position].grad_norm_mean;

        if (r->epoch == 1)
            w->norm_first[i] = norm;
        w->norm_last[i] = norm;
    }
}

static void on_epoch(void *arg, const struct epoch_report *r)
{
    struct listening *w = arg;

    if (r->partial)
        return;
    if (w->nepochs == w->room) {
        w->room = w->room ? 2 * w->room : 64;
        w->train = mem_grow(w->train, w->room, sizeof *w->train);
        w->validation = mem_grow(w->validation, w->room, sizeof *w->validation);
        w->weight = mem_grow(w->weight, w->room + 1, sizeof *w->weight);
    }
    w->train[w->nepochs] = r->loss[SPLIT_TRAIN];
    w->validation[w->nepochs++] = r->loss[SPLIT_VALIDATION];
    w->weight[w->nepochs] = weight_now(w);
    keep_norms(w, r);
    if (r->epoch == w->wanted) {
        snapshot_take(&w->p->now, w->learner);
        w->rate = r->lr;
        w->copied = true;
    }
}

static void on_event(void *arg, const char *kind, const char *detail)
{
    struct listening *w = arg;

    if (run_status_is(kind, STATUS_STOPPED))
        snprintf(w->ended, sizeof w->ended, "it stopped early: %s", detail);
    else if (run_status_is(kind, STATUS_DIVERGED))
        snprintf(w->ended, sizeof w->ended, "it diverged: %s", detail);
}

/* ---- how long ------------------------------------------------------------------------------ */

double lesson_row_work(const struct lab *p)
{
    double work = 0.0;

    for (size_t i = 0; i < p->ntensors; i++) {
        const struct net_tensor *t = &p->tensor[i];

        if (t->shape.rank > 1)
            work += (double)t->n * fmax(1.0, (double)p->entry[t->entry].size / (double)t->shape.dim[0]);
    }
    return work;
}

static int64_t affordable(struct lab *p)
{
    const struct lesson_training *t = &p->l->training;
    const double epoch = (double)net_epoch_rows(p->q->spec, p->q->data) * lesson_row_work(p) +
                         (double)t->steps_per_epoch * step_work;
    const double most = floor(most_work / epoch);

    return most < 1.0 ? 1 : most > (double)t->epochs ? t->epochs : (int64_t)most;
}

static void measure_run(struct lab *p)
{
    struct lesson_training *t = &p->l->training;

    t->epochs = p->q->spec->train.epochs;
    t->batch = net_step_rows(p->q->spec, p->q->data);
    t->steps_per_epoch = net_epoch_steps(p->q->spec, p->q->data);
    t->trained = affordable(p);
    if (!p->q->checkpoint && p->q->epoch > t->trained)
        t->trained = p->q->epoch;
    t->limited = t->trained < t->epochs;
}

/* ---- what came of it ------------------------------------------------------------------------- */

static double *keep(struct lesson *l, const double *v, size_t n)
{
    double *out = arena_alloc(l->arena, n * sizeof *out);

    if (n)
        memcpy(out, v, n * sizeof *out);
    return out;
}

static void keep_training(struct lab *p, const struct listening *w)
{
    struct lesson *l = p->l;
    struct lesson_training *t = &l->training;

    t->nsteps = w->nsteps;
    memcpy(t->steps, w->steps, sizeof t->steps);
    t->nepochs = w->nepochs;
    t->train = keep(l, w->train, w->nepochs);
    if (p->q->data->split[SPLIT_VALIDATION].n)
        t->validation = keep(l, w->validation, w->nepochs);
    t->nweights = w->nepochs + 1;
    t->weight = keep(l, w->weight, t->nweights);
    t->norm_first = keep(l, w->norm_first, p->ntensors);
    t->norm_last = keep(l, w->norm_last, p->ntensors);
    t->trained = (int64_t)w->nepochs;
    t->ended = w->ended[0] ? arena_string(l->arena, w->ended, strlen(w->ended)) : NULL;
}

/* What the database has of a run, in place of what was trained here. The weight's path is from
 * here, and only shown if both are the same training. */
static void use_record(struct lab *p)
{
    const struct lesson_request *q = p->q;
    struct lesson_training *t = &p->l->training;
    const size_t recorded = (size_t)q->nlosses, n = recorded < t->nepochs ? recorded : t->nepochs;
    bool same = n > 0;

    for (size_t i = 0; i < n; i++)
        same = same && t->train[i] == q->train[i];
    if (!same) {
        t->nweights = 0;
        t->nsteps = 0;
        t->norm_first = t->norm_last = NULL;
    }
    t->nepochs = recorded;
    t->trained = q->nlosses;
    t->limited = t->trained < t->epochs;
    t->ended = NULL;
    t->train = keep(p->l, q->train, recorded);
    t->validation = q->validation ? keep(p->l, q->validation, recorded) : NULL;
}

static status first_rate(struct lab *p, double *lr, struct error *err)
{
    const struct lesson_training *t = &p->l->training;
    struct rate *r = rate_new(p->q->spec, p->learner.measure, p->q->env, update_rate(p->learner.update),
                              t->epochs, t->epochs * t->steps_per_epoch);
    const status st = rate_of_step(r, 0, 0, lr, err);

    rate_free(r);
    return st;
}

status lesson_train(struct lab *p, struct error *err)
{
    const struct lesson_request *q = p->q;
    struct lesson *l = p->l;
    struct listening w = {.p = p, .wanted = q->checkpoint ? 0 : q->epoch};
    const struct train_listener listener = {
        .arg = &w, .parameters = on_parameters, .epoch = on_epoch, .step = on_step, .event = on_event};
    struct spec spec = *q->spec; /* the same training, with every step reported */
    struct run_options options = {.seed = q->seed};
    struct run_result result;
    struct problem problem = {.index = 0};
    status st = FAILED;

    measure_run(p);
    if (q->checkpoint)
        l->update.rate = q->rate;
    else if (first_rate(p, &l->update.rate, err) != OK)
        return FAILED;
    spec.record.gradients = RECORD_STEP;
    spec.record.every = 1;
    spec.checkpoint.on = false;
    options.export_epoch = l->training.trained;
    w.norm_first = mem_array(p->ntensors, sizeof(double));
    w.norm_last = mem_array(p->ntensors, sizeof(double));
    for (size_t i = 0; i < p->ntensors; i++)
        w.norm_first[i] = w.norm_last[i] = NAN;
    if (train_run(&spec, q->data, q->env, &options, &listener, &result, &problem) != OK) {
        error_set(err, "%s", problem.text);
        goto out;
    }
    if (result.end == RUN_FAILED) {
        error_set(err, "training failed: %s", result.error);
        goto out;
    }
    if (w.wanted > 0 && !w.copied) {
        error_set(err, "there is no epoch %lld: after epoch %lld of the training %s", (long long)q->epoch,
                  (long long)result.epochs_done, w.ended[0] ? w.ended : "nothing was left to train");
        goto out;
    }
    keep_training(p, &w);
    if (q->checkpoint)
        use_record(p);
    if (w.copied) {
        l->update.rate = w.rate;
        l->epoch = q->epoch;
        l->step = q->epoch * l->training.steps_per_epoch;
    }
    st = OK;
out:
    free(w.train);
    free(w.validation);
    free(w.weight);
    free(w.norm_first);
    free(w.norm_last);
    return st;
}
