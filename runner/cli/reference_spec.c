/* reference_spec.c - the reference page of a spec's own keys, from the tables of spec_keys.h. */
#include "cli/reference.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/plugin_tables.h"
#include "host/settings.h"
#include "trials/space.h"
#include "trials/sweep_keys.h"
#include "sweep/strategies.h"

/* Keys with a form of their own: what is written there. */
static const struct {
    const char *path, *type;
} forms[] = {
    {"extends", "a file"},
    {"model", "a list of [layers](layers.md) and [activations](activations.md)"},
    {"repeat.model", "a list of entries"},
    {"sweep", "a map, [below](#sweep)"},
    {"data.validation", "a number in (0, 1), or a [dataset](datasets.md)"},
    {"record.gradients", "epoch, none, or {step: K}"},
    {"checkpoint.keep", "last, best, all, an epoch, or a list of these"},
    {"on_failure", "continue, stop, or a whole number"},
    {"sweep.strategy", "a [strategy](#strategies)"},
    {"sweep.over", "a map of paths, each with a list or other [values](#values-of-an-axis)"},
    {"sweep.where", "a text"},
    {"sweep.objective", "a map, [below](#sweepobjective)"},
    {"sweep.pruner", "a [pruner](#pruners)"},
    {"probes", "a [probe](probes.md), or a list of them"},
    {"entry.from", "a name, or a list of names"},
    {"entry.activation", "an [activation](activations.md)"},
    {"entry.init", "an [initialiser](initialisers.md), or a map of tensors, each with one"},
};

/* To the heading of a section; anchors have no dots. */
static char *link_to(const char *name)
{
    struct strbuf b = {0};

    strbuf_add(&b, "a map, [below](#");
    for (; *name; name++)
        if (*name != '.')
            strbuf_addn(&b, name, 1);
    strbuf_add(&b, ")");
    return b.text;
}

/* SECTION is as its heading says: "entry" for the keys of model entries. free() it. */
static char *type_of(const struct spec_key *key, const char *section)
{
    char *path = mem_format("%s%s%s", section, *section ? "." : "", key->name), *text = NULL;

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (!strcmp(forms[i].path, path))
            text = mem_string(forms[i].type);
    if (key->form == KEY_CHOICE || key->form == KEY_CHOICES)
        text = mem_format("%s [%s](%s)%s", text_article(role_word(key->role)), role_word(key->role),
                          role_texts(key->role)->page, key->form == KEY_CHOICES ? ", or a list of them" : "");
    if (key->form == KEY_SECTION)
        text = link_to(key->section->name);
    free(path);
    return text;
}

static void write_keys(const struct spec_section *section, const char *name, FILE *to)
{
    struct table *t = settings_table(section->nparams, section->params);

    for (size_t i = 0; i < section->nkeys; i++) {
        const struct spec_key *key = &section->keys[i];
        char *type = type_of(key, name);

        table_text(t, key->name);
        table_text(t, type);
        table_text(t, NULL);
        table_text(t, key->required ? "required" : NULL);
        table_text(t, key->doc);
        free(type);
    }
    fputs("\n", to);
    table_print_markdown(t, to);
    table_free(t);
}

/* The sections below SECTION, and those below them. */
static void write_sections(const struct spec_section *section, FILE *to)
{
    for (size_t i = 0; i < section->nkeys; i++) {
        const struct spec_section *below = section->keys[i].section;

        if (!below)
            continue;
        fprintf(to, "\n## %s\n\n%s\n", below->name, section->keys[i].doc);
        write_keys(below, below->name, to);
        write_sections(below, to);
    }
    for (size_t i = 0; i < section->nparams; i++)
        if (section->params[i].flags & SETTINGS_OR_MAP) {
            fprintf(to,
                    "\n## %s\n\nThe state of a recorded run in the place of a file: its checkpoint of that "
                    "epoch, which `checkpoint: {keep: [...]}` has kept.\n",
                    spec_section_weights.name);
            write_keys(&spec_section_weights, spec_section_weights.name, to);
        }
}

/* ---- sweeps ------------------------------------------------------------------------- */

static void write_named(const char *name, const char *doc, size_t nparams, const fell_param *params, FILE *to)
{
    struct table *t = settings_table(nparams, params);

    fprintf(to, "\n### %s\n\n%s\n", name, doc);
    if (table_rows(t)) {
        fputs("\n", to);
        table_print_markdown(t, to);
    }
    table_free(t);
}

static void write_values(FILE *to)
{
    fputs("\n## Values of an axis\n\nOf `sweep.over`, instead of a list: `train.epochs: {range: [1, 9], "
          "step: 2}`, "
          "or, where settings are inside, `optimizer.sgd.lr: {normal: {mean: 0.1, sd: 0.02}}`. Without "
          "`step` or "
          "`count` they are drawn from, which a grid cannot do.\n",
          to);
    for (size_t i = 0; i < values_forms_count; i++) {
        const struct values_form *form = &values_forms[i];
        const char *where = form->other[0] ? "Inside it, beside the list `values`:"
                            : form->inner  ? "Inside it:"
                                           : NULL;
        char *doc = where ? mem_format("%s %s", form->doc, where) : mem_string(form->doc);

        write_named(form->word, doc, form->nparams, form->params, to);
        free(doc);
    }
}

static void write_sweep(FILE *to)
{
    fprintf(to, "\n## sweep\n\n%s\n", spec_key_find(&spec_section_top, "sweep")->doc);
    write_keys(&spec_section_sweep, "sweep", to);
    write_sections(&spec_section_sweep, to);
    write_values(to);
    fputs("\n## Strategies\n\nOf `sweep.strategy`.\n", to);
    for (size_t i = 0; i < strategies_count; i++)
        write_named(strategies[i].name, strategies[i].doc, strategies[i].nparams, strategies[i].params, to);
    fputs("\n## Pruners\n\nOf `sweep.pruner`.\n", to);
    for (size_t i = 0; i < pruner_kinds_count; i++)
        write_named(pruner_kinds[i].name, pruner_kinds[i].doc, pruner_kinds[i].nparams,
                    pruner_kinds[i].params, to);
}

status reference_spec_page(const char *folder, struct error *err)
{
    FILE *to = reference_begin(folder, "spec.md", "The keys of a spec", err);

    if (!to)
        return FAILED;
    fputs("[The language in words](../spec.md) has all sections in one example. A plugin is named by its "
          "name alone, "
          "or by a map with one key and its settings.\n",
          to);
    write_keys(&spec_section_top, "", to);
    write_sections(&spec_section_top, to);
    fputs("\n## Model entries\n\nKeys beside the plugin's own settings; `lr_factor`, `trainable` and `init` "
          "where there are tensors.\n",
          to);
    write_keys(&spec_section_entry, "entry", to);
    fputs("\n## repeat\n\nEntries of a model, several times over: `repeat: {times: 4, model: [...]}`. "
          "`residual: [...]` is its entries "
          "and the sum of what they take and what they make of it.\n",
          to);
    write_keys(&spec_section_repeat, "repeat", to);
    write_sweep(to);
    return reference_finish(to, err);
}
