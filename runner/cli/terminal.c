/* terminal.c - see terminal.h. Draws nothing. */
#include "cli/terminal.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_is(int fd)
{
    const char *term = getenv("TERM");

    return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

bool terminal_color(int fd)
{
    const char *no = getenv("NO_COLOR");

    return terminal_is(fd) && (!no || !*no);
}

void terminal_size(int fd, int *columns, int *rows)
{
    struct winsize w;

    *columns = 80;
    *rows = 24;
    if (ioctl(fd, TIOCGWINSZ, &w))
        return;
    if (w.ws_col > 0)
        *columns = w.ws_col;
    if (w.ws_row > 0)
        *rows = w.ws_row;
}

bool terminal_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}
