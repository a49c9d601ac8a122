/* plan_data.h - what was found out about the data, for `fell check` and `fell plan`.
 */
#ifndef CLI_PLAN_DATA_H
#define CLI_PLAN_DATA_H

#include <cjson/cJSON.h>

/* Prints the `data` of a plan (engine/data_tell.c): of each dataset its rows, of a table how it is written,
 * its columns and classes with the rows of each. Long lists end in a count. */
void plan_data_print(const cJSON *data);

#endif
