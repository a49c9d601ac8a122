/* idx.c - pairs of IDX files: the first byte says where the second begins. The first byte chooses settings.
 */
#include "../../plugins/dataset/idx.c"

#include "dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const size_t first = n < 2 ? 0 : (n - 1) * bytes[0] / 255;
    const char *a, *b;
    char settings[256];

    if (n < 2)
        return 0;
    a = fuzz_file("a", bytes + 1, first);
    b = fuzz_file("b", bytes + 1 + first, n - 1 - first);
    snprintf(settings, sizeof settings, "{images: %s, labels: %s}", a, b);
    fuzz_dataset(&idx, settings, FELL_CLASSES);
    return 0;
}
