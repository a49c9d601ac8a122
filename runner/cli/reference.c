/* reference.c - `fell reference FOLDER`: docs/reference/, one page for each kind of plugin and one for
 * the keys of a spec, from the same tables that check a spec. Hidden: only who changes a bundled plugin
 * needs it. The examples are in reference_examples.c.
 */
#include "cli/reference.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/plugin.h"
#include "cli/plugin_tables.h"

/* ---- plugins ----------------------------------------------------------------------------------- */

static void write_table(struct table *t, FILE *to)
{
    if (table_rows(t)) {
        fputs("\n", to);
        table_print_markdown(t, to);
    }
    table_free(t);
}

static void write_item(const struct item *item, FILE *to)
{
    char *traits = plugin_traits(item);
    struct strbuf example = {0};

    fprintf(to, "\n## %s\n\n%s\n", item->name, item->doc);
    if (traits)
        fprintf(to, "\n%s\n", traits);
    write_table(settings_table(item->nparams, item->params), to);
    write_table(tensors_table(item), to);
    write_table(slots_table(item), to);
    write_table(numbers_table(item), to);
    reference_example(item_word(item), item->name, &example);
    fprintf(to, "\n```yaml\n%s```\n", example.text);
    strbuf_release(&example);
    free(traits);
}

static bool on_page(const struct item *item, enum role role)
{
    return item->file->bundled && item_role(item) == role;
}

static status write_page(enum role role, const struct item *const *items, size_t n, const char *folder,
                         struct error *err)
{
    const struct role_texts *page = role_texts(role);
    FILE *to = reference_begin(folder, page->page, page->title, err);
    const char *between = "";

    if (!to)
        return FAILED;
    fprintf(to, "%s\n\n", page->about);
    for (size_t i = 0; i < n; i++)
        if (on_page(items[i], role)) {
            fprintf(to, "%s[%s](#%s)", between, items[i]->name, items[i]->name);
            between = " · ";
        }
    fputs("\n", to);
    for (size_t i = 0; i < n; i++)
        if (on_page(items[i], role))
            write_item(items[i], to);
    return reference_finish(to, err);
}

static status write_index(const struct item *const *items, size_t n, const char *folder, struct error *err)
{
    FILE *to = reference_begin(folder, "README.md", "Reference", err);

    if (!to)
        return FAILED;
    fputs("Everything that a spec can name, with its settings, their ranges and defaults. Every example is a "
          "whole spec, to be run from the project's folder; those of `image_folder`, `libsvm`, `npy` and "
          "`sqlite` read files of your own. `fell plugin show NAME` shows the same for plugins of your own, "
          "`fell schema` tells it to your editor.\n\n"
          "[The keys of a spec](spec.md)\n",
          to);
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        const struct role_texts *page = role_texts(role);

        fprintf(to, "\n## [%s](%s)\n\n", page->title, page->page);
        fputs("| name | what it does |\n|---|---|\n", to);
        for (size_t i = 0; i < n; i++)
            if (on_page(items[i], role))
                fprintf(to, "| [%s](%s#%s) | %.*s |\n", items[i]->name, page->page, items[i]->name,
                        (int)strcspn(items[i]->doc, "\n"), items[i]->doc);
    }
    return reference_finish(to, err);
}

/* ---- the command ----------------------------------------------------------------------------------- */

static status write_all(struct registry *r, const char *folder, struct error *err)
{
    size_t n;
    const struct item *const *items = registry_list(r, &n);

    if (path_make_folder(folder, err) || write_index(items, n, folder, err) ||
        reference_spec_page(folder, err))
        return FAILED;
    for (enum role role = 0; role < ROLE_COUNT; role++)
        if (write_page(role, items, n, folder, err))
            return FAILED;
    return OK;
}

static int write_reference(int argc, char **argv)
{
    const struct call none = {0};
    struct registry *r;
    struct error err;
    status result;

    if (argc != 2)
        return cli_error("reference takes one folder");
    if (!(r = plugin_registry(&none)))
        return EXIT_INPUT;
    result = write_all(r, argv[1], &err);
    registry_free(r);
    return result == OK ? EXIT_OK : cli_error("%s", err.text);
}

const struct command command_reference = {
    .name = "reference",
    .args = "FOLDER",
    .brief = "Write the reference pages",
    .help = "",
    .examples = "",
    .raw = write_reference,
};
