/* sine.c - the sine, as a periodic activation.
 *
 * Up to |x| = 2^27 the angle is brought to [-pi/4, pi/4] in double and the rest is done in float,
 * in loops that vectorise. Beyond, where neighbouring floats are turns apart, the angle is found
 * digit by digit with as many digits of 1/(2 pi) as it takes (Payne and Hanek 1983).
 */
#include "../turn.h"
#include "fell/plugin.h"

#define LARGE 134217728.0f /* 2^27 */

/* x = q pi/2 + *angle with |*angle| <= pi/4; returns q modulo 4 in its low bits. pi/2 is taken in two
 * parts, the first of 25 bits, so that its product with q is exact (Cody and Waite 1980). */
FELL_INLINE uint32_t quarter(float x, float *angle)
{
    const double big = 6755399441055744.0; /* adding 1.5 * 2^52 rounds to a whole number */
    const double t = (double)x * 0.63661977236758138 + big, q = t - big;
    uint64_t bits;

    memcpy(&bits, &t, sizeof bits);
    *angle = (float)(((double)x - q * 1.5707963109016418) - q * 1.5893254773528196e-08);
    return (uint32_t)bits;
}

/* sin(a + q pi/2) for |a| <= pi/4: minimax fits of (sin a - a) / a^3 and (cos a - 1 + a^2/2) / a^4. */
FELL_INLINE float sine_of(float a, uint32_t q)
{
    const float z = a * a;
    const float sine = a + a * (z * (-1.66666546e-1f + z * (8.33216053e-3f + z * -1.95152503e-4f)));
    const float cosine =
        1.0f - (0.5f * z - (z * z) * (4.16666469e-2f + z * (-1.38873672e-3f + z * 2.44384164e-5f)));
    const float y = q & 1u ? cosine : sine;

    return fell_float_(fell_bits_(y) ^ ((q & 2u) << 30));
}

/* x / (2 pi) without its whole turns, for finite |x| > LARGE: 2^e times a whole number of 24 bits,
 * times 96 digits of 1/(2 pi) from the first on that is no whole turn. */
static double turns_of(float x)
{
    static const uint32_t digits[] = {0x28be60dbu, 0x9391054au, 0x7f09d5f4u, 0x7d4d3770u,
                                      0x36d8a566u, 0x4f10e410u, 0x7f9458eau};
    const uint32_t bits = fell_bits_(x), m = (bits & 0x007fffffu) | 0x00800000u;
    const uint32_t e = (bits >> 23 & 0xffu) - 150u, word = e / 32u, shift = e % 32u;
    uint64_t high = (uint64_t)digits[word] << 32 | digits[word + 1];
    uint64_t low = (uint64_t)digits[word + 2] << 32 | digits[word + 3];

    if (shift) {
        high = high << shift | low >> (64 - shift);
        low <<= shift;
    }
    high = high * m + ((low >> 32) * m >> 32); /* in 2^-64 turns; whole turns fall off the end */
    return (bits >> 31 ? -1.0 : 1.0) * ((double)(high >> 11) * 0x1p-53);
}

/* sin(x + AHEAD turns) for |x| > LARGE */
static float large_sine(float x, double ahead)
{
    return fell_abs_(x) < INFINITY ? (float)turn_sin(turns_of(x) + ahead) : NAN;
}

FELL_KERNEL(forward, fell_activation_call)
{
    const int64_t n = c->rows * c->cols;
    const float *x = c->x;
    float *y = c->y, a;
    uint32_t large = 0;

    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        const uint32_t q = quarter(x[i], &a);

        large |= fell_abs_(x[i]) > LARGE;
        y[i] = sine_of(a, q);
    }
    for (int64_t i = 0; large && i < n; i++)
        y[i] = fell_abs_(x[i]) > LARGE ? large_sine(x[i], 0.0) : y[i];
    return FELL_OK;
}

/* dx = dy cos x; cos is sin a quarter of a turn ahead. */
FELL_KERNEL(backward, fell_activation_call)
{
    const int64_t n = c->rows * c->cols;
    const float *x = c->x, *dy = c->dy;
    float *dx = c->dx, a;
    uint32_t large = 0;

    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        const uint32_t q = quarter(x[i], &a), far = fell_abs_(x[i]) > LARGE;

        large |= far;
        dx[i] = dy[i] * (far ? 1.0f : sine_of(a, q + 1u));
    }
    for (int64_t i = 0; large && i < n; i++)
        dx[i] *= fell_abs_(x[i]) > LARGE ? large_sine(x[i], 0.25) : 1.0f;
    return FELL_OK;
}

static const fell_activation sine = FELL_ACTIVATION(
    "sine",
    "Sine: a periodic activation, for signals, images and their derivatives.\n\n"
    "y = sin(x), dy/dx = cos(x). V. Sitzmann, J. Martel, A. Bergman, D. Lindell and G. Wetzstein,\n"
    "\"Implicit neural representations with periodic activation functions\", NeurIPS 2020; their\n"
    "factor of 30 goes into the first layer's weights. As PyTorch's torch.sin.",
    FELL_REAL, forward, backward);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &sine.item);
