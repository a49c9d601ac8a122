/* update.c - see update.h. Planned and allocated by learner.c, stepped by train.c. */
#include "engine/update.h"

#include <stdlib.h>

#include "base/mem.h"
#include "engine/masks.h"
#include "engine/net_at.h"
#include "engine/net_impl.h"
#include "host/settings.h"

enum { MOST_SLOTS = 16 };

/* One call of the plugin in every step, for tensors FIRST .. LAST of the trained ones. */
struct update_call {
    fell_optimizer_call call;
    double kept[FELL_KEPT]; /* from pass to pass */
    double factor;          /* lr_factor */
    const struct net_tensor *first, *last;
};

struct slot {
    const char *name;
    bool used;
    uint64_t floats; /* FELL_SLOT_EACH, ... */
    int64_t times;   /* so many arrays */
    float *values;   /* [times * floats]; scalar: [times] padded for each tensor */
};

struct update {
    struct arena *arena;
    const fell_optimizer *item;
    struct instance in;
    double lr;
    int64_t floats; /* of the trained tensors */
    const float *mask;
    float *weights; /* with MASK, which may be NULL: the net's */
    size_t nslots, ncalls, ntrained;
    struct slot *slot;
    struct update_call *call;
    const struct net_tensor **trained; /* [ntrained] in the arena's order */
};

/* Tensors that one call may take together. */
static bool joins(const struct update *u, const struct net_tensor *a, const struct net_tensor *b)
{
    return u->item->reach == FELL_WHOLE ||
           (u->item->reach == FELL_EACH_WEIGHT && a->lr_factor == b->lr_factor);
}

static void plan_calls(struct update *u, const struct net *n)
{
    u->trained = arena_alloc(u->arena, n->ntensors * sizeof *u->trained);
    u->call = arena_alloc(u->arena, n->ntensors * sizeof *u->call);
    for (size_t i = 0; i < n->ntensors; i++) {
        const struct net_tensor *t = &n->tensor[i];
        struct update_call *c = u->ncalls ? &u->call[u->ncalls - 1] : NULL;

        if (t->position < 0 || t->frozen)
            continue;
        u->trained[u->ntrained++] = t;
        if (c && joins(u, c->last, t))
            c->last = t;
        else
            u->call[u->ncalls++] = (struct update_call){.factor = t->lr_factor, .first = t, .last = t};
    }
}

static status check_factors(const struct update *u, struct problem *p)
{
    for (size_t i = 1; u->item->reach == FELL_WHOLE && i < u->ntrained; i++)
        if (u->trained[i]->lr_factor != u->trained[0]->lr_factor)
            return problem_set(p, "model", u->trained[i]->entry, "lr_factor",
                               "lr_factor: %s moves all weights together, so they need one factor",
                               u->in.name);
    return OK;
}

/* Floats of a scalar slot for one tensor, padded. */
static int64_t scalar_floats(const struct slot *s)
{
    return (s->times + TENSOR_ALIGN - 1) / TENSOR_ALIGN * TENSOR_ALIGN;
}

int64_t update_slot_floats(uint64_t floats, const fell_shape *shape, int64_t n)
{
    switch (floats) {
    case FELL_SLOT_ONE:
        return 1;
    case FELL_SLOT_ROWS:
        return shape ? n / shape->dim[shape->rank - 1] : 1;
    case FELL_SLOT_COLUMNS:
        return shape && shape->rank > 1 ? n / shape->dim[shape->rank - 2] : n;
    case FELL_SLOT_OTHER:
        return shape && shape->rank == 2 ? 0 : n;
    default:
        return n;
    }
}

/* Where what a slot of its own size holds of trained tensor I begins; of all of them with I the number of
 * these. */
static int64_t own_offset(const struct update *u, const struct slot *s, size_t i)
{
    int64_t at = 0;

    for (size_t k = 0; k < i; k++)
        at += tensor_padded(update_slot_floats(s->floats, &u->trained[k]->shape, u->trained[k]->n));
    return at;
}

/* The optimizer with no weights: settings that do not fit each other are found here. Scalar
 * slots are there, since a step may write them. */
