/* train_report.h - the numbers of an epoch while it runs: sums of losses and norms,
 * and the report made of them.
 */
#ifndef ENGINE_TRAIN_REPORT_H
#define ENGINE_TRAIN_REPORT_H

#include "engine/net_run.h"
#include "engine/report.h"

/* Sums over the steps of one epoch. */
struct tally {
    struct net *net;
    const struct kernels *kernels;
    bool gradients; /* norms of each tensor are wanted */
    size_t npositions;
    const struct net_tensor **tensor; /* [npositions] */
    double loss_sum, loss_weight;
    double norm, norm_sum, norm_max; /* of the last step, and over the epoch */
    double lr;
    int64_t samples, norms;         /* rows; steps whose gradient is known */
    double *tensor_norm;            /* [npositions], of the last step */
    struct tensor_numbers *numbers; /* [npositions]; while the epoch runs, means are sums */
    float *before;                  /* the trained weights when the epoch began */
};

status tally_init(struct tally *t, struct net *n, struct host_env *env, enum record_gradients record,
                  struct problem *p);
void tally_release(struct tally *t);

void tally_begin(struct tally *t);
void tally_loss(struct tally *t, double sum, double weight, int64_t rows);
/* SQUARES: of the whole gradient, before clipping. Returns the norm. */
double tally_gradient(struct tally *t, double squares);

/* The epoch's numbers, but its number, losses of other splits, metrics and time. PARTIAL:
 * counts what is not finite in the last gradient. */
void tally_report(struct tally *t, bool partial, struct epoch_report *r);
void tally_step_report(const struct tally *t, int64_t step, double loss, struct step_report *r);

#endif
