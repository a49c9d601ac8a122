/* number.h - how the explanation writes numbers: four significant digits, a real minus sign.
 *
 * The one place where numbers of pages become text, for both writers. JSON has all digits and
 * does not come here.
 */
#ifndef EXPLAIN_NUMBER_H
#define EXPLAIN_NUMBER_H

#include <stdint.h>

struct number_text {
    char text[64];
};

/* For running text, tables and labels, UTF-8: "0.3012", "−1.5", "1.23×10⁻⁵", "not a number". */
const char *number_text(double v, struct number_text *out);

/* The same number for equation_read(): "0.3012", "-1.5", "1.23 \cdot 10^{-5}". */
const char *number_equation(double v, struct number_text *out);
/* In parentheses if it is negative or has a power of ten: a factor, or behind a sign. */
const char *number_factor(double v, struct number_text *out);

/* ASCII digits that programs read (Mermaid's and SVG's coordinates): "-0.00000015". */
const char *number_plain(double v, struct number_text *out);

/* "1,234,567" */
const char *number_count(double n, struct number_text *out);
/* "30 %", "99.7 %", "0.2 %": a share of one. */
const char *number_percent(double share, struct number_text *out);

/* Short-lived texts of the above for arguments of printf: NT(v) in text, NE(v) in equations,
 * NF(v) as a factor, NC(v) counts, NP(v) percent. */
#define NT(v) number_text((v), &(struct number_text){{0}})
#define NE(v) number_equation((v), &(struct number_text){{0}})
#define NF(v) number_factor((v), &(struct number_text){{0}})
#define NC(v) number_count((v), &(struct number_text){{0}})
#define NP(v) number_percent((v), &(struct number_text){{0}})

#endif
