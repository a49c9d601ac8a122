/* attention.h - one head of attention on one row, block by block: see attention.c.
 *
 * For the queries of a block, scores q k' / sqrt(head) become weights by the softmax over the keys; the
 * output is the weights' mean of the values. Only a block's scores, [BLOCK, keys], are held at a time. What
 * backward needs of the softmax, its largest score and the inverse of its sum, is kept for each query; the
 * scores are made anew (T. Dao et al., "FlashAttention", NeurIPS 2022, section 3.1).
 */
#ifndef LAYER_ATTENTION_H
#define LAYER_ATTENTION_H

#include "../rows.h"

enum { BLOCK = 64 }; /* queries at a time */

/* Heads of rows: of one array [.., LD] each, the head's numbers side by side. */
struct heads {
    fell_ctx *ctx;
    int64_t batch, heads, queries, keys, head; /* head: numbers of one */
    int64_t width, ldq, ldk;                   /* floats from step to step */
    bool causal;
    float rate;             /* of weights left out; 0: none */
    const float *seed;      /* [B,2] which: uniform numbers of each row */
    const float *q, *k, *v; /* [B,queries,ldq] [B,keys,ldk] */
    float *y;               /* [B,queries,width] */
    float *kept;            /* [B,heads,queries,2] */
    const float *dy;        /* as y */
    float *dq, *dk, *dv;    /* as q, k and v; dk and dv begin as 0 */
};

/* The scores of the queries FROM .. FROM + n of one head of one row, for FELL_KERNEL. */
struct scores {
    fell_ctx *ctx;
    const struct heads *h;
    int64_t from, n, keys, number; /* keys: those that any of the queries sees; number: the head, of all */
    float *p, *dp;                 /* [n,keys]; dp: backward */
    float *kept;                   /* [n,2] */
};

FELL_INLINE uint32_t attention_mix(uint32_t x)
{
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}

/* The factor of a query's weight of key J, 0 or 1 / (1 - rate): a number of its own for each, from
 * attention_row(), so that backward, any thread and any part of a batch find the same. The mixing is C.
 * Wellons' lowbias32. */
FELL_INLINE float attention_keep(const struct heads *h, uint32_t row, uint32_t j)
{
    const uint32_t u = attention_mix(row ^ j * 0x9e3779b9u);

    return (float)(u >> 8) * 0x1p-24f < h->rate ? 0.0f : 1.0f / (1.0f - h->rate);
}

FELL_INLINE int64_t attention_seen(const struct scores *s, int64_t i)
{
    const int64_t n = s->from + i + 1;

    return s->h->causal && n < s->keys ? n : s->keys;
}

/* As many as SEEN, to whole vectors where there are as many keys: what is worked out beyond is set to 0. */
FELL_INLINE int64_t attention_whole(const struct scores *s, int64_t seen)
{
    const int64_t n = (seen + ROWS_LANES - 1) / ROWS_LANES * ROWS_LANES;

    return n < s->keys ? n : s->keys;
}

FELL_INLINE uint32_t attention_row(const struct scores *s, int64_t i)
{
    const struct heads *h = s->h;
    const float *seed = h->seed + s->number / h->heads * 2;
    const uint32_t at = (uint32_t)(s->number % h->heads * h->queries + s->from + i);

    return attention_mix(attention_mix(at) + (uint32_t)(seed[0] * 0x1p24f)) ^ (uint32_t)(seed[1] * 0x1p24f)
                                                                                  << 8;
}

/* p from scores to weights, and what is kept of each query. */
FELL_KERNEL(scores_to_weights, struct scores)
{
    const float scale = 1.0f / sqrtf((float)c->h->head);

    for (int64_t i = 0; i < c->n; i++) {
        const int64_t seen = attention_seen(c, i), whole = attention_whole(c, seen);
        float *p = c->p + i * c->keys;
        const float most = rows_max(p, seen);
        float inverse;

        FELL_EACH for (int64_t j = 0; j < whole; j++) p[j] = fell_exp((p[j] - most) * scale);
        inverse = 1.0f / rows_sum(p, seen);
        FELL_EACH for (int64_t j = 0; j < whole; j++) p[j] *= inverse;
        if (c->h->rate > 0.0f) {
            const uint32_t row = attention_row(c, i);

            FELL_EACH for (int64_t j = 0; j < whole; j++) p[j] *= attention_keep(c->h, row, (uint32_t)j);
        }
        for (int64_t j = seen; j < c->keys; j++)
            p[j] = 0.0f;
        if (c->kept) {
            c->kept[2 * i] = most;
            c->kept[2 * i + 1] = inverse;
        }
    }
    return FELL_OK;
}

/* p from scores to weights once more, and dp from the gradient of the weights, which are left out as in
 * forward, to that of the scores: with P the softmax, ds = P (dP - sum of P dP) / sqrt(head). */
