/* formula.c - the formulas of `explain`, as LaTeX and MathML, and text that is made safe. */
#include "base/safe.h"
#include "explain/equation.h"
#include "explain/html.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena *arena = arena_new();
    char *text = arena_string(arena, (const char *)bytes, n);
    struct strbuf b = {0}, again = {0};
    bool wrong;

    equation_latex(equation_read(arena, text, &wrong), &b);
    strbuf_release(&b);
    html_add(&b, text);
    strbuf_release(&b);
    safe_add(&b, text, strlen(text), "?");
    if (b.text)
        safe_add(&again, b.text, b.len, "#");
    if (b.len != again.len || (b.len && memcmp(b.text, again.text, b.len) != 0))
        abort(); /* what is safe stays as it is */
    strbuf_release(&b);
    strbuf_release(&again);
    safe_json(&b, text);
    strbuf_release(&b);
    arena_free(arena);
    return 0;
}
