/* test_table.c - what a person sees: columns of UTF-8 text, numbers, tables, curves. */
#include <criterion/criterion.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/display.h"
#include "cli/table.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void utf8(void)
{
    cr_assert(setlocale(LC_CTYPE, "C.UTF-8"), "the C.UTF-8 locale is missing");
}

/* What table_print writes; free() it. */
static char *printed(const struct table *t, int indent)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    table_print(t, f, indent);
    fclose(f);
    return text;
}

static void expect_cut(const char *text, int columns, const char *expected, int used)
{
    struct strbuf b = {0};
    int got = display_add(&b, text, columns);

    cr_expect_str_eq(b.text, expected, "%s in %d: '%s'", text, columns, b.text);
    cr_expect_eq(got, used, "%s in %d: %d columns", text, columns, got);
    strbuf_release(&b);
}

Test(display, width, .init = utf8)
{
    static const struct {
        const char *text;
        int width;
    } cases[] = {{"", 0},
                 {"loss", 4},
                 {"\xc3\xa9\x74\xc3\xa9", 3},
                 {"e\xcc\x81", 1},
                 {"\xe6\xbc\xa2\xe5\xad\x97", 4},
                 {"\xf0\x9f\x98\x80", 2},
                 {"a\tb", 3},
                 {"\xff", 1},
                 {"\x1b[31m", 5}};

    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_eq(display_width(cases[i].text), cases[i].width, "case %zu: %d", i,
                     display_width(cases[i].text));
}

Test(display, texts_are_cut_and_made_harmless, .init = utf8)
{
    expect_cut("learning", -1, "learning", 8);
    expect_cut("learning", 8, "learning", 8);
    expect_cut("learning", 5, "lear\xe2\x80\xa6", 5);
    expect_cut("learning", 1, "\xe2\x80\xa6", 1);
    expect_cut("learning", 0, "", 0);
    /* A wide sign that would stick out is left out. */
    expect_cut("\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2", 4, "\xe6\xbc\xa2\xe2\x80\xa6", 3);
    expect_cut("\x1b[31mred\n\x07", -1, "?[31mred ?", 10);
    expect_cut("bad \xc3 byte \xe2\x80\xae", -1, "bad ? byte ?", 12);
    expect_cut("\xc2\x9b", -1, "?", 1);
}

Test(display, texts_are_folded_at_blanks, .init = utf8)
{
    cr_expect_eq(display_fold("a line of words", 20), 15);
    cr_expect_eq(display_fold("a line of words", 15), 15);
    cr_expect_eq(display_fold("a line of words", 14), 9);
    cr_expect_eq(display_fold("learning rates", 3), 8); /* a word is whole */
    cr_expect_eq(display_fold("\xc3\xa9\x74\xc3\xa9 x", 5), 7);
    cr_expect_eq(display_fold("", 5), 0);
}

Test(display, a_plain_locale_cuts_with_a_plain_sign)
{
    setlocale(LC_CTYPE, "C");
    expect_cut("learning", 5, "lear~", 5);
}

Test(display, numbers)
{
    static const struct {
        double v;
        const char *text;
    } cases[] = {{0, "0"},        {1, "1"},           {235146, "235146"}, {0.87519, "0.8752"},
                 {1e-7, "1e-07"}, {12345.6, "12346"}, {1234.56, "1235"},  {2.5e9, "2.5e+09"},
                 {-0.5, "-0.5"},  {NAN, "-"},         {INFINITY, "-"}};
    char out[32];

    for (size_t i = 0; i < COUNT(cases); i++) {
        display_number(cases[i].v, out);
        cr_expect_str_eq(out, cases[i].text, "%g: '%s'", cases[i].v, out);
    }
}

Test(display, durations_sizes_and_rates)
{
    static const struct {
        void (*show)(double v, char out[32]);
        double v;
        const char *text;
    } cases[] = {{display_duration, 0, "0.00 ms"},
                 {display_duration, 0.00413, "4.13 ms"},
                 {display_duration, 0.9994, "999 ms"},
                 {display_duration, 0.9996, "1.00 s"},
                 {display_duration, 9.994, "9.99 s"},
                 {display_duration, 9.996, "10.0 s"},
                 {display_duration, 99.96, "1m 40s"},
                 {display_duration, 3599.4, "59m 59s"},
                 {display_duration, 3600, "1h 00m"},
                 {display_duration, 90000, "1d 01h"},
                 {display_duration, -1, "-"},
                 {display_duration, NAN, "-"},
                 {display_bytes, 0, "0 B"},
                 {display_bytes, 999, "999 B"},
                 {display_bytes, 1400, "1.40 kB"},
                 {display_bytes, 999600, "1.00 MB"},
                 {display_bytes, 12e6, "12.0 MB"},
                 {display_rate, 853, "853"},
                 {display_rate, 12400, "12.4k"},
                 {display_rate, 1.25e6, "1.25M"}};
    char out[32];

    for (size_t i = 0; i < COUNT(cases); i++) {
        cases[i].show(cases[i].v, out);
        cr_expect_str_eq(out, cases[i].text, "%g: '%s', not '%s'", cases[i].v, out, cases[i].text);
    }
}

