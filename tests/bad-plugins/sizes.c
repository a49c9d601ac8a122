/* fails: sizes
 * Two settings lie in the same bytes, as after a line that was copied. */
#include "bad.h"

struct settings {
    double low, high;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, low, 1, 0, 2, 0, "Lower end, from 0 to 2."),
    {"high", "Upper end, from 0 to 2.", FELL_P_FLOAT, 0, offsetof(struct settings, low), 1, 0, 2, NULL, NULL},
};

static const fell_activation item = {
    FELL_ITEM(FELL_KIND_ACTIVATION, fell_activation, "bad", "Doubles its input.", struct settings, params), 0,
    FELL_REAL, twice, twice_back};

FELL_PLUGIN("1.0", "", &item.item);
