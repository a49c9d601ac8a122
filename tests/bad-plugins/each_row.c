/* fails: each row
 * Adds up the squares of products where a row's gradient is the square of their sum. */
#include "bad.h"

static const fell_tensor tensors[] = {{"weight", "A factor: [1].", "ones", FELL_WEIGHT}};

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    p->tensor[0] = fell_vec(1);
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    for (int64_t i = 0; i < c->batch * fell_size(&c->plan->in[0]); i++)
        c->y[i] = c->tensor[0][0] * c->x[0][i];
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    for (int64_t i = 0; i < c->batch * fell_size(&c->plan->in[0]); i++) {
        if (c->dx[0])
            c->dx[0][i] = c->tensor[0][0] * c->dy[i];
        if (c->grad[0])
            c->grad[0][0] += c->dy[i] * c->x[0][i];
    }
    return FELL_OK;
}

static fell_status each_row(fell_layer_call *c, fell_each_row *r)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t row = 0; row < c->batch && c->grad[0]; row++) {
        double sum = 0.0, squares = 0.0;

        for (int64_t i = row * n; i < (row + 1) * n; i++) {
            const double g = (double)c->dy[i] * (double)c->x[0][i];

            sum += g;
            squares += g * g;
        }
        r->norm[row] = squares;
        if (r->dot)
            r->dot[row] = sum * (double)r->along[0][0];
        if (r->squares[0])
            r->squares[0][0] += sum * sum;
    }
    return FELL_OK;
}

static const fell_layer item = {
    .item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Scales all by one factor."),
    .tensors = tensors,
    .ntensors = 1,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .each_row = each_row};

FELL_PLUGIN("1.0", "", &item.item);
