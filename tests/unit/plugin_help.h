/* plugin_help.h - bundled plugins in a test: opened by name with settings written
 * as YAML, at a SIMD level, and compared with the reference files.
 *
 * Included by test_plugins*.c. Plugins come through the registry, from
 * FELL_PLUGIN_PATH, just as a run gets them.
 */
#ifndef PLUGIN_HELP_H
#define PLUGIN_HELP_H

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"
#include "host/instance.h"
#include "host/registry.h"
#include "host/settings.h"
#include "kernels/kernels.h"
#include "spec/diag.h"
#include "spec/tree.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- plugins --------------------------------------------------------------- */

/* An instance of an item and what it stands on. Not to be copied or moved. */
struct plugin {
    const struct item *item;
    struct instance in;
    struct host_env env;
    struct tree *tree;
    void *settings;
};

static inline struct registry *plugin_registry(void)
{
    static struct registry *registry;

    if (!registry)
        registry = registry_new();
    return registry;
}

static inline bool plugin_exists(enum role role, const char *name)
{
    struct error err;

    return registry_find(plugin_registry(), role, name, &err) != NULL;
}

/* SETTINGS is a YAML map, "" for none. */
static inline void plugin_open(struct plugin *p, enum role role, const char *name, const char *settings,
                               enum simd_level level)
{
    struct diag *d = diag_new();
    static const struct place nowhere;
    struct node *map = NULL;
    struct error err;

    memset(p, 0, sizeof *p);
    p->item = registry_find(plugin_registry(), role, name, &err);
    cr_assert(p->item != NULL, "%s", err.text);
    p->env.kernels = kernels_get(level);
    instance_init(&p->in, p->item, name, &p->env);
    p->tree = tree_new();
    if (settings[0])
        map = tree_parse_text(p->tree, name, "", settings, strlen(settings), false, d);
    p->settings = settings_parse(tree_arena(p->tree), p->item, map, NULL, map ? &map->place : &nowhere, d);
    if (!p->settings)
        diag_print(d, stderr, false);
    cr_assert(p->settings != NULL, "settings of %s: %s", name, settings);
    p->in.stream = rng_stream(11, RNG_LAYER, 1, 1);
    diag_free(d);
}

static inline void plugin_close(struct plugin *p)
{
    instance_release(&p->in);
    tree_free(p->tree);
}

/* A callback's result: it must be FELL_OK. */
static inline void plugin_ok(struct plugin *p, fell_status result)
{
    cr_assert_eq(result, FELL_OK, "%s: %s", p->item->name, p->in.error.text);
    instance_reset(&p->in);
}

/* A callback's result: it must fail with just this message. */
static inline void plugin_fails(struct plugin *p, fell_status result, const char *message)
{
    cr_assert_eq(result, FELL_ERROR, "%s: should have failed: %s", p->item->name, message);
    cr_assert_str_eq(p->in.error.text, message);
    instance_reset(&p->in);
}

/* for (enum simd_level level = next_level(-1); level < SIMD_LEVELS; level = next_level(level)) */
static inline enum simd_level next_level(int level)
{
    do
        level++;
    while (level < SIMD_LEVELS && !simd_available((enum simd_level)level));
    return (enum simd_level)level;
}

#define EACH_LEVEL(level)                                                                                    \
    for (enum simd_level level = next_level(-1); level < SIMD_LEVELS; level = next_level((int)level))

/* ---- the reference files ------------------------------------------------------ */

/* The cases of tests/reference/FILE; free the root with cJSON_Delete(). */
static inline cJSON *reference_read(const char *file, cJSON **root)
{
    const char *srcdir = getenv("srcdir");
    char *path = mem_format("%s/tests/reference/%s", srcdir ? srcdir : ".", file), *text;
    struct error err;
    size_t n;

    cr_assert_eq(file_read(path, &text, &n, &err), OK, "%s", err.text);
    *root = cJSON_Parse(text);
    cr_assert(*root != NULL, "%s is not JSON", path);
    free(text);
    free(path);
    return cJSON_GetObjectItemCaseSensitive(*root, "cases");
}

static inline const char *reference_text(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key)->valuestring;
}

static inline double reference_number(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key)->valuedouble;
}

static inline char *reference_options(const cJSON *object)
{
    return cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(object, "options"));
}

/* A tensor of a reference file, in double and in float. */
struct numbers {
    int64_t n, rank, dim[5];
    double *d;
    float *f;
};

static inline void numbers_fill_(const cJSON *a, struct numbers *t, int64_t *at)
{
    const cJSON *item;

    if (cJSON_IsNumber(a)) {
        t->d[*at] = a->valuedouble;
        t->f[(*at)++] = (float)a->valuedouble;
        return;
    }
    cJSON_ArrayForEach(item, a) numbers_fill_(item, t, at);
}

static inline struct numbers numbers_of(const cJSON *a)
{
    struct numbers t = {.n = 1};
    int64_t at = 0;

    for (const cJSON *level = a; cJSON_IsArray(level); level = level->child) {
        t.dim[t.rank] = cJSON_GetArraySize(level);
        t.n *= t.dim[t.rank++];
    }
    t.d = mem_array((size_t)t.n, sizeof *t.d);
    t.f = mem_try_aligned((size_t)t.n, sizeof *t.f);
    numbers_fill_(a, &t, &at);
    cr_assert_eq(at, t.n);
    return t;
}

static inline struct numbers reference_numbers(const cJSON *object, const char *key)
{
    return numbers_of(cJSON_GetObjectItemCaseSensitive(object, key));
}

static inline void numbers_release(struct numbers *t)
{
    free(t->d);
    free(t->f);
}

/* ---- floats ---------------------------------------------------------------------- */

/* N floats, 64-byte aligned, all of them VALUE; free() them. */
static inline float *floats_of(int64_t n, float value)
{
    float *x = mem_try_aligned((size_t)(n ? n : 1), sizeof *x);

    for (int64_t i = 0; i < n; i++)
        x[i] = value;
    return x;
}

/* N floats, normal with mean 0 and deviation SCALE, from stream SEED. */
static inline float *floats_normal(int64_t n, float scale, uint64_t seed)
{
    struct rng_stream s = rng_stream(seed, RNG_DATA, 0, 0);
    float *x = floats_of(n, 0.0f);

    rng_normal(&s, x, n);
    for (int64_t i = 0; i < n; i++)
        x[i] *= scale;
    return x;
}

/* Every element within TOLERANCE of the larger of the value and the tensor's scale. */
static inline void assert_near(const char *what, const float *got, const double *want, int64_t n,
                               double tolerance)
{
    double scale = 1e-30;

    for (int64_t i = 0; i < n; i++)
        scale = fabs(want[i]) > scale ? fabs(want[i]) : scale;
    for (int64_t i = 0; i < n; i++)
        cr_assert(fabs((double)got[i] - want[i]) <= tolerance * scale, "%s[%lld]: %.9g, expected %.9g", what,
                  (long long)i, (double)got[i], want[i]);
}

#endif
