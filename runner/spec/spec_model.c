/* spec_model.c - `model:` to the list of entries that is run.
 *
 * Expands `activation:` to an entry of its own, gives every entry a name, and turns `from:` into names of
 * expanded entries. Shapes are the engine's (net_new). `init:` is in spec_init.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "host/settings.h"
#include "spec/spec_read.h"

/* An entry of the expanded list beside what only reading it needs. */
struct draft {
    struct spec_named named;
    const struct node *given_name; /* NULL: the default */
    const struct node *from;       /* NULL: the entry before */
    size_t output;                 /* the entry whose output this one's name stands for */
};

struct model_reader {
    struct spec_reader *r;
    struct spec_entry *entries;
    struct draft *drafts;
    size_t n;
    struct names names; /* of the entries, once they have them */
    size_t *first;      /* the first entry of each name, by its number */
};

/* ---- entries as written ------------------------------------------------------------- */

/* The keys of plain types; some only where there is something to train. */
static void read_host_settings(struct spec_reader *r, const struct node *map, struct spec_entry *entry,
                               const char *plugin)
{
    struct item table = spec_section_item(&spec_section_entry);

    table.name = plugin;
    r->result |= settings_fill(r->arena, &table, entry, map, &entry->plugin.at, r->diag);
    if (!entry->plugin.item || item_ntensors(entry->plugin.item))
        return;
    for (size_t i = 0; i < table.nparams; i++) {
        const fell_param *p = &table.params[i];
        const struct node *key = p->flags & SPEC_OF_TENSORS ? tree_key(map, p->name) : NULL;

        if (key)
            r->result |=
                diag_error(r->diag, &key->place, "%s.%s: '%s' has no parameters", plugin, p->name, plugin);
    }
}

static struct draft *add_entry(struct model_reader *m, enum role role, const struct spec_named *named,
                               const char *path)
{
    struct spec_entry *entry = &m->entries[m->n];
    struct draft *draft = &m->drafts[m->n];
    const struct item table = spec_section_item(&spec_section_entry);
    const char *keys[SPEC_MOST_KEYS];

    *draft = (struct draft){.named = *named, .output = m->n};
    entry->path = path;
    settings_fill(m->r->arena, &table, entry, NULL, &named->at, m->r->diag);
    spec_section_names(&spec_section_entry, true, keys);
    spec_resolve(m->r, role, named, role == ROLE_MODEL_ENTRY ? keys : NULL, &entry->plugin);
    m->n++;
    return draft;
}

static void read_entry(struct model_reader *m, size_t number, const struct node *node)
{
    struct spec_reader *r = m->r;
    struct spec_named named;
    struct spec_entry *entry = &m->entries[m->n];
    struct draft *draft;
    const struct node *map, *activation, *init;

    if (spec_read_named(r, ROLE_MODEL_ENTRY, node, &named))
        return;
    map = named.settings;
    draft =
        add_entry(m, ROLE_MODEL_ENTRY, &named, arena_format(r->arena, "model.%zu.%s", number, named.name));
    read_host_settings(r, map, entry, named.name);
    draft->given_name = spec_get(map, "name");
    draft->from = spec_get(map, "from");
    if ((init = spec_get(map, "init")) && entry->plugin.item)
        spec_read_init(r, init, entry);
    if ((activation = spec_get(map, "activation")) &&
        !spec_read_named(r, ROLE_ACTIVATION, activation, &named)) {
        draft->output = m->n;
        add_entry(m, ROLE_ACTIVATION, &named, arena_format(r->arena, "%s.activation", entry->path));
    }
}

/* ---- names ------------------------------------------------------------------------------ */

static void check_name(struct model_reader *m, size_t i)
{
    struct spec_reader *r = m->r;
    const struct draft *draft = &m->drafts[i];
    const char *name = m->entries[i].name;
    const char *allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

    if (!*name || name[strspn(name, allowed)])
        r->result |= diag_error(r->diag, &draft->given_name->place,
                                "%s.name: '%s' has other characters than letters, digits, '_' and '-'",
                                draft->named.name, name);
    else if (!strcmp(name, "input"))
        r->result |= diag_error(r->diag, &draft->given_name->place,
                                "%s.name: 'input' is the name of the model's own input", draft->named.name);
}

/* Of two entries with one name, the later given name is the one at fault. */
static void refuse_twin(struct model_reader *m, size_t earlier, size_t later)
{
    size_t fault = m->drafts[later].given_name ? later : earlier, other = fault == later ? earlier : later;

    m->r->result |= diag_error(m->r->diag, &m->drafts[fault].given_name->place, "%s.name: '%s' is %s of %s",
                               m->drafts[fault].named.name, m->entries[fault].name,
                               m->drafts[other].given_name ? "already the name" : "the default name",
                               m->entries[other].path);
}

/* The name of entry I, which may be the NUMBERth of its plugin. GIVEN: the first entry with this name whose
 * name was given, by the number of the name. */
static void name_entry(struct model_reader *m, size_t i, size_t number, size_t *given)
{
    struct spec_entry *entry = &m->entries[i];
    const bool is_given = m->drafts[i].given_name && entry->name;
    size_t name, before = m->names.n, twin;

    if (is_given)
        check_name(m, i);
    else
        entry->name = arena_format(m->r->arena, "%s%zu", m->drafts[i].named.name, number);
    name = names_add(&m->names, entry->name);
    if (name == before) {
        m->first[name] = i;
        given[name] = NAMES_NONE;
    } else if ((twin = m->drafts[i].given_name ? m->first[name] : given[name]) != NAMES_NONE) {
        refuse_twin(m, twin, i);
    }
    if (m->drafts[i].given_name && given[name] == NAMES_NONE)
        given[name] = i;
}