Test(display, curve, .init = utf8)
{
    static const double v[] = {8, 7, 6, 5, 4, 3, 2, 1};
    static const double gap[] = {1, NAN, 2};
    struct strbuf b = {0};

    display_curve(&b, v, 8, 20);
    cr_expect_str_eq(
        b.text,
        "\xe2\x96\x88\xe2\x96\x87\xe2\x96\x86\xe2\x96\x85\xe2\x96\x84\xe2\x96\x83\xe2\x96\x82\xe2\x96\x81");
    strbuf_release(&b);
    display_curve(&b, v, 8, 2); /* means of the halves */
    cr_expect_str_eq(b.text, "\xe2\x96\x88\xe2\x96\x81");
    strbuf_release(&b);
    display_curve(&b, gap, 3, 3);
    cr_expect_str_eq(b.text, "\xe2\x96\x81 \xe2\x96\x88");
    strbuf_release(&b);
    display_curve(&b, NULL, 0, 5);
    cr_expect_str_eq(b.text, "");
    strbuf_release(&b);
}

Test(display, short_paths)
{
    static const char *const apart[] = {"optimizer.sgd.lr", "train.batch_size"};
    static const char *const alike[] = {"model.0.dense.units", "model.2.dense.units",
                                        "optimizer.adam.betas.0"};
    static const char *const inside[] = {"lr", "optimizer.sgd.lr"};
    static const char *const quoted[] = {"confusion.1.\"1.1\"", "confusion.\"1.1\".1", "confusion.a.\"b.c\""};

    cr_expect_str_eq(display_short_path(apart, 2, 0), "lr");
    cr_expect_str_eq(display_short_path(apart, 2, 1), "batch_size");
    cr_expect_str_eq(display_short_path(alike, 3, 0), "0.dense.units");
    cr_expect_str_eq(display_short_path(alike, 3, 1), "2.dense.units");
    cr_expect_str_eq(display_short_path(alike, 3, 2), "betas.0");
    cr_expect_str_eq(display_short_path(quoted, 3, 0), "\"1.1\"");
    cr_expect_str_eq(display_short_path(quoted, 3, 1), "\"1.1\".1");
    cr_expect_str_eq(display_short_path(quoted, 3, 2), "\"b.c\"");
    cr_expect_str_eq(display_short_path(inside, 2, 0), "lr");
    cr_expect_str_eq(display_short_path(inside, 2, 1), "sgd.lr");
}

Test(table, numbers_right_texts_left_empty_columns_out, .init = utf8)
{
    struct table *t = table_new();
    char *text;

    table_column(t, (struct table_column){.name = "run"});
    table_column(t, (struct table_column){.name = "status"});
    table_column(t, (struct table_column){.name = "never_there"});
    table_column(t, (struct table_column){.name = "best_loss"});
    table_column(t, (struct table_column){.name = "sd", .title = "", .format = TABLE_SPREAD});
    table_column(t, (struct table_column){.name = "seconds", .title = "time", .format = TABLE_DURATION});
    table_integer(t, 9);
    table_text(t, "finished");
    table_empty(t);
    table_real(t, 0.123456);
    table_real(t, 0.01234);
    table_real(t, 75);
    table_integer(t, 10);
    table_text(t, NULL);
    table_text(t, NULL);
    table_real(t, NAN);
    table_empty(t);
    table_real(t, 0.5);
    text = printed(t, 2);
    cr_expect_str_eq(text, "  run  status    best loss             time\n"
                           "    9  finished     0.1235  \xc2\xb1 0.012  75.0 s\n"
                           "   10                                500 ms\n");
    cr_expect_eq(table_rows(t), 2);
    free(text);
    table_free(t);
}

static void expect_within(const struct table *t, int columns, const char *expected)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    table_print_within(t, f, 2, columns);
    fclose(f);
    cr_expect_str_eq(text, expected, "in %d columns:\n%s", columns, text);
    free(text);
}

