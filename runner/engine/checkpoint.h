/* checkpoint.h - a run's state as a safetensors file.
 *
 * Tensors are named LAYER.TENSOR, as PyTorch names them; a checkpoint adds the optimizer's slots,
 * optimizer/SLOT/LAYER.TENSOR (of several arrays optimizer/SLOT/K/LAYER.TENSOR). The file's metadata
 * say where the run was: epoch, step, seed, the hash of its spec, the best values so far, and, as JSON,
 * what schedules have watched and what new rows would need (fitted.h). Random streams and the order of the
 * rows are functions of seed, epoch and step, so nothing else is needed to go on with the same bits.
 */
#ifndef ENGINE_CHECKPOINT_H
#define ENGINE_CHECKPOINT_H

#include "engine/learner.h"
#include "engine/look.h"
#include "engine/partial.h"
#include "engine/rate.h"

struct best {
    double value; /* NAN: there is none yet */
    int64_t epoch;
};

struct checkpoint {
    uint64_t seed; /* whose state it is */
    char spec[65]; /* hash of the resolved spec; "": of any */
    int64_t steps; /* an epoch */
    int64_t epoch, step;
    double skipped;              /* of these, those that were not taken; 0: not written */
    struct best best, stop;      /* of what `keep: best` and early stopping watch */
    double seconds, cpu_seconds; /* spent so far; 0: not told, and not written */
    const struct partial
        *partial; /* of the epoch behind `epoch`, STEP steps of which are done; NULL: none is */
};

/* Write PATH (whole or not at all) and its hash; LOOKS: NULL without probes. What stood there stays when that
 * fails. */
status checkpoint_write(const struct learner *learner, struct rate *rate, struct looks *looks,
                        const struct checkpoint *at, const char *path, char sha256[65], struct error *err);

/* The same bytes in memory; free() them. */
status checkpoint_bytes(const struct learner *learner, struct rate *rate, struct looks *looks,
                        const struct checkpoint *at, char **bytes, size_t *size, struct error *err);

/* Bytes of a state's tensors: what it takes, but for a page or two. */
double checkpoint_size(const struct learner *learner, struct looks *looks);

/* Put the state in PATH back into LEARNER and RATE, which are fresh from the same spec. AT comes with seed,
 * spec and steps, which the file must have too, and gets the rest. Errors name what does not fit: no
 * whole safetensors file, no checkpoint, of another spec or seed, tensors missing, too many or of
 * another shape. LEARNER and RATE are then unchanged. at->partial: set where the file is of the middle of an
 * epoch (checkpoint_peek() says so), and filled; NULL after it. */
status checkpoint_read(const struct learner *learner, struct rate *rate, struct looks *looks,
                       const char *path, struct checkpoint *at, struct error *err);

/* Steps of the epoch after at->epoch that are done. */
static inline int64_t checkpoint_batches(const struct checkpoint *at)
{
    return at->step - at->epoch * at->steps;
}

/* What PATH says of itself, its tensors passed over. Errors: no whole file, no checkpoint. */
status checkpoint_peek(const char *path, struct checkpoint *at, struct error *err);

/* Whether PATH is a checkpoint, and then SHA-256 of its weights alone: names, shapes and values of the net's
 * tensors. Two runs to the same weights took different times, which the file itself has, too. */
bool checkpoint_hash_weights(const char *path, char sha256[65]);

#endif
