/* modular.c - arithmetic modulo p, every pair of numbers a row: for studies of grokking. */
#include "fell/plugin.h"

enum { ADD, SUBTRACT, MULTIPLY, DIVIDE, SQUARES };
enum { NUMBERS, ONE_HOT, TOKENS };

struct settings {
    int64_t modulus;
    int32_t operation, inputs;
};

static const fell_param params[] = {
    FELL_INT(struct settings, modulus, 97, 2, 10000, 0,
             "The modulus p, from 2 to 10000; there are p classes and p^2 rows, or p (p - 1) of divide."),
    FELL_ENUM(struct settings, operation, "add", "add|subtract|multiply|divide|squares",
              "What is computed modulo p: a + b, a - b, a b, a / b with p prime and b from 1, or a^2 + b^2."),
    FELL_ENUM(
        struct settings, inputs, "numbers", "numbers|one_hot|tokens",
        "How a row is given: [a, b] as whole numbers (for embedding), 2 p numbers with a 1 each for a and "
        "b, or [a, p, b, p + 1], where p stands for the operation and p + 1 for the sign of equality."),
};

static bool is_prime(int64_t p)
{
    for (int64_t d = 2; d * d <= p; d++)
        if (p % d == 0)
            return false;
    return true;
}

/* Values of b: divide has no row with b = 0. */
static int64_t seconds(const struct settings *s)
{
    return s->operation == DIVIDE ? s->modulus - 1 : s->modulus;
}

static fell_status open_pairs(fell_data_info *info)
{
    const struct settings *s = info->settings;

    if (s->operation == DIVIDE && !is_prime(s->modulus))
        return fell_fail(info->ctx,
                         "modulus: %lld is no prime, so not every number can be divided by; choose %s",
                         (long long)s->modulus, "a prime, as 97");
    info->rows = s->modulus * seconds(s);
    info->x = fell_vec(s->inputs == ONE_HOT ? 2 * s->modulus : s->inputs == TOKENS ? 4 : 2);
    info->target = fell_vec(1);
    info->is = info->wanted == FELL_VALUES ? FELL_VALUES : FELL_CLASSES;
    info->nclasses = s->modulus;
    info->vocabulary = s->inputs == NUMBERS ? s->modulus : s->inputs == TOKENS ? s->modulus + 2 : 0;
    return FELL_OK;
}

/* a^(p-2) b = b / a modulo the prime p, by Fermat's little theorem. */
static int64_t quotient(int64_t b, int64_t a, int64_t p)
{
    for (int64_t e = p - 2; e > 0; e /= 2, a = a * a % p)
        if (e % 2)
            b = b * a % p;
    return b % p;
}

static int64_t answer(const struct settings *s, int64_t a, int64_t b)
{
    const int64_t p = s->modulus;

    switch (s->operation) {
    case ADD:
        return (a + b) % p;
    case SUBTRACT:
        return (a - b + p) % p;
    case MULTIPLY:
        return a * b % p;
    case DIVIDE:
        return quotient(a, b, p);
    default:
        return (a * a + b * b) % p;
    }
}

/* Row i is the pair a = i / p, b = i mod p; of divide b = 1 + i mod (p - 1). */
static fell_status read_pairs(fell_read_call *c)
{
    const struct settings *s = c->settings;
    const int64_t p = s->modulus, n = seconds(s);

    for (int64_t i = 0; i < c->n; i++) {
        const int64_t a = c->row[i] / n, b = c->row[i] % n + (s->operation == DIVIDE), y = answer(s, a, b);

        if (s->inputs == ONE_HOT) {
            memset(c->x + 2 * p * i, 0, (size_t)(2 * p) * sizeof *c->x);
            c->x[2 * p * i + a] = c->x[2 * p * i + p + b] = 1.0f;
        } else if (s->inputs == TOKENS) {
            const float row[4] = {(float)a, (float)p, (float)b, (float)(p + 1)};

            memcpy(c->x + 4 * i, row, sizeof row);
        } else {
            c->x[2 * i] = (float)a;
            c->x[2 * i + 1] = (float)b;
        }
        if (c->target)
            c->target[i] = (float)y;
        if (c->label)
            c->label[i] = (int32_t)y;
    }
    return FELL_OK;
}

static void close_pairs(void *self)
{
    (void)self;
}

static const fell_dataset modular = {
    FELL_ITEM(
        FELL_KIND_DATASET, fell_dataset, "modular",
        "Arithmetic modulo p: every pair of numbers a row, the result its class.\n\n"
        "Rows (a, b) with a and b from 0 to p - 1, in order; target a + b modulo p, or another operation.\n"
        "Also as values, for losses that take values. Nets that know all training rows by heart may,\n"
        "after many epochs with weight decay, come to answer the others: A. Power et al., \"Grokking:\n"
        "generalization beyond overfitting on small algorithmic datasets\", 2022, section 2.",
        struct settings, params),
    open_pairs, read_pairs, close_pairs};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &modular.item);
