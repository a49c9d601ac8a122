/* targets.h - the targets of the rows: whether the loss is defined for them, and what they are to a
 * metric.
 */
#ifndef ENGINE_TARGETS_H
#define ENGINE_TARGETS_H

#include "base/text.h"
#include "engine/data.h"

/* What metrics ask: see fell_metric_call. */
struct meaning {
    uint64_t is; /* FELL_NUMBERS, FELL_ONE_CLASS, FELL_YES_NO */
    double cut, target_cut;
};

/* "from 0 to 1", "of -1 and 1", "of 0 or more". */
void targets_range(const fell_targets *t, struct strbuf *out);

/* LOSS's declaration against all rows of all splits. Errors: the row and what it holds. */
status targets_check(const struct choice *loss, const struct data *data, struct problem *p);

/* Whether some row of each split that is there counts: a loss with a list of numbers among its settings may
 * give all its classes a weight of 0. COLS: outputs that it compares side by side. IN: the loss's. Errors:
 * the split. */
status targets_check_weights(const struct choice *loss, const struct data *data, int64_t cols,
                             struct instance *in, struct problem *p);

/* Tell, once, of rows whose targets are not 1 in all where LOSS declares them to be shares: the first, its
 * sum, and how many others. COLS: outputs that it compares side by side. */
void targets_tell_shares(const struct choice *loss, const struct data *data, int64_t cols,
                         const struct host_env *env);

/* VALUE, or where LOSS declares no range with it, a number of the first range that it declares. */
float targets_within(const struct choice *loss, float value);

/* Whether LOSS asks questions of yes and no: the two targets that it takes. */
bool targets_sides(const struct choice *loss, double *low, double *high);

/* Whether LOSS takes shares of one whole, or their logarithms. */
bool targets_are_shares(const struct choice *loss);

/* Whether LOSS takes outputs that are logarithms of what its targets are. */
bool targets_have_logs(const struct choice *loss);

/* Labels are one class a row. So are values of 0 and 1, or -1 and 1, of which each row has one 1, where
 * outputs compete or the loss does not say what it asks (mse), and shares of 1 where outputs compete;
 * other values of 0 and 1, or -1 and 1, are questions, and all others are numbers. PRED_IS: what the outputs
 * are, FELL_REAL or so on. COMPETE: those of a row are shares of one whole (softmax), as they are also where
 * LOSS says so of its targets. COLS: outputs that one call of a metric sees side by side. */
struct meaning targets_mean(const struct choice *loss, const struct data *data, uint64_t pred_is,
                            bool compete, int64_t cols);

/* Whether all rows of SPLIT answer alike, and are more than one: metrics of classes then say little.
 * CLASS gets what they are: the class's name, or a number. */
bool targets_alike(const struct data *data, enum split split, char class[64]);

/* Targets that a loss takes for COLS outputs; 0: for no number of targets it takes so many. */
int64_t targets_cols(const struct choice *loss, int64_t cols);

/* Labels of all splits that are -1, of no class, *ALL of them; whether there is any. */
int64_t targets_unlabelled(const struct data *data, int64_t *all);
bool targets_lack_classes(const struct data *data);

/* Rows without a class count for nothing; that is said. */
void targets_tell_unlabelled(const struct choice *loss, const struct data *data, const struct host_env *env);

/* Of ROWS outputs pred[rows,cols] those whose label is a class move together, with their labels, into KEPT,
 * which may be LABEL, and their weights, unless that is NULL. Returns how many they are. */
int64_t targets_drop_unlabelled(const int32_t *label, int64_t rows, int64_t cols, float *pred, int32_t *kept,
                                float *weight);

/* to[rows,cols]: the first COLS of each WIDTH outputs, those that stand for targets. */
void targets_take_outputs(const float *output, int64_t rows, int64_t width, int64_t cols, float *to);

#endif
