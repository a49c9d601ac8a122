/* other_files.h - what a file is that is not what it was taken for. Included by the datasets that read files;
 * knows first bytes alone.
 */
#ifndef DATASET_OTHER_FILES_H
#define DATASET_OTHER_FILES_H

#include <stddef.h>
#include <string.h>

/* What a file that begins with P [n] bytes is, where that is plain to see; NULL: it is not. */
static inline const char *file_likeness(const char *p, size_t n)
{
    static const struct {
        const char *begin, *what;
    } like[] = {{"PK\3\4", "a ZIP archive"},
                {"\x89PNG\r\n\x1a\n", "a PNG image"},
                {"\xff\xd8\xff", "a JPEG image"},
                {"GIF8", "a GIF image"},
                {"RIFF", "a RIFF file (WebP, WAV)"},
                {"%PDF", "a PDF"},
                {"\x93NUMPY", "an array of NumPy (.npy)"},
                {"\x89HDF", "an HDF5 file"},
                {"PAR1", "a Parquet file"},
                {"SQLite format 3", "an SQLite database"},
                {"\x80\4\x95", "a pickle of Python"},
                {"BZh", "compressed by bzip2"},
                {"\xfd\x37zXZ", "compressed by xz"},
                {"\x28\xb5\x2f\xfd", "compressed by zstd"},
                {"version https://git-lfs", "a pointer to the file, which Git LFS keeps (git lfs pull)"},
                {"<!DOCTYPE", "an HTML page; was the file behind a link or a login?"},
                {"<!doctype", "an HTML page; was the file behind a link or a login?"},
                {"<html", "an HTML page; was the file behind a link or a login?"}};

    for (size_t i = 0; i < sizeof like / sizeof *like; i++)
        if (n >= strlen(like[i].begin) && !memcmp(p, like[i].begin, strlen(like[i].begin)))
            return like[i].what;
    return NULL;
}

#endif
