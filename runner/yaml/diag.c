/* diag.c - collects the messages about a spec and shows them sorted by place, each with
 * its source line and a caret. See diag.h. What is valid and what is near is not known
 * here; whoever finds a mistake writes the sentence.
 *
 * Texts are copied when a message comes in, so that a diag outlives its trees.
 */
#include "yaml/diag.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/safe.h"
#include "base/text.h"

/* Columns of a source line that are shown; a longer one is cut around the caret. */
#define WINDOW 100

struct file {
    const char *path, *text;
    size_t len;
};

struct message {
    size_t file, number; /* the order of arrival decides between equals */
    int line, column, end_line, end_column;
    bool warning;
    const char *text;
};

#define NO_FILE SIZE_MAX

struct diag {
    struct arena *arena;
    struct file *files; /* in the order of their first message */
    struct message *messages;
    struct muted { /* a place in a file */
        size_t file;
        int line, column;
    } * muted;
    size_t nfiles, files_room, nmessages, messages_room, nmuted;
    size_t errors;
};

struct diag *diag_new(void)
{
    struct diag *d = mem_alloc(sizeof *d);

    d->arena = arena_new();
    return d;
}

void diag_free(struct diag *d)
{
    if (!d)
        return;
    arena_free(d->arena);
    free(d->files);
    free(d->messages);
    free(d->muted);
    free(d);
}

size_t diag_errors(const struct diag *d)
{
    return d->errors;
}

size_t diag_warnings(const struct diag *d)
{
    return d->nmessages - d->errors;
}

/* ---- collecting --------------------------------------------------------------- */

/* Two trees may have read the same file, and two overrides have the same path: a file
 * is its path and its text. */
static size_t file_index(struct diag *d, const struct source *s)
{
    struct file *f;

    for (size_t i = 0; i < d->nfiles; i++)
        if (d->files[i].len == s->len && strcmp(d->files[i].path, s->path) == 0 &&
            memcmp(d->files[i].text, s->text, s->len) == 0)
            return i;
    if (d->nfiles == d->files_room) {
        d->files_room = d->files_room ? 2 * d->files_room : 4;
        d->files = mem_grow(d->files, d->files_room, sizeof *d->files);
    }
    f = &d->files[d->nfiles];
    f->path = arena_string(d->arena, s->path, strlen(s->path));
    f->text = arena_string(d->arena, s->text, s->len);
    f->len = s->len;
    return d->nfiles++;
}

/* What a terminal would obey or cannot show is written as \xNN: messages quote what
 * was found in files. */
static char *printable(struct diag *d, const char *text)
{
    const char *end = text + strlen(text);
    struct strbuf b = {0};
    char *copy;

    while (text < end) {
        uint32_t c = 0;
        size_t n = text_character(text, end, &c);

        if (n && c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0)) {
            strbuf_addn(&b, text, n);
        } else {
            n = n ? n : 1;
            for (size_t i = 0; i < n; i++)
                strbuf_addf(&b, "\\x%02x", (unsigned)(unsigned char)text[i]);
        }
        text += n;
    }
    copy = arena_string(d->arena, b.text ? b.text : "", b.len);
    strbuf_release(&b);
    return copy;
}

static bool same_message(const struct message *a, const struct message *b)
{
    return a->line == b->line && a->column == b->column && a->file == b->file && a->warning == b->warning &&
           strcmp(a->text, b->text) == 0;
}

static bool is_muted(const struct diag *d, const struct message *m)
{
    for (size_t i = 0; i < d->nmuted; i++)
        if (d->muted[i].file == m->file && d->muted[i].line == m->line && d->muted[i].column == m->column)
            return true;
    return false;
}

