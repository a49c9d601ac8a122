/* tree_write.c - a tree as YAML text that reads back as the same tree: kinds, texts and
 * keys in their order, and what is null stays null (`null` is no text, 'null' is one).
 * Plain scalars stay plain but for odd ones (`...x`), where only the quotes change.
 * Comments, anchors and `extends` are gone. See tree_write() in tree.h.
 *
 * The manner is that of a spec written by hand: sections and lists of entries in block
 * style, what is short in flow style.
 */
#include "yaml/tree_parts.h"

#include <string.h>

#include "base/text.h"

#define FLOW_WIDTH 72 /* the longest collection in flow style */

/* ---- scalars -------------------------------------------------------------------- */

static bool is_printable(uint32_t c)
{
    return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c != 0x2028 && c != 0x2029 && c != 0xfeff &&
           c != 0xfffe && c != 0xffff;
}

static bool all_printable(const char *text)
{
    const char *end = text + strlen(text);
    uint32_t c;

    for (size_t n; text < end; text += n) {
        n = text_character(text, end, &c);
        if (!n || !is_printable(c))
            return false;
    }
    return true;
}

/* TEXT read without quotes is the same text, in block or in flow style. A little
 * stricter than YAML, whose rules differ between its readers. */
static bool can_be_plain(const char *text, bool flow)
{
    size_t n = strlen(text);

    if (n == 0 || !all_printable(text) || text[0] == ' ' || text[n - 1] == ' ' || text[n - 1] == ':')
        return false;
    if (strchr("?:,[]{}#&*!|>'\"%@`", text[0]))
        return false;
    if (text[0] == '-' && (text[1] == 0 || text[1] == ' ' || strncmp(text, "---", 3) == 0))
        return false;
    if (strncmp(text, "...", 3) == 0 || strcmp(text, "<<") == 0)
        return false;
    if (strstr(text, ": ") || strstr(text, " #"))
        return false;
    return !flow || (!strpbrk(text, ",[]{}?") && strcmp(text, "-") != 0);
}

static void write_double_quoted(const char *text, struct strbuf *out)
{
    static const struct {
        uint32_t c;
        const char *escape;
    } escapes[] = {{'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"},   {'\t', "\\t"},
                   {'\r', "\\r"}, {0x85, "\\N"},  {0x2028, "\\L"}, {0x2029, "\\P"}};
    const char *end = text + strlen(text);

    strbuf_add(out, "\"");
    while (text < end) {
        uint32_t c = 0;
        size_t n = text_character(text, end, &c), i = 0;

        while (i < sizeof escapes / sizeof *escapes && escapes[i].c != c)
            i++;
        if (!n)
            strbuf_addf(out, "\\x%02X", (unsigned)(unsigned char)*text); /* no text of ours */
        else if (i < sizeof escapes / sizeof *escapes)
            strbuf_add(out, escapes[i].escape);
        else if (is_printable(c))
            strbuf_addn(out, text, n);
        else
            strbuf_addf(out, c < 0x100 ? "\\x%02X" : "\\u%04X", (unsigned)c);
        text += n ? n : 1;
    }
    strbuf_add(out, "\"");
}

static void write_scalar(const struct node *n, bool flow, struct strbuf *out)
{
    if (n->plain && can_be_plain(n->text, flow)) {
        strbuf_add(out, n->text);
    } else if (!all_printable(n->text)) {
        write_double_quoted(n->text, out);
    } else {
        strbuf_add(out, "'");
        for (const char *p = n->text; *p; p++)
            strbuf_addn(out, *p == '\'' ? "''" : p, *p == '\'' ? 2 : 1);
        strbuf_add(out, "'");
    }
}

/* ---- collections ------------------------------------------------------------------ */

/* N in flow style; false when that gets too long, or when a plain scalar would need
 * quotes there (an empty one, for instance). What was added then is of no use. */
static bool add_flow(const struct node *n, struct strbuf *out, size_t limit)
{
    if (n->kind == NODE_SCALAR) {
        if (n->plain && !can_be_plain(n->text, true) && (!*n->text || can_be_plain(n->text, false)))
            return false;
        write_scalar(n, true, out);
        return out->len <= limit;
    }
    strbuf_add(out, n->kind == NODE_MAP ? "{" : "[");
    for (size_t i = 0; i < n->n; i++) {
        if (i)
            strbuf_add(out, ", ");
        if (n->kind == NODE_MAP) {
            if (!add_flow(n->key[i], out, limit))
                return false;
            strbuf_add(out, ": ");
        }
        if (!add_flow(n->item[i], out, limit))
            return false;
    }
    strbuf_add(out, n->kind == NODE_MAP ? "}" : "]");
    return out->len <= limit;
}

/* What reads better in block style even when it is short: sections, lists of entries,
 * and the entries `- dense: {units: 3}`. */
static bool prefers_block(const struct node *n, int indent, bool in_list)
{
    if (n->kind == NODE_MAP)
        return in_list ? n->n == 1 : indent == 0 && n->n > 1;
    for (size_t i = 0; i < n->n; i++)
        if (n->item[i]->kind == NODE_MAP)
            return true;
    return false;
}

static void write_block(const struct node *n, int indent, bool continues, struct strbuf *out);

/* N behind the `key:` or `-` of a collection at INDENT. */
static void write_value(const struct node *n, int indent, bool in_list, struct strbuf *out)
{
    struct strbuf flow = {0};

    if (n->kind == NODE_SCALAR) {
        if (*n->text || !n->plain) {
            strbuf_add(out, " ");
            write_scalar(n, false, out);
        }
        strbuf_add(out, "\n");
    } else if (n->n == 0 || (!prefers_block(n, indent, in_list) && add_flow(n, &flow, FLOW_WIDTH))) {
        strbuf_addf(out, " %s\n", n->n ? flow.text : n->kind == NODE_MAP ? "{}" : "[]");
    } else {
        strbuf_add(out, in_list ? " " : "\n");
        write_block(n, indent + 2, in_list, out);
    }
    strbuf_release(&flow);
}

/* CONTINUES: the first entry stands on a line that has begun (`- - a`, `- key: a`). */
static void write_block(const struct node *n, int indent, bool continues, struct strbuf *out)
{
    for (size_t i = 0; i < n->n; i++) {
        if (i || !continues)
            strbuf_addf(out, "%*s", indent, "");
        if (n->kind == NODE_MAP)
            write_scalar(n->key[i], false, out);
        strbuf_add(out, n->kind == NODE_MAP ? ":" : "-");
        write_value(n->item[i], indent, n->kind == NODE_LIST, out);
    }
}

void tree_write(const struct node *root, struct strbuf *out)
{
    if (root->kind == NODE_SCALAR) {
        write_scalar(root, false, out);
        strbuf_add(out, "\n");
    } else if (root->n == 0) {
        strbuf_add(out, root->kind == NODE_MAP ? "{}\n" : "[]\n");
    } else {
        write_block(root, 0, false, out);
    }
}

void tree_add_json(struct strbuf *out, const char *json)
{
    const char *const end = json + strlen(json);

    strbuf_add(out, "");
    for (size_t n; json < end; json += n) {
        uint32_t c = 0;

        n = text_character(json, end, &c);
        n = n ? n : 1; /* none of UTF-8: the reader says so */
        if (c < 0x7f || is_printable(c))
            strbuf_addn(out, json, n);
        else
            strbuf_addf(out, "\\u%04x", (unsigned)c);
    }
}
