/* show_probes.h - what probes recorded of a run, for `fell show`: numbers with one value in a line each, and
 * those with many, drawn or listed.
 */
#ifndef CLI_SHOW_PROBES_H
#define CLI_SHOW_PROBES_H

#include <sqlite3.h>

#include "base/error.h"
#include "cli/table.h"

/* The SQL of sections, with ?1 the run. In the second `positions` and `values` are JSON for a program, and
 * `values` what a person reads where the text function shown() has been made known by show_probes_begin(). */
extern const char show_probes_single[], show_probes_many[], show_probes_many_json[];

/* Errors: SQLite's. */
status show_probes_begin(sqlite3 *db, struct error *err);

/* Texts of JSON in the rows of show_probes_many_json, as the arrays that they are. */
void show_probes_parse(cJSON *rows);

#endif
