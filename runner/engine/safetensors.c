/* safetensors.c - reads and writes the safetensors format. See safetensors.h.
 *
 * The file: 8 bytes, little-endian, the length of the header; the header, a JSON
 * object {"name": {"dtype", "shape", "data_offsets": [begin, end]}, ...,
 * "__metadata__": {text: text}}; then the tensors, which together fill the rest of the
 * file (huggingface/safetensors, README, "Format"). Nothing in a file is trusted.
 * Called for initial weights, checkpoints and `fell export`.
 */
#include "engine/safetensors.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/new_file.h"
#include "base/text.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the format's numbers are copied as they are");

enum { LENGTH_BYTES = 8, MAX_RANK = 8 };
#define MAX_HEADER 100000000u /* the format's own limit */
#define METADATA   "__metadata__"

/* ---- element types ---------------------------------------------------------- */

static void from_f32(float *dst, const unsigned char *src, int64_t n)
{
    memcpy(dst, src, (size_t)n * sizeof *dst);
}

static void from_f64(float *dst, const unsigned char *src, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        double v;

        memcpy(&v, src + i * 8, sizeof v);
        dst[i] = (float)v;
    }
}

static void from_bf16(float *dst, const unsigned char *src, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)(src[i * 2] | src[i * 2 + 1] << 8) << 16;

        memcpy(&dst[i], &bits, sizeof bits);
    }
}

/* IEEE binary16: a sign, 5 bits of exponent (bias 15), 10 of fraction. */
static void from_f16(float *dst, const unsigned char *src, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        uint32_t h = (uint32_t)(src[i * 2] | src[i * 2 + 1] << 8);
        uint32_t exponent = h >> 10 & 31, fraction = h & 1023, bits;

        if (exponent == 0) {
            float v = (float)(int32_t)fraction * 0x1p-24f;

            dst[i] = h >> 15 ? -v : v;
            continue;
        }
        bits = (h >> 15) << 31 | (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13;
        memcpy(&dst[i], &bits, sizeof bits);
    }
}

static void from_u8(float *dst, const unsigned char *src, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        dst[i] = (float)src[i];
}

static void from_i8(float *dst, const unsigned char *src, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        dst[i] = (float)(signed char)src[i];
}

static const struct dtype {
    const char *name;
    size_t size;
    void (*convert)(float *dst, const unsigned char *src, int64_t n); /* NULL: neither weights nor masks */
} dtypes[] = {{"F32", 4, from_f32}, {"F64", 8, from_f64}, {"F16", 2, from_f16}, {"BF16", 2, from_bf16},
              {"I64", 8, NULL},     {"I32", 4, NULL},     {"I16", 2, NULL},     {"I8", 1, from_i8},
              {"U64", 8, NULL},     {"U32", 4, NULL},     {"U16", 2, NULL},     {"U8", 1, from_u8},
              {"BOOL", 1, from_u8}};

/* ---- reading ------------------------------------------------------------------ */

struct tensor {
    struct tensor_file_entry entry;
    size_t begin, end; /* in the data */
};

struct tensor_file {
    char *text;    /* the whole file while it is read, then NULL */
    cJSON *header; /* owns the names */
    const cJSON *metadata;
    size_t n;
    struct tensor *tensors; /* in order of their data */
};

/* A whole number of the header: it is in JSON, so a double. */
static bool to_size(const cJSON *number, size_t *out)
{
    if (!cJSON_IsNumber(number) || !(number->valuedouble >= 0 && number->valuedouble <= 0x1p53))
        return false;
    *out = (size_t)number->valuedouble;
    return (double)*out == number->valuedouble;
}

static status read_tensor(const cJSON *json, const unsigned char *data, size_t room, struct tensor *t,
                          struct error *err)
{
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(json, "shape");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(json, "data_offsets");
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "dtype"));
    const struct dtype *dtype = NULL;
    size_t count = 1, bytes;
    const cJSON *dim;
    float *values;

    t->entry.name = json->string;
    if (!type || !cJSON_IsArray(shape) || !cJSON_IsArray(offsets))
        return error_set(err, "it lacks a dtype, a shape or data_offsets");
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++)
        if (strcmp(type, dtypes[i].name) == 0)
            dtype = &dtypes[i];
    if (!dtype)
        return error_set(err, "its dtype is '%s'; only F32, F64, F16 and BF16 can be read", type);
    cJSON_ArrayForEach(dim, shape)
    {
        size_t d;

        if (t->entry.rank == MAX_RANK)
            return error_set(err, "it has more than %d dimensions", MAX_RANK);
        if (!to_size(dim, &d) || !mem_mul(count, d, &count))
            return error_set(err, "its shape is not a list of sizes");
        t->entry.dim[t->entry.rank++] = (int64_t)d;
    }
    if (cJSON_GetArraySize(offsets) != 2 || !to_size(cJSON_GetArrayItem(offsets, 0), &t->begin) ||
        !to_size(cJSON_GetArrayItem(offsets, 1), &t->end) || t->begin > t->end)
        return error_set(err, "its data_offsets are not a begin and an end");
    if (t->end > room)
        return error_set(err, "its data ends at byte %zu of %zu: the file is truncated", t->end, room);
    if (!mem_mul(count, dtype->size, &bytes) || bytes != t->end - t->begin)
        return error_set(err, "its shape needs another number of bytes than the %zu of its data_offsets",
                         t->end - t->begin);
    t->entry.dtype = dtype->name;
    t->entry.n = (int64_t)count;
    if (!dtype->convert)
        return OK;
    values = mem_try_aligned(count, sizeof *values);
    if (!values)
        return error_set(err, "out of memory");
    if (dtype->size > 1)
        t->entry.values = values;
    else
        t->entry.small = values;
    dtype->convert(values, data + t->begin, t->entry.n);
    return OK;
}

