/* landscape.c - the loss around the weights, along one or two directions. */
#include "linear.h"

struct landscape {
    int32_t along;
    int64_t directions, points;
    double span;
};

static const fell_param params[] = {
    FELL_ENUM(struct landscape, along, "random", "random|first",
              "Random: directions drawn once, as long as the weights filter by filter; first: from the first "
              "weights "
              "(at -1) to these (at 0)."),
    FELL_INT(struct landscape, directions, 1, 1, 2, 0,
             "One gives a line, two a grid; of `first` there is one."),
    FELL_INT(struct landscape, points, 21, 2, 1001, 0, "Points along each direction."),
    FELL_FLOAT(struct landscape, span, 1, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "They lie evenly between -span and span."),
};

enum { LOSS, X, Y };

static const fell_number numbers[] = {
    [LOSS] = {"loss", "Mean loss at the point; position counts x first.", FELL_PER_NET, 1},
    [X] = {"x", "Its place along the first direction.", FELL_PER_NET, 1},
    [Y] = {"y", "Its place along the second direction, 0 where there is one.", FELL_PER_NET, 1},
};

static const fell_probe_state states[] = {{"directions", "The directions as drawn, before they are scaled."}};

static fell_status plan(fell_probe_plan *p)
{
    const struct landscape *s = p->settings;

    if (s->along && s->directions != 1)
        return fell_fail(p->ctx, "directions: along: first there is one");
    p->state[0] = s->along ? 0 : s->directions * p->weights;
    return FELL_OK;
}

/* DRAWN scaled so that each filter, a row of a tensor [out, rest], is as long as that of the weights; vectors
 * (biases, norms) do not move (Li 2018, section 4). */
static void scale(const fell_probe_call *c, const float *drawn, double *out)
{
    for (int64_t i = 0; i < c->plan->weights; i++)
        out[i] = 0.0;
    for (int64_t t = 0; t < c->plan->ntensors; t++) {
        const fell_tensor_view *v = &c->plan->tensor[t];
        const int64_t rows = v->shape.dim[0], n = v->n / rows;

        for (int64_t r = 0; v->shape.rank > 1 && r < rows; r++) {
            const int64_t at = v->at + r * n;
            const double d = linear_dot32(drawn + at, drawn + at, n),
                         w = linear_dot32(c->w + at, c->w + at, n);

            for (int64_t i = at; i < at + n; i++)
                out[i] = d > 0.0 ? (double)drawn[i] * sqrt(w / d) : 0.0;
        }
    }
}

static fell_status directions(fell_probe_call *c, double *d[2])
{
    const struct landscape *s = c->settings;
    const int64_t n = c->plan->weights;

    for (int k = 0; k < 2; k++) {
        d[k] = fell_scratch(c->ctx, n, sizeof **d);
        if (!d[k])
            return FELL_ERROR;
        for (int64_t i = 0; i < n; i++)
            d[k][i] = k || !s->along ? 0.0 : (double)c->w[i] - (double)c->first[i];
    }
    if (s->along)
        return FELL_OK;
    if (!c->look)
        fell_normal(c->ctx, c->state[0], s->directions * n);
    for (int64_t k = 0; k < s->directions; k++)
        scale(c, c->state[0] + k * n, d[k]);
    return FELL_OK;
}

static fell_status look(fell_probe_call *c)
{
    const struct landscape *s = c->settings;
    const int64_t n = c->plan->weights, lines = s->directions == 2 ? s->points : 1;
    float *here = fell_scratch(c->ctx, n, sizeof *here);
    double *d[2], loss;

    if (!here || directions(c, d) != FELL_OK)
        return FELL_ERROR;
    memcpy(here, c->w, (size_t)n * sizeof *here);
    for (int64_t k = 0; k < lines * s->points; k++) {
        const double step = 2.0 * s->span / (double)(s->points - 1);
        const double x = -s->span + step * (double)(k % s->points);
        const double y = lines > 1 ? -s->span + step * (double)(k / s->points) : 0.0;

        for (int64_t i = 0; i < n; i++)
            c->w[i] = (float)((double)here[i] + x * d[0][i] + y * d[1][i]);
        if (fell_probe_gradient(c, 0, c->plan->rows, &loss, NULL) || fell_record(c, LOSS, 0, k, loss) ||
            fell_record(c, X, 0, k, x) || fell_record(c, Y, 0, k, y))
            return FELL_ERROR;
    }
    return FELL_OK;
}

static const fell_probe landscape = {
    FELL_ITEM(
        FELL_KIND_PROBE, fell_probe, "landscape",
        "The loss around the weights, along a line or over a plane.\n\n"
        "Random directions are normalised filter by filter: H. Li, Z. Xu, G. Taylor, C. Studer and\n"
        "T. Goldstein, \"Visualizing the Loss Landscape of Neural Nets\", 2018. From the first weights to\n"
        "these: I. Goodfellow, O. Vinyals and A. Saxe 2015; there x is -1 at the start and 0 here.",
        struct landscape, params),
    FELL_PROBE_TABLES(numbers, states, 1), .plan = plan, .look = look};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &landscape.item);
