/* Text made safe for terminals, documents and JSON. */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "base/safe.h"

static const struct {
    const char *text, *shown, *json;
} cases[] = {
    {"plain\ttext\n", "plain\ttext\n", "plain\ttext\n"},
    {"\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80",
     "\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80"},
    {"\x1b[31m", "?[31m", "\\u001b[31m"},                         /* ESC */
    {"\x1b]0;title\x07", "?]0;title?", "\\u001b]0;title\\u0007"}, /* OSC ... BEL */
    {"\xc2\x9b"
     "31m",
     "?31m", "\\u009b31m"}, /* CSI of C1 */
    {"\xc2\x80\xc2\x9f\xc2\xa0", "??\xc2\xa0", "\\u0080\\u009f\xc2\xa0"},
    {"\x9b", "?", "\\ufffd"}, /* the same as one byte */
    {"a\rb\bc\x7f", "a?b?c?", "a\\u000db\\u0008c\\u007f"},
    {"\xe2\x80\xae"
     "cod.exe",
     "?cod.exe", "\\u202ecod.exe"}, /* right to left override */
    {"\xe2\x81\xa6\xe2\x81\xa9\xd8\x9c", "???", "\\u2066\\u2069\\u061c"},
    {"\xf3\xa0\x81\x81", "?", "\\udb40\\udc41"},      /* a tag */
    {"\xe2\x80\x8d", "\xe2\x80\x8d", "\xe2\x80\x8d"}, /* joiners belong to scripts */
    {"\xc0\x9b", "??", "\\ufffd\\ufffd"},             /* overlong */
    {"cut \xe2\x82", "cut ??", "cut \\ufffd\\ufffd"},
};

Test(safe, shows_no_control)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf b = {0}, json = {0};

        safe_add(&b, cases[i].text, strlen(cases[i].text), "?");
        cr_expect_str_eq(b.text, cases[i].shown, "case %zu: %s", i, b.text);
        safe_json(&json, cases[i].text);
        cr_expect_str_eq(json.text, cases[i].json, "case %zu: %s", i, json.text);
        strbuf_release(&b);
        strbuf_release(&json);
    }
}

Test(safe, documents_have_the_sign_for_what_is_missing)
{
    struct strbuf b = {0};

    safe_document(&b);
    cr_expect_null(b.text);
    strbuf_add(&b, "a\x1b[b");
    safe_document(&b);
    cr_expect_str_eq(b.text, "a\xef\xbf\xbd[b");
    strbuf_release(&b);
}

/* Characters come in pieces, and the stream's own bytes between them. */
Test(safe, streams_pass_whole_characters)
{
    static const char wanted[] = "\xe2\x82\xac|?[1m|\x1b[0m|?";
    FILE *before[2] = {stdout, stderr};
    char got[64] = "";
    int pipes[2], saved = dup(STDOUT_FILENO);
    FILE *out;

    cr_assert(pipe(pipes) == 0);
    fflush(stdout);
    dup2(pipes[1], STDOUT_FILENO);
    safe_streams();
    out = stdout;
    cr_expect(safe_fileno(stdout) == STDOUT_FILENO && safe_fileno(stderr) == STDERR_FILENO);
    for (const char *p = "\xe2\x82\xac|\x1b[1m|"; *p; p++) {
        fwrite(p, 1, 1, stdout);
        fflush(stdout);
    }
    safe_control(stdout, "\x1b[0m", 4);
    fputs("|\xe2\x82", stdout); /* begun, and never ended */
    stdout = before[0];
    fclose(out);
    fclose(stderr);
    stderr = before[1];
    dup2(saved, STDOUT_FILENO);
    cr_expect(read(pipes[0], got, sizeof got - 1) == (ssize_t)strlen(wanted), "%s", got);
    cr_expect_str_eq(got, wanted);
}
