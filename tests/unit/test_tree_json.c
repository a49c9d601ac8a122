/* test_tree_json.c - JSON as this program writes it gives the nodes, and the messages, that it gives as YAML.
 */
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

TestSuite(tree_json, .init = setup, .fini = teardown);

static void expect_same(const struct node *a, const struct node *b, const char *text)
{
    cr_assert_eq(a->kind, b->kind, "%s", text);
    cr_expect(a->place.line == b->place.line && a->place.column == b->place.column &&
                  a->place.end_line == b->place.end_line && a->place.end_column == b->place.end_column,
              "%s: %d-%d, not %d-%d", text, a->place.column, a->place.end_column, b->place.column,
              b->place.end_column);
    if (a->kind == NODE_SCALAR) {
        cr_expect_str_eq(a->text, b->text, "%s", text);
        cr_expect_eq(a->plain, b->plain, "%s: %s", text, a->text);
    }
    cr_assert_eq(a->n, b->n, "%s", text);
    for (size_t i = 0; i < a->n; i++) {
        if (a->kind == NODE_MAP)
            expect_same(a->key[i], b->key[i], text);
        expect_same(a->item[i], b->item[i], text);
    }
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

/* Whether TEXT is read at all. */
static bool expect_as_yaml(const char *text)
{
    struct node *yaml = tree_parse_text(tree, "x.yaml", "/", text, strlen(text), false, diag), *json;
    char *wanted = messages(), *got;

    json = tree_parse_json(tree, "x.yaml", "/", text, diag);
    got = messages();
    cr_expect_str_eq(got, wanted, "%s", text);
    cr_assert_eq(!json, !yaml, "%s: %s", text, got);
    if (json)
        expect_same(json, yaml, text);
    free(wanted);
    free(got);
    return json;
}

/* Read as JSON, a text gives the nodes, or the messages, that it gives as YAML. */
Test(tree_json, is_read_as_yaml)
{
    static const char *const texts[] = {
        "{}",
        "{\"a\":[]}",
        "{\"a\":1,\"b\":-0.5e-07,\"c\":true,\"d\":null,\"e\":\"\",\"f\":[[1,2],[{\"g\":{}}]]}",
        "{\"quoted \\\"x\\\"\":\"\\\\ \\/ \\b\\f\\n\\r\\t \\u001f ~\",\"<<\":\"no merge\",\"t\":\"true\"}",
        "{\"a\":\"\\\\\",\"b\":\"\\\\\\\"\"}",
        "{\"long\":1e308,\"nan\":nan,\"f\":false,\"x\":0x1f,\"n\":1abc}",
        /* what only YAML takes, or nothing does */
        "{\"a\": 1,  \"b\":[2, 3]}",
        "[0.9, 0.999]",
        "{\"a\": 1, b: c}",
        "{ \"a\" : 1 }",
        "[1, ]",
        "[ ]",
        "{\"a\":\"\xc3\xa4\",\"b\":\"\\u00e4\"}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\\ud83d\\ude00\"}",
        "{\"a\":\"\\x41\"}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,}",
        "{\"a\":[1,,2]}",
        "{\"a\":1",
        "{\"a\":\"",
        "{\"a\":\"\\",
        "{\"a\":\"\\\"",
        "{\"a\":\"\\u00",
        "{\"a\":-}",
        "{\"a\":+1}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1}\n",
        "{\"a\":1} b",
        "{\"a\":\"b\nc\"}",
        "[1]",
        "{",
        "",
    };

    for (size_t i = 0; i < COUNT(texts); i++)
        expect_as_yaml(texts[i]);
}

Test(tree_json, of_any_size)
{
    static const int sizes[] = {1, 63, 64, 65, 127, 128, 129, 300};

    for (size_t s = 0; s < COUNT(sizes); s++) {
        struct strbuf wide = {0}, deep = {0};

        for (int i = 0; i < sizes[s]; i++) {
            strbuf_addf(&wide, "%s%d", i ? "," : "{\"a\":[", i);
            strbuf_add(&deep, "{\"a\":");
        }
        strbuf_add(&wide, "]}");
        strbuf_add(&deep, "1");
        for (int i = 0; i < sizes[s]; i++)
            strbuf_add(&deep, "}");
        cr_expect(expect_as_yaml(wide.text), "%d wide", sizes[s]);
        cr_expect_eq(expect_as_yaml(deep.text), sizes[s] <= 64, "%d deep", sizes[s]);
        strbuf_release(&wide);
        strbuf_release(&deep);
    }
}

/* One or two bytes of a text changed, taken out or doubled. */
Test(tree_json, with_any_fault)
{
    static const char good[] =
        "{\"a\":[1,-0.5e-07, true,{\"b c\":null}],\"d\":\"x\\\"\\u0041\\n\\\\\",\"e\":{},\"f\":[]}";
    static const char bytes[] = "{}[]:,\"\\ \n\t0-+.eau#&*!|>'%@?\x01\xc3";
    uint64_t draw = 1;

    for (int i = 0; i < 3000; i++) {
        char text[2 * sizeof good];

        strcpy(text, good);
        for (int k = 0; k <= i % 2; k++) {
            size_t n = strlen(text), at;

            draw = draw * 6364136223846793005u + 1442695040888963407u;
            at = (draw >> 33) % n;
            if (draw >> 62 == 0)
                memmove(text + at, text + at + 1, n - at);
            else if (draw >> 62 == 1)
                memmove(text + at + 1, text + at, n - at + 1);
            else
                text[at] = bytes[(draw >> 20) % (sizeof bytes - 1)];
        }
        expect_as_yaml(text);
    }
}
