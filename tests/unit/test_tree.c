/* test_tree.c - reading YAML into trees with positions, and writing them. Overrides and
 * `extends` are in test_tree_set.c. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "yaml/diag.h"
#include "yaml/tree.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct tree *tree;
static struct diag *diag;

static void setup(void)
{
    tree = tree_new();
    diag = diag_new();
}

static void teardown(void)
{
    tree_free(tree);
    diag_free(diag);
}

TestSuite(tree, .init = setup, .fini = teardown);

static struct node *parse_bytes(const char *text, size_t len)
{
    return tree_parse_text(tree, "x.yaml", ".", text, len, false, diag);
}

static struct node *parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

/* All messages so far, which are then forgotten. free() it. */
static char *messages(void)
{
    struct strbuf b = {0};

    strbuf_add(&b, "");
    diag_write(diag, &b, false);
    diag_free(diag);
    diag = diag_new();
    return b.text;
}

/* TEXT is refused with exactly these messages. */
static void expect_refused(const char *text, const char *expected)
{
    struct node *root = parse(text);
    char *got = messages();

    cr_expect_null(root, "accepted: %s", text);
    cr_expect_str_eq(got, expected, "%s\ngave\n%s", text, got);
    free(got);
}

static struct node *accept(const char *text)
{
    struct node *root = parse(text);
    char *got = messages();

    cr_assert_not_null(root, "refused: %s\n%s", text, got);
    cr_expect_str_eq(got, "", "%s", got);
    free(got);
    return root;
}

static void expect_place(const struct node *n, int line, int column, int end_line, int end_column)
{
    cr_assert_not_null(n);
    cr_expect(n->place.line == line && n->place.column == column && n->place.end_line == end_line &&
                  n->place.end_column == end_column,
              "%d:%d-%d:%d, not %d:%d-%d:%d", n->place.line, n->place.column, n->place.end_line,
              n->place.end_column, line, column, end_line, end_column);
}

/* The value at PATH is the scalar TEXT. */
static void expect_text(const struct node *root, const char *path, const char *text)
{
    const struct node *n = tree_at(root, path);

    cr_assert_not_null(n, "no %s", path);
    cr_assert_eq(n->kind, NODE_SCALAR);
    cr_expect_str_eq(n->text, text, "%s is %s, not %s", path, n->text, text);
}

Test(tree, finds_things)
{
    const struct node *root = accept("a: {b: [x, {c: y}]}\n3: three\nab: 'q'\n");

    expect_text(root, "a.b.0", "x");
    expect_text(root, "a.b.1.c", "y");
    expect_text(root, "3", "three");
    expect_text(root, "ab", "q");
    cr_expect_null(tree_at(root, "a.b.2"));
    cr_expect_null(tree_at(root, "a.b.x"));
    cr_expect_null(tree_at(root, "a.b.0.c"));
    cr_expect_null(tree_at(root, "a.b.-1"));
    cr_expect_null(tree_at(root, ""));
    cr_expect_null(tree_at(root, "b"));
    cr_expect_str_eq(tree_key(root, "ab")->text, "ab");
    cr_expect_null(tree_get(tree_at(root, "a.b"), "0"), "a list has no keys");
    cr_expect_null(tree_get(NULL, "a"));
    cr_expect(tree_get(root, "3")->plain);
    cr_expect(!tree_get(root, "ab")->plain);
}