static int by_offset(const void *a, const void *b)
{
    const struct tensor *x = a, *y = b;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static status check_names(const struct tensor_file *f, struct error *err)
{
    const char **names = mem_array(f->n, sizeof *names);
    status result = OK;

    for (size_t i = 0; i < f->n; i++)
        names[i] = f->tensors[i].entry.name;
    qsort(names, f->n, sizeof *names, by_name);
    for (size_t i = 1; i < f->n && result == OK; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            result = error_set(err, "duplicate tensor '%s'", names[i]);
    free(names);
    return result;
}

/* The tensors must follow each other without overlap or hole and end with the file. */
static status check_layout(const struct tensor_file *f, size_t room, struct error *err)
{
    size_t end = 0;

    for (size_t i = 0; i < f->n; i++) {
        const struct tensor *t = &f->tensors[i];

        if (t->begin != end)
            return error_set(err, "the data of '%s' %s", t->entry.name,
                             t->begin < end ? "overlaps that of another tensor" : "begins after a hole");
        end = t->end;
    }
    if (end != room)
        return error_set(err, "%zu bytes after the last tensor", room - end);
    return OK;
}

static status read_all(struct tensor_file *f, size_t len, struct error *err)
{
    const unsigned char *bytes = (const unsigned char *)f->text;
    uint64_t header;
    const char *start = f->text + LENGTH_BYTES, *end;
    size_t room;
    cJSON *json;

    if (len < LENGTH_BYTES)
        return error_set(err, "truncated: %zu bytes are too few for a safetensors file", len);
    memcpy(&header, bytes, sizeof header);
    if (!memcmp(bytes, "PK\003\004", 4) || !memcmp(bytes, "\x80\x02", 2))
        return error_set(err, "not a safetensors file but a pickle, as torch.save() writes; save it with "
                              "safetensors.torch.save_file(net.state_dict(), ...)");
    if (header > MAX_HEADER)
        return error_set(err, "not a safetensors file: its first 8 bytes are no sensible length");
    if (header > len - LENGTH_BYTES)
        return error_set(err, "truncated: the header should have %llu bytes, the file has %zu in all",
                         (unsigned long long)header, len);
    room = len - LENGTH_BYTES - header;
    f->header = cJSON_ParseWithLengthOpts(start, header, &end, 0);
    while (f->header && end < start + header && *end == ' ')
        end++;
    if (!cJSON_IsObject(f->header) || end != start + header)
        return error_set(err, "the header is not a JSON object");
    f->tensors = mem_array((size_t)cJSON_GetArraySize(f->header), sizeof *f->tensors);
    cJSON_ArrayForEach(json, f->header)
    {
        if (strcmp(json->string, METADATA) == 0) {
            f->metadata = json;
            continue;
        }
        if (read_tensor(json, bytes + LENGTH_BYTES + header, room, &f->tensors[f->n++], err) != OK)
            return error_prepend(err, "tensor '%s'", json->string);
    }
    qsort(f->tensors, f->n, sizeof *f->tensors, by_offset);
    if (check_names(f, err) != OK)
        return FAILED;
    return check_layout(f, room, err);
}

status tensor_file_open(const char *path, struct tensor_file **out, struct error *err)
{
    struct tensor_file *f = mem_alloc(sizeof *f);
    size_t len;

    *out = NULL;
    if (file_read(path, &f->text, &len, err) != OK) {
        free(f);
        return FAILED;
    }
    if (read_all(f, len, err) != OK) {
        tensor_file_close(f);
        return error_prepend(err, "%s", path);
    }
    free(f->text);
    f->text = NULL;
    *out = f;
    return OK;
}

void tensor_file_close(struct tensor_file *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->n; i++)
        free((float *)(f->tensors[i].entry.values ? f->tensors[i].entry.values : f->tensors[i].entry.small));
    free(f->tensors);
    free(f->text);
    cJSON_Delete(f->header);
    free(f);
}

bool tensor_file_has_shape(const struct tensor_file_entry *e, const fell_shape *s)
{
    return e->rank == s->rank && memcmp(e->dim, s->dim, (size_t)s->rank * sizeof *s->dim) == 0;
}

void tensor_dims_text(const int64_t *dim, int64_t rank, struct strbuf *out)
{
    strbuf_add(out, "[");
    for (int64_t i = 0; i < rank; i++)
        strbuf_addf(out, "%s%lld", i ? ", " : "", (long long)dim[i]);
    strbuf_add(out, "]");
}

size_t tensor_file_count(const struct tensor_file *f)
{
    return f->n;
}

const struct tensor_file_entry *tensor_file_at(const struct tensor_file *f, size_t i)
{
    return i < f->n ? &f->tensors[i].entry : NULL;
}

const struct tensor_file_entry *tensor_file_find(const struct tensor_file *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->tensors[i].entry.name, name) == 0)
            return &f->tensors[i].entry;
    return NULL;
}

