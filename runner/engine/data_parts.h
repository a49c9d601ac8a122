/* data_parts.h - the steps of data_load(), between the files data*.c only.
 */
#ifndef ENGINE_DATA_PARTS_H
#define ENGINE_DATA_PARTS_H

#include "engine/data.h"

/* What is seen of doubles on their way to floats. */
struct coarse {
    int64_t cols;         /* 0: none were seen */
    double *least, *most; /* [cols] */
    bool *rounds;         /* [cols] whether a float is not the same number */
};

/* One dataset of the spec while it is read. */
struct dataset {
    const struct choice *choice;
    const char *section; /* "data.source", ... */
    const char *word;    /* "source", "test set", ... */
    struct instance in;
    fell_data_info info;
    bool open;     /* to be closed */
    bool no_class; /* labels may be -1: the loss passes them over */
    int64_t x_size, target_size;
    int32_t *label_map;   /* [nclasses] class of the source, or NULL: the same */
    int64_t *x_from;      /* [x_size] where the source's numbers are in a row, or NULL: in order */
    bool narrow;          /* nothing is made of its doubles but floats */
    bool again;           /* its doubles are too many to be kept */
    struct coarse coarse; /* of its rows, where they become floats at once */
};

enum { DATA_CHUNK = 1024 }; /* rows; a multiple of 16, so that every chunk stays aligned */

/* In the place of a split: rows of which the net is asked, and which have no targets. */
enum { DATASET_NEW_ROWS = SPLITS, DATASET_ROLES };

/* Open the dataset that CHOICE names and check what it says about itself. ROLE is the
 * split it is for, or DATASET_NEW_ROWS; a generator draws from the experiment's seed and the role. SOURCE is
 * the open source, NULL for itself. */
status dataset_open(struct dataset *d, const struct choice *choice, int role, const struct spec *spec,
                    const struct dataset *source, struct host_env *env, struct problem *p);

/* D must have the shapes of SOURCE; its columns and classes are matched to the source's by name (a
 * class without a name is called by its number). */
status dataset_match(struct dataset *d, const struct dataset *source, struct problem *p);

/* N rows (ROW [n] says which; NULL: all of them in order) into OUT, allocated here, with
 * labels as the source numbers them. Inputs are in out->wide where a float cannot hold one of them
 * exactly, or nowhere with out->again (see data_stream_settle()); NARROW: never. Refuses what is not finite
 * (but for missing values that a transform fills) and labels outside the classes. */
status dataset_read(struct dataset *d, const int64_t *row, int64_t n, bool narrow, struct rows *out,
                    struct problem *p);

/* N rows, at most DATA_CHUNK, of a dataset that gives doubles, from the FIRST on of ROW (NULL: of all), into
 * X [n, x_size], in the source's order of columns, and TARGET or LABEL [n, target_size] as the plugin numbers
 * it. */
status dataset_read_chunk(struct dataset *d, const int64_t *row, int64_t first, int64_t n, double *x,
                          float *target, int32_t *label, struct problem *p);

/* Whether rows of D can be kept as the series that they are windows of: they overlap, and nothing changes
 * them. */
bool dataset_has_windows(const struct dataset *d, const struct spec *spec);

/* That series as the arrays of OUT, of which N rows are used. Refuses what dataset_read() refuses. */
status dataset_read_series(struct dataset *d, int64_t n, struct rows *out, struct problem *p);

/* All splits alike: again, wide, or neither. False: out of memory. */
bool rows_agree(struct data *data);

void dataset_close(struct dataset *d);

/* ROWS more of X [rows, cols]. */
void coarse_see(struct coarse *c, const double *x, int64_t rows, int64_t cols);
/* Tell of the first column whose values lie too near each other for floats; COLUMN [ncolumns]: their names.
 * Releases C, as coarse_release() does. */
void coarse_tell(struct coarse *c, const fell_column *column, int64_t ncolumns, const struct host_env *env);
void coarse_release(struct coarse *c);

/* All splits into floats, which may be too small for what doubles hold. */
status data_narrow(struct data *data, const struct host_env *env, struct problem *p);
/* And into doubles; SIZE of a row. False: out of memory. */
bool rows_widen(struct rows *r, int64_t size);

/* Arrays of a split; it has none then. */
void rows_free(struct rows *r);

/* ---- which rows ------------------------------------------------------------------------ */

/* Rows of the source that are used, each part in order. NULL: all of them, none. */
struct parts {
    int64_t ntrain, nvalidation;
    int64_t *train, *validation;
};

