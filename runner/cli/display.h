/* display.h - texts and numbers as a person reads them: columns of UTF-8 text,
 * rounded numbers, durations, sizes, and a curve drawn in one line.
 */
#ifndef CLI_DISPLAY_H
#define CLI_DISPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

/* Columns that TEXT takes in a terminal: combining marks none, wide signs two.
 * Control characters and bytes that are not UTF-8 count as the one sign that
 * display_add() writes for them. */
int display_width(const char *text);

/* Append TEXT, cut to COLUMNS (with a sign that it was cut); negative: no limit.
 * Line breaks and tabs become blanks, other control characters and bytes that
 * are not UTF-8 become '?', so that no text can disturb the terminal. Returns the
 * columns used. */
int display_add(struct strbuf *out, const char *text, int columns);

/* Bytes of TEXT that fit COLUMNS and end before a blank: all of them, or the first word at least. */
size_t display_fold(const char *text, int columns);

/* Four significant digits (0.1235, 1235, 1.235e-07); whole numbers up to a million
 * keep their digits. "-" for a value that is not finite. */
void display_number(double v, char out[32]);

void display_duration(double seconds, char out[32]); /* 3.21 ms, 1.25 s, 12.3 s, 3m 12s, 2h 05m, 3d 04h */
void display_bytes(double bytes, char out[32]);      /* 512 B, 1.4 kB, 12 MB (powers of 1000) */
void display_rate(double per_second, char out[32]);  /* 853, 12.4k, 1.25M */

/* N values as a curve of at most COLUMNS signs, each the mean of its share of the values;
 * values that are not finite leave a gap. */
void display_curve(struct strbuf *out, const double *v, size_t n, int columns);

/* The end of PATHS[I] that tells it from the other N - 1: "lr" for optimizer.sgd.lr,
 * "0.dense.units" where model.2.dense.units is there too. Points into PATHS[I]. */
const char *display_short_path(const char *const *paths, size_t n, size_t i);

/* Append TEXT, a value of a setting, in at most COLUMNS; a list or map without the quotes of JSON. Returns
 * the columns used. */
int display_value(struct strbuf *out, const char *text, int columns);

/* Append the N settings as "lr=0.1 units=64", each value cut to 32 columns: one may be a whole model. */
void display_settings(struct strbuf *out, const char *const *paths, const char *const *values, size_t n);

#endif
