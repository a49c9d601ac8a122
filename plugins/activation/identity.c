/* identity.c - the activation that does nothing. */
#include "fell/plugin.h"

static inline float same(const void *s, float x)
{
    (void)s;
    return x;
}

static inline float slope(const void *s, float x, float y)
{
    (void)s, (void)x, (void)y;
    return 1.0f;
}

FELL_ELEMENTWISE(void, same, slope)

static const fell_activation identity =
    FELL_ACTIVATION("identity",
                    "Returns its input as it is.\n\n"
                    "y = x, for the place in a sweep where no activation is one of the choices.",
                    FELL_REAL, same_forward, same_backward);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &identity.item);
