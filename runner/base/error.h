/* error.h - how a function says that it failed.
 *
 * A fallible function returns `status` and takes the error to fill as its last
 * argument. The lowest level writes the message; each level above may prepend
 * where it was. Nothing here prints or exits.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

typedef enum status { OK = 0, FAILED = 1 } status;

struct error {
    char text[2048];
};

/* Write the message; returns FAILED, so that `return error_set(e, "...")` reads well. */
__attribute__((format(printf, 2, 3))) status error_set(struct error *e, const char *fmt, ...);

/* Put "PREFIX: " in front of the message; returns FAILED. */
__attribute__((format(printf, 2, 3))) status error_prepend(struct error *e, const char *fmt, ...);

#endif
