/* values.c - the values of one axis: a list, numbers in steps, or a distribution.
 *
 * The forms are a table, each with its settings in the tables of host/settings.h. Numbers that are computed
 * or drawn come from +, -, *, /, base/real.h and base/wide.h, so they are the same on every machine, and
 * are written as the shortest text that reads back as the same number. Whether a value suits its setting is
 * found by whoever reads the spec with it.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/real.h"
#include "base/text.h"
#include "host/settings.h"
#include "trials/space.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const double STEPS_MAX = SWEEP_TRIALS_MAX;
static const double WHOLE_MAX = 9007199254740992; /* 2^53: whole numbers that a double counts one by one */
static const double SLACK = 1e-9;                 /* of a step, for an end that rounding has moved */

enum { TYPE_AUTO, TYPE_FLOAT, TYPE_INT };

/* What a form's map holds; not every form has all of it. */
struct form_settings {
    fell_floats ends; /* [a, b] */
    double step;
    int64_t count;
    bool log;
    int32_t type;
    double mean, sd, min, max;
    fell_floats weights;
};

struct form_reader {
    struct spec_reader *r;
    const char *path, *lists;
    const struct node *node, *settings; /* the map; what stands behind the form's word */
    fell_ptype type;
    struct form_settings s;
    struct values *v;
};

#define ENDS(word, doc)                                                                                      \
    {                                                                                                        \
        word, doc, FELL_P_FLOATS, FELL_REQUIRED, offsetof(struct form_settings, ends), 0, -INFINITY,         \
            INFINITY, NULL, NULL                                                                             \
    }

static const fell_param range_params[] = {
    ENDS("range", "The first and the last number."),
    FELL_FLOAT(struct form_settings, step, 0, 0, INFINITY, FELL_MIN_OPEN,
               "From one number to the next; the factor where log is true."),
    FELL_INT(struct form_settings, count, 0, 2, SWEEP_TRIALS_MAX, 0, "How many numbers, ends included."),
    FELL_BOOL(struct form_settings, log, false, "Even in the logarithm."),
    FELL_ENUM(struct form_settings, type, "auto", "auto|float|int",
              "Whole numbers only: int; auto: where the setting takes no others."),
};
static const fell_param uniform_params[] = {ENDS("uniform", "The lowest and the highest number.")};
static const fell_param log_uniform_params[] = {ENDS("log_uniform", "The lowest and the highest number.")};
static const fell_param integer_params[] = {ENDS("integer", "The lowest and the highest whole number.")};
static const fell_param normal_params[] = {
    FELL_FLOAT(struct form_settings, mean, 0, -INFINITY, INFINITY, FELL_REQUIRED, "The mean."),
    FELL_FLOAT(struct form_settings, sd, 0, 0, INFINITY, FELL_REQUIRED | FELL_MIN_OPEN,
               "The standard deviation."),
    FELL_FLOAT(struct form_settings, min, -INFINITY, -INFINITY, INFINITY, 0, "The lowest number."),
    FELL_FLOAT(struct form_settings, max, INFINITY, -INFINITY, INFINITY, 0, "The highest number."),
};
static const fell_param choice_params[] = {
    FELL_FLOATS(struct form_settings, weights, "[]", 0, INFINITY, FELL_MIN_OPEN,
                "How often each value is drawn, relative to the others."),
};

/* ---- parts ------------------------------------------------------------------------------ */

