/* engine_fixture.h - what the tests of the engine share: a spec from text, data from
 * memory, a listener that keeps what it hears.
 */
#ifndef ENGINE_FIXTURE_H
#define ENGINE_FIXTURE_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/learner.h"
#include "engine/net_run.h"
#include "engine/train.h"

struct fixture {
    struct registry *registry;
    struct tree *tree;
    struct spec *spec;
    struct data data;
    struct host_env env;
    struct learner learner; /* of fixture_net() */
    char warning[512];      /* the last */
    struct problem problem;
};

static inline void fixture_warn(void *arg, const char *who, const char *msg)
{
    struct fixture *f = arg;

    snprintf(f->warning, sizeof f->warning, "%s: %s", who, msg);
}

/* A spec from TEXT (all but the data section), at the best SIMD level there is. */
static inline void fixture_init(struct fixture *f, const char *text)
{
    struct diag *d = diag_new();
    struct strbuf yaml = {0};
    const struct node *root;
    enum simd_level level;
    struct error err;

    *f = (struct fixture){.registry = registry_new(), .tree = tree_new()};
    strbuf_addf(&yaml, "data: {source: {csv: {path: none.csv, target: y}}}\nseed: 1\n%s", text);
    root = tree_parse_text(f->tree, "spec.yaml", ".", yaml.text, yaml.len, false, d);
    f->spec = root ? spec_parse(f->registry, root, "spec", d) : NULL;
    if (!f->spec)
        diag_print(d, stderr, false);
    cr_assert_not_null(f->spec);
    cr_assert_eq(simd_choose(NULL, &level, &err), OK);
    f->env = (struct host_env){
        .kernels = kernels_get(level), .registry = f->registry, .warn = fixture_warn, .warn_arg = f};
    diag_free(d);
    strbuf_release(&yaml);
}

static inline void fixture_release(struct fixture *f)
{
    learner_release(&f->learner);
    for (int s = 0; s < SPLITS; s++) {
        free(f->data.split[s].x);
        free(f->data.split[s].target);
        free(f->data.split[s].label);
    }
    spec_free(f->spec);
    tree_free(f->tree);
    registry_free(f->registry);
}

/* Numbers in [-1, 1) that look random and are the same everywhere. */
static inline float fixture_number(uint64_t i)
{
    i = (i + 1) * 0x9e3779b97f4a7c15u;
    i ^= i >> 32;
    i *= 0xd6e8feb86659fd93u;
    i ^= i >> 32;
    return (float)(i >> 40) / 8388608.0f - 1.0f;
}

static inline void fixture_split(struct fixture *f, enum split split, int64_t n)
{
    struct rows *rows = &f->data.split[split];
    const int64_t salt = 1000003 * (int64_t)split;

    rows->n = n;
    rows->x = mem_try_aligned((size_t)(n * f->data.x_size), sizeof *rows->x);
    for (int64_t i = 0; i < n * f->data.x_size; i++)
        rows->x[i] = fixture_number((uint64_t)(i + salt));
    if (f->data.classes) {
        rows->label = mem_try_aligned((size_t)(n * f->data.target_size), sizeof *rows->label);
        for (int64_t i = 0; i < n * f->data.target_size; i++) /* something to be learnt */
            rows->label[i] =
                rows->x[i * f->data.x_size / f->data.target_size] > 0 ? 1 % (int32_t)f->data.nclasses : 0;
    } else {
        rows->target = mem_try_aligned((size_t)(n * f->data.target_size), sizeof *rows->target);
        for (int64_t i = 0; i < n * f->data.target_size; i++)
            rows->target[i] = 0.5f * rows->x[i * f->data.x_size / f->data.target_size];
    }
}

