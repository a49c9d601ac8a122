/* look_plan.c - looks planned: what probes see of the net, the rows that each looks at, its states. See
 * look.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/look_impl.h"
#include "engine/net_at.h"

/* ---- the net as probes see it ---------------------------------------------------------------------- */

static void view_entries(struct looks *l)
{
    const struct net *n = l->net;

    l->nentries = (int64_t)n->nentries;
    l->entry = arena_alloc(l->arena, n->nentries * sizeof *l->entry);
    l->y = arena_alloc(l->arena, n->nentries * sizeof *l->y);
    l->dy_squares = arena_alloc(l->arena, n->nentries * sizeof *l->dy_squares);
    for (size_t i = 0; i < n->nentries; i++) {
        const struct entry *e = &n->entry[i];
        const fell_activation *a = e->activation;

        l->y[i] = e->y;
        l->entry[i] = (fell_entry_view){.name = e->name,
                                        .plugin = e->spec->plugin.item->name,
                                        .out = e->plan.out,
                                        .size = e->size,
                                        .units = e->size,
                                        .backward = e->backward,
                                        .low = a ? a->low : 0.0,
                                        .high = a ? a->high : 0.0};
    }
}

/* Whether rows' gradients can be had in one pass: each entry with weights says them itself, or keeps nothing
 * for its backward, so that it can be called for one row alone. */
static bool one_pass(const struct entry *e)
{
    return !e->ngradients || e->layer->each_row || (e->plan.saved_bytes == 0 && e->nin == 1);
}

static void view_tensors(struct looks *l)
{
    const struct net *n = l->net;

    l->tensor = arena_alloc(l->arena, n->ntensors * sizeof *l->tensor);
    l->of = arena_alloc(l->arena, n->ntensors * sizeof *l->of);
    l->tensor_at = arena_alloc(l->arena, n->nentries * sizeof *l->tensor_at);
    for (size_t i = 0; i < n->nentries; i++) {
        const struct entry *e = &n->entry[i];
        const size_t tensors = e->layer ? e->layer->ntensors : 0;

        l->by_row = l->by_row || n->mask || n->nshared || !one_pass(e); /* layers know neither */
        l->tensor_at[i] = arena_alloc(l->arena, tensors * sizeof **l->tensor_at);
        for (size_t k = 0; k < tensors; k++)
            l->tensor_at[i][k] = -1;
    }
    for (size_t i = 0; i < n->ntensors; i++) {
        const struct net_tensor *t = &n->tensor[i];

        if (t->position < 0 || t->frozen)
            continue;
        l->tensor_at[t->entry][t->index] = l->ntensors;
        l->of[l->ntensors] = t;
        l->tensor[l->ntensors++] =
            (fell_tensor_view){.name = arena_format(l->arena, "%s.%s", n->entry[t->entry].name, t->name),
                               .shape = t->shape,
                               .role = t->role,
                               .entry = t->entry,
                               .n = t->n,
                               .at = t->offset};
    }
    l->weights = n->trained_floats;
}

static status make_buffers(struct looks *l, struct problem *p)
{
    const struct net *n = l->net;
    const size_t batch = (size_t)n->batch;
    size_t widest = (size_t)l->data->x_size;
    const size_t weights = (size_t)((l->weights ? l->weights : 1) + net_behind(n->env));

    for (int64_t i = 0; i < l->nentries; i++)
        widest = widest > (size_t)l->entry[i].size ? widest : (size_t)l->entry[i].size;
    widest = widest > (size_t)l->data->target_size ? widest : (size_t)l->data->target_size;
    l->x = mem_try_aligned(batch, (size_t)data_row_size(l->data, SPLIT_TRAIN) * sizeof *l->x +
                                      (size_t)l->data->x_size * sizeof *l->x);
    l->target = mem_try_aligned(batch, (size_t)l->data->target_size * sizeof *l->target);
    l->label = mem_try_aligned(batch, (size_t)l->data->target_size * sizeof *l->label);
    for (int i = 0; i < 3; i++)
        l->piece[i] = mem_try_aligned(widest, sizeof(float));
    l->first = mem_try_aligned(weights, sizeof *l->first);
    l->before = mem_try_aligned(weights, sizeof *l->before);
    l->kept = mem_try_aligned((size_t)n->floats, sizeof *l->kept);
    l->sum = mem_try_aligned(weights, sizeof *l->sum);
    if (!l->x || !l->target || !l->label || !l->piece[0] || !l->piece[1] || !l->piece[2] || !l->first ||
        !l->before || !l->kept || !l->sum)
        return problem_no_memory(p, "probes", 0, "", "copies of the weights");
    memcpy(l->first, n->weights, (size_t)l->weights * sizeof *l->first);
    memcpy(l->before, n->weights, (size_t)l->weights * sizeof *l->before);
    return OK;
}

