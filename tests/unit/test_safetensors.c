/* test_safetensors.c - tensor files: written and read back, other element types, and
 * every kind of malformed file refused with a sentence.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/safetensors.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static char folder[] = "/tmp/fell-safetensors-XXXXXX", *path;

static void setup(void)
{
    cr_assert_not_null(mkdtemp(folder));
    path = path_join(folder, "w.safetensors");
}

static void teardown(void)
{
    unlink(path);
    rmdir(folder);
    free(path);
}

TestSuite(safetensors, .init = setup, .fini = teardown);

static void write_bytes(const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    cr_assert(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

/* A file with HEADER and N bytes of data (DATA, or zeros). */
static void write_file(const char *header, const void *data, size_t n)
{
    struct strbuf b = {0};
    uint64_t len = strlen(header);

    strbuf_addn(&b, &len, sizeof len);
    strbuf_add(&b, header);
    for (size_t i = 0; i < n; i++)
        strbuf_addn(&b, data ? (const char *)data + i : "", 1);
    write_bytes(b.text, b.len);
    strbuf_release(&b);
}

static void expect_refused(const char *message)
{
    struct tensor_file *f;
    struct error err;
    char *expected = mem_format("%s: %s", path, message);

    cr_expect_eq(tensor_file_open(path, &f, &err), FAILED, "accepted, though: %s", message);
    cr_expect_null(f);
    cr_expect_str_eq(err.text, expected);
    free(expected);
}

Test(safetensors, round_trip)
{
    static const float weight[6] = {1, -2.5f, 3e-42f, 4, INFINITY, -0.0f}, bias[3] = {7, 8, 9};
    const struct tensor_out tensors[] = {
        {"dense1.weight", fell_mat(3, 2), weight},
        {"dense1.bias", fell_vec(3), bias},
        {"odd \"name\"\n\xc3\xa9", {4, {1, 1, 1, 2}}, weight},
    };
    static const char *const metadata[] = {"epoch", "12", "by", "a \"test\"", NULL};
    struct tensor_file *f;
    const struct tensor_file_entry *e;
    struct error err;
    char *text;
    uint64_t header;
    size_t len;

    cr_assert_eq(tensor_file_write(path, tensors, COUNT(tensors), metadata, &err), OK, "%s", err.text);
    cr_assert_eq(file_read(path, &text, &len, &err), OK);
    memcpy(&header, text, sizeof header);
    cr_expect_eq(header % 8, 0, "data at byte %llu", (unsigned long long)header + 8);

    cr_assert_eq(tensor_file_open(path, &f, &err), OK, "%s", err.text);
    cr_expect_eq(tensor_file_count(f), COUNT(tensors));
    for (size_t i = 0; i < COUNT(tensors); i++) {
        e = tensor_file_at(f, i);
        cr_expect_str_eq(e->name, tensors[i].name);
        cr_expect_eq(tensor_file_find(f, tensors[i].name), e);
        cr_expect_eq(e->rank, tensors[i].shape.rank);
        cr_expect_arr_eq(e->dim, tensors[i].shape.dim, (size_t)e->rank * sizeof e->dim[0]);
        cr_expect_eq(e->n, fell_size(&tensors[i].shape));
        cr_expect_arr_eq(e->values, tensors[i].values, (size_t)e->n * sizeof(float));
    }
    cr_expect_null(tensor_file_at(f, COUNT(tensors)));
    cr_expect_null(tensor_file_find(f, "dense1"));
    cr_expect_str_eq(tensor_file_metadata(f, "epoch"), "12");
    cr_expect_str_eq(tensor_file_metadata(f, "by"), "a \"test\"");
    cr_expect_null(tensor_file_metadata(f, "nothing"));
    tensor_file_close(f);
    free(text);
}

Test(safetensors, empty_file_of_tensors)
{
    struct tensor_file *f;
    struct error err;

    cr_assert_eq(tensor_file_write(path, NULL, 0, NULL, &err), OK, "%s", err.text);
    cr_assert_eq(tensor_file_open(path, &f, &err), OK, "%s", err.text);
    cr_expect_eq(tensor_file_count(f), 0);
    cr_expect_null(tensor_file_metadata(f, "epoch"));
    tensor_file_close(f);
}