Test(tree, places)
{
    const struct node *root = accept("# comment\n"
                                     "name: fashion\n"
                                     "data:\n"
                                     "  source: &s {idx: {images: \"a b\"}}   # why\n"
                                     "  test: *s\n"
                                     "empty:\n"
                                     "model:\n"
                                     "  - &d dense: {units: 3}\n"
                                     "  - relu\n"
                                     "l:\n"
                                     "- - &v  1\n"
                                     "  - 'x'\n"
                                     "\xc3\xa4\xe2\x82\xac: \xf0\x9f\x98\x80 b\n");

    expect_place(root, 2, 1, 13, 8);
    expect_place(tree_key(root, "name"), 2, 1, 2, 5);
    expect_place(tree_at(root, "name"), 2, 7, 2, 14);
    expect_place(tree_at(root, "data"), 4, 3, 5, 11);
    expect_place(tree_at(root, "data.source"), 4, 11, 4, 36);
    expect_place(tree_at(root, "data.source.idx.images"), 4, 29, 4, 34);
    expect_place(tree_at(root, "data.test"), 5, 9, 5, 11);
    expect_place(tree_at(root, "data.test.idx"), 4, 20, 4, 35);
    expect_place(tree_at(root, "empty"), 6, 7, 6, 7);
    expect_place(tree_at(root, "model"), 8, 3, 9, 9);
    expect_place(tree_key(tree_at(root, "model.0"), "dense"), 8, 8, 8, 13);
    expect_place(tree_at(root, "model.0"), 8, 8, 8, 25);
    expect_place(tree_at(root, "l.0.0"), 11, 9, 11, 10);
    expect_place(tree_at(root, "l.0.1"), 12, 5, 12, 8);
    expect_place(tree_at(root, "\xc3\xa4\xe2\x82\xac"), 13, 5, 13, 8);
    cr_expect_str_eq(root->place.source->path, "x.yaml");
    cr_expect_str_eq(root->place.source->folder, ".");
}

Test(tree, anchors_aliases_and_merge_keys)
{
    const struct node *root = accept("base: &b {lr: 1, momentum: 2}\n"
                                     "more: &m {momentum: 3, decay: 4}\n"
                                     "one: {<<: *b, lr: 9}\n"
                                     "two: {lr: 8, <<: [*b, *m]}\n"
                                     "three:\n"
                                     "  <<: *m\n"
                                     "quoted: {'<<': 5}\n"
                                     "again: [&b 1, *b]\n"
                                     "*b : key\n");

    expect_text(root, "one.lr", "9");
    expect_text(root, "one.momentum", "2");
    cr_expect_eq(tree_at(root, "one")->n, 2);
    expect_text(root, "two.lr", "8");
    expect_text(root, "two.momentum", "2");
    expect_text(root, "two.decay", "4");
    expect_text(root, "three.decay", "4");
    expect_text(root, "quoted.<<", "5");
    expect_text(root, "again.1", "1");
    expect_text(root, "1", "key");
    expect_place(tree_at(root, "two.decay"), 2, 31, 2, 32);
    expect_place(tree_at(root, "base"), 1, 7, 1, 30);
}

Test(tree, tags_of_yaml_itself)
{
    const struct node *root = accept("a: !!str null\nb: !!int 5\nc: !!map {d: !!null ~}\ne: ! x\n");

    cr_expect(!tree_at(root, "a")->plain, "a !!str is a text whatever it looks like");
    cr_expect(tree_at(root, "b")->plain);
    expect_place(tree_at(root, "b"), 2, 10, 2, 11);
}

Test(tree, json_is_yaml)
{
    const struct node *root =
        accept("{\"a\":1,\"b\":[true,null,-2.5e-3],\"c\":{\"d\":\"x\\n\\u00e4\\/\"},\"e\":\"\"}");

    expect_text(root, "a", "1");
    expect_text(root, "b.2", "-2.5e-3");
    expect_text(root, "c.d", "x\n\xc3\xa4/");
    cr_expect(!tree_at(root, "e")->plain, "an empty text is not null");
    cr_expect(tree_at(root, "b.1")->plain);
}

Test(tree, line_ends_and_byte_order_mark)
{
    const struct node *root = accept("\xef\xbb\xbf"
                                     "a: 1\r\nb: 2\rc: \t3\t# x\n\n...\n");

    expect_place(tree_at(root, "a"), 1, 4, 1, 5);
    expect_place(tree_at(root, "b"), 2, 4, 2, 5);
    expect_place(tree_at(root, "c"), 3, 5, 3, 6);
}

