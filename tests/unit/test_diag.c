/* test_diag.c - how messages are sorted and shown. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaml/diag.h"

static struct diag *diag;

static void setup(void)
{
    diag = diag_new();
}

static void teardown(void)
{
    diag_free(diag);
}

TestSuite(diag, .init = setup, .fini = teardown);

static struct source source(const char *path, const char *text)
{
    return (struct source){path, ".", text, strlen(text)};
}

static struct place place(const struct source *s, int line, int column, int end_column)
{
    return (struct place){s, line, column, line, end_column};
}

static void expect(const char *expected, bool color)
{
    struct strbuf b = {0};

    strbuf_add(&b, "");
    diag_write(diag, &b, color);
    cr_expect_str_eq(b.text, expected, "\n%s\nnot\n%s", b.text, expected);
    strbuf_release(&b);
    diag_free(diag);
    diag = diag_new();
}

Test(diag, the_format)
{
    static const char text[] = "name: x\n\n\n\n\n\n\n\n  - dropout: {rate: 1.5}\n\n\n\noptimizer:\n"
                               "  sgd: {lr: 0.1, momentun: 0.9}\n";
    struct source s = source("fashion.yaml", text);
    struct place late = place(&s, 14, 18, 26), early = place(&s, 9, 21, 24);

    cr_expect_eq(diag_error(diag, &late, "'%s' has no setting '%s'; did you mean '%s'?", "sgd", "momentun",
                            "momentum"),
                 FAILED);
    diag_error(diag, &early, "dropout.rate: 1.5 is not in [0, 1)");
    cr_expect_eq(diag_errors(diag), 2);
    cr_expect_eq(diag_warnings(diag), 0);
    expect("fashion.yaml:9:21: error: dropout.rate: 1.5 is not in [0, 1)\n"
           "    9 |   - dropout: {rate: 1.5}\n"
           "      |                     ^~~\n"
           "fashion.yaml:14:18: error: 'sgd' has no setting 'momentun'; did you mean 'momentum'?\n"
           "   14 |   sgd: {lr: 0.1, momentun: 0.9}\n"
           "      |                  ^~~~~~~~\n",
           false);
}

Test(diag, order)
{
    struct source b = source("b.yaml", "b\nbb\n"), a = source("a.yaml", "a\n");
    struct source over = source("command line", "x=1"), other = source("command line", "yy=1");
    struct place places[] = {place(&b, 2, 2, 3), place(&over, 1, 3, 4), place(&a, 1, 1, 2),
                             place(&b, 2, 1, 2), place(&b, 1, 1, 2),    place(&other, 1, 1, 3)};

    for (int i = 0; i < 6; i++)
        diag_error(diag, &places[i], "number %d", i);
    diag_error(diag, NULL, "nowhere");
    diag_error(diag, &places[3], "a second one there");
    diag_warn(diag, &places[4], "careful");
    cr_expect_eq(diag_errors(diag), 8);
    cr_expect_eq(diag_warnings(diag), 1);
    expect("fell: error: nowhere\n"
           "b.yaml:1:1: error: number 4\n    1 | b\n      | ^\n"
           "b.yaml:1:1: warning: careful\n    1 | b\n      | ^\n"
           "b.yaml:2:1: error: number 3\n    2 | bb\n      | ^\n"
           "b.yaml:2:1: error: a second one there\n    2 | bb\n      | ^\n"
           "b.yaml:2:2: error: number 0\n    2 | bb\n      |  ^\n"
           "command line:1:3: error: number 1\n    1 | x=1\n      |   ^\n"
           "a.yaml:1:1: error: number 2\n    1 | a\n      | ^\n"
           "command line:1:1: error: number 5\n    1 | yy=1\n      | ^~\n",
           false);
}

/* Equal is: the same words at the same place of the same text, whoever read it. */
Test(diag, says_things_once)
{
    char copy[] = "a: 1\n";
    struct source s = source("a.yaml", "a: 1\n"), again = source("a.yaml", copy),
                  other = source("a.yaml", "a: 2\n");
    struct place p = place(&s, 1, 1, 2), q = place(&again, 1, 1, 2), r = place(&other, 1, 1, 2);

    diag_error(diag, &p, "no");
    diag_error(diag, &q, "no");
    diag_error(diag, NULL, "no");
    diag_error(diag, NULL, "no");
    cr_expect_eq(diag_errors(diag), 2);
    diag_error(diag, &r, "no");
    cr_expect_eq(diag_errors(diag), 3, "another text of the same name");
    diag_warn(diag, &p, "no");
    diag_warn(diag, &p, "no");
    cr_expect_eq(diag_errors(diag), 3);
    cr_expect_eq(diag_warnings(diag), 1);
}

/* The messages outlive what they are about. */
Test(diag, keeps_its_own_copies)
{
    char *path = mem_string("a.yaml"), *text = mem_string("a: 1\n");
    struct source *s = mem_alloc(sizeof *s);
    struct place p;

    *s = source(path, text);
    p = place(s, 1, 4, 5);
    diag_error(diag, &p, "no");
    free(path), free(text), free(s);
    expect("a.yaml:1:4: error: no\n    1 | a: 1\n      |    ^\n", false);
}

