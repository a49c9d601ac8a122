/* targets.c - see targets.h.
 *
 * Reads the rows; changes nothing.
 */
#include "engine/targets.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/real.h"
#include "base/text.h"
#include "host/settings.h"

/* ---- what the loss is defined for ---------------------------------------------------------- */

static bool applies(const struct choice *loss, const fell_targets *t)
{
    double value;

    return !t->when || (settings_number(loss->item, loss->settings, t->when, &value) && value == t->is);
}

static bool fits(const fell_targets *t, float v)
{
    const double x = (double)v;

    if (t->flags & FELL_EITHER)
        return x == t->min || x == t->max;
    return (t->flags & FELL_MIN_OPEN ? x > t->min : x >= t->min) &&
           (t->flags & FELL_MAX_OPEN ? x < t->max : x <= t->max);
}

/* A row of a split that T does not take. */
struct misfit {
    enum split split;
    int64_t row; /* of its dataset, from 0 */
    float value;
};

/* The first in the order of the dataset; of the source before those of the test set. */
static bool find_misfit(const fell_targets *t, const struct data *data, struct misfit *out)
{
    bool found = false;

    for (int s = 0; s < SPLITS; s++) {
        const struct rows *rows = &data->split[s];
        const bool other = s != SPLIT_TRAIN && !rows->source_row;

        if (found && other)
            break;
        for (int64_t i = 0; i < rows_numbers(rows, data->target_size); i++) {
            const int64_t at = i / (rows->step ? rows->step : data->target_size),
                          row = rows->source_row && !rows->step ? rows->source_row[at] : at;

            if (fits(t, rows->target[i]))
                continue;
            if (!found || row < out->row)
                *out = (struct misfit){(enum split)s, row, rows->target[i]};
            found = true;
            break;
        }
    }
    return found;
}

void targets_range(const fell_targets *t, struct strbuf *out)
{
    if (t->flags & FELL_EITHER)
        strbuf_addf(out, "of %g and %g", t->min, t->max);
    else if (isinf(t->max))
        strbuf_addf(out, t->flags & FELL_MIN_OPEN ? "above %g" : "of %g or more", t->min);
    else if (isinf(t->min))
        strbuf_addf(out, t->flags & FELL_MAX_OPEN ? "below %g" : "of %g or less", t->max);
    else
        strbuf_addf(out, "from %g%s to %g%s", t->min, t->flags & FELL_MIN_OPEN ? " (not itself)" : "", t->max,
                    t->flags & FELL_MAX_OPEN ? " (not itself)" : "");
}

/* The dataset that a row of split S is one of. */
static const char *set_of(const struct data *data, enum split s)
{
    static const char *const sets[] = {"data.source", "data.validation", "data.test"};

    return sets[s == SPLIT_TRAIN || data->split[s].source_row ? SPLIT_TRAIN : s];
}

static status tell_misfit(const struct choice *loss, const struct data *data, const fell_targets *t,
                          const struct misfit *m, struct problem *p)
{
    struct strbuf range = {0};
    char value[32];

    targets_range(t, &range);
    text_from_float(m->value, value);
    problem_set(p, "loss", 0, "", "%s takes targets %s, but row %lld of %s has %s%s%s", loss->item->name,
                range.text, (long long)m->row + 1, set_of(data, m->split), value, t->hint ? ": " : "",
                t->hint ? t->hint : "");
    strbuf_release(&range);
    return FAILED;
}

status targets_check(const struct choice *loss, const struct data *data, struct problem *p)
{
    const fell_loss *item = loss->item->loss;
    const fell_targets *first = NULL;
    struct misfit misfit, at;

    for (uint64_t i = 0; i < item->ntargets && !data->classes; i++) {
        if (!applies(loss, &item->targets[i]))
            continue;
        if (!find_misfit(&item->targets[i], data, &misfit))
            return OK;
        if (!first || misfit.row > at.row)
            at = misfit;
        first = first ? first : &item->targets[i];
    }
    return first ? tell_misfit(loss, data, first, &at, p) : OK;
}

/* ---- what rows weigh ----------------------------------------------------------------------- */

