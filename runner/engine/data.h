/* data.h - the rows of a run: read by dataset plugins, split, transformed.
 *
 * data_load() reads everything into memory once; workers keep it from run to run
 * as long as data, transforms and experiment seed are the same (data_key()).
 */
#ifndef ENGINE_DATA_H
#define ENGINE_DATA_H

#include "base/split.h"
#include "engine/problem.h"
#include "host/instance.h"
#include "spec/spec.h"

struct rows {
    int64_t n;           /* 0: the split does not exist */
    float *x;            /* [n, data_row_size()] after the transforms, 64-byte aligned */
    double *wide;        /* the same in double, and x NULL, while floats would lose digits: not after
                            data_load() */
    bool again;          /* neither x nor wide: too many to be kept in double, read again and again by
                            data_stream(); not after data_load() */
    bool gaps;           /* values are missing in the rows as read */
    float *target;       /* [n, target_size], NULL for classes */
    int32_t *label;      /* [n, target_size], NULL for values */
    float *weight;       /* [n] how much a row counts in loss and metrics; NULL: all alike */
    int64_t *source_row; /* [n] row of the source, in order; NULL: all of a dataset, in order */
    int64_t step;        /* 0, or rows are windows: x and the targets hold one series of `series` numbers, of
                            which row i of the dataset begins at i * step */
    int64_t series;
};

/* Where row I begins in an array of R with SIZE numbers a row; numbers in such an array. */
static inline int64_t rows_at(const struct rows *r, int64_t i, int64_t size)
{
    return r->step ? (r->source_row ? r->source_row[i] : i) * r->step : i * size;
}
static inline int64_t rows_numbers(const struct rows *r, int64_t size)
{
    return r->step && r->n ? r->series : r->n * size;
}

/* Lists of rows: those of each split, and the training rows that label noise gave another class. */
enum { DATA_LISTS = SPLITS + 1 };

/* A transform that every training batch goes through (augment.h), as it was fitted. */
struct late {
    size_t index;       /* in the spec */
    fell_shape in, out; /* of one row */
    size_t ntensors;
    float **tensor;    /* [ntensors], NULL: not in use */
    int64_t *tensor_n; /* [ntensors] floats */
};

/* A column whose words the model learns vectors for: one of the last numbers of a row. */
struct embedded {
    char *name;          /* as the settings call it */
    int64_t values, dim; /* vectors, and numbers in each */
};

struct data {
    struct rows split[SPLITS];
    fell_shape x, target; /* of one row, x after the transforms */
    int64_t x_size, target_size;
    bool classes; /* labels, not values */
    int64_t nclasses;
    int64_t vocabulary;                              /* inputs are whole numbers below it; 0: they are not */
    char **class_names;                              /* [nclasses], NULL without names */
    int64_t *class_rows;                             /* [nclasses] rows of the source that have each */
    int64_t source_rows, test_rows, validation_rows; /* of each dataset as read */
    int64_t noised;                                  /* training rows that got another class */
    int64_t *noised_row;                             /* [noised] rows of the source, in order */
    double *target_mean, *target_deviation;          /* [target_size] of targets that are scaled; else NULL */
    char list_sha256[DATA_LISTS][65];                /* of data_list_text(); "" of an empty list */
    int64_t nembedded;
    struct embedded *embedded;  /* [nembedded] in order; the last one's number ends a row */
    int64_t ncolumns;           /* 0: not of a table, or no longer */
    struct fell_column *column; /* [ncolumns] of x, while datasets are open: not after data_load() */
    char *found;     /* JSON: what each dataset found out about its file, its columns and classes */
    cJSON *fitting;  /* what becomes FITTED; not after data_load() */
    char *fitted;    /* JSON: what new rows need to become inputs (fitted.h) */
    char **row_name; /* [test_rows] of new rows that have names; else NULL */
    size_t nlate;
    struct late *late; /* [nlate] in order; the training rows are as they were before the first */
    void *map;         /* what holds all arrays of numbers, read-only (data_cache.h); NULL: each its own */
    size_t map_size;
};

/* data->embedded as JSON, and read again (data_embedded.c). */
cJSON *embedded_json(const struct data *d);
void embedded_read(struct data *d, const cJSON *list);

/* Numbers in one row of a split: x_size, but for training rows that have transforms to go. */
int64_t data_row_size(const struct data *d, enum split s);

/* Bytes of doubles that are kept while transforms are fitted; the rows of what has more are read again. Tests
 * set it. */
extern int64_t data_kept_doubles;

/* Read, split (by the experiment's seed, the same in every repeat), fit transforms
 * on the training rows, apply them to all; from the first that acts in training only on,
 * training rows are left to augment.h. Classes of test and validation sets are
 * matched to the source's by name. Errors, in P: whatever the dataset plugin
 * says, no rows, a label outside the classes, inputs that are not finite, a split that
 * leaves no training row, shapes that differ between source and test. */
status data_load(const struct spec *spec, struct host_env *env, struct data **out, struct problem *p);
void data_free(struct data *d);

/* Whether rows of some split count differently. */
bool data_has_weights(const struct data *d);

/* N rows of scaled targets, or of outputs that stand for them, [n, target_size], in the target's own units.
 * D has target_mean. */
void data_own_units(const struct data *d, const float *scaled, int64_t n, float *own);

/* A list's word: "train", "validation", "test", "noised"; how many rows it has; their numbers in the dataset
 * that they come from, from 0, each on a line; all lists that are not empty as [{split, rows, sha256}]. */
const char *data_list_name(int list);
int64_t data_list_size(const struct data *d, int list);
void data_list_text(const struct data *d, int list, struct strbuf *out);
cJSON *data_lists_json(const struct data *d);

/* What the data depends on, as text: equal keys, equal data. */
char *data_key(const struct spec *spec);
/* The same; *CHANGED: when one of its files was changed last, in seconds since 1970, 0 without files. */
char *data_key_changed(const struct spec *spec, int64_t *changed);
/* What the file system says of the file or folder PATH, as text: as long as it says the same, the bytes are
 * the same, unless *CHANGED (as above) was just now. free() it. */
char *data_file_facts(const char *path, int64_t *changed);

#endif
