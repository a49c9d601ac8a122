/* net_plan.c - from the spec to a planned net: who feeds whom, shapes, tensors and
 * their places, what needs a gradient; and every check that spec, data and net
 * allow before anything big is allocated.
 *
 * Buffers are net_memory.c's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/net_at.h"
#include "engine/net_impl.h"
#include "engine/targets.h"

/* Batches of at least this many rows in evaluation, where the batch changes no result's meaning: unless the
 * loss is one of pairs of rows, to which a split is given whole. */
enum { EVALUATION_ROWS = 64 };

int64_t net_batch(const struct spec *spec, const struct data *data)
{
    const bool whole = spec->loss.item && spec->loss.item->loss->pairs;
    const bool parts = net_part_rows(spec, data) < net_step_rows(spec, data);
    int64_t most = net_part_rows(spec, data);

    for (int s = SPLIT_TRAIN + 1; s < SPLITS && !parts; s++) {
        int64_t rows = whole || data->split[s].n < EVALUATION_ROWS ? data->split[s].n : EVALUATION_ROWS;

        most = rows > most ? rows : most;
    }
    return most;
}

static void shape_text(const fell_shape *s, char out[96])
{
    int at = snprintf(out, 96, "[");

    for (int64_t i = 0; i < s->rank; i++)
        at += snprintf(out + at, 96 - (size_t)at, "%s%lld", i ? ", " : "", (long long)s->dim[i]);
    snprintf(out + at, 96 - (size_t)at, "]");
}

/* Whether a shape is one, and a row of it times ROWS fits in memory at all. */
static bool shape_valid(const fell_shape *s, int64_t rows)
{
    size_t bytes = (size_t)rows * sizeof(float);

    if (s->rank < 1 || s->rank > 4)
        return false;
    for (int64_t i = 0; i < s->rank; i++)
        if (s->dim[i] < 1 || !mem_mul(bytes, (size_t)s->dim[i], &bytes))
            return false;
    return bytes < SIZE_MAX / 4;
}

/* ---- who feeds whom ------------------------------------------------------------ */

/* spec_model.c has seen that each name is an earlier entry's, or "input". */
static void connect(struct net *n, struct entry *e, int index)
{
    const struct spec_entry *s = e->spec;

    e->nin = (int)s->nfrom;
    e->from = arena_alloc(n->arena, s->nfrom * sizeof *e->from);
    for (int k = 0; k < e->nin; k++) {
        const size_t found = names_find(&n->names, s->from[k]);
        const int from = found == NAMES_NONE ? net_input_of(n->spec, index) : (int)found;

        e->from[k] = from;
        if (from >= 0) {
            n->entry[from].uses++;
            n->entry[from].consumer = index;
        }
    }
}

static const fell_shape *shape_from(const struct net *n, int from)
{
    return from == FROM_INPUT ? &n->data->x : &n->entry[from].plan.out;
}

/* Token ids and the like: every value of the data must be a whole number in range. */
static status check_indices(const struct net *n, const struct entry *e, int index, struct problem *p)
{
    for (int k = 0; k < e->nin; k++)
        if (e->from[k] != FROM_INPUT)
            return problem_set(p, "model", index, "from",
                               "%s: takes whole numbers from the data, so its input is 'input', not '%s'",
                               e->name, e->spec->from[k]);
    if (n->data->nlate)
        return problem_set(p, "model", index, "",
                           "%s: takes whole numbers, so no transform of the data may act in training",
                           e->name);
    for (int s = 0; s < SPLITS; s++) {
        const struct rows *rows = &n->data->split[s];
        const int64_t floats = rows_numbers(rows, n->data->x_size);

        for (int64_t i = 0; i < floats; i++) {
            const float v = rows->x[i];

            if (!(v >= 0.0f && v < (float)e->plan.indices) || v != (float)(int64_t)v)
                return problem_set(
                    p, "model", index, "",
                    "%s: row %lld of the %s rows holds %g, which is not a whole number from 0 to %lld",
                    e->name, (long long)(rows->step ? i / rows->step + 1 : i / n->data->x_size + 1),
                    split_name((enum split)s), (double)v, (long long)e->plan.indices - 1);
        }
    }
    return OK;
}

