/* progress_screen.c - progress on a terminal: a line for each worker, drawn over at
 * most ten times a second, and failures above them that stay. Uses the escape codes
 * that every terminal since the VT100 knows: up, clear to the end of the line, clear
 * below. Called through progress.c.
 */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/safe.h"
#include "base/text.h"
#include "cli/display.h"
#include "cli/progress_view.h"
#include "cli/terminal.h"

/* Go back to the first drawn line. A window that became narrower since has wrapped
 * the lines: each then takes as many rows as its width asks for. */
static void go_up(const struct progress *p, struct strbuf *out, int columns)
{
    int up = 0;

    for (size_t i = 0; i < p->ndrawn; i++)
        up += p->drawn_width[i] > columns ? (p->drawn_width[i] + columns - 1) / columns : 1;
    strbuf_add(out, "\r");
    if (up > 0)
        strbuf_addf(out, "\x1b[%dA", up);
}

/* Remove the drawn lines, so that what is printed next stands above the next drawing. */
static void clear(struct progress *p)
{
    struct strbuf out = {0};
    int columns, rows;

    if (p->ndrawn == 0)
        return;
    terminal_size(STDOUT_FILENO, &columns, &rows);
    go_up(p, &out, columns);
    strbuf_add(&out, "\x1b[J");
    safe_control(stdout, out.text, out.len);
    strbuf_release(&out);
    p->ndrawn = 0;
}

/* A finished line of the drawing: cut one column short of the edge, where some terminals
 * would already wrap. */
static void put_line(struct progress *p, struct strbuf *out, const char *text, int columns)
{
    p->drawn_width = mem_grow(p->drawn_width, p->ndrawn + 1, sizeof *p->drawn_width);
    p->drawn_width[p->ndrawn++] = display_add(out, text, columns - 1);
    strbuf_add(out, "\x1b[K\n");
}

/* The whole, and the best so far where there is room for it. */
static void draw_head(struct progress *p, struct strbuf *out, int columns, int rows)
{
    struct strbuf b = {0};

    progress_add_head(&b, p);
    put_line(p, out, b.text, columns);
    b.len = 0;
    progress_add_best(&b, p);
    if (b.len && rows > 4)
        put_line(p, out, b.text, columns);
    strbuf_release(&b);
}

/* How far a run is, WIDTH signs wide: "████▌     ". */
static void add_bar(struct strbuf *b, double share, int width)
{
    int full = (int)lround(fmin(fmax(share, 0), 1) * width);

    for (int i = 0; i < width; i++) {
        if (terminal_utf8())
            strbuf_add(b, i < full ? "\xe2\x96\x88" : "\xe2\x96\x91");
        else
            strbuf_add(b, i < full ? "#" : ".");
    }
}

/* The parts of a worker's line, in order. */
enum part {
    PART_RUN,
    PART_BAR,
    PART_EPOCH,
    PART_TRAIN,
    PART_HELD_OUT,
    PART_RATE,
    PART_LEFT,
    PART_LABEL,
    PART_LOOKED,
    PARTS
};

/* What is left out first where the line is too long. */
static const enum part least_needed[] = {PART_BAR, PART_RATE, PART_LABEL, PART_LEFT, PART_HELD_OUT};

static void fill_parts(const struct progress *p, const struct at_work *l, struct strbuf part[PARTS])
{
    char text[32];
    int wide = snprintf(text, sizeof text, "%lld", (long long)l->epochs);

    strbuf_addf(&part[PART_RUN], "run %lld", (long long)l->run);
    add_bar(&part[PART_BAR], (double)l->epoch / (double)(l->epochs > 0 ? l->epochs : 1), 16);
    strbuf_addf(&part[PART_EPOCH], "epoch %*lld/%s", wide, (long long)l->epoch, text);
    if (!isnan(l->train)) {
        display_number(l->train, text);
        strbuf_addf(&part[PART_TRAIN], "train %-7s", text);
    }
    if (!isnan(l->held_out)) {
        display_number(l->held_out, text);
        strbuf_addf(&part[PART_HELD_OUT], "%s %-7s", l->held_out_name, text);
    }
    if (l->seconds > 0) {
        display_rate(l->samples / l->seconds, text);
        strbuf_addf(&part[PART_RATE], "%5s samples/s", text);
    }
    if (l->epoch > l->from) {
        display_duration(progress_run_left(p, l), text);
        strbuf_addf(&part[PART_LEFT], "%s left", text);
    }
    if (*l->label)
        strbuf_add(&part[PART_LABEL], l->label);
    for (size_t i = 0; i < l->nlooked; i++)
        progress_add_looked(&part[PART_LOOKED], &l->looked[i]);
}

