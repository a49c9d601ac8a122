/* predict_write.h - the answers of a trained net as CSV, or as a JSON object a line. */
#ifndef CLI_PREDICT_WRITE_H
#define CLI_PREDICT_WRITE_H

#include <stdio.h>

#include "engine/predict.h"

struct answers {
    FILE *to;
    bool json;
    const struct data *data;
    const int64_t *row;        /* numbers of the rows in their file, from 0; NULL: in order */
    const char *const *name;   /* of the rows by that number; NULL: they have none */
    const char *const *target; /* [ntargets] names of targets of values */
    size_t ntargets;
    int64_t written; /* rows so far */
};

/* An answer_fn, with a struct answers as ARG. The first call writes the header of a CSV. Errors: the file
 * cannot be written. */
status answers_write(void *arg, const struct answer_form *form, int64_t first, int64_t n, const float *y,
                     struct error *err);

#endif
