/* plugin.c - `fell plugin`: what plugins there are and what each can be told. Its tasks new,
 * build and verify are in files of their own.
 */
#include "cli/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "check/verdict.h"
#include "cli/display.h"
#include "cli/plugin_tables.h"
#include "cli/query.h"
#include "cli/terminal.h"

#define LISTED(ROLE, KIND, word) #word ", "

/* The first line of a doc, one sentence. free() it. */
static char *summary_of(const char *doc)
{
    return mem_format("%.*s", (int)strcspn(doc, "\n"), doc);
}

static const char *origin_of(const struct item *item)
{
    return item->file->bundled ? "bundled" : item->file->path;
}

/* Of the check; a file that cannot be read is unchecked. */
static struct verdict_note verdict_of(const struct item *item)
{
    struct verdict_note note = {.word = "unchecked"};
    struct error err;

    if (plugin_file_hash(item->file, &err) == OK)
        verdict_read(item->file, &note);
    return note;
}

/* ---- list --------------------------------------------------------------------------------- */

static int list(const struct call *c)
{
    const char *kind = c->nargs > 1 ? c->args[1] : NULL;
    struct registry *r;
    struct table *t;
    const struct item *const *all;
    size_t n;

    if (kind && role_of_word(kind) == ROLE_COUNT)
        return plugin_unknown_kind(kind);
    if (!(r = plugin_registry(c)))
        return EXIT_INPUT;
    all = registry_list(r, &n);
    t = table_new();
    table_column(t, (struct table_column){.name = "kind"});
    table_column(t, (struct table_column){.name = "name"});
    table_column(t, (struct table_column){.name = "from"});
    table_column(t, (struct table_column){.name = "check"});
    table_column(t, (struct table_column){.name = "what", .title = "what it does"});
    for (size_t i = 0; i < n; i++) {
        char *summary = summary_of(all[i]->doc);

        if (!kind || strcmp(item_word(all[i]), kind) == 0) {
            table_text(t, item_word(all[i]));
            table_text(t, all[i]->name);
            table_text(t, origin_of(all[i]));
            table_text(t, verdict_of(all[i]).word);
            table_text(t, summary);
        }
        free(summary);
    }
    if (c->json)
        query_print_json(table_to_json(t));
    else
        table_print(t, stdout, 0);
    fputs(registry_notes(r), stderr);
    table_free(t);
    registry_free(r);
    return EXIT_OK;
}

/* ---- show ---------------------------------------------------------------------------------- */

static void print_section(const char *heading, const struct table *t)
{
    if (!table_rows(t))
        return;
    printf("\n%s\n", heading);
    table_print(t, stdout, 2);
}

/* The lines of TEXT; on a terminal, those that are too long for it are folded. */
static void print_text(const char *text)
{
    int columns = 0, rows;

    if (terminal_is(STDOUT_FILENO))
        terminal_size(STDOUT_FILENO, &columns, &rows);
    while (*text) {
        char *line = mem_format("%.*s", (int)strcspn(text, "\n"), text);
        const size_t n = columns > 0 ? display_fold(line, columns) : strlen(line);

        printf("%.*s\n", (int)n, line);
        text += n;
        text += *text == '\n' || *text == ' ';
        free(line);
    }
}

static void print_item(struct registry *r, const struct item *item)
{
    const char *rest = item->doc + strcspn(item->doc, "\n");
    char *summary = summary_of(item->doc), *traits = plugin_traits(item);
    struct table *settings = settings_table(item->nparams, item->params), *tensors = tensors_table(item);
    struct table *slots = slots_table(item), *numbers = numbers_table(item);
    const struct verdict_note note = verdict_of(item);
    const struct item **hidden;
    size_t n;

    printf("%s %s\n", item_word(item), item->name);
    print_text(summary);
    rest += strspn(rest, "\n");
    if (*rest) {
        printf("\n");
        print_text(rest);
    }
    if (traits)
        printf("\n%s\n", traits);
    print_section("settings", settings);
    print_section("tensors", tensors);
    print_section("state", slots);
    print_section("numbers", numbers);
    printf("\nfile     %s%s\nversion  %s, %s\nsha256   %s\ncheck    %s%s%s\n", item->file->path,
           item->file->bundled ? " (bundled)" : "", item->file->version, item->file->credit,
           item->file->sha256, note.word, note.failed[0] ? ": " : "", note.failed);
    hidden = registry_shadowed(r, item, &n);
    for (size_t i = 0; i < n; i++)
        printf("hides    %s\n", hidden[i]->file->path);
    free(hidden);
    free(summary);
    free(traits);
    table_free(settings);
    table_free(tensors);
    table_free(slots);
    table_free(numbers);
}

