/* npy.c - pairs of NPY files: the first byte says where the second begins. The first byte chooses settings.
 */
#include "../../plugins/dataset/npy.c"

#include "dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const char *a, *b;
    char settings[256];

    if (!fuzz_pair(bytes, n, &a, &b))
        return 0;
    snprintf(settings, sizeof settings, "{inputs: %s, targets: %s}", a, b);
    fuzz_dataset(&npy, settings, bytes[0] & 1 ? FELL_VALUES : FELL_CLASSES);
    return 0;
}