static status try_optimizer(struct update *u, const void *settings, struct problem *p)
{
    float nothing[TENSOR_ALIGN] __attribute__((aligned(64))) = {0}, *slot[MOST_SLOTS] = {0};
    fell_optimizer_call c = {.ctx = &u->in.ctx,
                             .settings = settings,
                             .t = 1,
                             .lr = u->lr,
                             .w = nothing,
                             .g = nothing,
                             .slot = slot};
    status result = OK;

    for (size_t i = 0; i < u->nslots; i++)
        if (u->slot[i].used)
            slot[i] = mem_array((size_t)scalar_floats(&u->slot[i]), sizeof *slot[i]);
    net_at(&u->in, "plan");
    if (u->item->step(&c) != FELL_OK)
        result = problem_of_instance(&u->in, "optimizer", 0, p);
    instance_reset(&u->in);
    for (size_t i = 0; i < u->nslots; i++)
        free(slot[i]);
    return result;
}

status update_new(struct net *n, struct update **out, struct problem *p)
{
    const struct choice *choice = &n->spec->optimizer;
    struct update *u = mem_alloc(sizeof *u);
    double number;

    u->arena = arena_new();
    u->item = choice->item->optimizer;
    instance_init(&u->in, choice->item, choice->item->name, n->env);
    u->floats = n->trained_floats;
    if (!settings_number(choice->item, choice->settings, "lr", &u->lr)) {
        problem_set(p, "optimizer", 0, "", "%s has no setting lr", u->in.name);
        goto out;
    }
    if (u->item->nslots > MOST_SLOTS) {
        problem_set(p, "optimizer", 0, "", "%s has more than %d slots", u->in.name, MOST_SLOTS);
        goto out;
    }
    u->nslots = u->item->nslots;
    u->slot = arena_alloc(u->arena, u->nslots * sizeof *u->slot);
    for (size_t i = 0; i < u->nslots; i++) {
        const fell_slot *s = &u->item->slots[i];

        u->slot[i] = (struct slot){.name = s->name, .floats = s->scalar, .used = true, .times = 1};
        if (s->when && settings_number(choice->item, choice->settings, s->when, &number))
            u->slot[i].used = number != 0.0;
        if (s->times && settings_number(choice->item, choice->settings, s->times, &number))
            u->slot[i].times = (int64_t)number;
    }
    plan_calls(u, n);
    if (check_factors(u, p) != OK || try_optimizer(u, choice->settings, p) != OK)
        goto out;
    *out = u;
    return OK;
out:
    update_free(u);
    return FAILED;
}

void update_free(struct update *u)
{
    if (!u)
        return;
    for (size_t i = 0; i < u->nslots; i++)
        free(u->slot[i].values);
    instance_release(&u->in);
    arena_free(u->arena);
    free(u);
}

static size_t slot_floats(const struct update *u, const struct slot *s)
{
    if (!s->used)
        return 0;
    if (s->floats == FELL_SLOT_ONE)
        return u->ntrained * (size_t)scalar_floats(s);
    return s->floats == FELL_SLOT_EACH ? (size_t)(s->times * u->floats)
                                       : (size_t)own_offset(u, s, u->ntrained);
}

size_t update_bytes(const struct update *u)
{
    size_t bytes = 0;

    for (size_t i = 0; i < u->nslots; i++)
        bytes += slot_floats(u, &u->slot[i]) * sizeof(float);
    return bytes;
}

/* Which of the trained tensors it is; ntrained: none. */
static size_t trained_index(const struct update *u, const struct net_tensor *t)
{
    size_t i = 0;

    while (i < u->ntrained && u->trained[i] != t)
        i++;
    return i;
}

/* What a call that begins with tensor T is given of a slot. */
static float *slot_of(const struct update *u, const struct slot *s, const struct net_tensor *t)
{
    if (!s->used)
        return NULL;
    if (s->floats == FELL_SLOT_ONE)
        return s->values + (int64_t)trained_index(u, t) * scalar_floats(s);
    if (s->floats == FELL_SLOT_EACH)
        return s->values + s->times * t->offset;
    return update_slot_floats(s->floats, &t->shape, t->n) ? s->values + own_offset(u, s, trained_index(u, t))
                                                          : NULL;
}

