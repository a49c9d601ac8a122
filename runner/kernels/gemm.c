/* gemm.c - the matrix product: how the work is cut into register tiles.
 *
 * Does not compute anything itself: tiles and transposes are a level's (gemm.h).
 * Called through struct kernels. Nothing is allocated; packed operands stand on
 * the stack.
 *
 * One operand is broadcast, element by element, with any strides (P: rows by k);
 * of the other (Q: k by columns) whole vectors are read along the columns. Either
 * of A and B can be either: C = A B, or turned, C^T = B^T A^T, which is chosen by
 * cost. Q must have its columns side by side; where it has k side by side instead,
 * it is transposed into a panel first. A panel is up to three vectors of columns
 * and a block of k.
 */
#include "kernels/gemm.h"

#include <stddef.h>
#include <string.h>

#include "fell/kernel.h" /* FELL_INLINE */

enum {
    K_BLOCK = 256, /* a panel of 48 columns is then 48 KiB */
    PANEL_FLOATS = K_BLOCK * 48,
    P_FLOATS = 1 << 17,  /* rows that pass by every panel while they stay in the L2 cache */
    TEMP_FLOATS = 8192,  /* rows by panel, finished before they go to c */
    SMALL_FLOATS = 1024, /* what the short way has for panel and rows */
    SHORT_RUN = 5,
    STEEP = 2048, /* bytes; of 64 sets of 64 */
    LINE = 16,    /* floats of a cache line */
    AHEAD = 12,   /* rows of Q that are fetched before they are copied */
    FEW = 24      /* elements along k that stay in two sets */
};

struct operand {
    const float *x;
    int64_t outer, k;               /* floats from row (or column) to the next, and along k */
    const int64_t *outer_at, *k_at; /* P alone: NULL, or where they are instead */
};

struct product {
    const struct gemm_level *level;
    int64_t rows, cols, k;
    struct operand p, q;
    float *c;
    int64_t c_row; /* floats from row to row of c as the caller sees it */
    bool turned;   /* c is cols by rows */
    bool add;
};

FELL_INLINE int64_t vectors(const struct gemm_level *level, int64_t floats)
{
    return (floats + (1 << level->log2_lanes) - 1) >> level->log2_lanes;
}

/* ---- one panel ------------------------------------------------------------------- */

struct panel {
    const float *q;
    int64_t q_k;
    int vecs, last; /* vectors, and columns of the last */
};

/* Rows R and on of an operand, from element I of each. */
FELL_INLINE struct operand operand_from(const struct operand *p, int64_t r, int64_t i)
{
    if (p->outer_at)
        return (struct operand){p->x, 0, 0, p->outer_at + r, p->k_at + i};
    return (struct operand){p->x + r * p->outer + i * p->k, p->outer, p->k, NULL, NULL};
}

/* How many rows from R on, at most MOST, lie side by side. */
FELL_INLINE int64_t run_length(const int64_t *at, int64_t r, int64_t most)
{
    int64_t n = 1;

    while (n < most && at[r + n] == at[r] + n)
        n++;
    return n;
}

/* As rows_by_panel, for rows that tables place. Rows that lie side by side need one
 * address for all; fewer than SHORT_RUN of them would leave the multipliers waiting. */
static void rows_gathered(const struct gemm_level *level, int64_t rows, int64_t k, const struct operand *p,
                          const struct panel *panel, float *c, int64_t c_row, enum tile_mode mode)
{
    const int64_t most = level->max_rows[panel->vecs];

    for (int64_t r = 0, n; r < rows; r += n) {
        const int64_t left = rows - r, run = run_length(p->outer_at, r, left);

        if (run >= SHORT_RUN || run == left) {
            const int64_t tiles = (run + most - 1) / most;

            n = (run + tiles - 1) / tiles;
            level->run[panel->vecs][n - 1](k, p->x + p->outer_at[r], NULL, p->k_at, panel->q, panel->q_k,
                                           c + r * c_row, c_row, panel->last, mode);
        } else {
            n = left < most ? left : most;
            level->gather[panel->vecs][n - 1](k, p->x, p->outer_at + r, p->k_at, panel->q, panel->q_k,
                                              c + r * c_row, c_row, panel->last, mode);
        }
    }
}

/* All rows from P (k elements of each) by one panel into c. */
FELL_INLINE void rows_by_panel(const struct gemm_level *level, int64_t rows, int64_t k,
                               const struct operand *p, const struct panel *panel, float *c, int64_t c_row,
                               enum tile_mode mode)
{
    const int64_t most = level->max_rows[panel->vecs];
    tile_fn *const *tile = level->tile[panel->vecs];
    const float *x = p->x;

    if (p->outer_at) {
        rows_gathered(level, rows, k, p, panel, c, c_row, mode);
        return;
    }
    if (rows <= most) { /* a division costs as much as a small tile */
        tile[rows - 1](k, x, p->outer, p->k, panel->q, panel->q_k, c, c_row, panel->last, mode);
        return;
    }
    for (int64_t tiles = (rows + most - 1) / most; tiles > 0; tiles--) {
        int64_t r = (rows + tiles - 1) / tiles;

        tile[r - 1](k, x, p->outer, p->k, panel->q, panel->q_k, c, c_row, panel->last, mode);
        x += r * p->outer;
        c += r * c_row;
        rows -= r;
    }
}

