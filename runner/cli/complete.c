/* complete.c - `fell --complete WORD...`: what the last word of a command line can become, one a line. The
 * completions of bash, zsh and fish (completions/) ask it; what it knows are the tables that help is made
 * from, the keys of a spec, the plugins, and the names in the results database.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/run_status.h"
#include "base/split.h"
#include "cli/command.h"
#include "cli/results.h"
#include "cli/share.h"
#include "host/kinds.h"
#include "host/registry.h"
#include "record/database.h"
#include "spec/spec_keys.h"

/* A command line that is not at its end. */
struct line {
    const struct command *command;
    size_t n;          /* words behind the command, the last is the one that is asked for */
    char **word;       /* [n] */
    const char *begin; /* the last, as far as it is there */
    const char *db;
};

/* A word that a shell could take for several, or for nothing, is none that it offers. */
static void offer(const struct line *l, const char *word, const char *end)
{
    bool plain = true;

    for (const char *p = word; *p; p++)
        plain = plain && (unsigned char)*p >= ' ' && *p != 127;
    if (plain && strncmp(word, l->begin, strlen(l->begin)) == 0)
        printf("%s%s\n", word, end);
}

/* ---- what is in the database ------------------------------------------------------------------ */

static void offer_rows(const struct line *l, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s;
    struct error err;

    if (results_open(l->db, &db, &err) == OK && results_query(db, sql, 0, NULL, &s, &err) == OK) {
        while (sqlite3_step(s) == SQLITE_ROW)
            offer(l, database_text(s, 0), "");
        sqlite3_finalize(s);
    }
    sqlite3_close(db);
}

static void runs(const struct line *l)
{
    offer_rows(l, "SELECT CAST(id AS TEXT) FROM runs ORDER BY id DESC LIMIT 200");
}

static void experiments(const struct line *l)
{
    offer_rows(l, "SELECT DISTINCT name FROM experiments ORDER BY name");
}

static void users(const struct line *l)
{
    offer_rows(l, RESULTS_USERS);
}

/* ---- what the program knows -------------------------------------------------------------------- */

/* PATH=, of sections deep down. */
static void add_keys(const struct line *l, const struct spec_section *section, const char *before)
{
    for (size_t i = 0; i < section->nparams; i++) {
        char *path = mem_format("%s%s", before, section->params[i].name);

        offer(l, path, "=");
        free(path);
    }
    for (size_t i = 0; i < section->nkeys; i++) {
        const struct spec_key *k = &section->keys[i];
        char *path = mem_format("%s%s", before, k->name), *below = mem_format("%s.", path);

        if (k->form == KEY_SECTION && k->section)
            add_keys(l, k->section, below);
        else
            offer(l, path, "=");
        free(path);
        free(below);
    }
}

static void keys(const struct line *l)
{
    add_keys(l, &spec_section_top, "");
}

static void templates(const struct line *l)
{
    char *folder = share_folder("configs");
    size_t n = 0;
    char **names = folder ? share_specs(folder, &n) : NULL;

    for (size_t i = 0; i < n; i++) {
        offer(l, names[i], "");
        free(names[i]);
    }
    free(names);
    free(folder);
}

static void statuses(const struct line *l)
{
    for (size_t i = 0; i < STATUSES; i++)
        offer(l, run_statuses[i].word, "");
}

static void splits(const struct line *l)
{
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++)
        offer(l, split_name(s), "");
}

static void epochs(const struct line *l)
{
    offer(l, "best", "");
    offer(l, "last", "");
}

