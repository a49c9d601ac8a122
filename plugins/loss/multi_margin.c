/* multi_margin.c - the right class is to be ahead of all others by a margin. */
#include "classes.h"

struct multi_margin {
    int64_t p;
    double margin;
    fell_floats class_weights;
};

static const fell_param params[] = {
    FELL_INT(struct multi_margin, p, 1, 1, 2, 0, "Power of what is short of the margin, 1 or 2."),
    FELL_FLOAT(struct multi_margin, margin, 1, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "How far ahead the right class is to be, in the unit of the outputs."),
    FELL_FLOATS(
        struct multi_margin, class_weights, "[]", 0, INFINITY, FELL_MAX_OPEN,
        "Factor of the loss of each class's rows, one number from 0 up for each class; empty: all 1."),
};

/* The loss of a row of label Y, and its gradient into dx[n]. */
FELL_INLINE double one_row(const struct multi_margin *s, const float *x, int64_t y, int64_t n, float *dx)
{
    const float margin = (float)s->margin, share = class_weight(&s->class_weights, y) / (float)n;
    double sum = 0.0, back = 0.0;

    for (int64_t j = 0; j < n; j++) {
        const float z = margin - x[y] + x[j], over = z < 0.0f ? 0.0f : z;
        const float slope = s->p == 1 ? (z > 0.0f ? share : 0.0f) : 2.0f * over * share;

        dx[j] = j == y ? 0.0f : slope;
        sum += j == y ? 0.0 : (double)(s->p == 1 ? over : over * over);
        back += j == y ? 0.0 : (double)slope;
    }
    dx[y] = (float)-back;
    return sum * (double)share;
}

static fell_status eval(fell_loss_call *c)
{
    const struct multi_margin *s = c->settings;
    int64_t counted = 0;

    if (class_weights_fit(c->ctx, &s->class_weights, c->cols) != FELL_OK)
        return FELL_ERROR;
    for (int64_t i = 0; i < c->rows; i++) {
        float *dx = c->dpred + i * c->cols;

        if (class_fits(c->ctx, c->label[i], c->cols) != FELL_OK)
            return FELL_ERROR;
        if (c->label[i] == NO_CLASS) {
            memset(dx, 0, (size_t)c->cols * sizeof *dx);
            continue;
        }
        c->sum += one_row(s, c->pred + i * c->cols, c->label[i], c->cols, dx);
        counted++;
    }
    c->weight = (double)counted;
    return FELL_OK;
}

static const fell_loss multi_margin = {
    .item = FELL_ITEM(
        FELL_KIND_LOSS, fell_loss, "multi_margin",
        "Hinge loss of several classes: the right one is to be ahead of all others by a margin.\n\n"
        "loss = mean over the rows of w[class] sum over j other than the class of\n"
        "max(0, margin - x[class] + x[j])^p / classes. Weights of classes do not count in the mean. A\n"
        "target of -1 has no class and counts for nothing. As PyTorch's MultiMarginLoss.",
        struct multi_margin, params),
    .target = FELL_CLASSES,
    .expects = FELL_REAL,
    .eval = eval,
    .flags = FELL_NO_CLASS,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &multi_margin.item);
