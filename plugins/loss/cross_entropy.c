/* cross_entropy.c - softmax and negative log-likelihood in one, for classes.
 *
 * Takes logits. Softmax and logarithm together are exact where each alone would
 * overflow or round to zero: log p_j = (x_j - max) - log(sum of exp(x_k - max)).
 */
#include "../rows.h"
#include "classes.h"

struct cross_entropy {
    double label_smoothing;
    fell_floats class_weights;
};

static const fell_param params[] = {
    FELL_FLOAT(struct cross_entropy, label_smoothing, 0, 0, 1, FELL_MAX_OPEN,
               "Share of each target that is spread evenly over all classes, in [0, 1)."),
    CLASS_WEIGHTS(struct cross_entropy),
};

enum { BLOCK = 64 }; /* rows at a time, so that their logarithms vectorise */

/* The sum over the classes of w_j (x_j - max), in double. */
FELL_INLINE double weighted_sum(const fell_floats *weights, const float *x, float max, int64_t cols)
{
    double s = 0.0;

    for (int64_t j = 0; j < cols; j++)
        s += (double)(class_weight(weights, j) * (x[j] - max));
    return s;
}

/* The labels of M rows are classes, or *NONE: of some row there is none. */
FELL_INLINE fell_status labels_fit(fell_ctx *ctx, const int32_t *label, int64_t m, int64_t cols, bool *none)
{
    int32_t least = 0, most = 0;

    for (int64_t i = 0; i < m; i++) {
        least = label[i] < least ? label[i] : least;
        most = label[i] > most ? label[i] : most;
    }
    *none = least < 0;
    for (int64_t i = 0; (least < NO_CLASS || most >= cols) && i < m; i++)
        if (class_fits(ctx, label[i], cols) != FELL_OK)
            return FELL_ERROR;
    return FELL_OK;
}

/* What is known of M rows of logits x[m,cols], at most BLOCK. */
struct block {
    const float *x;
    const int32_t *label;
    float *dx; /* [m,cols] in: exp(x - max); out: the gradient */
    int64_t m;
    float max[BLOCK], part[BLOCK], log_part[BLOCK];
};

struct sums {
    double all; /* of the class weights */
    double loss, weight;
};

/* The last pass over a block. NONE: some row has no class; as COLS a constant to the compiler. */
FELL_INLINE void finish(const struct block *b, const struct cross_entropy *s, int64_t cols, bool none,
                        struct sums *sums)
{
    const fell_floats *weights = &s->class_weights;
    const float keep = (float)(1.0 - s->label_smoothing);
    const float spread = (float)(s->label_smoothing / (double)cols);
    const double all = sums->all;
    double sum = sums->loss, total = sums->weight;

    for (int64_t i = 0; i < b->m; i++) {
        const int64_t y = none && b->label[i] == NO_CLASS ? 0 : b->label[i];
        const float w = class_weight(weights, y), hit = keep * w;
        const float scale = (hit + spread * (float)all) / b->part[i];
        const float *x = b->x + i * cols;
        float *row = b->dx + i * cols;

        if (none && b->label[i] == NO_CLASS) {
            memset(row, 0, (size_t)cols * sizeof *row);
            continue;
        }
        sum += (double)hit * ((double)b->log_part[i] - (double)(x[y] - b->max[i]));
        total += (double)w;
        FELL_EACH for (int64_t j = 0; j < cols; j++) row[j] *= scale;
        if (spread > 0.0f) {
            sum +=
                (double)spread * (all * (double)b->log_part[i] - weighted_sum(weights, x, b->max[i], cols));
            FELL_EACH for (int64_t j = 0; j < cols; j++) row[j] -= spread * class_weight(weights, j);
        }
        row[y] -= hit;
    }
    sums->loss = sum;
    sums->weight = total;
}

/* For a row with label y, weights w and W their sum, smoothing e, K classes:
 *     loss = -(1-e) w_y log p_y - e/K sum of w_j log p_j
 *     dx_j = ((1-e) w_y + e/K W) p_j - e/K w_j - (j = y) (1-e) w_y
 * and the row weighs w_y. */
FELL_INLINE fell_status eval_of(fell_loss_call *c, int64_t cols)
{
    const struct cross_entropy *s = c->settings;
    const fell_floats *weights = &s->class_weights;
    struct sums sums = {.all = (double)cols};
    struct block b;
    bool none;

    if (class_weights_fit(c->ctx, weights, cols) != FELL_OK)
        return FELL_ERROR;
    if (weights->n) {
        sums.all = 0.0;
        for (int64_t j = 0; j < cols; j++)
            sums.all += weights->v[j];
    }

    for (int64_t begin = 0; begin < c->rows; begin += BLOCK) {
        const int64_t m = c->rows - begin < BLOCK ? c->rows - begin : BLOCK, n = m * cols;
        const float *x = b.x = c->pred + begin * cols;
        float *dx = b.dx = c->dpred + begin * cols;

        b.m = m;
        b.label = c->label + begin;
        if (labels_fit(c->ctx, b.label, m, cols, &none) != FELL_OK)
            return FELL_ERROR;
        for (int64_t i = 0; i < m; i++) {
            const float top = rows_max(x + i * cols, cols);

            b.max[i] = top;
            FELL_EACH for (int64_t j = 0; j < cols; j++) dx[i * cols + j] = x[i * cols + j] - top;
        }
        FELL_EACH for (int64_t j = 0; j < n; j++) dx[j] = fell_exp(dx[j]);
        for (int64_t i = 0; i < m; i++)
            b.part[i] = rows_sum(dx + i * cols, cols);
        FELL_EACH for (int64_t i = 0; i < m; i++) b.log_part[i] = fell_log(b.part[i]);
        if (none)
            finish(&b, s, cols, true, &sums);
        else
            finish(&b, s, cols, false, &sums);
    }
    c->sum = sums.loss;
    c->weight = sums.weight;
    return FELL_OK;
}

/* Loops over a few classes take less time than entering them, unless their number is a constant. */
FELL_KERNEL(eval, fell_loss_call)
{
    switch (c->cols) {
    case 2:
        return eval_of(c, 2);
    case 3:
        return eval_of(c, 3);
    case 10:
        return eval_of(c, 10);
    default:
        return eval_of(c, c->cols);
    }
}

static const fell_loss cross_entropy = {
    .item =
        FELL_ITEM(FELL_KIND_LOSS, fell_loss, "cross_entropy",
                  "Negative log-probability of the right class, from raw outputs (logits).\n\n"
                  "loss = mean of -log softmax(x)[class], weighted by class_weights; gradient softmax(x)\n"
                  "minus 1 at the class. The last layer has one output for each class and no softmax.\n"
                  "Label smoothing is that of C. Szegedy et al., \"Rethinking the Inception architecture\",\n"
                  "2016, section 7, as in PyTorch. A target of -1 has no class and counts for nothing.",
                  struct cross_entropy, params),
    .target = FELL_CLASSES,
    .expects = FELL_LOGIT,
    .eval = eval,
    .flags = FELL_NO_CLASS,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &cross_entropy.item);
