/* same_bytes.h - a run is trained on the bytes that its experiment says: what the runner tells a worker of
 * files and plugins with every job, and what the worker makes of it.
 */
#ifndef WORK_SAME_BYTES_H
#define WORK_SAME_BYTES_H

#include <cjson/cJSON.h>
#include <sqlite3.h>

#include "engine/problem.h"
#include "host/registry.h"
#include "spec/spec.h"
#include "work/identity.h"

/* For job.bytes: the files of experiment EXPERIMENT with their hashes, as JSON, and the plugins; with ID (may
 * be NULL) also what the file system said of them when they were hashed, which spares the worker from hashing
 * them too. free() it. */
status same_bytes_wanted(sqlite3 *db, int64_t experiment, const struct identity *id, char **out,
                         struct error *err);

enum same_bytes_of { SAME_DATA, SAME_MODEL };

/* Whether the files that SPEC's data (or its model and first weights) name hold what WANTED says, which may
 * be NULL: then nothing is asked. Errors, in P: which file is another one. */
status same_bytes_files(const cJSON *wanted, const struct spec *spec, enum same_bytes_of which,
                        struct problem *p);

/* The same for the plugins of SPEC as they are loaded here. */
status same_bytes_plugins(const cJSON *wanted, const struct spec *spec, struct registry *reg,
                          struct problem *p);

#endif
