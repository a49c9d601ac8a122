/* flush.c - good but for its constructor, which sets flush-to-zero and denormals-are-zero
 * as the start-up file does that gcc links into a shared object with -ffast-math. */
#include <xmmintrin.h>

#include "fell/plugin.h"

__attribute__((constructor)) static void start(void)
{
    _mm_setcsr(_mm_getcsr() | 0x8040);
}

static fell_status eval(fell_loss_call *c)
{
    (void)c;
    return FELL_OK;
}

static const fell_loss loss = FELL_LOSS("flush", "Fast.", FELL_VALUES, FELL_REAL, eval);

FELL_PLUGIN("1.0", "the tests", &loss.item);