Test(diag, carets)
{
    struct source s = source("a", "key: {a: 1,   # why # so\n  b: 2}\r\nempty:\nlast");
    struct place several = {&s, 1, 6, 2, 8}, crlf = place(&s, 2, 6, 7), missing = place(&s, 3, 7, 7);
    struct place beyond = place(&s, 3, 10, 11), last = place(&s, 4, 1, 5), no_line = place(&s, 9, 1, 2);

    diag_error(diag, &several, "several lines");
    diag_error(diag, &crlf, "before a CRLF");
    diag_error(diag, &missing, "nothing there");
    diag_error(diag, &beyond, "beyond");
    diag_error(diag, &last, "no line end");
    diag_error(diag, &no_line, "no such line");
    expect("a:1:6: error: several lines\n"
           "    1 | key: {a: 1,   # why # so\n"
           "      |      ^~~~~~\n"
           "a:2:6: error: before a CRLF\n"
           "    2 |   b: 2}\n"
           "      |      ^\n"
           "a:3:7: error: nothing there\n"
           "    3 | empty:\n"
           "      |       ^\n"
           "a:3:10: error: beyond\n"
           "    3 | empty:\n"
           "      |          ^\n"
           "a:4:1: error: no line end\n"
           "    4 | last\n"
           "      | ^~~~\n"
           "a:9:1: error: no such line\n",
           false);
}

Test(diag, tabs_and_wide_characters)
{
    struct source s = source("a", "a:\t\xc3\xa4 b\n\xe6\xbc\xa2\xe5\xad\x97: \xe6\xbc\xa2x\ne\xcc\x81x: y\n");
    struct place tab = place(&s, 1, 6, 7), wide = place(&s, 2, 5, 7), combining = place(&s, 3, 3, 4);
    struct place on_combining = place(&s, 3, 2, 3);

    diag_error(diag, &tab, "tab");
    diag_error(diag, &wide, "wide");
    diag_error(diag, &combining, "combining");
    diag_error(diag, &on_combining, "on it");
    expect("a:1:6: error: tab\n"
           "    1 | a: \xc3\xa4 b\n"
           "      |      ^\n"
           "a:2:5: error: wide\n"
           "    2 | \xe6\xbc\xa2\xe5\xad\x97: \xe6\xbc\xa2x\n"
           "      |       ^~~\n"
           "a:3:2: error: on it\n"
           "    3 | e\xcc\x81x: y\n"
           "      |  ^\n"
           "a:3:3: error: combining\n"
           "    3 | e\xcc\x81x: y\n"
           "      |  ^\n",
           false);
}

/* A line of 200 digits; a window of 100 columns shows the place, with dots at its cut
 * ends. */
Test(diag, long_lines)
{
    static const int columns[] = {1, 75, 76, 120, 200};
    char text[201];
    struct source s;

    for (int i = 0; i < 200; i++)
        text[i] = (char)('0' + (i + 1) % 10);
    text[200] = 0;
    s = source("a", text);
    for (int i = 0; i < 5; i++) {
        struct place p = place(&s, 1, columns[i], columns[i] + 1);
        struct strbuf b = {0};
        const char *shown, *marks, *caret;

        diag_error(diag, &p, "here");
        diag_write(diag, &b, false);
        shown = strstr(b.text, " | ") + 3;
        marks = strstr(shown, " | ") + 3;
        caret = strchr(marks, '^');
        cr_expect_eq(strcspn(shown, "\n"), 100, "%s", b.text);
        cr_expect_eq(shown[caret - marks], '0' + columns[i] % 10, "%s", b.text);
        cr_expect_eq(strncmp(shown, "...", 3) == 0, columns[i] > 75, "%s", b.text);
        cr_expect_eq(strncmp(shown + 97, "...", 3) == 0, columns[i] < 200, "%s", b.text);
        strbuf_release(&b);
        teardown();
        setup();
    }
    {
        struct place p = place(&s, 1, 60, 190); /* the mark is cut with the line */

        diag_error(diag, &p, "here");
        expect("a:1:60: error: here\n"
               "    1 | 1234567890123456789012345678901234567890123456789012345678901234567890"
               "123456789012345678901234567...\n"
               "      |                                                            "
               "^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n",
               false);
    }
}

/* What a file holds cannot command the terminal. */
Test(diag, control_characters)
{
    diag_error(diag, NULL, "no plugin '%s'", "a\033[31m\nb\x7f\xff\xc2\x9b\xc3\xa4");
    expect("fell: error: no plugin 'a\\x1b[31m\\x0ab\\x7f\\xff\\xc2\\x9b\xc3\xa4'\n", false);
}

Test(diag, color)
{
    struct source s = source("a", "a: 1\n");
    struct place p = place(&s, 1, 1, 2);

    diag_error(diag, &p, "no");
    diag_warn(diag, NULL, "hm");
    expect("\033[1mfell:\033[0m \033[1;33mwarning:\033[0m hm\n"
           "\033[1ma:1:1:\033[0m \033[1;31merror:\033[0m no\n"
           "    1 | a: 1\n"
           "      | \033[1;32m^\033[0m\n",
           true);
}

Test(diag, prints_what_it_writes)
{
    char *printed = NULL;
    size_t len;
    FILE *f = open_memstream(&printed, &len);

    cr_assert_not_null(f);
    diag_print(diag, f, false);
    diag_error(diag, NULL, "no");
    diag_print(diag, f, false);
    fclose(f);
    cr_expect_str_eq(printed, "fell: error: no\n");
    free(printed);
}