/* Draw them as the spec says. Errors: a part without a row, more folds or `rows` than there are rows or rows
 * of a class, `stratify` without classes. */
status data_split(const struct spec *spec, struct dataset *source, struct parts *out, struct problem *p);
void parts_release(struct parts *parts);

/* The class of each row: that of its label, or its value where there are few. */
struct kinds {
    int64_t n;
    int32_t *of;    /* [rows] */
    int64_t *count; /* [n] rows */
    float *value;   /* [n] label or value */
};

/* Of a dataset's rows, which are read for it, or of rows that are in memory. KEY of the spec asks: errors
 * name it, of rows with several targets or more values than classes could be. */
status kinds_of_source(struct dataset *d, const char *key, struct kinds *out, struct problem *p);
status kinds_of_rows(const struct data *data, const struct rows *r, const char *key, struct kinds *out,
                     struct problem *p);
void kinds_release(struct kinds *k);

/* So many folds can each have rows of some class. */
status kinds_check_folds(const struct kinds *k, int64_t folds, struct problem *p);

enum { DATA_STREAM_HELD }; /* the first instance of RNG_SPLIT, see rng.h: what is held out */

/* HELD [rows of SOURCE]: as data.folds or data.validation say, with all rows of one group on one side; KINDS,
 * the classes to be spread evenly, or NULL. Errors: more folds than groups, no row on one side. */
status groups_hold(const struct spec *spec, const struct dataset *source, const struct kinds *kinds,
                   bool *held, struct problem *p);

/* Give a share of the training rows another class; data->noised and noised_row. */
status data_noise(const struct spec *spec, struct data *data, const struct host_env *env, struct problem *p);

/* Scale the targets as the spec says; data->target_mean and target_deviation. */
status data_scale_targets(const struct spec *spec, struct data *data, struct problem *p);

/* data->list_sha256 */
void data_lists_hash(struct data *d);

/* Rows in the order of the source. */
void data_sort(int64_t *row, int64_t n);

/* ---- what new rows will need --------------------------------------------------------------- */

/* data->fitting, of the open source; and at the end data->fitted (fitted.h). */
void fitted_begin(struct data *data, const struct dataset *source);
void fitted_end(struct data *data);

/* ---- columns that are embedded ------------------------------------------------------------- */

/* data->embedded, of the columns that there are; and after a transform that may have changed how many vectors
 * each has. */
void embedded_begin(struct data *data);
void embedded_follow(struct data *data, const fell_column *column, int64_t ncolumns);
void embedded_free(struct data *data);

/* Behind the transforms they are what they were: the last numbers of a row, each a place or -1. */
status embedded_check(const struct data *data, struct problem *p);

/* ---- the rest ----------------------------------------------------------------------------- */

/* data->found and data->class_rows, of the open datasets SET, once the rows are in. */
void data_tell(struct data *data, const struct dataset set[SPLITS]);

/* Whether doubles of the open datasets SET are kept: not where no transform takes them, nor where they are
 * too many and all that is fitted to them can be in parts. */
void data_stream_settle(const struct spec *spec, struct dataset set[SPLITS]);

/* Rows that are to be read again: through the transforms that take doubles, chunk by chunk, into floats.
 * *DONE: so many transforms are behind the rows; 0 without such rows. */
status data_stream(struct data *data, const struct spec *spec, struct dataset set[SPLITS], size_t *done,
                   struct host_env *env, struct problem *p);

/* All transforms of the spec from FIRST on: fitted on the training rows, applied to every split, or kept in
 * DATA->late. */
status data_transforms(struct data *data, const struct spec *spec, size_t first, struct host_env *env,
                       struct problem *p);

/* The same of new rows in SPLIT_TEST, with what F says was fitted. SHAPE [transforms + 1], or NULL: of a row
 * before each, and at the end. Errors: F has other transforms. */
struct fitted;
status data_transforms_again(struct data *data, const struct spec *spec, const struct fitted *f,
                             fell_shape *shape, struct host_env *env, struct problem *p);

/* A problem from a callback of IN that failed. */
status data_problem(struct problem *p, const char *section, int index, const struct instance *in);

/* Between 1 and 4 dimensions, each at least 1, with a product that is a size; 0 if not. */
int64_t data_shape_size(const fell_shape *shape);

/* "[1,28,28]" */
const char *data_shape_text(const fell_shape *shape, char text[96]);

/* 0, 1, ..., n-1; NULL when memory is out. free() it. */
int64_t *data_count(int64_t n);

/* The first of N numbers that is not finite, or -1. */
int64_t data_first_nonfinite(const struct host_env *env, const float *x, int64_t n);

#endif
