/* fails: names
 * A setting has the name of one of the host's keys. */
#include "bad.h"

struct settings {
    double init;
};

static const fell_param params[] = {FELL_FLOAT(struct settings, init, 1, 0, 2, 0, "A start, from 0 to 2.")};

static const fell_activation item = {
    FELL_ITEM(FELL_KIND_ACTIVATION, fell_activation, "bad", "Doubles its input.", struct settings, params), 0,
    FELL_REAL, twice, twice_back};

FELL_PLUGIN("1.0", "", &item.item);
