/* updates.c - what the weights did since the last look: how far, in which direction, and where on the loss's
 * parabola along it they landed. */
#include "linear.h"

struct updates {
    int64_t gradient_rows;
};

static const fell_param params[] = {
    FELL_INT(struct updates, gradient_rows, 256, 0, 1 << 30, 0,
             "Rows, the first of the probe's, that losses and gradients are of; 0: all."),
};

enum {
    UPDATE_NORM,
    UPDATE_RATIO,
    UPDATE_COSINE,
    GRADIENT_COSINE,
    ALL_NORM,
    ALL_RATIO,
    ALL_COSINE,
    ALL_GRADIENT,
    ALPHA
};

static const fell_number numbers[] = {
    [UPDATE_NORM] = {"update_norm", "L2 norm of the weights less those of the last look.", FELL_PER_TENSOR,
                     0},
    [UPDATE_RATIO] = {"update_ratio", "That norm divided by the weights' norm at the last look.",
                      FELL_PER_TENSOR, 0},
    [UPDATE_COSINE] = {"update_cosine", "Cosine of the angle to the update before.", FELL_PER_TENSOR, 0},
    [GRADIENT_COSINE] = {"gradient_cosine",
                         "Cosine of the angle to the gradient at the last look, downhill: -1 times it.",
                         FELL_PER_TENSOR, 0},
    [ALL_NORM] = {"all_update_norm", "The same over all tensors.", FELL_PER_NET, 0},
    [ALL_RATIO] = {"all_update_ratio", "The same over all tensors.", FELL_PER_NET, 0},
    [ALL_COSINE] = {"all_update_cosine", "The same over all tensors.", FELL_PER_NET, 0},
    [ALL_GRADIENT] = {"all_gradient_cosine", "The same over all tensors.", FELL_PER_NET, 0},
    [ALPHA] = {"alpha",
               "Where the update landed on the parabola through losses and slopes at both its ends: -1 at "
               "its start, 0 "
               "at the lowest point, above 0 past it (Schneider 2021, section 3).",
               FELL_PER_NET, 0},
};

enum { WEIGHTS, UPDATE, GRADIENT, LOSS, STATES };

static const fell_probe_state states[] = {
    [WEIGHTS] = {"weights", "The weights at the last look."},
    [UPDATE] = {"update", "The update that led there."},
    [GRADIENT] = {"gradient", "The gradient there."},
    [LOSS] = {"loss", "The loss there, as the sum of two floats."},
};

static fell_status plan(fell_probe_plan *p)
{
    p->state[WEIGHTS] = p->state[UPDATE] = p->state[GRADIENT] = p->weights;
    p->state[LOSS] = 2;
    return FELL_OK;
}

/* Products of a tensor's update, weights before, update before, gradient before and gradient now. */
struct products {
    double update, weights, last, both, gradient, along, ahead;
};

/* The elements AT .. AT + N - 1, whose states become those of now once they are looked at. */
struct moved {
    fell_ctx *ctx;
    const float *w, *g; /* now */
    float *weights, *update, *gradient;
    int64_t n;
    bool first; /* there is no update yet */
    struct products of;
};

enum { PIECE = 1024 }; /* elements that stay in the nearest cache while all products are made of them */

FELL_KERNEL(look_at, struct moved)
{
    float u[PIECE];

    for (int64_t at = 0; at < c->n; at += PIECE) {
        const int64_t n = c->n - at < PIECE ? c->n - at : PIECE;
        const float *w = c->w + at, *g = c->g + at;
        float *weights = c->weights + at, *update = c->update + at, *gradient = c->gradient + at;

        for (int64_t i = 0; i < n; i++)
            u[i] = c->first ? 0.0f : w[i] - weights[i];
        c->of.update += linear_dot32(u, u, n);
        c->of.weights += linear_dot32(weights, weights, n);
        c->of.last += linear_dot32(update, update, n);
        c->of.both += linear_dot32(u, update, n);
        c->of.gradient += linear_dot32(gradient, gradient, n);
        c->of.along += linear_dot32(u, gradient, n);
        c->of.ahead += linear_dot32(u, g, n);
        memcpy(weights, w, (size_t)n * sizeof *w);
        memcpy(update, u, (size_t)n * sizeof *u);
        memcpy(gradient, g, (size_t)n * sizeof *g);
    }
    return FELL_OK;
}