static void name_entries(struct model_reader *m)
{
    struct names plugins = {0};
    size_t *count = mem_array(m->n, sizeof *count), *given = mem_array(m->n, sizeof *given);

    for (size_t i = 0; i < m->n; i++)
        name_entry(m, i, ++count[names_add(&plugins, m->drafts[i].named.name)], given);
    names_release(&plugins);
    free(count);
    free(given);
}

/* ---- inputs ------------------------------------------------------------------------------- */

/* The name of the entry whose output NODE means in entry I, or NULL. */
static const char *resolve_input(struct model_reader *m, size_t i, const struct node *node)
{
    struct spec_reader *r = m->r;
    const char *who = m->drafts[i].named.name, *near, **names;
    size_t j;

    if (node->kind != NODE_SCALAR) {
        r->result |= diag_error(r->diag, &node->place, "%s.from: the name of an entry is wanted here, not %s",
                                who, spec_describe(r, node));
        return NULL;
    }
    if (!strcmp(node->text, "input"))
        return "input";
    j = names_find(&m->names, node->text);
    j = j == NAMES_NONE ? m->n : m->first[j];
    if (j < i)
        return m->entries[m->drafts[j].output].name;
    if (j < m->n) {
        r->result |= diag_error(r->diag, &node->place,
                                "%s.from: '%s' is %s; only earlier entries and input can be named", who,
                                node->text, j == i ? "the entry itself" : "a later entry");
        return NULL;
    }
    names = mem_array(i + 1, sizeof *names);
    for (j = 0; j < i; j++)
        names[j] = m->entries[j].name;
    names[i] = "input";
    near = text_nearest(node->text, names, i + 1);
    r->result |= diag_error(r->diag, &node->place, "%s.from: no earlier entry is named '%s'%s%s%s", who,
                            node->text, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    free(names);
    return NULL;
}

/* 0, 0 is exactly one; a maximum of 0 beside a minimum, or one beyond counting, is none. */
static void check_number_of_inputs(struct model_reader *m, size_t i)
{
    struct spec_reader *r = m->r;
    const struct spec_entry *entry = &m->entries[i];
    const struct draft *draft = &m->drafts[i];
    const struct item *item = entry->plugin.item;
    const struct place *at = draft->from ? &draft->from->place : &entry->plugin.at;
    uint32_t min = item && item->kind == FELL_KIND_LAYER ? item->layer->min_inputs : 0;
    uint32_t max = item && item->kind == FELL_KIND_LAYER ? item->layer->max_inputs : 0;
    char range[64];

    if (!min && !max)
        min = max = 1;
    if (!item || (entry->nfrom >= min && (!max || entry->nfrom <= max)))
        return;
    if (min == max)
        snprintf(range, sizeof range, "%u input%s", min, min == 1 ? "" : "s");
    else if (!max || max >= INT32_MAX)
        snprintf(range, sizeof range, "%u or more inputs", min);
    else
        snprintf(range, sizeof range, "%u to %u inputs", min, max);
    r->result |= diag_error(r->diag, at, "'%s' takes %s, not %zu%s", item->name, range, entry->nfrom,
                            draft->from ? "" : "; name them with from: [a, b]");
}

static void connect_entry(struct model_reader *m, size_t i)
{
    struct spec_entry *entry = &m->entries[i];
    const struct node *from = m->drafts[i].from;
    size_t n = from && from->kind == NODE_LIST ? from->n : 1;
    const char **names = arena_alloc(m->r->arena, (n ? n : 1) * sizeof *names);
    bool known = true;

    if (!from)
        names[0] = i ? m->entries[i - 1].name : "input";
    else
        for (size_t k = 0; k < n; k++) {
            names[k] = resolve_input(m, i, from->kind == NODE_LIST ? from->item[k] : from);
            known = known && names[k];
        }
    entry->nfrom = n;
    entry->from = names;
    if (known)
        check_number_of_inputs(m, i);
}

/* A branch that leads nowhere is most likely a `from:` that was forgotten. */
static void warn_unused(struct model_reader *m)
{
    size_t *last =
        mem_array(m->names.n, sizeof *last); /* the last entry that takes each name, by its number */

    for (size_t i = 0; i < m->n; i++)
        for (size_t k = 0; k < m->entries[i].nfrom; k++) {
            const size_t name = names_find(&m->names, m->entries[i].from[k]);

            if (name != NAMES_NONE)
                last[name] = i;
        }
    for (size_t i = 0; i + 1 < m->n; i++)
        if (last[names_find(&m->names, m->entries[i].name)] <= i)
            diag_warn(m->r->diag, &m->entries[i].plugin.at, "the output of '%s' goes nowhere",
                      m->entries[i].name);
    free(last);
}

/* ---- the whole list -------------------------------------------------------------------------- */

void spec_read_model(struct spec_reader *r, const struct node *node)
{
    struct model_reader m = {.r = r};
    status before = r->result;

    if (node->kind != NODE_LIST || !node->n) {
        r->result |= diag_error(r->diag, &node->place, "model is a list of layers and activations, not %s",
                                spec_describe(r, node));
        return;
    }
    m.entries = arena_alloc(r->arena, 2 * node->n * sizeof *m.entries);
    m.drafts = mem_array(2 * node->n, sizeof *m.drafts);
    m.first = mem_array(2 * node->n, sizeof *m.first);
    r->result = OK;
    for (size_t i = 0; i < node->n; i++)
        read_entry(&m, i, node->item[i]);
    name_entries(&m);
    for (size_t i = 0; i < m.n; i++)
        connect_entry(&m, i);
    if (!r->result)
        warn_unused(&m);
    r->result |= before;
    r->spec->model = m.entries;
    r->spec->nmodel = m.n;
    names_release(&m.names);
    free(m.first);
    free(m.drafts);
}
