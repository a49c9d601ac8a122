/* synonym.h - names that other programs, papers and habit have for what is called otherwise here. */
#ifndef BASE_SYNONYM_H
#define BASE_SYNONYM_H

#include <stddef.h>

/* What WORD means, the first of its meanings that is among the candidates, or the candidate that it is; NULL
 * where none is. The case of letters, '_', '-', '.' and blanks count for nothing, nor do ends such as Loss
 * in NLLLoss. */
const char *synonym_of(const char *word, const char *const *candidates, size_t n);

#endif
