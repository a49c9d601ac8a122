/* test_text_rows.c - the dataset `text`: its vocabulary, rows and targets, by what the text is; rows that
 * overlap are the same as copies, in little memory; and what it refuses.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine_fixture.h"
#include "data_job.h"

#include "engine/data_cache_parts.h"

static char folder[128];
static struct registry *registry;
static struct host_env env;
static char warning[512];

static void hear_warning(void *arg, const char *who, const char *text)
{
    (void)arg;
    snprintf(warning, sizeof warning, "%s: %s", who, text);
}

static void setup(void)
{
    snprintf(folder, sizeof folder, "%s/fell-text-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    cr_assert_not_null(mkdtemp(folder));
    registry = registry_new();
    env =
        (struct host_env){.kernels = kernels_get(SIMD_PORTABLE), .registry = registry, .warn = hear_warning};
    warning[0] = 0;
}

static void teardown(void)
{
    char *command = mem_format("rm -rf '%s'", folder);

    cr_expect_eq(system(command), 0);
    free(command);
    registry_free(registry);
}

TestSuite(text_rows, .init = setup, .fini = teardown);

static void put_bytes(const char *name, const char *bytes, size_t n)
{
    char *path = path_join(folder, name);
    FILE *f = fopen(path, "w");

    cr_assert_not_null(f);
    cr_assert_eq(fwrite(bytes, 1, n, f), n);
    cr_assert_eq(fclose(f), 0);
    free(path);
}

static void put(const char *name, const char *text)
{
    put_bytes(name, text, strlen(text));
}

static struct job load_ok(const char *data)
{
    struct job j = job_loaded(&env, folder, data, "cross_entropy", 1);

    expect_loaded(&j, data);
    return j;
}

static void expect_problem(const char *data, const char *loss, const char *section, const char *text)
{
    struct job j = job_loaded(&env, folder, data, loss, 1);

    cr_expect_eq(j.result, FAILED, "accepted: %s", data);
    cr_expect_str_eq(j.problem.section, section);
    cr_expect_str_eq(j.problem.text, text);
    release(&j);
}

/* The vocabulary, its names one after the other. */
static void expect_vocabulary(const struct job *j, const char *names)
{
    struct strbuf b = {0};

    for (int64_t k = 0; k < j->data->nclasses; k++)
        strbuf_addf(&b, "%s%s", k ? "|" : "", j->data->class_names[k]);
    cr_expect_str_eq(b.text, names);
    cr_expect_eq(j->data->vocabulary, j->data->nclasses);
    strbuf_release(&b);
}

/* Row I of a split, and its targets: names one after the other, as words of a sentence. */
static void expect_row(const struct job *j, enum split s, int64_t i, const char *x, const char *targets)
{
    const struct rows *r = &j->data->split[s];
    const int64_t size = j->data->x_size, at = rows_at(r, i, size);
    struct strbuf in = {0}, out = {0};

    for (int64_t k = 0; k < size; k++) {
        strbuf_addf(&in, "%s%s", k ? "|" : "", j->data->class_names[(int64_t)r->x[at + k]]);
        strbuf_addf(&out, "%s%s", k ? "|" : "", j->data->class_names[r->label[at + k]]);
    }
    cr_expect_str_eq(in.text, x);
    cr_expect_str_eq(out.text, targets);
    strbuf_release(&in);
    strbuf_release(&out);
}

/* ---- what rows are ------------------------------------------------------------------------------- */

Test(text_rows, characters_in_order_of_code_points)
{
    struct job j;

    put("a.txt", "\xef\xbb\xbfz\xc3\xa9 \xf0\x9f\x98\x80\xe2\x82\xac\n\\a"); /* z, e acute, a face, euro */
    j = load_ok("source: {text: {path: a.txt, length: 3}}");
    expect_vocabulary(&j, "\\n| |\\\\|a|z|\xc3\xa9|\xe2\x82\xac|\xf0\x9f\x98\x80");
    cr_expect_eq(j.data->split[SPLIT_TRAIN].n, 2); /* of 8 characters; the last has none behind it */
    expect_row(&j, SPLIT_TRAIN, 0, "z|\xc3\xa9| ", "\xc3\xa9| |\xf0\x9f\x98\x80");
    expect_row(&j, SPLIT_TRAIN, 1, "\xf0\x9f\x98\x80|\xe2\x82\xac|\\n", "\xe2\x82\xac|\\n|\\\\");
    release(&j);
}