/* Whether LOSS has a list of numbers: weights of classes. */
static bool has_list(const struct choice *loss)
{
    for (size_t i = 0; i < loss->item->nparams; i++) {
        const fell_param *q = &loss->item->params[i];
        fell_floats list;

        if (q->type != FELL_P_FLOATS)
            continue;
        memcpy(&list, (const char *)loss->settings + q->offset, sizeof list);
        if (list.n > 0)
            return true;
    }
    return false;
}

/* What a row of class LABEL weighs to LOSS, asked with outputs of 0; 1 where it does not say. PRED and DPRED
 * are aligned, as plugins are promised. */
static double weight_of_class(const struct choice *loss, struct instance *in, int32_t label, int64_t cols,
                              float *pred, float *dpred)
{
    fell_loss_call c = {.ctx = &in->ctx,
                        .settings = loss->settings,
                        .rows = 1,
                        .cols = cols,
                        .pred = pred,
                        .dpred = dpred,
                        .label = &label,
                        .weight = 1.0,
                        .target_cols = cols};
    const bool asked = loss->item->loss->eval(&c) == FELL_OK;

    instance_reset(in);
    return asked ? c.weight : 1.0;
}

/* Whether all rows of R weigh nothing, of SIZE labels each; CLASS (NULL: 1 each) is what their classes weigh.
 */
static bool weighs_nothing(const struct rows *r, int64_t size, const double *class)
{
    const int64_t each = class && r->label ? size : 1;

    for (int64_t i = 0; i < r->n * each; i++) {
        const double row = r->weight ? (double)r->weight[i / each] : 1.0;
        const bool counts = !class || !r->label || (r->label[i] >= 0 && class[r->label[i]] != 0.0);

        if (row != 0.0 && counts)
            return false;
    }
    return r->n > 0;
}

status targets_check_weights(const struct choice *loss, const struct data *data, int64_t cols,
                             struct instance *in, struct problem *p)
{
    enum { MOST = 4096 };
    const bool classes = data->classes && has_list(loss) && !loss->item->loss->pairs && cols <= MOST;
    double *class = classes ? mem_array((size_t)cols, sizeof *class) : NULL;
    float *pred = classes ? mem_try_aligned((size_t)cols, sizeof *pred) : NULL;
    float *dpred = classes ? mem_try_aligned((size_t)cols, sizeof *dpred) : NULL;
    status result = OK;

    if (classes && (!pred || !dpred))
        mem_failed();
    for (int64_t k = 0; classes && k < cols; k++) {
        memset(pred, 0, (size_t)cols * sizeof *pred);
        class[k] = weight_of_class(loss, in, (int32_t)k, cols, pred, dpred);
    }
    for (int s = 0; s < SPLITS && result == OK; s++) {
        const struct rows *r = &data->split[s];

        if (!r->step && (class || r->weight) && weighs_nothing(r, data->target_size, class))
            result = problem_set(p, "loss", 0, "", "%s: the %lld %s rows weigh 0 in all: %s",
                                 loss->item->name, (long long)r->n, split_name((enum split)s),
                                 s == SPLIT_TRAIN ? "nothing is learnt from them" : "they have no loss");
    }
    free(class);
    free(pred);
    free(dpred);
    return result;
}

/* The sum of COLS shares, or of numbers whose logarithms LOGS are. */
static double sum_of_shares(const float *target, int64_t cols, bool logs)
{
    double sum = 0.0;

    for (int64_t j = 0; j < cols; j++)
        sum += logs ? real_exp((double)target[j]) : (double)target[j];
    return sum;
}

/* Shares are often written with three digits. */
static bool is_whole(double sum)
{
    return fabs(sum - 1.0) <= 0.0015;
}

