/* plugin_kinds.c - what all tasks of `fell plugin` share: the kinds by name, and the plugins with those of
 * --plugin.
 */
#include "base/text.h"
#include "cli/plugin.h"

#define WORD(ROLE, KIND, word) #word,

static const char *const kinds[] = {ROLES(WORD)};
enum { NKINDS = sizeof kinds / sizeof *kinds };

int plugin_unknown_kind(const char *kind)
{
    const char *near = text_nearest(kind, kinds, NKINDS);
    struct strbuf all = {0};

    if (near)
        return cli_error("no kind '%s'; did you mean '%s'?", kind, near);
    for (size_t i = 0; i < NKINDS; i++)
        strbuf_addf(&all, "%s%s", i ? ", " : "", kinds[i]);
    cli_error("no kind '%s'; there are %s", kind, all.text);
    strbuf_release(&all);
    return EXIT_INPUT;
}

struct registry *plugin_registry(const struct call *c)
{
    struct registry *r = registry_new();
    struct error err;

    for (size_t i = 0; i < c->nplugins; i++)
        if (registry_add_file(r, c->plugins[i], &err) != OK) {
            cli_error("%s", err.text);
            registry_free(r);
            return NULL;
        }
    return r;
}
