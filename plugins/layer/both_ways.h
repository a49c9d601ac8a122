/* both_ways.h - forward and backward of a layer whose one function goes either way: run(c, false) fills the
 * output, run(c, true) adds to the gradient of the input, which is 0 before.
 */
#ifndef LAYER_BOTH_WAYS_H
#define LAYER_BOTH_WAYS_H

#include <string.h>

#include "fell/plugin.h"

#define LAYER_BOTH_WAYS(RUN)                                                                                 \
    static fell_status forward(fell_layer_call *c)                                                           \
    {                                                                                                        \
        return RUN(c, false);                                                                                \
    }                                                                                                        \
                                                                                                             \
    static fell_status backward(fell_layer_call *c)                                                          \
    {                                                                                                        \
        if (!c->dx[0])                                                                                       \
            return FELL_OK;                                                                                  \
        memset(c->dx[0], 0, (size_t)(c->batch * fell_size(&c->plan->in[0])) * sizeof(float));                \
        return RUN(c, true);                                                                                 \
    }

#endif
