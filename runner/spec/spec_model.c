/* spec_model.c - `model:` to the list of entries that is run.
 *
 * Expands `activation:` to an entry of its own, `repeat` and `residual` to theirs, gives every entry a name,
 * and turns `from:` into names of expanded entries. Shapes are the engine's (net_new). `init:` is in
 * spec_init.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "host/settings.h"
#include "spec/spec_model.h"

/* An entry of the expanded list beside what only reading it needs. */
struct draft {
    struct spec_named named;
    const struct node *given_name; /* NULL: the default */
    const struct node *from;       /* NULL: the entry before */
    const struct node *share;      /* NULL: the tensors are its own */
    size_t output;                 /* the entry whose output this one's name stands for */
    const char *copy;              /* of a repeat: what stands behind its name, ".1.2"; else "" */
    bool sums;                     /* closes a residual: its inputs are the entries ... */
    size_t begin, end;             /* ... before BEGIN and before END */
};

struct model_reader {
    struct spec_reader *r;
    struct spec_entry *entries;
    struct draft *drafts;
    size_t n;
    size_t nembedded;   /* the first entries, of columns that are embedded */
    struct names names; /* of the entries, once they have them */
    size_t *first;      /* the first entry of each name, by its number */
    const char *copy;   /* while entries are read: of the repeat that is read */
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

    *draft = (struct draft){.named = *named, .output = m->n, .copy = m->copy};
    entry->path = path;
    settings_fill(m->r->arena, &table, entry, NULL, &named->at, m->r->diag);
    spec_section_names(&spec_section_entry, true, keys);
    spec_resolve(m->r, role, named, role == ROLE_MODEL_ENTRY ? keys : NULL, &entry->plugin);
    m->n++;
    return draft;
}

/* The entry at PATH. */
static void read_entry(struct model_reader *m, const char *path, const struct node *node)
{
    struct spec_reader *r = m->r;
    struct spec_named named;
    struct spec_entry *entry = &m->entries[m->n];
    struct draft *draft;
    const struct node *map, *activation, *init;

    if (spec_read_named(r, ROLE_MODEL_ENTRY, node, &named))
        return;
    map = named.settings;
    draft = add_entry(m, ROLE_MODEL_ENTRY, &named, arena_format(r->arena, "%s.%s", path, named.name));
    read_host_settings(r, map, entry, named.name);
    draft->given_name = spec_get(map, "name");
    draft->from = spec_get(map, "from");
    draft->share = spec_get(map, "share");
    if ((init = spec_get(map, "init")) && entry->plugin.item)
        spec_read_init(r, init, entry);
    if ((activation = spec_get(map, "activation")) &&
        !spec_read_named(r, ROLE_ACTIVATION, activation, &named)) {
        draft->output = m->n;
        add_entry(m, ROLE_ACTIVATION, &named, arena_format(r->arena, "%s.activation", entry->path));
    }
}

static void read_list(struct model_reader *m, const char *path, const struct node *list);

static void read_repeat(struct model_reader *m, const char *path, const struct node *node)
{
    const char *copy = m->copy, *inner = arena_format(m->r->arena, "%s.repeat.model", path);
    const struct node *list;
    int64_t times = 0;

    list = model_repeat(m->r, node, &times);
    for (int64_t i = 1; list && i <= times; i++) {
        m->copy = arena_format(m->r->arena, "%s.%lld", copy, (long long)i);
        read_list(m, inner, list);
    }
    m->copy = copy;
}

/* The entries, and the sum of what they take and what they make of it. */
static void read_residual(struct model_reader *m, const char *path, const struct node *node)
{
    const struct node *list = model_residual(m->r, node);
    const struct spec_named add = {.name = "add",
                                   .at = node->kind == NODE_MAP ? node->key[0]->place : node->place};
    const size_t begin = m->n;
    struct draft *draft;

    path = arena_format(m->r->arena, "%s.residual", path);
    if (!list)
        return;
    read_list(m, path, list);
    if (m->n == begin) {
        m->r->result |= diag_error(m->r->diag, &list->place, "residual: its entries come to none");
        return;
    }
    draft = add_entry(m, ROLE_MODEL_ENTRY, &add, path);
    draft->sums = true;
    draft->begin = begin;
    draft->end = m->n - 1;
}

