/* samples.c - each row by itself: its loss, whether it is right and by how much, and how often it was
 * forgotten. */
#include "linear.h"

enum {
    LOSS,
    CORRECT,
    MARGIN,
    EL2N,
    GRADIENT_NORM,
    FORGOTTEN,
    MEAN_LOSS,
    ACCURACY,
    MEAN_MARGIN,
    MEAN_EL2N,
    MEAN_GRADIENT_NORM,
    MEAN_FORGOTTEN,
    NEVER_FORGOTTEN
};

static const fell_number numbers[] = {
    [LOSS] = {"loss", "The row's own loss.", FELL_PER_ROW, 0},
    [CORRECT] = {"correct", "1 where the largest output is the row's class, else 0.", FELL_PER_ROW, 0},
    [MARGIN] = {"margin", "Output of the row's class less the largest other one.", FELL_PER_ROW, 0},
    [EL2N] = {"el2n", "L2 norm of the probabilities less the class's one-hot vector (Paul 2021).",
              FELL_PER_ROW, 0},
    [GRADIENT_NORM] = {"gradient_norm", "L2 norm of the gradient of the row's loss in all weights.",
                       FELL_PER_ROW, 0},
    [FORGOTTEN] = {"forgotten", "How often it was right in one look and wrong in the next (Toneva 2019).",
                   FELL_PER_ROW, 0},
    [MEAN_LOSS] = {"mean_loss", "Mean over the rows.", FELL_PER_NET, 0},
    [ACCURACY] = {"accuracy", "Share of rows that are right.", FELL_PER_NET, 0},
    [MEAN_MARGIN] = {"mean_margin", "Mean over the rows.", FELL_PER_NET, 0},
    [MEAN_EL2N] = {"mean_el2n", "Mean over the rows.", FELL_PER_NET, 0},
    [MEAN_GRADIENT_NORM] = {"mean_gradient_norm", "Mean over the rows.", FELL_PER_NET, 0},
    [MEAN_FORGOTTEN] = {"mean_forgotten", "Mean over the rows.", FELL_PER_NET, 0},
    [NEVER_FORGOTTEN] = {"never_forgotten", "Share of rows that were right once and never forgotten since.",
                         FELL_PER_NET, 0},
};

enum { TIMES, WAS_RIGHT, EVER };

static const fell_probe_state states[] = {
    [TIMES] = {"forgotten", "How often each row was forgotten."},
    [WAS_RIGHT] = {"was_right", "1 for the rows that were right in the last look."},
    [EVER] = {"ever", "1 for the rows that were right in any look."},
};

static bool has_classes(const fell_probe_plan *p)
{
    return p->target == FELL_CLASSES && p->steps == 1 && p->cols > 1;
}

static fell_status plan(fell_probe_plan *p)
{
    for (int i = 0; i < 3; i++)
        p->state[i] = has_classes(p) ? p->rows : 0;
    return FELL_OK;
}

/* What the outputs z[n] say of a row of class K. */
static void judge(const float *z, int64_t n, int32_t k, uint64_t pred_is, double *margin, double *el2n)
{
    double other = -(double)INFINITY, most, sum = 0.0, squares = 0.0;

    for (int64_t j = 0; j < n; j++)
        other = j != k && (double)z[j] > other ? (double)z[j] : other;
    *margin = (double)z[k] - other;
    most = (double)z[k] > other ? (double)z[k] : other;
    for (int64_t j = 0; j < n; j++)
        sum += pred_is == FELL_PROB ? (double)z[j] : (double)fell_exp((float)((double)z[j] - most));
    for (int64_t j = 0; j < n; j++) {
        const double p =
            pred_is == FELL_PROB ? (double)z[j] : (double)fell_exp((float)((double)z[j] - most)) / sum;
        const double d = p - (j == k ? 1.0 : 0.0);

        squares += d * d;
    }
    *el2n = sqrt(squares);
}

/* Sums over the rows. */
struct sums {
    double loss, right, margin, el2n, norm, forgotten, kept;
};

