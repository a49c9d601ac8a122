/* write_mermaid.h - the pictures of a page as Mermaid blocks. */
#ifndef EXPLAIN_WRITE_MERMAID_H
#define EXPLAIN_WRITE_MERMAID_H

#include "explain/page.h"

void write_mermaid_diagram(const struct diagram *d, struct strbuf *out);
void write_mermaid_cycle(const struct cycle *c, struct strbuf *out);

/* Only series on the chart's grid can be drawn; marked points follow as a line of text. */
void write_mermaid_chart(const struct chart *c, struct strbuf *out);

#endif