static void add(struct diag *d, const struct place *at, bool warning, const char *fmt, va_list ap)
{
    struct message m = {.file = NO_FILE, .number = d->nmessages, .warning = warning};
    char *text = NULL;

    if (vasprintf(&text, fmt, ap) < 0)
        text = mem_string(fmt); /* an incomplete message is better than none */
    if (at && at->source) {
        m.file = file_index(d, at->source);
        m.line = at->line;
        m.column = at->column;
        m.end_line = at->end_line;
        m.end_column = at->end_column;
        if (!warning && is_muted(d, &m)) {
            free(text);
            return;
        }
    }
    m.text = printable(d, text);
    free(text);
    for (size_t i = 0; i < d->nmessages; i++)
        if (same_message(&d->messages[i], &m))
            return;
    if (d->nmessages == d->messages_room) {
        d->messages_room = d->messages_room ? 2 * d->messages_room : 8;
        d->messages = mem_grow(d->messages, d->messages_room, sizeof *d->messages);
    }
    d->messages[d->nmessages++] = m;
    d->errors += !warning;
}

void diag_mute(struct diag *d, const struct place *at)
{
    struct message m = {.line = at->line, .column = at->column};

    if (!at->source)
        return;
    m.file = file_index(d, at->source);
    if (is_muted(d, &m))
        return;
    d->muted = mem_grow(d->muted, d->nmuted + 1, sizeof *d->muted);
    d->muted[d->nmuted++] = (struct muted){m.file, m.line, m.column};
}

bool diag_has_warned(struct diag *d, const char *text)
{
    const char *shown = printable(d, text);

    for (size_t i = 0; i < d->nmessages; i++)
        if (d->messages[i].warning && strcmp(d->messages[i].text, shown) == 0)
            return true;
    return false;
}

status diag_error(struct diag *d, const struct place *at, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add(d, at, false, fmt, ap);
    va_end(ap);
    return FAILED;
}

void diag_warn(struct diag *d, const struct place *at, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add(d, at, true, fmt, ap);
    va_end(ap);
}

/* ---- the source line ------------------------------------------------------------- */

/* Cells of a terminal that a character takes: none when it is drawn over the one
 * before, two in the scripts and signs that are wide (after Unicode's EastAsianWidth). */
static int cells(uint32_t c)
{
    static const struct {
        uint32_t first, last;
        int cells;
    } ranges[] = {
        {0x0300, 0x036f, 0},   {0x200b, 0x200f, 0},   {0x20d0, 0x20ff, 0},   {0xfe00, 0xfe0f, 0},
        {0x1100, 0x115f, 2},   {0x2e80, 0x303e, 2},   {0x3041, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},
        {0xf900, 0xfaff, 2},   {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},
        {0x1f300, 0x1f64f, 2}, {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2},
    };

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return ranges[i].cells;
    return 1;
}

/* Line NUMBER of a file from *START to *END; false when it has fewer lines. */
static bool find_line(const struct file *f, int number, const char **start, const char **end)
{
    const char *p = f->text, *stop = p + f->len;

    for (; number > 1; number--) {
        size_t n = 0;

        while (p < stop && !(n = text_break(p, stop)))
            p++;
        if (p >= stop)
            return false;
        p += n;
    }
    *start = p;
    while (p < stop && !text_break(p, stop))
        p++;
    *end = p;
    return number == 1;
}

/* The column behind what is marked on the first line of M. What goes on over several
 * lines is marked to the end of the first, without blanks and a comment there. */
static int marked_end(const struct message *m, const char *start, const char *end)
{
    int column = m->column;

    if (m->end_line == m->line)
        return m->end_column;
    for (const char *p = start; p < end && !(*p == '#' && p > start && (p[-1] == ' ' || p[-1] == '\t')); p++)
        if (*p != ' ' && *p != '\t')
            column = (int)text_length(start, (size_t)(p - start)) + 2;
    return column;
}

static void add_mark(struct strbuf *out, uint32_t c, int column, const struct message *m, int behind)
{
    int n = cells(c);

    if (n == 0 && column == m->column)
        n = 1;
    for (int i = 0; i < n; i++)
        strbuf_add(out, column < m->column              ? " "
                        : column == m->column && i == 0 ? "^"
                        : column < behind               ? "~"
                                                        : "");
}

