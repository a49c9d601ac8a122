/* cases.h - plugins against results that were computed elsewhere: files of cases, as
 * tests/reference has them, each with a plugin's name, its options, inputs and what must
 * come out.
 *
 * The keys of a case tell its kind: model, probes at a net; value, a metric; prediction and target alone,
 * a loss; theta0 and gradients, an optimizer; base_lr and lr, a schedule (with history, if it watches a
 * value); parameters_before, a layer (with x1 and dx1, if it has a second input); x, y, dy and dx alone,
 * an activation; w or sd, an initialiser; rows, a dataset; x and y alone, a transform. docs/plugins.md has
 * the whole format.
 */
#ifndef CHECK_CASES_H
#define CHECK_CASES_H

#include <cjson/cJSON.h>

#include "base/error.h"
#include "host/registry.h"
#include "kernels/kernels.h"

/* What a case came to. An error is the largest |got - wanted| over all elements, relative to
 * the larger of the value and the largest value of its tensor; of probes to what cases_probes.c says, and
 * then it is the one that is largest beside what it may be. */
struct case_result {
    const char *kind; /* "loss"; "" if the keys tell none */
    char name[64];
    char options[256];
    double error;
    char where[64]; /* of that error: "dx", "gradients.weight" */
    int64_t at;     /* and its element, counted through the tensor */
    double got, wanted;
    double allowed;       /* of that error; 0: the caller's */
    struct error failure; /* why it could not be run; "" if it was */
};

/* The cases of a file: an array to go through, *ROOT, to delete. One with `values` is several. */
status cases_read(const char *path, cJSON **root, cJSON **cases, struct error *err);

/* What a case says of itself, and no result. */
void case_begin(const cJSON *one, struct case_result *out);

void case_run(struct registry *r, const cJSON *one, enum simd_level level, struct case_result *out);
/* All of them, into OUT; in child processes, so that a plugin that crashes has failed its case. */
void cases_run(struct registry *r, const cJSON *cases, enum simd_level level, struct case_result *out);

#endif
