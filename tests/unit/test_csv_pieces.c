/* test_csv_pieces.c - a CSV file that is read in pieces of a few bytes, so that fields, quotes, line ends and
 * characters are cut everywhere, is the same as in one piece, and its errors are.
 */
#include <stddef.h>

static size_t piece;
#define FILE_CHUNK piece

/* The program's library has functions of these names, too. */
#define file_open csv_file_open
#define file_read csv_file_read
#include "../../plugins/dataset/csv.c"
#undef file_open
#undef file_read

#include "data_help.h"

/* What came of one reading. */
struct outcome {
    char *error; /* or NULL */
    char *found;
    int64_t rows, width, classes;
    double *x;
    float *target;
    int32_t *label;
    char **names; /* [classes] */
};

static void outcome_release(struct outcome *o)
{
    for (int64_t k = 0; o->names && k < o->classes; k++)
        free(o->names[k]);
    free(o->names);
    free(o->error);
    free(o->found);
    free(o->x);
    free(o->target);
    free(o->label);
}

/* Rows in an order that is none of the file's. */
static void read_all_rows(struct plugin *p, const fell_data_info *info, struct outcome *o)
{
    int64_t *row = mem_array((size_t)info->rows, sizeof *row);
    fell_read_call c = {
        .ctx = &p->in.ctx, .settings = p->settings, .self = info->self, .n = info->rows, .row = row};

    for (int64_t i = 0; i < info->rows; i++)
        row[i] = (i * 7 + 3) % info->rows;
    o->width = fell_size(&info->x);
    c.x64 = o->x = mem_array((size_t)(info->rows * o->width), sizeof *o->x);
    if (info->is == FELL_CLASSES)
        c.label = o->label = mem_array((size_t)info->rows, sizeof *o->label);
    else
        c.target = o->target = mem_array((size_t)(info->rows * fell_size(&info->target)), sizeof *o->target);
    plugin_ok(p, csv.read(&c));
    plugin_ok(p, csv.read(&c)); /* and again */
    free(row);
}

static struct outcome read_in(size_t bytes, const char *settings, uint64_t wanted)
{
    struct plugin p;
    struct outcome o = {0};
    fell_data_info info;

    piece = bytes;
    plugin_open(&p, ROLE_DATASET, "csv", settings, SIMD_PORTABLE);
    info = (fell_data_info){.ctx = &p.in.ctx, .settings = p.settings, .wanted = wanted, .gaps = 1};
    if (csv.open(&info) != FELL_OK) {
        o.error = mem_string(p.in.error.text);
        plugin_close(&p);
        return o;
    }
    o.rows = info.rows;
    o.found = mem_string(info.found);
    o.classes = info.is == FELL_CLASSES ? info.nclasses : 0;
    o.names = mem_array((size_t)o.classes, sizeof *o.names);
    for (int64_t k = 0; k < o.classes; k++)
        o.names[k] = mem_string(info.class_names[k]);
    read_all_rows(&p, &info, &o);
    csv.close(info.self);
    plugin_close(&p);
    return o;
}

static void assert_same(const char *what, size_t bytes, const struct outcome *a, const struct outcome *b)
{
    cr_assert_eq(!a->error, !b->error, "%s in %zu: %s", what, bytes, a->error ? a->error : b->error);
    if (a->error) {
        cr_assert_str_eq(b->error, a->error, "%s in %zu: %s", what, bytes, b->error);
        return;
    }
    cr_assert_str_eq(b->found, a->found);
    cr_assert(a->rows == b->rows && a->width == b->width && a->classes == b->classes, "%s in %zu", what,
              bytes);
    cr_assert(!memcmp(a->x, b->x, (size_t)(a->rows * a->width) * sizeof *a->x), "%s in %zu", what, bytes);
    for (int64_t i = 0; i < a->rows; i++)
        cr_assert(a->label ? a->label[i] == b->label[i] : a->target[i] == b->target[i], "%s in %zu", what,
                  bytes);
    for (int64_t k = 0; k < a->classes; k++)
        cr_assert_str_eq(b->names[k], a->names[k]);
}

/* TEXT, read by SETTINGS ("" or ", KEY: VALUE"), in pieces of 8 to 40 bytes and in one. */
static void assert_pieces(const char *text, size_t n, const char *settings)
{
    char *all = mem_format("{path: %s/t.csv.gz, %s%s}", folder(),
                           strstr(settings, "target") ? "unknown: error" : "target: y", settings);

    write_file("t.csv.gz", text, n);
    for (int classes = 0; classes < 2; classes++) {
        struct outcome whole = read_in((size_t)1 << 18, all, classes ? FELL_CLASSES : FELL_VALUES);

        for (size_t bytes = 8; bytes <= 40; bytes++) {
            struct outcome pieces = read_in(bytes, all, classes ? FELL_CLASSES : FELL_VALUES);

            assert_same(text, bytes, &whole, &pieces);
            outcome_release(&pieces);
        }
        outcome_release(&whole);
    }
    free(all);
}

