/* equation.c - see equation.h. */
#include "explain/equation.h"

#include <stdlib.h>
#include <string.h>

/* The commands that stand for one sign or name. */
static const struct sign {
    const char *name, *text;
    enum equation_kind kind;
} signs[] = {
    {"partial", "∂", EQUATION_SYMBOL},   {"nabla", "∇", EQUATION_SYMBOL},
    {"eta", "η", EQUATION_SYMBOL},       {"varepsilon", "ε", EQUATION_SYMBOL},
    {"alpha", "α", EQUATION_SYMBOL},     {"beta", "β", EQUATION_SYMBOL},
    {"gamma", "γ", EQUATION_SYMBOL},     {"delta", "δ", EQUATION_SYMBOL},
    {"lambda", "λ", EQUATION_SYMBOL},    {"mu", "μ", EQUATION_SYMBOL},
    {"sigma", "σ", EQUATION_SYMBOL},     {"rho", "ρ", EQUATION_SYMBOL},
    {"pi", "π", EQUATION_SYMBOL},        {"phi", "φ", EQUATION_SYMBOL},
    {"Delta", "Δ", EQUATION_SYMBOL},     {"Phi", "Φ", EQUATION_SYMBOL},
    {"infty", "∞", EQUATION_SYMBOL},     {"cdot", "·", EQUATION_OPERATOR},
    {"times", "×", EQUATION_OPERATOR},   {"approx", "≈", EQUATION_OPERATOR},
    {"le", "≤", EQUATION_OPERATOR},      {"ge", "≥", EQUATION_OPERATOR},
    {"ne", "≠", EQUATION_OPERATOR},      {"pm", "±", EQUATION_OPERATOR},
    {"to", "→", EQUATION_OPERATOR},      {"dots", "…", EQUATION_OPERATOR},
    {"mid", "∣", EQUATION_OPERATOR},     {"in", "∈", EQUATION_OPERATOR},
    {"odot", "⊙", EQUATION_OPERATOR},    {"lbrace", "{", EQUATION_OPERATOR},
    {"rbrace", "}", EQUATION_OPERATOR},  {"lVert", "‖", EQUATION_OPERATOR},
    {"rVert", "‖", EQUATION_OPERATOR},   {"lvert", "|", EQUATION_OPERATOR},
    {"rvert", "|", EQUATION_OPERATOR},   {"exp", "exp", EQUATION_FUNCTION},
    {"log", "log", EQUATION_FUNCTION},   {"ln", "ln", EQUATION_FUNCTION},
    {"tanh", "tanh", EQUATION_FUNCTION}, {"cosh", "cosh", EQUATION_FUNCTION},
    {"sin", "sin", EQUATION_FUNCTION},   {"cos", "cos", EQUATION_FUNCTION},
    {"max", "max", EQUATION_FUNCTION},   {"min", "min", EQUATION_FUNCTION},
    {"sum", "∑", EQUATION_LARGE},
};
enum { NSIGNS = sizeof signs / sizeof *signs };

struct reader {
    struct arena *arena;
    const char *p;
    bool wrong;
};

static struct equation *read_row(struct reader *r, char end);

/* ---- making nodes ------------------------------------------------------------------ */

static struct equation *leaf(struct reader *r, enum equation_kind kind, const char *text, size_t len)
{
    struct equation *e = arena_alloc(r->arena, sizeof *e);

    e->kind = kind;
    e->text = arena_string(r->arena, text, len);
    return e;
}

static struct equation *node(struct reader *r, enum equation_kind kind, size_t n)
{
    struct equation *e = arena_alloc(r->arena, sizeof *e);

    e->kind = kind;
    e->n = n;
    e->child = arena_alloc(r->arena, n * sizeof(struct equation *));
    return e;
}

static struct equation *mistake(struct reader *r, const char *text, size_t len)
{
    r->wrong = true;
    return leaf(r, EQUATION_TEXT, text, len);
}

/* ---- reading ------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_blanks(struct reader *r)
{
    while (*r->p == ' ')
        r->p++;
}

/* What stands in braces, or one character. */
static struct equation *read_group(struct reader *r)
{
    struct equation *e;

    skip_blanks(r);
    if (*r->p != '{') {
        if (!is_letter(*r->p) && !is_digit(*r->p))
            return mistake(r, r->p, 0);
        e = leaf(r, is_digit(*r->p) ? EQUATION_NUMBER : EQUATION_SYMBOL, r->p, 1);
        r->p++;
        return e;
    }
    r->p++;
    e = read_row(r, '}');
    if (*r->p == '}')
        r->p++;
    else
        r->wrong = true;
    return e;
}

