/* matrix.h - metrics of one value for each pair of classes (confusion), which are shown as a matrix, not as
 * columns. */
#ifndef CLI_MATRIX_H
#define CLI_MATRIX_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/error.h"

/* Print the matrices of the run's last evaluated epoch, a row for each class and a column for what its rows
 * are taken for; of many classes the pairs that are taken for each other most. Nothing where there are none.
 */
status matrix_print(sqlite3 *db, int64_t run, struct error *err);

#endif