/* Columns [j, j + width) of q and elements [i, i + k): where they are, or copied. */
FELL_INLINE void panel_take(const struct product *w, int64_t j, int64_t width, int64_t i, int64_t k,
                            bool pack, float *room, struct panel *out)
{
    const int log2 = w->level->log2_lanes;
    const float *x = w->q.x + j * w->q.outer + i * w->q.k;

    out->vecs = (int)vectors(w->level, width);
    out->last = (int)(width - ((int64_t)(out->vecs - 1) << log2));
    out->q = room;
    out->q_k = (int64_t)out->vecs << log2;
    if (w->q.outer != 1) {
        w->level->transpose(width, k, x, w->q.outer, room, out->q_k, false);
    } else if (pack) {
        for (int64_t r = 0; r < k; r++) {
            for (int64_t s = 0; s < width && r + AHEAD < k; s += LINE)
                __builtin_prefetch(x + (r + AHEAD) * w->q.k + s);
            memcpy(room + r * out->q_k, x + r * w->q.k, (size_t)width * sizeof *x);
        }
    } else {
        out->q = x;
        out->q_k = w->q.k;
    }
}

/* ---- one product -------------------------------------------------------------------- */

/* One panel and little room: what nets of a few neurons run millions of times, so
 * there are few steps around the tile. */
FELL_INLINE void product_small(const struct product *w, int64_t panel_width)
{
    float room[SMALL_FLOATS], temp[SMALL_FLOATS];
    float *c = w->turned ? temp : w->c;
    int64_t c_row = w->turned ? panel_width : w->c_row;
    struct panel panel;

    panel_take(w, 0, w->cols, 0, w->k, false, room, &panel);
    rows_by_panel(w->level, w->rows, w->k, &w->p, &panel, c, c_row,
                  w->add && !w->turned ? TILE_ADD : TILE_STORE);
    if (w->turned)
        w->level->transpose(w->rows, w->cols, temp, panel_width, w->c, w->c_row, w->add);
}

/* Rows go through a temporary where c is turned, or where sums of several blocks
 * of k must be complete before they are added to c. */
__attribute__((noinline)) static void product_large(const struct product *w, int64_t panel_width)
{
    _Alignas(64) float room[PANEL_FLOATS];
    _Alignas(64) float temp[TEMP_FLOATS];
    const bool direct = !w->turned && !(w->add && w->k > K_BLOCK);
    const bool pack = w->rows > 2 * w->level->max_rows[w->level->max_vecs] && w->k >= 16;
    const int64_t chunk = P_FLOATS / w->k > 64 ? P_FLOATS / w->k : 64, most = TEMP_FLOATS / panel_width;
    const int64_t tall = w->level->max_rows[panel_width >> w->level->log2_lanes];
    const int64_t step = (direct || chunk < most ? chunk : most) / tall * tall;

    for (int64_t r = 0; r < w->rows; r += step) {
        int64_t rows = w->rows - r < step ? w->rows - r : step;

        for (int64_t j = 0; j < w->cols; j += panel_width) {
            int64_t width = w->cols - j < panel_width ? w->cols - j : panel_width;
            float *c = direct ? w->c + r * w->c_row + j : temp;
            int64_t c_row = direct ? w->c_row : panel_width;

            for (int64_t i = 0; i < w->k; i += K_BLOCK) {
                int64_t k = w->k - i < K_BLOCK ? w->k - i : K_BLOCK;
                struct operand p = operand_from(&w->p, r, i);
                struct panel panel;

                panel_take(w, j, width, i, k, pack, room, &panel);
                rows_by_panel(w->level, rows, k, &p, &panel, c, c_row,
                              i > 0              ? TILE_RESUME
                              : direct && w->add ? TILE_ADD
                                                 : TILE_STORE);
            }
            if (w->turned) {
                w->level->transpose(rows, width, temp, panel_width, w->c + j * w->c_row + r, w->c_row,
                                    w->add);
            } else if (!direct) {
                for (int64_t s = 0; s < rows; s++)
                    for (int64_t t = 0; t < width; t++)
                        w->c[(r + s) * w->c_row + j + t] += temp[s * panel_width + t];
            }
        }
    }
}

/* Of panels of about the same width, at most the widest. */
FELL_INLINE int64_t panel_width(const struct gemm_level *level, int64_t cols)
{
    const int64_t vecs = vectors(level, cols), panels = (vecs + level->max_vecs - 1) / level->max_vecs;

    return (vecs + panels - 1) / panels << level->log2_lanes;
}