static fell_status record_class(fell_probe_call *c, int64_t i, const float *z, struct sums *s)
{
    const int32_t label = c->label[i];
    float *times = c->state[TIMES], *was = c->state[WAS_RIGHT], *ever = c->state[EVER];
    double margin, el2n;
    bool right;

    if (label < 0)
        return FELL_OK;
    judge(z, c->plan->cols, label, c->plan->pred_is, &margin, &el2n);
    right = margin > 0.0;
    if (was[i] > 0.0f && !right)
        times[i] += 1.0f;
    was[i] = right ? 1.0f : 0.0f;
    ever[i] = right ? 1.0f : ever[i];
    s->right += right;
    s->margin += margin;
    s->el2n += el2n;
    s->forgotten += (double)times[i];
    s->kept += ever[i] > 0.0f && !(times[i] > 0.0f);
    return fell_record(c, CORRECT, 0, c->row[i], right) || fell_record(c, MARGIN, 0, c->row[i], margin) ||
                   fell_record(c, EL2N, 0, c->row[i], el2n) ||
                   fell_record(c, FORGOTTEN, 0, c->row[i], (double)times[i])
               ? FELL_ERROR
               : FELL_OK;
}

static fell_status record_classes(fell_probe_call *c, struct sums *s)
{
    const int64_t last = c->plan->nentries - 1;

    for (int64_t at = 0; at < c->plan->rows; at += c->most) {
        const int64_t n = c->plan->rows - at < c->most ? c->plan->rows - at : c->most;

        if (fell_probe_forward(c, at, n) != FELL_OK)
            return FELL_ERROR;
        for (int64_t i = 0; i < n; i++)
            if (record_class(c, at + i, c->y[last] + i * c->plan->cols, s) != FELL_OK)
                return FELL_ERROR;
    }
    return FELL_OK;
}

static fell_status record_gradients(fell_probe_call *c, struct sums *s)
{
    const int64_t rows = c->plan->rows, tensors = c->plan->ntensors;
    double *loss = fell_scratch(c->ctx, rows, sizeof *loss);
    double *norm = fell_scratch(c->ctx, rows * tensors, sizeof *norm);

    if (!loss || !norm || fell_probe_each_row(c, 0, rows, NULL, loss, norm, NULL, NULL, NULL) != FELL_OK)
        return FELL_ERROR;
    for (int64_t i = 0; i < rows; i++) {
        double squares = 0.0;

        for (int64_t t = 0; t < tensors; t++)
            squares += norm[i * tensors + t];
        s->loss += loss[i];
        s->norm += sqrt(squares);
        if (fell_record(c, LOSS, 0, c->row[i], loss[i]) ||
            fell_record(c, GRADIENT_NORM, 0, c->row[i], sqrt(squares)))
            return FELL_ERROR;
    }
    return FELL_OK;
}

static fell_status look(fell_probe_call *c)
{
    const double n = (double)c->plan->rows;
    struct sums s = {0};

    if (record_gradients(c, &s) != FELL_OK || fell_record(c, MEAN_LOSS, 0, 0, s.loss / n) ||
        fell_record(c, MEAN_GRADIENT_NORM, 0, 0, s.norm / n))
        return FELL_ERROR;
    if (!has_classes(c->plan))
        return FELL_OK;
    return record_classes(c, &s) != FELL_OK || fell_record(c, ACCURACY, 0, 0, s.right / n) ||
                   fell_record(c, MEAN_MARGIN, 0, 0, s.margin / n) ||
                   fell_record(c, MEAN_EL2N, 0, 0, s.el2n / n) ||
                   fell_record(c, MEAN_FORGOTTEN, 0, 0, s.forgotten / n) ||
                   fell_record(c, NEVER_FORGOTTEN, 0, 0, s.kept / n)
               ? FELL_ERROR
               : FELL_OK;
}

static const fell_probe samples = {
    FELL_ITEM0(
        FELL_KIND_PROBE, fell_probe, "samples",
        "Each row by itself: loss, margin, EL2N, gradient norm, how often it was forgotten.\n\n"
        "Margins are of the net's outputs as they are: logits, where the loss takes these. A row is\n"
        "forgotten when it was right in one look and is wrong in the next (M. Toneva et al., \"An Empirical\n"
        "Study of Example Forgetting\", 2019); EL2N: M. Paul, S. Ganguli and G. Dziugaite, \"Deep Learning "
        "on\n"
        "a Data Diet\", 2021. Of values and of classes for each step only losses and norms are recorded."),
    FELL_PROBE_TABLES(numbers, states, 3), .plan = plan, .look = look};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &samples.item);
