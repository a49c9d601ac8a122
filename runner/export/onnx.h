/* onnx.h - a trained net as an ONNX model: `fell export --onnx`.
 *
 * The input is a row as the source gives it, and the transforms are nodes, as they were fitted; in double
 * where they took doubles. Where ONNX has no such transform the input is what the transforms make. Outputs
 * are what the last entry gives, `output`, and what `fell predict` says, `prediction`, where that is
 * something else: probabilities, or values in their own units.
 */
#ifndef EXPORT_ONNX_H
#define EXPORT_ONNX_H

#include "engine/fitted.h"
#include "engine/net.h"

struct onnx_about {
    const char *name;   /* of the experiment */
    int64_t run, epoch; /* run 0: unknown */
};

/* The net of SPEC with the weights in the file WEIGHTS, on rows that F tells of. The bytes of the file, to
 * free(), in OUT; *WITHOUT: the transform that is not in it, which the input has to come from, or NULL.
 * Errors: the weights do not fit; ONNX has no such layer, which is named; more than the 2 GB that the format
 * takes. */
status onnx_export(const struct spec *spec, const struct fitted *f, struct host_env *env, const char *weights,
                   const struct onnx_about *about, uint8_t **out, size_t *size, const char **without,
                   struct error *err);

#endif
