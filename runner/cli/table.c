/* table.c - see table.h. Knows nothing of what it shows. */
#include "cli/table_parts.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/safe.h"
#include "base/text.h"
#include "cli/display.h"
#include "cli/terminal.h"

struct table *table_new(void)
{
    struct table *t = mem_alloc(sizeof *t);

    t->arena = arena_new();
    return t;
}

void table_free(struct table *t)
{
    if (!t)
        return;
    arena_free(t->arena);
    free(t->column);
    free(t->cell);
    free(t);
}

static const char *keep(struct table *t, const char *text)
{
    return text ? arena_string(t->arena, text, strlen(text)) : NULL;
}

void table_column(struct table *t, struct table_column c)
{
    char *title = arena_string(t->arena, c.title ? c.title : c.name, strlen(c.title ? c.title : c.name));

    for (char *p = title; !c.title && *p; p++)
        *p = *p == '_' ? ' ' : *p;
    c.name = keep(t, c.name);
    c.most = !c.most && c.group && strcmp(c.group, "params") == 0 ? TABLE_VALUE : c.most;
    c.group = keep(t, c.group);
    c.title = title;
    t->column = mem_grow(t->column, t->ncolumns + 1, sizeof *t->column);
    t->column[t->ncolumns++] = c;
}

static void add(struct table *t, struct cell c)
{
    if (t->ncells == t->room) {
        t->room = t->room ? 2 * t->room : 64;
        t->cell = mem_grow(t->cell, t->room, sizeof *t->cell);
    }
    t->cell[t->ncells++] = c;
}

void table_text(struct table *t, const char *text)
{
    const int most = t->ncolumns ? t->column[t->ncells % t->ncolumns].most : 0;
    struct cell c = {.type = CELL_TEXT};

    if (!text) {
        table_empty(t);
        return;
    }
    c.text = c.shown = keep(t, text);
    if (most) {
        struct strbuf b = {0};

        display_value(&b, text, most);
        c.shown = keep(t, b.text);
        strbuf_release(&b);
    }
    add(t, c);
}

void table_integer(struct table *t, int64_t v)
{
    add(t, (struct cell){.type = CELL_INTEGER, .i = v});
}

void table_real(struct table *t, double v)
{
    if (isfinite(v))
        add(t, (struct cell){.type = CELL_REAL, .x = v});
    else
        table_empty(t);
}

void table_empty(struct table *t)
{
    add(t, (struct cell){.type = CELL_EMPTY});
}

void table_value(struct table *t, sqlite3_value *v)
{
    switch (v ? sqlite3_value_type(v) : SQLITE_NULL) {
    case SQLITE_INTEGER:
        table_integer(t, sqlite3_value_int64(v));
        break;
    case SQLITE_FLOAT:
        table_real(t, sqlite3_value_double(v));
        break;
    case SQLITE_NULL:
        table_empty(t);
        break;
    default:
        if (sqlite3_value_type(v) == SQLITE3_TEXT && !sqlite3_value_text(v))
            mem_failed();
        table_text(t, (const char *)sqlite3_value_text(v));
    }
}

void table_json(struct table *t, const cJSON *v)
{
    if (cJSON_IsBool(v))
        add(t, (struct cell){.type = CELL_BOOL, .i = cJSON_IsTrue(v)});
    else if (!cJSON_IsNumber(v))
        table_text(t, cJSON_GetStringValue(v));
    else if (fabs(v->valuedouble) < 9e15 && v->valuedouble == floor(v->valuedouble))
        table_integer(t, (int64_t)v->valuedouble);
    else
        table_real(t, v->valuedouble);
}

size_t table_rows(const struct table *t)
{
    return t->ncolumns ? t->ncells / t->ncolumns : 0;
}

/* ---- for a person ----------------------------------------------------------- */

