/* probe_names.c - see probe_names.h. */
#include "engine/probe_names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/net_impl.h"

bool probe_number_has_positions(const fell_number *f)
{
    return f->several || f->per == FELL_PER_UNIT || f->per == FELL_PER_ROW;
}

/* The words behind the number: every entry, every trained tensor, or nothing for the net. */
static const char **layers_of(const struct net *n, struct arena *arena, uint64_t per, size_t *count)
{
    const char **layer = arena_alloc(arena, (n->nentries + n->ntensors + 1) * sizeof *layer);

    *count = 0;
    if (per == FELL_PER_NET)
        layer[(*count)++] = "";
    for (size_t i = 0; per == FELL_PER_LAYER && i < n->nentries; i++)
        layer[(*count)++] = n->entry[i].name;
    for (size_t i = 0; per == FELL_PER_TENSOR && i < n->ntensors; i++) {
        const struct net_tensor *t = &n->tensor[i];

        if (t->position >= 0 && !t->frozen)
            layer[(*count)++] = arena_format(arena, "%s.%s", n->entry[t->entry].name, t->name);
    }
    return layer;
}

static void add_number(struct probe_names *p, struct arena *arena, const struct net *n,
                       const struct spec_probe *probe, uint64_t number)
{
    const fell_number *f = &probe->plugin.item->probe->numbers[number];
    size_t count;
    const char **layer = layers_of(n, arena, f->per, &count);

    p->name = mem_grow(p->name, p->n + count, sizeof *p->name);
    for (size_t i = 0; i < count; i++)
        p->name[p->n++] =
            arena_format(arena, "probe.%s.%s%s%s", probe->name, f->name, layer[i][0] ? "." : "", layer[i]);
}

struct probe_names *probe_names_new(const struct net *n, struct arena *arena)
{
    struct probe_names *p = arena_alloc(arena, sizeof *p), grown = {0};
    const size_t nprobes = n->spec->nprobes;

    grown.first = arena_alloc(arena, nprobes * sizeof *grown.first);
    for (size_t i = 0; i < nprobes; i++) {
        const fell_probe *item = n->spec->probes[i].plugin.item->probe;

        grown.first[i] = arena_alloc(arena, item->nnumbers * sizeof **grown.first);
        for (uint64_t f = 0; f < item->nnumbers; f++) {
            grown.first[i][f] = probe_number_has_positions(&item->numbers[f]) ? SIZE_MAX : grown.n;
            if (grown.first[i][f] != SIZE_MAX)
                add_number(&grown, arena, n, &n->spec->probes[i], f);
        }
    }
    *p = grown;
    p->name = arena_alloc(arena, grown.n * sizeof *p->name);
    p->value = arena_alloc(arena, grown.n * sizeof *p->value);
    for (size_t i = 0; i < grown.n; i++) {
        p->name[i] = grown.name[i];
        p->value[i] = NAN;
    }
    free(grown.name);
    return p;
}

double *probe_names_find(const struct probe_names *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->name[i], name) == 0)
            return &p->value[i];
    return NULL;
}