/* Each text with all that is said about it. */
Test(tree, refusals)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"optimizer:\n  adam:\n    lr: 1e-3\n    beta1: 0.9\n    lr: 1\n",
         "x.yaml:5:5: error: duplicate key 'lr'; first on line 3\n"
         "    5 |     lr: 1\n"
         "      |     ^~\n"},
        {"a: {b: 1, b: 2}\na: 3\n", "x.yaml:1:11: error: duplicate key 'b'; first on line 1\n"
                                    "    1 | a: {b: 1, b: 2}\n"
                                    "      |           ^\n"
                                    "x.yaml:2:1: error: duplicate key 'a'; first on line 1\n"
                                    "    2 | a: 3\n"
                                    "      | ^\n"},
        {"<<: {a: 1}\n<<: {b: 1}\n", "x.yaml:2:1: error: duplicate key '<<'; first on line 1\n"
                                     "    2 | <<: {b: 1}\n"
                                     "      | ^~\n"},
        {"<<: [{a: 1}, 4]\nb: 0\n", "x.yaml:1:14: error: '<<' merges a map or a list of maps, not '4'\n"
                                    "    1 | <<: [{a: 1}, 4]\n"
                                    "      |              ^\n"},
        {"a: &x [1, *x]", "x.yaml:1:11: error: the alias '*x' stands inside what it names: a cycle\n"
                          "    1 | a: &x [1, *x]\n"
                          "      |           ^~\n"},
        {"&x a: {<<: *x}\nb: &y\n  c: {<<: *y}\n",
         "x.yaml:1:12: error: '<<' merges a map or a list of maps, not 'a'\n"
         "    1 | &x a: {<<: *x}\n"
         "      |            ^~\n"
         "x.yaml:3:11: error: the alias '*y' stands inside what it names: a cycle\n"
         "    3 |   c: {<<: *y}\n"
         "      |           ^~\n"},
        {"a: *y\nb: *y", "x.yaml:1:4: error: the alias '*y' has no anchor '&y' before it\n"
                         "    1 | a: *y\n"
                         "      |    ^~\n"
                         "x.yaml:2:4: error: the alias '*y' has no anchor '&y' before it\n"
                         "    2 | b: *y\n"
                         "      |    ^~\n"},
        {"a: 1\n---\nb: 2\n", "x.yaml:2:1: error: several documents in one text; a spec is a single one\n"
                              "    2 | ---\n"
                              "      | ^~~\n"},
        {"", "x.yaml:1:1: error: there is nothing in it: an empty document\n"
             "    1 | \n"
             "      | ^\n"},
        {"# only this\n", "x.yaml:1:1: error: there is nothing in it: an empty document\n"
                          "    1 | # only this\n"
                          "      | ^\n"},
        {"---\n", "x.yaml:1:1: error: there is nothing in it: an empty document\n"
                  "    1 | ---\n"
                  "      | ^\n"},
        {"? [a]\n: 1\n{b: c}: d\n", "x.yaml:1:3: error: a key must be a word, not a list\n"
                                    "    1 | ? [a]\n"
                                    "      |   ^~~\n"
                                    "x.yaml:3:1: error: a key must be a word, not a map\n"
                                    "    3 | {b: c}: d\n"
                                    "      | ^~~~~~\n"},
        {"a: !!python/object:x {}\n",
         "x.yaml:1:4: error: the tag 'tag:yaml.org,2002:python/object:x' is not known here\n"
         "    1 | a: !!python/object:x {}\n"
         "      |    ^~~~~~~~~~~~~~~~~~~\n"},
        {"a: \"x\\0y\"\n", "x.yaml:1:4: error: a text cannot hold the character NUL\n"
                           "    1 | a: \"x\\0y\"\n"
                           "      |    ^~~~~~\n"},
        {"a:\n\tb: 1\n", "x.yaml:2:1: error: YAML syntax: a tab cannot be used for indentation; use blanks\n"
                         "    2 |  b: 1\n"
                         "      | ^\n"},
        {"a: b: c\n",
         "x.yaml:1:5: error: YAML syntax: a ':' cannot stand here; either the indentation is wrong or "
         "the text needs quotes\n"
         "    1 | a: b: c\n"
         "      |     ^\n"},
        {"a: 1\nb: [1,\n   2\n",
         "x.yaml:2:4: error: YAML syntax: expected ',' or ']' in the list that begins on line 2\n"
         "    2 | b: [1,\n"
         "      |    ^\n"},
        {"a: {b: 1 c: 2}\n",
         "x.yaml:1:11: error: YAML syntax: expected ',' or '}' in the map that begins on line 1\n"
         "    1 | a: {b: 1 c: 2}\n"
         "      |           ^\n"},
        {"a: 'x\nb: 2\n", "x.yaml:1:4: error: YAML syntax: the quoted text that begins on line 1 has no end\n"
                          "    1 | a: 'x\n"
                          "      |    ^\n"},
        {"a: 1\nepochs\nb: 2\n", "x.yaml:2:1: error: YAML syntax: expected ':' after the key on line 2\n"
                                 "    2 | epochs\n"
                                 "      | ^\n"},
        {"a: %x\n",
         "x.yaml:1:4: error: YAML syntax: a text cannot start with this character; put it in quotes\n"
         "    1 | a: %x\n"
         "      |    ^\n"},
        {"a: \"\\q\"\n",
         "x.yaml:1:5: error: YAML syntax: found unknown escape character while parsing a quoted scalar\n"
         "    1 | a: \"\\q\"\n"
         "      |     ^\n"},
        {"a: 1\nb: \xc3\xa4 \xff\n", "x.yaml:2:6: error: the byte 0xff is not UTF-8\n"
                                     "    2 | b: \xc3\xa4 ?\n"
                                     "      |      ^\n"},
        {"a: 1\nb: \x01\n", "x.yaml:2:4: error: the control character 0x01 cannot stand in YAML\n"
                            "    2 | b:  \n"
                            "      |    ^\n"},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        expect_refused(cases[i].text, cases[i].expected);
}

