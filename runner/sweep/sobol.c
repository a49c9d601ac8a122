/* sobol.c - see sobol.h. Bratley and Fox, "Algorithm 659", ACM TOMS 14 (1988), with the
 * direction numbers of sobol_table.c.
 */
#include "sweep/sobol.h"

enum { BITS = 32 };

/* Direction numbers v_1 .. v_32 of a polynomial of degree S and its first S numbers m. The rest
 * follows from v_i = c_1 v_(i-1) ^ ... ^ c_(s-1) v_(i-s+1) ^ v_(i-s) ^ (v_(i-s) >> s),
 * c_k the coefficient of x^(s-k). */
static void directions(uint32_t polynomial, int degree, const uint16_t *m, uint32_t v[BITS])
{
    for (int i = 0; i < degree; i++)
        v[i] = (uint32_t)m[i] << (BITS - 1 - i);
    for (int i = degree; i < BITS; i++) {
        v[i] = v[i - degree] ^ v[i - degree] >> degree;
        for (int k = 1; k < degree; k++)
            if (polynomial >> (degree - k) & 1)
                v[i] ^= v[i - k];
    }
}

void sobol_point(uint32_t number, size_t ndims, uint32_t *x)
{
    const uint16_t *row = sobol_table;
    uint32_t gray = number ^ number >> 1;

    for (size_t d = 0; d < ndims; d++) {
        uint32_t v[BITS];

        if (d == 0) { /* van der Corput's sequence */
            for (int i = 0; i < BITS; i++)
                v[i] = 1u << (BITS - 1 - i);
        } else {
            int degree = 31 - __builtin_clz(row[0]);

            directions(row[0], degree, row + 1, v);
            row += 1 + degree;
        }
        x[d] = 0;
        for (int i = 0; i < BITS; i++)
            if (gray >> i & 1)
                x[d] ^= v[i];
    }
}
