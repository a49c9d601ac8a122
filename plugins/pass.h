/* pass.h - rows that go through as they are, and so does their gradient. Included by plugins only. */
#ifndef PLUGINS_PASS_H
#define PLUGINS_PASS_H

#include "fell/plugin.h"

static inline fell_status pass_forward(fell_layer_call *c)
{
    memcpy(c->y, c->x[0], (size_t)(c->batch * fell_size(&c->plan->out)) * sizeof *c->y);
    return FELL_OK;
}

static inline fell_status pass_backward(fell_layer_call *c)
{
    if (c->dx[0])
        memcpy(c->dx[0], c->dy, (size_t)(c->batch * fell_size(&c->plan->out)) * sizeof *c->dy);
    return FELL_OK;
}

#endif
