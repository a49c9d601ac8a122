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

static inline void release(struct job *j)
{
    data_free(j->data);
    spec_free(j->spec);
    tree_free(j->tree);
}

#endif
