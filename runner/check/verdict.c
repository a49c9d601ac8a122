/* verdict.c - see verdict.h. One small file for each hash: the program's version, the verdict
 * and the checks that failed, each in a line.
 */
#include "check/verdict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/version.h"

/* The path of the file for a hash; NULL without a home. free() it. */
static char *path_of(const char *sha256)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    if (state && state[0] == '/')
        return mem_format("%s/fell/checks/%s", state, sha256);
    return home && home[0] == '/' ? mem_format("%s/.local/state/fell/checks/%s", home, sha256) : NULL;
}

/* The next line of *AT, cut out of the text. */
static const char *next_line(char **at)
{
    char *line = *at;
    const size_t n = strcspn(line, "\n");

    *at = line + n + (line[n] == '\n');
    line[n] = 0;
    return line;
}

void verdict_read(const struct plugin_file *file, struct verdict_note *out)
{
    char *path = path_of(file->sha256), *text = NULL, *at;
    struct error none;
    size_t len;

    *out = (struct verdict_note){.word = file->bundled ? "passed" : "unchecked"};
    if (path && access(path, R_OK) == 0 && file_read(path, &text, &len, &none) == OK) {
        at = text;
        if (strcmp(next_line(&at), program_version) == 0) {
            const bool passed = strcmp(next_line(&at), "passed") == 0;

            out->word = passed ? "passed" : "failed";
            snprintf(out->failed, sizeof out->failed, "%s", next_line(&at));
        }
    }
    free(text);
    free(path);
}

status verdict_store(const char *sha256, const char *failed, struct error *err)
{
    char *path = path_of(sha256), *folder, *text;
    status result;

    if (!path)
        return error_set(err, "the verdict cannot be kept: neither XDG_STATE_HOME nor HOME is set");
    folder = path_folder(path);
    text = mem_format("%s\n%s\n%s\n", program_version, failed[0] ? "failed" : "passed", failed);
    result = path_make_folder(folder, err);
    if (result == OK)
        result = file_write(path, text, strlen(text), err);
    free(text);
    free(folder);
    free(path);
    return result;
}
