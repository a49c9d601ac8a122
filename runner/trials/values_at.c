/* values_at.c - one value of an axis: from its place to its number, back, and what identifies them all. See
 * space.h and values.c, which reads them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/real.h"
#include "base/text.h"
#include "trials/space.h"

static double within(const struct values *v, double x)
{
    return x < v->a ? v->a : x > v->b ? v->b : x;
}

/* Number INDEX between the ends of COUNT. */
static struct wide part_of_range(const struct values *v, size_t index)
{
    const uint64_t parts = v->count - 1, i = index;
    const struct wide minus = wide_from_decimal(-1);
    struct wide x;

    if (v->log) {
        x = wide_product(wide_power(v->wide_a, parts - i), wide_power(v->wide_b, i));
        return wide_root(x, parts, real_exp(real_log(v->a) + (double)i * v->step));
    }
    x = wide_sum(v->wide_b, wide_product(v->wide_a, minus));
    x = wide_product(x, wide_quotient(wide_from_decimal((double)i), wide_from_decimal((double)parts)));
    return wide_sum(v->wide_a, x);
}

/* 0.1 + 2 * 0.1 is meant to be 0.3, and 1e-5 * 10 to be 1e-4: the decimal of 15 digits that is nearest to
 * what comes from the numbers as they are written. */
static double step_value(const struct values *v, size_t index)
{
    struct wide x;

    if (!index || (v->by_count && index == v->count - 1))
        return index ? v->b : v->a;
    if (v->by_count)
        x = part_of_range(v, index);
    else if (v->log)
        x = wide_product(v->wide_a, wide_power(v->wide_step, index));
    else
        x = wide_sum(v->wide_a, wide_product(v->wide_step, wide_from_decimal((double)index)));
    return within(v, v->whole ? floor(wide_to_double(x) + 0.5) : wide_to_15_digits(x));
}

static double log_value(double a, double b, double u)
{
    double log_a = real_log(a);

    return u > 0 ? real_exp(log_a + u * (real_log(b) - log_a)) : a;
}

/* Neither 0 nor 1, where the quantile is infinite. */
static double normal_value(const struct values *v, double u)
{
    static const double lowest = 0x1p-54, highest = 1 - 0x1p-53;
    double p = v->low + u * (v->high - v->low), x;

    x = v->a + v->b * real_normal_quantile(p < lowest ? lowest : p > highest ? highest : p);
    return x < v->min ? v->min : x > v->max ? v->max : x;
}

static double number_value(const struct values *v, size_t index, double u)
{
    switch (v->kind) {
    case VALUES_STEPS:
        return step_value(v, index);
    case VALUES_WHOLE:
        return within(v, v->a + floor(u * (v->b - v->a + 1)));
    case VALUES_UNIFORM:
        return within(v, v->a + u * (v->b - v->a));
    case VALUES_LOG:
        return within(v, log_value(v->a, v->b, u));
    case VALUES_LOG_WHOLE:
        return within(v, floor(log_value(v->a, v->b + 1, u)));
    default:
        return normal_value(v, u);
    }
}

struct node *values_node(const struct values *v, struct tree *t, size_t index, double u)
{
    char text[32];

    if (v->kind == VALUES_LIST)
        return v->item[index];
    if (v->whole)
        snprintf(text, sizeof text, "%.0f", number_value(v, index, u));
    else
        text_from_double(number_value(v, index, u), text);
    return tree_scalar(t, &v->at, text);
}

/* The first of COUNT steps whose value, which grows with them, is X at least. */
static size_t first_step(const struct values *v, double x)
{
    const bool down = step_value(v, v->count - 1) < step_value(v, 0);
    size_t low = 0, high = v->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const double at = step_value(v, middle);

        if (down ? at > x : at < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The least place in [0,1] whose value is X at least. */
static double first_place(const struct values *v, double x)
{
    double low = 0, high = 1;

    for (int i = 0; i < 53; i++) {
        const double middle = low + (high - low) / 2;

        if (number_value(v, 0, middle) < x)
            low = middle;
        else
            high = middle;
    }
    return high;
}

bool values_place(const struct values *v, double x, size_t *index, double *u)
{
    const bool normal = v->kind == VALUES_NORMAL,
               whole = v->kind == VALUES_WHOLE || v->kind == VALUES_LOG_WHOLE;
    double end;

    if (v->kind == VALUES_STEPS) {
        *index = first_step(v, x);
        return *index < v->count && step_value(v, *index) == x;
    }
    if (!(x >= (normal ? v->min : v->a) && x <= (normal ? v->max : v->b)) || (whole && x != floor(x)))
        return false;
    *u = first_place(v, x);
    if (whole) {
        end = x < v->b ? first_place(v, x + 1) : 1;
        *u = (x > v->a ? *u : 0) / 2 + end / 2;
    }
    *u = *u < 1 ? *u : 1 - 0x1p-53;
    return true;
}

static void add_number(struct strbuf *out, double x)
{
    char text[32];

    text_from_double(x, text);
    strbuf_addf(out, " %s", text);
}

void values_identity(const struct values *v, fell_ptype type, struct strbuf *out)
{
    const double numbers[] = {v->a, v->b, v->step, v->low, v->high, v->min, v->max};
    struct arena *arena = arena_new();

    strbuf_addf(out, " %d %d%d%d %zu", (int)v->kind, v->log, v->whole, v->by_count, v->count);
    for (size_t i = 0; v->kind == VALUES_LIST && i < v->count; i++) {
        const struct axis_value value = flow_value(arena, type, v->item[i]);

        if (value.type == VALUE_TEXT)
            strbuf_addf(out, " '%s'", value.text);
        else if (value.type == VALUE_INT)
            strbuf_addf(out, " %lld", (long long)value.i);
        else
            add_number(out, value.x);
        if (v->weights)
            add_number(out, v->weights[i]);
        if (v->name)
            strbuf_addf(out, " as '%s'", v->name[i]->text);
    }
    for (size_t i = 0; v->kind != VALUES_LIST && i < sizeof numbers / sizeof *numbers; i++)
        add_number(out, numbers[i]);
    strbuf_add(out, "\n");
    arena_free(arena);
}
