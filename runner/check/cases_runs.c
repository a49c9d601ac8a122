/* cases_runs.c - cases of optimizers, schedules, metrics, initialisers and datasets: see cases.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check/cases_parts.h"
#include "engine/update.h"
#include "engine/init.h"
#include "host/settings.h"

/* ---- optimizers ------------------------------------------------------------------------------------ */

static status make_slots(struct run *r, const fell_shape *shape, int64_t n, float **slot)
{
    const fell_optimizer *o = r->s.item->optimizer;

    if (subject_fits(&r->s, r->err) != OK)
        return FAILED;
    for (uint64_t i = 0; i < o->nslots; i++) {
        int64_t times;

        if (subject_slots(&r->s, &o->slots[i], &times, r->err) != OK)
            return FAILED;
        if (times)
            slot[i] = subject_floats(&r->s, update_slot_floats(o->slots[i].scalar, shape, n) * times, 0.0f);
    }
    return OK;
}

status case_optimizer(struct run *r)
{
    const fell_optimizer *o = r->s.item->optimizer;
    const bool whole = o->reach == FELL_WHOLE;
    struct numbers w, g, after;
    float *slot[SUBJECT_TENSORS] = {NULL};
    fell_shape shape;
    double lr;

    if (case_read_numbers(r, r->json, "theta0", &w) != OK ||
        case_read_numbers(r, r->json, "gradients", &g) != OK ||
        case_read_numbers(r, r->json, "theta", &after) != OK || w.rank < 1 || w.rank > 4)
        return w.n ? error_set(r->err, "'theta0' is no tensor of 1 to 4 dimensions") : FAILED;
    if (after.rank < 1 || case_expect_size(r, "theta", after.n, after.dim[0] * w.n) ||
        case_expect_size(r, "gradients", g.n, after.n) ||
        !settings_number(r->s.item, r->s.settings, "lr", &lr))
        return after.rank < 1 ? error_set(r->err, "'theta' has no steps") : FAILED;
    shape = (fell_shape){.rank = w.rank};
    for (int64_t d = 0; d < w.rank; d++)
        shape.dim[d] = w.dim[d];
    if (make_slots(r, whole ? NULL : &shape, w.n, slot) != OK)
        return FAILED;
    for (int64_t t = 0; t < after.dim[0]; t++) {
        fell_optimizer_call call = {.ctx = &r->s.in.ctx,
                                    .settings = r->s.settings,
                                    .n = w.n,
                                    .t = t + 1,
                                    .lr = lr,
                                    .shape = whole ? NULL : &shape,
                                    .role = whole ? 0 : FELL_WEIGHT,
                                    .w = w.f,
                                    .g = g.f + t * w.n,
                                    .slot = slot};
        double kept[FELL_KEPT];
        char where[64];

        call.kept = kept;
        memset(kept, 0, sizeof kept);
        if ((o->before && subject_call(&r->s, o->before(&call), r->err) != OK) ||
            subject_call(&r->s, o->step(&call), r->err) != OK)
            return FAILED;
        if (o->gradients > 1 && !call.done)
            return error_set(r->err, "it takes several gradients a step, which a case does not give");
        snprintf(where, sizeof where, "theta after step %lld", (long long)t + 1);
        case_compare(r, where, w.f, NULL, after.d + t * w.n, w.n);
    }
    return OK;
}

/* ---- schedules ------------------------------------------------------------------------------------- */

/* Does it look at a recorded value? */
static bool watches(const struct item *item)
{
    for (size_t i = 0; i < item->nparams; i++)
        if (item->params[i].flags & FELL_MONITOR)
            return true;
    return false;
}

