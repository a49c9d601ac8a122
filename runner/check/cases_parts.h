/* cases_parts.h - a case while it runs, and what all kinds of cases read and compare with. See cases.h; for
 * the files cases*.c alone.
 */
#ifndef CHECK_CASES_PARTS_H
#define CHECK_CASES_PARTS_H

#include "check/cases.h"
#include "check/subject.h"

enum { MOST_DIMENSIONS = 5 };

struct numbers {
    int64_t n, rank, dim[MOST_DIMENSIONS];
    double *d;
    float *f;
};

/* A case while it runs. */
struct run {
    struct subject s;
    const cJSON *json;
    struct case_result *out;
    struct error *err;
};

/* The tensor under KEY of OBJECT; lists must be as long as their neighbours. */
status case_read_numbers(struct run *r, const cJSON *object, const char *key, struct numbers *t);
/* The same of the case itself, a list of rows. */
status case_read_matrix(struct run *r, const char *key, struct numbers *t);

/* What a case has under a key, or NULL. */
const cJSON *case_member(const struct run *r, const char *key);

/* TARGET as classes LEAST, 0 or -1, to CLASSES - 1. */
status case_labels(struct run *r, const struct numbers *target, double least, int64_t classes, int32_t **out);

status case_expect_size(struct run *r, const char *key, int64_t n, int64_t wanted);

/* Note the largest error. The numbers are GOT, or in double SINGLE; WHERE says of what. A number that is
 * none is as wrong as can be, where it is not wanted so. */
void case_compare(struct run *r, const char *where, const float *got, const double *single,
                  const double *wanted, int64_t n);

/* The map OPTIONS of a case of PLUGIN as text, to free(), in the words of its settings. */
char *case_options(const char *plugin, const cJSON *options);

/* cases_keys.c: that the case has no key of its KIND misspelt, twice, or with something else in it; and that
 * the MAP under KEY, which may be NULL, names only what is among KNOWN [n], each a WHAT. */
status case_check_keys(struct run *r, const char *kind);
status case_check_names(struct run *r, const char *key, const char *what, const cJSON *map,
                        const char *const *known, size_t n);

/* cases_nets.c */
status case_activation(struct run *r);
status case_loss(struct run *r);
status case_layer(struct run *r);
status case_transform(struct run *r);

/* cases_probes.c */
status case_probes(struct run *r);

/* cases_runs.c */
status case_optimizer(struct run *r);
status case_schedule(struct run *r);
status case_metric(struct run *r);
status case_initialiser(struct run *r);
status case_dataset(struct run *r);

#endif
