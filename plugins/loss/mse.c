/* mse.c - the mean of the squared errors. */
#include "../rows.h"
#include "fell/plugin.h"

/* Squares in blocks, so that both loops vectorise: over elements, then the sum. */
FELL_KERNEL(eval, fell_loss_call)
{
    enum { BLOCK = 256 };
    const int64_t n = c->rows * c->cols;
    float square[BLOCK];

    for (int64_t i = 0; i < n; i += BLOCK) {
        const int64_t m = n - i < BLOCK ? n - i : BLOCK;
        const float *pred = c->pred + i, *target = c->target + i;
        float *dpred = c->dpred + i;

        FELL_EACH for (int64_t j = 0; j < m; j++)
        {
            const float d = pred[j] - target[j];

            square[j] = d * d;
            dpred[j] = 2.0f * d;
        }
        c->sum += rows_total(square, m);
    }
    c->weight = (double)n;
    return FELL_OK;
}

static const fell_loss mse =
    FELL_LOSS("mse",
              "Mean squared error, over all outputs of all rows.\n\n"
              "loss = mean of (prediction - target)^2; gradient 2 (prediction - target) / count.",
              FELL_VALUES, FELL_REAL, eval);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &mse.item);
