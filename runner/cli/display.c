/* display.c - see display.h. Writes into strings only. */
#include "cli/display.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/safe.h"
#include "cli/terminal.h"

/* ---- UTF-8 ------------------------------------------------------------------ */

/* Signs that take no column or two, after Unicode 15's general categories Mn and Me
 * and its East Asian Width (W and F), joined into coarse ranges. */
static const struct range {
    uint32_t first, last;
    int width;
} ranges[] = {
    {0x0300, 0x036f, 0},   {0x0483, 0x0489, 0},   {0x0591, 0x05bd, 0},   {0x0610, 0x061a, 0},
    {0x064b, 0x065f, 0},   {0x1100, 0x115f, 2},   {0x1ab0, 0x1aff, 0},   {0x1dc0, 0x1dff, 0},
    {0x200b, 0x200f, 0},   {0x202a, 0x202e, 0},   {0x2060, 0x2064, 0},   {0x20d0, 0x20f0, 0},
    {0x2e80, 0x303e, 2},   {0x3041, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},
    {0xfe00, 0xfe0f, 0},   {0xfe20, 0xfe2f, 0},   {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},
    {0xffe0, 0xffe6, 2},   {0x1f300, 0x1f64f, 2}, {0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1f9ff, 2},
    {0x20000, 0x3fffd, 2},
};

static int sign_width(uint32_t c)
{
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges && c >= ranges[i].first; i++) {
        if (c <= ranges[i].last)
            return ranges[i].width;
    }
    return 1;
}

/* The bytes of the first sign of TEXT, which END ends, and what to show: the sign itself, a
 * blank for a line break or tab, '?' for what must not reach the terminal. */
static size_t decode(const char *text, const char *end, uint32_t *sign)
{
    const size_t n = safe_character(text, end, sign);

    if (*text == '\n' || *text == '\t' || *text == '\r')
        *sign = ' ';
    return n;
}

int display_width(const char *text)
{
    const char *end = text + strlen(text);
    int width = 0;
    uint32_t c;

    for (size_t n; text < end; text += n) {
        n = decode(text, end, &c);
        width += sign_width(c);
    }
    return width;
}

int display_add(struct strbuf *out, const char *text, int columns)
{
    const char *end = text + strlen(text), *more = terminal_utf8() ? "\xe2\x80\xa6" : "~";
    bool cut = columns >= 0 && display_width(text) > columns;
    int room = cut ? columns - 1 : columns, used = 0;
    uint32_t c;

    strbuf_add(out, "");
    if (columns == 0)
        return 0;
    for (size_t n; text < end; text += n) {
        n = decode(text, end, &c);
        if (cut && used + sign_width(c) > room)
            break;
        used += sign_width(c);
        if (c < 0x80)
            strbuf_addn(out, &(char){(char)c}, 1);
        else
            strbuf_addn(out, text, n);
    }
    if (cut) {
        strbuf_add(out, more);
        used++;
    }
    return used;
}

size_t display_fold(const char *text, int columns)
{
    size_t end = 0;

    for (size_t n = strcspn(text, " ");; n += 1 + strcspn(text + n + 1, " ")) {
        char *part = mem_format("%.*s", (int)n, text);
        const bool fits = display_width(part) <= columns;

        free(part);
        if (end && !fits)
            return end;
        end = n;
        if (!text[n])
            return end;
    }
}

/* ---- numbers ---------------------------------------------------------------- */

void display_number(double v, char out[32])
{
    if (!isfinite(v))
        snprintf(out, 32, "-");
    else if (v == floor(v) && fabs(v) < 1e6)
        snprintf(out, 32, "%.0f", v);
    else if (fabs(v) >= 1e4 && fabs(v) < 1e6)
        snprintf(out, 32, "%.0f", v);
    else
        snprintf(out, 32, "%.4g", v);
}

void display_duration(double seconds, char out[32])
{
    if (!isfinite(seconds) || seconds < 0) {
        snprintf(out, 32, "-");
    } else if (seconds < 0.9995) {
        double ms = 1000 * seconds;

        snprintf(out, 32, "%.*f ms", ms >= 99.95 ? 0 : ms >= 9.995 ? 1 : 2, ms);
    } else if (seconds < 9.995) {
        snprintf(out, 32, "%.2f s", seconds);
    } else if (seconds < 99.95) {
        snprintf(out, 32, "%.1f s", seconds);
    } else if (seconds < 86400) {
        long t = lround(seconds);

        if (t < 3600)
            snprintf(out, 32, "%ldm %02lds", t / 60, t % 60);
        else
            snprintf(out, 32, "%ldh %02ldm", t / 3600, t / 60 % 60);
    } else {
        double hours = floor(seconds / 3600);

        snprintf(out, 32, "%.0fd %02.0fh", floor(hours / 24), fmod(hours, 24));
    }
}