static cJSON *item_json(struct registry *r, const struct item *item)
{
    struct table *settings = settings_table(item->nparams, item->params), *tensors = tensors_table(item);
    struct table *slots = slots_table(item), *numbers = numbers_table(item);
    cJSON *json = cJSON_CreateObject(), *hides = cJSON_CreateArray();
    size_t n;
    const struct item **hidden = registry_shadowed(r, item, &n);

    cJSON_AddStringToObject(json, "kind", item_word(item));
    cJSON_AddStringToObject(json, "name", item->name);
    cJSON_AddStringToObject(json, "doc", item->doc);
    cJSON_AddItemToObject(json, "settings", table_to_json(settings));
    cJSON_AddItemToObject(json, "tensors", table_to_json(tensors));
    cJSON_AddItemToObject(json, "slots", table_to_json(slots));
    cJSON_AddItemToObject(json, "numbers", table_to_json(numbers));
    cJSON_AddStringToObject(json, "file", item->file->path);
    cJSON_AddBoolToObject(json, "bundled", item->file->bundled);
    cJSON_AddStringToObject(json, "version", item->file->version);
    cJSON_AddStringToObject(json, "credit", item->file->credit);
    cJSON_AddStringToObject(json, "sha256", item->file->sha256);
    cJSON_AddStringToObject(json, "check", verdict_of(item).word);
    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(hides, cJSON_CreateString(hidden[i]->file->path));
    cJSON_AddItemToObject(json, "hides", hides);
    free(hidden);
    table_free(settings);
    table_free(tensors);
    table_free(slots);
    table_free(numbers);
    return json;
}

/* The one item of NAME, of KIND where it is given; NULL, and all is said, otherwise. */
static const struct item *the_item(struct registry *r, const char *kind, const char *name)
{
    const struct item *found = NULL, *other = NULL; /* other: of another kind */
    struct strbuf of = {0};
    const char **names, *near;
    size_t n, matches = 0;
    const struct item *const *all = registry_list(r, &n);

    names = mem_array(n + 1, sizeof *names);
    for (size_t i = 0, k = 0; i < n; i++) {
        if (kind && strcmp(item_word(all[i]), kind) != 0) {
            other = strcmp(all[i]->name, name) == 0 ? all[i] : other;
            continue;
        }
        names[k++] = all[i]->name;
        if (strcmp(all[i]->name, name) != 0)
            continue;
        strbuf_addf(&of, "%s%s", matches++ ? " and " : "", item_word(all[i]));
        found = all[i];
    }
    if (matches > 1) {
        cli_error("'%s' is the name of %s; write: fell plugin show %s %s", name, of.text, item_word(found),
                  name);
        found = NULL;
    } else if (!found && other) {
        cli_error("no %s '%s'; write: fell plugin show %s %s", kind, name, item_word(other), name);
    } else if (!found) {
        size_t k = 0;

        while (k < n && names[k])
            k++;
        near = text_nearest(name, names, k);
        cli_error("no %s '%s'%s%s%s", kind ? kind : "plugin", name, near ? "; did you mean '" : "",
                  near ? near : "", near ? "'?" : "; 'fell plugin list' shows all");
    }
    strbuf_release(&of);
    free(names);
    return found;
}

static int show(const struct call *c)
{
    const char *kind = c->nargs > 2 ? c->args[1] : NULL;
    const struct item *item;
    struct registry *r;
    struct error err;
    int result = EXIT_INPUT;

    if (kind && role_of_word(kind) == ROLE_COUNT)
        return plugin_unknown_kind(kind);
    if (!(r = plugin_registry(c)))
        return EXIT_INPUT;
    item = the_item(r, kind, c->args[c->nargs - 1]);
    if (item && plugin_file_hash(item->file, &err) != OK) {
        cli_error("%s", err.text);
    } else if (item) {
        if (c->json)
            query_print_json(item_json(r, item));
        else
            print_item(r, item);
        result = EXIT_OK;
    }
    registry_free(r);
    return result;
}