/* The cell's text; BUF holds numbers. */
static const char *cell_text(const struct cell *c, enum table_format format, char buf[32])
{
    double v = c->type == CELL_INTEGER ? (double)c->i : c->x;

    if (c->type == CELL_EMPTY)
        return "";
    if (c->type == CELL_TEXT && format == TABLE_TIME && strlen(c->text) > 19) {
        snprintf(buf, 32, "%.10s %.8s", c->text, c->text + 11);
        return buf;
    }
    if (c->type == CELL_TEXT)
        return c->shown;
    if (c->type == CELL_BOOL)
        return c->i ? "true" : "false";
    switch (format) {
    case TABLE_DURATION:
        display_duration(v, buf);
        break;
    case TABLE_BYTES:
        display_bytes(v, buf);
        break;
    case TABLE_SPREAD:
        snprintf(buf, 32, "%s %.2g", terminal_utf8() ? "\xc2\xb1" : "+-", v);
        break;
    default:
        if (c->type == CELL_INTEGER)
            snprintf(buf, 32, "%lld", (long long)c->i);
        else
            display_number(v, buf);
    }
    return buf;
}

/* What printing knows of each column. */
struct layout {
    int width;   /* 0: the column has no values and is left out */
    bool number; /* no texts in it: to the right */
    bool text;   /* may be cut */
    bool folded; /* goes on in further lines */
};

enum {
    GAP = 2,
    LEAST = 8,    /* a text is not cut below this */
    SENTENCE = 24 /* a last column of longer texts is folded, down to this, not cut */
};

/* The columns that a line has too many of. */
static int line_over(const struct layout *l, size_t n, int indent, int limit)
{
    int width = indent - GAP;

    for (size_t i = 0; i < n; i++)
        width += l[i].width ? l[i].width + GAP : 0;
    return width - limit;
}

/* The last column that is shown. */
static size_t last_shown(const struct layout *l, size_t n)
{
    size_t last = 0;

    for (size_t i = 0; i < n; i++)
        last = l[i].width ? i : last;
    return last;
}

/* Make a line fit LIMIT: fold the last text, then take columns from the widest text. False: no
 * text can give more. */
static bool shrink(struct layout *l, size_t n, int indent, int limit)
{
    int over = line_over(l, n, indent, limit);
    struct layout *last = &l[last_shown(l, n)];

    if (over > 0 && last->text && last->width > SENTENCE) {
        last->folded = true;
        last->width = last->width - over > SENTENCE ? last->width - over : SENTENCE;
        over = line_over(l, n, indent, limit);
    }
    for (; over > 0; over--) {
        struct layout *widest = NULL;

        for (size_t i = 0; i < n; i++) {
            if (l[i].text && l[i].width > (l[i].folded ? SENTENCE : LEAST) &&
                (!widest || l[i].width > widest->width))
                widest = &l[i];
        }
        if (!widest)
            return false;
        widest->width--;
    }
    return true;
}

static struct layout *measure(const struct table *t)
{
    struct layout *l = mem_array(t->ncolumns, sizeof *l);
    char buf[32];

    for (size_t c = 0; c < t->ncolumns; c++) {
        l[c].number = true;
        for (size_t r = 0; r < table_rows(t); r++) {
            const struct cell *cell = cell_at(t, r, c);
            int width = display_width(cell_text(cell, t->column[c].format, buf));

            if (cell->type == CELL_TEXT || cell->type == CELL_BOOL) {
                l[c].text = true;
                l[c].number = false;
            }
            l[c].width = width > l[c].width ? width : l[c].width;
        }
        if (l[c].width && display_width(t->column[c].title) > l[c].width)
            l[c].width = display_width(t->column[c].title);
        if (t->column[c].format == TABLE_SPREAD)
            l[c].number = false;
    }
    return l;
}

/* TEXT in WIDTH columns; the last column of a line is not filled up with blanks. */
static void pad(struct strbuf *line, const char *text, const struct layout *l, bool last)
{
    struct strbuf cut = {0};
    int used = display_add(&cut, text, l->width);

    if (l->number)
        strbuf_addf(line, "%*s", l->width - used, "");
    strbuf_add(line, cut.text);
    if (!l->number && !last)
        strbuf_addf(line, "%*s", l->width - used, "");
    strbuf_release(&cut);
}

