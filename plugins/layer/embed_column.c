/* embed_column.c - one number of a row is the place of a word, and becomes a vector of its own.
 *
 * What the setting `columns: {city: {embed: 8}}` of a table puts before the model, one entry for each such
 * column: the others stay, and the vector is put behind them.
 */
#include "fell/plugin.h"

struct embed_column {
    int64_t column, num_embeddings, embedding_dim;
};

static const fell_param params[] = {
    FELL_INT(struct embed_column, column, 0, 0, 1 << 24, 0,
             "Which number of the row is the place of a word, from 0."),
    FELL_INT(struct embed_column, num_embeddings, 0, 1, 1 << 24, FELL_REQUIRED,
             "How many vectors there are; numbers go from 0 to this minus 1, and -1 is no word."),
    FELL_INT(struct embed_column, embedding_dim, 0, 1, 1 << 24, FELL_REQUIRED, "Numbers in a vector."),
};

static const fell_tensor tensors[] = {
    {"weight", "The vector of each word: [num_embeddings, embedding_dim].", "normal", FELL_WEIGHT},
};

static fell_status plan(fell_plan *p)
{
    const struct embed_column *s = p->settings;
    const int64_t cols = fell_size(&p->in[0]);

    if (p->in[0].rank != 1)
        return fell_fail(p->ctx, "rows must be vectors, not images or sequences");
    if (s->column >= cols)
        return fell_fail(p->ctx, "column: there is no number %lld; the input has 0 to %lld",
                         (long long)s->column, (long long)cols - 1);
    p->out = fell_vec(cols - 1 + s->embedding_dim);
    p->tensor[0] = fell_mat(s->num_embeddings, s->embedding_dim);
    p->indices = s->num_embeddings;
    p->index_column = s->column + 1;
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    const struct embed_column *s = c->settings;
    const int64_t cols = fell_size(&c->plan->in[0]), dim = s->embedding_dim, at = s->column;

    for (int64_t i = 0; i < c->batch; i++) {
        const float *x = c->x[0] + i * cols, v = x[at];
        float *y = c->y + i * (cols - 1 + dim);

        if (!(v >= -1.0f && v < (float)s->num_embeddings && v == (float)(int64_t)v))
            return fell_fail(c->ctx, "number %lld of a row is %g, not a whole number from -1 to %lld",
                             (long long)at, (double)v, (long long)s->num_embeddings - 1);
        memcpy(y, x, (size_t)at * sizeof *y);
        memcpy(y + at, x + at + 1, (size_t)(cols - 1 - at) * sizeof *y);
        if (v < 0.0f)
            memset(y + cols - 1, 0, (size_t)dim * sizeof *y);
        else
            memcpy(y + cols - 1, c->tensor[0] + (int64_t)v * dim, (size_t)dim * sizeof *y);
    }
    return FELL_OK;
}

/* Rows in order, so that the sum over a word that occurs often has one order. */
FELL_KERNEL(backward, fell_layer_call)
{
    const struct embed_column *s = c->settings;
    const int64_t cols = fell_size(&c->plan->in[0]), dim = s->embedding_dim, at = s->column;

    for (int64_t i = 0; i < c->batch; i++) {
        const float *dy = c->dy + i * (cols - 1 + dim), v = c->x[0][i * cols + at];
        float *dx = c->dx[0] ? c->dx[0] + i * cols : NULL;

        if (dx) {
            memcpy(dx, dy, (size_t)at * sizeof *dx);
            dx[at] = 0.0f;
            memcpy(dx + at + 1, dy + at, (size_t)(cols - 1 - at) * sizeof *dx);
        }
        if (c->grad[0] && v >= 0.0f) {
            const float *from = dy + cols - 1;
            float *g = c->grad[0] + (int64_t)v * dim;

            FELL_EACH for (int64_t j = 0; j < dim; j++) g[j] += from[j];
        }
    }
    return FELL_OK;
}

static const fell_layer embed_column = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "embed_column",
        "Turns one number of a row, the place of a word, into a vector that is learnt.\n\n"
        "What `columns: {city: {embed: 8}}` of a table stands for: entries of this kind before all\n"
        "others, called `embed_city`. The number goes, and the vector comes behind the others, as\n"
        "`torch.cat([x, nn.Embedding(n, 8)(city)], 1)`; -1, which is no word, has zeros. (C. Guo and\n"
        "F. Berkhahn, \"Entity embeddings of categorical variables\", 2016.)",
        struct embed_column, params),
    .tensors = tensors,
    .ntensors = 1,
    .plan = plan,
    .forward = forward,
    .backward = backward};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &embed_column.item);
