/* sparse.c - normal weights, most of them zero. */
#include "fell/plugin.h"
#include "variance.h"

struct sparse {
    double sparsity, std;
};

static const fell_param params[] = {
    FELL_FLOAT(struct sparse, sparsity, 0, 0, 1, FELL_REQUIRED,
               "Share of the weights from each input that are 0, rounded up, in [0, 1]."),
    FELL_FLOAT(struct sparse, std, 0.01, 0, INFINITY, FELL_MAX_OPEN,
               "Standard deviation of the others, 0 or more."),
};

/* w: [rows,cols]. In each column the first ZEROS of a random order of rows are cleared: the
 * beginning of a Fisher and Yates shuffle. */
static fell_status fill(fell_init_call *c)
{
    const struct sparse *s = c->settings;
    const int64_t rows = c->shape->dim[0], cols = c->shape->dim[1];
    const int64_t zeros = (int64_t)ceil(s->sparsity * (double)rows);
    int64_t *order;
    float *draw;

    if (c->shape->rank != 2)
        return fell_fail(c->ctx, "fills matrices alone, not tensors of rank %lld", (long long)c->shape->rank);
    if (variance_fill_normal(c, s->std) != FELL_OK)
        return FELL_ERROR;
    order = fell_scratch(c->ctx, rows, sizeof *order);
    draw = fell_scratch(c->ctx, zeros + 1, sizeof *draw);
    if (!order || !draw)
        return FELL_ERROR;
    for (int64_t i = 0; i < rows; i++)
        order[i] = i;
    for (int64_t j = 0; j < cols; j++) {
        fell_uniform(c->ctx, draw, zeros);
        for (int64_t i = 0; i < zeros; i++) {
            const int64_t at = i + (int64_t)((double)draw[i] * (double)(rows - i)), row = order[at];

            order[at] = order[i];
            order[i] = row;
            c->w[row * cols + j] = 0.0f;
        }
    }
    return FELL_OK;
}

static const fell_initialiser sparse = {
    FELL_ITEM(FELL_KIND_INITIALISER, fell_initialiser, "sparse",
              "Normal weights with a share of zeros in every column.\n\n"
              "w normal with mean 0 and deviation std; of the weights from each input, ceil(sparsity out),\n"
              "drawn anew, are 0. Called sparse in PyTorch. Matrices only. J. Martens, \"Deep learning via\n"
              "Hessian-free optimization\", ICML 2010, section 5.",
              struct sparse, params),
    fill};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &sparse.item);
