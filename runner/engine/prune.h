/* prune.h - which weights go: magnitude pruning, as masks.
 */
#ifndef ENGINE_PRUNE_H
#define ENGINE_PRUNE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prune_tensor {
    const char *name;
    int64_t n;
    const float *weights; /* [n] finite */
    float *mask;          /* [n] 1 and 0; in: what is there still */
};

/* Set to 0 the masks of the round(SHARE x count) weights of the least magnitude among those whose mask is 1,
 * counted over all TENSORS or, with PER_TENSOR, in each by itself; a half is rounded to the even number. Of
 * equal magnitudes the earlier tensor's goes first, in a tensor the one of the lower index. What is 0 stays
 * 0. SHARE in [0, 1]. As torch.nn.utils.prune's global_unstructured and l1_unstructured with `amount` SHARE.
 * Returns how many went. */
int64_t prune_by_magnitude(struct prune_tensor *tensors, size_t n, double share, bool per_tensor);

#endif
