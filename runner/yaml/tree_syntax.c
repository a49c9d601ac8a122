/* tree_syntax.c - what is wrong with a text that is no YAML, in plain words and at its place. What is wrong
 * with good YAML is said there.
 */
#include "yaml/tree_parts.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/mem.h"
#include "base/text.h"

/* libyaml reports these with an offset only, so they are looked for beforehand. */
status tree_check_characters(const struct source *source, const char *yaml, size_t len, size_t *characters,
                             struct diag *d)
{
    const char *p = yaml, *end = p + len;
    struct place at = {source, 1, 1, 1, 2};

    if (len >= 2 && (memcmp(p, "\xff\xfe", 2) == 0 || memcmp(p, "\xfe\xff", 2) == 0))
        return diag_error(d, &at, "the text is UTF-16, not UTF-8; save it as UTF-8");
    while (p < end) {
        size_t broken = text_break(p, end), n;
        uint32_t c;

        ++*characters;
        if (broken) {
            *characters += broken == 2 && *p == '\r'; /* libyaml counts CR LF as two */
            p += broken;
            at.line++;
            at.column = 1;
            continue;
        }
        at.end_line = at.line;
        at.end_column = at.column + 1;
        n = text_character(p, end, &c);
        if (!n)
            return diag_error(d, &at, "the byte 0x%02x is not UTF-8", (unsigned)(unsigned char)*p);
        if ((c < 0x20 && c != '\t') || (c >= 0x7f && c < 0xa0) || c == 0xfeff || c == 0xfffe || c == 0xffff)
            return diag_error(d, &at, "the control character 0x%02x cannot stand in YAML", (unsigned)c);
        p += n;
        at.column++;
    }
    return OK;
}

static const char no_token[] = "found character that cannot start any token";
static const char bad_tab[] = "found a tab character that violates indentation";

/* What libyaml says, and what it means to a person; %ld is the line where the thing
 * began, which for some is also the place to show. */
static const struct meaning {
    const char *problem, *text;
    bool show_beginning;
} meanings[] = {
    {"mapping values are not allowed in this context",
     "a ':' cannot stand here; either the indentation is wrong or the text needs quotes", false},
    {"did not find expected ',' or '}'", "expected ',' or '}' in the map that begins on line %ld", false},
    {"did not find expected ',' or ']'", "expected ',' or ']' in the list that begins on line %ld", false},
    {"did not find expected key",
     "this does not continue the map that begins on line %ld; is the indentation right?", false},
    {"did not find expected '-' indicator",
     "this does not continue the list that begins on line %ld; is the indentation right?", false},
    {"block sequence entries are not allowed in this context",
     "a list of '-' entries begins on a line of its own", false},
    {"did not find expected <document start>", "this belongs to nothing above it", false},
    {"did not find expected node content", "a value is missing here, or this character needs quotes", false},
    {"found unexpected end of stream", "the quoted text that begins on line %ld has no end", true},
    {"could not find expected ':'", "expected ':' after the key on line %ld", true},
    {no_token, "a text cannot start with this character; put it in quotes", false},
    {bad_tab, "a tab cannot be used for indentation; use blanks", false},
};

void tree_memory_is_out(struct diag *d)
{
    mem_note_shortage();
    diag_error(d, NULL, "memory is out while this is read");
}

void tree_report_syntax(const struct yaml_parser_s *p, const struct source *source, size_t characters,
                        struct diag *d)
{
    const char *problem = p->problem ? p->problem : "the text cannot be read";
    const struct meaning *meaning = NULL;
    yaml_mark_t mark = p->problem_mark;
    struct place at;
    char *text;

    if (p->error == YAML_MEMORY_ERROR) {
        tree_memory_is_out(d);
        return;
    }
    if (strcmp(problem, no_token) == 0 && *p->buffer.pointer == '\t')
        problem = bad_tab;
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (strcmp(meanings[i].problem, problem) == 0)
            meaning = &meanings[i];
    /* At the end of the text there is nothing to show either. */
    if (p->context && (mark.index >= characters || (meaning && meaning->show_beginning)))
        mark = p->context_mark;
    at = (struct place){source, (int)mark.line + 1, (int)mark.column + 1, (int)mark.line + 1,
                        (int)mark.column + 2};
    text = meaning ? mem_format(meaning->text, (long)p->context_mark.line + 1)
                   : mem_format("%s%s%s", problem, p->context ? " " : "", p->context ? p->context : "");
    diag_error(d, &at, "YAML syntax: %s", text);
    free(text);
}
