/* fails: links
 * Calls a library that it does not link, and that this program happens to have. */
#include "bad.h"

int sqlite3_libversion_number(void);

static fell_status forward(fell_activation_call *c)
{
    if (sqlite3_libversion_number() < 0)
        return fell_fail(c->ctx, "no SQLite");
    return twice(c);
}

BAD_ACTIVATION(forward, twice_back);
