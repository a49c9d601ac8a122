/* spec_repeat.c - `repeat` and `residual` of a model: how many entries they stand for, and what is wrong with
 * them. spec_model.c puts the entries in their place.
 */
#include <string.h>

#include "base/text.h"
#include "host/settings.h"
#include "spec/spec_model.h"

static const char *word_of(const struct node *entry)
{
    return entry->kind == NODE_MAP && entry->n == 1 ? entry->key[0]->text
           : entry->kind == NODE_SCALAR             ? entry->text
                                                    : "";
}

enum model_sugar model_sugar_of(const struct node *entry)
{
    const char *word = word_of(entry);

    return !strcmp(word, "repeat") ? MODEL_REPEAT : !strcmp(word, "residual") ? MODEL_RESIDUAL : MODEL_PLUGIN;
}

static const struct node *list_of(struct spec_reader *r, const struct node *node, const struct place *at,
                                  const char *what)
{
    if (node && node->kind == NODE_LIST && node->n)
        return node;
    r->result |= diag_error(r->diag, node ? &node->place : at, "%s: a list of entries is wanted here, not %s",
                            what, node ? spec_describe(r, node) : "nothing");
    return NULL;
}

const struct node *model_repeat(struct spec_reader *r, const struct node *entry, int64_t *times)
{
    struct item table = spec_section_item(&spec_section_repeat);
    const struct node *map = entry->kind == NODE_MAP ? entry->item[0] : NULL, *model;
    const struct place *at = map ? &entry->key[0]->place : &entry->place;
    const char *names[SPEC_MOST_KEYS];
    struct spec_repeat s = {0};
    status result;

    if (!map || map->kind != NODE_MAP) {
        r->result |= diag_error(r->diag, at, "repeat is a map, {times: N, model: [...]}");
        return NULL;
    }
    spec_section_names(&spec_section_repeat, false, names);
    result = settings_check_keys(&table, map, names, r->diag);
    result |= settings_fill(r->arena, &table, &s, map, at, r->diag);
    model = list_of(r, tree_get(map, "model"), at, "repeat.model");
    r->result |= result;
    *times = s.times;
    return result ? NULL : model;
}

const struct node *model_residual(struct spec_reader *r, const struct node *entry)
{
    return list_of(r, entry->kind == NODE_MAP ? entry->item[0] : NULL, &entry->place, "residual");
}

/* ---- how many ------------------------------------------------------------------------------- */

size_t model_count(const struct node *list)
{
    size_t n = 0;

    for (size_t i = 0; list && list->kind == NODE_LIST && i < list->n && n <= MODEL_ENTRIES_MAX; i++) {
        const struct node *entry = list->item[i],
                          *map = entry->kind == NODE_MAP && entry->n ? entry->item[0] : NULL;
        const struct node *times = tree_get(map, "times");
        const enum model_sugar sugar = model_sugar_of(entry);
        int64_t count = 1;
        size_t inner = 2; /* an activation of its own perhaps */

        if (sugar == MODEL_REPEAT) {
            if (!times || times->kind != NODE_SCALAR || !text_to_int(times->text, &count) || count < 0)
                count = 0; /* told when it is read */
            inner = model_count(tree_get(map, "model"));
        } else if (sugar == MODEL_RESIDUAL) {
            inner = model_count(map) + 1;
        }
        if (inner && (size_t)count > MODEL_ENTRIES_MAX / inner)
            return MODEL_ENTRIES_MAX + 1;
        n += inner * (size_t)count;
    }
    return n;
}