static fell_status record(fell_probe_call *c, const struct products *p, uint64_t first, int64_t at)
{
    return fell_record(c, first, at, 0, sqrt(p->update)) ||
                   fell_record(c, first + 1, at, 0,
                               p->weights > 0.0 ? sqrt(p->update / p->weights) : (double)NAN) ||
                   fell_record(c, first + 2, at, 0, linear_cosine(p->both, p->update, p->last)) ||
                   fell_record(c, first + 3, at, 0, linear_cosine(-p->along, p->update, p->gradient))
               ? FELL_ERROR
               : FELL_OK;
}

/* The parabola f(t) = f0 + s0 t + a t^2 of least squares through values and slopes at t = 0 and 1; where 1
 * lies as seen from its lowest point, in units of the way there. */
static double alpha(double f0, double s0, double f1, double s1)
{
    /* Unknown: f(0), slope at 0, a. Rows: f0 = c; s0 = b; f1 = c + b + a; s1 = b + 2 a. */
    const double m[3][3] = {{2.0, 1.0, 1.0}, {1.0, 3.0, 3.0}, {1.0, 3.0, 5.0}};
    const double r[3] = {f0 + f1, s0 + f1 + s1, f1 + 2.0 * s1};
    double k[3][4], x[3];

    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++)
            k[i][j] = j < 3 ? m[i][j] : r[i];
    for (int p = 0; p < 3; p++)
        for (int i = p + 1; i < 3; i++) {
            const double f = k[i][p] / k[p][p];

            for (int j = p; j < 4; j++)
                k[i][j] -= f * k[p][j];
        }
    for (int i = 2; i >= 0; i--) {
        x[i] = k[i][3];
        for (int j = i + 1; j < 3; j++)
            x[i] -= k[i][j] * x[j];
        x[i] /= k[i][i];
    }
    if (!(x[2] > 0.0) || !(x[1] < 0.0))
        return (double)NAN; /* it has no lowest point ahead */
    return 1.0 / (-x[1] / (2.0 * x[2])) - 1.0;
}

/* Of each tensor, and in ALL of all. */
static fell_status look_at_tensors(fell_probe_call *c, const float *g, struct products *all)
{
    for (int64_t t = 0; t < c->plan->ntensors; t++) {
        const int64_t at = c->plan->tensor[t].at;
        struct moved m = {.ctx = c->ctx,
                          .w = c->w + at,
                          .g = g + at,
                          .weights = c->state[WEIGHTS] + at,
                          .update = c->state[UPDATE] + at,
                          .gradient = c->state[GRADIENT] + at,
                          .n = c->plan->tensor[t].n,
                          .first = !c->look};

        look_at(&m);
        if (c->look && record(c, &m.of, UPDATE_NORM, t) != FELL_OK)
            return FELL_ERROR;
        all->update += m.of.update;
        all->weights += m.of.weights;
        all->last += m.of.last;
        all->both += m.of.both;
        all->gradient += m.of.gradient;
        all->along += m.of.along;
        all->ahead += m.of.ahead;
    }
    return FELL_OK;
}

static fell_status look(fell_probe_call *c)
{
    const struct updates *s = c->settings;
    const int64_t rows = c->plan->rows;
    float *g = fell_scratch(c->ctx, c->plan->weights, sizeof *g), *before = c->state[LOSS];
    struct products all = {0};
    double loss;

    if (!g ||
        fell_probe_gradient(c, 0, s->gradient_rows && s->gradient_rows < rows ? s->gradient_rows : rows,
                            &loss, g) ||
        look_at_tensors(c, g, &all) != FELL_OK)
        return FELL_ERROR;
    if (c->look && (record(c, &all, ALL_NORM, 0) ||
                    fell_record(c, ALPHA, 0, 0,
                                alpha((double)before[0] + (double)before[1], all.along, loss, all.ahead))))
        return FELL_ERROR;
    before[0] = (float)loss;
    before[1] = (float)(loss - (double)(float)loss);
    return FELL_OK;
}

static const fell_probe updates = {
    FELL_ITEM(
        FELL_KIND_PROBE, fell_probe, "updates",
        "What the weights did since the last look: how far, which way, and whether it was too far.\n\n"
        "With `every: 1` this is the epoch's update. There is none at the first look. alpha: F. Schneider,\n"
        "F. Dangel and P. Hennig, \"Cockpit: A Practical Debugging Tool for the Training of Deep Neural\n"
        "Networks\", 2021; here of a whole epoch's update and of the probe's rows, without noise. NULL\n"
        "where the parabola has no lowest point ahead.",
        struct updates, params),
    FELL_PROBE_TABLES(numbers, states, STATES), .plan = plan, .look = look};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &updates.item);
