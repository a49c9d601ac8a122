/* data_key.c - what the data of a spec depends on, as text. See data.h.
 *
 * Looks at files from outside: sizes and times, no contents.
 */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/data.h"
#include "host/settings.h"
#include "spec/spec_keys.h"

struct files {
    cJSON *list;
    int64_t changed; /* seconds of the epoch: when the last change was */
};

static void add_path(struct files *files, const char *path, int depth);

/* What is in a folder, with the names, in order. */
static void add_folder(struct files *files, const char *path, int depth)
{
    struct dirent **names = NULL;
    const int n = scandir(path, &names, NULL, alphasort);

    if (n < 0)
        files->changed = INT64_MAX / 2; /* nobody knows: never trusted */
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        char *below = path_join(path, name);

        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            cJSON_AddItemToArray(files->list, cJSON_CreateString(name));
            add_path(files, below, depth + 1);
        }
        free(below);
        free(names[i]);
    }
    free(names);
}

/* A file that was changed between two runs is other data: what the file system knows of it
 * is part of the key. */
static void add_path(struct files *files, const char *path, int depth)
{
    struct error ignored; /* what cannot be read as data is no data: the dataset says so */
    struct stat about;
    char facts[FILE_FACTS];

    if (!path || stat(path, &about) != 0)
        return;
    file_facts(&about, facts);
    cJSON_AddItemToArray(files->list, cJSON_CreateRaw(facts)); /* numbers of the list */
    if (about.st_ctim.tv_sec > files->changed)
        files->changed = about.st_ctim.tv_sec;
    if (S_ISDIR(about.st_mode) && (depth > 0 || path_check_folder(path, &ignored) == OK))
        add_folder(files, path, depth);
}

/* A file, and the log of a database (SQLite, write-ahead), which holds what is new in it. */
static void add_file(struct files *files, const char *path)
{
    char *log;

    if (!path)
        return;
    log = mem_format("%s-wal", path);
    add_path(files, path, 0);
    add_path(files, log, 0);
    free(log);
}

char *data_file_facts(const char *path, int64_t *changed)
{
    struct files files = {.list = cJSON_CreateArray()};
    char *printed, *text;

    add_file(&files, path);
    printed = cJSON_PrintUnformatted(files.list);
    text = mem_string(printed ? printed : "");
    *changed = files.changed;
    cJSON_free(printed);
    cJSON_Delete(files.list);
    return text;
}

static void add_files(struct files *files, const struct choice *c)
{
    for (size_t i = 0; i < c->item->nparams; i++) {
        const fell_param *param = &c->item->params[i];
        const char *field = (const char *)c->settings + param->offset;

        if (!(param->flags & FELL_PATH))
            continue;
        if (param->type == FELL_P_STRING) {
            add_file(files, *(const char *const *)(const void *)field);
        } else if (param->type == FELL_P_STRINGS) {
            const fell_strings *list = (const void *)field;

            for (int64_t k = 0; k < list->n; k++)
                add_file(files, list->v[k]);
        }
    }
}

static void add_choice(cJSON *list, const struct choice *c, int64_t *changed)
{
    cJSON *one = cJSON_CreateArray(), *settings;
    struct files files = {.changed = *changed};

    cJSON_AddItemToArray(list, one);
    if (!c->item)
        return;
    settings = cJSON_CreateObject();
    files.list = cJSON_CreateArray();
    settings_to_json(c->item, c->settings, settings);
    add_files(&files, c);
    cJSON_AddItemToArray(one, cJSON_CreateString(c->item->file->path));
    cJSON_AddItemToArray(one, cJSON_CreateString(c->item->name));
    cJSON_AddItemToArray(one, settings);
    cJSON_AddItemToArray(one, files.list);
    *changed = files.changed;
}

/* The plain keys of the section, but for words to readers. */
static void add_section(cJSON *list, const struct spec *spec)
{
    const struct spec_section *section = spec_key_find(&spec_section_top, "data")->section;
    const struct item table = spec_section_item(section);
    cJSON *settings = cJSON_CreateObject();

    settings_to_json(&table, (const char *)spec + section->base, settings);
    cJSON_DeleteItemFromObjectCaseSensitive(settings, "about");
    cJSON_AddItemToArray(list, settings);
}

char *data_key_changed(const struct spec *spec, int64_t *changed)
{
    cJSON *key = cJSON_CreateArray();
    char *printed, *text;

    *changed = 0;
    cJSON_AddItemToArray(key, settings_json_int((int64_t)spec->seed));
    cJSON_AddItemToArray(key, settings_json_int(spec->loss.item->loss->target));
    cJSON_AddItemToArray(key, settings_json_int((int64_t)(spec->loss.item->loss->flags & FELL_NO_CLASS)));
    cJSON_AddItemToArray(key, settings_json_number(spec->data.validation_share));
    add_section(key, spec);
    add_choice(key, &spec->data.source, changed);
    add_choice(key, &spec->data.test, changed);
    add_choice(key, &spec->data.validation, changed);
    for (size_t i = 0; i < spec->data.ntransforms; i++)
        add_choice(key, &spec->data.transforms[i], changed);
    printed = cJSON_PrintUnformatted(key);
    text = mem_string(printed ? printed : "");
    cJSON_free(printed);
    cJSON_Delete(key);
    return text;
}

char *data_key(const struct spec *spec)
{
    int64_t changed;

    return data_key_changed(spec, &changed);
}
