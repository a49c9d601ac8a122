/* fails: unset memory, finite numbers
 * Sets whole groups of four weights only. */
#include "bad.h"

static fell_status fill(fell_init_call *c)
{
    for (int64_t i = 0; i + 4 <= c->n; i += 4)
        fell_normal(c->ctx, c->w + i, 4);
    return FELL_OK;
}

static const fell_initialiser item = {
    FELL_ITEM0(FELL_KIND_INITIALISER, fell_initialiser, "bad", "Normal numbers."), fill};

FELL_PLUGIN("1.0", "", &item.item);
