/* HTML, MathML and SVG of a document: what is escaped, what a formula becomes, where curves go. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "explain/html.h"
#include "explain/page.h"
#include "explain/svg.h"
#include "explain/write_mathml.h"

static void expect(struct strbuf *b, const char *wanted)
{
    cr_expect_str_eq(b->text, wanted, "%s", b->text);
    strbuf_release(b);
}

static void expect_part(const struct strbuf *b, const char *part)
{
    cr_expect(strstr(b->text, part), "'%s' is not in:\n%s", part, b->text);
}

Test(html, escapes_what_would_be_markup)
{
    struct strbuf b = {0};

    html_add(&b, "a < b & \"c\" > 'd'");
    expect(&b, "a &lt; b &amp; &quot;c&quot; &gt; 'd'");
    html_add(&b, "");
    expect(&b, "");
}

Test(html, json_cannot_end_its_script)
{
    struct strbuf b = {0};

    html_add_json(&b, "{\"name\":\"</script><!--\"}<");
    expect(&b, "{\"name\":\"\\u003c/script>\\u003c!--\"}\\u003c");
}

Test(html, fills_marks_and_leaves_other_signs)
{
    const struct html_mark mark[] = {{"title", "@body@"}, {"body", "B"}};
    struct strbuf b = {0};

    html_fill(&b, "@title@ @media @body@ a@b @", mark, 2);
    expect(&b, "@body@ @media B a@b @"); /* what was put in is not filled again */
}

/* ---- formulas ------------------------------------------------------------------------------ */

static void formula(const char *text, const char *wanted)
{
    struct arena *arena = arena_new();
    struct strbuf b = {0};
    bool wrong = false;
    const char *inside;

    mathml_inline(equation_read(arena, text, &wrong), &b);
    cr_expect(!wrong, "%s", text);
    inside = strchr(b.text, '>') + 1;
    cr_expect(strncmp(inside, wanted, strlen(wanted)) == 0 && strcmp(inside + strlen(wanted), "</math>") == 0,
              "%s is %s", text, b.text);
    strbuf_release(&b);
    arena_free(arena);
}

Test(mathml, one_element_for_each_kind)
{
    formula("w", "<mi>w</mi>");
    formula("\\mathrm{W}", "<mi mathvariant=\"normal\">W</mi>");
    formula("w_{ij}^2", "<msubsup><mi>w</mi><mrow><mi>i</mi><mi>j</mi></mrow><mn>2</mn></msubsup>");
    formula("x^2", "<msup><mi>x</mi><mn>2</mn></msup>");
    formula("\\sum_{i} x", "<mrow><munder><mo>∑</mo><mi>i</mi></munder><mi>x</mi></mrow>");
    formula("\\frac{\\partial L}{w}", "<mfrac><mrow><mi>∂</mi><mi>L</mi></mrow><mi>w</mi></mfrac>");
    formula("\\sqrt{v}", "<msqrt><mi>v</mi></msqrt>");
    formula("\\left( z \\right)",
            "<mrow><mo fence=\"true\" stretchy=\"true\">(</mo><mi>z</mi><mo fence=\"true\" "
            "stretchy=\"true\">)</mo></mrow>");
    formula("\\underbrace{g}_{\\text{blame}}",
            "<munder><munder><mi>g</mi><mo stretchy=\"true\">⏟</mo></munder><mtext>blame</mtext></munder>");
    formula("a < b", "<mrow><mi>a</mi><mo>&lt;</mo><mi>b</mi></mrow>");
}

Test(mathml, names_stand_apart_from_what_they_are_of)
{
    formula("\\log p", "<mrow><mi>log</mi><mspace width=\"0.17em\"/><mi>p</mi></mrow>");
    formula("\\log (p)",
            "<mrow><mi>log</mi><mo stretchy=\"false\">(</mo><mi>p</mi><mo stretchy=\"false\">)</mo></mrow>");
}

Test(mathml, a_sign_is_no_difference)
{
    formula("2 - 1", "<mrow><mn>2</mn><mo>−</mo><mn>1</mn></mrow>");
    formula("2 \\cdot (-1)",
            "<mrow><mn>2</mn><mo>·</mo><mo stretchy=\"false\">(</mo><mo form=\"prefix\">−</mo><mn>1</mn>"
            "<mo stretchy=\"false\">)</mo></mrow>");
    formula("(2) - 1",
            "<mrow><mo stretchy=\"false\">(</mo><mn>2</mn><mo stretchy=\"false\">)</mo><mo>−</mo><mn>1</mn>"
            "</mrow>");
}

