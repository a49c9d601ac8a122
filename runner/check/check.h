/* check.h - the checks of `fell plugin check`: a table of names, each with a function that runs
 * in a process of its own and says what it found.
 *
 * Checks of the file look at the shared object; checks of an item run its callbacks on the
 * workbench of rig.h.
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include "check/rig.h"

enum outcome { OUTCOME_PASSED, OUTCOME_FAILED, OUTCOME_WARNED, OUTCOME_SKIPPED };

struct finding {
    enum outcome outcome;
    struct error text; /* why; "" if passed */
    bool timed_out;
    bool sure;      /* although the same inputs may not give the same bits */
    char ended[96]; /* how the plugin ended the process: "it crashes (SIGSEGV)"; "" if it has not */
};

/* What is checked. */
struct checked {
    const char *path;        /* of the file, absolute */
    const struct item *item; /* NULL for the file's own checks */
    struct registry *registry;
    uint64_t seed;
    enum simd_level level;
    struct known known;   /* of the settings of items */
    struct setups setups; /* of the item; made in the check's process */
};

/* Sets a finding that was passed before. */
__attribute__((format(printf, 2, 3))) void finding_fail(struct finding *f, const char *fmt, ...);

/* Whether a check tries the item out. Finding settings that it takes runs it, too. */
enum trying {
    TRIES_NOTHING,
    TRIES_SETTINGS, /* whether there are any that it takes */
    TRIES_STEPS     /* skipped where there are none */
};

struct check {
    const char *name;
    const char *what; /* a line of explanation */
    unsigned kinds;   /* bits 1 << fell_kind; 0: of the file */
    enum trying trying;
    void (*run)(struct checked *c, struct finding *f);
};

/* The checks of the file that can be run before it is loaded, and those of items; each ends
 * with an empty entry. */
extern const struct check file_checks[], item_checks[];

struct check_limits {
    double seconds; /* that a check may take, if it gets half of them from the processor */
    double most;    /* in any case */
};

/* Run it in a child process. A crash or a hang is a finding, and says where. */
void check_run(const struct check *check, struct checked *c, const struct check_limits *limits,
               struct finding *f);

/* ---- the checks, by file ---------------------------------------------------------------------- */

/* check_file.c: the shared object. */
void check_object(struct checked *c, struct finding *f);
void check_float_environment(struct checked *c, struct finding *f);
void check_exports(struct checked *c, struct finding *f);
void check_links(struct checked *c, struct finding *f);
void check_globals(struct checked *c, struct finding *f);
void check_contraction(struct checked *c, struct finding *f);
/* check_imports.c */
void check_imports(struct checked *c, struct finding *f);
void check_functions(struct checked *c, struct finding *f);

/* check_tables.c: what the tables say. */
void check_sizes(struct checked *c, struct finding *f);
void check_names(struct checked *c, struct finding *f);
void check_docs(struct checked *c, struct finding *f);
void check_defaults(struct checked *c, struct finding *f);

/* check_gradient.c */
void check_gradient(struct checked *c, struct finding *f);
void check_added(struct checked *c, struct finding *f);

/* check_steps.c: what holds for a step of any kind. */
void check_settings(struct checked *c, struct finding *f);
void check_bounds(struct checked *c, struct finding *f);
void check_unset(struct checked *c, struct finding *f);
void check_outside(struct checked *c, struct finding *f);
void check_output(struct checked *c, struct finding *f);
void check_inputs(struct checked *c, struct finding *f);
void check_repeat(struct checked *c, struct finding *f);
void check_levels(struct checked *c, struct finding *f);
void check_threads(struct checked *c, struct finding *f);
void check_instances(struct checked *c, struct finding *f);
void check_allocation(struct checked *c, struct finding *f);

/* check_numbers.c */
void check_finite(struct checked *c, struct finding *f);
void check_incoming(struct checked *c, struct finding *f);
void check_short_runs(struct checked *c, struct finding *f);
void check_denormals(struct checked *c, struct finding *f);

