/* event_file.h - a file of scalars as TensorBoard reads them: records of TensorFlow (TFRecord), each an
 * Event.
 *
 * A record is its length (8 bytes), a CRC of these, the message, a CRC of it; all little-endian. The CRC is
 * CRC-32C (Castagnoli), rotated by 15 bits and with a constant added.
 */
#ifndef EXPORT_EVENT_FILE_H
#define EXPORT_EVENT_FILE_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/* CRC-32C of N bytes, unmasked. */
uint32_t event_crc(const void *bytes, size_t n);

/* What an event file begins with. Errors: it cannot be written. */
status event_file_begin(FILE *to, double wall_time, struct error *err);

struct event_scalar {
    const char *tag;
    double value;
};

/* The N SCALARS of one step as an event. */
status event_file_add(FILE *to, double wall_time, int64_t step, size_t n, const struct event_scalar *scalar,
                      struct error *err);

#endif
