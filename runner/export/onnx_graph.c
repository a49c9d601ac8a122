/* onnx_graph.c - see onnx_graph.h. Messages are protobuf-c's, of onnx.proto. */
#include "export/onnx_graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "export/onnx.pb-c.h"

struct onnx_graph {
    struct arena *arena;
    Onnx__ModelProto model;
    Onnx__GraphProto graph;
    size_t made; /* names made up */
};

/* Room for one more of N pointers at LIST, by doubling. */
#define ROOM(list, n)                                                                                        \
    do {                                                                                                     \
        if (((n) & ((n)-1)) == 0)                                                                            \
            (list) = mem_grow((list), (n) ? 2 * (n) : 1, sizeof *(list));                                    \
    } while (0)

static char *text(struct onnx_graph *g, const char *t)
{
    return arena_string(g->arena, t, strlen(t));
}

struct onnx_graph *onnx_new(void)
{
    struct onnx_graph *g = mem_alloc(sizeof *g);

    g->arena = arena_new();
    onnx__model_proto__init(&g->model);
    onnx__graph_proto__init(&g->graph);
    return g;
}

void onnx_free(struct onnx_graph *g)
{
    if (!g)
        return;
    free(g->graph.node);
    free(g->graph.initializer);
    free(g->graph.input);
    free(g->graph.output);
    free(g->model.metadata_props);
    arena_free(g->arena);
    free(g);
}

struct arena *onnx_arena(struct onnx_graph *g)
{
    return g->arena;
}

static size_t type_size(enum onnx_type type)
{
    return type == ONNX_FLOAT ? sizeof(float) : sizeof(double);
}

const char *onnx_tensor(struct onnx_graph *g, const char *name, enum onnx_type type, int64_t rank,
                        const int64_t *dim, const void *values)
{
    Onnx__TensorProto *t = arena_alloc(g->arena, sizeof *t);
    size_t size = type_size(type);

    onnx__tensor_proto__init(t);
    t->n_dims = (size_t)rank;
    t->dims = arena_alloc(g->arena, ((size_t)rank + 1) * sizeof *t->dims);
    for (int64_t i = 0; i < rank; i++) {
        t->dims[i] = dim[i];
        size *= (size_t)dim[i];
    }
    t->has_data_type = true;
    t->data_type = (int32_t)type;
    t->name = *name ? text(g, name) : arena_format(g->arena, "constant_%zu", ++g->made);
    t->has_raw_data = true;
    t->raw_data.len = size;
    t->raw_data.data = arena_alloc(g->arena, size + 1);
    memcpy(t->raw_data.data, values,
           size); /* as this machine has them: all that fell runs on are little-endian */
    ROOM(g->graph.initializer, g->graph.n_initializer);
    g->graph.initializer[g->graph.n_initializer++] = t;
    return t->name;
}

static void strings(struct onnx_graph *g, const char *words, Onnx__AttributeProto *to)
{
    to->strings = arena_alloc(g->arena, (strlen(words) + 1) * sizeof *to->strings);
    while (*words) {
        const size_t n = strcspn(words, " ");

        to->strings[to->n_strings++] = (ProtobufCBinaryData){n, (uint8_t *)arena_string(g->arena, words, n)};
        words += n + (words[n] == ' ');
    }
}

static Onnx__AttributeProto *attribute_message(struct onnx_graph *g, const struct onnx_attribute *a)
{
    Onnx__AttributeProto *to = arena_alloc(g->arena, sizeof *to);

    onnx__attribute_proto__init(to);
    to->name = text(g, a->name);
    to->has_type = true;
    to->type = (int32_t)a->type;
    switch (a->type) {
    case ONNX_A_FLOAT:
        to->has_f = true;
        to->f = (float)a->number;
        break;
    case ONNX_A_INT:
        to->has_i = true;
        to->i = (int64_t)a->number;
        break;
    case ONNX_A_STRING:
        to->has_s = true;
        to->s = (ProtobufCBinaryData){strlen(a->text), (uint8_t *)text(g, a->text)};
        break;
    case ONNX_A_INTS:
        to->n_ints = a->n;
        to->ints = arena_alloc(g->arena, (a->n + 1) * sizeof *to->ints);
        memcpy(to->ints, a->ints, a->n * sizeof *to->ints);
        break;
    case ONNX_A_STRINGS:
        strings(g, a->text, to);
        break;
    }
    return to;
}