Test(text_rows, bytes)
{
    struct job j;

    put_bytes("a.bin", "\xff\0b\xc3\x28", 5);
    j = load_ok("source: {text: {path: a.bin, unit: byte, length: 2}}");
    expect_vocabulary(&j, "\\x00|(|b|\\xc3|\\xff");
    expect_row(&j, SPLIT_TRAIN, 0, "\\xff|\\x00", "\\x00|b");
    expect_row(&j, SPLIT_TRAIN, 1, "b|\\xc3", "\\xc3|(");
    release(&j);
}

Test(text_rows, words_by_how_often)
{
    struct job j;

    put("a.txt", "  the cat\tand\xc2\xa0the dog,\r\nthe end\xe3\x80\x80"
                 "and \n");
    j = load_ok("source: {text: {path: a.txt, unit: word, length: 2, stride: 3}}");
    expect_vocabulary(&j, "the|and|cat|dog,|end");
    cr_expect_eq(j.data->split[SPLIT_TRAIN].n, 2);
    expect_row(&j, SPLIT_TRAIN, 0, "the|cat", "cat|and");
    expect_row(&j, SPLIT_TRAIN, 1, "the|dog,", "dog,|the");
    release(&j);
}

Test(text_rows, encodings)
{
    struct job j;

    put("a.txt", "\xe9\x80t\xe9");
    j = load_ok("source: {text: {path: a.txt, length: 3, encoding: cp1252}}");
    expect_vocabulary(&j, "t|\xc3\xa9|\xe2\x82\xac");
    release(&j);
}

/* Parts meet, and the vocabulary is that of the whole. */
Test(text_rows, parts)
{
    struct job j;

    put("a.txt", "abcdefghij");
    j = load_ok(
        "source: {text: {path: a.txt, length: 2, part: [0, 0.75]}}, validation: {text: {path: a.txt, "
        "length: 2, part: [0.75, 1]}}, test: {text: {path: a.txt, length: 2, stride: 1, part: [0.2, 0.6]}}");
    expect_vocabulary(&j, "a|b|c|d|e|f|g|h|i|j");
    cr_expect_eq(j.data->split[SPLIT_TRAIN].n, 3); /* of 7 */
    expect_row(&j, SPLIT_TRAIN, 2, "e|f", "f|g");
    cr_expect_eq(j.data->split[SPLIT_VALIDATION].n, 1); /* of 3 */
    expect_row(&j, SPLIT_VALIDATION, 0, "h|i", "i|j");
    cr_expect_eq(j.data->split[SPLIT_TEST].n, 2);
    expect_row(&j, SPLIT_TEST, 1, "d|e", "e|f");
    release(&j);
}

/* Another file is in the source's numbers, whatever it lacks itself. */
Test(text_rows, other_text)
{
    struct job j;

    put("a.txt", "abcabc\n");
    put("b.txt", "ccb");
    put("c.txt", "abca\nab\xc3\xa4");
    j = load_ok("source: {text: {path: a.txt, length: 2}}, test: {text: {path: b.txt, length: 2}}");
    expect_row(&j, SPLIT_TEST, 0, "c|c", "c|b");
    release(&j);
    expect_problem("source: {text: {path: a.txt, length: 2}}, test: {text: {path: c.txt, length: 2}}",
                   "cross_entropy", "data.test",
                   "text.path: c.txt:2: the character '\xc3\xa4' is not among the 4 of the source");
}

/* ---- rows that overlap ------------------------------------------------------------------------------ */

/* A text of which every window differs. */
static void put_numbers(const char *name, int64_t n)
{
    struct strbuf b = {0};

    for (int64_t i = 0; i < n; i++)
        strbuf_addf(&b, "%c", (char)('a' + (i * i + i / 7) % 26));
    put(name, b.text);
    strbuf_release(&b);
}