__attribute__((format(printf, 3, 4))) static status refuse(struct form_reader *f, const struct node *at,
                                                           const char *fmt, ...)
{
    char why[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    f->r->result |= diag_error(f->r->diag, &at->place, "%s: %s", f->path, why);
    return FAILED;
}

static bool is_whole(double x)
{
    return x == floor(x) && fabs(x) <= WHOLE_MAX;
}

/* a and b of the form: two numbers, the first the lower one. */
static status take_ends(struct form_reader *f, bool whole)
{
    struct values *v = f->v;
    char a[32], b[32];

    if (f->s.ends.n != 2)
        return refuse(f, f->settings, "%s wants two numbers, [a, b], not %lld", v->form,
                      (long long)f->s.ends.n);
    v->a = f->s.ends.v[0];
    v->b = f->s.ends.v[1];
    v->whole = whole;
    text_from_double(v->a, a);
    text_from_double(v->b, b);
    if (!isfinite(v->a) || !isfinite(v->b) || v->a > v->b || (v->a == v->b && !whole && v->step == 0.0))
        return refuse(f, f->settings, "%s: [%s, %s] is empty: the first number is the lower one", v->form, a,
                      b);
    if (whole && !(is_whole(v->a) && is_whole(v->b)))
        return refuse(f, f->settings, "%s: [%s, %s]: the ends of a range of whole numbers are whole", v->form,
                      a, b);
    if (v->log && !(v->a > 0))
        return refuse(f, f->settings, "%s: [%s, %s]: a logarithm wants numbers above 0", v->form, a, b);
    return OK;
}

/* A distribution where only lists will do. */
static status check_drawn(struct form_reader *f, const char *instead)
{
    if (!f->lists)
        return OK;
    return refuse(
        f, f->node,
        "{%s: ...} is drawn from, and %s: %s, or take another strategy, like {random: {trials: 50}}",
        f->v->form, f->lists, instead);
}

static bool takes_whole(const struct form_reader *f)
{
    return f->type == FELL_P_INT || f->type == FELL_P_INTS;
}

/* A setting of whole numbers cannot take all that is drawn. */
static status check_whole(struct form_reader *f)
{
    if (!takes_whole(f))
        return OK;
    return refuse(f, f->node,
                  "whole numbers are wanted here: {integer: [a, b]}, or {range: [a, b], log: true}");
}

/* ---- the forms ----------------------------------------------------------------------------- */

/* N numbers by step or by count. */
static status make_steps(struct form_reader *f)
{
    struct values *v = f->v;
    double n;

    v->kind = VALUES_STEPS;
    if (f->s.count) {
        n = (double)f->s.count;
        v->step = v->log ? (real_log(v->b) - real_log(v->a)) / (n - 1) : (v->b - v->a) / (n - 1);
        v->by_count = true;
    } else if (v->log) {
        if (!(v->step > 1))
            return refuse(
                f, f->node,
                "range: with log: true the step is the factor from one number to the next, above 1");
        n = floor((real_log(v->b) - real_log(v->a)) / real_log(v->step) + SLACK) + 1;
    } else {
        n = floor((v->b - v->a) / v->step + SLACK) + 1;
    }
    if (n > STEPS_MAX)
        return refuse(f, f->node, "range: more than %d values", SWEEP_TRIALS_MAX);
    v->count = (size_t)n;
    v->wide_a = wide_from_decimal(v->a);
    v->wide_b = wide_from_decimal(v->b);
    v->wide_step = wide_from_decimal(v->step);
    return OK;
}

static status read_range(struct form_reader *f)
{
    struct values *v = f->v;

    v->step = f->s.step;
    v->log = f->s.log;
    if (f->s.step > 0 && f->s.count)
        return refuse(f, f->node, "range: one of step and count, not both");
    if (take_ends(f, f->s.type == TYPE_INT || (f->s.type == TYPE_AUTO && takes_whole(f))))
        return FAILED;
    if (v->whole && v->step > 0 && !v->log && !is_whole(v->step))
        return refuse(f, f->node, "range: the step of a range of whole numbers is whole");
    if (f->lists && v->whole && !f->s.count && !(v->step > 0))
        v->step = v->log ? 2 : 1; /* the natural steps of whole numbers */
    if (v->step > 0 || f->s.count)
        return make_steps(f);
    if (check_drawn(f, v->log ? "add step: FACTOR or count: N" : "add step: or count:"))
        return FAILED;
    v->kind = v->whole ? v->log ? VALUES_LOG_WHOLE : VALUES_WHOLE : v->log ? VALUES_LOG : VALUES_UNIFORM;
    return v->whole ? OK : check_whole(f);
}

static status read_uniform(struct form_reader *f)
{
    f->v->kind = VALUES_UNIFORM;
    return take_ends(f, false) || check_drawn(f, "write a list, or {range: [a, b], step: s}") ||
           check_whole(f);
}

static status read_log_uniform(struct form_reader *f)
{
    f->v->kind = VALUES_LOG;
    f->v->log = true;
    return take_ends(f, false) || check_drawn(f, "write a list, or {range: [a, b], log: true, count: n}") ||
           check_whole(f);
}

static status read_integer(struct form_reader *f)
{
    f->v->kind = VALUES_WHOLE;
    return take_ends(f, true) || check_drawn(f, "write a list, or {range: [a, b], type: int}");
}

/* The probability below X of a standard normal number: where the quantile passes it. */
static double probability_below(double x)
{
    double low = 0, high = 1;

    if (isinf(x))
        return x < 0 ? 0 : 1;
    for (int i = 0; i < 64; i++) {
        double middle = 0.5 * (low + high);

        if (real_normal_quantile(middle) < x)
            low = middle;
        else
            high = middle;
    }
    return high;
}

static status read_normal(struct form_reader *f)
{
    struct values *v = f->v;

    v->kind = VALUES_NORMAL;
    v->a = f->s.mean;
    v->b = f->s.sd;
    v->min = f->s.min;
    v->max = f->s.max;
    if (!(v->min < v->max))
        return refuse(f, f->settings, "normal: min is below max");
    v->low = probability_below((v->min - v->a) / v->b);
    v->high = probability_below((v->max - v->a) / v->b);
    if (!(v->low < v->high))
        return refuse(f, f->settings,
                      "normal: min and max leave nothing: they are too many deviations from the mean");
    return check_drawn(f, "write a list") || check_whole(f);
}

static status read_list(struct form_reader *f, const struct node *list)
{
    struct values *v = f->v;

    v->kind = VALUES_LIST;
    if (list->kind == NODE_MAP && list->n)
        v->name = list->key;
    else if (list->kind != NODE_LIST)
        return refuse(f, list, "an axis is a list of values, not %s", spec_describe(f->r, list));
    if (!list->n)
        return refuse(f, list, "the axis has no values");
    v->count = list->n;
    v->item = list->item;
    return OK;
}

static status read_choice(struct form_reader *f)
{
    const struct node *values = tree_get(f->settings, "values");
    size_t n = (size_t)f->s.weights.n;
    double sum = 0, *weights;

    if (!values)
        return refuse(f, f->settings, "choice.values is required");
    if (read_list(f, values))
        return FAILED;
    for (size_t i = 0; i < n; i++)
        sum += f->s.weights.v[i];
    if (n && n != f->v->count)
        return refuse(f, tree_get(f->settings, "weights"), "choice: %zu weight%s for %zu value%s", n,
                      n == 1 ? "" : "s", f->v->count, f->v->count == 1 ? "" : "s");
    if (!isfinite(sum))
        return refuse(f, tree_get(f->settings, "weights"), "choice: the sum of the weights is too large");
    if (n) {
        weights = arena_alloc(f->r->arena, n * sizeof *weights);
        for (size_t i = 0; i < n; i++)
            weights[i] = f->s.weights.v[i] / sum;
        f->v->weights = weights;
    }
    return check_drawn(f, "write the list alone");
}

static status (*const readers[])(struct form_reader *f) = {
    read_range, read_uniform, read_log_uniform, read_integer, read_normal, read_choice,
};
const struct values_form values_forms[] = {
    {"range",
     "Numbers in steps, or all between two numbers.",
     COUNT(range_params),
     range_params,
     false,
     {NULL}},
    {"uniform", "Any number between two.", COUNT(uniform_params), uniform_params, false, {NULL}},
    {"log_uniform",
     "Any number between two, even in the logarithm.",
     COUNT(log_uniform_params),
     log_uniform_params,
     false,
     {NULL}},
    {"integer",
     "Any whole number from one to another.",
     COUNT(integer_params),
     integer_params,
     false,
     {NULL}},
    {"normal", "Numbers of a normal distribution.", COUNT(normal_params), normal_params, true, {NULL}},
    {"choice",
     "One of a list, some more often than others.",
     COUNT(choice_params),
     choice_params,
     true,
     {"values"}},
};
const size_t values_forms_count = COUNT(values_forms);
_Static_assert(COUNT(readers) == COUNT(values_forms), "each form has its reader");

/* ---- reading ------------------------------------------------------------------------------- */

static status refuse_form(struct form_reader *f)
{
    const char *words[COUNT(values_forms)], *key = f->node->key[0]->text, *near;

    for (size_t i = 0; i < COUNT(values_forms); i++)
        words[i] = values_forms[i].word;
    near = text_nearest(key, words, COUNT(words));
    return refuse(f, f->node->key[0],
                  "'%s' is not a way to give values; an axis is a list, or has one of "
                  "range, uniform, log_uniform, integer, normal, choice%s%s%s",
                  key, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static status read_form(struct form_reader *f, const struct values_form *form)
{
    const struct item table = {.name = form->inner ? arena_format(f->r->arena, "%s.%s", f->path, form->word)
                                                   : f->path,
                               .nparams = form->nparams,
                               .params = form->params};
    const struct node *map = form->inner ? f->settings : f->node;
    const char *const word[] = {form->word, NULL};
    status result = OK;

    f->v->form = form->word;
    if (form->inner &&
        spec_want_map(f->r, map, arena_format(f->r->arena, "%s: %s", f->path, form->word)) != OK)
        return FAILED;
    if (form->inner)
        result = settings_check_keys(&(struct item){.name = f->path}, f->node, word, f->r->diag);
    result |= settings_check_keys(&table, map, form->other, f->r->diag);
    result |= settings_fill(f->r->arena, &table, &f->s, map, &f->settings->place, f->r->diag);
    f->r->result |= result;
    return result ? FAILED : readers[form - values_forms](f);
}

/* {plain: [...], normed: [...]} are values with names, unless a word of theirs is one of a form's, or looks
 * like a slip of one: a list behind it, where one number is wanted. */
static bool is_slip(const struct form_reader *f)
{
    const char *words[COUNT(values_forms)];
    const bool number = f->type == FELL_P_INT || f->type == FELL_P_FLOAT;

    for (size_t i = 0; i < COUNT(values_forms); i++) {
        words[i] = values_forms[i].word;
        for (size_t k = 0; k < values_forms[i].nparams; k++)
            if (tree_get(f->node, values_forms[i].params[k].name))
                return true;
    }
    for (size_t i = 0; number && i < f->node->n; i++)
        if (f->node->item[i]->kind != NODE_SCALAR && text_nearest(f->node->key[i]->text, words, COUNT(words)))
            return true;
    return tree_get(f->node, "values") != NULL;
}

struct values *values_read(struct spec_reader *r, const char *path, fell_ptype type, const struct node *node,
                           const char *lists)
{
    struct values *v = arena_alloc(r->arena, sizeof *v);
    struct form_reader f = {.r = r, .path = path, .lists = lists, .node = node, .type = type, .v = v};

    v->at = node->place;
    if (node->kind != NODE_MAP || !node->n)
        return read_list(&f, node) ? NULL : v;
    for (size_t i = 0; i < COUNT(values_forms); i++)
        if ((f.settings = tree_get(node, values_forms[i].word)))
            return read_form(&f, &values_forms[i]) ? NULL : v;
    if (!is_slip(&f))
        return read_list(&f, node) ? NULL : v;
    refuse_form(&f);
    return NULL;
}
