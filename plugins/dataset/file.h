/* file.h - the bytes of a data file, unpacked where it is gzip.
 *
 * Included by the datasets that read files; they link zlib, which passes over
 * plain files as they are. Nothing here knows a format.
 */
#ifndef DATASET_FILE_H
#define DATASET_FILE_H

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "fell/plugin.h"

/* The last part of a path, for messages. */
static inline const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static inline fell_status file_out_of_memory(fell_ctx *ctx, const char *setting, const char *path)
{
    return fell_fail(ctx, "%s: there is not enough memory for %s", setting, file_name(path));
}

/* The first MOST bytes of the file at PATH (all, if it has no more) in *BYTES,
 * which is the caller's to free and has a NUL behind it. SETTING names the path in
 * messages: missing or unreadable file, damaged or truncated gzip, memory. */
static inline fell_status file_read(fell_ctx *ctx, const char *setting, const char *path, size_t most,
                                    char **bytes, size_t *n)
{
    enum { CHUNK = 1 << 18 };
    fell_status result = FELL_ERROR;
    size_t have = 0, room = 0;
    char *buffer = NULL;
    gzFile f;
    int got = 1, code = Z_OK;

    errno = 0;
    f = gzopen(path, "rb");
    if (!f)
        return fell_fail(ctx, "%s: cannot open %s: %s", setting, path, strerror(errno ? errno : ENOMEM));
    (void)gzbuffer(f, CHUNK);
    while (have < most && got > 0) {
        if (room - have < CHUNK + 1) {
            char *larger = realloc(buffer, room = 2 * room + 2 * CHUNK);

            if (!larger) {
                file_out_of_memory(ctx, setting, path);
                goto out;
            }
            buffer = larger;
        }
        got = gzread(f, buffer + have, most - have < CHUNK ? (unsigned)(most - have) : CHUNK);
        have += got > 0 ? (size_t)got : 0;
    }
    if (got < 0) {
        const char *why = gzerror(f, &code);

        fell_fail(ctx, "%s: cannot read %s: %s", setting, path,
                  code == Z_ERRNO       ? strerror(errno)
                  : code == Z_BUF_ERROR ? "the file is cut short"
                                        : why);
        goto out;
    }
    result = FELL_OK;

out:
    code = gzclose(f);
    if (result == FELL_OK && code == Z_BUF_ERROR && have < most)
        result = fell_fail(ctx, "%s: cannot read %s: the file is cut short", setting, path);
    if (result != FELL_OK) {
        free(buffer);
        return result;
    }
    if (buffer)
        buffer[have] = '\0';
    *bytes = buffer;
    *n = have;
    return FELL_OK;
}

#endif