void targets_tell_shares(const struct choice *loss, const struct data *data, int64_t cols,
                         const struct host_env *env)
{
    const fell_loss *item = loss->item->loss;
    uint64_t flags = 0;
    char text[256], sum[32] = "", more[64] = "";
    struct misfit first = {SPLITS, 0, 0};
    int64_t others = -1;

    for (uint64_t i = 0; i < item->ntargets && !data->classes; i++)
        flags |= applies(loss, &item->targets[i]) ? item->targets[i].flags : 0;
    for (int s = 0; s < SPLITS && flags & (FELL_SHARES | FELL_LOG_SHARES) && env->warn; s++) {
        const struct rows *r = &data->split[s];

        for (int64_t i = 0; i < r->n * data->target_size / cols; i++) {
            const int64_t at = i * cols / data->target_size;
            const float *target =
                r->target + rows_at(r, at, data->target_size) + i * cols % data->target_size;
            const double all = sum_of_shares(target, cols, flags & FELL_LOG_SHARES);

            if (is_whole(all))
                continue;
            if (++others == 0) {
                first = (struct misfit){(enum split)s, r->source_row ? r->source_row[at] : at, (float)all};
                text_from_float(first.value, sum);
            }
        }
    }
    if (others < 0)
        return;
    if (others)
        snprintf(more, sizeof more, " (nor is it 1 in %lld other rows)", (long long)others);
    snprintf(text, sizeof text, "a row's targets are to be 1 in all%s; those of row %lld of %s are %s%s",
             flags & FELL_LOG_SHARES ? " (their exponentials)" : "", (long long)first.row + 1,
             set_of(data, first.split), sum, more);
    env->warn(env->warn_arg, loss->item->name, text);
}

float targets_within(const struct choice *loss, float value)
{
    const fell_loss *item = loss->item->loss;
    const fell_targets *first = NULL;
    const double x = (double)value;

    for (uint64_t i = 0; i < item->ntargets; i++) {
        const fell_targets *t = &item->targets[i];

        if (!applies(loss, t))
            continue;
        if (fits(t, value))
            return value;
        first = first ? first : t;
    }
    if (!first)
        return value;
    if (first->flags & FELL_EITHER)
        return (float)(x < (first->min + first->max) / 2 ? first->min : first->max);
    if (isfinite(first->min) && isfinite(first->max))
        return (float)(first->min + (first->max - first->min) / (1 + exp(-x)));
    if (isfinite(first->min))
        return (float)(first->min + fabs(x - first->min) + (x == first->min));
    return (float)(first->max - fabs(x - first->max) - (x == first->max));
}

bool targets_have_logs(const struct choice *loss)
{
    const fell_loss *item = loss->item->loss;

    for (uint64_t i = 0; i < item->ntargets; i++)
        if (applies(loss, &item->targets[i]) && item->targets[i].flags & FELL_LOGS)
            return true;
    return false;
}

int64_t targets_cols(const struct choice *loss, int64_t cols)
{
    const fell_loss *item = loss->item->loss;
    int64_t targets = 1;

    if (!item->outputs)
        return cols;
    while (targets <= cols && item->outputs(loss->settings, targets) != cols)
        targets++;
    return targets <= cols ? targets : 0;
}

/* ---- what they are to a metric -------------------------------------------------------------- */

static bool all_fit(const fell_targets *t, const struct data *data)
{
    struct misfit at;

    return !find_misfit(t, data, &at);
}

/* Whether each COLS targets are one HIGH and for the rest the other value. */
static bool all_one_hot(const struct data *data, float high, int64_t cols)
{
    for (int s = 0; s < SPLITS; s++) {
        const int64_t n = rows_numbers(&data->split[s], data->target_size);

        for (int64_t i = 0; i + cols <= n; i += cols) {
            int64_t hits = 0;

            for (int64_t j = 0; j < cols; j++)
                hits += data->split[s].target[i + j] == high;
            if (hits != 1)
                return false;
        }
    }
    return true;
}

/* Whether the loss is of questions: its outputs are answers that stand for themselves. */
static const fell_targets *question(const struct choice *loss)
{
    const fell_loss *item = loss->item->loss;

    for (uint64_t i = 0; i < item->ntargets; i++)
        if (applies(loss, &item->targets[i]) && item->targets[i].flags & FELL_EITHER)
            return &item->targets[i];
    return NULL;
}

bool targets_sides(const struct choice *loss, double *low, double *high)
{
    const fell_targets *sides = question(loss);

    *low = sides ? sides->min : 0.0;
    *high = sides ? sides->max : 0.0;
    return sides != NULL;
}

bool targets_are_shares(const struct choice *loss)
{
    const fell_loss *item = loss->item->loss;

    for (uint64_t i = 0; i < item->ntargets; i++)
        if (applies(loss, &item->targets[i]) && item->targets[i].flags & (FELL_SHARES | FELL_LOG_SHARES))
            return true;
    return false;
}

