/* lesson_net.c - the sample once forward and once back: outputs, blame, gradients and their norms, copied
 * out of the engine.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/net_at.h"
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

static void copy_tensor(struct lesson *l, const struct net *n, size_t i)
{
    const struct net_tensor *t = &n->tensor[i];
    struct lesson_tensor *to = &l->tensor[i];

    *to = (struct lesson_tensor){.name = t->name,
                                 .entry = t->entry,
                                 .role = t->role,
                                 .shape = t->shape,
                                 .n = t->n,
                                 .trained = t->position >= 0 && !t->frozen,
                                 .w = doubles(l->arena, n->weights + t->offset, t->n)};
    to->weight_norm = norm_of(to->w, to->n);
    if (!to->trained)
        return;
    to->g = doubles(l->arena, n->grads + t->offset, t->n);
    to->norm = sqrt(n->squares[t->position]);
    l->parameters += t->n;
}

/* The first line of a plugin's doc. */
static const char *first_line(struct lesson *l, const char *doc)
{
    return arena_string(l->arena, doc, strcspn(doc, "\n"));
}

static void copy_entry(struct lesson *l, const struct net *n, size_t i)
{
    const struct entry *e = &n->entry[i];
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
                                .out = e->plan.out,
                                .size = e->size,
                                .first = (int)e->first,
                                .ntensors = (int)e->ntensors};
    memcpy(from, e->from, (size_t)e->nin * sizeof *from);
    to->y = doubles(l->arena, e->y, e->size);
    to->blame_norm = NAN;
}

static void copy_blame(struct lesson *l, struct net *n, size_t i)
{
    struct lesson_entry *to = &l->entry[i];

    if (!n->entry[i].backward)
        return;
    to->dy = doubles(l->arena, n->entry[i].dy, to->size);
    to->blame_norm = norm_of(to->dy, to->size);
}

/* ---- the prediction --------------------------------------------------------------------- */

/* From logits by softmax, else as the net gives them. */
const double *lesson_probabilities(const struct lab *lab, const double *output)
{
    const struct lesson *l = lab->l;
    const uint32_t expects = lab->net->loss_item->expects;
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

/* The blame of entry i is complete when all entries behind it have run backward, and may be
 * overwritten when it runs itself (an activation's dx lies where its dy was). So for each entry
 * the pass is repeated, up to it. */
static status take_blame(struct lab *p, struct error *err)
{
    struct net *n = p->net;
    bool *wanted = mem_array(n->nentries, sizeof *wanted);
    double squares;
    status st = OK;

    for (size_t i = 0; i < n->nentries; i++)
        wanted[i] = n->entry[i].backward;
    for (size_t i = n->nentries; i-- > n->first_backward && st == OK;) {
        double sum, weight;

        if (!wanted[i])
            continue;
        for (size_t k = 0; k <= i; k++)
            n->entry[k].backward = false;
        st = net_loss(n, &sum, &weight, err);
        if (st == OK)
            st = net_backward(n, weight, &squares, err);
        n->entry[i].backward = true;
        if (st == OK)
            copy_blame(p->l, n, i);
        for (size_t k = 0; k < n->nentries; k++)
            n->entry[k].backward = wanted[k];
    }
    free(wanted);
    return st;
}

status lesson_run(struct lab *p, struct error *err)
{
    struct lesson *l = p->l;
    struct net *n = p->net;
    const struct entry *last = &n->entry[n->nentries - 1];
    double squares;

    l->nentries = (int)n->nentries;
    l->ntensors = (int)n->ntensors;
    l->entry = arena_alloc(l->arena, n->nentries * sizeof *l->entry);
    l->tensor = arena_alloc(l->arena, n->ntensors * sizeof *l->tensor);
    l->loss_item = l->spec->loss.item;
    net_feed(n, MODE_TRAIN, &p->one);
    if (net_forward(n, MODE_TRAIN, l->step + 1, err) != OK ||
        net_loss(n, &l->loss_sum, &l->loss_weight, err) != OK)
        return FAILED;
    l->loss = l->loss_sum / l->loss_weight;
    l->rows = last->rows;
    l->cols = last->cols;
    for (size_t i = 0; i < n->nentries; i++)
        copy_entry(l, n, i);
    l->output = l->entry[n->nentries - 1].y;
    if (!isfinite(l->loss))
        return error_set(err,
                         "the loss of row %lld is not finite at this moment of the training: nothing can "
                         "be explained from it",
                         (long long)l->row);
    find_answer(l);
    l->probability = lesson_probabilities(p, l->output);
    if (take_blame(p, err) != OK || net_loss(n, &l->loss_sum, &l->loss_weight, err) != OK ||
        net_backward(n, l->loss_weight, &squares, err) != OK)
        return FAILED;
    l->gradient_norm = sqrt(squares);
    l->parameters = 0;
    for (size_t i = 0; i < n->ntensors; i++)
        copy_tensor(l, n, i);
    return OK;
}

/* ---- training mode ---------------------------------------------------------------------------- */

/* Whether the entry, as the sample's copies left it, gives something else in training. */
static bool gives_another(struct net *n, struct entry *e)
{
    const size_t bytes = (size_t)(LAB_ROWS * e->size) * sizeof(float);
    fell_layer_call c = e->call[MODE_TRAIN].layer;
    bool another;

    c.training = 1;
    c.y = mem_try_aligned(bytes, 1);
    if (!c.y)
        return false;
    net_at(&e->in, "forward");
    another = e->layer->forward(&c) != FELL_OK || memcmp(c.y, e->y, bytes) != 0;
    e->in.error.text[0] = 0;
    instance_reset(&e->in);
    free(c.y);
    (void)n;
    return another;
}

void lesson_compare_modes(struct lab *p)
{
    struct net *n = p->net;
    float *weights = mem_array((size_t)n->floats, sizeof *weights);
    struct error err;

    memcpy(weights, n->weights, (size_t)n->floats * sizeof *weights); /* running averages move */
    net_feed(n, MODE_TRAIN, &p->many);
    if (net_forward(n, MODE_TRAIN, p->l->step + 1, &err) == OK)
        for (size_t i = 0; i < n->nentries; i++)
            p->l->entry[i].differs = n->entry[i].layer && gives_another(n, &n->entry[i]);
    memcpy(n->weights, weights, (size_t)n->floats * sizeof *weights);
    free(weights);
}
