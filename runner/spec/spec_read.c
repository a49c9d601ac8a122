/* spec_read.c - reads sections by their tables, and choices of plugins.
 *
 * What has a form of its own is read elsewhere: spec.c, spec_model.c, spec_init.c. The settings inside a
 * choice are read by host/settings.c.
 */
#include "spec/spec_read.h"

#include <stdlib.h>
#include <string.h>

#include "host/settings.h"

const struct node *spec_get(const struct node *map, const char *key)
{
    const struct node *node = tree_get(map, key);

    return node && tree_is_null(node) ? NULL : node;
}

const char *spec_describe(struct spec_reader *r, const struct node *node)
{
    if (node->kind == NODE_LIST)
        return node->n ? "a list" : "an empty list";
    if (node->kind == NODE_MAP)
        return node->n ? "a map" : "an empty map";
    return tree_is_null(node) ? "null" : arena_format(r->arena, "'%s'", node->text);
}

/* ---- choices ---------------------------------------------------------------------- */

/* The commonest slip: settings that are not indented below their plugin. */
static status refuse_many(struct spec_reader *r, const struct node *map)
{
    bool slip = map->item[0]->kind == NODE_SCALAR && tree_is_null(map->item[0]);
    struct strbuf names = {0};

    for (size_t i = 0; i < map->n; i++)
        strbuf_addf(&names, "%s'%s'", i ? ", " : "", map->key[i]->text);
    r->result |= diag_error(r->diag, &map->key[1]->place, "one plugin is wanted here, not %zu (%s)%s%s%s",
                            map->n, names.text, slip ? "; the settings of '" : "",
                            slip ? map->key[0]->text : "", slip ? "' are indented below it" : "");
    strbuf_release(&names);
    return FAILED;
}

status spec_read_named(struct spec_reader *r, enum role role, const struct node *node, struct spec_named *out)
{
    if (node->kind == NODE_SCALAR && !tree_is_null(node)) {
        *out = (struct spec_named){.name = node->text, .at = node->place};
        return OK;
    }
    if (node->kind == NODE_MAP && node->n == 1) {
        const struct node *settings = node->item[0];

        *out = (struct spec_named){.name = node->key[0]->text, .at = node->key[0]->place};
        if (settings->kind != NODE_SCALAR || !tree_is_null(settings))
            out->settings = settings;
        return OK;
    }
    if (node->kind == NODE_MAP && node->n > 1)
        return refuse_many(r, node);
    r->result |= diag_error(r->diag, &node->place, "the name of a plugin is wanted here (%s), not %s",
                            role_word(role), spec_describe(r, node));
    return FAILED;
}

void spec_resolve(struct spec_reader *r, enum role role, const struct spec_named *named,
                  const char *const *skip, struct choice *out)
{
    struct error err;

    *out = (struct choice){.at = named->at, .map = named->settings};
    out->item = registry_find(r->registry, role, named->name, &err);
    if (!out->item) {
        r->result |= diag_error(r->diag, &named->at, "%s", err.text);
        return;
    }
    out->settings = role == ROLE_MODEL_ENTRY
                        ? settings_parse_entry(r->arena, out->item, named->settings, skip, &out->at, r->diag)
                        : settings_parse(r->arena, out->item, named->settings, skip, &out->at, r->diag);
    if (!out->settings)
        r->result = FAILED;
}

void spec_read_choice(struct spec_reader *r, enum role role, const struct node *node, struct choice *out)
{
    struct spec_named named;

    if (!spec_read_named(r, role, node, &named))
        spec_resolve(r, role, &named, NULL, out);
}

static void read_choices(struct spec_reader *r, const struct spec_key *key, const struct node *node)
{
    struct choice **choices = (struct choice **)((char *)r->spec + key->offset);
    size_t *count = (size_t *)((char *)r->spec + key->count);
    bool list = node->kind == NODE_LIST;

    *count = list ? node->n : 1;
    *choices = arena_alloc(r->arena, *count * sizeof **choices);
    for (size_t i = 0; i < *count; i++)
        spec_read_choice(r, key->role, list ? node->item[i] : node, &(*choices)[i]);
}

status spec_want_map(struct spec_reader *r, const struct node *node, const char *who)
{
    if (node->kind == NODE_MAP)
        return OK;
    r->result |=
        diag_error(r->diag, &node->place, "%s is a map of settings, not %s", who, spec_describe(r, node));
    return FAILED;
}

/* ---- sections ----------------------------------------------------------------------- */

static void read_section_key(struct spec_reader *r, const struct spec_section *section,
                             const struct spec_key *key, const struct node *map, const struct place *at)
{
    const struct node *node = spec_get(map, key->name), *name = tree_key(map, key->name);
    const char *dot = *section->name ? "." : "";

    if (key->required && !node) {
        r->result |= diag_error(r->diag, name ? &name->place : at, "%s%s%s is required", section->name, dot,
                                key->name);
        return;
    }
    if (key->form == KEY_SECTION && key->section->on)
        *(bool *)((char *)r->spec + key->section->on) = node != NULL;
    if (key->form == KEY_SECTION && (node || !key->section->on))
        spec_read_section(r, key->section, node, name ? &name->place : at);
    if (node && key->form == KEY_CHOICE)
        spec_read_choice(r, key->role, node, (struct choice *)((char *)r->spec + key->offset));
    if (node && key->form == KEY_CHOICES)
        read_choices(r, key, node);
}

void spec_read_section(struct spec_reader *r, const struct spec_section *section, const struct node *map,
                       const struct place *at)
{
    const struct item table = spec_section_item(section);
    const char *names[SPEC_MOST_KEYS];

    if (map && spec_want_map(r, map, *section->name ? section->name : "a spec") != OK)
        return;
    spec_section_names(section, false, names);
    r->result |= settings_check_keys(&table, map, names, r->diag);
    r->result |= settings_fill(r->arena, &table, (char *)r->spec + section->base, map, at, r->diag);
    for (size_t i = 0; i < section->nkeys; i++)
        read_section_key(r, section, &section->keys[i], map, at);
}