/* Every training step has the rows that the layer wants (batch norm of one row has no variance). */
static status check_rows(const struct net *n, const struct entry *e, int index, struct problem *p)
{
    const long long rows = n->data->split[SPLIT_TRAIN].n, least = e->plan.min_batch;
    const char *plugin = e->spec->plugin.item->name;
    long long size, last;

    if (rows == 0) /* a trained net is asked about new rows (fitted.h) */
        return OK;
    size = net_step_rows(n->spec, n->data);
    last = net_last_rows(n->spec, n->data);
    if (last >= least)
        return OK;
    if (size < least)
        return problem_set(p, "model", index, "",
                           "%s: %s cannot take the %lld row%s of a training step; it wants at least %lld",
                           e->name, plugin, size, size == 1 ? "" : "s", least);
    return problem_set(p, "model", index, "",
                       "%s: %lld training rows in batches of %lld leave %lld row%s alone, which %s cannot "
                       "take; it wants at least %lld: choose another train.batch_size",
                       e->name, rows, size, last, last == 1 ? "" : "s", plugin, least);
}

/* ---- shapes and tensors --------------------------------------------------------- */

static status plan_layer(struct net *n, struct entry *e, int index, struct problem *p)
{
    fell_plan *plan = &e->plan;
    fell_shape *tensor = arena_alloc(n->arena, e->layer->ntensors * sizeof *tensor);

    plan->ctx = &e->in.ctx;
    plan->settings = e->spec->plugin.settings;
    plan->nin = e->nin;
    plan->max_batch = n->batch;
    plan->tensor = tensor;
    if (e->layer->plan(plan) != FELL_OK)
        return problem_of_instance(&e->in, "model", index, p);
    instance_reset(&e->in);
    if (!shape_valid(&plan->out, n->batch) || plan->saved_bytes < 0)
        return problem_set(p, "model", index, "",
                           "%s: its output is too large for memory, or has no valid shape", e->name);
    for (uint64_t t = 0; t < e->layer->ntensors; t++)
        if (tensor[t].rank != 0 && !shape_valid(&tensor[t], 1))
            return problem_set(p, "model", index, "",
                               "%s: its %s is too large for memory, or has no valid shape", e->name,
                               e->layer->tensors[t].name);
    if (plan->indices > 0 && !plan->index_column && check_indices(n, e, index, p) != OK)
        return FAILED;
    return check_rows(n, e, index, p);
}

static status plan_entry(struct net *n, int index, struct problem *p)
{
    struct entry *e = &n->entry[index];
    const struct spec_entry *s = &n->spec->model[index];
    fell_shape *in;

    e->spec = s;
    e->name = s->name;
    if (s->plugin.item->kind == FELL_KIND_LAYER)
        e->layer = s->plugin.item->layer;
    else
        e->activation = s->plugin.item->activation;
    instance_init(&e->in, s->plugin.item, e->name, n->env);
    if (net_fill_words(n, e, index, p) != OK)
        return FAILED;
    net_at(&e->in, "plan");
    connect(n, e, index);
    in = arena_alloc(n->arena, (size_t)e->nin * sizeof *in);
    for (int k = 0; k < e->nin; k++)
        in[k] = *shape_from(n, e->from[k]);
    e->plan.in = in;
    if (e->layer && plan_layer(n, e, index, p) != OK)
        return FAILED;
    if (e->activation)
        e->plan.out = in[0];
    e->size = fell_size(&e->plan.out);
    e->cols = e->plan.out.dim[e->plan.out.rank - 1];
    e->rows = e->size / e->cols;
    names_add(&n->names, e->name); /* from now on it can feed others */
    return OK;
}

/* The tensors in use, in order, and their places: first all that are trained, so that
 * zeroing, norms, clipping and the optimizer see one piece; then the frozen; then state. */
