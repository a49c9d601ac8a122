/* hard_sigmoid.c - the logistic function in three straight pieces. */
#include "fell/plugin.h"

static inline float pieces(const void *s, float x)
{
    (void)s;
    return x <= -3.0f ? 0.0f : x >= 3.0f ? 1.0f : (x + 3.0f) / 6.0f;
}

static inline float slope(const void *s, float x, float y)
{
    (void)s, (void)y;
    return x <= -3.0f || x >= 3.0f ? 0.0f : 1.0f / 6.0f;
}

FELL_ELEMENTWISE(void, pieces, slope)

static const fell_activation hard_sigmoid = FELL_BOUNDED(
    "hard_sigmoid",
    "Logistic function in three straight pieces: 0 up to -3, 1 from 3, a line between.\n\n"
    "y = min(max(x + 3, 0), 6) / 6, with slope 0 at -3 and 3. M. Courbariaux, Y. Bengio and J. David,\n"
    "\"BinaryConnect\", NeurIPS 2015, with the slope of PyTorch's Hardsigmoid, 1/6.",
    FELL_PROB, pieces_forward, pieces_backward, 0, 1);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &hard_sigmoid.item);
