/* sqlite.c - databases that are data. The first byte chooses settings. */
#include "../../plugins/dataset/sqlite.c"

#include "dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const query[] = {
        "SELECT * FROM flowers", "SELECT a, b, class FROM flowers WHERE a > 0",
        "SELECT a, class FROM flowers", "SELECT rowid AS a, class FROM flowers"};
    char settings[256];

    if (n < 1)
        return 0;
    snprintf(settings, sizeof settings, "{path: %s, query: \"%s\", target: class}",
             fuzz_file("data.db", bytes + 1, n - 1), query[bytes[0] % 4]);
    fuzz_dataset(&sqlite, settings, bytes[0] & 4 ? FELL_VALUES : FELL_CLASSES);
    return 0;
}
