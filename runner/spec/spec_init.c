/* spec_init.c - `init:` of a model entry: one initialiser for the weights, or one for each
 * tensor by name.
 *
 * Fans and random numbers are the engine's (engine/init.h).
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "spec/spec_read.h"

static const fell_tensor *find_tensor(const fell_layer *layer, const char *name)
{
    for (uint64_t i = 0; layer && i < layer->ntensors; i++)
        if (!strcmp(layer->tensors[i].name, name))
            return &layer->tensors[i];
    return NULL;
}

static const char *near_tensor(const fell_layer *layer, const char *name)
{
    const char **names = mem_array(layer->ntensors, sizeof *names), *near;

    for (uint64_t i = 0; i < layer->ntensors; i++)
        names[i] = layer->tensors[i].name;
    near = text_nearest(name, names, layer->ntensors);
    free(names);
    return near;
}

/* {constant: {value: 1}} is an initialiser, {weight: zeros} is a map of tensors: a key that is
 * a tensor's name, or nearly one, decides, and so do several keys. */
static bool is_tensor_map(const fell_layer *layer, const struct node *node)
{
    if (node->kind != NODE_MAP || !node->n)
        return false;
    return node->n > 1 || find_tensor(layer, node->key[0]->text) || near_tensor(layer, node->key[0]->text);
}

static void read_tensor_map(struct spec_reader *r, const fell_layer *layer, const struct node *node,
                            struct spec_entry *entry, const char **tensors, struct choice *inits)
{
    const char *plugin = entry->plugin.item->name;

    for (size_t i = 0; i < node->n; i++) {
        const char *name = node->key[i]->text, *near;

        if (find_tensor(layer, name)) {
            tensors[entry->ninits] = find_tensor(layer, name)->name;
            spec_read_choice(r, ROLE_INITIALISER, node->item[i], &inits[entry->ninits]);
            entry->ninits++;
            continue;
        }
        near = near_tensor(layer, name);
        r->result |=
            diag_error(r->diag, &node->key[i]->place, "%s.init: '%s' has no tensor '%s'%s%s%s", plugin,
                       plugin, name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
}

/* One initialiser is meant for weights; biases and states keep the layer's own. */
static void read_weights_only(struct spec_reader *r, const fell_layer *layer, const struct node *node,
                              struct spec_entry *entry, const char **tensors, struct choice *inits)
{
    struct choice choice = {0};

    spec_read_choice(r, ROLE_INITIALISER, node, &choice);
    for (uint64_t i = 0; i < layer->ntensors; i++)
        if (layer->tensors[i].role == FELL_WEIGHT) {
            tensors[entry->ninits] = layer->tensors[i].name;
            inits[entry->ninits++] = choice;
        }
    if (!entry->ninits)
        r->result |=
            diag_error(r->diag, &node->place, "%s.init: '%s' has no weights; name a tensor: {%s: ...}",
                       entry->plugin.item->name, entry->plugin.item->name, layer->tensors[0].name);
}

void spec_read_init(struct spec_reader *r, const struct node *node, struct spec_entry *entry)
{
    const struct item *item = entry->plugin.item;
    const fell_layer *layer = item->kind == FELL_KIND_LAYER ? item->layer : NULL;
    const char **tensors;
    struct choice *inits;
    size_t room;

    if (!layer || !layer->ntensors) {
        r->result |=
            diag_error(r->diag, &node->place, "%s.init: '%s' has no weights", item->name, item->name);
        return;
    }
    room = node->kind == NODE_MAP && node->n > layer->ntensors ? node->n : layer->ntensors;
    tensors = arena_alloc(r->arena, room * sizeof *tensors);
    inits = arena_alloc(r->arena, room * sizeof *inits);
    entry->init_tensor = tensors;
    entry->init = inits;
    if (is_tensor_map(layer, node))
        read_tensor_map(r, layer, node, entry, tensors, inits);
    else
        read_weights_only(r, layer, node, entry, tensors, inits);
}
