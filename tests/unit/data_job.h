/* data_job.h - what the tests of data share: a spec from text, and what its data section makes.
 */
#ifndef UNIT_DATA_JOB_H
#define UNIT_DATA_JOB_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/data.h"

struct job {
    struct tree *tree;
    struct spec *spec;
    struct data *data;
    struct problem problem;
    status result; /* of loading */
};

/* The spec YAML, which is freed; nothing is loaded yet. File names in it are relative to FOLDER. */
static inline struct job job_of(struct registry *registry, const char *folder, char *yaml)
{
    struct job j = {.tree = tree_new(), .result = FAILED};
    struct diag *d = diag_new();
    struct node *root = tree_parse_text(j.tree, "spec.yaml", folder, yaml, strlen(yaml), false, d);

    j.spec = root ? spec_parse(registry, root, "spec", d) : NULL;
    if (!j.spec)
        diag_print(d, stderr, false);
    cr_assert_not_null(j.spec, "%s", yaml);
    diag_free(d);
    free(yaml);
    return j;
}

/* The same of DATA, the inside of the data section's map, a LOSS and a SEED; and its data, loaded. */
static inline struct job job_of_data(struct registry *registry, const char *folder, const char *data,
                                     const char *loss, int seed)
{
    return job_of(registry, folder,
                  mem_format("seed: %d\ndata: {%s}\nmodel: [{dense: {units: 3}}]\nloss: %s\noptimizer: sgd\n"
                             "train: {epochs: 1}\n",
                             seed, data, loss));
}

static inline struct job job_loaded(struct host_env *env, const char *folder, const char *data,
                                    const char *loss, int seed)
{
    struct job j = job_of_data(env->registry, folder, data, loss, seed);

    j.result = data_load(j.spec, env, &j.data, &j.problem);
    return j;
}

static inline void expect_loaded(const struct job *j, const char *data)
{
    cr_assert_eq(j->result, OK, "%s: %s: %s", data, j->problem.section, j->problem.text);
}

static inline void release(struct job *j)
{
    data_free(j->data);
    spec_free(j->spec);
    tree_free(j->tree);
}

#endif