static status place_tensors(struct net *n, struct problem *p)
{
    size_t most = 0;

    for (size_t i = 0; i < n->nentries; i++)
        most += n->entry[i].layer ? n->entry[i].layer->ntensors : 0;
    n->tensor = arena_alloc(n->arena, most * sizeof *n->tensor);
    for (size_t i = 0; i < n->nentries; i++) {
        struct entry *e = &n->entry[i];

        e->first = n->ntensors;
        if (e->spec->share && net_share_tensors(n, e, (int)i, p) != OK)
            return FAILED;
        for (uint64_t t = 0; e->layer && t < e->layer->ntensors; t++) {
            const fell_tensor *declared = &e->layer->tensors[t];
            const bool state = declared->role == FELL_STATE;

            if (e->plan.tensor[t].rank == 0 || (e->alias && e->alias[t] != (size_t)OWN))
                continue;
            n->tensor[n->ntensors++] = (struct net_tensor){.name = declared->name,
                                                           .role = declared->role,
                                                           .shape = e->plan.tensor[t],
                                                           .n = fell_size(&e->plan.tensor[t]),
                                                           .entry = (int)i,
                                                           .index = (int)t,
                                                           .position = state ? -1 : (int)n->npositions,
                                                           .frozen = !state && !e->spec->trainable,
                                                           .lr_factor = e->spec->lr_factor};
            n->npositions += !state;
        }
        e->ntensors = n->ntensors - e->first;
    }
    for (int pass = 0; pass < 3; pass++) {
        for (size_t i = 0; i < n->ntensors; i++) {
            struct net_tensor *t = &n->tensor[i];

            if ((t->position < 0 ? 2 : t->frozen ? 1 : 0) == pass) {
                t->offset = n->floats;
                n->floats += tensor_padded(t->n);
            }
        }
        if (pass == 0)
            n->trained_floats = n->floats;
    }
    return OK;
}

/* An entry has a backward call when it, or something that feeds it, is trained. */
static void mark_backward(struct net *n)
{
    n->first_backward = n->nentries;
    for (size_t i = n->nentries; i-- > 0;)
        n->entry[i].backward = false;
    for (size_t i = 0; i < n->nentries; i++) {
        struct entry *e = &n->entry[i];

        for (size_t t = e->first; t < e->first + e->ntensors; t++)
            e->backward |= n->tensor[t].position >= 0 && !n->tensor[t].frozen;
        for (uint64_t t = 0; e->alias && t < e->layer->ntensors; t++)
            e->backward |= e->alias[t] != (size_t)OWN && n->tensor[e->alias[t]].position >= 0 &&
                           !n->tensor[e->alias[t]].frozen;
        for (int k = 0; k < e->nin; k++)
            e->backward |= e->from[k] != FROM_INPUT && n->entry[e->from[k]].backward;
        if (e->backward && n->first_backward == n->nentries)
            n->first_backward = i;
    }
}

/* ---- the output against the data and the loss ------------------------------------ */

static void class_list(const struct data *d, struct strbuf *out)
{
    enum { SHOWN = 10 };

    strbuf_addf(out, "%lld class%s", (long long)d->nclasses, d->nclasses == 1 ? "" : "es");
    for (int64_t i = 0; d->class_names && i < d->nclasses && i < SHOWN; i++)
        strbuf_addf(out, "%s%s", i ? ", " : " (", d->class_names[i]);
    if (d->class_names && d->nclasses > 0)
        strbuf_add(out, d->nclasses > SHOWN ? ", ...)" : ")");
}

/* Classes are numbered from 0, and some files' labels are not: "; no row has class 0: labels are 1 to 26". */
static void say_absent(const struct data *d, struct strbuf *out)
{
    int64_t first = 0;

    while (d->class_rows && !d->class_names && first < d->nclasses - 1 && !d->class_rows[first])
        first++;
    if (first)
        strbuf_addf(out, "; its labels are %lld to %lld: no row has %s", (long long)first,
                    (long long)d->nclasses - 1, first == 1 ? "0" : "a smaller one");
}

