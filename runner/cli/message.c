/* message.c - what a command says when it cannot go on. */
#include <stdarg.h>
#include <stdio.h>

#include "cli/command.h"

int cli_error(const char *fmt, ...)
{
    va_list ap;

    fflush(stdout);
    fputs("fell: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return EXIT_INPUT;
}
