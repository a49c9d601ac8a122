/* cases_nets.c - cases of activations, losses, layers and transforms: see cases.h. */
#include <math.h>
#include <stdio.h>

#include "check/cases_parts.h"
#include "engine/targets.h"

/* ---- activations --------------------------------------------------------------------------------- */

status case_activation(struct run *r)
{
    const fell_activation *a = r->s.item->activation;
    struct numbers x, y, dy, dx;
    fell_activation_call call;
    float *out;

    if (case_read_numbers(r, r->json, "x", &x) != OK || case_read_numbers(r, r->json, "y", &y) != OK ||
        case_read_numbers(r, r->json, "dy", &dy) != OK || case_read_numbers(r, r->json, "dx", &dx) != OK)
        return FAILED;
    if (!x.rank)
        return error_set(r->err, "'x' is no list of numbers");
    if (case_expect_size(r, "y", y.n, x.n) || case_expect_size(r, "dy", dy.n, x.n) ||
        case_expect_size(r, "dx", dx.n, x.n))
        return FAILED;
    out = subject_floats(&r->s, x.n, NAN);
    call = (fell_activation_call){.ctx = &r->s.in.ctx,
                                  .settings = r->s.settings,
                                  .rows = x.n / x.dim[x.rank - 1],
                                  .cols = x.dim[x.rank - 1],
                                  .x = x.f,
                                  .y = subject_floats(&r->s, x.n, NAN),
                                  .dy = dy.f,
                                  .dx = out};
    if (subject_call(&r->s, a->forward(&call), r->err) != OK)
        return FAILED;
    case_compare(r, "y", call.y, NULL, y.d, y.n);
    if (subject_call(&r->s, a->backward(&call), r->err) != OK)
        return FAILED;
    case_compare(r, "dx", out, NULL, dx.d, dx.n);
    call.dx = dy.f; /* in place, as is allowed */
    if (subject_call(&r->s, a->backward(&call), r->err) != OK)
        return FAILED;
    case_compare(r, "dx, in place", dy.f, NULL, dx.d, dx.n);
    return OK;
}

/* ---- losses ---------------------------------------------------------------------------------------- */

status case_loss(struct run *r)
{
    const fell_loss *loss = r->s.item->loss;
    struct numbers pred, target, gradient, wanted;
    const bool classes = loss->target == FELL_CLASSES;
    fell_loss_call call;
    int32_t *label = NULL;
    double mean;
    int64_t cols;

    if (case_read_matrix(r, "prediction", &pred) != OK ||
        case_read_numbers(r, r->json, "target", &target) != OK ||
        case_read_numbers(r, r->json, "gradient", &gradient) != OK ||
        case_read_numbers(r, r->json, "loss", &wanted) != OK)
        return FAILED;
    if (subject_targets(&r->s, pred.dim[1], &cols, r->err) != OK)
        return FAILED;
    if (case_expect_size(r, "target", target.n, pred.dim[0] * (classes ? 1 : cols)) ||
        case_expect_size(r, "gradient", gradient.n, pred.n) || case_expect_size(r, "loss", wanted.n, 1))
        return FAILED;
    if (classes &&
        case_labels(r, &target, loss->flags & FELL_NO_CLASS ? -1.0 : 0.0, pred.dim[1], &label) != OK)
        return FAILED;
    call = (fell_loss_call){.ctx = &r->s.in.ctx,
                            .settings = r->s.settings,
                            .rows = pred.dim[0],
                            .cols = pred.dim[1],
                            .pred = pred.f,
                            .target = classes ? NULL : target.f,
                            .label = classes ? label : NULL,
                            .weight = (double)pred.dim[0],
                            .dpred = subject_floats(&r->s, pred.n, NAN),
                            .target_cols = cols};
    if (subject_call(&r->s, loss->eval(&call), r->err) != OK)
        return FAILED;
    mean = call.sum / call.weight;
    case_compare(r, "loss", NULL, &mean, wanted.d, 1);
    for (int64_t i = 0; i < pred.n; i++)
        call.dpred[i] = (float)((double)call.dpred[i] / call.weight);
    case_compare(r, "gradient", call.dpred, NULL, gradient.d, pred.n);
    return OK;
}

/* ---- layers ----------------------------------------------------------------------------------------- */

enum { MOST_INPUTS = 4 };

/* Inputs and their gradients are x and dx, x1 and dx1, and so on. */
static const char *const x_keys[MOST_INPUTS] = {"x", "x1", "x2", "x3"};
static const char *const dx_keys[MOST_INPUTS] = {"dx", "dx1", "dx2", "dx3"};

struct layer {
    fell_shape in[MOST_INPUTS], shape[SUBJECT_TENSORS];
    fell_plan plan;
    float *tensor[SUBJECT_TENSORS], *grad[SUBJECT_TENSORS], *dx[MOST_INPUTS];
    const float *inputs[MOST_INPUTS];
    struct numbers x[MOST_INPUTS], y, dy, wanted[MOST_INPUTS];
};

