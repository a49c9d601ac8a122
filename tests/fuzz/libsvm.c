/* libsvm.c - libsvm files. The first byte chooses settings. */
#include "../../plugins/dataset/libsvm.c"

#include "dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char settings[256];

    if (n < 1)
        return 0;
    snprintf(settings, sizeof settings, "{path: %s}", fuzz_file("data.svm", bytes + 1, n - 1));
    fuzz_dataset(&libsvm, settings, bytes[0] & 4 ? FELL_VALUES : FELL_CLASSES);
    return 0;
}