/* ---- the rows ----------------------------------------------------------------------------------------- */

/* N of the ROWS of a split, in their order: drawn by the experiment's seed, so that every epoch, repeat and
 * probe with as many sees the same. */
static int64_t *draw_rows(const struct spec *spec, int64_t rows, int64_t n, int split)
{
    struct rng_stream stream = rng_stream(spec->seed, RNG_PROBE, 1000u + (uint32_t)split, 0);
    int64_t *all = mem_array((size_t)rows, sizeof *all), *drawn = mem_array((size_t)n, sizeof *drawn), at = 0;
    bool *taken = mem_array((size_t)rows, sizeof *taken);

    for (int64_t i = 0; i < rows; i++)
        all[i] = i;
    rng_shuffle(&stream, all, rows);
    for (int64_t i = 0; i < n; i++)
        taken[all[i]] = true;
    for (int64_t i = 0; i < rows; i++)
        if (taken[i])
            drawn[at++] = i;
    free(all);
    free(taken);
    return drawn;
}

static status take_rows(struct look *k, const struct spec *spec, const struct data *data, int index,
                        struct problem *p)
{
    const enum split split = (enum split)k->spec->split;
    const struct rows *from = &data->split[split];
    const int64_t wanted = k->spec->rows, n = wanted == 0 || wanted > from->n ? from->n : wanted;
    const int64_t size = data_row_size(data, split), target = data->target_size;
    int64_t *drawn;

    if (from->n == 0)
        return problem_set(p, "probes", index, "split", "split: " SPLIT_MISSING, split_name(split));
    drawn = draw_rows(spec, from->n, n, k->spec->split);
    k->rows = (struct rows){.n = n,
                            .x = mem_try_aligned((size_t)n, (size_t)size * sizeof(float)),
                            .source_row = mem_array((size_t)n, sizeof(int64_t))};
    if (from->label)
        k->rows.label = mem_try_aligned((size_t)n, (size_t)target * sizeof(int32_t));
    else
        k->rows.target = mem_try_aligned((size_t)n, (size_t)target * sizeof(float));
    if (k->rows.x && (k->rows.label || k->rows.target))
        for (int64_t i = 0; i < n; i++) {
            const int64_t at = rows_at(from, drawn[i], target);

            memcpy(k->rows.x + i * size, from->x + rows_at(from, drawn[i], size),
                   (size_t)size * sizeof(float));
            if (from->label)
                memcpy(k->rows.label + i * target, from->label + at, (size_t)target * sizeof(int32_t));
            else
                memcpy(k->rows.target + i * target, from->target + at, (size_t)target * sizeof(float));
            k->rows.source_row[i] = from->source_row ? from->source_row[drawn[i]] : drawn[i];
        }
    free(drawn);
    if (!k->rows.x || (!k->rows.label && !k->rows.target))
        return problem_set(p, "probes", index, "rows", "rows: no memory for %lld rows", (long long)n);
    return OK;
}

/* ---- one probe ------------------------------------------------------------------------------------------
 */

