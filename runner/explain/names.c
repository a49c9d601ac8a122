/* names.c - see names.h. A dataset does not tell the engine the names of its columns, so the
 * header of a CSV file is read again; what does not fit (another number of names than of inputs,
 * numbers in the header) gives no names.
 */
#include "explain/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "host/settings.h"

enum { LONGEST = 40, MOST_INPUTS = 64 };

static const char *text_of(const cJSON *settings, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(settings, key));
}

/* Whether NAME, column I of N, is one of the targets. */
static bool is_target(const cJSON *settings, const char *name, int64_t i, int64_t n)
{
    const cJSON *list = cJSON_GetObjectItem(settings, "target"), *t;

    cJSON_ArrayForEach(t, list)
    {
        int64_t number;

        if (strcmp(cJSON_GetStringValue(t), name) == 0)
            return true;
        if (text_to_int(cJSON_GetStringValue(t), &number) && (number < 0 ? n + number : number) == i)
            return true;
    }
    return false;
}

/* The most frequent of the usual separators, or the one that the spec names. */
static char delimiter_of(const cJSON *settings, const char *line)
{
    static const char usual[] = ",;\t|";
    const char *given = text_of(settings, "delimiter");
    char best = ',';
    size_t most = 0;

    if (given && strcmp(given, "auto") != 0)
        return strcmp(given, "tab") == 0 ? '\t' : given[0];
    for (const char *c = usual; *c; c++) {
        size_t n = 0;

        for (const char *p = line; *p; p++)
            n += *p == *c;
        if (n > most) {
            most = n;
            best = *c;
        }
    }
    return best;
}

/* Cut LINE into its fields, in place; quotes around one are taken away. */
static size_t cut(char *line, char delimiter, char **field, size_t most)
{
    size_t n = 0;

    for (char *at = line; at && n < most; n++) {
        char *end = strchr(at, delimiter);

        if (end)
            *end++ = 0;
        while (*at == ' ' || *at == '"')
            at++;
        for (size_t len = strlen(at); len && strchr(" \"\r", at[len - 1]); len--)
            at[len - 1] = 0;
        field[n] = at;
        at = end;
    }
    return n;
}

static char **pick(struct arena *arena, const cJSON *settings, char *line, int64_t wanted)
{
    enum { MOST = MOST_INPUTS + 16 };
    char *field[MOST], **names = arena_alloc(arena, (size_t)wanted * sizeof *names);
    const size_t n = cut(line, delimiter_of(settings, line), field, MOST);
    int64_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        double number;

        if (text_to_double(field[i], &number) || !*field[i])
            return NULL;
        if (is_target(settings, field[i], (int64_t)i, (int64_t)n))
            continue;
        if (kept == wanted)
            return NULL;
        names[kept++] = arena_format(arena, "%.*s", LONGEST, field[i]);
    }
    return kept == wanted ? names : NULL;
}

/* Transforms that change each number by itself leave the names where they are. */
static bool keeps_columns(const struct spec *spec)
{
    static const char *const known[] = {"standardize", "min_max", "scale"};

    for (size_t i = 0; i < spec->data.ntransforms; i++) {
        bool found = false;

        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            found = found || strcmp(known[k], spec->data.transforms[i].item->name) == 0;
        if (!found)
            return false;
    }
    return true;
}

char **names_of_inputs(struct arena *arena, const struct spec *spec, const struct data *data)
{
    const struct choice *source = &spec->data.source;
    cJSON *settings;
    struct error err;
    char *text = NULL, **names = NULL;
    size_t len;

    if (strcmp(source->item->name, "csv") != 0 || !source->item->file->bundled ||
        data->x_size > MOST_INPUTS || data->x.rank != 1 || !keeps_columns(spec))
        return NULL;
    settings = cJSON_CreateObject();
    settings_to_json(source->item, source->settings, settings);
    if (file_read(text_of(settings, "path"), &text, &len, &err) == OK) {
        text[strcspn(text, "\n")] = 0;
        names = pick(arena, settings, text, data->x_size);
    }
    free(text);
    cJSON_Delete(settings);
    return names;
}