const char *tensor_file_metadata(const struct tensor_file *f, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(f->metadata, key));
}

/* ---- writing -------------------------------------------------------------------- */

/* The header as text, padded with blanks so that the data begin at a multiple of 8. */
static char *header_text(const struct tensor_out *tensors, size_t n, const char *const *metadata)
{
    cJSON *header = cJSON_CreateObject();
    struct strbuf text = {0};
    double at = 0;
    char *json;

    if (metadata && metadata[0]) {
        cJSON *pairs = cJSON_AddObjectToObject(header, METADATA);

        for (size_t i = 0; metadata[i]; i += 2)
            cJSON_AddStringToObject(pairs, metadata[i], metadata[i + 1]);
    }
    for (size_t i = 0; i < n; i++) {
        cJSON *one = cJSON_AddObjectToObject(header, tensors[i].name), *shape, *offsets;

        cJSON_AddStringToObject(one, "dtype", "F32");
        shape = cJSON_AddArrayToObject(one, "shape");
        for (int64_t k = 0; k < tensors[i].shape.rank; k++)
            cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)tensors[i].shape.dim[k]));
        offsets = cJSON_AddArrayToObject(one, "data_offsets");
        cJSON_AddItemToArray(offsets, cJSON_CreateNumber(at));
        at += (double)fell_size(&tensors[i].shape) * (double)sizeof(float);
        cJSON_AddItemToArray(offsets, cJSON_CreateNumber(at));
    }
    json = cJSON_PrintUnformatted(header);
    cJSON_Delete(header);
    if (!json)
        return NULL;
    strbuf_add(&text, json);
    cJSON_free(json);
    while (text.len % 8)
        strbuf_add(&text, " ");
    return text.text;
}

static bool write_tensors(FILE *to, const char *header, const struct tensor_out *tensors, size_t n)
{
    uint64_t len = strlen(header);
    bool good = fwrite(&len, sizeof len, 1, to) == 1 && fwrite(header, 1, len, to) == len;

    for (size_t i = 0; good && i < n; i++) {
        size_t count = (size_t)fell_size(&tensors[i].shape);

        good = fwrite(tensors[i].values, sizeof(float), count, to) == count;
    }
    return good && fflush(to) == 0;
}

status tensor_file_write(const char *path, const struct tensor_out *tensors, size_t n,
                         const char *const *metadata, struct error *err)
{
    struct new_file f;
    char *header;

    if (new_file_begin(&f, path, err) != OK)
        return FAILED;
    header = header_text(tensors, n, metadata);
    if (header && write_tensors(f.to, header, tensors, n)) {
        free(header);
        return new_file_end(&f, NEW_FILE_REPLACE, err);
    }
    error_set(err, "cannot write '%s': %s", path, header ? strerror(errno) : "out of memory");
    new_file_end(&f, NEW_FILE_DROP, NULL);
    free(header);
    return FAILED;
}

status tensor_file_bytes(const struct tensor_out *tensors, size_t n, const char *const *metadata,
                         char **bytes, size_t *size, struct error *err)
{
    char *header = header_text(tensors, n, metadata);
    FILE *to = open_memstream(bytes, size);
    const bool good = header && to && write_tensors(to, header, tensors, n);

    free(header);
    /* Where the last of its memory cannot be had, fclose() gives no bytes and says nothing. */
    if (to && fclose(to) == 0 && good && *bytes)
        return OK;
    if (to)
        free(*bytes);
    *bytes = NULL;
    return error_set(err, "cannot keep a state: out of memory");
}
