/* fuzz.h - what the harnesses share. Each is one file with LLVMFuzzerTestOneInput(), linked with the
 * program's library, for one reader of what comes from outside. run.sh builds and runs them.
 *
 * What is printed goes nowhere; libFuzzer and the sanitizers write to the descriptor.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* A folder of this process in memory, made at the first call; it is left behind, run.sh removes it. */
static inline const char *fuzz_folder(void)
{
    static char folder[64];

    if (!folder[0]) {
        const char *parent = getenv("FUZZ_SCRATCH");

        snprintf(folder, sizeof folder, "%s/%ld", parent ? parent : "/dev/shm", (long)getpid());
        if (mkdir(folder, 0700) != 0)
            abort();
        stdout = fopen("/dev/null", "w");
        stderr = fopen("/dev/null", "w");
        if (!stdout || !stderr)
            abort();
    }
    return folder;
}

/* The file NAME in it, with these bytes; its path. At most four names at a time. */
static inline const char *fuzz_file(const char *name, const void *bytes, size_t n)
{
    static char path[4][128];
    static unsigned next;
    char *here = path[next++ % 4];
    FILE *f;

    snprintf(here, sizeof path[0], "%s/%s", fuzz_folder(), name);
    f = fopen(here, "w");
    if (!f || (n && fwrite(bytes, 1, n, f) != n) || fclose(f) != 0)
        abort();
    return here;
}

#endif