const char *onnx_node(struct onnx_graph *g, const char *where, const char *op, size_t ninput,
                      const char *const *input, size_t number, size_t nattributes,
                      const struct onnx_attribute *attribute)
{
    Onnx__NodeProto *node = arena_alloc(g->arena, sizeof *node);

    onnx__node_proto__init(node);
    node->name = arena_format(g->arena, "%s/%s_%zu", where, op, g->graph.n_node);
    node->op_type = text(g, op);
    node->n_input = ninput;
    node->input = arena_alloc(g->arena, (ninput + 1) * sizeof *node->input);
    for (size_t i = 0; i < ninput; i++)
        node->input[i] = text(g, input[i]);
    node->n_output = number + 1;
    node->output = arena_alloc(g->arena, node->n_output * sizeof *node->output);
    for (size_t i = 0; i < number; i++)
        node->output[i] = text(g, "");
    node->output[number] = arena_format(g->arena, "%s_out", node->name);
    node->n_attribute = nattributes;
    node->attribute = arena_alloc(g->arena, (nattributes + 1) * sizeof(Onnx__AttributeProto *));
    for (size_t i = 0; i < nattributes; i++)
        node->attribute[i] = attribute_message(g, &attribute[i]);
    ROOM(g->graph.node, g->graph.n_node);
    g->graph.node[g->graph.n_node++] = node;
    return node->output[number];
}

/* ---- what goes in and comes out --------------------------------------------------------- */

static Onnx__TensorShapeProto__Dimension *dimension(struct onnx_graph *g, int64_t size, const char *word)
{
    Onnx__TensorShapeProto__Dimension *d = arena_alloc(g->arena, sizeof *d);

    onnx__tensor_shape_proto__dimension__init(d);
    if (word) {
        d->dim_param = text(g, word);
    } else {
        d->has_dim_value = true;
        d->dim_value = size;
    }
    return d;
}

static Onnx__ValueInfoProto *rows(struct onnx_graph *g, const char *name, enum onnx_type type, int64_t rank,
                                  const int64_t *dim, const char *doc)
{
    Onnx__ValueInfoProto *v = arena_alloc(g->arena, sizeof *v);
    Onnx__TypeProto *t = arena_alloc(g->arena, sizeof *t);
    Onnx__TypeProto__Tensor *tensor = arena_alloc(g->arena, sizeof *tensor);
    Onnx__TensorShapeProto *shape = arena_alloc(g->arena, sizeof *shape);

    onnx__value_info_proto__init(v);
    onnx__type_proto__init(t);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(shape);
    v->name = text(g, name);
    v->doc_string = text(g, doc);
    v->type = t;
    t->tensor_type = tensor;
    tensor->has_elem_type = true;
    tensor->elem_type = (int32_t)type;
    tensor->shape = shape;
    shape->n_dim = (size_t)rank + 1;
    shape->dim = arena_alloc(g->arena, shape->n_dim * sizeof(Onnx__TensorShapeProto__Dimension *));
    shape->dim[0] = dimension(g, 0, "rows");
    for (int64_t i = 0; i < rank; i++)
        shape->dim[i + 1] = dimension(g, dim[i], NULL);
    return v;
}

void onnx_input(struct onnx_graph *g, const char *name, enum onnx_type type, int64_t rank, const int64_t *dim,
                const char *doc)
{
    ROOM(g->graph.input, g->graph.n_input);
    g->graph.input[g->graph.n_input++] = rows(g, name, type, rank, dim, doc);
}

void onnx_output(struct onnx_graph *g, const char *name, const char *value, int64_t rank, const int64_t *dim,
                 const char *doc)
{
    const char *made = onnx_node(g, "", "Identity", 1, &value, 0, 0, NULL);
    Onnx__NodeProto *node = g->graph.node[g->graph.n_node - 1];

    (void)made;
    node->output[0] = text(g, name);
    ROOM(g->graph.output, g->graph.n_output);
    g->graph.output[g->graph.n_output++] = rows(g, name, ONNX_FLOAT, rank, dim, doc);
}

void onnx_metadata(struct onnx_graph *g, const char *key, const char *value)
{
    Onnx__StringStringEntryProto *e = arena_alloc(g->arena, sizeof *e);

    onnx__string_string_entry_proto__init(e);
    e->key = text(g, key);
    e->value = text(g, value);
    ROOM(g->model.metadata_props, g->model.n_metadata_props);
    g->model.metadata_props[g->model.n_metadata_props++] = e;
}

uint8_t *onnx_bytes(struct onnx_graph *g, const char *name, const char *doc, size_t *size)
{
    static char domain[] = "";
    Onnx__OperatorSetIdProto set, *sets[1] = {&set};
    uint8_t *bytes;

    onnx__operator_set_id_proto__init(&set);
    set.domain = domain;
    set.has_version = true;
    set.version = ONNX_OPSET;
    g->model.has_ir_version = true;
    g->model.ir_version = ONNX_IR_VERSION;
    g->model.producer_name = text(g, "fellrunner");
    g->model.producer_version = text(g, program_version);
    g->model.doc_string = text(g, doc);
    g->graph.name = text(g, name);
    g->model.graph = &g->graph;
    g->model.n_opset_import = 1;
    g->model.opset_import = sets;
    *size = onnx__model_proto__get_packed_size(&g->model);
    bytes = mem_alloc(*size + 1);
    onnx__model_proto__pack(&g->model, bytes);
    g->model.n_opset_import = 0;
    g->model.opset_import = NULL;
    return bytes;
}
