/* reference_page.c - a page of docs/reference/ is opened and closed. */
#include "cli/reference.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char warning[] =
    "<!-- Written by `fell reference docs/reference` from the tables; do not edit. -->\n";

FILE *reference_begin(const char *folder, const char *file, const char *title, struct error *err)
{
    char *path = path_join(folder, file);
    FILE *to = fopen(path, "w");

    if (to)
        fprintf(to, "%s\n# %s\n\n", warning, title);
    else
        error_set(err, "cannot write %s: %s", path, strerror(errno));
    free(path);
    return to;
}

status reference_finish(FILE *to, struct error *err)
{
    bool bad = ferror(to);

    if (fclose(to) || bad)
        return error_set(err, "cannot write: %s", strerror(errno));
    return OK;
}
