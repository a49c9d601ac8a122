/* image.h - pixels of an image file in memory, and their way to [C,H,W] floats.
 *
 * Included by image_png.h and image_jpeg.h, which decode, and image_folder.c. Knows
 * no format and no folder.
 */
#ifndef DATASET_IMAGE_H
#define DATASET_IMAGE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGE_MOST_PIXELS = 1 << 26 };

struct image {
    int64_t width, height, channels; /* channels: 1 or 3 */
    unsigned char *pixel;            /* [height, width, channels], or NULL: head only */
    int orientation; /* how a camera was held, by EXIF: 1 is upright, 2 to 8 are not; 0: not said */
    char why[200];   /* what was wrong */
};

static inline void image_release(struct image *im)
{
    free(im->pixel);
    im->pixel = NULL;
}

/* Take over a size that a head declares, and make room unless the head is all that is wanted. */
static inline bool image_begin(struct image *im, int64_t width, int64_t height, int64_t channels,
                               bool head_only)
{
    im->width = width;
    im->height = height;
    im->channels = channels;
    if (width < 1 || height < 1 || width > IMAGE_MOST_PIXELS / height) {
        snprintf(im->why, sizeof im->why, "declares %lld x %lld pixels; at most %d are read",
                 (long long)width, (long long)height, IMAGE_MOST_PIXELS);
        return false;
    }
    if (head_only)
        return true;
    im->pixel = malloc((size_t)(width * height * channels));
    if (!im->pixel)
        snprintf(im->why, sizeof im->why, "%lld x %lld pixels do not fit into memory", (long long)width,
                 (long long)height);
    return im->pixel != NULL;
}

/* Pixel I as channel K of CHANNELS. Grey of colour is luma by ITU-R BT.601. */
static inline float image_value(const struct image *im, int64_t i, int64_t k, int64_t channels)
{
    const unsigned char *p = im->pixel + i * im->channels;

    if (im->channels == channels)
        return (float)p[k];
    if (im->channels == 1)
        return (float)p[0];
    return (float)((p[0] * 19595 + p[1] * 38470 + p[2] * 7471 + 32768) >> 16);
}

/* ---- another size ----------------------------------------------------------------- */

/* The share of each of FROM pixels in each of TO: pixels first[i] to first[i] + count[i] - 1
 * with weights that add up to 1, MOST of them at most. */
struct image_weights {
    int64_t most, *first, *count;
    float *weight; /* [to, most] */
};

static inline void image_weights_release(struct image_weights *w)
{
    free(w->first);
    free(w->count);
    free(w->weight);
}

/* A triangle as wide as two pixels of the coarser of the two grids: linear interpolation
 * where an image grows, a weighted mean of all that a pixel covers where it shrinks. */
static inline bool image_weights_init(struct image_weights *w, int64_t from, int64_t to)
{
    const double scale = (double)from / (double)to, reach = scale > 1.0 ? scale : 1.0;

    w->most = 2 * (int64_t)ceil(reach) + 1;
    w->most = w->most < from ? w->most : from;
    w->first = malloc((size_t)to * sizeof *w->first);
    w->count = malloc((size_t)to * sizeof *w->count);
    w->weight = malloc((size_t)(to * w->most) * sizeof *w->weight);
    if (!w->first || !w->count || !w->weight)
        return false;
    for (int64_t i = 0; i < to; i++) {
        const double centre = ((double)i + 0.5) * scale;
        int64_t begin = (int64_t)floor(centre - reach + 0.5), end = (int64_t)floor(centre + reach + 0.5);
        float *weight = w->weight + i * w->most;
        double sum = 0.0;

        begin = begin < 0 ? 0 : begin;
        end = end > from ? from : end;
        w->first[i] = begin;
        w->count[i] = end - begin < w->most ? end - begin : w->most;
        for (int64_t j = 0; j < w->count[i]; j++)
            sum += fmax(0.0, 1.0 - fabs((double)(begin + j) + 0.5 - centre) / reach);
        for (int64_t j = 0; j < w->count[i]; j++)
            weight[j] = (float)(fmax(0.0, 1.0 - fabs((double)(begin + j) + 0.5 - centre) / reach) / sum);
    }
    return true;
}

/* Columns, then rows, of channel K. TMP: [im->height, width]. */
static inline void image_resize_plane(const struct image *im, int64_t k, int64_t channels,
                                      const struct image_weights *across, const struct image_weights *down,
                                      int64_t height, int64_t width, float *tmp, float *to)
{
    for (int64_t y = 0; y < im->height; y++)
        for (int64_t x = 0; x < width; x++) {
            const float *weight = across->weight + x * across->most;
            float sum = 0.0f;

            for (int64_t j = 0; j < across->count[x]; j++)
                sum += weight[j] * image_value(im, y * im->width + across->first[x] + j, k, channels);
            tmp[y * width + x] = sum;
        }
    for (int64_t y = 0; y < height; y++) {
        const float *weight = down->weight + y * down->most;

        for (int64_t x = 0; x < width; x++)
            to[y * width + x] = 0.0f;
        for (int64_t j = 0; j < down->count[y]; j++)
            for (int64_t x = 0; x < width; x++)
                to[y * width + x] += weight[j] * tmp[(down->first[y] + j) * width + x];
    }
}

/* The image as TO [channels, height, width], 0 to 255. False when memory is out. */
static inline bool image_to_floats(const struct image *im, int64_t channels, int64_t height, int64_t width,
                                   float *to)
{
    struct image_weights across = {0}, down = {0};
    float *tmp = NULL;
    bool ok = true;

    if (im->width == width && im->height == height) {
        for (int64_t k = 0; k < channels; k++)
            for (int64_t i = 0; i < height * width; i++)
                to[k * height * width + i] = image_value(im, i, k, channels);
        return true;
    }
    tmp = malloc((size_t)(im->height * width) * sizeof *tmp);
    ok =
        tmp && image_weights_init(&across, im->width, width) && image_weights_init(&down, im->height, height);
    for (int64_t k = 0; ok && k < channels; k++)
        image_resize_plane(im, k, channels, &across, &down, height, width, tmp, to + k * height * width);
    image_weights_release(&across);
    image_weights_release(&down);
    free(tmp);
    return ok;
}

#endif