static status make_states(struct look *k, struct looks *l, int index, struct problem *p)
{
    const size_t n = k->item->nstates;
    int64_t *floats = arena_alloc(l->arena, n * sizeof *floats);

    k->plan.state = k->state_n = floats;
    net_at(&k->in, "plan");
    if (k->item->plan && k->item->plan(&k->plan) != FELL_OK)
        return problem_of_instance(&k->in, "probes", index, p);
    instance_reset(&k->in);
    k->state = arena_alloc(l->arena, n * sizeof *k->state);
    k->state_name = arena_alloc(l->arena, n * sizeof *k->state_name);
    for (size_t i = 0; i < n; i++) {
        k->state_name[i] = arena_format(l->arena, "probe/%s/%s", k->in.name, k->item->states[i].name);
        if (floats[i] < 0)
            return problem_set(p, "probes", index, "", "%s: plans %lld floats for %s", k->in.name,
                               (long long)floats[i], k->item->states[i].name);
        k->state[i] = mem_try_aligned((size_t)floats[i] + STATE_BEHIND, sizeof(float));
        if (!k->state[i])
            return problem_no_memory(p, "probes", index, k->in.name, "%lld floats of %s",
                                     (long long)floats[i], k->item->states[i].name);
        for (int b = 0; b < STATE_BEHIND; b++)
            memcpy(&k->state[i][floats[i] + b], &STATE_GUARD, sizeof STATE_GUARD);
    }
    return OK;
}

static status plan_probe(struct looks *l, const struct spec *spec, size_t index, struct problem *p)
{
    struct look *k = &l->look[index];
    const struct net *n = l->net;
    const struct entry *last = &n->entry[n->nentries - 1];

    k->spec = &spec->probes[index];
    k->item = k->spec->plugin.item->probe;
    k->all = l;
    k->looked = -1;
    instance_init(&k->in, k->spec->plugin.item, k->spec->name, l->env);
    if (take_rows(k, spec, l->data, (int)index, p) != OK)
        return FAILED;
    k->plan = (fell_probe_plan){.ctx = &k->in.ctx,
                                .settings = k->spec->plugin.settings,
                                .rows = k->rows.n,
                                .steps = last->rows,
                                .cols = last->cols,
                                .target = n->loss_item->target,
                                .pred_is = n->pred_is,
                                .batch = net_step_rows(spec, l->data),
                                .epochs = spec->train.epochs,
                                .nentries = l->nentries,
                                .ntensors = l->ntensors,
                                .entry = l->entry,
                                .tensor = l->tensor,
                                .weights = l->weights};
    if (make_states(k, l, (int)index, p) != OK)
        return FAILED;
    k->call = (fell_probe_call){.ctx = &k->in.ctx,
                                .settings = k->spec->plugin.settings,
                                .plan = &k->plan,
                                .net = &look_host,
                                .row = k->rows.source_row,
                                .target = k->rows.target,
                                .label = k->rows.label,
                                .w = n->weights,
                                .first = l->first,
                                .before = l->before,
                                .state = k->state,
                                .most = n->batch,
                                .y = l->y,
                                .dy_squares = l->dy_squares};
    return OK;
}

/* ---- all --------------------------------------------------------------------------------------------- */

status looks_new(const struct spec *spec, const struct data *data, const struct learner *learner,
                 struct host_env *env, uint64_t seed, struct looks **out, struct problem *p)
{
    struct net *n = learner->net;
    struct looks *l;

    *out = NULL;
    if (!spec->nprobes)
        return OK;
    l = mem_alloc(sizeof *l);
    l->arena = arena_new();
    l->net = n;
    l->data = data;
    l->env = env;
    l->seed = seed;
    l->names = measure_probe_names(learner->measure);
    l->look = mem_array(spec->nprobes, sizeof *l->look);
    view_entries(l);
    view_tensors(l);
    if (make_buffers(l, p) != OK || augment_new(spec, data, env, seed, n->batch, false, &l->augment, p) != OK)
        goto fail;
    while (l->n < spec->nprobes)
        if (plan_probe(l, spec, l->n++, p) != OK)
            goto fail;
    *out = l;
    return OK;
fail:
    looks_free(l);
    return FAILED;
}

void looks_free(struct looks *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->n; i++) {
        struct look *k = &l->look[i];

        for (size_t s = 0; k->state && s < k->item->nstates; s++)
            free(k->state[s]);
        free(k->rows.x);
        free(k->rows.target);
        free(k->rows.label);
        free(k->rows.source_row);
        free(k->said);
        instance_release(&k->in);
    }
    augment_free(l->augment);
    for (int i = 0; i < 3; i++)
        free(l->piece[i]);
    free(l->x);
    free(l->target);
    free(l->label);
    free(l->first);
    free(l->before);
    free(l->kept);
    free(l->sum);
    free(l->look);
    arena_free(l->arena);
    free(l);
}
