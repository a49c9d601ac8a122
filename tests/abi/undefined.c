/* undefined.c - links against what is not there. */
#include "fell/plugin.h"

fell_status function_that_is_nowhere(fell_loss_call *c);

static const fell_loss loss = FELL_LOSS("lost", "Lost.", FELL_VALUES, FELL_REAL, function_that_is_nowhere);

FELL_PLUGIN("1.0", "the tests", &loss.item);
