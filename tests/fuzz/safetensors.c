/* safetensors.c - weights, and checkpoints: the same file with metadata. */
#include "engine/checkpoint.h"
#include "engine/safetensors.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const char *path = fuzz_file("weights.safetensors", bytes, n);
    struct tensor_file *f = NULL;
    struct checkpoint at = {.seed = 0};
    struct error err;

    if (tensor_file_open(path, &f, &err) == OK) {
        double sum = 0;

        for (size_t i = 0; i < tensor_file_count(f); i++) {
            const struct tensor_file_entry *e = tensor_file_at(f, i);
            size_t count = 1;

            for (int k = 0; k < (int)e->rank; k++)
                count *= (size_t)e->dim[k];
            /* A tensor of whole numbers has no values: it is skipped by those who load weights. */
            for (size_t k = 0; e->values && k < count; k++)
                sum += (double)e->values[k];
            tensor_file_find(f, e->name);
        }
        tensor_file_metadata(f, "format");
        (void)sum;
    }
    tensor_file_close(f);
    checkpoint_peek(path, &at, &err);
    return 0;
}
