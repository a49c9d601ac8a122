/* error.c - messages of failed functions. See error.h. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

status error_set(struct error *e, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    return FAILED;
}

status error_prepend(struct error *e, const char *fmt, ...)
{
    char old[sizeof e->text];
    va_list ap;
    int n;

    memcpy(old, e->text, sizeof old);
    va_start(ap, fmt);
    n = vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n + 3 < sizeof e->text) {
        size_t room = sizeof e->text - (size_t)n - 3, len = strnlen(old, sizeof old - 1);

        memcpy(e->text + n, ": ", 2);
        len = len < room ? len : room;
        memcpy(e->text + n + 2, old, len);
        e->text[(size_t)n + 2 + len] = 0;
    }
    return FAILED;
}