Test(table, a_line_fits_the_terminal, .init = utf8)
{
    struct table *t = table_new();

    table_column(t, (struct table_column){.name = "run"});
    table_column(t, (struct table_column){.name = "experiment"});
    table_column(t, (struct table_column){.name = "never_there"});
    table_column(t, (struct table_column){.name = "best"});
    table_column(t, (struct table_column){.name = "why"});
    table_integer(t, 9);
    table_text(t, "learning-rates");
    table_empty(t);
    table_real(t, 0.125);
    table_text(t, "the loss is not finite in layer 'hidden1' at step 12");
    table_integer(t, 10);
    table_text(t, "digits");
    table_empty(t);
    table_real(t, 2);
    table_text(t, NULL);
    expect_within(t, 0, /* and every wide terminal */
                  "  run  experiment       best  why\n"
                  "    9  learning-rates  0.125  the loss is not finite in layer 'hidden1' at step 12\n"
                  "   10  digits              2\n");
    /* A long last text is folded before others are cut. */
    expect_within(t, 60,
                  "  run  experiment       best  why\n"
                  "    9  learning-rates  0.125  the loss is not finite in\n"
                  "                              layer 'hidden1' at step 12\n"
                  "   10  digits              2\n");
    expect_within(t, 50,
                  "  run  experiment   best  why\n"
                  "    9  learning-\xe2\x80\xa6  0.125  the loss is not finite\n"
                  "                          in layer 'hidden1' at\n"
                  "                          step 12\n"
                  "   10  digits          2\n");
    /* What does not fit even so comes in blocks. */
    expect_within(t, 30,
                  "  run  experiment       best\n"
                  "    9  learning-rates  0.125\n"
                  "   10  digits              2\n"
                  "\n"
                  "  run  why\n"
                  "    9  the loss is not finite\n"
                  "       in layer 'hidden1' at\n"
                  "       step 12\n"
                  "   10\n");
    table_free(t);
}

Test(table, a_column_alone_is_shown_in_any_width)
{
    struct table *t = table_new();

    table_column(t, (struct table_column){.name = "parameters"});
    table_column(t, (struct table_column){.name = "never_there"});
    table_integer(t, 235146);
    table_empty(t);
    expect_within(t, 5, "  parameters\n      235146\n");
    table_free(t);
}

Test(table, one_table_is_text_and_json)
{
    struct table *t = table_new();
    cJSON *rows;
    char *json;

    table_column(t, (struct table_column){.name = "run"});
    table_column(t, (struct table_column){.name = "optimizer.sgd.lr", .title = "lr", .group = "params"});
    table_column(t, (struct table_column){.name = "activation", .group = "params"});
    table_column(t, (struct table_column){.name = "loss"});
    table_integer(t, 9007199254740993); /* 2^53 + 1: not a double */
    table_real(t, 0.1);
    table_text(t, "a \"b\"");
    table_real(t, INFINITY);
    rows = table_to_json(t);
    json = cJSON_PrintUnformatted(rows);
    cr_expect_str_eq(json, "[{\"run\":9007199254740993,\"params\":{\"optimizer.sgd.lr\":0.1,"
                           "\"activation\":\"a \\\"b\\\"\"},\"loss\":null}]");
    cJSON_free(json);
    cJSON_Delete(rows);
    table_free(t);
}

Test(table, json_values_come_back_as_they_were)
{
    struct table *t = table_new();
    cJSON *in = cJSON_Parse("[true, 3, 0.25, \"relu\", null]"), *rows, *v;
    char *json;

    for (int i = 0; i < 5; i++)
        table_column(t, (struct table_column){.name = (const char *[]){"a", "b", "c", "d", "e"}[i]});
    cJSON_ArrayForEach(v, in) table_json(t, v);
    rows = table_to_json(t);
    json = cJSON_PrintUnformatted(rows);
    cr_expect_str_eq(json, "[{\"a\":true,\"b\":3,\"c\":0.25,\"d\":\"relu\",\"e\":null}]");
    cJSON_free(json);
    cJSON_Delete(rows);
    cJSON_Delete(in);
    table_free(t);
}

Test(table, facts_leave_out_what_is_empty)
{
    struct table *t = table_new();
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    table_column(t, (struct table_column){.name = "run"});
    table_column(t, (struct table_column){.name = "error"});
    table_column(t, (struct table_column){.name = "epochs_done"});
    table_column(t, (struct table_column){.name = "started", .format = TABLE_TIME});
    table_integer(t, 12);
    table_empty(t);
    table_integer(t, 3);
    table_text(t, "2026-01-31T12:00:00.000Z");
    table_print_facts(t, f, 1);
    fclose(f);
    cr_expect_str_eq(text, " run          12\n epochs done  3\n started      2026-01-31 12:00:00\n");
    free(text);
    table_free(t);
}

Test(table, a_table_without_rows_prints_nothing)
{
    struct table *t = table_new();
    char *text;

    table_column(t, (struct table_column){.name = "run"});
    text = printed(t, 0);
    cr_expect_str_eq(text, "");
    free(text);
    table_free(t);
}
