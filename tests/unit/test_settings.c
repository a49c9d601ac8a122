/* test_settings.c - every type of setting, its range, its default and its way back from
 * JSON, on a table that uses all of them.
 */
#include <math.h>

#include "host/settings.h"
#include "spec_help.h"

struct all {
    int64_t units;
    double rate, scale, top, unset;
    bool bias;
    const char *name, *path, *label;
    int32_t mode;
    fell_ints kernel;
    fell_floats weights;
    fell_strings columns;
};

static const fell_param all_params[] = {
    FELL_INT(struct all, units, 4, 1, INFINITY, 0, "Units."),
    FELL_FLOAT(struct all, rate, 0.5, 0, 1, FELL_MAX_OPEN, "Rate."),
    FELL_FLOAT(struct all, scale, 1, 0, INFINITY, FELL_MIN_OPEN, "Scale."),
    FELL_FLOAT(struct all, top, INFINITY, 0, INFINITY, 0, "Top."),
    FELL_FLOAT(struct all, unset, NAN, -1, 1, 0, "Unset."),
    FELL_BOOL(struct all, bias, true, "Bias."),
    FELL_STRING(struct all, name, NULL, 0, "Name."),
    FELL_STRING(struct all, path, NULL, FELL_PATH, "Path."),
    FELL_STRING(struct all, label, "text", 0, "Label."),
    FELL_ENUM(struct all, mode, "sum", "mean|sum|none", "Mode."),
    FELL_INTS(struct all, kernel, "[3, 5]", 1, 99, 0, "Kernel."),
    FELL_FLOATS(struct all, weights, NULL, 0, INFINITY, 0, "Weights."),
    FELL_STRINGS(struct all, columns, "x", 0, "Columns."),
};
static const struct item all_item = {.kind = FELL_KIND_LAYER,
                                     .name = "all",
                                     .nparams = sizeof all_params / sizeof *all_params,
                                     .params = all_params,
                                     .settings_size = sizeof(struct all)};

struct needy {
    const char *path;
    int64_t classes;
};
static const fell_param needy_params[] = {
    FELL_STRING(struct needy, path, NULL, FELL_REQUIRED | FELL_PATH, "Path."),
    FELL_INT(struct needy, classes, 0, 2, 1 << 24, FELL_REQUIRED, "Classes."),
};
static const struct item needy_item = {
    .name = "needy", .nparams = 2, .params = needy_params, .settings_size = sizeof(struct needy)};

/* One reading, and what it leaves. */
struct reading {
    struct tree *tree;
    struct arena *arena;
    struct diag *diag;
    void *settings;
};

static struct reading read_as(const struct item *item, const char *yaml)
{
    static const char *const skip[] = {"from", "activation", NULL};
    struct reading r = {tree_new(), arena_new(), diag_new(), NULL};
    struct node *map = tree_parse_text(r.tree, "t.yaml", "/data/sets", yaml, strlen(yaml), false, r.diag);

    cr_assert_not_null(map, "%s", yaml);
    r.settings = settings_parse(r.arena, item, map, skip, &map->place, r.diag);
    return r;
}

static void done(struct reading *r)
{
    diag_free(r->diag);
    arena_free(r->arena);
    tree_free(r->tree);
}

Test(settings, defaults)
{
    struct arena *arena = arena_new();
    struct diag *d = diag_new();
    struct all *s = settings_parse(arena, &all_item, NULL, NULL, NULL, d);

    cr_assert_not_null(s);
    cr_expect_eq(s->units, 4);
    cr_expect_eq(s->rate, 0.5);
    cr_expect(isinf(s->top) && isnan(s->unset));
    cr_expect(s->bias);
    cr_expect_null(s->name);
    cr_expect_null(s->path);
    cr_expect_str_eq(s->label, "text");
    cr_expect_eq(s->mode, 1);
    cr_assert_eq(s->kernel.n, 2);
    cr_expect(s->kernel.v[0] == 3 && s->kernel.v[1] == 5);
    cr_expect_eq(s->weights.n, 0);
    cr_assert_eq(s->columns.n, 1);
    cr_expect_str_eq(s->columns.v[0], "x");
    cr_expect_eq(diag_errors(d), 0);
    diag_free(d);
    arena_free(arena);
}

