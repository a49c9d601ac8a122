/* html.c - see html.h. */
#include "explain/html.h"

#include <string.h>

void html_add(struct strbuf *out, const char *text)
{
    static const char special[] = "&<>\"";
    static const char *const entity[] = {"&amp;", "&lt;", "&gt;", "&quot;"};

    strbuf_add(out, "");
    while (*text) {
        const size_t n = strcspn(text, special);

        strbuf_addn(out, text, n);
        text += n;
        if (*text)
            strbuf_add(out, entity[strchr(special, *text++) - special]);
    }
}

/* A "<" of JSON stands in a string, where it has this other form. */
void html_add_json(struct strbuf *out, const char *json)
{
    for (size_t n; *json; json += n) {
        n = strcspn(json, "<");
        strbuf_addn(out, json, n);
        if (json[n]) {
            strbuf_add(out, "\\u003c");
            n++;
        }
    }
}

/* The mark that begins at TEXT, an "@", or NULL. */
static const struct html_mark *mark_at(const char *text, const struct html_mark *mark, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const size_t len = strlen(mark[i].name);

        if (strncmp(text + 1, mark[i].name, len) == 0 && text[1 + len] == '@')
            return &mark[i];
    }
    return NULL;
}

void html_fill(struct strbuf *out, const char *frame, const struct html_mark *mark, size_t n)
{
    while (*frame) {
        const size_t plain = strcspn(frame, "@");
        const struct html_mark *m = frame[plain] ? mark_at(frame + plain, mark, n) : NULL;

        strbuf_addn(out, frame, plain);
        frame += plain;
        if (m) {
            strbuf_add(out, m->text);
            frame += strlen(m->name) + 2;
        } else if (*frame) {
            strbuf_addn(out, frame++, 1);
        }
    }
}
