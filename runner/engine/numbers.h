/* numbers.h - the numbers that are recorded of an epoch, and of a parameter tensor in an epoch.
 *
 * The two lists below are the one place that names them: the reports' fields (report.h), the frames of a
 * worker, the columns of the database and of its views, what `fell verify` compares and `fell show` prints,
 * and the keys of JSON are made from them. A row that is added goes to the END of its list, as a column
 * that is added goes to the end of its table; besides it there is what computes the number (train_report.c),
 * and its sentence in docs/results.md.
 */
#ifndef ENGINE_NUMBERS_H
#define ENGINE_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NUMBER_SAME = 1,  /* it is the same, bit by bit, when the run is trained again */
    NUMBER_SHOWN = 2, /* `fell show` has it */
    NUMBER_SAME_SHOWN = NUMBER_SAME | NUMBER_SHOWN
};

/* X(type in SQL, name, version of the schema that it is in since, SAME and SHOWN, what it is) */
#define EPOCH_LOSSES(X)                                                                                      \
    X(REAL, train_loss, 1, SAME_SHOWN, "mean over the samples, each before its batch's update")              \
    X(REAL, validation_loss, 1, SAME_SHOWN, "after the epoch; NULL without that split")                      \
    X(REAL, test_loss, 1, SAME_SHOWN, "after the epoch; NULL without that split")
#define EPOCH_MEASURES(X)                                                                                    \
    X(REAL, grad_norm_mean, 1, SAME_SHOWN, "over the steps, L2 of all gradients before clipping")            \
    X(REAL, grad_norm_max, 1, SAME_SHOWN, "of the same")                                                     \
    X(REAL, lr, 1, SAME_SHOWN, "of the last step")                                                           \
    X(INTEGER, samples, 1, SAME, "rows that were trained on")                                                \
    X(REAL, seconds, 1, SHOWN, "that it took, with evaluation")
#define EPOCH_NUMBERS(X) EPOCH_LOSSES(X) EPOCH_MEASURES(X)
#define TENSOR_NUMBERS(X)                                                                                    \
    X(REAL, grad_norm_mean, 1, SAME_SHOWN, "over the steps, L2 before clipping")                             \
    X(REAL, grad_norm_max, 1, SAME_SHOWN, "of the same")                                                     \
    X(REAL, weight_norm, 1, SAME_SHOWN, "L2 after the epoch")                                                \
    X(REAL, update_norm, 1, SAME_SHOWN, "L2 of what the epoch changed")                                      \
    X(INTEGER, nonfinite, 1, SAME_SHOWN, "gradient values that were not finite")

/* For a list: its rows as fields of a struct, all of 8 bytes, and how many they are. */
#define NUMBER_C_REAL                                 double
#define NUMBER_C_INTEGER                              int64_t
#define NUMBER_FIELD(type, name, since, flags, about) NUMBER_C_##type name;
#define NUMBER_ONE(type, name, since, flags, about)   +1
enum { NEPOCH_NUMBERS = 0 EPOCH_NUMBERS(NUMBER_ONE), NTENSOR_NUMBERS = 0 TENSOR_NUMBERS(NUMBER_ONE) };
/* ... as columns of SQL, each after a comma: all; those of table E or G; and those that are shown, where
 * counts that are 0 are left out. */
#define NUMBER_SQL(type, name, since, flags, about)       ", " #name
#define NUMBER_SQL_OF_E(type, name, since, flags, about)  ", e." #name
#define NUMBER_SQL_OF_G(type, name, since, flags, about)  ", g." #name
#define NUMBER_SQL_SHOWN(type, name, since, flags, about) NUMBER_SHOW_##flags(NUMBER_SHOWN_##type(#name))
#define NUMBER_SHOW_SAME_SHOWN(text)                      text
#define NUMBER_SHOW_SHOWN(text)                           text
#define NUMBER_SHOW_SAME(text)                            ""
#define NUMBER_SHOWN_REAL(name)                           ", " name
#define NUMBER_SHOWN_INTEGER(name)                        ", nullif(" name ", 0) AS " name

/* A row, for what loops over a list. */
struct number {
    const char *name, *type /* of SQL */, *about;
    size_t offset; /* in its struct: epoch_report, tensor_numbers */
    int since;
    unsigned flags;
    bool integer; /* int64_t; else double */
};
extern const struct number epoch_numbers[NEPOCH_NUMBERS], tensor_numbers[NTENSOR_NUMBERS];

/* Number N of the struct at BASE. */
double number_value(const struct number *n, const void *base);
int64_t number_integer(const struct number *n, const void *base);
void number_set(const struct number *n, void *base, double value);

#endif
