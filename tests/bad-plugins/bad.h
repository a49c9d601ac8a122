/* bad.h - what the plugins here share. Each is right but for one thing, and its first line names
 * the check that must find it, and it alone; tests/cli/plugin_check.sh compares. A line "flags:" holds
 * flags of the compiler.
 */
#ifndef BAD_H
#define BAD_H

#include "fell/plugin.h"

/* The activation y = 2 x, whose loops a plugin replaces by its own. */
FELL_KERNEL(twice, fell_activation_call)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++)
        c->y[i] = 2.0f * c->x[i];
    return FELL_OK;
}

FELL_KERNEL(twice_back, fell_activation_call)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++)
        c->dx[i] = 2.0f * c->dy[i];
    return FELL_OK;
}

#define BAD_ACTIVATION(forward, backward)                                                                    \
    static const fell_activation item =                                                                      \
        FELL_ACTIVATION("bad", "Doubles its input.", FELL_REAL, forward, backward);                          \
    FELL_PLUGIN("1.0", "", &item.item)

#endif
