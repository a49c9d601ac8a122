/* pruner.c - see pruner.h. A decision takes time in proportion to the earlier trials. */
#include "sweep/pruner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

static int64_t first_epoch(const struct pruner *p)
{
    return p->minimum < 1 ? 1 : p->minimum;
}

static int64_t reduction_of(const struct pruner *p)
{
    return p->reduction < 2 ? 2 : p->reduction;
}

/* ---- brackets ------------------------------------------------------------------- */

/* floor(log_reduction(epochs / minimum)), in whole numbers. */
static int64_t most_steps(const struct pruner *p, int64_t epochs)
{
    int64_t steps = 0;

    for (int64_t left = epochs / first_epoch(p) / reduction_of(p); left > 0; left /= reduction_of(p))
        steps++;
    return steps;
}

int64_t pruner_brackets(const struct pruner *p, int64_t epochs)
{
    return p->kind == PRUNER_HYPERBAND ? most_steps(p, epochs) + 1 : 1;
}

/* How trials go around the brackets. */
struct rounds {
    int64_t brackets;
    uint64_t trials[64]; /* of each bracket in one round */
    uint64_t all;        /* their sum */
    uint64_t stride;
};

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* Bracket b has ceil(brackets / (s + 1) * reduction^s) trials, s = brackets - 1 - b, as in the
 * paper's algorithm. No power is larger than EPOCHS. */
static struct rounds rounds_of(const struct pruner *p, int64_t epochs)
{
    struct rounds r = {.brackets = pruner_brackets(p, epochs)};
    unsigned __int128 power = 1;

    for (uint64_t s = 0; s < (uint64_t)r.brackets; s++) {
        uint64_t n = (uint64_t)((power * (uint64_t)r.brackets + s) / (s + 1));

        r.trials[(uint64_t)r.brackets - 1 - s] = n;
        r.all += n;
        power *= (uint64_t)reduction_of(p);
    }
    r.stride = (uint64_t)((unsigned __int128)r.all * 618034 / 1000000);
    while (common_divisor(r.stride, r.all) != 1)
        r.stride++;
    return r;
}

/* The places of a round, one after the other, belong to bracket 0, then to 1, and so on. Trials
 * take them in strides of about the golden section of the round, which hits every place once and
 * keeps each bracket's trials evenly apart (Weyl's sequence in whole numbers). */
static int64_t bracket_of(const struct rounds *r, int64_t number)
{
    uint64_t place = (uint64_t)((unsigned __int128)((uint64_t)number % r->all) * r->stride % r->all);
    int64_t b = 0;

    for (; place >= r->trials[b]; b++)
        place -= r->trials[b];
    return b;
}

int64_t pruner_bracket(const struct pruner *p, int64_t number, int64_t epochs)
{
    struct rounds r = rounds_of(p, epochs);

    return bracket_of(&r, number);
}

/* ---- epochs ---------------------------------------------------------------------- */

/* BASE * reduction^k, the first above EPOCH; 0 when that is EPOCHS or more. */
static int64_t next_rung(const struct pruner *p, int64_t base, int64_t epoch, int64_t epochs)
{
    int64_t rung = base;

    while (rung <= epoch) {
        if (rung > (epochs - 1) / reduction_of(p))
            return 0; /* the next would be EPOCHS or more */
        rung *= reduction_of(p);
    }
    return rung < epochs ? rung : 0;
}

static int64_t next_of_interval(const struct pruner *p, int64_t epoch, int64_t epochs)
{
    int64_t interval = p->interval < 1 ? 1 : p->interval, next = first_epoch(p);

    if (epoch >= next) {
        int64_t done = (epoch - next) / interval + 1;

        if (interval >= epochs || done > (epochs - next) / interval)
            return 0;
        next += done * interval;
    }
    return next < epochs ? next : 0;
}

int64_t pruner_next_epoch(const struct pruner *p, int64_t number, int64_t epoch, int64_t epochs)
{
    int64_t base = first_epoch(p);

    if (epoch < 0)
        epoch = 0;
    if (p->kind == PRUNER_NONE || base >= epochs)
        return 0;
    if (p->kind == PRUNER_MEDIAN)
        return next_of_interval(p, epoch, epochs);
    /* base * reduction^bracket is at most EPOCHS */
    for (int64_t b = pruner_bracket(p, number, epochs); b > 0; b--)
        base *= reduction_of(p);
    return next_rung(p, base, epoch, epochs);
}

