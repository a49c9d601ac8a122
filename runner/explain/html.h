/* html.h - text that goes into HTML pages. */
#ifndef EXPLAIN_HTML_H
#define EXPLAIN_HTML_H

#include "base/mem.h"

/* Append TEXT as the content of an element or of an attribute in double quotes. */
void html_add(struct strbuf *out, const char *text);

/* Append JSON as the content of <script type="application/json">: no "<" is left in it. */
void html_add_json(struct strbuf *out, const char *json);

struct html_mark {
    const char *name; /* "title" for @title@ */
    const char *text; /* put in as it is */
};

/* Append FRAME with the N marks filled in. */
void html_fill(struct strbuf *out, const char *frame, const struct html_mark *mark, size_t n);

#endif