Test(tree, other_encodings)
{
    char *got;

    cr_expect_null(parse_bytes("\xff\xfe"
                               "a\0:\0 \0"
                               "1\0",
                               10));
    got = messages();
    cr_expect_not_null(strstr(got, "x.yaml:1:1: error: the text is UTF-16, not UTF-8"), "%s", got);
    free(got);
    cr_expect_null(parse_bytes("a: \0b", 5));
    got = messages();
    cr_expect_not_null(strstr(got, "x.yaml:1:4: error: the control character 0x00"), "%s", got);
    free(got);
}

static void repeat(struct strbuf *b, const char *text, int n)
{
    while (n-- > 0)
        strbuf_add(b, text);
}

/* libyaml would take seconds for these. */
Test(tree, deep_nesting, .timeout = 10)
{
    static const char *const openings[] = {"[", "{a: ", "- ", "? "};
    char *got;

    for (size_t i = 0; i < COUNT(openings); i++) {
        struct strbuf b = {0};

        repeat(&b, openings[i], 100000);
        cr_expect_null(parse(b.text));
        got = messages();
        cr_expect_not_null(strstr(got, "error: nested too deep: more than 64 levels"), "%s", got);
        free(got);
        strbuf_release(&b);
    }
    for (int depth = 64; depth <= 65; depth++) {
        struct strbuf b = {0};

        repeat(&b, "[", depth);
        repeat(&b, "]", depth);
        cr_expect((parse(b.text) != NULL) == (depth == 64), "%d levels", depth);
        got = messages();
        cr_expect((*got == 0) == (depth == 64), "%s", got);
        free(got);
        strbuf_release(&b);
    }
}

