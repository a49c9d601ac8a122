/* fails: docs
 * What it does is no sentence. */
#include "bad.h"

static const fell_activation item = FELL_ACTIVATION("bad", "doubles", FELL_REAL, twice, twice_back);

FELL_PLUGIN("1.0", "", &item.item);
