/* csv.c - CSV files. The first byte chooses settings. */
#include "../../plugins/dataset/csv.c"

#include "dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const more[] = {"target: 0", "target: -1", "target: class", "target: [0, 1]"};
    char settings[256];

    if (n < 1)
        return 0;
    snprintf(settings, sizeof settings, "{path: %s, %s}", fuzz_file("data.csv", bytes + 1, n - 1),
             more[bytes[0] % 4]);
    fuzz_dataset(&csv, settings, bytes[0] & 4 ? FELL_VALUES : FELL_CLASSES);
    return 0;
}
