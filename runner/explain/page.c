/* page.c - building a document: see page.h. How it looks is the writers'. */
#include "explain/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/glossary.h"

struct page *page_new(void)
{
    struct page *p = mem_alloc(sizeof *p);

    p->arena = arena_new();
    return p;
}

void page_free(struct page *p)
{
    if (!p)
        return;
    free(p->block);
    arena_free(p->arena);
    free(p);
}

static struct block *add_block(struct page *p, enum block_kind kind)
{
    if (p->n == p->room) {
        p->room = p->room ? 2 * p->room : 64;
        p->block = mem_grow(p->block, p->room, sizeof *p->block);
    }
    p->block[p->n] = (struct block){.kind = kind};
    return &p->block[p->n++];
}

/* An array of the arena with one more element; rooms are powers of two. */
static void *one_more(struct page *p, void *array, size_t n, size_t size)
{
    void *to;

    if (n & (n - 1))
        return array;
    to = arena_alloc(p->arena, (n ? 2 * n : 1) * size);
    if (n)
        memcpy(to, array, n * size);
    return to;
}

/* ---- running text ---------------------------------------------------------------------- */

static struct span *add_span(struct page *p, struct inline_text *t, enum span_kind kind, const char *text)
{
    t->span = one_more(p, t->span, t->n, sizeof *t->span);
    t->span[t->n] = (struct span){.kind = kind, .text = text};
    return &t->span[t->n++];
}

static void flush(struct page *p, struct inline_text *t, struct strbuf *b)
{
    if (b->len)
        add_span(p, t, SPAN_TEXT, arena_string(p->arena, b->text, b->len));
    b->len = 0;
}

/* What stands between AT and the next END, which *next is behind; with \ taken away unless RAW. */
static const char *until(struct page *p, const char *at, const char *end, bool raw, const char **next)
{
    struct strbuf b = {0};
    const char *text;

    strbuf_add(&b, "");
    while (*at && strncmp(at, end, strlen(end)) != 0) {
        if (*at == '\\' && !raw && at[1])
            at++;
        strbuf_addn(&b, at++, 1);
    }
    if (!*at)
        p->wrong = true;
    *next = *at ? at + strlen(end) : at;
    text = arena_string(p->arena, b.text, b.len);
    strbuf_release(&b);
    return text;
}

/* {term} or {term|shown}: a link to the glossary. */
static void add_term(struct page *p, struct inline_text *t, const char *words)
{
    const char *bar = strchr(words, '|'), *shown = bar ? bar + 1 : words;
    const char *term = arena_string(p->arena, words, bar ? (size_t)(bar - words) : strlen(words));
    const int which = glossary_find(term);
    struct span *s;

    if (which < 0) {
        p->wrong = true;
        add_span(p, t, SPAN_TEXT, shown);
        return;
    }
    p->said[which] = true;
    s = add_span(p, t, SPAN_LINK, shown);
    s->anchor = glossary_anchor(p->arena, term);
}

static void add_link(struct page *p, struct inline_text *t, const char *words, const char **at)
{
    struct span *s = add_span(p, t, SPAN_LINK, words);

    if (strncmp(*at, "(#", 2) != 0) {
        p->wrong = true;
        s->anchor = "";
        return;
    }
    s->anchor = until(p, *at + 2, ")", true, at);
}

/* *words* or **words**, without other markup inside. */
static void add_stress(struct page *p, struct inline_text *t, const char **at)
{
    const bool strong = strncmp(*at, "**", 2) == 0;
    const char *from = *at + 1 + strong, *end;

    add_span(p, t, strong ? SPAN_STRONG : SPAN_EMPHASIS, until(p, from, strong ? "**" : "*", false, at));
    for (end = from; end < *at; end++) {
        if (*end == '\\')
            end++;
        else if (strchr("`{$[", *end))
            p->wrong = true;
    }
}

static struct inline_text read_inline(struct page *p, const char *at)
{
    struct inline_text t = {0};
    struct strbuf b = {0};

