/* image_jpeg.h - a JPEG file in memory to pixels, by libjpeg-turbo. Included by
 * image_folder.c.
 *
 * libjpeg calls error_exit(), which may not return: it jumps back here. It goes on
 * where data are damaged or cut short and only warns; here those are errors.
 */
#ifndef DATASET_IMAGE_JPEG_H
#define DATASET_IMAGE_JPEG_H

#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it first */
/* */
#include <jerror.h>
#include <jpeglib.h>

#include "image.h"

struct jpeg_work {
    struct jpeg_error_mgr errors; /* first, so that one is the other */
    jmp_buf back;
    struct image *im;
};

static inline bool jpeg_is(const unsigned char *bytes, size_t n)
{
    return n >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff;
}

static void jpeg_on_error(j_common_ptr common)
{
    struct jpeg_work *w = (struct jpeg_work *)(void *)common->err;
    char text[JMSG_LENGTH_MAX];

    common->err->format_message(common, text);
    if (!w->im->why[0])
        snprintf(w->im->why, sizeof w->im->why, "is a damaged JPEG: %.150s", text);
    longjmp(w->back, 1);
}

/* Level -1 is a warning. Some say that the file is unusual, the others that pixels are lost. */
static void jpeg_on_message(j_common_ptr common, int level)
{
    const int code = common->err->msg_code;

    if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_ADOBE_XFORM &&
        code != JWRN_BOGUS_PROGRESSION && code != JWRN_JFIF_MAJOR)
        jpeg_on_error(common);
}

/* N bytes of P as a number. */
static inline uint32_t exif_number(const unsigned char *p, int n, bool big)
{
    uint32_t u = 0;

    for (int i = 0; i < n; i++)
        u |= (uint32_t)p[big ? n - 1 - i : i] << 8 * i;
    return u;
}

/* What the tag Orientation of EXIF says in P [n], which is TIFF: 1 to 8, or 0. */
static inline int exif_orientation(const unsigned char *p, size_t n)
{
    const bool big = n > 0 && *p == 'M';
    size_t at, entries;

    if (n < 10 || (memcmp(p, "MM\0*", 4) != 0 && memcmp(p, "II*\0", 4) != 0))
        return 0;
    at = exif_number(p + 4, 4, big);
    if (at > n - 2)
        return 0;
    entries = exif_number(p + at, 2, big);
    for (at += 2; entries > 0 && n - at >= 12; entries--, at += 12)
        if (exif_number(p + at, 2, big) == 0x112) {
            const uint32_t value = exif_number(p + at + 8, 2, big);

            return value >= 1 && value <= 8 ? (int)value : 0;
        }
    return 0;
}

static inline int jpeg_orientation(const struct jpeg_decompress_struct *jpeg)
{
    for (jpeg_saved_marker_ptr m = jpeg->marker_list; m; m = m->next)
        if (m->marker == JPEG_APP0 + 1 && m->data_length > 6 && !memcmp(m->data, "Exif\0", 6))
            return exif_orientation(m->data + 6, m->data_length - 6);
    return 0;
}

/* The slow, exact transform: the same bits whatever instructions the processor has. */
static void jpeg_decode(struct jpeg_decompress_struct *jpeg, struct jpeg_work *w, const unsigned char *bytes,
                        size_t n, bool head_only)
{
    int64_t stride;

    jpeg_mem_src(jpeg, bytes, n);
    if (!head_only)
        jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(jpeg, TRUE);
    w->im->orientation = jpeg_orientation(jpeg);
    if (jpeg->num_components != 1 && jpeg->num_components != 3) {
        snprintf(w->im->why, sizeof w->im->why, "has %d colours a pixel (CMYK?); grey and RGB are read",
                 jpeg->num_components);
        longjmp(w->back, 1);
    }
    jpeg->out_color_space = jpeg->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg->dct_method = JDCT_ISLOW;
    if (!image_begin(w->im, jpeg->image_width, jpeg->image_height, jpeg->num_components, head_only))
        longjmp(w->back, 1);
    if (head_only)
        return;
    jpeg_start_decompress(jpeg);
    stride = w->im->width * w->im->channels;
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = w->im->pixel + jpeg->output_scanline * stride;

        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
}

static bool jpeg_read_bytes(const unsigned char *bytes, size_t n, bool head_only, struct image *im)
{
    struct jpeg_work w = {.im = im};
    struct jpeg_decompress_struct jpeg = {.err = jpeg_std_error(&w.errors)};

    w.errors.error_exit = jpeg_on_error;
    w.errors.emit_message = jpeg_on_message;
    if (setjmp(w.back) == 0) {
        jpeg_create_decompress(&jpeg);
        jpeg_decode(&jpeg, &w, bytes, n, head_only);
    }
    jpeg_destroy_decompress(&jpeg);
    return !im->why[0];
}

#endif