/* Each rate is asked for alone, the last first: nothing may be remembered. */
status case_schedule(struct run *r)
{
    const char *every = cJSON_GetStringValue(case_member(r, "advances_every"));
    const bool by_step = every && strcmp(every, "step") == 0;
    struct numbers rate, base, history = {0};
    double *got;

    if (case_read_numbers(r, r->json, "lr", &rate) != OK ||
        case_read_numbers(r, r->json, "base_lr", &base) != OK ||
        case_expect_size(r, "base_lr", base.n, 1) != OK)
        return FAILED;
    if (watches(r->s.item) && rate.n > 1) {
        if (case_read_numbers(r, r->json, "history", &history) != OK)
            return FAILED;
        if (history.n < rate.n - 1)
            return error_set(r->err, "'history' has %lld values; %lld rates take %lld", (long long)history.n,
                             (long long)rate.n, (long long)rate.n - 1);
    }
    got = subject_bytes(&r->s, rate.n * (int64_t)sizeof *got);
    for (int64_t i = rate.n - 1; i >= 0; i--) {
        fell_schedule_call call = {.ctx = &r->s.in.ctx,
                                   .settings = r->s.settings,
                                   .epoch = by_step ? 0 : i,
                                   .epochs = by_step ? 1 : rate.n,
                                   .step = by_step ? i : 3 * i,
                                   .steps = by_step ? rate.n : 3 * rate.n,
                                   .history = history.d,
                                   .lr = base.d[0]};

        if (subject_call(&r->s, r->s.item->schedule->rate(&call), r->err) != OK)
            return FAILED;
        got[i] = call.lr;
    }
    case_compare(r, "lr", NULL, got, rate.d, rate.n);
    return OK;
}

/* ---- metrics --------------------------------------------------------------------------------------- */

/* Where KEY's word stands among N; *OUT stays without it. */
static status word_of(struct run *r, const char *key, const char *const *words, size_t n, uint64_t *out)
{
    const cJSON *given = case_member(r, key);
    struct strbuf all = {0};

    for (size_t i = 0; i < n; i++) {
        if (given && words[i] && cJSON_IsString(given) && strcmp(given->valuestring, words[i]) == 0) {
            strbuf_release(&all);
            *out = i;
            return OK;
        }
        if (words[i])
            strbuf_addf(&all, "%s%s", all.len ? ", " : "", words[i]);
    }
    if (given)
        error_set(r->err, "'%s' is none of %s", key, all.text);
    strbuf_release(&all);
    return given ? FAILED : OK;
}

/* What predictions are, by the word under 'prediction_is'; REAL for values and LOGIT for classes without it.
 */
static status meaning_of(struct run *r, bool classes, uint64_t *out)
{
    static const char *const words[] = {[FELL_REAL] = "real",
                                        [FELL_PROB] = "probability",
                                        [FELL_LOGIT] = "logit",
                                        [FELL_LOGPROB] = "log_probability"};

    *out = classes ? FELL_LOGIT : FELL_REAL;
    return word_of(r, "prediction_is", words, sizeof words / sizeof *words, out);
}

/* What targets are, by the word under 'target_is', and the cuts of yes; without them by what outputs are. */
static status cuts_of(struct run *r, bool classes, fell_metric_call *c)
{
    static const char *const words[] = {
        [FELL_NUMBERS] = "numbers", [FELL_ONE_CLASS] = "one_class", [FELL_YES_NO] = "yes_no"};
    const cJSON *cut = case_member(r, "cut"), *target_cut = case_member(r, "target_cut");

    c->target_is = classes ? FELL_ONE_CLASS : c->pred_is == FELL_REAL ? FELL_NUMBERS : FELL_YES_NO;
    c->cut = c->pred_is == FELL_PROB ? 0.5 : c->pred_is == FELL_LOGPROB ? log(0.5) : 0.0;
    c->target_cut = 0.5;
    if (cJSON_IsNumber(cut))
        c->cut = cut->valuedouble;
    if (cJSON_IsNumber(target_cut))
        c->target_cut = target_cut->valuedouble;
    return word_of(r, "target_is", words, sizeof words / sizeof *words, &c->target_is);
}

/* Its targets are classes where it takes no others, or where there is one for each row of several outputs;
 * values beside probabilities or logits are questions, answered with 0 or 1. */
