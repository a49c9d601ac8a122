/* fell/kernel.h - compile a hot function once for each SIMD level; and what else
 * depends on the compiler.
 *
 * Part of the plugin contract: include fell/plugin.h, which includes this.
 * The host says which level is in force (FELL_SIMD in the environment, or the
 * best that the processor has) in ctx->simd; the wrapper here picks the copy.
 */
/* The columns below are laid out by hand: */
/* clang-format off */
#ifndef FELL_KERNEL_H
#define FELL_KERNEL_H

enum { FELL_SIMD_PORTABLE = 0, FELL_SIMD_AVX2 = 1, FELL_SIMD_AVX512 = 2,
       FELL_SIMD_NEON = 3 /* since 1 */ };

/* One body, a copy for each level:
 *     FELL_KERNEL(mse_eval, fell_loss_call) { ... c->rows ... return FELL_OK; }
 * defines mse_eval(fell_loss_call *c): the body compiled for AVX-512, for AVX2
 * with FMA and for the plain machine; c->ctx->simd, which the host sets, picks
 * the copy. All copies give the same bits: build with -ffp-contract=off, use
 * the functions of fell/math.h and not libm's, and sum in an order that does
 * not depend on the width. A body must be one function: what it calls is
 * `static inline`. */
#if defined(__x86_64__) && defined(__GNUC__)
#define FELL_TARGET_(t) __attribute__((target(t)))
#define FELL_FUSE_ FELL_TARGET_("fma")
#define FELL_COPIES_(name, T)                                                  \
    FELL_TARGET_("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")                \
    static fell_status name##_avx512_(T *c) { return name##_body_(c); }        \
    FELL_TARGET_("avx2,fma")                                                   \
    static fell_status name##_avx2_(T *c) { return name##_body_(c); }          \
    static fell_status name(T *c)                                              \
    {                                                                          \
        switch (c->ctx->simd) {                                                \
        case FELL_SIMD_AVX512: return name##_avx512_(c);                       \
        case FELL_SIMD_AVX2: return name##_avx2_(c);                           \
        default: return name##_body_(c);                                       \
        }                                                                      \
    }
#else
#define FELL_FUSE_
#define FELL_COPIES_(name, T)                                                  \
    static fell_status name(T *c) { return name##_body_(c); }
#endif
#if defined(__GNUC__)
#define FELL_INLINE static inline __attribute__((always_inline))
#else
#define FELL_INLINE static inline
#endif
#define FELL_KERNEL(name, T)                                                   \
    FELL_INLINE fell_status name##_body_(T *c);                               \
    FELL_COPIES_(name, T)                                                      \
    FELL_INLINE fell_status name##_body_(T *c)

/* Before a loop whose iterations touch only element i of each array: lets the
 * compiler vectorise although the arrays may be one (dx and dy). */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed"  /* a hint, not a demand */
#define FELL_EACH _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define FELL_EACH _Pragma("GCC ivdep")
#else
#define FELL_EACH
#endif

/* Most activations, from two functions of one number that inline into a loop:
 *     static inline float f(const S *s, float x);              returns y
 *     static inline float df(const S *s, float x, float y);    returns dy/dx
 * S is the settings struct, void if there are none. Defines f_forward and
 * f_backward. */
#define FELL_ELEMENTWISE(S, f, df)                                             \
    FELL_KERNEL(f##_forward, fell_activation_call)                             \
    {                                                                          \
        const S *s = (const S *)c->settings;                                   \
        const int64_t n = c->rows * c->cols;                                   \
        const float *x = c->x;                                                 \
        float *y = c->y;                                                       \
        (void)s;                                                               \
        FELL_EACH for (int64_t i = 0; i < n; i++)                              \
            y[i] = f(s, x[i]);                                                 \
        return FELL_OK;                                                        \
    }                                                                          \
    FELL_KERNEL(f##_backward, fell_activation_call)                            \
    {                                                                          \
        const S *s = (const S *)c->settings;                                   \
        const int64_t n = c->rows * c->cols;                                   \
        const float *x = c->x, *y = c->y, *dy = c->dy;                         \
        float *dx = c->dx;                                                     \
        (void)s;                                                               \
        FELL_EACH for (int64_t i = 0; i < n; i++)                              \
            dx[i] = dy[i] * df(s, x[i], y[i]);                                 \
        return FELL_OK;                                                        \
    }

/* ---- for the macros of fell/plugin.h ---- */
#if defined(__GNUC__)
#define FELL_EXPORT_ __attribute__((visibility("default")))
#else
#define FELL_EXPORT_
#endif
#ifdef __cplusplus
#define FELL_EXTERN_ extern "C"
#else
#define FELL_EXTERN_ extern
#endif

/* Where field f of struct S is; in C, the compiler refuses one that is not a T. */
#ifndef __cplusplus
#define FELL_FIELD_(S, f, T) \
    (offsetof(S, f) + 0 * sizeof(_Generic(&((S *)0)->f, T *: (char)0)))
#else
#define FELL_FIELD_(S, f, T) offsetof(S, f)
#endif

#endif /* FELL_KERNEL_H */
