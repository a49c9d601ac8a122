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

#ifndef FILE_CHUNK /* tests have it small, so that all is cut somewhere */
#define FILE_CHUNK ((size_t)1 << 18)
#endif

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

/* The file at PATH, to be read in large pieces. SETTING names the path in messages: missing, unreadable. */
static inline fell_status file_open(fell_ctx *ctx, const char *setting, const char *path, gzFile *f)
{
    errno = 0;
    *f = gzopen(path, "rb");
    if (!*f)
        return fell_fail(ctx, "%s: cannot open %s: %s", setting, path, strerror(errno ? errno : ENOMEM));
    (void)gzbuffer(*f, (unsigned)FILE_CHUNK);
    return FELL_OK;
}

/* What zlib says of F, if that is bad: cannot be read, damaged, cut short. */
static inline fell_status file_check(fell_ctx *ctx, const char *setting, const char *path, gzFile f)
{
    int code = Z_OK;
    const char *why = gzerror(f, &code);

    if (code == Z_OK || code == Z_STREAM_END)
        return FELL_OK;
    return fell_fail(ctx, "%s: cannot read %s: %s", setting, path,
                     code == Z_ERRNO       ? strerror(errno)
                     : code == Z_BUF_ERROR ? "the file is cut short"
                                           : why);
}

/* The first MOST bytes of the file at PATH (all, if it has no more) in *BYTES,
 * which is the caller's to free and has a NUL behind it. SETTING names the path in
 * messages: missing or unreadable file, damaged or truncated gzip, memory. */
static inline fell_status file_read(fell_ctx *ctx, const char *setting, const char *path, size_t most,
                                    char **bytes, size_t *n)
{
    fell_status result = FELL_ERROR;
    size_t have = 0, room = 0;
    char *buffer = NULL;
    gzFile f;
    int got = 1;

    if (file_open(ctx, setting, path, &f) != FELL_OK)
        return FELL_ERROR;
    while (have < most && got > 0) {
        if (room - have < FILE_CHUNK + 1) {
            char *larger = realloc(buffer, room = 2 * room + 2 * FILE_CHUNK);

            if (!larger) {
                file_out_of_memory(ctx, setting, path);
                goto out;
            }
            buffer = larger;
        }
        got = gzread(f, buffer + have, (unsigned)(most - have < FILE_CHUNK ? most - have : FILE_CHUNK));
        have += got > 0 ? (size_t)got : 0;
    }
    if (have < most && file_check(ctx, setting, path, f) != FELL_OK)
        goto out;
    result = FELL_OK;

out:
    gzclose(f);
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
