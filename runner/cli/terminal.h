/* terminal.h - what the terminal can do: is it one, how wide, colours, UTF-8.
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>

/* A terminal on which lines can be drawn over: a tty whose TERM is not "dumb". */
bool terminal_is(int fd);

/* Colours are welcome there: a terminal, and NO_COLOR is unset or empty. */
bool terminal_color(int fd);

/* Columns and rows; 80 and 24 where they are not known. Asked anew each time, so that
 * a window that changes its size is noticed at the next line. */
void terminal_size(int fd, int *columns, int *rows);

/* Whether the locale's character set is UTF-8: else signs outside ASCII are avoided. */
bool terminal_utf8(void);

#endif
