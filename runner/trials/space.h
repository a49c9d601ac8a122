/* space.h - the space of a sweep: what `sweep.over` says, understood. Private to runner/trials.
 *
 * A space is a tree of products, zips, unions, lists of rows and axes. What is free in it are
 * its knobs, one for each axis, zip, list and union: the index of a value, or a number in
 * [0,1) where values are drawn. A point says where each knob stands; it gives a
 * value to some of the axes, and so a trial. space_read.c builds it, point.c
 * walks it, values.c knows the values of one axis, rows.c the rows of a list.
 */
#ifndef TRIALS_SPACE_H
#define TRIALS_SPACE_H

#include "base/wide.h"
#include "trials/experiment.h"
#include "spec/spec_read.h"

#define SWEEP_TRIALS_MAX 1000000  /* trials of one experiment */
#define SWEEP_VISITS_MAX 10000000 /* combinations that are looked at for them */
#define SWEEP_ATTEMPTS   1000     /* drawings for one trial, of which all are excluded or equal to another */
#define SWEEP_AXES_MAX   1000

#define NO_KNOB SIZE_MAX

/* ---- the values of one axis -------------------------------------------------------- */

enum values_kind {
    VALUES_LIST,      /* as written; with weights perhaps */
    VALUES_STEPS,     /* count numbers from a on */
    VALUES_WHOLE,     /* all whole numbers from a to b */
    VALUES_UNIFORM,   /* the others are drawn: in [a,b) */
    VALUES_LOG,       /* in [a,b), with uniform logarithms */
    VALUES_LOG_WHOLE, /* whole, a..b: VALUES_LOG of [a,b+1) rounded down */
    VALUES_NORMAL     /* mean a, deviation b, between low and high */
};

struct values {
    enum values_kind kind;
    struct place at;
    const char *form;                      /* "uniform", as messages name it; NULL: a list */
    size_t count;                          /* 0: drawn */
    struct node *const *item;              /* VALUES_LIST: [count] */
    struct node *const *name;              /* [count] what the values are called, or NULL */
    const double *weights;                 /* [count], adding up to 1, or NULL */
    double a, b, step;                     /* VALUES_STEPS: step is the difference or the factor */
    struct wide wide_a, wide_b, wide_step; /* VALUES_STEPS: as they are written */
    bool log, whole, by_count;
    double low, high, min, max; /* VALUES_NORMAL: the ends, as probabilities and as numbers */
};

/* {WORD: ...}: how values can be given beside a list. */
struct values_form {
    const char *word, *doc; /* doc: one sentence */
    size_t nparams;
    const fell_param *params;
    bool inner;           /* params are of the map behind the word; else they stand beside it */
    const char *other[2]; /* inner: what that map holds beside params; "values" is a list of values */
};
extern const struct values_form values_forms[];
extern const size_t values_forms_count;

/* What NODE, the value of the axis PATH, means. LISTS: where only lists of values will do,
 * and why ("a grid lists"); NULL: distributions are welcome. TYPE is the setting's. NULL with an error in R.
 */
struct values *values_read(struct spec_reader *r, const char *path, fell_ptype type, const struct node *node,
                           const char *lists);

/* Value INDEX, or the one at U; drawn and computed ones are new scalars in T. */
struct node *values_node(const struct values *v, struct tree *t, size_t index, double u);

/* Where the number X stands, so that values_node() gives it there or next to it: an index of steps, else a
 * place in [0,1), of whole numbers the middle of their places. False: it is none of V, which is no list. */
bool values_place(const struct values *v, double x, size_t *index, double *u);

/* The same values written in another way give the same text, appended to OUT. */
void values_identity(const struct values *v, fell_ptype type, struct strbuf *out);

/* ---- the space ---------------------------------------------------------------------- */

/* One swept path. Members of a union may sweep one path; then there are several of it. */
struct axis {
    const char *path;
    struct place at;             /* of the path */
    size_t column;               /* number of the path among the different ones */
    size_t steps;                /* of the path */
    fell_ptype type;             /* of the setting; FELL_P_STRING where there is none */
    bool conditional;            /* another axis sets something that the path leads through */
    size_t knob;                 /* which decides its value */
    const struct values *values; /* NULL: of a row */
};

enum space_kind { SPACE_AXIS, SPACE_PRODUCT, SPACE_ZIP, SPACE_UNION, SPACE_ROWS };

struct space {
    enum space_kind kind;
    struct place at;
    size_t count;       /* of combinations; SIZE_MAX: too many; 0: of drawn values, not to be counted */
    size_t axis, naxes; /* those below, one behind the other in sweep.axes */
    size_t knob;        /* NO_KNOB: a product */
    size_t n;           /* product, zip, union */
    struct space **child;
    const struct values *values; /* SPACE_AXIS */
    struct node **cell;          /* SPACE_ROWS: [count][naxes], NULL: not set in that row */
};