/* Aliases of aliases: deep without a deep text, and many without a long one. */
Test(tree, alias_bombs, .timeout = 10)
{
    struct strbuf b = {0};
    char *got;

    strbuf_add(&b, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 10; i++) {
        strbuf_addf(&b, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            strbuf_addf(&b, "%s*a%d", k ? ", " : "", i - 1);
        strbuf_add(&b, "]\n");
    }
    cr_expect_null(parse(b.text));
    got = messages();
    cr_expect_str_eq(got,
                     "x.yaml:5:45: error: the aliases stand for more than 100000 values: an alias bomb\n"
                     "    5 | a4: &a4 [*a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3]\n"
                     "      |                                             ^~~\n",
                     "%s", got);
    free(got);
    strbuf_release(&b);

    strbuf_add(&b, "a0: &a0 [x]\n");
    for (int i = 1; i < 100; i++)
        strbuf_addf(&b, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    cr_expect_null(parse(b.text));
    got = messages();
    cr_expect_str_eq(got,
                     "x.yaml:64:12: error: with its aliases this is nested too deep: more than 64 levels\n"
                     "   64 | a63: &a63 [*a62]\n"
                     "      |            ^~~~\n",
                     "%s", got);
    free(got);
    strbuf_release(&b);
}

Test(tree, too_much_of_one_kind, .timeout = 20)
{
    struct strbuf b = {0};
    char *got;

    for (int i = 0; i < 5000; i++)
        strbuf_addf(&b, "k%d: 1\n", i);
    cr_expect_null(parse(b.text));
    got = messages();
    cr_expect_not_null(strstr(got, "a map of more than 4096 keys"), "%s", got);
    free(got);
    strbuf_release(&b);

    for (int i = 0; i < 1001; i++)
        strbuf_addf(&b, "- &a%d x\n", i);
    cr_expect_null(parse(b.text));
    got = messages();
    cr_expect_not_null(strstr(got, "x.yaml:1001:3: error: more than 1000 anchors in one document"), "%s",
                       got);
    free(got);
    strbuf_release(&b);

    strbuf_add(&b, "? ");
    repeat(&b, "k", 201);
    strbuf_add(&b, "\n: 1\n");
    cr_expect_null(parse(b.text));
    got = messages();
    cr_expect_not_null(strstr(got, "x.yaml:1:3: error: a key of more than 200 characters"), "%s", got);
    free(got);
    strbuf_release(&b);
}

Test(tree, files_that_cannot_be_read)
{
    char *got;

    cr_expect_null(tree_parse_file(tree, "/nowhere/x.yaml", true, diag));
    got = messages();
    cr_expect_str_eq(got, "fell: error: cannot read '/nowhere/x.yaml': No such file or directory\n");
    free(got);
    cr_expect_null(tree_parse_file(tree, "/", true, diag));
    got = messages();
    cr_expect_str_eq(got, "fell: error: cannot read '/': it is a folder\n");
    free(got);
}

/* ---- writing ------------------------------------------------------------------- */

static void expect_same(const struct node *a, const struct node *b, const char *written)
{
    cr_assert(a->kind == b->kind && a->n == b->n, "in\n%s", written);
    if (a->kind == NODE_SCALAR) {
        cr_expect_str_eq(b->text, a->text, "'%s' turned into '%s' in\n%s", a->text, b->text, written);
        cr_expect_eq(b->plain, a->plain, "'%s' changed its quotes in\n%s", a->text, written);
    }
    for (size_t i = 0; i < a->n; i++) {
        if (a->kind == NODE_MAP)
            expect_same(a->key[i], b->key[i], written);
        expect_same(a->item[i], b->item[i], written);
    }
}

static void expect_round_trip(const char *text)
{
    const struct node *root = accept(text), *again;
    struct strbuf b = {0};

    tree_write(root, &b);
    again = accept(b.text);
    expect_same(root, again, b.text);
    strbuf_release(&b);
}

Test(tree, writes_what_reads_back)
{
    static const char *const texts[] = {
        "a: 1\nb: null\nc:\nd: 'null'\ne: ''\nf: ~\ng: \"\"\n",
        "a: [x, '', null, {b: }]\n",
        "a: [[], {}, [[]], [{}], {b: {}}]\n",
        "- - - a\n    - b\n- c\n- - {d: e, f: g}\n",
        "- a: 1\n  b: [1, 2]\n- c: {d: {e: f}}\n-\n",
        "'': 1\n' a': 2\n'a: b': 3\n'#': 4\n'- x': 5\n'?': 6\n'<<': 7\n",
        "a: 'it''s'\nb: \"tab\\there\"\nc: \"line\\nbreak\"\nd: \"\\x07\\x1b[31m\\x7f\\x85\\L\\P\\uFEFF\"\n",
        "a: \"\\\\ \\\" \\U0001F600 \xc3\xa4\"\n",
        "a: |\n  block\n\n  text\nb: >-\n  folded\n  text\n",
        "a: -1\nb: -x\nc: .5\nd: 1_000\ne: 1e-3\nf: http://x/y?z=1#frag\ng: a,b.csv\nh: a]b\ni: x:y\nj: "
        "a#b\n",
        "a: '-'\nb: '---'\nc: '...'\nd: '@x'\ne: '`x'\nf: '%x'\ng: '!x'\nh: '&x'\ni: '*x'\nj: ' x'\nk: 'x "
        "'\n",
        "a: 'x:'\nb: 'x: y'\nc: 'x #y'\nd: '[x'\ne: '{x'\nf: '>'\ng: '|'\nh: ','\ni: ':x'\nj: '?x'\n",
        "a: [a?b, 'a, b', x:y, \"-\", -1]\nb: {c: d-e, 'f{': 1}\n",
        "a: yes\nb: 'yes'\nc: 0x10\nd: '5'\n",
        "'a: b'\n",
        "plain\n",
        "[]\n",
        "{}\n",
        "sweep:\n  over:\n    optimizer.adam.lr: [1e-2, 1e-3]\n    model.0.dense.units: {range: [16, 256]}\n",
        "a: "
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
        "b: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, {c: [], d: "
        "{}}]\n",
    };

    for (size_t i = 0; i < COUNT(texts); i++)
        expect_round_trip(texts[i]);
}

Test(tree, writes_like_a_person)
{
    static const char text[] = "name: x\n"
                               "data:\n"
                               "  source: {csv: {path: a.csv, target: y}}\n"
                               "  transforms:\n"
                               "    - standardize\n"
                               "    - scale: {factor: 0.5}\n"
                               "model:\n"
                               "  - dense: {units: 8, activation: relu}\n"
                               "  - dropout\n"
                               "optimizer: {adam: {lr: 1e-3}}\n"
                               "metrics: [accuracy, mae]\n"
                               "train:\n"
                               "  epochs: 3\n"
                               "  shuffle: no\n";
    struct strbuf b = {0};

    tree_write(accept(text), &b);
    cr_expect_str_eq(b.text, text, "%s", b.text);
    strbuf_release(&b);
}

/* Read by YAML's rules it is the same text again, whatever characters it has. */
Test(tree, json_is_read_as_it_is_meant)
{
    static const char text[] = "a\x1b"
                               "b\x7f\xc2\x80\xc2\x85\xc2\x9b\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf\xef\xbf\xbf"
                               "\xc3\xbc\xf0\x9f\x98\x80 c";
    struct strbuf b = {0};
    char *json = mem_format("{\"k\":\"a\\u001b%s\"}", text + 2);
    const struct node *root;

    tree_add_json(&b, json);
    root = accept(b.text);
    cr_expect_str_eq(root->item[0]->text, text, "%s", b.text);
    strbuf_release(&b);
    free(json);
}
