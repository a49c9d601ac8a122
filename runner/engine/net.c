/* net.c - what the rest of the program asks about a net: tensors, names, the layer
 * table; and its end. See net.h.
 */
#include "engine/net.h"

#include <stdlib.h>

#include "base/mem.h"
#include "engine/net_impl.h"

int64_t net_step_rows(const struct spec *spec, const struct data *data)
{
    const int64_t rows = data->split[SPLIT_TRAIN].n, wanted = spec->train.batch_size;

    return wanted <= 0 || wanted > rows ? rows : wanted;
}

int64_t net_part_rows(const struct spec *spec, const struct data *data)
{
    const int64_t rows = net_step_rows(spec, data), wanted = spec->train.micro_batch;

    return wanted <= 0 || wanted > rows ? rows : wanted;
}

/* Steps in which all rows go by once. */
static int64_t pass_steps(const struct spec *spec, const struct data *data)
{
    return (data->split[SPLIT_TRAIN].n - 1) / net_step_rows(spec, data) + 1;
}

int64_t net_epoch_steps(const struct spec *spec, const struct data *data)
{
    return spec->train.steps_per_epoch ? spec->train.steps_per_epoch : pass_steps(spec, data);
}

int64_t net_epoch_rows(const struct spec *spec, const struct data *data)
{
    const int64_t rows = data->split[SPLIT_TRAIN].n;
    int64_t most;

    if (!spec->train.steps_per_epoch)
        return rows;
    return __builtin_mul_overflow(spec->train.steps_per_epoch, net_step_rows(spec, data), &most) ? INT64_MAX
                                                                                                 : most;
}

int64_t net_last_rows(const struct spec *spec, const struct data *data)
{
    const int64_t before = (pass_steps(spec, data) - 1) * net_step_rows(spec, data);

    return data->split[SPLIT_TRAIN].n - before;
}

void net_free(struct net *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->nentries; i++)
        instance_release(&n->entry[i].in);
    instance_release(&n->loss);
    for (size_t i = 0; i < sizeof n->piece / sizeof *n->piece; i++)
        free(n->piece[i]);
    free(n->weights);
    free(n->grads);
    free(n->mask);
    free(n->activations);
    names_release(&n->names);
    arena_free(n->arena);
    free(n);
}

size_t net_tensors(const struct net *n, const struct net_tensor **out)
{
    *out = n->tensor;
    return n->ntensors;
}

size_t net_positions(const struct net *n)
{
    return n->npositions;
}

const struct spec *net_spec(const struct net *n)
{
    return n->spec;
}

const struct data *net_data(const struct net *n)
{
    return n->data;
}

const char *net_entry_name(const struct net *n, int entry)
{
    return n->entry[entry].name;
}

const char *net_entry_plugin(const struct net *n, int entry)
{
    return n->entry[entry].spec->plugin.item->name;
}

float *net_weights(struct net *n, const struct net_tensor *t)
{
    return n->weights + t->offset;
}

/* ---- the layer table ------------------------------------------------------------- */

static cJSON *shape_json(const fell_shape *s)
{
    cJSON *list = cJSON_CreateArray();

    for (int64_t i = 0; i < s->rank; i++)
        cJSON_AddItemToArray(list, cJSON_CreateNumber((double)s->dim[i]));
    return list;
}

static int64_t entry_parameters(const struct net *n, const struct entry *e)
{
    int64_t count = 0;

    for (size_t i = e->first; i < e->first + e->ntensors; i++)
        count += n->tensor[i].position >= 0 ? n->tensor[i].n : 0;
    return count;
}

static cJSON *entry_json(const struct net *n, const struct entry *e)
{
    cJSON *o = cJSON_CreateObject(), *from = cJSON_AddArrayToObject(o, "from");

    cJSON_AddStringToObject(o, "name", e->name);
    cJSON_AddStringToObject(o, "plugin", e->spec->plugin.item->name);
    for (int k = 0; k < e->nin; k++)
        cJSON_AddItemToArray(from, cJSON_CreateString(e->spec->from[k]));
    if (e->filled)
        cJSON_AddStringToObject(o, "filled", e->filled);
    if (e->spec->share)
        cJSON_AddStringToObject(o, "share", e->spec->share);
    cJSON_AddItemToObject(o, "shape", shape_json(&e->plan.out));
    cJSON_AddNumberToObject(o, "parameters", (double)entry_parameters(n, e));
    cJSON_AddNumberToObject(o, "memory", (double)net_entry_bytes(n, e));
    return o;
}

static cJSON *classes_json(const struct data *d)
{
    cJSON *list = cJSON_CreateArray();

    for (int64_t i = 0; d->classes && i < d->nclasses; i++) {
        char number[24];

        snprintf(number, sizeof number, "%lld", (long long)i);
        cJSON_AddItemToArray(list, cJSON_CreateString(d->class_names ? d->class_names[i] : number));
    }
    return list;
}

cJSON *net_to_json(const struct net *n, size_t besides)
{
    cJSON *o = cJSON_CreateObject(), *rows = cJSON_AddObjectToObject(o, "rows"), *layers;
    int64_t parameters = 0;

    for (int s = 0; s < SPLITS; s++)
        if (n->data->split[s].n > 0)
            cJSON_AddNumberToObject(rows, split_name((enum split)s), (double)n->data->split[s].n);
    cJSON_AddItemToObject(o, "input", shape_json(&n->data->x));
    cJSON_AddItemToObject(o, "classes", classes_json(n->data));
    cJSON_AddItemToObject(o, "splits", data_lists_json(n->data));
    cJSON_AddItemToObject(o, "data", cJSON_Parse(n->data->found ? n->data->found : "[]"));
    layers = cJSON_AddArrayToObject(o, "layers");
    for (size_t i = 0; i < n->nentries; i++) {
        cJSON_AddItemToArray(layers, entry_json(n, &n->entry[i]));
        parameters += entry_parameters(n, &n->entry[i]);
    }
    cJSON_AddNumberToObject(o, "parameters", (double)parameters);
    cJSON_AddNumberToObject(o, "memory", (double)(net_bytes(n) + besides));
    cJSON_AddNumberToObject(o, "steps_per_epoch", (double)net_epoch_steps(n->spec, n->data));
    return o;
}