status case_metric(struct run *r)
{
    const fell_metric *m = r->s.item->metric;
    struct numbers pred, target, wanted;
    fell_metric_call c;
    int32_t *label = NULL;
    double *value;
    bool classes;
    int64_t n;

    if (case_read_matrix(r, "prediction", &pred) != OK ||
        case_read_numbers(r, r->json, "target", &target) != OK ||
        case_read_numbers(r, r->json, "value", &wanted) != OK)
        return FAILED;
    classes = m->target == FELL_CLASSES || (m->target & FELL_CLASSES && target.rank == 1 && pred.dim[1] > 1);
    n = m->values == FELL_PER_PAIR    ? pred.dim[1] * pred.dim[1]
        : m->values == FELL_PER_CLASS ? pred.dim[1]
                                      : 1;
    if (case_expect_size(r, "target", target.n, classes ? pred.dim[0] : pred.n) ||
        case_expect_size(r, "value", wanted.n, n) ||
        (classes && case_labels(r, &target, 0.0, pred.dim[1], &label) != OK))
        return FAILED;
    value = subject_bytes(&r->s, n * (int64_t)sizeof *value);
    c = (fell_metric_call){.ctx = &r->s.in.ctx,
                           .settings = r->s.settings,
                           .rows = pred.dim[0],
                           .cols = pred.dim[1],
                           .pred = pred.f,
                           .target = classes ? NULL : target.f,
                           .label = label,
                           .value = value};
    if (meaning_of(r, classes, &c.pred_is) != OK || cuts_of(r, classes, &c) != OK)
        return FAILED;
    if (subject_call(&r->s, m->eval(&c), r->err) != OK)
        return FAILED;
    case_compare(r, "value", NULL, value, wanted.d, n);
    return OK;
}

/* ---- initialisers ---------------------------------------------------------------------------------- */

/* The sum of squared distances from MIDDLE, by the number of them. */
static double spread_of(const float *w, int64_t n, double middle)
{
    double sum = 0.0;

    for (int64_t i = 0; i < n; i++)
        sum += ((double)w[i] - middle) * ((double)w[i] - middle);
    return sqrt(sum / (double)n);
}

/* 'w', every element; or of random ones 'sd' and 'mean', the latter in units of sd. */
status case_initialiser(struct run *r)
{
    const cJSON *given = case_member(r, "shape");
    const bool random = !case_member(r, "w");
    struct numbers w = {0}, dims = {0}, sd = {0}, mean = {0};
    fell_shape shape = {0};
    fell_init_call c;
    double middle = 0.0, got;
    int64_t all = 1;

    if (!random && case_read_numbers(r, r->json, "w", &w) != OK)
        return FAILED;
    if (given && case_read_numbers(r, r->json, "shape", &dims) != OK)
        return FAILED;
    if (random && (!given || case_read_numbers(r, r->json, "sd", &sd) != OK))
        return given ? FAILED : error_set(r->err, "it has no 'shape'");
    shape.rank = given ? dims.n : w.rank;
    if (shape.rank < 1 || shape.rank > 4)
        return error_set(r->err, "its shape has not 1 to 4 dimensions");
    for (int64_t d = 0; d < shape.rank; d++) {
        if (given &&
            !(dims.d[d] >= 1.0 && dims.d[d] <= (double)((1 << 24) / all) && dims.d[d] == floor(dims.d[d])))
            return error_set(r->err, "'shape' holds other than whole numbers from 1 on, or is too large");
        shape.dim[d] = given ? (int64_t)dims.d[d] : w.dim[d];
        all *= shape.dim[d];
    }
    c = (fell_init_call){
        .ctx = &r->s.in.ctx, .settings = r->s.settings, .shape = &shape, .n = fell_size(&shape)};
    init_fans(&shape, &c.fan_in, &c.fan_out);
    if (c.n < 1 || c.n > 1 << 24 || (!random && case_expect_size(r, "w", w.n, c.n)))
        return random || c.n < 1 ? error_set(r->err, "'shape' is of no size") : FAILED;
    c.w = subject_floats(&r->s, c.n, NAN);
    if (subject_call(&r->s, r->s.item->initialiser->fill(&c), r->err) != OK)
        return FAILED;
    if (!random) {
        case_compare(r, "w", c.w, NULL, w.d, w.n);
        return OK;
    }
    for (int64_t i = 0; i < c.n; i++)
        middle += (double)c.w[i] / (double)c.n;
    got = spread_of(c.w, c.n, middle);
    case_compare(r, "sd", NULL, &got, sd.d, 1);
    if (case_member(r, "mean") && case_read_numbers(r, r->json, "mean", &mean) == OK) {
        const double here[] = {middle, sd.d[0]}, there[] = {mean.d[0], sd.d[0]}; /* sd gives the scale */

        case_compare(r, "mean", NULL, here, there, 2);
    }
    return OK;
}

