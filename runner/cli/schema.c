/* schema.c - `fell schema`: the language of specs as JSON Schema, for editors. The schema is made in
 * schema/spec_schema.c.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/plugin.h"
#include "cli/query.h"
#include "schema/spec_schema.h"

static int run_schema(const struct call *c)
{
    struct registry *r = plugin_registry(c);

    if (!r)
        return EXIT_INPUT;
    query_print_json(spec_schema(r));
    fputs(registry_notes(r), stderr);
    registry_free(r);
    return EXIT_OK;
}

const struct command command_schema = {
    .name = "schema",
    .task = "Run experiments",
    .args = "",
    .options = {OPTION_PLUGIN},
    .brief = "Print a JSON Schema of specs, for editors",
    .help = "The schema knows every section and every plugin that a spec can name, with the types, ranges, "
            "defaults and meanings of all settings, those of --plugin too. An editor that runs "
            "yaml-language-server completes and checks a spec by it, and shows what each word means, when "
            "the spec has the line: # yaml-language-server: $schema=fell.schema.json\n\n"
            "It is JSON Schema draft 7. What depends on data, shapes or other entries is left to fell check.",
    .examples = "fell schema >fell.schema.json\n"
                "fell schema --plugin ./swish.so >fell.schema.json",
    .run = run_schema,
};