/* The same rows, kept as a series and each for itself (a transform that changes nothing has them so). */
static void expect_same_rows(int64_t length, int64_t stride, const char *rest)
{
    char *settings = mem_format("source: {text: {path: a.txt, length: %lld, stride: %lld}}%s",
                                (long long)length, (long long)stride, rest),
         *copied = mem_format("%s, transforms: [{scale: {factor: 1}}]", settings);
    struct job windows = load_ok(settings), copies = load_ok(copied);

    for (enum split s = 0; s < SPLITS; s++) {
        const struct rows *w = &windows.data->split[s], *c = &copies.data->split[s];

        cr_assert_eq(w->n, c->n);
        cr_expect_eq(w->step, w->n && stride < length ? stride : 0, "%s", settings);
        cr_expect_eq(c->step, 0);
        cr_expect(w->step == 0 || w->series <= 501, "the series is longer than the text");
        for (int64_t i = 0; i < w->n; i++) {
            cr_expect_arr_eq(w->x + rows_at(w, i, length), c->x + i * length, (size_t)length * sizeof *c->x);
            cr_expect_arr_eq(w->label + rows_at(w, i, length), c->label + i * length,
                             (size_t)length * sizeof *c->label);
        }
    }
    release(&windows);
    release(&copies);
    free(settings);
    free(copied);
}

Test(text_rows, windows_are_the_rows_that_copies_are)
{
    put_numbers("a.txt", 501);
    for (int64_t length = 1; length <= 9; length++)
        for (int64_t stride = 1; stride <= length + 1; stride++)
            expect_same_rows(length, stride, "");
    expect_same_rows(500, 3, "");
    expect_same_rows(16, 5, ", validation: 0.3, rows: 0.5");
    cr_expect_str_eq(warning, "data.validation: rows of 16 numbers begin every 5, so what is held out is "
                              "trained on in rows that overlap it: make the validation rows a dataset of "
                              "another part");
    warning[0] = 0;
    expect_same_rows(5, 5, ", validation: 0.3, rows: 0.5");
    cr_expect_str_eq(warning, "");
}

/* Batches of windows, in order and shuffled, are those of copies. */
Test(text_rows, batches_of_windows)
{
    struct job w, c;

    put_numbers("a.txt", 501);
    w = load_ok("source: {text: {path: a.txt, length: 8, stride: 3}}");
    c = load_ok("source: {text: {path: a.txt, length: 8, stride: 3}}, transforms: [{scale: {factor: 1}}]");
    for (int shuffle = 0; shuffle < 2; shuffle++) {
        struct batches a, b;
        struct batch x, y;
        struct error err;

        cr_assert_eq(batches_init(&a, w.data, SPLIT_TRAIN, 10, shuffle, 0, &err), OK);
        cr_assert_eq(batches_init(&b, c.data, SPLIT_TRAIN, 10, shuffle, 0, &err), OK);
        batches_begin(&a, 3, 2);
        batches_begin(&b, 3, 2);
        while (batches_next(&b, &y)) {
            cr_assert(batches_next(&a, &x));
            cr_assert_eq(x.n, y.n);
            cr_expect_eq((uintptr_t)x.x % 64, 0);
            cr_expect_arr_eq(x.x, y.x, (size_t)(x.n * 8) * sizeof *x.x);
            cr_expect_arr_eq(x.label, y.label, (size_t)(x.n * 8) * sizeof *x.label);
        }
        cr_expect_not(batches_next(&a, &x));
        batches_release(&a);
        batches_release(&b);
    }
    release(&w);
    release(&c);
}

