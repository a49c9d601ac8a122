/* curve_lines.h - the losses of a run as curves of one line each, for a terminal. */
#ifndef CLI_CURVE_LINES_H
#define CLI_CURVE_LINES_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/error.h"

/* The losses of all epochs, training, validation, test, one below the other; each line has a scale of its
 * own, a logarithmic one where values are far apart, and its first and last number. */
status curve_lines_print(sqlite3 *db, int64_t run, struct error *err);

#endif