static void put_line(struct strbuf *line, bool heading, FILE *to)
{
    const bool bold = heading && terminal_color(safe_fileno(to));

    while (line->len && line->text[line->len - 1] == ' ')
        line->text[--line->len] = 0;
    if (bold)
        safe_control(to, "\x1b[1m", 4);
    fprintf(to, "%s", line->text);
    if (bold)
        safe_control(to, "\x1b[0m", 4);
    fputs("\n", to);
}

static void print_line(const struct table *t, const struct layout *l, size_t row, bool heading, FILE *to,
                       int indent)
{
    struct strbuf line = {0};
    char buf[32];
    const size_t last = last_shown(l, t->ncolumns);
    int before = indent;

    strbuf_addf(&line, "%*s", indent, "");
    for (size_t c = 0; c <= last && c < t->ncolumns; c++) {
        const char *text =
            heading ? t->column[c].title : cell_text(cell_at(t, row, c), t->column[c].format, buf);

        if (!l[c].width)
            continue;
        while (l[c].folded && display_width(text) > l[c].width) {
            const size_t n = display_fold(text, l[c].width);
            char *part = mem_format("%.*s", (int)n, text);

            pad(&line, part, &l[c], true);
            free(part);
            text += n + (text[n] == ' ');
            if (!*text)
                break;
            put_line(&line, heading, to);
            strbuf_release(&line);
            strbuf_addf(&line, "%*s", before, "");
        }
        pad(&line, text, &l[c], c == last);
        if (c != last)
            strbuf_addf(&line, "%*s", GAP, "");
        before += l[c].width + GAP;
    }
    put_line(&line, heading, to);
    strbuf_release(&line);
}

static void print_lines(const struct table *t, const struct layout *l, FILE *to, int indent)
{
    if (table_rows(t) > 0)
        print_line(t, l, 0, true, to, indent);
    for (size_t r = 0; r < table_rows(t); r++)
        print_line(t, l, r, false, to, indent);
}

/* How many columns tell one row from another: the first, and the texts after it that take no more
 * than half of LIMIT. */
static size_t key_columns(const struct layout *l, size_t n, int indent, int limit)
{
    size_t keys = 0;

    while (keys < n && !l[keys].width)
        keys++;
    for (keys++; keys < n && (l[keys].text || !l[keys].width); keys++) {
        if (line_over(l, keys + 1, indent, limit / 2) > 0)
            break;
    }
    return keys;
}

/* The columns in blocks that fit, one below the other, each with the key columns before it. */
static void print_blocks(const struct table *t, const struct layout *l, FILE *to, int indent, int limit)
{
    const size_t n = t->ncolumns, keys = key_columns(l, n, indent, limit);
    struct layout *block = mem_array(n, sizeof *block);

    for (size_t next = keys; next < n;) {
        const size_t begin = next;
        bool full = false;
        int shown = 0;

        for (size_t c = 0; c < n; c++)
            block[c] = c < keys ? l[c] : (struct layout){0};
        while (next < n && !full) {
            block[next] = l[next];
            full = shown > 0 && line_over(block, n, indent, limit) > 0;
            if (full)
                block[next].width = 0;
            else
                shown += l[next++].width > 0;
        }
        shrink(block, n, indent, limit);
        if (shown && begin > keys)
            fputs("\n", to);
        if (shown)
            print_lines(t, block, to, indent);
    }
    free(block);
}

/* "validation.confusion.cat.dog" is of a pair of classes. */
static bool is_pair(const char *name)
{
    size_t n = 0;

    for (const char *p = name; p; n++) {
        p += text_part(p);
        p = *p ? p + 1 : NULL;
    }
    return n == 4;
}