/* A million rows of 200 are a text of a megabyte, in memory as in the cache. */
Test(text_rows, memory_grows_with_the_text)
{
    static const char key[] = "0123456789012345678901234567890123456789012345678901234567890123";
    struct cache_warnings none = {0};
    const struct rows *r, *c;
    struct data *cached;
    struct job j;

    put_numbers("a.txt", 1000200);
    j = load_ok("source: {text: {path: a.txt, length: 200, stride: 1}}");
    r = &j.data->split[SPLIT_TRAIN];
    cr_expect_eq(r->n, 1000000);
    cr_expect_eq(r->series, 1000199);
    cr_expect_lt(cache_entry_size(j.data), 2 * 4 * 1000200 + 10000);
    cached = cache_entry_write(folder, key, j.data, &none);
    cr_assert_not_null(cached);
    c = &cached->split[SPLIT_TRAIN];
    cr_expect_arr_eq(c->x, r->x, (size_t)r->series * sizeof *r->x);
    cr_expect_arr_eq(c->label, r->label, (size_t)r->series * sizeof *r->label);
    cr_expect_eq(c->step, 1);
    cr_expect_eq(c->series, r->series);
    cr_expect_eq(cached->vocabulary, j.data->vocabulary);
    data_free(cached);
    release(&j);
}

/* ---- what is refused ---------------------------------------------------------------------------------- */

Test(text_rows, bad_texts)
{
    static const struct {
        const char *name, *bytes;
        size_t n;
        const char *settings, *text;
    } cases[] = {
        {"a.txt", "", 0, "length: 3", "text.path: a.txt is empty"},
        {"a.txt", "ab\n\xff", 4, "length: 3",
         "text.path: a.txt:2: byte 0xff is not UTF-8; save the file as UTF-8, or say encoding: latin1 (or "
         "cp1252, "
         "of Windows)"},
        {"a.txt", "ab\0cd", 5, "length: 3", "text.path: a.txt is not a text file (it holds zero bytes)"},
        {"a.txt",
         "\xff\xfe"
         "a\0b\0",
         6, "length: 3", "text.path: a.txt is UTF-16; save it as UTF-8"},
        {"a.txt", "abc", 3, "length: 3",
         "text.length: a.txt has 3 characters; a row of length 3 wants 4, with the one that follows"},
        {"a.txt", "a", 1, "length: 1",
         "text.length: a.txt has 1 character; a row of length 1 wants 2, with the one that follows"},
        {"a.txt", " \n\t ", 4, "unit: word, length: 1", "text.path: a.txt holds blanks alone, and no word"},
        {"a.txt", "one two", 7, "unit: word, length: 2",
         "text.length: a.txt has 2 words; a row of length 2 wants 3, with the one that follows"},
        {"a.txt", "abcdefghij", 10, "length: 3, part: [0.8, 1]",
         "text.part: a.txt has 2 characters in this part; a row of length 3 wants 4, with the one that "
         "follows"},
        {"a.txt", "abcdefghij", 10, "length: 3, part: [0.8, 0.2]",
         "text.part: it begins at 0.8 and ends at 0.2; the first must be smaller"},
        {"a.txt", "abcdefghij", 10, "length: 3, part: 0.5",
         "text.part: 1 number; two are wanted, where the part begins and ends: [0, 0.9]"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *data = mem_format("source: {text: {path: %s, %s}}", cases[i].name, cases[i].settings);

        put_bytes(cases[i].name, cases[i].bytes, cases[i].n);
        expect_problem(data, "cross_entropy", "data.source", cases[i].text);
        free(data);
    }
    put("a.txt", "abcdef");
    expect_problem("source: {text: {path: a.txt, length: 2}}", "mse", "data.source",
                   "text: its targets are classes, the character that follows; the loss takes values");
}

Test(text_rows, pipes_and_other_sources)
{
    char *path = path_join(folder, "pipe"), *text;
    struct job j;

    cr_assert_eq(mkfifo(path, 0600), 0);
    j = job_loaded(&env, folder, "source: {text: {path: pipe, length: 2}}", "cross_entropy", 1);
    cr_expect_eq(j.result, FAILED);
    text = strstr(j.problem.text, "pipe");
    cr_expect_not_null(text, "%s", j.problem.text);
    release(&j);
    put("a.txt", "abcdef");
    put("a.csv", "a,y\n1,x\n2,z\n");
    expect_problem("source: {csv: {path: a.csv, target: y}}, test: {text: {path: a.txt, length: 1}}",
                   "cross_entropy", "data.test", "text.path: a.txt is a text, but the source is none");
    free(path);
}