/* Are they whole numbers from 0 to N - 1, or is number COLUMN - 1 of each row of COLS one, or -1? */
static status check_indices(struct run *r, const struct numbers *x, int64_t n, int64_t column, int64_t cols)
{
    for (int64_t i = 0; i < x->n; i++)
        if ((!column || (i % cols == column - 1 && x->d[i] != -1.0)) &&
            !(x->d[i] >= 0.0 && x->d[i] < (double)n && x->d[i] == floor(x->d[i])))
            return error_set(r->err, "x[%lld] is %g, which is no whole number from 0 to %lld", (long long)i,
                             x->d[i], (long long)n - 1);
    return OK;
}

/* The inputs of the case, as many as there are. */
static status read_inputs(struct run *r, struct layer *l)
{
    const fell_layer *layer = r->s.item->layer;
    const int64_t least = layer->max_inputs ? layer->min_inputs : 1,
                  most = layer->max_inputs ? layer->max_inputs : 1;
    int64_t n = 0;

    for (; n < MOST_INPUTS && (n == 0 || case_member(r, x_keys[n])); n++) {
        struct numbers *x = &l->x[n];

        if (case_read_numbers(r, r->json, x_keys[n], x) != OK)
            return FAILED;
        if (x->rank < 2)
            return error_set(r->err, "'%s' is no list of rows", x_keys[n]);
        if (x->dim[0] != l->x[0].dim[0])
            return error_set(r->err, "'%s' has %lld rows, and 'x' %lld", x_keys[n], (long long)x->dim[0],
                             (long long)l->x[0].dim[0]);
        l->in[n].rank = x->rank - 1;
        for (int64_t d = 0; d < l->in[n].rank; d++)
            l->in[n].dim[d] = x->dim[d + 1];
        l->inputs[n] = x->f;
    }
    if (n < least || n > most)
        return error_set(r->err, "it takes %lld inputs%s; the case has %lld",
                         (long long)(n < least ? least : most), n < least && most > least ? " or more" : "",
                         (long long)n);
    l->plan.nin = n;
    return OK;
}

/* Every name of a tensor in the case is one of the layer's. */
static status check_tensors(struct run *r)
{
    static const char *const maps[] = {"parameters_before", "gradients", "state_after"};
    const fell_layer *layer = r->s.item->layer;
    const char *known[SUBJECT_TENSORS];

    for (uint64_t i = 0; i < layer->ntensors; i++)
        known[i] = layer->tensors[i].name;
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        if (case_check_names(r, maps[i], "tensor", case_member(r, maps[i]), known, layer->ntensors) != OK)
            return FAILED;
    return OK;
}

static status plan_layer(struct run *r, struct layer *l)
{
    const fell_layer *layer = r->s.item->layer;

    if (read_inputs(r, l) != OK || case_read_numbers(r, r->json, "y", &l->y) != OK)
        return FAILED;
    if (subject_fits(&r->s, r->err) != OK)
        return FAILED;
    if (check_tensors(r) != OK)
        return FAILED;
    l->plan = (fell_plan){.ctx = &r->s.in.ctx,
                          .settings = r->s.settings,
                          .nin = l->plan.nin,
                          .max_batch = l->x[0].dim[0],
                          .in = l->in,
                          .tensor = l->shape};
    if (subject_call(&r->s, layer->plan(&l->plan), r->err) != OK)
        return FAILED;
    if (case_expect_size(r, "y", l->y.n, fell_size(&l->plan.out) * l->x[0].dim[0]))
        return FAILED;
    return l->plan.indices
               ? check_indices(r, &l->x[0], l->plan.indices, l->plan.index_column, fell_size(&l->in[0]))
               : OK;
}

/* What comes from behind, and what must come out in front; whole numbers have no gradient. */
static status read_gradients(struct run *r, struct layer *l)
{
    if (case_read_numbers(r, r->json, "dy", &l->dy) != OK || case_expect_size(r, "dy", l->dy.n, l->y.n))
        return FAILED;
    for (int64_t i = 0; i < l->plan.nin && (!l->plan.indices || l->plan.index_column); i++) {
        if (case_read_numbers(r, r->json, dx_keys[i], &l->wanted[i]) != OK ||
            case_expect_size(r, dx_keys[i], l->wanted[i].n, l->x[i].n))
            return FAILED;
        l->dx[i] = subject_floats(&r->s, l->x[i].n, NAN);
    }
    return OK;
}

