/* measure.h - recorded values: the metrics of each split, and the names that
 * schedules and early stopping watch.
 */
#ifndef ENGINE_MEASURE_H
#define ENGINE_MEASURE_H

#include "base/text.h"
#include "engine/batches.h"
#include "engine/net.h"

struct measure;
struct probe_names;

/* A recorded value by name: SPLIT.loss, SPLIT.METRIC or probe.NAME.NUMBER (probe_names.h). */
struct watched {
    const double *probe; /* where its last value stands; NULL: the others */
    enum split split;
    int metric; /* in measure_values(), or -1: the loss */
    bool maximise;
};

/* Instances of the metrics, with an empty call of each. Errors in P. */
status measure_new(const struct net *n, struct measure **out, struct problem *p);
void measure_free(struct measure *m);

/* Room for the outputs and targets of whole splits; none without metrics. */
status measure_allocate(struct measure *m, struct problem *p);

/* Keep a batch's outputs (and its targets, where they do not lie in this order), in the target's own units.
 */
void measure_keep(struct measure *m, enum split split, const struct batch *b, const float *output);

/* What is kept of the first ROWS rows of SPLIT, in words of 32 bits; NULL or 0: nothing is. */
struct measure_kept {
    void *outputs, *targets, *weights;
    int64_t noutputs, ntargets, nweights;
};
void measure_kept(struct measure *m, enum split split, int64_t rows, struct measure_kept *out);

/* All metrics over the rows kept of SPLIT; ROWS of them. Errors: what a plugin says. */
status measure_split(struct measure *m, enum split split, int64_t rows, struct error *err);

/* Add the names of metrics that have no value, as "validation.auc has no value"; of metrics that give
 * several, a class that is neither there nor predicted has none by right. */
void measure_valueless(const struct measure *m, struct strbuf *out);

/* Set the values of SPLIT to NAN: they are not known. */
void measure_forget(struct measure *m, enum split split);

/* All metrics of a run, in the order of its reports, with what was measured last; names are stable. */
size_t measure_values(const struct measure *m, const struct metric_value **out);

/* The numbers of probes that have names; looks write their values. */
struct probe_names *measure_probe_names(const struct measure *m);

/* Find a recorded value. Errors name those that there are. */
status measure_find(const struct measure *m, const char *name, struct watched *out, struct error *err);
/* The objective of a sweep, which MAXIMIZE turns; NULL: none, and OUT (NULL: it is only checked) stays. */
status measure_find_objective(const struct measure *m, const char *name, bool maximize, struct watched *out,
                              struct problem *p);

/* What early stopping watches; without it the loss that a best checkpoint is best at. Errors in P. */
status measure_find_stop(const struct measure *m, const struct spec *spec, struct watched *out,
                         struct problem *p);

/* Its value, from the losses of the splits or from what was measured last. */
double measure_value(const struct measure *m, const struct watched *w, const double loss[SPLITS]);

#endif
