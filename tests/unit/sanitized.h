/* sanitized.h - whether this is built with a sanitizer: 1 or 0.
 *
 * What it slows down thirtyfold and more takes fewer cases there: a wrong address is found in any of them.
 */
#ifndef SANITIZED_H
#define SANITIZED_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#endif
