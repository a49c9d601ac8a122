/* data_help.h - datasets in a test: files made for it in a scratch folder, a dataset
 * plugin opened and read, or refused with a sentence.
 *
 * Included by test_plugin_data.c and test_data_*.c.
 */
#ifndef DATA_HELP_H
#define DATA_HELP_H

#include <unistd.h>
#include <zlib.h>

#include "plugin_help.h"

/* ---- files made for a test ----------------------------------------------------------- */

/* A scratch folder of the test, emptied and removed by the last line of it. */
static inline const char *folder(void)
{
    static char path[256];

    if (!path[0]) {
        const char *tmp = getenv("TMPDIR");

        snprintf(path, sizeof path, "%s/fell-plugins-XXXXXX", tmp ? tmp : "/tmp");
        cr_assert(mkdtemp(path) != NULL);
    }
    return path;
}

static inline const char *in_folder(const char *name)
{
    static char path[2][512];
    static int turn;

    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder(), name);
    return path[turn];
}

/* N bytes as NAME, gzip where the name says so. */
static inline void write_file(const char *name, const void *bytes, size_t n)
{
    const size_t len = strlen(name);
    gzFile f = gzopen(in_folder(name), len > 3 && !strcmp(name + len - 3, ".gz") ? "wb" : "wbT");

    cr_assert(f != NULL);
    cr_assert_eq(gzwrite(f, bytes, (unsigned)n), (int)n);
    cr_assert_eq(gzclose(f), Z_OK);
}

static inline void write_text(const char *name, const char *text)
{
    write_file(name, text, strlen(text));
}

static inline void remove_files(const char *const *names)
{
    for (; *names; names++)
        unlink(in_folder(*names));
    cr_assert_eq(rmdir(folder()), 0);
}

/* ---- a dataset, opened and read ---------------------------------------------------------- */

struct opened {
    struct plugin p;
    fell_data_info info;
    float *x, *target;
    double *x64; /* where the dataset gives doubles; x has them as floats */
    int32_t *label;
};

/* SETTINGS may hold one %s for the scratch folder. */
static inline fell_status data_try(struct opened *o, const char *name, const char *settings, uint64_t wanted)
{
    char text[1024];

    memset(o, 0, sizeof *o);
    if (strstr(settings, "%s"))
        snprintf(text, sizeof text, settings, folder(), folder());
    else
        snprintf(text, sizeof text, "%s", settings);
    plugin_open(&o->p, ROLE_DATASET, name, text, SIMD_PORTABLE);
    o->p.in.stream = rng_stream(5, RNG_DATA, 0, 0);
    o->info = (fell_data_info){.ctx = &o->p.in.ctx, .settings = o->p.settings, .wanted = wanted};
    return o->p.item->dataset->open(&o->info);
}

/* All rows, backwards, so that order is seen to be honoured. */
static inline void data_open(struct opened *o, const char *name, const char *settings, uint64_t wanted)
{
    fell_read_call c;
    int64_t *row;

    plugin_ok(&o->p, data_try(o, name, settings, wanted));
    o->x = floats_of(o->info.rows * fell_size(&o->info.x), NAN);
    row = mem_array((size_t)o->info.rows, sizeof *row);
    for (int64_t i = 0; i < o->info.rows; i++)
        row[i] = o->info.rows - 1 - i;
    c = (fell_read_call){.ctx = &o->p.in.ctx,
                         .settings = o->p.settings,
                         .self = o->info.self,
                         .n = o->info.rows,
                         .row = row,
                         .x = o->x};
    if (o->info.doubles) {
        c.x = NULL;
        c.x64 = o->x64 = mem_array((size_t)(o->info.rows * fell_size(&o->info.x)), sizeof *c.x64);
    }
    if (o->info.is == FELL_CLASSES)
        c.label = o->label = mem_array((size_t)(o->info.rows * fell_size(&o->info.target)), sizeof *c.label);
    else
        c.target = o->target = floats_of(o->info.rows * fell_size(&o->info.target), NAN);
    plugin_ok(&o->p, o->p.item->dataset->read(&c));
    for (int64_t i = 0; o->x64 && i < o->info.rows * fell_size(&o->info.x); i++)
        o->x[i] = (float)o->x64[i];
    free(row);
}

static inline void data_close(struct opened *o)
{
    if (o->p.item->dataset->close && o->info.self)
        o->p.item->dataset->close(o->info.self);
    plugin_close(&o->p);
    free(o->x), free(o->x64), free(o->target), free(o->label);
}

/* %s in a message is the scratch folder. */
static inline void assert_refused(const char *name, const char *settings, uint64_t wanted,
                                  const char *message)
{
    char text[1024];
    struct opened o;

    if (strstr(message, "%s"))
        snprintf(text, sizeof text, message, folder());
    else
        snprintf(text, sizeof text, "%s", message);
    plugin_fails(&o.p, data_try(&o, name, settings, wanted), text);
    data_close(&o);
}

#define WRITE(name, text) write_file(name, text, sizeof(text) - 1)

#endif