static void write_excerpt(const struct diag *d, const struct message *m, struct strbuf *out, bool color)
{
    const char *start, *end;
    struct strbuf shown = {0}, marks = {0};
    int column = 1, first = 1, last, length, behind;

    if (!find_line(&d->files[m->file], m->line, &start, &end))
        return;
    behind = marked_end(m, start, end);
    last = length = (int)text_length(start, (size_t)(end - start));
    if (length > WINDOW) {
        if (m->column > WINDOW * 3 / 4)
            first = m->column - WINDOW / 2;
        if (first > length - WINDOW)
            first = length - WINDOW + 1;
        last = first + WINDOW - 1;
    }
    for (const char *p = start; p < end; column++) {
        uint32_t c = 0;
        size_t n = text_character(p, end, &c);

        /* Three columns at a cut end are dots. */
        bool cut = (first > 1 && column < first + 3) || (last < length && column > last - 3);
        bool odd = !n || c < 0x20 || cut;

        if (column >= first && column <= last) {
            if (odd)
                strbuf_add(&shown, cut ? "." : n ? " " : "?");
            else
                safe_add(&shown, p, n, "?");
            if (!odd)
                safe_character(p, end, &c); /* as it was shown */
            add_mark(&marks, odd ? ' ' : c, column, m, behind);
        }
        p += n ? n : 1;
    }
    if (m->column > length) { /* behind the text, where something is missing */
        for (; column < m->column; column++)
            strbuf_add(&marks, " ");
        strbuf_add(&marks, "^");
    }
    strbuf_addf(out, "%5d | %s\n      | %s%s%s\n", m->line, shown.text ? shown.text : "",
                color ? "\033[1;32m" : "", marks.text ? marks.text : "", color ? "\033[0m" : "");
    strbuf_release(&shown);
    strbuf_release(&marks);
}

/* ---- showing ----------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const struct message *x = a, *y = b;
    /* NO_FILE + 1 is 0: what has no place comes first. */
    size_t keys[4][2] = {{x->file + 1, y->file + 1},
                         {(size_t)x->line, (size_t)y->line},
                         {(size_t)x->column, (size_t)y->column},
                         {x->number, y->number}};

    for (int i = 0; i < 4; i++)
        if (keys[i][0] != keys[i][1])
            return keys[i][0] < keys[i][1] ? -1 : 1;
    return 0;
}

/* "PATH:LINE:COLUMN: ", where PATH may be any text. */
static void write_place(struct strbuf *out, const char *bold, const char *path, const struct message *m,
                        const char *plain)
{
    strbuf_add(out, bold);
    safe_add(out, path, strlen(path), "?");
    strbuf_addf(out, ":%d:%d:%s ", m->line, m->column, plain);
}

void diag_write(const struct diag *d, struct strbuf *out, bool color)
{
    const char *bold = color ? "\033[1m" : "", *red = color ? "\033[1;31m" : "",
               *plain = color ? "\033[0m" : "";
    const char *yellow = color ? "\033[1;33m" : "";
    struct message *sorted = mem_array(d->nmessages, sizeof *sorted);

    if (d->nmessages) {
        memcpy(sorted, d->messages, d->nmessages * sizeof *sorted);
        qsort(sorted, d->nmessages, sizeof *sorted, compare);
    }
    for (size_t i = 0; i < d->nmessages; i++) {
        const struct message *m = &sorted[i];

        if (m->file == NO_FILE)
            strbuf_addf(out, "%sfell:%s ", bold, plain);
        else
            write_place(out, bold, d->files[m->file].path, m, plain);
        strbuf_addf(out, "%s%s:%s ", m->warning ? yellow : red, m->warning ? "warning" : "error", plain);
        safe_add(out, m->text, strlen(m->text), "?");
        strbuf_add(out, "\n");
        if (m->file != NO_FILE)
            write_excerpt(d, m, out, color);
    }
    free(sorted);
}

void diag_print(const struct diag *d, FILE *to, bool color)
{
    struct strbuf out = {0};

    diag_write(d, &out, color);
    if (out.text)
        safe_control(to, out.text, out.len);
    strbuf_release(&out);
}
