/* csv.c - CSV files, read in pieces so small that most records are cut. The first four bytes choose settings.
 */
#define FILE_CHUNK ((size_t)23)
#include "../../plugins/dataset/csv.c"

#include "dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char settings[256];

    if (n < 4)
        return 0;
    snprintf(settings, sizeof settings, "{path: %s", fuzz_file("data.csv", bytes + 4, n - 4));
    fuzz_table(&csv, settings, bytes);
    return 0;
}
