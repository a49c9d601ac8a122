/* slides.c - see slides.h. The looks are those of the HTML page in light: the rules of page.css and
 * explain.css for drawings, with the colours written out, since programs for slides know neither variables
 * nor color-mix().
 */
#include "explain/slides.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "explain/assets.h"
#include "explain/html.h"
#include "explain/svg.h"

enum { WIDTH = 1600, HEIGHT = 900, EDGE = 60, TOP = 120, FOOT = 90 };

/* ---- colours --------------------------------------------------------------------------- */

/* The value of the variable NAME [len] in the first block of page.css, which is the light one; *N its length.
 */
static const char *value_of(const char *name, size_t len, size_t *n)
{
    const char *end = strchr(asset_page_css, '}');

    for (const char *p = strstr(asset_page_css, "--"); p && p < end; p = strstr(p + 2, "--")) {
        if (strncmp(p, name, len) != 0 || p[len] != ':')
            continue;
        p += len + 1 + strspn(p + len + 1, " ");
        *n = strcspn(p, ";");
        return p;
    }
    *n = 0;
    return "";
}

static void mix(struct strbuf *out, unsigned a, unsigned share, unsigned b)
{
    strbuf_add(out, "#");
    for (int shift = 16; shift >= 0; shift -= 8) {
        const unsigned x = a >> shift & 255, y = b >> shift & 255;

        strbuf_addf(out, "%02x", (x * share + y * (100 - share) + 50) / 100);
    }
}

/* TEXT with every var() as its value. */
static char *without_variables(const char *text)
{
    struct strbuf out = {0};

    strbuf_add(&out, "");
    for (const char *next; (next = strstr(text, "var(")); text = next + 1) {
        size_t n;
        const char *name = next + 4;
        const size_t len = strcspn(name, ")");
        const char *value = value_of(name, len, &n);

        strbuf_addn(&out, text, (size_t)(next - text));
        strbuf_addn(&out, value, n);
        next = name + len - (name[len] == 0);
    }
    strbuf_add(&out, text);
    return out.text;
}

/* Append TEXT, rules of this program alone, with the colours that it means. */
static void add_plain(struct strbuf *out, const char *text)
{
    char *plain = without_variables(text);
    const char *at = plain;

    for (const char *next; (next = strstr(at, "color-mix(")); at = next + strcspn(next, ")") + 1) {
        unsigned a = 0, b = 0;
        float share = 0;

        strbuf_addn(out, at, (size_t)(next - at));
        sscanf(next, "color-mix(in srgb, #%6x %f%%, #%6x)", &a, &share, &b);
        mix(out, a, (unsigned)share, b);
    }
    strbuf_add(out, at);
    free(plain);
}

/* Append the PICTURE with the colours that its own attributes mean. What it says comes from the user, in
 * whose texts a quote is an entity, and stays as it is. */
static void add_picture(struct strbuf *out, const char *picture)
{
    static const char attribute[] = " style=\"fill: ";

    for (const char *next; (next = strstr(picture, attribute));) {
        char *value;

        next += sizeof attribute - 1;
        strbuf_addn(out, picture, (size_t)(next - picture));
        picture = next + strcspn(next, "\"");
        value = mem_format("%.*s", (int)(picture - next), next);
        add_plain(out, value);
        free(value);
    }
    strbuf_add(out, picture);
}

/* The rules for drawings, which have a line each. */
static void add_rules(struct strbuf *out, const char *css)
{
    for (size_t n; *css; css += n + (css[n] == '\n')) {
        n = strcspn(css, "\n");
        if (strncmp(css, "svg", 3) == 0)
            strbuf_addn(out, css, n + 1);
    }
}

/* ---- a slide ------------------------------------------------------------------------------ */

/* The picture B as <svg>; its title. */
static const char *draw(const struct block *b, size_t number, struct strbuf *out)
{
    switch (b->kind) {
    case BLOCK_DIAGRAM:
        svg_diagram(b->diagram, number, out);
        return b->diagram->title;
    case BLOCK_CYCLE:
        svg_cycle(b->cycle, number, out);
        return b->cycle->title;
    case BLOCK_CHART:
        svg_chart(b->chart, number, out);
        return b->chart->title;
    case BLOCK_CONTOUR:
        svg_contour(b->contour, out);
        return b->contour->title;
    default:
        return NULL;
    }
}

/* A line as large as fits, at most SIZE. */
static void add_line(struct strbuf *out, double y, double size, const char *class, const char *text)
{
    const double room = WIDTH - 2 * EDGE, width = svg_width(text) / 12 * size;

    size = width > room ? size * room / width : size;
    strbuf_addf(out, "<text x=\"%d\" y=\"%.0f\" class=\"%s\" style=\"font-size: %.1fpx\">", EDGE, y, class,
                size);
    html_add(out, text);
    strbuf_add(out, "</text>\n");
}

static void fill(struct strbuf *out, const char *heading, const char *title, const char *rules,
                 const char *picture)
{
    double width = 1, height = 1, scale;

    sscanf(strstr(picture, "viewBox="), "viewBox=\"0 0 %lf %lf", &width, &height);
    scale = (WIDTH - 2 * EDGE) / width;
    if (scale > (HEIGHT - TOP - FOOT) / height)
        scale = (HEIGHT - TOP - FOOT) / height;
    strbuf_addf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n"
        "<title>",
        WIDTH, HEIGHT, WIDTH, HEIGHT);
    html_add(out, title);
    strbuf_addf(out, "</title>\n<style>\n%s</style>\n<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n",
                rules, WIDTH, HEIGHT);
    add_line(out, 75, 42, "strong", heading);
    strbuf_addf(out, "<g transform=\"translate(%.1f %.1f) scale(%.4f)\">\n", (WIDTH - width * scale) / 2,
                TOP + (HEIGHT - TOP - FOOT - height * scale) / 2, scale);
    add_picture(out, picture);
    strbuf_add(out, "</g>\n");
    add_line(out, HEIGHT - 35, 22, "soft", title);
    strbuf_add(out, "</svg>\n");
    safe_document(out);
}

status slides_write(const struct page *p, const char *folder, size_t *n, struct error *err)
{
    const char *heading = "", *anchor = "picture";
    struct strbuf rules = {0}, plain = {0};
    status st = path_make_folder(folder, err);

    *n = 0;
    add_rules(&rules, asset_page_css);
    add_rules(&rules, asset_explain_css);
    add_plain(&plain, rules.text);
    for (size_t i = 0; i < p->n && st == OK; i++) {
        struct strbuf picture = {0}, slide = {0};
        const char *title = draw(&p->block[i], i, &picture);

        if (p->block[i].kind == BLOCK_HEADING && p->block[i].heading.level == 2) {
            heading = p->block[i].heading.text;
            anchor = p->block[i].heading.anchor;
        }
        if (title) {
            char *path = mem_format("%s/%02zu-%s.svg", folder, ++*n, anchor);

            fill(&slide, heading, title, plain.text, picture.text);
            st = file_write(path, slide.text, slide.len, err);
            free(path);
        }
        strbuf_release(&picture);
        strbuf_release(&slide);
    }
    strbuf_release(&rules);
    strbuf_release(&plain);
    return st;
}
