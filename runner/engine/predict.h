/* predict.h - what a trained net answers for the rows of a split, as evaluation has it: the same bits.
 */
#ifndef ENGINE_PREDICT_H
#define ENGINE_PREDICT_H

#include "engine/data.h"
#include "engine/net.h"

/* What an answer is. */
struct answer_form {
    int64_t size;      /* numbers of one row, [rows_each, cols] */
    int64_t rows_each; /* 1, or steps of a sequence with a class each */
    int64_t cols;      /* side by side */
    uint64_t is;       /* FELL_REAL, FELL_PROB, FELL_LOGIT, FELL_LOGPROB, FELL_LOG */
    bool classes;      /* cols answer one question: which class */
    bool own_units;    /* real values as the source's targets are, not as they were scaled */
    bool shares;       /* values: cols are shares of one whole, 1 in all */
    double cut;        /* of yes and no (is FELL_REAL): between them; else NAN */
    double low, high;  /* these two */
};

struct answer_form predict_form(const struct net *n);

/* N rows from FIRST on (in the order of the split), Y [n, form->size], valid until it returns. */
typedef status answer_fn(void *arg, const struct answer_form *form, int64_t first, int64_t n, const float *y,
                         struct error *err);

/* The net of SPEC with the weights in the file WEIGHTS answers for the rows of SPLIT of DATA. Errors in P:
 * the file does not fit the model, what a plugin says, what FN says. */
status predict_rows(const struct spec *spec, const struct data *data, enum split split, struct host_env *env,
                    const char *weights, answer_fn *fn, void *arg, struct problem *p);

#endif