/* N training rows of shape X; CLASSES classes, or with 0 TARGETS values a row. */
static inline void fixture_data(struct fixture *f, int64_t n, fell_shape x, int64_t classes, int64_t targets)
{
    f->data.x = x;
    f->data.x_size = fell_size(&x);
    f->data.classes = classes > 0;
    f->data.nclasses = classes;
    f->data.target = fell_vec(classes > 0 ? 1 : targets);
    f->data.target_size = classes > 0 ? 1 : targets;
    fixture_split(f, SPLIT_TRAIN, n);
}

/* The net of a fixture, initialised, until the next one or fixture_release(); NULL with f->problem. */
static inline struct net *fixture_net(struct fixture *f)
{
    learner_release(&f->learner);
    if (learner_plan(&f->learner, f->spec, &f->data, &f->env, net_batch(f->spec, &f->data), &f->problem) !=
            OK ||
        learner_fill(&f->learner, f->spec, 1, &f->problem) != OK)
        return NULL;
    return f->learner.net;
}

static inline const struct net_tensor *fixture_tensor(const struct net *n, const char *layer,
                                                      const char *name)
{
    const struct net_tensor *t;
    size_t count = net_tensors(n, &t);

    for (size_t i = 0; i < count; i++)
        if (strcmp(net_entry_name(n, t[i].entry), layer) == 0 && strcmp(t[i].name, name) == 0)
            return &t[i];
    cr_assert_fail("no tensor %s.%s", layer, name);
    return NULL;
}

/* ---- what a run said -------------------------------------------------------------- */

enum { HEARD_POSITIONS = 40, HEARD_METRICS = 16 };

struct heard_epoch {
    struct epoch_report report; /* its pointers are dead */
    double mean[HEARD_POSITIONS], max[HEARD_POSITIONS], weight[HEARD_POSITIONS], update[HEARD_POSITIONS];
    int64_t nonfinite[HEARD_POSITIONS];
    double metric[HEARD_METRICS];
    enum split split[HEARD_METRICS];
};

struct heard {
    size_t nepochs, nsteps, ncheckpoints, nbest;
    struct heard_epoch *epoch;
    double *step_loss, *step_norm, *step_lr;
    int64_t *step;
    char event[1024];           /* kind: detail, of the last */
    char path[512], sha256[65]; /* of the last checkpoint */
    float *weights;             /* the trained weights' place, at the start of the run */
    int64_t floats;
    struct net *net;
    int64_t cancel_after; /* epochs; 0: never */
    int64_t cancel_now;   /* at the so-manieth step at which a run can end, from 1; 0: never */
    int64_t nnow;         /* such steps so far */
    int64_t ask_every;    /* epochs from one question to the next; 0: only one */
    int64_t prune_at, pause_at;
    size_t nasked;
    int64_t asked[64]; /* epochs */
    struct run_resumed from;
    struct run_result result;
};

static inline void hear_parameters(void *arg, const struct learner *learner)
{
    struct heard *h = arg;
    float *grads;

    h->net = learner->net;
    h->weights = net_trained(h->net, &grads, &h->floats);
}

static inline void hear_epoch(void *arg, const struct epoch_report *r)
{
    struct heard *h = arg;
    struct heard_epoch *e;

    h->epoch = mem_grow(h->epoch, h->nepochs + 1, sizeof *h->epoch);
    e = &h->epoch[h->nepochs++];
    *e = (struct heard_epoch){.report = *r};
    for (size_t i = 0; i < r->npositions && i < HEARD_POSITIONS; i++) {
        e->mean[i] = r->tensors[i].grad_norm_mean;
        e->max[i] = r->tensors[i].grad_norm_max;
        e->weight[i] = r->tensors[i].weight_norm;
        e->update[i] = r->tensors[i].update_norm;
        e->nonfinite[i] = r->tensors[i].nonfinite;
    }
    for (size_t i = 0; i < r->nmetrics && i < HEARD_METRICS; i++) {
        e->metric[i] = r->metrics[i].value;
        e->split[i] = r->metrics[i].split;
    }
}