    strbuf_add(&b, "");
    while (*at) {
        const bool marks = strchr("*`${[", *at) != NULL;
        const char c = *at;

        if (c == '\\' && at[1]) {
            strbuf_addn(&b, at + 1, 1);
            at += 2;
            continue;
        }
        if (!marks) {
            strbuf_addn(&b, at++, 1);
            continue;
        }
        flush(p, &t, &b);
        if (c == '*')
            add_stress(p, &t, &at);
        else if (c == '`')
            add_span(p, &t, SPAN_CODE, until(p, at + 1, "`", false, &at));
        else if (c == '$')
            add_span(p, &t, SPAN_MATH, NULL)->equation =
                equation_read(p->arena, until(p, at + 1, "$", true, &at), &p->wrong);
        else if (c == '{')
            add_term(p, &t, until(p, at + 1, "}", false, &at));
        else
            add_link(p, &t, until(p, at + 1, "]", false, &at), &at);
    }
    flush(p, &t, &b);
    strbuf_release(&b);
    return t;
}

#define FORMAT(p, text, fmt)                                                                                 \
    do {                                                                                                     \
        va_list ap_;                                                                                         \
        char *made_ = NULL;                                                                                  \
        va_start(ap_, fmt);                                                                                  \
        if (vasprintf(&made_, fmt, ap_) < 0)                                                                 \
            made_ = NULL;                                                                                    \
        va_end(ap_);                                                                                         \
        (text) = arena_string((p)->arena, made_ ? made_ : "", made_ ? strlen(made_) : 0);                    \
        free(made_);                                                                                         \
    } while (0)

const char *page_format(struct page *p, const char *fmt, ...)
{
    const char *text;

    FORMAT(p, text, fmt);
    return text;
}

const char *page_plain(struct page *p, const char *text)
{
    struct strbuf b = {0};
    const char *out;

    strbuf_add(&b, "");
    for (; *text; text++) {
        if (strchr("\\*`${[]}|", *text))
            strbuf_add(&b, "\\");
        strbuf_addn(&b, text, 1);
    }
    out = arena_string(p->arena, b.text, b.len);
    strbuf_release(&b);
    return out;
}

/* ---- blocks ------------------------------------------------------------------------------- */

/* As GitHub makes it: lower case, blanks to hyphens, only letters, digits, - and _. */
static const char *anchor_of(struct page *p, const char *text)
{
    char *out = arena_string(p->arena, text, strlen(text)), *to = out;

    for (; *text; text++) {
        const char c = *text;

        if (c >= 'A' && c <= 'Z')
            *to++ = (char)(c - 'A' + 'a');
        else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')
            *to++ = c;
        else if (c == ' ')
            *to++ = '-';
    }
    *to = 0;
    return out;
}

void page_heading(struct page *p, int level, const char *fmt, ...)
{
    struct block *b = add_block(p, BLOCK_HEADING);
    const char *text;

    FORMAT(p, text, fmt);
    b->heading.level = level;
    b->heading.text = text;
    b->heading.anchor = anchor_of(p, text);
}

void page_paragraph(struct page *p, const char *fmt, ...)
{
    struct block *b = add_block(p, BLOCK_PARAGRAPH);
    const char *text;

    FORMAT(p, text, fmt);
    b->text = read_inline(p, text);
}

void page_note(struct page *p, const char *fmt, ...)
{
    struct block *b = add_block(p, BLOCK_NOTE);
    const char *text;

    FORMAT(p, text, fmt);
    b->text = read_inline(p, text);
}

void page_list(struct page *p, bool numbered)
{
    add_block(p, BLOCK_LIST)->list.numbered = numbered;
}

/* The last block, which a caller adds to. */
static struct block *last(struct page *p, enum block_kind kind)
{
    if (p->n == 0 || p->block[p->n - 1].kind != kind) {
        p->wrong = true;
        return add_block(p, kind);
    }
    return &p->block[p->n - 1];
}

void page_item(struct page *p, const char *fmt, ...)
{
    struct block *b = last(p, BLOCK_LIST);
    const char *text;

    FORMAT(p, text, fmt);
    b->list.item = one_more(p, b->list.item, b->list.n, sizeof *b->list.item);
    b->list.item[b->list.n++] = read_inline(p, text);
}

