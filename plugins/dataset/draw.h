/* draw.h - numbers that a setting's seed draws, not the experiment's: centres of blobs, weights of a teacher.
 */
#ifndef DATASET_DRAW_H
#define DATASET_DRAW_H

#include <stdint.h>

/* Number I of stream SEED in [0,1): SplitMix64 (Steele, Lea and Flood 2014). Not the host's stream,
 * which differs between source and test set. */
static inline double draw_uniform(uint64_t seed, uint64_t i)
{
    uint64_t z = (seed << 40) + (i + 1) * 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (double)(z >> 11) * 0x1p-53;
}

#endif