/* {words} as they are; \ hides a character. */
static struct equation *read_words(struct reader *r, enum equation_kind kind)
{
    struct strbuf b = {0};
    struct equation *e;

    strbuf_add(&b, "");
    if (*r->p != '{')
        r->wrong = true;
    else
        r->p++;
    for (; *r->p && *r->p != '}'; r->p++) {
        if (*r->p == '\\' && r->p[1])
            r->p++;
        strbuf_addn(&b, r->p, 1);
    }
    if (*r->p == '}')
        r->p++;
    else
        r->wrong = true;
    e = leaf(r, kind, b.text, b.len);
    strbuf_release(&b);
    return e;
}

/* \left( ... \right) */
static struct equation *read_fence(struct reader *r)
{
    struct equation *e = node(r, EQUATION_FENCE, 1);

    e->text = arena_string(r->arena, r->p, *r->p ? 1 : 0);
    r->p += *r->p ? 1 : 0;
    e->child[0] = read_row(r, ')');
    if (strncmp(r->p, "\\right", 6) != 0 || !r->p[6]) {
        r->wrong = true;
        e->close = ")";
        return e;
    }
    e->close = arena_string(r->arena, r->p + 6, 1);
    r->p += 7;
    return e;
}

static struct equation *read_command(struct reader *r)
{
    const char *name = ++r->p;
    struct equation *e;
    size_t len;

    while (is_letter(*r->p))
        r->p++;
    len = (size_t)(r->p - name);
#define IS(word) (len == sizeof(word) - 1 && memcmp(name, word, len) == 0)
    if (IS("frac")) {
        e = node(r, EQUATION_FRACTION, 2);
        e->child[0] = read_group(r);
        e->child[1] = read_group(r);
        return e;
    }
    if (IS("sqrt")) {
        e = node(r, EQUATION_ROOT, 1);
        e->child[0] = read_group(r);
        return e;
    }
    if (IS("text"))
        return read_words(r, EQUATION_TEXT);
    if (IS("mathrm"))
        return read_words(r, EQUATION_FUNCTION);
    if (IS("left"))
        return read_fence(r);
    if (IS("underbrace")) {
        e = node(r, EQUATION_UNDERBRACE, 2);
        e->child[0] = read_group(r);
        skip_blanks(r);
        if (*r->p == '_')
            r->p++;
        else
            r->wrong = true;
        e->child[1] = read_group(r);
        return e;
    }
#undef IS
    for (size_t i = 0; i < NSIGNS; i++)
        if (strlen(signs[i].name) == len && memcmp(signs[i].name, name, len) == 0) {
            e = leaf(r, signs[i].kind, signs[i].text, strlen(signs[i].text));
            e->latex = arena_format(r->arena, "\\%s", signs[i].name);
            return e;
        }
    return mistake(r, name, len);
}

static struct equation *read_number(struct reader *r)
{
    const char *from = r->p;

    while (is_digit(*r->p) || (*r->p == '.' && is_digit(r->p[1])))
        r->p++;
    return leaf(r, EQUATION_NUMBER, from, (size_t)(r->p - from));
}

/* One thing without its scripts. */
static struct equation *read_atom(struct reader *r)
{
    const char c = *r->p;
    struct equation *e;

    if (c == '\\')
        return read_command(r);
    if (c == '{')
        return read_group(r);
    if (is_digit(c))
        return read_number(r);
    if (is_letter(c))
        return leaf(r, EQUATION_SYMBOL, r->p++, 1);
    if (c == '&') {
        r->p++;
        return leaf(r, EQUATION_ALIGN, "", 0);
    }
    if (strchr("+=()[],<>/:!|'.;", c))
        return leaf(r, EQUATION_OPERATOR, r->p++, 1);
    if (c == '-') {
        r->p++;
        e = leaf(r, EQUATION_OPERATOR, "−", strlen("−"));
        e->latex = "-";
        return e;
    }
    return mistake(r, r->p++, 1);
}

static struct equation *read_scripts(struct reader *r, struct equation *base)
{
    struct equation *e = NULL;

    while (*r->p == '_' || *r->p == '^') {
        const size_t which = *r->p++ == '_' ? 1 : 2;

        if (!e) {
            e = node(r, EQUATION_SCRIPTS, 3);
            e->child[0] = base;
        }
        if (e->child[which])
            r->wrong = true;
        e->child[which] = read_group(r);
    }
    return e ? e : base;
}

/* Up to END ('}' of a group, ')' for \right, 0 for the whole text), which is not taken. */
static struct equation *read_row(struct reader *r, char end)
{
    struct equation *row = arena_alloc(r->arena, sizeof *row), **child = NULL;

