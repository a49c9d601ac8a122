/* fails: exports
 * Lets a helper be seen by the whole program. */
#include "bad.h"

FELL_EXPORT_ int bad_helper(void);

int bad_helper(void)
{
    return 1;
}

BAD_ACTIVATION(twice, twice_back);
