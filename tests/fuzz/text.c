/* text.c - texts as rows of units. The first two bytes choose the settings. */
#include "../../plugins/dataset/text.c"

#include "dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const unit[] = {"char", "byte", "word"};
    static const char *const encoding[] = {"utf8", "latin1", "cp1252"};
    static const char *const part[] = {"[0, 1]", "[0, 0.9]", "[0.5, 1]", "[0.25, 0.25]"};
    char settings[256];

    if (n < 2)
        return 0;
    snprintf(settings, sizeof settings,
             "{path: %s, unit: %s, encoding: %s, part: %s, length: %d, stride: %d}",
             fuzz_file("data.txt", bytes + 2, n - 2), unit[bytes[0] % 3], encoding[bytes[0] / 3 % 3],
             part[bytes[0] / 9 % 4], 1 + bytes[1] % 16, bytes[1] / 16);
    fuzz_dataset(&text, settings, FELL_CLASSES);
    return 0;
}
