/* new.c - `fell new`: a first spec, from a bundled one or from a table that is looked at (new_table.c).
 * Nothing that stands there is replaced.
 */
#include "cli/new.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/new_look.h"
#include "cli/share.h"

/* ---- bundled ones --------------------------------------------------------------------- */

/* The first comment of a spec up to the first full stop, as one line. */
static void add_about(struct strbuf *b, const char *text)
{
    while (*text == '#') {
        const size_t line = strcspn(text, "\n");
        const char *stop = memmem(text, line, ". ", 2);
        const bool last = stop || (line && text[line - 1] == '.');

        strbuf_addf(b, "%.*s", (int)(stop ? (size_t)(stop - text) : line) - 1, text + 1);
        if (last)
            break;
        text += line + (text[line] == '\n');
    }
}

/* The names of the specs in FOLDER, commas between; with SHOW each is printed with what it is about. free()
 * it. */
static char *list_specs(const char *folder, bool show)
{
    size_t n, size;
    char **name = share_specs(folder, &n), *text;
    struct strbuf all = {0};

    strbuf_add(&all, "");
    for (size_t i = 0; i < n; i++) {
        char *path = mem_format("%s/%s.yaml", folder, name[i]);
        struct strbuf about = {0};
        struct error err;

        strbuf_addf(&all, "%s%s", i ? ", " : "", name[i]);
        if (show && file_read(path, &text, &size, &err) == OK) {
            add_about(&about, text);
            printf("%-20s%s\n", name[i], about.len ? about.text : "");
            free(text);
        }
        strbuf_release(&about);
        free(path);
        free(name[i]);
    }
    free(name);
    return all.text;
}

/* Data of the bundled specs are named by where they are: the new spec may be anywhere. */
static char *with_data_of(const char *text, const char *folder)
{
    static const char mark[] = "path: data/";
    struct strbuf b = {0};

    for (const char *at; (at = strstr(text, mark));) {
        const char *name = at + strlen(mark);
        const size_t n = strcspn(name, ",} \n");
        char *path = mem_format("%s/data/%.*s", folder, (int)n, name);

        strbuf_addf(&b, "%.*spath: ", (int)(at - text), text);
        look_add_word(&b, path);
        free(path);
        text = name + n;
    }
    strbuf_add(&b, text);
    return b.text;
}

/* free() it; NULL: an error. */
static char *spec_folder(struct error *err)
{
    char *folder = share_folder("configs");

    if (!folder)
        error_set(err, "the folder of bundled specs is not where the program is: was it installed?");
    return folder;
}

static status template_spec(const char *name, char **text, struct error *err)
{
    char *folder = spec_folder(err), *path, *names, *plain = NULL;
    size_t size;
    status result = FAILED;

    if (!folder)
        return FAILED;
    path = mem_format("%s/%s.yaml", folder, name);
    names = list_specs(folder, false);
    if (strchr(name, '/') || access(path, F_OK) != 0)
        error_set(err, "there is no template '%s'; there are %s", name, names);
    else if (file_read(path, &plain, &size, err) == OK)
        result = OK;
    if (result == OK)
        *text = with_data_of(plain, folder);
    free(names);
    free(plain);
    free(path);
    free(folder);
    return result;
}

static int list_templates(void)
{
    struct error err;
    char *folder = spec_folder(&err);

    if (!folder)
        return cli_error("%s", err.text);
    free(list_specs(folder, true));
    free(folder);
    return EXIT_OK;
}

/* ---- the file ----------------------------------------------------------------------------- */

/* What is there stays. */
static status write_new(const char *path, const char *text, struct error *err)
{
    FILE *f = fopen(path, "wx");
    bool bad;

    if (!f)
        return error_set(err, "%s: %s", path,
                         errno == EEXIST ? "is there already; it is not replaced (-o names another file)"
                                         : strerror(errno));
    bad = fputs(text, f) < 0;
    bad |= fclose(f) != 0;
    if (!bad)
        return OK;
    error_set(err, "%s: %s", path, strerror(errno));
    remove(path);
    return FAILED;
}

