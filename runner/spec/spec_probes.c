/* spec_probes.c - `probes:` to the list of probes: each a plugin with its settings and the keys that are the
 * host's (spec_section_probe).
 *
 * Whether the net has what a probe looks at is the engine's to say.
 */
#include <string.h>

#include "base/text.h"
#include "host/settings.h"
#include "spec/spec_read.h"

static void check_probe_name(struct spec_reader *r, size_t index, const struct place *at)
{
    struct spec_probe *p = &r->spec->probes[index];

    if (!plugin_name_ok(p->name))
        r->result |= diag_error(r->diag, at, "probes: '%s' is no name: [a-z][a-z0-9_]*", p->name);
    for (size_t i = 0; i < index; i++)
        if (r->spec->probes[i].name && strcmp(r->spec->probes[i].name, p->name) == 0) {
            r->result |=
                diag_error(r->diag, at, "probes: two are named '%s'; `name:` tells them apart", p->name);
            return;
        }
}

static void read_probe(struct spec_reader *r, const struct node *node, size_t index)
{
    struct spec_probe *p = &r->spec->probes[index];
    const struct item table = spec_section_item(&spec_section_probe);
    const char *names[SPEC_MOST_KEYS];
    struct spec_named named;

    spec_section_names(&spec_section_probe, true, names);
    if (spec_read_named(r, ROLE_PROBE, node, &named))
        return;
    spec_resolve(r, ROLE_PROBE, &named, names, &p->plugin);
    r->result |= settings_fill(r->arena, &table, p, named.settings, &named.at, r->diag);
    if (!p->plugin.item)
        return;
    if (!p->name)
        p->name = p->plugin.item->name;
    check_probe_name(r, index, settings_place(named.settings, "name", &named.at));
}

void spec_read_probes(struct spec_reader *r, const struct node *node)
{
    const bool list = node->kind == NODE_LIST;

    r->spec->nprobes = list ? node->n : 1;
    r->spec->probes = arena_alloc(r->arena, r->spec->nprobes * sizeof *r->spec->probes);
    for (size_t i = 0; i < r->spec->nprobes; i++)
        read_probe(r, list ? node->item[i] : node, i);
}