/* What is a matrix makes no columns: there are as many as pairs of classes. How many are left out. */
static size_t leave_out_pairs(const struct table *t, struct layout *l)
{
    size_t n = 0;

    for (size_t c = 0; c < t->ncolumns; c++) {
        const struct table_column *column = &t->column[c];

        if (l[c].width && column->group && strcmp(column->group, "metrics") == 0 && is_pair(column->name)) {
            l[c].width = 0;
            n++;
        }
    }
    return n;
}

void table_print_within(const struct table *t, FILE *to, int indent, int columns)
{
    struct layout *l = measure(t), *whole = mem_array(t->ncolumns, sizeof *whole);

    const size_t left_out = leave_out_pairs(t, l);

    memcpy(whole, l, t->ncolumns * sizeof *l);
    if (columns <= 0 || shrink(l, t->ncolumns, indent, columns) ||
        last_shown(l, t->ncolumns) < key_columns(whole, t->ncolumns, indent, columns))
        print_lines(t, l, to, indent);
    else
        print_blocks(t, whole, to, indent, columns);
    if (left_out)
        fprintf(to, "%*s%zu numbers of pairs of classes are no columns: fell show RUN has them as a matrix\n",
                indent, "", left_out);
    free(whole);
    free(l);
}

void table_print(const struct table *t, FILE *to, int indent)
{
    int columns = 0, rows;

    if (terminal_is(safe_fileno(to)))
        terminal_size(safe_fileno(to), &columns, &rows);
    table_print_within(t, to, indent, columns);
}

void table_print_facts(const struct table *t, FILE *to, int indent)
{
    int width = 0, columns = 0, rows;
    char buf[32];

    if (table_rows(t) == 0)
        return;
    if (terminal_is(safe_fileno(to)))
        terminal_size(safe_fileno(to), &columns, &rows);
    for (size_t c = 0; c < t->ncolumns; c++) {
        if (cell_at(t, 0, c)->type != CELL_EMPTY && display_width(t->column[c].title) > width)
            width = display_width(t->column[c].title);
    }
    for (size_t c = 0; c < t->ncolumns; c++) {
        const char *text = cell_text(cell_at(t, 0, c), t->column[c].format, buf);
        int room = columns ? columns - indent - width - GAP : -1;
        struct strbuf line = {0};

        if (!*text)
            continue;
        strbuf_addf(&line, "%*s%s%*s", indent, "", t->column[c].title,
                    width - display_width(t->column[c].title) + GAP, "");
        display_add(&line, text, columns && room < LEAST ? LEAST : room);
        fprintf(to, "%s\n", line.text);
        strbuf_release(&line);
    }
}

/* ---- for a page -------------------------------------------------------------- */

/* A bar would end the cell, a line break the table, a backtick the code. */
static void print_cell(const char *text, bool code, FILE *to)
{
    fputs(code ? " `" : " ", to);
    for (; *text; text++) {
        if (*text == '|')
            fputs("\\|", to);
        else
            fputc(*text == '\n' ? ' ' : code && *text == '`' ? '\'' : *text, to);
    }
    fputs(code ? "` |" : " |", to);
}

void table_print_markdown(const struct table *t, FILE *to)
{
    struct layout *l = measure(t);
    char buf[32];

    fputs("|", to);
    for (size_t c = 0; c < t->ncolumns; c++)
        if (l[c].width)
            print_cell(t->column[c].title, false, to);
    fputs("\n|", to);
    for (size_t c = 0; c < t->ncolumns; c++)
        if (l[c].width)
            fputs(l[c].number ? "---:|" : "---|", to);
    for (size_t r = 0; r < table_rows(t); r++) {
        fputs("\n|", to);
        for (size_t c = 0; c < t->ncolumns; c++)
            if (l[c].width)
                print_cell(cell_text(cell_at(t, r, c), t->column[c].format, buf), c == 0, to);
    }
    fputs("\n", to);
    free(l);
}