status update_allocate(struct update *u, struct net *n, struct problem *p)
{
    u->mask = n->mask;
    u->weights = n->weights;
    for (size_t i = 0; i < u->nslots; i++) {
        struct slot *s = &u->slot[i];

        if (!s->used)
            continue;
        s->values = mem_try_aligned(slot_floats(u, s) + 1, sizeof *s->values);
        if (!s->values)
            return problem_no_memory(p, "optimizer", 0, u->in.name, "%s", s->name);
    }
    for (struct update_call *c = u->call; c < u->call + u->ncalls; c++) {
        const bool one = c->first == c->last && u->item->reach != FELL_WHOLE;
        float **slot = arena_alloc(u->arena, u->nslots * sizeof *slot);

        for (size_t i = 0; i < u->nslots; i++)
            slot[i] = slot_of(u, &u->slot[i], c->first);
        c->call = (fell_optimizer_call){.ctx = &u->in.ctx,
                                        .settings = n->spec->optimizer.settings,
                                        .n = c->last->offset + c->last->n - c->first->offset,
                                        .shape = one ? &c->first->shape : NULL,
                                        .role = one ? c->first->role : 0,
                                        .w = n->weights + c->first->offset,
                                        .g = n->grads + c->first->offset,
                                        .slot = slot,
                                        .kept = c->kept};
    }
    return OK;
}

double update_rate(const struct update *u)
{
    return u->lr;
}

bool update_wants(const struct update *u, uint64_t pass)
{
    bool done = true;

    if (pass >= u->item->gradients)
        return false;
    for (size_t i = 0; i < u->ncalls; i++)
        done &= u->call[i].call.done != 0;
    return !done;
}

bool update_moves_before(const struct update *u)
{
    return u->item->before != NULL;
}

status update_before(struct update *u, int64_t t, double lr, struct error *err)
{
    if (!u->item->before)
        return OK;
    net_at(&u->in, "before a step");
    for (struct update_call *c = u->call, *end = c + u->ncalls; c < end; c++) {
        fell_optimizer_call call = c->call;

        call.t = t;
        call.lr = lr * c->factor;
        call.kept = NULL;
        call.g = NULL;
        if (u->item->before(&call) != FELL_OK)
            return instance_error(&u->in, NULL, err);
        instance_reset(&u->in);
    }
    return OK;
}

status update_step(struct update *u, int64_t t, uint64_t pass, double lr, double loss, struct error *err)
{
    net_at(&u->in, "step");
    for (struct update_call *c = u->call, *end = c + u->ncalls; c < end; c++) {
        c->call.t = t;
        c->call.pass = pass;
        c->call.lr = lr * c->factor;
        c->call.loss = loss;
        c->call.done = 0;
        if (pass == 0)
            memset(c->kept, 0, sizeof c->kept);
        if (u->item->step(&c->call) != FELL_OK)
            return instance_error(&u->in, NULL, err);
        instance_reset(&u->in);
    }
    if (u->mask) /* a gradient of 0 is not yet a step of 0: muon */
        masks_apply(u->mask, u->weights, u->floats);
    return OK;
}

size_t update_slots(const struct update *u)
{
    return u->nslots;
}

const char *update_slot_name(const struct update *u, size_t i)
{
    return u->slot[i].name;
}

int64_t update_slot_times(const struct update *u, size_t i)
{
    return u->slot[i].times;
}

float *update_slot(const struct update *u, size_t i, int64_t k, const struct net_tensor *t, int64_t *n)
{
    const struct slot *s = &u->slot[i];
    const struct update_call *c = u->call;

    if (!s->used || trained_index(u, t) == u->ntrained)
        return NULL;
    *n = update_slot_floats(s->floats, &t->shape, t->n);
    if (s->floats == FELL_SLOT_ONE)
        return slot_of(u, s, t) + k;
    if (s->floats != FELL_SLOT_EACH)
        return slot_of(u, s, t);
    while (t->offset > c->last->offset)
        c++;
    return slot_of(u, s, c->first) + k * c->call.n + (t->offset - c->first->offset);
}
