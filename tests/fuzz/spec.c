/* spec.c - whole specs with their sweep and overrides: behind a byte 0x1e stands each PATH=VALUE. */
#include "fuzz.h"
#include "trials/experiment.h"

enum { MOST_OVERRIDES = 8, MOST_TRIALS = 20 };

static void try_trials(struct experiment *e, struct diag *d)
{
    for (int64_t t = 0; t < MOST_TRIALS && t < e->ntrials && !e->adaptive; t++) {
        struct arena *arena = arena_new();
        struct trial trial;

        experiment_trial(e, t, arena, &trial, d);
        arena_free(arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct registry *registry;
    char *text = mem_alloc(n + 1), *rest = text, *part;
    const char *overrides[MOST_OVERRIDES], *path;
    size_t noverrides = 0;
    struct diag *d = diag_new();
    struct strbuf shown = {0};
    struct experiment *e;

    memcpy(text, bytes, n);
    part = strsep(&rest, "\x1e");
    path = fuzz_file("spec.yaml", part, rest ? strlen(part) : n);
    while (rest && noverrides < MOST_OVERRIDES)
        overrides[noverrides++] = strsep(&rest, "\x1e");
    if (!registry)
        registry = registry_new();
    e = experiment_load(registry, path, noverrides, overrides, d);
    if (e)
        try_trials(e, d);
    diag_write(d, &shown, false);
    experiment_free(e);
    strbuf_release(&shown);
    diag_free(d);
    free(text);
    return 0;
}