static void read_list(struct model_reader *m, const char *path, const struct node *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const char *at = arena_format(m->r->arena, "%s.%zu", path, i);

        switch (model_sugar_of(list->item[i])) {
        case MODEL_REPEAT:
            read_repeat(m, at, list->item[i]);
            break;
        case MODEL_RESIDUAL:
            read_residual(m, at, list->item[i]);
            break;
        default:
            read_entry(m, at, list->item[i]);
        }
    }
}

/* ---- names ------------------------------------------------------------------------------ */

/* Nothing, or ".1.2": the numbers of an entry that has been repeated. */
static bool is_copy(const char *rest)
{
    while (*rest == '.' && rest[1] >= '0' && rest[1] <= '9')
        rest += 1 + strspn(rest + 1, "0123456789");
    return !*rest;
}

static void check_name(struct model_reader *m, size_t i)
{
    struct spec_reader *r = m->r;
    const struct draft *draft = &m->drafts[i];
    const char *name = m->entries[i].name;
    const char *allowed = SPEC_NAME_LETTERS "_-";
    const size_t n = strspn(name, allowed);

    if (!n || !is_copy(name + n))
        r->result |=
            diag_error(r->diag, &draft->given_name->place,
                       "%s.name: '%s' " SPEC_OTHER_CHARACTERS "'_' and '-'", draft->named.name, name);
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
    if (is_given && *m->drafts[i].copy)
        entry->name = arena_format(m->r->arena, "%s%s", entry->name, m->drafts[i].copy);
    else if (!is_given)
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

/* The entry that NAME means in entry I: of its own copy first, then of the one around it; m->n: none. */
static size_t find_input(struct model_reader *m, size_t i, const char *name)
{
    const char *copy = m->drafts[i].copy;
    size_t found = m->n;

    for (size_t len = strlen(copy);; len--) {
        const char *whole = arena_format(m->r->arena, "%s%.*s", name, (int)len, copy);
        const size_t number = names_find(&m->names, whole),
                     j = number == NAMES_NONE ? m->n : m->first[number];

        found = j < i || found == m->n ? j : found;
        if (found < i || !len)
            return found;
        while (copy[len - 1] != '.')
            len--;
    }
}

/* What is near to NAME: its last copy, where it is repeated; a name in spelling. */
static const char *near_input(struct model_reader *m, size_t i, const char *name)
{
    const char **names = mem_array(i + 1, sizeof *names), *near = NULL;
    const size_t len = strlen(name);

    for (size_t j = 0; j < i; j++) {
        names[j] = m->entries[j].name;
        if (!strncmp(names[j], name, len) && names[j][len] == '.')
            near = names[j];
    }
    names[i] = "input";
    near = near ? near : text_nearest(name, names, i + 1);
    free(names);
    return near;
}

/* The earlier entry that NODE, the value of KEY, names in entry I; m->n: none, and it is told. */
static size_t resolve_entry(struct model_reader *m, size_t i, const char *key, const struct node *node)
{
    struct spec_reader *r = m->r;
    const char *who = m->drafts[i].named.name, *near;
    const bool input = !strcmp(key, "from"); /* which may be named, too */
    size_t j;

    if (node->kind != NODE_SCALAR) {
        r->result |= diag_error(r->diag, &node->place, "%s.%s: the name of an entry is wanted here, not %s",
                                who, key, spec_describe(r, node));
        return m->n;
    }
    j = find_input(m, i, node->text);
    if (j < i)
        return j;
    if (j < m->n) {
        r->result |= diag_error(
            r->diag, &node->place, "%s.%s: '%s' is %s; only earlier entries%s can be named", who, key,
            node->text, j == i ? "the entry itself" : "a later entry", input ? " and input" : "");
        return m->n;
    }
    near = near_input(m, i, node->text);
    r->result |= diag_error(r->diag, &node->place, "%s.%s: no earlier entry is named '%s'%s%s%s", who, key,
                            node->text, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return m->n;
}

/* The name of the entry whose output NODE means in entry I, or NULL. */
static const char *resolve_input(struct model_reader *m, size_t i, const struct node *node)
{
    size_t j;

    if (node->kind == NODE_SCALAR && !strcmp(node->text, "input"))
        return "input";
    j = resolve_entry(m, i, "from", node);
    return j < m->n ? m->entries[m->drafts[j].output].name : NULL;
}

/* The entry whose tensors entry I uses. What fits is the engine's to say. */
static void resolve_share(struct model_reader *m, size_t i)
{
    struct spec_reader *r = m->r;
    const struct node *share = m->drafts[i].share;
    struct spec_entry *entry = &m->entries[i];
    size_t j;

    if (!share || !entry->plugin.item || !item_ntensors(entry->plugin.item))
        return; /* what is wrong was said */
    j = resolve_entry(m, i, "share", share);
    if (j == m->n)
        return;
    entry->share = m->entries[j].name;
    if (m->entries[j].plugin.item && !item_ntensors(m->entries[j].plugin.item))
        r->result |= diag_error(r->diag, &share->place, "%s.share: '%s' has no tensors",
                                m->drafts[i].named.name, share->text);
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
    size_t n = m->drafts[i].sums ? 2 : from && from->kind == NODE_LIST ? from->n : 1;
    const char **names = arena_alloc(m->r->arena, (n ? n : 1) * sizeof *names);
    bool known = true;

    if (m->drafts[i].sums) {
        names[0] = m->drafts[i].begin > m->nembedded ? m->entries[m->drafts[i].begin - 1].name : "input";
        names[1] = m->entries[m->drafts[i].end - 1].name;
    } else if (!from) {
        names[0] = i > m->nembedded ? m->entries[i - 1].name : "input";
    }
    for (size_t k = 0; from && k < n; k++) {
        names[k] = resolve_input(m, i, from->kind == NODE_LIST ? from->item[k] : from);
        known = known && names[k];
    }
    entry->nfrom = n;
    entry->from = names;
    if (known)
        check_number_of_inputs(m, i);
}

/* A branch that leads nowhere is most likely a `from:` that was forgotten. */
static void check_unused(struct model_reader *m)
{
    size_t *last =
        mem_array(m->names.n, sizeof *last); /* the last entry that takes each name, by its number */

    for (size_t i = 0; i < m->n; i++)
        for (size_t k = 0; k < m->entries[i].nfrom; k++) {
            const size_t name = names_find(&m->names, m->entries[i].from[k]);

            if (name != NAMES_NONE)
                last[name] = i;
        }
    for (size_t i = m->nembedded; i + 1 < m->n; i++)
        if (last[names_find(&m->names, m->entries[i].name)] <= i)
            m->r->result |= diag_error(m->r->diag, &m->entries[i].plugin.at,
                                       "nothing takes the output of '%s'", m->entries[i].name);
    free(last);
}

/* ---- columns of the data that are embedded ------------------------------------------------------ */

/* An entry for each, before all that are written; AT: the model. */
static void add_embedded(struct model_reader *m, const struct node *at)
{
    const size_t n = spec_embedded_count(m->r);
    struct spec_named named;

    for (size_t i = 0; i < n; i++) {
        const struct node *name = spec_embedded_entry(m->r, i, at, &named);
        struct draft *draft =
            add_entry(m, ROLE_MODEL_ENTRY, &named, arena_format(m->r->arena, "data.source.columns.%zu", i));

        m->entries[m->n - 1].name = name->text;
        draft->given_name = name;
    }
    m->nembedded = m->n;
}

/* ---- the whole list -------------------------------------------------------------------------- */

void spec_read_model(struct spec_reader *r, const struct node *node)
{
    struct model_reader m = {.r = r, .copy = ""};
    status before = r->result;
    size_t room;

    if (node->kind != NODE_LIST || !node->n) {
        r->result |= diag_error(r->diag, &node->place, "model is a list of layers and activations, not %s",
                                spec_describe(r, node));
        return;
    }
    room = model_count(node);
    if (room > MODEL_ENTRIES_MAX) {
        r->result |= diag_error(r->diag, &node->place, "the model has more than %d entries, repeats counted",
                                MODEL_ENTRIES_MAX);
        return;
    }
    room += spec_embedded_count(r);
    m.entries = arena_alloc(r->arena, room * sizeof *m.entries);
    m.drafts = mem_array(room, sizeof *m.drafts);
    m.first = mem_array(room, sizeof *m.first);
    r->result = OK;
    add_embedded(&m, node);
    read_list(&m, "model", node);
    if (m.n == m.nembedded && !r->result)
        r->result |= diag_error(r->diag, &node->place, "the model has no entries: its repeats come to none");
    name_entries(&m);
    for (size_t i = 0; i < m.n; i++) {
        connect_entry(&m, i);
        resolve_share(&m, i);
    }
    if (!r->result)
        check_unused(&m);
    r->result |= before;
    r->spec->model = m.entries;
    r->spec->nmodel = m.n;
    r->spec->nembedded = m.nembedded;
    names_release(&m.names);
    free(m.first);
    free(m.drafts);
}
