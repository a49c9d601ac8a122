/* look.c - looks taken: when, with what around them, and what is left of them. See look.h.
 * What a probe may ask is in look_net.c, how looks are planned in look_plan.c.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/look_impl.h"
#include "engine/net_at.h"

void looks_begin_epoch(struct looks *l)
{
    if (l)
        memcpy(l->before, l->net->weights, (size_t)l->weights * sizeof *l->before);
}

const char *looks_probe(const struct looks *l, size_t probe)
{
    return l->look[probe].in.name;
}

const char *looks_number(const struct looks *l, size_t probe, uint32_t number)
{
    return l->look[probe].item->numbers[number].name;
}

const char *looks_layer(const struct looks *l, size_t probe, uint32_t number, int32_t at)
{
    const uint64_t per = l->look[probe].item->numbers[number].per;

    if (per == FELL_PER_NET || per == FELL_PER_ROW)
        return "";
    return per == FELL_PER_TENSOR ? l->tensor[at].name : l->entry[at].name;
}

/* ---- one look -------------------------------------------------------------------------------------- */

/* What was said of numbers with a name is their last value. */
static void remember(const struct look *k)
{
    const struct probe_names *names = k->all->names;
    const size_t *first = names->first[k - k->all->look];

    for (size_t i = 0; i < k->nsaid; i++)
        if (first[k->said[i].number] != SIZE_MAX)
            names->value[first[k->said[i].number] + (size_t)k->said[i].at] = k->said[i].value;
}

static int by_key(const void *a, const void *b)
{
    const struct probe_value *x = a, *y = b;

    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->position < y->position ? -1 : x->position > y->position;
}

/* What was said, in the order of its keys; two values for one key are a mistake of the probe. */
static status sort_said(struct look *k, struct error *err)
{
    if (k->nsaid)
        qsort(k->said, k->nsaid, sizeof *k->said, by_key);
    for (size_t i = 1; i < k->nsaid; i++)
        if (by_key(&k->said[i - 1], &k->said[i]) == 0)
            return error_set(
                err, "%s: records %s of '%s' at position %lld twice", k->in.name,
                looks_number(k->all, (size_t)(k - k->all->look), k->said[i].number),
                looks_layer(k->all, (size_t)(k - k->all->look), k->said[i].number, k->said[i].at),
                (long long)k->said[i].position);
    return OK;
}

/* Has the probe kept to its states? */
static status check_states(const struct look *k, struct error *err)
{
    for (size_t i = 0; i < k->item->nstates; i++)
        for (int b = 0; b < STATE_BEHIND; b++)
            if (memcmp(&k->state[i][k->state_n[i] + b], &STATE_GUARD, sizeof STATE_GUARD) != 0)
                return error_set(err, "%s: writes to %s[%lld] of %lld, a state of its own", k->in.name,
                                 k->item->states[i].name, (long long)(k->state_n[i] + b),
                                 (long long)k->state_n[i]);
    return OK;
}

/* Mostly they are the same already: then nothing is written, which takes longer than reading. */
static void put(float *to, const float *from, int64_t n)
{
    if (memcmp(to, from, (size_t)n * sizeof *to) != 0)
        memcpy(to, from, (size_t)n * sizeof *to);
}

static status take(struct look *k, const struct look_time *t, struct error *err)
{
    struct looks *l = k->all;
    struct net *n = l->net;
    fell_status result;

    put(l->kept, n->weights, n->floats);
    k->nsaid = 0;
    k->call.epoch = t->epoch;
    k->call.step = t->step;
    k->call.lr = t->lr;
    k->call.look = k->spec->every ? (uint64_t)((t->epoch + k->spec->every - 1) / k->spec->every) : 0;
    k->in.stream = rng_stream(l->seed, RNG_PROBE, (uint32_t)(k - l->look), (uint64_t)t->epoch);
    net_at(&k->in, "look");
    net_at_probe(&k->in);
    result = k->item->look(&k->call);
    net_at_probe(NULL);
    instance_reset(&k->in);
    put(n->weights, l->kept, n->floats);
    if (result != FELL_OK)
        return instance_error(&k->in, NULL, err);
    if (check_states(k, err) != OK || sort_said(k, err) != OK)
        return FAILED;
    k->looked = t->epoch;
    remember(k);
    return OK;
}

bool looks_next(struct looks *l, const struct look_time *t, bool last, size_t *next,
                struct probe_report *report, status *result, struct error *err)
{
    *result = OK;
    for (; l && *next < l->n; ++*next) {
        struct look *k = &l->look[*next];
        const bool due = last || t->epoch % k->spec->every == 0;

        if (!due || k->looked == t->epoch)
            continue;
        *result = take(k, t, err);
        *report = (struct probe_report){t->epoch, *next, k->nsaid, k->said};
        ++*next;
        return *result == OK;
    }
    return false;
}

/* ---- values by name, states for checkpoints ------------------------------------------------------------ */

bool looks_state(struct looks *l, size_t i, const char **name, float **values, int64_t *floats)
{
    for (size_t p = 0; l && p < l->n; p++) {
        struct look *k = &l->look[p];

        if (i >= k->item->nstates) {
            i -= k->item->nstates;
            continue;
        }
        *name = k->state_name[i];
        *values = k->state[i];
        *floats = k->state_n[i];
        return true;
    }
    return false;
}

void looks_guard(struct looks *l, uint32_t pattern)
{
    const struct net *n = l->net;

    for (int64_t i = 0; i < net_behind(n->env); i++) {
        memcpy(n->weights + n->floats + i, &pattern, sizeof pattern);
        memcpy(l->first + l->weights + i, &pattern, sizeof pattern);
        memcpy(l->before + l->weights + i, &pattern, sizeof pattern);
    }
}

const float *looks_first(const struct looks *l, int64_t *floats)
{
    *floats = l->weights;
    return l->first;
}

const float *looks_before(const struct looks *l, int64_t *floats)
{
    *floats = l->weights;
    return l->before;
}

double *looks_values(struct looks *l, size_t *n)
{
    *n = l ? l->names->n : 0;
    return l ? l->names->value : NULL;
}
