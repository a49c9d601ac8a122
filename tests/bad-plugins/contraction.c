/* fails: contraction
 * flags: -ffp-contract=fast
 * Built with contraction, which nothing in it shows. */
#include "bad.h"

BAD_ACTIVATION(twice, twice_back);