struct knob {
    const struct space *space;
    size_t count;         /* 0: a number */
    bool ordered;         /* a number in [0,1) decides, and not a category */
    bool driven;          /* within a zip, whose knob sets it */
    size_t owner, member; /* the union it is in, and the member of it; or NO_KNOB */
    size_t top;           /* child of the outermost product */
};

struct sweep_file {
    const char *path; /* absolute */
    char sha256[65];
    int64_t rows;
};

struct sweep {
    const struct space *space; /* NULL: no sweep; one trial */
    size_t naxes, nknobs, ncolumns;
    struct axis *axes;   /* as written */
    const size_t *order; /* [naxes] axes by the length of their paths: plugins before their settings */
    struct knob *knobs;
    const char *const *columns; /* [ncolumns] the different paths */
    struct place at;            /* of `over` */
    size_t nfiles;
    struct sweep_file *files;
};

/* OVER to a space; out->at is the caller's. GRID: distributions are errors. What cannot be used is an error
 * and left out, so that the rest can still be checked. */
void sweep_read(struct spec_reader *r, struct tree *t, const struct node *over, bool grid, struct sweep *out);

/* The first steps of PATH are those of START, or can be: a `*` is any step, and a name any number. */
bool path_leads_into(const char *path, const char *start);

/* The key of the whole experiment that PATH leads into, which no trial can have another of; else
 * NULL. */
const char *path_is_fixed(const char *path);

/* ---- rows ----------------------------------------------------------------------------- */

/* Rows of a list: a table of cells. */
struct row_list {
    size_t nrows, ncolumns;
    const char **path;      /* [ncolumns] */
    struct place *at;       /* [ncolumns] */
    struct node **cell;     /* [nrows][ncolumns] */
    struct sweep_file file; /* path NULL: in place */
};

/* NODE: the rows, or the name of a file. */
status rows_read(struct spec_reader *r, struct tree *t, const struct node *node, struct row_list *out);

/* ---- points ------------------------------------------------------------------------------ */

struct knob_at {
    size_t index;
    double u;
};

struct point {
    const struct sweep *sweep;
    struct knob_at *knobs; /* [nknobs] */
    bool *used;            /* [nknobs]: not in a member of a union that is not chosen */
    struct node **value;   /* [naxes]; NULL: not in use */
    bool *active;          /* [naxes]: in use, and its setting exists */
};

void point_init(struct point *p, const struct sweep *s);
void point_release(struct point *p);
void point_reset(struct point *p); /* all knobs at 0 */

/* Combination NUMBER below space->count; the last child of a product moves fastest. */
void point_number(struct point *p, size_t number);

/* Choose the members of unions that KNOB is in. */
void point_reach(struct point *p, size_t knob);

/* Values for all axes in use, then OUT: ROOT with those set whose settings exist, in T. An axis
 * that leads nowhere is an error at its path, and is left out so that the rest can still be
 * checked. */
status point_tree(struct point *p, struct tree *t, struct node *root, struct node **out, struct diag *d);

/* The values of SPACE, a part of the sweep, at its combination NUMBER: p->value and p->used; new nodes
 * are in T. */
void point_take(struct point *p, struct tree *t, const struct space *space, size_t number);

/* point_tree() for values that are there already. */
status point_apply(struct point *p, struct tree *t, struct node *root, struct node **out, struct diag *d);

/* A knob in use that moves nothing, as none of its axes is active, is not at its first value: the
 * combination is the same as another. NO_KNOB: there is none. */
size_t point_idle_knob(const struct point *p);

/* The next number worth looking at after NUMBER, in whose point KNOB is idle (NO_KNOB: none). */
size_t point_next(const struct point *p, size_t number, size_t knob);

/* ---- typed values ------------------------------------------------------------------------- */

/* The type of the setting at PATH; FELL_P_STRING for plugins, lists and whatever has none. A var has that of
 * its first use in ROOT, the spec as written. */
fell_ptype setting_type(struct registry *r, const struct node *root, const char *path);

/* Where the var that PATH leads into, `vars.NAME`, first stands, with the rest of PATH; NULL: nowhere. free()
 * it (swept_vars.c). */
char *var_first_use(const struct node *root, const char *path);

/* NODE, a value of A, as the setting's own type has it, or by its name. */
struct axis_value axis_value(struct arena *arena, const struct axis *a, const struct node *node);

/* The same without a name; the text of a list or map is as in a YAML flow, by which experiments are known and
 * which versions before 0.2 stored. */
struct axis_value flow_value(struct arena *arena, fell_ptype type, const struct node *node);

#endif