/* In a tile's steps for one vector: what computing, transposing Q and turning C
 * take, where P has ROWS rows, P_K floats from element to element along k, and Q has COLS columns. Elements
 * that are a multiple of STEEP bytes apart share two sets of the L1 cache, and push each other out of it
 * before the next rows read what lies beside them: measured, a quarter of the time. */
FELL_INLINE int64_t cost(const struct gemm_level *level, int64_t rows, int64_t cols, int64_t k,
                         bool transpose, bool turn, int64_t p_k)
{
    const int64_t steps = vectors(level, cols) * (rows > 2 ? rows : 2) * k;
    const bool steep = k > FEW && p_k * (int64_t)sizeof(float) % STEEP == 0;

    return steps + (steep ? steps >> 2 : 0) + (transpose ? cols * k >> 2 : 0) + (turn ? rows * cols >> 1 : 0);
}

FELL_INLINE void product_run(const struct gemm_level *level, int64_t m, int64_t n, int64_t k, const float *a,
                             int64_t lda, bool ta, const float *b, int64_t ldb, bool tb, float *c,
                             int64_t ldc, bool add)
{
    const bool turned =
        cost(level, n, m, k, !ta, true, tb ? 1 : ldb) < cost(level, m, n, k, tb, false, ta ? lda : 1);
    const struct operand left = {a, ta ? 1 : lda, ta ? lda : 1, NULL, NULL};
    const struct operand right = {b, tb ? ldb : 1, tb ? 1 : ldb, NULL, NULL};
    const struct product w = {level,
                              turned ? n : m,
                              turned ? m : n,
                              k,
                              turned ? right : left,
                              turned ? left : right,
                              c,
                              ldc,
                              turned,
                              add};
    const int64_t vecs = vectors(level, w.cols), width = vecs << level->log2_lanes;

    if (vecs <= level->max_vecs && k * width <= SMALL_FLOATS && (!turned || w.rows * width <= SMALL_FLOATS))
        product_small(&w, width);
    else
        product_large(&w, panel_width(level, w.cols));
}

/* B is always broadcast, whose elements may be anywhere; c comes out turned. */
void gemm_gather(const struct gemm_level *level, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
                 bool ta, const float *b, const int64_t *k_at, const int64_t *n_at, float *c, int64_t ldc,
                 bool add)
{
    const struct operand left = {a, ta ? 1 : lda, ta ? lda : 1, NULL, NULL};
    const struct operand right = {b, 0, 0, n_at, k_at};
    const struct product w = {level, n, m, k, right, left, c, ldc, true, add};

    if (m > 0 && n > 0 && k > 0)
        product_large(&w, panel_width(level, m));
}

/* ---- over the pool ---------------------------------------------------------------- */

struct split {
    const struct gemm_level *level;
    int64_t m, n, k, m_block, n_block, n_blocks;
    const float *a, *b;
    int64_t lda, ldb, ldc;
    bool ta, tb, add;
    float *c;
};

static void split_block(void *arg, int64_t block)
{
    const struct split *s = arg;
    const int64_t i = block / s->n_blocks * s->m_block, j = block % s->n_blocks * s->n_block;
    const int64_t m = s->m - i < s->m_block ? s->m - i : s->m_block;
    const int64_t n = s->n - j < s->n_block ? s->n - j : s->n_block;

    product_run(s->level, m, n, s->k, s->a + (s->ta ? i : i * s->lda), s->lda, s->ta,
                s->b + (s->tb ? j * s->ldb : j), s->ldb, s->tb, s->c + i * s->ldc + j, s->ldc, s->add);
}

/* Blocks of at least 2 MFLOP: halve the longer side until they are small enough. */
static bool split_plan(struct split *s)
{
    const int64_t enough = 1 << 20; /* multiplications */
    int64_t m = s->m, n = s->n;

    while ((m / 2) * n >= enough / s->k && m * (n / 2) >= enough / s->k && (m > 96 || n > 96)) {
        if (m > n)
            m = (m / 2 + 47) / 48 * 48;
        else
            n = (n / 2 + 47) / 48 * 48;
    }
    s->m_block = m;
    s->n_block = n;
    s->n_blocks = (s->n + n - 1) / n;
    return m < s->m || n < s->n;
}

void gemm_run(const struct gemm_level *level, struct pool *pool, int64_t m, int64_t n, int64_t k,
              const float *a, int64_t lda, bool ta, const float *b, int64_t ldb, bool tb, float *c,
              int64_t ldc, bool add)
{
    if (m <= 0 || n <= 0)
        return;
    if (k <= 0) {
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++)
                c[i * ldc + j] = add ? c[i * ldc + j] + 0.0f : 0.0f;
        return;
    }
    if (pool != NULL && pool_threads(pool) > 1) {
        struct split s = {level, m, n, k, 0, 0, 0, a, b, lda, ldb, ldc, ta, tb, add, c};

        if (split_plan(&s)) {
            pool_run(pool, split_block, &s, (m + s.m_block - 1) / s.m_block * s.n_blocks);
            return;
        }
    }
    product_run(level, m, n, k, a, lda, ta, b, ldb, tb, c, ldc, add);
}