    row->kind = EQUATION_ROW;
    for (;;) {
        skip_blanks(r);
        if (!*r->p || (*r->p == '}' && end == '}') || strncmp(r->p, "\\right", 6) == 0)
            break;
        child = mem_grow(child, row->n + 1, sizeof(struct equation *));
        child[row->n++] = read_scripts(r, read_atom(r));
    }
    row->child = arena_alloc(r->arena, row->n * sizeof(struct equation *));
    if (row->n)
        memcpy(row->child, child, row->n * sizeof(struct equation *));
    free(child);
    return row->n == 1 ? row->child[0] : row;
}

struct equation *equation_read(struct arena *arena, const char *text, bool *wrong)
{
    struct reader r = {.arena = arena, .p = text};
    struct equation *e = read_row(&r, 0);

    if (wrong && (r.wrong || *r.p))
        *wrong = true;
    return e;
}

/* ---- LaTeX ------------------------------------------------------------------------------ */

/* Words inside \text{}: what LaTeX would read as something else. */
static void words_latex(const char *text, struct strbuf *out)
{
    for (; *text; text++) {
        if (strchr("\\~^", *text)) {
            strbuf_add(out, "/");
            continue;
        }
        if (strchr("#$%&_{}", *text))
            strbuf_add(out, "\\");
        strbuf_addn(out, text, 1);
    }
}

/* A group in braces. */
static void group_latex(const struct equation *e, struct strbuf *out)
{
    strbuf_add(out, "{");
    equation_latex(e, out);
    strbuf_add(out, "}");
}

static void add_sign(const struct equation *e, struct strbuf *out)
{
    if (!e->latex) {
        strbuf_add(out, e->text);
        return;
    }
    strbuf_add(out, e->latex);
    if (e->latex[0] == '\\')
        strbuf_add(out, " ");
}

static void scripts_latex(const struct equation *e, struct strbuf *out)
{
    const struct equation *base = e->child[0];
    const bool simple = base->kind == EQUATION_SYMBOL || base->kind == EQUATION_LARGE ||
                        base->kind == EQUATION_NUMBER || base->kind == EQUATION_OPERATOR;

    if (simple)
        strbuf_add(out, base->latex ? base->latex : base->text);
    else
        group_latex(base, out);
    for (size_t i = 1; i < 3; i++)
        if (e->child[i]) {
            strbuf_add(out, i == 1 ? "_" : "^");
            group_latex(e->child[i], out);
        }
}

static void named_latex(const char *command, const char *words, struct strbuf *out)
{
    strbuf_addf(out, "%s{", command);
    words_latex(words, out);
    strbuf_add(out, "}");
}

void equation_latex(const struct equation *e, struct strbuf *out)
{
    switch (e->kind) {
    case EQUATION_ROW:
        for (size_t i = 0; i < e->n; i++)
            equation_latex(e->child[i], out);
        break;
    case EQUATION_NUMBER:
        strbuf_add(out, e->text);
        break;
    case EQUATION_SYMBOL:
    case EQUATION_LARGE:
        add_sign(e, out);
        break;
    case EQUATION_OPERATOR:
        if (strchr("+=<>", e->text[0]) || (e->latex && e->latex[0] == '-')) {
            strbuf_addf(out, " %s ", e->latex ? e->latex : e->text);
            break;
        }
        add_sign(e, out);
        break;
    case EQUATION_FUNCTION:
        if (e->latex) {
            add_sign(e, out);
            break;
        }
        named_latex("\\mathrm", e->text, out);
        break;
    case EQUATION_TEXT:
        named_latex("\\text", e->text, out);
        break;
    case EQUATION_SCRIPTS:
        scripts_latex(e, out);
        break;
    case EQUATION_FRACTION:
        strbuf_add(out, "\\frac");
        group_latex(e->child[0], out);
        group_latex(e->child[1], out);
        break;
    case EQUATION_ROOT:
        strbuf_add(out, "\\sqrt");
        group_latex(e->child[0], out);
        break;
    case EQUATION_FENCE:
        strbuf_addf(out, "\\left%s ", e->text);
        equation_latex(e->child[0], out);
        strbuf_addf(out, " \\right%s ", e->close);
        break;
    case EQUATION_UNDERBRACE:
        strbuf_add(out, "\\underbrace");
        group_latex(e->child[0], out);
        strbuf_add(out, "_");
        group_latex(e->child[1], out);
        break;
    case EQUATION_ALIGN:
        strbuf_add(out, "&");
        break;
    }
}