/* Offsets in another order than the names, a scalar, no alignment at all. */
Test(safetensors, other_writers_files)
{
    static const float data[3] = {1.5f, -2, 4};
    struct tensor_file *f;
    struct error err;

    write_file(" {\"b\":{\"data_offsets\":[4,12],\"shape\":[2],\"dtype\":\"F32\"},"
               "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4],\"more\":[{}]},"
               "\"none\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[12,12]}}     ",
               data, sizeof data);
    cr_assert_eq(tensor_file_open(path, &f, &err), OK, "%s", err.text);
    cr_expect_eq(tensor_file_find(f, "a")->rank, 0);
    cr_expect_eq(tensor_file_find(f, "a")->n, 1);
    cr_expect_eq(tensor_file_find(f, "a")->values[0], 1.5f);
    cr_expect_eq(tensor_file_find(f, "b")->values[1], 4);
    cr_expect_eq(tensor_file_find(f, "none")->n, 0);
    tensor_file_close(f);
}

Test(safetensors, other_types_are_converted)
{
    static const double wide[] = {0.1, -1e300, 2};
    static const uint16_t half[] = {0x3c00, 0xc000, 0x0001, 0x83ff, 0x7bff, 0x7c00, 0xfc00, 0x8000, 0x3555};
    static const float half_values[] = {1,        -2,        0x1p-24f, -0x1.ff8p-15f, 65504,
                                        INFINITY, -INFINITY, -0.0f,    0x1.554p-2f};
    static const uint16_t brain[] = {0x3f80, 0xc049, 0x0001, 0xff80};
    static const float brain_values[] = {1, -3.140625f, 0x1p-133f, -INFINITY};
    struct tensor_file *f;
    struct error err;

    write_file("{\"x\":{\"dtype\":\"F64\",\"shape\":[3],\"data_offsets\":[0,24]}}", wide, sizeof wide);
    cr_assert_eq(tensor_file_open(path, &f, &err), OK, "%s", err.text);
    cr_expect_eq(tensor_file_at(f, 0)->values[0], 0.1f);
    cr_expect_eq(tensor_file_at(f, 0)->values[1], -INFINITY);
    tensor_file_close(f);

    write_file("{\"x\":{\"dtype\":\"F16\",\"shape\":[9],\"data_offsets\":[0,18]}}", half, sizeof half);
    cr_assert_eq(tensor_file_open(path, &f, &err), OK, "%s", err.text);
    cr_expect_arr_eq(tensor_file_at(f, 0)->values, half_values, sizeof half_values);
    tensor_file_close(f);

    write_file("{\"x\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]}}", &(uint16_t){0x7e00}, 2);
    cr_assert_eq(tensor_file_open(path, &f, &err), OK, "%s", err.text);
    cr_expect(isnan(tensor_file_at(f, 0)->values[0]));
    tensor_file_close(f);

    write_file("{\"x\":{\"dtype\":\"BF16\",\"shape\":[2,2],\"data_offsets\":[0,8]}}", brain, sizeof brain);
    cr_assert_eq(tensor_file_open(path, &f, &err), OK, "%s", err.text);
    cr_expect_arr_eq(tensor_file_at(f, 0)->values, brain_values, sizeof brain_values);
    tensor_file_close(f);
}