struct meaning targets_mean(const struct choice *loss, const struct data *data, uint64_t pred_is,
                            bool compete, int64_t cols)
{
    static const fell_targets bit = {.min = 0, .max = 1, .flags = FELL_EITHER},
                              sign = {.min = -1, .max = 1, .flags = FELL_EITHER},
                              share = {.min = 0, .max = 1};
    const fell_targets *sides = question(loss);
    struct meaning m = {.is = FELL_ONE_CLASS};
    const bool shares = targets_are_shares(loss);
    bool bits;

    if (data->classes)
        return m;
    compete |= shares;
    bits = all_fit(&bit, data);
    if (!bits && !all_fit(&sign, data)) {
        m.is = compete && cols > 1 && all_fit(&share, data) ? FELL_ONE_CLASS : FELL_NUMBERS;
        return m;
    }
    if (cols > 1 && (compete || loss->item->loss->ntargets == 0) && (shares || pred_is != FELL_LOGIT) &&
        all_one_hot(data, 1.0f, cols))
        return m;
    m.is = FELL_YES_NO;
    m.target_cut = bits ? 0.5 : 0.0;
    m.cut = pred_is == FELL_LOGIT                            ? 0.0
            : pred_is == FELL_PROB                           ? 0.5
            : pred_is == FELL_LOGPROB || pred_is == FELL_LOG ? log(0.5)
            : sides                                          ? 0.5 * (sides->min + sides->max)
                                                             : m.target_cut;
    return m;
}

bool targets_alike(const struct data *data, enum split split, char class[64])
{
    const struct rows *rows = &data->split[split];
    const int64_t n = rows_numbers(rows, data->target_size);

    for (int64_t i = 1; i < n; i++)
        if (data->classes ? rows->label[i] != rows->label[0] : rows->target[i] != rows->target[0])
            return false;
    if (rows->n < 2)
        return false;
    if (!data->classes)
        text_from_double((double)rows->target[0], class);
    else if (rows->label[0] < 0)
        return false;
    else if (data->class_names)
        snprintf(class, 64, "%s", data->class_names[rows->label[0]]);
    else
        snprintf(class, 64, "%d", (int)rows->label[0]);
    return true;
}

/* ---- what metrics see ------------------------------------------------------------------------ */

int64_t targets_unlabelled(const struct data *data, int64_t *all)
{
    int64_t none = 0;

    *all = 0;
    for (int s = 0; s < SPLITS; s++) {
        const struct rows *r = &data->split[s];
        const int64_t n = r->label ? rows_numbers(r, data->target_size) : 0;

        for (int64_t i = 0; i < n; i++)
            none += r->label[i] < 0;
        *all += n;
    }
    return none;
}

void targets_tell_unlabelled(const struct choice *loss, const struct data *data, const struct host_env *env)
{
    int64_t all;
    const int64_t none = targets_unlabelled(data, &all);
    char text[160];

    if (!none || !env->warn)
        return;
    snprintf(text, sizeof text, "%lld of %lld targets are -1, of no class: they count for nothing",
             (long long)none, (long long)all);
    env->warn(env->warn_arg, loss->item->name, text);
}

bool targets_lack_classes(const struct data *data)
{
    return targets_unlabelled(data, &(int64_t){0}) > 0;
}

int64_t targets_drop_unlabelled(const int32_t *label, int64_t rows, int64_t cols, float *pred, int32_t *kept,
                                float *weight)
{
    int64_t n = 0;

    for (int64_t i = 0; i < rows; i++) {
        if (label[i] < 0)
            continue;
        if (n != i)
            memcpy(pred + n * cols, pred + i * cols, (size_t)cols * sizeof *pred);
        if (weight)
            weight[n] = weight[i];
        kept[n++] = label[i];
    }
    return n;
}

void targets_take_outputs(const float *output, int64_t rows, int64_t width, int64_t cols, float *to)
{
    if (width == cols) {
        memcpy(to, output, (size_t)(rows * cols) * sizeof *to);
        return;
    }
    for (int64_t i = 0; i < rows; i++)
        memcpy(to + i * cols, output + i * width, (size_t)cols * sizeof *to);
}