/* ---- the command --------------------------------------------------------------------------- */

static const struct {
    const char *word, *args;
    size_t least, most; /* arguments after the word */
    int (*run)(const struct call *c);
} tasks[] = {
    {"list", "[KIND]", 0, 1, list},
    {"show", "[KIND] NAME", 1, 2, show},
    {"new", "KIND NAME", 2, 2, plugin_new},
    {"build", "FILE.c", 1, 1, plugin_build},
    {"check", "FILE.so [SETTING=VALUE...]", 1, 64, plugin_check},
    {"verify", "FILE.json", 0, 1, plugin_verify},
};
enum { NTASKS = sizeof tasks / sizeof *tasks };

static int run_plugin(const struct call *c)
{
    const char *words[NTASKS], *near;
    struct stat about;

    for (size_t i = 0; i < NTASKS; i++) {
        words[i] = tasks[i].word;
        if (strcmp(tasks[i].word, c->args[0]) != 0)
            continue;
        if (c->nargs - 1 < tasks[i].least || c->nargs - 1 > tasks[i].most)
            return cli_error("write: fell plugin %s %s", tasks[i].word, tasks[i].args);
        /* A linker removes what is in its way, a device too. */
        if (c->output && stat(c->output, &about) == 0 && !S_ISREG(about.st_mode))
            return cli_error("'%s' is %s; a plugin is built as a file", c->output,
                             path_kind_word(about.st_mode));
        return tasks[i].run(c);
    }
    near = text_nearest(c->args[0], words, NTASKS);
    if (near)
        return cli_error("'fell plugin' has no '%s'; did you mean '%s'?", c->args[0], near);
    return cli_error("'fell plugin' has no '%s'; there are list, show, new, build, check, verify",
                     c->args[0]);
}

const struct command command_plugin = {
    .name = "plugin",
    .task = "Write plugins",
    .args = "TASK [ARGUMENT...]",
    .least = 1,
    .most = 65,
    .options = {OPTION_PLUGIN, OPTION_OUTPUT, OPTION_REFERENCE, OPTION_TOLERANCE, OPTION_SEED, OPTION_JSON},
    .brief = "List, show, begin, build and check plugins",
    .help = "list [KIND]: the plugins that a spec can name, each in a line. KIND is " ROLES(
        LISTED) "or left out.\n\n"
                "show [KIND] NAME: what one does, its formula, its settings with their ranges and defaults, "
                "its "
                "file, and which files it hides.\n\n"
                "new KIND NAME: write NAME.c, a short plugin that works and shows every part to edit. No "
                "file is "
                "replaced.\n\n"
                "build FILE.c: compile it with $CC, or cc, and the flags that a plugin needs, to FILE.so.\n\n"
                "check FILE.so: try it out. Its gradients against central differences, memory, the same bits "
                "at "
                "every SIMD level and with any threads, and more: each check in a process of its own, with "
                "what it "
                "found. The exit status is 1 when one fails. The verdict is kept with the file's SHA-256, "
                "and "
                "every run records it. The name of a plugin stands for its file. SETTING=VALUE is so in "
                "every "
                "try, and needed where no guess fits, as of a file of a dataset's own kind.\n\n"
                "verify FILE.json: run the cases of a file in which results computed elsewhere "
                "are "
                "stored, and compare; tests/reference has such files. A case names its plugin, its options, "
                "its "
                "inputs and what must come out. The exit status is 1 when a case fails.",
    .examples = "fell plugin list loss\n"
                "fell plugin show adam\n"
                "fell plugin new activation swish\n"
                "fell plugin build swish.c -o swish.so\n"
                "fell plugin check ./swish.so\n"
                "fell plugin check ./waves.so path=waves.bin\n"
                "fell plugin verify tests/reference/losses.json",
    .run = run_plugin,
};
