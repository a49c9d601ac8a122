/* idx.c - pairs of IDX files: the first byte says where the second begins. The first byte chooses settings.
 */
#include "../../plugins/dataset/idx.c"

#include "dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const char *a, *b;
    char settings[256];

    if (!fuzz_pair(bytes, n, &a, &b))
        return 0;
    snprintf(settings, sizeof settings, "{images: %s, labels: %s}", a, b);
    fuzz_dataset(&idx, settings, FELL_CLASSES);
    return 0;
}