/* Columns that part I asks for, with the gap behind it. The label may be cut at the end; what probes said
 * asks for nothing, and gets what is left. */
static int part_width(const struct strbuf *part, enum part i)
{
    int width = part[i].len && i != PART_LOOKED ? display_width(part[i].text) + 2 : 0;

    return i == PART_LABEL && width > 24 ? 24 : width;
}

static void draw_worker(struct progress *p, struct strbuf *out, const struct at_work *l, int columns)
{
    struct strbuf part[PARTS] = {0}, line = {0};
    int width = 0;

    fill_parts(p, l, part);
    for (int i = 0; i < PARTS; i++)
        width += part_width(part, (enum part)i);
    for (size_t i = 0; i < sizeof least_needed / sizeof *least_needed && width - 2 > columns - 1; i++) {
        width -= part_width(part, least_needed[i]);
        strbuf_release(&part[least_needed[i]]);
    }
    for (int i = 0; i < PARTS; i++) {
        if (part[i].len)
            strbuf_addf(&line, "%s%s", line.len ? "  " : "", part[i].text);
        strbuf_release(&part[i]);
    }
    put_line(p, out, line.text, columns);
    strbuf_release(&line);
}

static void draw(struct progress *p)
{
    struct strbuf out = {0};
    size_t busy = 0, shown = 0, room;
    int columns, rows;

    terminal_size(STDOUT_FILENO, &columns, &rows);
    go_up(p, &out, columns);
    p->ndrawn = 0;
    if ((p->runs > 1 || p->told_rate) && rows > 2)
        draw_head(p, &out, columns, rows);
    for (size_t i = 0; i < p->nworkers; i++)
        busy += p->worker[i].busy;
    /* The cursor waits on one more row; what does not fit is counted on the last line. */
    room = rows > 1 + (int)p->ndrawn ? (size_t)rows - 1 - p->ndrawn : 1;
    for (size_t i = 0; i < p->nworkers && (busy <= room || shown + 1 < room); i++) {
        if (p->worker[i].busy) {
            draw_worker(p, &out, &p->worker[i], columns);
            shown++;
        }
    }
    if (shown < busy) {
        char more[64];

        snprintf(more, sizeof more, "and %zu more workers", busy - shown);
        put_line(p, &out, more, columns);
    }
    strbuf_add(&out, "\x1b[J");
    safe_control(stdout, out.text, out.len);
    strbuf_release(&out);
    p->drawn = p->now;
}

static void screen_tick(struct progress *p)
{
    if (p->now - p->drawn >= 0.1)
        draw(p);
}

/* A line that stays. */
static void tell(struct progress *p, const char *code, const char *text)
{
    struct strbuf b = {0};
    bool color = terminal_color(STDOUT_FILENO);

    clear(p);
    strbuf_add(&b, color ? code : "");
    display_add(&b, text, -1);
    strbuf_add(&b, color ? "\x1b[0m\n" : "\n");
    safe_control(stdout, b.text, b.len);
    strbuf_release(&b);
}

static void screen_run_ended(struct progress *p, const struct at_work *l, const char *status_word,
                             const char *error)
{
    struct strbuf b = {0};

    if (progress_is_good(status_word))
        return;
    progress_run_name(&b, l);
    strbuf_addf(&b, " %s after %lld epoch%s", status_word, (long long)l->epoch, l->epoch == 1 ? "" : "s");
    if (error && *error)
        strbuf_addf(&b, ": %s", error);
    tell(p, "\x1b[31m", b.text);
    strbuf_release(&b);
}

static void screen_warning(struct progress *p, const struct at_work *l, const char *text)
{
    struct strbuf b = {0};

    progress_add_warning(&b, l, text);
    tell(p, "\x1b[33m", b.text);
    strbuf_release(&b);
}

static void screen_note(struct progress *p, const char *text)
{
    tell(p, "\x1b[33m", text);
}

const struct progress_view progress_screen = {
    .run_ended = screen_run_ended,
    .warning = screen_warning,
    .note = screen_note,
    .tick = screen_tick,
    .end = clear,
};
