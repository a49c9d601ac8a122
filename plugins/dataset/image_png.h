/* image_png.h - a PNG file in memory to pixels, by libpng. Included by image_folder.c.
 *
 * libpng leaves by longjmp() where something is wrong. Nothing that the jump passes
 * over owns memory: what was allocated is found through struct png_work.
 */
#ifndef DATASET_IMAGE_PNG_H
#define DATASET_IMAGE_PNG_H

#include <png.h>

#include "image.h"

struct png_work {
    const unsigned char *bytes;
    size_t n, at;
    struct image *im;
    png_bytep *row;
};

static inline bool png_is(const unsigned char *bytes, size_t n)
{
    return n >= 8 && png_sig_cmp(bytes, 0, 8) == 0;
}

static void png_take(png_structp png, png_bytep to, png_size_t n)
{
    struct png_work *w = png_get_io_ptr(png);

    if (n > w->n - w->at)
        png_error(png, "the file is cut short");
    memcpy(to, w->bytes + w->at, n);
    w->at += n;
}

static void png_on_error(png_structp png, png_const_charp text)
{
    struct png_work *w = png_get_error_ptr(png);

    if (!w->im->why[0])
        snprintf(w->im->why, sizeof w->im->why, "is a damaged PNG: %.150s", text);
    png_longjmp(png, 1);
}

static void png_on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

/* Everything to 8 bits of grey or RGB, without transparency. */
static void png_decode(png_structp png, png_infop info, struct png_work *w, bool head_only)
{
    int64_t height, stride;

    png_set_read_fn(png, w, png_take);
    png_set_user_limits(png, 1 << 24, 1 << 24);
    /* Texts, profiles and the like are passed over: for each libpng allocates what its length says. */
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(png, info);
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_strip_alpha(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    height = png_get_image_height(png, info);
    stride = (int64_t)png_get_rowbytes(png, info);
    if (!image_begin(w->im, png_get_image_width(png, info), height, png_get_channels(png, info), head_only))
        png_error(png, "too large");
    if (head_only)
        return;
    if (stride != w->im->width * w->im->channels)
        png_error(png, "it has an unknown form of pixels");
    w->row = malloc((size_t)height * sizeof *w->row);
    if (!w->row)
        png_error(png, "memory is out");
    for (int64_t y = 0; y < height; y++)
        w->row[y] = w->im->pixel + y * stride;
    png_read_image(png, w->row);
    png_read_end(png, NULL);
}

static bool png_read_bytes(const unsigned char *bytes, size_t n, bool head_only, struct image *im)
{
    struct png_work w = {.bytes = bytes, .n = n, .im = im};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &w, png_on_error, png_on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;

    if (!info)
        snprintf(im->why, sizeof im->why, "cannot be read: memory is out");
    else if (setjmp(png_jmpbuf(png)) == 0)
        png_decode(png, info, &w, head_only);
    png_destroy_read_struct(png ? &png : NULL, info ? &info : NULL, NULL);
    free(w.row);
    return !im->why[0];
}

#endif
