/* numbers.c - the lists of numbers as rows. See numbers.h. */
#include "engine/numbers.h"

#include <string.h>

#include "engine/report.h"

#define IS_REAL    false
#define IS_INTEGER true
#define ROW(at, sql, word, since_, flags_, about_)                                                           \
    {.name = #word,                                                                                          \
     .type = #sql,                                                                                           \
     .about = about_,                                                                                        \
     .offset = (at),                                                                                         \
     .since = since_,                                                                                        \
     .flags = NUMBER_##flags_,                                                                               \
     .integer = IS_##sql},
#define LOSS_PLACE(type, name, since, flags, about) PLACE_##name,
#define LOSS_ROW(type, name, since, flags, about)                                                            \
    ROW(offsetof(struct epoch_report, loss) + PLACE_##name * sizeof(double), type, name, since, flags, about)
#define MEASURE_ROW(type, name, since, flags, about)                                                         \
    ROW(offsetof(struct epoch_report, name), type, name, since, flags, about)
#define TENSOR_ROW(type, name, since, flags, about)                                                          \
    ROW(offsetof(struct tensor_numbers, name), type, name, since, flags, about)

enum { EPOCH_LOSSES(LOSS_PLACE) };
const struct number epoch_numbers[NEPOCH_NUMBERS] = {EPOCH_LOSSES(LOSS_ROW) EPOCH_MEASURES(MEASURE_ROW)};
const struct number tensor_numbers[NTENSOR_NUMBERS] = {TENSOR_NUMBERS(TENSOR_ROW)};

int64_t number_integer(const struct number *n, const void *base)
{
    int64_t i;

    memcpy(&i, (const char *)base + n->offset, sizeof i);
    return i;
}

double number_value(const struct number *n, const void *base)
{
    double x;

    if (n->integer)
        return (double)number_integer(n, base);
    memcpy(&x, (const char *)base + n->offset, sizeof x);
    return x;
}

void number_set(const struct number *n, void *base, double value)
{
    const int64_t i = n->integer ? (int64_t)value : 0;

    memcpy((char *)base + n->offset, n->integer ? (const void *)&i : &value, sizeof value);
}
