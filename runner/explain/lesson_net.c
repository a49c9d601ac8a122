/* lesson_net.c - the sample once forward and once back: outputs, blame, gradients and their norms, copied
 * out of the engine.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "explain/lab.h"

static double *doubles(struct arena *a, const float *v, int64_t n)
{
    double *out = arena_alloc(a, (size_t)n * sizeof *out);

    for (int64_t i = 0; i < n; i++)
        out[i] = (double)v[i];
    return out;
}

static double norm_of(const double *v, int64_t n)
{
    double sum = 0.0;

    for (int64_t i = 0; i < n; i++)
        sum += v[i] * v[i];
    return sqrt(sum);
}

static void copy_tensor(const struct lab *p, size_t i)
{
    struct lesson *l = p->l;
    const struct net_tensor *t = &p->tensor[i];
    struct lesson_tensor *to = &l->tensor[i];

    *to = (struct lesson_tensor){.name = t->name,
                                 .entry = t->entry,
                                 .role = t->role,
                                 .shape = t->shape,
                                 .n = t->n,
                                 .trained = t->position >= 0 && !t->frozen,
                                 .w = doubles(l->arena, p->weights + t->offset, t->n)};
    to->weight_norm = norm_of(to->w, to->n);
    if (!to->trained)
        return;
    to->g = doubles(l->arena, p->grads + t->offset, t->n);
    to->norm = sqrt(net_squares(p->net)[t->position]);
    l->parameters += t->n;
}

/* The first line of a plugin's doc. */
static const char *first_line(struct lesson *l, const char *doc)
{
    return arena_string(l->arena, doc, strcspn(doc, "\n"));
}

static void copy_entry(const struct lab *p, size_t i)
{
    struct lesson *l = p->l;
    const struct net_entry *e = &p->entry[i];
    const struct item *item = e->spec->plugin.item;
    struct lesson_entry *to = &l->entry[i];
    int *from = arena_alloc(l->arena, (size_t)e->nin * sizeof *from);

    *to = (struct lesson_entry){.name = e->name,
                                .plugin = item->name,
                                .doc = first_line(l, item->doc),
                                .bundled = item->file->bundled,
                                .activation = e->activation != NULL,
                                .elementwise = e->activation && !(e->activation->flags & FELL_ROWWISE),
                                .settings = e->spec->plugin.settings,
                                .item = item,
                                .nin = e->nin,
                                .from = from,
                                .out = e->out,
                                .size = e->size,
                                .first = (int)e->first,
                                .ntensors = (int)e->ntensors};
    memcpy(from, e->from, (size_t)e->nin * sizeof *from);
    to->y = doubles(l->arena, e->y, e->size);
    to->blame_norm = NAN;
}

/* The blame of an entry is complete before it runs backward, and may be overwritten by that (an activation's
 * dx lies where its dy was). */
static status copy_blame(void *arg, size_t i, struct error *err)
{
    const struct lab *p = arg;
    struct lesson_entry *to = &p->l->entry[i];

    (void)err;
    to->dy = doubles(p->l->arena, p->entry[i].dy, to->size);
    to->blame_norm = norm_of(to->dy, to->size);
    return OK;
}

/* ---- the prediction --------------------------------------------------------------------- */

/* From logits by softmax, else as the net gives them. */
const double *lesson_probabilities(const struct lab *lab, const double *output)
{
    const struct lesson *l = lab->l;
    const uint32_t expects = l->loss_item->loss->expects;
    double *p;

    if (!l->label || (expects != FELL_LOGIT && expects != FELL_PROB && expects != FELL_LOGPROB))
        return NULL;
    p = arena_alloc(l->arena, (size_t)(l->rows * l->cols) * sizeof *p);
    for (int64_t i = 0; i < l->rows; i++) {
        const double *x = output + i * l->cols;
        double sum = 0.0, most = x[0];

        for (int64_t j = 0; j < l->cols; j++)
            most = x[j] > most ? x[j] : most;
        for (int64_t j = 0; j < l->cols; j++) {
            p[i * l->cols + j] = expects == FELL_PROB      ? x[j]
                                 : expects == FELL_LOGPROB ? exp(x[j])
                                                           : exp(x[j] - most);
            sum += p[i * l->cols + j];
        }
        for (int64_t j = 0; expects == FELL_LOGIT && j < l->cols; j++)
            p[i * l->cols + j] /= sum;
    }
    return p;
}

static void find_answer(struct lesson *l)
{
    l->answer = l->label ? 0 : -1;
    for (int64_t j = 1; l->label && j < l->cols; j++)
        if (l->output[j] > l->output[l->answer])
            l->answer = j;
}

/* ---- forward and back ----------------------------------------------------------------------- */

status lesson_run(struct lab *p, struct error *err)
{
    struct lesson *l = p->l;
    struct net *n = p->net;
    const struct net_entry *last = &p->entry[p->nentries - 1];
    double squares;

    l->nentries = (int)p->nentries;
    l->ntensors = (int)p->ntensors;
    l->entry = arena_alloc(l->arena, p->nentries * sizeof *l->entry);
    l->tensor = arena_alloc(l->arena, p->ntensors * sizeof *l->tensor);
    l->loss_item = l->spec->loss.item;
    net_feed(n, MODE_LOOK, &p->one);
    if (net_forward(n, MODE_LOOK, l->step + 1, err) != OK ||
        net_loss(n, &l->loss_sum, &l->loss_weight, err) != OK)
        return FAILED;
    l->loss = l->loss_sum / l->loss_weight;
    l->rows = last->rows;
    l->cols = last->cols;
    for (size_t i = 0; i < p->nentries; i++)
        copy_entry(p, i);
    l->output = l->entry[p->nentries - 1].y;
    if (!isfinite(l->loss))
        return error_set(err,
                         "the loss of row %lld is not finite at this moment of the training: nothing can "
                         "be explained from it",
                         (long long)l->row);
    find_answer(l);
    l->probability = lesson_probabilities(p, l->output);
    if (net_backward(n, l->loss_weight, copy_blame, p, &squares, err) != OK)
        return FAILED;
    l->gradient_norm = sqrt(squares);
    l->parameters = 0;
    for (size_t i = 0; i < p->ntensors; i++)
        copy_tensor(p, i);
    return OK;
}

/* ---- training mode ---------------------------------------------------------------------------- */

/* Whether entry I, as the sample's copies left it, gives something else in training. */
static bool gives_another(struct lab *p, size_t i)
{
    const struct net_entry *e = &p->entry[i];
    const size_t bytes = (size_t)(LAB_ROWS * e->size) * sizeof(float);
    float *y = mem_try_aligned(bytes, 1);
    struct error err;
    bool another;

    if (!y)
        return false;
    another = net_entry_forward(p->net, MODE_TRAIN, i, y, &err) != OK || memcmp(y, e->y, bytes) != 0;
    free(y);
    return another;
}

void lesson_compare_modes(struct lab *p)
{
    float *weights = mem_array((size_t)p->floats, sizeof *weights);
    struct error err;

    memcpy(weights, p->weights, (size_t)p->floats * sizeof *weights); /* running averages move */
    net_feed(p->net, MODE_LOOK, &p->many);
    if (net_forward(p->net, MODE_LOOK, p->l->step + 1, &err) == OK)
        for (size_t i = 0; i < p->nentries; i++)
            p->l->entry[i].differs = p->entry[i].layer && gives_another(p, i);
    memcpy(p->weights, weights, (size_t)p->floats * sizeof *weights);
    free(weights);
}
