/* perplexity.c - how many classes a row was as good as left with: of language models. */
#include "weight.h"

/* Minus the logarithm of what row I says of its class. */
static double surprise(const fell_metric_call *c, int64_t i)
{
    const float *x = c->pred + i * c->cols;
    const float own = x[c->label[i]];
    float most = x[0];
    double sum = 0.0;

    if (c->pred_is == FELL_LOGPROB)
        return -(double)own;
    if (c->pred_is == FELL_PROB)
        return -(double)fell_log(own);
    for (int64_t k = 1; k < c->cols; k++)
        most = x[k] > most ? x[k] : most;
    for (int64_t k = 0; k < c->cols; k++)
        sum += (double)fell_exp(x[k] - most);
    return (double)fell_log((float)sum) - ((double)own - (double)most);
}

static fell_status eval(fell_metric_call *c)
{
    double sum = 0.0, all = 0.0, value;

    if (c->pred_is != FELL_LOGIT && c->pred_is != FELL_LOGPROB && c->pred_is != FELL_PROB)
        return fell_fail(c->ctx,
                         "is of probabilities, which the outputs under this loss are not; cross_entropy "
                         "makes them so");
    for (int64_t i = 0; i < c->rows; i++) {
        const double weight = metric_weight(c, i);

        sum += weight > 0.0 ? weight * surprise(c, i) : 0.0;
        all += weight;
    }
    value = all > 0.0 ? (double)fell_exp((float)(sum / all)) : (double)NAN;
    *c->value = isfinite(value) ? value : (double)NAN;
    return FELL_OK;
}

static const fell_metric perplexity = {
    .item = FELL_ITEM0(
        FELL_KIND_METRIC, fell_metric, "perplexity",
        "The exponential of the mean cross-entropy: as if each row chose among so many equal classes.\n\n"
        "exp(-mean of log p(class)), from 1 (every row sure and right) on; a net that knows nothing has as\n"
        "many as there are classes. Its logarithm to base 2 is bits a row, or a character. F. Jelinek et "
        "al.,\n"
        "\"Perplexity - a measure of the difficulty of speech recognition tasks\", 1977."),
    .target = FELL_CLASSES,
    .eval = eval,
    .values = FELL_ONE,
    .weighs = 1,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &perplexity.item);
