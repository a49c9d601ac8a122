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
#include "check/cases.h"
#include "host/instance.h"
#include "host/registry.h"
#include "host/settings.h"
#include "kernels/kernels.h"
#include "yaml/diag.h"
#include "yaml/tree.h"

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

/* Every case of tests/reference/FILE, which has COUNT of them, at every SIMD level; each of
 * NAMES (NULL: not asked) has one at least. */
static inline void check_cases(const char *file, int count, const char *const *names, double tolerance)
{
    const char *srcdir = getenv("srcdir");
    char *path = mem_format("%s/tests/reference/%s", srcdir ? srcdir : ".", file);
    cJSON *root, *cases, *one;
    struct error err;

    cr_assert_eq(cases_read(path, &root, &cases, &err), OK, "%s", err.text);
    cr_assert_eq(cJSON_GetArraySize(cases), count, "%s has %d cases", file, cJSON_GetArraySize(cases));
    EACH_LEVEL(level)
    {
        cJSON_ArrayForEach(one, cases)
        {
            struct case_result c;

            case_run(plugin_registry(), one, level, &c);
            cr_assert(!c.failure.text[0], "%s %s %s: %s", c.kind, c.name, c.options, c.failure.text);
            cr_assert(c.error <= tolerance, "%s %s %s, %s: %s[%lld] is %.9g, expected %.9g", c.kind, c.name,
                      c.options, simd_name(level), c.where, (long long)c.at, c.got, c.wanted);
        }
    }
    for (; names && *names; names++) {
        bool seen = false;

        cJSON_ArrayForEach(one, cases) seen |=
            strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(one, "name")), *names) == 0;
        cr_assert(seen, "%s has no case of %s", file, *names);
    }
    cJSON_Delete(root);
    free(path);
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