static status check_classes(const struct net *n, const struct entry *last, struct problem *p)
{
    static const char several[] =
        "labels, as a sequence's steps have; bce_with_logits takes questions of yes "
        "and no, soft_cross_entropy shares";
    const struct data *d = n->data;
    const int index = (int)n->nentries - 1;
    struct strbuf text = {0};
    status result = OK;

    class_list(d, &text);
    say_absent(d, &text);
    if (last->rows != d->target_size)
        result =
            problem_set(p, "model", index, "",
                        "the last layer gives %lld row%s of outputs for each row, but the data has %lld %s",
                        (long long)last->rows, last->rows == 1 ? "" : "s", (long long)d->target_size,
                        d->target_size > 1 ? several : "label");
    else if (last->cols != d->nclasses)
        result = problem_set(p, "model", index, "", "the last layer gives %lld output%s, but the data has %s",
                             (long long)last->cols, last->cols == 1 ? "" : "s", text.text);
    strbuf_release(&text);
    targets_tell_unlabelled(&n->spec->loss, d, n->env); /* which may be why outputs do not fit */
    return result;
}

/* The outputs of a loss that takes more of them than there are targets. */
static status check_wide(const struct net *n, const struct entry *last, struct problem *p)
{
    const int64_t targets = n->data->target_size, each = targets % last->rows ? 0 : targets / last->rows;
    const int64_t wanted = each ? n->loss_item->outputs(n->spec->loss.settings, each) : 0;

    if (!each)
        return problem_set(p, "model", (int)n->nentries - 1, "",
                           "the last layer gives %lld rows of outputs, but the data has %lld target value%s "
                           "a row",
                           (long long)last->rows, (long long)targets, targets == 1 ? "" : "s");
    if (wanted == last->cols)
        return OK;
    return problem_set(p, "model", (int)n->nentries - 1, "",
                       "the last layer gives %lld output%s, but %s takes %lld for %lld target value%s",
                       (long long)last->cols, last->cols == 1 ? "" : "s", n->loss.name, (long long)wanted,
                       (long long)each, each == 1 ? "" : "s");
}

static status check_output(struct net *n, struct problem *p)
{
    const struct entry *last = &n->entry[n->nentries - 1];
    const struct data *d = n->data;
    const bool classes = n->loss_item->target == FELL_CLASSES;

    if (classes != d->classes)
        return problem_set(p, "loss", 0, "", "%s takes %s, but the data's targets are %s", n->loss.name,
                           classes ? "classes" : "values", classes ? "values" : "classes");
    if (classes)
        return check_classes(n, last, p);
    if (n->loss_item->outputs)
        return check_wide(n, last, p);
    if (last->size != d->target_size)
        return problem_set(p, "model", (int)n->nentries - 1, "",
                           "the last layer gives %lld output%s, but the data has %lld target value%s a row",
                           (long long)last->size, last->size == 1 ? "" : "s", (long long)d->target_size,
                           d->target_size == 1 ? "" : "s");
    return OK;
}

/* The loss with no rows: settings that do not fit the model are found here. */
static status try_loss(struct net *n, struct problem *p)
{
    float nothing[TENSOR_ALIGN] __attribute__((aligned(64))) = {0};
    int32_t label[TENSOR_ALIGN] = {0};
    fell_loss_call c = {.ctx = &n->loss.ctx,
                        .settings = n->spec->loss.settings,
                        .cols = n->entry[n->nentries - 1].cols,
                        .pred = nothing,
                        .dpred = nothing,
                        .target_cols = targets_cols(&n->spec->loss, n->entry[n->nentries - 1].cols)};

    if (n->loss_item->pairs && data_has_weights(n->data))
        return problem_set(p, "loss", 0, "", "%s: compares rows with each other, so rows cannot have weights",
                           n->loss.name);
    net_at(&n->loss, "plan");
    if (n->loss_item->target == FELL_CLASSES)
        c.label = label;
    else
        c.target = nothing;
    if (n->loss_item->eval(&c) != FELL_OK)
        return problem_of_instance(&n->loss, "loss", 0, p);
    instance_reset(&n->loss);
    return OK;
}