/* ---- decisions --------------------------------------------------------------------- */

/* What the earlier values say of VALUE. */
struct standing {
    size_t known;  /* values that count */
    size_t better; /* of them strictly better */
    double below;  /* the worst of these */
    double above;  /* the best of the rest */
};

/* OTHERS [n] that count are moved to the front of V [n]; how many there are. NAN has no value; of
 * hyperband only trials of bracket B count. */
static size_t collect(const struct rounds *r, int64_t b, size_t n, const double *others, double *v)
{
    size_t known = 0;

    for (size_t i = 0; i < n; i++)
        if (!isnan(others[i]) && (r->brackets == 1 || bracket_of(r, (int64_t)i) == b))
            v[known++] = others[i];
    return known;
}

static struct standing compare(double value, size_t n, const double *v)
{
    struct standing s = {.known = n, .below = -INFINITY, .above = INFINITY};

    for (size_t i = 0; i < n; i++) {
        if (isnan(value) || v[i] < value) {
            s.better++;
            s.below = v[i] > s.below ? v[i] : s.below;
        } else {
            s.above = v[i] < s.above ? v[i] : s.above;
        }
    }
    return s;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double recorded(const struct pruner *p, double value)
{
    return p->negated ? 0 - value : value;
}

static double middle(double a, double b)
{
    return a == b ? a : a / 2 + b / 2;
}

/* V is sorted when the reason names the median. VALUE is text for people in WHAT. */
static bool decide_median(const struct pruner *p, const struct standing *s, double value, const char *what,
                          double *v, char *reason, size_t size)
{
    int64_t startup = p->startup < 1 ? 1 : p->startup;
    size_t half = s->known / 2;

    if ((int64_t)s->known < startup) {
        snprintf(reason, size, "median: %s; %zu earlier trials are known there, %lld are needed", what,
                 s->known, (long long)startup);
        return false;
    }
    /* Of an even number the median is the mean of the two in the middle: when half of them is
     * better, these are the neighbours of VALUE. */
    if (s->better < half || (s->better == half && (s->known % 2 || value <= middle(s->below, s->above)))) {
        snprintf(reason, size, "median: %s; %zu of %zu earlier trials are better, so it goes on", what,
                 s->better, s->known);
        return false;
    }
    qsort(v, s->known, sizeof *v, by_value);
    snprintf(reason, size, "median: %s is worse than %.6g, the median of %zu earlier trials", what,
             recorded(p, s->known % 2 ? v[half] : middle(v[half - 1], v[half])), s->known);
    return true;
}

static bool decide_rung(const struct pruner *p, const struct standing *s, int64_t bracket, const char *what,
                        char *reason, size_t size)
{
    size_t all = s->known + 1, keep = (size_t)((int64_t)all / reduction_of(p));
    char who[48] = "asha";

    if (keep < 1)
        keep = 1;
    if (p->kind == PRUNER_HYPERBAND)
        snprintf(who, sizeof who, "hyperband, bracket %lld", (long long)bracket);
    snprintf(reason, size, "%s: %s is number %zu of %zu; the best %zu go%s on", who, what, s->better + 1, all,
             keep, keep == 1 ? "es" : "");
    return s->better >= keep;
}

bool pruner_decide(const struct pruner *p, int64_t number, int64_t epoch, int64_t epochs, double value,
                   size_t n, const double *others, char *reason, size_t size)
{
    int64_t lag = p->lag < 0 ? 0 : p->lag, bracket;
    size_t may = number > lag ? (size_t)(number - lag) : 0;
    struct rounds rounds = rounds_of(p, epochs);
    struct standing s;
    char what[80];
    double *v;
    bool prune;

    if (size)
        reason[0] = '\0';
    if (epoch < 1 || pruner_next_epoch(p, number, epoch - 1, epochs) != epoch)
        return false;
    bracket = bracket_of(&rounds, number);
    n = n < may ? n : may;
    v = mem_array(n ? n : 1, sizeof *v);
    s = compare(value, collect(&rounds, bracket, n, others, v), v);
    if (isnan(value))
        snprintf(what, sizeof what, "nan at epoch %lld", (long long)epoch);
    else
        snprintf(what, sizeof what, "%.6g at epoch %lld", recorded(p, value), (long long)epoch);
    prune = p->kind == PRUNER_MEDIAN ? decide_median(p, &s, value, what, v, reason, size)
                                     : decide_rung(p, &s, bracket, what, reason, size);
    free(v);
    return prune;
}
