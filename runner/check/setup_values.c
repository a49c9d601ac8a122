/* setup_values.c - see setup_values.h. */
#include "check/setup_values.h"

#include <math.h>

enum { FAR = 300 };

static bool whole(const fell_param *p)
{
    return p->type == FELL_P_INT || p->type == FELL_P_INTS;
}

static double low_end(const fell_param *p)
{
    double low = isfinite(p->min) ? p->min : fmin(-10.0, -10.0 * fabs(p->def));

    if (whole(p))
        return ceil(low) + (p->flags & FELL_MIN_OPEN && low == ceil(low) ? 1.0 : 0.0);
    if (p->flags & FELL_MIN_OPEN && isfinite(p->min))
        low += 1e-3 * (isfinite(p->max) ? p->max - p->min : fmax(1.0, fabs(p->def)));
    return low;
}

static double high_end(const fell_param *p)
{
    double high = isfinite(p->max) ? p->max : fmax(10.0, 10.0 * fabs(p->def));

    if (whole(p)) {
        high = fmin(isfinite(p->max) ? p->max : INFINITY, fmax(low_end(p), p->def) + 3.0);
        return floor(high) - (p->flags & FELL_MAX_OPEN && high == p->max ? 1.0 : 0.0);
    }
    high = fmin(high, fmax(low_end(p), fabs(p->def) * 10.0 + 10.0));
    if (p->flags & FELL_MAX_OPEN && high == p->max)
        high -= 1e-3 * (isfinite(p->min) ? p->max - p->min : fmax(1.0, fabs(p->max)));
    return high;
}

static double number_at(const fell_param *p, enum at at, int guess, struct rng_stream *draw)
{
    const double low = low_end(p), high = high_end(p);
    static const double guesses[GUESSES] = {2, 3, 1, 4, 6, 8};
    float u;

    if (at == AT_LOW)
        return low;
    if (at == AT_HIGH)
        return high;
    if (at == AT_FAR) /* more than a byte holds, where so much is allowed */
        return fmin(FAR, p->flags & FELL_MAX_OPEN ? p->max - 1.0 : p->max);
    if (at == AT_DEFAULT)
        return p->def;
    if (at == AT_GUESS)
        return fmin(fmax(whole(p) ? guesses[guess] : 0.5 * (low + fmin(high, low + 1.0)), low), high);
    rng_uniform(draw, &u, 1);
    return whole(p) ? low + floor((double)u * (high - low + 1.0)) : low + (double)u * (high - low);
}

int value_choices(const fell_param *p)
{
    int n = p->choices && p->choices[0] ? 1 : 0;

    for (const char *c = p->choices; c && *c; c++)
        n += *c == '|';
    return n;
}

static void add_choice(struct strbuf *b, const fell_param *p, int number)
{
    const char *at = p->choices;

    while (number-- > 0)
        at += strcspn(at, "|") + 1;
    strbuf_addf(b, "%.*s", (int)strcspn(at, "|"), at);
}

/* One at random for each column, 16 at most. */
static bool add_columns(struct strbuf *b, const fell_param *p, int columns, struct rng_stream *draw)
{
    enum { MOST = 16 };

    if (columns < 1 || columns > MOST)
        return false;
    for (int i = 0; i < columns; i++)
        strbuf_addf(b, "%s%.6g", i ? ", " : "[", number_at(p, AT_RANDOM, 0, draw));
    strbuf_addf(b, "]");
    return true;
}

/* Lists that might be a shape or a list of numbers, by the guess. */
static void add_list(struct strbuf *b, const fell_param *p, enum at at, int guess, struct rng_stream *draw)
{
    static const char *const lists[GUESSES] = {"[2]", "[2, 3]", "[6]", "[12]", "[3, 2]", "[1, 6]"};

    if (at == AT_GUESS && p->type == FELL_P_INTS)
        strbuf_addf(b, "%s", lists[guess]);
    else
        strbuf_addf(b, "[%.9g]", number_at(p, at, guess, draw));
}

bool value_add(struct strbuf *b, const fell_param *p, enum at at, int number, struct rng_stream *draw)
{
    switch (p->type) {
    case FELL_P_INT:
    case FELL_P_FLOAT:
        strbuf_addf(b, "%.9g", number_at(p, at, number, draw));
        return true;
    case FELL_P_BOOL:
        strbuf_addf(b, "%s",
                    at == AT_HIGH || (at == AT_RANDOM && rng_below(draw, 2)) || (at == AT_GUESS && number % 2)
                        ? "true"
                        : "false");
        return true;
    case FELL_P_ENUM:
        add_choice(b, p,
                   at == AT_LOW      ? 0
                   : at == AT_HIGH   ? value_choices(p) - 1
                   : at == AT_RANDOM ? (int)rng_below(draw, (uint64_t)value_choices(p))
                                     : number % value_choices(p));
        return true;
    case FELL_P_INTS:
    case FELL_P_FLOATS:
        if (at == AT_COLUMNS)
            return add_columns(b, p, number, draw);
        add_list(b, p, at, number, draw);
        return true;
    default:
        return false;
    }
}

bool value_goes_far(const fell_param *p)
{
    return whole(p) && p->max > high_end(p);
}
