/* fails: output
 * Leaves in what its author looked at while writing it. */
#include "bad.h"

#include <unistd.h>

static fell_status forward(fell_activation_call *c)
{
    if (write(STDOUT_FILENO, "here\n", 5) < 0)
        return fell_fail(c->ctx, "nothing can be written");
    return twice(c);
}

BAD_ACTIVATION(forward, twice_back);