/* V below 1000 with a prefix, three significant digits: "12.4" and "k". */
static void scaled(double v, const char *space, const char *const *prefix, size_t nprefix, char out[32])
{
    size_t i = 0;

    if (!isfinite(v) || v < 0) {
        snprintf(out, 32, "-");
        return;
    }
    while (v >= 999.5 && i + 1 < nprefix) {
        v /= 1000;
        i++;
    }
    snprintf(out, 32, "%.*f%s%s", i == 0 || v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2, v, space, prefix[i]);
}

void display_bytes(double bytes, char out[32])
{
    static const char *const prefix[] = {"B", "kB", "MB", "GB", "TB"};

    scaled(bytes, " ", prefix, sizeof prefix / sizeof *prefix, out);
}

void display_rate(double per_second, char out[32])
{
    static const char *const prefix[] = {"", "k", "M", "G", "T"};

    scaled(per_second, "", prefix, sizeof prefix / sizeof *prefix, out);
}

/* ---- curves ----------------------------------------------------------------- */

static const char *const blocks[] = {"\xe2\x96\x81", "\xe2\x96\x82", "\xe2\x96\x83", "\xe2\x96\x84",
                                     "\xe2\x96\x85", "\xe2\x96\x86", "\xe2\x96\x87", "\xe2\x96\x88"};
static const char *const strokes[] = {"_", ".", ",", "-", "=", "+", "*", "#"};
enum { LEVELS = sizeof blocks / sizeof *blocks };

/* Mean of the finite values of V[FROM..TO); NAN where there are none. */
static double finite_mean(const double *v, size_t from, size_t to)
{
    double sum = 0;
    size_t n = 0;

    for (size_t i = from; i < to; i++) {
        if (isfinite(v[i])) {
            sum += v[i];
            n++;
        }
    }
    return n ? sum / (double)n : NAN;
}

void display_curve(struct strbuf *out, const double *v, size_t n, int columns)
{
    const char *const *sign = terminal_utf8() ? blocks : strokes;
    size_t width = columns < 1 ? 0 : n < (size_t)columns ? n : (size_t)columns;
    double *mean = mem_array(width, sizeof *mean);
    double low = INFINITY, high = -INFINITY;

    for (size_t i = 0; i < width; i++) {
        mean[i] = finite_mean(v, n * i / width, n * (i + 1) / width);
        low = fmin(low, mean[i]);
        high = fmax(high, mean[i]);
    }
    strbuf_add(out, "");
    for (size_t i = 0; i < width; i++) {
        double share = high > low ? (mean[i] - low) / (high - low) : 0;

        strbuf_add(out, isfinite(mean[i]) ? sign[(int)fmin(share * LEVELS, LEVELS - 1)] : " ");
    }
    free(mean);
}

/* ---- paths ------------------------------------------------------------------ */

/* Whether the dotted PATH ends in the whole parts of TAIL. */
static bool path_ends_in(const char *path, const char *tail)
{
    size_t np = strlen(path), nt = strlen(tail);

    return np >= nt && strcmp(path + np - nt, tail) == 0 && (np == nt || path[np - nt - 1] == '.');
}

const char *display_short_path(const char *const *paths, size_t n, size_t i)
{
    const char *tail = paths[i] + strlen(paths[i]);

    while (tail > paths[i]) {
        bool quoted = false; /* a dot in quotes ends no part */
        size_t same = 0;

        do
            quoted ^= *--tail == '"';
        while (tail > paths[i] && (quoted || tail[-1] != '.'));
        for (size_t k = 0; k < n; k++)
            same += path_ends_in(paths[k], tail);
        /* A bare number ("0.1" of a list) says nothing: one part more. */
        if (same == 1 && (tail[0] < '0' || tail[0] > '9' || strchr(tail, '.')))
            break;
    }
    return tail;
}

int display_value(struct strbuf *out, const char *text, int columns)
{
    const bool json = *text == '[' || *text == '{';
    struct strbuf plain = {0};
    int used;

    strbuf_add(&plain, "");
    for (const char *p = text; json && *p; p++)
        if (*p != '"')
            strbuf_addn(&plain, p, 1);
    used = display_add(out, json ? plain.text : text, columns);
    strbuf_release(&plain);
    return used;
}

void display_settings(struct strbuf *out, const char *const *paths, const char *const *values, size_t n)
{
    strbuf_add(out, "");
    for (size_t i = 0; i < n; i++) {
        strbuf_addf(out, "%s%s=", i ? " " : "", display_short_path(paths, n, i));
        display_value(out, values[i], 32);
    }
}
