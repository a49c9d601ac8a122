/* packed.h - reports of epochs and steps as bodies of frames: the report itself, as it is in memory, and
 * behind it what its pointers point to.
 *
 * The worker packs a report once. The runner reads it in place, and the recorder keeps the same bytes until
 * they are stored: an epoch is copied, never allocated for.
 */
#ifndef RECORD_PACKED_H
#define RECORD_PACKED_H

#include "engine/report.h"
#include "record/frames.h"

/* Append a FRAME_EPOCH, a FRAME_STEP. Of the metrics only the values. */
void packed_add_epoch(struct strbuf *out, uint64_t run, const struct epoch_report *r);
void packed_add_step(struct strbuf *out, uint64_t run, const struct step_report *r);

/* Read a body in place: the report's pointers point into BODY (8-byte aligned).
 * METRICS [nmetrics] has the names, its values are filled in. False: the sizes do not
 * add up, or the epoch has other metrics than announced. */
bool packed_epoch(const void *body, size_t size, struct metric_value *metrics, size_t nmetrics,
                  struct epoch_report *out);
bool packed_step(const void *body, size_t size, struct step_report *out);

#endif