/* The next cell of a row: up to a | that neither \ nor braces hide. */
static const char *next_cell(struct page *p, const char **at)
{
    const char *from = *at, *end = from;
    const char *cell;

    for (int depth = 0; *end && (*end != '|' || depth > 0); end++) {
        if (*end == '\\' && end[1])
            end++;
        else
            depth += (*end == '{') - (*end == '}');
    }
    *at = *end ? end + 1 : NULL;
    while (*from == ' ')
        from++;
    while (end > from && end[-1] == ' ')
        end--;
    cell = arena_string(p->arena, from, (size_t)(end - from));
    return cell;
}

void page_table(struct page *p, const char *head)
{
    struct table_block *t = &add_block(p, BLOCK_TABLE)->table;
    size_t n = 1;

    for (const char *c = head; *c; c++)
        n += *c == '|';
    t->head = arena_alloc(p->arena, n * sizeof *t->head);
    t->right = arena_alloc(p->arena, n * sizeof *t->right);
    for (const char *at = head; at;) {
        const char *cell = next_cell(p, &at);

        t->right[t->ncolumns] = *cell == '>';
        t->head[t->ncolumns++] = read_inline(p, *cell == '>' ? cell + 1 : cell);
    }
}

void page_row(struct page *p, const char *fmt, ...)
{
    struct table_block *t = &last(p, BLOCK_TABLE)->table;
    const char *text, *at;
    struct inline_text *cells;
    size_t n = 0;

    FORMAT(p, text, fmt);
    if (!t->ncolumns) {
        p->wrong = true;
        return;
    }
    cells = arena_alloc(p->arena, (t->nrows + 1) * t->ncolumns * sizeof *cells);
    if (t->nrows)
        memcpy(cells, t->cell, t->nrows * t->ncolumns * sizeof *cells);
    t->cell = cells;
    for (at = text; at && n < t->ncolumns; n++)
        cells[t->nrows * t->ncolumns + n] = read_inline(p, next_cell(p, &at));
    if (at || n < t->ncolumns)
        p->wrong = true;
    t->nrows++;
}

void page_equation(struct page *p)
{
    add_block(p, BLOCK_EQUATION);
}

void page_line(struct page *p, const char *fmt, ...)
{
    struct block *b = last(p, BLOCK_EQUATION);
    const char *text;

    FORMAT(p, text, fmt);
    b->equation.line = one_more(p, b->equation.line, b->equation.n, sizeof(struct equation *));
    b->equation.line[b->equation.n++] = equation_read(p->arena, text, &p->wrong);
}

void page_add(struct page *p, enum block_kind kind, void *what)
{
    struct block *b = add_block(p, kind);

    switch (kind) {
    case BLOCK_DIAGRAM:
        b->diagram = what;
        break;
    case BLOCK_CYCLE:
        b->cycle = what;
        break;
    case BLOCK_CHART:
        b->chart = what;
        break;
    case BLOCK_CONTOUR:
        b->contour = what;
        break;
    default:
        p->wrong = true;
    }
}

void page_glossary(struct page *p)
{
    struct block *b = add_block(p, BLOCK_GLOSSARY);
    struct glossary_entry *entry = NULL;
    size_t n = 0;

    for (bool more = true; more;) { /* an explanation may use terms of its own */
        more = false;
        n = 0;
        for (int i = 0; glossary_term(i); i++) {
            struct inline_text text;
            bool before[sizeof p->said];

            if (!p->said[i])
                continue;
            memcpy(before, p->said, sizeof before);
            text = read_inline(p, glossary_sentence(i));
            more = more || memcmp(before, p->said, sizeof before) != 0;
            entry = one_more(p, entry, n, sizeof *entry);
            entry[n++] = (struct glossary_entry){.term = glossary_term(i),
                                                 .anchor = glossary_anchor(p->arena, glossary_term(i)),
                                                 .text = text};
        }
    }
    b = &p->block[p->n - 1];
    b->glossary.entry = entry;
    b->glossary.n = n;
}
