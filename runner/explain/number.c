/* number.c - see number.h. */
#include "explain/number.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 4 };

/* A number cut into what both forms need. */
struct parts {
    bool negative;
    char mantissa[32]; /* "0.3012", "1.23" */
    int exponent;      /* of ten, behind the mantissa; 0: none */
};

/* Drop zeros behind the point, and the point. */
static void trim(char *text)
{
    char *end = text + strlen(text);

    if (!strchr(text, '.'))
        return;
    while (end[-1] == '0')
        *--end = 0;
    if (end[-1] == '.')
        *--end = 0;
}

static void take_apart(double v, struct parts *p)
{
    char text[40];
    const char *e;
    int exponent;

    p->negative = signbit(v) && v != 0.0;
    p->exponent = 0;
    snprintf(text, sizeof text, "%.*e", DIGITS - 1, fabs(v));
    e = strchr(text, 'e');
    exponent = atoi(e + 1);
    if (v == 0.0 || (exponent >= -3 && exponent < 6)) {
        const int behind = exponent < DIGITS ? DIGITS - 1 - exponent : 0;

        snprintf(p->mantissa, sizeof p->mantissa, "%.*f", v == 0.0 ? 0 : behind, fabs(v));
    } else {
        snprintf(p->mantissa, sizeof p->mantissa, "%.*s", (int)(e - text), text);
        p->exponent = exponent;
    }
    trim(p->mantissa);
}

/* "not a number", "infinite"; NULL: finite. */
static const char *unusual(double v)
{
    if (isnan(v))
        return "not a number";
    if (isinf(v))
        return v > 0 ? "infinite" : "minus infinite";
    return NULL;
}

const char *number_text(double v, struct number_text *out)
{
    static const char *const raised[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    struct parts p;
    char digits[16], power[24] = "";

    if (unusual(v)) {
        snprintf(out->text, sizeof out->text, "%s", unusual(v));
        return out->text;
    }
    take_apart(v, &p);
    if (p.exponent) {
        snprintf(digits, sizeof digits, "%d", abs(p.exponent));
        strcat(power, p.exponent < 0 ? "×10⁻" : "×10");
        for (const char *d = digits; *d; d++)
            strcat(power, raised[*d - '0']);
    }
    snprintf(out->text, sizeof out->text, "%s%s%s", p.negative ? "−" : "", p.mantissa, power);
    return out->text;
}

const char *number_equation(double v, struct number_text *out)
{
    struct parts p;

    if (unusual(v)) {
        snprintf(out->text, sizeof out->text, "\\text{%s}", unusual(v));
        return out->text;
    }
    take_apart(v, &p);
    if (p.exponent)
        snprintf(out->text, sizeof out->text, "%s%s \\cdot 10^{%d}", p.negative ? "-" : "", p.mantissa,
                 p.exponent);
    else
        snprintf(out->text, sizeof out->text, "%s%s", p.negative ? "-" : "", p.mantissa);
    return out->text;
}

const char *number_factor(double v, struct number_text *out)
{
    struct number_text bare;

    number_equation(v, &bare);
    if (bare.text[0] == '-' || strchr(bare.text, '^'))
        snprintf(out->text, sizeof out->text, "(%.60s)", bare.text);
    else
        *out = bare;
    return out->text;
}

/* Six significant digits and no exponent, which Mermaid does not read. */
const char *number_plain(double v, struct number_text *out)
{
    const int exponent = v == 0.0 ? 0 : (int)floor(log10(fabs(v)));
    const int behind = exponent > 4 ? 0 : exponent < -40 ? 45 : 5 - exponent;

    snprintf(out->text, sizeof out->text, "%.*f", behind, v == 0.0 ? 0.0 : v);
    trim(out->text);
    if (strcmp(out->text, "-0") == 0)
        strcpy(out->text, "0");
    return out->text;
}

const char *number_count(double n, struct number_text *out)
{
    char digits[32];
    size_t len, at = 0;

    if (!(n < 1e15))
        return number_text(n, out);
    snprintf(digits, sizeof digits, "%.0f", n);
    len = strlen(digits);
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out->text[at++] = ',';
        out->text[at++] = digits[i];
    }
    out->text[at] = 0;
    return out->text;
}

/* Whole percents, but near 0 and 1, where they would say "never" and "certainly". */
const char *number_percent(double share, struct number_text *out)
{
    const double p = 100.0 * share;

    if (p >= 1.0 && p <= 99.0)
        snprintf(out->text, sizeof out->text, "%.0f %%", p);
    else if (p == 0.0 || (p > 99.95 && p <= 100.0))
        snprintf(out->text, sizeof out->text, p == 0.0 ? "0 %%" : "almost 100 %%");
    else if (p > 0.0 && p < 0.05)
        snprintf(out->text, sizeof out->text, "almost 0 %%");
    else
        snprintf(out->text, sizeof out->text, "%.1f %%", p);
    return out->text;
}
