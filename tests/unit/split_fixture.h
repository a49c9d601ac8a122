/* split_fixture.h - what the tests of splits share: a csv file in a scratch folder, and what a data section
 * makes of it.
 */
#ifndef UNIT_SPLIT_FIXTURE_H
#define UNIT_SPLIT_FIXTURE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/data.h"
#include "kernels/kernels.h"

#include "data_job.h"

static char folder[] = "/tmp/fell-split-XXXXXX";
static char file[64];
static struct registry *registry;
static struct host_env env;
static char warned[512];

static inline void note(void *arg, const char *who, const char *msg)
{
    (void)arg;
    snprintf(warned, sizeof warned, "%s: %s", who, msg);
}

static inline void setup(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/rows.csv", folder);
    registry = registry_new();
    env = (struct host_env){.kernels = kernels_get(SIMD_PORTABLE), .registry = registry, .warn = note};
}

static inline void teardown(void)
{
    registry_free(registry);
    remove(file);
    remove(folder);
}

/* SOURCE: settings of the file; KEYS of the data section, after it. */
static inline struct job load_of(const char *source, const char *keys, const char *loss, int seed)
{
    char *yaml =
        mem_format("seed: %d\ndata: {source: {csv: {path: %s, %s}}%s}\nmodel: [{dense: {units: 4}}]\n"
                   "loss: %s\noptimizer: sgd\ntrain: {epochs: 1}\n",
                   seed, file, source, keys, loss);
    struct job j = job_of(registry, folder, yaml);

    warned[0] = 0;
    j.result = data_load(j.spec, &env, &j.data, &j.problem);
    return j;
}

#endif
