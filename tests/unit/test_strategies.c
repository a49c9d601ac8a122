/* test_strategies.c - the tables of sweep/strategies.h, and docs/strategies.md which shows them.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "sweep/strategies.h"

static char *read_page(void)
{
    const char *srcdir = getenv("srcdir");
    char *path = mem_format("%s/docs/strategies.md", srcdir ? srcdir : "."), *text;
    struct error err;
    size_t len;

    cr_assert_eq(file_read(path, &text, &len, &err), OK, "%s", err.text);
    free(path);
    return text;
}

/* The row of NAME in a table of the page begins with its settings and their defaults, all of them; and
 * there is a section with its name. */
static void expect_described(const char *page, const char *name, size_t n, const fell_param *params)
{
    struct strbuf row = {0}, heading = {0};

    strbuf_addf(&row, "\n| `%s` |", name);
    for (size_t i = 0; i < n; i++) {
        char value[32];

        text_from_double(params[i].def, value);
        strbuf_addf(&row, "%s `%s`", i ? "," : "", params[i].name);
        if (!(params[i].flags & FELL_REQUIRED))
            strbuf_addf(&row, " %s", value);
    }
    strbuf_add(&row, " |");
    strbuf_addf(&heading, "\n## %s\n", name);
    cr_expect(strstr(page, row.text), "docs/strategies.md has no row '%s'", row.text + 1);
    cr_expect(strstr(page, heading.text), "docs/strategies.md has no section '%s'", name);
    strbuf_release(&row);
    strbuf_release(&heading);
}

Test(strategies, page_shows_the_tables)
{
    char *page = read_page();

    for (size_t i = 0; i < strategies_count; i++)
        expect_described(page, strategies[i].name, strategies[i].nparams, strategies[i].params);
    for (size_t i = 0; i < pruner_kinds_count; i++)
        expect_described(page, pruner_kinds[i].name, pruner_kinds[i].nparams, pruner_kinds[i].params);
    free(page);
}

Test(strategies, found_by_name)
{
    for (size_t i = 0; i < strategies_count; i++)
        cr_expect_eq(strategy_find(strategies[i].name), &strategies[i]);
    cr_expect_null(strategy_find("gird"));
}
