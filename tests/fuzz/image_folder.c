/* image_folder.c - folders of PNG and JPEG images, one of them the input. The first byte chooses settings. */
#include "../../plugins/dataset/image_folder.c"

#include "dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const more[] = {"", ", shape: [3,4,4]", ", shape: [1,2,2]", ""};
    char settings[256], folder[128];

    if (n < 1)
        return 0;
    snprintf(folder, sizeof folder, "%s/a", fuzz_folder());
    mkdir(folder, 0700);
    folder[strlen(folder) - 1] = 0x62;
    mkdir(folder, 0700);
    fuzz_file("a/1.png", bytes + 1, n - 1);
    fuzz_file("b/1.jpg", bytes + 1, n - 1);
    snprintf(settings, sizeof settings, "{path: %s%s}", fuzz_folder(), more[bytes[0] % 4]);
    fuzz_dataset(&image_folder, settings, FELL_CLASSES);
    return 0;
}