static inline void hear_step(void *arg, const struct step_report *r)
{
    struct heard *h = arg;
    const size_t n = ++h->nsteps;

    h->step = mem_grow(h->step, n, sizeof *h->step);
    h->step_loss = mem_grow(h->step_loss, n, sizeof *h->step_loss);
    h->step_norm = mem_grow(h->step_norm, n, sizeof *h->step_norm);
    h->step_lr = mem_grow(h->step_lr, n, sizeof *h->step_lr);
    h->step[n - 1] = r->step;
    h->step_loss[n - 1] = r->loss;
    h->step_norm[n - 1] = r->grad_norm;
    h->step_lr[n - 1] = r->lr;
}

static inline void hear_event(void *arg, const char *kind, const char *detail)
{
    struct heard *h = arg;

    snprintf(h->event, sizeof h->event, "%s: %s", kind, detail);
}

static inline void hear_checkpoint(void *arg, int64_t epoch, const char *path, const char *sha256, bool best)
{
    struct heard *h = arg;

    (void)epoch;
    h->ncheckpoints++;
    h->nbest += best;
    snprintf(h->path, sizeof h->path, "%s", path);
    snprintf(h->sha256, sizeof h->sha256, "%s", sha256);
}

static inline bool hear_cancelled(void *arg, bool now)
{
    struct heard *h = arg;

    if (now)
        return ++h->nnow >= h->cancel_now && h->cancel_now > 0;
    return h->cancel_after > 0 && (int64_t)h->nepochs >= h->cancel_after;
}

static inline enum verdict hear_ask(void *arg, int64_t epoch, int64_t *next)
{
    struct heard *h = arg;

    if (h->nasked < sizeof h->asked / sizeof h->asked[0])
        h->asked[h->nasked++] = epoch;
    if (h->ask_every > 0)
        *next = epoch + h->ask_every;
    return epoch == h->prune_at ? VERDICT_PRUNE : epoch == h->pause_at ? VERDICT_PAUSE : VERDICT_GO;
}

static inline void hear_resumed(void *arg, const struct run_resumed *from)
{
    struct heard *h = arg;

    h->from = *from;
}

/* Train the fixture's spec. OPTIONS may be NULL: seed 1. */
static inline status fixture_train(struct fixture *f, const struct run_options *options, struct heard *h)
{
    const struct run_options standard = {.seed = 1};
    const struct train_listener listener = {.arg = h,
                                            .parameters = hear_parameters,
                                            .epoch = hear_epoch,
                                            .step = hear_step,
                                            .event = hear_event,
                                            .checkpoint = hear_checkpoint,
                                            .cancelled = hear_cancelled,
                                            .ask = hear_ask,
                                            .resumed = hear_resumed};

    return train_run(f->spec, &f->data, &f->env, options ? options : &standard, &listener, &h->result,
                     &f->problem);
}

static inline void heard_release(struct heard *h)
{
    free(h->epoch);
    free(h->step);
    free(h->step_loss);
    free(h->step_norm);
    free(h->step_lr);
    *h = (struct heard){0};
}

/* All numbers of two runs but times have the same bits. */
static inline bool heard_equal(const struct heard *a, const struct heard *b)
{
    if (a->nepochs != b->nepochs || a->result.end != b->result.end)
        return false;
    for (size_t i = 0; i < a->nepochs; i++) {
        struct heard_epoch x = a->epoch[i], y = b->epoch[i];

        if (memcmp(x.report.loss, y.report.loss, sizeof x.report.loss) != 0 ||
            x.report.grad_norm_mean != y.report.grad_norm_mean ||
            x.report.grad_norm_max != y.report.grad_norm_max || memcmp(x.mean, y.mean, sizeof x.mean) != 0 ||
            memcmp(x.max, y.max, sizeof x.max) != 0 || memcmp(x.weight, y.weight, sizeof x.weight) != 0 ||
            memcmp(x.update, y.update, sizeof x.update) != 0 ||
            memcmp(x.metric, y.metric, sizeof x.metric) != 0)
            return false;
    }
    return true;
}

#endif