FELL_KERNEL(scores_back, struct scores)
{
    const float scale = 1.0f / sqrtf((float)c->h->head);

    for (int64_t i = 0; i < c->n; i++) {
        const int64_t seen = attention_seen(c, i), whole = attention_whole(c, seen);
        const float most = c->kept[2 * i], inverse = c->kept[2 * i + 1];
        const uint32_t row = attention_row(c, i);
        float *p = c->p + i * c->keys, *dp = c->dp + i * c->keys, mean;

        FELL_EACH for (int64_t j = 0; j < whole; j++) p[j] = fell_exp((p[j] - most) * scale) * inverse;
        if (c->h->rate > 0.0f)
            FELL_EACH for (int64_t j = 0; j < whole; j++) dp[j] *= attention_keep(c->h, row, (uint32_t)j);
        mean = rows_dot(p, dp, seen);
        FELL_EACH for (int64_t j = 0; j < whole; j++) dp[j] = p[j] * (dp[j] - mean) * scale;
        if (c->h->rate > 0.0f)
            FELL_EACH for (int64_t j = 0; j < whole; j++) p[j] *= attention_keep(c->h, row, (uint32_t)j);
        for (int64_t j = seen; j < c->keys; j++)
            p[j] = dp[j] = 0.0f;
    }
    return FELL_OK;
}

/* Where the head NUMBER's numbers are. */
FELL_INLINE int64_t heads_at(const struct heads *h, int64_t number, int64_t steps, int64_t ld)
{
    return number / h->heads * steps * ld + number % h->heads * h->head;
}

static inline struct scores scores_of(const struct heads *h, int64_t number, int64_t from, float *p,
                                      float *dp)
{
    const int64_t n = h->queries - from < BLOCK ? h->queries - from : BLOCK;

    return (struct scores){.ctx = h->ctx,
                           .h = h,
                           .from = from,
                           .n = n,
                           .keys = h->causal && from + n < h->keys ? from + n : h->keys,
                           .number = number,
                           .p = p,
                           .dp = dp,
                           .kept = h->kept ? h->kept + (number * h->queries + from) * 2 : NULL};
}

static inline void scores_make(const struct heads *h, struct scores *s)
{
    fell_gemm(h->ctx, s->n, s->keys, h->head,
              h->q + heads_at(h, s->number, h->queries, h->ldq) + s->from * h->ldq, h->ldq, false,
              h->k + heads_at(h, s->number, h->keys, h->ldk), h->ldk, true, s->p, s->keys, false);
}

static inline fell_status heads_forward(void *arg, int64_t begin, int64_t end)
{
    const struct heads *h = arg;
    float *p = fell_scratch(h->ctx, (h->queries < BLOCK ? h->queries : BLOCK) * h->keys, sizeof *p);

    if (!p)
        return FELL_ERROR;
    for (int64_t number = begin; number < end; number++)
        for (int64_t from = 0; from < h->queries; from += BLOCK) {
            struct scores s = scores_of(h, number, from, p, NULL);

            scores_make(h, &s);
            if (scores_to_weights(&s) != FELL_OK)
                return FELL_ERROR;
            fell_gemm(h->ctx, s.n, h->head, s.keys, p, s.keys, false,
                      h->v + heads_at(h, number, h->keys, h->ldk), h->ldk, false,
                      h->y + heads_at(h, number, h->queries, h->width) + from * h->width, h->width, false);
        }
    return FELL_OK;
}

/* dv += P' dy, dP = dy v', dq = dS k, dk += dS' q */
static inline fell_status block_back(const struct heads *h, struct scores *s)
{
    const int64_t at_q = heads_at(h, s->number, h->queries, h->ldq) + s->from * h->ldq;
    const int64_t at_k = heads_at(h, s->number, h->keys, h->ldk);
    const float *dy = h->dy + heads_at(h, s->number, h->queries, h->width) + s->from * h->width;

    scores_make(h, s);
    fell_gemm(h->ctx, s->n, s->keys, h->head, dy, h->width, false, h->v + at_k, h->ldk, true, s->dp, s->keys,
              false);
    if (scores_back(s) != FELL_OK)
        return FELL_ERROR;
    fell_gemm(h->ctx, s->keys, h->head, s->n, s->p, s->keys, true, dy, h->width, false, h->dv + at_k, h->ldk,
              true);
    fell_gemm(h->ctx, s->n, h->head, s->keys, s->dp, s->keys, false, h->k + at_k, h->ldk, false, h->dq + at_q,
              h->ldq, false);
    fell_gemm(h->ctx, s->keys, h->head, s->n, s->dp, s->keys, true, h->q + at_q, h->ldq, false, h->dk + at_k,
              h->ldk, true);
    return FELL_OK;
}

static inline fell_status heads_backward(void *arg, int64_t begin, int64_t end)
{
    const struct heads *h = arg;
    const int64_t n = (h->queries < BLOCK ? h->queries : BLOCK) * h->keys;
    float *p = fell_scratch(h->ctx, 2 * n, sizeof *p);

    if (!p)
        return FELL_ERROR;
    for (int64_t number = begin; number < end; number++)
        for (int64_t from = 0; from < h->queries; from += BLOCK) {
            struct scores s = scores_of(h, number, from, p, p + n);

            if (block_back(h, &s) != FELL_OK)
                return FELL_ERROR;
        }
    return FELL_OK;
}

/* RUN over all heads of all rows, in blocks of about 256K multiplications. */
static inline fell_status heads_run(struct heads *h, fell_range_fn *run)
{
    const int64_t work = h->queries * h->keys * h->head;

    return fell_parallel(h->ctx, h->batch * h->heads, work < 1 << 18 ? (1 << 18) / work : 1, run, h);
}

#endif
