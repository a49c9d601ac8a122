/* checkpoint.h - a net's state as a safetensors file.
 *
 * Tensors are named LAYER.TENSOR, as PyTorch names them; a checkpoint adds the optimizer's
 * slots, optimizer/SLOT/LAYER.TENSOR, and says in the file's metadata where the run was: epoch,
 * step, seed, best (the best value so far of what is watched).
 */
#ifndef ENGINE_CHECKPOINT_H
#define ENGINE_CHECKPOINT_H

#include "engine/net.h"

struct checkpoint {
    int64_t epoch, step;
    uint64_t seed;
    double best; /* NAN: there is none yet */
};

/* Write PATH (whole or not at all) and its hash. */
status checkpoint_write(const struct net *n, const struct checkpoint *at, const char *path, char sha256[65],
                        struct error *err);

/* Parameters and state tensors alone, for `fell export`. */
status checkpoint_export(const struct net *n, const char *path, struct error *err);

#endif
