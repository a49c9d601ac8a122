/* safe.h - text from outside, made safe for the place where it is shown. Names of classes, specs,
 * databases, plugins and files may hold anything: characters that a terminal obeys, that turn the
 * direction of what stands behind them, or bytes that are no text. This is the one place that
 * decides which; every outlet goes through it:
 *
 *   terminal    safe_streams() puts it behind stdout and stderr, whatever is printed
 *   documents   safe_document() (Markdown, HTML, SVG and the rest of what `explain` writes)
 *   JSON        safe_json() (the same text, the characters in their escaped form)
 *   cells       safe_character(), where columns are counted
 *
 * What would be markup is escaped by whoever writes the markup.
 */
#ifndef BASE_SAFE_H
#define BASE_SAFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/mem.h"

/* The character at P, before END: its bytes, at least 1, and in *CHARACTER itself, or '?' where it must
 * not be shown: control characters (line breaks and tabs too), those that set the direction or are
 * not seen, and bytes that are no UTF-8. */
size_t safe_character(const char *p, const char *end, uint32_t *character);

/* Append N bytes of TEXT; line breaks and tabs stay, INSTEAD stands for what must not be shown. */
void safe_add(struct strbuf *out, const char *text, size_t n, const char *instead);

/* TEXT as a part of a document: U+FFFD stands for what must not be in it. In place. */
void safe_document(struct strbuf *text);

/* Append JSON, whose strings have what must not be shown as \uXXXX, and mean the same. */
void safe_json(struct strbuf *out, const char *json);

/* From now on what is printed on stdout and stderr passes safe_add() with '?'. Called once, by main(). */
void safe_streams(void);

/* The rest of FROM to the descriptor TO, a terminal's, as through safe_streams(). False: errno. */
bool safe_copy(FILE *from, int to);

/* The program's own bytes for the terminal (colours, the moving of lines), which stand before all
 * that is printed later. Text from outside in them has passed safe_add() or display_add(). */
void safe_control(FILE *to, const char *bytes, size_t n);

/* fileno(), which does not know the streams of safe_streams(). */
int safe_fileno(FILE *to);

#endif
