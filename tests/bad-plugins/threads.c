/* fails: permutation, threads
 * Lets the order of the blocks decide who gets which number. */
#include "bad.h"

struct blocks {
    const fell_activation_call *c;
    float *next;
};

static fell_status block(void *arg, int64_t begin, int64_t end)
{
    struct blocks *b = arg;

    for (int64_t i = begin; i < end; i++)
        b->c->y[i] = 2.0f * b->c->x[i] + 1e-3f * *b->next;
    *b->next += 1.0f;
    return FELL_OK;
}

static fell_status forward(fell_activation_call *c)
{
    struct blocks b = {c, fell_scratch(c->ctx, 1, sizeof(float))};

    if (!b.next)
        return FELL_ERROR;
    *b.next = 0.0f;
    return fell_parallel(c->ctx, c->rows * c->cols, 4, block, &b);
}

BAD_ACTIVATION(forward, twice_back);