Test(mathml, lines_are_cut_where_they_align)
{
    struct arena *arena = arena_new();
    struct equation *line[] = {equation_read(arena, "z &= 1", NULL), equation_read(arena, "&= x", NULL)};
    struct strbuf b = {0};

    mathml_block(line, 2, &b);
    expect_part(&b, "<math display=\"block\" alttext=\"z&amp; = 1 \\\\ &amp; = x\">");
    expect_part(&b, "<mtr><mtd><mi>z</mi></mtd><mtd><mo>=</mo><mn>1</mn></mtd></mtr>"
                    "<mtr><mtd></mtd><mtd><mo>=</mo><mi>x</mi></mtd></mtr>");
    strbuf_release(&b);
    arena_free(arena);
}

Test(mathml, blanks_around_words_count)
{
    formula("1 \\text{ if } z", "<mrow><mn>1</mn><mtext>\u00a0if\u00a0</mtext><mi>z</mi></mrow>");
}

Test(mathml, long_lines_are_cut_between_terms)
{
    struct arena *arena = arena_new();
    struct equation *line[] = {equation_read(arena,
                                             "z &= 0.003964 \\cdot (-0.7561) + (-0.2939) \\cdot (-1.143) + "
                                             "0.05211 \\cdot (-0.7402) + 0.2087 \\cdot "
                                             "1.179 + \\dots + (-0.01706) = 0.5574",
                                             NULL)};
    struct strbuf b = {0};
    size_t rows = 0;

    mathml_block(line, 1, &b);
    for (const char *at = b.text; (at = strstr(at, "<mtr>")); at++)
        rows++;
    cr_expect_eq(rows, 2);
    expect_part(&b, "</mtd></mtr><mtr><mtd></mtd><mtd><mspace width=\"1.6em\"/><mo form=\"infix\">+</mo>");
    expect_part(&b, "<mo>…</mo><mo>+</mo>"); /* not a sign */
    expect_part(&b, "<mo>=</mo><mn>0.5574</mn></mtd></mtr></mtable>");
    strbuf_release(&b);
    arena_free(arena);
}

/* ---- the document ----------------------------------------------------------------------------- */

Test(write_html, names_from_data_stay_text)
{
    struct page *p = page_new();
    struct strbuf b = {0};

    page_heading(p, 1, "a <b> & c");
    page_heading(p, 2, "1. Part <i>");
    page_paragraph(p, "the {loss} of `<x>` is *so*, see [there](#1-part-i)");
    page_table(p, "name|>value");
    page_row(p, "%s|2", page_plain(p, "<td>|*x*"));
    page_glossary(p);
    page_write_html(p, &b);
    expect_part(&b, "<title>a &lt;b&gt; &amp; c</title>");
    expect_part(&b, "<h2 id=\"1-part-i\">1. Part &lt;i&gt;</h2>");
    expect_part(&b, "<li><a href=\"#1-part-i\">1. Part &lt;i&gt;</a></li>");
    expect_part(&b,
                "<a href=\"#term-loss\" class=\"term\">loss</a> of <code>&lt;x&gt;</code> is <em>so</em>");
    expect_part(&b, "<td>&lt;td&gt;|*x*</td><td class=\"right\">2</td>");
    expect_part(&b, "<dt id=\"term-loss\">loss</dt>");
    expect_part(&b, "</html>");
    strbuf_release(&b);
    page_free(p);
}

/* ---- pictures ------------------------------------------------------------------------------------ */

Test(svg, ticks_are_round)
{
    cr_expect_float_eq(svg_tick(0.0, 1.0, 4), 0.5, 1e-12);
    cr_expect_float_eq(svg_tick(0.0, 1.0, 5), 0.2, 1e-12);
    cr_expect_float_eq(svg_tick(-3.0, 3.0, 6), 1.0, 1e-12);
    cr_expect_float_eq(svg_tick(0.0, 7e-5, 5), 2e-5, 1e-15);
}

/* Where the text TEXT begins: its x. */
static double x_of(const struct strbuf *b, const char *text)
{
    const char *at = strstr(b->text, text), *x = b->text;

    cr_assert(at, "no %s", text);
    for (const char *next = x; (next = strstr(next, "<text x=\"")) && next < at; next++)
        x = next;
    return atof(x + strlen("<text x=\""));
}

