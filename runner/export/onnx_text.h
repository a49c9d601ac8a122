/* onnx_text.h - what an entry of a model is in ONNX, as a text: the language of the tables in onnx_layers.c.
 *
 *     Add(MatMul(x, Transpose(@weight){perm=[1,0]}), @bias)
 *
 * An operator of ONNX takes values in parentheses; behind it its attributes in braces, and `.1` where its
 * second output is wanted. `name = VALUE; ...` names a value for what follows; the last value is the result.
 *
 * Values:
 *
 * - x, x0, x1 ...: the entry's inputs; `...` in the place of arguments: all of them.
 *
 * - @NAME: a tensor of the entry. One that is not in use falls out of the arguments, and a sum or product
 * that is left with one of them is that one.
 *
 * - $NAME: a setting, 0.5: a number; both as a scalar.
 *
 * - #3: a whole number as a scalar; [1,2]: whole numbers; f[1,0.5]: numbers.
 *
 * - _: an input that is left out.
 *
 * Attributes are whole numbers, numbers with a point, names, lists of whole numbers, 'words for a list of
 * texts', `type` (that of the numbers), and $NAME, a setting: `:N` makes it a list of N, whose numbers begin
 * again where there are fewer, and `|NAME` is another setting for an empty list or 0.
 */
#ifndef EXPORT_ONNX_TEXT_H
#define EXPORT_ONNX_TEXT_H

#include "base/error.h"
#include "export/onnx_graph.h"
#include "host/registry.h"

struct onnx_scope {
    struct onnx_graph *graph;
    const char *where;   /* what the names of nodes begin with */
    enum onnx_type type; /* of numbers */
    size_t ninputs;
    const char *const *input; /* [ninputs] values */
    const struct item *item;  /* and its settings */
    const void *settings;
    const char *(*tensor)(void *arg, const char *name); /* the value @NAME; "": not in use; NULL: unknown */
    void *arg;
};

/* The nodes of TEXT into the graph; the value that is its result, in OUT. Errors: the text is wrong, which is
 * the fault of this program. */
status onnx_text(const struct onnx_scope *s, const char *text, const char **out, struct error *err);

#endif