/* check_rows.c */
void check_batches(struct checked *c, struct finding *f);
void check_rows(struct checked *c, struct finding *f);
void check_pieces(struct checked *c, struct finding *f);
void check_fit(struct checked *c, struct finding *f);
void check_reading(struct checked *c, struct finding *f);

/* check_layer.c: what a layer may offer beside. */
void check_each_row(struct checked *c, struct finding *f);
void check_unlike(struct checked *c, struct finding *f);

/* check_transform.c: what a transform may. */
void check_doubles(struct checked *c, struct finding *f);
void check_fit_parts(struct checked *c, struct finding *f);
void check_gaps(struct checked *c, struct finding *f);
void check_columns(struct checked *c, struct finding *f);

/* check_dataset.c: what a dataset says of its rows beside. */
void check_marks(struct checked *c, struct finding *f);

/* check_metric.c */
void check_metric_rows(struct checked *c, struct finding *f);
void check_metric_range(struct checked *c, struct finding *f);
void check_metric_weights(struct checked *c, struct finding *f);
void check_metric_cut(struct checked *c, struct finding *f);
void check_metric_sense(struct checked *c, struct finding *f);

/* check_kinds.c: what holds for one kind. */
void check_in_place(struct checked *c, struct finding *f);
void check_activation_range(struct checked *c, struct finding *f);
void check_permutation(struct checked *c, struct finding *f);
void check_evaluation(struct checked *c, struct finding *f);
void check_unwanted(struct checked *c, struct finding *f);
void check_halves(struct checked *c, struct finding *f);
void check_weight(struct checked *c, struct finding *f);
void check_empty(struct checked *c, struct finding *f);
void check_order(struct checked *c, struct finding *f);

/* check_optimizer.c */
void check_descent(struct checked *c, struct finding *f);
void check_slots(struct checked *c, struct finding *f);
void check_weight_order(struct checked *c, struct finding *f);
void check_joined(struct checked *c, struct finding *f);

/* check_rate.c */
void check_rate(struct checked *c, struct finding *f);

/* ---- for the checks ------------------------------------------------------------------------------- */

/* Two rigs of setup U under conditions A and B, each stepped once: the first difference is a
 * failure, "WHAT: dx[3] is 1 and 2, with its defaults". A step that fails is passed over:
 * check_settings() reports it. True when they agree. */
#define OTHER_MEMORY "with other memory around its buffers"
#define OTHER_ORDER  "with the blocks of fell_parallel in another order"
bool checked_agree(struct checked *c, const struct setup *u, const struct conditions *a,
                   const struct conditions *b, const char *what, struct finding *f);
/* Of every setup. */
void checked_all_agree(struct checked *c, const struct conditions *a, const struct conditions *b,
                       const char *what, struct finding *f);

/* How many elements could be compared, of how many. */
struct compared {
    int64_t compared, all;
};

/* Every gradient of a step of setup U under conditions HOW, against differences of the forward pass. */
void gradient_compare(struct checked *c, const struct setup *u, const struct conditions *how,
                      struct compared *n, struct finding *f);

/* Whether an item's gradients are those of its forward pass; else F says why not. */
bool gradient_is_checked(const struct item *item, struct finding *f);

/* The first of N numbers, AT, that is not close to what is wanted; false if all are. */
bool checked_is_off(const double *got, const double *wanted, int64_t n, int64_t *at);

/* Turn the order of N parts of SIZE floats round. */
void turn(float *v, int64_t n, int64_t size);

/* A rig, opened and ready, or NULL where the setup does not run. checked_done() frees. */
struct rig *checked_rig(struct checked *c, const struct setup *u, const struct conditions *how);
void checked_done(struct rig *g);

/* Row ROW of G's inputs, and of what comes from behind, become those of ONE, which has one row; weights are
 * taken over, gradients begin from 0. */
void checked_take_row(struct rig *one, const struct rig *g, int64_t row);

#endif