/* Gradients begin at 0.5, so that a plugin which sets them instead of adding is found out. */
static status fill_tensors(struct run *r, struct layer *l)
{
    const fell_layer *layer = r->s.item->layer;

    for (uint64_t i = 0; i < layer->ntensors; i++) {
        const int64_t n = fell_size(&l->shape[i]);
        struct numbers before;

        if (n == 0)
            continue;
        if (case_read_numbers(r, case_member(r, "parameters_before"), layer->tensors[i].name, &before) !=
                OK ||
            case_expect_size(r, layer->tensors[i].name, before.n, n) != OK)
            return FAILED;
        l->tensor[i] = before.f;
        if (layer->tensors[i].role != FELL_STATE)
            l->grad[i] = subject_floats(&r->s, n, 0.5f);
    }
    return OK;
}

static status compare_tensors(struct run *r, const struct layer *l)
{
    for (uint64_t i = 0; i < r->s.item->layer->ntensors; i++) {
        const char *name = r->s.item->layer->tensors[i].name;
        const int64_t n = fell_size(&l->shape[i]);
        struct numbers wanted;
        char where[64];

        if (l->grad[i]) {
            if (case_read_numbers(r, case_member(r, "gradients"), name, &wanted) != OK ||
                case_expect_size(r, name, wanted.n, n))
                return FAILED;
            for (int64_t j = 0; j < n; j++)
                l->grad[i][j] -= 0.5f;
            snprintf(where, sizeof where, "gradients.%s", name);
            case_compare(r, where, l->grad[i], NULL, wanted.d, n);
        } else if (n && cJSON_HasObjectItem(case_member(r, "state_after"), name)) {
            if (case_read_numbers(r, case_member(r, "state_after"), name, &wanted) != OK ||
                case_expect_size(r, name, wanted.n, n))
                return FAILED;
            snprintf(where, sizeof where, "state_after.%s", name);
            case_compare(r, where, l->tensor[i], NULL, wanted.d, n);
        }
    }
    return OK;
}

static fell_layer_call call_of(struct run *r, struct layer *l)
{
    return (fell_layer_call){.ctx = &r->s.in.ctx,
                             .settings = r->s.settings,
                             .plan = &l->plan,
                             .batch = l->x[0].dim[0],
                             .x = l->inputs,
                             .y = subject_floats(&r->s, l->y.n, NAN),
                             .tensor = l->tensor};
}

status case_layer(struct run *r)
{
    const fell_layer *layer = r->s.item->layer;
    struct layer l = {0};
    fell_layer_call call;

    if (plan_layer(r, &l) != OK || (layer->backward && read_gradients(r, &l) != OK) ||
        fill_tensors(r, &l) != OK)
        return FAILED;
    call = call_of(r, &l);
    call.training = !cJSON_IsFalse(case_member(r, "training"));
    call.dy = l.dy.f;
    call.dx = l.dx;
    call.grad = l.grad;
    call.saved = subject_bytes(&r->s, l.plan.saved_bytes);
    if (subject_call(&r->s, layer->forward(&call), r->err) != OK)
        return FAILED;
    case_compare(r, "y", call.y, NULL, l.y.d, l.y.n);
    if (!layer->backward)
        return OK;
    if (subject_call(&r->s, layer->backward(&call), r->err) != OK)
        return FAILED;
    for (int64_t i = 0; i < l.plan.nin; i++)
        if (l.dx[i])
            case_compare(r, dx_keys[i], l.dx[i], NULL, l.wanted[i].d, l.wanted[i].n);
    return compare_tensors(r, &l);
}

/* ---- transforms ------------------------------------------------------------------------------------ */

/* Fitted on the rows of 'fit', or where there are none on those of 'x'. */
static status fit_transform(struct run *r, struct layer *l)
{
    fell_layer_call call = call_of(r, l);
    struct numbers rows = l->x[0];
    fell_plan plan = l->plan;
    const float *inputs[1];

    if (case_member(r, "fit") && (case_read_matrix(r, "fit", &rows) != OK ||
                                  case_expect_size(r, "fit", rows.n, rows.dim[0] * fell_size(&l->in[0]))))
        return FAILED;
    inputs[0] = rows.f;
    plan.max_batch = call.batch = rows.dim[0];
    call.plan = &plan;
    call.x = inputs;
    call.y = NULL;
    return subject_call(&r->s, r->s.item->layer->fit(&call), r->err);
}

status case_transform(struct run *r)
{
    const fell_layer *layer = r->s.item->layer;
    struct layer l = {0};
    fell_layer_call call;

    if (plan_layer(r, &l) != OK)
        return FAILED;
    for (uint64_t i = 0; i < layer->ntensors; i++)
        if (fell_size(&l.shape[i]))
            l.tensor[i] = subject_floats(&r->s, fell_size(&l.shape[i]), 0.0f);
    if (layer->fit && fit_transform(r, &l) != OK)
        return FAILED;
    call = call_of(r, &l);
    if (subject_call(&r->s, layer->forward(&call), r->err) != OK)
        return FAILED;
    case_compare(r, "y", call.y, NULL, l.y.d, l.y.n);
    return compare_tensors(r, &l);
}
