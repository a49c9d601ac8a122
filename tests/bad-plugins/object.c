/* fails: object
 * Ends the process while it is loaded. */
#include "bad.h"

#include <stdlib.h>

__attribute__((constructor)) static void start(void)
{
    exit(0);
}

BAD_ACTIVATION(twice, twice_back);
