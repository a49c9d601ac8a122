/* similarity.c - how alike the entries' outputs are: each to itself before training, and to each other. */
#include "linear.h"

struct similarity {
    bool between;
    int64_t most_rows;
};

static const fell_param params[] = {
    FELL_BOOL(struct similarity, between, true,
              "Whether entries are compared with each other, true or false."),
    FELL_INT(struct similarity, most_rows, 256, 2, 1 << 12, 0,
             "It looks at the first so many of the probe's rows; memory grows with the square."),
};

enum { TO_FIRST, BETWEEN };

static const fell_number numbers[] = {
    [TO_FIRST] = {"to_first", "Linear CKA of the entry's outputs with those before the first step.",
                  FELL_PER_LAYER, 0},
    [BETWEEN] = {"between",
                 "Linear CKA with the outputs of another entry; position is its number in the model, from 0.",
                 FELL_PER_LAYER, 1},
};

static const fell_probe_state states[] = {
    {"first", "The products of all pairs of rows, centred, of each entry before the first step."}};

static int64_t rows_of(const fell_probe_plan *p)
{
    const struct similarity *s = p->settings;

    return p->rows < s->most_rows ? p->rows : s->most_rows;
}

static fell_status plan(fell_probe_plan *p)
{
    p->state[0] = p->nentries * rows_of(p) * rows_of(p);
    return FELL_OK;
}

/* g[n,n] = H X X' H, with H what takes the mean away: centred both ways (Kornblith 2019, section 3). */
static void centre(float *g, int64_t n)
{
    for (int turn = 0; turn < 2; turn++)
        for (int64_t i = 0; i < n; i++) {
            double mean = 0.0;

            for (int64_t j = 0; j < n; j++)
                mean += (double)g[turn ? j * n + i : i * n + j] / (double)n;
            for (int64_t j = 0; j < n; j++) {
                float *x = &g[turn ? j * n + i : i * n + j];

                *x = (float)((double)*x - mean);
            }
        }
}

/* The products of all entries in g[entries,n,n]. Each entry's columns lose their mean first, so that the
 * products are small where the outputs hardly differ. */
static fell_status products(fell_probe_call *c, float *g, int64_t n)
{
    const fell_probe_plan *p = c->plan;

    for (int64_t e = 0; e < p->nentries; e++) {
        const int64_t size = p->entry[e].size;
        float *x = fell_scratch(c->ctx, n * size, sizeof *x);

        if (!x)
            return FELL_ERROR;
        for (int64_t at = 0; at < n; at += c->most) {
            const int64_t m = n - at < c->most ? n - at : c->most;

            if (fell_probe_forward(c, at, m) != FELL_OK)
                return FELL_ERROR;
            memcpy(x + at * size, c->y[e], (size_t)(m * size) * sizeof *x);
        }
        for (int64_t j = 0; j < size; j++) {
            double mean = 0.0;

            for (int64_t i = 0; i < n; i++)
                mean += (double)x[i * size + j] / (double)n;
            for (int64_t i = 0; i < n; i++)
                x[i * size + j] = (float)((double)x[i * size + j] - mean);
        }
        fell_gemm(c->ctx, n, n, size, x, size, false, x, size, true, g + e * n * n, n, false);
        centre(g + e * n * n, n);
    }
    return FELL_OK;
}

static double cka(const float *a, const float *b, int64_t n)
{
    return linear_cosine(linear_dot32(a, b, n * n), linear_dot32(a, a, n * n), linear_dot32(b, b, n * n));
}

static fell_status look(fell_probe_call *c)
{
    const struct similarity *s = c->settings;
    const int64_t entries = c->plan->nentries, n = rows_of(c->plan);
    float *g = fell_scratch(c->ctx, entries * n * n, sizeof *g);

    if (!g || products(c, g, n) != FELL_OK)
        return FELL_ERROR;
    if (!c->look)
        memcpy(c->state[0], g, (size_t)(entries * n * n) * sizeof *g);
    for (int64_t e = 0; e < entries; e++)
        if (fell_record(c, TO_FIRST, e, 0, cka(g + e * n * n, c->state[0] + e * n * n, n)) != FELL_OK)
            return FELL_ERROR;
    for (int64_t e = 0; s->between && e < entries; e++)
        for (int64_t k = 0; k < entries; k++)
            if (fell_record(c, BETWEEN, e, k, cka(g + e * n * n, g + k * n * n, n)) != FELL_OK)
                return FELL_ERROR;
    return FELL_OK;
}

static const fell_probe similarity = {
    FELL_ITEM(
        FELL_KIND_PROBE, fell_probe, "similarity",
        "How alike entries are, by centred kernel alignment: to themselves before training, and to each "
        "other.\n\n"
        "S. Kornblith, M. Norouzi, H. Lee and G. Hinton, \"Similarity of Neural Network Representations\n"
        "Revisited\", 2019: 1 for the same up to turning and scaling. NULL where outputs are all alike.",
        struct similarity, params),
    FELL_PROBE_TABLES(numbers, states, 1), .plan = plan, .look = look};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &similarity.item);
