/* rig_runs.c - what goes through many steps, on the workbench of rig.h: schedules and optimizers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check/rig_parts.h"
#include "engine/update.h"
#include "host/settings.h"

/* ---- schedules -------------------------------------------------------------------------------------- */

enum { EPOCHS = 40, EPOCH_STEPS = 3 };

static int64_t epochs_of(const struct rig *g)
{
    return g->how.epochs ? g->how.epochs : EPOCHS;
}

static int64_t epoch_steps(const struct rig *g)
{
    return g->how.epoch_steps ? g->how.epoch_steps : EPOCH_STEPS;
}

static status schedule_prepare(struct rig *g, struct error *err)
{
    (void)err;
    rig_buffer(g, USE_HIDDEN, epochs_of(g), sizeof(double), "history");
    rig_buffer(g, USE_OUTPUT, epochs_of(g) * epoch_steps(g), sizeof(double), "rate");
    return OK;
}

static bool has_monitor(const struct item *item)
{
    for (size_t i = 0; i < item->nparams; i++)
        if (item->params[i].flags & FELL_MONITOR)
            return true;
    return false;
}

/* What has been recorded before an epoch; of the later ones nothing is set. NULL for who watches nothing. */
static const double *history_until(struct rig *g, int64_t epoch)
{
    struct buffer *b = &g->buffer[rig_find(g, "history")];
    double *history = b->v;

    if (!has_monitor(g->s.item))
        return NULL;
    rig_unset(g, b);
    for (int64_t i = 0; i < epoch; i++)
        history[i] =
            g->how.undefined && (i == 0 || i == 5) ? NAN : 1.0 / (double)(i + 1) + (i > 12 ? 0.2 : 0.0);
    return history;
}

/* The rates of a run; with BACKWARDS asked for from its end: a pure function gives the same. */
static status schedule_forward(struct rig *g, struct error *err)
{
    const int64_t each = epoch_steps(g), steps = epochs_of(g) * each;
    double *rate = g->buffer[rig_find(g, "rate")].v;

    if (!has_monitor(g->s.item))
        rig_note(
            "when it is called, with c->history NULL: it has no setting with the flag FELL_MONITOR, which "
            "names what is watched");
    for (int64_t i = 0; i < steps; i++) {
        const int64_t step = g->how.backwards ? steps - 1 - i : i;
        fell_schedule_call c = {.ctx = &g->s.in.ctx,
                                .settings = g->s.settings,
                                .epoch = step / each,
                                .epochs = epochs_of(g),
                                .step = step,
                                .steps = steps,
                                .history = history_until(g, step / each),
                                .lr = g->how.lr != 0.0 ? g->how.lr : 0.1};

        if (rig_call(g, g->s.item->schedule->rate(&c), err) != OK)
            return FAILED;
        rate[step] = c.lr;
    }
    return OK;
}

const struct kind_work schedule_work = {schedule_prepare, schedule_forward, NULL};

/* ---- optimizers --------------------------------------------------------------------------------------- */

enum { OPTIMIZER_STEPS = 4 };

static status make_slot(struct rig *g, const fell_slot *slot, int number, struct error *err)
{
    char name[64];
    int64_t n, times;
    int b;

    if (subject_slots(&g->s, slot, &times, err) != OK)
        return FAILED;
    if (times == 0)
        return OK;
    snprintf(name, sizeof name, "slot %.50s", slot->name);
    n = update_slot_floats(slot->scalar, g->setup->joined ? NULL : g->setup->in, fell_size(g->setup->in));
    if (n == 0)
        return OK;
    b = rig_buffer(g, USE_STATE, n * times, sizeof(float), name);
    memset(g->buffer[b].v, 0, (size_t)g->buffer[b].n * sizeof(float));
    rig_keep(g, b);
    g->slot[number] = g->buffer[b].v;
    return OK;
}

static status optimizer_prepare(struct rig *g, struct error *err)
{
    const fell_optimizer *o = g->s.item->optimizer;
    fell_optimizer_call *c = &g->optimizer;

    *c = (fell_optimizer_call){.ctx = &g->s.in.ctx,
                               .settings = g->s.settings,
                               .n = fell_size(g->setup->in),
                               .lr = g->how.no_lr       ? 0.0
                                     : g->how.lr != 0.0 ? g->how.lr
                                                        : 0.01,
                               .slot = g->slot};
    if (subject_fits(&g->s, err) != OK)
        return FAILED;
    if (!g->setup->joined && o->reach != FELL_WHOLE) {
        c->shape = g->setup->in;
        c->role = g->setup->in[0].rank == 1 ? FELL_BIAS : FELL_WEIGHT;
    }
    c->g = rig_input(g, c->n, "gradient");
    c->w = rig_input(g, c->n, "w");
    g->buffer[g->nbuffers - 1].use = USE_STATE;
    if (g->how.no_weights) {
        memset(c->w, 0, (size_t)c->n * sizeof *c->w);
        memset(g->buffer[g->nbuffers - 1].start, 0, (size_t)c->n * sizeof *c->w);
    }
    for (uint64_t i = 0; i < o->nslots; i++)
        if (make_slot(g, &o->slots[i], (int)i, err) != OK)
            return FAILED;
    g->next_step = 1;
    return OK;
}

status rig_optimizer_step(struct rig *g, int64_t t, double *loss,
                          double (*f)(const float *w, float *g, int64_t n), struct error *err)
{
    const fell_optimizer *o = g->s.item->optimizer;
    fell_optimizer_call *c = &g->optimizer;

    c->t = t;
    if (o->before && rig_call(g, o->before(c), err) != OK)
        return FAILED;
    memset(g->kept, 0, sizeof g->kept);
    c->kept = g->kept;
    c->done = 0;
    for (c->pass = 0; c->pass == 0 || (c->pass < o->gradients && !c->done); c->pass++) {
        const double value = f ? f(c->w, g->buffer[rig_find(g, "gradient")].v, c->n) : *loss;

        *loss = c->pass ? *loss : value;
        c->loss = value;
        if ((f && !isfinite(value)) || rig_call(g, o->step(c), err) != OK)
            return FAILED;
    }
    return OK;
}

static status optimizer_forward(struct rig *g, struct error *err)
{
    for (g->next_step = 1; g->next_step <= OPTIMIZER_STEPS; g->next_step++) {
        double loss = g->how.no_loss ? 0.0 : 1.0 / (double)g->next_step;

        if (rig_optimizer_step(g, g->next_step, &loss, NULL, err) != OK)
            return FAILED;
    }
    return OK;
}

const struct kind_work optimizer_work = {optimizer_prepare, optimizer_forward, NULL};
