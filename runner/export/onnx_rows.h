/* onnx_rows.h - the tables of what ONNX has in the place of layers, activations and transforms: one row for
 * each, by its name. A row is a text (onnx_text.h), or a function that chooses one by settings and shapes.
 */
#ifndef EXPORT_ONNX_ROWS_H
#define EXPORT_ONNX_ROWS_H

#include "export/onnx_text.h"
#include "fell/plugin.h"

/* A tensor of an entry; VALUE: its name in the graph once it is there. */
struct onnx_held {
    const char *name; /* "weight" */
    const char *value;
    fell_shape shape;
    const float *floats;
    const double *doubles; /* or these, or */
    const int64_t *ints;
};

enum { ONNX_MADE = 16 };

/* One entry of the model, or one transform. */
struct onnx_entry {
    struct onnx_graph *graph;
    const char *name; /* "hidden" */
    const struct item *item;
    const void *settings;
    enum onnx_type type; /* of its inputs */
    size_t ninputs;
    const char *const *input;
    const fell_shape *in; /* [ninputs] of a row */
    fell_shape out;
    const fell_column *column; /* [ncolumns] of a transform's table, or NULL */
    int64_t ncolumns;
    size_t ntensors;
    struct onnx_held *tensor; /* [ntensors] those in use */
    size_t nmade;
    struct onnx_held made[ONNX_MADE]; /* by the row's function */
    char why[160];                    /* ONNX cannot say it */
};

struct onnx_row {
    const char *name;                            /* the plugin's */
    const char *text;                            /* or */
    const char *(*choose)(struct onnx_entry *e); /* NULL: it cannot be said, and e->why */
};

/* Each ends with a row without a name. */
extern const struct onnx_row onnx_activations[], onnx_layers[], onnx_sequence_layers[], onnx_transforms[];

/* The row of plugin NAME in ROWS, or NULL. */
const struct onnx_row *onnx_find(const struct onnx_row *rows, const char *name);

/* The nodes of entry E by ROW; its result in OUT. *CAN false: ONNX cannot say it, and e->why. */
status onnx_say(struct onnx_entry *e, const struct onnx_row *row, const char **out, bool *can,
                struct error *err);

/* ---- for the functions of rows ------------------------------------------------------------- */

/* A text that lives as long as the graph. */
#define onnx_format(e, ...) arena_format(onnx_arena((e)->graph), __VA_ARGS__)

/* Setting NAME as a number, and its list. */
double onnx_setting(const struct onnx_entry *e, const char *name);
fell_ints onnx_ints(const struct onnx_entry *e, const char *name);
/* Of axis A: its number in a list, one number for all, or a setting that is no list; 0 without one. */
int64_t onnx_number(const struct onnx_entry *e, const char *name, int64_t a);

/* A tensor by name; NULL: not in use. */
const struct onnx_held *onnx_held(const struct onnx_entry *e, const char *name);

/* @NAME, a new tensor of SHAPE, whose zeros are to be filled. */
float *onnx_make(struct onnx_entry *e, const char *name, fell_shape shape);

/* @NAME, N whole numbers, or doubles where the entry's numbers are, to be filled. */
int64_t *onnx_make_ints(struct onnx_entry *e, const char *name, int64_t n);
double *onnx_make_doubles(struct onnx_entry *e, const char *name, fell_shape shape);

/* @NAME, a tensor that is there under NAME, or N times VALUE. */
void onnx_make_unless(struct onnx_entry *e, const char *name, int64_t n, float value);

/* "3,8,8" of a shape. */
const char *onnx_dims(struct onnx_entry *e, const fell_shape *s);

/* Why it cannot be said; NULL. */
const char *onnx_cannot(struct onnx_entry *e, const char *why);

#endif