Test(svg, labels_of_points_keep_clear_of_each_other)
{
    double x[] = {0, 1}, y[] = {0, 1};
    struct series s = {.name = "loss", .kind = SERIES_LINE, .n = 2, .x = x, .y = y};
    struct point point[] = {
        {"first", 0.5, 0.5}, {"second", 0.502, 0.502}, {"third", 0.504, 0.504}, {"last", 0.506, 0.506}};
    struct chart c = {.title = "t",
                      .x_label = "x",
                      .y_label = "y",
                      .x_high = 1,
                      .y_high = 1,
                      .series = &s,
                      .nseries = 1,
                      .point = point,
                      .npoints = 4};
    struct strbuf b = {0};

    svg_chart(&c, 1, &b);
    cr_expect(x_of(&b, ">first</text>") > 300.0 && x_of(&b, ">last</text>") > 300.0);
    cr_expect(!strstr(b.text, "second") && !strstr(b.text, "third")); /* all in one place */
    strbuf_release(&b);
    point[1] = (struct point){"second", 0.9, 0.9};
    svg_chart(&c, 1, &b);
    cr_expect(x_of(&b, ">second</text>") > 500.0);
    strbuf_release(&b);
}

Test(svg, a_curve_goes_where_its_numbers_say)
{
    double x[] = {0, 1, 2, 3}, y[] = {0, 10, 1e9, 5};
    struct series s = {.kind = SERIES_LINE, .name = "loss", .grid = true, .n = 4, .x = x, .y = y};
    struct point point[] = {{"now <1>", 1, 10}, {"outside", 9, 9}};
    struct chart c = {"t", "x", "y", 1, &s, 2, point, 0, 3, 0, 10, true, false};
    struct strbuf b = {0};

    svg_chart(&c, 7, &b);
    /* left 76, right 624, top 14, bottom 284; what is far above is cut one height further up */
    expect_part(&b, "d=\"M76.0 284.0L258.7 14.0L441.3 -256.0L624.0 149.0\"");
    expect_part(&b, "url(#clip-7)");
    expect_part(&b, "cx=\"258.7\" cy=\"14.0\"");
    expect_part(&b, "now &lt;1&gt;</text>");
    cr_expect(!strstr(b.text, "outside"));
    cr_expect(!strstr(b.text, "nan") && !strstr(b.text, "inf"));
    strbuf_release(&b);
}

Test(svg, flat_single_and_logarithmic_curves)
{
    double x[] = {1, 2}, y[] = {0.5, 0.5}, falling[] = {1.0, 0.0};
    struct series s = {.kind = SERIES_LINE, .name = "loss", .grid = true, .n = 2, .x = x, .y = y};
    struct chart c = {"t", "x", "y", 1, &s, 0, NULL, 1, 1, 0.5, 0.5, true, false};
    struct strbuf b = {0};

    svg_chart(&c, 0, &b);
    c.logarithmic = true;
    svg_chart(&c, 0, &b);
    s.y = falling; /* the logarithm of 0 breaks the curve */
    c = (struct chart){"t", "x", "y", 1, &s, 0, NULL, 1, 2, 0, 1, true, true};
    svg_chart(&c, 0, &b);
    cr_expect(!strstr(b.text, "nan") && !strstr(b.text, "inf"), "%s", b.text);
    strbuf_release(&b);
}

Test(svg, contours_bear_infinities_and_flat_ground)
{
    double x[] = {0, 1, 2}, z[9] = {1, 2, INFINITY, 2, 3, 4, NAN, 4, 5}, flat[9] = {0};
    struct contour c = {"t", "x", "y", 3, 3, x, x, z, 0, NULL};
    struct strbuf b = {0};

    svg_contour(&c, &b);
    expect_part(&b, "class=\"level0\"");
    expect_part(&b, "class=\"isoline\"");
    c.z = flat;
    svg_contour(&c, &b);
    cr_expect(!strstr(b.text, "nan\"") && !strstr(b.text, "=\"inf"), "%s", b.text);
    strbuf_release(&b);
}

Test(svg, diagrams_draw_what_they_are_given)
{
    struct diagram_node in[] = {{DIAGRAM_INPUT, "x0", "x0 < 1\n0.5", 0.5, false}};
    struct diagram_node out[] = {{DIAGRAM_NEURON, "h0", "h0", -1, true},
                                 {DIAGRAM_MORE, "more", "…", 0, false}};
    struct diagram_column column[] = {{"input · 1 number", 1, in}, {NULL, 2, out}};
    struct diagram_edge edge[] = {
        {.from = "x0", .to = "h0", .label = "0.5", .size = 1, .sign = -1, .back = true},
        {.from = "x0", .to = "nobody"}};
    struct diagram d = {"a \"net\"", 2, column, 2, edge};
    struct strbuf b = {0};

    svg_diagram(&d, 3, &b);
    expect_part(&b, "aria-label=\"a &quot;net&quot;\"");
    expect_part(&b, ">x0 &lt; 1</text>");
    expect_part(&b, "var(--minus) 60%");
    expect_part(&b, "marker-start=\"url(#arrow-minus-3)\"");
    expect_part(&b, "node-chosen");
    strbuf_release(&b);
}
