/* fails: float environment
 * flags: -ffast-math -ffp-contract=off
 * Built with -ffast-math, whose start-up code makes the process flush small numbers to zero. */
#include "bad.h"

BAD_ACTIVATION(twice, twice_back);
