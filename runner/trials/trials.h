/* trials.h - which trials an experiment has, and how one is made. Private to runner/trials:
 * experiment.c loads, strategy.c reads the words, swept_vars.c knows the vars, try_axes.c checks the values
 * of axes, trials.c enumerates and draws, suggest.c asks a strategy that learns, recall.c finds the point of
 * a trial, resolve.c makes one.
 */
#ifndef TRIALS_TRIALS_H
#define TRIALS_TRIALS_H

#include "base/text.h"
#include "trials/space.h"
#include "trials/where.h"
#include "sweep/strategies.h"

/* Digests of trials: which are there. */
struct digests {
    uint64_t (*slot)[2]; /* 128 of the 256 bits; zeros: free */
    size_t n, room;
};

/* A file that trials name. The same file under two names, and two with the same content, have one number. */
struct trial_file {
    const char *path; /* in the experiment's arena */
    size_t number;
    bool regular;
    uint64_t device, inode;
    int64_t size;
    char sha256[65]; /* "": not yet asked for */
};

/* A point that shows a value: CONTEXT with KNOB at VALUE; knob NO_KNOB: the context alone. */
struct scout {
    size_t context, knob, value;
};

struct trials {
    struct registry *registry;
    const struct weights_finder *finder; /* NULL: none */
    struct node *root;
    const char *stem;
    struct sweep sweep;
    struct where *where; /* NULL: none */
    const char *where_text;
    struct place where_at, strategy_at, pruner_at;
    const struct strategy *strategy;
    const struct sweep_settings *settings; /* the strategy's own struct */

    size_t ndims;
    struct sweep_dim *dims;
    size_t *dim_knob; /* [ndims] */

    size_t n, room;
    uint64_t *at; /* [n] the number, or the drawing, of each trial */
    char digest[65],
        digest_before[65]; /* of known_by and before of all trials; sampled: of the first point */

    size_t nfiles, files_room;
    struct trial_file *files;

    size_t nscouts, scouts_room, ncontexts;
    struct scout *scouts;
    struct knob_at *contexts; /* [ncontexts][nknobs] */

    /* adaptive: trials suggested so far */
    double *u; /* [n][ndims] */
    struct digests seen;
};

void trials_free(struct trials *t);

/* ---- strategy.c ---- */

/* The sweep section but `over` and `where`: into E and its trials. */
void strategy_read(struct spec_reader *r, const struct node *sweep, struct experiment *e);

/* Warns of a pruner, or a strategy that learns, which will never act with so many trials or epochs. When all
 * else of E is known. */
void strategy_warn(const struct experiment *e, struct diag *d);

/* The objective is among the values that SPEC records; else an error in D. */
status objective_check(const struct experiment *e, const struct spec *spec, struct diag *d);

/* ---- swept_vars.c ---- */

/* `sweep:` of ROOT with the values of its vars but of those that it sets itself; NULL: none, or errors in D.
 */
const struct node *sweep_fill_vars(struct tree *t, const struct node *root, struct diag *d);

/* A swept var that nothing uses is an error in D, any other a warning. */
status vars_check_use(const struct trials *t, struct diag *d);

/* ---- resolve.c ---- */

/* The trial at P, whose tree is ROOT (point_tree()). */
status trial_resolve(const struct experiment *e, const struct point *p, const struct node *root,
                     struct arena *arena, struct trial *out, struct diag *d);
/* Both: values, tree, trial. */
status trial_at(const struct experiment *e, struct point *p, struct arena *arena, struct trial *out,
                struct diag *d);

/* SHA-256 of one of the three texts of a trial, a drawn seed left out. */
void trial_digest(const struct experiment *e, const struct spec *spec, const char *text, char out[65]);

bool digests_have(const struct digests *d, const char digest[65]);

/* False: it was there. */
bool digests_add(struct digests *d, const char digest[65]);
void digests_release(struct digests *d);

/* ---- trial_files.c ---- */

/* T->known_by and T->before, in ARENA, from T->spec and T->resolved. */
void trial_name_files(const struct experiment *e, struct trial *t, struct arena *arena);

/* ---- recall.c ---- */

/* P as it stood when TRIAL, of which the values are looked at, was made: knobs, use and values; what is new
 * is in ARENA. False: the space has no such trial. */
bool point_recall(struct point *p, struct arena *arena, const struct trial *trial);

/* ---- trials.c ---- */

/* Dimensions of the space's points; an error in D where the strategy has not as many. */
status trials_dims(struct trials *t, struct diag *d);

/* P from U [ndims]. */
void point_cube(const struct trials *t, struct point *p, const double *u);

/* All trials of a strategy that is not adaptive: numbers and counts into E; HASH and HASH_BEFORE, which may
 * be NULL, get the digests of what they are known by now and were before. */
status trials_enumerate(struct experiment *e, struct sha256 *hash, struct sha256 *hash_before,
                        struct diag *d);

/* ---- try_axes.c ---- */

/* Every value of every axis in a point that has it; the rest at its first values where that will
 * do. Errors are in D. */
status scouts_check(struct experiment *e, struct diag *d);

/* How many values of a knob are tried: of numbers the ends and one between, else all. */
size_t scout_values(const struct knob *k);
void scout_point(const struct trials *t, const struct scout *scout, struct point *p);

/* An axis whose setting exists in no trial is an error; ACTIVE [naxes]. */
status scouts_refuse_idle(const struct trials *t, const bool *active, struct diag *d);

/* ---- experiment_hash.c ---- */

/* e->spec_sha256 and e->before_sha256, when all else is known. */
void experiment_hash(struct experiment *e);

#endif