/* `fell plugin TASK ...`: a task, then kinds or names. */
static void plugins(const struct line *l)
{
    static const char *const tasks[] = {"list", "show", "new", "build", "check", "verify"};
    struct registry *r;
    const struct item *const *list;
    size_t n;

    if (l->n == 1)
        for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++)
            offer(l, tasks[i], "");
    if (l->n == 2 && strcmp(l->word[0], "build") != 0 && strcmp(l->word[0], "verify") != 0)
        for (enum role role = 0; role < ROLE_COUNT; role++)
            offer(l, role_word(role), "");
    if (l->n < 2 || (strcmp(l->word[0], "show") != 0 && strcmp(l->word[0], "check") != 0))
        return;
    r = registry_new();
    list = registry_list(r, &n);
    for (size_t i = 0; i < n; i++)
        if (l->n == 2 || strcmp(item_word(list[i]), l->word[1]) == 0)
            offer(l, list[i]->name, "");
    registry_free(r);
}

/* What an argument of help means, or the value of an option: its word, and who offers. Others are files,
 * which the shell knows. */
static const struct {
    const char *word;
    void (*offer)(const struct line *l);
} meanings[] = {
    {"RUN", runs},        {"EXPERIMENT", experiments}, {"NAME", experiments}, {"TEMPLATE", templates},
    {"PATH=VALUE", keys}, {"TASK", plugins},           {"ARGUMENT", plugins}, {"SPLIT", splits},
    {"N|best", epochs},   {"WORD", statuses},          {"USER", users},
};

/* The word ARG [n] of help, "[PATH=VALUE...]" or "RUN|FILE". */
static void offer_meaning(const struct line *l, const char *arg, size_t n)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        const char *at = memmem(arg, n, meanings[i].word, strlen(meanings[i].word));
        const size_t end = at ? (size_t)(at - arg) + strlen(meanings[i].word) : 0;

        if (at && (at == arg || strchr("[|", at[-1])) && (end == n || strchr("]|.", arg[end])))
            meanings[i].offer(l);
    }
}

/* Argument NUMBER of the command, from 0; the last one may be many. */
static void offer_argument(const struct line *l, size_t number)
{
    const char *args = l->command->args;
    size_t n = strcspn(args, " ");

    while (number-- > 0 && args[n]) {
        args += n + 1;
        n = strcspn(args, " ");
    }
    if (*args != '-')
        offer_meaning(l, args, n);
}

/* ---- the line ------------------------------------------------------------------------------------- */

static const struct option_text *find_option(const struct command *c, const char *word)
{
    const struct option_text *o;

    for (size_t i = 0; strncmp(word, "--", 2) == 0 && (o = options_of(c, i)); i++)
        if (strcmp(o->name, word + 2) == 0)
            return o;
    return NULL;
}

static void complete_line(struct line *l)
{
    const struct option_text *o, *before = l->n > 1 ? find_option(l->command, l->word[l->n - 2]) : NULL;
    size_t arguments = 0;

    for (size_t i = 0; i + 1 < l->n; i++) {
        o = find_option(l->command, l->word[i]);
        if (o && strcmp(o->name, "db") == 0 && i + 2 < l->n)
            l->db = l->word[i + 1];
        arguments += l->word[i][0] != '-';
        i += o && o->arg;
    }
    if (before && before->arg) {
        offer_meaning(l, before->arg, strlen(before->arg));
        return;
    }
    if (l->begin[0] != '-') {
        offer_argument(l, arguments);
        return;
    }
    for (size_t i = 0; (o = options_of(l->command, i)); i++) {
        char *word = mem_format("--%s", o->name);

        offer(l, word, "");
        free(word);
    }
    offer(l, "--help", "");
}

int complete(const struct command *const *commands, int argc, char **argv)
{
    struct line l = {.begin = argc ? argv[argc - 1] : "", .db = DEFAULT_DB};

    if (argc > 1 && strcmp(argv[0], "help") != 0) {
        for (; *commands && strcmp((*commands)->name, argv[0]) != 0; commands++)
            ;
        l.command = *commands;
        l.n = (size_t)argc - 1;
        l.word = argv + 1;
        if (l.command && l.command->task)
            complete_line(&l);
        return EXIT_OK;
    }
    for (; *commands; commands++)
        if ((*commands)->task)
            offer(&l, (*commands)->name, "");
    if (argc < 2)
        offer(&l, "help", "");
    return EXIT_OK;
}