static const struct {
    const char *text, *settings;
} texts[] = {
    {"a,b,y\n1,2,3\n4,5,6\n", ""},
    {"a,b,y\r\n1.5,2,3\r\n\r\n  \r\n4,5.25,6\r\n\r\n", ""},
    {"a,b,y\r1,2,3\r\r4,5,6", ""},
    {"sep=;\na;b;y\n1;2;3\n4;5;6\n", ""},
    {"\xef\xbb\xbf\"a\";\"b\"\"c\";y\n\"1\";\"x\"\"y;\nz\";1\n2;\"\"\"\"\"\";0\n3;\"\";1\n", ""},
    {"a\tb\ty\n1\t2\t3\n4\t5\t6\t\n", ""},
    {"1 2   3\n4\t5 6  \n 7 8 9\n", ", target: -1"},
    {"k\xc3\xb6rper,gr\xe2\x82\xac,y\n\xf0\x9f\x98\x80,1,ja\n\xc3\xa9t\xc3\xa9,2,nein\n\xe2\x82\xac,,ja\n",
     ""},
    {"a,y\n1,2\n3,4,5\n6,7,8\n", ""},
    {"a,y\n1,\"open\n2,3\n4,5\n", ""},
    {"a,y\n1,\"shut\"x\n2,3\n", ""},
    {"a,y\n1,2\n\xc3\x28,3\n", ""},
    {"a,y\n1,2\n1,2\n\xe2\x82", ""},
    {"a,y\n1,2\nx\xef\xbb\xbfy,3\n", ""},
    {"a,y\n1,2\n2,3\n4,\n5,NA\n", ""},
    {"a,y\n1,2\nx,3\n4,4\n\"1,5\",5\n", ""},
    {"a,y\n042,2\n7,3\n8,4\n", ""},
    {"a,y\n1e40,2\n7,1e39\n8,4\n", ""},
    {"a,y\n1,1\n2,1.0\n3,2\n", ""},
    {"a,y\n", ""},
    {"\n\n \n", ""},
    {"t\xe4g,y\n\xdf,1\n\x9a,2\n", ", encoding: latin1"},
    {"t\xe4g,y\n\xdf,1\n\x9a\x80,2\n\xe4,3\n", ", encoding: cp1252"},
    {"a;y\n1,5;2,25\n3;4\n1.000,5;1\n", ", decimal: \",\""},
    {"a,y\n1,2\n\x00,3\n", ""},
};

Test(csv_pieces, as_in_one_piece)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        const size_t n = i + 1 == COUNT(texts) ? 11 : strlen(texts[i].text); /* the last has a zero byte */

        assert_pieces(texts[i].text, n, texts[i].settings);
    }
    remove_files((const char *const[]){"t.csv.gz", NULL});
}

/* More rows than are looked at for a header, fields with quotes, commas and line ends. */
Test(csv_pieces, many_rows)
{
    /* Sorted: a "b", c; plain; two lines; e with an accent. */
    static const int word[] = {1, 3, 4, 2, 2};
    struct strbuf b = {0};

    strbuf_add(&b, "n,text,y\n");
    for (int i = 0; i < 3000; i++)
        strbuf_addf(&b, "%d.%d,%s,%s\r\n", i, i % 7,
                    i % 5 == 0   ? "\"a \"\"b\"\", c\""
                    : i % 5 == 1 ? "\"two\nlines\""
                    : i % 5 == 2 ? "\xc3\xa9"
                                 : " plain ",
                    i % 3 ? "1" : "0");
    for (size_t bytes = 61; bytes < 70; bytes += 3) {
        char *all = mem_format("{path: %s/t.csv, target: y}", folder());
        struct outcome whole, pieces;

        write_file("t.csv", b.text, b.len);
        whole = read_in((size_t)1 << 18, all, FELL_CLASSES);
        pieces = read_in(bytes, all, FELL_CLASSES);
        cr_assert_null(whole.error, "%s", whole.error);
        cr_assert_eq(whole.rows, 3000);
        cr_assert_eq(whole.width, 5);
        assert_same("many rows", bytes, &whole, &pieces);
        for (int64_t i = 0; i < 3000; i++) {
            const int64_t row = (i * 7 + 3) % 3000;
            char text[32];

            snprintf(text, sizeof text, "%lld.%lld", (long long)row, (long long)(row % 7));
            cr_assert_eq(pieces.x[5 * i], strtod(text, NULL));
            cr_assert_eq(pieces.label[i], row % 3 ? 1 : 0);
            for (int k = 1; k < 5; k++)
                cr_assert_eq(pieces.x[5 * i + k], k == word[row % 5]);
        }
        outcome_release(&whole);
        outcome_release(&pieces);
        free(all);
    }
    strbuf_release(&b);
    remove_files((const char *const[]){"t.csv", NULL});
}

/* A file that another program writes over between two readings. */
Test(csv_pieces, a_file_that_changes)
{
    struct plugin p;
    char *settings = mem_format("{path: %s/t.csv, target: y}", folder());
    fell_data_info info;
    double x[2];
    float target[2];
    fell_read_call c;

    piece = 16;
    write_text("t.csv", "a,y\n1,2\n3,4\n");
    plugin_open(&p, ROLE_DATASET, "csv", settings, SIMD_PORTABLE);
    info = (fell_data_info){.ctx = &p.in.ctx, .settings = p.settings, .wanted = FELL_VALUES};
    plugin_ok(&p, csv.open(&info));
    write_text("t.csv", "a,y\n1,2,3\n3,4,5\n");
    c = (fell_read_call){.ctx = &p.in.ctx,
                         .settings = p.settings,
                         .self = info.self,
                         .n = 2,
                         .row = (const int64_t[]){0, 1},
                         .x64 = x,
                         .target = target};
    cr_assert_eq(csv.read(&c), FELL_ERROR);
    cr_assert_str_eq(p.in.error.text, "path: t.csv was changed while it was read", "%s", p.in.error.text);
    csv.close(info.self);
    plugin_close(&p);
    free(settings);
    remove_files((const char *const[]){"t.csv", NULL});
}
