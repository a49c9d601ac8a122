/* packed.h - reports of epochs and steps as bodies of frames: the report itself, as it is in memory, and
 * behind it what its pointers point to.
 *
 * The worker packs a report once. The runner reads it in place, and the recorder keeps the same bytes until
 * they are stored: an epoch is copied, never allocated for.
 */
#ifndef RECORD_PACKED_H
#define RECORD_PACKED_H

#include "engine/look.h"
#include "engine/report.h"
#include "record/frames.h"

/* Append a FRAME_EPOCH, a FRAME_STEP. Of the metrics only the values. */
void packed_add_epoch(struct strbuf *out, uint64_t run, const struct epoch_report *r);
void packed_add_step(struct strbuf *out, uint64_t run, const struct step_report *r);

/* Read a body of a worker's in place: the report's pointers point into BODY (8-byte aligned).
 * METRICS [nmetrics] has the names, its values are filled in. False: the sizes do not
 * add up, or the epoch has other metrics than announced. */
bool packed_epoch(const void *body, size_t size, struct metric_value *metrics, size_t nmetrics,
                  struct epoch_report *out);
bool packed_step(const void *body, size_t size, struct step_report *out);

/* What lies behind a report that was found good, wherever its bytes were copied to: [npositions],
 * [nmetrics]; [npositions] of a step. */
const struct tensor_numbers *packed_tensors(const struct epoch_report *r);
const double *packed_metrics(const struct epoch_report *r);
const double *packed_norms(const struct step_report *r);

/* One look of a probe, with the names of its numbers: FRAME_PROBE. */
struct probe_row {
    const char *name, *layer; /* "dead_units", "relu1" */
    int64_t position;
    double value;
};
struct packed_look {
    int64_t epoch; /* from 0 */
    const char *probe;
    size_t n;
    const void *rows; /* [n], for packed_look_row() */
    const char *text;
};
void packed_add_look(struct strbuf *out, uint64_t run, const struct looks *l, const struct probe_report *r);
bool packed_look(const void *body, size_t size, struct packed_look *out);
struct packed_look packed_look_in(const void *body); /* that was found good */
struct probe_row packed_look_row(const struct packed_look *l, size_t i);

#endif
