/* git_config.c - see git_config.h.
 *
 * Not git-config(1)'s whole syntax but the lines that git itself writes: a header alone on its line, a key
 * and its value on one. What is written otherwise could mean something else to git than it does here, and so
 * is not harmless.
 */
#include "work/git_config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* SECTION.KEY, and "SECTION.*" for all keys; subsections ("origin") are left out. */
static const char *const harmless[] = {
    "branch.*",
    "color.*",
    "core.abbrev",
    "core.autocrlf",
    "core.bare",
    "core.bigfilethreshold",
    "core.checkstat",
    "core.compression",
    "core.eol",
    "core.filemode",
    "core.ignorecase",
    "core.logallrefupdates",
    "core.precomposeunicode",
    "core.preloadindex",
    "core.quotepath",
    "core.repositoryformatversion",
    "core.safecrlf",
    "core.sharedrepository",
    "core.sparsecheckout",
    "core.sparsecheckoutcone",
    "core.symlinks",
    "core.trustctime",
    "core.untrackedcache",
    "extensions.objectformat",
    "fetch.prune",
    "gc.*",
    "index.threads",
    "index.version",
    "init.defaultbranch",
    "lfs.repositoryformatversion",
    "pull.*",
    "push.*",
    "rebase.*",
    "remote.fetch",
    "remote.mirror",
    "remote.prune",
    "remote.pushurl",
    "remote.tagopt",
    "remote.url",
    "status.*",
    "user.*",
};

enum { LONGEST = 64 };

static bool is_harmless(const char *section, const char *key)
{
    const size_t n = strlen(section);

    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        if (strncmp(harmless[i], section, n) == 0 && harmless[i][n] == '.' &&
            (strcmp(harmless[i] + n + 1, "*") == 0 || strcmp(harmless[i] + n + 1, key) == 0))
            return true;
    return false;
}

/* The word of letters and digits at *TEXT, small, into WORD, and *TEXT behind it. */
static bool take_word(const char **text, char word[LONGEST])
{
    const size_t n = strspn(*text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

    if (n == 0 || n >= LONGEST)
        return false;
    for (size_t i = 0; i < n; i++) {
        const char c = (*text)[i];

        word[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    word[n] = 0;
    *text += n;
    return true;
}

/* [section] or [section "subsection"], and nothing behind it. */
static bool take_header(const char *line, char section[LONGEST])
{
    line++;
    if (!take_word(&line, section))
        return false;
    if (strncmp(line, " \"", 2) == 0) {
        line += 2;
        line += strcspn(line, "\"\\");
        if (*line++ != '"')
            return false;
    }
    return strcmp(line, "]") == 0;
}

/* key, or key = value; a backslash could make the next line a part of it. */
static bool take_key(const char *line, char key[LONGEST])
{
    if (!take_word(&line, key))
        return false;
    line += strspn(line, " \t");
    return (*line == 0 || *line == '=') && !strchr(line, '\\');
}

bool git_config_is_harmless(const char *text)
{
    char *copy = mem_string(text), *rest = copy, *line, section[LONGEST] = "", key[LONGEST];
    bool good = true;

    while (good && (line = strsep(&rest, "\n"))) {
        line += strspn(line, " \t");
        if (*line == 0 || *line == '#' || *line == ';')
            continue;
        if (*line == '[')
            good = take_header(line, section);
        else
            good = take_key(line, key) && is_harmless(section, key);
    }
    free(copy);
    return good;
}
