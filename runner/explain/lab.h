/* lab.h - the engine's net, held in evaluation mode with gradients (MODE_LOOK), for the files
 * lesson*.c only: they run the sample through it as often as they like.
 */
#ifndef EXPLAIN_LAB_H
#define EXPLAIN_LAB_H

#include "engine/learner.h"
#include "engine/net_view.h"
#include "explain/lesson.h"

enum { LAB_ROWS = 16 }; /* copies of the sample that one call may take: so many rows of a Jacobian */

/* A net's values at one moment of its training. */
struct snapshot {
    float *weights; /* [floats of net_values()] all tensors */
    size_t nslots;  /* arrays, in the order of slot_at() in lab.c */
    float **slot;
    int64_t *slot_n;
};

struct lab {
    struct lesson *l;
    const struct lesson_request *q;
    struct learner learner;
    struct net *net; /* the learner's, and what is in it: */
    size_t nentries, ntensors;
    const struct net_entry *entry;
    const struct net_tensor *tensor;
    float *weights; /* [floats] */
    float *grads;   /* [trained_floats] */
    int64_t floats, trained_floats;
    int64_t batch;          /* the most rows of a call */
    struct batch one, many; /* the sample once, and LAB_ROWS times */
    float *x, *target;
    int32_t *label;
    struct snapshot now; /* the moment that the lesson is about */
};

/* Plan and fill the net, held in evaluation mode. */
status lab_open(struct lab *p, struct lesson *l, const struct lesson_request *q, struct error *err);
/* The row that the lesson names, from now on. */
void lab_take_sample(struct lab *p);
void lab_close(struct lab *p);

/* The loss of the sample with the net as it is. Not finite is no error. */
status lab_loss(struct lab *p, double *loss, struct error *err);

/* The same with tensor value FLAT of T set to W, which is left there. */
status lab_loss_at(struct lab *p, const struct net_tensor *t, int64_t flat, double w, double *loss,
                   struct error *err);

/* Copies of what FROM holds, optimizer state too, and back into one like it. */
void snapshot_take(struct snapshot *s, const struct learner *from);
void snapshot_apply(const struct snapshot *s, const struct learner *to);
void snapshot_release(struct snapshot *s);

/* Weights and optimizer state of a checkpoint file into the lab's net. */
status lab_load(struct lab *p, const char *path, struct error *err);

/* ---- the parts of a lesson ------------------------------------------------------------ */

/* Outputs, blame, gradients, norms (lesson_net.c). */
status lesson_run(struct lab *p, struct error *err);
/* What OUTPUT [rows, cols] says of each class, in the lesson's arena; NULL: nothing. */
const double *lesson_probabilities(const struct lab *p, const double *output);

/* Which layers behave otherwise in training. */
void lesson_compare_modes(struct lab *p);

/* The named weight, or the first one (lesson_weight.c). */
status lesson_find_weight(struct lab *p, const char *name, struct lesson_weight *out, struct error *err);

status lesson_paths(struct lab *p, struct error *err);       /* lesson_paths.c */
status lesson_differences(struct lab *p, struct error *err); /* lesson_curve.c */
status lesson_draw_landscape(struct lab *p, struct error *err);
status lesson_draw_contour(struct lab *p, struct error *err);
status lesson_take_step(struct lab *p, struct error *err); /* lesson_step.c */

/* Multiplications of one row: each weight is used once for every output that shares it. */
double lesson_row_work(const struct lab *p);

/* Train; leave in p->now what the net was at the epoch asked for, or at first (lesson_train.c). */
status lesson_train(struct lab *p, struct error *err);

#endif