/* What the outputs mean, and a warning where the loss takes something else. */
static void judge_meaning(struct net *n)
{
    const struct entry *last = &n->entry[n->nentries - 1];
    const uint64_t yields = last->activation ? last->activation->yields : FELL_REAL;
    char text[320];

    n->pred_is = yields != FELL_REAL ? yields : n->loss_item->expects;
    if (n->pred_is == FELL_REAL && targets_have_logs(&n->spec->loss))
        n->pred_is = FELL_LOG;
    if (n->env->warn && spec_output_misfits(n->spec, text))
        n->env->warn(n->env->warn_arg, n->loss.name, text);
}

/* Whether E keeps something from batch to batch, as running averages. */
static bool has_state(const struct net *n, const struct entry *e)
{
    bool has = false;

    for (size_t i = e->first; i < e->first + e->ntensors; i++)
        has |= n->tensor[i].position < 0;
    return has;
}

/* What ties the rows of a step's batch together cannot see them in parts. */
static status check_parts(const struct net *n, struct problem *p)
{
    const int64_t rows = net_part_rows(n->spec, n->data), whole = net_step_rows(n->spec, n->data);
    const char *what = n->loss_item->pairs ? "loss" : NULL, *name = n->loss.name;

    if (rows == whole)
        return OK;
    for (size_t i = 0; i < n->nentries && !what; i++) {
        const struct entry *e = &n->entry[i];

        if (!e->layer || (!(e->layer->flags & (FELL_MIXES_ROWS | FELL_BATCHWISE)) && e->plan.min_batch < 2 &&
                          !has_state(n, e)))
            continue;
        what = "layer";
        name = e->name;
    }
    if (!what)
        return OK;
    return problem_set(
        p, "train.micro_batch", 0, "",
        "micro_batch: the %s '%s' ties the rows of a batch together, so the %lld of a step cannot go "
        "through the net %lld at a time",
        what, name, (long long)whole, (long long)rows);
}

static status check_whole(struct net *n, struct problem *p)
{
    const size_t last = n->nentries - 1;

    n->entry[last].uses++;
    if (!n->entry[last].backward)
        return problem_set(p, "model", (int)last, "", "the model has no weights to train");
    if (check_parts(n, p) != OK || check_output(n, p) != OK ||
        targets_check(&n->spec->loss, n->data, p) != OK || try_loss(n, p) != OK ||
        targets_check_weights(&n->spec->loss, n->data, n->entry[last].cols, &n->loss, p) != OK)
        return FAILED;
    targets_tell_shares(&n->spec->loss, n->data, n->entry[last].cols, n->env);
    judge_meaning(n);
    return OK;
}

status net_new(const struct spec *spec, const struct data *data, struct host_env *env, int64_t batch,
               struct net **out, struct problem *p)
{
    struct net *n = mem_alloc(sizeof *n);
    status result = FAILED;
    char shape[96];

    n->arena = arena_new();
    n->spec = spec;
    n->data = data;
    n->env = env;
    n->batch = batch;
    n->entry = arena_alloc(n->arena, spec->nmodel * sizeof *n->entry);
    n->loss_item = spec->loss.item->loss;
    instance_init(&n->loss, spec->loss.item, spec->loss.item->name, env);
    if (!shape_valid(&data->x, batch)) {
        shape_text(&data->x, shape);
        problem_set(p, "train", 0, "", "%lld rows of %s do not fit in memory", (long long)batch, shape);
        goto out;
    }
    for (size_t i = 0; i < spec->nmodel; i++) {
        n->nentries = i + 1;
        if (plan_entry(n, (int)i, p) != OK)
            goto out;
    }
    if (place_tensors(n, p) != OK)
        goto out;
    mark_backward(n);
    if (check_whole(n, p) != OK)
        goto out;
    *out = n;
    result = OK;
out:
    net_at(NULL, NULL);
    if (result != OK)
        net_free(n);
    return result;
}