/* Four bytes of data behind each header. */
Test(safetensors, malformed_headers)
{
#define T(name, rest) "\"" name "\":{" rest "}"
#define GOOD          "\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]"
    static const struct {
        const char *header, *message;
    } cases[] = {
        {"", "the header is not a JSON object"},
        {"[]", "the header is not a JSON object"},
        {"{\"x\":", "the header is not a JSON object"},
        {"{} x", "the header is not a JSON object"},
        {"{}", "4 bytes after the last tensor"},
        {"{\"x\":3}", "tensor 'x': it lacks a dtype, a shape or data_offsets"},
        {"{\"x\":[" GOOD "]}", "the header is not a JSON object"},
        {"{" T("x", "\"shape\":[1],\"data_offsets\":[0,4]") "}",
         "tensor 'x': it lacks a dtype, a shape or data_offsets"},
        {"{" T("x", "\"dtype\":\"C64\",\"shape\":[1],\"data_offsets\":[0,4]") "}",
         "tensor 'x': its dtype is 'C64'; only F32, F64, F16 and BF16 can be read"},
        {"{" T("x", "\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]") "}",
         "tensor 'x': its shape is not a list of sizes"},
        {"{" T("x", "\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]") "}",
         "tensor 'x': its shape is not a list of sizes"},
        {"{" T("x", "\"dtype\":\"F32\",\"shape\":[1e300],\"data_offsets\":[0,4]") "}",
         "tensor 'x': its shape is not a list of sizes"},
        {"{" T("x", "\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]") "}",
         "tensor 'x': its shape is not a list of sizes"},
        {"{" T("x", "\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]") "}",
         "tensor 'x': it has more than 8 dimensions"},
        {"{" T("x", "\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]") "}",
         "tensor 'x': its data_offsets are not a begin and an end"},
        {"{" T("x", "\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]") "}",
         "tensor 'x': its data_offsets are not a begin and an end"},
        {"{" T("x", "\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[\"0\",\"4\"]") "}",
         "tensor 'x': its data_offsets are not a begin and an end"},
        {"{" T("x", "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]") "}",
         "tensor 'x': its data ends at byte 8 of 4: the file is truncated"},
        {"{" T("x", "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]") "}",
         "tensor 'x': its shape needs another number of bytes than the 4 of its data_offsets"},
        {"{" T("x", GOOD) "," T("x", "\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[4,4]") "}",
         "duplicate tensor 'x'"},
        {"{" T("x", GOOD) "," T("y", GOOD) "}", "the data of 'y' overlaps that of another tensor"},
        {"{" T("x", "\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[2,4]") "}",
         "the data of 'x' begins after a hole"},
        {"{" T("x", "\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]") "}",
         "2 bytes after the last tensor"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        write_file(cases[i].header, NULL, 4);
        expect_refused(cases[i].message);
    }
}

Test(safetensors, malformed_lengths)
{
    static const unsigned char huge[8] = {0, 0, 0, 0, 0, 0, 0, 0x80}, more[10] = {3};
    struct tensor_file *f;
    struct error err;

    write_bytes("", 0);
    expect_refused("truncated: 0 bytes are too few for a safetensors file");
    write_bytes(more, 7);
    expect_refused("truncated: 7 bytes are too few for a safetensors file");
    write_bytes(huge, sizeof huge);
    expect_refused("not a safetensors file: its first 8 bytes are no sensible length");
    write_bytes(more, sizeof more);
    expect_refused("truncated: the header should have 3 bytes, the file has 10 in all");
    cr_expect_eq(tensor_file_open(folder, &f, &err), FAILED, "a folder was read");
}

/* Every byte of a good file damaged in turn: refused or read, never a crash (the
 * sanitizers watch). */
Test(safetensors, damaged_bytes)
{
    static const float values[4] = {1, 2, 3, 4};
    const struct tensor_out tensors[] = {{"a", fell_vec(2), values}, {"b", fell_mat(1, 2), values + 2}};
    struct error err;
    char *text;
    size_t len, refused = 0;

    cr_assert_eq(tensor_file_write(path, tensors, COUNT(tensors), NULL, &err), OK, "%s", err.text);
    cr_assert_eq(file_read(path, &text, &len, &err), OK);
    for (size_t i = 0; i < len - sizeof values; i++) {
        struct tensor_file *f;
        char keep = text[i];

        text[i] = (char)(keep ^ 0x15);
        write_bytes(text, len);
        text[i] = keep;
        if (tensor_file_open(path, &f, &err) == OK)
            tensor_file_close(f);
        else
            refused++;
    }
    for (size_t i = 0; i < len; i++) {
        struct tensor_file *f;

        write_bytes(text, i);
        cr_expect_eq(tensor_file_open(path, &f, &err), FAILED, "cut to %zu bytes of %zu", i, len);
    }
    cr_expect(refused > len / 2, "only %zu of %zu damages were noticed", refused, len - sizeof values);
    free(text);
}

Test(safetensors, failed_write_keeps_the_old_file)
{
    static const float values[1] = {5};
    const struct tensor_out tensors[] = {{"a", fell_vec(1), values}};
    char *nowhere = path_join(folder, "no/such/w.safetensors");
    const struct rlimit small = {10, RLIM_INFINITY}, large = {RLIM_INFINITY, RLIM_INFINITY};
    struct tensor_file *f;
    struct error err;

    cr_expect_eq(tensor_file_write(nowhere, tensors, 1, NULL, &err), FAILED);
    cr_expect_not_null(strstr(err.text, "No such file or directory"), "%s", err.text);
    cr_assert_eq(tensor_file_write(path, tensors, 1, NULL, &err), OK, "%s", err.text);
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    cr_expect_eq(tensor_file_write(path, NULL, 0, NULL, &err), FAILED);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &large), 0);
    cr_assert_eq(tensor_file_open(path, &f, &err), OK, "%s", err.text);
    cr_expect_eq(tensor_file_at(f, 0)->values[0], 5);
    tensor_file_close(f);
    free(nowhere);
}
