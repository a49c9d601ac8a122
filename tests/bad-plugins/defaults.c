/* fails: defaults
 * A default is not in its range. */
#include "bad.h"

struct settings {
    double part;
};

static const fell_param params[] = {FELL_FLOAT(struct settings, part, 5, 0, 1, 0, "A part, from 0 to 1.")};

static const fell_activation item = {
    FELL_ITEM(FELL_KIND_ACTIVATION, fell_activation, "bad", "Doubles its input.", struct settings, params), 0,
    FELL_REAL, twice, twice_back};

FELL_PLUGIN("1.0", "", &item.item);
