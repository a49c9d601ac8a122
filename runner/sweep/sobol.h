/* sobol.h - the Sobol' sequence before it is scrambled. */
#ifndef SWEEP_SOBOL_H
#define SWEEP_SOBOL_H

#include <stddef.h>
#include <stdint.h>

#define SOBOL_DIMS 512

/* Point NUMBER, in the order of Gray codes (Antonov and Saleev 1979), into X [ndims], ndims at most
 * SOBOL_DIMS: 32-bit fractions. The first 2^m points are the same set in either order. */
void sobol_point(uint32_t number, size_t ndims, uint32_t *x);

/* sobol_table.c: for each dimension after the first its primitive polynomial modulo 2, bit k the
 * coefficient of x^k, then as many first direction numbers m_1, m_2, ... as its degree. */
extern const uint16_t sobol_table[];

#endif
