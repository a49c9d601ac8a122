/* data_cache.c - see data_cache.h. Which entry it is, who makes it, and when there is none.
 *
 * How an entry looks is data_cache_file.c; the folder and its locks are data_cache_folder.c.
 */
#include "engine/data_cache.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/text.h"
#include "base/version.h"
#include "engine/data_cache_parts.h"
#include "engine/init.h"

enum {
    SMALLEST = 1 << 20, /* bytes of rows: less is read faster than it is worth */
    DEFAULT_MIB = 4096
};

struct data_cache {
    char *folder;
    int64_t most; /* bytes in it */
};

/* ---- the environment ------------------------------------------------------------------ */

/* NULL: none. free() it. */
static char *folder_of(void)
{
    const char *own = getenv("FELL_CACHE"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

    if (own && own[0])
        return strcmp(own, "off") == 0 ? NULL : path_absolute(own);
    if (cache && cache[0] == '/')
        return path_join(cache, "fellrunner");
    return home && home[0] == '/' ? path_join(home, ".cache/fellrunner") : NULL;
}

status data_cache_new(struct data_cache **out, struct error *err)
{
    const char *text = getenv("FELL_CACHE_MB");
    int64_t mib = DEFAULT_MIB;
    char *folder;

    *out = NULL;
    if (text && text[0] && (!text_to_int(text, &mib) || mib < 0 || mib > INT64_MAX >> 20))
        return error_set(err, "FELL_CACHE_MB is '%s'; it must be a whole number of MiB, 0 or more", text);
    folder = mib > 0 ? folder_of() : NULL;
    if (!folder)
        return OK;
    *out = mem_alloc(sizeof **out);
    **out = (struct data_cache){.folder = folder, .most = mib << 20};
    return OK;
}

void data_cache_free(struct data_cache *c)
{
    if (c)
        free(c->folder);
    free(c);
}

/* ---- the key -------------------------------------------------------------------------- */

/* The path of a plugin is in data_key() already. */
static status add_plugin(struct strbuf *b, const struct item *item)
{
    struct error unreadable;

    if (!item)
        return OK;
    if (plugin_file_hash(item->file, &unreadable) != OK)
        return FAILED;
    strbuf_addf(b, "%s %s\n", item->name, item->file->sha256);
    return OK;
}

/* A transform, and what its tensors begin with. */
static status add_transform(struct strbuf *b, const struct item *item, struct registry *registry)
{
    status result = add_plugin(b, item);
    struct error why;

    for (size_t k = 0; k < item->layer->ntensors && result == OK; k++)
        if (item->layer->tensors[k].init) {
            const struct item *init = init_default_item(item->layer->tensors[k].init, registry, &why);

            result = init ? add_plugin(b, init) : FAILED;
        }
    return result;
}

/* KEY, of data as DATA_KEY says. Errors: a plugin that cannot be read. */
static status make_key(const struct spec *spec, const char *data_key, const struct host_env *env,
                       char key[65])
{
    const struct choice *sets[] = {&spec->data.source, &spec->data.test, &spec->data.validation};
    struct strbuf b = {0};
    status result = OK;
    struct stat program;

    if (stat("/proc/self/exe", &program) != 0)
        return FAILED;
    strbuf_addf(&b, "program %s %lld %lld %lld.%ld %s\n", program_version, (long long)program.st_ino,
                (long long)program.st_size, (long long)program.st_mtim.tv_sec, program.st_mtim.tv_nsec,
                simd_name(env->kernels->level));
    strbuf_addf(&b, "data %s\n", data_key);
    for (size_t i = 0; i < sizeof sets / sizeof sets[0] && result == OK; i++)
        result = add_plugin(&b, sets[i]->item);
    for (size_t i = 0; i < spec->data.ntransforms && result == OK; i++)
        result = add_transform(&b, spec->data.transforms[i].item, env->registry);
    if (result == OK)
        sha256_text(b.text, b.len, key);
    strbuf_release(&b);
    return result;
}

/* Whether the files that were read are those that the key is made of: none changed meanwhile, nor so
 * late that a change could have left no trace in its times. */
static bool is_settled(const struct spec *spec, const char *key_before, int64_t read_at)
{
    int64_t changed;
    char *key = data_key_changed(spec, &changed);
    const bool same = strcmp(key, key_before) == 0;

    free(key);
    return same && file_is_settled(changed, read_at);
}

/* ---- loading -------------------------------------------------------------------------- */

struct listener {
    const struct host_env *env;
    struct cache_warnings *heard;
};

static void hear(void *arg, const char *who, const char *text)
{
    const struct listener *l = arg;

    cache_warnings_add(l->heard, who, text);
    if (l->env->warn)
        l->env->warn(l->env->warn_arg, who, text);
}

/* The rows from their sources, kept for others where that is possible and worth it. */
static status prepare(const struct data_cache *c, const char *key, const char *data_key,
                      const struct spec *spec, struct host_env *env, struct data **out, struct problem *p)
{
    struct cache_warnings heard = {0};
    struct listener listener = {.env = env, .heard = &heard};
    struct host_env hearing = *env;
    struct data *mapped = NULL;
    const int64_t now = time(NULL);
    status result;

    hearing.warn = hear;
    hearing.warn_arg = &listener;
    result = data_load(spec, &hearing, out, p);
    if (result == OK) {
        const int64_t size = cache_entry_size(*out);

        if (size >= SMALLEST && is_settled(spec, data_key, now) &&
            cache_folder_make_room(c->folder, size, c->most))
            mapped = cache_entry_write(c->folder, key, *out, &heard);
    }
    if (mapped) {
        data_free(*out);
        *out = mapped;
        malloc_trim(0);
    }
    cache_warnings_release(&heard);
    return result;
}

static struct data *find(const struct data_cache *c, const char *key, const struct host_env *env)
{
    struct cache_warnings told = {0};
    struct data *data = cache_entry_map(c->folder, key, &told);

    for (size_t i = 0; i < told.n && env->warn; i++)
        env->warn(env->warn_arg, told.list[i].who, told.list[i].text);
    cache_warnings_release(&told);
    return data;
}

status data_cache_load(struct data_cache *c, const struct spec *spec, struct host_env *env, struct data **out,
                       struct problem *p)
{
    char *text, key[65];
    status result = OK;
    int lock;

    if (!c)
        return data_load(spec, env, out, p);
    text = data_key(spec);
    if (make_key(spec, text, env, key) != OK) {
        free(text);
        return data_load(spec, env, out, p);
    }
    *out = find(c, key, env);
    if (!*out) {
        lock = cache_lock(c->folder, key);
        if (lock < 0)
            result = data_load(spec, env, out, p);
        else if (!(*out = find(c, key, env)))
            result = prepare(c, key, text, spec, env, out, p);
        cache_unlock(c->folder, key, lock);
    }
    free(text);
    return result;
}
