/* train.h - one run: the epoch loop.
 */
#ifndef ENGINE_TRAIN_H
#define ENGINE_TRAIN_H

#include "engine/look.h"
#include "engine/net.h"
#include "engine/report.h"

/* Train SPEC on DATA. Errors that are the spec's (found while planning or
 * initialising) come back FAILED with P; what happens in training is in RESULT. */
status train_run(const struct spec *spec, const struct data *data, struct host_env *env,
                 const struct run_options *options, const struct train_listener *listener,
                 struct run_result *result, struct problem *p);

#endif
