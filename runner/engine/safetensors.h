/* safetensors.h - read and write the safetensors format (8 bytes of length, a JSON
 * header, raw little-endian tensors).
 */
#ifndef ENGINE_SAFETENSORS_H
#define ENGINE_SAFETENSORS_H

#include "base/error.h"
#include "base/mem.h"
#include "fell/plugin.h"

struct tensor_file;

/* Errors name what is wrong: truncated, header not JSON, offsets outside the file or
 * overlapping, an unknown dtype. F64, F16 and BF16 are converted; whole
 * numbers and truth values, which are no weights, are listed without their values. */
status tensor_file_open(const char *path, struct tensor_file **out, struct error *err);
void tensor_file_close(struct tensor_file *f);
size_t tensor_file_count(const struct tensor_file *f);
/* Name, shape (rank 0..4) and values of tensor I, or by name; NULL if absent. */
struct tensor_file_entry {
    const char *name, *dtype;
    int64_t rank, dim[8];
    int64_t n;
    const float *values; /* NULL: of whole numbers or truth values */
    const float *small;  /* of truth values and whole numbers of one byte; else NULL */
};
/* Whether it has the shape S; its own as text, "[3, 2]", appended to OUT. */
bool tensor_file_has_shape(const struct tensor_file_entry *e, const fell_shape *s);
void tensor_dims_text(const int64_t *dim, int64_t rank, struct strbuf *out);

const struct tensor_file_entry *tensor_file_at(const struct tensor_file *f, size_t i);
const struct tensor_file_entry *tensor_file_find(const struct tensor_file *f, const char *name);
const char *tensor_file_metadata(const struct tensor_file *f, const char *key); /* NULL */

/* Written whole or not at all (base/new_file.h). */
struct tensor_out {
    const char *name;
    fell_shape shape;
    const float *values;
};
status tensor_file_write(const char *path, const struct tensor_out *tensors, size_t n,
                         const char *const *metadata /* key, value, ..., NULL */, struct error *err);
/* What such a file holds; free() it. */
status tensor_file_bytes(const struct tensor_out *tensors, size_t n, const char *const *metadata,
                         char **bytes, size_t *size, struct error *err);

#endif
