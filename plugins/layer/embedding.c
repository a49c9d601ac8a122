/* embedding.c - a vector of its own for each whole number. */
#include "fell/plugin.h"

struct embedding {
    int64_t num_embeddings, embedding_dim, padding_index;
};

static const fell_param params[] = {
    FELL_INT(struct embedding, num_embeddings, 0, 1, 1 << 24, FELL_REQUIRED,
             "How many numbers there are, from 0 on, at least 1."),
    FELL_INT(struct embedding, embedding_dim, 0, 1, 1 << 24, FELL_REQUIRED,
             "Length of each number's vector, at least 1."),
    FELL_INT(struct embedding, padding_index, -1, -1, 1 << 24, 0,
             "The number that fills rows up: its vector is 0 and learns nothing; -1: none."),
};

static const fell_tensor tensors[] = {
    {"weight", "The vector of each number: [num_embeddings, embedding_dim].", "normal", FELL_WEIGHT},
};

static fell_status plan(fell_plan *p)
{
    const struct embedding *s = p->settings;

    if (s->padding_index >= s->num_embeddings)
        return fell_fail(p->ctx, "padding_index: %lld is none of the %lld numbers",
                         (long long)s->padding_index, (long long)s->num_embeddings);
    if (p->in[0].rank > 3)
        return fell_fail(p->ctx, "takes rows of up to three dimensions; its input has four");
    p->out = p->in[0];
    p->out.dim[p->out.rank++] = s->embedding_dim;
    p->tensor[0] = fell_mat(s->num_embeddings, s->embedding_dim);
    p->indices = s->num_embeddings;
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    const struct embedding *s = c->settings;
    const int64_t n = c->batch * fell_size(&c->plan->in[0]), dim = s->embedding_dim;

    for (int64_t i = 0; i < n; i++) {
        const int64_t at = (int64_t)c->x[0][i];

        if (at == s->padding_index)
            memset(c->y + i * dim, 0, (size_t)dim * sizeof(float));
        else
            memcpy(c->y + i * dim, c->tensor[0] + at * dim, (size_t)dim * sizeof(float));
    }
    return FELL_OK;
}

/* The gradients of a number that occurs several times are added in order. */
FELL_KERNEL(backward, fell_layer_call)
{
    const struct embedding *s = c->settings;
    const int64_t n = c->batch * fell_size(&c->plan->in[0]), dim = s->embedding_dim;

    for (int64_t i = 0; c->grad[0] && i < n; i++) {
        const float *dy = c->dy + i * dim;
        const int64_t at = (int64_t)c->x[0][i];
        float *to = c->grad[0] + at * dim;

        if (at == s->padding_index)
            continue;
        FELL_EACH for (int64_t j = 0; j < dim; j++) to[j] += dy[j];
    }
    return FELL_OK;
}

static const fell_layer embedding = {
    .item =
        FELL_ITEM(FELL_KIND_LAYER, fell_layer, "embedding",
                  "Replaces each whole number of a row by a vector that is learnt.\n\n"
                  "A row [T] of numbers from 0 to num_embeddings - 1 becomes [T, embedding_dim]. Vectors\n"
                  "begin as normal random numbers. It is the first entry of a model. Y. Bengio et al., \"A\n"
                  "neural probabilistic language model\", JMLR 3, 2003. As PyTorch's Embedding.",
                  struct embedding, params),
    .tensors = tensors,
    .ntensors = 1,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &embedding.item);
