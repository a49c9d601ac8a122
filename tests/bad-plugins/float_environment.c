/* fails: float environment
 * Makes the process flush small numbers to zero, as start-up code of -ffast-math does. */
#include "bad.h"

#include <xmmintrin.h>

__attribute__((constructor)) static void start(void)
{
    _mm_setcsr(_mm_getcsr() | 0x8040);
}

BAD_ACTIVATION(twice, twice_back);
