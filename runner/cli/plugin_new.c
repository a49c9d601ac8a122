/* plugin_new.c - `fell plugin new`: a plugin of each kind to start from. They are the files of
 * templates/, each short and whole, with every part that its author edits; '@' stands for the name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plugin.h"
#include "cli/templates.h"
#include "host/kinds.h"

#define START(ROLE, KIND, word) [ROLE_##ROLE] = template_##word##_c,
static const char *const starts[] = {ROLES(START)};
#undef START

/* TEXT with every '@' replaced. */
static status write_start(const char *path, const char *text, const char *name, struct error *err)
{
    FILE *f = fopen(path, "wx");
    bool bad = false;

    if (!f)
        return error_set(err, "%s: %s", path,
                         errno == EEXIST ? "is there already; it is not replaced" : strerror(errno));
    for (; *text; text++)
        bad |= (*text == '@' ? fputs(name, f) : fputc(*text, f)) < 0;
    bad |= ferror(f) != 0;
    if (fclose(f) != 0 || bad) {
        error_set(err, "%s: %s", path, strerror(errno));
        remove(path);
        return FAILED;
    }
    return OK;
}

int plugin_new(const struct call *c)
{
    const char *kind = c->args[1], *name = c->args[2];
    const enum role role = role_of_word(kind);
    char *path;
    struct error err;
    int result = EXIT_INPUT;

    if (role == ROLE_COUNT)
        return plugin_unknown_kind(kind);
    if (!plugin_name_ok(name))
        return cli_error("'%s' cannot be a name: a small letter, then small letters, digits and _", name);
    if (plugin_name_taken(name))
        return cli_error("'%s' cannot be a name: a spec has another use for it", name);
    path = c->output ? mem_string(c->output) : mem_format("%s.c", name);
    if (write_start(path, starts[role], name, &err) != OK) {
        cli_error("%s", err.text);
    } else {
        printf("%s: %s '%s'. Next: edit it, then  fell plugin build %s\n", path, kind, name, path);
        result = EXIT_OK;
    }
    free(path);
    return result;
}
