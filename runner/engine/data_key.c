/* data_key.c - what the data of a spec depends on, as text. See data.h.
 *
 * Looks at files from outside: sizes and times, no contents. Called by the worker, which keeps
 * data from run to run, and by data_cache.c, which keeps them for other workers.
 */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/data.h"
#include "host/settings.h"

enum { DEEPEST = 32 }; /* folders inside each other; links may go round in circles */

/* Files and folders that are looked at. Where there are more (the path may be anybody's mistake, "/"
 * even), the key is like no other, so that such data are always read anew. */
enum { MOST = 100000 };

struct files {
    cJSON *list;
    int n;
};

static void add_path(struct files *f, const char *path, int depth);

/* What is in a folder, with the names, in order. */
static void add_folder(struct files *f, const char *path, int depth)
{
    struct dirent **names = NULL;
    const int n = depth < DEEPEST ? scandir(path, &names, NULL, alphasort) : 0;

    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        char *below = path_join(path, name);

        if (f->n <= MOST && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            cJSON_AddItemToArray(f->list, cJSON_CreateString(name));
            add_path(f, below, depth + 1);
        }
        free(below);
        free(names[i]);
    }
    free(names);
}

/* A file that was changed between two runs is other data: what the file system knows of it
 * is part of the key. */
static void add_path(struct files *f, const char *path, int depth)
{
    struct stat about;

    if (!path || stat(path, &about) != 0)
        return;
    f->n++;
    cJSON_AddItemToArray(f->list, settings_json_int(about.st_size));
    cJSON_AddItemToArray(f->list, settings_json_int(about.st_mtim.tv_sec));
    cJSON_AddItemToArray(f->list, settings_json_int(about.st_mtim.tv_nsec));
    cJSON_AddItemToArray(f->list, settings_json_int((int64_t)about.st_ino));
    if (S_ISDIR(about.st_mode))
        add_folder(f, path, depth);
}

/* No other key has it. */
static void add_moment(cJSON *list)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    cJSON_AddItemToArray(list, settings_json_int(now.tv_sec));
    cJSON_AddItemToArray(list, settings_json_int(now.tv_nsec));
    cJSON_AddItemToArray(list, settings_json_int(getpid()));
}

static void add_files(cJSON *list, const struct choice *c)
{
    struct files files = {.list = list};

    for (size_t i = 0; i < c->item->nparams; i++) {
        const fell_param *param = &c->item->params[i];
        const char *field = (const char *)c->settings + param->offset;

        if (!(param->flags & FELL_PATH))
            continue;
        if (param->type == FELL_P_STRING) {
            add_path(&files, *(const char *const *)(const void *)field, 0);
        } else if (param->type == FELL_P_STRINGS) {
            const fell_strings *names = (const void *)field;

            for (int64_t k = 0; k < names->n; k++)
                add_path(&files, names->v[k], 0);
        }
    }
    if (files.n > MOST)
        add_moment(list);
}

static void add_choice(cJSON *list, const struct choice *c)
{
    cJSON *one = cJSON_CreateArray(), *settings, *files;

    cJSON_AddItemToArray(list, one);
    if (!c->item)
        return;
    settings = cJSON_CreateObject();
    files = cJSON_CreateArray();
    settings_to_json(c->item, c->settings, settings);
    add_files(files, c);
    cJSON_AddItemToArray(one, cJSON_CreateString(c->item->file->path));
    cJSON_AddItemToArray(one, cJSON_CreateString(c->item->name));
    cJSON_AddItemToArray(one, settings);
    cJSON_AddItemToArray(one, files);
}

char *data_key(const struct spec *spec)
{
    cJSON *key = cJSON_CreateArray();
    char *printed, *text;

    cJSON_AddItemToArray(key, settings_json_int((int64_t)spec->seed));
    cJSON_AddItemToArray(key, settings_json_int(spec->loss.item->loss->target));
    cJSON_AddItemToArray(key, settings_json_number(spec->data.validation_share));
    add_choice(key, &spec->data.source);
    add_choice(key, &spec->data.test);
    add_choice(key, &spec->data.validation);
    for (size_t i = 0; i < spec->data.ntransforms; i++)
        add_choice(key, &spec->data.transforms[i]);
    printed = cJSON_PrintUnformatted(key);
    text = mem_string(printed ? printed : "");
    cJSON_free(printed);
    cJSON_Delete(key);
    return text;
}
