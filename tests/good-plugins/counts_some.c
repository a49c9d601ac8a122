/* A loss that counts some rows alone: those of class 0 weigh nothing, so the weight is not the number of
 * rows. */
#include "fell/plugin.h"

static fell_status eval(fell_loss_call *c)
{
    double sum = 0.0, weight = 0.0;

    for (int64_t r = 0; r < c->rows; r++) {
        const float *x = c->pred + r * c->cols;
        float *d = c->dpred + r * c->cols;
        const float w = c->label[r] ? 1.0f : 0.0f;
        float most = x[0];
        double all = 0.0;

        for (int64_t j = 1; j < c->cols; j++)
            most = x[j] > most ? x[j] : most;
        for (int64_t j = 0; j < c->cols; j++)
            all += (double)fell_exp(x[j] - most);
        for (int64_t j = 0; j < c->cols; j++)
            d[j] = w * ((float)((double)fell_exp(x[j] - most) / all) - (j == c->label[r] ? 1.0f : 0.0f));
        sum += (double)w * ((double)most + (double)fell_log((float)all) - (double)x[c->label[r]]);
        weight += (double)w;
    }
    c->sum = sum;
    c->weight = weight;
    return FELL_OK;
}

static const fell_loss item =
    FELL_LOSS("good", "Cross-entropy of all classes but the first.", FELL_CLASSES, FELL_LOGIT, eval);

FELL_PLUGIN("1.0", "", &item.item);
