/* rate.c - see rate.h. */
#include "engine/rate.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/net_at.h"

struct scheduled {
    const fell_schedule *item;
    struct instance in;
    fell_schedule_call call;
    bool watches;
    struct watched watched;
    const char *monitor; /* what is watched */
    double *history;     /* [epochs] */
};

struct rate {
    double lr;
    size_t n;
    struct scheduled *schedule;
};

status rate_check(const struct spec *spec, const struct measure *m, struct problem *p)
{
    struct watched watched;
    struct error err;

    for (size_t i = 0; i < spec->nschedules; i++) {
        const char *setting = "", *name = spec_monitor(&spec->schedules[i], &setting);

        if (name && measure_find(m, name, &watched, &err) != OK)
            return problem_set(p, "schedule", (int)i, setting, "%s.%s: %s", spec->schedules[i].item->name,
                               setting, err.text);
    }
    return OK;
}

struct rate *rate_new(const struct spec *spec, const struct measure *m, struct host_env *env, double lr,
                      int64_t epochs, int64_t steps)
{
    struct rate *r = mem_alloc(sizeof *r);

    r->lr = lr;
    r->n = spec->nschedules;
    r->schedule = mem_array(r->n, sizeof *r->schedule);
    for (size_t i = 0; i < r->n; i++) {
        const struct choice *choice = &spec->schedules[i];
        struct scheduled *s = &r->schedule[i];
        const char *setting, *name = spec_monitor(choice, &setting);
        struct error err;

        s->item = choice->item->schedule;
        instance_init(&s->in, choice->item, choice->item->name, env);
        if (name && measure_find(m, name, &s->watched, &err) == OK) {
            s->watches = true;
            s->monitor = name;
            s->history = mem_array((size_t)epochs, sizeof *s->history);
        }
        s->call = (fell_schedule_call){.ctx = &s->in.ctx,
                                       .settings = choice->settings,
                                       .epochs = epochs,
                                       .steps = steps,
                                       .history = s->history};
    }
    return r;
}

void rate_free(struct rate *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n; i++) {
        instance_release(&r->schedule[i].in);
        free(r->schedule[i].history);
    }
    free(r->schedule);
    free(r);
}

status rate_of_step(struct rate *r, int64_t epoch, int64_t step, double *lr, struct error *err)
{
    *lr = r->lr;
    for (struct scheduled *s = r->schedule, *end = s + r->n; s < end; s++) {
        net_at(&s->in, "rate");
        s->call.epoch = epoch;
        s->call.step = step;
        s->call.lr = *lr;
        if (s->item->rate(&s->call) != FELL_OK)
            return instance_error(&s->in, NULL, err);
        instance_reset(&s->in);
        if (!isfinite(s->call.lr)) /* the weights would say it too late, and blame nobody */
            return error_set(err, "%s: gives the learning rate %g for step %lld, in epoch %lld", s->in.name,
                             s->call.lr, (long long)step + 1, (long long)epoch + 1);
        *lr = s->call.lr;
    }
    return OK;
}

void rate_remember(struct rate *r, const struct measure *m, int64_t epoch, const double loss[SPLITS])
{
    for (size_t i = 0; i < r->n; i++)
        if (r->schedule[i].watches)
            r->schedule[i].history[epoch] = measure_value(m, &r->schedule[i].watched, loss);
}

const char *rate_valueless(const struct rate *r, int64_t epoch, const char **watched)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->schedule[i].watches && isnan(r->schedule[i].history[epoch])) {
            *watched = r->schedule[i].monitor;
            return r->schedule[i].in.name;
        }
    return NULL;
}

size_t rate_schedules(const struct rate *r)
{
    return r->n;
}

double *rate_history(const struct rate *r, size_t i)
{
    return r->schedule[i].history;
}