Test(settings, values)
{
    struct reading r =
        read_as(&all_item, "{units: 1e3, rate: .25, scale: 1_000, bias: no, name: yes, path: a/b.csv,\n"
                           " label: 'null', mode: none, kernel: 7, weights: [1, 1e-3], columns: [a, 1.0],\n"
                           " from: other, activation: relu}");
    const struct all *s = r.settings;

    expect_messages(r.diag, "", "values");
    cr_assert_not_null(s);
    cr_expect_eq(s->units, 1000);
    cr_expect_eq(s->rate, 0.25);
    cr_expect_eq(s->scale, 1000);
    cr_expect_not(s->bias);
    cr_expect_str_eq(s->name, "yes", "a string is what was written");
    cr_expect_str_eq(s->path, "/data/sets/a/b.csv");
    cr_expect_str_eq(s->label, "null", "quoted, it is a text");
    cr_expect_eq(s->mode, 2);
    cr_assert_eq(s->kernel.n, 1);
    cr_expect_eq(s->kernel.v[0], 7);
    cr_assert_eq(s->weights.n, 2);
    cr_expect_eq(s->weights.v[1], 1e-3);
    cr_assert_eq(s->columns.n, 2);
    cr_expect_str_eq(s->columns.v[1], "1.0");
    done(&r);
}

Test(settings, null_means_unset_only_where_that_is_the_default)
{
    struct reading r = read_as(&all_item, "{name: null, path: ~, weights: null}");

    cr_assert_not_null(r.settings);
    cr_expect_null(((struct all *)r.settings)->name);
    cr_expect_eq(((struct all *)r.settings)->weights.n, 0);
    done(&r);
    r = read_as(&all_item, "{label: null, units: ~, kernel: null}");
    cr_expect_null(r.settings);
    expect_messages(r.diag,
                    "t.yaml:1:9: error: all.label: null is not a text\n"
                    "t.yaml:1:22: error: all.units: null is not a whole number\n"
                    "t.yaml:1:33: error: all.kernel: null is not a whole number\n",
                    "null");
    done(&r);
}

