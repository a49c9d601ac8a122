/* onnx_graph.h - an ONNX model while it is made: nodes, tensors, inputs and outputs, and its bytes.
 *
 * Knows nothing of nets. Everything belongs to the graph, texts and arrays that it is given too (they are
 * copied); names are handed back and name values from then on.
 */
#ifndef EXPORT_ONNX_GRAPH_H
#define EXPORT_ONNX_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

enum { ONNX_OPSET = 18, ONNX_IR_VERSION = 8 };

/* TensorProto.DataType of what is written. */
enum onnx_type { ONNX_FLOAT = 1, ONNX_INT64 = 7, ONNX_DOUBLE = 11 };

struct onnx_graph;

struct onnx_graph *onnx_new(void);
void onnx_free(struct onnx_graph *g);
struct arena *onnx_arena(struct onnx_graph *g); /* for what must live as long */

/* A tensor that the file holds, of VALUES [product of dim]; NAME "": one is made up. Its name. */
const char *onnx_tensor(struct onnx_graph *g, const char *name, enum onnx_type type, int64_t rank,
                        const int64_t *dim, const void *values);

/* An attribute of a node. */
struct onnx_attribute {
    const char *name;
    enum onnx_attribute_type {
        ONNX_A_FLOAT = 1,
        ONNX_A_INT,
        ONNX_A_STRING,
        ONNX_A_INTS = 7,
        ONNX_A_STRINGS
    } type;
    double number;       /* FLOAT, INT */
    const char *text;    /* STRING; STRINGS: one after every blank */
    size_t n;            /* INTS */
    const int64_t *ints; /* [n] */
};

/* A node OP of INPUT [ninput] ("": left out), whose output NUMBER is wanted. Its name, WHERE with what tells
 * it from others. */
const char *onnx_node(struct onnx_graph *g, const char *where, const char *op, size_t ninput,
                      const char *const *input, size_t number, size_t nattributes,
                      const struct onnx_attribute *attribute);

/* What the model takes and gives: rows [N, dim...] of TYPE; DOC for people. An output is a value VALUE by
 * another name. */
void onnx_input(struct onnx_graph *g, const char *name, enum onnx_type type, int64_t rank, const int64_t *dim,
                const char *doc);
void onnx_output(struct onnx_graph *g, const char *name, const char *value, int64_t rank, const int64_t *dim,
                 const char *doc);

void onnx_metadata(struct onnx_graph *g, const char *key, const char *value);

/* The file; free() it. NAME of the graph, DOC of the model. */
uint8_t *onnx_bytes(struct onnx_graph *g, const char *name, const char *doc, size_t *size);

#endif