/* iris.yaml of iris, and of ../data/iris.csv.gz. */
static char *default_name(const struct call *c)
{
    const char *base = path_base(c->nargs ? c->args[0] : c->from_csv);
    const size_t n = c->nargs ? strlen(base) : strcspn(base, ".");

    return mem_format("%.*s.yaml", (int)(n ? n : strlen(base)), base);
}

/* Of a table it runs, or there is none. A bundled one may wait for data that are not there yet. */
static int check_written(const struct call *c, const char *path, struct error *err)
{
    if (new_check(c, path, err) == OK)
        return EXIT_OK;
    if (c->nargs) {
        cli_error("%s cannot run as it is: %s", path, err->text);
        return EXIT_OK;
    }
    remove(path);
    return EXIT_INPUT;
}

static int write_spec(const struct call *c)
{
    char *path = c->output ? mem_string(c->output) : default_name(c), *text = NULL;
    struct strbuf told = {0}, word = {0};
    struct error err;
    int exit_status = EXIT_INPUT;

    if (access(path, F_OK) == 0) {
        error_set(&err, "%s: is there already; it is not replaced (-o names another file)", path);
    } else if ((c->nargs ? template_spec(c->args[0], &text, &err)
                         : new_table_spec(c, path, &text, &told, &err)) == OK &&
               write_new(path, text, &err) == OK) {
        exit_status = check_written(c, path, &err);
    }
    if (exit_status != EXIT_OK)
        cli_error("%s", err.text);
    else if (!c->quiet) {
        text_add_word(&word, path);
        printf("%s%s%s is written. Next:  fell check %s  and  fell run %s\n", told.len ? told.text : "",
               told.len ? "\n" : "", path, word.text, word.text);
    }
    strbuf_release(&word);
    strbuf_release(&told);
    free(text);
    free(path);
    return exit_status;
}

static int run_new(const struct call *c)
{
    const char *other = c->from_csv ? "--csv" : c->target ? "--target" : c->nargs ? c->args[0] : NULL;

    if (c->list && (other || c->output))
        return cli_error("--list lists the templates and writes nothing: leave out %s", other ? other : "-o");
    if (c->output && !other)
        return cli_error("-o %s: a spec of what? say a TEMPLATE, or --csv FILE", c->output);
    if (c->from_csv && c->nargs)
        return cli_error("a template and --csv are two ways to begin: choose one");
    if ((c->target != NULL) != (c->from_csv != NULL))
        return cli_error(c->target ? "--target names a column of --csv FILE"
                                   : "which column is to be learnt? write: fell new --csv %s --target COLUMN",
                         c->from_csv);
    if (c->list || (!c->nargs && !c->from_csv))
        return list_templates();
    return write_spec(c);
}

const struct command command_new = {
    .name = "new",
    .task = "Run experiments",
    .args = "[TEMPLATE]",
    .least = 0,
    .most = 1,
    .options = {OPTION_DB, OPTION_FROM_CSV, OPTION_TARGET, OPTION_LIST, OPTION_OUTPUT, OPTION_QUIET},
    .brief = "Write a first spec, for a table of yours or from a bundled one",
    .help =
        "With --csv and --target it looks at the table as a run would read it, and writes a spec that runs: "
        "classes or amounts, which columns are no inputs, what is missing, how many rows are held out, and a "
        "small net that suits. What it assumed is told and stands in the spec as comments; change what is "
        "wrong.\n\n"
        "TEMPLATE is the name of a bundled spec; without a word, or with --list, they are listed. The file "
        "is "
        "NAME.yaml in this folder, or that of -o; what is there is never replaced.",
    .examples = "fell new --csv flowers.csv --target species\n"
                "fell new iris -o my.yaml\n"
                "fell new --list",
    .run = run_new,
};
