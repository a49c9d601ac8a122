/* sqlite.c - databases that are data. The first four bytes choose settings, the first also the query. */
#include "../../plugins/dataset/sqlite.c"

#include "dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const query[] = {
        "SELECT * FROM flowers", "SELECT a, b, class FROM flowers WHERE a > 0",
        "SELECT a, class FROM flowers", "SELECT rowid AS a, class FROM flowers"};
    char settings[256];

    if (n < 4)
        return 0;
    snprintf(settings, sizeof settings, "{path: %s, query: \"%s\"", fuzz_file("data.db", bytes + 4, n - 4),
             query[bytes[0] / 8 % 4]);
    fuzz_table(&sqlite, settings, bytes);
    return 0;
}
