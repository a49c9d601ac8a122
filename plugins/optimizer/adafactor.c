/* adafactor.c - adam's second moments of a matrix kept as those of its rows and columns. */
#include "../rows.h"
#include "fell/plugin.h"
#include "optimizer.h"

struct adafactor {
    double lr, beta2_decay, epsilon1, epsilon2, d, weight_decay;
    bool maximize;
};

static const fell_param params[] = {
    FELL_FLOAT(struct adafactor, lr, 1e-2, 0, INFINITY, FELL_MAX_OPEN,
               "Largest step relative to the weights, 0 or more; 1/sqrt(t) where that is smaller."),
    FELL_FLOAT(struct adafactor, beta2_decay, -0.8, -INFINITY, 0, FELL_MIN_OPEN,
               "The running means take in t^beta2_decay of each step, 0 or less."),
    FELL_FLOAT(struct adafactor, epsilon1, 1.1920929e-7, 0, INFINITY, FELL_MAX_OPEN,
               "The least root of a mean of squares, 0 or more."),
    FELL_FLOAT(struct adafactor, epsilon2, 1e-3, 0, INFINITY, FELL_MAX_OPEN,
               "The least size of the weights that steps are relative to, 0 or more."),
    FELL_FLOAT(struct adafactor, d, 1, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Root mean square of a step beyond which it is cut, above 0."),
    OPTIMIZER_DECAY(struct adafactor, 0),
    OPTIMIZER_MAXIMIZE(struct adafactor),
};

static const fell_slot slots[] = {
    {"row", "Running mean of the squares of each row.", NULL, FELL_SLOT_ROWS, NULL},
    {"column", "Running mean of the squares of each column; of a vector, of each weight.", NULL,
     FELL_SLOT_COLUMNS, NULL},
};

/* [planes,rows,cols]: the last two dimensions are factored; rows 0: a vector. */
struct layout {
    int64_t planes, rows, cols;
};

static struct layout layout_of(const fell_optimizer_call *c)
{
    const fell_shape *s = c->shape;
    struct layout l = {1, 0, c->n};

    if (s && s->rank > 1) {
        l.rows = s->dim[s->rank - 2];
        l.cols = s->dim[s->rank - 1];
        l.planes = c->n / (l.rows * l.cols);
    }
    return l;
}

/* Of one plane: the running means, and in `out` the squares of the gradient as these say, but for the floor.
 */
static fell_status factor(fell_optimizer_call *c, const struct layout *l, int64_t plane, float take,
                          float *out)
{
    const struct adafactor *s = c->settings;
    const float *g = c->g + plane * l->rows * l->cols;
    float *row = c->slot[0] + plane * l->rows, *col = c->slot[1] + plane * l->cols;
    double *sum = fell_scratch(c->ctx, l->cols, sizeof *sum), mean = 0.0;

    if (!sum)
        return FELL_ERROR;
    for (int64_t j = 0; j < l->cols; j++)
        sum[j] = 0.0;
    for (int64_t i = 0; i < l->rows; i++) {
        const float *from = g + i * l->cols;
        const float square = (float)(rows_dot_total(from, from, l->cols) / (double)l->cols);

        for (int64_t j = 0; j < l->cols; j++)
            sum[j] += (double)from[j] * (double)from[j];
        row[i] += take * (square - row[i]);
        mean += (double)row[i];
    }
    for (int64_t j = 0; j < l->cols; j++)
        col[j] += take * ((float)(sum[j] / (double)l->rows) - col[j]);
    mean /= (double)l->rows;
    mean = mean > s->epsilon1 ? mean : s->epsilon1;
    for (int64_t i = 0; i < l->rows; i++) {
        const float share = mean > 0.0 ? (float)((double)row[i] / mean) : 0.0f;
        float *to = out + (plane * l->rows + i) * l->cols;

        for (int64_t j = 0; j < l->cols; j++)
            to[j] = share * col[j];
    }
    return FELL_OK;
}

static fell_status squares(fell_optimizer_call *c, float take, float *out)
{
    const struct layout l = layout_of(c);

    for (int64_t p = 0; l.rows && p < l.planes; p++)
        if (factor(c, &l, p, take, out) != FELL_OK)
            return FELL_ERROR;
    for (int64_t i = 0; !l.rows && i < c->n; i++)
        out[i] = c->slot[1][i] += take * (c->g[i] * c->g[i] - c->slot[1][i]);
    return FELL_OK;
}

static fell_status step(fell_optimizer_call *c)
{
    const struct adafactor *s = c->settings;
    const double t = (double)c->t, most = 1.0 / sqrt(t), count = sqrt((double)c->n);
    const float take = (float)power_real(t, s->beta2_decay);
    const float keep = (float)(1.0 - c->lr * s->weight_decay), sign = optimizer_sign(s->maximize);
    const float least = (float)(s->epsilon1 * s->epsilon1);
    float *u = fell_scratch(c->ctx, c->n, sizeof *u), rate;
    double size, cut;

    if (c->n == 0)
        return FELL_OK;
    if (!u || squares(c, take, u) != FELL_OK)
        return FELL_ERROR;
    size = sqrt(rows_dot_total(c->w, c->w, c->n)) / count;
    for (int64_t i = 0; i < c->n; i++) {
        const float square = u[i] > least ? u[i] : least;

        u[i] = c->g[i] == 0.0f ? 0.0f : sign * c->g[i] / sqrtf(square);
    }
    cut = sqrt(rows_dot_total(u, u, c->n)) / (count * s->d);
    rate = (float)((size > s->epsilon2 ? size : s->epsilon2) * (c->lr < most ? c->lr : most) /
                   (cut > 1.0 ? cut : 1.0));
    for (int64_t i = 0; i < c->n; i++)
        c->w[i] = keep * c->w[i] - rate * u[i];
    return FELL_OK;
}

static const fell_optimizer adafactor = {
    .item = FELL_ITEM(
        FELL_KIND_OPTIMIZER, fell_optimizer, "adafactor",
        "Adafactor: adam's steps with memory for rows and columns only, relative to the weights.\n\n"
        "Of a matrix R = lerp(R, row means of g^2, t^beta2_decay), C likewise of columns, V = R C / mean R; "
        "of\n"
        "a vector V itself. u = g / sqrt(V), w -= lr weight_decay w, w -= a u / max(1, rms(u) / d), a =\n"
        "max(epsilon2, rms(w)) min(lr, 1/sqrt(t)). N. Shazeer and M. Stern, \"Adafactor: adaptive learning\n"
        "rates with sublinear memory cost\", ICML 2018. As PyTorch's Adafactor.",
        struct adafactor, params),
    .slots = slots,
    .nslots = 2,
    .step = step,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &adafactor.item);