Test(settings, refusals)
{
    static const struct {
        const char *yaml, *messages;
    } cases[] = {
        {"units: 1.5", "1:8: error: all.units: '1.5' is not a whole number\n"},
        {"units: 0", "1:8: error: all.units: 0 is not in [1, inf)\n"},
        {"units: many", "1:8: error: all.units: 'many' is not a whole number\n"},
        {"units: 99999999999999999999",
         "1:8: error: all.units: 99999999999999999999 is too large; numbers end at 9223372036854775807\n"},
        {"units: [1]", "1:8: error: all.units: a whole number is wanted here, not a list\n"},
        {"units: {a: 1}", "1:8: error: all.units: a whole number is wanted here, not a map\n"},
        {"rate: 1.5", "1:7: error: all.rate: 1.5 is not in [0, 1)\n"},
        {"rate: 1", "1:7: error: all.rate: 1 is not in [0, 1)\n"},
        {"rate: -1e-9", "1:7: error: all.rate: -1e-9 is not in [0, 1)\n"},
        {"rate: nan", "1:7: error: all.rate: nan is not in [0, 1)\n"},
        {"rate: fast", "1:7: error: all.rate: 'fast' is not a number\n"},
        {"scale: 0", "1:8: error: all.scale: 0 is not in (0, inf)\n"},
        {"scale: inf", "1:8: error: all.scale: inf is not in (0, inf)\n"},
        {"bias: maybe", "1:7: error: all.bias: 'maybe' is not true or false\n"},
        {"path: ''", "1:7: error: all.path: the path is empty\n"},
        {"mode: summ", "1:7: error: all.mode: 'summ' is not one of mean, sum, none; did you mean 'sum'?\n"},
        {"mode: 3", "1:7: error: all.mode: '3' is not one of mean, sum, none\n"},
        {"kernel: [3, 0]", "1:13: error: all.kernel: 0 is not in [1, 99]\n"},
        {"kernel: {a: 1}", "1:9: error: all.kernel: a list of whole numbers is wanted here, not a map\n"},
        {"kernel: [[3]]", "1:10: error: all.kernel: a whole number is wanted here, not a list\n"},
        {"unit: 3", "1:1: error: 'all' has no setting 'unit'; did you mean 'units'?\n"},
        {"activaton: 3", "1:1: error: 'all' has no setting 'activaton'; did you mean 'activation'?\n"},
        {"zzz: 3", "1:1: error: 'all' has no setting 'zzz'\n"},
        {"5", "1:1: error: the settings of 'all' are a map, not one value: {units: 5}\n"},
        {"[5]", "1:1: error: the settings of 'all' are a map, not a list\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reading r = read_as(&all_item, cases[i].yaml);
        char *expected = mem_format("t.yaml:%s", cases[i].messages);

        cr_expect_null(r.settings, "%s", cases[i].yaml);
        expect_messages(r.diag, expected, cases[i].yaml);
        free(expected);
        done(&r);
    }
}

Test(settings, all_errors_at_once_with_carets)
{
    struct reading r = read_as(&all_item, "units: 0\nunit: 3\nrate: 1.5\n");
    struct strbuf b = {0};

    diag_write(r.diag, &b, false);
    cr_expect_str_eq(b.text, "t.yaml:1:8: error: all.units: 0 is not in [1, inf)\n"
                             "    1 | units: 0\n"
                             "      |        ^\n"
                             "t.yaml:2:1: error: 'all' has no setting 'unit'; did you mean 'units'?\n"
                             "    2 | unit: 3\n"
                             "      | ^~~~\n"
                             "t.yaml:3:7: error: all.rate: 1.5 is not in [0, 1)\n"
                             "    3 | rate: 1.5\n"
                             "      |       ^~~\n");
    strbuf_release(&b);
    done(&r);
}

Test(settings, required)
{
    struct reading r = read_as(&needy_item, "{classes: 3}");

    cr_expect_null(r.settings);
    expect_messages(r.diag, "t.yaml:1:1: error: needy.path is required\n", "required");
    done(&r);
    r = read_as(&needy_item, "{classes: 3, path: /x}");
    cr_assert_not_null(r.settings);
    cr_expect_str_eq(((struct needy *)r.settings)->path, "/x", "absolute paths stay");
    done(&r);
}

/* Whatever was read comes back from its JSON with the same bits. */
Test(settings, json_round_trip)
{
    static const char *const yamls[] = {
        "{}",
        "{units: 9007199254740993, rate: 0.30000000000000004, scale: 1e-310, top: 7, unset: 0.1}",
        "{units: 9223372036854775807, scale: 1.7976931348623157e308, bias: false}",
        "{name: 'a \"b\"\\n\xc3\xa9'}",
        "{kernel: [], weights: [0.1, 1e22, 3, 0.30000000000000004], columns: ['1', x y, '']}",
    };

    for (size_t i = 0; i < sizeof yamls / sizeof *yamls; i++) {
        struct reading first = read_as(&all_item, yamls[i]), second;
        cJSON *json = cJSON_CreateObject(), *again = cJSON_CreateObject();
        const struct all *a = first.settings, *b;
        char *text, *text2;

        cr_assert_not_null(a, "%s", yamls[i]);
        settings_to_json(&all_item, a, json);
        text = cJSON_PrintUnformatted(json);
        second = read_as(&all_item, text);
        expect_messages(second.diag, "", text);
        b = second.settings;
        cr_assert_not_null(b, "%s", text);
        settings_to_json(&all_item, b, again);
        text2 = cJSON_PrintUnformatted(again);
        cr_expect_str_eq(text, text2);
        cr_expect(a->units == b->units && a->rate == b->rate && a->scale == b->scale && a->top == b->top,
                  "%s", text);
        cr_expect(isnan(a->unset) ? isnan(b->unset) : a->unset == b->unset);
        cr_expect_eq(a->weights.n, b->weights.n);
        for (int64_t k = 0; k < a->weights.n; k++)
            cr_expect_eq(a->weights.v[k], b->weights.v[k]);
        free(text);
        free(text2);
        cJSON_Delete(json);
        cJSON_Delete(again);
        done(&first);
        done(&second);
    }
}

Test(settings, numbers_by_name)
{
    struct reading r = read_as(&all_item, "{rate: 0.25, units: 7, mode: none, bias: no}");
    double v = -1;

    cr_expect(settings_number(&all_item, r.settings, "rate", &v) && v == 0.25);
    cr_expect(settings_number(&all_item, r.settings, "units", &v) && v == 7);
    cr_expect(settings_number(&all_item, r.settings, "mode", &v) && v == 2);
    cr_expect(settings_number(&all_item, r.settings, "bias", &v) && v == 0);
    cr_expect_not(settings_number(&all_item, r.settings, "label", &v));
    cr_expect_not(settings_number(&all_item, r.settings, "nothing", &v));
    done(&r);
}

Test(settings, places)
{
    struct reading r = read_as(&all_item, "{}");
    const char *yaml = "{rate: 0.25, units: 7}";
    struct node *map = tree_parse_text(r.tree, "t.yaml", ".", yaml, strlen(yaml), false, r.diag);
    const struct place at = {.line = 9, .column = 9};

    cr_expect_eq(settings_place(map, "units", &at)->column, 21);
    cr_expect_eq(settings_place(map, "bias", &at), &at);
    cr_expect_eq(settings_place(NULL, "bias", &at), &at);
    done(&r);
}