/* ---- datasets -------------------------------------------------------------------------------------- */

/* The rows that 'rows' names, in one call. */
static status read_rows(struct run *r, const fell_data_info *info, const struct numbers *rows)
{
    const int64_t nx = fell_size(&info->x), nt = fell_size(&info->target);
    const bool classes = info->is == FELL_CLASSES;
    struct numbers x, target;
    int64_t *row = subject_bytes(&r->s, rows->n * (int64_t)sizeof *row);
    int32_t *label = subject_bytes(&r->s, rows->n * nt * (int64_t)sizeof *label);
    fell_read_call c = {
        .ctx = &r->s.in.ctx, .settings = r->s.settings, .self = info->self, .n = rows->n, .row = row};
    float *values = subject_floats(&r->s, rows->n * nt, NAN), *got;

    for (int64_t i = 0; i < rows->n; i++) {
        if (!(rows->d[i] >= 0.0 && rows->d[i] < (double)info->rows && rows->d[i] == floor(rows->d[i])))
            return error_set(r->err, "row %g is not one of its %lld", rows->d[i], (long long)info->rows);
        row[i] = (int64_t)rows->d[i];
    }
    if (case_read_numbers(r, r->json, "x", &x) != OK || case_expect_size(r, "x", x.n, rows->n * nx) ||
        case_read_numbers(r, r->json, "target", &target) != OK ||
        case_expect_size(r, "target", target.n, rows->n * nt))
        return FAILED;
    got = subject_floats(&r->s, x.n, NAN);
    if (info->doubles)
        c.x64 = subject_bytes(&r->s, x.n * (int64_t)sizeof *c.x64);
    else
        c.x = got;
    c.target = classes ? NULL : values;
    c.label = classes ? label : NULL;
    if (subject_call(&r->s, r->s.item->dataset->read(&c), r->err) != OK)
        return FAILED;
    for (int64_t i = 0; c.x64 && i < x.n; i++)
        got[i] = (float)c.x64[i];
    for (int64_t i = 0; classes && i < target.n; i++)
        values[i] = (float)label[i];
    case_compare(r, "x", got, NULL, x.d, x.n);
    case_compare(r, "target", values, NULL, target.d, target.n);
    return OK;
}

/* Classes are asked for where 'target_is' says so. */
status case_dataset(struct run *r)
{
    const char *is = cJSON_GetStringValue(case_member(r, "target_is"));
    fell_data_info info = {.ctx = &r->s.in.ctx,
                           .settings = r->s.settings,
                           .wanted = is && strcmp(is, "classes") == 0 ? FELL_CLASSES : FELL_VALUES};
    struct numbers rows, count;
    status result;

    if (case_read_numbers(r, r->json, "rows", &rows) != OK ||
        subject_call(&r->s, r->s.item->dataset->open(&info), r->err) != OK)
        return FAILED;
    result = read_rows(r, &info, &rows);
    if (result == OK && case_member(r, "count") && case_read_numbers(r, r->json, "count", &count) == OK) {
        const double all = (double)info.rows;

        case_compare(r, "count", NULL, &all, count.d, 1);
    }
    r->s.item->dataset->close(info.self);
    return result;
}
